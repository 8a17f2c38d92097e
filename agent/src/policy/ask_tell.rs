//! What every search method does: it proposes trials, and learns from how they ended.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Notebook, Space};
use crate::study::{ProgramId, Proposal, TrialNumber};

/// A search method.
pub(crate) trait Policy: Saved + Send {
    /// Up to `n` proposals; fewer where nothing new is found any more. What is pending in the
    /// notebook counts as seen.
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal>;

    /// Learns from a trial that has ended, once, after the notebook has it. Returns what the update
    /// did where there was one; most methods learn nothing that the notebook does not say.
    fn tell(&mut self, _notebook: &Notebook, _trial: TrialNumber) -> Option<Update> {
        None
    }

    /// The program that the method considers best: for most, the one with the lowest mean result.
    fn best(&self, notebook: &Notebook) -> ProgramId {
        notebook.best().program.id.clone()
    }
}

/// What a resumed study needs of a method besides the notebook: all its fields but those that serde skips.
pub(crate) trait Saved {
    /// The state as JSON.
    fn save(&self) -> serde_json::Value;

    /// Takes over what `save` of the same method gave.
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
