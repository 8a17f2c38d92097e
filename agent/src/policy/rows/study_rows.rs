//! The rows of a study: those of its own programs, and those of the runs of earlier studies.

use std::collections::HashMap;

use super::earlier_runs::{self, EarlierRun};
use super::encoding::Encoding;
use super::row::{Row, trimmed};
use crate::policy::Notebook;

/// What was read from the notebook. Not saved: a resumed study reads it again.
#[derive(Clone, Debug, Default)]
pub(crate) struct StudyRows {
    own: Vec<Row>,
    /// Index of the program with a row.
    by_row: HashMap<Row, usize>,
    earlier: Vec<EarlierRun>,
}

impl StudyRows {
    /// Reads the programs that are new in the notebook.
    pub(crate) fn read(&mut self, notebook: &Notebook, encoding: &mut Encoding) {
        if self.earlier.is_empty() && !notebook.earlier().is_empty() {
            self.earlier = earlier_runs::runs(notebook.earlier(), encoding);
        }
        for tried in &notebook.programs()[self.own.len()..] {
            let row = encoding.row(&tried.program.values);
            self.by_row.insert(trimmed(row.clone()), self.own.len());
            self.own.push(row);
        }
    }

    /// Rows of the notebook's programs that were read.
    pub(crate) fn own(&self) -> &[Row] {
        &self.own
    }

    /// Runs of earlier studies.
    pub(crate) fn earlier(&self) -> &[EarlierRun] {
        &self.earlier
    }

    /// The program of the notebook with this row, which must be trimmed.
    pub(crate) fn find(&self, row: &Row) -> Option<usize> {
        self.by_row.get(row).copied()
    }
}
