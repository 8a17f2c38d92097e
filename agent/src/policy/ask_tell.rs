//! What every search method does: it proposes trials, and learns from how they ended.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Notebook, Space};
use crate::study::{ProgramId, Proposal, TrialNumber};

/// A search method.
pub(crate) trait Policy: Saved + Send {
    /// Up to `n` proposals; fewer if nothing more that is new is found. What is pending in the
    /// notebook counts as seen.
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal>;

    /// Learns from a trial that has ended, once, after the notebook has it. Returns what the update
    /// did, if there was one; most methods learn nothing beyond what is in the notebook.
    fn tell(&mut self, _notebook: &Notebook, _trial: TrialNumber) -> Option<Update> {
        None
    }

    /// The program that the method considers best: for most, the one with the lowest mean result.
    fn best(&self, notebook: &Notebook) -> ProgramId {
        notebook.best().program.id.clone()
    }
}

/// What a resumed study needs from a method besides the notebook: all its fields except those that serde skips.
pub(crate) trait Saved {
    /// The state as JSON.
    fn save(&self) -> serde_json::Value;

    /// Restores what `save` of the same method returned.
    fn load(&mut self, state: serde_json::Value) -> serde_json::Result<()>;
}

impl<T: Serialize + DeserializeOwned> Saved for T {
    fn save(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("a policy's state has only string keys and finite numbers")
    }

    fn load(&mut self, state: serde_json::Value) -> serde_json::Result<()> {
        *self = serde_json::from_value(state)?;
        Ok(())
    }
}

/// What one update of a learning policy did, as CleanRL logs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Update {
    /// Number of updates so far, including this one.
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
