//! The proof of a merge: candidate and incumbent on fresh seeds, pair by pair, until a sequential
//! test decides.
//!
//! The differences of a pair are taken as d_i ~ N(delta sigma, sigma^2), sigma unknown; earlier
//! repeats of one program add what they know of sigma. The evidence is the Bayes factor of
//! delta ~ N(0, PRIOR_VARIANCE) restricted to delta > 0, against delta = 0, with the right Haar
//! prior on sigma. Being invariant to scale it is a test martingale under delta = 0: it may be
//! looked at after every pair, and 1/E is a p value whenever one stops (Ville's inequality;
//! Grünwald, de Heide, Koolen, "Safe testing", JRSS B 2024; Wang, Ramdas, "Anytime-valid t-tests
//! and confidence sequences for Gaussian means with unknown variance", 2024). If noise is not
//! normal it is not valid, so half of the evidence is that of `ranks`.

use serde::{Deserialize, Serialize};

use super::ranks;
use super::statistics::{mean, p_text, student_t_cdf, sum_of_squares};

/// Variance of the effect expected under the alternative, in units of the difference's variance.
const PRIOR_VARIANCE: f64 = 4.0;

/// The weight of that e-value in the mean with that of ranks, which is also an e-value: the first is quick if noise is
/// normal, the second is valid if it is not.
const T_SHARE: f64 = 0.5;

/// With fewer pairs, nothing is merged: one pair says nothing about the candidate's own noise, which may be larger than
/// that of the programs whose noise is known.
const FEWEST_PAIRS: usize = 2;

/// A candidate is given up if it would not be proved in time even with this many standard errors more of gain.
const HOPE: f64 = 2.0;

/// Why nothing is proved if repeats do not differ.
const SEED_UNREAD: &str =
    "nothing can be proved: results under different seeds are bit-identical, so the seed is not read";

/// The rules of a merge, decided when the study starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MergeRule {
    /// Share of merges that may be false.
    pub(crate) alpha: f64,
    /// Pairs after which a candidate that has not proved itself is rejected.
    pub(crate) most_pairs: usize,
    /// Smaller gains are ignored; `None` for a quarter of the noise's standard deviation.
    pub(crate) smallest_effect: Option<f64>,
    /// A metric that changes by more than this factor is more than a training is believed to bring.
    pub(crate) largest_factor: f64,
}

/// What a confirmation has seen: pairs of (candidate, incumbent) values, lower being better, and
/// what they say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) pairs: Vec<(f64, f64)>,
    /// The gain: mean of incumbent minus candidate.
    pub(crate) gain: f64,
    /// The e-value; 0 if noise cannot be measured.
    pub(crate) e_value: f64,
    /// 1/E, at most 1; `None` if noise cannot be measured.
    pub(crate) p_value: Option<f64>,
    /// The largest p value that would have merged; 0 if noise cannot be measured.
    #[serde(default)]
    pub(crate) level: f64,
}

/// What is known of the noise of a single run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Noise {
    /// Too few repeats so far.
    Unknown,
    /// Repeats under different seeds were bit-identical: the seed is not read, and the noise of a run is not known.
    SeedUnread,
    /// Sum of squared deviations from the means of repeated programs, and its degrees of freedom.
    Measured { squares: f64, freedom: usize },
}

impl Noise {
    /// From the repeated results of programs, each group the runs of one program.
    pub(crate) fn of(groups: &[Vec<f64>]) -> Self {
        let repeated = || groups.iter().filter(|runs| runs.len() > 1);
        let freedom: usize = repeated().map(|runs| runs.len() - 1).sum();
        let squares: f64 = repeated().map(|runs| sum_of_squares(runs)).sum();
        match freedom {
            0 => Self::Unknown,
            _ if repeated().all(|runs| runs.iter().all(|run| *run == runs[0])) => Self::SeedUnread,
            _ => Self::Measured { squares, freedom },
        }
    }

    /// Standard deviation of a run, as far as repeats show it: 0 if the seed is not read; `None` while unknown.
    pub(crate) fn deviation(self) -> Option<f64> {
        match self {
            Self::Unknown => None,
            Self::SeedUnread => Some(0.0),
            Self::Measured { squares, freedom } => Some((squares / freedom as f64).sqrt()),
        }
    }
}

/// What to do after a pair.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decision {
    Merge(String),
    Reject(String),
    AnotherPair,
}

impl MergeRule {
    /// The smallest gain worth proving, given the noise.
    pub(crate) fn smallest_effect(&self, noise: Noise) -> f64 {
        self.smallest_effect.unwrap_or_else(|| noise.deviation().unwrap_or(0.0) / 4.0)
    }

