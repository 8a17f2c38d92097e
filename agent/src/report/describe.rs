//! Short phrases that several drawings share.

use crate::study::{Outcome, Proposal, Purpose, Run, Study, TrialNumber};

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

/// What a run is called: "trial 17, RoPE instead of learned positions", "trial 3 again, to confirm trial 17".
pub(crate) fn title(study: &Study, run: Run) -> String {
    let trial = run.trial();
    let again = match run.purpose() {
        None if trial == study.base => return "the baseline".into(),
        None => return format!("trial {trial}, {}", idea_of(study, trial)),
        Some(Purpose::Noise) if trial == study.base => {
            return "the baseline again, to measure the noise".into();
        }
        Some(Purpose::Noise) => "to see whether the machine drifts".to_owned(),
        Some(Purpose::Check) => "to measure what was gained".to_owned(),
        Some(Purpose::Confirmation { candidate }) if candidate == trial => "to confirm it".to_owned(),
        Some(Purpose::Confirmation { candidate }) => format!("to confirm trial {candidate}"),
    };
    format!("trial {trial} again, {again}")
}

/// What main holds and, where that is another program, what is best so far, proved or not: "main is at 3.3970; best so
/// far: trial 4 at 2.8380, not proved".
pub(crate) fn standing(study: &Study) -> Option<String> {
    let printed = |value| format!("{:.4}", study.started.as_printed(value));
    let main = printed(study.incumbent_value()?);
    let best = study.programs().into_iter().next()?;
    if study.trial(best.trial).program() == study.trial(study.incumbent).program() {
        return Some(format!("main is at {main}, the best so far"));
    }
    let value = printed(best.mean);
    Some(format!("main is at {main}; best so far: trial {} at {value}, not proved", best.trial))
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
pub(crate) const OUTCOMES: [Outcome; 11] = [
    Outcome::Measured,
    Outcome::Better,
    Outcome::Worse,
    Outcome::Pruned,
    Outcome::Unviable,
    Outcome::Invalid,
    Outcome::Crashed,
    Outcome::OutOfMemory,
    Outcome::Diverged,
    Outcome::TimedOut,
    Outcome::Cancelled,
];
