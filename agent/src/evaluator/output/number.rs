//! Numbers as programs print them. What is accepted is in the table of the tests; all else is refused, because half a
//! number is worse than none: `1.26e1` read as 1.26, or `0,48` read as 0.

use std::sync::LazyLock;

use regex::Regex;

/// Numbers, and the words for what is not one, with signs. A minus may be the typographic one.
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[-+−]?(?:(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[-+−]?\d+)?|\b(?:nan|inf(?:inity)?)\b)")
        .expect("the pattern is valid")
});

/// What may be between a label and its number: `loss = (0.5)`.
const BEFORE: [char; 9] = [' ', '\t', '(', '[', '{', '=', ':', '<', '"'];

/// Factors of what is written directly behind a number. Durations are turned into seconds and multiples into units, since
/// a program may change from one to the next while a number grows: `950ms`, `1.1s`.
const FACTORS: [(&str, f64); 12] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("ms", 1e-3),
    ("min", 60.0),
    ("h", 3600.0),
    ("k", 1e3),
    ("K", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
];

/// Factors of what may also be written behind a space, where other words could be anything.
const SPACED: [&str; 5] = ["ns", "us", "µs", "μs", "ms"];

/// A number in a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    /// Finite or not.
    pub(super) value: f64,
    /// Where it ends, in bytes, without its unit.
    pub(super) end: usize,
}

/// The whole number that is at this byte of a line, or begins there after brackets and the like. `None` if there is none,
/// or only a part of one could be read. What begins at `bounded` ends the number, whatever it is.
pub(super) fn number_at(line: &str, at: usize, bounded: Option<usize>) -> Option<Number> {
    let first = at + line[at..].find(|c| !BEFORE.contains(&c)).unwrap_or(0);
    let found = NUMBERS.find_iter(line).find(|found| found.end() > first)?;
    if found.start() > first {
        return None;
    }
    let mut text = found.as_str();
    // Behind a letter or a digit it is a hyphen.
    if line[..found.start()].ends_with(|c: char| c.is_alphanumeric()) {
        text = text.trim_start_matches(['-', '+', '−']);
    }
    let value: f64 = text.replace('_', "").replace('−', "-").parse().ok()?;
    let end = found.end();
    let rest = match bounded {
        Some(bound) if bound == end => "",
        _ => &line[end..],
    };
    Some(Number { value: value * factor(rest)?, end })
}

/// What a number must be multiplied with for what is behind it; `None` if it goes on.
fn factor(rest: &str) -> Option<f64> {
    let (sign, after) = rest.chars().next().map_or(("", ""), |first| rest.split_at(first.len_utf8()));
    let digit_follows = after.starts_with(|c: char| c.is_ascii_digit());
    if "#^=_\\".contains(sign) && !sign.is_empty()
        || digit_follows && [",", ".", "'", "’", "-", "+"].contains(&sign)
    {
        return None;
    }
    let unit_of = |text: &str| text.find(|c: char| !c.is_alphabetic()).unwrap_or(text.len());
    let of = |unit: &str| FACTORS.iter().find(|(name, _)| *name == unit).map_or(1.0, |(_, factor)| *factor);
    let unit = &rest[..unit_of(rest)];
    match unit {
        "" if sign == " " => {
            let word = &after[..unit_of(after)];
            Some(if SPACED.contains(&word) { of(word) } else { 1.0 })
        }
        "" => Some(1.0),
        // A thousandth, a minute or a metre.
        "m" => None,
        _ if rest[unit.len()..].starts_with(|c: char| c.is_ascii_digit() || c == '_') => None,
        unit => Some(of(unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<f64> {
        number_at(text, 0, None).map(|number| number.value)
    }

    #[test]
    fn numbers_are_read_as_programs_print_them() {
        for (text, value) in [
            ("0.4799", 0.4799),
            ("-0.5", -0.5),
            ("+0.5", 0.5),
            ("−0.5", -0.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("12", 12.0),
            ("9.0002e0", 9.0002),
            ("1.2600E+01", 12.6),
            ("1e-5", 1e-5),
            ("1_234.5", 1234.5),
            ("81.2%", 81.2),
            ("81.2 %", 81.2),
            ("0.48,", 0.48),
            ("0.48, acc 0.9", 0.48),
            ("0.48,acc=0.9", 0.48),
            ("0.48]", 0.48),
            ("(0.48)", 0.48),
            ("[0.48]", 0.48),
            ("\"0.48\"", 0.48),
            ("0.48;", 0.48),
            ("0.48|", 0.48),
            ("0.48.", 0.48),
            ("0.48±0.01", 0.48),
            ("0.48 nats", 0.48),
            ("0.48nats", 0.48),
            ("1.5s", 1.5),
            ("950ms", 0.95),
            ("950 ms", 0.95),
            ("12µs", 12e-6),
            ("2.5k", 2500.0),
            ("3M", 3e6),
            ("81/100", 81.0),
            ("   0.48", 0.48),
            ("= 0.48", 0.48),
        ] {
            let found = read(text).unwrap_or_else(|| panic!("{text:?} is not read"));
            assert!((found - value).abs() <= 1e-12 * value.abs(), "{text:?}: {found}");
        }
    }

    #[test]
    fn what_is_not_finite_is_read_as_that() {
        for text in ["NaN", "nan", "-nan", "NAN,", "inf", "-inf", "+Inf", "Infinity", "1e999", "nan%"] {
            assert!(read(text).is_some_and(|value| !value.is_finite()), "{text}");
        }
    }

    #[test]
    fn half_a_number_is_none() {
        for text in [
            "",
            "-",
            "none",
            "n/a",
            "0,4799",
            "1,234.5",
            "1.2.3",
            "1'000",
            "0x1F",
            "0.5f32",
            "1.#QNAN",
            "1.3m",
            "0.5-0.6",
            "info",
            "please wait 0.5",
        ] {
            let found = read(text);
            assert!(found.is_none() || text == "{text:?} is read as {found:?}");
        }
    }

    #[test]
    fn a_number_is_read_whole_wherever_a_pattern_met_it() {
        let line = "epoch-3: loss -1.25e-2, acc top-0.5";
        for at in line.find("-1.25").map(|at| at..at + 7).unwrap() {
            assert_eq!(number_at(line, at, None).unwrap().value, -0.0125, "{at}");
        }
        assert_eq!(number_at(line, line.len() - 3, None).unwrap().value, 0.5, "a hyphen");
    }

    #[test]
    fn what_a_pattern_names_behind_a_number_ends_it() {
        let line = "(0.5,0.9)";
        assert_eq!(number_at(line, 1, None), None);
        assert_eq!(number_at(line, 1, Some(4)).unwrap().value, 0.5);
    }
}
