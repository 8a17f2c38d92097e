//! The features of candidates and studies that the policy reads: the same numbers in benches and studies.
//!
//! All of them are of order 1. Their names and first weights are in `rule`.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::pool::{Candidate, Parent, TOPS};
use super::rule::FEATURES;
use crate::policy::normal;
use crate::policy::rows::{Code, Column};

/// The features of one candidate.
pub(super) type Features = [f32; FEATURES.len()];

/// Features of a study that the critic reads.
pub(super) const STUDY_FEATURES: usize = 6;

/// Limit of how far below the highest a logarithm of expected improvement counts.
const IMPROVEMENT_FLOOR: f64 = -12.0;

/// How the trials with an edit at one place went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    tries: f32,
    failures: f32,
    reward: f32,
}

impl Tally {
    fn add(&mut self, reward: f32, failed: bool) {
        self.tries += 1.0;
        self.failures += f32::from(failed);
        self.reward += reward;
    }

    /// Mean reward, as if two more trials had given nothing.
    fn mean_reward(self) -> f32 {
        self.reward / (self.tries + 2.0)
    }
}

/// How the trials that edited each site went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tallies {
    /// By column: the site, then each of its codes.
    sites: Vec<(Tally, Vec<Tally>)>,
}

impl Tallies {
    pub(super) fn add(&mut self, column: usize, code: Code, reward: f32, failed: bool) {
        if self.sites.len() <= column {
            self.sites.resize(column + 1, Default::default());
        }
        let (site, codes) = &mut self.sites[column];
        if codes.len() <= usize::from(code) {
            codes.resize(usize::from(code) + 1, Tally::default());
        }
        site.add(reward, failed);
        codes[usize::from(code)].add(reward, failed);
    }

    fn site(&self, column: usize) -> Tally {
        self.sites.get(column).map_or_else(Tally::default, |(site, _)| *site)
    }

    fn value(&self, column: usize, code: Code) -> Tally {
        let codes = self.sites.get(column).map(|(_, codes)| codes);
        codes.and_then(|codes| codes.get(usize::from(code))).copied().unwrap_or_default()
    }

    /// In (0, 1]: 1 for a value that no trial set before.
    pub(super) fn novelty(&self, column: usize, code: Code) -> f32 {
        1.0 / (1.0 + self.value(column, code).tries)
    }

    /// Sums over all sites of a group.
    fn groups<'a>(&self, columns: &'a [Column]) -> HashMap<&'a str, Tally> {
        let mut groups = HashMap::<&str, Tally>::new();
        for (column, (site, _)) in columns.iter().zip(&self.sites) {
            let sum = groups.entry(group(column)).or_default();
            sum.tries += site.tries;
            sum.reward += site.reward;
        }
        groups
    }
}

/// Neighbours are the sites of one file; sites without a file are each other's neighbours too.
fn group(column: &Column) -> &str {
    column.name.split_once("::").map_or("", |(file, _)| file)
}

/// How far a study is, from 0 at 10 runs to 1 at 300: what `tau` is in docs/search.md.
pub(super) fn progress(runs: usize) -> f64 {
    ((runs.max(1) as f64 / 10.0).ln() / 30f64.ln()).clamp(0.0, 1.0)
}

/// What the surrogate predicts for a candidate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// Mean above the best.
    pub(super) gain: f64,
    pub(super) sd: f64,
    log_improvement: f64,
}

impl Outlook {
    pub(super) fn new(gain: f64, variance: f64) -> Self {
        let sd = variance.sqrt();
        Self { gain, sd, log_improvement: normal::log_expected_improvement(gain, sd) }
    }
}

