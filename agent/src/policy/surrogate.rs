//! What untried programs may be worth: a Gaussian process over the values at all sites.
//!
//! Matern-5/2 on site distances, one weight a site, fitted by gradient to the normal scores of the
//! results, with priors. A share of the noise belongs to the program and comes back at each of its
//! runs; the rest is the run's own. It knows rows of codes and scores, no study.

use serde::{Deserialize, Serialize};

use super::cholesky::{Square, add_scaled, dot};
use super::encoding::{Code, Column, Row, at};

/// Share of the noise that is the program's own.
const RHO: f64 = 0.3;
/// Adam's rate on the logarithms of the hyper-parameters.
const FIT_RATE: f64 = 0.15;
const FIRST_STEPS: usize = 30;
const STEPS: usize = 3;
/// Added to the diagonal, relative to the variances there.
const JITTER: f64 = 1e-8;
/// Mean and standard deviation of the priors of log s2 and log v.
const SIGNAL_PRIOR: (f64, f64) = (0.0, 0.7);
const NOISE_PRIOR: (f64, f64) = (-std::f64::consts::LN_10, 1.2);
const WEIGHT_PRIOR_SD: f64 = 1.2;
/// Where the hyper-parameters stand: log s2, log v, then a log weight a site.
const SIGNAL: usize = 0;
const NOISE: usize = 1;
const WEIGHTS: usize = 2;

/// What the surrogate learns from: one row a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    /// Distinct programs.
    pub(super) programs: Vec<Row>,
    /// The program of each run, ascending or not.
    pub(super) program: Vec<usize>,
    /// Normal score of each run, larger is better.
    pub(super) scores: Vec<f64>,
}

/// The hyper-parameters and the state of their optimiser. Kept in single precision, which JSON
/// gives back exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Surrogate {
    values: Vec<f32>,
    moment_1: Vec<f32>,
    moment_2: Vec<f32>,
    steps: u32,
}

impl Surrogate {
    /// Climbs a few steps towards the most probable hyper-parameters.
    pub(super) fn fit(&mut self, columns: &[Column], runs: &Runs) {
        let priors = priors(columns);
        self.grow(&priors);
        let differences = Differences::new(columns, runs);
        let mut values: Vec<f64> = self.values.iter().map(|&value| f64::from(value)).collect();
        let mut moment_1: Vec<f64> = self.moment_1.iter().map(|&value| f64::from(value)).collect();
        let mut moment_2: Vec<f64> = self.moment_2.iter().map(|&value| f64::from(value)).collect();
        for _ in 0..if self.steps == 0 { FIRST_STEPS } else { STEPS } {
            let Some((_, gradient)) = objective(&values, &priors, &differences, runs) else { break };
            self.steps += 1;
            let steps = self.steps.min(10_000) as i32;
            let (bias_1, bias_2) = (1.0 - 0.9_f64.powi(steps), 1.0 - 0.999_f64.powi(steps));
            for (i, g) in gradient.into_iter().enumerate() {
                moment_1[i] = 0.9 * moment_1[i] + 0.1 * g;
                moment_2[i] = 0.999 * moment_2[i] + 0.001 * g * g;
                values[i] += FIT_RATE * (moment_1[i] / bias_1) / ((moment_2[i] / bias_2).sqrt() + 1e-8);
            }
        }
        let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect();
        (self.values, self.moment_1, self.moment_2) = (single(values), single(moment_1), single(moment_2));
    }

    /// Starts new sites at their priors.
    fn grow(&mut self, priors: &[(f64, f64)]) {
        for prior in &priors[self.values.len().min(priors.len())..] {
            self.values.push(prior.0 as f32);
            self.moment_1.push(0.0);
            self.moment_2.push(0.0);
        }
    }

    fn hyper_parameters(&self, columns: &[Column]) -> Vec<f64> {
        let mut copy = self.clone();
        copy.grow(&priors(columns));
        copy.values.into_iter().map(f64::from).collect()
    }
}

