//! Programs as rows of small numbers: one column a site, one code a value, 0 where a program does
//! not have the site.
//!
//! Sites and values are added as they are met and never renumbered, so rows stay valid; a row that
//! is shorter than the table lacks the later sites.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::earlier::{self, EarlierRun};
use super::{Notebook, SiteView};
use crate::study::{Values, number};

/// The code of a value in its column; 0 says that the site is absent.
pub(super) type Code = u16;

/// A program's codes.
pub(super) type Row = Vec<Code>;

/// All that was ever seen of one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ordered: bool,
    /// Value of code i + 1.
    values: Vec<String>,
    /// Rung of code i + 1 on the ladder of all values met so far.
    rungs: Vec<u16>,
}

impl Column {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ordered: false, values: Vec::new(), rungs: Vec::new() }
    }

    /// How many values it has, absence not counted.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Place on the ladder, from 0 for its lowest rung; `None` for absence.
    pub(super) fn rung(&self, code: Code) -> Option<u16> {
        self.rungs.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Squared distance of two values, at most 1.
    pub(super) fn distance(&self, a: Code, b: Code) -> f64 {
        if a == b {
            return 0.0;
        }
        match (self.rung(a), self.rung(b)) {
            (Some(a), Some(b)) if self.ordered => {
                (f64::from(a.abs_diff(b)) / (self.len() - 1).max(1) as f64).powi(2)
            }
            _ => 1.0,
        }
    }

    fn code(&mut self, value: &str) -> Code {
        let found = self.values.iter().position(|known| known == value);
        let index = found.unwrap_or_else(|| {
            self.values.push(value.to_owned());
            self.rungs.push(self.rungs.len() as u16);
            self.values.len() - 1
        });
        index as Code + 1
    }

    /// Puts the rungs in the order of the numbers. Where one value is none, those of `ladder` come as they stand there,
    /// and the others stay as they were met.
    fn sort(&mut self, ladder: &[String]) {
        let numbers: Option<Vec<f64>> = self.values.iter().map(|value| number(value)).collect();
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        if let Some(numbers) = numbers {
            order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
        } else {
            let place = |index: usize| ladder.iter().position(|value| *value == self.values[index]);
            order.sort_by_key(|&index| (place(index).unwrap_or(ladder.len()), self.rungs[index]));
        }
        for (rung, index) in order.into_iter().enumerate() {
            self.rungs[index] = rung as u16;
        }
    }
}

/// All sites met so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Encoding {
    columns: Vec<Column>,
    #[serde(skip)]
    by_name: HashMap<String, usize>,
    /// Rows of the notebook's programs, read off it.
    #[serde(skip)]
    rows: Vec<Row>,
    /// Index of the program that has a row.
    #[serde(skip)]
    by_row: HashMap<Row, usize>,
    /// Runs of earlier studies.
    #[serde(skip)]
    earlier: Vec<EarlierRun>,
}

impl Encoding {
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Reads the programs that are new in the notebook.
    pub(super) fn read(&mut self, notebook: &Notebook) {
        if self.earlier.is_empty() && !notebook.earlier().is_empty() {
            self.earlier = earlier::runs(notebook.earlier(), self);
        }
        for tried in &notebook.programs()[self.rows.len()..] {
            let row = self.row(&tried.program.values);
            self.by_row.insert(trimmed(row.clone()), self.rows.len());
            self.rows.push(row);
        }
    }

    /// Rows of the notebook's programs, as far as they were read.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Runs of earlier studies.
    pub(super) fn earlier(&self) -> &[EarlierRun] {
        &self.earlier
    }

    /// The program of the notebook that has this row, which is trimmed.
    pub(super) fn find(&self, row: &Row) -> Option<usize> {
        self.by_row.get(row).copied()
    }

    /// How many values were met, over all columns.
    pub(super) fn size(&self) -> usize {
        self.columns.iter().map(Column::len).sum()
    }

    pub(super) fn column(&mut self, name: &str) -> usize {
        if self.by_name.len() != self.columns.len() {
            let names = self.columns.iter().enumerate().map(|(i, column)| (column.name.clone(), i));
            self.by_name = names.collect();
        }
        if let Some(&index) = self.by_name.get(name) {
            return index;
        }
        self.by_name.insert(name.to_owned(), self.columns.len());
        self.columns.push(Column::new(name));
        self.columns.len() - 1
    }

