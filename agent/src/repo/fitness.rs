//! What keeps a study from running on a repository, and what its user should know before one starts. Nothing is changed.
//!
//! The one place that looks for it: `doctor` and the opening of a study report what is found here. What a commit holds is
//! looked at when it is read (see `files`).

use std::path::{Path, PathBuf};

use git2::{BranchType, ErrorCode};
use nix::unistd::{AccessFlags, access};

use super::branches::full;
use super::checkout::WorkingTree;
use super::open::plain;
use super::wait::{Stop, some_of};
use super::{Repo, RepoError};

/// Local branches that are searched for a file that main lacks.
const BRANCHES_SEARCHED: usize = 100;

/// Something about a repository that its user should know.
#[derive(Debug)]
pub(crate) enum Finding {
    /// No study can run.
    Obstacle(RepoError),
    /// A study can run; one sentence about how.
    Note(String),
}

impl Repo {
    /// Everything that is found, obstacles first. `settings` is the path of the file that a study takes its settings from.
    pub(crate) fn findings(&self, settings: &str) -> Vec<Finding> {
        let mut findings = self.obstacles();
        let found = self.notes(settings);
        if findings.is_empty() {
            match found {
                Ok(notes) => findings.extend(notes.into_iter().map(Finding::Note)),
                Err(error) => findings.push(Finding::Obstacle(error)),
            }
        }
        findings
    }

    fn obstacles(&self) -> Vec<Finding> {
        let refs = self.git.commondir().join("refs/heads");
        let written = [self.git.commondir().to_owned(), self.git.commondir().join("objects"), refs];
        let read_only = written.iter().chain(&[self.root().to_owned()]).find_map(|path| read_only(path));
        let unreadable = self.trees().ok().into_iter().flatten().find_map(|tree| tree.index().err());
        read_only.into_iter().chain(unreadable).map(Finding::Obstacle).collect()
    }

    /// The working tree that was opened, and all others that have main checked out.
    fn trees(&self) -> Result<Vec<WorkingTree>, RepoError> {
        let mut trees = vec![WorkingTree::of(&self.git)?];
        if let Ok(holding) = WorkingTree::holding(&self.git, &full(self.main_branch())) {
            let root = trees[0].root.clone();
            trees.extend(holding.into_iter().filter(|tree| tree.root != root));
        }
        Ok(trees)
    }

    fn notes(&self, settings: &str) -> Result<Vec<String>, RepoError> {
        let mut notes = Vec::new();
        notes.extend(self.unusual_main());
        notes.extend(self.other_checkout()?);
        notes.extend(self.settings_elsewhere(settings)?);
        if let Err(Stop::Wait(wait)) = WorkingTree::holding(&self.git, &full(self.main_branch())) {
            notes.push(format!("{} would wait: {wait}", self.main_branch()));
        }
        for tree in self.trees()? {
            self.look_at(&tree, &mut notes)?;
        }
        let odd = self.odd_paths(self.main_head()?)?;
        if !odd.is_empty() {
            notes.push(format!(
                "names that are not UTF-8 ({}): these files stay as they are, and programs run without them",
                some_of(&odd)
            ));
        }
        if self.git.config()?.get_bool("commit.gpgsign").unwrap_or(false) {
            notes.push("`commit.gpgsign` is on, but the commits of a study are not signed".to_owned());
        }
        Ok(notes)
    }

    /// Main's name, where it is neither of the usual ones.
    fn unusual_main(&self) -> Option<String> {
        let main = self.main_branch();
        let is_usual = |name: &&str| self.git.find_reference(&full(name)).is_ok();
        let has_usual = ["main", "master"].iter().any(is_usual);
        (!has_usual).then(|| format!("there is no branch `main` or `master`: `{main}` takes its place"))
    }

