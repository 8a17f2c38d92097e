//! Chooses what to try next: `ask` gives proposals, `tell` learns how they went.
//!
//! Everything here is pure: no file, no clock, and no randomness except from a generator that is seeded and saved. A
//! policy sees programs as values at sites, never as source.
//!
//! From the bottom up: `view` is what a policy sees; `edits` are what it proposes; `rows` are programs as numbers, for
//! the methods that compare them. Above these are the `baselines`, and next to them the `surrogate` with `ppo`, the
//! default method, on top of it.

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
