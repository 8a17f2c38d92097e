//! TPE: proposes what is likely among the good results and unlikely among the others.
//!
//! Multivariate, with the constants of Optuna 5's default sampler: 10 trials at random, then the
//! best tenth of the results (25 at most) against the rest, each side a mixture of one kernel a run
//! and a wide prior. A kernel is a product over all sites. Of 24 draws from the good side the one
//! with the highest ratio of densities that exists and is new is proposed, as edits of the program
//! whose kernel it was drawn from.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::encoding::{Code, Column, Encoding, Row, at};
use super::normal::between;
use super::posterior::changed;
use super::random::{self, ATTEMPTS};
use super::space::Batch;
use super::{Change, Method, Notebook, Policy, Program, SiteView, Space, Update, draw};
use crate::study::{Choice, ProgramId, Proposal, TrialNumber};

const STARTUP_TRIALS: usize = 10;
const CANDIDATES: usize = 24;
const GOOD_SHARE: f64 = 0.1;
const MOST_GOOD: usize = 25;
/// The newest runs count in full, older ones linearly less.
const FULL_WEIGHTS: usize = 25;
/// Width of kernels on ladders, of the ladder, for one run.
const KERNEL_WIDTH: f64 = 0.2;

/// By kernel, the program that is edited and its sites.
type Parents = Vec<(usize, Vec<SiteView>)>;

/// The tree-structured Parzen estimator.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tpe {
    rng: ChaCha8Rng,
    encoding: Encoding,
}

impl Tpe {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), encoding: Encoding::default() }
    }

    /// Programs of the good runs and of the others, in the order in which the runs ended.
    fn split(notebook: &Notebook) -> (Vec<usize>, Vec<usize>) {
        let runs = notebook.runs();
        let values: Vec<f64> = runs.iter().map(|&(_, verdict)| notebook.value(verdict)).collect();
        let mut order: Vec<usize> = (0..runs.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let good = ((GOOD_SHARE * runs.len() as f64).ceil() as usize).min(MOST_GOOD);
        order[..good].sort_unstable();
        order[good..].sort_unstable();
        let programs: Vec<usize> = order.iter().map(|&run| runs[run].0).collect();
        (programs[..good].to_vec(), programs[good..].to_vec())
    }

    fn propose(&mut self, batch: &mut Batch<'_>, parents: &Parents, good: &Mixture, others: &Mixture) {
        let choice = Choice { method: Method::Tpe.to_string(), ..Choice::default() };
        let mut drawn: Vec<(f64, &Program, Vec<Change>)> = (0..CANDIDATES)
            .map(|_| {
                let kernel = draw::index(&good.weights, &mut self.rng);
                let (parent, sites) = &parents[kernel];
                let (row, changes) = self.draw(good, kernel, *parent, sites);
                let rows = self.encoding.rows();
                let score = good.log_density(rows, &row) - others.log_density(rows, &row);
                (score, &batch.notebook.programs()[*parent].program, changes)
            })
            .collect();
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0));
        let _ = drawn.iter().any(|(_, parent, changes)| batch.take(parent, changes, choice.clone()));
    }

    /// A row drawn from one kernel, and how it differs from the parent.
    fn draw(
        &mut self,
        good: &Mixture,
        kernel: usize,
        parent: usize,
        sites: &[SiteView],
    ) -> (Row, Vec<Change>) {
        let mut codes = Vec::new();
        let mut changes = Vec::new();
        for site in sites {
            let column = self.encoding.column(&site.name);
            let values: Vec<Code> =
                site.values.iter().map(|value| self.encoding.code(column, value)).collect();
            let from = good.programs.get(kernel).map(|&program| at(&self.encoding.rows()[program], column));
            let weights: Vec<f64> =
                values.iter().map(|&to| good.log_kernel(column, from, to).exp()).collect();
            let index = draw::index(&weights, &mut self.rng);
            codes.push((column, values[index]));
            if site.values[index] != site.value {
                changes.push(site.change(index));
            }
        }
        (changed(&self.encoding.rows()[parent], &codes), changes)
    }
}

