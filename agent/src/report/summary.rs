//! The summary at the end of a study: what was found, how sure it is, and where the time went.

use std::fmt::Write;

use super::describe::{OUTCOMES, change, merge, standing};
use crate::study::{Audit, Measurement, Outcome, Study, TrialNumber, duration, figure};

/// The summary as plain text; `before` is what the audits of the repository's other studies found.
pub(crate) fn summary(study: &Study, before: &Audit) -> String {
    let mut text = String::new();
    outcomes(&mut text, study);
    discoveries(&mut text, study);
    checked(&mut text, study);
    noise(&mut text, study);
    slow(&mut text, study);
    early_stop(&mut text, study, before);
    time(&mut text, study);
    text
}

fn outcomes(text: &mut String, study: &Study) {
    let count = |outcome| study.trials.iter().filter(|trial| trial.outcome() == Some(outcome)).count();
    let counts: Vec<String> = OUTCOMES
        .into_iter()
        .map(|outcome| (outcome, count(outcome)))
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    let trials = study.trials.len().saturating_sub(1);
    let plural = if trials == 1 { "" } else { "s" };
    let _ = writeln!(text, "{trials} trial{plural} and the baseline: {}", counts.join(", "));
}

fn discoveries(text: &mut String, study: &Study) {
    let name = &study.started.metric;
    let (Some(first), Some(last)) = (fresh_mean(study, study.base), study.incumbent_value()) else {
        return;
    };
    if let Some(standing) = standing(study) {
        let _ = writeln!(text, "{name}: {standing}");
    }
    if study.merges.is_empty() {
        let _ = writeln!(
            text,
            "nothing was merged; the untouched program is at {name} {}",
            figure(study.started.as_printed(first))
        );
        return;
    }
    let _ = writeln!(
        text,
        "{} merged: {name} {}",
        study.merges.len(),
        change(study, first, last, "on fresh seeds")
    );
    for merged in &study.merges {
        let _ = writeln!(text, "  trial {:>3}  {}", merged.trial, merge(study, merged));
    }
}

/// What main is worth on fresh seeds and on data that no study sees: a gain that was not fitted to the validation part.
fn checked(text: &mut String, study: &Study) {
    let Some(checked) = study.checked() else { return };
    let pair = |(base, main): (f64, f64)| change(study, base, main, "");
    let test = checked.test.map_or_else(
        || "; the program reports nothing on data that no study sees".to_owned(),
        |test| format!(", on data that no study sees {}", pair(test)),
    );
    let (seeds, name) = (checked.seeds, &study.started.metric);
    let _ =
        writeln!(text, "baseline and main on {seeds} fresh seeds: {name} {}{test}", pair(checked.validation));
}

fn fresh_mean(study: &Study, trial: TrialNumber) -> Option<f64> {
    study.trials.get(trial as usize)?;
    let results = study.fresh_results(trial);
    (!results.is_empty()).then(|| crate::study::mean(&results))
}

fn noise(text: &mut String, study: &Study) {
    match study.noise(None).deviation() {
        Some(0.0) => {
            let _ = writeln!(
                text,
                "results under different seeds are bit-identical, so the seed is not read: nothing can be proved, and nothing \
                 was merged\n  to change that, pass the seed on (`{{seed}}` in `run.args`), or let the program read \
                 AUTORESEARCH_SEED"
            );
        }
        Some(deviation) => {
            let _ = writeln!(text, "noise of a run: {} (standard deviation over seeds)", figure(deviation));
        }
        None => {}
    }
}

/// Nothing if no run was slowed down.
fn slow(text: &mut String, study: &Study) {
    match study.slow_runs().count() {
        0 => {}
        slow => {
            let _ = writeln!(
                text,
                "{slow} of {} repeats did less work than the others of their program, and do not count",
                study.runs.len()
            );
        }
    }
}

/// Nothing if no stop was ever due.
fn early_stop(text: &mut String, study: &Study, before: &Audit) {
    let pruned = study.trials.iter().filter(|trial| trial.outcome() == Some(Outcome::Pruned)).count();
    let mut audit = *before;
    audit += study.audit;
    if pruned + audit.audited > 0 {
        audited(text, &audit, if *before == Audit::default() { "" } else { ", over all studies here" });
    }
}

