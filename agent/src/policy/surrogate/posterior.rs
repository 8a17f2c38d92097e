//! What the surrogate predicts for programs, tried or not: mean and variance.

use super::cholesky::{Square, add_scaled};
use super::gaussian_process::{Runs, Surrogate, Variances, WEIGHTS, covariance, matern};
use crate::policy::rows::{Code, Column, Row, at, changed};

/// A program to predict: some changes of another one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// Index among the bases.
    pub(crate) base: usize,
    /// Column and new code.
    pub(crate) changes: Vec<(usize, Code)>,
    /// Its index among the programs of the runs, if it is one of them.
    pub(crate) known: Option<usize>,
}

/// The process given the runs.
#[derive(Debug)]
pub(crate) struct Posterior {
    runs: Runs,
    /// Weighted squared distance of two codes of a column, at a * side + b.
    distances: Vec<Vec<f64>>,
    sides: Vec<usize>,
    variances: Variances,
    factor: Square,
    alpha: Vec<f64>,
    /// What each program of the runs is worth.
    pub(crate) fitted: Vec<f64>,
}

impl Posterior {
    pub(crate) fn new(surrogate: &Surrogate, columns: &[Column], runs: Runs) -> Self {
        let values = surrogate.hyper_parameters(columns);
        let mut variances = Variances::of(&values);
        let distances = columns.iter().zip(&values[WEIGHTS..]).map(|(column, weight)| {
            let codes = 0..=column.len() as Code;
            let pairs = codes.clone().flat_map(|a| codes.clone().map(move |b| (a, b)));
            pairs.map(|(a, b)| weight.exp() * column.distance(a, b)).collect()
        });
        let mut posterior = Self {
            distances: distances.collect(),
            sides: columns.iter().map(|column| column.len() + 1).collect(),
            variances,
            factor: Square::zeros(0),
            alpha: runs.scores.clone(),
            fitted: Vec::new(),
            runs,
        };
        let kernel = posterior.kernel();
        posterior.factor = loop {
            match covariance(&kernel, &variances, &posterior.runs).cholesky() {
                Some(factor) => break factor,
                // Only rounding can be the cause; more noise cures it.
                None => variances.run = 2.0 * variances.run + 1e-6,
            }
        };
        posterior.variances = variances;
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
                kernel.set(a, b, self.variances.signal * matern(self.square(row, other)).0);
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
        let fit =
            |a| (0..kernel.n).map(|b| covariance(a, b)).sum::<f64>() + self.variances.program * by_program[a];
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

    /// What each point is worth, without the uncertainty: much cheaper than both.
    pub(crate) fn means(&self, bases: &[Row], points: &[Point]) -> Vec<f64> {
        self.means_of(&self.covariances(bases, points), points.len())
    }

    fn means_of(&self, covariances: &[f64], width: usize) -> Vec<f64> {
        let mut mean = vec![0.0; width];
        for (&program, &alpha) in self.runs.program.iter().zip(&self.alpha) {
            add_scaled(&mut mean, alpha, &covariances[program * width..(program + 1) * width]);
        }
        mean
    }

    /// Between the programs of the runs and each point, one row per program.
    fn covariances(&self, bases: &[Row], points: &[Point]) -> Vec<f64> {
        let width = points.len();
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
                let shared = if point.known == Some(p) { self.variances.program } else { 0.0 };
                covariances[p * width + c] = self.variances.signal * matern(square.max(0.0)).0 + shared;
            }
        }
        covariances
    }

    /// Predicts what each point is worth.
    pub(crate) fn predict(&self, bases: &[Row], points: &[Point]) -> Prediction<'_> {
        let (n, width) = (self.runs.program.len(), points.len());
        let covariances = self.covariances(bases, points);
        let mut solved = Vec::with_capacity((n + 8) * width);
        for &program in &self.runs.program {
            solved.extend_from_slice(&covariances[program * width..(program + 1) * width]);
        }
        self.factor.solve_lower(&mut solved, width);
        let mut prediction = Prediction {
            posterior: self,
            rows: points.iter().map(|point| changed(&bases[point.base], &point.changes)).collect(),
            mean: self.means_of(&covariances, width),
            variance: vec![self.variances.signal + self.variances.program; width],
            solved: Vec::new(),
        };
        for row in solved.chunks_exact(width.max(1)) {
            prediction.lower(row);
        }
        prediction.solved = solved;
        prediction
    }
}

/// Mean and variance of what points are worth.
#[derive(Debug)]
pub(crate) struct Prediction<'a> {
    posterior: &'a Posterior,
    rows: Vec<Row>,
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
    /// The lower factor's solution for each point, one column per point.
    solved: Vec<f64>,
}

impl Prediction<'_> {
    /// Lowers the variances as a run of one point will, whatever its result.
    pub(crate) fn observe(&mut self, point: usize) {
        let Variances { signal, program, run } = self.posterior.variances;
        let width = self.rows.len();
        let row = &self.rows[point];
        let prior = |other: &Row| {
            let square = self.posterior.square(row, other);
            signal * matern(square).0 + if square == 0.0 { program } else { 0.0 }
        };
        let mut next: Vec<f64> = self.rows.iter().map(prior).collect();
        for solved in self.solved.chunks_exact(width) {
            add_scaled(&mut next, -solved[point], solved);
        }
        let deviation = (self.variance[point] + run).sqrt();
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
mod tests;
