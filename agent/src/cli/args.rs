//! What was typed. No side effects.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Parser, Subcommand};

use crate::bench::{Rule, RuleName};
use crate::config::{MOST_SLOTS, Span};
use crate::policy::{Method, Variant};
use crate::survey::Axis;

/// Improve a Rust training crate by trying edits, and keep the record in git
#[derive(Debug, Parser)]
#[command(name = "autoresearch", version, after_help = super::exit::HELP, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print what is done in detail, to standard error; a study always keeps this in its debug.log
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a repository from the embedded target project and run a study on it
    Demo {
        /// Directory to create; a study already there is resumed
        #[arg(default_value = "demo")]
        dir: PathBuf,
        #[command(flatten)]
        study: StudyArgs,
    },
    /// Create a repository from the embedded target project
    New {
        /// Directory to create
        dir: PathBuf,
    },
    /// Run a study on a repository, or resume the one already there
    Run {
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
        #[command(flatten)]
        study: StudyArgs,
    },
    /// Build the next trials here, to be trained elsewhere: sixteen more unless `--trials` is given
    Pack {
        /// The repository
        repo: PathBuf,
        /// Folder to fill; copy it to the training machine, and start its run.sh there
        out: PathBuf,
        #[command(flatten)]
        study: StudyArgs,
    },
    /// Import what was trained elsewhere; `run` continues from there, and runs what is still missing
    Unpack {
        /// The packed folder, with its results
        out: PathBuf,
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
    },
    /// Measure programs and write a table of results, on which searches can be replayed
    Record(RecordArgs),
    /// Run search methods side by side on one target, and measure what each returns
    Compare(CompareArgs),
    /// List what could be changed, without running anything
    Inspect(InspectArgs),
    /// List the trials of a study
    Log {
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
        /// Print the journal's events, one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Show everything known about a trial
    Show {
        /// Number of the trial
        trial: u32,
        /// The repository
        #[arg(long, default_value = ".")]
        repo: PathBuf,
    },
    /// Show the best program so far, proved or not, and how to take it
    Best {
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
    },
    /// Compare search methods
    Bench {
        #[command(subcommand)]
        bench: BenchCommand,
    },
    /// Report what a study would run on here, and what is missing
    Doctor {
        /// A repository to check as well
        repo: Option<PathBuf>,
        /// Go the whole way once: build its program, run it for a few steps, read the metric, and write a commit
        #[arg(long, requires = "repo")]
        run: bool,
    },
    /// Compute a few numbers on a device and check them
    #[command(hide = true)]
    Probe {
        /// The device, written as in AUTORESEARCH_DEVICE
        device: String,
    },
    /// Run a command and leave none of its processes behind
    #[command(hide = true)]
    Supervise {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

/// The study settings that users change often; the others are in `autoresearch.toml`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct StudyArgs {
    /// Budget of one run: 20s, 20cpu-s, 500steps, 2000000tokens
    #[arg(long)]
    pub(crate) budget: Option<String>,
    /// Total number of trials in the study, including earlier ones; 0 runs the baseline alone
    #[arg(long)]
    pub(crate) trials: Option<u32>,
    /// Stop after this time: 30m, 8h
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) time: Option<Span>,
    /// Seed of the search and of the runs
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Search method: ppo, random, greedy, evolution, tpe
    #[arg(long)]
    pub(crate) search: Option<String>,
    /// Number of trials to run at a time
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_SLOTS as u64))]
    pub(crate) slots: Option<usize>,
    /// Another repository whose studies a new study learns from, in addition to its own; may be repeated
    #[arg(long, value_name = "REPO")]
    pub(crate) learn_from: Vec<PathBuf>,
    /// Name of the study
    #[arg(long, value_name = "NAME")]
    pub(crate) study: Option<String>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RecordArgs {
    /// The repository
    pub(crate) repo: PathBuf,
    /// The table to write, in CSV; what is already in it is not measured again
    pub(crate) table: PathBuf,
    /// A site and some of its values, as `inspect` shows them; may be repeated, and all values are combined
    #[arg(long = "site", value_name = "NAME=V1,V2", required = true)]
    pub(crate) sites: Vec<Axis>,
    /// Number of runs of each program, each with a different seed
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: u32,
    /// Budget of one run
    #[arg(long, default_value = "10cpu-s")]
    pub(crate) budget: String,
    /// Number of programs to run at a time
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_SLOTS as u64))]
    pub(crate) slots: Option<usize>,
    /// Seed of the order and of the runs
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Stop after this time: 30m, 8h
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) time: Option<Span>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// The target's repository; default: the embedded target project
    pub(crate) repo: Option<PathBuf>,
    /// Folder for the studies and the results; what is already there is not run again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Search methods, separated by commas
    #[arg(long = "method", value_delimiter = ',', default_value = "random,greedy,tpe,ppo")]
    pub(crate) methods: Vec<Method>,
    /// Trials in each study, not counting its baseline
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: u32,
    /// Studies of each method, each with a different seed
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeats: u32,
    /// Budget of one run
    #[arg(long, default_value = "10cpu-s")]
    pub(crate) budget: String,
    /// Number of trials to run at a time
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=MOST_SLOTS as u64))]
    pub(crate) slots: Option<usize>,
    /// A hand-written recipe to compare with, as lines of `site = "value"`; default: the target's presets/human.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) preset: Option<PathBuf>,
    /// Fresh seeds on which the returned programs are measured
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) check_seeds: u32,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub(crate) repo: PathBuf,
    /// Show each edit as a diff
    #[arg(long)]
    pub(crate) diff: bool,
    /// Print one JSON object per site
    #[arg(long, conflicts_with = "diff")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Replay searches on tables of real results, instead of training
    Search(BenchSearchArgs),
    /// Replay early-stopping rules on recorded learning curves
    Stopping(BenchStoppingArgs),
    /// Replay nights of search on tables, to compare merge rules by how many of their merges are not truly better
    Merge(BenchMergeArgs),
    /// Measure the CPU time of choosing the next trial, in a long study with a hundred sites
    Cost {
        #[command(flatten)]
        methods: MethodArgs,
    },
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct MethodArgs {
    /// Search methods: random, greedy, evolution, tpe, ppo; default: all five. PPO without one of its parts is
    /// ppo-without-learning, ppo-without-repeats, ppo-without-scores, ppo-without-long-edits
    #[arg(long = "method", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) methods: Vec<Variant>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BenchSearchArgs {
    /// Tables: CSV, gzipped or not, with a line `# minimize` or `# maximize` before the header, whose columns are
    /// `param:NAME:cat` or `param:NAME:ord`, then `value:SEED`
    #[arg(long = "table", value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) tables: Vec<PathBuf>,
    /// Combine the tables into one space: a program is one row of each, and its result is the mean of theirs
    #[arg(long, conflicts_with = "learn_from")]
    pub(crate) together: bool,
    #[command(flatten)]
    pub(crate) methods: MethodArgs,
    /// Trials in each search, including its start and repeats
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: u32,
    /// Searches of each method on each table
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) repeats: u32,
    /// Seed of the searches
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Number of trials to propose at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// The method to compare the others with; default: tpe, if it is among them
    #[arg(long, value_name = "NAME")]
    pub(crate) against: Option<Variant>,
    /// Start each search with what an earlier one by the same method found on these tables (only ppo uses it)
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) learn_from: Vec<PathBuf>,
    /// Draw the mean regret by trial (SVG)
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Print one JSON object for each table, method and checkpoint
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BenchStoppingArgs {
    /// Curves: CSV, gzipped or not, with a line `# minimize` or `# maximize` before the header
    /// `study,run,share,value`; or a repository, for the curves of its studies
    #[arg(long, value_name = "FILE")]
    pub(crate) curves: PathBuf,
    /// Rules; default: all of none, naive, fixed, power-law, paper, paper-sprt, asha, median, ours
    #[arg(long = "rule", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) rules: Vec<RuleName>,
    /// Print one JSON object for each rule and setting
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BenchMergeArgs {
    /// Tables as for `bench search`; a fresh run is the row's mean plus the residual of any run in the table
    #[arg(long = "table", value_name = "FILE", num_args = 1.., required_unless_present = "same")]
    pub(crate) tables: Vec<PathBuf>,
    /// Compare one program with itself instead, 500 times: a table of one row, its recorded runs
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tables", "rules", "search", "evaluations"])]
    pub(crate) same: Option<PathBuf>,
    /// Rules; default: all of ours, keep-if-lower, keep-if-2-sigma, confirm-by-mean
    #[arg(long = "rule", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) rules: Vec<Rule>,
    /// Search method
    #[arg(long, value_name = "NAME", default_value = "ppo")]
    pub(crate) search: Variant,
    /// Evaluations in each night, including proofs
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) evaluations: u32,
    /// Nights for each rule on each table (default: 60), or comparisons of one program with itself (default: 500)
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) repeats: Option<u32>,
    /// Seed of the nights
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Print one JSON object for each table and rule
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_is_in_sentence_case_without_a_period() {
        let mut commands: Vec<clap::Command> = Args::command().get_subcommands().cloned().collect();
        commands.extend(commands.clone().iter().flat_map(|command| command.get_subcommands().cloned()));
        for command in commands {
            let texts = command.get_arguments().filter_map(|arg| arg.get_help());
            for text in texts.chain(command.get_about()).map(ToString::to_string) {
                assert!(text.starts_with(char::is_uppercase) && !text.ends_with('.'), "{text}");
            }
        }
    }
}
