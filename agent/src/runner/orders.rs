//! What the agent sends a supervisor when it starts it, and what the supervisor reports at the end:
//! the two JSON values that pass between them.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Exit;
use crate::study::Seconds;

/// When a command is stopped. `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Wall-clock time from its start.
    pub(crate) deadline: Option<Duration>,
    /// Time without a byte on stdout or stderr.
    pub(crate) silence: Option<Duration>,
    /// Resident bytes, summed over the command and all its descendants.
    pub(crate) memory: Option<u64>,
    /// Bytes that must stay free in the file system of its working directory; 0 means no limit.
    pub(crate) disk_floor: u64,
}

/// The first argument of `autoresearch supervise`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Orders {
    /// Where stdout and stderr go, appended.
    pub(super) log: PathBuf,
    #[serde(default)]
    pub(super) deadline: Option<Seconds>,
    #[serde(default)]
    pub(super) silence: Option<Seconds>,
    #[serde(default)]
    pub(super) memory: Option<u64>,
    #[serde(default)]
    pub(super) disk_floor: u64,
    /// From SIGTERM to SIGKILL.
    #[serde(default = "Orders::default_grace")]
    pub(super) grace: Seconds,
}

impl Orders {
    fn default_grace() -> Seconds {
        2.0
    }

    pub(super) fn new(log: PathBuf, limits: &Limits) -> Self {
        Self {
            log,
            deadline: limits.deadline.map(|d| d.as_secs_f64()),
            silence: limits.silence.map(|d| d.as_secs_f64()),
            memory: limits.memory,
            disk_floor: limits.disk_floor,
            grace: Self::default_grace(),
        }
    }
}

/// The last line that a supervisor writes to stderr.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) exit: Exit,
    /// Peak of the summed resident memory in bytes, as far as polling saw it.
    pub(super) memory: u64,
    /// Processor time of the command and all of its descendants that have ended.
    #[serde(default)]
    pub(super) cpu_seconds: f64,
    /// Descendants that survived SIGKILL (stuck in the kernel); 0 proves that none did.
    pub(super) survivors: usize,
}
