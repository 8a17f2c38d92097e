//! The surrogate compared with a naive twin: densities, gradients, fits.

use super::*;
use crate::policy::surrogate::naive::{columns, naive_covariance, naive_inverse, runs};

fn naive_objective(columns: &[Column], values: &[f64], runs: &Runs) -> f64 {
    let (inverse, log_determinant) = naive_inverse(&naive_covariance(columns, values, runs));
    let n = runs.scores.len();
    let fit: f64 = (0..n).map(|i| runs.scores[i] * dot(inverse.row(i), &runs.scores)).sum();
    let prior: f64 =
        priors(columns).iter().zip(values).map(|((mean, sd), value)| ((value - mean) / sd).powi(2)).sum();
    -0.5 * (fit + log_determinant + prior)
}

#[test]
fn the_gradient_equals_that_of_finite_differences() {
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
