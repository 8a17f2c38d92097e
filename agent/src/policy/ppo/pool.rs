//! The candidates of one choice: edits of the best programs, and repeats of them.

use std::collections::HashSet;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::rule::FEATURES;
use crate::policy::edits::{EDIT_COUNTS, Moves, Near, random_moves_among, weighted_index};
use crate::policy::rows::{Code, Encoding, Row, at, changed, trimmed};
use crate::policy::surrogate::Point;
use crate::policy::{Change, Program, SiteView};

/// Programs that may be parents.
pub(super) const TOPS: usize = 10;
/// Parents whose single edits are all candidates.
const SINGLES_OF: usize = 3;
/// Most single edits that are candidates.
const SINGLES: usize = 250;
/// Candidates in total, not counting repeats.
const CANDIDATES: usize = 500;
/// Candidates composed of single edits, if there are many sites.
const COMPOSED: usize = 400;
/// Number of sites per edit of the longest composition.
const SITES_AN_EDIT: usize = 3;
/// Logarithm of an edit's odds in a composition for each unit by which it looks better: that of the untrained rule.
const GAIN: f64 = FEATURES[0].1 as f64;
/// Chance of each further parent, relative to the one before it.
const PARENT_DECAY: f64 = 0.75;

/// A program that may be a parent.
pub(super) struct Parent {
    pub(super) program: Program,
    pub(super) row: Row,
    /// Its index among the programs that the surrogate sees.
    pub(super) known: usize,
    pub(super) sites: Vec<SiteView>,
    /// Column of each site, and the codes of its values.
    columns: Vec<usize>,
    codes: Vec<Vec<Code>>,
    /// Its edits, if only some programs exist.
    pub(super) near: Option<Near>,
}

impl Parent {
    pub(super) fn new(
        program: &Program,
        row: Row,
        known: usize,
        sites: &[SiteView],
        near: Option<Near>,
        encoding: &mut Encoding,
    ) -> Self {
        encoding.learn(sites);
        let columns: Vec<usize> = sites.iter().map(|site| encoding.column(&site.name)).collect();
        let codes = sites
            .iter()
            .zip(&columns)
            .map(|(site, &column)| site.values.iter().map(|value| encoding.code(column, value)).collect());
        let codes = codes.collect();
        Self { program: program.clone(), row, known, sites: sites.to_vec(), columns, codes, near }
    }

    /// Whether edits of it may give a program that was not `tried`; `true` if nearby programs are not listed.
    pub(super) fn has_new(&self, tried: &dyn Fn(&Row) -> bool) -> bool {
        self.near.as_ref().is_none_or(|near| near.iter().flatten().any(|moves| !tried(&self.edited(moves))))
    }

    /// All its single edits.
    fn singles(&self) -> Vec<Moves> {
        if let Some(near) = &self.near {
            return near[0].clone();
        }
        let sites = self.sites.iter().enumerate();
        sites.flat_map(|(index, site)| site.others().map(move |value| vec![(index, value)])).collect()
    }

    /// Column, present code and new code of each edit.
    fn codes(&self, moves: &[(usize, usize)]) -> impl Iterator<Item = (usize, Code, Code)> {
        moves.iter().map(|&(site, value)| {
            let column = self.columns[site];
            (column, at(&self.row, column), self.codes[site][value])
        })
    }

    /// Its row after some edits.
    fn edited(&self, moves: &[(usize, usize)]) -> Row {
        let changes: Vec<(usize, Code)> = self.codes(moves).map(|(column, _, to)| (column, to)).collect();
        trimmed(changed(&self.row, &changes))
    }
}

/// A possible proposal.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Rank of its parent, from 0 for the best.
    pub(super) parent: usize,
    /// Site and value of each edit, as the parent counts them; none for a repeat.
    pub(super) moves: Moves,
}

impl Candidate {
    pub(super) fn changes(&self, parents: &[Parent]) -> Vec<Change> {
        let sites = &parents[self.parent].sites;
        self.moves.iter().map(|&(site, value)| sites[site].change(value)).collect()
    }

    /// Column, present code and new code of each edit.
    pub(super) fn codes(&self, parents: &[Parent]) -> impl Iterator<Item = (usize, Code, Code)> {
        parents[self.parent].codes(&self.moves)
    }

