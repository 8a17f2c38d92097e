//! Edits of programs, for all methods: random ones, and those that lead to another program nearby.
//!
//! If a space lists the programs that exist, few may differ from a parent in a few sites, and edits that are drawn
//! blindly may never find one: then the edits that lead to listed neighbours are drawn from.

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::batch::Batch;
use super::weighted::weighted_index;
use crate::policy::{Change, Program, SiteView, Space};
use crate::study::Choice;

/// Chances of one, two and three edits at once; combining edits sometimes helps.
pub(crate) const EDIT_COUNTS: [f64; 3] = [0.40, 0.35, 0.25];

/// Number of draws without anything new after which a method considers the space exhausted.
pub(crate) const ATTEMPTS: usize = 200;

/// How often a draw is worth repeating: among listed programs, a draw that finds nothing new has seen them all.
pub(crate) fn attempts(space: &dyn Space) -> usize {
    if space.listing().is_some() { 1 } else { ATTEMPTS }
}

/// Edits as indices of sites and of their values.
pub(crate) type Moves = Vec<(usize, usize)>;

/// The programs within one, two and three edits of a parent, by how many edits they are away.
pub(crate) type Near = [Vec<Moves>; EDIT_COUNTS.len()];

/// Adds one to three random edits of a parent. `false` if these give nothing new; among listed programs, only if
/// nothing new is within reach at all.
pub(crate) fn mutate(
    rng: &mut ChaCha8Rng,
    batch: &mut Batch<'_>,
    parent: &Program,
    sites: &[SiteView],
    choice: &Choice,
) -> bool {
    let Some(mut near) = neighbours(batch.space, sites) else {
        return batch.take(parent, &random_edits(rng, sites), choice.clone());
    };
    let mut chances = EDIT_COUNTS;
    while chances.iter().sum::<f64>() > 0.0 {
        let count = weighted_index(&chances, rng);
        near[count].shuffle(rng);
        if near[count].iter().any(|moves| batch.take(parent, &changes(sites, moves), choice.clone())) {
            return true;
        }
        chances[count] = 0.0;
    }
    false
}

/// Moves as changes of the program that has these sites.
pub(crate) fn changes(sites: &[SiteView], moves: &[(usize, usize)]) -> Vec<Change> {
    moves.iter().map(|&(site, value)| sites[site].change(value)).collect()
}

/// One to three random edits at distinct sites; fewer if there are fewer sites.
fn random_edits(rng: &mut ChaCha8Rng, sites: &[SiteView]) -> Vec<Change> {
    changes(sites, &random_moves(rng, sites))
}

/// The same, as moves, and only to the `near` programs if these are listed; empty if no program is near.
pub(crate) fn random_moves_among(rng: &mut ChaCha8Rng, sites: &[SiteView], near: Option<&Near>) -> Moves {
    let Some(near) = near else { return random_moves(rng, sites) };
    if near.iter().all(Vec::is_empty) {
        return Moves::new();
    }
    let chance = |count: usize| if near[count].is_empty() { 0.0 } else { EDIT_COUNTS[count] };
    let count = weighted_index(&std::array::from_fn::<f64, { EDIT_COUNTS.len() }, _>(chance), rng);
    near[count].choose(rng).cloned().unwrap_or_default()
}

/// The same, as moves.
fn random_moves(rng: &mut ChaCha8Rng, sites: &[SiteView]) -> Moves {
    let mut count = 1;
    let mut left: f64 = rng.random();
    for chance in EDIT_COUNTS {
        if left < chance {
            break;
        }
        left -= chance;
        count += 1;
    }
    random_moves_of(rng, sites, count.min(EDIT_COUNTS.len()))
}

/// `count` random edits at distinct sites; fewer if there are fewer sites.
pub(crate) fn random_moves_of(rng: &mut ChaCha8Rng, sites: &[SiteView], count: usize) -> Moves {
    let mut changeable: Vec<usize> = (0..sites.len()).filter(|&site| sites[site].values.len() > 1).collect();
    let count = count.min(changeable.len());
    let (drawn, _) = changeable.partial_shuffle(rng, count);
    drawn.iter().map(|&site| (site, other_value(rng, &sites[site]))).collect()
}

/// Any value of a site except the current one.
fn other_value(rng: &mut ChaCha8Rng, site: &SiteView) -> usize {
    let others: Vec<usize> = site.others().collect();
    others.choose(rng).copied().unwrap_or(0)
}

/// How each listed program that is near differs from the one with these sites. `None` if programs are not listed, and
/// edits can be drawn blindly.
pub(crate) fn neighbours(space: &dyn Space, sites: &[SiteView]) -> Option<Near> {
    let listing = space.listing()?;
    let from = present(sites);
    let mut near = Near::default();
    for row in listing {
        let distance = row.iter().zip(&from).filter(|(to, from)| to != from).count();
        if (1..=near.len()).contains(&distance) {
            near[distance - 1].push(moves_between(&from, row));
        }
    }
    Some(near)
}

/// The program with these sites, as in a listing.
pub(crate) fn present(sites: &[SiteView]) -> Vec<u16> {
    let index = |site: &SiteView| site.values.iter().position(|value| *value == site.value);
    sites.iter().map(|site| index(site).map_or(u16::MAX, |index| index as u16)).collect()
}

/// The moves from one listed program to another.
pub(crate) fn moves_between(from: &[u16], to: &[u16]) -> Moves {
    let sites = from.iter().zip(to).enumerate();
    sites.filter(|(_, (from, to))| from != to).map(|(site, (_, to))| (site, usize::from(*to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::toy::{Grid, Sparse};

    #[test]
    fn neighbours_are_the_listed_programs_with_few_differences() {
        let grid = Grid { categories: 0, ladders: 4, width: 3 };
        let notebook = grid.notebook();
        let baseline = &notebook.programs()[0].program;
        let sites = grid.sites(baseline);
        assert_eq!(neighbours(&grid, &sites), None);

        let rows = [[2, 2, 2, 2], [2, 2, 2, 0], [0, 2, 0, 0], [0, 0, 0, 1]];
        let sparse = Sparse { grid, rows: rows.concat() };
        let near = [vec![vec![(3, 0)]], vec![], vec![vec![(0, 0), (2, 0), (3, 0)]]];
        assert_eq!(neighbours(&sparse, &sites), Some(near));
    }
}
