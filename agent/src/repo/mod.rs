//! The git repository that a study improves: the only place that talks to git.
//!
//! It runs no hooks, signs nothing and asks the user's git configuration for a name and an address only (and for what
//! a checkout of theirs has to look like). What a commit's message says is up to `journal`.

mod branches;
mod checkout;
mod commits;
mod create;
mod files;
mod fitness;
mod follow;
mod id;
mod open;
mod wait;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use files::FileKind;
pub(crate) use fitness::Finding;
pub(crate) use follow::Follow;
pub(crate) use id::Timestamp;
pub(crate) use open::{Repo, RepoError, names_the_user};
pub(crate) use wait::Wait;
