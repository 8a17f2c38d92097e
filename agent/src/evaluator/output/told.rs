//! What a run reports: the points of its curve, its result, its complaints. It believes nothing that is not a number, and
//! does not know how the process ended.

use anstream::adapter::strip_str;
use regex::Captures;

use super::burn_train::Logs;
use super::kv::Fields;
use super::number::number_at;
use super::pattern::Reading;
use crate::evaluator::{Metric, MetricSource};
use crate::runner::{Line, Stream};
use crate::study::{Ending, Point};

/// Characters of a line that are shown to people.
const SHOWN: usize = 120;

/// What a run has reported so far. Values are turned so that lower is better.
#[derive(Debug, Default)]
pub(in crate::evaluator) struct Told {
    pub(in crate::evaluator) curve: Vec<Point>,
    pub(in crate::evaluator) metric: Value,
    /// The same on data that no study sees, if the program was asked for it.
    pub(in crate::evaluator) test: Option<f64>,
    /// How many `result` lines there were: more than one is one too many.
    pub(in crate::evaluator) results: usize,
    pub(in crate::evaluator) program: Option<String>,
    pub(in crate::evaluator) tokens: Option<u64>,
    pub(in crate::evaluator) steps: Option<u64>,
    pub(in crate::evaluator) params: Option<u64>,
    pub(in crate::evaluator) device: Option<String>,
    pub(in crate::evaluator) device_memory: Option<u64>,
    /// Seconds of a budget of time that it says it has used.
    pub(in crate::evaluator) used_seconds: Option<f64>,
    /// How many lines reported the metric or a point of its curve, if they are found by patterns.
    pub(in crate::evaluator) reports: u32,
    /// The first complaint: how the run must be judged, and why.
    pub(in crate::evaluator) fault: Option<(Ending, String)>,
    /// The line that last reported the metric.
    pub(in crate::evaluator) line: Option<String>,
    /// Where the metric was last reported.
    from: Option<Stream>,
    /// The last line that is not empty.
    last: String,
}

/// The metric, as the last line has it that reports it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::evaluator) enum Value {
    /// Nothing reported it so far.
    #[default]
    Missing,
    /// Finite or not.
    Number(f64),
    /// Something reported it, but it cannot be read; the reason is one line for people.
    Unreadable(String),
}

/// What one line meant.
#[derive(Debug, PartialEq)]
pub(in crate::evaluator) enum Heard {
    Nothing,
    /// A new point, the last of the curve.
    Point,
    /// A value that is not a number: nothing good can follow.
    Diverged,
}

impl Told {
    pub(in crate::evaluator) fn hear(&mut self, line: &Line, metric: &Metric) -> Heard {
        let text = strip_str(&line.text).to_string();
        let text = text.trim_end();
        if text.is_empty() {
            return Heard::Nothing;
        }
        self.last.clear();
        self.last.push_str(&shown(text));
        match &metric.source {
            MetricSource::Protocol => self.hear_protocol(text, line.from, metric),
            MetricSource::Pattern { result, progress } => {
                let result = result.read(text);
                let point = progress.as_ref().and_then(|progress| progress.read(text));
                self.reports += u32::from(result.is_some() || point.is_some());
                // The streams of a process are not in order with each other: the one for results comes first.
                if let Some((reading, _)) = result
                    && (line.from == Stream::Stdout || self.from != Some(Stream::Stdout))
                {
                    self.from = Some(line.from);
                    self.metric = Value::of(reading, metric, text);
                    self.line = Some(shown(text));
                }
                match point.map(|(reading, found)| (reading, share(text, &found))) {
                    Some((Reading::Number(value), Some(share))) => {
                        self.add_point(share, metric.lower_is_better(value))
                    }
                    _ => Heard::Nothing,
                }
            }
            MetricSource::BurnTrain { .. } => Heard::Nothing,
        }
    }

