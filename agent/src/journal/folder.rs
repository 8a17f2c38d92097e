//! The directory of one study under the git directory: files beside the events, and each trial's logs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::study::TrialNumber;

/// Extension of a file while it is being written.
const UNFINISHED: &str = "unfinished";

/// Where a study keeps what is not an event.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Names the directory; it is created when something is first written.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the logs of a trial's phases are. Creates nothing.
    pub(crate) fn trial_dir(&self, trial: TrialNumber) -> PathBuf {
        self.path.join("trials").join(trial.to_string())
    }

    /// Saves bytes under a name, replacing earlier ones. After a kill there are either the old or the new ones.
    pub(crate) fn save_blob(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        create_dir_all_synced(&self.path)?;
        let unfinished = self.path.join(format!("{name}.{UNFINISHED}"));
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path.join(name))?;
        sync_dir(&self.path)
    }

    /// The bytes saved under a name; `None` if none ever were.
    pub(crate) fn load_blob(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Creates a directory and those above it so that they survive a power cut.
pub(super) fn create_dir_all_synced(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.map_or(Ok(()), create_dir_all_synced)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    parent.map_or(Ok(()), sync_dir)
}

/// Makes names that were created or changed in a directory survive a power cut.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_last_is_loaded_and_no_other_file_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().join("autoresearch/night"));
        assert_eq!(folder.load_blob("policy").unwrap(), None);
        folder.save_blob("policy", b"old weights").unwrap();
        folder.save_blob("policy", b"new").unwrap();
        assert_eq!(folder.load_blob("policy").unwrap().as_deref(), Some(&b"new"[..]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_half_written_file_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path().to_owned());
        folder.save_blob("policy", b"old").unwrap();
        fs::write(dir.path().join("policy.unfinished"), b"ne").unwrap();
        assert_eq!(folder.load_blob("policy").unwrap().as_deref(), Some(&b"old"[..]));
        folder.save_blob("policy", b"new").unwrap();
        assert_eq!(folder.load_blob("policy").unwrap().as_deref(), Some(&b"new"[..]));
    }

    #[test]
    fn each_trial_has_a_place_for_its_logs() {
        let folder = Folder::new(PathBuf::from("/git/autoresearch/night"));
        assert_eq!(folder.trial_dir(17), Path::new("/git/autoresearch/night/trials/17"));
    }
}
