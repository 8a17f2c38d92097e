//! A numeric or boolean literal: its value, and the style in which its author wrote it.
//!
//! `study` reads the number itself, as it does for all code that compares values.

use crate::study::{number, split_suffix};

const GROUP_DIGITS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Float,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal {
    pub(super) kind: Kind,
    /// 0 and 1 for booleans.
    pub(super) value: f64,
    style: Style,
}

/// How a number is printed.
#[derive(Clone, Debug, Default, PartialEq)]
struct Style {
    /// `1e-3` and not `0.001`.
    scientific: bool,
    /// `10_000` and not `10000`.
    grouped: bool,
    /// `usize` in `64usize`; empty for most.
    suffix: String,
}

impl Literal {
    /// Reads a literal as it is in a source, with its sign; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let "true" | "false" = text {
            let value = f64::from(u8::from(text == "true"));
            return Some(Self { kind: Kind::Bool, value, style: Style::default() });
        }
        let magnitude = text.strip_prefix('-').unwrap_or(text).trim_start();
        let (digits, suffix) = split_suffix(magnitude);
        let scientific = digits.contains(['e', 'E']);
        let is_float = scientific || digits.contains('.') || suffix.starts_with('f');
        let value = number(magnitude)?;
        if !digits.starts_with(|first: char| first.is_ascii_digit())
            || is_float && suffix.starts_with(['u', 'i'])
        {
            return None;
        }
        let style = Style {
            scientific,
            grouped: digits.trim_end_matches('_').contains('_'),
            suffix: suffix.to_owned(),
        };
        let kind = if is_float { Kind::Float } else { Kind::Int };
        Some(Self { kind, value: if text.starts_with('-') { -value } else { value }, style })
    }

    /// Another value in the style of this literal.
    pub(super) fn print(&self, value: f64) -> String {
        let digits = match self.kind {
            Kind::Bool => return (value != 0.0).to_string(),
            Kind::Int => self.style.group(&format!("{value:.0}")),
            Kind::Float if self.style.scientific => format!("{value:e}"),
            Kind::Float => self.style.group(&fixed(value)),
        };
        digits + &self.style.suffix
    }
}

impl Style {
    /// Puts `_` between thousands where the author does.
    fn group(&self, digits: &str) -> String {
        if !self.grouped {
            return digits.to_owned();
        }
        let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
        let mut grouped = String::new();
        for (at, digit) in whole.chars().enumerate() {
            let left = whole.len() - at;
            if at > 0 && left % GROUP_DIGITS == 0 && !grouped.ends_with('-') {
                grouped.push('_');
            }
            grouped.push(digit);
        }
        grouped + fraction
    }
}

/// A float with a point and without an exponent.
fn fixed(value: f64) -> String {
    let digits = value.to_string();
    if digits.contains('.') { digits } else { digits + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_printed_as_the_author_prints() {
        let cases = [
            ("1e-3", 0.0015, "1.5e-3"),
            ("0.001", 0.000_02, "0.00002"),
            ("1.", 30.0, "30.0"),
            ("1.0f32", 0.5, "0.5f32"),
            ("64usize", 96.0, "96usize"),
            ("10_000", 123_456.0, "123_456"),
            ("1_000", 64.0, "64"),
            ("-1.5", -2.0, "-2.0"),
            ("-1_000", -128_000.0, "-128_000"),
            ("true", 0.0, "false"),
        ];
        for (original, value, printed) in cases {
            let literal = Literal::parse(original).expect(original);
            assert_eq!(literal.print(value), printed, "in the style of {original}");
        }
    }

    #[test]
    fn only_decimal_numbers_and_booleans_are_read() {
        for text in ["0x10", "0b1", "x", "", "1 + 1", "\"a\"", "inf", "NaN", "1u", "- ", "e5", "--1", "1.5u8"]
        {
            assert_eq!(Literal::parse(text), None, "{text}");
        }
        assert_eq!(Literal::parse("- 2").map(|literal| literal.value), Some(-2.0));
        assert_eq!(Literal::parse("1_0.5_f64").map(|literal| literal.value), Some(10.5));
    }
}
