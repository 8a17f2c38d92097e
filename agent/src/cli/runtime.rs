//! The runtime for the commands that wait for processes.

use std::future::Future;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

/// Runs a command's work on a new runtime, in which tasks can be started.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    Runtime::new().context("cannot start the runtime")?.block_on(work)
}
