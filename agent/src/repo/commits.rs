//! The commits of a study. Each is a function of its arguments, time included: made again, it has the same name.
//!
//! Nothing here moves a branch: an event that names the commit is written first (see `branches`).

use std::collections::BTreeMap;

use git2::build::TreeUpdateBuilder;
use git2::{Commit, ErrorCode, FileMode, Oid, Tree};

use super::files::kind;
use super::id::{commit_id, oid};
use super::{FileKind, Repo, RepoError, Timestamp};
use crate::study::CommitId;

impl Repo {
    /// Makes the commit of a trial: the parent's tree with the given files' texts changed.
    pub(crate) fn write_trial(
        &self,
        parent: CommitId,
        changed: &BTreeMap<String, String>,
        message: &str,
        when: Timestamp,
    ) -> Result<CommitId, RepoError> {
        let parent = self.git.find_commit(oid(parent))?;
        let base = parent.tree()?;
        let mut update = TreeUpdateBuilder::new();
        for (path, text) in changed {
            update.upsert(path.as_str(), self.git.blob(text.as_bytes())?, mode(&base, path)?);
        }
        let tree = self.git.find_tree(update.create_updated(&self.git, &base)?)?;
        self.commit(&tree, &[&parent], message, when)
    }

    /// Makes the commit of a repeat: the program's own tree, with the program's commit as parent.
    pub(crate) fn write_repeat(
        &self,
        program: CommitId,
        message: &str,
        when: Timestamp,
    ) -> Result<CommitId, RepoError> {
        let program = self.git.find_commit(oid(program))?;
        self.commit(&program.tree()?, &[&program], message, when)
    }

    /// Makes the commit that takes a trial's place when it has ended: the message is new, and everything else is the same.
    pub(crate) fn write_completed(
        &self,
        pending: CommitId,
        message: &str,
        when: Timestamp,
    ) -> Result<CommitId, RepoError> {
        let pending = self.git.find_commit(oid(pending))?;
        let committer = self.signature(when)?;
        let parents: Vec<Commit<'_>> = pending.parents().collect();
        let parents: Vec<&Commit<'_>> = parents.iter().collect();
        let id = self.git.commit(None, &pending.author(), &committer, message, &pending.tree()?, &parents)?;
        Ok(commit_id(id))
    }

    /// Makes a merge commit whose tree is, byte for byte, that of `tree_of`; nothing is merged by content.
    ///
    /// A discovery has the parents (previous best, trial) and the trial's tree. If somebody else moved main,
    /// parents (main, previous best) and main's tree let the study continue from there.
    pub(crate) fn write_merge(
        &self,
        parents: (CommitId, CommitId),
        tree_of: CommitId,
        message: &str,
        when: Timestamp,
    ) -> Result<CommitId, RepoError> {
        let (first, second) = (self.git.find_commit(oid(parents.0))?, self.git.find_commit(oid(parents.1))?);
        self.commit(&self.tree(tree_of)?, &[&first, &second], message, when)
    }

    /// The whole message of a commit.
    pub(crate) fn message(&self, commit: CommitId) -> Result<String, RepoError> {
        let commit = self.git.find_commit(oid(commit))?;
        Ok(String::from_utf8_lossy(commit.message_raw_bytes()).into_owned())
    }

    /// Whether `ancestor` is `commit` or can be reached from it.
    pub(crate) fn is_ancestor(&self, ancestor: CommitId, commit: CommitId) -> Result<bool, RepoError> {
        Ok(ancestor == commit || self.git.graph_descendant_of(oid(commit), oid(ancestor))?)
    }

