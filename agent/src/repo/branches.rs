//! The branches of a study: their names, and how they are moved, each move a compare-and-swap.
//!
//! Does not look at what is checked out (see `follow`): a trial's branch moves between commits with the same tree.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use git2::{ErrorCode, Reference};

use super::id::{commit_id, oid};
use super::{Repo, RepoError};
use crate::study::{CommitId, study_branch, trial_branch};

/// Git holds the lock of a reference only for moments. One as old as this was left behind by a process that was
/// killed, as a study may be at any time.
const STALE_LOCK: Duration = Duration::from_secs(2);

/// Pause between two tries for a lock.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A branch of a study.
#[cfg(test)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    /// Without `refs/heads/`.
    pub(crate) name: String,
    pub(crate) trial: crate::study::TrialNumber,
    pub(crate) commit: CommitId,
}

impl Repo {
    /// Checks that branches of a study of this name can be made.
    pub(crate) fn check_study_name(&self, study: &str) -> Result<(), RepoError> {
        let branches = [study_branch(study), trial_branch(study, 0, "baseline")];
        if study.contains('/') || !branches.iter().all(|name| Reference::is_valid_name(&full(name))) {
            return Err(RepoError::StudyName(study.to_owned()));
        }
        for wanted in ["autoresearch", "trial", &format!("trial/{study}")] {
            if self.branch_head(wanted)?.is_some() {
                return Err(RepoError::BranchInTheWay {
                    wanted: wanted.to_owned(),
                    existing: wanted.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The commit that a branch is at; `None` when there is no such branch.
    pub(crate) fn branch_head(&self, branch: &str) -> Result<Option<CommitId>, RepoError> {
        match self.git.find_reference(&full(branch)) {
            Ok(reference) => Ok(Some(commit_id(reference.peel_to_commit()?.id()))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a branch from a commit, or from not being there, to another, once: doing it again changes nothing, and a
    /// branch that is at neither of the two is left where it is.
    pub(crate) fn point(&self, branch: &str, from: Option<CommitId>, to: CommitId) -> Result<(), RepoError> {
        let found = self.branch_head(branch)?;
        if found == Some(to) {
            return Ok(());
        }
        if found != from {
            return Err(moved(branch, from, found));
        }
        match self.swap(&full(branch), from, to) {
            Ok(()) => Ok(()),
            Err(error) if matches!(error.code(), ErrorCode::Modified | ErrorCode::Exists) => {
                Err(moved(branch, from, self.branch_head(branch)?))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Moves a reference, as soon as nobody else has it locked.
    fn swap(&self, name: &str, from: Option<CommitId>, to: CommitId) -> Result<(), git2::Error> {
        let (start, why) = (Instant::now(), "autoresearch");
        loop {
            let swapped = match from {
                None => self.git.reference(name, oid(to), false, why),
                Some(from) => self.git.reference_matching(name, oid(to), true, oid(from), why),
            };
            match swapped {
                Err(error) if error.code() == ErrorCode::Locked && start.elapsed() < 2 * STALE_LOCK => {}
                done => return done.map(drop),
            }
            let lock = self.git.commondir().join(format!("{name}.lock"));
            if age(&lock).is_some_and(|age| age > STALE_LOCK) {
                // If it cannot be removed, the next try reports it.
                let _ = fs::remove_file(lock);
            } else {
                sleep(LOCK_PAUSE);
            }
        }
    }

    /// Makes a branch of this name at a commit and takes it away again, to see whether that works.
    pub(crate) fn try_branch(&self, branch: &str, at: CommitId) -> Result<(), RepoError> {
        self.point(branch, None, at)?;
        Ok(self.git.find_reference(&full(branch))?.delete()?)
    }

    /// All local branches with the commits that they are at.
    #[cfg(test)]
    pub(crate) fn all_branches(&self) -> Result<std::collections::BTreeMap<String, CommitId>, RepoError> {
        let mut branches = std::collections::BTreeMap::new();
        for branch in self.git.branches(Some(git2::BranchType::Local))? {
            let (branch, _) = branch?;
            let commit = commit_id(branch.get().peel_to_commit()?.id());
            branches.insert(branch.name()?.unwrap_or_default().to_owned(), commit);
        }
        Ok(branches)
    }

    /// The branches of a study's trials, in order of their numbers.
    #[cfg(test)]
    pub(crate) fn trial_branches(&self, study: &str) -> Result<Vec<Branch>, RepoError> {
        let prefix = full(&format!("trial/{study}/"));
        let mut branches = Vec::new();
        for reference in self.git.references_glob(&format!("{prefix}*"))? {
            let reference = reference?;
            let Some(slug) = reference.name()?.strip_prefix(&prefix) else { continue };
            // Anyone may add a branch there.
            let Some(Ok(trial)) = slug.split('-').next().map(str::parse) else { continue };
            let commit = commit_id(reference.peel_to_commit()?.id());
            branches.push(Branch { name: format!("trial/{study}/{slug}"), trial, commit });
        }
        branches.sort_by_key(|branch| branch.trial);
        Ok(branches)
    }
}

/// How long ago a file was made or written; `None` if it does not exist.
fn age(path: &Path) -> Option<Duration> {
    fs::metadata(path).ok()?.modified().ok()?.elapsed().ok()
}

pub(super) fn full(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

fn moved(branch: &str, expected: Option<CommitId>, found: Option<CommitId>) -> RepoError {
    let told = |at: Option<CommitId>| at.map_or("no commit".to_owned(), |commit| commit.short());
    RepoError::BranchMoved { branch: branch.to_owned(), expected: told(expected), found: told(found) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOON, changed, scratch};
    use super::*;

    #[test]
    fn a_branch_moves_once_and_never_from_where_others_put_it() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let main = repo.main_head().unwrap();
        let one = repo.write_trial(main, &changed("a", "1"), "1\n", NOON).unwrap();
        let two = repo.write_trial(main, &changed("a", "2"), "2\n", NOON).unwrap();
        let branch = trial_branch("s", 1, "x");
        repo.point(&branch, None, one).unwrap();
        repo.point(&branch, None, one).unwrap();
        assert!(matches!(repo.point(&branch, None, two), Err(RepoError::BranchMoved { .. })));
        repo.point(&branch, Some(one), two).unwrap();
        repo.point(&branch, Some(one), two).unwrap();
        assert!(matches!(repo.point(&branch, Some(one), main), Err(RepoError::BranchMoved { .. })));
        assert_eq!(repo.branch_head(&branch).unwrap(), Some(two));
        assert_eq!(repo.branch_head("absent").unwrap(), None);
    }

    #[test]
    fn a_lock_that_a_kill_left_behind_is_outwaited() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let main = repo.main_head().unwrap();
        let one = repo.write_trial(main, &changed("a", "1"), "1\n", NOON).unwrap();
        let lock = repo.git.commondir().join("refs/heads/main.lock");
        std::fs::write(&lock, "").unwrap();
        repo.point("main", Some(main), one).unwrap();
        assert_eq!(repo.main_head().unwrap(), one);
        assert!(!lock.exists());
    }

    #[test]
    fn trials_are_listed_by_number_and_strangers_left_out() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let main = repo.main_head().unwrap();
        for name in ["trial/s/10-x", "trial/s/9-y", "trial/s/mine", "trial/t/1-z"] {
            repo.point(name, None, main).unwrap();
        }
        let found: Vec<_> =
            repo.trial_branches("s").unwrap().into_iter().map(|b| (b.trial, b.name)).collect();
        assert_eq!(found, [(9, "trial/s/9-y".to_owned()), (10, "trial/s/10-x".to_owned())]);
    }

    #[test]
    fn a_study_that_cannot_have_branches_is_refused_before_it_starts() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        repo.check_study_name("night-1").unwrap();
        for name in ["", "a b", "a..b", "a/b", "x.lock"] {
            assert!(matches!(repo.check_study_name(name), Err(RepoError::StudyName(_))), "{name}");
        }
        repo.point("trial", None, repo.main_head().unwrap()).unwrap();
        let refused = repo.check_study_name("night-1");
        assert!(matches!(refused, Err(RepoError::BranchInTheWay { existing, .. }) if existing == "trial"));
    }
}
