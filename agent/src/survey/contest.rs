//! `compare`: search methods at equal numbers of trials on one target, and then what each returned, side by side.
//!
//! Each method has a repository and an ordinary study for each repeat, without proofs: only the search is compared.
//! They take turns, so that a drift of the machine affects all alike. Everything is resumed from what is in the folder.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::preset::preset;
use crate::campaign::{Campaign, End, Surroundings};
use crate::evaluator::slots_directory;
use crate::journal::{EventLog, Lock};
use crate::policy::Method;
use crate::project::{Project, Typed, UserError};
use crate::repo::Repo;
use crate::report::Comparison;
use crate::runs::Interrupt;
use crate::study::{Event, Finish, ProgramId, Sources, Study, TrialNumber};

/// The untouched target, in the folder of a comparison.
pub(crate) const TARGET: &str = "main";
/// Name of every study here.
const STUDY: &str = "compare";
/// Trials per turn.
const TURN: u32 = 4;
/// The preset that comes with a target.
const PRESET: &str = "presets/human.toml";

/// What the user asked for.
#[derive(Clone, Debug)]
pub(crate) struct Contest {
    /// Folder of the comparison, which contains the target.
    pub(crate) folder: PathBuf,
    pub(crate) methods: Vec<Method>,
    pub(crate) trials: u32,
    pub(crate) repeats: u32,
    pub(crate) budget: String,
    pub(crate) slots: Option<usize>,
    pub(crate) preset: Option<PathBuf>,
    pub(crate) check_seeds: u32,
}

/// A program that is compared.
pub(crate) struct Entrant {
    /// The method that returned it and its study; `None` for one that was not searched for.
    pub(crate) search: Option<(Method, Study)>,
    /// Its name for people.
    pub(crate) title: String,
    /// The first trial that tried it.
    pub(crate) trial: Option<TrialNumber>,
    pub(crate) program: ProgramId,
    pub(crate) sources: Sources,
    /// What it changes in the untouched program.
    pub(crate) subject: String,
}

impl Entrant {
    fn new(project: &Project, title: &str, sources: Sources) -> Result<Self> {
        let edits = project.rewriter.difference(&project.sources, &sources)?;
        let summaries: Vec<&str> = edits.iter().map(|edit| edit.summary.as_str()).collect();
        Ok(Self {
            search: None,
            title: title.to_owned(),
            trial: None,
            program: project.identity(&sources),
            subject: summaries.join("; "),
            sources,
        })
    }
}

impl Contest {
    /// Locks the folder; nothing may be made or run in it without the lock.
    pub(crate) fn lock(&self) -> Result<Lock, UserError> {
        Lock::take(&self.folder).map_err(|error| UserError::locked(error.of_folder(&self.folder)))
    }

    /// Runs what has not been run; breaks off if the studies end early. Must be called within the runtime.
    pub(crate) async fn run(&self, _lock: &Lock) -> Result<ControlFlow<End, Comparison>> {
        let target = self.folder.join(TARGET);
        let main = Repo::open(&target).map_err(UserError::from_error)?;
        // All slots are the target's.
        let _slots = Lock::take(&main.journal_dir()).map_err(UserError::locked)?;
        let project = Project::read(&main, main.main_head()?)?;
        // Anything wrong with it is reported now and not after the studies.
        let human = self.preset_text()?;
        let human = human.map(|(name, text)| preset(&project, &name, &text)).transpose()?;
        self.make_repositories(&main)?;
        let shared = Surroundings {
            slots: Some(slots_directory(&target)),
            interrupt: Some(Interrupt::listen(None)),
            ..Surroundings::find()?
        };
        if let Some(end) = self.take_turns(&shared).await? {
            return Ok(ControlFlow::Break(end));
        }
        let mut entrants = vec![Entrant::new(&project, "baseline", project.sources.clone())?];
        entrants.extend(human.map(|sources| Entrant::new(&project, "human", sources)).transpose()?);
        for (method, repeat) in self.contenders(0) {
            entrants.push(self.returned(&shared, &project, method, repeat)?);
        }
        self.check(&shared, &main, &project, &entrants).await
    }

    fn repository(&self, method: Method, repeat: u32) -> PathBuf {
        self.folder.join(format!("{method}-{repeat}"))
    }

