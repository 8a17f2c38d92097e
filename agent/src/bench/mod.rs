//! Replays searches on tables of real results, to compare methods without training anything.
//!
//! A search here goes through the policies as a study's does: sites, edits, parents, pending trials,
//! repeats. Only the run is a look into a table.

mod clock;
mod compare;
mod cost;
mod plot;
mod print;
mod reader;
mod replay;
mod table;

pub(crate) use cost::{HISTORIES, History};
pub(crate) use plot::{curves, points};
pub(crate) use print::{json, ratios, table_text};
pub(crate) use reader::read;
pub(crate) use replay::{Searched, Settings, checkpoints, replay};
