//! The studies of a repository as their journals have them: found, read and folded.

use std::path::{Path, PathBuf};

use super::events::{EventLog, FILE, JournalError};
use crate::study::{Event, Study};

/// A journal that was read whole.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) study: Study,
    pub(crate) events: Vec<Event>,
}

/// Reads the journal in a study's directory; `None` where nothing was begun. May run beside a study.
pub(crate) fn read(dir: &Path) -> Result<Option<Recorded>, JournalError> {
    fold(dir, EventLog::read(dir)?)
}

/// The state after a journal's events. What they say that cannot have happened is an error that names the line.
fn fold(dir: &Path, mut events: Vec<Event>) -> Result<Option<Recorded>, JournalError> {
    match Study::replay(&mut events) {
        Ok(study) => Ok(study.map(|study| Recorded { study, events })),
        // The first line is the version's, and lines count from 1.
        Err((index, error)) => {
            Err(JournalError::Corrupt { path: dir.join(FILE), line: index + 2, reason: error.to_string() })
        }
    }
}

/// The directories of the studies below one, in the order in which their journals were last written to.
pub(crate) fn directories(journals: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(journals).into_iter().flatten().filter_map(Result::ok);
    let written = |folder: std::fs::DirEntry| {
        let at = folder.path().join(FILE).metadata().ok()?.modified().ok()?;
        Some((at, folder.path()))
    };
    let mut studies: Vec<_> = folders.filter_map(written).collect();
    studies.sort();
    studies.into_iter().map(|(_, directory)| directory).collect()
}

/// The name of the study whose journal was written to last.
pub(crate) fn newest(journals: &Path) -> Option<String> {
    directories(journals).pop()?.file_name()?.to_str().map(str::to_owned)
}

/// Those that can be read and were begun. A journal that cannot be read keeps nobody from working.
pub(crate) fn readable(journals: &Path) -> Vec<Recorded> {
    directories(journals).iter().filter_map(|directory| read(directory).ok().flatten()).collect()
}