/// Computes features at one moment of a study.
pub(super) struct Reader<'a> {
    pub(super) columns: &'a [Column],
    pub(super) tallies: &'a Tallies,
    pub(super) parents: &'a [Parent],
    groups: HashMap<&'a str, Tally>,
    progress: f64,
    /// The most edits that a candidate may have.
    longest: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        columns: &'a [Column],
        tallies: &'a Tallies,
        parents: &'a [Parent],
        progress: f64,
        longest: usize,
    ) -> Self {
        let groups = tallies.groups(columns);
        Self { columns, tallies, parents, groups, progress, longest }
    }

    /// Features of all candidates, one after another. Masked ones do not count for the highest improvement.
    pub(super) fn pool(&self, candidates: &[Candidate], outlooks: &[Outlook], masked: &[bool]) -> Vec<f32> {
        let open = outlooks.iter().zip(masked).filter(|(_, masked)| !**masked);
        let highest = open.map(|(outlook, _)| outlook.log_improvement).fold(f64::NEG_INFINITY, f64::max);
        let features = |(candidate, outlook)| self.candidate(candidate, outlook, highest);
        candidates.iter().zip(outlooks).flat_map(features).collect()
    }

    fn candidate(&self, candidate: &Candidate, outlook: &Outlook, highest: f64) -> Features {
        let improvement = (outlook.log_improvement - highest).max(IMPROVEMENT_FLOOR) / 4.0;
        let (early, late) = (1.0 - self.progress, self.progress);
        let mut features = [0.0; FEATURES.len()];
        features[0] = (early * outlook.gain) as f32;
        features[1] = (early * outlook.sd) as f32;
        features[2] = (late * improvement) as f32;
        features[3] = (late * outlook.gain) as f32;
        features[4] = (late * outlook.sd) as f32;
        let edits = candidate.moves.len();
        let share = 1.0 / edits.max(1) as f32;
        let sites = &self.parents[candidate.parent].sites;
        for (&(site, _), (column, from, to)) in candidate.moves.iter().zip(candidate.codes(self.parents)) {
            match sites[site].kind {
                "knob" => features[5] += share,
                "choice" => features[6] += share,
                _ => features[7] += share,
            }
            self.add_site(&mut features, share, column, from, to);
        }
        features[8] = edits.saturating_sub(1) as f32 / (self.longest - 1) as f32;
        features[17] = candidate.parent as f32 / TOPS as f32;
        features[18] = f32::from(edits == 0);
        features[19] = self.progress as f32;
        features
    }

    fn add_site(&self, features: &mut Features, share: f32, column: usize, from: Code, to: Code) {
        let (site, value) = (self.tallies.site(column), self.tallies.value(column, to));
        let near = self.groups.get(group(&self.columns[column])).copied().unwrap_or_default();
        features[9] += share * site.mean_reward();
        features[10] += share * near.mean_reward();
        features[11] += share * value.mean_reward();
        features[12] += share * site.tries.ln_1p() / 4.0;
        features[13] += share * site.failures / (site.tries + 2.0);
        features[14] += share * self.tallies.novelty(column, to);
        let ladder = &self.columns[column];
        if let (true, Some(from), Some(to)) = (ladder.ordered, ladder.rung(from), ladder.rung(to)) {
            let step = (f32::from(to) - f32::from(from)) / (ladder.len() - 1).max(1) as f32;
            features[15] += share * step;
            features[16] += share * step.abs();
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::policy::Space;
    use crate::policy::ppo::pool;
    use crate::policy::rows::Encoding;
    use crate::policy::toy::Grid;

    #[test]
    fn features_are_at_the_places_of_their_names() {
        let grid = Grid { categories: 1, ladders: 1, width: 5 };
        let notebook = grid.notebook();
        let mut encoding = Encoding::default();
        let program = &notebook.programs()[0].program;
        let row = encoding.row(&program.values);
        let parents = [pool::Parent::new(program, row, 0, &grid.sites(program), None, &mut encoding)];
        let mut tallies = Tallies::default();
        // A good trial in the ladder's middle, a failed one at a category.
        tallies.add(1, encoding.code(1, "2"), 0.9, false);
        tallies.add(0, encoding.code(0, "1"), -1.0, true);

        let reader = Reader::new(encoding.columns(), &tallies, &parents, 0.25, 3);
        let candidates = [
            Candidate { parent: 0, moves: vec![(1, 2)] },
            Candidate { parent: 0, moves: vec![(0, 3), (1, 0)] },
            Candidate { parent: 0, moves: Vec::new() },
        ];
        let outlooks = [Outlook::new(-0.4, 0.25), Outlook::new(-1.0, 1.0), Outlook::new(0.0, 0.01)];
        let numbers = reader.pool(&candidates, &outlooks, &[false; 3]);
        let feature = |candidate: usize, name: &str| {
            let place = FEATURES.iter().position(|feature| feature.0 == name).expect("a feature's name");
            numbers[candidate * FEATURES.len() + place]
        };
        let near = |a: f32, b: f32| (a - b).abs() < 1e-6;
        assert!(near(feature(0, "early-gain"), 0.75 * -0.4) && near(feature(0, "early-doubt"), 0.75 * 0.5));
        assert!(near(feature(1, "late-gain"), -0.25) && near(feature(1, "late-doubt"), 0.25));
        assert!(near(feature(0, "knob"), 1.0) && near(feature(1, "choice"), 0.5));
        assert!(near(feature(0, "value-reward"), 0.3) && near(feature(1, "value-reward"), 0.0));
        assert!(near(feature(0, "near-reward"), -0.1 / 4.0) && near(feature(0, "site-reward"), 0.3));
        assert!(near(feature(1, "site-failures"), 0.5 / 3.0) && near(feature(0, "site-failures"), 0.0));
        assert!(near(feature(0, "direction"), -0.5) && near(feature(1, "direction"), -0.5));
        assert!(near(feature(1, "size"), 0.5) && near(feature(1, "more-edits"), 0.5));
        assert!(near(feature(2, "repeat"), 1.0) && near(feature(0, "repeat"), 0.0));
        assert!((0..3).any(|candidate| feature(candidate, "late-improvement") == 0.0));
    }

    #[test]
    fn progress_goes_from_ten_runs_to_three_hundred() {
        assert_eq!((progress(0), progress(10), progress(5000)), (0.0, 0.0, 1.0));
        assert!((progress(300) - 1.0).abs() < 1e-12 && (progress(55) - 0.5).abs() < 0.01);
    }

    #[test]
    fn only_open_candidates_set_the_highest_improvement() {
        let grid = Grid { categories: 1, ladders: 1, width: 5 };
        let notebook = grid.notebook();
        let mut encoding = Encoding::default();
        let program = &notebook.programs()[0].program;
        let row = encoding.row(&program.values);
        let parents = [pool::Parent::new(program, row, 0, &grid.sites(program), None, &mut encoding)];
        let (tallies, mut rng) = (Tallies::default(), ChaCha8Rng::seed_from_u64(1));
        let singles = pool::singles(&parents, &|_| false, &mut rng);
        let candidates = pool::candidates(&parents, singles, None, &|_| false, &mut rng);
        let reader = Reader::new(encoding.columns(), &tallies, &parents, 1.0, 3);
        let mut outlooks = vec![Outlook::new(-1.0, 1.0); candidates.len()];
        outlooks[0] = Outlook::new(2.0, 1.0);
        let mut masked = vec![false; candidates.len()];
        masked[0] = true;
        let numbers = reader.pool(&candidates, &outlooks, &masked);
        assert_eq!(numbers[FEATURES.len() + 2], 0.0);
    }
}
