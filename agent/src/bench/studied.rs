//! A night as in a study: the study itself decides what is done next and what is merged, and a table replaces training.

use super::merge_settings::MergeSettings;
use super::night::{Morning, Night};
use super::table::Table;
use crate::policy::Program;
use crate::study::{
    Choice, CommitId, Ending, Event, Measurement, Merged, Outcome, Outlook, Proposal, Purpose, Run, RunEnded,
    Started, Study, StudyRules, TrialEnded, TrialNumber, TrialStarted, Work,
};

/// See the head of this file.
pub(super) fn night(table: &Table, settings: &MergeSettings, number: u64) -> Morning {
    let (mut night, start, result) = Night::begin(table, settings, number);
    let rules = rules(settings);
    let mut study = begun(&start, result);
    while night.left > 0 {
        let favourite = || study.trial_of(night.favourite());
        let outlook = Outlook { favourite: &favourite, time: night.over(), ends_soon: false };
        match study.next_work(&rules, outlook, &[]) {
            Work::Propose => {
                match night.try_next() {
                    Some((proposal, result)) => tried(&mut study, proposal, result),
                    None if night.is_exhausted => break,
                    // The best program may still be proved.
                    None => night.is_exhausted = true,
                }
            }
            Work::Run(Run::Again { trial, purpose }) => {
                let result = night.prove(study.trial(trial).program());
                take_in(&mut study, trial, purpose, result);
                if settle(&mut study, &rules) == Some(true) {
                    night.merge(study.trial(study.incumbent).program());
                }
            }
            Work::Run(Run::Trial(_)) | Work::Wait | Work::Finish(_) => {
                unreachable!("nothing is under way, nor an end set")
            }
        }
    }
    night.end()
}

/// The rules of a study that only the night ends.
pub(super) fn rules(settings: &MergeSettings) -> StudyRules {
    StudyRules {
        merge: settings.rule,
        noise_repeats: settings.noise_repeats,
        check_seeds: 0,
        trials: None,
        patience: u32::MAX,
    }
}

/// A study whose baseline has run.
pub(super) fn begun(start: &Program, result: f64) -> Study {
    let none = String::new;
    let mut study = Study::new(Started {
        study: none(),
        base: CommitId::default(),
        search: none(),
        seed: 0,
        budget: "".into(),
        metric: none(),
        maximise: false,
        device: None,
        at: 0,
    });
    let (program, values) = (start.id.clone(), start.values.clone());
    let proposal = Proposal { parent: 0, edits: Vec::new(), program, values, choice: Choice::default() };
    tried(&mut study, proposal, Some(result));
    study
}

/// Starts and ends a trial.
pub(super) fn tried(study: &mut Study, proposal: Proposal, result: Option<f64>) {
    let trial = study.next_trial();
    let (commit, branch) = (CommitId::default(), String::new());
    happens(study, Event::TrialStarted(TrialStarted { trial, proposal, commit, branch, seed: 0, at: 0 }));
    let outcome = result.map_or(Outcome::Crashed, |metric| study.outcome_of_completed(trial, metric));
    let (measurement, commit) = (measured(result), CommitId::default());
    happens(
        study,
        Event::TrialEnded(TrialEnded {
            trial,
            outcome,
            measurement,
            commit,
            forecast: None,
            main: None,
            predicted: None,
            at: 0,
        }),
    );
}

/// Ends a run outside the trials.
pub(super) fn take_in(study: &mut Study, trial: TrialNumber, purpose: Purpose, result: Option<f64>) {
    let measurement = measured(result);
    happens(study, Event::RunEnded(RunEnded { purpose, trial, seed: 0, measurement, at: 0 }));
}

/// Ends the open proof if its last run decides it; returns whether that is a merge.
pub(super) fn settle(study: &mut Study, rules: &StudyRules) -> Option<bool> {
    let decided = study.settled(rules, 0)?;
    let (trial, previous, merge) = (decided.candidate, decided.incumbent, decided.merge);
    happens(study, Event::Decided(decided));
    if merge {
        happens(
            study,
            Event::Merged(Merged { trial, previous, commit: CommitId::default(), edits: Vec::new(), at: 0 }),
        );
    }
    Some(merge)
}

fn measured(metric: Option<f64>) -> Measurement {
    Measurement::new(if metric.is_some() { Ending::Completed } else { Ending::Crashed }, metric)
}

/// Applies an event that the bench makes up.
fn happens(study: &mut Study, event: Event) {
    study.apply(&event).expect("a bench makes up only what can happen");
}
