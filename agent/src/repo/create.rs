//! Makes a new repository for a project that comes with the agent. Refuses a directory that is not empty.

use std::fs;
use std::path::Path;

use git2::build::{CloneLocal, RepoBuilder};
use git2::{Index, IndexEntry, IndexTime, Repository, RepositoryInitOptions};

use super::open::io_error;
use super::{Repo, RepoError, Timestamp};

/// Mode of a regular file in git.
const REGULAR: u32 = 0o100_644;

impl Repo {
    /// Makes a repository at `path` with one commit on `main` that holds `files` (path with `/`, content).
    /// If that fails, what was made is removed again.
    pub(crate) fn create(
        path: &Path,
        files: &[(&str, &[u8])],
        message: &str,
        when: Timestamp,
    ) -> Result<Self, RepoError> {
        let existed = path.exists();
        if existed && !is_empty_dir(path)? {
            return Err(RepoError::NotEmpty(path.to_owned()));
        }
        let made = fill(path, files, message, when);
        if made.is_err() {
            empty(path, existed);
        }
        made
    }

    /// Makes a clone at `path` that has only main, checked out.
    pub(crate) fn clone_main(&self, path: &Path) -> Result<Self, RepoError> {
        let branch = format!("+refs/heads/{0}:refs/remotes/origin/{0}", self.main_branch());
        // Not the working tree, which may be a linked one.
        let from = self.git.commondir().to_string_lossy().into_owned();
        RepoBuilder::new()
            .branch(self.main_branch())
            .clone_local(CloneLocal::None)
            .remote_create(move |git, name, url| git.remote_with_fetch(name, url, &branch))
            .clone(&from, path)?;
        Self::open(path)
    }
}

fn is_empty_dir(path: &Path) -> Result<bool, RepoError> {
    if !path.is_dir() {
        return Ok(false);
    }
    Ok(fs::read_dir(path).map_err(io_error(path))?.next().is_none())
}

/// Removes what `fill` wrote into a directory that was empty or absent before.
fn empty(path: &Path, keep: bool) {
    // A failure here would hide the one that is being reported.
    let _ = fs::remove_dir_all(path);
    if keep {
        let _ = fs::create_dir(path);
    }
}

fn fill(path: &Path, files: &[(&str, &[u8])], message: &str, when: Timestamp) -> Result<Repo, RepoError> {
    let mut options = RepositoryInitOptions::new();
    options.initial_head("main").external_template(false).mkpath(true);
    let git = Repository::init_opts(path, &options)?;
    let mut index = git.index()?;
    for (name, content) in files {
        write(&path.join(name), content)?;
        index.add(&entry(&git, name, content)?)?;
    }
    index.write()?;
    first_commit(&git, &mut index, message, when)?;
    Repo::open(path)
}

fn write(path: &Path, content: &[u8]) -> Result<(), RepoError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io_error(parent))?;
    }
    fs::write(path, content).map_err(io_error(path))
}

/// An entry for exactly these bytes: no filter of the user's configuration may change them.
fn entry(git: &Repository, name: &str, content: &[u8]) -> Result<IndexEntry, RepoError> {
    let never = IndexTime::new(0, 0);
    Ok(IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: REGULAR,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: git.blob(content)?,
        flags: 0,
        flags_extended: 0,
        path: name.as_bytes().to_vec(),
    })
}

fn first_commit(
    git: &Repository,
    index: &mut Index,
    message: &str,
    when: Timestamp,
) -> Result<(), RepoError> {
    let tree = git.find_tree(index.write_tree()?)?;
    let who = super::open::signature_of(git, when)?;
    git.commit(Some("HEAD"), &who, &who, message, &tree, &[])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use git2::BranchType;

    use super::super::FileKind;
    use super::super::follow::Checkout;
    use super::super::testing::{NOON, hermetic};
    use super::*;

    const FILES: [(&str, &[u8]); 2] = [("Cargo.toml", b"[package]\n"), ("src/main.rs", b"fn main() {}\n")];

    #[test]
    fn a_new_repository_has_the_files_one_commit_and_nothing_to_commit() {
        hermetic();
        let dir = tempfile::tempdir().unwrap();
        let repo = Repo::create(&dir.path().join("a/demo"), &FILES, "the plain program\n", NOON).unwrap();
        assert_eq!(repo.main_branch(), "main");
        let head = repo.main_head().unwrap();
        assert_eq!(repo.message(head).unwrap(), "the plain program\n");
        let files = repo.files(head).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["Cargo.toml", "src/main.rs"]);
        assert_eq!(files["src/main.rs"].kind, FileKind::Regular);
        assert_eq!(fs::read(repo.root().join("src/main.rs")).unwrap(), FILES[1].1);
        let clean = Checkout { branch: Some("main".to_owned()), changed: Vec::new() };
        assert_eq!(repo.checkout().unwrap(), clean);
    }

    #[test]
    fn a_clone_has_main_and_its_history_and_nothing_else() {
        hermetic();
        let dir = tempfile::tempdir().unwrap();
        let repo = Repo::create(&dir.path().join("a"), &FILES, "the plain program\n", NOON).unwrap();
        let head = repo.main_head().unwrap();
        repo.git.branch("other", &repo.git.find_commit(super::super::id::oid(head)).unwrap(), false).unwrap();
        let clone = repo.clone_main(&dir.path().join("b")).unwrap();
        assert_eq!((clone.main_branch(), clone.main_head().unwrap()), ("main", head));
        assert!(clone.git.find_branch("origin/main", BranchType::Remote).is_ok());
        assert!(clone.git.find_branch("origin/other", BranchType::Remote).is_err());
        assert_eq!(clone.checkout().unwrap().changed, Vec::<String>::new());
    }

    #[test]
    fn a_directory_that_holds_anything_is_left_as_it_was() {
        hermetic();
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine"), "precious").unwrap();
        let refused = Repo::create(dir.path(), &FILES, "m", NOON);
        assert!(matches!(refused, Err(RepoError::NotEmpty(_))));
        let file = Repo::create(&dir.path().join("mine"), &FILES, "m", NOON);
        assert!(matches!(file, Err(RepoError::NotEmpty(_))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_made_is_removed_when_making_fails() {
        hermetic();
        let dir = tempfile::tempdir().unwrap();
        let clash: [(&str, &[u8]); 2] = [("a", b"file"), ("a/b", b"needs a directory")];
        assert!(Repo::create(&dir.path().join("new"), &clash, "m", NOON).is_err());
        assert!(Repo::create(dir.path(), &clash, "m", NOON).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
