//! The surrogate beside a naive twin: densities, gradients, fits.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::SiteView;
use super::super::cholesky::naive_inverse;
use super::super::encoding::Encoding;
use super::*;

pub(in super::super) fn columns() -> Vec<Column> {
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
pub(in super::super) fn runs() -> Runs {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let row = |rng: &mut ChaCha8Rng, i: usize| -> Row {
        (0..4 - usize::from(i < 2)).map(|_| rng.random_range(1..=5)).collect()
    };
    let programs = (0..12).map(|i| row(&mut rng, i)).collect();
    let program: Vec<usize> = (0..12).chain([3, 5, 3]).collect();
    let scores = program.iter().map(|_| 3.0 * rng.random::<f64>() - 1.5).collect();
    Runs { programs, program, scores }
}

pub(in super::super) fn naive_kernel(columns: &[Column], values: &[f64], a: &[Code], b: &[Code]) -> f64 {
    let distance = |d: usize| values[WEIGHTS + d].exp() * columns[d].distance(at(a, d), at(b, d));
    let square: f64 = (0..columns.len()).map(distance).sum();
    let r = square.sqrt();
    values[SIGNAL].exp() * (1.0 + 5f64.sqrt() * r + 5.0 / 3.0 * r * r) * (-5f64.sqrt() * r).exp()
}

pub(in super::super) fn naive_covariance(columns: &[Column], values: &[f64], runs: &Runs) -> Square {
    let n = runs.program.len();
    let mut matrix = Square::zeros(n);
    for i in 0..n {
        for j in 0..n {
            let (a, b) = (runs.program[i], runs.program[j]);
            let mut cell = naive_kernel(columns, values, &runs.programs[a], &runs.programs[b]);
            cell += if a == b { Variances::of(values).program } else { 0.0 };
            cell += if i == j { Variances::of(values).run } else { 0.0 };
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
    let values = [0.2, -1.5, 0.4, 0.5, -0.7, 0.1, -1.0];
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
