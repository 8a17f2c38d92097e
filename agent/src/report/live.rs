//! What the user sees while a study runs: a line for each trial, and a bar for each slot.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::debug_log;
use super::describe::{idea_of, merge, standing, title};
use crate::study::{Event, Outcome, Purpose, Run, RunEnded, Study, TrialEnded, duration, figure, percent};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default();
const FAINT: Style = Style::new().dimmed();

/// Prints events as they come and keeps the bars at the bottom of the terminal.
#[derive(Debug)]
pub(crate) struct Live {
    bars: MultiProgress,
    slots: Vec<ProgressBar>,
    /// How the study stands.
    status: ProgressBar,
}

impl Live {
    /// Bars appear only on a terminal.
    pub(crate) fn new(slots: usize) -> Self {
        let bars = MultiProgress::new();
        if !std::io::stdout().is_terminal() || debug_log::is_printed() {
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style =
            ProgressStyle::with_template("  {bar:24} {percent:>3} %  {msg}").expect("the template is valid");
        let bar = |_| {
            let bar = bars.add(ProgressBar::new(1000).with_style(style.clone()));
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        };
        let slots = (0..slots).map(bar).collect();
        let plain = ProgressStyle::with_template("  {msg}").expect("the template is valid");
        let status = bars.add(ProgressBar::new(1).with_style(plain));
        Self { bars, slots, status }
    }

    /// Prints a line above the bars.
    pub(crate) fn line(&self, text: &str) {
        // A study continues if nobody reads its output, or the disk under its log is full.
        let print = || drop(writeln!(anstream::stdout(), "{text}"));
        if self.bars.is_hidden() {
            print();
        } else {
            self.bars.suspend(print);
        }
    }

    /// A warning; the caller gives it only once.
    pub(crate) fn warn(&self, text: &str) {
        self.line(&format!("{}warning:{} {text}", BAD.render(), BAD.render_reset()));
    }

    /// What a slot is doing: its phase, and the share of it that is done.
    pub(crate) fn progress(&self, slot: usize, message: &str, share: f64) {
        if let Some(bar) = self.slots.get(slot) {
            bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
            bar.set_message(message.to_owned());
        }
    }

    /// A slot has nothing to do.
    pub(crate) fn idle(&self, slot: usize) {
        self.progress(slot, "", 0.0);
    }

    /// Removes the bars at the end.
    pub(crate) fn finish(&self) {
        self.slots.iter().chain([&self.status]).for_each(ProgressBar::finish_and_clear);
    }

    /// Prints what an event means; `study` has already applied it.
    pub(crate) fn event(&self, event: &Event, study: &Study) {
        if let Some(standing) = standing(study) {
            self.status.set_message(format!("{} trials; {standing}", study.next_trial().saturating_sub(1)));
        }
        match event {
            Event::TrialEnded(ended) => self.line(&trial_line(ended, study)),
            Event::RunEnded(run) => {
                self.line(&run_line(run, study));
                if run.purpose != Purpose::Check && study.runs.last().is_some_and(|run| study.is_slow(run)) {
                    self.warn("it did less work than the other runs of its program: it does not count, and is repeated");
                }
            }
            Event::Decided(decided) if !decided.merge => self.line(&format!(
                "{FAINT}           trial {} is not merged: {}{FAINT:#}",
                decided.candidate, decided.reason
            )),
            Event::Merged(merged) => {
                let text = format!("  merged   trial {}: {}", merged.trial, merge(study, merged));
                self.line(&format!("{GOOD}{text}{GOOD:#}"));
            }
            Event::MainMoved(moved) => self.warn(&format!(
                "somebody else moved main to {}; trial {} measures it",
                moved.commit.short(),
                moved.trial
            )),
            Event::Started(_)
            | Event::TrialStarted(_)
            | Event::Decided(_)
            | Event::MainFollowed { .. }
            | Event::PolicyUpdated { .. }
            | Event::Stopped { .. }
            | Event::Resumed { .. } => {}
        }
    }
}

fn trial_line(ended: &TrialEnded, study: &Study) -> String {
    let name = if ended.trial == 0 { "baseline".into() } else { format!("trial {:>3}", ended.trial) };
    let style = match ended.outcome {
        Outcome::Better => GOOD,
        Outcome::Measured => Style::new(),
        Outcome::Worse | Outcome::Pruned => FAINT,
        _ => BAD,
    };
    let printed = |value: f64| study.started.as_printed(value);
    let metric = ended.measurement.metric.map(printed);
    let value = metric.map_or("      -".into(), |metric| format!("{:>7}", figure(metric)));
    let change = metric.zip(ended.main.map(printed)).and_then(|(metric, main)| percent(main, metric));
    let change = change.map_or(String::new(), |change| format!("{change} vs main"));
    let why = if ended.outcome.is_completed() { "" } else { &ended.measurement.reason };
    let why = if why.is_empty() { String::new() } else { format!(" {FAINT}({why}){FAINT:#}") };
    format!(
        "{name:<9}  {style}{:<13}{style:#} {value} {change:>16}  {:>6}  {}{why}",
        ended.outcome.to_string(),
        duration(ended.measurement.seconds()),
        idea_of(study, ended.trial),
    )
}

fn run_line(run: &RunEnded, study: &Study) -> String {
    let value = run
        .measurement
        .metric
        .map_or_else(|| run.measurement.reason.clone(), |metric| figure(study.started.as_printed(metric)));
    let what = title(study, Run::Again { trial: run.trial, purpose: run.purpose });
    format!("{FAINT}           run           {value:>7}                   {what}{FAINT:#}")
}
