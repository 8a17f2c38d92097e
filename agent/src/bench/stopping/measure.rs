//! What a rule saves over all studies, and how certain that is: a bootstrap over the studies.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::curves::CurveStudy;
use super::replay::{Tally, replay};
use super::rule::{Rule, RuleName};

/// Draws of the bootstrap.
const RESAMPLES: usize = 1000;

/// A number with its 95 % interval, which a single study cannot give.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    pub(super) value: f64,
    pub(super) bounds: Option<(f64, f64)>,
}

/// A rule at one setting.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) rule: RuleName,
    pub(crate) setting: f64,
    pub(crate) total: Tally,
    /// Full budgets of all runs divided by what they used.
    pub(super) throughput: Interval,
    /// Share of the would-be winners that were stopped.
    pub(super) winners_stopped: Interval,
    /// Share of the orders in which the best run completed.
    pub(super) best_found: Interval,
}

/// Replays a rule on one or more studies at each of its settings.
pub(crate) fn measure(studies: &[CurveStudy], name: RuleName) -> Vec<Measured> {
    name.settings().iter().map(|&setting| at(studies, Rule { name, setting })).collect()
}

fn at(studies: &[CurveStudy], rule: Rule) -> Measured {
    let tallies: Vec<Tally> =
        studies.iter().enumerate().map(|(number, study)| replay(study, number, &rule)).collect();
    let mut total = Tally::default();
    tallies.iter().for_each(|tally| total += tally);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let resample = || {
        let mut sum = Tally::default();
        (0..tallies.len()).for_each(|_| sum += &tallies[rng.random_range(0..tallies.len())]);
        sum
    };
    let resamples: Vec<Tally> = std::iter::repeat_with(resample).take(RESAMPLES).collect();
    let interval = |of: fn(&Tally) -> f64| {
        let mut values: Vec<f64> = resamples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let tail = RESAMPLES / 40;
        let bounds = (tallies.len() > 1).then(|| (values[tail], values[RESAMPLES - 1 - tail]));
        Interval { value: of(&total), bounds }
    };
    Measured {
        rule: rule.name,
        setting: rule.setting,
        throughput: interval(|tally| tally.runs as f64 / tally.used),
        winners_stopped: interval(|tally| tally.winners_stopped as f64 / tally.winners.max(1) as f64),
        best_found: interval(|tally| tally.best_found as f64 / tally.orders as f64),
        total,
    }
}
