//! What a program printed or wrote, and what that means: the only place that reads it. Numbers that cannot be read whole are
//! not read.

mod burn_train;
mod kv;
mod number;
mod pattern;
#[cfg(test)]
mod tests;
mod told;

pub(super) use burn_train::Logs;
pub(crate) use pattern::Pattern;
pub(super) use told::{Heard, Told, Value};
