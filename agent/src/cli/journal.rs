//! `log`, `show` and `best`: the journal of a study, read-only.

use std::path::Path;

use anyhow::Result;

use crate::campaign::{audited_before, read_study};
use crate::journal::Recorded;
use crate::project::UserError;
use crate::repo::Repo;
use crate::report;

/// Prints the trials of the newest study as a table, or its events.
pub(crate) fn log(repo: &Path, json: bool) -> Result<()> {
    let repo = Repo::open(repo).map_err(UserError::from_error)?;
    let Recorded { study, events } = read_study(&repo, None)?;
    if json {
        for event in events {
            anstream::println!("{}", serde_json::to_string(&event)?);
        }
    } else {
        anstream::println!(
            "study {}\n\n{}\n{}",
            study.started.study,
            report::table(&study),
            report::summary(&study, &audited_before(&repo, &study))
        );
    }
    Ok(())
}

/// Prints the best program of the newest study.
pub(crate) fn best(path: &Path) -> Result<()> {
    let repo = Repo::open(path).map_err(UserError::from_error)?;
    let Recorded { study, .. } = read_study(&repo, None)?;
    anstream::print!("{}", report::best(&study, &path.display().to_string(), repo.main_branch()));
    Ok(())
}

/// Prints everything known about a trial of the newest study.
pub(crate) fn show(repo: &Path, trial: u32) -> Result<()> {
    let repo = Repo::open(repo).map_err(UserError::from_error)?;
    let Recorded { study, .. } = read_study(&repo, None)?;
    let text = report::show(&study, trial).ok_or_else(|| {
        UserError::new(format!(
            "study {} has no trial {trial}; its last one is {}",
            study.started.study,
            study.next_trial().saturating_sub(1)
        ))
    })?;
    anstream::println!("{text}");
    Ok(())
}
