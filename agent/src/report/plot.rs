//! The progress plot: every trial as a point, and the incumbent as a falling line (SVG).

use std::fmt::Write;

use super::frame::{Frame, image};
use crate::study::{Outcome, Study, TrialNumber, figure, mean};

/// Draws the plot; `None` while no trial has completed.
pub(crate) fn progress_plot(study: &Study) -> Option<String> {
    let completed: Vec<(u32, f64, Outcome)> = study
        .trials
        .iter()
        .filter_map(|trial| Some((trial.started.trial, trial.metric()?, trial.outcome()?)))
        .collect();
    let low = completed.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    // The worst runs would squeeze the others together, so the axis ends a little above the baseline.
    let baseline = study.trials.first()?.metric()?;
    let high = baseline + 0.05 * baseline.abs();
    let frame = Frame { last: f64::from(study.next_trial().max(2) - 1), low, high };
    let mut svg = frame.grid(|value| figure(study.started.as_printed(value)));
    for (trial, value, outcome) in &completed {
        let colour = if *outcome == Outcome::Better { "#4a90d9" } else { "#bbb" };
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
            frame.x(f64::from(*trial)),
            frame.y(*value)
        );
    }
    svg.push_str(&incumbent_line(study, frame));
    svg.push_str(&frame.captions(&format!(
        "{} of each completed trial (blue: better than main then), and of main on fresh seeds (line)",
        study.started.metric
    )));
    Some(image(&[svg]))
}

/// The steps of main, each at its mean on fresh seeds: from the trial that was merged on, or that measured what somebody
/// else put there.
fn incumbent_line(study: &Study, frame: Frame) -> String {
    let bases = study.trials.iter().filter(|trial| trial.is_base()).map(|trial| trial.started.trial);
    let mut steps: Vec<TrialNumber> = bases.chain(study.merges.iter().map(|merged| merged.trial)).collect();
    steps.sort_unstable();
    let mut path = String::new();
    for trial in steps {
        let results = study.fresh_results(trial);
        if results.is_empty() {
            continue;
        }
        let value = mean(&results);
        let (x, y) = (frame.x(f64::from(trial)), frame.y(value));
        let _ = if path.is_empty() { write!(path, "M{x:.1} {y:.1}") } else { write!(path, "H{x:.1}V{y:.1}") };
    }
    let _ = write!(path, "H{:.1}", frame.x(frame.last));
    format!("<path d=\"{path}\" fill=\"none\" stroke=\"#c0392b\" stroke-width=\"2\"/>\n")
}
