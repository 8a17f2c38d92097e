//! A study replayed with a stop rule in force: its runs in another order, and some of them ended early.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::curves::{CurveStudy, last, so_far};
use super::rule::{Rule, Seen};
use crate::study::Point;

/// Number of orders in which each study is replayed.
pub(super) const ORDERS: u64 = 5;

/// The first runs, which are never stopped: there is nothing to compare them with.
const FIRST_RUNS: usize = 8;

/// What a rule saved and what it cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) runs: usize,
    /// Budgets that the runs used, 1 for a whole one.
    pub(crate) used: f64,
    /// Runs whose final value is below the best that had completed when they began.
    pub(crate) winners: usize,
    pub(crate) winners_stopped: usize,
    /// Orders, and in how many of them the best run of the study completed.
    pub(crate) orders: usize,
    pub(crate) best_found: usize,
}

impl std::ops::AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.runs += other.runs;
        self.used += other.used;
        self.winners += other.winners;
        self.winners_stopped += other.winners_stopped;
        self.orders += other.orders;
        self.best_found += other.best_found;
    }
}

/// Replays a study in all orders; its number makes its orders differ from those of other studies.
pub(super) fn replay(study: &CurveStudy, number: usize, rule: &Rule) -> Tally {
    let mut tally = Tally::default();
    for order in 0..ORDERS {
        let mut rng = ChaCha8Rng::seed_from_u64(order);
        rng.set_stream(number as u64);
        tally += &one_order(study, rule, &mut rng);
    }
    tally
}

fn one_order(study: &CurveStudy, rule: &Rule, rng: &mut ChaCha8Rng) -> Tally {
    let mut runs: Vec<&[Point]> = study.runs.iter().map(Vec::as_slice).collect();
    runs.shuffle(rng);
    let mut tally = Tally { runs: runs.len(), orders: 1, ..Tally::default() };
    let mut seen = Seen::default();
    for (place, curve) in runs.into_iter().enumerate() {
        let seed = rng.random();
        let audited = rule.ours().is_some_and(|ours| ours.audits(seed));
        let stop = if place < FIRST_RUNS { None } else { rule.stop(&seen, curve) };
        let won = seen.best.is_none_or(|best| last(curve) < last(best));
        tally.winners += usize::from(won && place >= FIRST_RUNS);
        match &stop {
            Some((share, _)) if !audited => {
                tally.used += share;
                tally.winners_stopped += usize::from(won);
                seen.stopped.push((so_far(curve, *share), *share));
            }
            _ => {
                tally.used += 1.0;
                let forecast = stop.and_then(|(_, forecast)| forecast);
                if let Some(best) = seen.best {
                    seen.audit.count(last(curve), last(best), forecast.as_ref());
                }
                seen.completed.push((curve, forecast));
                seen.best = if won { Some(curve) } else { seen.best };
            }
        }
    }
    let best = study.runs.iter().map(|curve| last(curve)).fold(f64::INFINITY, f64::min);
    tally.best_found = usize::from(seen.best.is_some_and(|curve| last(curve) <= best));
    tally
}
