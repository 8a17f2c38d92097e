//! A power law fitted to one curve by least squares, as in the paper's self-evaluator.

use crate::study::Point;

/// Fewer points than this fix no power law.
const FEWEST_POINTS: usize = 4;

/// Exponents to try.
const EXPONENTS: [f64; 10] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0];

/// The fit of `a + b share^-c` to a curve; `a` is not below 0 unless a point is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// Its value at the end of the budget.
    pub(super) at_end: f64,
    /// Standard deviation of the points around it.
    pub(super) deviation: f64,
}

/// The falling power law nearest to a curve; `None` if there are too few points.
pub(super) fn power_law(curve: &[Point]) -> Option<Fit> {
    if curve.len() < FEWEST_POINTS {
        return None;
    }
    let fits = EXPONENTS.into_iter().map(|exponent| line(curve, exponent));
    let (squares, at_end) = fits.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let degrees = (curve.len() - 3) as f64;
    Some(Fit { at_end, deviation: (squares / degrees).sqrt() }).filter(|fit| fit.at_end.is_finite())
}

/// Sum of squares around the line over `share^-exponent`, and its value at the end.
fn line(curve: &[Point], exponent: f64) -> (f64, f64) {
    let n = curve.len() as f64;
    let x = |point: &Point| point.share.powf(-exponent);
    let (mean_x, mean_y) =
        (curve.iter().map(x).sum::<f64>() / n, curve.iter().map(|point| point.value).sum::<f64>() / n);
    let spread: f64 = curve.iter().map(|point| (x(point) - mean_x).powi(2)).sum();
    let together: f64 = curve.iter().map(|point| (x(point) - mean_x) * (point.value - mean_y)).sum();
    let slope = (together / spread).max(0.0);
    let (mut start, mut slope) = (mean_y - slope * mean_x, slope);
    if start < 0.0 && curve.iter().all(|point| point.value >= 0.0) {
        let squares: f64 = curve.iter().map(|point| x(point).powi(2)).sum();
        (start, slope) = (0.0, curve.iter().map(|point| x(point) * point.value).sum::<f64>() / squares);
    }
    let at = |x: f64| start + slope * x;
    (curve.iter().map(|point| (point.value - at(x(point))).powi(2)).sum(), at(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(value: impl Fn(f64) -> f64) -> Vec<Point> {
        (1..=8).map(|i| f64::from(i) / 16.0).map(|share| Point { share, value: value(share) }).collect()
    }

    #[test]
    fn a_power_law_is_recovered() {
        let fit = power_law(&curve(|share| 2.0 + 0.5 * share.powf(-0.4))).expect("enough points");
        assert!((fit.at_end - 2.5).abs() < 1e-9 && fit.deviation < 1e-9, "{fit:?}");
    }

    #[test]
    fn a_rising_curve_is_fitted_as_flat_and_a_short_one_not_at_all() {
        let fit = power_law(&curve(|share| share)).expect("enough points");
        assert!((fit.at_end - 4.5 / 16.0).abs() < 1e-9, "{fit:?}");
        assert_eq!(power_law(&curve(|share| share)[..3]), None);
    }
}
