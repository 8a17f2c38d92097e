//! The pruner: stops a run whose predicted final value is not worth the rest of its budget.
//!
//! It is the paper's self-evaluator with a calibrated interval instead of its fixed margin, and a chance of winning
//! instead of its point forecast. A run is predicted to gain what completed runs typically still gained from its share
//! on: no model of curves did better (`docs/proof.md`). It stops if the lower end of the prediction's interval is above
//! what it has to beat and its chance of beating that is not worth the rest of its budget.

use super::audit::Audit;
use super::calibration::Errors;
use super::chance::{Standing, chance};
use super::forecast::Forecast;
use super::past::{Past, reached};
use super::rule::StopRule;
use crate::study::{Point, mean};

/// Below this many errors only a failed run stops.
const FEWEST_ERRORS: usize = 5;

/// Before this share a curve says too little.
const FIRST_SHARE: f64 = 1.0 / 8.0;

/// Level of the interval's lower end, and the chance below which the whole of a budget is not worth it, both as
/// multiples of the share of winners that may be stopped.
const BOUND: f64 = 2.0;
const WORTH: f64 = 0.1;

/// What is known when a run starts. It does not change during the run.
#[derive(Clone, Debug)]
pub(crate) struct Pruner {
    /// The rule's, adapted to what the audit found.
    level: f64,
    /// The rule's share of would-be stops that run on.
    audit: f64,
    completed: Vec<Past>,
    stopped: Vec<Vec<Point>>,
    /// The incumbent's mean final value on the small part.
    to_beat: f64,
}

impl Pruner {
    /// `completed` are the curves of runs that ended, with how many runs each stands for ([`weight`](super::weight));
    /// `stopped` those of runs that the rule stopped; `incumbent` the curves of the incumbent.
    pub(crate) fn new<'a>(
        rule: StopRule,
        audit: &Audit,
        completed: impl Iterator<Item = (&'a [Point], f64)>,
        stopped: impl Iterator<Item = &'a [Point]>,
        incumbent: &[&[Point]],
    ) -> Self {
        let completed = completed.filter_map(|(curve, weight)| Past::new(curve, weight)).collect();
        Self {
            level: audit.adapted(rule.level),
            audit: rule.audit,
            completed,
            stopped: stopped.map(<[Point]>::to_vec).collect(),
            to_beat: to_beat(incumbent),
        }
    }

    /// `Some` when the run with this curve so far should stop.
    pub(crate) fn judge(&self, curve: &[Point]) -> Option<Forecast> {
        let share = curve.last()?.share;
        if !(FIRST_SHARE..1.0).contains(&share) {
            return None;
        }
        let now = reached(curve, share)?;
        let changes: Vec<(f64, f64)> = self.completed.iter().filter_map(|past| past.change(share)).collect();
        if changes.len() < FEWEST_ERRORS {
            return None;
        }
        let errors = Errors::of(&changes)?;
        let predicted = now + errors.typical;
        let lower = predicted + errors.lower((BOUND * self.level).min(1.0));
        let peers = self.peers(share);
        let behind = (predicted - self.to_beat) / errors.spread(&peers)?;
        let standing = Standing { share, behind, place: place(now, &peers), runs: peers.len() };
        let hopeless = chance(&standing) < WORTH * self.level * (1.0 - share);
        let forecast = Forecast { share, predicted, lower, to_beat: self.to_beat, audit: self.audit };
        (hopeless && lower > self.to_beat).then_some(forecast)
    }

    /// What the runs had reached at a share, stopped ones included.
    fn peers(&self, share: f64) -> Vec<f64> {
        let completed = self.completed.iter().map(|past| past.curve.as_slice());
        let all = completed.chain(self.stopped.iter().map(Vec::as_slice));
        all.filter_map(|curve| reached(curve, share)).collect()
    }
}

