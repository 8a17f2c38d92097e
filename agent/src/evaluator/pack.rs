//! A program's binary as something that can be carried away: made ready here, trained where no compiler is, and judged
//! here by what was written there. Nothing is stopped early there.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;

use super::evaluate::{conclude, untouched};
use super::log::tail;
use super::reading::Told;
use super::stop::{EvaluateError, Stop};
use super::train::{fault, take_over};
use super::verdict::{self, Evidence};
use super::{Evaluator, Job, Slot, Watch, cargo};
use crate::runner::{Command, Exit, Limits};
use crate::study::{Ending, Measurement, Seconds};

/// A training run that took place elsewhere.
#[derive(Debug)]
pub(crate) struct Elsewhere<'a> {
    /// What it wrote to stdout, after a first line that is the command.
    pub(crate) log: &'a Path,
    /// What it wrote to stderr; may be missing.
    pub(crate) errors: &'a Path,
    pub(crate) exit: Exit,
    /// Times of its phases, the first two spent here.
    pub(crate) build_seconds: Seconds,
    pub(crate) smoke_seconds: Seconds,
    pub(crate) train_seconds: Seconds,
}

impl Evaluator {
    /// Builds a program and finds what crashes at once; what does not is left in a folder as `<program>.gz`. The
    /// measurement is that of the phases so far: without a metric, and `Completed` where there is something to train.
    pub(crate) async fn pack(
        &self,
        slot: &mut Slot,
        job: &Job<'_>,
        folder: &Path,
        watch: &mut Watch<'_>,
    ) -> Result<Measurement, EvaluateError> {
        let mut measurement = untouched();
        let packed = match self.make_ready(slot, job, watch, &mut measurement).await {
            Ok(binary) => self.compress(job, &binary, folder, &watch.cancelled).await,
            Err(stop) => Err(stop),
        };
        conclude(measurement, packed)
    }

    /// Strips a copy of the binary, and compresses it.
    async fn compress(
        &self,
        job: &Job<'_>,
        binary: &Path,
        folder: &Path,
        cancelled: &watch::Receiver<bool>,
    ) -> Result<(), Stop> {
        let packed = folder.join(format!("{}.gz", job.program));
        let aside = folder.join(format!("{}.part", job.program));
        fs::create_dir_all(folder).map_err(Stop::io("cannot make the folder of the binaries"))?;
        let strip = ["strip".into(), "-o".into(), aside.clone().into(), binary.into()];
        // A machine may have none; then the file is larger, and that is all.
        if self.tool(folder, strip.to_vec(), job.logs.join("strip.log"), cancelled).await.is_err() {
            fs::copy(binary, &aside).map_err(Stop::io("cannot copy the binary"))?;
        }
        let gzip = ["gzip".into(), "-n".into(), "-f".into(), aside.clone().into()];
        self.tool(folder, gzip.to_vec(), job.logs.join("gzip.log"), cancelled).await?;
        fs::rename(aside.with_extension("part.gz"), packed).map_err(Stop::io("cannot keep the binary"))
    }

    async fn tool(
        &self,
        directory: &Path,
        words: Vec<OsString>,
        log: PathBuf,
        cancelled: &watch::Receiver<bool>,
    ) -> Result<(), Stop> {
        let command = Command { words, directory: directory.to_owned(), environment: Vec::new(), log };
        match self.run(&command, &self.plan.limits.build, cancelled.clone(), |_| true).await?.exit {
            Exit::Success => Ok(()),
            Exit::Stopped => Err(Stop::cancelled()),
            exit => Err(Stop::io(&command.to_shell())(io::Error::other(exit.to_string()))),
        }
    }

    /// Judges a training run by what it left, as one that was heard here. Its output becomes the log of the job.
    pub(crate) fn read_back(&self, job: &Job<'_>, ran: &Elsewhere<'_>) -> Result<Measurement, EvaluateError> {
        let log = job.logs.join("train.log");
        let lost =
            |source| EvaluateError::Io { what: format!("cannot take over {}", ran.log.display()), source };
        let heard = keep(ran, job.logs, &log).map_err(lost)?;
        let fault = fault(&log, &ran.exit).map_err(lost)?;
        let metric = &self.plan.metric;
        let mut told = Told::default();
        for line in String::from_utf8_lossy(&heard).lines().skip(1) {
            told.hear(line, metric);
        }
        let can_tell = metric.is_protocol() && cargo::tells_identity(job.tree);
        let deadline = Some(Duration::from_secs_f64(ran.train_seconds));
        let (ending, mut reason) = verdict::judge(&Evidence {
            exit: &ran.exit,
            told: &told,
            fault: fault.as_ref(),
            log: &tail(&log),
            metric,
            limits: &Limits { deadline, ..Limits::default() },
            program: can_tell.then_some(job.program),
        });
        if let Some((fault, _)) = fault.filter(|(fault, _)| fault.ending() == ending) {
            reason = format!("{fault}: {reason}");
        }
        let mut measurement = Measurement {
            build_seconds: ran.build_seconds,
            smoke_seconds: ran.smoke_seconds,
            train_seconds: ran.train_seconds,
            ..untouched()
        };
        take_over(told, ending, &mut measurement);
        let ended = if ending == Ending::Completed { Ok(()) } else { Err(Stop::End(ending, reason)) };
        conclude(measurement, ended)
    }
}

/// Writes the log of a run, and gives the part that a trainee speaks in.
fn keep(ran: &Elsewhere<'_>, logs: &Path, log: &Path) -> io::Result<Vec<u8>> {
    let heard = fs::read(ran.log)?;
    let errors = fs::read(ran.errors).unwrap_or_default();
    fs::create_dir_all(logs)?;
    fs::write(log, [&heard[..], &errors].concat())?;
    Ok(heard)
}