    fn commit(
        &self,
        tree: &Tree<'_>,
        parents: &[&Commit<'_>],
        message: &str,
        when: Timestamp,
    ) -> Result<CommitId, RepoError> {
        let who = self.signature(when)?;
        let id: Oid = self.git.commit(None, &who, &who, message, tree, parents)?;
        Ok(commit_id(id))
    }
}

/// The mode that a file keeps when its text changes.
fn mode(tree: &Tree<'_>, path: &str) -> Result<FileMode, RepoError> {
    let entry = match tree.get_path(path.as_ref()) {
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(FileMode::Blob),
        found => found?,
    };
    match kind(&entry) {
        Some(FileKind::Regular) => Ok(FileMode::Blob),
        Some(FileKind::Executable) => Ok(FileMode::BlobExecutable),
        _ => Err(RepoError::NotARegularFile(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NOON, changed, scratch};
    use super::*;

    const LATER: Timestamp = Timestamp { seconds: NOON.seconds + 60, ..NOON };

    #[test]
    fn a_trial_changes_its_files_and_nothing_else() {
        let (_dir, repo) = scratch(&[("src/a.rs", "a\n"), ("src/b.rs", "b\n"), ("data", "d")]);
        let main = repo.main_head().unwrap();
        let trial = repo.write_trial(main, &changed("src/a.rs", "A\n"), "trial 1\n", NOON).unwrap();
        let (mut before, after) = (repo.files(main).unwrap(), repo.files(trial).unwrap());
        assert_eq!(after["src/a.rs"].bytes, b"A\n");
        before.insert("src/a.rs".to_owned(), after["src/a.rs"].clone());
        assert_eq!(before, after);
        assert_eq!(repo.main_head().unwrap(), main);
        assert!(repo.is_ancestor(main, trial).unwrap());
    }

    #[test]
    fn a_commit_that_is_made_again_has_the_same_name() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let main = repo.main_head().unwrap();
        let make = |when| repo.write_trial(main, &changed("a", "b"), "trial 1\n", when).unwrap();
        assert_eq!(make(NOON), make(NOON));
        assert_ne!(make(NOON), make(LATER));
        let done = |when| repo.write_completed(make(NOON), "done\n", when).unwrap();
        assert_eq!(done(LATER), done(LATER));
    }

    #[test]
    fn completing_keeps_tree_parents_and_author_date() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let main = repo.main_head().unwrap();
        let pending = repo.write_trial(main, &changed("a", "b"), "trial 1\n", NOON).unwrap();
        let done = repo.write_completed(pending, "trial 1: kept\n", LATER).unwrap();
        assert_eq!(repo.message(done).unwrap(), "trial 1: kept\n");
        let (old, new) =
            (repo.git.find_commit(oid(pending)).unwrap(), repo.git.find_commit(oid(done)).unwrap());
        assert_eq!(old.tree_id(), new.tree_id());
        assert_eq!(old.parent_ids().collect::<Vec<_>>(), new.parent_ids().collect::<Vec<_>>());
        assert_eq!(new.author().when().seconds(), NOON.seconds);
        assert_eq!(new.committer().when().seconds(), LATER.seconds);
    }

    #[test]
    fn a_repeat_has_the_programs_tree_and_its_commit_as_parent() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let main = repo.main_head().unwrap();
        let repeat = repo.write_repeat(main, "trial 1: repeat\n", NOON).unwrap();
        assert_ne!(repeat, main);
        assert_eq!(repo.files(repeat).unwrap(), repo.files(main).unwrap());
        assert_eq!(repo.git.find_commit(oid(repeat)).unwrap().parent_id(0).unwrap(), oid(main));
    }

    #[test]
    fn a_merge_is_the_tree_that_was_measured_even_where_the_other_side_differs() {
        let (_dir, repo) = scratch(&[("a", "a"), ("b", "b")]);
        let main = repo.main_head().unwrap();
        let best = repo.write_trial(main, &changed("a", "best"), "trial 1\n", NOON).unwrap();
        let trial = repo.write_trial(main, &changed("b", "found"), "trial 2\n", NOON).unwrap();
        let merge = repo.write_merge((best, trial), trial, "merge trial 2\n", NOON).unwrap();
        assert_eq!(repo.files(merge).unwrap(), repo.files(trial).unwrap());
        let parents: Vec<_> = repo.git.find_commit(oid(merge)).unwrap().parent_ids().collect();
        assert_eq!(parents, [oid(best), oid(trial)]);
    }

    #[test]
    fn an_executable_stays_one_and_a_directory_is_not_a_file() {
        let (_dir, repo) = scratch(&[("src/a", "a")]);
        let main = repo.main_head().unwrap();
        let tree = repo.tree(main).unwrap();
        let blob = tree.get_path("src/a".as_ref()).unwrap().id();
        let mut update = TreeUpdateBuilder::new();
        update.upsert("src/a", blob, FileMode::BlobExecutable);
        let tree = repo.git.find_tree(update.create_updated(&repo.git, &tree).unwrap()).unwrap();
        let parent = repo.git.find_commit(oid(main)).unwrap();
        let executable = repo.commit(&tree, &[&parent], "chmod +x\n", NOON).unwrap();
        let trial = repo.write_trial(executable, &changed("src/a", "b"), "trial\n", NOON).unwrap();
        assert_eq!(repo.files(trial).unwrap()["src/a"].kind, FileKind::Executable);
        let refused = repo.write_trial(main, &changed("src", "b"), "trial\n", NOON);
        assert!(matches!(refused, Err(RepoError::NotARegularFile(path)) if path == "src"));
    }
}
