//! What has happened is written down: in the journal first, then in the study's state, then in git.

use anyhow::Result;

use super::project::tree;
use super::slots::{Finished, Order};
use super::{Campaign, End, UserError, earlier};
use crate::journal::EventLog;
use crate::policy::{Notebook, policy};
use crate::repo::{CommitId, Timestamp, study_branch};
use crate::study::{
    Ending, Event, Forecast, Measurement, Outcome, Proposal, Pruner, Purpose, RunEnded, TrialEnded,
    TrialNumber, Work, check_seed, confirmation_seed, noise_seed,
};

/// File that keeps the policy's state beside the journal.
const POLICY: &str = "policy.json";

/// The policy as it is kept.
#[derive(serde::Serialize, serde::Deserialize)]
struct SavedPolicy {
    /// How many trials it had been told of.
    told: usize,
    state: serde_json::Value,
    /// What it had been asked for last.
    #[serde(default)]
    asked: Option<(TrialNumber, Proposal)>,
}

/// Seconds since 1970 as events have them.
pub(super) fn seconds(when: Timestamp) -> u64 {
    when.seconds.try_into().unwrap_or(0)
}

impl Campaign {
    /// Writes an event down and takes it in. Nothing in git has moved before.
    pub(super) fn record(&mut self, event: &Event) -> Result<()> {
        self.log.append(event)?;
        self.study.apply(event);
        self.live.event(event, &self.study);
        Ok(())
    }

    /// Starts what is to be done in a free slot.
    pub(super) fn start(&mut self, work: Work) -> Result<()> {
        let order = self.order(work, &self.slots.running())?;
        self.start_order(order);
        Ok(())
    }

    pub(super) fn start_order(&mut self, order: Order) {
        let baseline = self.study.trial(self.study.base).ended.as_ref();
        self.evaluator.plan =
            self.options.plan(&self.project.package, baseline.map(|ended| ended.measurement.train_seconds));
        if matches!(order.work, Work::Run { purpose: Purpose::Check, .. }) {
            self.evaluator.plan.arguments.extend(self.project.config.run.test_args.clone());
        }
        self.slots.start(order, self.evaluator.clone(), self.live.clone(), self.interrupt.at_once.clone());
    }

    /// What a run is, beside those that are `under_way`.
    pub(super) fn order(&self, work: Work, under_way: &[Work]) -> Result<Order> {
        let (trial, seed, logs) = match work {
            Work::Trial(trial) => (trial, self.study.trial(trial).started.seed, self.folder.trial_dir(trial)),
            Work::Run { trial, purpose } => {
                let (seed, name) = self.run_seed(trial, purpose, under_way);
                (trial, seed, self.folder.path().join("runs").join(name))
            }
            Work::Propose | Work::Wait | Work::Finish(_) => unreachable!("only runs are ordered"),
        };
        let commit: CommitId = self.study.trial(trial).commit().parse()?;
        let is_trial = matches!(work, Work::Trial(_));
        Ok(Order {
            work,
            program: self.study.trial(trial).program().clone(),
            tree: tree(&self.repo, commit)?,
            seed,
            logs,
            title: self.title(work, trial),
            pruner: self.pruner().filter(|_| is_trial && trial != self.study.base),
            audit: is_audited(seed, self.options.stop.map_or(0.0, |rule| rule.audit)),
            pack_into: None,
        })
    }

    fn title(&self, work: Work, trial: TrialNumber) -> String {
        match work {
            Work::Run { purpose: Purpose::Noise, .. } if trial != self.study.base => {
                format!("trial {trial} again, to see a drift")
            }
            Work::Run { purpose: Purpose::Noise, .. } => "the baseline again, to measure the noise".into(),
            Work::Run { purpose: Purpose::Check, .. } => format!("trial {trial}, to see what was gained"),
            Work::Run { purpose: Purpose::Confirmation { candidate }, .. } => {
                format!("trial {trial}, to confirm trial {candidate}")
            }
            _ if trial == self.study.base => "baseline".into(),
            _ => format!("trial {trial}, {}", crate::report::idea_of(&self.study, trial)),
        }
    }

