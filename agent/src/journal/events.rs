//! `events.jsonl`: the truth about a study, one event per line, each on disk before anything follows from it.
//!
//! Generic over the event. A line ends with its newline, so what a kill leaves behind is recognised and dropped;
//! anything else that cannot be read is an error that names the line, never skipped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::folder::{create_dir_all_synced, sync_dir};

/// Name of the file in a study's directory.
pub(super) const FILE: &str = "events.jsonl";

/// Version of the events that this program writes and reads.
const VERSION: u32 = 1;

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error(
        "line {line} of {} cannot be read: {reason}; restore the file, or move it away and start a new study",
        .path.display()
    )]
    Corrupt { path: PathBuf, line: usize, reason: String },
    #[error(
        "{} was written by another version of autoresearch (its format is version {found}, ours {VERSION}); \
         continue with that version, or start a study with another name", .path.display()
    )]
    Version { path: PathBuf, found: u32 },
    #[error("cannot write {}: {source}; free some disk space and run again; nothing is lost", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    version: u32,
}

/// The events of a study, open for appending. The caller holds the repository's lock.
#[derive(Debug)]
pub(crate) struct EventLog {
    path: PathBuf,
    file: File,
    /// Bytes of finished lines; anything after them is left over from a failed write.
    length: u64,
}

impl EventLog {
    /// Opens the log in a study's directory, or starts it, and returns the events so far. Half a line at the end, left
    /// by a kill, is cut off.
    pub(crate) fn open<E: DeserializeOwned>(dir: &Path) -> Result<(Self, Vec<E>), JournalError> {
        let path = dir.join(FILE);
        let failed = |source| JournalError::Write { path: path.clone(), source };
        create_dir_all_synced(dir).map_err(failed)?;
        let Contents { events, length } = contents(&path)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let mut log = Self { path: path.clone(), file, length };
        if length == 0 {
            log.append_line(&Header { version: VERSION })?;
            sync_dir(dir).map_err(failed)?;
        } else {
            log.cut().map_err(failed)?;
        }
        Ok((log, events))
    }

    /// The events so far, without opening the log for writing; empty if there is no log. Safe while a study runs.
    pub(crate) fn read<E: DeserializeOwned>(dir: &Path) -> Result<Vec<E>, JournalError> {
        contents(&dir.join(FILE)).map(|contents| contents.events)
    }

    /// Throws the log of a study away, if there is one.
    pub(crate) fn discard(dir: &Path) -> Result<(), JournalError> {
        let path = dir.join(FILE);
        match fs::remove_file(&path) {
            Ok(()) => sync_dir(dir).map_err(|source| JournalError::Write { path, source }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(JournalError::Write { path, source }),
        }
    }

    /// Puts an event on disk, and returns it as it will be read: JSON may change the last digit of a number, and a
    /// study that is resumed must not differ from one that was never interrupted. If this fails, the log is unchanged.
    pub(crate) fn append<E: Serialize + DeserializeOwned>(&mut self, event: &E) -> Result<E, JournalError> {
        let line = self.append_line(event)?;
        #[cfg(test)]
        kill::look(&self.path)?;
        serde_json::from_slice(&line)
            .map_err(|error| JournalError::Write { path: self.path.clone(), source: io::Error::other(error) })
    }

    fn append_line(&mut self, value: &impl Serialize) -> Result<Vec<u8>, JournalError> {
        let mut line = serde_json::to_vec(value).expect("events have string keys and no failing parts");
        line.push(b'\n');
        if let Err(source) = self.write(&line) {
            // If even this fails, the next `append` or `open` cuts off what is left over.
            let _ = self.cut();
            return Err(JournalError::Write { path: self.path.clone(), source });
        }
        self.length += line.len() as u64;
        Ok(line)
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.cut()?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(line)?;
        self.file.sync_data()
    }

    fn cut(&self) -> io::Result<()> {
        if self.file.metadata()?.len() == self.length {
            return Ok(());
        }
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }
}

/// Lets tests kill a study right after one of its events.
#[cfg(test)]
pub(crate) mod kill {
    use std::cell::Cell;
    use std::io;
    use std::path::Path;

    use super::JournalError;

