//! How a trial went: its learning curve, what was measured, and how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Number of a trial in its study; 0 is the baseline.
pub(crate) type TrialNumber = u32;

/// Seconds of wall-clock time.
pub(crate) type Seconds = f64;

/// One point of a learning curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// Share of the budget used, in (0, 1].
    pub(crate) share: f64,
    /// The metric on the small fixed part of the validation set (bits per byte; lower is better).
    pub(crate) value: f64,
}

/// How the run of a program ended, by itself or because it was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ending {
    /// It used its whole budget and reported a finite result.
    Completed,
    /// The pruner stopped it.
    Pruned,
    /// It does not build.
    Unviable,
    /// It has no valid result: none that can be read, or one that breaks a rule of the evaluation.
    Invalid,
    Crashed,
    /// The device failed under it, which says nothing about the program: lost, absent, or its driver crashed.
    DeviceFailed,
    OutOfMemory,
    /// NaN, infinite, or a loss above the bound.
    Diverged,
    TimedOut,
    /// The user stopped it.
    Cancelled,
    /// It used much more or less than the baseline did.
    Incomparable,
    /// Its binary is that of an earlier trial, so what it changes is not part of the program.
    Unchanged,
}

/// How a trial ended, as its commit says. Never revised: what is learned about its program later is recorded elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Completed, and it is the program that main holds: there was nothing to compare it with.
    Measured,
    /// Completed, with a better result than what main held when it ended. It may have been luck.
    #[serde(alias = "kept")]
    Better,
    /// Completed, with a result no better than that.
    #[serde(alias = "discarded")]
    Worse,
    Pruned,
    Unviable,
    Invalid,
    Crashed,
    OutOfMemory,
    Diverged,
    TimedOut,
    Cancelled,
    Incomparable,
    Unchanged,
}

impl Outcome {
    /// The outcome of a run that did not complete; `None` for one that did, since its outcome depends on what main
    /// holds.
    pub(crate) fn of_failure(ending: Ending) -> Option<Self> {
        Some(match ending {
            Ending::Completed => return None,
            Ending::Pruned => Self::Pruned,
            Ending::Unviable => Self::Unviable,
            Ending::Invalid => Self::Invalid,
            Ending::Crashed | Ending::DeviceFailed => Self::Crashed,
            Ending::OutOfMemory => Self::OutOfMemory,
            Ending::Diverged => Self::Diverged,
            Ending::TimedOut => Self::TimedOut,
            Ending::Cancelled => Self::Cancelled,
            Ending::Incomparable => Self::Incomparable,
            Ending::Unchanged => Self::Unchanged,
        })
    }

    pub(crate) fn is_completed(self) -> bool {
        matches!(self, Self::Measured | Self::Better | Self::Worse)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Measured => "measured",
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Pruned => "pruned",
            Self::Unviable => "unviable",
            Self::Invalid => "invalid",
            Self::Crashed => "crashed",
            Self::OutOfMemory => "out-of-memory",
            Self::Diverged => "diverged",
            Self::TimedOut => "timed-out",
            Self::Cancelled => "cancelled",
            Self::Incomparable => "incomparable",
            Self::Unchanged => "unchanged",
        })
    }
}

/// Everything that one run of a program reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) ending: Ending,
    /// The final value of the metric over the whole validation set, lower is better (a metric that
    /// is to be maximised is negated where it is read). `Some` exactly when completed.
    pub(crate) metric: Option<f64>,
    /// The same on a part that no study sees, if the program was asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) test: Option<f64>,
    /// In order of shares. Its last value, not `metric`, is what the pruner compares.
    pub(crate) curve: Vec<Point>,
    /// One line for people if the ending is not `Completed`: the compiler's first error, the
    /// signal, what the pruner predicted; empty otherwise.
    pub(crate) reason: String,
    /// Time spent in each phase; 0 for a phase that was not reached.
    pub(crate) build_seconds: Seconds,
    pub(crate) smoke_seconds: Seconds,
    /// Wall-clock time of the training process, start-up and evaluation included.
    pub(crate) train_seconds: Seconds,
    /// Training tokens seen; `None` if the program does not report it. The same holds for those below.
    pub(crate) tokens: Option<u64>,
    pub(crate) steps: Option<u64>,
    pub(crate) params: Option<u64>,
    /// Peak resident memory of the training process in bytes.
    pub(crate) memory: Option<u64>,
    /// Its name as the program reports it, and the driver if it has one.
    pub(crate) device: Option<String>,
    /// Peak memory of the training on the device in bytes, if that is not the processor.
    #[serde(default)]
    pub(crate) device_memory: Option<u64>,
    /// Seconds of a budget of time that the program says it has used, in the budget's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) used_seconds: Option<f64>,
    /// Processor time of the training process and all of its children, as measured from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_seconds: Option<f64>,
    /// How often it reported the metric, if that is found by a pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reports: Option<u32>,
    /// Digest of its binary, without what identifies the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary: Option<String>,
}

impl Measurement {
    /// A run about which nothing else is known.
    pub(crate) fn new(ending: Ending, metric: Option<f64>) -> Self {
        Self {
            ending,
            metric,
            test: None,
            curve: Vec::new(),
            reason: String::new(),
            build_seconds: 0.0,
            smoke_seconds: 0.0,
            train_seconds: 0.0,
            tokens: None,
            steps: None,
            params: None,
            memory: None,
            device: None,
            device_memory: None,
            used_seconds: None,
            cpu_seconds: None,
            reports: None,
            binary: None,
        }
    }

    /// Time in a slot, all phases together.
    pub(crate) fn seconds(&self) -> Seconds {
        self.build_seconds + self.smoke_seconds + self.train_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_of_an_older_journal_has_no_device_memory() {
        let text = r#"{"ending":"completed","metric":2.5,"curve":[],"reason":"","build_seconds":1.0,"smoke_seconds":1.0,
            "train_seconds":1.0,"tokens":1,"steps":1,"params":1,"memory":1,"device":"flex"}"#;
        let read: Measurement = serde_json::from_str(text).unwrap();
        assert_eq!((read.device.as_deref(), read.device_memory), (Some("flex"), None));
    }
}