/// Squared distance of two programs before anything is learned of the sites.
pub(super) fn prior_distance(columns: &[Column], a: &[Code], b: &[Code]) -> f64 {
    let distance = |(d, column): (usize, &Column)| weight(column) * column.distance(at(a, d), at(b, d));
    columns.iter().enumerate().map(distance).sum()
}

/// Expected weight of a site, times the number of sites.
fn weight(column: &Column) -> f64 {
    if column.ordered { 8.0 } else { 2.0 }
}

/// Mean and standard deviation of the logarithm of each hyper-parameter.
fn priors(columns: &[Column]) -> Vec<(f64, f64)> {
    let mut priors = vec![SIGNAL_PRIOR, NOISE_PRIOR];
    let share = 1.0 / columns.len().max(1) as f64;
    priors.extend(columns.iter().map(|column| ((share * weight(column)).ln(), WEIGHT_PRIOR_SD)));
    priors
}

/// Matern-5/2 at a squared distance, and its derivative there; both for variance 1.
fn matern(square: f64) -> (f64, f64) {
    let root = (5.0 * square).sqrt();
    let decay = (-root).exp();
    ((1.0 + root + 5.0 / 3.0 * square) * decay, -5.0 / 6.0 * (1.0 + root) * decay)
}

/// Where each pair of programs differs, and by how much. Most sites of most pairs do not.
struct Differences {
    /// For programs a > b, at a (a - 1)/2 + b: the end of the pair's part of `sites`.
    ends: Vec<usize>,
    sites: Vec<(u32, f32)>,
}

impl Differences {
    fn new(columns: &[Column], runs: &Runs) -> Self {
        let (mut ends, mut sites) = (Vec::new(), Vec::new());
        for (a, row) in runs.programs.iter().enumerate() {
            for other in &runs.programs[..a] {
                for (d, column) in columns.iter().enumerate().take(row.len().max(other.len())) {
                    let (x, y) = (at(row, d), at(other, d));
                    if x != y {
                        sites.push((d as u32, column.distance(x, y) as f32));
                    }
                }
                ends.push(sites.len());
            }
        }
        Self { ends, sites }
    }

    fn pairs(&self) -> impl Iterator<Item = &[(u32, f32)]> {
        let mut begin = 0;
        self.ends.iter().map(move |&end| &self.sites[std::mem::replace(&mut begin, end)..end])
    }
}

/// Logarithm of the posterior density of the hyper-parameters, up to a constant, and its gradient.
/// `None` where the covariances are not positive definite.
fn objective(
    values: &[f64],
    priors: &[(f64, f64)],
    differences: &Differences,
    runs: &Runs,
) -> Option<(f64, Vec<f64>)> {
    let (signal, noise) = (values[SIGNAL].exp(), values[NOISE].exp());
    let weights: Vec<f64> = values[WEIGHTS..].iter().map(|value| value.exp()).collect();
    let programs = runs.programs.len();
    let (mut kernel, mut slope) = (Square::zeros(programs), Square::zeros(programs));
    let mut pairs = differences.pairs();
    for a in 0..programs {
        kernel.set(a, a, signal);
        for b in 0..a {
            let sites = pairs.next().expect("one entry for each pair");
            let square = sites.iter().map(|&(d, distance)| weights[d as usize] * f64::from(distance)).sum();
            let (value, derivative) = matern(square);
            kernel.set(a, b, signal * value);
            slope.set(a, b, signal * derivative);
        }
    }

    let factor = covariance(&kernel, noise, runs).cholesky()?;
    let mut alpha = runs.scores.clone();
    factor.solve_lower(&mut alpha, 1);
    let fit = -0.5 * dot(&alpha, &alpha);
    factor.solve_transposed(&mut alpha);
    let n = alpha.len();
    let log_determinant: f64 = (0..n).map(|i| factor.get(i, i).ln()).sum();
    let inverse = factor.inverse_of_lower().gram();

    // How the likelihood changes with each covariance, summed over the runs of each pair of programs.
    let (mut change, mut own) = (Square::zeros(programs), 0.0);
    for i in 0..n {
        for j in 0..=i {
            let derivative = 0.5 * (alpha[i] * alpha[j] - inverse.get(i, j));
            let (a, b) = (runs.program[i].max(runs.program[j]), runs.program[i].min(runs.program[j]));
            change.cells[a * programs + b] += if i == j { derivative } else { 2.0 * derivative };
            own += if i == j { derivative } else { 0.0 };
        }
    }

    let mut gradient = vec![0.0; values.len()];
    let mut pairs = differences.pairs();
    for a in 0..programs {
        gradient[SIGNAL] += change.get(a, a) * signal;
        gradient[NOISE] += change.get(a, a) * RHO * noise;
        for b in 0..a {
            gradient[SIGNAL] += change.get(a, b) * kernel.get(a, b);
            let by_square = change.get(a, b) * slope.get(a, b);
            for &(d, distance) in pairs.next().expect("one entry for each pair") {
                let d = d as usize;
                gradient[WEIGHTS + d] += by_square * weights[d] * f64::from(distance);
            }
        }
    }
    gradient[NOISE] += own * (1.0 - RHO) * noise;
    let mut density = fit - log_determinant;
    for (i, &(mean, sd)) in priors.iter().enumerate() {
        density -= 0.5 * ((values[i] - mean) / sd).powi(2);
        gradient[i] -= (values[i] - mean) / (sd * sd);
    }
    Some((density, gradient))
}

