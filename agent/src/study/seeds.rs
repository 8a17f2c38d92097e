//! The seeds of runs: fresh for every run, and the same again when a study is resumed.

use super::TrialNumber;

const TRIAL: u64 = 0;
const NOISE: u64 = 1;
const CONFIRMATION: u64 = 2;
const SURVEY: u64 = 3;
const CHECK: u64 = 4;

/// Seed of a trial.
pub(crate) fn trial_seed(study: u64, trial: TrialNumber) -> u64 {
    mix([study, TRIAL, u64::from(trial), 0])
}

/// Seed of the `nth` repeat of a baseline.
pub(crate) fn noise_seed(study: u64, baseline: TrialNumber, nth: usize) -> u64 {
    mix([study, NOISE, u64::from(baseline), nth as u64])
}

/// Seed of both sides of the `nth` pair that confirms a candidate.
pub(crate) fn confirmation_seed(study: u64, candidate: TrialNumber, nth: usize) -> u64 {
    mix([study, CONFIRMATION, u64::from(candidate), nth as u64])
}

/// Seed of both programs in the `nth` run of a study's last measurement.
pub(crate) fn check_seed(study: u64, nth: usize) -> u64 {
    mix([study, CHECK, nth as u64, 0])
}

/// The `nth` seed for measuring programs outside of any study, the same for all of them.
pub(crate) fn survey_seed(seed: u64, nth: usize) -> u64 {
    mix([seed, SURVEY, nth as u64, 0])
}

/// A hash of the words, cut to 32 bits: users type seeds on command lines.
fn mix(words: [u64; 4]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(&word.to_le_bytes());
    }
    let bytes = hasher.finalize();
    u64::from(u32::from_le_bytes([
        bytes.as_bytes()[0],
        bytes.as_bytes()[1],
        bytes.as_bytes()[2],
        bytes.as_bytes()[3],
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_runs_of_a_study_share_a_seed_except_the_sides_of_a_pair() {
        let mut seeds: Vec<u64> = (0..500).map(|trial| trial_seed(1, trial)).collect();
        seeds.extend((0..10).map(|nth| noise_seed(1, 0, nth)));
        seeds.extend(
            (0..50).flat_map(|candidate| (0..6).map(move |nth| confirmation_seed(1, candidate, nth))),
        );
        seeds.extend((0..10).map(|nth| survey_seed(1, nth)));
        seeds.extend((0..10).map(|nth| check_seed(1, nth)));
        let count = seeds.len();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), count);
        assert_ne!(trial_seed(1, 5), trial_seed(2, 5));
    }
}
