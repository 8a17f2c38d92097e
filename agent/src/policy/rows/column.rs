//! One site over all programs: its values in the order in which they were first seen, and their order on a ladder.

use serde::{Deserialize, Serialize};

use crate::study::number;

/// The code of a value in its column; 0 means that the site is absent.
pub(crate) type Code = u16;

/// Everything ever seen of one site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ordered: bool,
    /// Value of code i + 1.
    values: Vec<String>,
    /// Rung of code i + 1 on the ladder of all values seen so far.
    rungs: Vec<u16>,
}

impl Column {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ordered: false, values: Vec::new(), rungs: Vec::new() }
    }

    /// Number of values, not counting absence.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Place on the ladder, from 0 for its lowest rung; `None` for absence.
    pub(crate) fn rung(&self, code: Code) -> Option<u16> {
        self.rungs.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Squared distance of two values, at most 1.
    pub(crate) fn distance(&self, a: Code, b: Code) -> f64 {
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

    pub(super) fn code(&mut self, value: &str) -> Code {
        let found = self.values.iter().position(|known| known == value);
        let index = found.unwrap_or_else(|| {
            self.values.push(value.to_owned());
            self.rungs.push(self.rungs.len() as u16);
            self.values.len() - 1
        });
        index as Code + 1
    }

    /// Puts the rungs in the order of the numbers. If some value is not a number, those of `ladder` come in its order,
    /// and the others stay in the order in which they were seen.
    pub(super) fn sort(&mut self, ladder: &[String]) {
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
