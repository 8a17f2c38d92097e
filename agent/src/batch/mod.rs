//! A batch: runs of a study whose programs are built here and trained elsewhere.

mod list;
mod pack;
mod unpack;

pub(crate) use list::Batch;
pub(crate) use pack::{Packed, pack};
pub(crate) use unpack::unpack;