    pub(super) fn point(&self, parents: &[Parent]) -> Point {
        let changes = self.codes(parents).map(|(column, _, to)| (column, to)).collect();
        let known = self.moves.is_empty().then(|| parents[self.parent].known);
        Point { base: self.parent, changes, known }
    }
}

/// The most edits of one candidate. If there are many sites, one to three edits would leave most values untried for
/// most of a study; `None` if there are few, or if only some programs exist.
pub(super) fn longest(sites: usize, near: Option<&Near>) -> Option<usize> {
    let longest = sites / SITES_AN_EDIT;
    (near.is_none() && longest > EDIT_COUNTS.len()).then_some(longest)
}

/// The candidates from these parents, the best first: single edits, then longer ones, and at the end a repeat of each
/// parent. Rows that were `tried` are left out; sites that only appear with an edit are not foreseen.
pub(super) fn candidates(
    parents: &[Parent],
    singles: Vec<Candidate>,
    composer: Option<&Composer>,
    tried: &dyn Fn(&Row) -> bool,
    rng: &mut ChaCha8Rng,
) -> Vec<Candidate> {
    let mut candidates = singles;
    if composer.is_some() {
        candidates.truncate(CANDIDATES - COMPOSED);
    }
    let mut rows: HashSet<Row> = candidates.iter().map(|candidate| row(candidate, parents)).collect();
    let weights: Vec<f64> = (0..parents.len()).map(|rank| PARENT_DECAY.powi(rank as i32)).collect();
    for _ in 0..2 * CANDIDATES {
        if candidates.len() >= CANDIDATES {
            break;
        }
        let candidate = if let Some(composer) = composer {
            composer.draw(rng)
        } else {
            let parent = weighted_index(&weights, rng);
            let Parent { sites, near, .. } = &parents[parent];
            Candidate { parent, moves: random_moves_among(rng, sites, near.as_ref()) }
        };
        let row = row(&candidate, parents);
        if !candidate.moves.is_empty() && !tried(&row) && rows.insert(row) {
            candidates.push(candidate);
        }
    }
    candidates.extend((0..parents.len()).map(|parent| Candidate { parent, moves: Vec::new() }));
    candidates
}

/// Draws sets of single edits of one parent, each likelier the better it looks alone.
pub(super) struct Composer {
    /// By parent, site and value of each edit, and its odds.
    edits: Vec<Vec<((usize, usize), f64)>>,
    longest: usize,
}

impl Composer {
    /// `gains` says how much better than its parent each single edit may be.
    pub(super) fn new(singles: &[Candidate], gains: &[f64], longest: usize) -> Self {
        let parents = singles.iter().map(|single| single.parent + 1).max().unwrap_or(0);
        let mut edits = vec![Vec::new(); parents];
        for (single, gain) in singles.iter().zip(gains) {
            edits[single.parent].push((single.moves[0], (GAIN * gain).exp()));
        }
        Self { edits, longest }
    }

    /// At least two edits, or all there are.
    fn draw(&self, rng: &mut ChaCha8Rng) -> Candidate {
        let weight = |(rank, edits): (usize, &Vec<_>)| {
            if edits.is_empty() { 0.0 } else { PARENT_DECAY.powi(rank as i32) }
        };
        let weights: Vec<f64> = self.edits.iter().enumerate().map(weight).collect();
        let mut moves = Moves::new();
        if weights.is_empty() {
            return Candidate { parent: 0, moves };
        }
        let parent = weighted_index(&weights, rng);
        let edits = &self.edits[parent];
        let mut odds: Vec<f64> = edits.iter().map(|(_, odds)| *odds).collect();
        for _ in 0..rng.random_range(2..=self.longest) {
            if odds.iter().all(|&odds| odds == 0.0) {
                break;
            }
            let drawn = edits[weighted_index(&odds, rng)].0;
            moves.push(drawn);
            for (odds, (edit, _)) in odds.iter_mut().zip(edits) {
                if edit.0 == drawn.0 {
                    *odds = 0.0;
                }
            }
        }
        moves.sort_unstable();
        Candidate { parent, moves }
    }
}

