//! Tests of PPO against naive twins, and on a toy where one kind of candidate is good.

use rand::SeedableRng;

use super::*;

fn step(pool: Vec<f32>, action: usize, logprob: f32, value: f32, reward: f32) -> Step {
    Step { study: vec![1.0, 0.5], pool, action, logprob, value, reward }
}

fn agent(start: &[f32]) -> Agent {
    Agent::new(start, 2, &mut ChaCha8Rng::seed_from_u64(1))
}

#[test]
fn padding_has_no_share_in_the_softmax() {
    let agent = agent(&[2.0]);
    let device = Device::flex();
    let steps = [step(vec![0.0, 0.5, 1.0], 2, 0.0, 0.0, 0.0), step(vec![0.3, 0.1], 0, 0.0, 0.0, 0.0)];
    let (logprobs, entropy) = Batch::new(&steps, 1, &device).get_logprob_and_entropy(&agent.tensors(&device));
    let (logprobs, entropy) = (floats(logprobs), floats(entropy));
    for (i, step) in steps.iter().enumerate() {
        let exponentials: Vec<f32> = step.pool.iter().map(|feature| (2.0 * feature).exp()).collect();
        let sum: f32 = exponentials.iter().sum();
        assert!((logprobs[i] - (exponentials[step.action] / sum).ln()).abs() < 1e-5);
        let naive: f32 = exponentials.iter().map(|e| -e / sum * (e / sum).ln()).sum();
        assert!((entropy[i] - naive).abs() < 1e-5);
    }
}

#[test]
fn the_clipped_loss_is_that_computed_by_hand() {
    // Two equal candidates: the log-probability is ln .5 = -.6931 at the first epoch. Old ones of
    // ln .25 and ln .5 give ratios 2 and 1; normalised advantages of (1, -1) are (1, -1). The
    // first is clipped to 1.2: loss = (-1.2 + 1) / 2 = -.1; kl = ((2 - 1) - ln 2) / 2 = .1534.
    let half = 0.5f32.ln();
    let steps = [step(vec![0.0; 2], 0, 2.0 * half, 0.0, 1.0), step(vec![0.0; 2], 1, half, 0.0, -1.0)];
    let args = Args { update_epochs: 1, ..ARGS };
    let log = agent(&[1.0]).update(&args, &steps, 0.0);
    assert!((log.policy_loss + 0.1).abs() < 1e-5, "{log:?}");
    assert!((log.approx_kl - 0.153_426).abs() < 1e-5, "{log:?}");
    assert_eq!(log.clipfrac, 0.5);
    // Values 0 against returns 1 and -1, halved; entropy ln 2.
    assert!((log.value_loss - 0.5).abs() < 1e-5, "{log:?}");
    assert!((log.entropy - 2f32.ln()).abs() < 1e-5, "{log:?}");
    assert_eq!(log.explained_variance, 0.0);
}

#[test]
fn an_untrained_agent_scores_by_its_start() {
    let agent = agent(&[2.0, -1.0]);
    assert_eq!(agent.scores(&[1.0, 0.0, 0.5, 3.0]), [2.0, -2.0]);
    assert_eq!(agent.get_value(&[1.0, 0.5]), 0.0);
}

/// Pools of ten candidates of which two are of the good kind, and `draws` trials on them. Returns
/// the probability of drawing a good one.
fn toy(args: &Args, draws: usize) -> f32 {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut agent = agent(&[0.0; 3]);
    let (mut steps, mut probability) = (Vec::<Step>::new(), 0.0);
    for draw in 1..=draws {
        let good: Vec<bool> = (0..10).map(|i| (i + draw) % 5 == 0).collect();
        let pool: Vec<f32> = good
            .iter()
            .flat_map(|&good| [f32::from(good), f32::from(!good), rng.random_range(-1.0..1.0)])
            .collect();
        let scores = agent.scores(&pool);
        let sum: f32 = scores.iter().map(|score| score.exp()).sum();
        let shares: Vec<f32> = scores.iter().map(|score| score.exp() / sum).collect();
        probability = shares.iter().zip(&good).filter(|(_, good)| **good).map(|(share, _)| share).sum();
        let mut left = rng.random::<f32>();
        let action = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        let action = action.unwrap_or(9);
        let reward = if good[action] { 0.5 } else { -0.5 } + rng.random_range(-0.5..0.5);
        let value = agent.get_value(&[1.0, 0.5]);
        steps.push(step(pool, action, shares[action].ln(), value, reward));
        if draw % args.update_every == 0 {
            let newest = &steps[steps.len().saturating_sub(args.num_steps)..];
            agent.update(args, newest, value);
        }
    }
    probability
}

#[test]
fn learning_raises_the_probability_of_the_good_kind() {
    let still = Args { weight_rate: 0.0, network_rate: 0.0, ..ARGS };
    let untrained = toy(&still, 81);
    assert!((untrained - 0.2).abs() < 0.01, "{untrained}");
    let trained = toy(&ARGS, 81);
    assert!(trained > 0.6, "{trained}");
}

#[test]
fn a_restored_agent_learns_on_like_one_that_was_not_saved() {
    let mut whole = agent(&[1.0, 0.0]);
    let steps: Vec<Step> = (0..8)
        .map(|i| step(vec![0.1, 0.2, 0.3, i as f32 / 8.0], i % 2, -0.7, 0.0, (i % 3) as f32 - 1.0))
        .collect();
    whole.update(&ARGS, &steps, 0.0);
    let text = serde_json::to_string(&whole).expect("plain data");
    let mut copy: Agent = serde_json::from_str(&text).expect("as written");
    assert_eq!(whole, copy);
    whole.update(&ARGS, &steps, 0.0);
    copy.update(&ARGS, &steps, 0.0);
    assert_eq!(whole, copy);
    assert_eq!(whole.version, 2);
}
