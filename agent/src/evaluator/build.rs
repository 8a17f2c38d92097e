//! The build phase: from a tree to a binary that is this program and no other.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use super::cargo::{self, Artefact};
use super::log::tail;
use super::stop::{EvaluateError, Stop};
use super::watch::until_cancelled;
use super::{Evaluator, Job, Slot, Target, Watch, twin};
use crate::runner::{Command, Exit, Line};
use crate::study::{Ending, Measurement};

/// Pause between two tries for the lock of a target directory.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

impl Evaluator {
    /// Fills the slot and builds the program, or finds its binary; only that binary may run.
    pub(super) async fn build(
        &self,
        slot: &mut Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
        measurement: &mut Measurement,
    ) -> Result<PathBuf, Stop> {
        if let Some(binary) = slot.binary(job.program) {
            self.prepare(slot, job.tree, job.logs)?;
            return Ok(binary);
        }
        let gate = until_cancelled(&mut watch.cancelled, slot.gate.enter_to_build()).await;
        let _gate = gate.ok_or_else(Stop::cancelled)?;
        let lock = until_cancelled(&mut watch.cancelled, lock(slot)).await.ok_or_else(Stop::cancelled)?;
        let _lock = lock.map_err(Stop::io("cannot lock the slot"))?;
        let start = Instant::now();
        slot.start_from_a_neighbour().map_err(Stop::io("cannot use what another slot has compiled"))?;
        self.prepare(slot, job.tree, job.logs)?;
        let artefact = self.cargo(slot, job, &watch.cancelled).await;
        measurement.build_seconds = start.elapsed().as_secs_f64();
        let artefact = artefact?;
        slot.has_compiled().map_err(Stop::io("cannot write to the slot"))?;
        let digest = twin::digest(&artefact.path, job.program, slot.root());
        let digest = digest.map_err(Stop::io("cannot read the binary"))?;
        if let Some(earlier) = (watch.twin)(&digest) {
            let reason =
                format!("its binary is that of {earlier}: what it changes is not part of the program");
            return Err(Stop::End(Ending::Unchanged, reason));
        }
        measurement.binary = Some(digest);
        slot.keep_binary(job.program, &artefact.path).map_err(Stop::io("cannot copy the binary"))
    }

    async fn cargo(
        &self,
        slot: &Slot,
        job: &Job<'_>,
        cancelled: &watch::Receiver<bool>,
    ) -> Result<Artefact, Stop> {
        let tells_identity = cargo::tells_identity(job.tree);
        if !tells_identity {
            self.clean(slot, job, cancelled).await?;
        }
        let manifest = self.package(slot).join("Cargo.toml");
        let mut found = Vec::new();
        let hear = |line: &Line| {
            found.extend(cargo::artefact(&line.text, &manifest));
            true
        };
        let command = Command {
            environment: cargo::build_environment(job.program),
            ..self.command(slot, cargo::build_words(slot, &self.plan), job.logs.join("build.log"))
        };
        let finished = self.run(&command, &self.plan.limits.build, cancelled.clone(), hear).await?;
        if let Some(stop) = failure(&finished.exit, &tail(&command.log)) {
            return Err(stop);
        }
        let wanted = self.plan.target.as_ref().map(Target::name);
        let artefact = cargo::choose(found, wanted).map_err(EvaluateError::Binary)?;
        accept(artefact, tells_identity)
    }

    /// Makes cargo forget the package if the program could not report that it is another one.
    async fn clean(
        &self,
        slot: &Slot,
        job: &Job<'_>,
        cancelled: &watch::Receiver<bool>,
    ) -> Result<(), EvaluateError> {
        // Without a name there is no package, and the build reports that better.
        let Some(name) = cargo::package_name(&self.package(slot)) else { return Ok(()) };
        let words = cargo::clean_words(slot, &name);
        let command = self.command(slot, words, job.logs.join("clean.log"));
        // If it fails, the build finds a fresh artefact and is refused.
        self.run(&command, &self.plan.limits.build, cancelled.clone(), |_| true).await.map(drop)
    }
}

/// Refuses what may be another program: one that cargo did not build now and that cannot report its identity.
fn accept(artefact: Artefact, tells_identity: bool) -> Result<Artefact, Stop> {
    if artefact.fresh && !tells_identity {
        let reason = "cargo reused an older build for this program, which cannot report its identity";
        return Err(Stop::End(Ending::Invalid, reason.to_owned()));
    }
    Ok(artefact)
}

/// Waits for the lock of the slot's target directory.
async fn lock(slot: &Slot) -> std::io::Result<fs::File> {
    loop {
        if let Some(lock) = slot.try_lock()? {
            return Ok(lock);
        }
        sleep(LOCK_PAUSE).await;
    }
}

fn failure(exit: &Exit, log: &str) -> Option<Stop> {
    let reason = || cargo::first_error(log).unwrap_or_else(|| exit.to_string());
    Some(match exit {
        Exit::Success => return None,
        Exit::Stopped => Stop::cancelled(),
        Exit::TimedOut | Exit::Silent => Stop::End(Ending::TimedOut, format!("build: {exit}")),
        Exit::OutOfMemory => Stop::End(Ending::OutOfMemory, "build: out of memory".to_owned()),
        _ if compiler_ran_out_of_memory(log) => {
            Stop::End(Ending::OutOfMemory, format!("build: {}", reason()))
        }
        _ => Stop::End(Ending::Unviable, reason()),
    })
}

/// The log quotes source, so only words that no source would contain count.
fn compiler_ran_out_of_memory(log: &str) -> bool {
    let words = ["signal: 9, SIGKILL", "LLVM ERROR: out of memory"];
    words.iter().any(|words| log.contains(words))
        || log.lines().any(|line| line.starts_with("memory allocation of "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_is_killed_says_nothing_about_the_program() {
        let ending = |log| match failure(&Exit::Failure(101), log) {
            Some(Stop::End(ending, _)) => ending,
            _ => panic!("a failed build ends the trial"),
        };
        let killed = "error: could not compile `x`\n\nCaused by:\n  process didn't exit successfully: (signal: 9, SIGKILL: kill)";
        assert_eq!(ending(killed), Ending::OutOfMemory);
        assert_eq!(ending("error[E0308]: mismatched types\n3 | // out of memory\n"), Ending::Unviable);
    }

    #[test]
    fn what_cargo_calls_fresh_must_be_able_to_report_its_identity() {
        let artefact = |fresh| Artefact { name: "x".to_owned(), path: "x".into(), fresh };
        assert!(accept(artefact(true), true).is_ok());
        assert!(accept(artefact(false), false).is_ok());
        assert!(matches!(accept(artefact(true), false), Err(Stop::End(Ending::Invalid, _))));
    }
}
