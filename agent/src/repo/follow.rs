//! Branches that follow the study by fast-forward, `main` first of all, whenever nobody's work is in the way.
//!
//! First the files of the checkout change, each by an atomic rename, then the index, then the branch. So a kill at any
//! point leaves each file either as it was or as it will be, the branch where it was, and calling again continues. The
//! other order would leave a checkout that looks as if its user had undone the discovery.

use super::branches::full;
use super::checkout::WorkingTree;
use super::wait::Stop;
use super::{Repo, RepoError, Wait};
use crate::study::CommitId;

/// The result of letting a branch follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// It is there, since now or since before.
    Arrived,
    /// It stays where it is for now; calling again later may find the way free.
    Waits(Wait),
    /// Somebody else moved it to a commit from which there is no fast-forward.
    Elsewhere(CommitId),
}

/// What the user has checked out, in the working tree that was opened.
#[cfg(test)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkout {
    /// `None` when HEAD is detached.
    pub(crate) branch: Option<String>,
    /// Tracked files with changes that are not committed.
    pub(crate) changed: Vec<String>,
}

impl Repo {
    /// Lets main follow to a commit by fast-forward, with whatever checkout it has, if that is safe.
    pub(crate) fn follow_main(&self, to: CommitId) -> Result<Follow, RepoError> {
        self.follow(self.main_branch(), to)
    }

    /// The same for any branch; a missing one is made.
    pub(crate) fn follow(&self, branch: &str, to: CommitId) -> Result<Follow, RepoError> {
        let at = self.branch_head(branch)?;
        match at {
            Some(at) if at == to => return Ok(Follow::Arrived),
            Some(at) if !self.is_ancestor(at, to)? => return Ok(Follow::Elsewhere(at)),
            Some(at) => {
                if let Err(stop) = self.bring_checkout(branch, at, to) {
                    return stop.into_waiting().map(Follow::Waits);
                }
            }
            None => {}
        }
        match self.point(branch, at, to) {
            Ok(()) => Ok(Follow::Arrived),
            Err(RepoError::BranchMoved { .. }) => {
                Ok(self.branch_head(branch)?.map_or(Follow::Arrived, Follow::Elsewhere))
            }
            Err(error) => Err(error),
        }
    }

    /// What is checked out.
    #[cfg(test)]
    pub(crate) fn checkout(&self) -> Result<Checkout, RepoError> {
        let tree = WorkingTree::of(&self.git)?;
        let branch = tree.head.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
        Ok(Checkout { branch: branch.map(str::to_owned), changed: tree.changed()? })
    }

