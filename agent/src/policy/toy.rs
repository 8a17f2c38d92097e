//! Small spaces with known results, for the tests of the policies.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Change, Derived, Listing, Notebook, Policy, Program, SiteView, Space};
use crate::study::{Choice, Edit, Outcome, ProgramId, Proposal, Sources, TrialNumber, Values};

/// The identity of the program that is called `n`.
pub(super) fn id(n: u32) -> ProgramId {
    ProgramId::new("toy", &Sources(BTreeMap::from([("n".to_owned(), n.to_string())])))
}

/// A proposal of that program that says nothing about its sites.
pub(super) fn proposal(parent: TrialNumber, n: u32) -> Proposal {
    let (values, choice) = (Values::new(), Choice::default());
    Proposal { parent, edits: Vec::new(), program: id(n), values, choice }
}

/// A grid: categories `cat0..`, ladders `ord0..`, each with the values `0..width`. The category
/// `cat0` = 0 has no site `ord0`; `cat0` = 2 does not go with `cat1` = 0.
pub(super) struct Grid {
    pub(super) categories: usize,
    pub(super) ladders: usize,
    pub(super) width: usize,
}

impl Grid {
    /// The highest value at every site.
    pub(super) fn baseline(&self) -> Values {
        let names = (0..self.categories).map(|i| format!("cat{i}"));
        let names = names.chain((0..self.ladders).map(|i| format!("ord{i}")));
        names.map(|name| (name, (self.width - 1).to_string())).collect()
    }

    pub(super) fn id(values: &Values) -> ProgramId {
        ProgramId::new("toy", &Sources(values.clone()))
    }

    /// Squared distance from all-`1`, lower is better.
    pub(super) fn result(values: &Values) -> f64 {
        let number = |text: &String| text.parse::<f64>().unwrap_or(0.0);
        values.values().map(|value| (number(value) - 1.0).powi(2)).sum()
    }

    /// Runs a study without failures; returns its notebook.
    pub(super) fn study(&self, policy: &mut dyn Policy, trials: u32, batch: usize) -> Notebook {
        let mut notebook = self.notebook();
        self.go_on(policy, &mut notebook, trials, batch);
        notebook
    }

    pub(super) fn notebook(&self) -> Notebook {
        let values = self.baseline();
        let mut notebook = Notebook::new(0, Self::id(&values), values.clone());
        notebook.end(0, Outcome::Better, Some(Self::result(&values)), None);
        notebook
    }

    /// Continues until the notebook holds `trials` trials or nothing more is proposed.
    pub(super) fn go_on(&self, policy: &mut dyn Policy, notebook: &mut Notebook, trials: u32, batch: usize) {
        while notebook.trials().len() < trials as usize {
            let first = notebook.trials().len() as TrialNumber;
            let proposals = policy.ask(notebook, self, batch);
            if proposals.is_empty() {
                return;
            }
            for (trial, proposal) in (first..).zip(&proposals) {
                notebook.begin(trial, proposal);
            }
            for (trial, proposal) in (first..).zip(&proposals) {
                let mut noise = ChaCha8Rng::seed_from_u64(u64::from(trial));
                let result = Self::result(&proposal.values) + 0.1 * noise.random::<f64>();
                notebook.end(trial, Outcome::Worse, Some(result), None);
                policy.tell(notebook, trial);
            }
        }
    }
}

impl Space for Grid {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        let values: Vec<String> = (0..self.width).map(|value| value.to_string()).collect();
        let view = |(name, value): (&String, &String)| SiteView {
            name: name.clone(),
            kind: if name.starts_with("cat") { "choice" } else { "knob" },
            ordered: name.starts_with("ord"),
            value: value.clone(),
            values: values.clone(),
        };
        parent.values.iter().map(view).collect()
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let mut values = parent.values.clone();
        let mut edits = Vec::new();
        for (site, to) in changes {
            let from = values.insert(site.clone(), to.clone())?;
            let summary = format!("{site} {from} -> {to}");
            edits.push(Edit { site: site.clone(), from, to: to.clone(), template: None, summary });
        }
        let is = |site: &str, value: &str| values.get(site).is_some_and(|has| has == value);
        if is("cat0", "2") && is("cat1", "0") {
            return None;
        }
        if is("cat0", "0") {
            values.remove("ord0");
        } else if self.ladders > 0 && !values.contains_key("ord0") {
            values.insert("ord0".to_owned(), (self.width / 2).to_string());
        }
        Some(Derived { id: Self::id(&values), values, edits })
    }
}

/// Some listed programs of a grid, each with all sites.
pub(super) struct Sparse {
    pub(super) grid: Grid,
    /// As in a listing.
    pub(super) rows: Vec<u16>,
}

impl Space for Sparse {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        self.grid.sites(parent)
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let derived = self.grid.derive(parent, changes)?;
        let number = |value: &String| value.parse::<u16>().expect("the values of a grid are numbers");
        let row: Vec<u16> = derived.values.values().map(number).collect();
        self.listing()?.any(|listed| listed == row).then_some(derived)
    }

    fn reach(&self) -> usize {
        usize::MAX
    }

    fn listing(&self) -> Option<Listing<'_>> {
        Some(self.rows.chunks_exact(self.grid.categories + self.grid.ladders))
    }
}
