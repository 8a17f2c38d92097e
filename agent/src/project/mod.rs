//! What a study works on: a package in a commit, what may be edited in it, the options in force, and the errors that
//! the user can fix.

mod buildable;
mod contents;
mod data;
mod fit;
mod manifest;
mod options;
mod package;
#[cfg(test)]
mod tests;
mod user_error;

pub(crate) use contents::tree;
pub(crate) use fit::{fit, usable};
pub(crate) use options::{DEFAULT_MERGE, DEFAULT_NOISE_REPEATS, Options, Typed};
pub(crate) use package::{Handed, Project, changed_files};
pub(crate) use user_error::{Blame, UserError};
