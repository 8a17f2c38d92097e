//! What a study does next, decided from its state alone.

use super::state::Standing;
use super::{Decision, Ending, Evidence, MergeRule, Purpose, RunEnded, Study, TrialNumber};

/// Runs of one side that may fail, for no fault of the candidate, before a confirmation is given up.
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

/// When the results of what is under way come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Results {
    /// Each when its run has ended: what depends on it waits.
    OneByOne,
    /// All of them later: nothing waits, and what may be needed is run.
    Together,
}

impl Study {
    /// What a free slot should do, `running` being under way in the others.
    pub(crate) fn next_work(&self, rules: &StudyRules, running: &[Work]) -> Work {
        self.next(rules, running, Results::OneByOne)
    }

    /// What should be added to a batch of runs, whose results come back together. Never to wait.
    pub(crate) fn next_in_batch(&self, rules: &StudyRules, batch: &[Work]) -> Work {
        self.next(rules, batch, Results::Together)
    }

    fn next(&self, rules: &StudyRules, running: &[Work], results: Results) -> Work {
        let is_running = |number: TrialNumber| running.contains(&Work::Trial(number));
        if let Some(base) = self.trials.get(self.base as usize) {
            match base.outcome() {
                None if !is_running(self.base) => return Work::Trial(self.base),
                None if results == Results::OneByOne => return Work::Wait,
                Some(outcome) if !outcome.is_completed() => return Work::Finish(Finish::BaselineFailed),
                _ => {}
            }
        }
        let proof = || self.confirmation_work(rules, running, results);
        if let Some(work) = self.noise_work(rules, running).or_else(proof) {
            return work;
        }
        let unfinished = self.trials.iter().find(|t| t.ended.is_none() && !is_running(t.started.trial));
        if let Some(trial) = unfinished {
            return Work::Trial(trial.started.trial);
        }
        match self.finish(rules) {
            Some(_) if results == Results::OneByOne && !running.is_empty() => Work::Wait,
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
    fn confirmation_work(&self, rules: &StudyRules, running: &[Work], results: Results) -> Option<Work> {
        let candidate = self.candidate(rules)?;
        let purpose = Purpose::Confirmation { candidate };
        let side = |trial: TrialNumber| {
            let ended = self.confirmation_runs(candidate).filter(|run| run.trial == trial);
            let under_way = running.iter().filter(|work| **work == Work::Run { trial, purpose });
            ended.filter(|run| run.measurement.metric.is_some()).count() + under_way.count()
        };
        let (ours, theirs) = (side(candidate), side(self.incumbent));
        let of_it = |work: &Work| matches!(work, Work::Run { purpose: other, .. } if *other == purpose);
        let enough = match results {
            Results::OneByOne => running.iter().any(of_it),
            Results::Together => ours >= rules.merge.most_pairs,
        };
        let trial = match ours.cmp(&theirs) {
            std::cmp::Ordering::Less => candidate,
            std::cmp::Ordering::Greater => self.incumbent,
            std::cmp::Ordering::Equal if enough => return None,
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
            (good.iter().filter_map(|run| run.measurement.metric).collect::<Vec<f64>>(), failed)
        };
        let ((ours, our_failures), (theirs, their_failures)) = (side(candidate), side(self.incumbent));
        let is_its_own = |run: &&RunEnded| run.measurement.ending != Ending::DeviceFailed;
        let pairs: Vec<(f64, f64)> = ours.iter().copied().zip(theirs.iter().copied()).collect();
        let evidence = Evidence { pairs: pairs.clone(), ..Evidence::default() };
        if our_failures.iter().any(is_its_own) {
            return (evidence, Decision::Reject("it failed on a fresh seed".into()));
        }
        if our_failures.len() > FAILURES_ALLOWED {
            return (evidence, Decision::Reject("the device fails under it again and again".into()));
        }
        if their_failures.len() > FAILURES_ALLOWED {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{
        Choice, Event, Measurement, Outcome, ProgramId, Proposal, Sources, Started, TrialEnded, TrialStarted,
        Values,
    };

    const RULES: StudyRules = StudyRules {
        merge: MergeRule { alpha: 0.02, most_pairs: 3, smallest_effect: Some(0.1) },
        noise_repeats: 2,
        trials: Some(2),
        patience: 50,
    };

    fn measured(metric: f64) -> Measurement {
        Measurement {
            ending: Ending::Completed,
            metric: Some(metric),
            test: None,
            curve: Vec::new(),
            reason: String::new(),
            build_seconds: 0.0,
            smoke_seconds: 0.0,
            train_seconds: 0.0,
            tokens: None,
            steps: None,
            params: None,
            memory: None,
            device_memory: None,
            device: None,
        }
    }

    fn begin(study: &mut Study, trial: TrialNumber) {
        let sources = Sources([("n".to_owned(), trial.to_string())].into());
        let program = ProgramId::new("", &sources);
        let (values, choice) = (Values::new(), Choice::default());
        let proposal = Proposal { parent: 0, edits: Vec::new(), program, values, choice };
        let [commit, branch] = [String::new(), String::new()];
        study.apply(&Event::TrialStarted(TrialStarted { trial, proposal, commit, branch, seed: 0, at: 0 }));
    }

    fn end(study: &mut Study, trial: TrialNumber, metric: f64) {
        let (outcome, commit) = (Outcome::Kept, String::new());
        let measurement = measured(metric);
        study.apply(&Event::TrialEnded(TrialEnded {
            trial,
            outcome,
            measurement,
            commit,
            forecast: None,
            at: 0,
        }));
    }

    fn study() -> Study {
        let [base, search, budget, metric] = ["", "random", "9steps", "loss"].map(str::to_owned);
        let study = "one".to_owned();
        let mut study = Study::new(Started {
            study,
            base,
            search,
            seed: 0,
            budget,
            metric,
            maximise: false,
            device: None,
            at: 0,
        });
        begin(&mut study, 0);
        study
    }

    /// All that a batch takes, trials being proposed where that is asked for.
    fn batch(study: &mut Study) -> Vec<Work> {
        let mut batch = Vec::new();
        loop {
            match study.next_in_batch(&RULES, &batch) {
                Work::Finish(_) => return batch,
                Work::Propose => begin(study, study.next_trial()),
                work => batch.push(work),
            }
            assert!(batch.len() < 100, "a batch has an end");
        }
    }

    #[test]
    fn a_batch_waits_for_nothing_that_is_in_it() {
        let mut study = study();
        let noise = Work::Run { trial: 0, purpose: Purpose::Noise };
        let all = [Work::Trial(0), noise, noise, Work::Trial(1), Work::Trial(2)];
        assert_eq!(study.next_work(&RULES, &all[..1]), Work::Wait);
        assert_eq!(batch(&mut study), all);
        assert_eq!(batch(&mut study), all, "what is still out is in the next one again");
    }

    fn prove(study: &mut Study, trial: TrialNumber, measurement: Measurement) {
        let purpose = Purpose::Confirmation { candidate: 1 };
        study.apply(&Event::RunEnded(RunEnded { purpose, trial, seed: 0, measurement, at: 0 }));
    }

    /// A study with a candidate that looks better than the baseline.
    fn with_a_candidate() -> Study {
        let mut study = study();
        begin(&mut study, 1);
        for (trial, metric) in [(0, 2.0), (1, 1.0)] {
            end(&mut study, trial, metric);
        }
        for metric in [2.0, 2.01] {
            let (measurement, purpose) = (measured(metric), Purpose::Noise);
            study.apply(&Event::RunEnded(RunEnded { purpose, trial: 0, seed: 0, measurement, at: 0 }));
        }
        study
    }

    #[test]
    fn a_run_that_its_device_failed_is_done_again_and_does_not_count_against_the_candidate() {
        let failed = |ending| Measurement { ending, metric: None, ..measured(0.0) };
        let mut study = with_a_candidate();
        let ours = Work::Run { trial: 1, purpose: Purpose::Confirmation { candidate: 1 } };
        for _ in 0..FAILURES_ALLOWED {
            prove(&mut study, 1, failed(Ending::DeviceFailed));
            assert_eq!(study.weigh(&RULES, 1).1, Decision::AnotherPair);
            assert_eq!(study.next_work(&RULES, &[]), ours);
        }
        let mut unlucky = study.clone();
        prove(&mut study, 1, measured(1.0));
        prove(&mut study, 0, measured(2.0));
        assert_eq!(study.weigh(&RULES, 1).0.pairs, [(1.0, 2.0)]);
        prove(&mut unlucky, 1, failed(Ending::DeviceFailed));
        assert!(matches!(unlucky.weigh(&RULES, 1).1, Decision::Reject(why) if why.contains("the device")));
    }

    #[test]
    fn a_candidate_that_fails_by_itself_on_a_fresh_seed_is_rejected() {
        let mut study = with_a_candidate();
        prove(&mut study, 1, Measurement { ending: Ending::Diverged, metric: None, ..measured(0.0) });
        assert!(matches!(study.weigh(&RULES, 1).1, Decision::Reject(_)));
    }

    #[test]
    fn a_batch_has_all_pairs_that_a_proof_may_take() {
        let mut study = with_a_candidate();
        begin(&mut study, 2);
        end(&mut study, 2, 3.0);
        let run = |trial| Work::Run { trial, purpose: Purpose::Confirmation { candidate: 1 } };
        assert_eq!(batch(&mut study), [run(1), run(0), run(0), run(1), run(1), run(0)]);
        assert_eq!(study.next_work(&RULES, &[run(1), run(0)]), Work::Wait, "one pair at a time");
    }
}
