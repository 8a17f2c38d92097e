//! A study at work. In order: a campaign is opened, takes one turn after another, proposes, records the results, and
//! merges what is proved.

mod earlier;
mod end;
mod merge;
mod opening;
mod past;
mod propose;
mod record;
mod space;
#[cfg(test)]
mod tests;
mod turn;

pub(crate) use self::end::End;
pub(crate) use self::opening::{Campaign, Surroundings};
pub(crate) use self::past::{audited_before, read_studies, read_study};
