//! `compare`: search methods at equal numbers of trials on one target, and then what each returned, side by side.
//!
//! Each method has a repository and an ordinary study for each repeat, without proof: the search is what is compared.
//! They take turns, so that a drift of the machine hits all alike. All is resumed from what lies in the folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::interrupt::Interrupt;
use super::opening::{Campaign, Shared, devices};
use super::preset::preset;
use super::project::tree;
use super::survey::{Premises, Subject, Survey};
use super::tabulate::{with_sources, write};
use super::{End, Options, Project, Typed, UserError};
use crate::device;
use crate::evaluator::slots_directory;
use crate::journal::{EventLog, Lock};
use crate::policy::Method;
use crate::repo::Repo;
use crate::report::{Comparison, Contender, Returned};
use crate::study::{Event, Finish, Measurement, ProgramId, Sources, Study, survey_seed};

/// The untouched target, in the folder of a comparison.
pub(crate) const TARGET: &str = "main";
/// What every study here is called.
const STUDY: &str = "compare";
/// Trials of a turn.
const TURN: u32 = 4;
/// A preset that a target brings along.
const PRESET: &str = "presets/human.toml";
/// Seed of the seeds on which programs are checked, far from those of the studies.
const CHECK: u64 = 1_000_000;

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Contest {
    /// Folder of the comparison, in which the target lies.
    pub(crate) folder: PathBuf,
    pub(crate) methods: Vec<Method>,
    pub(crate) trials: u32,
    pub(crate) repeats: u32,
    pub(crate) budget: String,
    pub(crate) slots: Option<usize>,
    pub(crate) preset: Option<PathBuf>,
    pub(crate) check_seeds: u32,
}

/// What a study came to.
struct Outcome {
    method: Method,
    repeat: u32,
    study: Study,
    program: ProgramId,
    sources: Sources,
    subject: String,
}

impl Contest {
    /// Runs what has not been run; an end where the user ended it before. Must be called within the runtime.
    pub(crate) async fn run(&self) -> Result<Result<Comparison, End>> {
        let _lock = Lock::take(&self.folder).map_err(UserError::locked)?;
        let target = self.folder.join(TARGET);
        let main = Repo::open(&target).map_err(UserError::from_error)?;
        let project = Project::read(&main, main.main_head()?)?;
        // Whatever is wrong with it is said now and not after the studies.
        let human = self.preset_text()?;
        let human = human.map(|(name, text)| preset(&project, &name, &text)).transpose()?;
        self.make_repositories(&main)?;
        let shared = Shared { slots: slots_directory(&target), interrupt: Interrupt::listen(None) };
        if let Some(end) = self.take_turns(&shared).await? {
            return Ok(Err(end));
        }
        let outcomes = self.outcomes(&shared, &project)?;
        self.check(&shared, &main, &project, human, outcomes).await
    }

    fn repository(&self, method: Method, repeat: u32) -> PathBuf {
        self.folder.join(format!("{method}-{repeat}"))
    }

    /// Every method and repeat, the methods of a repeat side by side, another one first in each turn.
    fn contenders(&self, turn: u32) -> impl Iterator<Item = (Method, u32)> {
        let turned =
            (0..self.methods.len()).map(move |at| self.methods[(at + turn as usize) % self.methods.len()]);
        (1..=self.repeats).flat_map(move |repeat| turned.clone().map(move |method| (method, repeat)))
    }

    /// The preset's name and text, where there is one.
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

