//! What a run was told: by environment from a study, by flags from a person.
//!
//! FROZEN. The program itself reads neither, so that it cannot behave differently when it is watched.

use std::path::PathBuf;

use crate::clock::Budget;

/// The budget of a run that nobody gave one: what this crate's numbers were measured with.
pub(crate) const DEFAULT_BUDGET: &str = "40cpu-s";

/// Shown by `--help`.
pub(crate) const HELP: &str = "\
Trains a small byte-level GPT for a fixed budget and prints its validation bits per byte.

  --data FILE   Train on this text instead of Shakespeare's plays
  --test        Score the test part too, after training
  --tables      Print what tables of byte counts score, for scale
  --agree       Instead of training, see whether the device computes what the processor does: the same steps on
                both, as many as the budget says (default 50)
  --help        Print this

Environment:
  AUTORESEARCH_SEED     Seed of weights and batches (default 0)
  AUTORESEARCH_BUDGET   20s, 20cpu-s, 500steps or 2000000tokens (default 40cpu-s)
  AUTORESEARCH_DEVICE   flex, wgpu, wgpu:N or software (default: a GPU if there is one, else flex)

Exit status: 0 a result, 2 bad usage, 3 the model breaks a rule of the evaluation, 4 training diverged,
5 the device does not compute what the processor does";

/// A run, decided.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) budget: Budget,
    /// `None` lets the machine decide.
    pub(crate) device: Option<String>,
    /// `None` is Shakespeare.
    pub(crate) data: Option<PathBuf>,
    pub(crate) test: bool,
    pub(crate) tables: bool,
    /// Steps to compare devices over, instead of a run.
    pub(crate) agree: Option<u64>,
    pub(crate) help: bool,
}

impl Options {
    /// Reads flags, and the environment through `variable`.
    pub(crate) fn read(
        mut arguments: impl Iterator<Item = String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let seed = variable("AUTORESEARCH_SEED").unwrap_or_else(|| "0".into());
        let budget = variable("AUTORESEARCH_BUDGET").unwrap_or_else(|| DEFAULT_BUDGET.into());
        let mut options = Options {
            seed: seed.parse().map_err(|_| format!("bad seed '{seed}': a whole number is needed"))?,
            budget: Budget::parse(&budget)?,
            device: variable("AUTORESEARCH_DEVICE"),
            data: None,
            test: false,
            tables: false,
            agree: None,
            help: false,
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--data" => options.data = Some(arguments.next().ok_or("--data needs a file")?.into()),
                "--test" => options.test = true,
                "--tables" => options.tables = true,
                "--agree" => options.agree = Some(steps(variable("AUTORESEARCH_BUDGET").as_deref())?),
                "--help" | "-h" => options.help = true,
                other => return Err(format!("unknown argument '{other}'; see --help")),
            }
        }
        Ok(options)
    }
}

/// Steps that a comparison takes.
fn steps(budget: Option<&str>) -> Result<u64, String> {
    match budget.map(Budget::parse).transpose()? {
        None => Ok(50),
        Some(Budget::Steps(steps)) => Ok(steps),
        Some(other) => Err(format!("--agree needs a budget in steps, as 50steps; it is {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Options, String> {
        Options::read(arguments.iter().map(ToString::to_string), |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn the_environment_gives_seed_budget_and_device() {
        let variables =
            [("AUTORESEARCH_SEED", "7"), ("AUTORESEARCH_BUDGET", "8steps"), ("AUTORESEARCH_DEVICE", "flex")];
        let options = read(&["--test"], &variables).expect("good options");
        assert_eq!((options.seed, options.budget), (7, Budget::Steps(8)));
        assert_eq!((options.device.as_deref(), options.test), (Some("flex"), true));
    }

    #[test]
    fn a_run_needs_no_options() {
        assert_eq!(read(&[], &[]).expect("defaults").budget.to_string(), DEFAULT_BUDGET);
        assert!(HELP.contains(DEFAULT_BUDGET));
    }

    #[test]
    fn a_comparison_takes_a_budget_in_steps() {
        assert_eq!(read(&["--agree"], &[]).expect("a default").agree, Some(50));
        assert_eq!(read(&["--agree"], &[("AUTORESEARCH_BUDGET", "5steps")]).expect("steps").agree, Some(5));
        let error = read(&["--agree"], &[("AUTORESEARCH_BUDGET", "5s")]).expect_err("no steps");
        assert!(error.contains("5s"), "{error}");
    }

    #[test]
    fn bad_options_are_refused_with_a_reason() {
        assert!(read(&["--steps"], &[]).expect_err("no such flag").contains("'--steps'"));
        assert!(read(&["--data"], &[]).expect_err("no file").contains("--data"));
        assert!(read(&[], &[("AUTORESEARCH_SEED", "x")]).expect_err("no number").contains("'x'"));
        assert!(read(&[], &[("AUTORESEARCH_BUDGET", "1h")]).expect_err("no unit").contains("'1h'"));
    }
}