    /// Weighs the pairs seen so far; a p value of at most `level` merges.
    pub(crate) fn weigh(&self, pairs: &[(f64, f64)], noise: Noise, level: f64) -> (Evidence, Decision) {
        let gains: Vec<f64> = pairs.iter().map(|(candidate, incumbent)| incumbent - candidate).collect();
        let gain = mean(&gains);
        let smallest = self.smallest_effect(noise);
        let mut evidence = Evidence { pairs: pairs.to_vec(), gain, e_value: 0.0, p_value: None, level: 0.0 };
        if noise == Noise::SeedUnread {
            return (evidence, Decision::Reject(SEED_UNREAD.into()));
        }
        evidence.level = level;
        if gains.iter().all(|gain| *gain == 0.0) {
            let reason = "on the same seeds it gives exactly the same results as the incumbent";
            return (evidence, Decision::Reject(reason.into()));
        }
        let seen = Seen::new(&gains, noise);
        evidence.e_value = T_SHARE * seen.e_value() + (1.0 - T_SHARE) * ranks::e_value(pairs);
        let p_value = (1.0 / evidence.e_value).min(1.0);
        evidence.p_value = Some(p_value);
        let decision = if p_value <= level && gain > smallest && pairs.len() >= FEWEST_PAIRS {
            Decision::Merge(format!("{} after {} pairs", p_text(p_value), pairs.len()))
        } else if pairs.len() >= self.most_pairs {
            Decision::Reject(format!("not proved within {} pairs ({})", pairs.len(), p_text(p_value)))
        } else if pairs.len() >= FEWEST_PAIRS && seen.is_hopeless(smallest, level, self.most_pairs) {
            let (pairs, most) = (pairs.len(), self.most_pairs);
            Decision::Reject(format!("after {pairs} pairs, no proof can be expected within {most}"))
        } else {
            Decision::AnotherPair
        };
        (evidence, decision)
    }

    /// Expected number of pairs to prove a candidate that is better by `effect` standard deviations of a run; `None` if
    /// more than allowed.
    pub(crate) fn expected_pairs(&self, effect: f64, noise: Noise, level: f64) -> Option<usize> {
        /// Larger ones make no difference.
        const LARGEST: f64 = 100.0;
        let Noise::Measured { freedom, .. } = noise else { return Some(FEWEST_PAIRS) };
        let effect = effect.min(LARGEST);
        let none = Seen {
            pairs: 0.0,
            gain: effect / 2.0_f64.sqrt(),
            squares: freedom as f64,
            freedom: freedom as f64,
        };
        none.pairs_to(level, self.most_pairs)
    }
}

/// What is known about a candidate's gain and its variance.
#[derive(Clone, Copy, Debug)]
struct Seen {
    pairs: f64,
    /// Mean gain of the pairs.
    gain: f64,
    /// Squared deviations of gains from their means, and their degrees of freedom, including those of other repeats.
    squares: f64,
    freedom: f64,
}

impl Seen {
    fn new(gains: &[f64], noise: Noise) -> Self {
        let (squares, freedom) = match noise {
            // The variance of a difference is twice that of a run.
            Noise::Measured { squares, freedom } => (2.0 * squares, freedom as f64),
            Noise::Unknown | Noise::SeedUnread => (0.0, 0.0),
        };
        Self {
            pairs: gains.len() as f64,
            gain: mean(gains),
            squares: squares + sum_of_squares(gains),
            freedom: freedom + gains.len() as f64 - 1.0,
        }
    }

    /// The one-sided e-value.
    fn e_value(&self) -> f64 {
        let n = self.pairs;
        let degrees = self.freedom + 1.0;
        let total = self.squares + n * self.gain.powi(2);
        if total <= 0.0 {
            return 1.0;
        }
        let shrunk = n * PRIOR_VARIANCE / (1.0 + n * PRIOR_VARIANCE);
        let rest = total - shrunk * n * self.gain.powi(2);
        let two_sided = (1.0 + n * PRIOR_VARIANCE).powf(-0.5) * (total / rest).powf(degrees / 2.0);
        // The posterior of delta sigma under the alternative is Student's t around shrunk * mean.
        let scale = (PRIOR_VARIANCE / (1.0 + n * PRIOR_VARIANCE) * rest / degrees).sqrt();
        two_sided * 2.0 * student_t_cdf(shrunk * self.gain / scale, degrees)
    }

