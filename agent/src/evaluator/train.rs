//! The phases in which the program runs: train, the whole budget under the eye of the pruner; and smoke, a few steps that
//! find what crashes at once before a program is carried elsewhere.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::fault::{self, Fault};
use super::log::tail;
use super::output::{Heard, Logs, Told};
use super::recovery::doubt;
use super::stop::Stop;
use super::verdict::{self, Evidence};
use super::watch::{Phase, Progress, until_cancelled};
use super::{Evaluator, Job, MetricSource, Slot, Watch, cargo};
use crate::device;
use crate::runner::{Command, Exit, Finished, Limits, Line};
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
    /// Name of the fault that its device met, and a colon; empty if there was none.
    fault: String,
    ending: Ending,
    reason: String,
}

impl Ran {
    /// The fault's name comes first: it goes into the journal and the commit.
    fn into_result(self, phase: &str) -> Result<(), Stop> {
        if self.ending == Ending::Completed {
            return Ok(());
        }
        Err(Stop::End(self.ending, format!("{}{phase}{}", self.fault, self.reason)))
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
        let ran = self.run_binary(slot, job, watch, &run).await?;
        measurement.smoke_seconds = ran.finished.seconds;
        ran.into_result("smoke run: ")
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
        measurement.cpu_seconds = Some(ran.finished.cpu_seconds);
        take_over(told, ran.ending, measurement);
        if let (Some(device), Some(driver)) = (&mut measurement.device, &slot.gate.driver) {
            *device += &format!("; {driver}");
        }
        ran.into_result("")
    }

    async fn run_binary(
        &self,
        slot: &Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        run: &Run<'_>,
    ) -> Result<Ran, Stop> {
        let gate = until_cancelled(&mut watch.cancelled, slot.gate.enter_to_train()).await;
        let _gate = gate.ok_or_else(Stop::cancelled)?;
        self.recovery.clear_doubt(&self.runner, slot, job, watch).await?;
        let cancelled = watch.cancelled.clone();
        let mut told = Told::default();
        let mut pruned = None;
        let logs = self.logs(slot);
        let hear = |line: &Line| match told.hear(line, &self.plan.metric) {
            Heard::Nothing => true,
            Heard::Diverged => false,
            Heard::Point => {
                pruned = if run.phase == Phase::Train { ask(watch, &told) } else { None };
                pruned.is_none()
            }
        };
        let command = self.run_command(slot, job, run);
        let finished = self.run(&command, run.limits, cancelled, hear).await?;
        told.read_files(&self.plan.metric, logs.as_ref());
        // The processor has no faults of this kind.
        let fault = match slot.gate.device.is_wgpu() {
            true => fault(&run.log, &finished.exit).map_err(Stop::io("cannot read the log of a run"))?,
            false => None,
        };
        let (ending, reason) = match pruned {
            Some(reason) => (Ending::Pruned, reason),
            None => self.judge(job, run, &finished, &told, fault.as_ref()),
        };
        let fault = fault.map(|(fault, _)| fault).filter(|fault| fault.ending() == ending);
        let fault = fault.map_or_else(String::new, |fault| format!("{fault}: "));
        if matches!(ending, Ending::DeviceFailed | Ending::TimedOut) {
            doubt(slot, job, &run.log, &format!("{fault}{reason}")).await;
        }
        Ok(Ran { finished, told, fault, ending, reason })
    }

    fn judge(
        &self,
        job: &Job<'_>,
        run: &Run<'_>,
        finished: &Finished,
        told: &Told,
        fault: Option<&(Fault, String)>,
    ) -> (Ending, String) {
        let metric = &self.plan.metric;
        let can_tell = metric.is_protocol() && cargo::tells_identity(job.tree);
        verdict::judge(&Evidence {
            exit: &finished.exit,
            told,
            fault,
            log: &tail(&run.log),
            limits: run.limits,
            metric,
            program: can_tell.then_some(job.program),
        })
    }

    /// The directory of burn-train's logs, as it is before a run, if the metric is there.
    fn logs(&self, slot: &Slot) -> Option<Logs> {
        let MetricSource::BurnTrain { directory, .. } = &self.plan.metric.source else { return None };
        Some(Logs::before_run(self.package(slot).join(directory)))
    }

    fn run_command(&self, slot: &Slot, job: &Job<'_>, run: &Run<'_>) -> Command {
        let seed = job.seed.to_string();
        let fill = |text: &String| text.replace("{seed}", &seed).replace("{budget}", run.budget).into();
        let words = std::iter::once(run.binary.into()).chain(self.plan.arguments.iter().map(fill)).collect();
        let theirs = self.plan.environment.iter().map(|(name, value)| (name.clone(), value.into()));
        let ours = [
            ("AUTORESEARCH_SEED".to_owned(), seed.as_str().into()),
            ("AUTORESEARCH_BUDGET".to_owned(), run.budget.into()),
            (device::VARIABLE.to_owned(), slot.gate.device.to_string().into()),
        ];
        let environment = theirs.chain(ours).collect();
        Command { environment, ..self.command(slot, words, run.log.clone()) }
    }
}

/// The fault of a device that a run met, and how the run reported it. There is none to look for if a run succeeded,
/// was stopped by us, or took more memory than there is.
pub(super) fn fault(log: &Path, exit: &Exit) -> std::io::Result<Option<(Fault, String)>> {
    if matches!(exit, Exit::Success | Exit::Stopped | Exit::OutOfMemory) {
        return Ok(None);
    }
    fault::recognise(BufReader::new(File::open(log)?), exit)
}

/// What a training run reported, once it is known how it ended.
pub(super) fn take_over(told: Told, ending: Ending, measurement: &mut Measurement) {
    measurement.curve = told.curve;
    measurement.tokens = told.tokens;
    measurement.steps = told.steps;
    measurement.params = told.params;
    measurement.device = told.device;
    measurement.device_memory = told.device_memory;
    measurement.used_seconds = told.used_seconds;
    measurement.reports = Some(told.reports).filter(|reports| *reports > 0);
    measurement.metric = told.metric.number().filter(|_| ending == Ending::Completed);
    measurement.test = told.test.filter(|value| ending == Ending::Completed && value.is_finite());
}

/// Shows the newest point to the watcher, and asks the pruner unless nothing is left to save.
fn ask(watch: &mut Watch<'_>, told: &Told) -> Option<String> {
    let point = *told.curve.last()?;
    (watch.progress)(Progress::Point(point));
    if point.share < 1.0 { (watch.prune)(&told.curve) } else { None }
}
