//! The names of the search methods; `start` makes the policies themselves.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a study chooses what to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    Random,
    Greedy,
    Evolution,
    Tpe,
    #[default]
    Ppo,
}

impl Method {
    pub(crate) const ALL: [Self; 5] = [Self::Random, Self::Greedy, Self::Evolution, Self::Tpe, Self::Ppo];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Greedy => "greedy",
            Self::Evolution => "evolution",
            Self::Tpe => "tpe",
            Self::Ppo => "ppo",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|method| method.as_str() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            format!("no search method is called {name:?}; choose one of {names}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_printed() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        assert!("sarsa".parse::<Method>().is_err_and(|message| message.contains("evolution")));
    }
}
