//! Reads what a training run reports: the points of its curve, its result, its complaints. It believes
//! nothing that is not a number, and does not know how the process ended.

use std::fs;
use std::path::Path;

use regex::{Captures, Regex};

use super::kv::Fields;
use super::{Metric, MetricSource};
use crate::study::{Ending, Point};

/// What a run has reported so far. Values are turned so that lower is better.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) curve: Vec<Point>,
    /// Finite or not, as reported.
    pub(super) metric: Option<f64>,
    /// The same on data that no study sees, if the program was asked for it.
    pub(super) test: Option<f64>,
    /// How many `result` lines there were: more than one is one too many.
    pub(super) results: usize,
    pub(super) program: Option<String>,
    pub(super) tokens: Option<u64>,
    pub(super) steps: Option<u64>,
    pub(super) params: Option<u64>,
    pub(super) device: Option<String>,
    pub(super) device_memory: Option<u64>,
    /// The first complaint: how the run must be judged, and why.
    pub(super) fault: Option<(Ending, String)>,
}

/// What one line meant.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    Nothing,
    /// A new point, the last of the curve.
    Point,
    /// A value that is not a number: nothing good can follow.
    Diverged,
}

impl Told {
    pub(super) fn hear(&mut self, line: &str, metric: &Metric) -> Heard {
        match &metric.source {
            MetricSource::Protocol => self.hear_protocol(line, metric),
            MetricSource::Pattern { result, progress } => {
                if let Some(value) = result.captures(line).and_then(|found| value(result, &found)) {
                    self.metric = Some(metric.lower_is_better(value));
                }
                let Some((progress, found)) = progress.as_ref().and_then(|p| Some((p, p.captures(line)?)))
                else {
                    return Heard::Nothing;
                };
                match (share(&found), value(progress, &found)) {
                    (Some(share), Some(value)) => self.add_point(share, metric.lower_is_better(value)),
                    _ => Heard::Nothing,
                }
            }
            MetricSource::BurnTrain { .. } => Heard::Nothing,
        }
    }

    fn hear_protocol(&mut self, line: &str, metric: &Metric) -> Heard {
        if let Some(fields) = Fields::of("progress", line) {
            let (Some(share), Some(value)) = (fields.number("share"), fields.number(&metric.name)) else {
                return Heard::Nothing;
            };
            return self.add_point(share, metric.lower_is_better(value));
        }
        if let Some(fields) = Fields::of("result", line) {
            self.results += 1;
            self.metric = fields.number(&metric.name).map(|value| metric.lower_is_better(value));
            self.test = fields.number(&metric.test_name()).map(|value| metric.lower_is_better(value));
            self.program = fields.text("program").map(str::to_owned);
            self.tokens = fields.count("tokens");
            self.steps = fields.count("steps");
            self.params = fields.count("params");
            self.device = fields.text("device").map(str::to_owned);
            self.device_memory = fields.count("device_memory");
        }
        if let Some(text) = line.strip_prefix("error ") {
            self.fault.get_or_insert_with(|| complaint(line, text));
        }
        Heard::Nothing
    }

    fn add_point(&mut self, share: f64, value: f64) -> Heard {
        if !value.is_finite() {
            let reason = format!("{value} at {:.0} % of the budget", share * 100.0);
            self.fault.get_or_insert((Ending::Diverged, reason));
            return Heard::Diverged;
        }
        let last = self.curve.last().map_or(0.0, |point| point.share);
        if !(share > last && share <= 1.0) {
            return Heard::Nothing;
        }
        self.curve.push(Point { share, value });
        Heard::Point
    }

    /// Reads the files that a finished run left behind, where the metric is in files.
    pub(super) fn read_files(&mut self, metric: &Metric, package: &Path) {
        let MetricSource::BurnTrain { directory, log } = &metric.source else { return };
        let epochs = burn_train_epochs(&package.join(directory), log);
        for (index, mean) in epochs.iter().enumerate() {
            self.add_point((index + 1) as f64 / epochs.len() as f64, metric.lower_is_better(*mean));
        }
        self.metric = epochs.last().map(|mean| metric.lower_is_better(*mean));
    }
}

/// `error kind=diverged message=the loss is NaN`, or an error in other words.
fn complaint(line: &str, text: &str) -> (Ending, String) {
    let fields = Fields::of("error", line);
    let ending = match fields.as_ref().and_then(|fields| fields.text("kind")) {
        Some("diverged") => Ending::Diverged,
        Some("invalid") => Ending::Invalid,
        Some("out-of-memory") => Ending::OutOfMemory,
        _ => Ending::Crashed,
    };
    let message = fields.and_then(|fields| fields.text("message")).unwrap_or(text);
    (ending, message.to_owned())
}

fn value(pattern: &Regex, found: &Captures<'_>) -> Option<f64> {
    let named = pattern.capture_names().flatten().any(|name| name == "value");
    let group = if named { found.name("value") } else { found.get(1) };
    group?.as_str().trim().parse().ok()
}