    thread_local! {
        static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// After this many appends, the last event is on disk and nothing that follows from it is done on this thread.
    pub(crate) fn after(events: Option<usize>) {
        LEFT.set(events);
    }

    pub(super) fn look(path: &Path) -> Result<(), JournalError> {
        LEFT.set(LEFT.get().map(|left| left.saturating_sub(1)));
        match LEFT.get() {
            Some(0) => {
                let source = io::Error::other("killed by a test");
                Err(JournalError::Write { path: path.to_owned(), source })
            }
            _ => Ok(()),
        }
    }
}

/// What can be read of a log.
struct Contents<E> {
    events: Vec<E>,
    /// Bytes of finished lines.
    length: u64,
}

fn contents<E: DeserializeOwned>(path: &Path) -> Result<Contents<E>, JournalError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(JournalError::Read { path: path.to_owned(), source }),
    };
    let length = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let mut lines = bytes[..length].split_inclusive(|byte| *byte == b'\n').enumerate();
    if let Some((index, line)) = lines.next() {
        let header: Header = parse(path, index, line)?;
        if header.version != VERSION {
            return Err(JournalError::Version { path: path.to_owned(), found: header.version });
        }
    }
    let events = lines.map(|(index, line)| parse(path, index, line)).collect::<Result<_, _>>()?;
    Ok(Contents { events, length: length as u64 })
}

fn parse<T: DeserializeOwned>(path: &Path, index: usize, line: &[u8]) -> Result<T, JournalError> {
    serde_json::from_slice(line).map_err(|error| JournalError::Corrupt {
        path: path.to_owned(),
        line: index + 1,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Event {
        Started { name: String },
        Ended(u32),
    }

    fn some() -> Vec<Event> {
        let name = "odd \"name\"\nwith a newline, é".to_owned();
        vec![Event::Started { name }, Event::Ended(1), Event::Ended(23)]
    }

    fn written(dir: &Path) -> Vec<u8> {
        let (mut log, before) = EventLog::open::<Event>(dir).unwrap();
        assert_eq!(before, []);
        some().iter().for_each(|event| assert_eq!(log.append(event).unwrap(), *event));
        fs::read(dir.join(FILE)).unwrap()
    }

    #[test]
    fn events_are_read_back_in_order_and_more_can_be_appended() {
        let dir = tempfile::tempdir().unwrap();
        let study = dir.path().join("autoresearch/night");
        assert_eq!(EventLog::read::<Event>(&study).unwrap(), []);
        written(&study);
        let (mut log, events) = EventLog::open::<Event>(&study).unwrap();
        assert_eq!(events, some());
        log.append(&Event::Ended(4)).unwrap();
        assert_eq!(EventLog::read::<Event>(&study).unwrap(), [some(), vec![Event::Ended(4)]].concat());
    }

    #[test]
    fn a_log_cut_at_any_byte_holds_the_first_events_and_takes_more() {
        let dir = tempfile::tempdir().unwrap();
        let whole = written(dir.path());
        for length in 0..=whole.len() {
            let study = dir.path().join(length.to_string());
            fs::create_dir(&study).unwrap();
            fs::write(study.join(FILE), &whole[..length]).unwrap();
            let finished = whole[..length].iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
            assert_eq!(EventLog::read::<Event>(&study).unwrap(), some()[..finished]);
            let (mut log, events) = EventLog::open::<Event>(&study).unwrap();
            assert_eq!(events, some()[..finished]);
            log.append(&Event::Ended(99)).unwrap();
            let events = EventLog::read::<Event>(&study).unwrap();
            assert_eq!(events, [&some()[..finished], &[Event::Ended(99)]].concat());
        }
    }

    #[test]
    fn a_reader_beside_a_writer_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = written(dir.path());
        bytes.extend_from_slice(b"{\"Ended\"");
        fs::write(dir.path().join(FILE), &bytes).unwrap();
        assert_eq!(EventLog::read::<Event>(dir.path()).unwrap(), some());
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), bytes);
    }

    #[test]
    fn what_a_failed_write_leaves_is_cut_off_by_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = EventLog::open::<Event>(dir.path()).unwrap();
        // A whole line that was written but not synced.
        let mut file = OpenOptions::new().append(true).open(dir.path().join(FILE)).unwrap();
        file.write_all(b"{\"Started\":{\"name\":\"longer than what follows\"}}\n").unwrap();
        log.append(&Event::Ended(1)).unwrap();
        assert_eq!(EventLog::read::<Event>(dir.path()).unwrap(), [Event::Ended(1)]);
    }

    #[test]
    fn a_damaged_line_is_named_and_nothing_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = written(dir.path());
        let third = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
        bytes[third] = b'?';
        fs::write(dir.path().join(FILE), &bytes).unwrap();
        let error = EventLog::open::<Event>(dir.path()).unwrap_err();
        assert!(matches!(&error, JournalError::Corrupt { line: 3, .. }), "{error}");
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), bytes);
    }

    #[test]
    fn a_log_of_another_version_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "{\"version\":2}\n{\"Unheard\":1}\n").unwrap();
        let error = EventLog::open::<Event>(dir.path()).unwrap_err();
        assert!(matches!(error, JournalError::Version { found: 2, .. }));
    }
}
