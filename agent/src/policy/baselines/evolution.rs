//! Regularised evolution: edits the best of a few of the newest runs, and drops the oldest.
//!
//! Real, Aggarwal, Huang and Le, 2019 (arXiv 1802.01548), with one to three edits for a mutation.
//! Failed runs never enter the population, which starts from one program and fills with its children.

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::policy::edits::{ATTEMPTS, Batch, mutate};
use crate::policy::{Method, Notebook, Policy, Program, Space, Verdict};
use crate::study::{Choice, Proposal};

/// Newest completed runs that live.
const POPULATION: usize = 20;
/// Those that compete to be a parent.
const TOURNAMENT: usize = 5;

/// Keeps the newest runs, and edits the best of a sample of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evolution {
    rng: ChaCha8Rng,
}

impl Evolution {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }
}

/// Program and result of those that live, the newest first.
fn population(notebook: &Notebook) -> Vec<(usize, f64)> {
    let completed = notebook.runs().iter().rev().filter_map(|&(program, verdict)| match verdict {
        Verdict::Result(value) => Some((program, value)),
        _ => None,
    });
    completed.take(POPULATION).collect()
}

/// The best of a sample of the population; the baseline if that is still empty.
fn parent<'a>(notebook: &'a Notebook, population: &[(usize, f64)], rng: &mut ChaCha8Rng) -> &'a Program {
    let sample = population.sample(rng, TOURNAMENT);
    let winner = sample.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |&(program, _)| program);
    &notebook.programs()[winner].program
}

impl Policy for Evolution {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        let population = population(notebook);
        let choice = Choice { method: Method::Evolution.to_string(), ..Choice::default() };
        for _ in 0..n * ATTEMPTS {
            if batch.is_full() {
                break;
            }
            let parent = parent(notebook, &population, &mut self.rng);
            mutate(&mut self.rng, &mut batch, parent, &space.sites(parent), &choice);
        }
        batch.into_proposals()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::policy::edits::{changes, random_moves_among};
    use crate::policy::toy::Grid;
    use crate::study::{Outcome, ProgramId};

    /// The paper's loop: a queue with the newest at its front, one child at a time.
    fn naive_study(grid: &Grid, seed: u64, trials: u32) -> Vec<ProgramId> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let baseline = grid.baseline();
        let mut queue = VecDeque::from([(0, Grid::result(&baseline), baseline.clone())]);
        let mut tried = vec![Grid::id(&baseline)];
        while tried.len() < trials as usize {
            let members: Vec<_> = queue.iter().cloned().collect();
            let (mut best, mut lowest) = (&members[0], f64::INFINITY);
            let sample: Vec<_> = members.sample(&mut rng, TOURNAMENT).collect();
            for member in &sample {
                if member.1 < lowest {
                    (best, lowest) = (member, member.1);
                }
            }
            let program = Program { id: Grid::id(&best.2), trial: best.0, values: best.2.clone() };
            let sites = grid.sites(&program);
            let edits = changes(&sites, &random_moves_among(&mut rng, &sites, None));
            let Some(child) = grid.derive(&program, &edits) else { continue };
            if tried.contains(&child.id) {
                continue;
            }
            queue.push_front((tried.len() as u32, Grid::result(&child.values), child.values));
            tried.push(child.id);
            queue.truncate(POPULATION);
        }
        tried
    }

    #[test]
    fn a_study_is_the_same_as_with_a_queue() {
        let grid = Grid { categories: 3, ladders: 3, width: 5 };
        let mut evolution = Evolution::new(11);
        let mut notebook = grid.notebook();
        for trial in 1..80 {
            let proposals = evolution.ask(&notebook, &grid, 1);
            notebook.begin(trial, &proposals[0]);
            let result = Grid::result(&proposals[0].values);
            notebook.end(trial, Outcome::Worse, Some(result), None);
        }
        let programs: Vec<_> = notebook.programs().iter().map(|tried| tried.program.id.clone()).collect();
        assert_eq!(programs, naive_study(&grid, 11, 80));
    }

    #[test]
    fn the_dead_and_the_failed_are_not_parents() {
        let grid = Grid { categories: 3, ladders: 3, width: 5 };
        let mut notebook = grid.study(&mut Evolution::new(1), 61, 4);
        let failed = Evolution::new(2).ask(&notebook, &grid, 1);
        notebook.begin(61, &failed[0]);
        notebook.end(61, Outcome::Crashed, None, None);
        let living: Vec<usize> = population(&notebook).iter().map(|&(program, _)| program).collect();
        assert_eq!(living, (61 - POPULATION..61).rev().collect::<Vec<_>>());
    }
}
