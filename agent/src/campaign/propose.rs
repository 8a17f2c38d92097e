//! From the policy's word to a trial that is about to run: its commit, its event, its branch.

use anyhow::{Context, Result};

use super::Campaign;
use super::project::changed_files;
use super::record::seconds;
use super::space::SourceSpace;
use crate::journal::{Metric, TrialNote};
use crate::repo::{CommitId, Timestamp, trial_branch};
use crate::study::{Choice, Edit, Event, Proposal, Sources, TrialNumber, TrialStarted, trial_seed};

/// Method of proposals that carry our changes over to what other hands put on main.
const CARRIED_OVER: &str = "carried over";

impl Campaign {
    /// Begins the next trial; `None` when the policy finds nothing new.
    pub(super) fn propose(&mut self) -> Result<Option<TrialNumber>> {
        if let Some(proposal) = self.carried_over() {
            return self.begin(proposal).map(Some);
        }
        let trial = self.study.next_trial();
        // After a kill the policy is not asked for the same trial again: it would answer otherwise.
        let proposal = match self.asked.take().filter(|(asked, _)| *asked == trial) {
            Some((_, proposal)) => Some(proposal),
            None => {
                let space = SourceSpace { project: &self.project, sources: &self.sources };
                self.policy.ask(&self.notebook, &space, 1).pop()
            }
        };
        self.asked = proposal.clone().map(|proposal| (trial, proposal));
        self.save_policy()?;
        proposal.map(|proposal| self.begin(proposal)).transpose()
    }

    /// What was changed on the program that main held before, on what it holds now; once, as far as
    /// it applies.
    fn carried_over(&self) -> Option<Proposal> {
        let base = self.study.trial(self.study.base);
        let only_the_base = self.study.current().len() == 1;
        if self.study.carried.is_empty() || !only_the_base {
            return None;
        }
        let space = SourceSpace { project: &self.project, sources: &self.sources };
        let applies = |change: &(String, String)| {
            space.edit(base.program(), std::slice::from_ref(change)).map(|_| change.clone())
        };
        let changes: Vec<_> = self.study.carried.iter().filter_map(applies).collect();
        let (edits, sources) = space.edit(base.program(), &changes).filter(|(edits, _)| !edits.is_empty())?;
        Some(Proposal {
            parent: self.study.base,
            edits,
            program: self.project.identity(&sources),
            values: self.project.rewriter.values(&sources).ok()?,
            choice: Choice { method: CARRIED_OVER.into(), pool: 1, rank: 1, ..Choice::default() },
        })
    }

    /// Makes a trial of a proposal. The event comes before the branch, so that a kill in between
    /// leaves nothing that cannot be made again.
    fn begin(&mut self, proposal: Proposal) -> Result<TrialNumber> {
        let parent = self.study.trial(proposal.parent);
        let sources = self.sources_of(parent.program())?.clone();
        let edited = self.project.rewriter.apply(&sources, &proposal.edits)?;
        let parent_commit: CommitId = self.study.program_commit(proposal.parent).parse()?;
        let trial = self.study.next_trial();
        let now = Timestamp::now();
        let (message, slug) = self.note(trial, &proposal, |note| (note.pending(), note.slug()));
        let commit = if proposal.is_repeat() {
            self.repo.write_repeat(parent_commit, &message, now)?
        } else {
            self.repo.write_trial(parent_commit, &changed_files(&sources, &edited), &message, now)?
        };
        self.sources.insert(proposal.program.clone(), edited);
        self.start_trial(trial, proposal, commit, &slug, now)
    }

    /// Makes a trial of the program that main holds: the baseline, or what other hands made.
    /// Its event is not followed by its program's sources, which the project has.
    pub(super) fn begin_base(&mut self, program_commit: CommitId) -> Result<TrialNumber> {
        let trial = self.study.next_trial();
        let sources: Sources = self.project.sources.clone();
        let proposal = Proposal {
            parent: trial,
            edits: Vec::new(),
            program: self.project.identity(&sources),
            values: self.project.rewriter.values(&sources)?,
            choice: Choice { method: "none".into(), pool: 1, rank: 1, ..Choice::default() },
        };
        let now = Timestamp::now();
        let (message, slug) = self.note(trial, &proposal, |note| (note.pending(), note.slug()));
        let commit = self.repo.write_repeat(program_commit, &message, now)?;
        self.start_trial(trial, proposal, commit, &slug, now)
    }

    fn start_trial(
        &mut self,
        trial: TrialNumber,
        proposal: Proposal,
        commit: CommitId,
        slug: &str,
        now: Timestamp,
    ) -> Result<TrialNumber> {
        let branch = trial_branch(&self.study.started.study, trial, slug);
        let is_base = proposal.parent == trial;
        let started = TrialStarted {
            trial,
            proposal,
            commit: commit.to_string(),
            branch: branch.clone(),
            seed: trial_seed(self.study.started.seed, trial),
            at: seconds(now),
        };
        if !is_base {
            self.notebook.begin(trial, &started.proposal);
        }
        self.record(&Event::TrialStarted(started))?;
        // A repository whose own program does not run is left without any trace of us.
        if !is_base {
            self.repo.point(&branch, None, commit)?;
        }
        Ok(trial)
    }

    /// What the messages of a trial's commit are made of, for as long as it takes to write one.
    pub(super) fn note<T>(
        &self,
        trial: TrialNumber,
        proposal: &Proposal,
        write: impl FnOnce(&TrialNote<'_>) -> T,
    ) -> T {
        let parent_metric =
            if proposal.parent == trial { None } else { self.study.trial(proposal.parent).metric() };
        let metric = self.metric();
        write(&TrialNote {
            study: &self.study.started.study,
            trial,
            proposal,
            parent_metric,
            metric: &metric,
            ideas: &self.ideas(&proposal.edits),
            seed: trial_seed(self.study.started.seed, trial),
            budget: &self.options.budget,
            frozen: &self.project.frozen,
            lock: self.project.lock.as_deref(),
        })
    }

    /// The metric as messages speak of it.
    pub(super) fn metric(&self) -> Metric {
        Metric { name: self.options.metric.name.clone(), maximise: self.options.metric.maximise }
    }

    /// Why each edit may help, as its template says.
    pub(super) fn ideas(&self, edits: &[Edit]) -> Vec<String> {
        edits.iter().filter_map(|edit| self.project.catalogue.idea(edit)).collect()
    }

    pub(super) fn sources_of(&self, program: &crate::study::ProgramId) -> Result<&Sources> {
        self.sources.get(program).with_context(|| format!("the source of program {program} is not at hand"))
    }
}
