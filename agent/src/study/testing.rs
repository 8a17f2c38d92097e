//! Studies for tests, made of events.

use super::{
    Choice, CommitId, Ending, Event, Measurement, Outcome, ProgramId, Proposal, Purpose, RunEnded, Sources,
    Started, Study, TrialEnded, TrialNumber, TrialStarted, Values,
};

/// A run that completed.
pub(super) fn measured(metric: f64) -> Measurement {
    Measurement::new(Ending::Completed, Some(metric))
}

/// Applies an event that can happen.
#[track_caller]
pub(super) fn happens(study: &mut Study, event: Event) {
    study.apply(&event).expect("it can happen");
}

/// Starts a trial of a separate program.
pub(super) fn begin(study: &mut Study, trial: TrialNumber) {
    let sources = Sources([("n".to_owned(), trial.to_string())].into());
    let program = ProgramId::new("", &sources);
    let (values, choice) = (Values::new(), Choice::default());
    let proposal = Proposal { parent: 0, edits: Vec::new(), program, values, choice };
    let (commit, branch) = (CommitId::default(), String::new());
    happens(study, Event::TrialStarted(TrialStarted { trial, proposal, commit, branch, seed: 0, at: 0 }));
}

/// Ends a trial successfully.
pub(super) fn end(study: &mut Study, trial: TrialNumber, metric: f64) {
    let (outcome, commit) = (Outcome::Better, CommitId::default());
    let measurement = measured(metric);
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

/// A study whose baseline is about to run.
pub(super) fn study() -> Study {
    let [search, metric] = ["random", "loss"].map(str::to_owned);
    let study = "one".to_owned();
    let mut study = Study::new(Started {
        study,
        base: CommitId::default(),
        search,
        seed: 0,
        budget: "9steps".into(),
        metric,
        maximise: false,
        device: None,
        at: 0,
    });
    begin(&mut study, 0);
    study
}

/// Records a run outside the trials.
pub(super) fn ran(study: &mut Study, purpose: Purpose, trial: TrialNumber, measurement: Measurement) {
    happens(study, Event::RunEnded(RunEnded { purpose, trial, seed: 0, measurement, at: 0 }));
}
