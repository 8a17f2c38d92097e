//! Studies for tests, made of events.

use super::{
    Choice, Ending, Event, Measurement, Outcome, ProgramId, Proposal, Purpose, RunEnded, Sources, Started,
    Study, TrialEnded, TrialNumber, TrialStarted, Values,
};

/// A run that completed.
pub(super) fn measured(metric: f64) -> Measurement {
    Measurement {
        ending: Ending::Completed,
        metric: Some(metric),
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

/// Begins a trial of a program of its own.
pub(super) fn begin(study: &mut Study, trial: TrialNumber) {
    let sources = Sources([("n".to_owned(), trial.to_string())].into());
    let program = ProgramId::new("", &sources);
    let (values, choice) = (Values::new(), Choice::default());
    let proposal = Proposal { parent: 0, edits: Vec::new(), program, values, choice };
    let [commit, branch] = [String::new(), String::new()];
    study.apply(&Event::TrialStarted(TrialStarted { trial, proposal, commit, branch, seed: 0, at: 0 }));
}

/// Ends a trial well.
pub(super) fn end(study: &mut Study, trial: TrialNumber, metric: f64) {
    let (outcome, commit) = (Outcome::Kept, String::new());
    let measurement = measured(metric);
    study.apply(&Event::TrialEnded(TrialEnded {
        trial,
        outcome,
        measurement,
        commit,
        forecast: None,
        at: 0,
    }));
}

/// A study whose baseline is about to run.
pub(super) fn study() -> Study {
    let [base, search, budget, metric] = ["", "random", "9steps", "loss"].map(str::to_owned);
    let study = "one".to_owned();
    let mut study = Study::new(Started {
        study,
        base,
        search,
        seed: 0,
        budget,
        metric,
        maximise: false,
        device: None,
        at: 0,
    });
    begin(&mut study, 0);
    study
}

/// Notes a run outside of the trials.
pub(super) fn ran(study: &mut Study, purpose: Purpose, trial: TrialNumber, measurement: Measurement) {
    study.apply(&Event::RunEnded(RunEnded { purpose, trial, seed: 0, measurement, at: 0 }));
}
