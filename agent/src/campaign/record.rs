//! Records what has happened: first in the journal, then in the state that is folded from it, then in git.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tracing::debug;

use super::earlier;
use super::opening::Campaign;
use crate::project::{Handed, UserError, tree};
use crate::repo::Follow;
use crate::report::title;
use crate::runs::{Finished, Order};
use crate::study::{
    Ending, Event, Forecast, Measurement, Outcome, Proposal, Pruner, Purpose, Reference, ReferenceKind, Run,
    RunEnded, Trial, TrialEnded, TrialNumber, check_seed, confirmation_seed, incomparable, noise_seed,
    weight,
};

/// File with the policy's state, next to the journal.
const POLICY: &str = "policy.json";

/// The policy as it is saved.
#[derive(serde::Serialize, serde::Deserialize)]
struct SavedPolicy {
    /// How many ended trials it had learned from.
    told: usize,
    state: serde_json::Value,
    /// Its last proposal.
    #[serde(default)]
    asked: Option<(TrialNumber, Proposal)>,
}

impl Campaign {
    /// Records an event and applies it. What follows from it in git is done only afterwards.
    pub(super) fn record(&mut self, event: &Event) -> Result<()> {
        let event = &self.log.append(event)?;
        self.study.apply(event).context("an event of this study was refused")?;
        self.notebook.apply(event);
        self.live.event(event, &self.study);
        self.publish()
    }

    /// Brings the branches in line with the study's state, after an event or when a study is resumed. A branch that
    /// somebody else moved stays where they put it.
    fn publish(&mut self) -> Result<()> {
        let at = |reference: &Reference| self.published.get(&reference.name) == Some(&reference.commit);
        let moved: Vec<Reference> = self.study.references().filter(|reference| !at(reference)).collect();
        for Reference { name, commit, kind } in moved {
            debug!(name, %commit, ?kind, "moves a branch");
            let is_done = match kind {
                ReferenceKind::Discoveries => !matches!(self.repo.follow(&name, commit)?, Follow::Waits(_)),
                ReferenceKind::Trial { pending } => {
                    let head = self.repo.branch_head(&name)?;
                    if head.is_none_or(|head| head == pending) {
                        self.repo.point(&name, head, commit)?;
                    }
                    true
                }
            };
            if is_done {
                self.published.insert(name, commit);
            }
        }
        Ok(())
    }

    /// Starts a run in a free slot.
    pub(super) fn start(&mut self, run: Run) -> Result<()> {
        let order = self.order(run, &self.slots.running())?;
        self.start_order(order);
        Ok(())
    }

    pub(crate) fn start_order(&mut self, order: Order) {
        let baseline = self.study.trial(self.study.base).ended.as_ref();
        self.evaluator.plan =
            self.options.plan(&self.project, baseline.map(|ended| ended.measurement.train_seconds));
        if order.run.purpose() == Some(Purpose::Check) {
            self.evaluator.plan.arguments.extend(self.project.config.run.test_args.clone());
        }
        self.slots.start(order, self.evaluator.clone(), self.live.clone(), self.interrupt.at_once.clone());
    }

    /// What a run needs, next to those that are `under_way`.
    pub(crate) fn order(&self, run: Run, under_way: &[Run]) -> Result<Order> {
        let trial = run.trial();
        let (seed, logs) = match run {
            Run::Trial(trial) => (self.study.trial(trial).started.seed, self.folder.trial_dir(trial)),
            Run::Again { trial, purpose } => {
                let (seed, name) = self.run_seed(trial, purpose, under_way);
                (seed, self.folder.path().join("runs").join(name))
            }
        };
        let is_trial = matches!(run, Run::Trial(_));
        Ok(Order {
            run,
            program: self.study.trial(trial).program().clone(),
            tree: tree(&self.repo, self.study.trial(trial).commit())?,
            seed,
            logs,
            title: title(&self.study, run),
            pruner: self.pruner().filter(|_| is_trial && trial != self.study.base),
            audit: self.options.stop.is_some_and(|rule| rule.audits(seed)),
            twins: if is_trial { self.twins(trial) } else { BTreeMap::new() },
            pack_into: None,
        })
    }

