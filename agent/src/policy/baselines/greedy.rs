//! Greedy search: edit the best program so far, and keep what is better.
//!
//! This is the loop of karpathy/autoresearch without the language model.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::policy::edits::{Batch, attempts, mutate};
use crate::policy::{Method, Notebook, Policy, Space};
use crate::study::{Choice, Proposal};

/// Edits the best observed program, one to three random edits at a time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Greedy {
    rng: ChaCha8Rng,
}

impl Greedy {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }
}

impl Policy for Greedy {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        let parent = &notebook.best().program;
        let sites = space.sites(parent);
        let choice = Choice { method: Method::Greedy.to_string(), ..Choice::default() };
        for _ in 0..n * attempts(space) {
            if batch.is_full() {
                break;
            }
            mutate(&mut self.rng, &mut batch, parent, &sites, &choice);
        }
        batch.into_proposals()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::toy::Grid;

    #[test]
    fn every_proposal_edits_the_best_program_at_that_time() {
        let grid = Grid { categories: 2, ladders: 3, width: 5 };
        let mut greedy = Greedy::new(3);
        let mut notebook = grid.notebook();
        for trial in 1..40 {
            let best = notebook.best().program.trial;
            let proposal = greedy.ask(&notebook, &grid, 1).pop().expect("the grid is large");
            assert_eq!(proposal.parent, best);
            notebook.begin(trial, &proposal);
            let result = Some(Grid::result(&proposal.values));
            notebook.end(trial, crate::study::Outcome::Worse, result, None);
        }
        let best = notebook.best().mean().expect("the baseline has completed");
        assert!(best < Grid::result(&grid.baseline()), "{best}");
    }
}
