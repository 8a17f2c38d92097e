//! A program as a row: the code of its value at each column.

use super::column::Code;

/// A program's codes. A row with fewer codes than there are columns lacks the later sites.
pub(crate) type Row = Vec<Code>;

/// The code of a row at a column.
pub(crate) fn at(row: &[Code], column: usize) -> Code {
    row.get(column).copied().unwrap_or(0)
}

/// A row without trailing absent sites, so that equal programs have equal rows.
pub(crate) fn trimmed(mut row: Row) -> Row {
    let length = row.iter().rposition(|&code| code != 0).map_or(0, |last| last + 1);
    row.truncate(length);
    row
}

/// A row with other codes at some columns.
pub(crate) fn changed(row: &[Code], changes: &[(usize, Code)]) -> Row {
    let mut row = row.to_vec();
    for &(column, to) in changes {
        if row.len() <= column {
            row.resize(column + 1, 0);
        }
        row[column] = to;
    }
    row
}
