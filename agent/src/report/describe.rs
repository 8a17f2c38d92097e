//! Short phrases that several reports share.

use crate::study::{Outcome, Proposal, Purpose, Run, Study, TrialNumber, figure};

/// What a trial changes, in one line: "RoPE instead of learned positions; WIDTH 64 -> 96".
pub(crate) fn idea(proposal: &Proposal, is_base: bool) -> String {
    if is_base {
        return "the program as it is".into();
    }
    if proposal.is_repeat() {
        return format!("trial {} again, on a fresh seed", proposal.parent);
    }
    let edits: Vec<&str> = proposal.edits.iter().map(|edit| edit.summary.as_str()).collect();
    edits.join("; ")
}

/// The idea of a trial of this study.
pub(crate) fn idea_of(study: &Study, trial: TrialNumber) -> String {
    let proposal = study.trial(trial).proposal();
    idea(proposal, proposal.is_base(trial))
}

/// The name of a run: "trial 17, RoPE instead of learned positions", "trial 3 again, to confirm trial 17".
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

/// What main holds and, if that is another program, what is best so far, proved or not: "main is at 3.3970; best so
/// far: trial 4 at 2.8380, not proved".
pub(crate) fn standing(study: &Study) -> Option<String> {
    let printed = |value| figure(study.started.as_printed(value));
    let main = printed(study.incumbent_value()?);
    let best = study.programs().into_iter().next()?;
    if study.trial(best.trial).program() == study.trial(study.incumbent).program() {
        return Some(format!("main is at {main}, the best so far"));
    }
    let value = printed(best.mean);
    Some(format!("main is at {main}; best so far: trial {} at {value}, not proved", best.trial))
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
