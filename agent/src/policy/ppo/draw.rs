//! A draw from a pool: the softmax over the scores of what is not masked.
//!
//! It records how likely each candidate was, and keeps as much of the pool as learning needs.

use super::agent::Agent;
use super::rule::FEATURES;
use crate::study::Choice;

/// Candidates of a choice that are kept to learn from it: the likeliest. The softmax over only these replaces that over
/// the pool.
const KEPT: usize = 64;

/// A pool with its scores, ready for draws.
pub(super) struct Draw {
    features: Vec<f32>,
    scores: Vec<f32>,
    /// Probabilities; 0 for what is masked.
    pub(super) shares: Vec<f64>,
}

impl Draw {
    pub(super) fn new(features: Vec<f32>, masked: &[bool], agent: &Agent) -> Self {
        let mut scores = agent.scores(&features);
        for (score, &masked) in scores.iter_mut().zip(masked) {
            if masked {
                *score = f32::NEG_INFINITY;
            }
        }
        let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut shares: Vec<f64> = scores.iter().map(|score| f64::from(score - highest).exp()).collect();
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        Self { features, scores, shares }
    }

    fn of(&self, candidate: usize) -> &[f32] {
        &self.features[candidate * FEATURES.len()..(candidate + 1) * FEATURES.len()]
    }

    /// Why this candidate was drawn, added to what is already known.
    pub(super) fn choice(&self, drawn: usize, choice: Choice) -> Choice {
        let features = FEATURES.iter().zip(self.of(drawn));
        Choice {
            log_prob: self.shares[drawn].ln() as f32,
            pool: self.shares.iter().filter(|&&share| share > 0.0).count(),
            rank: 1 + self.scores.iter().filter(|&&score| score > self.scores[drawn]).count(),
            features: features.map(|((name, _), value)| ((*name).to_owned(), *value)).collect(),
            ..choice
        }
    }

    /// Features of the likeliest candidates and of the one that was drawn; where that stands among
    /// them, and the logarithm of its probability among them.
    pub(super) fn kept(&self, drawn: usize) -> (Vec<f32>, usize, f32) {
        let mut order: Vec<usize> = (0..self.shares.len()).filter(|&i| self.shares[i] > 0.0).collect();
        order.sort_by(|&a, &b| self.scores[b].total_cmp(&self.scores[a]));
        order.truncate(KEPT);
        if !order.contains(&drawn) {
            order.pop();
            order.push(drawn);
        }
        let sum: f64 = order.iter().map(|&i| self.shares[i]).sum();
        let action = order.iter().position(|&i| i == drawn).unwrap_or(0);
        let features = order.iter().flat_map(|&i| self.of(i)).copied().collect();
        (features, action, (self.shares[drawn] / sum).ln() as f32)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// A hundred candidates that differ only in their first feature.
    fn draw(masked: &[bool]) -> Draw {
        let agent = Agent::new(&FEATURES.map(|(_, start)| start), 1, &mut ChaCha8Rng::seed_from_u64(1));
        let mut features = vec![0.0; 100 * FEATURES.len()];
        for candidate in 0..100 {
            features[candidate * FEATURES.len()] = candidate as f32 / 100.0;
        }
        Draw::new(features, masked, &agent)
    }

    #[test]
    fn masked_candidates_have_no_share() {
        let mut masked = vec![false; 100];
        masked[99] = true;
        let draw = draw(&masked);
        assert_eq!(draw.shares[99], 0.0);
        assert!((draw.shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        // Scores are 5 times the first feature.
        assert!((draw.shares[60] / draw.shares[40] - 1f64.exp()).abs() < 1e-4);
        let choice = draw.choice(97, Choice::default());
        assert_eq!((choice.pool, choice.rank), (99, 2));
        assert!((f64::from(choice.log_prob) - draw.shares[97].ln()).abs() < 1e-5);
    }

    #[test]
    fn the_drawn_candidate_is_kept_however_unlikely() {
        let draw = draw(&[false; 100]);
        for drawn in [0, 99] {
            let (features, action, logprob) = draw.kept(drawn);
            assert_eq!(features.len(), KEPT * FEATURES.len());
            assert_eq!(features[action * FEATURES.len()], drawn as f32 / 100.0);
            let exponentials: Vec<f32> =
                features.chunks_exact(FEATURES.len()).map(|candidate| (5.0 * candidate[0]).exp()).collect();
            let naive = (exponentials[action] / exponentials.iter().sum::<f32>()).ln();
            assert!((logprob - naive).abs() < 1e-4, "{logprob} {naive}");
        }
    }
}
