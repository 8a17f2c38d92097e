//! The early stop: what ends a run whose rest is not worth its budget (the paper's self-evaluator, arXiv 2603.07300).

mod audit;
mod calibration;
mod chance;
mod past;
mod pruner;

pub(crate) use audit::Audit;
pub(crate) use pruner::{Pruner, StopRule, to_beat};
