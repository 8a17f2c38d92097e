//! Where the metric of a study is found, and which way is better.

use std::path::Path;

use super::output::Pattern;
use crate::study;

/// The number that a study lowers.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    /// Its name, which is also its key in our protocol: `val_bpb`.
    pub(crate) name: String,
    /// Higher is better; its values are negated where they are read.
    pub(crate) maximise: bool,
    pub(crate) source: MetricSource,
}

/// How a program reports its metric.
#[derive(Clone, Debug)]
pub(crate) enum MetricSource {
    /// `progress` and `result` lines, as a program written for autoresearch prints them.
    Protocol,
    /// Patterns that are looked for in each line. The value is the group named `value`, or the first. The last line that
    /// reports the value of `result` decides. A match of `progress` is a point of the curve where its groups `share`, or
    /// `step` and `steps`, place it.
    Pattern { result: Pattern, progress: Option<Pattern> },
    /// Files that burn-train writes: `DIRECTORY/valid/epoch-N/LOG.log`, `DIRECTORY` relative to the package. The metric
    /// is that of the last epoch; each epoch is a point of the curve.
    BurnTrain { directory: String, log: String },
}

impl Metric {
    #[cfg(test)]
    pub(crate) fn val_bpb() -> Self {
        Self { name: "val_bpb".to_owned(), maximise: false, source: MetricSource::Protocol }
    }

    /// A value as read, turned so that lower is better.
    pub(super) fn lower_is_better(&self, value: f64) -> f64 {
        if self.maximise { -value } else { value }
    }

    /// A measured value as the program printed it.
    pub(crate) fn as_printed(&self, value: f64) -> f64 {
        study::as_printed(self.maximise, value)
    }

    /// The key of the same metric on data that no study sees: `test_bpb` for `val_bpb`.
    pub(crate) fn test_name(&self) -> String {
        format!("test_{}", self.name.strip_prefix("val_").unwrap_or(&self.name))
    }

    /// The folder that all runs write to, wherever they run.
    pub(crate) fn shared_logs(&self) -> Option<&str> {
        match &self.source {
            MetricSource::BurnTrain { directory, .. } if Path::new(directory).is_absolute() => {
                Some(directory)
            }
            _ => None,
        }
    }

    pub(super) fn is_protocol(&self) -> bool {
        matches!(self.source, MetricSource::Protocol)
    }
}
