//! Why a branch does not follow a study yet, as a value that can be compared and printed. Looks nothing up itself.

use std::fmt;
use std::path::PathBuf;

use super::RepoError;

/// How many changed files a message names.
const NAMED: usize = 3;

/// Why a branch does not follow yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Tracked files, or untracked ones that would be overwritten, hold work that is not committed.
    Changed(Vec<String>),
    /// A rebase, merge or the like is under way in this working tree.
    Busy(PathBuf),
    /// Another git command holds the index of this working tree.
    Locked(PathBuf),
    /// The branch is checked out in a working tree that cannot be reached.
    Unreachable(PathBuf),
    /// The branch is checked out in a working tree of this git directory, which does not say where that is.
    Unknown(PathBuf),
    /// The branch is checked out in more than one working tree.
    CheckedOutTwice,
    /// A link or a submodule would have to change, which we never do.
    NotAFile(String),
    /// The git directory is on another file system than the working tree, so no rename is atomic.
    OtherFileSystem(PathBuf),
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(paths) => write!(f, "uncommitted changes in {}", some_of(paths)),
            Self::Busy(root) => write!(f, "a rebase or merge is under way in {}", root.display()),
            Self::Locked(root) => write!(f, "another git command is running in {}", root.display()),
            Self::Unreachable(root) => {
                write!(
                    f,
                    "it is checked out in {}, which does not exist (`git worktree prune`?)",
                    root.display()
                )
            }
            Self::Unknown(git) => {
                write!(f, "it is checked out in the working tree of {}, wherever that is", git.display())
            }
            Self::CheckedOutTwice => f.write_str("it is checked out in more than one working tree"),
            Self::NotAFile(path) => write!(f, "{path} is a link, a directory or a submodule"),
            Self::OtherFileSystem(root) => {
                write!(f, "{} is on another file system than its git directory", root.display())
            }
        }
    }
}

/// Why a checkout was not updated: something temporary, or an error.
#[derive(Debug)]
pub(super) enum Stop {
    Wait(Wait),
    Error(RepoError),
}

impl Stop {
    pub(super) fn into_waiting(self) -> Result<Wait, RepoError> {
        match self {
            Self::Wait(wait) => Ok(wait),
            Self::Error(error) => Err(error),
        }
    }
}

impl<E: Into<RepoError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// The first few of these, and how many more there are.
pub(super) fn some_of(paths: &[String]) -> String {
    let named = paths[..paths.len().min(NAMED)].join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_about_waiting_names_a_few_files() {
        let paths: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let told = Wait::Changed(paths).to_string();
        assert_eq!(told, "uncommitted changes in a, b, c and 2 more");
    }
}
