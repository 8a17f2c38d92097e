//! A program that was tried, and how its runs ended.

use serde::{Deserialize, Serialize};

use super::space::Program;

/// How one run ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    Result(f64),
    /// It was pruned; the metric that was predicted for it, if there was a prediction.
    Pruned(Option<f64>),
    Failed,
}

impl Verdict {
    pub(crate) fn result(self) -> Option<f64> {
        match self {
            Self::Result(value) => Some(value),
            Self::Pruned(_) | Self::Failed => None,
        }
    }

    /// What it counts as, `worst` being the worst result so far: a failure counts as that, and a pruned run as its
    /// prediction, but not as worse.
    pub(crate) fn value(self, worst: f64) -> f64 {
        match self {
            Self::Result(value) => value,
            Self::Pruned(Some(predicted)) => predicted.min(worst),
            Self::Pruned(None) | Self::Failed => worst,
        }
    }
}

/// Mean of the results among these; `None` if there are none.
pub(super) fn mean(verdicts: &[Verdict]) -> Option<f64> {
    let results = verdicts.iter().filter_map(|verdict| verdict.result());
    let (sum, count) = results.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// A program that was tried or is pending.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) program: Program,
    /// In the order in which they ended: trials, repeats and confirmations.
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) pending: usize,
}

impl Tried {
    /// Whether it has run or is pending; a program whose only trial was cancelled is neither.
    pub(crate) fn is_seen(&self) -> bool {
        self.pending > 0 || !self.verdicts.is_empty()
    }

    /// Mean of its results; `None` before it has completed.
    pub(crate) fn mean(&self) -> Option<f64> {
        mean(&self.verdicts)
    }
}
