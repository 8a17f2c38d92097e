//! How far off predictions were: the typical error, and the conformal bound that few errors exceeded.

use crate::study::{median, quantile};

/// Before there are errors, the spread is that of this many errors, each this share of the spread of the runs.
const PRIOR_ERRORS: f64 = 2.0;
const PRIOR_SHARE: f64 = 0.3;

/// Distance between the quartiles of a normal distribution, in standard deviations.
const QUARTILES: f64 = 1.35;

/// The typical change of completed runs, and how far each was from it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Errors {
    pub(super) typical: f64,
    /// Error and weight.
    errors: Vec<(f64, f64)>,
}

impl Errors {
    /// From one or more changes, each with its weight.
    pub(super) fn of(changes: &[(f64, f64)]) -> Option<Self> {
        let typical = median(&changes.iter().map(|(change, _)| *change).collect::<Vec<_>>())?;
        let errors = changes.iter().map(|(change, weight)| (change - typical, *weight)).collect();
        Some(Self { typical, errors })
    }

    /// Root mean square, a little of the spread of `reached` mixed in so that a few lucky hits do not count as
    /// knowledge.
    pub(super) fn spread(&self, reached: &[f64]) -> Option<f64> {
        let prior = PRIOR_SHARE * (quantile(reached, 0.75)? - quantile(reached, 0.25)?) / QUARTILES;
        let squares: f64 = self.errors.iter().map(|(error, _)| error * error).sum();
        let count = self.errors.len() as f64 + PRIOR_ERRORS;
        Some(((squares + PRIOR_ERRORS * prior * prior) / count).sqrt()).filter(|spread| *spread > 0.0)
    }

    /// The weighted conformal quantile of the errors at `level`, a new run counting as one more error (Vovk, Gammerman,
    /// Shafer 2005); the worst error seen if there are too few for that level.
    pub(super) fn lower(&self, level: f64) -> f64 {
        let mut errors = self.errors.clone();
        errors.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = errors.iter().map(|(_, weight)| weight).sum::<f64>() + 1.0;
        let mut seen = 0.0;
        let mut bound = errors.first().map_or(f64::NEG_INFINITY, |(error, _)| *error);
        for (error, weight) in errors {
            seen += weight;
            if seen > level * total {
                break;
            }
            bound = error;
        }
        bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(changes: &[f64]) -> Errors {
        Errors::of(&changes.iter().map(|change| (*change, 1.0)).collect::<Vec<_>>()).expect("there are some")
    }

    #[test]
    fn the_bound_is_the_worst_error_until_there_are_nineteen() {
        let lower = |n: usize| {
            let errors = errors(&(0..n).map(|i| i as f64).collect::<Vec<_>>());
            errors.lower(0.05) + errors.typical
        };
        assert_eq!([5, 18, 19, 39].map(lower), [0.0, 0.0, 0.0, 1.0]);
    }

    /// The highest error such that those at or below it weigh at most `level` of all and the new one; by trying all.
    fn naive(errors: &[(f64, f64)], level: f64) -> f64 {
        let total: f64 = errors.iter().map(|(_, weight)| weight).sum::<f64>() + 1.0;
        let below = |bound: f64| -> f64 {
            errors.iter().filter(|(error, _)| *error <= bound).map(|(_, weight)| weight).sum()
        };
        let all = errors.iter().map(|(error, _)| *error);
        let worst = all.clone().fold(f64::INFINITY, f64::min);
        all.filter(|error| below(*error) <= level * total).fold(worst, f64::max)
    }

    #[test]
    fn the_bound_equals_that_of_a_naive_twin_also_with_weights() {
        for n in 1..40_usize {
            let changes: Vec<(f64, f64)> =
                (0..n).map(|i| (((i * 37) % 41) as f64, if i % 7 == 3 { 10.0 } else { 1.0 })).collect();
            let errors = Errors::of(&changes).expect("there are some");
            for level in [0.01, 0.1, 0.3] {
                assert_eq!(errors.lower(level), naive(&errors.errors, level), "{n} {level}");
            }
        }
    }

    #[test]
    fn a_spread_of_nothing_is_none_and_few_errors_are_not_no_error() {
        assert_eq!(errors(&[2.0; 6]).spread(&[1.0; 6]), None);
        let lucky = errors(&[2.0; 6]).spread(&[1.0, 2.0, 3.0, 4.0]).expect("runs differ");
        assert!(lucky > 0.1, "{lucky}");
        let known = errors(&[-3.0, 3.0, 3.0, -3.0]).spread(&[1.0; 4]).expect("there are errors");
        assert!((known - 6.0_f64.sqrt()).abs() < 1e-9, "{known}");
    }
}
