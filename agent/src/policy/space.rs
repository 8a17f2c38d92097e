//! What a policy sees of the programs it may propose: sites, their values, and what edits give.
//!
//! It knows no source text. `rewrite` stands behind [`Space`] in a study, a table of results in
//! a bench.

use std::slice::ChunksExact;

use super::notebook::Notebook;
use crate::study::{Choice, Edit, ProgramId, Proposal, TrialNumber, Values};

/// A program that may be a parent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Program {
    pub(crate) id: ProgramId,
    /// The first trial of this program.
    pub(crate) trial: TrialNumber,
    pub(crate) values: Values,
}

/// A site of one program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SiteView {
    pub(crate) name: String,
    /// What sort of change an edit here is: `knob`, `choice`, `expression`.
    pub(crate) kind: &'static str,
    /// Whether `values` is a ladder, from low to high.
    pub(crate) ordered: bool,
    /// The program's own value, which `values` contains.
    pub(crate) value: String,
    pub(crate) values: Vec<String>,
}

impl SiteView {
    /// Indices of the values that the program does not have.
    pub(super) fn others(&self) -> impl Iterator<Item = usize> {
        (0..self.values.len()).filter(|&index| self.values[index] != self.value)
    }

    /// The change to one of its values.
    pub(super) fn change(&self, value: usize) -> Change {
        (self.name.clone(), self.values[value].clone())
    }
}

/// What edits of a parent give.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Derived {
    pub(crate) id: ProgramId,
    pub(crate) values: Values,
    pub(crate) edits: Vec<Edit>,
}

/// One edit as a policy thinks of it: the name of a site and the value it gets.
pub(crate) type Change = (String, String);

/// The programs that can be reached.
pub(crate) trait Space {
    /// The sites of a program, always in the same order.
    fn sites(&self, parent: &Program) -> Vec<SiteView>;

    /// Applies changes to a parent. `None` where they do not apply or break a constraint. Costs
    /// milliseconds, so it is asked only of what a policy has drawn.
    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived>;

    /// The most edits that a proposal of random search may have. A small space allows all of its
    /// sites, and random search is then uniform over the whole space.
    fn reach(&self) -> usize {
        3
    }

    /// All programs there are, where some combination of values is none of them: edits that are drawn blindly may then
    /// never meet one. By program, and in the order of its sites, which are the same in all, the index of each value.
    /// `None` where all combinations are programs, or so many that blind draws do.
    fn listing(&self) -> Option<Listing<'_>> {
        None
    }
}

/// Programs as indices of their values, site by site.
pub(crate) type Listing<'a> = ChunksExact<'a, u16>;

/// The proposals of one `ask`. Holds the duplicate rule: no program that was tried, is pending or
/// stands in this batch already is taken, unless as a repeat that was meant.
pub(super) struct Batch<'a> {
    pub(super) notebook: &'a Notebook,
    pub(super) space: &'a dyn Space,
    proposals: Vec<Proposal>,
    wanted: usize,
}

impl<'a> Batch<'a> {
    pub(super) fn new(notebook: &'a Notebook, space: &'a dyn Space, wanted: usize) -> Self {
        Self { notebook, space, proposals: Vec::with_capacity(wanted), wanted }
    }

    pub(super) fn is_full(&self) -> bool {
        self.proposals.len() >= self.wanted
    }

    /// Adds the program that `changes` give; `false` where there is none or it is not new.
    pub(super) fn take(&mut self, parent: &Program, changes: &[Change], choice: Choice) -> bool {
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

    /// Adds one more run of a program.
    pub(super) fn repeat(&mut self, program: &Program, choice: Choice) {
        self.proposals.push(Proposal {
            parent: program.trial,
            edits: Vec::new(),
            program: program.id.clone(),
            values: program.values.clone(),
            choice,
        });
    }

    pub(super) fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// The program that was added last.
    pub(super) fn last(&self) -> Option<&Proposal> {
        self.proposals.last()
    }

    pub(super) fn into_proposals(self) -> Vec<Proposal> {
        self.proposals
    }
}