    /// Trials of other programs than a trial's, by the digest of their binary.
    fn twins(&self, trial: TrialNumber) -> BTreeMap<String, String> {
        let program = self.study.trial(trial).program();
        let others = self.study.current().iter().filter(|other| other.program() != program);
        let twin = |other: &Trial| {
            let binary = other.ended.as_ref()?.measurement.binary.clone()?;
            Some((binary, format!("trial {}", other.started.trial)))
        };
        others.filter_map(twin).collect()
    }

    /// Seed of a run outside the trials, and the name of its logs.
    fn run_seed(&self, trial: TrialNumber, purpose: Purpose, under_way: &[Run]) -> (u64, String) {
        let ended = self.study.runs.iter().filter(|run| run.purpose == purpose && run.trial == trial).count();
        let under_way = under_way.iter().filter(|run| **run == Run::Again { trial, purpose }).count();
        let (nth, seed) = (ended + under_way, self.study.started.seed);
        match purpose {
            Purpose::Noise => (noise_seed(seed, trial, nth), format!("noise-{trial}-{nth}")),
            Purpose::Check => (check_seed(seed, nth), format!("check-{trial}-{nth}")),
            Purpose::Confirmation { candidate } => {
                (confirmation_seed(seed, candidate, nth), format!("confirm-{candidate}-{nth}-trial-{trial}"))
            }
        }
    }

    fn pruner(&self) -> Option<Pruner> {
        let ended = || self.study.current().iter().filter_map(|trial| trial.ended.as_ref());
        let completed = ended()
            .filter(|ended| ended.outcome.is_completed())
            .map(|ended| (ended.measurement.curve.as_slice(), weight(ended.forecast.as_ref())));
        let stopped = ended()
            .filter(|ended| ended.outcome == Outcome::Pruned)
            .map(|ended| ended.measurement.curve.as_slice());
        let mut audit = self.audited_before;
        audit += self.study.audit;
        Some(Pruner::new(self.options.stop?, &audit, completed, stopped, &self.study.incumbent_curves()))
    }

    /// Records the result of a run. A run that the user cancelled is repeated when the study is resumed.
    pub(crate) fn take_in(&mut self, finished: Finished) -> Result<()> {
        if finished.measurement.ending == Ending::Cancelled {
            return Ok(());
        }
        match finished.run {
            Run::Trial(trial) => self.end_trial(trial, finished.measurement, finished.forecast),
            Run::Again { trial, purpose } => {
                self.record(&Event::RunEnded(RunEnded {
                    purpose,
                    trial,
                    seed: finished.seed,
                    measurement: finished.measurement,
                    at: self.now().since_1970(),
                }))?;
                self.settle()
            }
        }
    }

    fn end_trial(
        &mut self,
        trial: TrialNumber,
        mut measurement: Measurement,
        forecast: Option<Forecast>,
    ) -> Result<()> {
        if let Some(reason) = self.incomparable(trial, &measurement) {
            (measurement.ending, measurement.metric, measurement.reason) =
                (Ending::Incomparable, None, reason);
        }
        let outcome = match (Outcome::of_failure(measurement.ending), measurement.metric) {
            (Some(outcome), _) => outcome,
            (None, Some(metric)) => self.study.outcome_of_completed(trial, metric),
            (None, None) => Outcome::Crashed,
        };
        if trial == self.study.base && !outcome.is_completed() {
            return Err(self.baseline_failed(trial, outcome, &measurement.reason));
        }
        let now = self.now();
        let proposal = self.study.trial(trial).proposal();
        let main = self.study.incumbent_value().filter(|_| trial != self.study.base);
        let message = self.note(trial, proposal, |note| note.completed(&measurement, outcome, main));
        let commit = self.repo.write_completed(self.study.trial(trial).started.commit, &message, now)?;
        let at = now.since_1970();
        let mut ended =
            TrialEnded { trial, outcome, measurement, commit, forecast, main: None, predicted: None, at };
        self.study.fill_in(&mut ended);
        self.record(&Event::TrialEnded(ended))?;
        if trial < self.study.base {
            return Ok(());
        }
        self.learn(trial)
    }

    /// Why a completed trial cannot be compared with the baseline.
    fn incomparable(&self, trial: TrialNumber, measurement: &Measurement) -> Option<String> {
        let baseline = &self.study.trial(self.study.base).ended.as_ref()?.measurement;
        let is_trial = trial != self.study.base && measurement.ending == Ending::Completed;
        let is_passed_on = self.project.passes_on(Handed::Budget);
        is_trial.then(|| incomparable(&self.options.budget, is_passed_on, baseline, measurement)).flatten()
    }

