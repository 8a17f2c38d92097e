//! Where the metric of a study is found, and which way is better.

use regex::Regex;

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
    /// Patterns that are looked for in each line of stdout. The value is the group named `value`, or
    /// the first. The last match of `result` is the metric. A match of `progress` is a point of the
    /// curve where its groups `share`, or `step` and `steps`, place it.
    Pattern { result: Regex, progress: Option<Regex> },
    /// Files that burn-train writes: `DIRECTORY/valid/epoch-N/LOG.log`, `DIRECTORY` relative to the
    /// package. The metric is the mean of the last epoch; each epoch is a point of the curve.
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

    pub(super) fn is_protocol(&self) -> bool {
        matches!(self.source, MetricSource::Protocol)
    }
}
