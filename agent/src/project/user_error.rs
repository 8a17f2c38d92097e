//! Errors caused by what the user asked for: each says what is wrong and what to do.

use std::fmt::Display;

/// What cannot be used, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The repository, or its settings.
    Repository,
    /// The untouched program does not build, run or report its metric.
    Baseline,
    /// Another run is using the repository.
    Locked,
    /// A device that the study trains on has stopped working.
    Device,
}

/// An error with its blame.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UserError {
    pub(crate) blame: Blame,
    message: String,
}

impl UserError {
    /// The repository or its settings cannot be used.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { blame: Blame::Repository, message: message.into() }
    }

    /// The same, from an error that says what to do.
    pub(crate) fn from_error(error: impl Display) -> Self {
        Self::new(error.to_string())
    }

    pub(crate) fn baseline(message: impl Into<String>) -> Self {
        Self { blame: Blame::Baseline, message: message.into() }
    }

    pub(crate) fn device(error: impl Display) -> Self {
        Self { blame: Blame::Device, message: error.to_string() }
    }

    pub(crate) fn locked(error: impl Display) -> Self {
        Self { blame: Blame::Locked, message: error.to_string() }
    }
}