    fn hear_protocol(&mut self, line: &str, from: Stream, metric: &Metric) -> Heard {
        if let Some(fields) = Fields::of("progress", line) {
            let (Some(share), Some(value)) = (fields.number("share"), fields.number(&metric.name)) else {
                return Heard::Nothing;
            };
            return self.add_point(share, metric.lower_is_better(value));
        }
        if let Some(fields) = Fields::of("result", line) {
            self.results += 1;
            self.line = Some(shown(line));
            self.metric = match (fields.text(&metric.name), fields.number(&metric.name)) {
                (None, _) => Value::Missing,
                (_, number) => Value::of(number.map_or(Reading::Unreadable, Reading::Number), metric, line),
            };
            self.test = fields.number(&metric.test_name()).map(|value| metric.lower_is_better(value));
            self.used_seconds = fields.number("seconds");
            self.program = fields.text("program").map(str::to_owned);
            self.tokens = fields.count("tokens");
            self.steps = fields.count("steps");
            self.params = fields.count("params");
            self.device = fields.text("device").map(str::to_owned);
            self.device_memory = fields.count("device_memory");
        }
        // On stderr others say "error", too.
        let is_ours = |text: &str| from == Stream::Stdout || text.starts_with("kind=");
        if let Some(text) = line.strip_prefix("error ").filter(|text| is_ours(text)) {
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

    /// Reads the files that a finished run left behind, if the metric is in files.
    pub(in crate::evaluator) fn read_files(&mut self, metric: &Metric, logs: Option<&Logs>) {
        let (MetricSource::BurnTrain { log, .. }, Some(logs)) = (&metric.source, logs) else { return };
        match logs.epochs(log) {
            Ok(epochs) => {
                let count = epochs.len() as f64;
                for (index, value) in epochs.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    self.add_point((index + 1) as f64 / count, metric.lower_is_better(*value));
                }
                if let Some(value) = epochs.last() {
                    self.metric = Value::Number(metric.lower_is_better(*value));
                }
            }
            Err(why) => self.metric = Value::Unreadable(why),
        }
    }

    /// Why there is no value, where nothing reported one.
    pub(in crate::evaluator) fn why_missing(&self, metric: &Metric) -> String {
        let name = &metric.name;
        let what = match &metric.source {
            MetricSource::Pattern { result, .. } => {
                format!("no line matches the pattern of {name}, `{}`", result.as_str())
            }
            MetricSource::Protocol => {
                format!(
                    "no line `result {name}=NUMBER`; if it prints {name} in other words, set `metric.pattern`"
                )
            }
            MetricSource::BurnTrain { .. } => format!("no log of {name}"),
        };
        match self.last.as_str() {
            "" => format!("it ended successfully, but printed nothing: {what}"),
            last => format!("it ended successfully, but printed {what}; its last line: `{last}`"),
        }
    }
}

impl Value {
    fn of(reading: Reading, metric: &Metric, line: &str) -> Self {
        match reading {
            Reading::Number(value) => Self::Number(metric.lower_is_better(value)),
            Reading::Unreadable => {
                Self::Unreadable(format!("{} cannot be read as one number in `{}`", metric.name, shown(line)))
            }
        }
    }

    pub(in crate::evaluator) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            _ => None,
        }
    }
}

/// The end of a line, where the newest part of a long one is.
fn shown(line: &str) -> String {
    let skipped = line.chars().count().saturating_sub(SHOWN);
    let end: String = line.chars().skip(skipped).collect();
    if skipped > 0 { format!("..{end}") } else { end }
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

fn share(line: &str, found: &Captures<'_>) -> Option<f64> {
    let number = |name| {
        let group = found.name(name)?;
        Some(number_at(line, group.start(), Some(group.end()))?.value)
    };
    number("share").or_else(|| Some(number("step")? / number("steps")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(text: &str) -> Line {
        Line { from: Stream::Stdout, text: text.to_owned() }
    }

    fn told(metric: &Metric, lines: &[&str]) -> Told {
        let mut told = Told::default();
        for line in lines {
            told.hear(&spoken(line), metric);
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
        assert_eq!((told.metric, told.results), (Value::Number(3.3), 1));
        assert_eq!((told.tokens, told.steps, told.params), (Some(4096), Some(4), Some(100)));
        assert_eq!((told.program.as_deref(), told.device.as_deref()), (Some("abc"), Some("wgpu:card")));
        assert_eq!(told.device_memory, Some(4096));
    }

    #[test]
    fn a_result_that_is_not_a_number_is_shown_with_its_line() {
        let told = told(&Metric::val_bpb(), &["result val_bpb=3,5"]);
        assert!(matches!(told.metric, Value::Unreadable(why) if why.contains("`result val_bpb=3,5`")));
    }

    #[test]
    fn nan_is_a_divergence_and_never_a_point() {
        let mut told = Told::default();
        assert_eq!(
            told.hear(&spoken("progress share=0.25 val_bpb=NaN"), &Metric::val_bpb()),
            Heard::Diverged
        );
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
}
