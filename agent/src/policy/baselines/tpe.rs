//! TPE: proposes what is likely among the good results and unlikely among the others.
//!
//! It works like Optuna 5's default sampler: 10 trials at random, then the best tenth of the results (25 at most)
//! against the rest, with what is pending among the rest. Of 24 draws from the good side the one with the highest ratio
//! of densities that exists and is new is proposed, as edits of the program whose kernel it was drawn from. If the
//! space lists its programs, the draws are of untried ones, each as likely as on the good side. Optuna may repeat a
//! program by accident; this does not.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::parzen::Mixture;
use super::random;
use crate::policy::edits::{Batch, attempts, moves_between, present, weighted_index};
use crate::policy::rows::{Code, Encoding, Row, StudyRows, changed};
use crate::policy::{Change, Listing, Method, Notebook, Policy, Program, SiteView, Space};
use crate::study::{Choice, Proposal};

const STARTUP_TRIALS: usize = 10;
const CANDIDATES: usize = 24;
const GOOD_SHARE: f64 = 0.1;
const MOST_GOOD: usize = 25;

/// For each kernel, the program that is edited and its sites.
type Parents = Vec<(usize, Vec<SiteView>)>;

/// A draw: its score, the kernel whose program is edited, and how.
type Drawn = (f64, usize, Vec<Change>);

/// The tree-structured Parzen estimator.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tpe {
    rng: ChaCha8Rng,
    encoding: Encoding,
    #[serde(skip)]
    rows: StudyRows,
}

impl Tpe {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            encoding: Encoding::default(),
            rows: StudyRows::default(),
        }
    }

    /// Programs of the good runs and of the others, in the order in which the runs ended; among the others, as the
    /// last, those that are pending.
    fn split(notebook: &Notebook) -> (Vec<usize>, Vec<usize>) {
        let runs = notebook.runs();
        let values: Vec<f64> = runs.iter().map(|&(_, verdict)| notebook.value(verdict)).collect();
        let mut order: Vec<usize> = (0..runs.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let good = ((GOOD_SHARE * runs.len() as f64).ceil() as usize).min(MOST_GOOD);
        order[..good].sort_unstable();
        order[good..].sort_unstable();
        let mut programs: Vec<usize> = order.iter().map(|&run| runs[run].0).collect();
        let pending = notebook.programs().iter().enumerate().filter(|(_, tried)| tried.pending > 0);
        programs.extend(pending.map(|(program, _)| program));
        let others = programs.split_off(good);
        (programs, others)
    }

    fn propose(
        &mut self,
        batch: &mut Batch<'_>,
        parents: &Parents,
        good: &[usize],
        others: &[usize],
        listed: Option<&mut Listed>,
    ) {
        let taken: Vec<Row> =
            batch.proposals().iter().map(|taken| self.encoding.row(&taken.values)).collect();
        let rows = self.rows.own();
        let good: Vec<&Row> = good.iter().map(|&program| &rows[program]).collect();
        let others: Vec<&Row> = others.iter().map(|&program| &rows[program]).chain(&taken).collect();
        let mixture = |runs: &[&Row]| Mixture::new(&self.encoding, rows, runs);
        let (good, others) = (mixture(&good), mixture(&others));
        let mut drawn = match listed {
            Some(listed) => listed.draw(&taken, parents, &others, &mut self.rng),
            None => (0..CANDIDATES).map(|_| self.draw(parents, &good, &others)).collect(),
        };
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0));
        let choice = Choice { method: Method::Tpe.to_string(), ..Choice::default() };
        let _ = drawn.iter().any(|(_, kernel, changes)| {
            let parent: &Program = &batch.notebook.programs()[parents[*kernel].0].program;
            batch.take(parent, changes, choice.clone())
        });
    }

    /// A draw from the good side, as edits of the program whose kernel it comes from.
    fn draw(&mut self, parents: &Parents, good: &Mixture, others: &Mixture) -> Drawn {
        let kernel = weighted_index(&good.weights, &mut self.rng);
        let (parent, sites) = &parents[kernel];
        let mut codes = Vec::new();
        let mut changes = Vec::new();
        for site in sites {
            let column = self.encoding.column(&site.name);
            let values: Vec<Code> =
                site.values.iter().map(|value| self.encoding.code(column, value)).collect();
            let weights: Vec<f64> =
                values.iter().map(|&to| good.log_kernel(column, kernel, to).exp()).collect();
            let index = weighted_index(&weights, &mut self.rng);
            codes.push((column, values[index]));
            if site.values[index] != site.value {
                changes.push(site.change(index));
            }
        }
        let row = changed(&self.rows.own()[*parent], &codes);
        (good.log_density(&row) - others.log_density(&row), kernel, changes)
    }

    /// The listed programs that have not been tried yet.
    fn listed(
        &mut self,
        notebook: &Notebook,
        listing: Listing<'_>,
        sites: &[SiteView],
        good: &[usize],
    ) -> Listed {
        let codes: Vec<(usize, Vec<Code>)> = sites
            .iter()
            .map(|site| {
                let column = self.encoding.column(&site.name);
                (column, site.values.iter().map(|value| self.encoding.code(column, value)).collect())
            })
            .collect();
        let rows = self.rows.own();
        let good: Vec<&Row> = good.iter().map(|&program| &rows[program]).collect();
        let good = Mixture::new(&self.encoding, rows, &good);
        let mut listed = Listed::default();
        for program in listing {
            let places = codes.iter().zip(program);
            let places: Vec<_> =
                places.map(|((column, codes), &value)| (*column, codes[usize::from(value)])).collect();
            let row = changed(&[], &places);
            let found = self.rows.find(&row);
            if !found.is_some_and(|found| notebook.programs()[found].is_seen()) {
                listed.logs.push(good.log_density(&row));
                listed.programs.push((row, program.to_vec()));
            }
        }
        listed
    }
}

