//! What a bench prints: for people, a text for each table and one for all; for programs, one JSON object per line.

use std::fmt::Write;

use serde::Serialize;

use super::compare::{Interval, Which, difference, mean_and_error, ratio, regrets};
use super::landscape::Landscape;
use super::replay::{Replayed, Searched, Settings, checkpoints};

/// Regrets are shown in thousandths.
const UNIT: f64 = 1e3;

/// Marks the rows of the program with the best single result.
const OBSERVED: &str = ", observed";

/// A method's regrets at one checkpoint, as `--json` prints them.
#[derive(Serialize)]
struct Printed<'a> {
    table: &'a str,
    method: String,
    batch: usize,
    trials: usize,
    mean: f64,
    stderr: f64,
    observed_mean: f64,
    observed_stderr: f64,
    repeats: usize,
}

/// The lines of one method on one table, without a final line end.
pub(crate) fn json(
    landscape: &dyn Landscape,
    replayed: &Replayed,
    settings: &Settings,
) -> serde_json::Result<String> {
    let line = |trials: usize| {
        let (mean, stderr) = at(replayed, settings, trials, Which::Returned);
        let (observed_mean, observed_stderr) = at(replayed, settings, trials, Which::Observed);
        serde_json::to_string(&Printed {
            table: landscape.name(),
            method: replayed.variant.to_string(),
            batch: settings.batch,
            trials,
            mean,
            stderr,
            observed_mean,
            observed_stderr,
            repeats: settings.repeats,
        })
    };
    let lines: serde_json::Result<Vec<String>> = checkpoints(settings.trials).into_iter().map(line).collect();
    Ok(lines?.join("\n"))
}

/// The whole text for one table.
pub(crate) fn table_text(searched: &Searched, settings: &Settings) -> String {
    let Settings { trials, batch, repeats, .. } = settings;
    let (name, size) = (searched.landscape.name(), searched.landscape.size());
    let mut text = format!("{name}: {size}; {repeats} searches of {trials} trials, {batch} at a time\n");
    means(&mut text, searched, settings, Which::Returned);
    means(&mut text, searched, settings, Which::Observed);
    exhausted(&mut text, searched, settings);
    if let Some(against) = searched.against() {
        differences(&mut text, searched, against, settings);
        let _ = write!(text, "\n{}", ratios(std::slice::from_ref(searched), settings));
    }
    text
}

fn means(text: &mut String, searched: &Searched, settings: &Settings, which: Which) {
    let (checkpoints, width) = (checkpoints(settings.trials), width(&searched.methods));
    let (program, cost) = match which {
        Which::Returned => ("returned", "  CPU s / search"),
        Which::Observed => ("with the best single result", ""),
    };
    let _ = writeln!(text, "\n  regret x 1000 of the program {program}, mean and standard error");
    let _ = writeln!(text, "  {:width$}{}{cost}", "trials", heads(&checkpoints, 14));
    for replayed in &searched.methods {
        let _ = write!(text, "  {:width$}", replayed.variant);
        for &trials in &checkpoints {
            let (mean, error) = at(replayed, settings, trials, which);
            let _ = write!(text, "{:>14}", format!("{:.0} ± {:.0}", UNIT * mean, UNIT * error));
        }
        if which == Which::Returned {
            let _ = write!(text, "{:>16.2}", replayed.seconds);
        }
        text.push('\n');
    }
}

/// Names the methods whose searches ended early.
fn exhausted(text: &mut String, searched: &Searched, settings: &Settings) {
    for replayed in &searched.methods {
        let trials: usize = replayed.searches.iter().map(|search| search.trials).sum();
        if trials < settings.repeats * settings.trials {
            let mean = trials as f64 / settings.repeats as f64;
            let method = &replayed.variant;
            let _ = writeln!(text, "  {method} found nothing left to try after {mean:.1} trials on average");
        }
    }
}

fn differences(text: &mut String, searched: &Searched, against: &Replayed, settings: &Settings) {
    let (checkpoints, width) = (checkpoints(settings.trials), width(&searched.methods));
    let against_name = &against.variant;
    let _ = writeln!(text, "\n  difference from {against_name}, returned, x 1000, with its 95 % interval");
    let _ = writeln!(text, "  {:width$}{}", "trials", heads(&checkpoints, 22));
    for replayed in searched.methods.iter().filter(|replayed| replayed.variant != against.variant) {
        let _ = write!(text, "  {:width$}", replayed.variant);
        for &trials in &checkpoints {
            let point = settings.point(trials);
            let of = |replayed: &Replayed| regrets(&replayed.searches, point, Which::Returned);
            let Interval { value, low, high } = difference(&of(replayed), &of(against));
            let [value, low, high] = [value, low, high].map(|number| UNIT * number);
            let _ = write!(text, "{:>22}", format!("{value:+.0} ({low:+.0} to {high:+.0})"));
        }
        text.push('\n');
    }
}

/// Ratios to the returned program of the method that others are compared with: of one table, or their geometric mean
/// over several; nothing if there is no such method.
pub(crate) fn ratios(tables: &[Searched], settings: &Settings) -> String {
    let Some((first, against)) = tables.first().and_then(|first| Some((first, first.against()?))) else {
        return String::new();
    };
    let checkpoints = checkpoints(settings.trials);
    let width = width(&first.methods) + OBSERVED.len();
    let over = match tables.len() {
        1 => String::new(),
        n => format!(", geometric mean over {n} tables"),
    };
    let mut text = format!(
        "  (regret + .005) / (returned regret of {} + .005){over}, with its 95 % interval\n  {:width$}{}\n",
        against.variant,
        "trials",
        heads(&checkpoints, 22)
    );
    for (method, replayed) in first.methods.iter().enumerate() {
        for (which, suffix) in [(Which::Returned, ""), (Which::Observed, OBSERVED)] {
            if which == Which::Returned && first.against == Some(method) {
                continue;
            }
            let _ = write!(text, "  {:width$}", format!("{}{suffix}", replayed.variant));
            for &trials in &checkpoints {
                let point = settings.point(trials);
                let pair = |searched: &Searched| {
                    let others = &searched.against()?.searches;
                    let searches = &searched.methods[method].searches;
                    Some((regrets(searches, point, which), regrets(others, point, Which::Returned)))
                };
                let Interval { value, low, high } =
                    ratio(&tables.iter().filter_map(pair).collect::<Vec<_>>());
                let _ = write!(text, "{:>22}", format!("{value:.2} ({low:.2} to {high:.2})"));
            }
            text.push('\n');
        }
    }
    text
}

fn at(replayed: &Replayed, settings: &Settings, trials: usize, which: Which) -> (f64, f64) {
    mean_and_error(&regrets(&replayed.searches, settings.point(trials), which))
}

/// Width of the column of method names.
fn width(methods: &[Replayed]) -> usize {
    methods.iter().map(|replayed| replayed.variant.to_string().len()).max().unwrap_or(0).max("trials".len())
}

fn heads(checkpoints: &[usize], width: usize) -> String {
    checkpoints.iter().map(|checkpoint| format!("{checkpoint:>width$}")).collect()
}
