//! Replays stop rules on recorded learning curves: how much faster trials follow each other, and what that costs.

mod curves;
mod fit;
mod measure;
mod print;
mod replay;
mod rule;

pub(crate) use curves::{CurveStudy, read as read_curves};
pub(crate) use measure::measure;
pub(crate) use print::{stopping_json, stopping_text};
pub(crate) use rule::RuleName;
