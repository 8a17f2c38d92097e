//! The normal distribution, as far as the surrogate and TPE need it: distribution function, quantiles, expected
//! improvement, normal scores.
//!
//! Not taken from `statrs`, which `study` uses. Its error function is more exact than the one here, but the
//! difference is enough for PPO to choose other programs, and the results in docs/search.md could then not be
//! reproduced.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

/// Density of the standard normal distribution.
pub(super) fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// Distribution function; relative error below 2e-7 in both tails.
pub(super) fn cdf(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// Complementary error function: Chebyshev fit of Numerical Recipes (`erfcc`).
fn erfc(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x.abs());
    let polynomial = COEFFICIENTS.iter().rev().fold(0.0, |sum, c| sum * t + c);
    let tail = t * (polynomial - x * x).exp();
    if x >= 0.0 { tail } else { 2.0 - tail }
}

/// Quantile for `p` in (0, 1): Hastings' rational start (Abramowitz and Stegun 26.2.23), then
/// Halley's steps.
pub(super) fn quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let t = (-2.0 * tail.ln()).sqrt();
    let start = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    let mut x = -start;
    for _ in 0..2 {
        let step = (cdf(x) - tail) / density(x);
        x -= step / (1.0 + 0.5 * x * step);
    }
    if p < 0.5 { x } else { -x }
}

/// Logarithm of the expected improvement of a normal value over a bound that is `-gain` above
/// its mean.
pub(super) fn log_expected_improvement(gain: f64, sd: f64) -> f64 {
    let z = gain / sd;
    let improvement = if z > -5.0 {
        (density(z) + z * cdf(z)).ln()
    } else {
        // Asymptotic series, for where the two terms above cancel.
        let square = z * z;
        -0.5 * square - 0.5 * (2.0 * PI).ln() - square.ln() + (-3.0 / square + 15.0 / square.powi(2)).ln_1p()
    };
    sd.ln() + improvement
}

/// Rank r of n, ties averaged, becomes the normal quantile of (r - .5)/n. Larger stays larger.
pub(super) fn scores(values: &[f64]) -> Vec<f64> {
    let n = values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut scores = vec![0.0; n];
    let mut first = 0;
    while first < n {
        let tied = order[first..].iter().take_while(|&&i| values[i] == values[order[first]]).count();
        let rank = first as f64 + 0.5 * tied as f64;
        for &i in &order[first..first + tied] {
            scores[i] = quantile(rank / n as f64);
        }
        first += tied;
    }
    scores
}

/// Distribution function of a normal variable between two bounds, relative to its mean.
pub(super) fn between(low: f64, high: f64, sd: f64) -> f64 {
    let scale = SQRT_2 * sd;
    // In the upper tail both are near 1: mirrored, the difference keeps its digits.
    let (low, high) = if low > 0.0 { (-high, -low) } else { (low, high) };
    0.5 * (erfc(-high / scale) - erfc(-low / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Integrates the density by Simpson's rule.
    fn naive_cdf(x: f64) -> f64 {
        let (from, steps) = (-12.0, 20_000);
        let h = (x - from) / f64::from(steps);
        let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        (0..=steps).map(|i| weight(i) * density(from + f64::from(i) * h)).sum::<f64>() * h / 3.0
    }

    #[test]
    fn the_distribution_function_is_the_integral_of_the_density() {
        for x in [-6.0, -3.0, -1.0, -0.1, 0.0, 0.7, 2.5, 5.0] {
            let naive = naive_cdf(x);
            assert!((cdf(x) / naive - 1.0).abs() < 1e-6, "{x}: {} {naive}", cdf(x));
        }
    }

    #[test]
    fn quantiles_invert_the_distribution_function() {
        for p in [1e-5, 0.001, 0.02, 0.3, 0.5, 0.9, 0.9999] {
            assert!((cdf(quantile(p)) / p - 1.0).abs() < 1e-6, "{p}");
        }
        assert!((quantile(0.975) - 1.959_964).abs() < 1e-5);
    }

    #[test]
    fn normal_scores_keep_the_order_and_share_ties() {
        let found = scores(&[3.0, 1.0, 1.0, 9.0]);
        // Ranks 3, 1.5, 1.5, 4 of 4, less a half, over 4.
        let naive = [0.625, 0.25, 0.25, 0.875].map(quantile);
        for (found, naive) in found.iter().zip(naive) {
            assert!((found - naive).abs() < 1e-12);
        }
    }

    #[test]
    fn expected_improvement_is_the_mean_gain() {
        for (gain, sd) in [(0.5, 1.0), (-1.0, 0.7), (-3.0, 1.0), (-5.2, 1.0), (-8.0, 1.1)] {
            let (mut naive, h) = (0.0, 1e-4);
            for step in 0..200_000 {
                let improvement = (f64::from(step) + 0.5) * h;
                naive += improvement * density((improvement - gain) / sd) / sd * h;
            }
            let found = log_expected_improvement(gain, sd);
            assert!((found - naive.ln()).abs() < 0.02, "{gain} {sd}: {found} {}", naive.ln());
        }
    }

    #[test]
    fn mass_between_bounds_is_right_in_either_tail() {
        assert!((between(-1.0, 1.0, 1.0) - 0.682_689).abs() < 1e-5);
        let (upper, lower) = (between(8.0, 9.0, 1.0), between(-9.0, -8.0, 1.0));
        assert!(upper > 0.0 && (upper / lower - 1.0).abs() < 1e-9);
    }
}
