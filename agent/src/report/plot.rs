//! The progress plot: every trial as a point, and the incumbent as a falling line (SVG).

use std::fmt::Write;

use crate::study::{Outcome, Study, mean};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 380.0;
const MARGIN: f64 = 56.0;

/// Draws the plot; `None` while no trial has completed.
pub(crate) fn progress_plot(study: &Study) -> Option<String> {
    let completed: Vec<(u32, f64, Outcome)> = study
        .trials
        .iter()
        .filter_map(|trial| Some((trial.started.trial, trial.metric()?, trial.outcome()?)))
        .collect();
    let low = completed.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    // The worst runs would press the others together: the axis ends a little above the baseline.
    let baseline = study.trials.first()?.metric()?;
    let high = baseline + 0.05 * baseline.abs();
    let last = f64::from(study.next_trial().max(2) - 1);
    let x = |trial: f64| MARGIN + trial / last * (WIDTH - 2.0 * MARGIN);
    let y = |value: f64| {
        HEIGHT - MARGIN - ((value - low) / (high - low)).clamp(0.0, 1.0) * (HEIGHT - 2.0 * MARGIN)
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for step in 0..=4 {
        let value = low + (high - low) * f64::from(step) / 4.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.3}</text>",
            WIDTH - MARGIN,
            MARGIN - 6.0,
            y(value) + 4.0,
            study.started.as_printed(value),
            y = y(value)
        );
    }
    for (trial, value, outcome) in &completed {
        let colour = if *outcome == Outcome::Kept { "#4a90d9" } else { "#bbb" };
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
            x(f64::from(*trial)),
            y(*value)
        );
    }
    svg.push_str(&incumbent_line(study, &x, &y));
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">trial</text>\
         <text x=\"{MARGIN}\" y=\"24\">{} of each completed trial (blue: kept), and of main on fresh seeds (line)</text>\n</svg>",
        WIDTH / 2.0,
        HEIGHT - 14.0,
        study.started.metric
    );
    Some(svg)
}

/// The steps of main: each from the trial that was merged on, at its mean on fresh seeds.
fn incumbent_line(study: &Study, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let steps = std::iter::once(0).chain(study.merges.iter().map(|merged| merged.trial));
    let mut path = String::new();
    for trial in steps {
        let value = mean(&study.fresh_results(trial));
        let (x, y) = (x(f64::from(trial)), y(value));
        let _ = if path.is_empty() { write!(path, "M{x:.1} {y:.1}") } else { write!(path, "H{x:.1}V{y:.1}") };
    }
    let _ = write!(path, "H{:.1}", x(f64::from(study.next_trial().max(2) - 1)));
    format!("<path d=\"{path}\" fill=\"none\" stroke=\"#c0392b\" stroke-width=\"2\"/>\n")
}
