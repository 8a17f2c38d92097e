//! From the policy's proposal to a trial that is about to run: its commit, its event, its branch.

use std::time::Instant;

use anyhow::{Context, Result};
use tracing::debug;

use super::opening::Campaign;
use super::space::SourceSpace;
use crate::journal::{Metric, TrialNote};
use crate::project::changed_files;
use crate::repo::Timestamp;
use crate::study::{
    Choice, CommitId, Edit, Event, Proposal, Sources, Started, TrialNumber, TrialStarted, trial_branch,
    trial_seed,
};

/// Method of proposals that carry the study's changes over to what somebody else put on main.
const CARRIED_OVER: &str = "carried over";

impl Campaign {
    /// Starts the next trial; `None` if the policy finds nothing new.
    pub(crate) fn propose(&mut self) -> Result<Option<TrialNumber>> {
        if let Some(proposal) = self.carried_over() {
            return self.begin(proposal).map(Some);
        }
        let trial = self.study.next_trial();
        // After a kill the policy is not asked for the same trial again: it would answer differently.
        let proposal = match self.asked.take().filter(|(asked, _)| *asked == trial) {
            Some((_, proposal)) => Some(proposal),
            None => {
                let space = SourceSpace { project: &self.project, sources: &self.sources };
                let asked = Instant::now();
                let proposal = self.policy.ask(&self.notebook, &space, 1).pop();
                debug!(trial, took = ?asked.elapsed(), choice = ?proposal.as_ref().map(|one| &one.choice), "asked");
                proposal
            }
        };
        self.asked = proposal.clone().map(|proposal| (trial, proposal));
        self.save_policy()?;
        proposal.map(|proposal| self.begin(proposal)).transpose()
    }

    /// The changes made to the program that main held before, applied to what it holds now as far as possible. Once.
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

    /// Turns a proposal into a trial.
    fn begin(&mut self, proposal: Proposal) -> Result<TrialNumber> {
        let parent = self.study.trial(proposal.parent);
        let sources = self.sources_of(parent.program())?.clone();
        let edited = self.project.rewriter.apply(&sources, &proposal.edits)?;
        let parent_commit = self.study.program_commit(proposal.parent);
        let trial = self.study.next_trial();
        let now = self.now();
        let (message, slug) = self.note(trial, &proposal, |note| (note.pending(), note.slug()));
        let commit = if proposal.is_repeat() {
            self.repo.write_repeat(parent_commit, &message, now)?
        } else {
            self.repo.write_trial(parent_commit, &changed_files(&sources, &edited), &message, now)?
        };
        self.sources.insert(proposal.program.clone(), edited);
        let started = self.started(trial, proposal, commit, &slug, now);
        self.record(&Event::TrialStarted(started)).map(|()| trial)
    }

    /// Starts a trial of the untouched program.
    pub(super) fn begin_base(&mut self, program_commit: CommitId) -> Result<()> {
        let started = self.base_trial(program_commit)?;
        self.record(&Event::TrialStarted(started))
    }

    /// The start of a trial of the program that main holds: the baseline, or what somebody else put there.
    pub(super) fn base_trial(&self, program_commit: CommitId) -> Result<TrialStarted> {
        let trial = self.study.next_trial();
        let sources = &self.project.sources;
        let proposal = Proposal {
            parent: trial,
            edits: Vec::new(),
            program: self.project.identity(sources),
            values: self.project.rewriter.values(sources)?,
            choice: Choice { method: "none".into(), pool: 1, rank: 1, ..Choice::default() },
        };
        let now = self.now();
        let (message, slug) = self.note(trial, &proposal, |note| (note.pending(), note.slug()));
        let commit = self.repo.write_repeat(program_commit, &message, now)?;
        Ok(self.started(trial, proposal, commit, &slug, now))
    }

    fn started(
        &self,
        trial: TrialNumber,
        proposal: Proposal,
        commit: CommitId,
        slug: &str,
        now: Timestamp,
    ) -> TrialStarted {
        let Started { study, seed, .. } = &self.study.started;
        let (branch, seed) = (trial_branch(study, trial, slug), trial_seed(*seed, trial));
        TrialStarted { trial, proposal, commit, branch, seed, at: now.since_1970() }
    }

    /// What the commit messages of a trial are made from, borrowed while one is written.
    pub(super) fn note<T>(
        &self,
        trial: TrialNumber,
        proposal: &Proposal,
        write: impl FnOnce(&TrialNote<'_>) -> T,
    ) -> T {
        let parent_metric =
            if proposal.is_base(trial) { None } else { self.study.trial(proposal.parent).metric() };
        let metric = self.metric();
        write(&TrialNote {
            study: &self.study.started.study,
            trial,
            proposal,
            parent_metric,
            metric: &metric,
            ideas: &self.ideas(&proposal.edits),
            seed: trial_seed(self.study.started.seed, trial),
            budget: self.options.budget.as_str(),
            frozen: &self.project.frozen,
            lock: self.project.lock.as_deref(),
        })
    }

    /// The metric, for messages.
    pub(super) fn metric(&self) -> Metric {
        Metric { name: self.options.metric.name.clone(), maximise: self.options.metric.maximise }
    }

    /// Why each edit may help, from its template.
    pub(super) fn ideas(&self, edits: &[Edit]) -> Vec<String> {
        edits.iter().filter_map(|edit| self.project.catalogue.idea(edit)).collect()
    }

    pub(crate) fn sources_of(&self, program: &crate::study::ProgramId) -> Result<&Sources> {
        self.sources.get(program).with_context(|| format!("the source of program {program} is missing"))
    }
}
