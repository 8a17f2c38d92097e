//! Greedy search: edit the best program so far, and keep what is better.
//!
//! This is the loop of karpathy/autoresearch without the language model.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::random;
use super::space::Batch;
use super::{Method, Notebook, Policy, Space, Update};
use crate::study::{Choice, ProgramId, Proposal, TrialNumber};

/// Edits the best observed program, one to three random edits at a time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Greedy {
    rng: ChaCha8Rng,
}

impl Greedy {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }
}

impl Policy for Greedy {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        let parent = &notebook.best().program;
        let sites = space.sites(parent);
        let choice = Choice { method: Method::Greedy.to_string(), ..Choice::default() };
        for _ in 0..n * random::attempts(space) {
            if batch.is_full() {
                break;
            }
            random::mutate(&mut self.rng, &mut batch, parent, &sites, &choice);
        }
        batch.into_proposals()
    }

    fn tell(&mut self, _: &Notebook, _: TrialNumber) -> Option<Update> {
        None
    }

    fn best(&self, notebook: &Notebook) -> ProgramId {
        notebook.best().program.id.clone()
    }

    fn save(&self) -> serde_json::Value {
        super::method::to_value(self)
    }

    fn load(&mut self, state: serde_json::Value) -> serde_json::Result<()> {
        *self = serde_json::from_value(state)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::toy::Grid;
    use super::*;

    #[test]
    fn every_proposal_edits_the_best_program_of_its_time() {
        let grid = Grid { categories: 2, ladders: 3, width: 5 };
        let mut greedy = Greedy::new(3);
        let mut notebook = grid.notebook();
        for trial in 1..40 {
            let best = notebook.best().program.trial;
            let proposal = greedy.ask(&notebook, &grid, 1).pop().expect("the grid is large");
            assert_eq!(proposal.parent, best);
            notebook.begin(trial, &proposal);
            let result = Some(Grid::result(&proposal.values));
            notebook.end(trial, crate::study::Outcome::Discarded, result, None);
        }
        let best = notebook.best().mean().expect("the baseline has completed");
        assert!(best < Grid::result(&grid.baseline()), "{best}");
    }
}
