//! The search methods by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Policy;
use super::evolution::Evolution;
use super::greedy::Greedy;
use super::proposer::Proposer;
use super::random::Random;
use super::tpe::Tpe;

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
            format!("no search method is called {name:?}; there are {names}")
        })
    }
}

/// A policy at its beginning. All it draws follows from the seed and the notebook.
pub(crate) fn policy(method: Method, seed: u64) -> Box<dyn Policy> {
    match method {
        Method::Random => Box::new(Random::new(seed)),
        Method::Greedy => Box::new(Greedy::new(seed)),
        Method::Evolution => Box::new(Evolution::new(seed)),
        Method::Tpe => Box::new(Tpe::new(seed)),
        Method::Ppo => Box::new(Proposer::new(seed)),
    }
}

/// The state of a policy as JSON.
pub(super) fn to_value(state: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(state).expect("a policy's state has only string keys and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::super::toy::Grid;
    use super::*;

    #[test]
    fn names_are_read_as_they_are_printed() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        assert!("sarsa".parse::<Method>().is_err_and(|message| message.contains("evolution")));
    }

    #[test]
    fn a_study_that_was_killed_goes_on_as_if_it_had_not_been() {
        let grid = Grid { categories: 3, ladders: 3, width: 5 };
        for method in Method::ALL {
            let mut whole = policy(method, 7);
            let mut notebook = grid.study(whole.as_mut(), 31, 3);
            let text = whole.save().to_string();

            let mut resumed = policy(method, 0);
            resumed.load(serde_json::from_str(&text).expect("it was saved so")).expect("it fits");
            let mut copy = notebook.clone();
            grid.go_on(whole.as_mut(), &mut notebook, 61, 3);
            grid.go_on(resumed.as_mut(), &mut copy, 61, 3);
            let programs = |notebook: &crate::policy::Notebook| -> Vec<_> {
                notebook.programs().iter().map(|tried| tried.program.id.clone()).collect()
            };
            assert_eq!(programs(&notebook), programs(&copy), "{method}");
            assert_eq!(whole.save(), resumed.save(), "{method}");
        }
    }

    #[test]
    fn no_method_tries_a_program_twice_by_accident() {
        let grid = Grid { categories: 2, ladders: 2, width: 3 };
        for method in Method::ALL {
            let notebook = grid.study(policy(method, 5).as_mut(), 60, 4);
            let repeated = notebook.trials().iter().filter(|trial| trial.repeat).count();
            assert_eq!(notebook.programs().len() + repeated, notebook.trials().len(), "{method}");
            assert!(method == Method::Ppo || repeated == 0, "{method}");
        }
    }
}
