//! What a study has seen so far, as the policies read it: programs, their runs, what is pending.
//!
//! It is a fold over the study's events, and holds no opinion: estimates of what a program is worth belong to the
//! policies.

use std::collections::HashMap;

use super::earlier::Earlier;
use super::space::{Change, Program};
use super::tried::{Tried, Verdict};
use crate::study::{
    Choice, Event, MainMoved, Outcome, ProgramId, Proposal, TrialNumber, TrialStarted, Values,
};

/// A trial.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    pub(crate) trial: TrialNumber,
    /// Index of its program among [`Notebook::programs`].
    pub(crate) program: usize,
    /// Whether it repeated a program that was tried before.
    pub(crate) repeat: bool,
    /// What it changed in its parent.
    pub(crate) changes: Vec<Change>,
    pub(crate) choice: Choice,
    /// `None` while it is pending.
    pub(crate) outcome: Option<Outcome>,
    /// The metric, lower is better; `Some` if it completed.
    pub(crate) result: Option<f64>,
    /// The pruner's prediction if it stopped the run.
    pub(crate) predicted: Option<f64>,
}

/// The record of a study.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notebook {
    trials: Vec<Observation>,
    programs: Vec<Tried>,
    by_id: HashMap<ProgramId, usize>,
    /// Program and verdict of each run that ended, in that order.
    runs: Vec<(usize, Verdict)>,
    /// All results, ascending.
    results: Vec<f64>,
    /// What is known from other studies.
    earlier: Vec<Earlier>,
}

impl Notebook {
    /// Opens with the trial of the untouched program, which is pending until its end is recorded.
    pub(crate) fn new(trial: TrialNumber, baseline: ProgramId, values: Values) -> Self {
        let mut notebook = Self::default();
        notebook.add(trial, &baseline, &values);
        notebook
    }

