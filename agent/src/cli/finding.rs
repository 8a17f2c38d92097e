//! What `doctor` has to say of one thing: that it is good, worth knowing, or keeps a study from running.

use anstyle::{AnsiColor, Style};

use crate::project::Blame;

const GOOD: Style = AnsiColor::Green.on_default();
const NOTE: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The result of one check.
pub(super) struct Finding {
    pub(super) mark: Mark,
    pub(super) text: String,
    /// What to do or to know about it, one line each.
    pub(super) advice: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Good,
    /// A study can still run.
    Note,
    /// A study cannot run; the exit code is that of the same error elsewhere.
    Bad(Option<Blame>),
}

impl Finding {
    pub(super) fn new(mark: Mark, text: impl Into<String>) -> Self {
        Self { mark, text: text.into(), advice: Vec::new() }
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    pub(super) fn print(&self) {
        let (style, mark) = match self.mark {
            Mark::Good => (GOOD, '✓'),
            Mark::Note => (NOTE, '!'),
            Mark::Bad(_) => (BAD, '✗'),
        };
        anstream::println!("{style}{mark}{style:#} {}", self.text);
        self.advice.iter().for_each(|line| anstream::println!("    {line}"));
    }
}
