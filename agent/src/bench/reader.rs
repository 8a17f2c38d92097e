//! Reads a table of results from a CSV file, gzipped or not, and reports what is wrong if it is not in the format.
//!
//! The first line is `# minimize` or `# maximize`; then comes a header of `param:NAME:cat` and `param:NAME:ord`, then
//! `value:SEED`, one for each seed. An empty value is a seed that was not run, a row without any value a crash.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::csv::{self, CsvError, Wrong, direction, records, shortened, wrong, wrong_file};
use super::table::{Column, Table, id};
use crate::study::{Values, number};

/// Most values of a parameter: methods compare each with every other.
const MOST_VALUES: usize = 1000;

/// Fewest runs of one program for comparisons of it with itself.
const FEWEST_RUNS: usize = 60;

const HEADER: &str =
    "a header of one or more `param:NAME:cat` or `param:NAME:ord`, then one or more `value:SEED`";

/// Reads the table in a file, and names it after the file.
pub(crate) fn read(file: &Path) -> Result<Table, CsvError> {
    csv::read(file, parse)
}

/// Reads the recorded runs of one program: a table of one row.
pub(crate) fn read_runs(file: &Path) -> Result<Vec<f64>, CsvError> {
    csv::read(file, |_, text| {
        let (_, _, mut rows) = rows(text)?;
        match rows.pop() {
            Some((_, runs)) if rows.is_empty() && runs.len() >= FEWEST_RUNS => Ok(runs),
            _ => {
                let expected = format!("one row of {FEWEST_RUNS} values or more");
                Err(wrong_file("is not of one program's runs", expected))
            }
        }
    })
}

/// The same, from the text of a table.
pub(super) fn parse(name: &str, text: &str) -> Result<Table, Wrong> {
    let (maximised, columns, rows) = rows(text)?;
    Table::new(name.to_owned(), maximised, columns, rows).ok_or_else(|| {
        let nothing = "there is nothing to search for: the best program is no better than the median one";
        wrong_file(nothing, "programs whose mean results differ")
    })
}

/// Whether higher results are better, the parameters, and the programs with their results, turned so that lower is
/// better.
type Rows = (bool, Vec<Column>, Vec<(Values, Vec<f64>)>);

fn rows(text: &str) -> Result<Rows, Wrong> {
    let (sign, rest) = direction(text)?;
    let mut records = records(rest, 2)?.into_iter();
    let (line, cells) = records.next().ok_or_else(|| wrong(2, "has no header", HEADER))?;
    let mut columns = header(line, &cells)?;
    let width = cells.len();
    let mut known: Vec<HashSet<String>> = vec![HashSet::new(); columns.len()];
    let mut lines = HashMap::new();
    let mut rows = Vec::new();
    for (line, cells) in records {
        if cells.len() != width {
            let expected = format!("{width} cells, as in the header");
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
            return Err(wrong_file(many, format!("at most {MOST_VALUES}")));
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
            return Err(wrong(line, format!("the parameter {name:?} appears twice"), HEADER));
        }
        columns.push(Column { name: name.to_owned(), ordered: kind == "ord", values: Vec::new() });
    }
    if columns.is_empty() || values == 0 {
        let missing = if columns.is_empty() { "parameter" } else { "value" };
        return Err(wrong(line, format!("there is no column of a {missing}"), HEADER));
    }
    Ok(columns)
}

/// The result of one seed; `None` if it was not run.
fn result(line: usize, cell: &str) -> Result<Option<f64>, Wrong> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(None);
    }
    let finite = cell.parse().ok().filter(|value: &f64| value.is_finite());
    let expected = "a finite number, or nothing for a seed that was not run";
    finite.map(Some).ok_or_else(|| wrong(line, format!("the result {:?}", shortened(cell)), expected))
}

/// Makes a ladder of an ordered parameter: by number, or as first seen if one value is not a number.
fn sort(column: &mut Column) {
    let numbers: Option<Vec<f64>> = column.values.iter().map(|value| number(value)).collect();
    if let (true, Some(numbers)) = (column.ordered, numbers) {
        let mut values: Vec<_> = numbers.into_iter().zip(std::mem::take(&mut column.values)).collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        column.values = values.into_iter().map(|(_, value)| value).collect();
    }
}

#[cfg(test)]
mod tests;
