//! What a study works on: a package in a commit, what may be edited in it, the options in force, and the errors that
//! the user can fix.

mod features;
mod options;
mod package;
#[cfg(test)]
mod tests;
mod user_error;

pub(crate) use options::{DEFAULT_MERGE, DEFAULT_NOISE_REPEATS, Options, Typed};
pub(crate) use package::{Handed, Project, changed_files, tree};
pub(crate) use user_error::{Blame, UserError};
