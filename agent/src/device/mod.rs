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
pub(crate) use self::choice::{Device, chosen, differ, list};
pub(crate) use self::gate::{Gate, gates};
pub(crate) use self::probe::probe;

/// The environment variable that picks a device; a study's user sets it, and a study sets it for each run.
pub(crate) const VARIABLE: &str = "AUTORESEARCH_DEVICE";

/// The device that the user asks for.
pub(crate) fn wish() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

/// What there is to choose from. Who asks for the processor may do so because a driver crashes: then none is loaded.
pub(crate) fn adapters(wish: Option<&str>) -> Vec<Adapter> {
    if wish == Some(Device::PROCESSOR) {
        return Vec::new();
    }
    listing::found().iter().map(listing::describe).collect()
}