    /// How many pairs it takes to meet the level if all further ones gain as much as those before; `None` if more than
    /// `most`.
    fn pairs_to(mut self, level: f64, most: usize) -> Option<usize> {
        let variance = self.squares / self.freedom;
        loop {
            if self.pairs >= FEWEST_PAIRS as f64 && T_SHARE * self.e_value() * level >= 1.0 {
                return Some(self.pairs as usize);
            }
            if self.pairs >= most as f64 {
                return None;
            }
            self.freedom += 1.0;
            self.pairs += 1.0;
            self.squares += variance;
        }
    }

    /// Whether it would not be proved, or not be worth it, even if the candidate had bad luck so far.
    fn is_hopeless(&self, smallest: f64, level: f64, most: usize) -> bool {
        let error = (self.squares / self.freedom / self.pairs).sqrt();
        let lucky = Self { gain: self.gain + HOPE * error, ..*self };
        lucky.gain < smallest || lucky.pairs_to(level, most).is_none()
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const RULE: MergeRule =
        MergeRule { alpha: 0.02, most_pairs: 6, smallest_effect: None, largest_factor: 10.0 };

    fn normal(rng: &mut ChaCha8Rng) -> f64 {
        // Twelve uniforms: close enough to a normal for what is tested here.
        (0..12).map(|_| rng.next_u64() as f64 / u64::MAX as f64).sum::<f64>() - 6.0
    }

    /// Runs confirmations of a candidate that is better by `effect` noise deviations; the share merged
    /// and the mean number of pairs.
    fn confirmations(effect: f64, times: usize) -> (f64, f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let (mut merged, mut spent) = (0, 0);
        for _ in 0..times {
            let noise = Noise::of(&[(0..5).map(|_| normal(&mut rng)).collect()]);
            let mut pairs = Vec::new();
            loop {
                pairs.push((normal(&mut rng) - effect, normal(&mut rng)));
                match RULE.weigh(&pairs, noise, RULE.alpha).1 {
                    Decision::AnotherPair => continue,
                    Decision::Merge(_) => merged += 1,
                    Decision::Reject(_) => {}
                }
                spent += pairs.len();
                break;
            }
        }
        (merged as f64 / times as f64, spent as f64 / times as f64)
    }

    #[test]
    fn a_program_against_itself_is_merged_no_more_often_than_alpha_although_every_pair_is_looked_at() {
        let (merged, _) = confirmations(0.0, 4000);
        assert!(merged <= 0.02, "merged {merged}");
    }

    #[test]
    fn a_clear_gain_is_merged_after_few_pairs() {
        let (merged, pairs) = confirmations(4.0, 1000);
        assert!(merged > 0.9, "merged {merged}");
        assert!(pairs < 4.0, "pairs {pairs}");
    }

    #[test]
    fn the_e_value_agrees_with_an_integration_by_hand() {
        // Likelihood ratio integrated over delta and sigma on a grid.
        let gains = [0.8, 1.1, 0.3];
        let (squares, freedom) = (1.7, 3.0);
        let likelihood = |delta: f64| -> f64 {
            (1..4000)
                .map(|i| {
                    let sigma = f64::from(i) * 0.005;
                    let quadratic: f64 = gains.iter().map(|g| (g / sigma - delta).powi(2)).sum();
                    sigma.powf(-(gains.len() as f64 + freedom + 1.0))
                        * (-0.5 * (quadratic + squares / sigma.powi(2))).exp()
                })
                .sum()
        };
        let step = 0.02;
        let (mut above, mut weight) = (0.0, 0.0);
        for i in 0..600 {
            let delta = (f64::from(i) + 0.5) * step;
            let prior = (-delta * delta / (2.0 * PRIOR_VARIANCE)).exp();
            above += prior * likelihood(delta);
            weight += prior;
        }
        let by_hand = above / weight / likelihood(0.0);
        let closed = Seen {
            pairs: 3.0,
            gain: mean(&gains),
            squares: squares + sum_of_squares(&gains),
            freedom: freedom + 2.0,
        }
        .e_value();
        assert!((by_hand / closed - 1.0).abs() < 0.01, "{by_hand} against {closed}");
    }

    #[test]
    fn nothing_is_proved_if_the_seed_is_not_read() {
        let (evidence, decision) = RULE.weigh(&[(2.0, 2.1); 6], Noise::of(&[vec![2.1, 2.1]]), RULE.alpha);
        assert!(matches!(decision, Decision::Reject(reason) if reason.contains("the seed is not read")));
        assert_eq!(evidence.p_value, None);
    }
}
