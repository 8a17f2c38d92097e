//! Predictions compared with a naive twin, before and after a pick.

use super::*;
use crate::policy::surrogate::cholesky::dot;
use crate::policy::surrogate::naive::{columns, naive_covariance, naive_inverse, naive_kernel, runs};

fn naive_prediction(
    columns: &[Column],
    values: &[f64],
    runs: &Runs,
    row: &Row,
    known: Option<usize>,
) -> (f64, f64) {
    let (inverse, _) = naive_inverse(&naive_covariance(columns, values, runs));
    let shared = |p: usize| if known == Some(p) { Variances::of(values).program } else { 0.0 };
    let k: Vec<f64> = runs
        .program
        .iter()
        .map(|&p| naive_kernel(columns, values, row, &runs.programs[p]) + shared(p))
        .collect();
    let n = k.len();
    let solved: Vec<f64> = (0..n).map(|i| dot(inverse.row(i), &k)).collect();
    let Variances { signal, program, .. } = Variances::of(values);
    (dot(&solved, &runs.scores), signal + program - dot(&solved, &k))
}

#[test]
fn predictions_equal_those_of_the_textbook_before_and_after_a_pick() {
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
    assert_eq!(posterior.means(&bases, &points), prediction.mean);
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
