//! The surrogate as in a textbook, for the tests of the faster one, and runs to try both on.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cholesky::Square;
use super::gaussian_process::{Runs, SIGNAL, Variances, WEIGHTS};
use crate::policy::SiteView;
use crate::policy::rows::{Code, Column, Encoding, Row, at};

pub(super) fn columns() -> Vec<Column> {
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

/// Twelve programs, three of them run twice; some rows short, as before a site was seen.
pub(super) fn runs() -> Runs {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let row = |rng: &mut ChaCha8Rng, i: usize| -> Row {
        (0..4 - usize::from(i < 2)).map(|_| rng.random_range(1..=5)).collect()
    };
    let programs = (0..12).map(|i| row(&mut rng, i)).collect();
    let program: Vec<usize> = (0..12).chain([3, 5, 3]).collect();
    let scores = program.iter().map(|_| 3.0 * rng.random::<f64>() - 1.5).collect();
    Runs { programs, program, scores }
}

pub(super) fn naive_kernel(columns: &[Column], values: &[f64], a: &[Code], b: &[Code]) -> f64 {
    let distance = |d: usize| values[WEIGHTS + d].exp() * columns[d].distance(at(a, d), at(b, d));
    let square: f64 = (0..columns.len()).map(distance).sum();
    let r = square.sqrt();
    values[SIGNAL].exp() * (1.0 + 5f64.sqrt() * r + 5.0 / 3.0 * r * r) * (-5f64.sqrt() * r).exp()
}

pub(super) fn naive_covariance(columns: &[Column], values: &[f64], runs: &Runs) -> Square {
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

/// Inverse and logarithm of the determinant by Gauss-Jordan.
pub(super) fn naive_inverse(matrix: &Square) -> (Square, f64) {
    let n = matrix.n;
    let (mut left, mut right, mut log_determinant) = (matrix.clone(), Square::zeros(n), 0.0);
    for i in 0..n {
        right.set(i, i, 1.0);
    }
    for pivot in 0..n {
        let scale = left.get(pivot, pivot);
        log_determinant += scale.ln();
        for j in 0..n {
            left.set(pivot, j, left.get(pivot, j) / scale);
            right.set(pivot, j, right.get(pivot, j) / scale);
        }
        for i in (0..n).filter(|&i| i != pivot) {
            let factor = left.get(i, pivot);
            for j in 0..n {
                left.set(i, j, left.get(i, j) - factor * left.get(pivot, j));
                right.set(i, j, right.get(i, j) - factor * right.get(pivot, j));
            }
        }
    }
    (right, log_determinant)
}
