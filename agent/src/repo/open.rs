//! Opening a repository: which one, whose, which branch is main, and what stands in the way. Changes nothing.

use std::ffi::{OsStr, c_int};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;

use git2::{Config, ErrorCode, Repository, RepositoryOpenFlags, Signature};
use libgit2_sys::{GIT_OPT_ENABLE_FSYNC_GITDIR, git_libgit2_opts};

use super::Timestamp;
use crate::study::CommitId;

/// The committer if the user's git configuration names nobody.
const FALLBACK_NAME: &str = "autoresearch";
const FALLBACK_EMAIL: &str = "autoresearch@localhost";

/// Branches that are taken for main, in this order.
const MAIN_NAMES: [&str; 2] = ["main", "master"];

/// Git's extension for clones that fetch objects when they are needed. What is there can be read as in any other clone.
const PARTIAL_CLONE: &str = "partialclone";

/// What a repository cannot do for a study. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RepoError {
    #[error(
        "{} is not in a git repository; go to one, or create one with `git init` and a first commit", .0.display()
    )]
    NotARepository(PathBuf),
    #[error("{} is a bare repository; a study needs one with a working tree, so clone it first", .0.display())]
    Bare(PathBuf),
    #[error("branch `{branch}` of {} has no commits yet; commit the crate first", .path.display())]
    NoCommits { path: PathBuf, branch: String },
    #[error(
        "{} has no branch `main` or `master` and no branch is checked out; create one with `git switch -c main`",
        .0.display()
    )]
    NoMainBranch(PathBuf),
    #[error(
        "{path} belongs to another user; if you trust it: git config --global --add safe.directory '{path}'",
        path = .0.display()
    )]
    NotOwned(PathBuf),
    /// What libgit2 cannot read, by the name that git has for it, and what to do.
    #[error("{}: {what}, which autoresearch cannot read; {remedy}", .path.display())]
    Unreadable { path: PathBuf, what: String, remedy: String },
    #[error("{} cannot be written to ({reason}); make it writable, or clone the repository", .path.display())]
    ReadOnly { path: PathBuf, reason: String },
    #[error("{} already exists and is not empty; choose another directory", .0.display())]
    NotEmpty(PathBuf),
    #[error("there is no file {path} in commit {commit}")]
    NoSuchFile { path: String, commit: String },
    #[error("{0} is a link, a directory or a submodule, and only a regular file can be changed")]
    NotARegularFile(String),
    #[error("{0} is not text in UTF-8")]
    NotText(String),
    #[error("git cannot name a branch after a study called `{0}`; use letters, digits and hyphens")]
    StudyName(String),
    #[error(
        "branch `{existing}` is in the way of branches called `{wanted}/...`; rename it with `git branch -m`"
    )]
    BranchInTheWay { wanted: String, existing: String },
    #[error("branch `{branch}` was moved by somebody else: it should be at {expected} but is at {found}")]
    BranchMoved { branch: String, expected: String, found: String },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("git: {}", .0.message())]
    Git(#[from] git2::Error),
}

impl RepoError {
    /// Whether the user can mend it in the repository; otherwise it is a problem of this machine, or of ours.
    pub(crate) fn is_about_the_repository(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::Git(_))
    }
}

/// A repository with a working tree and at least one commit on its main branch.
pub(crate) struct Repo {
    pub(super) git: Repository,
    main: String,
    name: String,
    email: String,
}

impl Repo {
    /// Opens the repository that `path` lies in.
    pub(crate) fn open(path: &Path) -> Result<Self, RepoError> {
        prepare_libgit2();
        let flags = RepositoryOpenFlags::empty();
        let git =
            Repository::open_ext(path, flags, &[] as &[&OsStr]).map_err(|error| not_opened(path, error))?;
        if git.is_bare() {
            return Err(RepoError::Bare(path.to_owned()));
        }
        let main = main_branch(&git, path)?;
        let (name, email) = identity(&git);
        Ok(Self { git, main, name, email })
    }

    /// The directory that holds the working tree.
    pub(crate) fn root(&self) -> &Path {
        self.git.workdir().expect("a bare repository is not opened")
    }

    /// The same without a slash at the end, as people write it.
    pub(super) fn place(&self) -> PathBuf {
        plain(self.root())
    }

    /// Where the journal of a study lies: under the git directory that all working trees share.
    pub(crate) fn study_dir(&self, study: &str) -> PathBuf {
        self.journal_dir().join(study)
    }

    /// Where the journals of all studies lie.
    pub(crate) fn journal_dir(&self) -> PathBuf {
        self.git.commondir().join("autoresearch")
    }