    /// Every method and repeat: the methods of a repeat side by side, with a different one first in each turn.
    fn contenders(&self, turn: u32) -> impl Iterator<Item = (Method, u32)> {
        let turned =
            (0..self.methods.len()).map(move |at| self.methods[(at + turn as usize) % self.methods.len()]);
        (1..=self.repeats).flat_map(move |repeat| turned.clone().map(move |method| (method, repeat)))
    }

    /// The preset's name and text, if there is one.
    fn preset_text(&self) -> Result<Option<(String, String)>> {
        let (path, is_typed) = match &self.preset {
            Some(path) => (path.clone(), true),
            None => (self.folder.join(TARGET).join(PRESET), false),
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some((path.display().to_string(), text))),
            Err(_) if !is_typed => Ok(None),
            Err(error) => Err(UserError::new(format!("cannot read {}: {error}", path.display())).into()),
        }
    }

    /// Creates the missing studies; none may have more trials than requested.
    fn make_repositories(&self, main: &Repo) -> Result<()> {
        for (method, repeat) in self.contenders(0) {
            let path = self.repository(method, repeat);
            if !path.exists() {
                make_aside(&path, |aside| Ok(main.clone_main(aside).map(drop)?))?;
            }
            let run = trials_of(&path)?;
            if run > self.trials {
                return Err(UserError::new(format!(
                    "{} already has {run} trials, more than the {} asked for; ask for at least {run} with --trials, or \
                     start another comparison elsewhere",
                    path.display(),
                    self.trials
                ))
                .into());
            }
        }
        Ok(())
    }

    fn typed(&self, method: Method, repeat: u32, trials: u32) -> Typed {
        Typed {
            study: Some(STUDY.to_owned()),
            budget: Some(self.budget.clone()),
            trials: Some(trials),
            seed: Some(u64::from(repeat)),
            search: Some(method.to_string()),
            slots: self.slots,
            time: None,
            learn_from: Vec::new(),
            search_only: true,
        }
    }

    /// Brings all studies to their last trial, a few trials at a time; `Some` if the user stopped it first.
    async fn take_turns(&self, shared: &Surroundings) -> Result<Option<End>> {
        for turn in 0..self.trials.div_ceil(TURN) {
            let trials = (turn + 1).saturating_mul(TURN).min(self.trials);
            for (method, repeat) in self.contenders(turn) {
                let path = self.repository(method, repeat);
                if trials_of(&path)? >= trials {
                    continue;
                }
                let mut campaign = Campaign::open_within(&path, &self.typed(method, repeat, trials), shared)?;
                campaign
                    .live
                    .line(&format!("\n{method}, repeat {repeat}, to trial {trials} of {}", self.trials));
                match campaign.run().await? {
                    End::Finished(Finish::AllTrialsRun) | End::NothingLeft => {}
                    end => return Ok(Some(end)),
                }
            }
        }
        Ok(None)
    }

    /// The program that a study returned.
    fn returned(
        &self,
        shared: &Surroundings,
        project: &Project,
        method: Method,
        repeat: u32,
    ) -> Result<Entrant> {
        let path = self.repository(method, repeat);
        let typed = self.typed(method, repeat, self.trials);
        let campaign = Campaign::open_within(&path, &typed, shared)?;
        let program = campaign.policy.best(&campaign.notebook);
        let sources = campaign.sources_of(&program)?.clone();
        let first = campaign.study.trials.iter().find(|trial| *trial.program() == program);
        Ok(Entrant {
            trial: first.map(|trial| trial.started.trial),
            search: Some((method, campaign.study)),
            ..Entrant::new(project, &format!("{method}, repeat {repeat}"), sources)?
        })
    }
}

/// Trials of a study here that have ended, not counting its baseline.
fn trials_of(repository: &Path) -> Result<u32> {
    let repo = Repo::open(repository).map_err(UserError::from_error)?;
    let events: Vec<Event> = EventLog::read(&repo.study_dir(STUDY))?;
    let ended = events.iter().filter(|event| matches!(event, Event::TrialEnded(ended) if ended.trial > 0));
    Ok(u32::try_from(ended.count())?)
}

/// Creates a folder next to its place and moves it there, so that a half-made one is never mistaken for it.
pub(crate) fn make_aside(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let aside = path.with_extension("unfinished");
    let _ = std::fs::remove_dir_all(&aside);
    make(&aside)?;
    std::fs::rename(&aside, path).with_context(|| format!("cannot create {}", path.display()))
}
