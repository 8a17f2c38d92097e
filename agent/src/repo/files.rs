//! What a commit holds: its files, their texts, and a digest of those that a study must not change. Only reads.

use std::collections::{BTreeMap, BTreeSet};

use git2::{ErrorCode, FileMode, ObjectType, Tree, TreeEntry};

use super::id::oid;
use super::{Repo, RepoError};
use crate::study::CommitId;

/// What a path in a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileKind {
    Regular,
    Executable,
    /// A symbolic link; its content is where it points to.
    Link,
    /// Another repository's commit; it has no content here, and nothing fetches it.
    Submodule,
}

/// What is in a tree besides directories, by path as git has it.
type Entries = Vec<(Vec<u8>, TreeEntry<'static>)>;

/// One file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileBlob {
    pub(crate) kind: FileKind,
    /// As committed: no line ending was translated. Empty for a submodule.
    pub(crate) bytes: Vec<u8>,
}

impl Repo {
    /// All files of a commit by path, with `/` between directories. Those whose names are not UTF-8 are left out.
    pub(crate) fn files(&self, commit: CommitId) -> Result<BTreeMap<String, FileBlob>, RepoError> {
        let mut files = BTreeMap::new();
        for (path, entry) in self.entries(commit)? {
            if let Ok(path) = String::from_utf8(path) {
                let file = self.blob(&entry)?;
                files.insert(path, file);
            }
        }
        Ok(files)
    }

    /// The paths of a commit that are not UTF-8, as far as they can be shown.
    pub(super) fn odd_paths(&self, commit: CommitId) -> Result<Vec<String>, RepoError> {
        let paths = self.entries(commit)?.into_iter().map(|(path, _)| path);
        let odd = paths.filter(|path| std::str::from_utf8(path).is_err());
        Ok(odd.map(|path| String::from_utf8_lossy(&path).into_owned()).collect())
    }

    /// Digest of all files of a commit but the given ones: what decides how a program is judged.
    pub(crate) fn frozen_digest(
        &self,
        commit: CommitId,
        mutable: &BTreeSet<String>,
    ) -> Result<String, RepoError> {
        let mut hasher = blake3::Hasher::new();
        for (path, entry) in self.entries(commit)? {
            if std::str::from_utf8(&path).is_ok_and(|path| mutable.contains(path)) {
                continue;
            }
            hasher.update(&(path.len() as u64).to_le_bytes());
            hasher.update(&path);
            hasher.update(&entry.filemode().to_le_bytes());
            hasher.update(entry.id().as_bytes());
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The texts of the given regular files.
    pub(crate) fn texts<'a>(
        &self,
        commit: CommitId,
        paths: impl IntoIterator<Item = &'a String>,
    ) -> Result<BTreeMap<String, String>, RepoError> {
        let tree = self.tree(commit)?;
        paths.into_iter().map(|path| Ok((path.clone(), self.text(&tree, path, commit)?))).collect()
    }

    fn text(&self, tree: &Tree<'_>, path: &str, commit: CommitId) -> Result<String, RepoError> {
        let missing = || RepoError::NoSuchFile { path: path.to_owned(), commit: commit.short() };
        let entry = tree.get_path(path.as_ref()).map_err(|_| missing())?;
        if !matches!(kind(&entry), Some(FileKind::Regular | FileKind::Executable)) {
            return Err(RepoError::NotARegularFile(path.to_owned()));
        }
        let bytes = self.blob(&entry)?.bytes;
        String::from_utf8(bytes).map_err(|_| RepoError::NotText(path.to_owned()))
    }

    pub(super) fn tree(&self, commit: CommitId) -> Result<Tree<'_>, RepoError> {
        Ok(self.git.find_commit(oid(commit))?.tree()?)
    }

