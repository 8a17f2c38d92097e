//! Runs of programs: the slots they take place in, the machine they take place on, and the user's request that they
//! end.

mod interrupt;
mod machine;
mod slots;

pub(crate) use interrupt::{Interrupt, Interruption};
pub(crate) use machine::{devices, evaluator, not_fetched, open_slots};
pub(crate) use slots::{Finished, Order, Slots};
