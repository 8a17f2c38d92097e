//! Rewriting: the sites of a program, and its text after edits. The only user of `syn`.
//!
//! Text in, text out: no disk, no git. A user's file is never printed from its syntax tree: an edit is a
//! byte range and its replacement. From the text up: `text_edit` and `parse`; what a file holds
//! (`knob`, `place`, `imports`, `constraint`, `expression`, together its `outline`); the templates
//! (`template`, `catalogue`) and what they can do to a target (`choice`, `substitution`); the values of a
//! knob (`ladder`); and `rewriter`, the interface for other modules.

mod canonical;
mod catalogue;
mod choice;
mod constraint;
mod explain;
mod expression;
mod imports;
mod knob;
mod ladder;
mod literal;
mod outline;
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
mod template;
mod term;
mod text_edit;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub(crate) use catalogue::Catalogue;
pub(crate) use reach::reached;
pub(crate) use rewriter::Rewriter;
pub(crate) use site::Site;
