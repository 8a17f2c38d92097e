//! The candidates of one choice: edits of the best programs, and repeats of them.

use std::collections::HashSet;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::draw::index;
use super::encoding::{Code, Encoding, Row, at, trimmed};
use super::neighbours::{Moves, Near};
use super::posterior::{Point, changed};
use super::random;
use super::{Change, Program, SiteView};

/// Programs that may be parents.
pub(super) const TOPS: usize = 10;
/// All single edits of so many of them, but no more than this.
const SINGLES_OF: usize = 3;
const SINGLES: usize = 250;
/// Candidates in all, repeats not counted.
const CANDIDATES: usize = 500;
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
    /// Its edits, where only some programs exist.
    near: Option<Near>,
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

    /// Whether edits of it may give a program that was not `tried`, as far as one can tell.
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

/// Something that could be proposed.
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

/// The candidates from these parents, the best first, and at the end a repeat of each. What has a row that was
/// `tried` is left out; that a program has sites which appear with an edit is not foreseen.
pub(super) fn candidates(
    parents: &[Parent],
    tried: &dyn Fn(&Row) -> bool,
    rng: &mut ChaCha8Rng,
) -> Vec<Candidate> {
    let mut candidates = singles(parents, tried, rng);
    let mut rows: HashSet<Row> = candidates.iter().map(|candidate| row(candidate, parents)).collect();
    let weights: Vec<f64> = (0..parents.len()).map(|rank| PARENT_DECAY.powi(rank as i32)).collect();
    for _ in 0..2 * CANDIDATES {
        if candidates.len() >= CANDIDATES {
            break;
        }
        let parent = index(&weights, rng);
        let Parent { sites, near, .. } = &parents[parent];
        let candidate = Candidate { parent, moves: random::moves_among(rng, sites, near.as_ref()) };
        let row = row(&candidate, parents);
        if !candidate.moves.is_empty() && !tried(&row) && rows.insert(row) {
            candidates.push(candidate);
        }
    }
    candidates.extend((0..parents.len()).map(|parent| Candidate { parent, moves: Vec::new() }));
    candidates
}

fn singles(parents: &[Parent], tried: &dyn Fn(&Row) -> bool, rng: &mut ChaCha8Rng) -> Vec<Candidate> {
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

    use super::super::toy::Grid;
    use super::super::{Notebook, Space};
    use super::*;

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
        let candidates = candidates(&parents, &|row| *row == baseline, &mut ChaCha8Rng::seed_from_u64(1));
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
        let candidates = candidates(&parents, &|_| false, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(candidates.len(), CANDIDATES + 1);
    }
}
