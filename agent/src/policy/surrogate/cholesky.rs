//! The linear algebra of the surrogate: a symmetric positive definite matrix, factored by hand.
//!
//! Loops run over contiguous rows, so that the compiler vectorises them, once for every x86-64 and once for those with
//! AVX2. The order of additions is the same in both, and nothing is fused: every machine gets the same numbers.

use multiversion::multiversion;

/// A square matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Square {
    pub(super) n: usize,
    pub(super) cells: Vec<f64>,
}

impl Square {
    pub(super) fn zeros(n: usize) -> Self {
        Self { n, cells: vec![0.0; n * n] }
    }

    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.cells[i * self.n..(i + 1) * self.n]
    }

    pub(super) fn get(&self, i: usize, j: usize) -> f64 {
        self.cells[i * self.n + j]
    }

    pub(super) fn set(&mut self, i: usize, j: usize, value: f64) {
        self.cells[i * self.n + j] = value;
    }

    /// The lower factor of a matrix, of which only the lower half is read; `None` if it is not positive definite.
    pub(super) fn cholesky(mut self) -> Option<Self> {
        factor(&mut self.cells, self.n).then_some(self)
    }

    /// The inverse of a lower factor.
    pub(super) fn inverse_of_lower(&self) -> Self {
        let mut inverse = Self::zeros(self.n);
        invert_lower(&self.cells, &mut inverse.cells, self.n);
        inverse
    }

    /// The lower half of `self` transposed times `self`, for a lower triangular `self`.
    pub(super) fn gram(&self) -> Self {
        let mut gram = Self::zeros(self.n);
        gram_of_lower(&self.cells, &mut gram.cells, self.n);
        gram
    }

    /// Solves `self x = b` for a lower factor, in place, for `width` right sides, which are the columns of `b`.
    pub(super) fn solve_lower(&self, b: &mut [f64], width: usize) {
        solve_lower(&self.cells, b, self.n, width);
    }

    /// Solves `transpose(self) x = b` for a lower factor, in place.
    pub(super) fn solve_transposed(&self, b: &mut [f64]) {
        for i in (0..self.n).rev() {
            b[i] /= self.get(i, i);
            let (head, tail) = b.split_at_mut(i);
            add_scaled(head, -tail[0], &self.row(i)[..i]);
        }
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn factor(cells: &mut [f64], n: usize) -> bool {
    for i in 0..n {
        let (above, rest) = cells.split_at_mut(i * n);
        let row = &mut rest[..n];
        for j in 0..i {
            let other = &above[j * n..j * n + j + 1];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let square = row[i] - dot(&row[..i], &row[..i]);
        if square <= 0.0 || !square.is_finite() {
            return false;
        }
        row[i] = square.sqrt();
        row[i + 1..].fill(0.0);
    }
    true
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn invert_lower(lower: &[f64], inverse: &mut [f64], n: usize) {
    for i in 0..n {
        let (above, rest) = inverse.split_at_mut(i * n);
        let row = &mut rest[..=i];
        let factors = &lower[i * n..(i + 1) * n];
        for k in 0..i {
            add_scaled(&mut row[..=k], -factors[k], &above[k * n..k * n + k + 1]);
        }
        row[i] = 1.0;
        row.iter_mut().for_each(|cell| *cell /= factors[i]);
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn gram_of_lower(lower: &[f64], gram: &mut [f64], n: usize) {
    for k in 0..n {
        let row = &lower[k * n..(k + 1) * n];
        for i in 0..=k {
            add_scaled(&mut gram[i * n..=i * n + i], row[i], &row[..=i]);
        }
    }
}

#[multiversion(targets("x86_64+avx+avx2"))]
fn solve_lower(lower: &[f64], b: &mut [f64], n: usize, width: usize) {
    // Some columns at a time, so that they stay in the cache.
    const COLUMNS: usize = 64;
    for first in (0..width).step_by(COLUMNS) {
        let columns = first..(first + COLUMNS).min(width);
        for i in 0..n {
            let (above, rest) = b.split_at_mut(i * width);
            let row = &mut rest[columns.clone()];
            let factors = &lower[i * n..=i * n + i];
            for (k, above) in above.chunks_exact(width).enumerate() {
                add_scaled(row, -factors[k], &above[columns.clone()]);
            }
            row.iter_mut().for_each(|cell| *cell /= factors[i]);
        }
    }
}

#[inline(always)]
pub(super) fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// Eight sums side by side: one alone would wait for each addition.
#[inline(always)]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::policy::surrogate::naive::naive_inverse;

    fn positive_definite(n: usize) -> Square {
        let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
        let half: Vec<f64> = (0..n * n).map(|_| rng.random::<f64>() - 0.5).collect();
        let mut matrix = Square::zeros(n);
        for i in 0..n {
            for j in 0..n {
                let cell: f64 = (0..n).map(|k| half[i * n + k] * half[j * n + k]).sum();
                matrix.set(i, j, cell + if i == j { 0.1 } else { 0.0 });
            }
        }
        matrix
    }

    #[test]
    fn the_inverse_equals_that_of_gauss_and_jordan() {
        for n in [1, 2, 9, 30] {
            let matrix = positive_definite(n);
            let (naive, naive_log_determinant) = naive_inverse(&matrix);
            let factor = matrix.cholesky().expect("positive definite");
            let log_determinant: f64 = (0..n).map(|i| 2.0 * factor.get(i, i).ln()).sum();
            assert!((log_determinant - naive_log_determinant).abs() < 1e-9);
            let inverse = factor.inverse_of_lower().gram();
            for i in 0..n {
                for j in 0..=i {
                    assert!((inverse.get(i, j) - naive.get(i, j)).abs() < 1e-8, "{n} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn solving_with_both_factors_equals_multiplying_with_the_inverse() {
        let matrix = positive_definite(12);
        let (naive, _) = naive_inverse(&matrix);
        let factor = matrix.cholesky().expect("positive definite");
        let b: Vec<f64> = (0..12).map(f64::from).collect();
        let mut x = b.clone();
        factor.solve_lower(&mut x, 1);
        factor.solve_transposed(&mut x);
        for (i, x) in x.iter().enumerate() {
            assert!((x - dot(naive.row(i), &b)).abs() < 1e-8);
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_has_no_factor() {
        let matrix = Square { n: 2, cells: vec![1.0, 0.0, 2.0, 1.0] };
        assert_eq!(matrix.cholesky(), None);
    }
}
