//! The only place that starts a process, and that knows how one is ended for good.
//!
//! A command runs under a small supervisor process (`supervisor`), which this side (`process`)
//! starts, listens to and, by closing a pipe, stops. What a command means, and what its output
//! says, is not known here.

mod exit;
mod orders;
mod proc;
mod process;
mod supervisor;

pub(crate) use exit::Exit;
pub(crate) use orders::Limits;
pub(crate) use process::{Command, Finished, Runner};
pub(crate) use supervisor::supervise;
