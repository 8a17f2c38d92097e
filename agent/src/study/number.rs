//! The number that a value stands for, if it is written as one in Rust: `1_000`, `3e-4_f32`, `12usize`.
//!
//! Hexadecimal, octal and binary literals are not read: they are masks and sizes, not settings.

/// What Rust's numbers may end with.
const SUFFIXES: [&str; 14] =
    ["f32", "f64", "usize", "isize", "u128", "i128", "u64", "i64", "u32", "i32", "u16", "i16", "u8", "i8"];

/// The number that a value stands for; `None` if it is not a finite number.
pub(crate) fn number(value: &str) -> Option<f64> {
    let (digits, _) = split_suffix(value);
    digits.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())
}

/// Splits a number into its digits and the type at its end, which is empty for most.
pub(crate) fn split_suffix(number: &str) -> (&str, &str) {
    let suffix = SUFFIXES.into_iter().find(|suffix| number.ends_with(suffix)).unwrap_or_default();
    number.split_at(number.len() - suffix.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_rust_writes_them() {
        let cases = [
            ("1_000", 1000.0),
            ("3e-4_f32", 3e-4),
            ("12usize", 12.0),
            ("-2.5", -2.5),
            ("1.", 1.0),
            ("1_0.5_f64", 10.5),
            ("7u128", 7.0),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), Some(expected), "{value}");
        }
    }

    #[test]
    fn words_and_what_is_not_finite_are_not_numbers() {
        for value in ["large", "", "true", "inf", "NaN", "1e999", "0x10", "usize", "1 + 1"] {
            assert_eq!(number(value), None, "{value}");
        }
    }
}
