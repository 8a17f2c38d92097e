//! How rules of merging are compared: what every rule is given alike.

use crate::policy::Variant;
use crate::study::MergeRule;

/// How many nights there are, and of what length.
#[derive(Clone, Debug)]
pub(crate) struct MergeSettings {
    pub(crate) search: Variant,
    /// Of a night, proofs included.
    pub(crate) evaluations: usize,
    pub(crate) repeats: usize,
    pub(crate) seed: u64,
    pub(crate) rule: MergeRule,
    /// How often the baseline is repeated at the start, where a rule has to know the noise.
    pub(crate) noise_repeats: usize,
}
