//! Chooses what to try next: `ask` for proposals, `tell` how they went.
//!
//! Everything here is pure: no file, no clock, and no randomness but a generator that is seeded and
//! saved. A policy sees programs as values at sites, never as source.

mod earlier;
mod method;
mod notebook;
mod space;
mod variant;

mod cholesky;
mod encoding;
mod normal;
mod posterior;
mod surrogate;

mod draw;
mod features;
mod pool;
mod ppo;
mod proposer;
mod rollout;
mod rows;

mod evolution;
mod greedy;
mod neighbours;
mod parzen;
mod random;
mod tpe;

#[cfg(test)]
mod toy;

pub(crate) use earlier::Earlier;
pub(crate) use method::{Method, policy};
pub(crate) use notebook::{Notebook, Observation, Verdict};
pub(crate) use space::{Change, Derived, Listing, Program, SiteView, Space};
pub(crate) use variant::Variant;

use serde::{Deserialize, Serialize};

use crate::study::{ProgramId, Proposal, TrialNumber};

/// A search method.
pub(crate) trait Policy: Send {
    /// Up to `n` proposals; fewer where nothing new is found any more. What is pending in the
    /// notebook counts as seen.
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal>;

    /// Learns from a trial that has ended, once, after the notebook was told of it. Says what the
    /// update did where there was one.
    fn tell(&mut self, notebook: &Notebook, trial: TrialNumber) -> Option<Update>;

    /// The program that the method takes for the best.
    fn best(&self, notebook: &Notebook) -> ProgramId;

    /// All that a resumed study needs besides the notebook.
    fn save(&self) -> serde_json::Value;

    /// Takes over what `save` of the same method gave.
    fn load(&mut self, state: serde_json::Value) -> serde_json::Result<()>;
}

/// What one update of a learning policy did, as CleanRL logs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Update {
    /// How many updates there were, this one included.
    pub(crate) version: u32,
    pub(crate) policy_loss: f32,
    pub(crate) value_loss: f32,
    pub(crate) entropy: f32,
    pub(crate) approx_kl: f32,
    pub(crate) clipfrac: f32,
    pub(crate) explained_variance: f32,
}

impl Update {
    /// The diagnostics by name.
    pub(crate) fn diagnostics(&self) -> Vec<(String, f32)> {
        [
            ("policy_loss", self.policy_loss),
            ("value_loss", self.value_loss),
            ("entropy", self.entropy),
            ("approx_kl", self.approx_kl),
            ("clipfrac", self.clipfrac),
            ("explained_variance", self.explained_variance),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
