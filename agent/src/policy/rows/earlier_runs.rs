//! Runs of earlier studies as rows: they are next to those of this study and differ from them at one more site, the
//! study. The less that site matters, the more the surrogate learns from them, and its weight is fitted like any other.

use super::encoding::Encoding;
use super::row::Row;
use crate::policy::Earlier;
use crate::policy::normal;

/// The site at which runs of earlier studies differ from those of this one, which does not have it.
const STUDY: &str = "(study)";

/// Most runs taken from all earlier studies: they must leave room for those of this one.
const MOST: usize = 100;

/// One run of an earlier study.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EarlierRun {
    pub(crate) row: Row,
    /// Normal score among the runs of its study, larger is better.
    pub(crate) score: f64,
}

/// The runs of all earlier studies that the surrogate sees.
pub(super) fn runs(earlier: &[Earlier], encoding: &mut Encoding) -> Vec<EarlierRun> {
    let most = MOST / earlier.len().max(1);
    earlier.iter().flat_map(|earlier| runs_of(earlier, encoding, most)).collect()
}

/// The runs of one study that the surrogate sees, at most `most`: those of the best programs, and some of all others.
fn runs_of(earlier: &Earlier, encoding: &mut Encoding, most: usize) -> Vec<EarlierRun> {
    let verdicts = || earlier.programs.iter().flat_map(|(_, verdicts)| verdicts);
    let results = verdicts().filter_map(|verdict| verdict.result());
    let worst = results.fold(f64::NEG_INFINITY, f64::max);
    let values: Vec<f64> = verdicts().map(|verdict| -verdict.value(worst)).collect();
    let mut scores = normal::scores(&values).into_iter();
    let column = encoding.column(STUDY);
    let mut runs = Vec::new();
    for (values, verdicts) in &earlier.programs {
        let mut row = encoding.row(values);
        row.resize(row.len().max(column + 1), 0);
        row[column] = encoding.code(column, &earlier.study);
        runs.extend(scores.by_ref().take(verdicts.len()).map(|score| EarlierRun { row: row.clone(), score }));
    }
    runs.sort_by(|a, b| b.score.total_cmp(&a.score));
    let others = runs.split_off(runs.len().min(most / 2));
    let step = others.len().div_ceil((most - most / 2).max(1)).max(1);
    runs.extend(others.into_iter().step_by(step));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::baselines::Random;
    use crate::policy::toy::Grid;

    #[test]
    fn the_best_runs_of_a_long_study_are_seen_and_some_of_the_others() {
        let grid = Grid { categories: 2, ladders: 2, width: 5 };
        let earlier = Earlier::new("before", grid.study(&mut Random::new(3), 400, 1).programs());
        let mut encoding = Encoding::default();
        let all = runs_of(&earlier, &mut encoding, usize::MAX);
        let some = runs_of(&earlier, &mut encoding, 60);
        assert!(all.len() == 400 && some.len() <= 60 && some.len() > 50);
        assert_eq!(some[..30], all[..30]);
        assert!(some.last().is_some_and(|run| run.score < -1.0), "the worst are among them");
        let scores: f64 = all.iter().map(|run| run.score).sum();
        assert!(scores.abs() < 1e-6, "scores are those among all runs of the study");
    }
}
