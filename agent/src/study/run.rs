//! A run of a program: of a trial, or once more outside of the trials.

use super::{Purpose, TrialNumber};

/// What takes up a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// The run of a trial.
    Trial(TrialNumber),
    /// The program of this trial once more, on a fresh seed.
    Again { trial: TrialNumber, purpose: Purpose },
}

impl Run {
    /// The trial whose program runs.
    pub(crate) fn trial(self) -> TrialNumber {
        match self {
            Self::Trial(trial) | Self::Again { trial, .. } => trial,
        }
    }

    /// Why it runs, where it is not a trial's.
    pub(crate) fn purpose(self) -> Option<Purpose> {
        match self {
            Self::Trial(_) => None,
            Self::Again { purpose, .. } => Some(purpose),
        }
    }
}
