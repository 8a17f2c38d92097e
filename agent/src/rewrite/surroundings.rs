//! What is known of a program besides the files that may be edited.

use crate::study::Sources;

use super::build::Build;

#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) build: Build,
    /// Files that may be edited by the settings, but that the build does not take.
    pub(crate) uncompiled: Sources,
    /// Without it, nothing is taken for unused.
    pub(crate) rest: Option<Rest>,
}

/// Whatever else may use what stands in the files that may be edited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rest {
    /// Files that the build takes and that may not be edited.
    pub(crate) compiled: Sources,
    /// Texts of which every word counts as a use: other packages, examples, files that are included.
    pub(crate) elsewhere: Vec<String>,
}