/// Covariances of the runs' scores; the lower half.
fn covariance(kernel: &Square, noise: f64, runs: &Runs) -> Square {
    let n = runs.program.len();
    let mut covariance = Square::zeros(n);
    for i in 0..n {
        for j in 0..=i {
            let (a, b) = (runs.program[i].max(runs.program[j]), runs.program[i].min(runs.program[j]));
            let shared = if a == b { RHO * noise } else { 0.0 };
            covariance.set(i, j, kernel.get(a, b) + shared);
        }
        let diagonal = covariance.get(i, i) + (1.0 - RHO) * noise;
        covariance.set(i, i, diagonal + JITTER * diagonal);
    }
    covariance
}

/// A program to be predicted: some changes of another one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    /// Index among the bases.
    pub(super) base: usize,
    /// Column and new code.
    pub(super) changes: Vec<(usize, Code)>,
    /// Its index among the programs of the runs, where it is one of them.
    pub(super) known: Option<usize>,
}

/// The process given the runs.
#[derive(Debug)]
pub(super) struct Posterior {
    runs: Runs,
    /// Weighted squared distance of two codes of a column, at a * side + b.
    distances: Vec<Vec<f64>>,
    sides: Vec<usize>,
    signal: f64,
    noise: f64,
    factor: Square,
    alpha: Vec<f64>,
    /// What each program of the runs is worth.
    pub(super) fitted: Vec<f64>,
}

impl Posterior {
    pub(super) fn new(surrogate: &Surrogate, columns: &[Column], runs: Runs) -> Self {
        let values = surrogate.hyper_parameters(columns);
        let (signal, mut noise) = (values[SIGNAL].exp(), values[NOISE].exp());
        let distances = columns.iter().zip(&values[WEIGHTS..]).map(|(column, weight)| {
            let codes = 0..=column.len() as Code;
            let pairs = codes.clone().flat_map(|a| codes.clone().map(move |b| (a, b)));
            pairs.map(|(a, b)| weight.exp() * column.distance(a, b)).collect()
        });
        let mut posterior = Self {
            distances: distances.collect(),
            sides: columns.iter().map(|column| column.len() + 1).collect(),
            signal,
            noise,
            factor: Square::zeros(0),
            alpha: runs.scores.clone(),
            fitted: Vec::new(),
            runs,
        };
        let kernel = posterior.kernel();
        posterior.factor = loop {
            match covariance(&kernel, noise, &posterior.runs).cholesky() {
                Some(factor) => break factor,
                // Only rounding can be the cause; more noise cures it.
                None => noise = 2.0 * noise + 1e-6,
            }
        };
        posterior.noise = noise;
        posterior.factor.solve_lower(&mut posterior.alpha, 1);
        posterior.factor.solve_transposed(&mut posterior.alpha);
        posterior.fitted = posterior.fit(&kernel);
        posterior
    }

