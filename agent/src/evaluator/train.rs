//! The phases in which the program runs: smoke, a few steps that find what crashes at once, and
//! train, the whole budget under the eye of the pruner.

use std::path::{Path, PathBuf};

use super::evaluate::{Phase, Progress, Stop, enter_to_train, tail, until_cancelled};
use super::reading::{Heard, Told};
use super::verdict::{self, Evidence};
use super::{Evaluator, Job, Slot, Watch, cargo};
use crate::runner::{Command, Finished, Limits};
use crate::study::{Ending, Measurement};

/// One run of a binary.
struct Run<'a> {
    phase: Phase,
    binary: &'a Path,
    budget: &'a str,
    limits: &'a Limits,
    log: PathBuf,
}

/// What came of it.
struct Ran {
    finished: Finished,
    told: Told,
    ending: Ending,
    reason: String,
}

impl Ran {
    fn into_result(self) -> Result<(), Stop> {
        if self.ending == Ending::Completed { Ok(()) } else { Err(Stop::End(self.ending, self.reason)) }
    }
}

impl Evaluator {
    pub(super) async fn smoke(
        &self,
        slot: &Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        binary: &Path,
        budget: &str,
        measurement: &mut Measurement,
    ) -> Result<(), Stop> {
        let limits = &self.plan.limits.smoke;
        let run = Run { phase: Phase::Smoke, binary, budget, limits, log: job.logs.join("smoke.log") };
        let mut ran = self.run_binary(slot, job, watch, &run).await?;
        measurement.smoke_seconds = ran.finished.seconds;
        ran.reason.insert_str(0, "smoke run: ");
        ran.into_result()
    }

    pub(super) async fn train(
        &self,
        slot: &Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        binary: &Path,
        measurement: &mut Measurement,
    ) -> Result<(), Stop> {
        let (budget, limits) = (self.plan.budget.as_str(), &self.plan.limits.train);
        let run = Run { phase: Phase::Train, binary, budget, limits, log: job.logs.join("train.log") };
        let mut ran = self.run_binary(slot, job, watch, &run).await?;
        let told = std::mem::take(&mut ran.told);
        measurement.train_seconds = ran.finished.seconds;
        measurement.memory = Some(ran.finished.memory);
        measurement.curve = told.curve;
        measurement.tokens = told.tokens;
        measurement.steps = told.steps;
        measurement.params = told.params;
        measurement.device = told.device;
        measurement.metric = told.metric.filter(|_| ran.ending == Ending::Completed);
        ran.into_result()
    }

    async fn run_binary(
        &self,
        slot: &Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        run: &Run<'_>,
    ) -> Result<Ran, Stop> {
        let gate = until_cancelled(&mut watch.cancelled, enter_to_train(slot)).await;
        let _gate = gate.ok_or_else(Stop::cancelled)?;
        let cancelled = watch.cancelled.clone();
        let mut told = Told::default();
        let mut pruned = None;
        let hear = |line: &str| match told.hear(line, &self.plan.metric) {
            Heard::Nothing => true,
            Heard::Diverged => false,
            Heard::Point => {
                pruned = if run.phase == Phase::Train { ask(watch, &told) } else { None };
                pruned.is_none()
            }
        };
        let command = self.run_command(slot, job, run);
        let finished = self.run(&command, run.limits, cancelled, hear).await?;
        told.read_files(&self.plan.metric, &self.package(slot));
        let (ending, reason) = match pruned {
            Some(reason) => (Ending::Pruned, reason),
            None => self.judge(job, run, &finished, &told),
        };
        Ok(Ran { finished, told, ending, reason })
    }

    fn judge(&self, job: &Job<'_>, run: &Run<'_>, finished: &Finished, told: &Told) -> (Ending, String) {
        let metric = &self.plan.metric;
        let can_tell = metric.is_protocol() && cargo::tells_identity(job.tree);
        verdict::judge(&Evidence {
            exit: &finished.exit,
            told,
            log: &tail(&run.log),
            limits: run.limits,
            metric,
            program: can_tell.then_some(job.program),
        })
    }

    fn run_command(&self, slot: &Slot, job: &Job<'_>, run: &Run<'_>) -> Command {
        let seed = job.seed.to_string();
        let fill = |text: &String| text.replace("{seed}", &seed).replace("{budget}", run.budget).into();
        let words = std::iter::once(run.binary.into()).chain(self.plan.arguments.iter().map(fill)).collect();
        let environment = vec![
            ("AUTORESEARCH_SEED".to_owned(), seed.as_str().into()),
            ("AUTORESEARCH_BUDGET".to_owned(), run.budget.into()),
        ];
        Command { environment, ..self.command(slot, words, run.log.clone()) }
    }
}

/// Shows the newest point to who watches, and asks the pruner unless nothing is left to save.
fn ask(watch: &mut Watch<'_>, told: &Told) -> Option<String> {
    let point = *told.curve.last()?;
    (watch.progress)(Progress::Point(point));
    if point.share < 1.0 { (watch.prune)(&told.curve) } else { None }
}
