//! The proposals of one `ask`, and the rule that no program is tried twice unintentionally.

use crate::policy::{Change, Derived, Notebook, Program, Space};
use crate::study::{Choice, Proposal};

/// The proposals of one `ask`. Enforces the rule against duplicates: no program that was tried, is pending or is
/// already in this batch is taken, except as an intended repeat.
pub(crate) struct Batch<'a> {
    pub(crate) notebook: &'a Notebook,
    pub(crate) space: &'a dyn Space,
    proposals: Vec<Proposal>,
    wanted: usize,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(notebook: &'a Notebook, space: &'a dyn Space, wanted: usize) -> Self {
        Self { notebook, space, proposals: Vec::with_capacity(wanted), wanted }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.proposals.len() >= self.wanted
    }

    /// Adds the program that `changes` give; `false` if they give no program, or one that is not new.
    pub(crate) fn take(&mut self, parent: &Program, changes: &[Change], choice: Choice) -> bool {
        if changes.is_empty() {
            return false;
        }
        let Some(derived) = self.space.derive(parent, changes) else { return false };
        let seen = self.notebook.is_tried(&derived.id)
            || self.proposals.iter().any(|taken| taken.program == derived.id);
        if seen || derived.edits.is_empty() {
            return false;
        }
        let Derived { id: program, values, edits } = derived;
        self.proposals.push(Proposal { parent: parent.trial, edits, program, values, choice });
        true
    }

    /// Adds another run of a program.
    pub(crate) fn repeat(&mut self, program: &Program, choice: Choice) {
        self.proposals.push(Proposal {
            parent: program.trial,
            edits: Vec::new(),
            program: program.id.clone(),
            values: program.values.clone(),
            choice,
        });
    }

    pub(crate) fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// The last program added.
    pub(crate) fn last(&self) -> Option<&Proposal> {
        self.proposals.last()
    }

    pub(crate) fn into_proposals(self) -> Vec<Proposal> {
        self.proposals
    }
}
