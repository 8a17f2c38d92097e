//! Search methods with parts left out, for benches: `ppo-without-learning` next to `ppo`.
//!
//! A study uses whole methods only.

use std::fmt;
use std::str::FromStr;

use super::ppo::{Part, Proposer};
use super::{Method, Policy, policy};

/// Separates a method from each part that it lacks.
const WITHOUT: &str = "-without-";

/// A search method, and the parts that it runs without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) method: Method,
    /// Empty for every method but `ppo`.
    pub(crate) without: Vec<Part>,
}

impl Variant {
    /// A new policy.
    pub(crate) fn policy(&self, seed: u64) -> Box<dyn Policy> {
        if self.without.is_empty() {
            return policy(self.method, seed);
        }
        Box::new(Proposer::without(&self.without, seed))
    }
}

impl From<Method> for Variant {
    fn from(method: Method) -> Self {
        Self { method, without: Vec::new() }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.without.iter().map(|part| format!("{WITHOUT}{}", part.as_str()));
        f.pad(&format!("{}{}", self.method, parts.collect::<String>()))
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let mut words = name.split(WITHOUT);
        let mut variant = Self::from(words.next().unwrap_or_default().parse::<Method>()?);
        for word in words {
            let part = Part::ALL.into_iter().find(|part| part.as_str() == word).ok_or_else(|| {
                let parts = Part::ALL.map(Part::as_str).join(", ");
                format!("no part of a method is called {word:?}; choose one of {parts}")
            })?;
            if variant.method != Method::Ppo {
                return Err(format!("{} has no parts to leave out; only ppo has", variant.method));
            }
            if !variant.without.contains(&part) {
                variant.without.push(part);
            }
        }
        Ok(variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_printed() {
        for name in ["random", "ppo", "ppo-without-learning"] {
            assert_eq!(name.parse::<Variant>().map(|variant| variant.to_string()).as_deref(), Ok(name));
        }
        let still: Variant = "ppo-without-learning-without-learning".parse().expect("it may be said twice");
        assert_eq!(still.to_string(), "ppo-without-learning");
        assert_eq!(still.without, [Part::Learning]);
    }

    #[test]
    fn the_error_for_an_unknown_name_lists_the_known_ones() {
        let error = |name: &str| name.parse::<Variant>().expect_err("it means nothing");
        assert!(error("sarsa").contains("evolution"));
        assert!(error("ppo-without-luck").contains("learning"));
        assert!(error("tpe-without-learning").contains("tpe has no parts"));
        assert!(error("").contains("random"));
    }
}
