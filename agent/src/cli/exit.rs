//! Exit codes, documented once, and how an error is printed.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::project::{Blame, UserError};
use crate::repo::RepoError;

/// Shown under `--help`.
pub(crate) const HELP: &str = "Exit codes:
  0    done, or stopped cleanly by the user
  1    an internal error, or a problem with this machine
  2    wrong usage
  3    the repository, its settings or a table of results cannot be used
  4    the untouched program does not build, run or report its metric
  5    another run is using this repository
  6    a device has stopped working; once it works again, `run` continues from there
  130  stopped at once by the user";

/// How the program ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Exit {
    Success,
    Interrupted,
    /// `doctor` found what keeps a study from running.
    Unfit(Option<Blame>),
    /// The hidden supervisor's own code.
    Supervised(ExitCode),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => ExitCode::SUCCESS,
            Exit::Interrupted => ExitCode::from(130),
            Exit::Unfit(blame) => ExitCode::from(code(blame)),
            Exit::Supervised(code) => code,
        }
    }
}

/// Prints an error and gives its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    const ERROR: Style = AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{ERROR}error:{ERROR:#} {error:#}");
    ExitCode::from(code(blame(error)))
}

/// Whose an error is; `None` is an internal error or a problem with the machine.
pub(super) fn blame(error: &anyhow::Error) -> Option<Blame> {
    let of_repository = error.downcast_ref::<RepoError>().filter(|error| error.is_about_the_repository());
    let blame = error.downcast_ref::<UserError>().map(|error| error.blame);
    blame.or(of_repository.map(|_| Blame::Repository))
}

/// The exit code of an error; `None` is an internal error or a problem with the machine.
fn code(blame: Option<Blame>) -> u8 {
    match blame {
        None => 1,
        Some(Blame::Repository) => 3,
        Some(Blame::Baseline) => 4,
        Some(Blame::Locked) => 5,
        Some(Blame::Device) => 6,
    }
}
