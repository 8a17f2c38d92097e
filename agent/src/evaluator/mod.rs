//! Runs one program: fills a slot with its source, builds it, trains it, and reports how it went; or builds it for another
//! machine. What the answer is worth, and what is tried next, is not decided here.

mod build;
mod cargo;
mod evaluate;
mod fault;
mod job;
mod limits;
mod log;
mod metric;
mod output;
mod pack;
mod recovery;
mod slot;
mod stop;
mod train;
mod twin;
mod verdict;
mod warm;
mod watch;

pub(crate) use evaluate::Evaluator;
pub(crate) use job::{File, Job, Link, Plan, Target, Tree};
pub(crate) use limits::{LimitSettings, PhaseLimits, total_memory};
pub(crate) use metric::{Metric, MetricSource};
pub(crate) use output::Pattern;
pub(crate) use pack::Elsewhere;
pub(crate) use recovery::Recovery;
pub(crate) use slot::{Slot, cache_directory, slots_directory};
pub(crate) use stop::EvaluateError;
pub(crate) use watch::{Phase, Progress, Watch};

#[cfg(test)]
mod tests;
