//! A working tree that is brought from one commit to a later one without touching anybody's work.
//!
//! Each file goes from one version to the next by a rename, so at any moment it holds a version that is in git. What
//! holds anything else is somebody's work, and everything stays as it is. Never forces, merges or resolves.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{
    AttrCheckFlags, DiffOptions, ErrorCode, FileMode, Index, IndexEntry, IndexEntryExtendedFlag, IndexTime,
    ObjectType, Oid, Repository, RepositoryState, Status, StatusOptions, Tree,
};

use super::id::oid;
use super::open::{io_error, plain};
use super::wait::Stop;
use super::{RepoError, Wait};
use crate::study::CommitId;

/// Where new versions of files are written before they take their places, in the git directory.
const STAGING: &str = "autoresearch-checkout";

/// The filters that libgit2 applies; what any other makes of a file, only git itself can tell.
const FILTERS: [&str; 2] = ["ident", "text"];

/// A version of a file, or its absence. Anything else on disk has the name that no content has.
type Version = Option<(Oid, bool)>;

/// One working tree of a repository.
pub(super) struct WorkingTree {
    git: Repository,
    pub(super) root: PathBuf,
    /// Full name of the branch that is checked out; `None` when HEAD is detached.
    pub(super) head: Option<String>,
}

impl WorkingTree {
    /// The one that `git` was opened in.
    pub(super) fn of(git: &Repository) -> Result<Self, RepoError> {
        // By its working tree: a git directory that lies elsewhere does not say where that is.
        Self::new(Repository::open(git.workdir().unwrap_or(git.path()))?)
    }

    /// Those of a repository in which a branch could be checked out: that have it, or have no branch.
    pub(super) fn holding(git: &Repository, branch: &str) -> Result<Vec<Self>, Stop> {
        let mut trees = Vec::new();
        trees.extend(Self::first(git, branch)?);
        for name in git.worktrees()?.iter() {
            trees.extend(Self::linked(git, name?.unwrap_or_default(), branch)?);
        }
        trees.retain(|tree| tree.head.as_deref().is_none_or(|head| head == branch));
        Ok(trees)
    }

    /// The one that is not a linked one; `None` if there is none, or it is not known and has another branch.
    fn first(git: &Repository, branch: &str) -> Result<Option<Self>, Stop> {
        if !git.is_worktree() {
            return Ok(Some(Self::of(git)?));
        }
        let first = Repository::open(git.commondir())?;
        if first.is_bare() {
            return Ok(None);
        }
        let says_where = first.config()?.get_path("core.worktree").is_ok();
        if says_where || git.commondir().ends_with(".git") {
            return Ok(Some(Self::new(first)?));
        }
        match first.find_reference("HEAD")?.symbolic_target()? {
            Some(head) if head == branch => Err(Stop::Wait(Wait::Unknown(git.commondir().to_owned()))),
            _ => Ok(None),
        }
    }

    /// A linked one; `None` when it is not there and has another branch.
    fn linked(git: &Repository, name: &str, branch: &str) -> Result<Option<Self>, Stop> {
        let opened = git.find_worktree(name).and_then(|tree| Repository::open_from_worktree(&tree));
        if let Ok(git) = opened {
            return Ok(Some(Self::new(git)?));
        }
        let kept = git.commondir().join("worktrees").join(name);
        let head = fs::read_to_string(kept.join("HEAD")).unwrap_or_default();
        if head.trim().strip_prefix("ref: ") != Some(branch) {
            return Ok(None);
        }
        let place = fs::read_to_string(kept.join("gitdir")).unwrap_or_default();
        let place = place.trim().trim_end_matches("/.git");
        Err(Stop::Wait(Wait::Unreachable(place.into())))
    }

    fn new(git: Repository) -> Result<Self, RepoError> {
        let root = git.workdir().ok_or_else(|| RepoError::Bare(git.path().to_owned()))?.to_owned();
        let head = git.find_reference("HEAD")?.symbolic_target()?.map(str::to_owned);
        Ok(Self { git, root, head })
    }

