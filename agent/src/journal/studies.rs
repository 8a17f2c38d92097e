//! The studies of a repository, from their journals: found, read and folded.

use std::path::{Path, PathBuf};

use super::events::{EventLog, FILE, JournalError};
use crate::study::{Event, Study};

/// A journal, read in full.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) study: Study,
    pub(crate) events: Vec<Event>,
}

/// Reads the journal in a study's directory; `None` if no study was started. Safe while a study runs.
pub(crate) fn read(dir: &Path) -> Result<Option<Recorded>, JournalError> {
    fold(dir, EventLog::read(dir)?)
}

/// The state after a journal's events. An event that cannot have happened is an error that names the line.
fn fold(dir: &Path, mut events: Vec<Event>) -> Result<Option<Recorded>, JournalError> {
    match Study::replay(&mut events) {
        Ok(study) => Ok(study.map(|study| Recorded { study, events })),
        // The first line holds the version, and lines count from 1.
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

/// The studies that can be read and were started. An unreadable journal must not stop other work.
pub(crate) fn readable(journals: &Path) -> Vec<Recorded> {
    directories(journals).iter().filter_map(|directory| read(directory).ok().flatten()).collect()
}

/// Why the others cannot be read.
pub(crate) fn unreadable(journals: &Path) -> Vec<JournalError> {
    directories(journals).iter().filter_map(|directory| read(directory).err()).collect()
}
