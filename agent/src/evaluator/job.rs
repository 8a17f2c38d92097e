//! What is to be evaluated, and by which commands: plain values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Metric, PhaseLimits};
use crate::study::{Budget, ProgramId};

/// A file of a commit. (Submodules, and symbolic links that lead out of the commit, are left out of a tree.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) executable: bool,
}

/// The whole tree of a commit: path relative to the repository's root, with `/`.
pub(crate) type Tree = BTreeMap<String, File>;

/// What lies at a path of the tree without being part of the commit: data, of which a slot has only a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) path: String,
    /// Absolute.
    pub(crate) target: PathBuf,
}

/// What is run of a package, as cargo calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Binary(String),
    Example(String),
}

impl Target {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Binary(name) | Self::Example(name) => name,
        }
    }
}

/// What holds for every trial of a study.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Directory of the package relative to the repository's root; empty for the root.
    pub(crate) package: String,
    /// What is built and run; `None` for the package's only binary.
    pub(crate) target: Option<Target>,
    /// Features of the package that are on besides its default ones.
    pub(crate) features: Vec<String>,
    /// Variables of the runs, besides ours.
    pub(crate) environment: Vec<(String, String)>,
    /// What programs find beside the files of their commits.
    pub(crate) data: Vec<Link>,
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
