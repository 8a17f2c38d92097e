//! What a study does next, decided from its state alone.

use super::state::Standing;
use super::{Decision, Evidence, MergeRule, Purpose, Study, TrialNumber};

/// Runs of one side that may fail before a confirmation is given up.
const FAILURES_ALLOWED: usize = 2;

/// The rules a study goes by, decided when it starts or resumes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StudyRules {
    pub(crate) merge: MergeRule,
    /// How often the baseline is repeated at the start to measure the noise.
    pub(crate) noise_repeats: usize,
    /// Total number of trials, the baseline not counted; `None` for no limit.
    pub(crate) trials: Option<u32>,
    /// Trials without a merge after which the study has converged; half of all, if that is more.
    pub(crate) patience: u32,
}

/// One thing to do with a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Run this trial, which has been started and did not end.
    Trial(TrialNumber),
    /// Run the program of this trial once more on a fresh seed.
    Run { trial: TrialNumber, purpose: Purpose },
    /// Ask the policy for a trial.
    Propose,
    /// Nothing before something under way has ended.
    Wait,
    /// Nothing any more.
    Finish(Finish),
}

/// Why a study ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    AllTrialsRun,
    Converged,
    /// The untouched program does not run.
    BaselineFailed,
}

impl Study {
    /// What a free slot should do, `running` being under way in the others.
    pub(crate) fn next_work(&self, rules: &StudyRules, running: &[Work]) -> Work {
        let is_running = |number: TrialNumber| running.contains(&Work::Trial(number));
        if let Some(base) = self.trials.get(self.base as usize) {
            match base.outcome() {
                None if is_running(self.base) => return Work::Wait,
                None => return Work::Trial(self.base),
                Some(outcome) if !outcome.is_completed() => return Work::Finish(Finish::BaselineFailed),
                Some(_) => {}
            }
        }
        if let Some(work) = self.noise_work(rules, running).or_else(|| self.confirmation_work(rules, running))
        {
            return work;
        }
        let unfinished = self.trials.iter().find(|t| t.ended.is_none() && !is_running(t.started.trial));
        if let Some(trial) = unfinished {
            return Work::Trial(trial.started.trial);
        }
        match self.finish(rules) {
            Some(_) if !running.is_empty() => Work::Wait,
            Some(finish) => Work::Finish(finish),
            None => Work::Propose,
        }
    }

    fn noise_work(&self, rules: &StudyRules, running: &[Work]) -> Option<Work> {
        let work = Work::Run { trial: self.base, purpose: Purpose::Noise };
        let ended = self.runs.iter().filter(|run| run.purpose == Purpose::Noise && run.trial == self.base);
        let started = ended.count() + running.iter().filter(|other| **other == work).count();
        (started < rules.noise_repeats).then_some(work)
    }

    /// The next run of the open confirmation: the side that is behind, the candidate first in odd
    /// pairs and the incumbent in even ones, so that a drift of the machine favours neither.
    fn confirmation_work(&self, rules: &StudyRules, running: &[Work]) -> Option<Work> {
        let candidate = self.candidate(rules)?;
        let purpose = Purpose::Confirmation { candidate };
        let side = |trial: TrialNumber| {
            let ended = self.confirmation_runs(candidate).filter(|run| run.trial == trial);
            let under_way = running.iter().filter(|work| **work == Work::Run { trial, purpose });
            ended.filter(|run| run.measurement.metric.is_some()).count() + under_way.count()
        };
        let (ours, theirs) = (side(candidate), side(self.incumbent));
        let trial = match ours.cmp(&theirs) {
            std::cmp::Ordering::Less => candidate,
            std::cmp::Ordering::Greater => self.incumbent,
            std::cmp::Ordering::Equal
                if running
                    .iter()
                    .any(|work| matches!(work, Work::Run { purpose: other, .. } if *other == purpose)) =>
            {
                return None;
            }
            std::cmp::Ordering::Equal if ours % 2 == 0 => candidate,
            std::cmp::Ordering::Equal => self.incumbent,
        };
        Some(Work::Run { trial, purpose })
    }

    /// The trial to be confirmed now: the one whose confirmation is open, else the best program that
    /// looks better than the incumbent and has not been decided on.
    pub(crate) fn candidate(&self, rules: &StudyRules) -> Option<TrialNumber> {
        let decided = |trial: TrialNumber| self.decided.iter().any(|decided| decided.candidate == trial);
        let open = self.runs.iter().rev().find_map(|run| match run.purpose {
            Purpose::Confirmation { candidate } if !decided(candidate) && !self.is_stale(candidate) => {
                Some(candidate)
            }
            _ => None,
        });
        open.or_else(|| {
            let incumbent = self.trial(self.incumbent).program();
            let promising = |other: &Standing| {
                self.trial(other.trial).program() != incumbent
                    && !decided(other.trial)
                    && self.looks_better(rules, other)
            };
            self.programs().into_iter().find(promising).map(|standing| standing.trial)
        })
    }

    /// Whether a confirmation was begun against a program that is no longer the incumbent.
    fn is_stale(&self, candidate: TrialNumber) -> bool {
        self.confirmation_runs(candidate).any(|run| run.trial != candidate && run.trial != self.incumbent)
    }

    /// Whether a program's lead over the incumbent is worth a proof: more than the smallest effect,
    /// and more than its own standard error, since most small leads are luck.
    fn looks_better(&self, rules: &StudyRules, candidate: &Standing) -> bool {
        let noise = self.noise(None);
        let runs = self.fresh_results(self.incumbent).len().max(1);
        let error =
            noise.deviation().unwrap_or(0.0) * (1.0 / candidate.runs as f64 + 1.0 / runs as f64).sqrt();
        let bar = rules.merge.smallest_effect(noise).max(error);
        self.incumbent_value().is_some_and(|value| value - candidate.mean > bar)
    }

    /// Weighs the open confirmation once its last pair is complete.
    pub(crate) fn weigh(&self, rules: &StudyRules, candidate: TrialNumber) -> (Evidence, Decision) {
        let side = |trial: TrialNumber| {
            let runs = self.confirmation_runs(candidate).filter(move |run| run.trial == trial);
            let (good, failed): (Vec<_>, Vec<_>) = runs.partition(|run| run.measurement.metric.is_some());
            (good.iter().filter_map(|run| run.measurement.metric).collect::<Vec<f64>>(), failed.len())
        };
        let ((ours, our_failures), (theirs, their_failures)) = (side(candidate), side(self.incumbent));
        let pairs: Vec<(f64, f64)> = ours.iter().copied().zip(theirs.iter().copied()).collect();
        let evidence = Evidence { pairs: pairs.clone(), ..Evidence::default() };
        if our_failures > 0 {
            return (evidence, Decision::Reject("it failed on a fresh seed".into()));
        }
        if their_failures > FAILURES_ALLOWED {
            return (evidence, Decision::Reject("the incumbent fails on fresh seeds".into()));
        }
        if pairs.is_empty() || ours.len() != theirs.len() {
            return (evidence, Decision::AnotherPair);
        }
        rules.merge.weigh(&pairs, self.noise(Some(candidate)))
    }

    fn finish(&self, rules: &StudyRules) -> Option<Finish> {
        let run = self.next_trial().saturating_sub(1);
        if rules.trials.is_some_and(|trials| run >= trials) {
            return Some(Finish::AllTrialsRun);
        }
        let quiet = run.saturating_sub(self.merged_at);
        (quiet >= rules.patience.max(run.div_ceil(2))).then_some(Finish::Converged)
    }
}
