//! One study at a time on a repository: a lock that ends with the process that holds it, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::folder::create_dir_all_synced;

/// Name of the locked file; it stays, only the lock on it is released. No study can have this name.
const FILE: &str = ".lock";

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// `pid` is `None` when the holder has not yet written it.
    #[error(
        "another study is running on this repository{}; wait for it to end, or stop it", process(*.pid)
    )]
    Held { pid: Option<u32> },
    #[error("cannot lock {}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl LockError {
    /// The same message for the lock of a folder instead of a repository.
    pub(crate) fn of_folder(&self, folder: &Path) -> String {
        match self {
            Self::Held { pid } => format!(
                "another run is filling {}{}; wait for it to end, or stop it",
                folder.display(),
                process(*pid)
            ),
            Self::Io { .. } => self.to_string(),
        }
    }
}

fn process(pid: Option<u32>) -> String {
    pid.map_or(String::new(), |pid| format!(" (process {pid})"))
}

/// Held as long as this value lives.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the repository whose journals are in `dir`, or of another folder, without waiting.
    pub(crate) fn take(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join(FILE);
        let failed = |source| LockError::Io { path: path.clone(), source };
        let mut file = open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: holder(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        sign(&mut file).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), create_dir_all_synced)?;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_study_learns_which_process_runs_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let journals = dir.path().join("autoresearch");
        let first = Lock::take(&journals).unwrap();
        let second = Lock::take(&journals).unwrap_err();
        assert!(matches!(second, LockError::Held { pid: Some(pid) } if pid == std::process::id()));
        assert!(second.to_string().contains(&format!("(process {})", std::process::id())));
        assert!(second.of_folder(&journals).starts_with("another run is filling "));
        drop(first);
        Lock::take(&journals).unwrap();
    }

    #[test]
    fn what_a_dead_holder_wrote_is_not_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "4194304999\n").unwrap();
        Lock::take(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
    }
}
