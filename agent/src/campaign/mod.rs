//! A study at work. It reads from top to bottom: a campaign is opened, takes one turn after the other, proposes, records
//! what came of it, and merges what is proved.

mod earlier;
mod end;
mod merge;
mod opening;
mod past;
mod propose;
mod record;
#[cfg(test)]
mod resume_tests;
mod space;
mod turn;

pub(crate) use self::end::End;
pub(crate) use self::opening::{Campaign, Surroundings};
pub(crate) use self::past::{audited_before, read_studies, read_study};
