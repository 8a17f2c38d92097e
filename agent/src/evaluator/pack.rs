//! A program's binary as something to take elsewhere: prepared here, trained where there is no compiler, and judged here
//! by its output there. Nothing is stopped early there.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::evaluate::{conclude, untouched};
use super::log::tail;
use super::output::Told;
use super::stop::{EvaluateError, Stop};
use super::train::{fault, take_over};
use super::verdict::{self, Evidence};
use super::{Evaluator, Job, Slot, Watch, cargo};
use crate::runner::{Command, Exit, Limits, Line, Stream};
use crate::study::{Ending, Measurement, Seconds};

/// A training run that took place elsewhere.
#[derive(Debug)]
pub(crate) struct Elsewhere<'a> {
    /// What it wrote to stdout, after a first line with the command.
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
    /// Builds a program and gives it a smoke run; if it does not crash, it is left in a folder as `<program>.gz`. The
    /// measurement is that of the phases so far: without a metric, and `Completed` if there is something to train.
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
        fs::create_dir_all(folder).map_err(Stop::io("cannot create the folder of the binaries"))?;
        // A machine may have no `strip`; then the file is just larger.
        if !self.strip(job, binary, &aside, cancelled).await? {
            fs::copy(binary, &aside).map_err(Stop::io("cannot copy the binary"))?;
        }
        let compressed = spawn_blocking(move || gzip(&aside, &packed)).await;
        compressed.unwrap_or_else(|lost| Err(lost.into())).map_err(Stop::io("cannot compress the binary"))
    }

    /// Whether a stripped copy of the binary was made.
    async fn strip(
        &self,
        job: &Job<'_>,
        binary: &Path,
        copy: &Path,
        cancelled: &watch::Receiver<bool>,
    ) -> Result<bool, Stop> {
        let words = ["strip".into(), "-o".into(), copy.into(), binary.into()].to_vec();
        let directory = copy.parent().map(Path::to_owned).unwrap_or_default();
        let command = Command { words, directory, environment: Vec::new(), log: job.logs.join("strip.log") };
        match self.run(&command, &self.plan.limits.build, cancelled.clone(), |_| true).await {
            Ok(finished) if finished.exit == Exit::Stopped => Err(Stop::cancelled()),
            Ok(finished) => Ok(finished.exit == Exit::Success),
            Err(EvaluateError::Spawn { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Judges a training run by its output, like one that ran here. Its output becomes the log of the job.
    pub(crate) fn read_back(&self, job: &Job<'_>, ran: &Elsewhere<'_>) -> Result<Measurement, EvaluateError> {
        let log = job.logs.join("train.log");
        let lost =
            |source| EvaluateError::Io { what: format!("cannot import {}", ran.log.display()), source };
        keep(ran, job.logs, &log).map_err(lost)?;
        let fault = fault(&log, &ran.exit).map_err(lost)?;
        let metric = &self.plan.metric;
        let mut told = Told::default();
        for (path, from) in [(ran.errors, Stream::Stderr), (ran.log, Stream::Stdout)] {
            // The first line of the log is the command.
            let command = usize::from(from == Stream::Stdout);
            for line in Line::all(from, &fs::read(path).unwrap_or_default()).iter().skip(command) {
                told.hear(line, metric);
            }
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

/// Compresses a file into another and removes it. The same input gives the same bytes: no name and no time is kept.
fn gzip(from: &Path, to: &Path) -> io::Result<()> {
    let unfinished = to.with_extension("gz.part");
    let mut encoder = GzEncoder::new(File::create(&unfinished)?, Compression::default());
    io::copy(&mut File::open(from)?, &mut encoder)?;
    encoder.finish()?;
    fs::rename(unfinished, to)?;
    fs::remove_file(from)
}

/// Writes the log of a run.
fn keep(ran: &Elsewhere<'_>, logs: &Path, log: &Path) -> io::Result<()> {
    let heard = fs::read(ran.log)?;
    let errors = fs::read(ran.errors).unwrap_or_default();
    fs::create_dir_all(logs)?;
    fs::write(log, [heard, errors].concat())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_program_is_compressed_to_the_same_bytes_each_time_and_comes_back_whole() {
        let directory = tempfile::tempdir().unwrap();
        let program: Vec<u8> = (0..300_000_u64).map(|n| ((n * n) >> 7) as u8).collect();
        let compressed = |name: &str| {
            let (from, to) = (directory.path().join(name), directory.path().join(format!("{name}.gz")));
            fs::write(&from, &program).unwrap();
            gzip(&from, &to).unwrap();
            assert!(!from.exists());
            fs::read(to).unwrap()
        };
        let first = compressed("one");
        assert_eq!(first, compressed("another"));
        // RFC 1952: the flags say that no name follows, and the next four bytes that no time is known.
        assert_eq!(first[3..8], [0; 5]);
        let mut back = Vec::new();
        GzDecoder::new(&first[..]).read_to_end(&mut back).unwrap();
        assert!(back == program && fs::read_dir(directory.path()).unwrap().count() == 2);
    }
}