    /// Reports why a study cannot continue. Nothing is recorded: once the program is repaired, or what it needs is
    /// there, the next run tries again.
    fn baseline_failed(&self, trial: TrialNumber, outcome: Outcome, reason: &str) -> anyhow::Error {
        let what = match outcome {
            Outcome::Unviable => "does not build",
            Outcome::Crashed => "crashes",
            Outcome::Diverged => "diverges",
            Outcome::OutOfMemory => "runs out of memory",
            Outcome::TimedOut => "takes too long",
            _ => "has no valid result",
        };
        let logs = self.folder.trial_dir(trial);
        let logs = logs.display();
        let hint = match reason.contains("No such file") || reason.contains("NotFound") {
            true => {
                "; it runs in a copy of the committed files: what else it reads must be listed as `data` under [run] in \
                 autoresearch.toml"
            }
            false => "",
        };
        let what = format!(
            "the untouched program {what}: {reason}{hint}; its logs are in {logs}; repair it, commit, and run again"
        );
        UserError::baseline(what).into()
    }

    /// Lets the policy learn from a trial that has ended.
    fn learn(&mut self, trial: TrialNumber) -> Result<()> {
        self.tell(trial)?;
        self.save_policy()
    }

    fn tell(&mut self, trial: TrialNumber) -> Result<()> {
        let update = self.policy.tell(&self.notebook, trial);
        // The study may have been interrupted after it had recorded the same update.
        if let Some(update) = update.filter(|update| update.version > self.study.policy_version) {
            self.record(&Event::PolicyUpdated {
                version: update.version,
                diagnostics: update.diagnostics(),
            })?;
        }
        Ok(())
    }

    /// Saves the policy's state. The journal is the truth; this only saves learning everything again.
    pub(super) fn save_policy(&self) -> Result<()> {
        let told = self.study.current().iter().filter(|trial| trial.ended.is_some()).count();
        let saved = SavedPolicy { told, state: self.policy.save(), asked: self.asked.clone() };
        Ok(self.folder.save_blob(POLICY, &serde_json::to_vec(&saved)?)?)
    }

    /// Resumes a study, or starts it: what is in the journal but not yet in git is made up for.
    pub(super) fn resume(&mut self, events: &[Event]) -> Result<()> {
        self.recall(events)?;
        if self.study.trials.is_empty() {
            self.begin_base(self.study.started.base)?;
        } else {
            self.record(&Event::Resumed { at: self.now().since_1970() })?;
        }
        self.read_sources()?;
        self.settle()
    }

    /// Folds the notebook, and brings the policy to where it was: it now learns from the trials that had ended since it
    /// was last saved.
    fn recall(&mut self, events: &[Event]) -> Result<()> {
        self.notebook.learn_from(earlier::kept(&self.folder)?);
        let saved: Option<SavedPolicy> =
            self.folder.load_blob(POLICY)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut told = 0;
        if let Some(saved) = saved
            && self.policy.load(saved.state).is_ok()
        {
            told = saved.told;
            self.asked = saved.asked;
        }
        for event in events {
            self.notebook.apply(event);
            match event {
                Event::TrialEnded(ended) if ended.trial >= self.study.base => match told.checked_sub(1) {
                    Some(left) => told = left,
                    None => self.tell(ended.trial)?,
                },
                _ => {}
            }
        }
        self.save_policy()
    }

    /// Reads the sources of the programs that may be parents.
    pub(super) fn read_sources(&mut self) -> Result<()> {
        self.sources.clear();
        for trial in self.study.current() {
            let commit = self.study.program_commit(trial.started.trial);
            let sources = self.project.sources_of(&self.repo, commit)?;
            self.sources.insert(trial.program().clone(), sources);
        }
        Ok(())
    }

    /// Records that the study stops, and why.
    pub(crate) fn stopped(&mut self, why: &str) -> Result<()> {
        self.look_at_main()?;
        let event = Event::Stopped { reason: why.to_owned(), at: self.now().since_1970() };
        self.record(&event)?;
        self.live.finish();
        Ok(())
    }
}