    /// Between the programs of the runs; the lower half.
    fn kernel(&self) -> Square {
        let programs = &self.runs.programs;
        let mut kernel = Square::zeros(programs.len());
        for (a, row) in programs.iter().enumerate() {
            for (b, other) in programs[..=a].iter().enumerate() {
                kernel.set(a, b, self.signal * matern(self.square(row, other)).0);
            }
        }
        kernel
    }

    fn fit(&self, kernel: &Square) -> Vec<f64> {
        let mut by_program = vec![0.0; kernel.n];
        for (&program, alpha) in self.runs.program.iter().zip(&self.alpha) {
            by_program[program] += alpha;
        }
        let covariance = |a: usize, b: usize| kernel.get(a.max(b), a.min(b)) * by_program[b];
        let fit = |a| (0..kernel.n).map(|b| covariance(a, b)).sum::<f64>() + RHO * self.noise * by_program[a];
        (0..kernel.n).map(fit).collect()
    }

    fn distance(&self, column: usize, a: Code, b: Code) -> f64 {
        self.distances[column][usize::from(a) * self.sides[column] + usize::from(b)]
    }

    fn square(&self, a: &[Code], b: &[Code]) -> f64 {
        let shared = a.len().min(b.len());
        let mut sum = 0.0;
        for column in 0..shared {
            if a[column] != b[column] {
                sum += self.distance(column, a[column], b[column]);
            }
        }
        let longer = if a.len() > shared { a } else { b };
        sum + (shared..longer.len()).map(|column| self.distance(column, longer[column], 0)).sum::<f64>()
    }

    /// Predicts what each point is worth.
    pub(super) fn predict(&self, bases: &[Row], points: &[Point]) -> Prediction<'_> {
        let (n, width) = (self.runs.program.len(), points.len());
        let from_bases: Vec<Vec<f64>> = bases
            .iter()
            .map(|base| self.runs.programs.iter().map(|row| self.square(base, row)).collect())
            .collect();
        let mut covariances = vec![0.0; self.runs.programs.len() * width];
        for (c, point) in points.iter().enumerate() {
            let base = &bases[point.base];
            for (p, row) in self.runs.programs.iter().enumerate() {
                let mut square = from_bases[point.base][p];
                for &(column, to) in &point.changes {
                    let code = at(row, column);
                    square += self.distance(column, to, code) - self.distance(column, at(base, column), code);
                }
                let shared = if point.known == Some(p) { RHO * self.noise } else { 0.0 };
                covariances[p * width + c] = self.signal * matern(square.max(0.0)).0 + shared;
            }
        }
        let mut solved = Vec::with_capacity((n + 8) * width);
        let mut mean = vec![0.0; width];
        for (&program, &alpha) in self.runs.program.iter().zip(&self.alpha) {
            let row = &covariances[program * width..(program + 1) * width];
            add_scaled(&mut mean, alpha, row);
            solved.extend_from_slice(row);
        }
        self.factor.solve_lower(&mut solved, width);
        let mut prediction = Prediction {
            posterior: self,
            rows: points.iter().map(|point| changed(&bases[point.base], &point.changes)).collect(),
            mean,
            variance: vec![self.signal + RHO * self.noise; width],
            solved: Vec::new(),
        };
        for row in solved.chunks_exact(width.max(1)) {
            prediction.lower(row);
        }
        prediction.solved = solved;
        prediction
    }
}

/// A row with other codes at some columns.
pub(super) fn changed(row: &[Code], changes: &[(usize, Code)]) -> Row {
    let mut row = row.to_vec();
    for &(column, to) in changes {
        if row.len() <= column {
            row.resize(column + 1, 0);
        }
        row[column] = to;
    }
    row
}

