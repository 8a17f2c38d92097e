//! What earlier studies found: the programs that ran there, and how.

use serde::{Deserialize, Serialize};

use super::tried::{self, Tried, Verdict};
use crate::study::Values;

/// A study before this one, or in another repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Earlier {
    pub(crate) study: String,
    /// The values of each program that ran, and how its runs ended; lower is better.
    pub(crate) programs: Vec<(Values, Vec<Verdict>)>,
}

impl Earlier {
    /// From the programs in the notebook of that study.
    pub(crate) fn new(study: &str, tried: &[Tried]) -> Self {
        let ran = tried.iter().filter(|tried| !tried.verdicts.is_empty());
        let programs = ran.map(|tried| (tried.program.values.clone(), tried.verdicts.clone()));
        Self { study: study.to_owned(), programs: programs.collect() }
    }

    /// Its programs that completed, the best first.
    pub(crate) fn best(&self) -> Vec<&Values> {
        let programs = self.programs.iter();
        let mut completed: Vec<(f64, &Values)> =
            programs.filter_map(|(values, verdicts)| Some((tried::mean(verdicts)?, values))).collect();
        completed.sort_by(|a, b| a.0.total_cmp(&b.0));
        completed.into_iter().map(|(_, values)| values).collect()
    }
}
