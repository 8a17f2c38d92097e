//! The loop of a study: what is to be done next is done, and what came of it is recorded, until the
//! study ends by itself or its user ends it.

mod batch;
#[cfg(test)]
mod catalogue_tests;
mod check;
mod compare;
mod earlier;
mod interrupt;
mod merge;
mod opening;
mod options;
mod pack;
mod preset;
mod product;
mod project;
mod propose;
mod record;
#[cfg(test)]
mod resume_tests;
mod slots;
mod space;
mod survey;
mod tabulate;
mod unpack;
mod user_error;

use anyhow::Result;

pub(crate) use self::batch::Batch;
pub(crate) use self::compare::{Contest, TARGET, make_aside};
pub(crate) use self::opening::{Campaign, audited_before, read_studies, read_study};
pub(crate) use self::options::{DEFAULT_MERGE, DEFAULT_NOISE_REPEATS, Options, Typed};
pub(crate) use self::product::Axis;
pub(crate) use self::project::Project;
pub(crate) use self::tabulate::open_table;
pub(crate) use self::user_error::{Blame, UserError};
use crate::study::{Finish, Outlook, Run, Work};

/// How a campaign came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Finished(Finish),
    /// The policy finds nothing new to try.
    NothingLeft,
    /// The user asked for a tidy end.
    Asked,
    /// The user asked twice.
    AtOnce,
    /// What could be run was packed, to be run elsewhere.
    Packed,
    /// What came back from elsewhere was taken in.
    Unpacked,
}

impl End {
    /// As the journal has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Finished(finish) => finish.as_str(),
            Self::NothingLeft => "nothing left to try",
            Self::Asked => "asked",
            Self::AtOnce => "asked to stop at once",
            Self::Packed => "packed",
            Self::Unpacked => "unpacked",
        }
    }
}

/// What the loop does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Start(Run),
    /// Nothing before something under way has ended.
    Wait,
    /// Nothing any more.
    End(End),
}

impl Campaign {
    /// Runs the study until it ends.
    pub(crate) async fn run(&mut self) -> Result<End> {
        self.fetch().await?;
        loop {
            let end = self.fill_slots()?;
            match self.next_result().await {
                Some(finished) => self.take_in(finished?)?,
                None => return self.stopped(end.unwrap_or(End::Asked)),
            }
        }
    }

    /// Gives every free slot something to do; `Some` when there is nothing more to be done.
    fn fill_slots(&mut self) -> Result<Option<End>> {
        while self.slots.has_free() {
            match self.next_step()? {
                Step::Start(run) => self.start(run)?,
                Step::Wait => return Ok(None),
                Step::End(end) => return Ok(Some(end)),
            }
        }
        Ok(None)
    }

    fn next_step(&mut self) -> Result<Step> {
        if let Some(end) = self.interrupt.end() {
            return Ok(Step::End(end));
        }
        if self.look_at_main()? {
            return Ok(Step::Wait);
        }
        Ok(match self.next_work(self.interrupt.time_over(), self.ends_soon()) {
            Work::Run(run) => Step::Start(run),
            Work::Wait => Step::Wait,
            Work::Finish(finish) => Step::End(End::Finished(finish)),
            Work::Propose => match self.propose()? {
                Some(trial) => Step::Start(Run::Trial(trial)),
                None => self.without_proposals(),
            },
        })
    }

    /// What is done where nothing new is proposed: a trial that is under way may change that; else what is best may still
    /// be proved, and what was gained is measured.
    fn without_proposals(&self) -> Step {
        let running = self.slots.running();
        if running.iter().any(|run| matches!(run, Run::Trial(_))) {
            return Step::Wait;
        }
        match (self.next_work(1.0, false), self.next_work(1.0, true)) {
            (Work::Run(run), _) | (_, Work::Run(run)) => Step::Start(run),
            _ if running.is_empty() => Step::End(End::NothingLeft),
            _ => Step::Wait,
        }
    }

    fn next_work(&self, time: f64, ends_soon: bool) -> Work {
        let outlook = Outlook { favourite: &|| self.favourite(), time, ends_soon };
        self.study.next_work(&self.options.rules, outlook, &self.slots.running())
    }

    /// Whether what is under way and the last measurement take what is left of the time.
    fn ends_soon(&self) -> bool {
        let runs = self.study.check_runs_left(&self.options.rules);
        let longest = self.study.runs.iter().map(|run| run.measurement.seconds()).fold(0.0, f64::max);
        let turns = runs.div_ceil(self.options.slots) + 1;
        runs > 0 && self.interrupt.time_left().is_some_and(|left| left < turns as f64 * longest)
    }
}
