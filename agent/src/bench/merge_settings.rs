//! How rules for merging are compared: the settings that all rules share.

use crate::policy::Variant;
use crate::study::MergeRule;

/// The number of nights, and their length.
#[derive(Clone, Debug)]
pub(crate) struct MergeSettings {
    pub(crate) search: Variant,
    /// Per night, including proofs.
    pub(crate) evaluations: usize,
    pub(crate) repeats: usize,
    pub(crate) seed: u64,
    pub(crate) rule: MergeRule,
    /// Number of repeats of the baseline at the start, for rules that need to know the noise.
    pub(crate) noise_repeats: usize,
}
