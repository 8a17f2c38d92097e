//! Shared by the tests of several files: a small table, and the settings of short nights.

use super::merge_settings::MergeSettings;
use super::table::{Column, Table};
use crate::policy::{Method, Variant};
use crate::study::{MergeRule, Values};

/// Parameters `a` (a category) and `b` (a ladder), each with the values `0..width`; `result` gives the results of a
/// program, and `None` means that there is no such program.
pub(super) fn square(width: usize, result: impl Fn(usize, usize) -> Option<Vec<f64>>) -> Table {
    let values: Vec<String> = (0..width).map(|value| value.to_string()).collect();
    let column = |name: &str| Column { name: name.to_owned(), ordered: name == "b", values: values.clone() };
    let mut rows = Vec::new();
    for (a, b) in (0..width).flat_map(|a| (0..width).map(move |b| (a, b))) {
        let values = Values::from([("a".to_owned(), a.to_string()), ("b".to_owned(), b.to_string())]);
        rows.extend(result(a, b).map(|results| (values, results)));
    }
    Table::new("square".to_owned(), false, vec![column("a"), column("b")], rows).expect("results that differ")
}

/// This number of nights, each of a random search.
pub(super) fn nights_of(repeats: usize, evaluations: usize) -> MergeSettings {
    MergeSettings {
        search: Variant::from(Method::Random),
        evaluations,
        repeats,
        seed: 3,
        rule: MergeRule { alpha: 0.02, most_pairs: 30, smallest_effect: None, largest_factor: 10.0 },
        noise_repeats: 3,
    }
}