    /// Name of the branch that collects discoveries: `main`, else `master`, else the default branch of the user's
    /// configuration or of `origin`, else what is checked out.
    pub(crate) fn main_branch(&self) -> &str {
        &self.main
    }

    /// The commit that main is at now.
    pub(crate) fn main_head(&self) -> Result<CommitId, RepoError> {
        self.branch_head(&self.main)?
            .ok_or_else(|| RepoError::NoCommits { path: self.root().to_owned(), branch: self.main.clone() })
    }

    pub(super) fn signature(&self, when: Timestamp) -> Result<Signature<'static>, RepoError> {
        Ok(Signature::new(&self.name, &self.email, &when.to_git())?)
    }
}

/// The committer to a repository that is not a `Repo` yet.
pub(super) fn signature_of(git: &Repository, when: Timestamp) -> Result<Signature<'static>, RepoError> {
    let (name, email) = identity(git);
    Ok(Signature::new(&name, &email, &when.to_git())?)
}

/// Sets up libgit2, once. Git's objects and references reach the disk before a journal counts on them; libgit2 leaves that
/// to chance, and an object that a power cut left empty counts as written when it is to be made again.
fn prepare_libgit2() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let on: c_int = 1;
        // SAFETY: this option takes one int, and setting it is a plain store.
        unsafe { git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR as c_int, on) };
        // SAFETY: nothing else of this program reads or sets the list of extensions, and this is done once.
        unsafe { git2::opts::set_extensions(&[PARTIAL_CLONE]) }.expect("a name without a null byte");
    });
}

/// A path without a slash at its end.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.components().as_path().to_owned()
}

/// Wraps an error of the file system with the path it is about.
pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RepoError {
    let path = path.to_owned();
    move |source| RepoError::Io { path, source }
}

fn not_opened(path: &Path, error: git2::Error) -> RepoError {
    match error.code() {
        ErrorCode::NotFound => RepoError::NotARepository(path.to_owned()),
        ErrorCode::Owner => RepoError::NotOwned(root_of(path)),
        _ => unsupported(&root_of(path), error),
    }
}

/// The absolute path of the working tree that a path lies in, for a repository that cannot be opened.
fn root_of(path: &Path) -> PathBuf {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path.ancestors().find(|above| above.join(".git").exists()).unwrap_or(&path).to_owned()
}

/// Formats of whole repositories that libgit2 does not read, recognised by what it says of them.
fn unsupported(root: &Path, error: git2::Error) -> RepoError {
    let (at, message) = (root.display(), error.message());
    let unreadable = |what: &str, remedy: String| RepoError::Unreadable {
        path: root.to_owned(),
        what: what.to_owned(),
        remedy,
    };
    let copy = format!(
        "make a copy that it can read: git init -b main NEW && git -C '{at}' fast-export --all | git -C NEW fast-import \
         && git -C NEW reset --hard"
    );
    if message.contains("extensions.refstorage") {
        let convert = format!("git -C '{at}' refs migrate --ref-format=files");
        let clone = format!("git clone --ref-format=files '{at}' NEW");
        let remedy = format!("convert them: {convert}, or copy it: {clone}");
        return unreadable("its references are in the `reftable` format", remedy);
    }
    if message.contains("object format") {
        return unreadable("its objects have `sha256` names", copy);
    }
    if let Some((_, extension)) = message.split_once("unsupported extension name ") {
        return unreadable(&format!("it has git's extension `{extension}`"), copy);
    }
    if message.contains("unsupported repository version") {
        return unreadable("it has a newer format of repositories", copy);
    }
    RepoError::Git(error)
}

fn main_branch(git: &Repository, path: &Path) -> Result<String, RepoError> {
    // A branch may be another name of one.
    let found = |name: &str| {
        let reference =
            git.find_reference(&format!("refs/heads/{name}")).and_then(|found| found.resolve()).ok()?;
        reference.name().ok()?.strip_prefix("refs/heads/").map(str::to_owned)
    };
    let by_default = default_branches(git);
    let by_default = by_default.iter().map(String::as_str);
    if let Some(name) = MAIN_NAMES.into_iter().chain(by_default).find_map(found) {
        return Ok(name);
    }
    let head = git.find_reference("HEAD")?;
    let Some(branch) = head.symbolic_target()?.and_then(|name| name.strip_prefix("refs/heads/")) else {
        return Err(RepoError::NoMainBranch(path.to_owned()));
    };
    match head.resolve() {
        Ok(_) => Ok(branch.to_owned()),
        Err(_) => Err(RepoError::NoCommits { path: path.to_owned(), branch: branch.to_owned() }),
    }
}

