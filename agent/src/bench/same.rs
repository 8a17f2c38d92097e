//! A program against itself: how often a study merges it, although there is nothing to gain.

use rand::SeedableRng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use super::merge_settings::MergeSettings;
use super::parallel::each;
use super::studied::{begun, rules, settle, take_in, tried};
use super::table::id;
use crate::policy::Program;
use crate::study::{Choice, Outlook, Proposal, Run, Values, Work};

/// How a comparison went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Compared {
    merged: bool,
    /// Number of runs that it took.
    proof: usize,
}

/// The result of all comparisons, as `--json` prints it.
#[derive(Debug, PartialEq, serde::Serialize)]
pub(crate) struct Same {
    pub(crate) rule: &'static str,
    pub(crate) comparisons: usize,
    pub(crate) merges: usize,
    pub(crate) false_share: f64,
    /// Of one comparison, including the repeats that measure the noise.
    pub(crate) proof_trials: f64,
}

/// Compares a program with itself, each time as the first candidate of a separate study; all runs are drawn with
/// replacement from those that were recorded.
pub(crate) fn same(runs: &[f64], settings: &MergeSettings) -> Same {
    let compared = each(settings.repeats, |number| compare(runs, settings, number));
    let merges = compared.iter().filter(|compared| compared.merged).count();
    let proof: usize = compared.iter().map(|compared| compared.proof).sum();
    let comparisons = settings.repeats.max(1) as f64;
    Same {
        rule: "ours",
        comparisons: settings.repeats,
        merges,
        false_share: merges as f64 / comparisons,
        proof_trials: proof as f64 / comparisons,
    }
}

fn compare(runs: &[f64], settings: &MergeSettings, number: u64) -> Compared {
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    rng.set_stream(number);
    let mut run = || *runs.choose(&mut rng).expect("there are many");
    let program = |name: &str| {
        let values = Values::from([("name".to_owned(), name.to_owned())]);
        Program { id: id(&values), trial: 0, values }
    };
    let rules = rules(settings);
    let mut study = begun(&program("one"), run());
    let other = program("the same under another name");
    let (program, values) = (other.id, other.values);
    let proposal = Proposal { parent: 0, edits: Vec::new(), program, values, choice: Choice::default() };
    // Its own score is not evidence, and is chosen so that it is picked.
    tried(&mut study, proposal, Some(f64::MIN / 4.0));
    let mut proof = 0;
    loop {
        match study.next_work(&rules, Outlook { favourite: &|| Some(1), time: 1.0, ends_soon: false }, &[]) {
            Work::Run(Run::Again { trial, purpose }) => take_in(&mut study, trial, purpose, Some(run())),
            _ => unreachable!("it is picked, and nothing ends before it is decided on"),
        }
        proof += 1;
        if let Some(merged) = settle(&mut study, &rules) {
            return Compared { merged, proof };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::nights_of;
    use super::*;

    #[test]
    fn a_program_is_hardly_ever_merged_with_itself() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut normal = || (0..12).map(|_| rand::RngExt::random::<f64>(&mut rng)).sum::<f64>() - 6.0;
        let runs: Vec<f64> = (0..60).map(|_| 1.9 + 0.02 * normal()).collect();
        let found = same(&runs, &nights_of(500, 0));
        assert_eq!(found.comparisons, 500);
        assert!(found.false_share <= 0.01 && found.proof_trials > 6.0, "{found:?}");
        assert_eq!(found, same(&runs, &nights_of(500, 0)));
    }
}