    /// Whether a rebase, merge or the like is under way, which may hold a branch although HEAD is detached.
    pub(super) fn is_busy(&self) -> bool {
        !matches!(self.git.state(), RepositoryState::Clean | RepositoryState::Bisect)
    }

    /// Whether HEAD's branch has no commits.
    pub(super) fn is_unborn(&self) -> bool {
        self.git.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch)
    }

    /// The file by which a git command holds the index.
    pub(super) fn lock(&self) -> PathBuf {
        self.git.path().join("index.lock")
    }

    pub(super) fn is_locked(&self) -> bool {
        self.lock().exists()
    }

    /// The index as it is on disk now; an error that names what libgit2 does not know of it.
    pub(super) fn index(&self) -> Result<Index, RepoError> {
        let read = self.git.index().and_then(|mut index| index.read(true).map(|()| index));
        read.map_err(|error| {
            let root = plain(&self.root);
            let at = root.display();
            let (what, remedy) = if error.message().contains("'sdir'") {
                let command = format!("git -C '{at}' sparse-checkout reapply --no-sparse-index");
                ("its index is sparse (`index.sparse`)", format!("write a full one: {command}"))
            } else if error.message().contains("'link'") {
                let off = format!("git -C '{at}' config core.splitIndex false");
                let command = format!("{off} && git -C '{at}' update-index --no-split-index");
                ("its index is split (`core.splitIndex`)", format!("write a whole one: {command}"))
            } else if error.message().contains("unsupported mandatory extension") {
                ("its index has an extension that is unknown", format!("make it anew: {}", anew(&at)))
            } else {
                return match error.code() {
                    ErrorCode::GenericError => RepoError::Unreadable {
                        path: root.clone(),
                        what: format!("its index is damaged ({})", error.message()),
                        remedy: format!("make it anew: {}", anew(&at)),
                    },
                    _ => error.into(),
                };
            };
            RepoError::Unreadable { path: root.clone(), what: what.to_owned(), remedy }
        })
    }

    /// Tracked files that differ from HEAD in the index or on disk, as far as git sees it: what a sparse checkout leaves
    /// out is not missing, and what only a filter of the user's can compare is not compared.
    pub(super) fn changed(&self) -> Result<Vec<String>, RepoError> {
        let index = self.index()?;
        let mut options = StatusOptions::new();
        options.include_untracked(false).include_ignored(false).exclude_submodules(true);
        let statuses = self.git.statuses(Some(&mut options))?;
        let differ = statuses.iter().filter(|entry| {
            let path = Path::new(OsStr::from_bytes(entry.path_bytes()));
            match entry.status() {
                Status::WT_DELETED => !self.is_left_out(&index, path),
                Status::WT_MODIFIED => !self.is_filtered(path),
                _ => true,
            }
        });
        Ok(differ.map(|entry| String::from_utf8_lossy(entry.path_bytes()).into_owned()).collect())
    }

    /// Whether a sparse checkout leaves a file out.
    fn is_left_out(&self, index: &Index, path: &Path) -> bool {
        let skipped = index.get_path(path, 0).is_some_and(|entry| {
            IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended).is_skip_worktree()
        });
        skipped && fs::symlink_metadata(self.root.join(path)).is_err()
    }

    fn is_filtered(&self, path: &Path) -> bool {
        let filter = self.git.get_attr(path, "filter", AttrCheckFlags::default());
        filter.is_ok_and(|filter| filter.is_some_and(|name| !FILTERS.contains(&name)))
    }

    /// Brings files and index from one commit to a later one. HEAD's branch is not moved.
    pub(super) fn advance(&self, at: CommitId, to: CommitId) -> Result<(), Stop> {
        if self.is_locked() {
            return Err(Stop::Wait(Wait::Locked(self.root.clone())));
        }
        let target = self.git.find_commit(oid(to))?.tree()?;
        let paths = self.paths_to_write(at, to, &target)?;
        if paths.is_empty() {
            return Ok(());
        }
        let staging = self.git.path().join(STAGING);
        self.stage(&target, &paths, &staging)?;
        let index = self.index()?;
        for path in paths.iter().filter(|path| !self.is_left_out(&index, path.as_ref())) {
            self.replace(&staging, path)?;
        }
        self.update_index(&target, &paths)?;
        fs::remove_dir_all(&staging).map_err(io_error(&staging))?;
        Ok(())
    }

    /// The paths that have to change, if each of them holds a version that is in git on the way.
    fn paths_to_write(
        &self,
        at: CommitId,
        to: CommitId,
        target: &Tree<'_>,
    ) -> Result<BTreeSet<String>, Stop> {
        let way = self.way(at, to)?;
        let mut paths = self.differing(&self.git.find_commit(oid(at))?.tree()?, target)?;
        // A file that was brought to a version on the way when we were killed differs from HEAD too.
        paths.extend(self.changed()?);
        let index = self.index()?;
        let mut theirs = Vec::new();
        for path in &paths {
            let known = self.versions(&way, path)?;
            let indexed = index.get_path(path.as_ref(), 0).map(|entry| (entry.id, self.trusted(entry.mode)));
            let is_on_the_way =
                self.is_left_out(&index, path.as_ref()) || known.contains(&self.on_disk(path)?);
            // A name that is not UTF-8 is not that of any of our files.
            if !known.contains(&indexed) || !is_on_the_way || path.contains('\u{fffd}') {
                theirs.push(path.clone());
            }
        }
        if theirs.is_empty() { Ok(paths) } else { Err(Stop::Wait(Wait::Changed(theirs))) }
    }

    /// The trees from one commit to the other, both included, by first parents.
    fn way(&self, at: CommitId, to: CommitId) -> Result<Vec<Tree<'_>>, Stop> {
        let mut trees = vec![self.git.find_commit(oid(at))?.tree()?];
        let mut commit = self.git.find_commit(oid(to))?;
        while commit.id() != oid(at) {
            trees.push(commit.tree()?);
            match commit.parent(0) {
                Ok(parent) => commit = parent,
                Err(_) => break,
            }
        }
        Ok(trees)
    }

    /// The paths of the files that differ; an obstacle if they are not files.
    fn differing(&self, old: &Tree<'_>, new: &Tree<'_>) -> Result<BTreeSet<String>, Stop> {
        let mut options = DiffOptions::new();
        options.include_typechange(true);
        let mut paths = BTreeSet::new();
        for delta in self.git.diff_tree_to_tree(Some(old), Some(new), Some(&mut options))?.deltas() {
            for file in [delta.old_file(), delta.new_file()] {
                let path = file.path().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
                match file.mode() {
                    FileMode::Blob | FileMode::BlobExecutable | FileMode::Unreadable => paths.insert(path),
                    _ => return Err(Stop::Wait(Wait::NotAFile(path))),
                };
            }
        }
        Ok(paths)
    }

    fn versions(&self, trees: &[Tree<'_>], path: &str) -> Result<BTreeSet<Version>, Stop> {
        let mut versions = BTreeSet::new();
        for tree in trees {
            versions.insert(match tree.get_path(path.as_ref()) {
                Ok(entry) if entry.kind() == Some(ObjectType::Blob) => {
                    Some((entry.id(), self.trusted(entry.filemode().cast_unsigned())))
                }
                Ok(_) => return Err(Stop::Wait(Wait::NotAFile(path.to_owned()))),
                Err(error) if error.code() == ErrorCode::NotFound => None,
                Err(error) => return Err(error.into()),
            });
        }
        Ok(versions)
    }

    /// Whether a mode says executable, on a file system that records it.
    fn trusted(&self, mode: u32) -> bool {
        let config = self.git.config().and_then(|config| config.get_bool("core.filemode"));
        config.unwrap_or(true) && mode & 0o100 != 0
    }

    /// What is on disk, line endings and the like translated as for a commit.
    fn on_disk(&self, path: &str) -> Result<Version, Stop> {
        let full = self.root.join(path);
        let something_else = Some((Oid::ZERO_SHA1, false));
        if self.leads_through_a_link(path) {
            return Ok(something_else);
        }
        match fs::symlink_metadata(&full) {
            Ok(data) if data.is_file() => {
                Ok(Some((self.git.blob_path(&full)?, self.trusted(data.permissions().mode()))))
            }
            Ok(_) => Ok(something_else),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(something_else),
            Err(error) => Err(io_error(&full)(error).into()),
        }
    }

    fn leads_through_a_link(&self, path: &str) -> bool {
        let above = Path::new(path).ancestors().skip(1);
        above.filter(|part| *part != Path::new("")).any(|part| self.root.join(part).is_symlink())
    }

    /// Stages the target's versions, as a checkout with the user's settings has them.
    fn stage(&self, target: &Tree<'_>, paths: &BTreeSet<String>, staging: &Path) -> Result<(), Stop> {
        if staging.exists() {
            fs::remove_dir_all(staging).map_err(io_error(staging))?;
        }
        fs::create_dir(staging).map_err(io_error(staging))?;
        let mut checkout = CheckoutBuilder::new();
        checkout.force().update_index(false).disable_pathspec_match(true).target_dir(staging);
        for path in paths {
            checkout.path(path.as_str());
        }
        Ok(self.git.checkout_tree(target.as_object(), Some(&mut checkout))?)
    }

    /// Puts one staged file in its place, or removes what the target does not have.
    fn replace(&self, staging: &Path, path: &str) -> Result<(), Stop> {
        let (new, place) = (staging.join(path), self.root.join(path));
        if !new.exists() {
            return remove(&place);
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(io_error(parent))?;
        }
        match fs::rename(&new, &place) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                Err(Stop::Wait(Wait::OtherFileSystem(self.root.clone())))
            }
            renamed => Ok(renamed.map_err(io_error(&place))?),
        }
    }

    fn update_index(&self, target: &Tree<'_>, paths: &BTreeSet<String>) -> Result<(), Stop> {
        let mut index = self.index()?;
        for path in paths {
            let place = self.root.join(path);
            match target.get_path(path.as_ref()) {
                Ok(entry) if self.is_left_out(&index, path.as_ref()) => {
                    let left_out = index.get_path(path.as_ref(), 0).expect("only an entry says so");
                    let mode = entry.filemode().cast_unsigned();
                    index.add(&IndexEntry { id: entry.id(), mode, file_size: 0, ..left_out })?;
                }
                Ok(entry) => {
                    let data = fs::symlink_metadata(&place).map_err(io_error(&place))?;
                    index.add(&index_entry(path, entry.id(), entry.filemode().cast_unsigned(), &data))?;
                }
                Err(_) => index.remove_path(path.as_ref())?,
            }
        }
        match index.write() {
            Err(error) if error.code() == ErrorCode::Locked => {
                Err(Stop::Wait(Wait::Locked(self.root.clone())))
            }
            written => Ok(written?),
        }
    }
}

/// The command that writes an index of what HEAD holds, and leaves all files as they are.
fn anew(root: &impl fmt::Display) -> String {
    format!("rm \"$(git -C '{root}' rev-parse --absolute-git-dir)/index\" && git -C '{root}' reset")
}

fn remove(place: &Path) -> Result<(), Stop> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(place)(error).into()),
        _ => Ok(()),
    }
}

/// An index entry by which `git status` knows the file as unchanged. Git keeps the low 32 bits of these numbers.
fn index_entry(path: &str, id: Oid, mode: u32, data: &Metadata) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(data.ctime() as i32, data.ctime_nsec() as u32),
        mtime: IndexTime::new(data.mtime() as i32, data.mtime_nsec() as u32),
        dev: data.dev() as u32,
        ino: data.ino() as u32,
        mode,
        uid: data.uid(),
        gid: data.gid(),
        file_size: data.size() as u32,
        id,
        flags: 0,
        flags_extended: 0,
        path: Path::new(path).as_os_str().as_bytes().to_vec(),
    }
}
