//! What `bench stopping` prints: a table for people, one JSON object a line for programs.

use std::fmt::Write;

use serde::Serialize;

use super::curves::CurveStudy;
use super::measure::Measured;
use super::replay::ORDERS;

/// One rule at one setting, as `--json` prints it.
#[derive(Serialize)]
struct Printed {
    rule: String,
    setting: f64,
    throughput: f64,
    winners_stopped: f64,
    best_found: f64,
    /// Of `winners_stopped`.
    low: f64,
    high: f64,
}

/// The lines of some measurements, without a line end at the end.
pub(crate) fn stopping_json(measured: &[Measured]) -> serde_json::Result<String> {
    let line = |measured: &Measured| {
        let [winners_stopped, low, high] = measured.winners_stopped;
        serde_json::to_string(&Printed {
            rule: measured.rule.to_string(),
            setting: measured.setting,
            throughput: measured.throughput[0],
            winners_stopped,
            best_found: measured.best_found[0],
            low,
            high,
        })
    };
    Ok(measured.iter().map(line).collect::<serde_json::Result<Vec<_>>>()?.join("\n"))
}

/// The same for people; a star marks what no other beats in both throughput and winners stopped.
pub(crate) fn stopping_text(studies: &[CurveStudy], measured: &[Measured]) -> String {
    let runs: usize = studies.iter().map(|study| study.runs.len()).sum();
    let mut text = format!(
        "{} studies of {runs} runs in all, each in {ORDERS} orders; intervals: 95 %, bootstrap over studies\n\n",
        studies.len()
    );
    let _ = writeln!(
        text,
        "{:<12}{:>8}{:>24}{:>34}{:>28}",
        "rule", "setting", "throughput", "winners stopped", "best found"
    );
    for row in measured {
        let percent = |[value, low, high]: [f64; 3]| {
            format!("{:.1} % ({:.1} to {:.1})", 100.0 * value, 100.0 * low, 100.0 * high)
        };
        let [throughput, low, high] = row.throughput;
        let counts = format!("{}/{}", row.total.winners_stopped, row.total.winners);
        let _ = writeln!(
            text,
            "{:<12}{:>8}{:>24}{:>12}{:>22}{:>28}{}",
            row.rule,
            row.setting,
            format!("{throughput:.2} ({low:.2} to {high:.2})"),
            counts,
            percent(row.winners_stopped),
            percent(row.best_found),
            if is_on_front(row, measured) { " *" } else { "" }
        );
    }
    text
}

fn is_on_front(row: &Measured, all: &[Measured]) -> bool {
    !all.iter().any(|other| {
        let faster = other.throughput[0] >= row.throughput[0];
        let safer = other.winners_stopped[0] <= row.winners_stopped[0];
        let differs =
            other.throughput[0] > row.throughput[0] || other.winners_stopped[0] < row.winners_stopped[0];
        faster && safer && differs
    })
}
