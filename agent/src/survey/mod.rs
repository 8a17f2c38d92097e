//! Measurements without a study: given programs on given seeds, a table of all combinations of a few values, and search
//! methods side by side.

mod contest;
mod preset;
mod product;
mod programs;
mod table;
mod verdict;

pub(crate) use contest::{Contest, TARGET, make_aside};
pub(crate) use product::Axis;
pub(crate) use table::open_table;