    fn make_repositories(&self, main: &Repo) -> Result<()> {
        for (method, repeat) in self.contenders(0) {
            let path = self.repository(method, repeat);
            if !path.exists() {
                make_aside(&path, |aside| Ok(main.clone_main(aside).map(drop)?))?;
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
            search_only: true,
        }
    }

    /// Brings all studies to their last trial, a few trials at a time; `Some` where the user ended it before.
    async fn take_turns(&self, shared: &Shared) -> Result<Option<End>> {
        for turn in 0..self.trials.div_ceil(TURN) {
            let trials = (turn + 1).saturating_mul(TURN).min(self.trials);
            for (method, repeat) in self.contenders(turn) {
                let path = self.repository(method, repeat);
                if trials_of(&path)? >= trials {
                    continue;
                }
                let mut campaign =
                    Campaign::open_beside(&path, &self.typed(method, repeat, trials), Some(shared))?;
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

    /// The program that each study returned.
    fn outcomes(&self, shared: &Shared, project: &Project) -> Result<Vec<Outcome>> {
        let open = |(method, repeat)| {
            let path = self.repository(method, repeat);
            let campaign =
                Campaign::open_beside(&path, &self.typed(method, repeat, self.trials), Some(shared))?;
            let program = campaign.policy.best(&campaign.notebook);
            let sources = campaign.sources_of(&program)?.clone();
            let edits = project.rewriter.difference(&project.sources, &sources)?;
            let summaries: Vec<&str> = edits.iter().map(|edit| edit.summary.as_str()).collect();
            let subject = summaries.join("; ");
            Ok(Outcome { method, repeat, study: campaign.study, program, sources, subject })
        };
        self.contenders(0).map(open).collect()
    }

    /// Measures what was returned beside the untouched program and the preset, on the same fresh seeds.
    async fn check(
        &self,
        shared: &Shared,
        main: &Repo,
        project: &Project,
        human: Option<Sources>,
        outcomes: Vec<Outcome>,
    ) -> Result<Result<Comparison, End>> {
        let (adapters, devices) = devices()?;
        let typed = Typed {
            budget: Some(self.budget.clone()),
            slots: self.slots,
            seed: Some(CHECK),
            ..Typed::default()
        };
        let options = Options::decide(&typed, &project.config, None, devices)?;
        let base = tree(main, main.main_head()?)?;
        let subject = |title: String, sources: &Sources| Subject {
            title,
            program: project.identity(sources),
            tree: with_sources(&base, sources),
        };
        let mut subjects = vec![subject("baseline".to_owned(), &project.sources)];
        subjects.extend(human.iter().map(|sources| subject("human".to_owned(), sources)));
        subjects.extend(
            outcomes
                .iter()
                .map(|one| subject(format!("{}, repeat {}", one.method, one.repeat), &one.sources)),
        );
        let terms = vec![
            ("budget".to_owned(), self.budget.clone()),
            ("device".to_owned(), device::list(&options.devices)),
            ("program".to_owned(), project.identity(&project.sources).to_string()),
        ];
        let premises = Premises {
            project,
            options: &options,
            adapters: &adapters,
            slots: shared.slots.clone(),
            interrupt: shared.interrupt.clone(),
        };
        let mut survey = Survey::open(&self.folder.join("check"), terms, premises)?;
        survey.add_arguments(&project.config.run.test_args);
        let seeds: Vec<u64> = (0..self.check_seeds as usize).map(|nth| survey_seed(CHECK, nth)).collect();
        survey.line(&format!("\nwhat was returned, on {} fresh seeds", seeds.len()));
        if let Some(end) = survey.run(&subjects, &interleaved(&subjects, &seeds), |_| Ok(())).await? {
            return Ok(Err(end));
        }
        let returned = |program: &ProgramId, subject: &str| {
            let runs: Vec<_> = seeds.iter().map(|seed| survey.measurement(program, *seed)).collect();
            let metric = |test: bool| -> Vec<Option<f64>> {
                let value = |run: &Option<&Measurement>| {
                    let value = if test { (*run)?.test } else { (*run)?.metric };
                    value.map(|value| if options.metric.maximise { -value } else { value })
                };
                runs.iter().map(value).collect()
            };
            Returned { subject: subject.to_owned(), values: metric(false), test: metric(true) }
        };
        let mut contenders = vec![Contender::fixed("baseline", returned(&subjects[0].program, ""))];
        if let Some(sources) = &human {
            let edits = project.rewriter.difference(&project.sources, sources)?;
            let summaries: Vec<&str> = edits.iter().map(|edit| edit.summary.as_str()).collect();
            contenders.push(Contender::fixed("human", returned(&subjects[1].program, &summaries.join("; "))));
        }
        for method in &self.methods {
            let of_it = || outcomes.iter().filter(|one| one.method == *method);
            let studies: Vec<&Study> = of_it().map(|one| &one.study).collect();
            let returned = of_it().map(|one| returned(&one.program, &one.subject)).collect();
            contenders.push(Contender::of_studies(&method.to_string(), &studies, returned, self.trials));
        }
        let comparison = Comparison {
            metric: options.metric.name.clone(),
            test_metric: options.metric.test_name(),
            budget: self.budget.clone(),
            device: device::list(&options.devices),
            trials: self.trials,
            repeats: self.repeats,
            check_seeds: seeds,
            contenders,
        };
        write(&self.folder.join("compare.md"), &comparison.to_markdown())?;
        write(&self.folder.join("compare.json"), &(serde_json::to_string_pretty(&comparison)? + "\n"))?;
        Ok(Ok(comparison))
    }
}

/// Each seed with each program, which take turns in being first; a program that several have returned runs once.
fn interleaved(subjects: &[Subject], seeds: &[u64]) -> Vec<(usize, u64)> {
    let is_first = |at: &usize| !subjects[..*at].iter().any(|other| other.program == subjects[*at].program);
    let distinct: Vec<usize> = (0..subjects.len()).filter(is_first).collect();
    let on = |(nth, seed): (usize, &u64)| -> Vec<(usize, u64)> {
        (0..distinct.len()).map(|at| (distinct[(at + nth) % distinct.len()], *seed)).collect()
    };
    seeds.iter().enumerate().flat_map(on).collect()
}

/// Trials of a study here that have ended, its baseline not counted.
fn trials_of(repository: &Path) -> Result<u32> {
    let repo = Repo::open(repository).map_err(UserError::from_error)?;
    let events: Vec<Event> = EventLog::read(&repo.study_dir(STUDY))?;
    let ended = events.iter().filter(|event| matches!(event, Event::TrialEnded(ended) if ended.trial > 0));
    Ok(u32::try_from(ended.count())?)
}

/// Makes a folder beside its place and moves it there, so that half of one is never taken for it.
pub(crate) fn make_aside(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let aside = path.with_extension("unfinished");
    let _ = std::fs::remove_dir_all(&aside);
    make(&aside)?;
    std::fs::rename(&aside, path).with_context(|| format!("cannot make {}", path.display()))
}
