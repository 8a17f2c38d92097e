//! A run of a program: that of a trial, or a repeat outside the trials.

use super::{Purpose, TrialNumber};

/// What occupies a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// The run of a trial.
    Trial(TrialNumber),
    /// The program of this trial again, on a fresh seed.
    Again { trial: TrialNumber, purpose: Purpose },
}

impl Run {
    /// The trial whose program runs.
    pub(crate) fn trial(self) -> TrialNumber {
        match self {
            Self::Trial(trial) | Self::Again { trial, .. } => trial,
        }
    }

    /// Why it runs, if it is not a trial's run.
    pub(crate) fn purpose(self) -> Option<Purpose> {
        match self {
            Self::Trial(_) => None,
            Self::Again { purpose, .. } => Some(purpose),
        }
    }
}
