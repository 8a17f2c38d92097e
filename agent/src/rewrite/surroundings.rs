//! What is known of a program besides the files that may be edited.

use crate::study::Sources;

use super::build::Build;

#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) build: Build,
    /// Files that may be edited by the settings, but that the build does not take.
    pub(crate) uncompiled: Sources,
}
