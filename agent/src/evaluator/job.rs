//! What is to be evaluated, and by which commands: plain values.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Metric, PhaseLimits};
use crate::study::{Budget, ProgramId};

/// A file of a commit. (Symbolic links and submodules are left out of a tree.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) executable: bool,
}

/// The whole tree of a commit: path relative to the repository's root, with `/`.
pub(crate) type Tree = BTreeMap<String, File>;

/// What holds for every trial of a study.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Directory of the package relative to the repository's root; empty for the root.
    pub(crate) package: String,
    /// Which binary to run, if the package has several.
    pub(crate) binary: Option<String>,
    /// Arguments of the binary; `{seed}` and `{budget}` are replaced.
    pub(crate) arguments: Vec<String>,
    /// As the trainee reads it: `20s`, `500steps`.
    pub(crate) budget: Budget,
    /// The budget of the smoke run; `None` if a program has no budget in steps.
    pub(crate) smoke_budget: Option<Budget>,
    pub(crate) metric: Metric,
    pub(crate) limits: PhaseLimits,
}

impl Plan {
    /// The smoke run of a program that speaks our protocol.
    pub(crate) const SMOKE_BUDGET: &str = "8steps";
}

/// One run of one program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job<'a> {
    /// Its name for people: `trial 17, RoPE instead of learned positions`.
    pub(crate) title: &'a str,
    pub(crate) program: &'a ProgramId,
    pub(crate) tree: &'a Tree,
    pub(crate) seed: u64,
    /// Where the logs go, one file per phase; created if missing.
    pub(crate) logs: &'a Path,
}
