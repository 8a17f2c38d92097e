//! Measurements without a study: given programs on given seeds, a table of all combinations of a few values, search
//! methods side by side, and a rehearsal of the untouched program.

mod contest;
mod preset;
mod product;
mod programs;
mod rehearsal;
mod table;
mod verdict;

pub(crate) use contest::{Contest, TARGET, make_aside};
pub(crate) use product::Axis;
pub(crate) use rehearsal::{Rehearsal, rehearse};
pub(crate) use table::open_table;
