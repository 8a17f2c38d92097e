//! Past studies, and studies under way: read without changing them.

use anyhow::Result;

use crate::journal::{self, Recorded};
use crate::project::UserError;
use crate::repo::Repo;
use crate::study::{Audit, Study};

/// Reads a study without changing it.
pub(crate) fn read_study(repo: &Repo, name: Option<&str>) -> Result<Recorded> {
    let name = name.map(str::to_owned).or_else(|| journal::newest(&repo.journal_dir()));
    let name = name.ok_or_else(|| {
        UserError::new("no study has been run on this repository; `autoresearch run` starts one")
    })?;
    let recorded = journal::read(&repo.study_dir(&name))?;
    let missing = || UserError::new(format!("there is no study `{name}` in this repository"));
    Ok(recorded.ok_or_else(missing)?)
}

/// What the audits of a repository's other studies found.
pub(crate) fn audited_before(repo: &Repo, study: &Study) -> Audit {
    let mut audit = Audit::default();
    let others = journal::readable(&repo.journal_dir()).into_iter().map(|recorded| recorded.study);
    let others = others.filter(|other| other.started.study != study.started.study);
    others.for_each(|other| audit += other.audit);
    audit
}

/// Reads all studies of a repository without changing them.
pub(crate) fn read_studies(repo: &Repo) -> Result<Vec<Study>> {
    let mut read = Vec::new();
    for directory in journal::directories(&repo.journal_dir()) {
        read.extend(journal::read(&directory)?.map(|recorded| recorded.study));
    }
    if read.is_empty() {
        return Err(UserError::new(
            "no study has been run on this repository; `autoresearch run` starts one",
        )
        .into());
    }
    Ok(read)
}
