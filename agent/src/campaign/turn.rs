//! The loop: does what is next and records the result, until the study ends by itself or its user ends it.

use anyhow::Result;
use tracing::debug;

use super::end::End;
use super::opening::Campaign;
use crate::study::{Outlook, Run, Work};

/// The next step of the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Start(Run),
    /// Wait for something under way to end.
    Wait,
    /// Nothing is left to do.
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
                None => {
                    let end = end.unwrap_or(End::Asked);
                    return self.stopped(end.as_str()).map(|()| end);
                }
            }
        }
    }

    /// Gives every free slot something to do; `Some` if nothing is left to do.
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

    pub(super) fn next_step(&mut self) -> Result<Step> {
        let step = self.choose_step()?;
        debug!(?step, running = ?self.slots.running());
        Ok(step)
    }

    fn choose_step(&mut self) -> Result<Step> {
        if let Some(end) = self.interrupt.end() {
            return Ok(Step::End(end.into()));
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

    /// What to do if nothing new is proposed: a trial under way may change that; else the best program may still be
    /// proved, and the gain is measured.
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

    /// Whether what is under way and the last measurement take all the time that is left.
    fn ends_soon(&self) -> bool {
        let runs = self.study.check_runs_left(&self.options.rules);
        let longest = self.study.runs.iter().map(|run| run.measurement.seconds()).fold(0.0, f64::max);
        let turns = runs.div_ceil(self.options.slots) + 1;
        runs > 0 && self.interrupt.time_left().is_some_and(|left| left < turns as f64 * longest)
    }
}