/// Programs that exist and are untried.
#[derive(Default)]
struct Listed {
    /// Each as a row, and as in the listing.
    programs: Vec<(Row, Vec<u16>)>,
    /// Logarithms of their densities on the good side.
    logs: Vec<f64>,
}

impl Listed {
    /// Draws from the good side, given that they are listed and not taken, as edits of the nearest good program.
    fn draw(
        &mut self,
        taken: &[Row],
        parents: &Parents,
        others: &Mixture,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Drawn> {
        if let Some(last) = taken.last()
            && let Some(index) = self.programs.iter().position(|(row, _)| row == last)
        {
            self.programs.swap_remove(index);
            self.logs.swap_remove(index);
        }
        let highest = self.logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = self.logs.iter().map(|log| (log - highest).exp()).collect();
        let from: Vec<Vec<u16>> = parents.iter().map(|(_, sites)| present(sites)).collect();
        let draws = CANDIDATES.min(self.programs.len());
        let drawn = (0..draws).filter_map(|_| {
            let index = weighted_index(&weights, rng);
            let (row, to) = &self.programs[index];
            let ways = from.iter().map(|from| moves_between(from, to)).enumerate();
            let (kernel, moves) = ways.min_by_key(|(_, moves)| moves.len())?;
            let changes = moves.into_iter().map(|(site, value)| parents[kernel].1[site].change(value));
            Some((self.logs[index] - others.log_density(row), kernel, changes.collect()))
        });
        drawn.collect()
    }
}

/// The program of each good run, then the baseline for the prior, which also replaces
/// programs that never completed.
fn parents(notebook: &Notebook, space: &dyn Space, good: &[usize]) -> Parents {
    let mut parents = Parents::new();
    for &program in good.iter().chain([&0]) {
        let tried = &notebook.programs()[program];
        let program = if tried.mean().is_some() { program } else { 0 };
        let sites = parents.iter().find(|parent| parent.0 == program).map(|parent| parent.1.clone());
        let sites = sites.unwrap_or_else(|| space.sites(&notebook.programs()[program].program));
        parents.push((program, sites));
    }
    parents
}

impl Policy for Tpe {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        self.rows.read(notebook, &mut self.encoding);
        if notebook.runs().len() < STARTUP_TRIALS {
            for _ in 0..n * attempts(space) {
                if batch.is_full() {
                    break;
                }
                random::propose(&mut self.rng, &mut batch, Method::Tpe);
            }
            return batch.into_proposals();
        }
        let (good, others) = Self::split(notebook);
        let parents = parents(notebook, space, &good);
        parents.iter().for_each(|(_, sites)| self.encoding.learn(sites));
        let mut listed = space.listing().map(|listing| self.listed(notebook, listing, &parents[0].1, &good));
        for _ in 0..n * attempts(space) {
            if batch.is_full() {
                break;
            }
            self.propose(&mut batch, &parents, &good, &others, listed.as_mut());
        }
        batch.into_proposals()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::baselines::Random;
    use crate::policy::toy::Grid;

    #[test]
    fn the_best_tenth_is_good_and_what_is_pending_is_not() {
        let grid = Grid { categories: 2, ladders: 2, width: 5 };
        let mut notebook = grid.study(&mut Tpe::new(3), 40, 1);
        let (good, others) = Tpe::split(&notebook);
        assert_eq!((good.len(), others.len()), (4, 36));
        let mean = |program: &usize| notebook.programs()[*program].mean().expect("no run failed");
        let highest = good.iter().map(mean).fold(f64::MIN, f64::max);
        assert!(others.iter().all(|program| mean(program) >= highest));

        let proposal = Tpe::new(4).ask(&notebook, &grid, 1).pop().expect("the grid is large");
        notebook.begin(40, &proposal);
        let (good, others) = Tpe::split(&notebook);
        assert_eq!((good.len(), others.len(), others[36]), (4, 37, notebook.programs().len() - 1));
    }

    #[test]
    fn it_finds_better_programs_than_random_search() {
        let grid = Grid { categories: 3, ladders: 5, width: 5 };
        let best = |policy: &mut dyn Policy| {
            grid.study(policy, 80, 4).best().mean().expect("the baseline has completed")
        };
        let tpe = (0..5).map(|seed| best(&mut Tpe::new(seed))).sum::<f64>();
        let random = (0..5).map(|seed| best(&mut Random::new(seed))).sum::<f64>();
        assert!(tpe < 0.8 * random, "{tpe} {random}");
    }
}