fn audited(text: &mut String, audit: &Audit, of: &str) {
    let share = audit.wrong_stops().map_or("not known".into(), |share| format!("{:.0} %", 100.0 * share));
    let coverage = match audit.audited {
        0 => "no run has been drawn for the audit so far".to_owned(),
        all => format!("{} of {all} audited runs ended above their predicted bound", audit.covered),
    };
    let _ = writeln!(
        text,
        "early stop{of}: {coverage}\n  \
         would-be winners stopped: {share}, at most {:.0} % (95 % limit); {} would never have been stopped, {} would \
         have been but ran on for the audit, each standing for {:.0}",
        100.0 * audit.most_wrong_stops(),
        audit.unstopped_winners,
        audit.audited_winners,
        audit.one_in(),
    );
}

fn time(text: &mut String, study: &Study) {
    let total = |of: fn(&Measurement) -> f64| -> f64 {
        study.trials.iter().filter_map(|t| t.ended.as_ref()).map(|ended| of(&ended.measurement)).sum()
    };
    let (build, smoke, train) =
        (total(|m| m.build_seconds), total(|m| m.smoke_seconds), total(|m| m.train_seconds));
    let proof: f64 = study.runs.iter().map(|run| run.measurement.seconds()).sum();
    let share = 100.0 * proof / (build + smoke + train + proof).max(f64::MIN_POSITIVE);
    let all = study.active as f64;
    if all > 0.0 {
        let smoke = if smoke > 0.0 { format!("{} smoke runs, ", duration(smoke)) } else { String::new() };
        let _ = writeln!(
            text,
            "time: {} ({:.0} trials per hour), in the slots {} building, {smoke}{} training, {} proof ({} runs, {share:.0} %)",
            duration(all),
            study.trials.len() as f64 / all * 3600.0,
            duration(build),
            duration(train),
            duration(proof),
            study.runs.len(),
        );
        lost(text, study);
    }
}

/// Time in the slots that brought no result, by how the trials ended.
fn lost(text: &mut String, study: &Study) {
    let seconds = |outcome: Outcome| -> f64 {
        let ended = study.trials.iter().filter_map(|trial| trial.ended.as_ref());
        ended.filter(|ended| ended.outcome == outcome).map(|ended| ended.measurement.seconds()).sum()
    };
    let is_lost = |outcome: &Outcome| !outcome.is_completed() && *outcome != Outcome::Pruned;
    let lost: Vec<(Outcome, f64)> =
        OUTCOMES.into_iter().filter(is_lost).map(|outcome| (outcome, seconds(outcome))).collect();
    let all: f64 = lost.iter().map(|(_, seconds)| seconds).sum();
    if all > 0.0 {
        let parts: Vec<String> = lost
            .iter()
            .filter(|(_, seconds)| *seconds > 0.0)
            .map(|(outcome, seconds)| format!("{} {outcome}", duration(*seconds)))
            .collect();
        let trials: f64 = OUTCOMES.into_iter().map(seconds).sum();
        let runs: f64 = study.runs.iter().map(|run| run.measurement.seconds()).sum();
        let share = 100.0 * all / (trials + runs);
        let _ = writeln!(
            text,
            "lost to trials without a result: {} ({share:.0} %): {}",
            duration(all),
            parts.join(", ")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_is_reported_with_its_counts_and_a_limit_however_wide() {
        let told = |audit: Audit| {
            let mut text = String::new();
            audited(&mut text, &audit, "");
            text
        };
        let some = told(Audit {
            unstopped_winners: 30,
            audited: 12,
            covered: 11,
            audited_winners: 1,
            stands_for: 120.0,
        });
        for words in
            ["11 of 12 audited", "stopped: 25 %, at most 6", "30 would never have been stopped, 1 would"]
        {
            assert!(some.contains(words), "{words:?} is not in {some}");
        }
        let none = told(Audit::default());
        assert!(
            none.contains("no run has been drawn") && none.contains("stopped: not known, at most 100 %"),
            "{none}"
        );
    }
}
