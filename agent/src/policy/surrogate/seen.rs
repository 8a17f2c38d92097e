//! Which runs the surrogate sees: all of them, until a study is too long for that.
//!
//! Its cost grows with the third power of their number, so it is bounded: the runs of the best
//! programs, the newest, and some of the rest.

use std::collections::HashMap;

use super::gaussian_process::Runs;
use crate::policy::rows::StudyRows;
use crate::policy::{Notebook, normal};

/// A study of up to this many runs is seen whole.
const WHOLE: usize = 300;
/// Runs that are seen of a longer one. Fewer, since its policy is asked often and its steps are small.
const MOST: usize = BEST_PROGRAMS + NEWEST + OTHERS;
/// The best programs keep all their runs, as far as there is room.
const BEST_PROGRAMS: usize = 128;
const NEWEST: usize = 64;
/// Room left for the rest.
const OTHERS: usize = 64;

/// Indices of the runs that are seen, ascending.
fn seen(notebook: &Notebook) -> Vec<usize> {
    let runs = notebook.runs();
    if runs.len() <= WHOLE {
        return (0..runs.len()).collect();
    }
    let mut is_best = vec![false; notebook.programs().len()];
    let mut means: Vec<(f64, usize)> = notebook
        .programs()
        .iter()
        .enumerate()
        .filter_map(|(index, tried)| Some((tried.mean()?, index)))
        .collect();
    means.sort_by(|a, b| a.0.total_cmp(&b.0));
    means.iter().take(BEST_PROGRAMS).for_each(|&(_, index)| is_best[index] = true);

    let newest = runs.len() - NEWEST;
    let mut seen: Vec<usize> = (newest..runs.len()).collect();
    let best = (0..newest).rev().filter(|&run| is_best[runs[run].0]);
    seen.extend(best.take(MOST - OTHERS - NEWEST));
    // Baseline runs are never among "the rest": what edits are measured against stays seen.
    let mut others: Vec<usize> = (0..newest).filter(|&run| !is_best[runs[run].0]).collect();
    others.sort_by_key(|&run| if run == 0 { 0 } else { scatter(run) });
    seen.extend(others.into_iter().take(MOST - seen.len()));
    seen.sort_unstable();
    seen
}

/// A fixed shuffle: the same runs stay seen while a study grows.
fn scatter(run: usize) -> u64 {
    (run as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1
}

/// The runs that are seen, and the index in the notebook of each of their programs. As long as there is room, those of
/// earlier studies come after them, and their programs have no index.
pub(crate) fn runs(notebook: &Notebook, rows: &StudyRows) -> (Runs, Vec<usize>) {
    let (mut programs, mut places) = (Vec::new(), HashMap::new());
    let (mut program, mut values) = (Vec::new(), Vec::new());
    for run in seen(notebook) {
        let (index, verdict) = notebook.runs()[run];
        let place = *places.entry(index).or_insert_with(|| {
            programs.push(index);
            programs.len() - 1
        });
        program.push(place);
        values.push(-notebook.value(verdict));
    }
    let scores = normal::scores(&values);
    let mut runs =
        Runs { programs: programs.iter().map(|&index| rows.own()[index].clone()).collect(), program, scores };
    let room = WHOLE.saturating_sub(notebook.runs().len());
    let mut places = HashMap::new();
    for earlier in rows.earlier().iter().take(room) {
        let place = *places.entry(&earlier.row).or_insert_with(|| {
            runs.programs.push(earlier.row.clone());
            runs.programs.len() - 1
        });
        runs.program.push(place);
        runs.scores.push(earlier.score);
    }
    (runs, programs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Earlier;
    use crate::policy::baselines::Random;
    use crate::policy::rows::{Encoding, Row, at};
    use crate::policy::toy::{Grid, id, proposal};
    use crate::study::{Outcome, Values};

    fn notebook(trials: u32) -> Notebook {
        let mut notebook = Notebook::new(0, id(0), Values::new());
        notebook.end(0, Outcome::Better, Some(1e6), None);
        for trial in 1..trials {
            notebook.begin(trial, &proposal(0, trial));
            notebook.end(trial, Outcome::Worse, Some(f64::from((trial * 7919) % 1009)), None);
        }
        notebook
    }

    #[test]
    fn a_short_study_is_seen_whole() {
        assert_eq!(seen(&notebook(300)), (0..300).collect::<Vec<_>>());
    }

    #[test]
    fn a_long_study_shows_its_best_its_newest_its_baseline_and_some_others() {
        let notebook = notebook(5000);
        let seen = seen(&notebook);
        assert_eq!(seen.len(), MOST);
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((5000 - NEWEST..5000).all(|run| seen.contains(&run)));
        assert!(seen.contains(&0));
        let results: Vec<f64> = seen.iter().filter_map(|&run| notebook.trials()[run].result).collect();
        let among_best = results.iter().filter(|&&result| result < 26.0).count();
        assert!(among_best >= BEST_PROGRAMS, "{among_best}");
    }

    #[test]
    fn failed_runs_score_lowest() {
        let mut notebook = notebook(3);
        notebook.begin(3, &proposal(0, 3));
        notebook.end(3, Outcome::Crashed, None, None);
        let (mut rows, mut encoding) = (StudyRows::default(), Encoding::default());
        rows.read(&notebook, &mut encoding);
        let (runs, programs) = runs(&notebook, &rows);
        assert_eq!(programs, [0, 1, 2, 3]);
        assert_eq!(runs.scores[0], runs.scores[3]);
        assert!(runs.scores[0] < runs.scores[1].min(runs.scores[2]));
    }

    #[test]
    fn runs_of_earlier_studies_come_after_the_own_ones_and_differ_from_them_by_the_study() {
        let grid = Grid { categories: 2, ladders: 2, width: 5 };
        let earlier = Earlier::new("before", grid.study(&mut Random::new(3), 20, 1).programs());
        let mut notebook = grid.study(&mut Random::new(4), 10, 1);
        notebook.learn_from(vec![earlier]);
        let (mut rows, mut encoding) = (StudyRows::default(), Encoding::default());
        rows.read(&notebook, &mut encoding);
        let (runs, own) = runs(&notebook, &rows);
        assert_eq!((own.len(), runs.program.len()), (10, 30));
        let study = encoding.column("(study)");
        let is_earlier = |row: &Row| at(row, study) != 0;
        assert!(runs.programs.iter().enumerate().all(|(place, row)| is_earlier(row) == (place >= 10)));
    }
}