/// Mean and variance of what points are worth.
#[derive(Debug)]
pub(super) struct Prediction<'a> {
    posterior: &'a Posterior,
    rows: Vec<Row>,
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
    /// The lower factor's solution for each point, one column a point.
    solved: Vec<f64>,
}

impl Prediction<'_> {
    /// Lowers the variances as a run of one point will, whatever its result.
    pub(super) fn observe(&mut self, point: usize) {
        let Posterior { signal, noise, .. } = *self.posterior;
        let width = self.rows.len();
        let row = &self.rows[point];
        let mut next: Vec<f64> = self
            .rows
            .iter()
            .map(|other| {
                let square = self.posterior.square(row, other);
                signal * matern(square).0 + if square == 0.0 { RHO * noise } else { 0.0 }
            })
            .collect();
        for solved in self.solved.chunks_exact(width) {
            add_scaled(&mut next, -solved[point], solved);
        }
        let deviation = (self.variance[point] + (1.0 - RHO) * noise).sqrt();
        next.iter_mut().for_each(|cell| *cell /= deviation);
        self.lower(&next);
        self.solved.extend_from_slice(&next);
    }

    fn lower(&mut self, row: &[f64]) {
        for (variance, cell) in self.variance.iter_mut().zip(row) {
            *variance = (*variance - cell * cell).max(1e-12);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::super::SiteView;
    use super::super::cholesky::naive_inverse;
    use super::super::encoding::Encoding;
    use super::*;

    fn columns() -> Vec<Column> {
        let values: Vec<String> = (0..5).map(|value| value.to_string()).collect();
        let sites: Vec<SiteView> = (0..4)
            .map(|i| SiteView {
                name: format!("site{i}"),
                kind: "knob",
                ordered: i % 2 == 0,
                value: "0".to_owned(),
                values: values.clone(),
            })
            .collect();
        let mut encoding = Encoding::default();
        encoding.learn(&sites);
        encoding.columns().to_vec()
    }

    /// Twelve programs, three of them run twice; some rows short, as before a site was met.
    fn runs() -> Runs {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let row = |rng: &mut ChaCha8Rng, i: usize| -> Row {
            (0..4 - usize::from(i < 2)).map(|_| rng.random_range(1..=5)).collect()
        };
        let programs = (0..12).map(|i| row(&mut rng, i)).collect();
        let program: Vec<usize> = (0..12).chain([3, 5, 3]).collect();
        let scores = program.iter().map(|_| 3.0 * rng.random::<f64>() - 1.5).collect();
        Runs { programs, program, scores }
    }

    fn naive_kernel(columns: &[Column], values: &[f64], a: &[Code], b: &[Code]) -> f64 {
        let distance = |d: usize| values[WEIGHTS + d].exp() * columns[d].distance(at(a, d), at(b, d));
        let square: f64 = (0..columns.len()).map(distance).sum();
        let r = square.sqrt();
        values[SIGNAL].exp() * (1.0 + 5f64.sqrt() * r + 5.0 / 3.0 * r * r) * (-5f64.sqrt() * r).exp()
    }

    fn naive_covariance(columns: &[Column], values: &[f64], runs: &Runs) -> Square {
        let n = runs.program.len();
        let mut matrix = Square::zeros(n);
        for i in 0..n {
            for j in 0..n {
                let (a, b) = (runs.program[i], runs.program[j]);
                let mut cell = naive_kernel(columns, values, &runs.programs[a], &runs.programs[b]);
                cell += if a == b { RHO * values[NOISE].exp() } else { 0.0 };
                cell += if i == j { (1.0 - RHO) * values[NOISE].exp() } else { 0.0 };
                matrix.set(i, j, cell);
            }
        }
        matrix
    }

    fn naive_objective(columns: &[Column], values: &[f64], runs: &Runs) -> f64 {
        let (inverse, log_determinant) = naive_inverse(&naive_covariance(columns, values, runs));
        let n = runs.scores.len();
        let fit: f64 = (0..n).map(|i| runs.scores[i] * dot(inverse.row(i), &runs.scores)).sum();
        let prior: f64 =
            priors(columns).iter().zip(values).map(|((mean, sd), value)| ((value - mean) / sd).powi(2)).sum();
        -0.5 * (fit + log_determinant + prior)
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let (columns, runs) = (columns(), runs());
        let values = [0.2, -1.5, 0.5, -0.7, 0.1, -1.0];
        let differences = Differences::new(&columns, &runs);
        let (density, gradient) =
            objective(&values, &priors(&columns), &differences, &runs).expect("positive definite");
        assert!((density - naive_objective(&columns, &values, &runs)).abs() < 1e-5);
        for i in 0..values.len() {
            let at = |step: f64| {
                let mut moved = values;
                moved[i] += step;
                naive_objective(&columns, &moved, &runs)
            };
            let naive = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((gradient[i] - naive).abs() < 1e-4, "{i}: {} {naive}", gradient[i]);
        }
    }

    #[test]
    fn fitting_finds_a_more_probable_surrogate() {
        let (columns, runs) = (columns(), runs());
        let mut surrogate = Surrogate::default();
        let before = surrogate.hyper_parameters(&columns);
        surrogate.fit(&columns, &runs);
        let after = surrogate.hyper_parameters(&columns);
        assert!(naive_objective(&columns, &after, &runs) > naive_objective(&columns, &before, &runs) + 0.1);
    }

    fn naive_prediction(
        columns: &[Column],
        values: &[f64],
        runs: &Runs,
        row: &Row,
        known: Option<usize>,
    ) -> (f64, f64) {
        let (inverse, _) = naive_inverse(&naive_covariance(columns, values, runs));
        let shared = |p: usize| if known == Some(p) { RHO * values[NOISE].exp() } else { 0.0 };
        let k: Vec<f64> = runs
            .program
            .iter()
            .map(|&p| naive_kernel(columns, values, row, &runs.programs[p]) + shared(p))
            .collect();
        let n = k.len();
        let solved: Vec<f64> = (0..n).map(|i| dot(inverse.row(i), &k)).collect();
        let prior = values[SIGNAL].exp() + RHO * values[NOISE].exp();
        (dot(&solved, &runs.scores), prior - dot(&solved, &k))
    }

    #[test]
    fn predictions_are_those_of_the_textbook_before_and_after_a_pick() {
        let (columns, runs) = (columns(), runs());
        let mut surrogate = Surrogate::default();
        surrogate.fit(&columns, &runs);
        let values = surrogate.hyper_parameters(&columns);
        let posterior = Posterior::new(&surrogate, &columns, runs.clone());
        let bases = vec![runs.programs[3].clone(), runs.programs[0].clone()];
        let points = [
            Point { base: 0, changes: Vec::new(), known: Some(3) },
            Point { base: 0, changes: vec![(1, 5), (2, 1)], known: None },
            Point { base: 1, changes: vec![(3, 2)], known: None },
        ];
        let mut prediction = posterior.predict(&bases, &points);
        let rows: Vec<Row> = points.iter().map(|p| changed(&bases[p.base], &p.changes)).collect();
        let check = |runs: &Runs, prediction: &Prediction<'_>, known: [Option<usize>; 3], what| {
            for (c, row) in rows.iter().enumerate() {
                let (mean, variance) = naive_prediction(&columns, &values, runs, row, known[c]);
                assert!((prediction.variance[c] - variance).abs() < 1e-6, "{what} {c}");
                assert!(what == "after" || (prediction.mean[c] - mean).abs() < 1e-6, "{what} {c}");
            }
        };
        check(&runs, &prediction, [Some(3), None, None], "before");
        assert!((posterior.fitted[3] - prediction.mean[0]).abs() < 1e-9);

        // As if point 1 had been run, with any result.
        let mut more = runs.clone();
        more.programs.push(rows[1].clone());
        more.program.push(12);
        more.scores.push(0.0);
        prediction.observe(1);
        check(&more, &prediction, [Some(3), Some(12), None], "after");
    }
}
