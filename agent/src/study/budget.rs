//! The budget of one run: parsed once, where it is typed or read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Seconds;

/// A budget. A program that speaks our protocol gets an amount and a unit; any other gets the text as it was typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct Budget {
    text: String,
    amount: Option<(f64, Unit)>,
}

/// The unit of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds of wall-clock time.
    Seconds,
    /// Seconds of the processor's time, all threads together.
    CpuSeconds,
    Steps,
    Tokens,
}

impl Unit {
    /// The longest suffixes first: `cpu-s` also ends with `s`.
    const ENDINGS: [(&'static str, Self); 4] =
        [("cpu-s", Self::CpuSeconds), ("steps", Self::Steps), ("tokens", Self::Tokens), ("s", Self::Seconds)];
}

impl Budget {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// `None` if the text is not a number above 0 and a unit of our protocol.
    pub(crate) fn unit(&self) -> Option<Unit> {
        self.amount.map(|(_, unit)| unit)
    }

    /// Whether a run gets its full budget even if the machine also builds: true except for wall-clock time, and for a
    /// text that only the program understands, which may be one.
    pub(crate) fn bears_builds(&self) -> bool {
        matches!(self.unit(), Some(Unit::CpuSeconds | Unit::Steps | Unit::Tokens))
    }

    /// The seconds in a budget of time. On one core, processor time passes no faster than wall-clock time.
    pub(crate) fn seconds(&self) -> Option<Seconds> {
        match self.amount? {
            (seconds, Unit::Seconds | Unit::CpuSeconds) => Some(seconds),
            (_, Unit::Steps | Unit::Tokens) => None,
        }
    }
}

impl From<String> for Budget {
    fn from(text: String) -> Self {
        let number = |ending: &str| text.strip_suffix(ending)?.parse::<f64>().ok();
        let amount = |(ending, unit)| Some((number(ending)?, unit));
        let amount = Unit::ENDINGS.into_iter().find_map(amount);
        Self { amount: amount.filter(|(amount, _)| *amount > 0.0 && amount.is_finite()), text }
    }
}

impl From<&str> for Budget {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Budget> for String {
    fn from(budget: Budget) -> Self {
        budget.text
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_number_and_a_unit_or_else_a_text_for_the_program() {
        let read = |text: &str| Budget::from(text).amount;
        assert_eq!(read("20s"), Some((20.0, Unit::Seconds)));
        assert_eq!(read("2.5cpu-s"), Some((2.5, Unit::CpuSeconds)));
        assert_eq!(read("500steps"), Some((500.0, Unit::Steps)));
        assert_eq!(read("2000000tokens"), Some((2e6, Unit::Tokens)));
        for text in ["", "s", "6", "0s", "-1s", "infs", "nansteps", "20 s", "20m", "soon"] {
            assert_eq!(read(text), None, "{text}");
            assert_eq!(Budget::from(text).as_str(), text);
        }
    }

    #[test]
    fn only_times_have_seconds() {
        let seconds = |text: &str| Budget::from(text).seconds();
        assert_eq!([seconds("20s"), seconds("40cpu-s"), seconds("9steps")], [Some(20.0), Some(40.0), None]);
    }

    #[test]
    fn only_wall_clock_time_and_unknown_budgets_suffer_from_builds() {
        let bears = |text: &str| Budget::from(text).bears_builds();
        assert!(["40cpu-s", "9steps", "9tokens"].into_iter().all(bears));
        assert!(!["40s", "6"].into_iter().any(bears));
    }

    #[test]
    fn a_journal_stores_it_as_it_was_typed() {
        let text = serde_json::to_string(&Budget::from("20.0s")).unwrap();
        assert_eq!(
            (text.as_str(), serde_json::from_str(&text).ok()),
            ("\"20.0s\"", Some(Budget::from("20.0s")))
        );
    }
}
