//! Replays searches on tables of real results, and stop rules on recorded curves, to compare them without training
//! anything.
//!
//! A search here goes through the policies as a study's does: sites, edits, parents, pending trials,
//! repeats. Only the run is a look-up in a table. Rules for merging, including the study's own, are compared in the
//! same way.

mod clock;
mod compare;
mod cost;
mod csv;
mod landscape;
mod merge_print;
mod merge_settings;
mod merging;
mod night;
mod parallel;
mod plot;
mod print;
mod reader;
mod replay;
mod same;
mod stopping;
mod studied;
mod table;

#[cfg(test)]
mod testing;

pub(crate) use cost::{HISTORIES, History};
pub(crate) use landscape::{Landscape, Together};
pub(crate) use merge_print::{Merging, merging_text};
pub(crate) use merge_settings::MergeSettings;
pub(crate) use merging::{Rule, nights};
pub(crate) use plot::{curves, points};
pub(crate) use print::{json, ratios, table_text};
pub(crate) use reader::{read, read_runs};
pub(crate) use replay::{Searched, Settings, checkpoints, replay};
pub(crate) use same::same;
pub(crate) use stopping::{CurveStudy, RuleName, measure, read_curves, stopping_json, stopping_text};
pub(crate) use table::Table;
