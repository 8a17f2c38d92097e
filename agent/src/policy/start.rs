//! Creates the policy of each search method, ready for a new study.

use super::baselines::{Evolution, Greedy, Random, Tpe};
use super::ppo::Proposer;
use super::{Method, Policy};

/// A new policy. Everything it draws follows from the seed and the notebook.
pub(crate) fn policy(method: Method, seed: u64) -> Box<dyn Policy> {
    match method {
        Method::Random => Box::new(Random::new(seed)),
        Method::Greedy => Box::new(Greedy::new(seed)),
        Method::Evolution => Box::new(Evolution::new(seed)),
        Method::Tpe => Box::new(Tpe::new(seed)),
        Method::Ppo => Box::new(Proposer::new(seed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::toy::Grid;

    #[test]
    fn a_killed_study_continues_as_if_it_had_not_been_killed() {
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
