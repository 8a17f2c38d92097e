//! Opens a campaign: on a new study, or on an existing one, which is resumed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use tracing::debug;

use super::earlier;
use super::past::audited_before;
use crate::device::{self, Adapter, Device};
use crate::evaluator::{Evaluator, slots_directory};
use crate::journal::{self, EventLog, Folder, Lock, Recorded};
use crate::policy::{Notebook, Policy, policy};
use crate::project::{Handed, Options, Project, Typed, UserError, fit, tree, usable};
use crate::repo::{Repo, Timestamp};
use crate::report::{Live, keep_in};
use crate::runs::{Finished, Interrupt, Slots, devices, evaluator, not_fetched, open_slots};
use crate::study::{Audit, CommitId, Event, ProgramId, Proposal, Sources, Started, Study, TrialNumber};

/// A study at work.
pub(crate) struct Campaign {
    pub(super) repo: Repo,
    pub(super) project: Project,
    pub(crate) options: Options,
    pub(crate) study: Study,
    /// What the audits of the repository's other studies found.
    pub(crate) audited_before: Audit,
    pub(super) log: EventLog,
    pub(super) folder: Folder,
    pub(crate) policy: Box<dyn Policy>,
    pub(crate) notebook: Notebook,
    /// The policy's last proposal, and the number of the trial that it becomes.
    pub(super) asked: Option<(TrialNumber, Proposal)>,
    /// Sources of the programs that were tried since somebody else last moved main.
    pub(super) sources: HashMap<ProgramId, Sources>,
    pub(crate) evaluator: Evaluator,
    pub(super) slots: Slots,
    pub(crate) live: Arc<Live>,
    pub(crate) interrupt: Interrupt,
    /// Why main waits, as last reported to the user.
    pub(super) told: Option<String>,
    /// Branches that are known to match the study's state.
    pub(super) published: HashMap<String, CommitId>,
    clock: fn() -> Timestamp,
    _lock: Lock,
}

/// What a study gets from outside. Studies that take turns in one process share it.
pub(crate) struct Surroundings {
    /// Where the slots are; `None` for the repository's place in the cache.
    pub(crate) slots: Option<PathBuf>,
    /// `None` for a separate one.
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) adapters: Vec<Adapter>,
    pub(crate) devices: Vec<Device>,
    pub(crate) clock: fn() -> Timestamp,
}

impl Surroundings {
    /// Those of this machine.
    pub(crate) fn find() -> Result<Self, UserError> {
        let (adapters, devices) = devices()?;
        Ok(Self { slots: None, interrupt: None, adapters, devices, clock: Timestamp::now })
    }
}

impl Campaign {
    /// Opens the study that was named, or the newest one there is, or a new one. Must be called
    /// within the runtime.
    pub(crate) fn open(path: &Path, typed: &Typed) -> Result<Self> {
        Self::open_within(path, typed, &Surroundings::find()?)
    }

    pub(crate) fn open_within(path: &Path, typed: &Typed, around: &Surroundings) -> Result<Self> {
        let repo = Repo::open(path).map_err(UserError::from_error)?;
        let notes = usable(&repo)?;
        std::fs::create_dir_all(repo.journal_dir())
            .with_context(|| format!("cannot write to {}", repo.journal_dir().display()))?;
        let lock = Lock::take(&repo.journal_dir()).map_err(UserError::locked)?;
        let now = (around.clock)();
        let newest = || journal::newest(&repo.journal_dir());
        let name = typed.study.clone().or_else(newest).unwrap_or_else(|| today(now));
        repo.check_study_name(&name).map_err(UserError::from_error)?;
        let folder = Folder::new(repo.study_dir(&name));
        // Nothing is written before all arguments are known to be usable.
        let recorded = journal::read(folder.path())?.filter(|recorded| recorded.study.has_begun());
        let base = match recorded.as_ref().map(|recorded| &recorded.study) {
            Some(study) if study.base > 0 => study.trial(study.base).commit(),
            Some(study) => study.started.base,
            None => repo.main_head()?,
        };
        let project = fit(&repo, base)?;
        if let Some(study) = recorded.as_ref().map(|recorded| &recorded.study) {
            has_the_same_data(study, &project)?;
        }
        let begun = recorded.as_ref().map(|recorded| &recorded.study.started);
        let options = Options::decide(typed, &project.config, begun, around.devices.clone())?;
        if recorded.is_none() {
            EventLog::discard(folder.path())?;
            earlier::gather(&repo, &name, &folder, &options, &typed.learn_from)?;
        } else if !typed.learn_from.is_empty() && earlier::kept(&folder)?.is_empty() {
            return Err(UserError::new(format!(
                "study `{name}` has already started, and what it learns from was fixed then; start another with \
                 --study NAME"
            ))
            .into());
        }
        let (mut log, _) = EventLog::open::<Event>(folder.path())?;
        let Recorded { study, events } = match recorded {
            Some(recorded) => recorded,
            None => {
                let started = Started {
                    study: name,
                    base,
                    search: options.method.to_string(),
                    seed: options.seed,
                    budget: options.budget.clone(),
                    metric: options.metric.name.clone(),
                    maximise: options.metric.maximise,
                    device: Some(device::list(&options.devices)),
                    at: now.since_1970(),
                };
                let begins = log.append(&Event::Started(started.clone()))?;
                Recorded { study: Study::new(started), events: vec![begins] }
            }
        };
        keep_in(folder.path());
        debug!(study = study.started.study, events = events.len(), ?options, "opened");
        let slots = around.slots.clone().unwrap_or_else(|| slots_directory(repo.root()));
        let slots = open_slots(&slots, &options, &around.adapters)?;
        let evaluator = evaluator(&options, &project)?;
        let interrupt = around.interrupt.clone();
        let mut campaign = Self {
            live: Arc::new(Live::new(options.slots)),
            interrupt: interrupt.unwrap_or_else(|| Interrupt::listen(options.time)),
            policy: policy(options.method, options.seed),
            notebook: Notebook::default(),
            asked: None,
            sources: HashMap::new(),
            slots: Slots::new(slots),
            told: None,
            published: HashMap::new(),
            clock: around.clock,
            audited_before: audited_before(&repo, &study),
            repo,
            project,
            options,
            study,
            log,
            folder,
            evaluator,
            _lock: lock,
        };
        notes.iter().chain(&campaign.project.notes).for_each(|note| campaign.live.warn(note));
        campaign.warn_of_the_devices(&around.adapters);
        campaign.project.not_passed_on().iter().for_each(|warning| campaign.live.warn(warning));
        for error in journal::unreadable(&campaign.repo.journal_dir()) {
            campaign.live.warn(&format!("an earlier study is left out: {error}"));
        }
        campaign.resume(&events)?;
        Ok(campaign)
    }

