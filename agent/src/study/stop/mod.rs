//! The early stop: ends a run that is not worth the rest of its budget (the paper's self-evaluator, arXiv 2603.07300).

mod audit;
mod calibration;
mod chance;
mod forecast;
mod past;
mod pruner;
mod rule;

pub(crate) use audit::{Audit, weight};
pub(crate) use forecast::Forecast;
pub(crate) use pruner::{Pruner, to_beat};
pub(crate) use rule::StopRule;
