//! The proof of a merge: candidate and incumbent on fresh seeds, pair by pair, until a sequential
//! test decides.
//!
//! The differences of a pair are taken as d_i ~ N(delta sigma, sigma^2), sigma unknown; earlier
//! repeats of one program add what they know of sigma. The evidence is the Bayes factor of
//! delta ~ N(0, PRIOR_VARIANCE) restricted to delta > 0, against delta = 0, with the right Haar
//! prior on sigma. Being invariant to scale it is a test martingale under delta = 0: it may be
//! looked at after every pair, and 1/E is a p value whenever one stops (Ville's inequality;
//! Grünwald, de Heide, Koolen, "Safe testing", JRSS B 2024; Wang, Ramdas, "Anytime-valid t-tests
//! and confidence sequences for Gaussian means with unknown variance", 2024).

use serde::{Deserialize, Serialize};

use super::statistics::{mean, p_text, student_t_cdf, sum_of_squares};

/// Variance of the effect expected under the alternative, in units of the difference's variance.
const PRIOR_VARIANCE: f64 = 4.0;

/// Before there are as many pairs, nothing is merged: one pair says nothing of the candidate's own
/// noise, which may be larger than that of the programs it was measured on.
const FEWEST_PAIRS: usize = 2;

/// A candidate is given up when the probability that it gains at least the smallest effect is
/// below this, a flat prior given. (A lower one spends more pairs on candidates that are no better.)
const FUTILE: f64 = 0.25;

/// The rules of a merge, decided when the study starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MergeRule {
    /// Largest p value that merges.
    pub(crate) alpha: f64,
    /// Pairs after which a candidate that has not proved itself is rejected.
    pub(crate) most_pairs: usize,
    /// Gains below this are not chased; `None` for a quarter of the noise's standard deviation.
    pub(crate) smallest_effect: Option<f64>,
}

/// What a confirmation has seen: pairs of (candidate, incumbent) values, lower being better, and
/// what they say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    pub(crate) pairs: Vec<(f64, f64)>,
    /// Mean of incumbent minus candidate: how much is gained.
    pub(crate) gain: f64,
    /// The e-value; 0 where noise cannot be measured.
    pub(crate) e_value: f64,
    /// 1/E, at most 1; `None` where noise cannot be measured.
    pub(crate) p_value: Option<f64>,
}

/// What is known of the noise of a single run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Noise {
    /// Too few repeats so far.
    Unknown,
    /// Repeats were bit-identical: runs have no noise that a seed would show.
    None,
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
            _ if repeated().all(|runs| runs.iter().all(|run| *run == runs[0])) => Self::None,
            _ => Self::Measured { squares, freedom },
        }
    }

    /// Standard deviation of a run; 0 without noise, `None` while unknown.
    pub(crate) fn deviation(self) -> Option<f64> {
        match self {
            Self::Unknown => None,
            Self::None => Some(0.0),
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

    /// Weighs the pairs seen so far.
    pub(crate) fn weigh(&self, pairs: &[(f64, f64)], noise: Noise) -> (Evidence, Decision) {
        let gains: Vec<f64> = pairs.iter().map(|(candidate, incumbent)| incumbent - candidate).collect();
        let gain = mean(&gains);
        let smallest = self.smallest_effect(noise);
        let mut evidence = Evidence { pairs: pairs.to_vec(), gain, e_value: 0.0, p_value: None };
        if noise == Noise::None {
            let decision = if gain > smallest {
                Decision::Merge("lower by more than the smallest effect; repeats are bit-identical".into())
            } else {
                Decision::Reject(format!("gains {gain:.4}, not more than the smallest effect {smallest:.4}"))
            };
            return (evidence, decision);
        }
        let (squares, freedom) = match noise {
            Noise::Measured { squares, freedom } => (2.0 * squares, freedom as f64),
            Noise::Unknown | Noise::None => (0.0, 0.0),
        };
        if pairs.iter().any(|(candidate, incumbent)| candidate == incumbent) {
            let reason = "on the same seed it gives the very same result as the incumbent";
            return (evidence, Decision::Reject(reason.into()));
        }
        evidence.e_value = e_value(&gains, squares, freedom);
        let p_value = (1.0 / evidence.e_value).min(1.0);
        evidence.p_value = Some(p_value);
        let decision = if p_value <= self.alpha && gain > smallest && pairs.len() >= FEWEST_PAIRS {
            Decision::Merge(format!("{} after {} pairs", p_text(p_value), pairs.len()))
        } else if probability_of_gain(&gains, squares, freedom, smallest) < FUTILE {
            Decision::Reject(format!("a gain of {smallest:.4} has become unlikely"))
        } else if pairs.len() >= self.most_pairs {
            Decision::Reject(format!("not proved within {} pairs ({})", pairs.len(), p_text(p_value)))
        } else {
            Decision::AnotherPair
        };
        (evidence, decision)
    }
}

/// The one-sided e-value of `gains`, `squares` on `freedom` degrees of freedom being what is known
/// of the variance of one gain from elsewhere.
fn e_value(gains: &[f64], squares: f64, freedom: f64) -> f64 {
    let n = gains.len() as f64;
    let total = squares + gains.iter().map(|gain| gain * gain).sum::<f64>();
    let degrees = freedom + n;
    if total <= 0.0 {
        return 1.0;
    }
    let shrunk = n * PRIOR_VARIANCE / (1.0 + n * PRIOR_VARIANCE);
    let rest = total - shrunk * n * mean(gains).powi(2);
    let two_sided = (1.0 + n * PRIOR_VARIANCE).powf(-0.5) * (total / rest).powf(degrees / 2.0);
    // The posterior of delta sigma under the alternative is Student's t around shrunk * mean.
    let scale = (PRIOR_VARIANCE / (1.0 + n * PRIOR_VARIANCE) * rest / degrees).sqrt();
    two_sided * 2.0 * student_t_cdf(shrunk * mean(gains) / scale, degrees)
}

/// Probability that the mean gain is above `smallest`, with flat priors.
fn probability_of_gain(gains: &[f64], squares: f64, freedom: f64, smallest: f64) -> f64 {
    let n = gains.len() as f64;
    let degrees = freedom + n - 1.0;
    if degrees < 1.0 {
        return 0.5;
    }
    let variance = (squares + sum_of_squares(gains)) / degrees;
    let error = (variance / n).sqrt();
    if error == 0.0 {
        return if mean(gains) > smallest { 1.0 } else { 0.0 };
    }
    student_t_cdf((mean(gains) - smallest) / error, degrees)
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const RULE: MergeRule = MergeRule { alpha: 0.02, most_pairs: 6, smallest_effect: None };

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
                match RULE.weigh(&pairs, noise).1 {
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
    fn a_program_against_itself_is_merged_no_oftener_than_alpha_although_every_pair_is_looked_at() {
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
        let closed = e_value(&gains, squares, freedom);
        assert!((by_hand / closed - 1.0).abs() < 0.01, "{by_hand} against {closed}");
    }

    #[test]
    fn without_noise_one_comparison_decides_and_no_p_value_is_stated() {
        let (evidence, decision) = RULE.weigh(&[(2.0, 2.1)], Noise::of(&[vec![2.1, 2.1]]));
        assert!(matches!(decision, Decision::Merge(_)));
        assert_eq!(evidence.p_value, None);
        let (_, decision) = RULE.weigh(&[(2.1, 2.1)], Noise::None);
        assert!(matches!(decision, Decision::Reject(_)));
    }
}
