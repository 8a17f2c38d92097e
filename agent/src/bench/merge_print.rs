//! What a bench of merges prints: for people, a text for each table; for programs, one JSON object per line.

use std::fmt::Write;

use serde::Serialize;

use super::compare::mean_and_error;
use super::merge_settings::MergeSettings;
use super::merging::Rule;
use super::night::Morning;
use super::table::Table;

/// Regrets are shown in thousandths.
const UNIT: f64 = 1e3;

/// The result of a rule over all nights on a table, as `--json` prints it. Means are over the nights.
#[derive(Debug, Serialize)]
pub(crate) struct Merging {
    table: String,
    rule: &'static str,
    evaluations: usize,
    repeats: usize,
    merges: f64,
    merges_stderr: f64,
    /// Share of all merges of all nights that are not truly better; 0 if there were none.
    false_share: f64,
    /// As if merges were independent.
    false_share_stderr: f64,
    /// Of the incumbent at the end, by its true value.
    regret: f64,
    regret_stderr: f64,
    /// True value of the incumbent at the end; lower is better here.
    value: f64,
    /// Evaluations that were not trials of the search.
    proof_trials: f64,
    proof_trials_stderr: f64,
}

impl Merging {
    pub(crate) fn new(table: &Table, rule: Rule, settings: &MergeSettings, nights: &[Morning]) -> Self {
        let of = |number: fn(&Morning) -> f64| mean_and_error(&nights.iter().map(number).collect::<Vec<_>>());
        let (merges, merges_stderr) = of(|night| night.merges as f64);
        let (regret, regret_stderr) = of(|night| night.regret);
        let (proof_trials, proof_trials_stderr) = of(|night| night.proof as f64);
        let all: usize = nights.iter().map(|night| night.merges).sum();
        let wrong: usize = nights.iter().map(|night| night.false_merges).sum();
        let false_share = wrong as f64 / all.max(1) as f64;
        Self {
            table: table.name.clone(),
            rule: rule.as_str(),
            evaluations: settings.evaluations,
            repeats: settings.repeats,
            merges,
            merges_stderr,
            false_share,
            false_share_stderr: (false_share * (1.0 - false_share) / all.max(1) as f64).sqrt(),
            regret,
            regret_stderr,
            value: of(|night| night.value).0,
            proof_trials,
            proof_trials_stderr,
        }
    }
}

/// All rules on one table.
pub(crate) fn merging_text(table: &Table, settings: &MergeSettings, rules: &[Merging]) -> String {
    let MergeSettings { evaluations, repeats, search, .. } = settings;
    let (name, programs) = (&table.name, table.len());
    let mut text = format!(
        "{name}: {programs} programs; {repeats} nights of {evaluations} evaluations, proofs included, with {search}\n\n"
    );
    let _ = writeln!(
        text,
        "  {:<17}{:>14}{:>18}{:>16}{:>14}{:>14}",
        "rule", "merges", "not better, %", "regret x 1000", "proof runs", "true value"
    );
    for merging in rules {
        let with = |value: f64, error: f64, digits: usize| format!("{value:.digits$} ± {error:.digits$}");
        let _ = writeln!(
            text,
            "  {:<17}{:>14}{:>18}{:>16}{:>14}{:>14.4}",
            merging.rule,
            with(merging.merges, merging.merges_stderr, 1),
            with(100.0 * merging.false_share, 100.0 * merging.false_share_stderr, 1),
            with(UNIT * merging.regret, UNIT * merging.regret_stderr, 0),
            with(merging.proof_trials, merging.proof_trials_stderr, 1),
            table.as_printed(merging.value),
        );
    }
    text
}
