//! How certain it is that one method is better than another: means with errors, paired differences, ratios.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::replay::Search;
use crate::study::{margin, mean, standard_error};

/// Added to regrets before their ratio is taken, so that a regret near zero does not decide alone.
const FLOOR: f64 = 0.005;

/// Draws of the bootstrap.
const RESAMPLES: usize = 1000;

/// A number with a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Which program of a search is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// The best one according to the method.
    Returned,
    /// The one with the best single result.
    Observed,
}

/// The regrets of all searches at one point.
pub(super) fn regrets(searches: &[Search], point: usize, which: Which) -> Vec<f64> {
    let regret = |search: &Search| match which {
        Which::Returned => search.returned[point],
        Which::Observed => search.observed[point],
    };
    searches.iter().map(regret).collect()
}

/// Mean and standard error of two or more numbers.
pub(super) fn mean_and_error(values: &[f64]) -> (f64, f64) {
    (mean(values), standard_error(values).expect("two or more"))
}

/// Mean of the differences from other numbers, pair by pair.
pub(super) fn difference(values: &[f64], others: &[f64]) -> Interval {
    let differences: Vec<f64> = values.iter().zip(others).map(|(value, other)| value - other).collect();
    let (value, reach) = (mean(&differences), margin(&differences).expect("two or more"));
    Interval { value, low: value - reach, high: value + reach }
}

/// Geometric mean over tables of the ratio of mean regrets; each table comes as the regrets of the two methods, pair by
/// pair. The interval is a bootstrap's over the pairs of each table.
pub(super) fn ratio(tables: &[(Vec<f64>, Vec<f64>)]) -> Interval {
    let geometric = |picks: &mut dyn FnMut(usize) -> Vec<usize>| -> f64 {
        let logarithm = |(values, others): &(Vec<f64>, Vec<f64>)| {
            let picks = picks(values.len());
            let mean = |values: &[f64]| picks.iter().map(|&i| values[i]).sum::<f64>() / picks.len() as f64;
            ((mean(values) + FLOOR) / (mean(others) + FLOOR)).ln()
        };
        let logarithms: Vec<f64> = tables.iter().map(logarithm).collect();
        mean(&logarithms).exp()
    };
    let value = geometric(&mut |n| (0..n).collect());
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut resample = |n: usize| (0..n).map(|_| rng.random_range(0..n)).collect();
    let mut resamples: Vec<f64> = (0..RESAMPLES).map(|_| geometric(&mut resample)).collect();
    resamples.sort_by(f64::total_cmp);
    let tail = RESAMPLES / 40;
    Interval { value, low: resamples[tail], high: resamples[RESAMPLES - 1 - tail] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_the_error_given_in_textbooks() {
        let (mean, error) = mean_and_error(&[1.0, 2.0, 3.0, 4.0]);
        assert!((mean - 2.5).abs() < 1e-12 && (error - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn pairs_distinguish_what_two_means_do_not() {
        let others: Vec<f64> = (0..20).map(f64::from).collect();
        let values: Vec<f64> = others.iter().map(|other| other + 0.1 + 0.01 * (other % 3.0)).collect();
        let found = difference(&values, &others);
        assert!(found.low > 0.1 && found.high < 0.12 && found.low < found.value, "{found:?}");
        let none = difference(&others, &others);
        assert_eq!(none, Interval { value: 0.0, low: 0.0, high: 0.0 });
    }

    #[test]
    fn a_ratio_is_geometric_over_tables() {
        let table = |value: f64, other: f64| (vec![value - FLOOR; 5], vec![other - FLOOR; 5]);
        let found = ratio(&[table(0.2, 0.1), table(0.1, 0.8)]);
        assert!((found.value - 0.5).abs() < 1e-9 && (found.low - 0.5).abs() < 1e-9, "{found:?}");
        let varied: Vec<f64> = (0..30).map(|i| 0.01 * f64::from(i)).collect();
        let found = ratio(&[(varied.clone(), vec![0.1; 30])]);
        assert!(found.low < found.value && found.value < found.high && found.high < 2.0, "{found:?}");
        assert_eq!(ratio(&[(varied.clone(), varied)]), Interval { value: 1.0, low: 1.0, high: 1.0 });
    }
}