    /// Sorted by path.
    fn entries(&self, commit: CommitId) -> Result<Entries, RepoError> {
        let mut entries = Vec::new();
        let mut open = vec![(Vec::new(), self.tree(commit)?)];
        while let Some((folder, tree)) = open.pop() {
            for entry in &tree {
                let path = [&folder[..], entry.name_bytes()].concat();
                if entry.kind() == Some(ObjectType::Tree) {
                    let below = self.git.find_tree(entry.id()).map_err(|error| self.missing(error, &path))?;
                    open.push(([&path[..], b"/"].concat(), below));
                } else {
                    entries.push((path, entry.to_owned()));
                }
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(entries)
    }

    fn blob(&self, entry: &TreeEntry<'_>) -> Result<FileBlob, RepoError> {
        let kind = kind(entry).expect("directories are not among the entries");
        let bytes = match kind {
            FileKind::Submodule => Vec::new(),
            _ => {
                let found = self.git.find_blob(entry.id());
                found.map_err(|error| self.missing(error, entry.name_bytes()))?.content().to_vec()
            }
        };
        Ok(FileBlob { kind, bytes })
    }

    /// What it means that an object cannot be found: a partial clone would fetch it, and libgit2 does not.
    fn missing(&self, error: git2::Error, path: &[u8]) -> RepoError {
        if error.code() != ErrorCode::NotFound {
            return error.into();
        }
        let (root, path) = (self.place(), String::from_utf8_lossy(path).into_owned());
        let at = root.display();
        let (what, remedy) = if self.is_partial_clone() {
            let fetch = format!("git -C '{at}' fetch --refetch --no-filter");
            (
                format!("it is a partial clone, and {path} has not been fetched"),
                format!("fetch all of it: {fetch}"),
            )
        } else {
            (format!("the object of {path} is missing"), format!("`git -C '{at}' fsck` says what else is"))
        };
        RepoError::Unreadable { path: root, what, remedy }
    }

    fn is_partial_clone(&self) -> bool {
        let Ok(config) = self.git.config().and_then(|mut config| config.snapshot()) else { return false };
        let has = |pattern: &str| config.entries(Some(pattern)).is_ok_and(|mut found| found.next().is_some());
        has(r"^remote\..*\.promisor$") || has(r"^extensions\.partialclone$")
    }
}

/// `None` for a directory.
pub(super) fn kind(entry: &TreeEntry<'_>) -> Option<FileKind> {
    match entry.filemode() {
        mode if mode == i32::from(FileMode::Blob) || mode == i32::from(FileMode::BlobGroupWritable) => {
            Some(FileKind::Regular)
        }
        mode if mode == i32::from(FileMode::BlobExecutable) => Some(FileKind::Executable),
        mode if mode == i32::from(FileMode::Link) => Some(FileKind::Link),
        mode if mode == i32::from(FileMode::Commit) => Some(FileKind::Submodule),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use git2::build::TreeUpdateBuilder;

    use super::super::testing::{NOON, scratch};
    use super::*;

    fn names(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    /// A commit on top of main's whose tree has one more entry.
    fn with_entry(repo: &Repo, path: &str, content: &[u8], mode: FileMode) -> CommitId {
        let parent = repo.git.find_commit(oid(repo.main_head().unwrap())).unwrap();
        let id = match mode {
            FileMode::Commit => parent.id(),
            _ => repo.git.blob(content).unwrap(),
        };
        let mut update = TreeUpdateBuilder::new();
        let tree = update.upsert(path, id, mode).create_updated(&repo.git, &parent.tree().unwrap()).unwrap();
        let (tree, who) = (repo.git.find_tree(tree).unwrap(), repo.signature(NOON).unwrap());
        super::super::id::commit_id(repo.git.commit(None, &who, &who, "m", &tree, &[&parent]).unwrap())
    }

    #[test]
    fn links_submodules_and_executables_are_distinguished() {
        let (_dir, repo) = scratch(&[("a/b.rs", "text\r\n")]);
        let kind_of = |content: &[u8], mode| {
            let files = repo.files(with_entry(&repo, "x", content, mode)).unwrap();
            assert_eq!(files["a/b.rs"].bytes, b"text\r\n");
            (files["x"].kind, files["x"].bytes.clone())
        };
        assert_eq!(kind_of(b"#!", FileMode::BlobExecutable), (FileKind::Executable, b"#!".to_vec()));
        assert_eq!(kind_of(b"a/b.rs", FileMode::Link), (FileKind::Link, b"a/b.rs".to_vec()));
        assert_eq!(kind_of(b"", FileMode::Commit), (FileKind::Submodule, Vec::new()));
    }

    #[test]
    fn the_frozen_digest_sees_frozen_files_only() {
        let (_dir, repo) = scratch(&[("data", "1"), ("model.rs", "1")]);
        let (at, mutable) = (repo.main_head().unwrap(), names(&["model.rs"]));
        let digest = |commit| repo.frozen_digest(commit, &mutable).unwrap();
        let edited = with_entry(&repo, "model.rs", b"2", FileMode::Blob);
        assert_eq!(digest(edited), digest(at));
        assert_ne!(digest(with_entry(&repo, "data", b"2", FileMode::Blob)), digest(at));
        assert_ne!(digest(with_entry(&repo, "data", b"1", FileMode::BlobExecutable)), digest(at));
        assert_ne!(digest(with_entry(&repo, "data2", b"1", FileMode::Blob)), digest(at));
    }

    #[test]
    fn a_text_that_cannot_be_edited_is_an_error_that_names_it() {
        let (_dir, repo) = scratch(&[("src/model.rs", "fn f() {}\n")]);
        let at = repo.main_head().unwrap();
        let text = repo.texts(at, &names(&["src/model.rs"])).unwrap();
        assert_eq!(text["src/model.rs"], "fn f() {}\n");
        let error = |commit, path: &str| repo.texts(commit, &names(&[path])).unwrap_err();
        assert!(matches!(error(at, "absent"), RepoError::NoSuchFile { path, .. } if path == "absent"));
        assert!(matches!(error(at, "src"), RepoError::NotARegularFile(_)));
        let link = with_entry(&repo, "x", b"src/model.rs", FileMode::Link);
        assert!(matches!(error(link, "x"), RepoError::NotARegularFile(_)));
        let binary = with_entry(&repo, "x", b"\xff", FileMode::Blob);
        assert!(matches!(error(binary, "x"), RepoError::NotText(_)));
    }
}
