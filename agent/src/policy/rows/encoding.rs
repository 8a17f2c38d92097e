//! The columns and codes that turn programs into rows: one column per site, one code per value, 0 if a program does not
//! have the site.
//!
//! Sites and values are added when first seen and never renumbered, so rows stay valid; a row shorter than the table
//! lacks the later sites.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::column::{Code, Column};
use super::row::Row;
use crate::policy::SiteView;
use crate::study::Values;

/// All sites seen so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Encoding {
    columns: Vec<Column>,
    #[serde(skip)]
    by_name: HashMap<String, usize>,
}

impl Encoding {
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of values seen, over all columns.
    pub(crate) fn size(&self) -> usize {
        self.columns.iter().map(Column::len).sum()
    }

    /// The column of a site, added if it is new.
    pub(crate) fn column(&mut self, name: &str) -> usize {
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

    /// The code of a value at a column, added if it is new.
    pub(crate) fn code(&mut self, column: usize, value: &str) -> Code {
        let column = &mut self.columns[column];
        let known = column.len();
        let code = column.code(value);
        if column.ordered && column.len() > known {
            column.sort(&[]);
        }
        code
    }

    /// Learns the kinds of sites and their possible values.
    pub(crate) fn learn(&mut self, sites: &[SiteView]) {
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

    /// The row of the program with these values.
    pub(crate) fn row(&mut self, values: &Values) -> Row {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rows::at;

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
    fn a_ladder_of_words_has_the_order_of_its_site_whatever_was_seen_first() {
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
