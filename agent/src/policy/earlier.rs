//! What earlier studies found, as the surrogate takes it in: their runs stand beside those of this study and differ from
//! them at one more site, the study. How much they tell is how little that site matters, which is fitted like any other.

use serde::{Deserialize, Serialize};

use super::encoding::{Encoding, Row};
use super::normal;
use super::notebook::{self, Notebook, Verdict};
use crate::study::Values;

/// The site at which runs of earlier studies differ from those of this one, which does not have it.
const STUDY: &str = "(study)";

/// Most runs that are taken from all earlier studies: they must leave room for those of this one.
const MOST: usize = 100;

/// A study before this one, or beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Earlier {
    pub(crate) study: String,
    /// The values of each program that ran, and how its runs ended; lower is better.
    programs: Vec<(Values, Vec<Verdict>)>,
}

/// One run of an earlier study.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EarlierRun {
    pub(super) row: Row,
    /// Normal score among the runs of its study, larger is better.
    pub(super) score: f64,
}

impl Earlier {
    pub(crate) fn new(study: &str, notebook: &Notebook) -> Self {
        let ran = notebook.programs().iter().filter(|tried| !tried.verdicts.is_empty());
        let programs = ran.map(|tried| (tried.program.values.clone(), tried.verdicts.clone()));
        Self { study: study.to_owned(), programs: programs.collect() }
    }

    /// Its programs that completed, the best first.
    pub(super) fn best(&self) -> Vec<&Values> {
        let programs = self.programs.iter();
        let mut completed: Vec<(f64, &Values)> =
            programs.filter_map(|(values, verdicts)| Some((notebook::mean(verdicts)?, values))).collect();
        completed.sort_by(|a, b| a.0.total_cmp(&b.0));
        completed.into_iter().map(|(_, values)| values).collect()
    }

    /// Its runs as the surrogate sees them, at most so many: those of the best programs, and some of all others.
    fn runs(&self, encoding: &mut Encoding, most: usize) -> Vec<EarlierRun> {
        let verdicts = || self.programs.iter().flat_map(|(_, verdicts)| verdicts);
        let results = verdicts().filter_map(|verdict| verdict.result());
        let worst = results.fold(f64::NEG_INFINITY, f64::max);
        let values: Vec<f64> = verdicts().map(|verdict| -verdict.value(worst)).collect();
        let mut scores = normal::scores(&values).into_iter();
        let column = encoding.column(STUDY);
        let mut runs = Vec::new();
        for (values, verdicts) in &self.programs {
            let mut row = encoding.row(values);
            row.resize(row.len().max(column + 1), 0);
            row[column] = encoding.code(column, &self.study);
            runs.extend(
                scores.by_ref().take(verdicts.len()).map(|score| EarlierRun { row: row.clone(), score }),
            );
        }
        runs.sort_by(|a, b| b.score.total_cmp(&a.score));
        let others = runs.split_off(runs.len().min(most / 2));
        let step = others.len().div_ceil((most - most / 2).max(1)).max(1);
        runs.extend(others.into_iter().step_by(step));
        runs
    }
}

/// The runs of all earlier studies that the surrogate sees.
pub(super) fn runs(earlier: &[Earlier], encoding: &mut Encoding) -> Vec<EarlierRun> {
    let most = MOST / earlier.len().max(1);
    earlier.iter().flat_map(|earlier| earlier.runs(encoding, most)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::super::toy::Grid;
    use super::super::{Method, policy};
    use super::*;

    const GRID: Grid = Grid { categories: 2, ladders: 2, width: 5 };

    /// A study of random search, of so many trials.
    fn earlier(trials: u32) -> Earlier {
        Earlier::new("before", &GRID.study(policy(Method::Random, 3).as_mut(), trials, 1))
    }

    #[test]
    fn of_a_long_study_the_best_runs_are_seen_and_some_of_the_others() {
        let mut encoding = Encoding::default();
        let all = earlier(400).runs(&mut encoding, usize::MAX);
        let some = earlier(400).runs(&mut encoding, 60);
        assert!(all.len() == 400 && some.len() <= 60 && some.len() > 50);
        assert_eq!(some[..30], all[..30]);
        assert!(some.last().is_some_and(|run| run.score < -1.0), "the worst are among them");
        let scores: f64 = all.iter().map(|run| run.score).sum();
        assert!(scores.abs() < 1e-6, "scores are those among all runs of the study");
    }

    #[test]
    fn what_is_known_from_before_stands_after_the_own_runs_and_differs_from_them_by_the_study() {
        let mut notebook = GRID.study(policy(Method::Random, 4).as_mut(), 10, 1);
        notebook.learn_from(vec![earlier(20)]);
        let mut encoding = Encoding::default();
        encoding.read(&notebook);
        let (runs, own) = rows::runs(&notebook, &encoding);
        assert_eq!((own.len(), runs.program.len()), (10, 30));
        let study = encoding.column(STUDY);
        let is_earlier = |row: &Row| super::super::encoding::at(row, study) != 0;
        assert!(runs.programs.iter().enumerate().all(|(place, row)| is_earlier(row) == (place >= 10)));
    }
}
