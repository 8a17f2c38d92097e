//! The devices of this machine: what there is, which of them a study uses, who may work on one at a time, and whether
//! one works.
//!
//! The only user of wgpu in the agent, and it does not know what runs on a device. The target project counts its GPUs
//! by the same rules, so that a number means the same card there as here.

mod adapter;
mod choice;
mod gate;
mod listing;
mod probe;

pub(crate) use self::adapter::{Adapter, Kind, size};
pub(crate) use self::choice::{Device, VARIABLE, chosen, differ, list, wish};
pub(crate) use self::gate::{Gate, gates};
pub(crate) use self::listing::adapters;
pub(crate) use self::probe::probe;
