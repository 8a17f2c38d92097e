//! What the runs of this machine need: its devices, its slots, and the evaluator.

use std::path::Path;

use anyhow::{Context, Result};

use crate::device::{self, Adapter, Device};
use crate::evaluator::{EvaluateError, Evaluator, Recovery, Slot};
use crate::project::{Options, Project, UserError};
use crate::runner::Runner;

/// The devices of this machine, and those that are used.
pub(crate) fn devices() -> Result<(Vec<Adapter>, Vec<Device>), UserError> {
    let wish = device::wish();
    let adapters = device::adapters(wish.as_deref());
    let devices = device::chosen(wish.as_deref(), &adapters).map_err(UserError::new)?;
    Ok((adapters, devices))
}

pub(crate) fn evaluator(options: &Options, project: &Project) -> Result<Evaluator> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    Ok(Evaluator {
        runner: Runner::new(program.clone()),
        plan: options.plan(project, None),
        recovery: Recovery::new(program),
    })
}

/// Adds what to do if dependencies cannot be fetched.
pub(crate) fn not_fetched(error: EvaluateError) -> anyhow::Error {
    let EvaluateError::Fetch(said) = &error else { return error.into() };
    let is_missing =
        ["failed to read", "failed to load", "No such file"].iter().any(|words| said.contains(words));
    let advice = if is_missing && !said.contains("Cargo.lock") {
        "programs are built from a copy of the committed files: commit what is missing there, or list it as `data` under [run] \
         in autoresearch.toml"
    } else {
        "a first run needs the network, and a committed Cargo.lock that matches Cargo.toml (`cargo generate-lockfile` makes \
         one)"
    };
    UserError::baseline(format!("{error}; {advice}")).into()
}

/// Slots, each with its device.
pub(crate) fn open_slots(directory: &Path, options: &Options, adapters: &[Adapter]) -> Result<Vec<Slot>> {
    device::gates(&options.devices, adapters, options.budget.bears_builds())
        .take(options.slots)
        .enumerate()
        .map(|(number, gate)| {
            Slot::open(directory, number, gate)
                .with_context(|| format!("cannot create a slot in {}", directory.display()))
        })
        .collect()
}
