//! Learning curves for the pruner: what a run had reached at a share, and what it still gained from there.

use crate::study::Point;

/// Shares that differ by less count as the same.
const SAME: f64 = 1e-9;

/// A run whose final value is known.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) curve: Vec<Point>,
    pub(super) last: f64,
    /// How many runs it stands for: an audited one for all that would have been stopped like it.
    pub(super) weight: f64,
}

impl Past {
    /// `None` for a run without points.
    pub(super) fn new(curve: &[Point], weight: f64) -> Option<Self> {
        let last = curve.last()?.value;
        Some(Self { curve: curve.to_vec(), last, weight })
    }

    /// The change from this share on (negative for a fall), with its weight.
    pub(super) fn change(&self, share: f64) -> Option<(f64, f64)> {
        Some((self.last - reached(&self.curve, share)?, self.weight))
    }
}

/// A curve's value at a share: its last point at or before it. `None` if the curve ended before it, or began after it.
pub(super) fn reached(curve: &[Point], share: f64) -> Option<f64> {
    let came_this_far = curve.last()?.share >= share - SAME;
    let before = curve.iter().rev().find(|point| point.share <= share + SAME);
    before.filter(|_| came_this_far).map(|point| point.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_that_of_the_last_point_before_a_share_unless_the_curve_ended_earlier() {
        let curve = [(0.2, 9.0), (0.4, 6.0), (0.6, 3.0)].map(|(share, value)| Point { share, value });
        let at = [0.1, 0.2, 0.5, 0.6, 0.7].map(|share| reached(&curve, share));
        assert_eq!(at, [None, Some(9.0), Some(6.0), Some(3.0), None]);
        let past = Past::new(&curve, 2.0).expect("it has points");
        assert_eq!(past.change(0.5), Some((-3.0, 2.0)));
        assert!(Past::new(&[], 1.0).is_none());
    }
}
