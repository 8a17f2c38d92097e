//! Random search, and the random edits that other methods start from.

use rand::seq::{IndexedRandom, SliceRandom, index};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::neighbours::{self, Moves, Near, neighbours};
use super::space::Batch;
use super::{Change, Method, Notebook, Policy, Program, SiteView, Space, Update, draw};
use crate::study::{Choice, ProgramId, Proposal, TrialNumber};

/// Chances of one, two and three edits at once; composing edits helps at times.
pub(super) const EDIT_COUNTS: [f64; 3] = [0.40, 0.35, 0.25];

/// Draws that may give nothing new before a method takes the space for exhausted.
pub(super) const ATTEMPTS: usize = 200;

/// How often a draw is worth repeating: among listed programs, one that finds nothing new has seen them all.
pub(super) fn attempts(space: &dyn Space) -> usize {
    if space.listing().is_some() { 1 } else { ATTEMPTS }
}

/// Draws programs without looking at any result.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Random {
    rng: ChaCha8Rng,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
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

/// Adds one random program: any of the space where a proposal may set all sites, else some random
/// edits of any program that completed.
pub(super) fn propose(rng: &mut ChaCha8Rng, batch: &mut Batch<'_>, method: Method) -> bool {
    let baseline = &batch.notebook.programs()[0].program;
    let sites = batch.space.sites(baseline);
    let choice = Choice { method: method.to_string(), ..Choice::default() };
    if batch.space.reach() >= sites.len() {
        let Some(listing) = batch.space.listing() else {
            return batch.take(baseline, &anywhere(rng, &sites), choice);
        };
        let from = neighbours::present(&sites);
        let mut order = index::sample(rng, listing.len(), listing.len()).into_iter();
        return order.any(|row| {
            let to = listing.clone().nth(row).expect("as many as it is long");
            batch.take(baseline, &changes(&sites, &neighbours::moves(&from, to)), choice.clone())
        });
    }
    let programs = batch.notebook.programs();
    let completed: Vec<&Program> =
        programs.iter().filter(|tried| tried.mean().is_some()).map(|tried| &tried.program).collect();
    let parent = completed.choose(rng).copied().unwrap_or(baseline);
    let sites = batch.space.sites(parent);
    mutate(rng, batch, parent, &sites, &choice)
}

/// Adds one to three random edits of a parent. `false` where these give nothing new; among listed programs, where
/// nothing new is in reach at all.
pub(super) fn mutate(
    rng: &mut ChaCha8Rng,
    batch: &mut Batch<'_>,
    parent: &Program,
    sites: &[SiteView],
    choice: &Choice,
) -> bool {
    let Some(mut near) = neighbours(batch.space, sites) else {
        return batch.take(parent, &edits(rng, sites), choice.clone());
    };
    let mut chances = EDIT_COUNTS;
    while chances.iter().sum::<f64>() > 0.0 {
        let count = draw::index(&chances, rng);
        near[count].shuffle(rng);
        if near[count].iter().any(|moves| batch.take(parent, &changes(sites, moves), choice.clone())) {
            return true;
        }
        chances[count] = 0.0;
    }
    false
}

pub(super) fn changes(sites: &[SiteView], moves: &[(usize, usize)]) -> Vec<Change> {
    moves.iter().map(|&(site, value)| sites[site].change(value)).collect()
}

/// A value for every site, each as likely; what differs from the program that has the sites.
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

/// One to three random edits at distinct sites; fewer where there are fewer sites.
pub(super) fn edits(rng: &mut ChaCha8Rng, sites: &[SiteView]) -> Vec<Change> {
    changes(sites, &moves(rng, sites))
}

/// The same among those that are near, where these are listed; none where there are none.
pub(super) fn moves_among(rng: &mut ChaCha8Rng, sites: &[SiteView], near: Option<&Near>) -> Moves {
    let Some(near) = near else { return moves(rng, sites) };
    if near.iter().all(Vec::is_empty) {
        return Moves::new();
    }
    let chance = |count: usize| if near[count].is_empty() { 0.0 } else { EDIT_COUNTS[count] };
    let count = draw::index(&std::array::from_fn::<f64, { EDIT_COUNTS.len() }, _>(chance), rng);
    near[count].choose(rng).cloned().unwrap_or_default()
}

/// The same, as indices of sites and of their values.
fn moves(rng: &mut ChaCha8Rng, sites: &[SiteView]) -> Moves {
    let mut count = 1;
    let mut left: f64 = rng.random();
    for chance in EDIT_COUNTS {
        if left < chance {
            break;
        }
        left -= chance;
        count += 1;
    }
    moves_of(rng, sites, count.min(EDIT_COUNTS.len()))
}

/// So many random edits at distinct sites; fewer where there are fewer sites.
pub(super) fn moves_of(rng: &mut ChaCha8Rng, sites: &[SiteView], count: usize) -> Moves {
    let mut changeable: Vec<usize> = (0..sites.len()).filter(|&site| sites[site].values.len() > 1).collect();
    let count = count.min(changeable.len());
    let (drawn, _) = changeable.partial_shuffle(rng, count);
    drawn.iter().map(|&site| (site, other_value(rng, &sites[site]))).collect()
}

/// Any value of a site but the present one.
fn other_value(rng: &mut ChaCha8Rng, site: &SiteView) -> usize {
    let others: Vec<usize> = site.others().collect();
    others.choose(rng).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::toy::Grid;
    use super::*;

    #[test]
    fn a_small_space_is_proposed_whole_once_and_then_nothing() {
        let grid = Grid { categories: 2, ladders: 1, width: 3 };
        let mut random = Random::new(1);
        let notebook = grid.study(&mut random, 1000, 4);
        // 27 combinations. The nine with cat0 = 0 are three programs, for these have no ord0; the
        // three with cat0 = 2 and cat1 = 0 do not exist.
        assert_eq!(notebook.trials().len(), 27 - 6 - 3);
        assert_eq!(notebook.programs().len(), notebook.trials().len());
    }

    #[test]
    fn a_wide_space_gets_one_to_three_edits_of_what_completed() {
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
