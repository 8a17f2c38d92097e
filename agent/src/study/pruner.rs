//! The pruner: stops a run whose predicted final value cannot be worth the rest of its budget.
//!
//! It is the paper's self-evaluator (arXiv 2603.07300), with a calibrated interval in place of its
//! fixed margin: the lower end comes from the errors of its own past predictions at that share
//! (split conformal prediction; Vovk, Gammerman, Shafer 2005), audited runs weighing as many times
//! as they are rare. The median rule (Golovin et al., "Google Vizier", 2017) must agree.

use super::statistics::{mean, median};
use super::{Forecast, Point};

/// Below this many errors only a failed run stops.
const FEWEST_ERRORS: usize = 5;

/// Earlier than this a curve says too little.
const FIRST_SHARE: f64 = 1.0 / 8.0;

/// The rule's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StopRule {
    /// Share of runs that may be predicted too high: the level of the interval's lower end.
    pub(crate) level: f64,
    /// Share of the would-be stops that run on, to keep the calibration honest.
    pub(crate) audit: f64,
}

/// A completed run, as the pruner remembers it.
#[derive(Clone, Debug)]
struct Past {
    curve: Vec<Point>,
    last: f64,
    weight: f64,
}

/// What is known when a run begins. It does not change while the run lasts.
#[derive(Clone, Debug)]
pub(crate) struct Pruner {
    rule: StopRule,
    completed: Vec<Past>,
    stopped: Vec<Vec<Point>>,
    /// The incumbent's mean final value on the small part.
    to_beat: f64,
}

impl Pruner {
    /// `completed` are the curves of runs that ended, with whether the rule would have stopped them;
    /// `stopped` those it did stop; `incumbent` the curves of the incumbent.
    pub(crate) fn new<'a>(
        rule: StopRule,
        completed: impl Iterator<Item = (&'a [Point], bool)>,
        stopped: impl Iterator<Item = &'a [Point]>,
        incumbent: &[&[Point]],
    ) -> Self {
        let completed = completed
            .filter_map(|(curve, audited)| {
                let last = curve.last()?.value;
                let weight = if audited { 1.0 / rule.audit } else { 1.0 };
                Some(Past { curve: curve.to_vec(), last, weight })
            })
            .collect();
        let finals: Vec<f64> =
            incumbent.iter().filter_map(|curve| curve.last()).map(|point| point.value).collect();
        let to_beat = if finals.is_empty() { f64::INFINITY } else { mean(&finals) };
        Self { rule, completed, stopped: stopped.map(<[Point]>::to_vec).collect(), to_beat }
    }

    /// `Some` when the run with this curve so far should stop.
    pub(crate) fn judge(&self, curve: &[Point]) -> Option<Forecast> {
        let now = curve.last()?;
        if now.share < FIRST_SHARE || now.share >= 1.0 {
            return None;
        }
        let forecast = self.forecast(*now)?;
        let hopeless = forecast.lower > self.to_beat && now.value > self.median_at(now.share)?;
        hopeless.then_some(forecast)
    }

    /// Predicts what completed runs still gained from this share on.
    fn forecast(&self, now: Point) -> Option<Forecast> {
        let still: Vec<(f64, f64)> = self
            .completed
            .iter()
            .filter_map(|past| Some((past.last - value_at(&past.curve, now.share)?, past.weight)))
            .collect();
        if still.len() < FEWEST_ERRORS {
            return None;
        }
        let typical = median(&still.iter().map(|(change, _)| *change).collect::<Vec<_>>())?;
        let errors: Vec<(f64, f64)> =
            still.iter().map(|(change, weight)| (change - typical, *weight)).collect();
        let predicted = now.value + typical;
        let lower = predicted + lower_error(errors, self.rule.level);
        Some(Forecast { share: now.share, predicted, lower, to_beat: self.to_beat })
    }

    fn median_at(&self, share: f64) -> Option<f64> {
        let completed = self.completed.iter().map(|past| past.curve.as_slice());
        let all = completed.chain(self.stopped.iter().map(Vec::as_slice));
        median(&all.filter_map(|curve| value_at(curve, share)).collect::<Vec<_>>())
    }
}

/// A curve's value at a share: its last point at or before it.
fn value_at(curve: &[Point], share: f64) -> Option<f64> {
    let reached = curve.last()?.share >= share;
    let before = curve.iter().rev().find(|point| point.share <= share + 1e-9);
    before.filter(|_| reached).map(|point| point.value)
}

/// The weighted conformal quantile of the errors at `level`, a new run counting as one more error;
/// the worst error seen where they are too few for that level.
fn lower_error(mut errors: Vec<(f64, f64)>, level: f64) -> f64 {
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = errors.iter().map(|(_, weight)| weight).sum::<f64>() + 1.0;
    let mut seen = 0.0;
    let mut bound = errors[0].0;
    for (error, weight) in errors {
        seen += weight;
        if seen > level * total {
            break;
        }
        bound = error;
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: StopRule = StopRule { level: 0.05, audit: 0.1 };

    /// A curve that falls from `start` by `drop`, most of it early.
    fn curve(start: f64, drop: f64) -> Vec<Point> {
        (1..=16)
            .map(|i| {
                let share = f64::from(i) / 16.0;
                Point { share, value: start - drop * share.sqrt() }
            })
            .collect()
    }

    fn pruner(runs: usize) -> (Pruner, Vec<Vec<Point>>) {
        let past: Vec<_> = (0..runs).map(|i| curve(4.0 + 0.02 * i as f64, 1.5)).collect();
        let incumbent = past[0].clone();
        let known = past.iter().map(|curve| (curve.as_slice(), false));
        (Pruner::new(RULE, known, std::iter::empty(), &[&incumbent]), past)
    }

    #[test]
    fn a_hopeless_run_is_stopped_and_a_promising_one_is_not() {
        let (pruner, _) = pruner(8);
        assert!(pruner.judge(&curve(6.0, 1.5)[..4]).is_some());
        assert!(pruner.judge(&curve(3.9, 1.5)[..4]).is_none());
    }

    #[test]
    fn with_fewer_than_five_errors_nothing_is_stopped() {
        assert!(pruner(4).0.judge(&curve(9.0, 1.0)[..8]).is_none());
        assert!(pruner(5).0.judge(&curve(9.0, 1.0)[..8]).is_some());
    }

    #[test]
    fn nothing_is_stopped_in_the_first_eighth_or_at_the_end() {
        let (pruner, _) = pruner(8);
        assert!(pruner.judge(&curve(9.0, 1.0)[..1]).is_none());
        assert!(pruner.judge(&curve(9.0, 1.0)).is_none());
    }

    #[test]
    fn a_run_better_than_the_median_goes_on_whatever_is_predicted() {
        let past: Vec<_> = (0..9).map(|_| curve(9.0, 0.1)).collect();
        let incumbent = curve(4.0, 1.0);
        let known = past.iter().map(|curve| (curve.as_slice(), false));
        let pruner = Pruner::new(RULE, known, std::iter::empty(), &[&incumbent]);
        assert!(pruner.judge(&curve(8.9, 0.1)[..8]).is_none());
        assert!(pruner.judge(&curve(9.1, 0.1)[..8]).is_some());
    }

    #[test]
    fn the_bound_is_the_worst_error_until_there_are_nineteen() {
        let errors = |n: usize| (0..n).map(|i| (i as f64, 1.0)).collect::<Vec<_>>();
        assert_eq!(lower_error(errors(18), 0.05), 0.0);
        assert_eq!(lower_error(errors(19), 0.05), 0.0);
        assert_eq!(lower_error(errors(39), 0.05), 1.0);
    }
}
