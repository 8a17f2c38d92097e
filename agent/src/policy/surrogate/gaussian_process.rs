//! What untried programs may be worth: a Gaussian process over the values at all sites.
//!
//! Matern-5/2 on site distances, one weight per site, fitted by gradient to the normal scores of the
//! results, with priors. A share of the noise belongs to the program and comes back at each of its
//! runs; the rest is the run's own. Repeats show how large that share is: if they agree, noise is
//! what the sites do not explain, and a repeat teaches little. This file fits the hyper-parameters, from
//! rows and scores alone; `posterior` predicts with them.

use serde::{Deserialize, Serialize};

use super::cholesky::{Square, dot};
use crate::policy::rows::{Code, Column, Row, at};

/// Adam's rate on the logarithms of the hyper-parameters.
const FIT_RATE: f64 = 0.15;
const FIRST_STEPS: usize = 30;
const STEPS: usize = 3;
/// Added to the diagonal, relative to the variances there.
const JITTER: f64 = 1e-8;
/// Mean and standard deviation of the priors of log s2, of log v, and of the log-odds of the
/// program's share of v, which is .3 at their mean.
const SIGNAL_PRIOR: (f64, f64) = (0.0, 0.7);
const NOISE_PRIOR: (f64, f64) = (-std::f64::consts::LN_10, 1.2);
const SHARE_PRIOR: (f64, f64) = (-0.85, 1.0);
const WEIGHT_PRIOR_SD: f64 = 1.2;
/// Order of the hyper-parameters: log s2, log v, the log-odds, then a log weight per site.
pub(super) const SIGNAL: usize = 0;
const NOISE: usize = 1;
const SHARE: usize = 2;
pub(super) const WEIGHTS: usize = 3;

/// What the surrogate learns from: one row per run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
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
pub(crate) struct Surrogate {
    /// Saved under a name that says how many come before the sites' weights: three.
    #[serde(rename = "three_and_weights")]
    values: Vec<f32>,
    moment_1: Vec<f32>,
    moment_2: Vec<f32>,
    steps: u32,
}

impl Surrogate {
    /// Climbs a few steps towards the most probable hyper-parameters.
    pub(crate) fn fit(&mut self, columns: &[Column], runs: &Runs) {
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

    pub(super) fn hyper_parameters(&self, columns: &[Column]) -> Vec<f64> {
        let mut copy = self.clone();
        copy.grow(&priors(columns));
        copy.values.into_iter().map(f64::from).collect()
    }
}

/// Where the variance of a run's score comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variances {
    /// From the values at the sites.
    pub(super) signal: f64,
    /// From the program, independent of its neighbours.
    pub(super) program: f64,
    /// From this run only.
    pub(super) run: f64,
}

impl Variances {
    pub(super) fn of(values: &[f64]) -> Self {
        let (noise, share) = (values[NOISE].exp(), 1.0 / (1.0 + (-values[SHARE]).exp()));
        Self { signal: values[SIGNAL].exp(), program: share * noise, run: (1.0 - share) * noise }
    }
}

/// Squared distance of two programs before anything is learned about the sites.
pub(crate) fn prior_distance(columns: &[Column], a: &[Code], b: &[Code]) -> f64 {
    let distance = |(d, column): (usize, &Column)| weight(column) * column.distance(at(a, d), at(b, d));
    columns.iter().enumerate().map(distance).sum()
}

/// Expected weight of a site, times the number of sites.
fn weight(column: &Column) -> f64 {
    if column.ordered { 8.0 } else { 2.0 }
}

/// Mean and standard deviation of the logarithm of each hyper-parameter.
fn priors(columns: &[Column]) -> Vec<(f64, f64)> {
    let mut priors = vec![SIGNAL_PRIOR, NOISE_PRIOR, SHARE_PRIOR];
    let share = 1.0 / columns.len().max(1) as f64;
    priors.extend(columns.iter().map(|column| ((share * weight(column)).ln(), WEIGHT_PRIOR_SD)));
    priors
}

/// Matern-5/2 at a squared distance, and its derivative there; both for variance 1.
pub(super) fn matern(square: f64) -> (f64, f64) {
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
/// `None` if the covariances are not positive definite.
fn objective(
    values: &[f64],
    priors: &[(f64, f64)],
    differences: &Differences,
    runs: &Runs,
) -> Option<(f64, Vec<f64>)> {
    let variances = Variances::of(values);
    let signal = variances.signal;
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

    let factor = covariance(&kernel, &variances, runs).cholesky()?;
    let mut alpha = runs.scores.clone();
    factor.solve_lower(&mut alpha, 1);
    let fit = -0.5 * dot(&alpha, &alpha);
    factor.solve_transposed(&mut alpha);
    let n = alpha.len();
    let log_determinant: f64 = (0..n).map(|i| factor.get(i, i).ln()).sum();
    let inverse = factor.inverse_of_lower().gram();

    // How the likelihood changes with each covariance, summed over the runs of each pair of programs.
    let (mut change, mut by_program, mut by_run) = (Square::zeros(programs), 0.0, 0.0);
    for i in 0..n {
        for j in 0..=i {
            let derivative = 0.5 * (alpha[i] * alpha[j] - inverse.get(i, j));
            let (a, b) = (runs.program[i].max(runs.program[j]), runs.program[i].min(runs.program[j]));
            let both = if i == j { derivative } else { 2.0 * derivative };
            change.cells[a * programs + b] += both;
            by_program += if a == b { both } else { 0.0 };
            by_run += if i == j { derivative } else { 0.0 };
        }
    }

    let mut gradient = vec![0.0; values.len()];
    let mut pairs = differences.pairs();
    for a in 0..programs {
        gradient[SIGNAL] += change.get(a, a) * signal;
        for b in 0..a {
            gradient[SIGNAL] += change.get(a, b) * kernel.get(a, b);
            let by_square = change.get(a, b) * slope.get(a, b);
            for &(d, distance) in pairs.next().expect("one entry for each pair") {
                let d = d as usize;
                gradient[WEIGHTS + d] += by_square * weights[d] * f64::from(distance);
            }
        }
    }
    let noise = variances.program + variances.run;
    gradient[NOISE] += by_program * variances.program + by_run * variances.run;
    gradient[SHARE] += (by_program - by_run) * variances.program * variances.run / noise;
    let mut density = fit - log_determinant;
    for (i, &(mean, sd)) in priors.iter().enumerate() {
        density -= 0.5 * ((values[i] - mean) / sd).powi(2);
        gradient[i] -= (values[i] - mean) / (sd * sd);
    }
    Some((density, gradient))
}

/// Covariances of the runs' scores; the lower half.
pub(super) fn covariance(kernel: &Square, variances: &Variances, runs: &Runs) -> Square {
    let n = runs.program.len();
    let mut covariance = Square::zeros(n);
    for i in 0..n {
        for j in 0..=i {
            let (a, b) = (runs.program[i].max(runs.program[j]), runs.program[i].min(runs.program[j]));
            let shared = if a == b { variances.program } else { 0.0 };
            covariance.set(i, j, kernel.get(a, b) + shared);
        }
        let diagonal = covariance.get(i, i) + variances.run;
        covariance.set(i, i, diagonal + JITTER * diagonal);
    }
    covariance
}

#[cfg(test)]
mod tests;