    fn bring_checkout(&self, branch: &str, at: CommitId, to: CommitId) -> Result<(), Stop> {
        let mut holders = WorkingTree::holding(&self.git, &full(branch))?;
        // A rebase has the branch that it rebases although HEAD is detached.
        if let Some(tree) = holders.iter().find(|tree| tree.is_busy()) {
            return Err(Stop::Wait(Wait::Busy(tree.root.clone())));
        }
        holders.retain(|tree| tree.head.is_some());
        match holders.as_slice() {
            [] => Ok(()),
            [tree] => tree.advance(at, to),
            _ => Err(Stop::Wait(Wait::CheckedOutTwice)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use git2::WorktreeAddOptions;
    use tempfile::TempDir;

    use super::super::testing::{NOON, changed, scratch};
    use super::*;

    /// main with two files checked out, and two commits ahead of it that change one file, then both.
    struct Ahead {
        _dir: TempDir,
        repo: Repo,
        main: CommitId,
        one: CommitId,
        two: CommitId,
    }

    impl Ahead {
        fn new() -> Self {
            let (dir, repo) = scratch(&[("model.rs", "0\n"), ("src/train.rs", "0\n"), ("data", "d\n")]);
            let main = repo.main_head().unwrap();
            let one = repo.write_trial(main, &changed("model.rs", "1\n"), "one\n", NOON).unwrap();
            let both = BTreeMap::from([("model.rs", "2\n"), ("src/train.rs", "2\n")]);
            let both = both.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
            let two = repo.write_trial(one, &both, "two\n", NOON).unwrap();
            Self { _dir: dir, repo, main, one, two }
        }

        fn follow(&self, to: CommitId) -> Follow {
            self.repo.follow_main(to).unwrap()
        }

        fn write(&self, path: &str, text: &str) {
            fs::write(self.repo.root().join(path), text).unwrap();
        }

        fn read(&self, path: &str) -> String {
            fs::read_to_string(self.repo.root().join(path)).unwrap()
        }

        fn assert_arrived(&self, to: CommitId) {
            assert_eq!(self.repo.main_head().unwrap(), to);
            assert_eq!(self.repo.checkout().unwrap().changed, Vec::<String>::new());
            assert!(!self.repo.git.path().join("autoresearch-checkout").exists());
        }

        fn assert_waits(&self, to: CommitId, path: &str) {
            let before = self.repo.main_head().unwrap();
            assert_eq!(self.follow(to), Follow::Waits(Wait::Changed(vec![path.to_owned()])));
            assert_eq!(self.repo.main_head().unwrap(), before);
        }
    }

    #[test]
    fn a_clean_checkout_follows_with_its_branch() {
        let ahead = Ahead::new();
        ahead.write("notes", "untracked\n");
        assert_eq!(ahead.follow(ahead.two), Follow::Arrived);
        ahead.assert_arrived(ahead.two);
        assert_eq!(
            (ahead.read("model.rs"), ahead.read("src/train.rs")),
            ("2\n".to_owned(), "2\n".to_owned())
        );
        assert_eq!(ahead.read("notes"), "untracked\n");
        assert_eq!(ahead.follow(ahead.two), Follow::Arrived);
    }

    #[test]
    fn work_in_any_tracked_file_makes_main_wait_and_is_kept() {
        for path in ["model.rs", "data"] {
            let ahead = Ahead::new();
            let before = ahead.read(path);
            ahead.write(path, "mine\n");
            ahead.assert_waits(ahead.one, path);
            assert_eq!(ahead.read(path), "mine\n");
            ahead.write(path, &before);
            assert_eq!(ahead.follow(ahead.two), Follow::Arrived);
            ahead.assert_arrived(ahead.two);
        }
    }

    #[test]
    fn staged_and_deleted_files_make_main_wait() {
        let ahead = Ahead::new();
        ahead.write("data", "staged\n");
        let mut index = ahead.repo.git.index().unwrap();
        index.add_path(Path::new("data")).unwrap();
        index.write().unwrap();
        ahead.write("data", "d\n");
        ahead.assert_waits(ahead.one, "data");

        let ahead = Ahead::new();
        fs::remove_file(ahead.repo.root().join("model.rs")).unwrap();
        ahead.assert_waits(ahead.one, "model.rs");
    }

    #[test]
    fn an_untracked_file_in_the_way_is_not_overwritten() {
        let ahead = Ahead::new();
        let new = ahead.repo.write_trial(ahead.main, &changed("new/file", "n\n"), "new\n", NOON).unwrap();
        ahead.write("new", "mine\n");
        ahead.assert_waits(new, "new/file");
        fs::remove_file(ahead.repo.root().join("new")).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), ahead.repo.root().join("new")).unwrap();
        ahead.assert_waits(new, "new/file");
        fs::remove_file(ahead.repo.root().join("new")).unwrap();
        fs::create_dir(ahead.repo.root().join("new")).unwrap();
        ahead.write("new/file", "mine\n");
        ahead.assert_waits(new, "new/file");
        assert_eq!(ahead.read("new/file"), "mine\n");
        fs::remove_file(ahead.repo.root().join("new/file")).unwrap();
        assert_eq!(ahead.follow(new), Follow::Arrived);
        ahead.assert_arrived(new);
        assert_eq!(ahead.read("new/file"), "n\n");
    }

    #[test]
    fn a_kill_after_any_step_is_repaired_by_the_next_call_even_for_a_later_commit() {
        for to_later in [false, true] {
            for files_written in 0..=2 {
                for index_written in [false, true] {
                    let ahead = Ahead::new();
                    let written = &["model.rs", "src/train.rs"][..files_written];
                    let step = if to_later { "1\n" } else { "2\n" };
                    for path in written {
                        let text = if *path == "model.rs" { step } else { "2\n" };
                        ahead.write(path, text);
                    }
                    if index_written {
                        let mut index = ahead.repo.git.index().unwrap();
                        written.iter().for_each(|path| index.add_path(Path::new(path)).unwrap());
                        index.write().unwrap();
                    }
                    fs::create_dir(ahead.repo.git.path().join("autoresearch-checkout")).unwrap();
                    assert_eq!(ahead.follow(ahead.two), Follow::Arrived);
                    ahead.assert_arrived(ahead.two);
                    assert_eq!(ahead.read("model.rs"), "2\n");
                }
            }
        }
    }

    #[test]
    fn main_that_is_not_checked_out_moves_whatever_the_checkout_holds() {
        let ahead = Ahead::new();
        ahead.repo.git.set_head_detached(super::super::id::oid(ahead.main)).unwrap();
        ahead.write("model.rs", "mine\n");
        assert_eq!(
            ahead.repo.checkout().unwrap(),
            Checkout { branch: None, changed: vec!["model.rs".to_owned()] }
        );
        assert_eq!(ahead.follow(ahead.two), Follow::Arrived);
        assert_eq!(ahead.repo.main_head().unwrap(), ahead.two);
        assert_eq!(ahead.read("model.rs"), "mine\n");
    }

    #[test]
    fn main_moved_by_somebody_else_is_left_alone() {
        let ahead = Ahead::new();
        let theirs = ahead.repo.write_trial(ahead.main, &changed("data", "x\n"), "theirs\n", NOON).unwrap();
        ahead.repo.point("main", Some(ahead.main), theirs).unwrap();
        assert_eq!(ahead.follow(ahead.two), Follow::Elsewhere(theirs));
        assert_eq!(ahead.repo.main_head().unwrap(), theirs);
    }

    #[test]
    fn a_linked_working_tree_that_holds_main_follows_or_makes_it_wait() {
        let ahead = Ahead::new();
        ahead.repo.git.set_head_detached(super::super::id::oid(ahead.main)).unwrap();
        let place = tempfile::tempdir().unwrap();
        let linked = place.path().canonicalize().unwrap().join("linked");
        let main = ahead.repo.git.find_reference("refs/heads/main").unwrap();
        let mut options = WorktreeAddOptions::new();
        ahead.repo.git.worktree("linked", &linked, Some(options.reference(Some(&main)))).unwrap();
        fs::write(linked.join("data"), "mine\n").unwrap();
        ahead.assert_waits(ahead.one, "data");
        fs::write(linked.join("data"), "d\n").unwrap();
        assert_eq!(ahead.follow(ahead.one), Follow::Arrived);
        assert_eq!(fs::read_to_string(linked.join("model.rs")).unwrap(), "1\n");
        assert_eq!(ahead.read("model.rs"), "0\n");
        assert!(Repo::open(&linked).unwrap().checkout().unwrap().changed.is_empty());
        fs::rename(&linked, place.path().join("gone")).unwrap();
        assert_eq!(ahead.follow(ahead.two), Follow::Waits(Wait::Unreachable(linked)));
    }

    #[test]
    fn a_lost_working_tree_of_another_branch_is_in_nobodys_way() {
        let ahead = Ahead::new();
        let place = tempfile::tempdir().unwrap();
        ahead.repo.git.worktree("linked", &place.path().join("linked"), None).unwrap();
        drop(place);
        assert_eq!(ahead.follow(ahead.two), Follow::Arrived);
        ahead.assert_arrived(ahead.two);
    }

    #[test]
    fn a_rebase_under_way_makes_main_wait() {
        let ahead = Ahead::new();
        fs::create_dir(ahead.repo.git.path().join("rebase-merge")).unwrap();
        assert!(matches!(ahead.follow(ahead.one), Follow::Waits(Wait::Busy(_))));
        fs::remove_dir(ahead.repo.git.path().join("rebase-merge")).unwrap();
        fs::write(ahead.repo.git.path().join("index.lock"), "").unwrap();
        assert!(matches!(ahead.follow(ahead.one), Follow::Waits(Wait::Locked(_))));
    }

    #[test]
    fn the_users_line_endings_are_kept_in_a_checkout_that_follows() {
        let ahead = Ahead::new();
        let mut config = ahead.repo.git.config().unwrap();
        config.set_bool("core.autocrlf", true).unwrap();
        // Opened again, since settings are read once.
        let repo = Repo::open(ahead.repo.root()).unwrap();
        assert_eq!(repo.follow_main(ahead.two).unwrap(), Follow::Arrived);
        assert_eq!(ahead.read("model.rs"), "2\r\n");
        let changed = Repo::open(ahead.repo.root()).unwrap().checkout().unwrap().changed;
        assert_eq!(changed, Vec::<String>::new());
    }

    #[test]
    fn files_that_a_later_commit_lacks_are_removed() {
        let ahead = Ahead::new();
        let new = ahead.repo.write_trial(ahead.main, &changed("new", "n\n"), "new\n", NOON).unwrap();
        let gone = ahead.repo.write_merge((new, ahead.one), ahead.one, "gone\n", NOON).unwrap();
        assert_eq!(ahead.follow(new), Follow::Arrived);
        assert_eq!(ahead.follow(gone), Follow::Arrived);
        ahead.assert_arrived(gone);
        assert!(!ahead.repo.root().join("new").exists());
        assert_eq!(ahead.read("model.rs"), "1\n");
    }

    #[test]
    fn a_missing_branch_is_made() {
        let ahead = Ahead::new();
        assert_eq!(ahead.repo.follow("autoresearch/s", ahead.one).unwrap(), Follow::Arrived);
        assert_eq!(ahead.repo.branch_head("autoresearch/s").unwrap(), Some(ahead.one));
    }
}
