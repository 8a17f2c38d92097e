//! Reads a table of results from a CSV file, gzipped or not, and says of one that is not in the format what is wrong.
//!
//! The first line is `# minimize` or `# maximize`; then comes a header of `param:NAME:cat` and `param:NAME:ord`, then
//! `value:SEED`, one for each seed. An empty value is a seed that was not run, a row without any value a crash.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use csv_core::ReadRecordResult;
use flate2::read::MultiGzDecoder;

use super::table::{Column, Table, id};
use crate::policy::number;
use crate::study::Values;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Values that a parameter may have: methods compare each with each.
const MOST_VALUES: usize = 1000;

/// Runs of one program, for comparisons of it with itself.
const FEWEST_RUNS: usize = 60;

const FIRST_LINE: &str = "`# minimize` or `# maximize` as the first line";
const HEADER: &str =
    "a header of one or more `param:NAME:cat` or `param:NAME:ord`, then one or more `value:SEED`";

/// What keeps a file from being a table.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {wrong}; expected {expected}", file.display(), Line(*line))]
pub(crate) struct TableError {
    file: PathBuf,
    line: Option<usize>,
    wrong: String,
    expected: String,
}

/// The place in an error.
struct Line(Option<usize>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ", line {line}"))
    }
}

/// Line, what is wrong there, what is expected: an error before the file is named.
type Wrong = (Option<usize>, String, String);

fn wrong(line: usize, wrong: impl Into<String>, expected: impl Into<String>) -> Wrong {
    (Some(line), wrong.into(), expected.into())
}

fn wrong_file(wrong: impl Into<String>, expected: impl Into<String>) -> Wrong {
    (None, wrong.into(), expected.into())
}

/// Reads the table in a file, and calls it as that is called.
pub(crate) fn read(file: &Path) -> Result<Table, TableError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let name = name.strip_suffix(".csv").unwrap_or(name);
    let table = text_of(file).and_then(|text| parse(name, &text));
    table.map_err(|(line, wrong, expected)| TableError { file: file.to_owned(), line, wrong, expected })
}

/// Reads the recorded runs of one program: a table of one row.
pub(crate) fn read_runs(file: &Path) -> Result<Vec<f64>, TableError> {
    let rows = text_of(file).and_then(|text| rows(&text));
    let runs = rows.and_then(|(_, _, mut rows)| match rows.pop() {
        Some((_, runs)) if rows.is_empty() && runs.len() >= FEWEST_RUNS => Ok(runs),
        _ => Err(wrong_file(
            "is not of one program's runs",
            format!("one row of {FEWEST_RUNS} values or more"),
        )),
    });
    runs.map_err(|(line, wrong, expected)| TableError { file: file.to_owned(), line, wrong, expected })
}

fn text_of(file: &Path) -> Result<String, Wrong> {
    const EXPECTED: &str = "a table of results: CSV, gzipped or not";
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

/// The same from the text of a table.
pub(super) fn parse(name: &str, text: &str) -> Result<Table, Wrong> {
    let (maximised, columns, rows) = rows(text)?;
    Table::new(name.to_owned(), maximised, columns, rows).ok_or_else(|| {
        let nothing = "there is nothing to search for: the best program is no better than the median one";
        wrong_file(nothing, "programs whose mean results differ")
    })
}

/// Whether higher results are better, parameters, and programs with their results as lower is better.
type Rows = (bool, Vec<Column>, Vec<(Values, Vec<f64>)>);

fn rows(text: &str) -> Result<Rows, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let sign = match first.trim_end() {
        "# minimize" => 1.0,
        "# maximize" => -1.0,
        other => return Err(wrong(1, format!("begins with {:?}", shortened(other)), FIRST_LINE)),
    };
    let mut records = records(rest, 2)?.into_iter();
    let (line, cells) = records.next().ok_or_else(|| wrong(2, "has no header", HEADER))?;
    let mut columns = header(line, &cells)?;
    let width = cells.len();
    let mut known: Vec<HashSet<String>> = vec![HashSet::new(); columns.len()];
    let mut lines = HashMap::new();
    let mut rows = Vec::new();
    for (line, cells) in records {
        if cells.len() != width {
            let expected = format!("{width} cells, as the header has");
            return Err(wrong(line, format!("has {} cells", cells.len()), expected));
        }
        let (parameters, results) = cells.split_at(columns.len());
        let mut values = Values::new();
        for ((column, known), value) in columns.iter_mut().zip(&mut known).zip(parameters) {
            if known.insert(value.clone()) {
                column.values.push(value.clone());
            }
            values.insert(column.name.clone(), value.clone());
        }
        match lines.entry(id(&values)) {
            Entry::Vacant(vacant) => vacant.insert(line),
            Entry::Occupied(other) => {
                let same = format!("has the same parameters as line {}", other.get());
                return Err(wrong(line, same, "one row for each program, with a value for each seed"));
            }
        };
        let results: Result<Vec<Option<f64>>, Wrong> =
            results.iter().map(|cell| result(line, cell)).collect();
        rows.push((values, results?.into_iter().flatten().map(|result| sign * result).collect()));
    }
    if rows.is_empty() {
        return Err(wrong(line, "is the last line", "rows of results after the header"));
    }
    for column in &mut columns {
        if column.values.len() > MOST_VALUES {
            let many = format!("the parameter {:?} has {} values", column.name, column.values.len());
            return Err(wrong_file(many, format!("{MOST_VALUES} at most")));
        }
        sort(column);
    }
    Ok((sign < 0.0, columns, rows))
}

