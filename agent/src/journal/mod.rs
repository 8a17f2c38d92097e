//! The record of a study: the events that are its truth, what is kept beside them, and what its commits say.
//!
//! Decides nothing: `study` knows what an event means, and `repo` what is written where in git.

mod events;
mod folder;
mod lock;
mod merge;
mod message;
mod prose;
#[cfg(test)]
mod read_back;
mod studies;
mod trailers;

pub(crate) use events::EventLog;
#[cfg(test)]
pub(crate) use events::kill;
pub(crate) use folder::Folder;
pub(crate) use lock::Lock;
pub(crate) use merge::{MergeNote, Pair, takeover};
pub(crate) use message::{Metric, TrialNote};
pub(crate) use studies::{Recorded, directories, newest, read, readable, unreadable};
