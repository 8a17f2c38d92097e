//! Unpacks a batch: the output of its runs is read, judged and recorded as if they had run here.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::list::{Batch, Ordered};
use crate::campaign::Campaign;
use crate::evaluator::{Elsewhere, Job};
use crate::project::UserError;
use crate::runner::Exit;
use crate::runs::Finished;
use crate::study::{Purpose, Run, RunEnded, Seconds, Study};

/// Imports the results that are there. The others are left for later: for another unpacking, or for a run here.
pub(crate) fn unpack(campaign: &mut Campaign, batch: &Batch, folder: &Path) -> Result<()> {
    refuse_a_stranger(&campaign.study, batch, folder)?;
    let mut out = Vec::new();
    for (number, run) in batch.numbered() {
        if let Some(why) = is_not_wanted(&campaign.study, run) {
            campaign.live.line(&format!("           run {number} is not imported: {why}"));
            continue;
        }
        match returned(campaign, folder, number, run)? {
            Some(finished) => campaign.take_in(finished)?,
            None => out.push(number.to_string()),
        }
    }
    if !out.is_empty() {
        campaign.live.line(&format!(
            "\n{} of {} runs are still missing: {}",
            out.len(),
            batch.runs.len(),
            out.join(", ")
        ));
    }
    campaign.stopped("unpacked")
}

fn refuse_a_stranger(study: &Study, batch: &Batch, folder: &Path) -> Result<(), UserError> {
    let is_ours = |run: &Ordered| {
        let trial = study.trials.get(run.trial as usize);
        trial.is_some_and(|trial| trial.program().as_str() == run.program)
    };
    if batch.runs.iter().all(is_ours) {
        return Ok(());
    }
    let (folder, study) = (folder.display(), &study.started.study);
    Err(UserError::new(format!("{folder} was not packed from study `{study}` of this repository")))
}

/// Why a run is no longer needed.
fn is_not_wanted(study: &Study, run: &Ordered) -> Option<String> {
    let trial = run.trial;
    let Some(purpose) = run.run.purpose() else {
        let ended = study.trial(trial).ended.is_some();
        return ended.then(|| format!("trial {trial} has ended already"));
    };
    let same = |other: &&RunEnded| (other.purpose, other.trial, other.seed) == (purpose, trial, run.seed);
    if study.runs.iter().any(|other| same(&other)) {
        return Some("it was imported before".to_owned());
    }
    let Purpose::Confirmation { candidate } = purpose else { return None };
    let is_open = !study.is_decided(candidate)
        && study.open_candidate().is_none_or(|open| open == candidate)
        && (trial == candidate || trial == study.incumbent);
    (!is_open).then(|| format!("trial {candidate} no longer needs a proof"))
}

/// The output of a run; `None` while it has not ended, or if there is nothing to compare it with.
fn returned(campaign: &Campaign, folder: &Path, number: usize, run: &Ordered) -> Result<Option<Finished>> {
    let base = campaign.study.base;
    let has_base = campaign.study.trial(base).ended.is_some() || run.run == Run::Trial(base);
    let [log, errors, exit] = ["log", "err", "exit"].map(|end| folder.join(format!("out/{number}.{end}")));
    let exit = fs::read_to_string(exit).unwrap_or_default();
    let Some((code, train_seconds)) = exit_of(&exit).filter(|_| has_base && log.exists()) else {
        return Ok(None);
    };
    let order = campaign.order(run.run, &[])?;
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
    let measurement = campaign.evaluator.read_back(&job, &ran)?;
    Ok(Some(Finished { run: run.run, seed: run.seed, measurement, forecast: None }))
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
    fn a_half_written_exit_is_not_read() {
        assert_eq!(exit_of("101 7\n"), Some((101, 7.0)));
        for text in ["", "\n", "101", "101 ", "x 7"] {
            assert_eq!(exit_of(text), None, "{text:?}");
        }
    }
}
