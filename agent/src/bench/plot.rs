//! The curves of a bench: mean regret of the returned program by trial, one line per method, one plot per table (SVG).

use std::fmt::Write;

use super::compare::{Which, mean_and_error, regrets};
use super::replay::{Replayed, Searched, Settings, checkpoints};
use crate::report::{Frame, MARGIN, WIDTH, escaped, image};

/// Points of a curve.
const POINTS: usize = 60;

/// Smaller regrets are drawn here: the axis is logarithmic.
const LEAST: f64 = 0.001;

const COLOURS: [&str; 8] =
    ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"];

/// The numbers of trials that a plot needs, including checkpoints.
pub(crate) fn points(trials: usize) -> Vec<usize> {
    let step = trials.div_ceil(POINTS);
    let mut points: Vec<usize> = std::iter::once(1).chain((step..=trials).step_by(step)).collect();
    points.extend(checkpoints(trials));
    points.sort_unstable();
    points.dedup();
    points
}

/// Draws the plots of all tables.
pub(crate) fn curves(tables: &[Searched], settings: &Settings) -> String {
    let plots: Vec<String> = tables.iter().map(|searched| plot(searched, settings)).collect();
    image(&plots)
}

fn plot(searched: &Searched, settings: &Settings) -> String {
    let curves: Vec<Vec<(f64, f64)>> =
        searched.methods.iter().map(|replayed| curve(replayed, settings)).collect();
    let bounds = || curves.iter().flatten().flat_map(|(mean, error)| [mean - error, mean + error]).map(log);
    let low = bounds().fold(f64::INFINITY, f64::min);
    let high = bounds().fold(low + 0.1, f64::max);
    let frame = Frame { last: settings.trials as f64, low, high };
    let mut svg = frame.grid(|value| format!("{:.3}", 10_f64.powf(value)));
    svg.push_str(&frame.marks(&checkpoints(settings.trials)));
    for (index, (replayed, curve)) in searched.methods.iter().zip(&curves).enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let line = |side: f64| -> Vec<String> {
            let point = |(&trials, (mean, error)): (&usize, &(f64, f64))| {
                format!("{:.1},{:.1}", frame.x(trials as f64), frame.y(log(mean + side * error)))
            };
            settings.points.iter().zip(curve).map(point).collect()
        };
        let band: Vec<String> = line(1.0).into_iter().chain(line(-1.0).into_iter().rev()).collect();
        let _ = writeln!(
            svg,
            "<polygon points=\"{}\" fill=\"{colour}\" opacity=\"0.15\"/>\
             <polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
            band.join(" "),
            line(0.0).join(" "),
            WIDTH - MARGIN - 6.0,
            MARGIN + 6.0 + 15.0 * index as f64,
            escaped(&replayed.variant.to_string())
        );
    }
    let title =
        format!("{}: regret of the returned program, mean and standard error", searched.landscape.name());
    svg.push_str(&frame.captions(&title));
    svg
}

/// Mean and standard error at each point.
fn curve(replayed: &Replayed, settings: &Settings) -> Vec<(f64, f64)> {
    let at = |point| mean_and_error(&regrets(&replayed.searches, point, Which::Returned));
    (0..settings.points.len()).map(at).collect()
}

fn log(regret: f64) -> f64 {
    regret.max(LEAST).log10()
}

#[cfg(test)]
mod tests {
    use super::super::replay::replay;
    use super::super::testing::square;
    use super::*;
    use crate::policy::{Method, Variant};

    #[test]
    fn a_plot_has_every_checkpoint_and_is_no_finer_than_it_needs_to_be() {
        assert_eq!(points(10), (1..=10).collect::<Vec<_>>());
        let points = points(300);
        assert!(checkpoints(300).iter().all(|checkpoint| points.contains(checkpoint)));
        assert!(points.len() < POINTS + 6 && points.is_sorted(), "{points:?}");
    }

    #[test]
    fn each_table_has_a_plot_and_each_method_a_line() {
        let settings = Settings {
            trials: 12,
            batch: 4,
            repeats: 2,
            seed: 1,
            points: points(12),
            learn_from: Vec::new(),
        };
        let searched = || {
            let table = square(4, |a, b| Some(vec![(4 * a + b) as f64]));
            let methods = [Method::Random, Method::Greedy]
                .map(|method| replay(&table, &Variant::from(method), &settings));
            Searched { landscape: Box::new(table), methods: methods.into(), against: None }
        };
        let svg = curves(&[searched(), searched()], &settings);
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert_eq!(svg.matches(">greedy</text>").count(), 2);
        assert!(!svg.contains("NaN") && svg.starts_with("<svg") && svg.ends_with("</svg>"), "{svg}");
    }
}
