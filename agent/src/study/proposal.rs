//! A proposal: edits of a parent, or none, which repeats the parent on a fresh seed.

use serde::{Deserialize, Serialize};

use super::{ProgramId, TrialNumber, Values};

/// One change at one site. Applying it needs `site` and `to` alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Edit {
    /// Name of the site: `recipe::LEARNING_RATE` for a knob, `positions` for a choice of templates.
    pub(crate) site: String,
    /// The parent's value there.
    pub(crate) from: String,
    /// The new program's value there.
    pub(crate) to: String,
    /// The template that writes it, `positions/rope`; `None` for a knob.
    pub(crate) template: Option<String>,
    /// A phrase for people: "RoPE instead of learned positions", "LEARNING_RATE 1e-3 -> 2e-3".
    pub(crate) summary: String,
}

/// What is to be tried next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Proposal {
    /// The trial whose program is edited.
    pub(crate) parent: TrialNumber,
    /// At distinct sites; empty for a repeat.
    pub(crate) edits: Vec<Edit>,
    /// The program that the edits give.
    pub(crate) program: ProgramId,
    /// That program's value at each of its sites.
    pub(crate) values: Values,
    /// Why the policy chose it.
    pub(crate) choice: Choice,
}

impl Proposal {
    /// Whether the program of this trial, whose proposal this is, is not an edit but what main held: the untouched one,
    /// or what somebody else put there later.
    pub(crate) fn is_base(&self, trial: TrialNumber) -> bool {
        self.parent == trial
    }

    /// Whether this tries the parent's program again.
    pub(crate) fn is_repeat(&self) -> bool {
        self.edits.is_empty()
    }
}

/// Why a policy chose a proposal, kept so that a choice can be explained and learned from later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    /// Name of the search method: `ppo`, `random`, ...
    pub(crate) method: String,
    /// How many updates the policy had made.
    pub(crate) version: u32,
    /// Logarithm of the probability of drawing this proposal from its pool.
    pub(crate) log_prob: f32,
    /// How many candidates there were.
    pub(crate) pool: usize,
    /// Place among them by score, 1 for the highest.
    pub(crate) rank: usize,
    /// Features by name, in the order the policy reads them; empty for methods without any.
    pub(crate) features: Vec<(String, f32)>,
}