/// All single edits of the best parents that were not tried, up to the number that is considered.
pub(super) fn singles(
    parents: &[Parent],
    tried: &dyn Fn(&Row) -> bool,
    rng: &mut ChaCha8Rng,
) -> Vec<Candidate> {
    let mut singles = Vec::new();
    let mut rows = HashSet::new();
    for (parent, from) in parents.iter().enumerate().take(SINGLES_OF) {
        for moves in from.singles() {
            let row = from.edited(&moves);
            if !tried(&row) && rows.insert(row) {
                singles.push(Candidate { parent, moves });
            }
        }
    }
    if singles.len() > SINGLES {
        let (drawn, _) = singles.partial_shuffle(rng, SINGLES);
        return drawn.to_vec();
    }
    singles
}

fn row(candidate: &Candidate, parents: &[Parent]) -> Row {
    parents[candidate.parent].edited(&candidate.moves)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::policy::toy::Grid;
    use crate::policy::{Notebook, Space};

    fn parents(grid: &Grid, notebook: &Notebook, encoding: &mut Encoding) -> Vec<Parent> {
        let programs = notebook.programs().iter().enumerate();
        programs
            .map(|(known, tried)| {
                let row = encoding.row(&tried.program.values);
                Parent::new(&tried.program, row, known, &grid.sites(&tried.program), None, encoding)
            })
            .collect()
    }

    #[test]
    fn a_pool_has_every_single_edit_once_and_the_repeats_last() {
        let grid = Grid { categories: 2, ladders: 2, width: 5 };
        let mut encoding = Encoding::default();
        let parents = parents(&grid, &grid.notebook(), &mut encoding);
        let baseline = trimmed(parents[0].row.clone());
        let (tried, mut rng) = (|row: &Row| *row == baseline, ChaCha8Rng::seed_from_u64(1));
        let singles = singles(&parents, &tried, &mut rng);
        let candidates = candidates(&parents, singles, None, &tried, &mut rng);
        assert!(candidates[..16].iter().all(|candidate| candidate.moves.len() == 1));
        assert!(candidates[16..].iter().filter(|candidate| candidate.moves.len() == 1).count() == 0);
        let rows: HashSet<Row> = candidates.iter().map(|candidate| row(candidate, &parents)).collect();
        assert_eq!(rows.len(), candidates.len());
        assert!(candidates.last().is_some_and(|last| last.moves.is_empty()));
    }

    #[test]
    fn a_wide_space_gives_no_more_than_the_bounds() {
        let grid = Grid { categories: 20, ladders: 60, width: 7 };
        let mut encoding = Encoding::default();
        let parents = parents(&grid, &grid.notebook(), &mut encoding);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let singles = singles(&parents, &|_| false, &mut rng);
        let composer = Composer::new(&singles, &vec![0.0; singles.len()], 26);
        for composer in [None, Some(&composer)] {
            let candidates = candidates(&parents, singles.clone(), composer, &|_| false, &mut rng);
            assert_eq!(candidates.len(), CANDIDATES + 1);
        }
    }

    #[test]
    fn if_there_are_many_sites_candidates_are_composed_of_edits_that_look_good() {
        let grid = Grid { categories: 6, ladders: 12, width: 3 };
        let mut encoding = Encoding::default();
        let parents = parents(&grid, &grid.notebook(), &mut encoding);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let singles = singles(&parents, &|_| false, &mut rng);
        // The edits of the first five sites look better than the rest.
        let gain = |single: &Candidate| if single.moves[0].0 < 5 { 0.5 } else { -0.5 };
        let composer = Composer::new(&singles, &singles.iter().map(gain).collect::<Vec<_>>(), 6);
        let candidates = candidates(&parents, singles, Some(&composer), &|_| false, &mut rng);
        let composed: Vec<&Moves> =
            candidates.iter().map(|candidate| &candidate.moves).filter(|moves| moves.len() > 1).collect();
        assert!(composed.len() >= COMPOSED, "{}", composed.len());
        assert!(composed.iter().all(|moves| (2..=6).contains(&moves.len())));
        assert!(composed.iter().any(|moves| moves.len() == 6));
        assert!(composed.iter().all(|moves| moves.windows(2).all(|pair| pair[0].0 < pair[1].0)));
        let edits: Vec<usize> = composed.iter().flat_map(|moves| moves.iter().map(|edit| edit.0)).collect();
        let good = edits.iter().filter(|&&site| site < 5).count();
        // Drawn with equal odds, 5 of 18 edits would be good.
        assert!(good * 18 > edits.len() * 5 * 2, "{good} of {}", edits.len());
    }
}
