//! What a policy sees of the programs it may propose: sites, their values, and what edits give.
//!
//! It knows no source text. Behind [`Space`] is `rewrite` in a study, and a table of results in a bench.

use std::slice::ChunksExact;

use crate::study::{Edit, ProgramId, TrialNumber, Values};

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
    pub(crate) fn others(&self) -> impl Iterator<Item = usize> {
        (0..self.values.len()).filter(|&index| self.values[index] != self.value)
    }

    /// The change to one of its values.
    pub(crate) fn change(&self, value: usize) -> Change {
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

/// One edit from a policy's view: the name of a site and its new value.
pub(crate) type Change = (String, String);

/// The programs that can be reached.
pub(crate) trait Space {
    /// The sites of a program, always in the same order.
    fn sites(&self, parent: &Program) -> Vec<SiteView>;

    /// Applies changes to a parent. `None` if they do not apply or break a constraint. Costs
    /// milliseconds, so it is asked only of what a policy has drawn.
    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived>;

    /// The most edits that a proposal of random search may have. A small space allows all of its
    /// sites, and random search is then uniform over the whole space.
    fn reach(&self) -> usize {
        3
    }

    /// All programs, if some combinations of values are not programs: edits that are drawn blindly may then never
    /// find one. Each is the index of its value at each site, in the order of the sites, which all programs share.
    /// `None` if all combinations are programs, or enough of them for blind draws to find some.
    fn listing(&self) -> Option<Listing<'_>> {
        None
    }
}

/// Programs as indices of their values, site by site.
pub(crate) type Listing<'a> = ChunksExact<'a, u16>;
