//! Short phrases that several drawings share.

use crate::study::{Outcome, Proposal, Study, TrialNumber};

/// What a trial changes, in one line: "RoPE instead of learned positions; WIDTH 64 -> 96".
pub(crate) fn idea(proposal: &Proposal, is_base: bool) -> String {
    if is_base {
        return "the program as it is".into();
    }
    if proposal.is_repeat() {
        return format!("trial {} once more, on a fresh seed", proposal.parent);
    }
    let edits: Vec<&str> = proposal.edits.iter().map(|edit| edit.summary.as_str()).collect();
    edits.join("; ")
}

/// The idea of a trial of this study.
pub(crate) fn idea_of(study: &Study, trial: TrialNumber) -> String {
    let proposal = study.trial(trial).proposal();
    idea(proposal, trial == 0 || (proposal.is_repeat() && proposal.parent == trial))
}

/// Change of `value` against `reference` in percent: "-3.4 %".
pub(crate) fn percent(value: f64, reference: f64) -> String {
    format!("{:+.1} %", (value - reference) / reference.abs() * 100.0)
}

/// A duration as people say it: `45 s`, `12 min`, `3.4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    // The sum of no seconds is -0.
    match seconds + 0.0 {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// All outcomes, in the order in which they are counted.
pub(crate) const OUTCOMES: [Outcome; 10] = [
    Outcome::Kept,
    Outcome::Discarded,
    Outcome::Pruned,
    Outcome::Unviable,
    Outcome::Invalid,
    Outcome::Crashed,
    Outcome::OutOfMemory,
    Outcome::Diverged,
    Outcome::TimedOut,
    Outcome::Cancelled,
];
