//! A night as a study has it: the study itself decides what is done next and what is merged, and a table stands in for
//! training.

use super::merge_settings::MergeSettings;
use super::night::{Morning, Night};
use super::table::Table;
use crate::policy::Program;
use crate::study::{
    Choice, Ending, Event, Measurement, Merged, Outcome, Outlook, Proposal, Purpose, RunEnded, Started,
    Study, StudyRules, TrialEnded, TrialNumber, TrialStarted, Work,
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
                    // What is best may still be proved.
                    None => night.is_exhausted = true,
                }
            }
            Work::Run { trial, purpose } => {
                let result = night.prove(study.trial(trial).program());
                take_in(&mut study, trial, purpose, result);
                if settle(&mut study, &rules) == Some(true) {
                    night.merge(study.trial(study.incumbent).program());
                }
            }
            Work::Trial(_) | Work::Wait | Work::Finish(_) => {
                unreachable!("nothing is under way, nor an end set")
            }
        }
    }
    night.end()
}

/// The rules of a study that nothing ends but the night.
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
        base: none(),
        search: none(),
        seed: 0,
        budget: none(),
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

/// A trial begins and ends.
pub(super) fn tried(study: &mut Study, proposal: Proposal, result: Option<f64>) {
    let (trial, none) = (study.next_trial(), String::new);
    let [commit, branch] = [none(), none()];
    study.apply(&Event::TrialStarted(TrialStarted { trial, proposal, commit, branch, seed: 0, at: 0 }));
    let outcome = result.map_or(Outcome::Crashed, |metric| study.outcome_of_completed(trial, metric));
    let (measurement, commit) = (measured(result), none());
    study.apply(&Event::TrialEnded(TrialEnded {
        trial,
        outcome,
        measurement,
        commit,
        forecast: None,
        at: 0,
    }));
}

/// A run outside of the trials ends.
pub(super) fn take_in(study: &mut Study, trial: TrialNumber, purpose: Purpose, result: Option<f64>) {
    let measurement = measured(result);
    study.apply(&Event::RunEnded(RunEnded { purpose, trial, seed: 0, measurement, at: 0 }));
}

/// Brings the open proof to its end if its last run decides; whether that is a merge.
pub(super) fn settle(study: &mut Study, rules: &StudyRules) -> Option<bool> {
    let decided = study.settled(rules, 0)?;
    let (trial, previous, merge) = (decided.candidate, decided.incumbent, decided.merge);
    study.apply(&Event::Decided(decided));
    if merge {
        study.apply(&Event::Merged(Merged { trial, previous, commit: String::new(), at: 0 }));
    }
    Some(merge)
}

fn measured(metric: Option<f64>) -> Measurement {
    Measurement {
        ending: if metric.is_some() { Ending::Completed } else { Ending::Crashed },
        metric,
        test: None,
        curve: Vec::new(),
        reason: String::new(),
        build_seconds: 0.0,
        smoke_seconds: 0.0,
        train_seconds: 0.0,
        tokens: None,
        steps: None,
        params: None,
        memory: None,
        device_memory: None,
        device: None,
    }
}
