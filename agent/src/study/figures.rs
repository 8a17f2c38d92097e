//! Numbers as people read them: few digits, but enough to distinguish two. Journal and trailers have all digits
//! instead.

/// Significant digits of a metric if nothing asks for more.
const DIGITS: usize = 4;

/// The most digits used to distinguish two values.
const MOST_DIGITS: usize = 9;

/// A study's value as the program prints it: a study minimises, so it negates what is to be maximised.
pub(crate) fn as_printed(maximise: bool, value: f64) -> f64 {
    if maximise { -value } else { value }
}

/// A metric's value.
pub(crate) fn figure(value: f64) -> String {
    with_digits(value, DIGITS)
}

/// Two values with as many digits as show that they differ.
pub(crate) fn figures(before: f64, after: f64) -> (String, String) {
    let both = |digits| (with_digits(before, digits), with_digits(after, digits));
    (DIGITS..MOST_DIGITS).map(both).find(|(before, after)| before != after).unwrap_or(both(DIGITS))
}

/// A value with all digits that a person may want.
pub(crate) fn full_figure(value: f64) -> String {
    with_digits(value, MOST_DIGITS)
}

/// A value and its error, to two digits of the error: `2.4712 ± 0.0031`.
pub(crate) fn plus_minus(value: f64, error: f64) -> String {
    match error.abs().log10().floor() {
        magnitude if magnitude.is_finite() => {
            let most = MOST_DIGITS as f64 - 1.0 - value.abs().max(error).log10().floor();
            let decimals = (1.0 - magnitude).min(most).max(0.0) as usize;
            format!("{value:.decimals$} ± {error:.decimals$}")
        }
        _ => format!("{} ± {error}", figure(value)),
    }
}

/// A change in percent of its start: `-3.4 %`; `None` from zero.
pub(crate) fn percent(before: f64, after: f64) -> Option<String> {
    let percent = 100.0 * (after - before) / before.abs();
    percent.is_finite().then(|| match percent.abs() {
        small if small < 0.1 => format!("{} %", with_digits(percent, 2)),
        _ => format!("{percent:+.1} %"),
    })
}

/// A duration as people say it: `45 s`, `12 min`, `3.4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    // The sum of no seconds is -0.
    match seconds + 0.0 {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// A duration to a tenth of a second.
pub(crate) fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

/// Bytes of memory.
pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

fn with_digits(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let magnitude = value.abs().log10().floor() as i32;
    match magnitude {
        -4..=15 => format!("{value:.*}", (digits as i32 - 1 - magnitude).max(0) as usize),
        _ => format!("{value:.*e}", digits - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits_or_as_many_as_it_takes() {
        assert_eq!(figure(2.412_34), "2.412");
        assert_eq!(figure(0.987_26), "0.9873");
        assert_eq!(figure(-0.5), "-0.5000");
        assert_eq!(figure(123_456.7), "123457");
        assert_eq!(figure(1.234_56e-9), "1.235e-9");
        assert_eq!(figure(0.0), "0");
        assert_eq!(figures(2.412, 2.331), ("2.412".to_owned(), "2.331".to_owned()));
        assert_eq!(figures(2.412_1, 2.412_3), ("2.4121".to_owned(), "2.4123".to_owned()));
        assert_eq!(figures(2.5, 2.5), ("2.500".to_owned(), "2.500".to_owned()));
    }

    #[test]
    fn an_error_decides_how_many_digits_are_worth_showing() {
        assert_eq!(plus_minus(2.471_23, 0.003_12), "2.4712 ± 0.0031");
        assert_eq!(plus_minus(-0.25, 0.1), "-0.25 ± 0.10");
        assert_eq!(plus_minus(1234.5, 25.3), "1234 ± 25");
        assert_eq!(plus_minus(2.471_23, 0.0), "2.471 ± 0");
        assert_eq!(plus_minus(-0.9, 1e-16), "-0.900000000 ± 0.000000000");
    }

    #[test]
    fn changes_are_given_in_percent_unless_they_start_from_zero() {
        assert_eq!(percent(2.412, 2.331).unwrap(), "-3.4 %");
        assert_eq!(percent(-0.80, -0.84).unwrap(), "-5.0 %");
        assert_eq!(percent(2.0, 2.1).unwrap(), "+5.0 %");
        assert_eq!(percent(2.0, 1.999_5).unwrap(), "-0.025 %");
        assert_eq!(percent(0.0, 1.0), None);
    }
}
