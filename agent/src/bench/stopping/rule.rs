//! The stop rules that are compared: ours, as used in studies, and those it is measured against.

use std::fmt;
use std::str::FromStr;

use super::curves::{last, so_far};
use super::fit::power_law;
use crate::study::{Audit, Forecast, Point, Pruner, StopRule, quantile, weight};

/// Where rules other than ours look at a curve.
const CHECKPOINTS: [f64; 3] = [1.0 / 8.0, 1.0 / 4.0, 1.0 / 2.0];

/// The margin of the paper's rule, and the difference that its sequential test looks for, in standard deviations.
const PAPER_MARGIN: f64 = 0.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleName {
    /// No run is stopped.
    None,
    /// Stops a run that is now worse than the best run's final value by more than a share of it.
    Naive,
    /// Stops a run that a power law predicts to end worse than the best by more than a share of it.
    Fixed,
    /// The same without a margin.
    PowerLaw,
    /// The paper's: the margin is in standard deviations of the fit.
    Paper,
    /// The paper's as a sequential probability ratio test of whether it ends half a standard deviation worse than the
    /// best; the setting is the share of wrong decisions it asks for.
    PaperSprt,
    /// Continues with the best of those that came this far, one in as many as the setting.
    Asha,
    /// Stops a run that is worse than a quantile of those that came this far.
    Median,
    /// Ours; the setting is its level.
    Ours,
}

impl RuleName {
    pub(crate) const ALL: [Self; 9] = [
        Self::None,
        Self::Naive,
        Self::Fixed,
        Self::PowerLaw,
        Self::Paper,
        Self::PaperSprt,
        Self::Asha,
        Self::Median,
        Self::Ours,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Naive => "naive",
            Self::Fixed => "fixed",
            Self::PowerLaw => "power-law",
            Self::Paper => "paper",
            Self::PaperSprt => "paper-sprt",
            Self::Asha => "asha",
            Self::Median => "median",
            Self::Ours => "ours",
        }
    }

    /// The settings that a front is drawn from.
    pub(crate) fn settings(self) -> &'static [f64] {
        match self {
            Self::None | Self::Naive | Self::PowerLaw => &[0.0],
            Self::Fixed => &[0.02, 0.05, 0.1, 0.2, 0.5],
            Self::Paper => &[PAPER_MARGIN, 1.0, 2.0, 4.0, 8.0],
            Self::PaperSprt => &[0.2, 0.05, 0.01, 0.001],
            Self::Asha => &[4.0, 3.0, 2.0, 1.5],
            Self::Median => &[0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
            Self::Ours => &[0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3],
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RuleName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|rule| rule.name() == text);
        named.ok_or_else(|| format!("the rules are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What is known when a run begins.
#[derive(Debug, Default)]
pub(super) struct Seen<'a> {
    /// Curves, and what ours predicted for those that it would have stopped had they not been audited.
    pub(super) completed: Vec<(&'a [Point], Option<Forecast>)>,
    /// Curves up to where they were stopped, and the share of the budget used by then.
    pub(super) stopped: Vec<(&'a [Point], f64)>,
    /// What ours learned from those that ran on.
    pub(super) audit: Audit,
    /// The curve of the best run that completed.
    pub(super) best: Option<&'a [Point]>,
}

impl Seen<'_> {
    /// Values reached by the runs that came this far.
    fn peers(&self, share: f64) -> Vec<f64> {
        let completed = self.completed.iter().map(|(curve, _)| *curve);
        let stopped = self.stopped.iter().filter(|(_, stopped)| *stopped >= share).map(|(curve, _)| *curve);
        completed
            .chain(stopped)
            .filter_map(|curve| so_far(curve, share).last())
            .map(|point| point.value)
            .collect()
    }
}

/// A rule at one of its settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) name: RuleName,
    pub(super) setting: f64,
}

impl Rule {
    /// Ours with this setting; the others have no audit.
    pub(super) fn ours(&self) -> Option<StopRule> {
        (self.name == RuleName::Ours).then_some(StopRule { level: self.setting, ..StopRule::DEFAULT })
    }

    /// Where a run with this curve would be stopped: the share of its budget, and what ours predicts there.
    pub(super) fn stop(&self, seen: &Seen<'_>, curve: &[Point]) -> Option<(f64, Option<Forecast>)> {
        if let Some(rule) = self.ours() {
            let pruner = Pruner::new(
                rule,
                &seen.audit,
                seen.completed.iter().map(|(curve, forecast)| (*curve, weight(forecast.as_ref()))),
                seen.stopped.iter().map(|(curve, _)| *curve),
                &[seen.best?],
            );
            let stop = (1..=curve.len()).find_map(|points| pruner.judge(&curve[..points]));
            return stop.map(|forecast| (forecast.share, Some(forecast)));
        }
        let best = last(seen.best?);
        let mut evidence = 0.0;
        let stop = CHECKPOINTS.into_iter().find(|&share| {
            let curve = so_far(curve, share);
            !curve.is_empty() && self.stops_at(share, curve, best, seen, &mut evidence)
        });
        stop.map(|share| (share, None))
    }

    fn stops_at(&self, share: f64, curve: &[Point], best: f64, seen: &Seen<'_>, evidence: &mut f64) -> bool {
        let (now, setting) = (last(curve), self.setting);
        let forecast = || power_law(curve);
        match self.name {
            RuleName::None | RuleName::Ours => false,
            RuleName::Naive => now > best,
            RuleName::PowerLaw | RuleName::Fixed => {
                forecast().is_some_and(|fit| fit.at_end > best + setting * best.abs())
            }
            RuleName::Paper => forecast().is_some_and(|fit| fit.at_end > best + setting * fit.deviation),
            RuleName::PaperSprt => forecast().is_some_and(|fit| {
                let off = (fit.at_end - best) / fit.deviation.max(f64::MIN_POSITIVE);
                *evidence += PAPER_MARGIN * (off - PAPER_MARGIN / 2.0);
                *evidence > (1.0 / setting).ln()
            }),
            RuleName::Asha => {
                let mut peers = seen.peers(share);
                peers.push(now);
                peers.sort_by(f64::total_cmp);
                let kept = ((peers.len() as f64 / setting) as usize).max(1);
                now > peers[kept - 1]
            }
            RuleName::Median => quantile(&seen.peers(share), setting).is_some_and(|value| now > value),
        }
    }
}
