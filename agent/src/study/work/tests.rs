//! Tests of what a study does next.

use super::super::testing::{begin, end, happens, measured, ran, study};
use super::*;
use crate::study::{CommitId, Event, Measurement, Merged, Point};

const RULES: StudyRules = StudyRules {
    merge: MergeRule { alpha: 0.02, most_pairs: 3, smallest_effect: Some(0.1), largest_factor: 10.0 },
    noise_repeats: 2,
    check_seeds: 2,
    trials: Some(2),
    patience: 50,
};

/// The first trial is the best according to the search.
fn outlook(time: f64) -> Outlook<'static> {
    Outlook { favourite: &|| Some(1), time, ends_soon: false }
}

/// Everything that a batch takes, proposing trials when asked to.
fn batch(study: &mut Study) -> Vec<Run> {
    let mut batch = Vec::new();
    loop {
        match study.next_in_batch(&RULES, outlook(0.0), &batch) {
            Work::Finish(_) => return batch,
            Work::Propose => begin(study, study.next_trial()),
            Work::Run(run) => batch.push(run),
            Work::Wait => panic!("nothing waits in a batch"),
        }
        assert!(batch.len() < 100, "a batch has an end");
    }
}

#[test]
fn a_batch_does_not_wait_for_its_own_runs() {
    let mut study = study();
    let noise = Run::Again { trial: 0, purpose: Purpose::Noise };
    let all = [Run::Trial(0), noise, noise, Run::Trial(1), Run::Trial(2)];
    assert_eq!(study.next_work(&RULES, outlook(0.0), &all[..1]), Work::Wait);
    assert_eq!(batch(&mut study), all);
    assert_eq!(batch(&mut study), all, "what is still missing is in the next one again");
}

fn prove(study: &mut Study, trial: TrialNumber, measurement: Measurement) {
    ran(study, Purpose::Confirmation { candidate: 1 }, trial, measurement);
}

/// A study with a candidate that looks better than the baseline.
fn with_a_candidate() -> Study {
    let mut study = study();
    begin(&mut study, 1);
    for (trial, metric) in [(0, 2.0), (1, 1.0)] {
        end(&mut study, trial, metric);
    }
    for metric in [2.0, 2.01] {
        ran(&mut study, Purpose::Noise, 0, measured(metric));
    }
    study
}

#[test]
fn a_run_whose_device_failed_is_repeated_and_does_not_count_against_the_candidate() {
    let failed = |ending| Measurement { ending, metric: None, ..measured(0.0) };
    let mut study = with_a_candidate();
    let ours = Work::Run(Run::Again { trial: 1, purpose: Purpose::Confirmation { candidate: 1 } });
    for _ in 0..FAILURES_ALLOWED {
        prove(&mut study, 1, failed(Ending::DeviceFailed));
        assert_eq!(study.weigh(&RULES, 1).1, Decision::AnotherPair);
        assert_eq!(study.next_work(&RULES, outlook(1.0), &[]), ours);
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
    let run = |trial| Run::Again { trial, purpose: Purpose::Confirmation { candidate: 1 } };
    assert_eq!(batch(&mut study), [run(1), run(0), run(0), run(1), run(1), run(0)]);
    assert_eq!(study.next_work(&RULES, outlook(0.0), &[run(1), run(0)]), Work::Wait, "one pair at a time");
}

/// A study after this many trials, the first of which had the given result; without an end.
fn after(trials: TrialNumber, first: f64) -> (Study, StudyRules) {
    let mut study = study();
    end(&mut study, 0, 2.0);
    for trial in 1..=trials {
        begin(&mut study, trial);
        end(&mut study, trial, if trial == 1 { first } else { 2.5 });
    }
    for metric in [2.0, 2.01] {
        ran(&mut study, Purpose::Noise, 0, measured(metric));
    }
    (study, StudyRules { trials: Some(30), ..RULES })
}

#[test]
fn a_proof_waits_for_a_third_of_the_trials_or_time_and_for_a_lead_worth_proving() {
    let proof = Work::Run(Run::Again { trial: 1, purpose: Purpose::Confirmation { candidate: 1 } });
    let next = |trials, first, time| {
        let (study, rules) = after(trials, first);
        study.next_work(&rules, outlook(time), &[])
    };
    assert_eq!(next(9, 1.0, 0.3), Work::Propose);
    assert_eq!(next(10, 1.0, 0.0), proof);
    assert_eq!(next(3, 1.0, 0.4), proof);
    assert_eq!(next(10, 1.95, 0.9), Work::Propose, "less than the smallest effect");
}

#[test]
fn after_a_merge_the_next_proof_waits_for_twice_the_trials_or_for_the_end() {
    let (mut study, rules) = after(14, 1.0);
    happens(
        &mut study,
        Event::Merged(Merged {
            trial: 2,
            previous: 0,
            commit: CommitId::default(),
            edits: Vec::new(),
            at: 0,
        }),
    );
    study.merged_at = 8;
    assert_eq!(study.next_work(&rules, outlook(0.5), &[]), Work::Propose);
    assert!(matches!(study.next_work(&rules, outlook(0.8), &[]), Work::Run(_)));
    study.merged_at = 7;
    assert!(matches!(study.next_work(&rules, outlook(0.5), &[]), Work::Run(_)));
}

#[test]
fn a_proof_under_way_continues_whatever_the_favourite_is_by_then() {
    let (study, rules) = after(10, 1.0);
    let first = Run::Again { trial: 1, purpose: Purpose::Confirmation { candidate: 1 } };
    let second = Work::Run(Run::Again { trial: 0, purpose: Purpose::Confirmation { candidate: 1 } });
    let other = Outlook { favourite: &|| Some(2), time: 1.0, ends_soon: false };
    assert_eq!(study.next_work(&rules, other, &[first]), second);
}

#[test]
fn equal_results_mean_that_the_seed_is_not_read_only_if_the_curves_are_equal_too() {
    let with = |value: f64| Measurement { curve: vec![Point { share: 0.5, value }], ..measured(0.9) };
    let repeated = |curves: [f64; 2]| {
        let mut study = study();
        end(&mut study, 0, 0.9);
        curves.into_iter().for_each(|value| ran(&mut study, Purpose::Noise, 0, with(value)));
        study.trials[0].ended.as_mut().unwrap().measurement.curve = with(curves[0]).curve;
        study.noise(None)
    };
    assert_eq!(repeated([0.5, 0.5]), Noise::SeedUnread);
    assert_eq!(repeated([0.5, 0.6]), Noise::Unknown, "an accuracy of few values");
}
