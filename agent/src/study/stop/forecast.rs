//! The forecast for a run that is to be stopped.

use serde::{Deserialize, Serialize};

use super::rule::StopRule;

/// What the pruner saw when it stopped a run, or would have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forecast {
    /// Share of the budget used by then.
    pub(crate) share: f64,
    /// Predicted final value of the curve.
    pub(crate) predicted: f64,
    /// Lower end of its interval.
    pub(crate) lower: f64,
    /// What it would have had to beat.
    pub(crate) to_beat: f64,
    /// Share of would-be stops that ran on at that time, possibly including this one.
    #[serde(default = "default_audit")]
    pub(crate) audit: f64,
}

/// The share for journals that do not record it.
fn default_audit() -> f64 {
    StopRule::DEFAULT.audit
}
