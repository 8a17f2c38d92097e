//! Rewriting: the sites of a program, and its text after edits. The only user of `syn`.
//!
//! Text in, text out: no disk, no git. A user's file is never printed from its syntax tree: an edit is a
//! byte range and its replacement. From the text up: `text_edit` and `parse`; what of a file a build takes (`build`,
//! `uncompiled`) and which files (`reach`); what a file holds
//! (`knob`, `place`, `imports`, `constraint`, `expression`, together its `outline`); which knobs are no sites, by
//! their names (`task`) or because nothing that is trained depends on them (`dead`); the templates
//! (`template`, `catalogue`) and what they can do to a target (`choice`, `substitution`); the values of a
//! knob (`ladder`); and `rewriter`, the interface for other modules.

mod build;
mod canonical;
mod catalogue;
mod choice;
mod constraint;
mod dead;
mod explain;
mod expression;
mod flow;
mod imports;
mod knob;
mod ladder;
mod left_out;
mod literal;
mod outline;
mod overridden;
mod parse;
mod pattern;
mod place;
mod program;
mod reach;
mod reader;
mod rewriter;
mod scope;
mod site;
mod substitution;
mod surroundings;
mod task;
mod template;
mod term;
mod text_edit;
mod uncompiled;
mod uses;

#[cfg(test)]
mod left_out_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(crate) use build::Build;
pub(crate) use catalogue::Catalogue;
pub(crate) use left_out::LeftOut;
pub(crate) use reach::reached;
pub(crate) use rewriter::Rewriter;
pub(crate) use site::Site;
#[cfg(test)]
pub(crate) use site::SiteKind;
pub(crate) use surroundings::{Rest, Surroundings};