    /// What is checked out instead of main.
    fn other_checkout(&self) -> Result<Option<String>, RepoError> {
        let main = self.main_branch();
        let tree = WorkingTree::of(&self.git)?;
        let branch = tree.head.as_deref().map(|head| head.strip_prefix("refs/heads/").unwrap_or(head));
        if branch == Some(main) {
            return Ok(None);
        }
        let head = match self.git.head().and_then(|head| head.peel_to_commit()) {
            Ok(head) => head.id(),
            Err(error) if error.code() == ErrorCode::UnbornBranch => {
                let branch = branch.unwrap_or_default();
                return Ok(Some(format!(
                    "branch `{branch}` is checked out and has no commits; {main} is studied"
                )));
            }
            Err(error) => return Err(error.into()),
        };
        let (ahead, _) = self.git.graph_ahead_behind(head, super::id::oid(self.main_head()?))?;
        let commits = if ahead == 1 { "1 commit".to_owned() } else { format!("{ahead} commits") };
        let at = self.place();
        let at = at.display();
        Ok(match (branch, ahead) {
            (Some(_), 0) => None,
            (None, 0) => {
                Some("HEAD is detached; the study continues, and the checkout stays as it is".to_owned())
            }
            (None, _) => Some(format!(
                "HEAD is detached, {commits} ahead of {main}; {main} is studied, without them, and the checkout stays as it is"
            )),
            (Some(branch), _) => Some(format!(
                "branch `{branch}` is checked out, {commits} ahead of {main}; {main} is studied, without them (to include \
                 them: git -C '{at}' switch {main} && git -C '{at}' merge {branch})"
            )),
        })
    }

    /// Settings that exist, but not in what is studied.
    fn settings_elsewhere(&self, settings: &str) -> Result<Option<String>, RepoError> {
        let main = self.main_branch();
        if self.tree(self.main_head()?)?.get_path(Path::new(settings)).is_ok() {
            return Ok(None);
        }
        if self.root().join(settings).exists() {
            let at = self.place();
            let at = at.display();
            return Ok(Some(format!(
                "{settings} is not committed to {main}, so it does not count (git -C '{at}' add {settings} && git -C \
                 '{at}' commit)"
            )));
        }
        let branches = self.git.branches(Some(BranchType::Local))?.take(BRANCHES_SEARCHED).flatten();
        let mut having = branches.filter_map(|(branch, _)| {
            let tree = branch.get().peel_to_tree().ok()?;
            let name = branch.name().ok()??.to_owned();
            // Those of earlier studies have what main had then.
            let is_ours = name.starts_with("trial/") || name.starts_with("autoresearch/");
            (!is_ours && tree.get_path(Path::new(settings)).is_ok()).then_some(name)
        });
        Ok(having.next().map(|branch| {
            format!("{settings} is on branch `{branch}`, but not on {main}, which is studied without it")
        }))
    }

    /// What a working tree holds that makes main wait, or that a study does not see.
    fn look_at(&self, tree: &WorkingTree, notes: &mut Vec<String>) -> Result<(), RepoError> {
        let (main, root) = (self.main_branch(), plain(&tree.root));
        let root = root.display();
        let has_main = tree.head.as_deref() == Some(&full(main));
        if tree.is_busy() {
            notes.push(format!(
                "a merge, rebase or the like is under way in {root}; {main} waits until it is finished or given up (git -C \
                 '{root}' status)"
            ));
            return Ok(());
        }
        if has_main && tree.is_locked() {
            let lock = tree.lock();
            notes.push(format!(
                "another git command is running in {root}, and {main} waits for it; if there is none, remove {}",
                lock.display()
            ));
        }
        let is_unborn = tree.is_unborn();
        let changed = if is_unborn { Vec::new() } else { tree.changed()? };
        if !changed.is_empty() {
            let wait = match has_main {
                true => format!(", and {main} waits until they are committed or undone"),
                false => String::new(),
            };
            notes.push(format!(
                "there are uncommitted changes ({}); the study does not see them{wait}",
                some_of(&changed)
            ));
        }
        Ok(())
    }
}

/// Why a folder that a study writes to is of no use; `None` if it can be written to.
fn read_only(path: &Path) -> Option<RepoError> {
    // A packed repository may lack a folder of loose ones, which is made when it is needed.
    let there: PathBuf = path.ancestors().find(|path| path.exists())?.to_owned();
    let refused = access(&there, AccessFlags::W_OK | AccessFlags::X_OK).err()?;
    Some(RepoError::ReadOnly { path: plain(&there), reason: refused.desc().to_owned() })
}
