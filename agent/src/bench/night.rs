//! A night of search on a table, on which rules for merging are compared. Every evaluation counts, including proofs.

use std::cell::OnceCell;
use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::merge_settings::MergeSettings;
use super::table::Table;
use crate::policy::{Notebook, Policy, Program};
use crate::study::{Outcome, ProgramId, Proposal, TrialNumber};

/// Trials proposed at a time.
const BATCH: usize = 4;

/// The result of a night under a rule for merging.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Morning {
    pub(super) merges: usize,
    /// Merges of programs that are not truly better than what they took the place of.
    pub(super) false_merges: usize,
    /// Evaluations that were not trials of the search.
    pub(super) proof: usize,
    pub(super) regret: f64,
    /// What the incumbent is really worth at the end.
    pub(super) value: f64,
}

/// A search under way, and the program that main would hold.
pub(super) struct Night<'a> {
    pub(super) table: &'a Table,
    policy: Box<dyn Policy>,
    notebook: Notebook,
    rng: ChaCha8Rng,
    /// Trials that were proposed together and have not run.
    proposed: VecDeque<(TrialNumber, Proposal)>,
    /// The best program according to the search when it was last asked to propose.
    favourite: OnceCell<ProgramId>,
    evaluations: usize,
    /// Nothing is left to try.
    pub(super) is_exhausted: bool,
    /// Evaluations left.
    pub(super) left: usize,
    pub(super) incumbent: ProgramId,
    morning: Morning,
}

impl<'a> Night<'a> {
    /// A night that starts from a mediocre program, and that program's first result. Nights with the same number start
    /// from the same program, whatever the rule.
    pub(super) fn begin(table: &'a Table, settings: &MergeSettings, number: u64) -> (Self, Program, f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(number);
        let start = table.start(&mut rng);
        let policy = settings.search.policy(rng.random());
        let mut night = Self {
            table,
            policy,
            notebook: Notebook::new(0, start.id.clone(), start.values.clone()),
            rng,
            proposed: VecDeque::new(),
            favourite: OnceCell::new(),
            evaluations: settings.evaluations,
            is_exhausted: false,
            left: settings.evaluations,
            incumbent: start.id.clone(),
            morning: Morning::default(),
        };
        let result = night.run(&start.id).expect("the start has results");
        night.notebook.end(0, Outcome::Better, Some(result), None);
        (night, start, result)
    }

    fn run(&mut self, program: &ProgramId) -> Option<f64> {
        self.left -= 1;
        self.table.fresh_run(program, &mut self.rng)
    }

    /// The best program according to the search, determined once between its proposals.
    pub(super) fn favourite(&self) -> &ProgramId {
        self.favourite.get_or_init(|| self.policy.best(&self.notebook))
    }

    /// Share of the night that is over.
    pub(super) fn over(&self) -> f64 {
        if self.is_exhausted { 1.0 } else { 1.0 - self.left as f64 / self.evaluations as f64 }
    }

    /// The next trial of the search with its result; `None` if nothing is left to try.
    pub(super) fn try_next(&mut self) -> Option<(Proposal, Option<f64>)> {
        if self.proposed.is_empty() {
            let first = self.notebook.trials().len() as TrialNumber;
            let proposals = self.policy.ask(&self.notebook, self.table, BATCH);
            self.favourite = OnceCell::new();
            self.proposed.extend((first..).zip(proposals));
            self.proposed.iter().for_each(|(trial, proposal)| self.notebook.begin(*trial, proposal));
        }
        let (trial, proposal) = self.proposed.pop_front()?;
        let result = self.run(&proposal.program);
        let outcome = if result.is_some() { Outcome::Worse } else { Outcome::Crashed };
        self.notebook.end(trial, outcome, result, None);
        self.policy.tell(&self.notebook, trial);
        Some((proposal, result))
    }

    /// Runs a program for a proof; the search is told the result, as in a study.
    pub(super) fn prove(&mut self, program: &ProgramId) -> Option<f64> {
        self.morning.proof += 1;
        let result = self.run(program)?;
        self.notebook.confirm(program, result);
        Some(result)
    }

    pub(super) fn merge(&mut self, program: &ProgramId) {
        let worth = |program: &ProgramId| self.table.truth(program).unwrap_or(f64::INFINITY);
        self.morning.merges += 1;
        self.morning.false_merges += usize::from(worth(program) >= worth(&self.incumbent));
        self.incumbent = program.clone();
    }

    pub(super) fn end(mut self) -> Morning {
        self.morning.regret = self.table.regret(&self.incumbent);
        self.morning.value = self.table.truth(&self.incumbent).expect("what crashes is never merged");
        self.morning
    }
}
