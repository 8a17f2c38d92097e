//! A batch comes back: what its runs left is read and judged as if they had been heard here, and recorded the same way.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::batch::{Batch, Ordered};
use super::slots::Finished;
use super::{Campaign, End, UserError};
use crate::evaluator::{Elsewhere, Job};
use crate::runner::Exit;
use crate::study::{Purpose, Run, RunEnded, Seconds};

impl Campaign {
    /// Takes in what is there. What is not is left for later: for another unpacking, or for a run here.
    pub(crate) fn unpack(&mut self, batch: &Batch, folder: &Path) -> Result<End> {
        self.refuse_a_stranger(batch, folder)?;
        let mut out = Vec::new();
        for (number, run) in batch.numbered() {
            if let Some(why) = self.is_not_wanted(run) {
                self.live.line(&format!("           run {number} is not taken in: {why}"));
                continue;
            }
            match self.returned(folder, number, run)? {
                Some(finished) => self.take_in(finished)?,
                None => out.push(number.to_string()),
            }
        }
        if !out.is_empty() {
            self.live.line(&format!(
                "\n{} of {} runs are still out: {}",
                out.len(),
                batch.runs.len(),
                out.join(", ")
            ));
        }
        self.stopped(End::Unpacked)
    }

    fn refuse_a_stranger(&self, batch: &Batch, folder: &Path) -> Result<(), UserError> {
        let is_ours = |run: &Ordered| {
            let trial = self.study.trials.get(run.trial as usize);
            trial.is_some_and(|trial| trial.program().as_str() == run.program)
        };
        if batch.runs.iter().all(is_ours) {
            return Ok(());
        }
        let (folder, study) = (folder.display(), &self.study.started.study);
        Err(UserError::new(format!("{folder} was packed from another study than the `{study}` that is here")))
    }

    /// Why a run is of no use any more.
    fn is_not_wanted(&self, run: &Ordered) -> Option<String> {
        let trial = run.trial;
        let Some(purpose) = run.run.purpose() else {
            let ended = self.study.trial(trial).ended.is_some();
            return ended.then(|| format!("trial {trial} has ended already"));
        };
        let same = |other: &&RunEnded| (other.purpose, other.trial, other.seed) == (purpose, trial, run.seed);
        if self.study.runs.iter().any(|other| same(&other)) {
            return Some("it was before".to_owned());
        }
        let Purpose::Confirmation { candidate } = purpose else { return None };
        let is_open = !self.study.is_decided(candidate)
            && self.study.open_candidate().is_none_or(|open| open == candidate)
            && (trial == candidate || trial == self.study.incumbent);
        (!is_open).then(|| format!("trial {candidate} is not to be proved any more"))
    }

    /// What a run left; `None` while it has not ended, or nothing is there to compare it with.
    fn returned(&self, folder: &Path, number: usize, run: &Ordered) -> Result<Option<Finished>> {
        let base = self.study.base;
        let has_base = self.study.trial(base).ended.is_some() || run.run == Run::Trial(base);
        let [log, errors, exit] =
            ["log", "err", "exit"].map(|end| folder.join(format!("out/{number}.{end}")));
        let exit = fs::read_to_string(exit).unwrap_or_default();
        let Some((code, train_seconds)) = exit_of(&exit).filter(|_| has_base && log.exists()) else {
            return Ok(None);
        };
        let order = self.order(run.run, &[])?;
        let job = Job {
            program: &order.program,
            tree: &order.tree,
            seed: run.seed,
            logs: &order.logs,
            title: &order.title,
        };
        let ran = Elsewhere {
            log: &log,
            errors: &errors,
            exit: Exit::of_shell(code),
            build_seconds: run.build_seconds,
            smoke_seconds: run.smoke_seconds,
            train_seconds,
        };
        let measurement = self.evaluator.read_back(&job, &ran)?;
        Ok(Some(Finished { run: run.run, seed: run.seed, measurement, forecast: None }))
    }
}

/// `0 41`: the exit code, and the seconds that it took.
fn exit_of(text: &str) -> Option<(i32, Seconds)> {
    let (code, seconds) = text.trim().split_once(' ')?;
    Some((code.parse().ok()?, seconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_that_was_not_written_whole_is_none() {
        assert_eq!(exit_of("101 7\n"), Some((101, 7.0)));
        for text in ["", "\n", "101", "101 ", "x 7"] {
            assert_eq!(exit_of(text), None, "{text:?}");
        }
    }
}