fn share(found: &Captures<'_>) -> Option<f64> {
    let number = |name| found.name(name)?.as_str().trim().parse::<f64>().ok();
    number("share").or_else(|| Some(number("step")? / number("steps")?))
}

/// The mean of each epoch, from 1 on. A line is `value` or `value,count`: a batch and its size.
fn burn_train_epochs(directory: &Path, log: &str) -> Vec<f64> {
    let file = |epoch| directory.join(format!("valid/epoch-{epoch}/{}.log", log.replace(' ', "_")));
    (1..)
        .map_while(|epoch: u32| fs::read_to_string(file(epoch)).ok())
        .filter_map(|text| mean(&text))
        .collect()
}

fn mean(text: &str) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for line in text.lines() {
        let (value, weight) = line.split_once(',').unwrap_or((line, "1"));
        let weight: f64 = weight.trim().parse().ok()?;
        sum += value.trim().parse::<f64>().ok()? * weight;
        count += weight;
    }
    (count > 0.0).then_some(sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(metric: &Metric, lines: &[&str]) -> Told {
        let mut told = Told::default();
        for line in lines {
            told.hear(line, metric);
        }
        told
    }

    #[test]
    fn the_protocol_gives_a_curve_and_a_result_among_prose() {
        let metric = Metric::val_bpb();
        let lines = [
            "loading data",
            "progress share=0.5 step=1 tokens=2 seconds=0.1 train_loss=1 val_bpb=3.5",
            "progress share=1 val_bpb=3.25",
            "result program=abc val_bpb=3.3 seconds=1 tokens=4096 steps=4 params=100 memory=0 device=wgpu:card device_memory=4096",
        ];
        let told = told(&metric, &lines);
        assert_eq!(told.curve, [Point { share: 0.5, value: 3.5 }, Point { share: 1.0, value: 3.25 }]);
        assert_eq!((told.metric, told.results), (Some(3.3), 1));
        assert_eq!((told.tokens, told.steps, told.params), (Some(4096), Some(4), Some(100)));
        assert_eq!((told.program.as_deref(), told.device.as_deref()), (Some("abc"), Some("wgpu:card")));
        assert_eq!(told.device_memory, Some(4096));
    }

    #[test]
    fn nan_is_a_divergence_and_never_a_point() {
        let mut told = Told::default();
        assert_eq!(told.hear("progress share=0.25 val_bpb=NaN", &Metric::val_bpb()), Heard::Diverged);
        assert!(told.curve.is_empty());
        assert_eq!(told.fault, Some((Ending::Diverged, "NaN at 25 % of the budget".to_owned())));
    }

    #[test]
    fn shares_only_rise_and_end_at_one() {
        let lines = ["0.5", "0.5", "0.25", "NaN", "1.5", "1"]
            .map(|share| format!("progress share={share} val_bpb=2"));
        let told = told(&Metric::val_bpb(), &lines.each_ref().map(String::as_str));
        assert_eq!(told.curve.iter().map(|point| point.share).collect::<Vec<_>>(), [0.5, 1.0]);
    }

    #[test]
    fn the_first_complaint_counts_and_names_its_kind() {
        let lines = ["error kind=invalid message=it looks ahead", "error kind=diverged message=later"];
        let told = told(&Metric::val_bpb(), &lines);
        assert_eq!(told.fault, Some((Ending::Invalid, "it looks ahead".to_owned())));
    }

    #[test]
    fn a_pattern_finds_an_accuracy_and_negates_it() {
        let metric = Metric {
            name: "accuracy".to_owned(),
            maximise: true,
            source: MetricSource::Pattern {
                result: Regex::new(r"^done: ([\d.]+) %").unwrap(),
                progress: Some(Regex::new(r"\[(?<step>\d+)/(?<steps>\d+)\] .*: (?<value>[\d.]+) %").unwrap()),
            },
        };
        let told = told(
            &metric,
            &["[1/4] validation accuracy: 70.5 %", "[2/4] validation accuracy: 80 %", "done: 81 %"],
        );
        assert_eq!(told.curve, [Point { share: 0.25, value: -70.5 }, Point { share: 0.5, value: -80.0 }]);
        assert_eq!(told.metric, Some(-81.0));
    }

    #[test]
    fn burn_train_logs_give_the_weighted_mean_of_each_epoch() {
        let directory = tempfile::tempdir().unwrap();
        for (epoch, text) in [(1, "4.0,3\n8.0,1\n"), (2, "2.0\n3.0\n")] {
            let epoch = directory.path().join(format!("logs/valid/epoch-{epoch}"));
            fs::create_dir_all(&epoch).unwrap();
            fs::write(epoch.join("Loss.log"), text).unwrap();
        }
        let source = MetricSource::BurnTrain { directory: "logs".to_owned(), log: "Loss".to_owned() };
        let metric = Metric { name: "loss".to_owned(), maximise: false, source };
        let mut told = Told::default();
        told.read_files(&metric, directory.path());
        assert_eq!(told.curve, [Point { share: 0.5, value: 5.0 }, Point { share: 1.0, value: 2.5 }]);
        assert_eq!(told.metric, Some(2.5));
    }
}
