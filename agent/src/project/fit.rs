//! Whether a study can run on a commit, and what its user should know before: the same for all who ask.

use anyhow::Result;

use super::package::Project;
use super::user_error::UserError;
use crate::config;
use crate::repo::{Finding, Repo};
use crate::study::CommitId;

/// Notes on a repository for its user, one sentence each; an error if no study can run there. Nothing is written.
pub(crate) fn usable(repo: &Repo) -> Result<Vec<String>, UserError> {
    let mut notes = Vec::new();
    for finding in repo.findings(config::FILE) {
        match finding {
            Finding::Obstacle(error) => return Err(UserError::from_error(error)),
            Finding::Note(note) => notes.push(note),
        }
    }
    Ok(notes)
}

/// The project in a commit of such a repository, with notes of its own; an error if no study can run on it.
pub(crate) fn fit(repo: &Repo, commit: CommitId) -> Result<Project> {
    let project = Project::read(repo, commit)?;
    project.target.clone()?;
    project.sites()?;
    if project.lock.is_none() {
        return Err(UserError::baseline(
            "there is no committed Cargo.lock, which fixes the dependencies: `cargo generate-lockfile` makes one; then \
             `git add --force Cargo.lock` and commit it",
        )
        .into());
    }
    Ok(project)
}
