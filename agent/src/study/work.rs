//! What a study does next, decided from its state alone.

use super::believable::too_good;
use super::state::Standing;
use super::{
    Decided, Decision, Ending, Evidence, MergeRule, Noise, Purpose, Run, RunEnded, Study, TrialNumber, online,
};

/// Share of a study, by trials or by time, before which nothing is proved: a merge makes later proofs harder, and what
/// is best early is seldom best later.
const FIRST_PROOF: f64 = 1.0 / 3.0;
/// Share from which on the end is near, and what is best now is proved if it can be.
const LAST_PROOFS: f64 = 0.75;
/// Until then, the next merge waits until there are this many times the trials.
const BETWEEN_MERGES: u32 = 2;

/// Share of all runs that proofs may take, and runs that they may take in any case.
const PROOF_SHARE: f64 = 0.5;
const FEWEST_RUNS: usize = 12;

/// Number of pairs that a batch adds to a proof.
const PAIRS_IN_BATCH: usize = 6;

/// Runs of one side that may fail, for no fault of the candidate, before a confirmation is given up.
const FAILURES_ALLOWED: usize = 2;

/// The rules of a study, decided when it starts or resumes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StudyRules {
    pub(crate) merge: MergeRule,
    /// Number of repeats of the baseline at the start, to measure the noise.
    pub(crate) noise_repeats: usize,
    /// Number of fresh seeds on which main and the baseline are measured at the end.
    pub(crate) check_seeds: usize,
    /// Total number of trials, not counting the baseline; `None` for no limit.
    pub(crate) trials: Option<u32>,
    /// Trials without a merge after which the study has converged; half of all, if that is more.
    pub(crate) patience: u32,
}

/// What a study cannot know by itself when it decides what to do next.
#[derive(Clone, Copy)]
pub(crate) struct Outlook<'a> {
    /// Finds the trial of the best program according to the search; called only if that matters.
    pub(crate) favourite: &'a dyn Fn() -> Option<TrialNumber>,
    /// Share of its time that is over; 0 if there is no limit.
    pub(crate) time: f64,
    /// Whether there is just enough time left for the last measurement.
    pub(crate) ends_soon: bool,
}

/// One thing to do with a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Run a program: that of a trial that was started and has not ended, or a repeat.
    Run(Run),
    /// Ask the policy for a proposal.
    Propose,
    /// Wait for something under way to end.
    Wait,
    /// Nothing is left to do.
    Finish(Finish),
}

/// Why a study ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    AllTrialsRun,
    Converged,
    /// The untouched program does not run.
    BaselineFailed,
    /// Nothing more can be tried in the time that is left.
    TimeIsUp,
}

impl Finish {
    /// The text in the journal.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AllTrialsRun => "all trials run",
            Self::Converged => "converged",
            Self::BaselineFailed => "the baseline failed",
            Self::TimeIsUp => "time is up",
        }
    }
}

/// When the results of what is under way arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Results {
    /// Each when its run ends: what depends on it waits.
    OneByOne,
    /// All of them later: nothing waits, and what may be needed is run.
    Together,
}

impl Study {
    /// What a free slot should do while `running` is under way in the others.
    pub(crate) fn next_work(&self, rules: &StudyRules, outlook: Outlook<'_>, running: &[Run]) -> Work {
        self.next(rules, outlook, running, Results::OneByOne)
    }

    /// What should be added to a batch of runs, whose results come back together. Never `Wait`.
    pub(crate) fn next_in_batch(&self, rules: &StudyRules, outlook: Outlook<'_>, batch: &[Run]) -> Work {
        self.next(rules, outlook, batch, Results::Together)
    }

    fn next(&self, rules: &StudyRules, outlook: Outlook<'_>, running: &[Run], results: Results) -> Work {
        let is_running = |number: TrialNumber| running.contains(&Run::Trial(number));
        if let Some(base) = self.trials.get(self.base as usize) {
            match base.outcome() {
                None if !is_running(self.base) => return Work::Run(Run::Trial(self.base)),
                None if results == Results::OneByOne => return Work::Wait,
                Some(outcome) if !outcome.is_completed() => return Work::Finish(Finish::BaselineFailed),
                _ => {}
            }
        }
        let proof = || self.confirmation_run(rules, outlook, running, results).filter(|_| !outlook.ends_soon);
        if let Some(run) = self.noise_run(rules, running).or_else(proof) {
            return Work::Run(run);
        }
        let unfinished = self.trials.iter().find(|t| t.ended.is_none() && !is_running(t.started.trial));
        if let Some(trial) = unfinished.filter(|_| !outlook.ends_soon) {
            return Work::Run(Run::Trial(trial.started.trial));
        }
        let Some(finish) = self.finish(rules, outlook) else { return Work::Propose };
        let is_check = |run: &Run| run.purpose() == Some(Purpose::Check);
        match results {
            // What else is under way may still change main.
            Results::OneByOne if !running.iter().all(is_check) => Work::Wait,
            Results::OneByOne => match self.check_run(rules, running) {
                Some(run) => Work::Run(run),
                None if running.is_empty() => Work::Finish(finish),
                None => Work::Wait,
            },
            Results::Together => Work::Finish(finish),
        }
    }

