//! Short phrases that several reports share.

use crate::study::{
    Merged, Outcome, Proposal, Purpose, Run, Study, TrialNumber, figure, figures, mean, p_text, percent,
};

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

/// What a merge changes and brings, both against the previous best: "WIDTH 64 -> 96; RoPE instead of learned positions:
/// val_bpb 2.412 -> 2.331 (-3.4 %, 4 pairs, p = 0.004)".
pub(crate) fn merge(study: &Study, merged: &Merged) -> String {
    let changes = match merged.edits.as_slice() {
        [] => changes(study, merged.previous, merged.trial),
        edits => edits.iter().map(|edit| edit.summary.as_str()).collect::<Vec<_>>().join("; "),
    };
    let decided =
        study.decided.iter().rev().find(|decided| decided.merge && decided.candidate == merged.trial);
    match decided.map(|decided| &decided.evidence).filter(|evidence| !evidence.pairs.is_empty()) {
        None => changes,
        Some(evidence) => {
            let (after, before): (Vec<f64>, Vec<f64>) = evidence.pairs.iter().copied().unzip();
            let sure = evidence.p_value.map_or_else(String::new, |p| format!(", {}", p_text(p)));
            let pairs = evidence.pairs.len();
            let gain = change(study, mean(&before), mean(&after), &format!("{pairs} pairs{sure}"));
            format!("{changes}: {} {gain}", study.started.metric)
        }
    }
}

/// From one value of the metric to another, and what to add: `2.412 -> 2.331 (-3.4 %, 4 pairs)`.
pub(crate) fn change(study: &Study, before: f64, after: f64, more: &str) -> String {
    let (before, after) = (study.started.as_printed(before), study.started.as_printed(after));
    let percent = percent(before, after).unwrap_or_default();
    let added: Vec<&str> = [percent.as_str(), more].into_iter().filter(|text| !text.is_empty()).collect();
    let (before, after) = figures(before, after);
    match added.as_slice() {
        [] => format!("{before} -> {after}"),
        added => format!("{before} -> {after} ({})", added.join(", ")),
    }
}

/// In what the program of one trial differs from that of another, by the values at its sites: "WIDTH 64 -> 96".
pub(crate) fn changes(study: &Study, from: TrialNumber, to: TrialNumber) -> String {
    let short = |site: &str| site.rsplit("::").next().unwrap_or(site).to_owned();
    let value = |value: Option<&str>| value.unwrap_or("nothing").to_owned();
    let difference = study.difference(from, to);
    let phrases =
        difference.map(|(site, from, to)| format!("{} {} -> {}", short(site), value(from), value(to)));
    phrases.collect::<Vec<_>>().join("; ")
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
pub(crate) const OUTCOMES: [Outcome; 13] = [
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
    Outcome::Incomparable,
    Outcome::Unchanged,
    Outcome::Cancelled,
];
