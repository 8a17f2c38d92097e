//! How every method makes its proposals: edits of a parent, drawn and collected.

mod batch;
mod moves;
mod weighted;

pub(crate) use batch::Batch;
pub(crate) use moves::{
    ATTEMPTS, EDIT_COUNTS, Moves, Near, attempts, changes, moves_between, mutate, neighbours, present,
    random_moves_among, random_moves_of,
};
pub(crate) use weighted::weighted_index;
