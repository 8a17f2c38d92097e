//! What a choice costs: the CPU time of an `ask` with its `tell` in a long study of many sites.

use super::clock::cpu_seconds;
use super::table::edited;
use crate::policy::{Change, Derived, Method, Notebook, Policy, Program, SiteView, Space, Variant, policy};
use crate::study::{Outcome, ProgramId, Sources, TrialNumber, Values};

/// Lengths of the histories, in trials, after which a choice is measured.
pub(crate) const HISTORIES: [usize; 3] = [300, 1000, 10_000];

/// Trials proposed at a time while a history is made.
const BATCH: usize = 50;

/// Choices before the measured ones: they read the history and fit the models.
const WARM_UP: usize = 8;
/// Number of choices that are measured.
const MEASURED: usize = 32;

const CATEGORIES: usize = 20;
const LADDERS: usize = 80;
/// Values of each site.
const LENGTH: usize = 8;

/// A study of random search over many sites.
pub(crate) struct History {
    notebook: Notebook,
}

impl History {
    pub(crate) fn of(trials: usize) -> Self {
        let values: Values = (0..CATEGORIES + LADDERS).map(|site| (name(site), "0".to_owned())).collect();
        let mut notebook = Notebook::new(0, id(&values), values.clone());
        notebook.end(0, Outcome::Worse, Some(result(&values)), None);
        let mut random = policy(Method::Random, 1);
        while notebook.trials().len() < trials {
            let batch = BATCH.min(trials - notebook.trials().len());
            step(&mut notebook, random.as_mut(), batch);
        }
        Self { notebook }
    }

    /// Milliseconds of an `ask` for one proposal and its `tell`, including all updates.
    pub(crate) fn milliseconds(&self, variant: &Variant) -> f64 {
        let (mut notebook, mut policy) = (self.notebook.clone(), variant.policy(1));
        (0..WARM_UP).for_each(|_| step(&mut notebook, policy.as_mut(), 1));
        let begin = cpu_seconds();
        (0..MEASURED).for_each(|_| step(&mut notebook, policy.as_mut(), 1));
        1e3 * (cpu_seconds() - begin) / MEASURED as f64
    }
}

fn step(notebook: &mut Notebook, policy: &mut dyn Policy, batch: usize) {
    let first = notebook.trials().len() as TrialNumber;
    let proposals = policy.ask(notebook, &Wide, batch);
    for (trial, proposal) in (first..).zip(&proposals) {
        notebook.begin(trial, proposal);
    }
    for (trial, proposal) in (first..).zip(&proposals) {
        notebook.end(trial, Outcome::Worse, Some(result(&proposal.values)), None);
        policy.tell(notebook, trial);
    }
}

/// Every combination of the sites' values.
struct Wide;

fn name(site: usize) -> String {
    format!("site{site:02}")
}

fn id(values: &Values) -> ProgramId {
    ProgramId::new("wide", &Sources(values.clone()))
}

/// Squared distance from the middle.
fn result(values: &Values) -> f64 {
    let number = |value: &String| value.parse::<f64>().expect("all values are numbers");
    values.values().map(|value| (number(value) - 0.5 * (LENGTH - 1) as f64).powi(2)).sum()
}

impl Space for Wide {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        let view = |site: usize| SiteView {
            name: name(site),
            kind: if site < CATEGORIES { "choice" } else { "knob" },
            ordered: site >= CATEGORIES,
            value: parent.values[&name(site)].clone(),
            values: (0..LENGTH).map(|value| value.to_string()).collect(),
        };
        (0..CATEGORIES + LADDERS).map(view).collect()
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let (values, edits) = edited(parent, changes)?;
        Some(Derived { id: id(&values), values, edits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_can_choose_after_a_history() {
        let history = History::of(120);
        assert_eq!(history.notebook.trials().len(), 120);
        for method in [Method::Random, Method::Greedy, Method::Evolution, Method::Tpe] {
            assert!(history.milliseconds(&Variant::from(method)) >= 0.0);
        }
    }
}
