//! The only place that starts processes, and that knows how to end one for good.
//!
//! A command runs under a small supervisor process (`supervisor`), which this side (`process`)
//! starts, listens to and, by closing a pipe, stops. It does not know what a command means, or what
//! its output says.

mod exit;
mod lines;
mod orders;
mod proc;
mod process;
mod supervisor;

pub(crate) use exit::Exit;
pub(crate) use lines::{Line, Stream};
pub(crate) use orders::Limits;
pub(crate) use process::{Command, Finished, Runner};
pub(crate) use supervisor::supervise;
