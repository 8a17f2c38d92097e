//! What `bench stopping` prints: a table for people, one JSON object per line for programs.

use std::fmt::Write;

use serde::Serialize;

use super::curves::CurveStudy;
use super::measure::{Interval, Measured};
use super::replay::ORDERS;

/// One rule at one setting, as `--json` prints it.
#[derive(Serialize)]
struct Printed {
    rule: String,
    setting: f64,
    throughput: f64,
    winners_stopped: f64,
    best_found: f64,
    /// Of `winners_stopped`; `null` for a single study.
    low: Option<f64>,
    high: Option<f64>,
}

/// The lines of some measurements, without a final line end.
pub(crate) fn stopping_json(measured: &[Measured]) -> serde_json::Result<String> {
    let line = |measured: &Measured| {
        let Interval { value: winners_stopped, bounds } = measured.winners_stopped;
        serde_json::to_string(&Printed {
            rule: measured.rule.to_string(),
            setting: measured.setting,
            throughput: measured.throughput.value,
            winners_stopped,
            best_found: measured.best_found.value,
            low: bounds.map(|(low, _)| low),
            high: bounds.map(|(_, high)| high),
        })
    };
    Ok(measured.iter().map(line).collect::<serde_json::Result<Vec<_>>>()?.join("\n"))
}

/// The same for people; a star marks rules that no other beats in both throughput and winners stopped.
pub(crate) fn stopping_text(studies: &[CurveStudy], measured: &[Measured]) -> String {
    let runs: usize = studies.iter().map(|study| study.runs.len()).sum();
    let mut text = format!(
        "studies: {}, runs: {runs}, each study in {ORDERS} orders; {}\n\n",
        studies.len(),
        if studies.len() > 1 {
            "intervals: 95 %, bootstrap over studies"
        } else {
            "no intervals from one study"
        }
    );
    let _ = writeln!(
        text,
        "{:<12}{:>8}{:>22}{:>38}{:>26}",
        "rule", "setting", "throughput", "winners stopped", "best found"
    );
    for row in measured {
        let percent = |interval: Interval| {
            let percent = |share: f64| format!("{:.1}", 100.0 * share);
            let bounds =
                interval.bounds.map(|(low, high)| format!(" ({} to {})", percent(low), percent(high)));
            format!("{} %{}", percent(interval.value), bounds.unwrap_or_default())
        };
        let Interval { value, bounds } = row.throughput;
        let bounds = bounds.map(|(low, high)| format!(" ({low:.2} to {high:.2})"));
        let _ = writeln!(
            text,
            "{:<12}{:>8}{:>22}{:>12}{:>26}{:>26}{}",
            row.rule,
            row.setting,
            format!("{value:.2}{}", bounds.unwrap_or_default()),
            format!("{}/{}", row.total.winners_stopped, row.total.winners),
            percent(row.winners_stopped),
            percent(row.best_found),
            if is_on_front(row, measured) { " *" } else { "" }
        );
    }
    text
}

fn is_on_front(row: &Measured, all: &[Measured]) -> bool {
    !all.iter().any(|other| {
        let faster = other.throughput.value >= row.throughput.value;
        let safer = other.winners_stopped.value <= row.winners_stopped.value;
        let differs = other.throughput.value > row.throughput.value
            || other.winners_stopped.value < row.winners_stopped.value;
        faster && safer && differs
    })
}
