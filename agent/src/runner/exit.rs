//! How a supervised command ended. What that means for a trial is decided elsewhere.

use std::fmt;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use serde::{Deserialize, Serialize};

/// What a shell returns for a command that was killed by SIGKILL: 128 + 9.
const SHELL_SAYS_KILLED: i32 = 137;
/// Exit code of `timeout` when the time is up.
const TIMEOUT_SAYS_SO: i32 = 124;

/// Every way in which a supervised command can end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Exit {
    Success,
    /// The exit code, never 0.
    Failure(i32),
    /// Ended by a signal that was not ours; never SIGKILL, which is read as `OutOfMemory`.
    Signalled(i32),
    /// Our deadline.
    TimedOut,
    /// It wrote nothing for too long.
    Silent,
    /// Our limit on resident memory, or the kernel's.
    OutOfMemory,
    /// The file system has too little room left, or its log grew too large.
    DiskFull,
    /// We were asked to stop it, or nobody is left who could ask.
    Stopped,
    /// It never ran; why.
    SpawnFailed(String),
    /// Its supervisor died or fell silent, so nobody saw it end; what is known.
    Lost(String),
}

impl Exit {
    /// Reads the status of a command that ended without being sent a signal by us. A SIGKILL that
    /// is not ours comes from the kernel's out-of-memory killer in all but freak cases.
    pub(super) fn of_status(status: WaitStatus) -> Self {
        match status {
            WaitStatus::Exited(_, 0) => Self::Success,
            WaitStatus::Exited(_, SHELL_SAYS_KILLED) => Self::OutOfMemory,
            WaitStatus::Exited(_, code) => Self::Failure(code),
            WaitStatus::Signaled(_, Signal::SIGKILL, _) => Self::OutOfMemory,
            WaitStatus::Signaled(_, signal, _) => Self::Signalled(signal as i32),
            other => Self::Lost(format!("wait status {other:?}")),
        }
    }

    /// Reads the code that a shell gives for a command which it ran under `timeout`.
    pub(crate) fn of_shell(code: i32) -> Self {
        match code {
            0 => Self::Success,
            TIMEOUT_SAYS_SO => Self::TimedOut,
            SHELL_SAYS_KILLED => Self::OutOfMemory,
            129..=192 => Self::Signalled(code - 128),
            code => Self::Failure(code),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Failure(code) => write!(f, "exit code {code}"),
            Self::Signalled(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(f, "{signal}"),
                Err(_) => write!(f, "signal {number}"),
            },
            Self::TimedOut => f.write_str("time limit reached"),
            Self::Silent => f.write_str("no output for too long"),
            Self::OutOfMemory => f.write_str("out of memory"),
            Self::DiskFull => f.write_str("disk full"),
            Self::Stopped => f.write_str("stopped"),
            Self::SpawnFailed(why) => write!(f, "cannot be started: {why}"),
            Self::Lost(what) => write!(f, "lost: {what}"),
        }
    }
}
