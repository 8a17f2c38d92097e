//! The settings as `autoresearch.toml` has them: one field for each key, and nothing decided.
//!
//! Every key is optional; a repository sets only what cannot be detected. The known keys are derived from these types,
//! so a new field is a new key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Span;

/// The file as written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// Folder of the crate, relative to the root.
    pub(crate) package: Option<String>,
    /// Files that may be edited, relative to the root; all Rust sources of the package by default. `*` stands for any
    /// part of a name, `**` for folders at any depth.
    pub(crate) mutable: Option<Vec<String>>,
    /// Files that may not be edited, removed from `mutable`; written in the same way.
    pub(crate) frozen: Vec<String>,
    /// Budget of one run: `20s`, `20cpu-s`, `500steps`, `2000000tokens`.
    pub(crate) budget: Option<String>,
    /// Total number of trials of the study.
    pub(crate) trials: Option<u32>,
    /// How long the study may run, each resumption counted separately; no limit by default.
    #[serde(rename = "for")]
    pub(crate) time: Option<Span>,
    pub(crate) seed: Option<u64>,
    /// How many trials run at a time, from 1 to 256.
    pub(crate) slots: Option<usize>,
    /// Name of the search method.
    pub(crate) search: Option<String>,
    /// Trials without a merge after which the study ends; half of all trials, if that is more.
    pub(crate) patience: Option<u32>,
    pub(crate) run: Run,
    pub(crate) metric: Metric,
    pub(crate) limits: Limits,
    pub(crate) merge: Merge,
    pub(crate) stop: Stop,
}

/// How the crate's program is started.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Run {
    /// Arguments; `{seed}` and `{budget}` are replaced. Both are in the environment as well, as
    /// `AUTORESEARCH_SEED` and `AUTORESEARCH_BUDGET`.
    pub(crate) args: Vec<String>,
    /// Which program of the package, if there are several.
    pub(crate) binary: Option<String>,
    /// An example of the package that is run instead of a program.
    pub(crate) example: Option<String>,
    /// Features of the package that are on besides its default ones.
    pub(crate) features: Vec<String>,
    /// Environment variables of the runs, not of the builds.
    pub(crate) env: BTreeMap<String, String>,
    /// Files and folders that programs read although git does not hold them, relative to the root; programs find them at
    /// the same path.
    pub(crate) data: Vec<String>,
    /// Arguments in addition to `args` when programs are compared: they ask for the metric on data that no study
    /// sees, printed as `test_bpb` next to `val_bpb`.
    pub(crate) test_args: Vec<String>,
}

/// What is measured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Metric {
    /// Its name, `val_bpb` by default.
    pub(crate) name: Option<String>,
    pub(crate) direction: Direction,
    /// Regular expression whose first group, or the group `value`, is the metric; the last match counts.
    pub(crate) pattern: Option<String>,
    /// The same for points of the learning curve, with groups `value` and `share`, or `step` and `steps`.
    pub(crate) progress: Option<String>,
    /// Folder of burn-train's metric logs, relative to the working directory of the run.
    pub(crate) log: Option<String>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    #[default]
    Minimize,
    Maximize,
}

/// Limits of the phases; what is not set follows from the budget and the baseline.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Limits {
    /// Longest time of a build.
    pub(crate) build: Option<Span>,
    /// The same for the smoke run of a program that is packed to be trained elsewhere.
    pub(crate) smoke: Option<Span>,
    /// The same for a training run.
    pub(crate) train: Option<Span>,
    /// Longest time without output in a training run.
    pub(crate) silence: Option<Span>,
    /// Summed resident memory, in MiB.
    pub(crate) memory: Option<u64>,
    /// Free space to be left on the disk, in MiB.
    pub(crate) disk: Option<u64>,
}

/// What a merge needs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Merge {
    /// Share of all merges that may be false, between 0 and 1.
    pub(crate) alpha: Option<f64>,
    /// Most pairs of runs on fresh seeds that a proof may take, at least 2.
    pub(crate) pairs: Option<usize>,
    /// Smallest gain worth a merge, in units of the metric; a quarter of the noise's standard deviation by default.
    pub(crate) smallest_effect: Option<f64>,
    /// A metric that changes by more than this factor is shown and not merged; above 1, 100 by default.
    pub(crate) largest_factor: Option<f64>,
    /// Runs of the baseline, in addition to its first, that measure the noise; at least 1.
    pub(crate) noise_repeats: Option<usize>,
    /// Fresh seeds on which main and the baseline are measured when a study ends.
    pub(crate) check_seeds: Option<usize>,
}

/// What stops a run early.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Stop {
    pub(crate) enabled: Option<bool>,
    /// Share of the would-be winners that may be stopped, between 0 and 1.
    pub(crate) level: Option<f64>,
    /// Share of the would-be stops that run on, between 0 and 1.
    pub(crate) audit: Option<f64>,
}
