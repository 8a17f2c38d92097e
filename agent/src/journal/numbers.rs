//! Numbers as people read them in a log: few digits, but enough to tell two apart. Trailers have all digits instead.

/// Significant digits of a metric where nothing asks for more.
const DIGITS: usize = 4;

/// The most digits that are spent on telling two values apart.
const MOST_DIGITS: usize = 9;

/// A metric's value.
pub(super) fn figure(value: f64) -> String {
    with_digits(value, DIGITS)
}

/// Two values with as many digits as show that they differ.
pub(super) fn figures(before: f64, after: f64) -> (String, String) {
    let both = |digits| (with_digits(before, digits), with_digits(after, digits));
    (DIGITS..MOST_DIGITS).map(both).find(|(before, after)| before != after).unwrap_or(both(DIGITS))
}

/// A change in percent of where it started; `None` from zero.
pub(super) fn percent(before: f64, after: f64) -> Option<String> {
    let percent = 100.0 * (after - before) / before.abs();
    percent.is_finite().then(|| match percent.abs() {
        small if small < 0.1 => format!("{} %", with_digits(percent, 2)),
        _ => format!("{percent:+.1} %"),
    })
}

/// A span of time.
pub(super) fn seconds(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

/// Bytes of memory.
pub(super) fn mebibytes(bytes: u64) -> String {
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
    fn changes_are_told_in_percent_where_there_is_a_start() {
        assert_eq!(percent(2.412, 2.331).unwrap(), "-3.4 %");
        assert_eq!(percent(-0.80, -0.84).unwrap(), "-5.0 %");
        assert_eq!(percent(2.0, 2.1).unwrap(), "+5.0 %");
        assert_eq!(percent(2.0, 1.999_5).unwrap(), "-0.025 %");
        assert_eq!(percent(0.0, 1.0), None);
    }
}
