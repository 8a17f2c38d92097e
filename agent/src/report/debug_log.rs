//! The debug log: what the program did and when, for a person who asks the next morning why. It is in the study's
//! folder and bounded in size; `-v` prints it too.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Its name in a study's folder.
const NAME: &str = "debug.log";

/// What the log held before it was full.
const OLDER: &str = "debug.log.1";

/// Bytes of each of the two files.
const MOST_BYTES: u64 = 4 << 20;

static KEPT: Mutex<Option<DebugLog>> = Mutex::new(None);
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Collects what the program does from now on. Printing goes to standard error.
pub(crate) fn start(verbose: bool) {
    VERBOSE.store(verbose, Ordering::Relaxed);
    let ours = || Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::DEBUG);
    let kept = fmt::layer().with_writer(|| Kept).with_filter(ours());
    let printed = verbose.then(|| fmt::layer().with_writer(io::stderr).with_filter(ours()));
    tracing_subscriber::registry().with(kept).with(printed).init();
}

/// Whether it is printed, so that nothing else should draw on the terminal.
pub(super) fn is_printed() -> bool {
    VERBOSE.load(Ordering::Relaxed)
}

/// Writes to a study's folder from now on.
pub(crate) fn keep_in(folder: &Path) {
    let log = DebugLog { folder: folder.to_owned(), file: None };
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
}

/// Writes to the log that is kept at the moment, if there is one.
struct Kept;

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = kept.as_mut() {
            // A study does not end because its debug log cannot be written.
            let _ = log.write(line, MOST_BYTES);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct DebugLog {
    folder: PathBuf,
    /// The open file and its length.
    file: Option<(File, u64)>,
}

impl DebugLog {
    fn write(&mut self, line: &[u8], most: u64) -> io::Result<()> {
        let path = self.folder.join(NAME);
        let (mut file, length) = match self.file.take() {
            Some((file, length)) if length + line.len() as u64 <= most => (file, length),
            full => {
                if full.is_some() {
                    fs::rename(&path, self.folder.join(OLDER))?;
                }
                let file = OpenOptions::new().append(true).create(true).open(&path)?;
                let length = file.metadata()?.len();
                (file, length)
            }
        };
        file.write_all(line)?;
        self.file = Some((file, length + line.len() as u64));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_its_newest_lines_and_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = DebugLog { folder: folder.path().to_owned(), file: None };
        for number in 10..60 {
            log.write(format!("line {number}\n").as_bytes(), 80).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read(OLDER).lines().count(), 10);
        assert!(read(NAME).ends_with("line 59\n") && read(OLDER).ends_with("line 49\n"));

        let mut resumed = DebugLog { folder: folder.path().to_owned(), file: None };
        resumed.write(b"another process\n", 80).unwrap();
        assert!(read(NAME).contains("line 59\nanother process\n"), "an earlier log is continued");
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_does_no_harm() {
        let mut log = DebugLog { folder: "/nonexistent/folder".into(), file: None };
        assert!(log.write(b"a line\n", 80).is_err());
        assert!(log.write(b"another\n", 80).is_err());
    }
}
