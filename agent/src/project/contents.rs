//! What of a commit a program is given: its regular files, and what its symbolic links inside of it lead to. And what it
//! is not given, so that this can be said.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};
use std::sync::Arc;

use anyhow::Result;

use super::user_error::UserError;
use crate::evaluator::{File, Tree};
use crate::repo::{FileKind, Repo};
use crate::study::CommitId;

/// How many links may lead from one to the next.
const LINKS_IN_A_ROW: usize = 8;

/// The first line of what git-lfs commits in a file's place.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// See the head of this file.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) files: Tree,
    /// Those among the files that are behind a link.
    pub(super) linked: BTreeSet<String>,
    /// Links that lead to nothing in the commit.
    pub(super) links: BTreeSet<String>,
    pub(super) submodules: BTreeSet<String>,
    /// Files of which only git-lfs has the contents.
    pub(super) pointers: BTreeSet<String>,
}

impl Contents {
    pub(super) fn read(repo: &Repo, commit: CommitId) -> Result<Self> {
        let mut contents = Self::default();
        let mut links = BTreeMap::new();
        for (path, blob) in repo.files(commit).map_err(UserError::from_error)? {
            match blob.kind {
                FileKind::Link => drop(links.insert(path, String::from_utf8_lossy(&blob.bytes).into_owned())),
                FileKind::Submodule => drop(contents.submodules.insert(path)),
                kind => {
                    if blob.bytes.starts_with(LFS) {
                        contents.pointers.insert(path.clone());
                    }
                    let executable = kind == FileKind::Executable;
                    contents.files.insert(path, File { bytes: Arc::from(blob.bytes), executable });
                }
            }
        }
        for _ in 0..LINKS_IN_A_ROW {
            links.retain(|path, target| !contents.follow(path, target));
        }
        contents.links = links.into_keys().collect();
        Ok(contents)
    }

    /// Puts what a link leads to in its place; `false` if that is not (yet) among the files.
    fn follow(&mut self, link: &str, target: &str) -> bool {
        let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
        let Some(target) = normal(folder, target) else { return false };
        let below = format!("{target}/");
        if link.starts_with(&below) {
            // A folder in itself has no end.
            return false;
        }
        let all = self.files.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
        let inside = all.map(|(path, file)| (format!("{link}/{}", &path[below.len()..]), file.clone()));
        let itself = self.files.get(&target).map(|file| (link.to_owned(), file.clone()));
        let found: Vec<(String, File)> = inside.chain(itself).collect();
        self.linked.extend(found.iter().map(|(path, _)| path.clone()));
        let is_there = !found.is_empty();
        self.files.extend(found);
        is_there
    }
}

/// The files of a commit, as a program is given them.
pub(crate) fn tree(repo: &Repo, commit: CommitId) -> Result<Tree> {
    Ok(Contents::read(repo, commit)?.files)
}

pub(super) fn text(files: &Tree, path: &str) -> Option<String> {
    files.get(path).and_then(|file| String::from_utf8(file.bytes.to_vec()).ok())
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path from the root of the repository, given where it counts from; `None` if it leads out.
pub(super) fn normal(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// Whether a path is one of these, or lies below one.
pub(super) fn lies_in<'a>(path: &str, folders: impl IntoIterator<Item = &'a str>) -> bool {
    folders
        .into_iter()
        .any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// The first few of these, and how many more there are.
pub(super) fn some_of<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    let named = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_their_folder_and_do_not_leave_the_repository() {
        assert_eq!(normal("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(normal("a", "..").as_deref(), Some(""));
        assert_eq!(normal("a", "../../x"), None);
        assert_eq!(normal("a", "/etc"), None);
        assert!(lies_in("data/x", ["data"]) && lies_in("data", ["data"]) && !lies_in("database", ["data"]));
    }

    #[test]
    fn a_link_stands_for_what_it_leads_to_and_a_circle_for_nothing() {
        let mut contents = Contents::default();
        let file = File { bytes: Arc::from(&b"x"[..]), executable: false };
        contents.files.insert("shared/data/one".to_owned(), file);
        assert!(contents.follow("gpt/data", "../shared/data"));
        assert!(contents.follow("one", "gpt/data/one"));
        assert!(!contents.follow("two", "three"));
        assert!(!contents.follow("shared/again", "../shared"));
        assert!(!contents.follow("out", "../elsewhere"));
        let paths: Vec<&str> = contents.files.keys().map(String::as_str).collect();
        assert_eq!(paths, ["gpt/data/one", "one", "shared/data/one"]);
    }
}
