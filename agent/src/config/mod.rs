//! `autoresearch.toml`: its keys, what their values may be, and what it says. What follows from it and from what was
//! typed is decided by `project`.

mod check;
mod keys;
mod parse;
mod settings;
mod span;

pub(crate) use check::MOST_SLOTS;
pub(crate) use settings::{Config, Direction};
pub(crate) use span::Span;

/// Name of the file at the root of the repository.
pub(crate) const FILE: &str = "autoresearch.toml";

/// Folder of a user's own templates, at the root of the repository.
pub(crate) const TEMPLATES: &str = ".autoresearch/templates/";
