//! Why a trial goes no further: an ending of the program itself, or a fault that no program can help.

use std::io;
use std::path::PathBuf;

use crate::device::Device;
use crate::study::Ending;

/// What keeps a trial from being judged at all. It is not the program's fault, and the study cannot
/// go on as if nothing had happened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EvaluateError {
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("the disk is full: a trial was stopped to keep {} MiB free; free some space and run again; its log is {}", .floor >> 20, .log.display())]
    DiskFull { floor: u64, log: PathBuf },
    #[error("'{command}' cannot be started: {reason}")]
    Spawn { command: String, reason: String },
    #[error("{count} processes of a trial cannot be ended, so its device cannot be used again; its log is {}", .log.display())]
    Survivors { count: usize, log: PathBuf },
    /// A fault of the device that does not go away.
    #[error(
        "device {device} does not work: {reason}; {doubt}; fix it, and `run` continues from there: nothing is lost"
    )]
    Device { device: Device, reason: String, doubt: String },
    /// The package has no binary, or more than one and none is chosen.
    #[error("{0}")]
    Binary(String),
    #[error("cannot fetch the dependencies: {0}")]
    Fetch(String),
}

/// Why a trial goes no further.
pub(super) enum Stop {
    /// The program ended this way; the text is one line for people.
    End(Ending, String),
    Fault(EvaluateError),
}

impl From<EvaluateError> for Stop {
    fn from(error: EvaluateError) -> Self {
        Self::Fault(error)
    }
}

impl Stop {
    pub(super) fn cancelled() -> Self {
        Self::End(Ending::Cancelled, "stopped by the user".to_owned())
    }

    pub(super) fn io(what: &str) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Fault(EvaluateError::Io { what: what.to_owned(), source })
    }
}