/// What a run has to beat: the mean final value of the incumbent's runs.
pub(crate) fn to_beat(incumbent: &[&[Point]]) -> f64 {
    let finals: Vec<f64> =
        incumbent.iter().filter_map(|curve| curve.last()).map(|point| point.value).collect();
    if finals.is_empty() { f64::INFINITY } else { mean(&finals) }
}

/// The share of `peers` below a value, within 0 and 1: equal ones count half.
fn place(now: f64, peers: &[f64]) -> f64 {
    let below = peers.iter().filter(|peer| **peer < now).count() as f64;
    let equal = peers.iter().filter(|peer| **peer == now).count() as f64;
    (below + 0.5 * equal + 0.5) / (peers.len() as f64 + 1.0)
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
        let known = past.iter().map(|curve| (curve.as_slice(), 1.0));
        (Pruner::new(RULE, &Audit::default(), known, std::iter::empty(), &[&incumbent]), past)
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
    fn a_run_further_behind_is_stopped_no_later() {
        let (pruner, _) = pruner(40);
        let stopped = |start| {
            let curve = curve(start, 1.5);
            (1..=16).find(|points| pruner.judge(&curve[..*points]).is_some()).unwrap_or(17)
        };
        let points = [3.9, 4.02, 4.1, 4.3, 4.5, 4.7].map(stopped);
        assert!(points.is_sorted_by(|a, b| a >= b) && points[0] == 17 && points[5] < 5, "{points:?}");
    }

    #[test]
    fn a_run_that_falls_below_what_it_has_to_beat_is_never_stopped() {
        for runs in [6, 20, 60] {
            let (pruner, _) = pruner(runs);
            let winner = curve(3.9, 1.5);
            assert!((1..=16).all(|points| pruner.judge(&winner[..points]).is_none()), "{runs}");
        }
    }

    #[test]
    fn curves_that_crossed_before_may_cross_again() {
        let early = |i: usize| curve(4.0 + 0.02 * i as f64, 1.5);
        let late = |value: f64| -> Vec<Point> {
            let mut points = curve(4.6, 0.1);
            points[15].value = value;
            points
        };
        let judged = |past: &[Vec<Point>]| {
            let known = past.iter().map(|curve| (curve.as_slice(), 1.0));
            let none = std::iter::empty();
            Pruner::new(RULE, &Audit::default(), known, none, &[&past[0]]).judge(&late(2.0)[..8])
        };
        let mut past: Vec<_> = (0..16).map(early).collect();
        assert!(judged(&past).is_some());
        past.extend([late(2.4), late(2.3), late(2.45)]);
        assert!(judged(&past).is_none());
    }

    #[test]
    fn nothing_is_stopped_if_nothing_can_be_computed() {
        let flat: Vec<_> = (0..9)
            .map(|_| vec![Point { share: 0.5, value: 2.0 }, Point { share: 1.0, value: 2.0 }])
            .collect();
        let known = flat.iter().map(|curve| (curve.as_slice(), 1.0));
        let pruner = Pruner::new(RULE, &Audit::default(), known, std::iter::empty(), &[&flat[0]]);
        for value in [2.0, 9.0, f64::NAN, f64::INFINITY] {
            assert!(pruner.judge(&[Point { share: 0.5, value }]).is_none(), "{value}");
        }
        let (no_incumbent, _) = (Pruner { to_beat: f64::INFINITY, ..pruner }, ());
        assert!(no_incumbent.judge(&[Point { share: 0.5, value: 9.0 }]).is_none());
    }

    #[test]
    fn winners_that_an_audit_saw_stopped_make_it_more_careful() {
        let past: Vec<_> = (0..12).map(|i| curve(4.0 + 0.02 * f64::from(i), 1.5)).collect();
        let level = |audited_winners| {
            let audit =
                Audit { unstopped_winners: 4, audited: 9, covered: 8, audited_winners, stands_for: 90.0 };
            let known = past.iter().map(|curve| (curve.as_slice(), 1.0));
            Pruner::new(RULE, &audit, known, std::iter::empty(), &[&past[0]]).level
        };
        assert!(level(1) < RULE.level && level(0) > RULE.level);
    }
}
