//! The values that a knob can take, in order: the same rungs for every program of a study.
//!
//! A ladder depends on a knob's name and its original value, never on its current one, so that two
//! programs that differ in a knob differ by a number of rungs. It does not know where the knob is.

use super::literal::{Kind, Literal};

/// Rungs of one decade: about equal steps of a factor of 1.5.
const MANTISSAS: [&str; 6] = ["1", "1.5", "2", "3", "5", "7"];
const DECADES: std::ops::RangeInclusive<i32> = -12..=12;
/// Largest power of two among the integers.
const TOP_POWER: u32 = 40;
/// Number of rungs offered on each side of the current value.
const REACH: usize = 3;
/// A rung this near to the original, as a share of it, is dropped in its favour: 1024 next to 1000.
const CROWDED: f64 = 0.08;
/// Beginnings of words in the names of knobs that are shares of one, and stay below it.
const SHARE_WORDS: [&str; 11] =
    ["dropout", "drop", "prob", "share", "frac", "beta", "momentum", "ema", "smoothing", "keep", "warm"];
/// A value from here to below 1 counts as such a share whatever its name.
const NEARLY_ONE: f64 = 0.8;
/// Shares below this are nearly nothing: the rung below it is 0.
const SMALLEST_SHARE: f64 = 0.01;

/// What a ladder is made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// The knob's own name, without file and function: `LEARNING_RATE`.
    pub(super) name: &'a str,
    /// Its literals in the baseline and in the templates that bring it along; the first gives the style.
    pub(super) originals: &'a [String],
    /// The largest value of its type.
    pub(super) most: f64,
    /// The rungs that its author lists, instead of the generated ones.
    pub(super) listed: Option<&'a [String]>,
}

#[derive(Clone, Debug, PartialEq)]
struct Rung {
    value: f64,
    text: String,
}

/// The rungs within reach of `current`, and the originals, in order.
pub(super) fn window(origin: Origin<'_>, current: &str) -> Vec<String> {
    let mut rungs = rungs(origin);
    let Some(literal) = Literal::parse(current) else {
        return vec![current.to_owned()];
    };
    insert(&mut rungs, literal.value, current);
    let here = rungs.iter().position(|rung| rung.text == current).expect("it was just inserted");
    let near = here.saturating_sub(REACH)..=here + REACH;
    let all = origin.listed.is_some();
    let offered = rungs
        .into_iter()
        .enumerate()
        .filter(|(at, rung)| all || near.contains(at) || origin.originals.contains(&rung.text));
    offered.map(|(_, rung)| rung.text).collect()
}

/// The whole ladder.
fn rungs(origin: Origin<'_>) -> Vec<Rung> {
    let Some(style) = origin.originals.first().and_then(|text| Literal::parse(text)) else {
        return Vec::new();
    };
    let mut rungs: Vec<Rung> = match origin.listed {
        Some(listed) => listed
            .iter()
            .filter_map(|text| Some(Rung { value: Literal::parse(text)?.value, text: text.clone() }))
            .collect(),
        None => values(origin, &style)
            .into_iter()
            .filter(|value| value.abs() <= origin.most)
            .map(|value| Rung { value, text: style.print(value) })
            .collect(),
    };
    for text in origin.originals.iter().rev() {
        let value = Literal::parse(text).map_or(style.value, |literal| literal.value);
        if origin.listed.is_none() && !is_share(origin.name, &style) {
            rungs.retain(|rung| (rung.value - value).abs() > CROWDED * value.abs() || rung.value == 0.0);
        }
        insert(&mut rungs, value, text);
    }
    rungs
}

/// Puts a rung in its place, instead of one of the same value.
fn insert(rungs: &mut Vec<Rung>, value: f64, text: &str) {
    #[expect(clippy::float_cmp, reason = "both are read from the shortest decimal text of the same number")]
    if let Some(rung) = rungs.iter_mut().find(|rung| rung.value == value) {
        text.clone_into(&mut rung.text);
        return;
    }
    let at = rungs.iter().position(|rung| rung.value > value).unwrap_or(rungs.len());
    rungs.insert(at, Rung { value, text: text.to_owned() });
}

/// The generated rungs for a kind of value, ascending.
fn values(origin: Origin<'_>, original: &Literal) -> Vec<f64> {
    if original.kind == Kind::Bool {
        return vec![0.0, 1.0];
    }
    let magnitudes = match original.kind {
        Kind::Int => integers(original.value),
        _ if is_share(origin.name, original) => shares(original.value),
        _ if original.value == 0.0 => from_nothing(),
        _ => decades(),
    };
    if original.value < 0.0 {
        return magnitudes.into_iter().rev().map(|value| -value).collect();
    }
    magnitudes
}

/// 1, 2, 3, 4, 6, 8, 12, ...: powers of two and the values halfway between. 0 only if the author wrote 0.
fn integers(original: f64) -> Vec<f64> {
    let mut values = if original == 0.0 { vec![0.0, 1.0] } else { vec![1.0] };
    for power in 1..=TOP_POWER {
        let power = 2_f64.powi(power.cast_signed());
        values.extend([power, power * 1.5]);
    }
    values
}

fn decades() -> Vec<f64> {
    DECADES.flat_map(|decade| MANTISSAS.map(|mantissa| decimal(mantissa, decade))).collect()
}

/// For what the author switched off: 0, then coarse steps, since its scale is not known.
fn from_nothing() -> Vec<f64> {
    let coarse = (-2..=6).flat_map(|decade| ["1", "3"].map(|mantissa| decimal(mantissa, decade)));
    [0.0, 0.001].into_iter().chain(coarse).collect()
}

