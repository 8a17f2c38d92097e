//! The course of a trial: build, then train. Each phase may be the last; a [`Stop`] says why.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::log::tail;
use super::output::Told;
use super::stop::{EvaluateError, Stop};
use super::watch::{Phase, Progress, Watch, until_cancelled};
use super::{Job, Plan, Recovery, Slot, Tree, cargo};
use crate::runner::{Command, Exit, Finished, Limits, Line, Runner, Stream};
use crate::study::{Ending, Measurement};

/// Characters of a reason: it is one line for people.
const REASON_CEILING: usize = 300;

/// Evaluates the programs of one study.
#[derive(Clone, Debug)]
pub(crate) struct Evaluator {
    pub(crate) runner: Runner,
    pub(crate) plan: Plan,
    pub(crate) recovery: Recovery,
}

impl Evaluator {
    /// Downloads the dependencies; everything after this works offline.
    /// If cancelled, it returns `Ok`: the caller knows, and does not go on.
    pub(crate) async fn fetch(
        &self,
        slot: &Slot,
        tree: &Tree,
        logs: &Path,
        cancelled: &watch::Receiver<bool>,
    ) -> Result<(), EvaluateError> {
        self.prepare(slot, tree, logs)?;
        let command = self.command(slot, cargo::fetch_words(), logs.join("fetch.log"));
        let finished = self.run(&command, &self.plan.limits.build, cancelled.clone(), |_| true).await?;
        if matches!(finished.exit, Exit::Success | Exit::Stopped) {
            return Ok(());
        }
        let log = tail(&command.log);
        let error = cargo::whole_error(&log, &slot.source());
        Err(EvaluateError::Fetch(error.unwrap_or_else(|| finished.exit.to_string())))
    }

    /// The line of a run's log that its result was read from; `None` if the metric is not in the log.
    pub(crate) fn telling_line(&self, log: &Path) -> Option<String> {
        let mut told = Told::default();
        // The first line is the command.
        for line in Line::all(Stream::Stdout, &fs::read(log).ok()?).iter().skip(1) {
            told.hear(line, &self.plan.metric);
        }
        told.line
    }

    /// Runs one program and reports how it went.
    pub(crate) async fn evaluate(
        &self,
        slot: &mut Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Measurement, EvaluateError> {
        let mut measurement = untouched();
        let ended = self.phases(slot, job, watch, &mut measurement).await;
        conclude(measurement, ended)
    }

    async fn phases(
        &self,
        slot: &mut Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        measurement: &mut Measurement,
    ) -> Result<(), Stop> {
        (watch.progress)(Progress::Phase(Phase::Build));
        let binary = self.build(slot, job, watch, measurement).await?;
        (watch.progress)(Progress::Phase(Phase::Train));
        self.train(slot, job, watch, &binary, measurement).await
    }

    /// What is done before a program is trained elsewhere: it is built, and a smoke run finds what crashes at once. Here
    /// the first steps of the training do that.
    pub(super) async fn make_ready(
        &self,
        slot: &mut Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        measurement: &mut Measurement,
    ) -> Result<PathBuf, Stop> {
        (watch.progress)(Progress::Phase(Phase::Build));
        let binary = self.build(slot, job, watch, measurement).await?;
        if let Some(budget) = &self.plan.smoke_budget {
            (watch.progress)(Progress::Phase(Phase::Smoke));
            self.smoke(slot, job, watch, &binary, budget.as_str(), measurement).await?;
        }
        Ok(binary)
    }

    /// Fills the slot, and makes the directory of the logs.
    pub(super) fn prepare(&self, slot: &Slot, tree: &Tree, logs: &Path) -> Result<(), EvaluateError> {
        let done = fs::create_dir_all(logs).and_then(|()| slot.fill(tree, &self.plan.data));
        done.map_err(|source| EvaluateError::Io { what: "cannot fill the slot".to_owned(), source })
    }

    pub(super) fn command(&self, slot: &Slot, words: Vec<OsString>, log: PathBuf) -> Command {
        Command { words, directory: self.package(slot), environment: Vec::new(), log }
    }

    /// The directory of the package in a slot.
    pub(super) fn package(&self, slot: &Slot) -> PathBuf {
        // Joining an empty path would add a slash, and the paths in cargo's messages have none.
        if self.plan.package.is_empty() { slot.source() } else { slot.source().join(&self.plan.package) }
    }

    /// Runs a command to its end. `hear` gets each line, and stops the command by returning `false`.
    pub(super) async fn run(
        &self,
        command: &Command,
        limits: &Limits,
        mut cancelled: watch::Receiver<bool>,
        mut hear: impl FnMut(&Line) -> bool,
    ) -> Result<Finished, EvaluateError> {
        let mut process = self.runner.start(command, limits).map_err(|source| {
            let what = format!("cannot start '{}'", command.to_shell());
            EvaluateError::Io { what, source }
        })?;
        loop {
            match until_cancelled(&mut cancelled, process.line()).await {
                Some(Some(line)) if hear(&line) => {}
                // The end of output, which is not yet the end of the process.
                Some(None) => break,
                _ => {
                    process.stop();
                    break;
                }
            }
        }
        refuse_faults(process.finish().await, command, limits)
    }
}

/// What a finished command says about this machine rather than about the program.
fn refuse_faults(finished: Finished, command: &Command, limits: &Limits) -> Result<Finished, EvaluateError> {
    let log = command.log.clone();
    if finished.survivors > 0 {
        return Err(EvaluateError::Survivors { count: finished.survivors, log });
    }
    match &finished.exit {
        Exit::DiskFull => Err(EvaluateError::DiskFull { floor: limits.disk_floor, log }),
        Exit::SpawnFailed(reason) => {
            Err(EvaluateError::Spawn { command: command.to_shell(), reason: reason.clone() })
        }
        _ => Ok(finished),
    }
}

/// What is known about a run when its last phase is over.
pub(super) fn conclude(
    mut measurement: Measurement,
    ended: Result<(), Stop>,
) -> Result<Measurement, EvaluateError> {
    match ended {
        Ok(()) => {}
        Err(Stop::End(ending, reason)) => {
            measurement.ending = ending;
            measurement.reason = reason.chars().take(REASON_CEILING).collect();
        }
        Err(Stop::Fault(error)) => return Err(error),
    }
    Ok(measurement)
}

pub(super) fn untouched() -> Measurement {
    Measurement::new(Ending::Completed, None)
}
