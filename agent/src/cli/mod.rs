//! The command line: what can be typed, and the exit code that comes back.
//!
//! Each command has its own file; nothing is decided here.

mod args;
mod bench;
mod compare;
mod demo;
mod doctor;
mod exit;
mod finding;
mod inspect;
mod journal;
mod pack;
mod record;
mod rehearsal;
mod run;
mod runtime;

use std::process::ExitCode;

use clap::Parser;
use nix::sys::signal::{SigHandler, Signal, signal};

use self::args::{Args, Command};
#[cfg(test)]
pub(crate) use self::demo::TARGET;
use self::exit::Exit;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    crate::report::start_debug_log(args.verbose);
    match dispatch(args) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}

fn dispatch(args: Args) -> anyhow::Result<Exit> {
    if matches!(
        args.command,
        Command::Inspect(_)
            | Command::Log { .. }
            | Command::Show { .. }
            | Command::Best { .. }
            | Command::Bench { .. }
    ) {
        end_with_the_reader();
    }
    match args.command {
        Command::Demo { dir, study } => demo::demo(&dir, &study),
        Command::New { dir } => demo::new(&dir).map(|()| Exit::Success),
        Command::Run { repo, study } => run::run(&repo, &study),
        Command::Pack { repo, out, study } => pack::pack(&repo, &out, &study),
        Command::Unpack { out, repo } => pack::unpack(&out, &repo),
        Command::Record(args) => record::record(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Inspect(inspect) => inspect::inspect(&inspect).map(|()| Exit::Success),
        Command::Log { repo, json } => journal::log(&repo, json).map(|()| Exit::Success),
        Command::Show { trial, repo } => journal::show(&repo, trial).map(|()| Exit::Success),
        Command::Best { repo } => journal::best(&repo).map(|()| Exit::Success),
        Command::Bench { bench } => bench::bench(&bench).map(|()| Exit::Success),
        Command::Doctor { repo, run } => doctor::doctor(repo.as_deref(), run),
        Command::Probe { device } => probe(&device).map(|()| Exit::Success),
        Command::Supervise { command } => Ok(Exit::Supervised(crate::runner::supervise(command))),
    }
}

fn probe(device: &str) -> anyhow::Result<()> {
    let described = crate::device::probe(device)?;
    anstream::println!("{described}");
    Ok(())
}

/// Lets a closed pipe end the program, as `| head` expects. A study outlives its readers.
fn end_with_the_reader() {
    // SAFETY: the program has no signal handler yet, and this sets none.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}
