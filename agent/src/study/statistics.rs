//! The few formulas of statistics that a study needs.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean; 0 for no values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Sum of squared deviations from the mean.
pub(super) fn sum_of_squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// Median, the mean of the middle two for an even count; `None` for no values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below which this share of the values is, interpolated between two of them; `None` for no values.
pub(crate) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// A p value for people: one significant digit, with `=` or `<`.
pub(crate) fn p_text(p: f64) -> String {
    /// Below this it is no longer distinguished from 0.
    const LEAST: f64 = 0.001;
    let digits = (-p.log10()).ceil().max(1.0) as usize;
    if p < LEAST { format!("p < {LEAST}") } else { format!("p = {p:.digits$}") }
}

/// Standard deviation of a value; `None` for fewer than two values.
pub(crate) fn standard_deviation(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| (sum_of_squares(values) / (values.len() - 1) as f64).sqrt())
}

/// Standard error of the mean; `None` for fewer than two values.
pub(crate) fn standard_error(values: &[f64]) -> Option<f64> {
    Some(standard_deviation(values)? / (values.len() as f64).sqrt())
}

/// Half the width of the 95 % interval of a mean, by Student's t; `None` for fewer than two values.
pub(crate) fn margin(values: &[f64]) -> Option<f64> {
    let error = standard_error(values)?;
    let t = StudentsT::new(0.0, 1.0, (values.len() - 1) as f64).expect("there are at least two values");
    Some(t.inverse_cdf(0.975) * error)
}

/// P(T <= t) of Student's t with `degrees` > 0 degrees of freedom.
pub(crate) fn student_t_cdf(t: f64, degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).expect("degrees of freedom are above 0").cdf(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_t_agrees_with_printed_tables() {
        for (t, degrees, expected) in
            [(0.0, 3.0, 0.5), (1.0, 1.0, 0.75), (2.015, 5.0, 0.95), (-2.764, 10.0, 0.01), (1.96, 1e6, 0.975)]
        {
            assert!((student_t_cdf(t, degrees) - expected).abs() < 2e-4, "{t} {degrees}");
        }
    }

    #[test]
    fn the_interval_of_a_mean_agrees_with_printed_tables() {
        // Deviation sqrt(2.5), five values, t = 2.776.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert!((margin(&values).unwrap() - 2.776 * 0.5_f64.sqrt()).abs() < 1e-3);
        assert_eq!((margin(&[1.0]), standard_error(&[])), (None, None));
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours_in_proportion() {
        let values = [40.0, 10.0, 30.0, 20.0];
        assert_eq!([0.0, 0.25, 1.0].map(|share| quantile(&values, share)), [10.0, 17.5, 40.0].map(Some));
        assert_eq!(quantile(&[7.0], 0.9), Some(7.0));
    }

    #[test]
    fn a_p_value_has_one_significant_digit() {
        assert_eq!([0.0042, 0.03, 0.314, 1.0].map(p_text), ["p = 0.004", "p = 0.03", "p = 0.3", "p = 1.0"]);
        assert_eq!(p_text(0.000_2), "p < 0.001");
    }
}