    fn noise_run(&self, rules: &StudyRules, running: &[Run]) -> Option<Run> {
        let run = Run::Again { trial: self.base, purpose: Purpose::Noise };
        let ended = self.runs.iter().filter(|run| run.purpose == Purpose::Noise && run.trial == self.base);
        let (failed, good): (Vec<_>, Vec<_>) = ended.partition(|run| run.measurement.metric.is_none());
        let ended = failed.len() + self.believed(good.into_iter()).len();
        let started = ended + running.iter().filter(|other| **other == run).count();
        (started < rules.noise_repeats).then_some(run)
    }

    /// The next run of the open confirmation: the side that is behind, the candidate first in odd
    /// pairs and the incumbent in even ones, so that a drift of the machine favours neither.
    fn confirmation_run(
        &self,
        rules: &StudyRules,
        outlook: Outlook<'_>,
        running: &[Run],
        results: Results,
    ) -> Option<Run> {
        let begun = running.iter().find_map(|run| match run.purpose() {
            Some(Purpose::Confirmation { candidate }) => Some(candidate),
            _ => None,
        });
        let open = self.open_candidate().or(begun.filter(|candidate| !self.is_decided(*candidate)));
        let candidate = open.or_else(|| self.new_candidate(rules, outlook))?;
        let purpose = Purpose::Confirmation { candidate };
        let side = |trial: TrialNumber| {
            let under_way = running.iter().filter(|run| **run == Run::Again { trial, purpose });
            self.side(candidate, trial).len() + under_way.count()
        };
        let (ours, theirs) = (side(candidate), side(self.incumbent));
        let done = self.pairs(candidate).len();
        let of_it = |run: &Run| run.purpose() == Some(purpose);
        let enough = match results {
            Results::OneByOne => running.iter().any(of_it),
            Results::Together => ours >= rules.merge.most_pairs.min(done + PAIRS_IN_BATCH),
        };
        let trial = match ours.cmp(&theirs) {
            std::cmp::Ordering::Less => candidate,
            std::cmp::Ordering::Greater => self.incumbent,
            std::cmp::Ordering::Equal if enough => return None,
            std::cmp::Ordering::Equal if ours % 2 == 0 => candidate,
            std::cmp::Ordering::Equal => self.incumbent,
        };
        Some(Run::Again { trial, purpose })
    }

    /// The trial whose confirmation is open.
    pub(crate) fn open_candidate(&self) -> Option<TrialNumber> {
        self.runs.iter().rev().find_map(|run| match run.purpose {
            Purpose::Confirmation { candidate }
                if !self.is_decided(candidate) && !self.is_stale(candidate) =>
            {
                Some(candidate)
            }
            _ => None,
        })
    }

    pub(crate) fn is_decided(&self, candidate: TrialNumber) -> bool {
        self.decided.iter().any(|decided| decided.candidate == candidate)
    }

    /// The best program according to the search, if it is time for a proof, worth one, and not yet decided on.
    fn new_candidate(&self, rules: &StudyRules, outlook: Outlook<'_>) -> Option<TrialNumber> {
        if !self.is_time_for_proof(rules, outlook) {
            return None;
        }
        let program = self.trial((outlook.favourite)()?).program();
        let is_it = |standing: &Standing| self.trial(standing.trial).program() == program;
        let standing = self.programs().into_iter().find(is_it)?;
        let is_new = program != self.trial(self.incumbent).program() && !self.is_decided(standing.trial);
        (is_new && self.is_worth_proof(rules, &standing)).then_some(standing.trial)
    }

    /// Trials that have not ended do not count, so it does not matter whether they had started when a study was killed.
    fn is_time_for_proof(&self, rules: &StudyRules, outlook: Outlook<'_>) -> bool {
        let begun = self.next_trial().saturating_sub(1);
        let ended = self.trials.iter().skip(1).filter(|trial| trial.ended.is_some()).count() as u32;
        let trials = rules.trials.map_or(0.0, |trials| f64::from(ended) / f64::from(trials.max(1)));
        let is_at_its_end = ended == begun && self.finish(rules, outlook).is_some();
        let over = if is_at_its_end { 1.0 } else { outlook.time.max(trials) };
        over >= LAST_PROOFS || over >= FIRST_PROOF && ended >= BETWEEN_MERGES * self.merged_at
    }

    /// Whether a confirmation was started against a program that is no longer the incumbent.
    fn is_stale(&self, candidate: TrialNumber) -> bool {
        self.confirmation_runs(candidate).any(|run| run.trial != candidate && run.trial != self.incumbent)
    }