    pub(super) fn code(&mut self, column: usize, value: &str) -> Code {
        let column = &mut self.columns[column];
        let known = column.len();
        let code = column.code(value);
        if column.ordered && column.len() > known {
            column.sort(&[]);
        }
        code
    }

    /// Learns what kinds of sites there are and what values they may have.
    pub(super) fn learn(&mut self, sites: &[SiteView]) {
        for site in sites {
            let index = self.column(&site.name);
            let (known, was_ordered) = (self.columns[index].len(), self.columns[index].ordered);
            for value in &site.values {
                self.code(index, value);
            }
            let column = &mut self.columns[index];
            if site.ordered && (!was_ordered || column.len() > known) {
                column.ordered = true;
                column.sort(&site.values);
            }
        }
    }

    pub(super) fn row(&mut self, values: &Values) -> Row {
        let mut row = Row::new();
        for (name, value) in values {
            let column = self.column(name);
            if row.len() <= column {
                row.resize(column + 1, 0);
            }
            row[column] = self.code(column, value);
        }
        row
    }
}

/// The code of a row at a column.
pub(super) fn at(row: &[Code], column: usize) -> Code {
    row.get(column).copied().unwrap_or(0)
}

/// A row without absent sites at its end, so that equal programs have equal rows.
pub(super) fn trimmed(mut row: Row) -> Row {
    let length = row.iter().rposition(|&code| code != 0).map_or(0, |last| last + 1);
    row.truncate(length);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(name: &str, ordered: bool, values: &[&str]) -> SiteView {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        SiteView { name: name.to_owned(), kind: "knob", ordered, value: values[0].clone(), values }
    }

    #[test]
    fn windows_of_one_ladder_join_in_the_order_of_their_numbers() {
        let mut encoding = Encoding::default();
        encoding.learn(&[view("rate", true, &["1e-3_f64", "2e-3", "3e-3"])]);
        let middle = encoding.row(&Values::from([("rate".to_owned(), "2e-3".to_owned())]));
        encoding.learn(&[view("rate", true, &["5e-4", "1e-3_f64"])]);
        let lowest = encoding.row(&Values::from([("rate".to_owned(), "5e-4".to_owned())]));
        let column = &encoding.columns()[0];
        assert_eq!((column.len(), column.rung(middle[0]), column.rung(lowest[0])), (4, Some(2), Some(0)));
        assert!((column.distance(middle[0], lowest[0]) - (2.0_f64 / 3.0).powi(2)).abs() < 1e-12);
    }

    #[test]
    fn a_ladder_of_words_has_the_order_of_its_site_whatever_was_met_first() {
        let mut encoding = Encoding::default();
        let large = encoding.row(&Values::from([("size".to_owned(), "large".to_owned())]));
        encoding.learn(&[view("size", true, &["small", "inf", "large"])]);
        let small = encoding.row(&Values::from([("size".to_owned(), "small".to_owned())]));
        let column = &encoding.columns()[0];
        assert_eq!([small[0], large[0]].map(|code| column.rung(code)), [Some(0), Some(2)]);
    }

    #[test]
    fn a_site_that_a_program_lacks_is_one_more_category() {
        let mut encoding = Encoding::default();
        encoding.learn(&[view("rate", true, &["1", "2"]), view("base", true, &["10", "20"])]);
        let without = encoding.row(&Values::from([("rate".to_owned(), "1".to_owned())]));
        let with = encoding.row(&Values::from([("base".to_owned(), "10".to_owned())]));
        let base = &encoding.columns()[1];
        assert_eq!(base.distance(at(&without, 1), at(&with, 1)), 1.0);
        assert_eq!(base.distance(at(&without, 1), 0), 0.0);
    }

    #[test]
    fn codes_survive_being_saved() {
        let mut encoding = Encoding::default();
        encoding.learn(&[view("a", false, &["x", "y"])]);
        let text = serde_json::to_string(&encoding).expect("plain data");
        let mut copy: Encoding = serde_json::from_str(&text).expect("as written");
        let values = Values::from([("a".to_owned(), "y".to_owned()), ("b".to_owned(), "z".to_owned())]);
        assert_eq!(copy.row(&values), encoding.row(&values));
    }
}
