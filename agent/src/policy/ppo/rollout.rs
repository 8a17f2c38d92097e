//! What PPO learns from: the steps it took, and how much better each went than expected.
//!
//! Plain numbers; the network and its loss are in `agent`.

use serde::{Deserialize, Serialize};

/// One step: a pool, what was drawn from it, and the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    /// Features of the study, for the critic.
    pub(super) study: Vec<f32>,
    /// Features of the candidates, one after another.
    pub(super) pool: Vec<f32>,
    /// Which of the candidates was drawn.
    pub(super) action: usize,
    pub(super) logprob: f32,
    pub(super) value: f32,
    pub(super) reward: f32,
}

/// Generalised advantage estimates, and the returns that the critic is to learn.
pub(super) fn gae(gamma: f32, gae_lambda: f32, steps: &[Step], next_value: f32) -> (Vec<f32>, Vec<f32>) {
    let mut advantages = vec![0.0; steps.len()];
    let (mut lastgaelam, mut nextvalue) = (0.0, next_value);
    for (t, step) in steps.iter().enumerate().rev() {
        let delta = step.reward + gamma * nextvalue - step.value;
        lastgaelam = delta + gamma * gae_lambda * lastgaelam;
        advantages[t] = lastgaelam;
        nextvalue = step.value;
    }
    let returns = advantages.iter().zip(steps).map(|(advantage, step)| advantage + step.value).collect();
    (advantages, returns)
}

pub(super) fn normalised(advantages: &[f32]) -> Vec<f32> {
    let (mean, variance) = mean_and_variance(advantages);
    advantages.iter().map(|advantage| (advantage - mean) / (variance.sqrt() + 1e-8)).collect()
}

pub(super) fn explained_variance(y_pred: &[f32], y_true: &[f32]) -> f32 {
    let errors: Vec<f32> = y_true.iter().zip(y_pred).map(|(y, predicted)| y - predicted).collect();
    let (_, var_y) = mean_and_variance(y_true);
    if var_y > 0.0 { 1.0 - mean_and_variance(&errors).1 / var_y } else { 0.0 }
}

fn mean_and_variance(numbers: &[f32]) -> (f32, f32) {
    let n = numbers.len() as f32;
    let mean = numbers.iter().sum::<f32>() / n;
    (mean, numbers.iter().map(|number| (number - mean).powi(2)).sum::<f32>() / n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(value: f32, reward: f32) -> Step {
        Step { study: Vec::new(), pool: Vec::new(), action: 0, logprob: 0.0, value, reward }
    }

    #[test]
    fn gae_is_the_sum_of_discounted_surprises() {
        let rewards = [0.5, -1.0, 0.25, 1.0];
        let values = [0.1, 0.3, -0.2, 0.4, 0.7];
        let steps: Vec<Step> = (0..4).map(|t| step(values[t], rewards[t])).collect();
        let (advantages, returns) = gae(0.9, 0.8, &steps, values[4]);
        for t in 0..4 {
            let surprise = |k: usize| rewards[k] + 0.9 * values[k + 1] - values[k];
            let naive: f32 = (t..4).map(|k| (0.9f32 * 0.8).powi((k - t) as i32) * surprise(k)).sum();
            assert!((advantages[t] - naive).abs() < 1e-6);
            assert!((returns[t] - naive - values[t]).abs() < 1e-6);
        }
    }

    #[test]
    fn without_gamma_the_advantage_is_the_reward_less_the_value() {
        let steps = [step(0.25, 1.0), step(-0.5, 0.5)];
        assert_eq!(gae(0.0, 0.95, &steps, 9.0).0, [0.75, 1.0]);
    }

    #[test]
    fn explained_variance_is_one_for_a_perfect_critic_and_zero_for_a_constant_one() {
        assert_eq!(explained_variance(&[1.0, -1.0], &[1.0, -1.0]), 1.0);
        assert_eq!(explained_variance(&[0.5, 0.5], &[1.0, -1.0]), 0.0);
    }
}
