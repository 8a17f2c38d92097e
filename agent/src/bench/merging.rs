//! Rules for merging, each on its own nights: the study's, and three common ones.

use super::merge_settings::MergeSettings;
use super::night::{Morning, Night};
use super::parallel::each;
use super::studied;
use super::table::Table;
use crate::study::{mean, standard_deviation};

/// When a program takes the incumbent's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// When the study's own proof says so.
    Ours,
    /// When its single result is lower than the one for which the incumbent was kept.
    KeepIfLower,
    /// When it is lower by two standard deviations of the noise.
    KeepIfTwoSigma,
    /// When it is lower, and then the mean of a few fresh runs is lower too.
    ConfirmByMean,
}

/// Fresh runs of each side, if means confirm.
const CONFIRMATIONS: usize = 3;

impl Rule {
    pub(crate) const ALL: [Self; 4] =
        [Self::Ours, Self::KeepIfLower, Self::KeepIfTwoSigma, Self::ConfirmByMean];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::KeepIfLower => "keep-if-lower",
            Self::KeepIfTwoSigma => "keep-if-2-sigma",
            Self::ConfirmByMean => "confirm-by-mean",
        }
    }
}

impl std::str::FromStr for Rule {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        let named = Self::ALL.into_iter().find(|rule| rule.as_str() == name);
        named.ok_or_else(|| format!("there is no rule `{name}`; the rules are {}", names()))
    }
}

/// All nights of a rule on a table; the results do not depend on the number of cores.
pub(crate) fn nights(table: &Table, rule: Rule, settings: &MergeSettings) -> Vec<Morning> {
    each(settings.repeats, |number| match rule {
        Rule::Ours => studied::night(table, settings, number),
        Rule::KeepIfLower => keep(table, settings, number, None),
        Rule::KeepIfTwoSigma => keep(table, settings, number, Some(2.0)),
        Rule::ConfirmByMean => confirm(table, settings, number),
    })
}

/// Keeps what is lower by this many standard deviations of the noise; by anything if there is no number.
fn keep(table: &Table, settings: &MergeSettings, number: u64, sigmas: Option<f64>) -> Morning {
    let (mut night, start, mut kept) = Night::begin(table, settings, number);
    let bar = sigmas.map_or(0.0, |sigmas| {
        let repeats = (0..settings.noise_repeats.min(night.left)).filter_map(|_| night.prove(&start.id));
        let results: Vec<f64> = repeats.chain([kept]).collect();
        sigmas * standard_deviation(&results).unwrap_or(0.0)
    });
    while night.left > 0
        && let Some((proposal, result)) = night.try_next()
    {
        if let Some(result) = result.filter(|result| *result < kept - bar)
            && proposal.program != night.incumbent
        {
            night.merge(&proposal.program);
            kept = result;
        }
    }
    night.end()
}

fn confirm(table: &Table, settings: &MergeSettings, number: u64) -> Morning {
    let (mut night, _, mut kept) = Night::begin(table, settings, number);
    while night.left > 0
        && let Some((proposal, result)) = night.try_next()
    {
        let looks_better = result.is_some_and(|result| result < kept) && proposal.program != night.incumbent;
        if looks_better && night.left >= 2 * CONFIRMATIONS {
            let [ours, theirs] = [proposal.program.clone(), night.incumbent.clone()].map(|program| {
                mean(&(0..CONFIRMATIONS).filter_map(|_| night.prove(&program)).collect::<Vec<_>>())
            });
            kept = ours.min(theirs);
            if ours < theirs {
                night.merge(&proposal.program);
            }
        }
    }
    night.end()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{nights_of, square};
    use super::*;

    /// A slope with noise of a deviation of 1.1.
    fn slope(steepness: f64) -> Table {
        let result = |a: usize, b: usize| steepness * (a + b) as f64;
        square(8, |a, b| Some([-1.0, -0.5, 0.0, 1.5].map(|noise| result(a, b) + noise).into()))
    }

    #[test]
    fn nights_are_the_same_each_time_and_no_longer_than_asked_for() {
        for rule in Rule::ALL {
            let found = nights(&slope(0.5), rule, &nights_of(3, 60));
            assert_eq!(found, nights(&slope(0.5), rule, &nights_of(3, 60)), "{rule:?}");
            assert!(found.iter().all(|night| night.proof < 60), "{found:?}");
        }
    }

    #[test]
    fn the_proof_finds_gains_that_are_clear() {
        for night in nights(&slope(3.0), Rule::Ours, &nights_of(6, 100)) {
            assert!(night.merges > 0 && night.false_merges == 0 && night.regret < 0.5, "{night:?}");
            assert!(night.proof < 30, "{night:?}");
        }
    }

    #[test]
    fn if_all_is_noise_keeping_what_is_lower_merges_much_and_the_proof_nearly_nothing() {
        let merges = |rule: Rule| -> usize {
            nights(&slope(1e-3), rule, &nights_of(20, 60)).iter().map(|night| night.merges).sum()
        };
        assert!(merges(Rule::KeepIfLower) >= 20, "{}", merges(Rule::KeepIfLower));
        assert!(merges(Rule::Ours) <= 1, "{}", merges(Rule::Ours));
    }
}