/// What `init.defaultBranch` names, and what the remote repository had checked out when it was cloned.
fn default_branches(git: &Repository) -> Vec<String> {
    let set = git.config().and_then(|config| config.get_string("init.defaultBranch")).ok();
    let remote = git.find_reference("refs/remotes/origin/HEAD").ok();
    let remote = remote.and_then(|head| {
        let target = head.symbolic_target().ok()??;
        target.strip_prefix("refs/remotes/origin/").map(str::to_owned)
    });
    set.into_iter().chain(remote).collect()
}

/// The committer to a repository: the user, or else the agent itself.
fn identity(git: &Repository) -> (String, String) {
    let configured = git.config().ok().and_then(configured_identity);
    configured.unwrap_or_else(|| (FALLBACK_NAME.to_owned(), FALLBACK_EMAIL.to_owned()))
}

/// The user's name and address if both are set and git accepts them.
fn configured_identity(mut config: Config) -> Option<(String, String)> {
    let config = config.snapshot().ok()?;
    let (name, email) = (config.get_string("user.name").ok()?, config.get_string("user.email").ok()?);
    Signature::now(&name, &email).ok()?;
    Some((name, email))
}

/// Whether git knows the user, by the settings of this repository or by the general ones.
pub(crate) fn names_the_user(repo: Option<&Repo>) -> bool {
    let config = repo.map_or_else(Config::open_default, |repo| repo.git.config());
    config.ok().and_then(configured_identity).is_some()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::testing::{hermetic, scratch};
    use super::*;

    #[test]
    fn a_directory_outside_any_repository_is_recognised() {
        hermetic();
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Repo::open(dir.path()), Err(RepoError::NotARepository(_))));
        assert!(matches!(Repo::open(&dir.path().join("absent")), Err(RepoError::NotARepository(_))));
    }

    #[test]
    fn bare_and_empty_repositories_are_recognised() {
        hermetic();
        let dir = tempfile::tempdir().unwrap();
        Repository::init_bare(dir.path().join("bare")).unwrap();
        Repository::init(dir.path().join("empty")).unwrap();
        assert!(matches!(Repo::open(&dir.path().join("bare")), Err(RepoError::Bare(_))));
        assert!(matches!(Repo::open(&dir.path().join("empty")), Err(RepoError::NoCommits { .. })));
    }

    #[test]
    fn a_repository_is_found_from_a_directory_inside_it() {
        let (_dir, repo) = scratch(&[("src/model.rs", "fn f() {}\n")]);
        let inside = Repo::open(&repo.root().join("src")).unwrap();
        assert_eq!(inside.root(), repo.root());
        assert_eq!(inside.study_dir("a"), repo.root().join(".git/autoresearch/a"));
    }

    #[test]
    fn main_is_main_else_master_else_what_is_checked_out() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        let root = repo.root().to_owned();
        let head = repo.git.head().unwrap().peel_to_commit().unwrap();
        for name in ["trunk", "master"] {
            repo.git.branch(name, &head, false).unwrap();
        }
        repo.git.set_head("refs/heads/trunk").unwrap();
        let main_of = |root: &Path| Repo::open(root).map(|repo| repo.main_branch().to_owned());
        assert_eq!(main_of(&root).unwrap(), "main");
        fs::remove_file(root.join(".git/refs/heads/main")).unwrap();
        assert_eq!(main_of(&root).unwrap(), "master");
        fs::remove_file(root.join(".git/refs/heads/master")).unwrap();
        assert_eq!(main_of(&root).unwrap(), "trunk");
        repo.git.set_head_detached(head.id()).unwrap();
        assert!(matches!(main_of(&root), Err(RepoError::NoMainBranch(_))));
    }

    #[test]
    fn commits_are_made_in_the_users_name_where_there_is_one() {
        let (_dir, repo) = scratch(&[("a", "a")]);
        assert_eq!(identity(&repo.git), (FALLBACK_NAME.to_owned(), FALLBACK_EMAIL.to_owned()));
        let mut config = repo.git.config().unwrap();
        config.set_str("user.name", "Ada Lovelace").unwrap();
        assert_eq!(identity(&repo.git).0, FALLBACK_NAME, "a name without an address is not an identity");
        config.set_str("user.email", "ada@example.org").unwrap();
        assert_eq!(identity(&repo.git), ("Ada Lovelace".to_owned(), "ada@example.org".to_owned()));
    }
}