/// The parameters of the header; their values are not known yet.
fn header(line: usize, cells: &[String]) -> Result<Vec<Column>, Wrong> {
    let refuse = |cell: &str| wrong(line, format!("the column {:?} is neither", shortened(cell)), HEADER);
    let mut columns: Vec<Column> = Vec::new();
    let mut values = 0;
    for cell in cells {
        if cell.starts_with("value:") {
            values += 1;
            continue;
        }
        let (name, kind) = cell
            .strip_prefix("param:")
            .and_then(|rest| rest.rsplit_once(':'))
            .filter(|(_, kind)| ["cat", "ord"].contains(kind))
            .ok_or_else(|| refuse(cell))?;
        if values > 0 {
            return Err(wrong(line, format!("the parameter {name:?} comes after a value"), HEADER));
        }
        if columns.iter().any(|column| column.name == name) {
            return Err(wrong(line, format!("the parameter {name:?} stands there twice"), HEADER));
        }
        columns.push(Column { name: name.to_owned(), ordered: kind == "ord", values: Vec::new() });
    }
    if columns.is_empty() || values == 0 {
        let missing = if columns.is_empty() { "parameter" } else { "value" };
        return Err(wrong(line, format!("there is no column of a {missing}"), HEADER));
    }
    Ok(columns)
}

/// The result of one seed; `None` where it was not run.
fn result(line: usize, cell: &str) -> Result<Option<f64>, Wrong> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    let finite = cell.parse().ok().filter(|value: &f64| value.is_finite());
    let expected = "a finite number, or nothing for a seed that was not run";
    finite.map(Some).ok_or_else(|| wrong(line, format!("the result {:?}", shortened(cell)), expected))
}

/// Makes a ladder of an ordered parameter: by number, or as first met where one value is no number.
fn sort(column: &mut Column) {
    let numbers: Option<Vec<f64>> = column.values.iter().map(|value| number(value)).collect();
    if let (true, Some(numbers)) = (column.ordered, numbers) {
        let mut values: Vec<_> = numbers.into_iter().zip(std::mem::take(&mut column.values)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        column.values = values.into_iter().map(|(_, value)| value).collect();
    }
}

/// The records of a CSV text whose first line has this number, each with the number of its own first line.
fn records(text: &str, mut line: usize) -> Result<Vec<(usize, Vec<String>)>, Wrong> {
    let text = format!("{text}\n");
    let mut rest = text.as_bytes();
    let mut reader = csv_core::Reader::new();
    let mut cells = vec![0; text.len()];
    let mut ends = vec![0; text.matches(',').count() + 1];
    let mut records = Vec::new();
    loop {
        // Empty lines are skipped here, for the reader would not count them.
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

/// As much of a text as an error should repeat.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