/// A mixture of kernels: one for each run, and the prior as the last.
struct Mixture {
    /// The program of each run, in the order in which they ended.
    programs: Vec<usize>,
    weights: Vec<f64>,
    /// By column, logarithms of kernels at from * side + to, where the last `from` is the prior.
    kernels: Vec<Vec<f64>>,
    sides: Vec<usize>,
}

impl Mixture {
    fn new(encoding: &Encoding, programs: Vec<usize>) -> Self {
        let (n, columns) = (programs.len(), encoding.columns());
        let ramp = n.saturating_sub(FULL_WEIGHTS);
        let weight = |run: usize| match ramp {
            0 | 1 => 1.0,
            _ if run >= ramp => 1.0,
            _ => 1.0 / n as f64 + (1.0 - 1.0 / n as f64) * run as f64 / (ramp - 1) as f64,
        };
        let weights: Vec<f64> = (0..n).map(weight).chain([1.0]).collect();
        let sum: f64 = weights.iter().sum();
        let absent = |d: usize| encoding.rows().iter().any(|row| at(row, d) == 0);
        let dimensions = columns.len();
        let kernels = columns.iter().enumerate();
        Self {
            programs,
            weights: weights.iter().map(|weight| weight / sum).collect(),
            kernels: kernels.map(|(d, column)| kernels_of(column, absent(d), n, dimensions)).collect(),
            sides: columns.iter().map(|column| column.len() + 1).collect(),
        }
    }

    fn log_kernel(&self, column: usize, from: Option<Code>, to: Code) -> f64 {
        let Some(&side) = self.sides.get(column) else { return 0.0 };
        let from = from.map_or(side, usize::from);
        self.kernels[column][from * side + usize::from(to)]
    }

    fn log_density(&self, rows: &[Row], row: &[Code]) -> f64 {
        let terms: Vec<f64> = self
            .weights
            .iter()
            .enumerate()
            .map(|(kernel, weight)| {
                let from = self.programs.get(kernel).map(|&program| &rows[program]);
                let site = |d: usize| self.log_kernel(d, from.map(|row| at(row, d)), at(row, d));
                weight.ln() + (0..self.sides.len()).map(site).sum::<f64>()
            })
            .collect();
        let highest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        highest + terms.iter().map(|term| (term - highest).exp()).sum::<f64>().ln()
    }
}

/// The program of each good run, then the baseline for the prior, which also stands in for
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

/// Logarithms of the probability of each code, by the code at which the kernel stands; the prior
/// last. Absence is one more category where some program lacks the site.
fn kernels_of(column: &Column, absent: bool, runs: usize, dimensions: usize) -> Vec<f64> {
    let (length, kernels) = (column.len() as f64, runs as f64 + 1.0);
    let side = column.len() as Code + 1;
    let categories = |n: f64, same: bool| (1.0 / kernels + f64::from(same)) / (n / kernels + 1.0);
    let scott = (runs.max(1) as f64).powf(-1.0 / (dimensions as f64 + 4.0));
    let width = (KERNEL_WIDTH * scott).clamp(1.0 / (1.0 + kernels).min(100.0), 1.0) * length;
    let ladder = |mean: f64, width: f64, to: f64| {
        between(to - 0.5 - mean, to + 0.5 - mean, width) / between(-0.5 - mean, length - 0.5 - mean, width)
    };
    let share = |from: Option<Code>, to: Code| {
        if !column.ordered {
            let n = length + f64::from(absent);
            return from.map_or(1.0 / n, |from| categories(n, from == to));
        }
        let same = from.map(|from| (from == 0) == (to == 0));
        let presence = if absent { same.map_or(0.5, |same| categories(2.0, same)) } else { 1.0 };
        let Some(rung) = column.rung(to).map(f64::from) else { return presence };
        presence
            * match from.map(|from| column.rung(from)) {
                None => ladder(0.5 * (length - 1.0), length, rung),
                Some(None) => 1.0 / length,
                Some(Some(from)) => ladder(f64::from(from), width, rung),
            }
    };
    let froms = (0..side).map(Some).chain([None]);
    froms.flat_map(|from| (0..side).map(move |to| share(from, to).max(1e-300).ln())).collect()
}