    /// Whether a program's lead over the incumbent is worth a proof: more than the smallest effect even if it was
    /// lucky, and large enough that the proof can be expected to succeed within the runs allowed.
    fn is_worth_proof(&self, rules: &StudyRules, candidate: &Standing) -> bool {
        let (noise, merge) = (self.noise(None), &rules.merge);
        if noise == Noise::SeedUnread {
            return false;
        }
        let Some(value) = self.incumbent_value() else { return false };
        let deviation = noise.deviation().unwrap_or(0.0);
        let lead = value - candidate.mean - 0.5 * deviation / (candidate.runs as f64).sqrt();
        if lead <= merge.smallest_effect(noise) {
            return false;
        }
        let Some(pairs) = merge.expected_pairs(lead / deviation, noise, self.level(rules)) else {
            return false;
        };
        let is_proof = |run: &&RunEnded| matches!(run.purpose, Purpose::Confirmation { .. });
        let proofs = self.runs.iter().filter(is_proof).count();
        let all = self.trials.len() + self.runs.len();
        let allowed = FEWEST_RUNS.max((PROOF_SHARE * (all + 2 * pairs) as f64) as usize);
        proofs + 2 * pairs <= allowed
    }

    fn level(&self, rules: &StudyRules) -> f64 {
        online::level(rules.merge.alpha, &self.decided)
    }

    /// Results of candidate and incumbent on fresh seeds, pair by pair while both exist.
    fn pairs(&self, candidate: TrialNumber) -> Vec<(f64, f64)> {
        self.side(candidate, candidate).into_iter().zip(self.side(candidate, self.incumbent)).collect()
    }

    /// Results of one side of a confirmation, leaving out runs that were slowed down.
    fn side(&self, candidate: TrialNumber, trial: TrialNumber) -> Vec<f64> {
        self.side_runs(candidate, trial).iter().filter_map(|run| run.measurement.metric).collect()
    }

    /// The runs with these results.
    pub(crate) fn side_runs(&self, candidate: TrialNumber, trial: TrialNumber) -> Vec<&RunEnded> {
        self.believed(self.confirmation_runs(candidate).filter(|run| run.trial == trial))
    }

    /// Weighs the open confirmation once its last pair is complete.
    pub(crate) fn weigh(&self, rules: &StudyRules, candidate: TrialNumber) -> (Evidence, Decision) {
        let failures = |trial: TrialNumber| -> Vec<&RunEnded> {
            let runs = self.confirmation_runs(candidate).filter(|run| run.trial == trial);
            runs.filter(|run| run.measurement.metric.is_none()).collect()
        };
        let (our_failures, their_failures) = (failures(candidate), failures(self.incumbent));
        let (ours, theirs) = (self.side(candidate, candidate), self.side(candidate, self.incumbent));
        let is_its_own = |run: &&RunEnded| run.measurement.ending != Ending::DeviceFailed;
        let pairs = self.pairs(candidate);
        let evidence = Evidence { pairs: pairs.clone(), ..Evidence::default() };
        if our_failures.iter().any(is_its_own) {
            return (evidence, Decision::Reject("it failed on a fresh seed".into()));
        }
        if our_failures.len() > FAILURES_ALLOWED {
            return (evidence, Decision::Reject("the device keeps failing under it".into()));
        }
        if their_failures.len() > FAILURES_ALLOWED {
            return (evidence, Decision::Reject("the incumbent fails on fresh seeds".into()));
        }
        if pairs.is_empty() || ours.len() != theirs.len() {
            return (evidence, Decision::AnotherPair);
        }
        rules.merge.weigh(&pairs, self.noise(Some(candidate)), self.level(rules))
    }

    /// How the open confirmation ends, if its last run decides.
    pub(crate) fn settled(&self, rules: &StudyRules, at: u64) -> Option<Decided> {
        let candidate = self.open_candidate()?;
        let (evidence, decision) = self.weigh(rules, candidate);
        let (merge, reason) = match decision {
            Decision::AnotherPair => return None,
            Decision::Merge(reason) => match self.too_good(rules, candidate) {
                Some(doubt) => (false, doubt),
                None => (true, reason),
            },
            Decision::Reject(reason) => (false, reason),
        };
        Some(Decided { candidate, incumbent: self.incumbent, merge, reason, evidence, at })
    }

    fn too_good(&self, rules: &StudyRules, candidate: TrialNumber) -> Option<String> {
        let (ours, theirs) =
            (self.side_runs(candidate, candidate), self.side_runs(candidate, self.incumbent));
        too_good(rules.merge.largest_factor, &ours, &theirs)
    }

    fn finish(&self, rules: &StudyRules, outlook: Outlook<'_>) -> Option<Finish> {
        if outlook.ends_soon {
            return Some(Finish::TimeIsUp);
        }
        let run = self.next_trial().saturating_sub(1);
        if rules.trials.is_some_and(|trials| run >= trials) {
            return Some(Finish::AllTrialsRun);
        }
        let quiet = run.saturating_sub(self.merged_at);
        (quiet >= rules.patience.max(run.div_ceil(2))).then_some(Finish::Converged)
    }
}

#[cfg(test)]
mod tests;
