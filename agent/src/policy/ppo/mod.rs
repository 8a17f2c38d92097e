//! The default search: PPO learns how to choose from a pool of candidates that the surrogate scores.

mod agent;
mod draw;
mod features;
mod part;
mod pool;
mod proposer;
mod rollout;
mod rule;

pub(crate) use part::Part;
pub(crate) use proposer::Proposer;
