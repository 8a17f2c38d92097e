//! The trials of a study as a table, and one of them in full.

use std::fmt::Write;

use super::describe::{idea_of, merge};
use crate::study::{Purpose, Study, TrialNumber, figure, full_figure, percent};

/// One line per trial, in order.
pub(crate) fn table(study: &Study) -> String {
    let mut text = format!(
        "{:>5}  {:<13} {:>9} {:>9} {:>9}  what it changes in its parent\n",
        "trial", "outcome", study.started.metric, "vs main", "vs parent"
    );
    for trial in &study.trials {
        let number = trial.started.trial;
        let printed = |value: f64| study.started.as_printed(value);
        let parent = study.trial(trial.proposal().parent).metric().map(printed);
        let metric = trial.metric().map(printed);
        let main = trial.ended.as_ref().and_then(|ended| ended.main).map(printed);
        let change = |before: Option<f64>| {
            metric.zip(before).and_then(|(metric, before)| percent(before, metric)).unwrap_or_default()
        };
        let parent = parent.filter(|_| !trial.is_base());
        let merged = if study.merges.iter().any(|merged| merged.trial == number) { "  [merged]" } else { "" };
        let _ = writeln!(
            text,
            "{number:>5}  {:<13} {:>9} {:>9} {:>9}  {}{merged}",
            trial.outcome().map_or("under way".into(), |outcome| outcome.to_string()),
            metric.map_or("-".into(), figure),
            change(main),
            change(parent),
            idea_of(study, number),
        );
    }
    text
}

/// Everything the journal knows about a trial; `None` if there is no such trial.
pub(crate) fn show(study: &Study, number: TrialNumber) -> Option<String> {
    let trial = study.trials.get(number as usize)?;
    let printed = |value: f64| study.started.as_printed(value);
    let proposal = trial.proposal();
    let mut text = format!("trial {number}: {}\n", idea_of(study, number));
    let mut field = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<12} {value}");
    };
    field("commit", trial.commit().to_string());
    field("branch", trial.started.branch.clone());
    field("parent", format!("trial {}", proposal.parent));
    field("program", proposal.program.to_string());
    field("seed", trial.started.seed.to_string());
    if let Some(ended) = &trial.ended {
        let m = &ended.measurement;
        field("outcome", ended.outcome.to_string());
        if !m.reason.is_empty() {
            field("reason", m.reason.clone());
        }
        if let Some(metric) = m.metric {
            field(&study.started.metric, full_figure(printed(metric)));
        }
        let smoke = match m.smoke_seconds {
            0.0 => String::new(),
            seconds => format!("{seconds:.1} smoke, "),
        };
        field("seconds", format!("{:.1} build, {smoke}{:.1} train", m.build_seconds, m.train_seconds));
        let counts =
            [("steps", m.steps), ("tokens", m.tokens), ("parameters", m.params), ("memory", m.memory)];
        for (name, value) in counts {
            if let Some(value) = value {
                field(name, value.to_string());
            }
        }
        if let Some(device) = &m.device {
            field("device", device.clone());
        }
        if let Some(memory) = m.device_memory {
            field("its memory", memory.to_string());
        }
        let curve: Vec<String> = m.curve.iter().map(|point| figure(printed(point.value))).collect();
        if !curve.is_empty() {
            field("curve", curve.join(" "));
        }
    }
    let runs: Vec<String> = study
        .runs
        .iter()
        .filter(|run| matches!(run.purpose, Purpose::Confirmation { candidate } if candidate == number))
        .filter_map(|run| Some(format!("trial {}: {}", run.trial, figure(printed(run.measurement.metric?)))))
        .collect();
    if !runs.is_empty() {
        field("proof", runs.join(", "));
    }
    if let Some(decided) = study.decided.iter().find(|decided| decided.candidate == number) {
        field(
            "decision",
            format!("{}: {}", if decided.merge { "merged" } else { "not merged" }, decided.reason),
        );
    }
    if let Some(merged) = study.merges.iter().find(|merged| merged.trial == number) {
        field(
            "merged",
            format!("from the previous best, trial {}: {}", merged.previous, merge(study, merged)),
        );
    }
    let choice = &proposal.choice;
    field(
        "chosen by",
        format!(
            "{} (version {}), rank {} of {} candidates, probability {:.3}",
            choice.method,
            choice.version,
            choice.rank,
            choice.pool,
            choice.log_prob.exp()
        ),
    );
    for (name, value) in &choice.features {
        field("", format!("{name:<24} {value:+.3}"));
    }
    Some(text)
}