    /// Seed of a run outside of the trials, and the name of its logs.
    fn run_seed(&self, trial: TrialNumber, purpose: Purpose, under_way: &[Work]) -> (u64, String) {
        let ended = self.study.runs.iter().filter(|run| run.purpose == purpose && run.trial == trial).count();
        let under_way = under_way.iter().filter(|work| **work == Work::Run { trial, purpose }).count();
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
            .map(|ended| (ended.measurement.curve.as_slice(), ended.forecast.is_some()));
        let stopped = ended()
            .filter(|ended| ended.outcome == Outcome::Pruned)
            .map(|ended| ended.measurement.curve.as_slice());
        let mut audit = self.audited_before;
        audit += self.study.audit;
        Some(Pruner::new(self.options.stop?, &audit, completed, stopped, &self.study.incumbent_curves()))
    }

    /// Takes in what a run gave. What the user has cancelled is run again when the study goes on.
    pub(super) fn take_in(&mut self, finished: Finished) -> Result<()> {
        if finished.measurement.ending == Ending::Cancelled {
            return Ok(());
        }
        match finished.work {
            Work::Trial(trial) => self.end_trial(trial, finished.measurement, finished.forecast),
            Work::Run { trial, purpose } => {
                let metric = finished.measurement.metric;
                self.record(&Event::RunEnded(RunEnded {
                    purpose,
                    trial,
                    seed: finished.seed,
                    measurement: finished.measurement,
                    at: seconds(Timestamp::now()),
                }))?;
                if let Some(metric) = metric {
                    self.notebook.confirm(self.study.trial(trial).program(), metric);
                }
                self.settle()
            }
            Work::Propose | Work::Wait | Work::Finish(_) => Ok(()),
        }
    }

    fn end_trial(
        &mut self,
        trial: TrialNumber,
        measurement: Measurement,
        forecast: Option<Forecast>,
    ) -> Result<()> {
        let outcome = match (Outcome::of_failure(measurement.ending), measurement.metric) {
            (Some(outcome), _) => outcome,
            (None, Some(metric)) => self.study.outcome_of_completed(trial, metric),
            (None, None) => Outcome::Crashed,
        };
        if trial == self.study.base && !outcome.is_completed() {
            return Err(self.baseline_failed(trial, outcome, &measurement.reason));
        }
        let pending: CommitId = self.study.trial(trial).started.commit.parse()?;
        let branch = self.study.trial(trial).started.branch.clone();
        let now = Timestamp::now();
        let proposal = self.study.trial(trial).proposal();
        let message = self.note(trial, proposal, |note| note.completed(&measurement, outcome));
        let commit = self.repo.write_completed(pending, &message, now)?;
        self.record(&Event::TrialEnded(TrialEnded {
            trial,
            outcome,
            measurement,
            commit: commit.to_string(),
            forecast,
            at: seconds(now),
        }))?;
        let from = self.repo.branch_head(&branch)?.filter(|head| *head == pending);
        self.repo.point(&branch, from, commit)?;
        if trial < self.study.base {
            return Ok(());
        }
        self.learn(trial)
    }

    /// Says why a study cannot go on. Nothing is written down: when the program is repaired, or what it needs is there,
    /// the next run tries again.
    fn baseline_failed(&self, trial: TrialNumber, outcome: Outcome, reason: &str) -> anyhow::Error {
        let what = match outcome {
            Outcome::Unviable => "does not build",
            Outcome::Crashed => "crashes",
            Outcome::Diverged => "diverges",
            Outcome::OutOfMemory => "runs out of memory",
            Outcome::TimedOut => "takes too long",
            _ => "breaks a rule of the evaluation",
        };
        let logs = self.folder.trial_dir(trial);
        let logs = logs.display();
        let what = format!(
            "the untouched program {what}: {reason}; its logs are in {logs}; repair it, commit, run again"
        );
        UserError::baseline(what).into()
    }

    /// Tells the notebook and the policy how a trial ended.
    fn learn(&mut self, trial: TrialNumber) -> Result<()> {
        note_end(&mut self.notebook, &self.study, trial);
        if let Some(update) = self.policy.tell(&self.notebook, trial) {
            self.record(&Event::PolicyUpdated {
                version: update.version,
                diagnostics: update.diagnostics(),
            })?;
        }
        self.save_policy()
    }

