//! Merges confirmed candidates and lets main follow; or, if main has moved, lets the study follow it.

use anyhow::{Context, Result};

use super::opening::Campaign;
use crate::journal::{MergeNote, Pair, takeover};
use crate::project::Project;
use crate::repo::Follow;
use crate::study::{CommitId, Decided, Edit, Event, MainMoved, Merged, TrialNumber};

impl Campaign {
    /// Ends the open confirmation if its last pair decides it, and merges what is decided.
    /// Called after every run, and when a study is resumed.
    pub(super) fn settle(&mut self) -> Result<()> {
        if let Some(decided) = self.study.settled(&self.options.rules, self.now().since_1970()) {
            self.record(&Event::Decided(decided))?;
        }
        let merged = |trial| self.study.merges.iter().any(|merged| merged.trial == trial);
        let proved = self.study.decided.iter().find(|decided| decided.merge && !merged(decided.candidate));
        match proved.cloned() {
            Some(decided) => self.merge(&decided),
            None => Ok(()),
        }
    }

    /// Makes the merge commit of a discovery.
    fn merge(&mut self, decided: &Decided) -> Result<()> {
        let trial = decided.candidate;
        let previous = self.study.tip.unwrap_or(self.study.base_commit);
        let commit = self.study.trial(trial).commit();
        let changes = self.whole_change(decided.incumbent, trial)?;
        let now = self.now();
        let metric = self.metric();
        let message = MergeNote {
            study: &self.study.started.study,
            trial,
            program: self.study.trial(trial).program(),
            metric: &metric,
            changes: &changes,
            ideas: &self.ideas(&changes),
            pairs: &self.pairs(decided),
            p_value: decided.evidence.p_value,
            level: decided.evidence.level,
            budget: self.options.budget.as_str(),
            frozen: &self.project.frozen,
        }
        .message();
        let merge = self.repo.write_merge((previous, commit), commit, &message, now)?;
        self.record(&Event::Merged(Merged {
            trial,
            previous: decided.incumbent,
            commit: merge,
            edits: changes,
            at: now.since_1970(),
        }))?;
        self.look_at_main().map(drop)
    }

    fn pairs(&self, decided: &Decided) -> Vec<Pair> {
        let seeds =
            self.study.side_runs(decided.candidate, decided.candidate).into_iter().map(|run| run.seed);
        let pairs = decided.evidence.pairs.iter();
        seeds.zip(pairs).map(|(seed, &(after, before))| Pair { seed, before, after }).collect()
    }

    /// All edits that lead from one program to another, including those that were undone.
    fn whole_change(&self, from: TrialNumber, to: TrialNumber) -> Result<Vec<Edit>> {
        let old = self.sources_of(self.study.trial(from).program())?;
        let new = self.sources_of(self.study.trial(to).program())?;
        Ok(self.project.rewriter.difference(old, new)?)
    }

    /// Moves main to the last discovery if possible. If somebody else moved main, follows it there.
    /// Returns `true` if this has to wait for what is under way: nothing new should be started.
    pub(crate) fn look_at_main(&mut self) -> Result<bool> {
        let Some(commit) = self.moved_by_others()? else { return Ok(false) };
        // What runs now would be compared with a program that is no longer there.
        if !self.slots.running().is_empty() {
            return Ok(true);
        }
        let taken_back = self.was_taken_back(commit)?;
        self.adopt(commit, taken_back).map(|()| false)
    }

    /// Where main is, if somebody else moved it there.
    fn moved_by_others(&mut self) -> Result<Option<CommitId>> {
        let head = self.repo.main_head()?;
        let Some(tip) = self.study.tip else {
            return Ok(Some(head).filter(|head| *head != self.study.base_commit));
        };
        if self.was_taken_back(head)? {
            return Ok(Some(head));
        }
        match self.repo.follow_main(tip)? {
            Follow::Arrived => {
                self.told = None;
                if self.study.main_at != Some(tip) {
                    self.record(&Event::MainFollowed { commit: tip, at: self.now().since_1970() })?;
                }
                Ok(None)
            }
            Follow::Waits(wait) => {
                self.tell_once(format!("{} waits: {wait}", self.repo.main_branch()));
                Ok(None)
            }
            Follow::Elsewhere(commit) => Ok(Some(commit)),
        }
    }

    /// Whether main was brought to a discovery, and somebody took it back from there.
    fn was_taken_back(&self, head: CommitId) -> Result<bool> {
        let Some(at) = self.study.main_at else { return Ok(false) };
        Ok(head != at && self.repo.is_ancestor(head, at)?)
    }

    /// Why main is not at the last discovery, if it is not.
    pub(crate) fn main_waits(&self) -> Option<&str> {
        let is_behind = self.study.tip.is_some() && self.study.main_at != self.study.tip;
        self.told.as_deref().filter(|_| is_behind)
    }

    fn tell_once(&mut self, text: String) {
        if self.told.as_ref() != Some(&text) {
            self.live.warn(&text);
            self.told = Some(text);
        }
    }

    /// Makes what somebody else put on main the new baseline, which has to be measured first.
    fn adopt(&mut self, main: CommitId, taken_back: bool) -> Result<()> {
        let project = match Project::read(&self.repo, main) {
            Ok(project) => project,
            Err(error) => {
                self.tell_once(format!(
                    "main was moved to {}, which cannot be used: {error:#}",
                    main.short()
                ));
                return Ok(());
            }
        };
        self.project = project;
        let commit = match self.study.tip {
            None => main,
            Some(tip) => {
                let subject = self.repo.message(main)?;
                let subject = subject.lines().next().unwrap_or_default();
                let message = takeover(&self.study.started.study, &main.short(), subject);
                self.repo.write_merge((main, tip), main, &message, self.now())?
            }
        };
        let started = self.base_trial(commit)?;
        self.record(&Event::MainMoved(MainMoved {
            trial: started.trial,
            begins: Some(Box::new(started)),
            commit,
            taken_back,
            at: self.now().since_1970(),
        }))?;
        // What it remembers of the programs before is no longer of use.
        let state = self.policy.save();
        self.policy.load(state).context("the policy cannot read what it has just saved")?;
        self.read_sources()
    }
}
