//! Reads CSV files, gzipped or not, whose first line says which direction is better, and reports where one is wrong.

use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv_core::ReadRecordResult;
use flate2::read::MultiGzDecoder;

const GZIP: [u8; 2] = [0x1f, 0x8b];

const FIRST_LINE: &str = "`# minimize` or `# maximize` as the first line";

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {wrong}; expected {expected}", file.display(), Line(*line))]
pub(crate) struct CsvError {
    pub(super) file: PathBuf,
    pub(super) line: Option<usize>,
    pub(super) wrong: String,
    pub(super) expected: String,
}

/// The place in an error.
struct Line(Option<usize>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// Line, what is wrong there, what is expected: an error before the file is named.
pub(super) type Wrong = (Option<usize>, String, String);

pub(super) fn wrong(line: usize, wrong: impl Into<String>, expected: impl Into<String>) -> Wrong {
    (Some(line), wrong.into(), expected.into())
}

pub(super) fn wrong_file(wrong: impl Into<String>, expected: impl Into<String>) -> Wrong {
    (None, wrong.into(), expected.into())
}

/// Reads a file: `parse` gets its name without suffixes, and its text.
pub(super) fn read<T>(file: &Path, parse: impl Fn(&str, &str) -> Result<T, Wrong>) -> Result<T, CsvError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let name = name.strip_suffix(".csv").unwrap_or(name);
    let read = text_of(file).and_then(|text| parse(name, &text));
    read.map_err(|(line, wrong, expected)| CsvError { file: file.to_owned(), line, wrong, expected })
}

fn text_of(file: &Path) -> Result<String, Wrong> {
    const EXPECTED: &str = "CSV, gzipped or not";
    let unreadable = |error: std::io::Error| wrong_file(format!("cannot be read: {error}"), EXPECTED);
    let bytes = fs::read(file).map_err(unreadable)?;
    let bytes = if bytes.starts_with(&GZIP) {
        let mut unpacked = Vec::new();
        let broken = |error| wrong_file(format!("cannot be unpacked: {error}"), "gzip as `gzip` writes it");
        MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked).map_err(broken)?;
        unpacked
    } else if file.extension().is_some_and(|extension| extension == "gz") {
        return Err(wrong_file("is not gzip, as its name says", EXPECTED));
    } else {
        bytes
    };
    String::from_utf8(bytes).map_err(|_| wrong_file("is not text (UTF-8)", EXPECTED))
}

/// What the first line says: 1 if lower values are better, -1 if higher ones are; and the text after it.
pub(super) fn direction(text: &str) -> Result<(f64, &str), Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    match first.trim_end() {
        "# minimize" => Ok((1.0, rest)),
        "# maximize" => Ok((-1.0, rest)),
        other => Err(wrong(1, format!("begins with {:?}", shortened(other)), FIRST_LINE)),
    }
}

/// The records of a CSV text whose first line has this number, each with the number of its own first line.
pub(super) fn records(text: &str, mut line: usize) -> Result<Vec<(usize, Vec<String>)>, Wrong> {
    let text = format!("{text}\n");
    let mut rest = text.as_bytes();
    let mut reader = csv_core::Reader::new();
    let mut cells = vec![0; text.len()];
    let mut ends = vec![0; text.matches(',').count() + 1];
    let mut records = Vec::new();
    loop {
        // Empty lines are skipped here because the reader would not count them.
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (skipped, after) = rest.split_at(blank);
        line += skipped.iter().filter(|byte| **byte == b'\n').count();
        rest = after;
        if rest.is_empty() {
            return Ok(records);
        }
        let (read, used, _, count) = reader.read_record(rest, &mut cells, &mut ends);
        if read != ReadRecordResult::Record {
            return Err(wrong(line, "opens a quotation that never ends", "as many `\"` as close again"));
        }
        let starts = std::iter::once(0).chain(ends[..count].iter().copied());
        let cell = |(from, to): (usize, &usize)| String::from_utf8_lossy(&cells[from..*to]).into_owned();
        records.push((line, starts.zip(&ends[..count]).map(cell).collect()));
        line += rest[..used].iter().filter(|byte| **byte == b'\n').count();
        rest = &rest[used..];
    }
}

/// The part of a text that an error should repeat.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