impl Policy for Tpe {
    fn ask(&mut self, notebook: &Notebook, space: &dyn Space, n: usize) -> Vec<Proposal> {
        let mut batch = Batch::new(notebook, space, n);
        self.encoding.read(notebook);
        if notebook.runs().len() < STARTUP_TRIALS {
            for _ in 0..n * ATTEMPTS {
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
        let (good, others) = (Mixture::new(&self.encoding, good), Mixture::new(&self.encoding, others));
        for _ in 0..n * ATTEMPTS {
            if batch.is_full() {
                break;
            }
            self.propose(&mut batch, &parents, &good, &others);
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

    fn mixture(programs: Vec<usize>) -> (Tpe, Notebook, Mixture) {
        let grid = Grid { categories: 2, ladders: 2, width: 5 };
        let mut tpe = Tpe::new(3);
        let notebook = grid.study(&mut tpe, 40, 1);
        tpe.encoding.read(&notebook);
        let mixture = Mixture::new(&tpe.encoding, programs);
        (tpe, notebook, mixture)
    }

    #[test]
    fn kernels_are_distributions_over_the_values_and_absence() {
        let (tpe, _, mixture) = mixture((0..30).collect());
        for (d, (kernels, &side)) in mixture.kernels.iter().zip(&mixture.sides).enumerate() {
            let absent = tpe.encoding.rows().iter().any(|row| at(row, d) == 0);
            for from in kernels.chunks_exact(side).skip(usize::from(!absent)) {
                let present: f64 = from[1..].iter().map(|share| share.exp()).sum();
                let sum = present + if absent { from[0].exp() } else { 0.0 };
                assert!((sum - 1.0).abs() < 1e-5, "{d} {sum}");
            }
        }
        assert!((mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_density_is_the_weighted_sum_of_products_over_sites() {
        let (tpe, _, mixture) = mixture(vec![2, 7, 7]);
        let rows = tpe.encoding.rows();
        let row = &rows[5];
        let mut naive = 0.0;
        for (kernel, weight) in mixture.weights.iter().enumerate() {
            let mut product = *weight;
            for column in 0..mixture.sides.len() {
                let from = mixture.programs.get(kernel).map(|&program| at(&rows[program], column));
                product *= mixture.log_kernel(column, from, at(row, column)).exp();
            }
            naive += product;
        }
        assert!((mixture.log_density(rows, row) - naive.ln()).abs() < 1e-9);
    }

    #[test]
    fn categories_are_weighted_as_in_optuna() {
        // Three categories, two runs: 1/3 each, and one more for the run's own, over their sum.
        let mut encoding = Encoding::default();
        let values = ["a", "b", "c"].map(str::to_owned).to_vec();
        let (name, value) = ("site".to_owned(), "a".to_owned());
        encoding.learn(&[SiteView { name, kind: "choice", ordered: false, value, values }]);
        let kernels = kernels_of(&encoding.columns()[0], false, 2, 1);
        assert!((kernels[4 + 1].exp() - (1.0 + 1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((kernels[4 + 2].exp() - (1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((kernels[4 * 4 + 3].exp() - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_best_tenth_is_good_and_at_most_25_are() {
        let (_, notebook, _) = mixture(Vec::new());
        let (good, others) = Tpe::split(&notebook);
        assert_eq!((good.len(), others.len()), (4, 36));
        let mean = |program: &usize| notebook.programs()[*program].mean().expect("no run failed");
        let highest = good.iter().map(mean).fold(f64::MIN, f64::max);
        assert!(others.iter().all(|program| mean(program) >= highest));
    }

    #[test]
    fn it_finds_better_programs_than_random_search() {
        let grid = Grid { categories: 3, ladders: 5, width: 5 };
        let mean_best = |method: Method| -> f64 {
            let best = |seed| {
                let notebook = grid.study(super::super::policy(method, seed).as_mut(), 80, 4);
                notebook.best().mean().expect("the baseline has completed")
            };
            (0..5).map(best).sum::<f64>() / 5.0
        };
        let (tpe, random) = (mean_best(Method::Tpe), mean_best(Method::Random));
        assert!(tpe < 0.8 * random, "{tpe} {random}");
    }
}