    /// The time, for events in seconds since 1970, and for commits.
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn warn_of_the_devices(&self, adapters: &[Adapter]) {
        let differ = device::differ(&self.options.devices, adapters).then(|| {
            format!(
                "the GPUs are different models, and runs on one are compared with runs on another; choose one \
                 with {}",
                device::VARIABLE
            )
        });
        let now = device::list(&self.options.devices);
        let begun = self.study.started.device.as_ref().filter(|begun| **begun != now).map(|begun| {
            format!(
                "this study was started on {begun} and continues on {now}: results from one are compared with \
                 results from the other"
            )
        });
        self.options
            .warning()
            .into_iter()
            .chain(differ)
            .chain(begun)
            .for_each(|warning| self.live.warn(&warning));
    }

    /// Downloads the dependencies once; everything after this works offline.
    pub(crate) async fn fetch(&mut self) -> Result<()> {
        let tree = tree(&self.repo, self.study.trial(self.study.base).commit())?;
        let slot = self.slots.first_free().expect("nothing is under way yet");
        let logs = self.folder.path().join("fetch");
        let fetched = self.evaluator.fetch(slot, &tree, &logs, &self.interrupt.at_once).await;
        fetched.map_err(not_fetched)
    }

    /// Waits for a run to end; `None` if nothing is under way.
    pub(crate) async fn next_result(&mut self) -> Option<Result<Finished>> {
        self.slots.next().await
    }
}

/// Refuses to go on with other data than before. All else that a program is made of is in the commit.
fn has_the_same_data(study: &Study, project: &Project) -> Result<(), UserError> {
    let base = study.trials.get(study.base as usize);
    if base.is_none_or(|base| *base.program() == project.identity(&project.sources)) {
        return Ok(());
    }
    Err(UserError::new(format!(
        "what `run.data` names has changed since study `{}` began, so new results cannot be compared with its own; start \
         another with --study NAME",
        study.started.study
    )))
}

/// A name for a study: the date, as in 2026-03-07.
fn today(now: Timestamp) -> String {
    let local = now.seconds + i64::from(now.offset_minutes) * 60;
    let since = std::time::Duration::from_secs(local.try_into().unwrap_or(0));
    let text = humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string();
    text[..10].to_owned()
}

impl Campaign {
    /// Prints what is about to happen.
    pub(crate) fn introduce(&self) {
        let sites = self.project.sites().map_or(0, |sites| sites.len());
        let budget = match self.project.passes_on(Handed::Budget) {
            true => format!("{} per run", self.options.budget),
            false => "no budget that reaches the program".to_owned(),
        };
        self.live.line(&format!(
            "study {} on {}: {sites} sites, {} search, {budget}, seed {}, on {}\n",
            self.study.started.study,
            self.repo.root().display(),
            self.options.method,
            self.options.seed,
            device::list(&self.options.devices)
        ));
        for earlier in self.notebook.earlier() {
            self.live.line(&format!("it learns from study {}", earlier.study));
        }
    }

    /// The trial with the best program according to the search, unless that is the incumbent.
    pub(crate) fn favourite(&self) -> Option<TrialNumber> {
        let best = self.policy.best(&self.notebook);
        self.study.trial_of(&best).filter(|_| best != *self.study.trial(self.study.incumbent).program())
    }

    pub(crate) fn main_branch(&self) -> &str {
        self.repo.main_branch()
    }

    /// Where the progress plot is kept.
    pub(crate) fn plot_path(&self) -> std::path::PathBuf {
        self.folder.path().join("progress.svg")
    }
}
