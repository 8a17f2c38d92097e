//! The level that the next merge has to meet, so that over many candidates of a study the share of false merges stays
//! below the requested one, whenever one stops.
//!
//! e-SAFFRON (Zhang, Wei, Ren, Zou, "e-GAI: e-value-based generalized alpha-investing for online false discovery rate
//! control", 2025, which joins Ramdas, Zrnic, Wainwright, Jordan, "SAFFRON", ICML 2018, to the e-values of Xu, Ramdas,
//! "Online multiple testing with e-values", AISTATS 2024). With R merges before it, a test at level a adds at most
//! a / (R + 1) to the expected share. It is charged with a / (R + 1) / (1 - CLEAR) if it ends with an e-value below
//! 1 / CLEAR, which a candidate that is no better does with a probability of at least 1 - CLEAR, and else with nothing:
//! so the charges are an upper estimate of the share, and they never exceed `alpha`.

use super::Decided;

/// A test that ends with an e-value of 1 / CLEAR or more is free of charge.
const CLEAR: f64 = 0.1;

/// Share of what is left that the next test may be charged with, which gives the first candidate a level of .0045.
const STAKE: f64 = 0.25;

/// The largest 1/E that merges, after these decisions.
pub(super) fn level(alpha: f64, decided: &[Decided]) -> f64 {
    let (mut left, mut merges) = (alpha, 0.0);
    for Decided { merge, evidence, .. } in decided {
        if evidence.e_value < 1.0 / CLEAR {
            left -= evidence.level / (merges + 1.0) / (1.0 - CLEAR);
        }
        merges += f64::from(u8::from(*merge));
    }
    STAKE * left.max(0.0) * (1.0 - CLEAR) * (merges + 1.0)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::study::Evidence;

    const ALPHA: f64 = 0.02;

    fn decided(merge: bool, e_value: f64, level: f64) -> Decided {
        let evidence = Evidence { e_value, level, ..Evidence::default() };
        Decided { candidate: 1, incumbent: 0, merge, reason: String::new(), evidence, at: 0 }
    }

    #[test]
    fn a_merge_is_free_and_raises_the_level_and_a_rejection_costs_a_quarter_of_what_is_left() {
        assert!((level(ALPHA, &[]) - 0.0045).abs() < 1e-12);
        let merged = [decided(true, 500.0, 0.0045)];
        assert!((level(ALPHA, &merged) - 0.009).abs() < 1e-12);
        let rejected = [decided(false, 0.2, 0.0045), decided(false, 0.2, 0.003_375)];
        assert!((level(ALPHA, &rejected[..1]) - 0.003_375).abs() < 1e-12);
        assert!((level(ALPHA, &rejected) - 0.002_531_25).abs() < 1e-12);
    }

    #[test]
    fn charges_never_exceed_alpha() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..100 {
            let (mut all, mut merges, mut charged) = (Vec::new(), 0.0, 0.0);
            for _ in 0..40 {
                let level = level(ALPHA, &all);
                let e_value = 10_f64.powf(rng.random_range(-1.0..4.0));
                if e_value < 1.0 / CLEAR {
                    charged += level / (merges + 1.0) / (1.0 - CLEAR);
                }
                let merge = e_value * level >= 1.0;
                merges += f64::from(u8::from(merge));
                all.push(decided(merge, e_value, level));
            }
            assert!(charged <= ALPHA + 1e-12, "{charged}");
        }
    }

    /// Nights of candidates, `none_better` of a hundred no better. Their e-value is the most extreme possible: 1 / U,
    /// which reaches 1 / a with probability a. Those that are better reach any level one time in two.
    fn share_of_false_merges(none_better: u32) -> f64 {
        const NIGHTS: u32 = 20_000;
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut sum = 0.0;
        for _ in 0..NIGHTS {
            let (mut all, mut wrong, mut merges) = (Vec::new(), 0.0, 0.0_f64);
            for _ in 0..20 {
                let level = level(ALPHA, &all);
                let is_better = rng.random_range(0..100) >= none_better;
                let e_value = match is_better {
                    true if rng.random() => 1e6,
                    true => 1.0,
                    false => 1.0 / rng.random_range(1e-12..1.0),
                };
                let merge = e_value * level >= 1.0;
                wrong += f64::from(u8::from(merge && !is_better));
                merges += f64::from(u8::from(merge));
                all.push(decided(merge, e_value, level));
            }
            sum += wrong / merges.max(1.0);
        }
        sum / f64::from(NIGHTS)
    }

    #[test]
    fn over_nights_of_many_candidates_the_share_of_false_merges_stays_below_alpha() {
        for none_better in [30, 70, 90, 100] {
            let share = share_of_false_merges(none_better);
            assert!(share <= ALPHA, "{share} with {none_better} of 100");
        }
    }
}
