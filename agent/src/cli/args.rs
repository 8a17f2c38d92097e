//! What was typed. No side effects.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::bench::{Rule, RuleName};
use crate::campaign::Axis;
use crate::config::Span;
use crate::policy::{Method, Variant};

/// Improve a Rust training crate by trying edits, and keep the record in git
#[derive(Debug, Parser)]
#[command(name = "autoresearch", version, after_help = super::exit::HELP, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a repository from the embedded target project and run a study on it
    Demo {
        /// Directory to make; a study found there is resumed
        #[arg(default_value = "demo")]
        dir: PathBuf,
        #[command(flatten)]
        study: StudyArgs,
    },
    /// Make a repository from the embedded target project
    New {
        /// Directory to make
        dir: PathBuf,
    },
    /// Run a study on a repository, or go on with the one that is there
    Run {
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
        #[command(flatten)]
        study: StudyArgs,
    },
    /// Build the next trials here, to be trained elsewhere: sixteen more, if `--trials` does not say
    Pack {
        /// The repository
        repo: PathBuf,
        /// Folder to fill; carry it to the machine that is to train, and start its run.sh there
        out: PathBuf,
        #[command(flatten)]
        study: StudyArgs,
    },
    /// Take in what was trained elsewhere; `run` goes on from there, and runs what is still out
    Unpack {
        /// The folder that was packed, come back
        out: PathBuf,
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
    },
    /// Measure programs into a table of results, on which searches can be replayed
    Record(RecordArgs),
    /// Run search methods side by side on one target, and measure what each of them returns
    Compare(CompareArgs),
    /// List what could be changed, without running anything
    Inspect(InspectArgs),
    /// List the trials of a study
    Log {
        /// The repository
        #[arg(default_value = ".")]
        repo: PathBuf,
        /// Print the journal's events, one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of a trial
    Show {
        /// Number of the trial
        trial: u32,
        /// The repository
        #[arg(long, default_value = ".")]
        repo: PathBuf,
    },
    /// Compare search methods
    Bench {
        #[command(subcommand)]
        bench: BenchCommand,
    },
    /// Say what a study would run on here, and what is missing
    Doctor {
        /// A repository to look at too
        repo: Option<PathBuf>,
    },
    /// Compute a few numbers on a device and check them
    #[command(hide = true)]
    Probe {
        /// The device, as AUTORESEARCH_DEVICE has it
        device: String,
    },
    /// Run a command so that nothing of it survives
    #[command(hide = true)]
    Supervise {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Settings of a study that people change often; the others stand in `autoresearch.toml`.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct StudyArgs {
    /// What one run may use: 20s, 20cpu-s, 500steps, 2000000tokens
    #[arg(long)]
    pub(crate) budget: Option<String>,
    /// Total number of trials of the study, earlier ones included
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
    /// How many trials run at a time
    #[arg(long)]
    pub(crate) slots: Option<usize>,
    /// Another repository whose studies a new one learns from, beside those of its own; may be given several times
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
    /// The table to write, in CSV; what is in it already is not measured again
    pub(crate) table: PathBuf,
    /// A site and values of it, as `inspect` shows them; may be given several times, and all values are combined
    #[arg(long = "site", value_name = "NAME=V1,V2", required = true)]
    pub(crate) sites: Vec<Axis>,
    /// How often each program is run, on another seed each time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: u32,
    /// What one run may use
    #[arg(long, default_value = "10cpu-s")]
    pub(crate) budget: String,
    /// How many programs run at a time
    #[arg(long)]
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
    /// Folder for the studies and the results; what is there already is not run again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Search methods, separated by commas
    #[arg(long = "method", value_delimiter = ',', default_value = "random,greedy,tpe,ppo")]
    pub(crate) methods: Vec<Method>,
    /// Trials of each study, its baseline not counted
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: u32,
    /// Studies of each method, with another seed each time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeats: u32,
    /// What one run may use
    #[arg(long, default_value = "10cpu-s")]
    pub(crate) budget: String,
    /// How many trials run at a time
    #[arg(long)]
    pub(crate) slots: Option<usize>,
    /// A recipe written by hand to compare with, lines of `site = "value"`; default: presets/human.toml of the target
    #[arg(long, value_name = "FILE")]
    pub(crate) preset: Option<PathBuf>,
    /// Fresh seeds on which what was returned is measured
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
    /// Print one JSON object a site
    #[arg(long, conflicts_with = "diff")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Replay searches on tables of real results, which takes the place of training
    Search(BenchSearchArgs),
    /// Replay rules of the early stop on recorded learning curves
    Stopping(BenchStoppingArgs),
    /// Replay nights of search on tables, to compare rules of merging by how many merges are not truly better
    Merge(BenchMergeArgs),
    /// Measure what a choice of the next trial costs, in CPU time, in a long study of a hundred sites
    Cost {
        #[command(flatten)]
        methods: MethodArgs,
    },
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct MethodArgs {
    /// Search methods: random, greedy, evolution, tpe, ppo; the five by default. PPO less one of its parts is
    /// ppo-without-learning, ppo-without-repeats, ppo-without-scores, ppo-without-long-edits
    #[arg(long = "method", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) methods: Vec<Variant>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BenchSearchArgs {
    /// Tables: CSV, gzipped or not, a line `# minimize` or `# maximize` before the header, whose columns are
    /// `param:NAME:cat` or `param:NAME:ord`, then `value:SEED`
    #[arg(long = "table", value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) tables: Vec<PathBuf>,
    /// Put the tables side by side as one space: a program is one row of each, its result the mean of theirs
    #[arg(long, conflicts_with = "learn_from")]
    pub(crate) together: bool,
    #[command(flatten)]
    pub(crate) methods: MethodArgs,
    /// Trials of each search, its start and repeats included
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) trials: u32,
    /// Searches of each method on each table
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) repeats: u32,
    /// Seed of the searches
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Trials that are proposed at a time
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// The method that the others are compared with; tpe, where it is among them, by default
    #[arg(long, value_name = "NAME")]
    pub(crate) against: Option<Variant>,
    /// Begin each search with what one of the same kind found on these tables before (only ppo makes use of it)
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
    /// Curves: CSV, gzipped or not, a line `# minimize` or `# maximize` before the header `study,run,share,value`; or a
    /// repository, for those of its studies
    #[arg(long, value_name = "FILE")]
    pub(crate) curves: PathBuf,
    /// Rules, all by default: none, naive, fixed, power-law, paper, paper-sprt, asha, median, ours
    #[arg(long = "rule", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) rules: Vec<RuleName>,
    /// Print one JSON object for each rule and setting
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct BenchMergeArgs {
    /// Tables as `bench search` has them; a fresh run is the row's mean and the residual of any run of the table
    #[arg(long = "table", value_name = "FILE", num_args = 1.., required_unless_present = "same")]
    pub(crate) tables: Vec<PathBuf>,
    /// Compare one program with itself instead, 500 times: a table of one row, its recorded runs
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tables", "rules", "search", "evaluations"])]
    pub(crate) same: Option<PathBuf>,
    /// Rules: ours, keep-if-lower, keep-if-2-sigma, confirm-by-mean; all by default
    #[arg(long = "rule", value_name = "NAME", num_args = 1.., value_delimiter = ',')]
    pub(crate) rules: Vec<Rule>,
    /// Search method
    #[arg(long, value_name = "NAME", default_value = "ppo")]
    pub(crate) search: Variant,
    /// Evaluations of each night, proofs included
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) evaluations: u32,
    /// Nights of each rule on each table, 60 by default; or comparisons of one program with itself, 500 by default
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
