//! Chooses what to try next: `ask` for proposals, `tell` how they went.
//!
//! Everything here is pure: no file, no clock, and no randomness but a generator that is seeded and
//! saved. A policy sees programs as values at sites, never as source.
//!
//! `view` is what a policy sees, `edits` how it proposes, `rows` what programs are to those that compare
//! them. On these stand the `baselines`, the `surrogate`, and on that `ppo`, the default.

mod ask_tell;
mod method;
mod start;
mod variant;

mod view;

mod edits;
mod normal;
mod rows;

mod baselines;
mod ppo;
mod surrogate;

#[cfg(test)]
mod toy;

pub(crate) use ask_tell::{Policy, Update};
pub(crate) use method::Method;
pub(crate) use start::policy;
pub(crate) use variant::Variant;
pub(crate) use view::{
    Change, Derived, Earlier, Listing, Notebook, Observation, Program, SiteView, Space, Verdict,
};