    /// Keeps the policy's state. The journal is the truth; this spares learning it all again.
    pub(super) fn save_policy(&self) -> Result<()> {
        let told = self.study.current().iter().filter(|trial| trial.ended.is_some()).count();
        let saved = SavedPolicy { told, state: self.policy.save(), asked: self.asked.clone() };
        Ok(self.folder.save_blob(POLICY, &serde_json::to_vec(&saved)?)?)
    }

    /// Goes on where a study was: what the journal says and git does not show yet is made good.
    pub(super) fn resume(&mut self) -> Result<()> {
        if self.study.trials.is_empty() {
            let base = self.study.started.base.parse()?;
            self.begin_base(base)?;
        }
        self.repair_branches()?;
        self.recall()?;
        self.settle()
    }

    fn repair_branches(&self) -> Result<()> {
        for trial in &self.study.trials {
            let commit: CommitId = trial.commit().parse()?;
            let pending: CommitId = trial.started.commit.parse()?;
            if trial.ended.is_none() && trial.proposal().parent == trial.started.trial {
                continue;
            }
            match self.repo.branch_head(&trial.started.branch)? {
                Some(head) if head == commit => {}
                Some(head) if head != pending => {}
                head => self.repo.point(&trial.started.branch, head, commit)?,
            }
        }
        if let Some(tip) = &self.study.tip {
            self.repo.follow(&study_branch(&self.study.started.study), tip.parse()?)?;
        }
        Ok(())
    }

    /// Builds the notebook and the policy from the journal.
    pub(super) fn recall(&mut self) -> Result<()> {
        let base = self.study.trial(self.study.base);
        self.notebook =
            Notebook::new(self.study.base, base.program().clone(), base.proposal().values.clone());
        self.notebook.learn_from(earlier::kept(&self.folder)?);
        self.policy = policy(self.options.method, self.options.seed);
        self.sources.clear();
        let saved: Option<SavedPolicy> =
            self.folder.load_blob(POLICY)?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut told = 0;
        if let Some(saved) = saved
            && self.policy.load(saved.state).is_ok()
        {
            told = saved.told;
            self.asked = saved.asked;
        }
        for trial in self.study.current() {
            let commit: CommitId = self.study.program_commit(trial.started.trial).parse()?;
            let sources = self.project.sources_of(&self.repo, commit)?;
            self.sources.insert(trial.program().clone(), sources);
        }
        let events: Vec<Event> = EventLog::read(self.folder.path())?;
        for event in &events {
            match event {
                Event::TrialStarted(started) if started.trial > self.study.base => {
                    self.notebook.begin(started.trial, &started.proposal);
                }
                Event::TrialEnded(ended) if ended.trial >= self.study.base => {
                    note_end(&mut self.notebook, &self.study, ended.trial);
                    told = match told.checked_sub(1) {
                        Some(left) => left,
                        None => {
                            self.policy.tell(&self.notebook, ended.trial);
                            0
                        }
                    };
                }
                Event::RunEnded(run) if run.trial >= self.study.base => {
                    if let Some(metric) = run.measurement.metric {
                        self.notebook.confirm(self.study.trial(run.trial).program(), metric);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes down that the study stops, and why.
    pub(super) fn stopped(&mut self, end: End) -> Result<End> {
        self.look_at_main()?;
        let event = Event::Stopped { reason: format!("{end:?}"), at: seconds(Timestamp::now()) };
        self.record(&event)?;
        self.live.finish();
        Ok(end)
    }
}

/// Tells the notebook how a trial ended; of a stopped one, what it was predicted to reach. The
/// prediction is one of the curve's last value, which is measured on a smaller part than the metric.
pub(super) fn note_end(notebook: &mut Notebook, study: &crate::study::Study, trial: TrialNumber) {
    let Some(ended) = &study.trial(trial).ended else { return };
    let predicted = ended.forecast.as_ref().filter(|_| ended.outcome == Outcome::Pruned).map(|forecast| {
        let offset = study.incumbent_value().filter(|_| forecast.to_beat.is_finite());
        forecast.predicted + offset.map_or(0.0, |value| value - forecast.to_beat)
    });
    notebook.end(trial, ended.outcome, ended.measurement.metric, predicted);
}

/// Whether a run is one of those that audit the pruner, whatever happens in it.
fn is_audited(seed: u64, share: f64) -> bool {
    let bytes = blake3::hash(&seed.to_le_bytes());
    f64::from(bytes.as_bytes()[0]) < share * 256.0
}
