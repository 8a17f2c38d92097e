//! Random search; TPE also opens with it.

use rand::SeedableRng;
use rand::seq::{IndexedRandom, index};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::policy::edits::{Batch, attempts, changes, moves_between, mutate, present};
use crate::policy::{Change, Method, Notebook, Policy, Program, SiteView, Space};
use crate::study::{Choice, Proposal};

/// Draws programs without looking at any result.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Random {
    rng: ChaCha8Rng,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed) }
    }
}

impl Policy for Random {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        for _ in 0..n * attempts(space) {
            if batch.is_full() {
                break;
            }
            propose(&mut self.rng, &mut batch, Method::Random);
        }
        batch.into_proposals()
    }
}

/// Adds one random program: any of the space if a proposal may set all sites, else some random
/// edits of any program that completed.
pub(super) fn propose(rng: &mut ChaCha8Rng, batch: &mut Batch<'_>, method: Method) -> bool {
    let baseline = &batch.notebook.programs()[0].program;
    let sites = batch.space.sites(baseline);
    let choice = Choice { method: method.to_string(), ..Choice::default() };
    if batch.space.reach() >= sites.len() {
        let Some(listing) = batch.space.listing() else {
            return batch.take(baseline, &anywhere(rng, &sites), choice);
        };
        let from = present(&sites);
        let mut order = index::sample(rng, listing.len(), listing.len()).into_iter();
        return order.any(|row| {
            let to = listing.clone().nth(row).expect("as many as it is long");
            batch.take(baseline, &changes(&sites, &moves_between(&from, to)), choice.clone())
        });
    }
    let programs = batch.notebook.programs();
    let completed: Vec<&Program> =
        programs.iter().filter(|tried| tried.mean().is_some()).map(|tried| &tried.program).collect();
    let parent = completed.choose(rng).copied().unwrap_or(baseline);
    let sites = batch.space.sites(parent);
    mutate(rng, batch, parent, &sites, &choice)
}

/// Equally likely values for every site; only those that differ from the program with these sites.
fn anywhere(rng: &mut ChaCha8Rng, sites: &[SiteView]) -> Vec<Change> {
    let mut changes = Vec::new();
    for site in sites {
        if let Some(to) = site.values.choose(rng)
            && *to != site.value
        {
            changes.push((site.name.clone(), to.clone()));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::toy::Grid;

    #[test]
    fn every_program_of_a_small_space_is_proposed_once_and_then_nothing() {
        let grid = Grid { categories: 2, ladders: 1, width: 3 };
        let mut random = Random::new(1);
        let notebook = grid.study(&mut random, 1000, 4);
        // 27 combinations. The nine with cat0 = 0 are three programs, for these have no ord0; the
        // three with cat0 = 2 and cat1 = 0 do not exist.
        assert_eq!(notebook.trials().len(), 27 - 6 - 3);
        assert_eq!(notebook.programs().len(), notebook.trials().len());
    }

    #[test]
    fn a_wide_space_gets_one_to_three_edits_of_completed_programs() {
        let grid = Grid { categories: 4, ladders: 4, width: 5 };
        let notebook = grid.notebook();
        let mut counts = [0; 4];
        for seed in 0..300 {
            for proposal in Random::new(seed).ask(&notebook, &grid, 1) {
                counts[proposal.edits.len()] += 1;
            }
        }
        assert_eq!(counts[0], 0);
        assert!(counts[1] > counts[3] && counts[3] > 30, "{counts:?}");
    }
}