    /// Applies an event of the study. If main holds a program without the study's edits, the untouched one or what
    /// somebody else put there, it starts again from that one; what other studies found stays.
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::TrialStarted(started) => self.trial_started(started),
            Event::MainMoved(MainMoved { begins: Some(started), .. }) => self.trial_started(started),
            Event::TrialEnded(ended) => {
                self.end(ended.trial, ended.outcome, ended.measurement.metric, ended.predicted);
            }
            Event::RunEnded(run) => {
                if let (Some(trial), Some(result)) = (self.trial(run.trial), run.measurement.metric) {
                    self.confirm(&self.programs[trial.program].program.id.clone(), result);
                }
            }
            Event::Started(_)
            | Event::Decided(_)
            | Event::Merged(_)
            | Event::MainMoved(_)
            | Event::MainFollowed { .. }
            | Event::PolicyUpdated { .. }
            | Event::Stopped { .. }
            | Event::Resumed { .. } => {}
        }
    }

    fn trial_started(&mut self, started: &TrialStarted) {
        let proposal = &started.proposal;
        if proposal.is_base(started.trial) {
            let earlier = std::mem::take(&mut self.earlier);
            *self = Self::new(started.trial, proposal.program.clone(), proposal.values.clone());
            self.earlier = earlier;
        } else {
            self.begin(started.trial, proposal);
        }
    }

    /// Records what other studies found; before the first `ask`.
    pub(crate) fn learn_from(&mut self, earlier: Vec<Earlier>) {
        self.earlier = earlier;
    }

    pub(crate) fn earlier(&self) -> &[Earlier] {
        &self.earlier
    }

    /// Records a trial that begins.
    pub(crate) fn begin(&mut self, trial: TrialNumber, proposal: &Proposal) {
        self.add(trial, &proposal.program, &proposal.values);
        let observation = self.trials.last_mut().expect("it was just added");
        let changes = proposal.edits.iter().map(|edit| (edit.site.clone(), edit.to.clone()));
        observation.changes = changes.collect();
        observation.choice = proposal.choice.clone();
    }

    fn add(&mut self, trial: TrialNumber, id: &ProgramId, values: &Values) {
        let next = self.programs.len();
        let program = *self.by_id.entry(id.clone()).or_insert(next);
        if program == next {
            let program = Program { id: id.clone(), trial, values: values.clone() };
            self.programs.push(Tried { program, verdicts: Vec::new(), pending: 0 });
        }
        let tried = &mut self.programs[program];
        if !tried.is_seen() {
            // Its only trials were cancelled: this is its first.
            tried.program.trial = trial;
        }
        let repeat = tried.program.trial != trial;
        tried.pending += 1;
        self.trials.push(Observation {
            trial,
            program,
            repeat,
            changes: Vec::new(),
            choice: Choice::default(),
            outcome: None,
            result: None,
            predicted: None,
        });
    }

    /// Records how a trial ended; `predicted` is the pruner's forecast of the metric if it stopped the run.
    pub(crate) fn end(
        &mut self,
        trial: TrialNumber,
        outcome: Outcome,
        result: Option<f64>,
        predicted: Option<f64>,
    ) {
        let Some(index) = self.position(trial) else { return };
        let observation = &mut self.trials[index];
        observation.outcome = Some(outcome);
        observation.result = result.filter(|value| outcome.is_completed() && value.is_finite());
        observation.predicted = predicted.filter(|value| value.is_finite());
        let program = observation.program;
        self.programs[program].pending -= 1;
        // A cancelled trial says nothing about its program, which may be proposed again.
        if let Some(verdict) = self.verdict(&self.trials[index]) {
            self.run(program, verdict);
        }
    }

    /// Records one more result of a program that was tried, such as one from a confirmation.
    pub(crate) fn confirm(&mut self, program: &ProgramId, result: f64) {
        if let Some(&program) = self.by_id.get(program)
            && result.is_finite()
        {
            self.run(program, Verdict::Result(result));
        }
    }

    fn run(&mut self, program: usize, verdict: Verdict) {
        if let Verdict::Result(value) = verdict {
            let at = self.results.partition_point(|&other| other < value);
            self.results.insert(at, value);
        }
        self.programs[program].verdicts.push(verdict);
        self.runs.push((program, verdict));
    }

    /// Trials in the order in which they began.
    pub(crate) fn trials(&self) -> &[Observation] {
        &self.trials
    }

    pub(crate) fn trial(&self, trial: TrialNumber) -> Option<&Observation> {
        self.position(trial).map(|index| &self.trials[index])
    }

    /// The program of a trial that has begun.
    pub(crate) fn program_of(&self, trial: TrialNumber) -> &Program {
        let trial = self.trial(trial).expect("it has begun");
        &self.programs[trial.program].program
    }

    /// The program of this identity, if it was tried or is pending.
    pub(crate) fn program(&self, id: &ProgramId) -> Option<&Program> {
        self.by_id.get(id).map(|&index| &self.programs[index].program)
    }

    fn position(&self, trial: TrialNumber) -> Option<usize> {
        self.trials.binary_search_by_key(&trial, |observation| observation.trial).ok()
    }

    /// Distinct programs in the order of their first trials; the baseline is the first.
    pub(crate) fn programs(&self) -> &[Tried] {
        &self.programs
    }

    pub(crate) fn runs(&self) -> &[(usize, Verdict)] {
        &self.runs
    }

    /// All results, ascending.
    #[cfg(test)]
    pub(crate) fn results(&self) -> &[f64] {
        &self.results
    }

    /// Whether a program has run or is pending.
    pub(crate) fn is_tried(&self, id: &ProgramId) -> bool {
        self.by_id.get(id).is_some_and(|&index| self.programs[index].is_seen())
    }

    /// What a run counts as among the results seen.
    pub(crate) fn value(&self, verdict: Verdict) -> f64 {
        verdict.value(self.results.last().copied().unwrap_or(0.0))
    }

    /// How a trial ended; `None` while it is pending, or if it was cancelled.
    pub(crate) fn verdict(&self, trial: &Observation) -> Option<Verdict> {
        match (trial.outcome?, trial.result) {
            (Outcome::Cancelled, _) => None,
            (Outcome::Pruned, _) => Some(Verdict::Pruned(trial.predicted)),
            (_, Some(value)) => Some(Verdict::Result(value)),
            (_, None) => Some(Verdict::Failed),
        }
    }

    /// Rank of a run's verdict among all runs so far: 1 for the best, -1 for the worst and for all
    /// that failed.
    pub(crate) fn rank(&self, verdict: Verdict) -> f64 {
        if verdict == Verdict::Failed {
            return -1.0;
        }
        let value = self.value(verdict);
        let better = self.results.partition_point(|&other| other < value);
        let ties = self.results[better..].partition_point(|&other| other <= value).saturating_sub(1);
        let others = self.runs.len().max(2) - 1;
        1.0 - 2.0 * (better as f64 + 0.5 * ties as f64) / others as f64
    }

    /// The program whose results are lowest on average; the baseline before there are any.
    pub(crate) fn best(&self) -> &Tried {
        let completed = self.programs.iter().filter_map(|tried| Some((tried.mean()?, tried)));
        let best = completed.min_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or_else(|| &self.programs[0], |(_, tried)| tried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::toy::{id, proposal};

    fn notebook() -> Notebook {
        let mut notebook = Notebook::new(0, id(0), Values::new());
        notebook.end(0, Outcome::Better, Some(5.0), None);
        notebook
    }

    #[test]
    fn failures_count_as_the_worst_result_and_predictions_as_no_worse() {
        let mut notebook = notebook();
        notebook.begin(1, &proposal(0, 1));
        notebook.end(1, Outcome::Worse, Some(7.0), None);
        assert_eq!(notebook.value(Verdict::Failed), 7.0);
        assert_eq!(notebook.value(Verdict::Pruned(Some(6.0))), 6.0);
        assert_eq!(notebook.value(Verdict::Pruned(Some(9.0))), 7.0);
        assert_eq!(notebook.value(Verdict::Pruned(None)), 7.0);
    }

    #[test]
    fn a_program_counts_as_tried_from_its_start_unless_it_was_cancelled() {
        let mut notebook = notebook();
        notebook.begin(1, &proposal(0, 1));
        assert!(notebook.is_tried(&id(1)));
        notebook.end(1, Outcome::Cancelled, None, None);
        assert!(!notebook.is_tried(&id(1)));
        assert!(notebook.is_tried(&id(0)));
        notebook.begin(2, &proposal(0, 1));
        assert_eq!(notebook.programs()[1].program.trial, 2);
        assert!(notebook.trial(2).is_some_and(|observation| !observation.repeat));
    }

    #[test]
    fn repeats_and_confirmations_are_more_results_of_a_program() {
        let mut notebook = notebook();
        notebook.begin(1, &proposal(0, 1));
        notebook.end(1, Outcome::Better, Some(2.0), None);
        notebook.begin(2, &proposal(1, 1));
        notebook.end(2, Outcome::Better, Some(6.0), None);
        notebook.confirm(&id(1), 7.0);
        assert!(notebook.trial(2).is_some_and(|observation| observation.repeat));
        assert_eq!(notebook.programs()[1].mean(), Some(5.0));
        assert_eq!(notebook.results(), [2.0, 5.0, 6.0, 7.0]);
        assert_eq!(notebook.runs().len(), 4);
    }

    #[test]
    fn a_result_that_is_not_a_number_is_a_failure() {
        let mut notebook = notebook();
        notebook.begin(1, &proposal(0, 1));
        notebook.end(1, Outcome::Better, Some(f64::NAN), None);
        assert_eq!(notebook.programs()[1].verdicts, [Verdict::Failed]);
        assert_eq!(notebook.best().program.id, id(0));
    }

    #[test]
    fn ranks_go_from_one_for_the_best_to_minus_one_for_the_worst_and_failures() {
        let mut notebook = notebook();
        for (trial, result) in [(1, Some(3.0)), (2, Some(5.0)), (3, Some(8.0)), (4, None)] {
            notebook.begin(trial, &proposal(0, trial));
            let outcome = if result.is_some() { Outcome::Better } else { Outcome::OutOfMemory };
            notebook.end(trial, outcome, result, None);
        }
        let ranks: Vec<f64> = notebook
            .trials()
            .iter()
            .map(|trial| notebook.rank(notebook.verdict(trial).expect("all have ended")))
            .collect();
        // Results 5, 3, 5, 8 and a failure: the fives share places 1 and 2 of 0 to 4.
        assert_eq!(ranks, [0.25, 1.0, 0.25, -0.5, -1.0]);
    }
}