/// Shares of one: by size up to a half, by what is missing to one above it.
fn shares(original: f64) -> Vec<f64> {
    if original >= 1.0 {
        return decades().into_iter().filter(|value| *value <= original).collect();
    }
    let smallest = if original > 0.0 { SMALLEST_SHARE.min(original) } else { SMALLEST_SHARE };
    let below = decades().into_iter().filter(|value| (smallest..=0.5).contains(value));
    let mut above: Vec<f64> =
        decades().into_iter().filter(|rest| (1e-6..0.5).contains(rest)).map(missing).collect();
    above.reverse();
    std::iter::once(0.0).chain(below).chain(above).collect()
}

/// 1 - rest, without the noise of binary fractions.
fn missing(rest: f64) -> f64 {
    format!("{:.9}", 1.0 - rest).parse().expect("a printed number is one")
}

fn decimal(mantissa: &str, decade: i32) -> f64 {
    format!("{mantissa}e{decade}").parse().expect("mantissa and exponent are numbers")
}

fn is_share(name: &str, original: &Literal) -> bool {
    let name = name.to_lowercase();
    let named = name.split('_').any(|word| SHARE_WORDS.iter().any(|share| word.starts_with(share)));
    original.kind == Kind::Float
        && (named && (0.0..=1.0).contains(&original.value) || (NEARLY_ONE..1.0).contains(&original.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(name: &str, original: &str, current: &str) -> Vec<String> {
        let originals = [original.to_owned()];
        window(Origin { name, originals: &originals, most: f64::MAX, listed: None }, current)
    }

    #[test]
    fn rungs_go_by_kind_name_and_style() {
        let cases = [
            ("LEARNING_RATE", "1e-3", "3e-4 5e-4 7e-4 1e-3 1.5e-3 2e-3 3e-3"),
            ("LEARNING_RATE", "0.0006", "0.0002 0.0003 0.0005 0.0006 0.0007 0.001 0.0015"),
            ("WIDTH", "128", "48 64 96 128 192 256 384"),
            ("STEPS", "1_000", "384 512 768 1_000 1_536 2_048 3_072"),
            ("LAYERS", "1", "1 2 3 4"),
            ("WARMUP_STEPS", "0", "0 1 2 3"),
            ("DROPOUT", "0.0", "0.0 0.01 0.015 0.02"),
            ("WARMUP_SHARE", "0.5", "0.15 0.2 0.3 0.5 0.7 0.8 0.85"),
            ("BETA_2", "0.99", "0.97 0.98 0.985 0.99 0.993 0.995 0.997"),
            ("DECAY", "0.95", "0.85 0.9 0.93 0.95 0.97 0.98 0.985"),
            ("RESIDUAL_SCALE", "0.7", "0.2 0.3 0.5 0.7 1.0 1.5 2.0"),
            ("FINAL_SHARE", "1.0", "0.3 0.5 0.7 1.0"),
            ("WEIGHT_DECAY", "0.0", "0.0 0.001 0.01 0.03"),
            ("BIAS", "-2.0", "-5.0 -3.0 -2.0 -1.5 -1.0 -0.7"),
            ("BIAS_ON", "true", "false true"),
        ];
        for (name, original, expected) in cases {
            let offered = offered(name, original, original).join(" ");
            assert!(offered.ends_with(expected), "{name} {original}: {offered}");
        }
    }

    #[test]
    fn the_original_is_offered_even_if_it_is_far_away() {
        assert_eq!(offered("WIDTH", "100", "1024").join(" "), "100 384 512 768 1024 1536 2048 3072");
    }

    #[test]
    fn a_listed_ladder_is_offered_whole_and_a_type_bounds_ours() {
        let (originals, listed) = (["8".to_owned()], ["2", "4", "64"].map(str::to_owned));
        let origin = Origin { name: "HEADS", originals: &originals, most: 12.0, listed: Some(&listed) };
        assert_eq!(window(origin, "8"), ["2", "4", "8", "64"]);
        assert_eq!(window(Origin { listed: None, ..origin }, "8"), ["3", "4", "6", "8", "12"]);
    }

    mod properties {
        use proptest::prelude::*;

        use super::*;
        use crate::testing::cases;

        proptest! {
            #![proptest_config(cases(256))]

            #[test]
            fn rungs_are_the_same_whatever_the_current_value(
                original in prop_oneof!["[1-9][0-9]{0,3}", "0\\.[0-9]{1,4}", "[1-9]e-[1-6]", "[1-9]\\.[0-9]"],
                name in "WIDTH|DROPOUT|BETA|RATE",
                steps in 0_usize..12,
            ) {
                let originals = [original.clone()];
                let origin = Origin { name: &name, originals: &originals, most: f64::MAX, listed: None };
                let whole: Vec<String> = rungs(origin).into_iter().map(|rung| rung.text).collect();
                prop_assert!(whole.contains(&original));
                let current = &whole[(whole.iter().position(|text| *text == original).expect("a rung") + steps).min(whole.len() - 1)];
                let offered = window(origin, current);
                prop_assert!(offered.iter().all(|text| whole.contains(text)), "{:?}", offered);
                prop_assert!(offered.contains(&original) && offered.contains(current));
                let values: Vec<f64> = offered.iter().map(|text| Literal::parse(text).expect("a number").value).collect();
                prop_assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", offered);
            }
        }
    }
}
