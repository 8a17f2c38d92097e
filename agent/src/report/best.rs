//! The best program so far, proved or not, and how to see it and take it.

use std::fmt::Write;

use super::describe::{change, changes, merge};
use crate::study::{Study, figure};

/// Describes it; `repo` is the path of the repository for git commands.
pub(crate) fn best(study: &Study, repo: &str, main: &str) -> String {
    let (name, printed) = (&study.started.metric, |value| figure(study.started.as_printed(value)));
    let Some(best) = study.programs().into_iter().next() else {
        return "nothing has been measured yet\n".to_owned();
    };
    let mut text = String::new();
    let incumbent = study.trial(study.incumbent);
    if study.trial(best.trial).program() == incumbent.program() {
        let value = study.incumbent_value().map(printed).unwrap_or_default();
        let _ = writeln!(text, "the best program so far is the one of main: {name} {value}");
        for merged in study.merges.iter().rev().take(1) {
            let _ = writeln!(text, "its last merge: trial {}, {}", merged.trial, merge(study, merged));
        }
        return text;
    }
    let gain = study.incumbent_value().map(|value| change(study, value, best.mean, "against main"));
    let _ = writeln!(
        text,
        "the best program so far is trial {}: {name} {}, not proved\nit changes: {}",
        best.trial,
        gain.unwrap_or_else(|| printed(best.mean)),
        changes(study, study.incumbent, best.trial)
    );
    if let Some(decided) = study.decided.iter().rev().find(|decided| decided.candidate == best.trial) {
        let _ = writeln!(text, "it is not merged: {}", decided.reason);
    }
    let branch = &study.trial(best.trial).started.branch;
    let _ = writeln!(text, "to see it:  git -C {repo} diff {main} {branch}");
    let _ = writeln!(text, "to take it: git -C {repo} merge {branch}");
    text
}
