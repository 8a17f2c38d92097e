//! PPO over pools of candidates, in the order and with the names of CleanRL's `ppo.py`.
//!
//! One trial is one step; the actions of a step are the candidates of its pool, all scored by one
//! shared network from their features. The network is a weighted sum of the features, whose weights
//! start as a sensible rule, plus a small residual that starts at 0. Left out of `ppo.py`: episodes
//! (a study has no end), minibatches (32 steps are one), clipping of gradients (Adam divides by
//! their size). It knows neither sites nor results. The only user of burn in the agent.

use burn::optim::{AdamConfig, AdamState, AdaptiveMomentumState, Optimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::rollout::{Step, explained_variance, gae, normalised};
use crate::policy::Update;

/// The settings of PPO.
#[derive(Clone, Copy, Debug)]
pub(super) struct Args {
    /// How far credit reaches back over the trials of a study; 0 makes it a bandit, since what a
    /// trial finds hardly depends on the choice before it.
    pub(super) gamma: f32,
    pub(super) gae_lambda: f32,
    /// Steps that an update learns from.
    pub(super) num_steps: usize,
    /// New steps between two updates.
    pub(super) update_every: usize,
    pub(super) update_epochs: usize,
    pub(super) clip_coef: f32,
    pub(super) ent_coef: f32,
    pub(super) vf_coef: f32,
    /// Of the squared distance of all actor weights from their start.
    pub(super) pull_coef: f32,
    /// Adam's rate for the weights of the features, and for the networks.
    pub(super) weight_rate: f64,
    pub(super) network_rate: f64,
}

pub(super) const ARGS: Args = Args {
    gamma: 0.0,
    gae_lambda: 0.95,
    num_steps: 32,
    update_every: 8,
    update_epochs: 4,
    clip_coef: 0.2,
    ent_coef: 0.003,
    vf_coef: 0.5,
    pull_coef: 0.02,
    weight_rate: 0.3,
    network_rate: 0.01,
};

/// Width of the residual and of the critic.
const HIDDEN: usize = 16;

/// Weights of actor and critic with the state of their optimiser, as plain numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Agent {
    pub(super) version: u32,
    shapes: [[usize; 2]; 8],
    weights: [Vec<f32>; 8],
    /// Where the weights of the actor began.
    start: Vec<f32>,
    /// Steps taken, first and second moments.
    moments: [(usize, Vec<f32>, Vec<f32>); 8],
}

// Places of some of the tensors, which `score` and `value` name all.
const ACTOR: usize = 0;
const RESIDUAL_IN: usize = 1;
const RESIDUAL_OUT: usize = 3;
const CRITIC_IN: usize = 4;

impl Agent {
    /// An agent whose scores are the features times `start`; its critic reads `study_features` numbers.
    pub(super) fn new(start: &[f32], study_features: usize, rng: &mut ChaCha8Rng) -> Self {
        let [f, h, s] = [start.len(), HIDDEN, study_features];
        let shapes = [[f, 1], [f, h], [1, h], [h, 1], [s, h], [1, h], [h, 1], [1, 1]];
        let mut weights = shapes.map(|[rows, columns]| vec![0.0; rows * columns]);
        weights[ACTOR] = start.to_vec();
        for layer in [RESIDUAL_IN, CRITIC_IN] {
            let bound = (3.0 / shapes[layer][0] as f32).sqrt();
            weights[layer].iter_mut().for_each(|weight| *weight = rng.random_range(-bound..bound));
        }
        let moments = shapes.map(|[rows, columns]| (0, vec![0.0; rows * columns], vec![0.0; rows * columns]));
        Self { version: 0, shapes, weights, start: start.to_vec(), moments }
    }

    fn tensors(&self, device: &Device) -> [Tensor<2>; 8] {
        std::array::from_fn(|i| matrix(self.weights[i].clone(), self.shapes[i], device))
    }

    /// What the critic expects of a study in this state.
    pub(super) fn get_value(&self, study: &[f32]) -> f32 {
        let device = Device::flex();
        let study = matrix(study.to_vec(), [1, study.len()], &device);
        floats(value(&self.tensors(&device), study))[0]
    }

    /// Scores of candidates: the logits of the policy.
    pub(super) fn scores(&self, pool: &[f32]) -> Vec<f32> {
        let device = Device::flex();
        let features = self.shapes[ACTOR][0];
        let pool = matrix(pool.to_vec(), [pool.len() / features, features], &device);
        floats(score(&self.tensors(&device), pool))
    }

    /// Learns from consecutive steps; `next_value` is what the critic expects now.
    pub(super) fn update(&mut self, args: &Args, steps: &[Step], next_value: f32) -> Update {
        // bootstrap value if not done
        let (advantages, returns) = gae(args.gamma, args.gae_lambda, steps, next_value);
        let values: Vec<f32> = steps.iter().map(|step| step.value).collect();

        // flatten the batch
        let device = Device::flex().autodiff();
        let batch = Batch::new(steps, self.shapes[ACTOR][0], &device);
        let b_advantages = column(normalised(&advantages), &device);
        let b_returns = column(returns.clone(), &device);
        let b_values = column(values.clone(), &device);
        let start = matrix(self.start.clone(), self.shapes[ACTOR], &device);

        // optimise the policy and value network
        let mut log = Update::default();
        for _ in 0..args.update_epochs {
            let tensors = self.tensors(&device).map(Tensor::require_grad);
            let (newlogprob, entropy) = batch.get_logprob_and_entropy(&tensors);
            let newvalue = value(&tensors, batch.study.clone());
            let logratio = newlogprob - batch.logprobs.clone();
            let ratio = logratio.clone().exp();

            log.approx_kl = floats((ratio.clone() - 1.0 - logratio).mean())[0];
            let clipped = floats(ratio.clone()).iter().filter(|r| (*r - 1.0).abs() > args.clip_coef).count();
            log.clipfrac += clipped as f32 / (steps.len() * args.update_epochs) as f32;

            // policy loss
            let pg_loss1 = -b_advantages.clone() * ratio.clone();
            let pg_loss2 = -b_advantages.clone() * ratio.clamp(1.0 - args.clip_coef, 1.0 + args.clip_coef);
            let pg_loss = pg_loss1.max_pair(pg_loss2).mean();

            // value loss
            let v_loss_unclipped = (newvalue.clone() - b_returns.clone()).square();
            let v_clipped =
                b_values.clone() + (newvalue - b_values.clone()).clamp(-args.clip_coef, args.clip_coef);
            let v_loss_clipped = (v_clipped - b_returns.clone()).square();
            let v_loss = v_loss_unclipped.max_pair(v_loss_clipped).mean() * 0.5;

            let entropy_loss = entropy.mean();
            let pull = (tensors[ACTOR].clone() - start.clone()).square().sum()
                + tensors[RESIDUAL_OUT].clone().square().sum();
            log.policy_loss = floats(pg_loss.clone())[0];
            log.value_loss = floats(v_loss.clone())[0];
            log.entropy = floats(entropy_loss.clone())[0];
            let loss = pg_loss - entropy_loss * args.ent_coef + v_loss * args.vf_coef + pull * args.pull_coef;
            self.step(args, &tensors, &loss);
        }
        self.version += 1;
        log.version = self.version;
        log.explained_variance = explained_variance(&values, &returns);
        log
    }

    /// One step of Adam on every tensor.
    fn step(&mut self, args: &Args, tensors: &[Tensor<2>; 8], loss: &Tensor<1>) {
        let grads = loss.backward();
        let optimizer = AdamConfig::new().build();
        for (i, tensor) in tensors.iter().enumerate() {
            let Some(grad) = tensor.grad(&grads) else { continue };
            let device = Device::flex();
            let (time, first, second) = &self.moments[i];
            let moment = |numbers: &Vec<f32>| matrix(numbers.clone(), self.shapes[i], &device);
            let state = (*time > 0)
                .then(|| AdamState::new(AdaptiveMomentumState::new(*time, moment(first), moment(second))));
            let rate = if i == ACTOR { args.weight_rate } else { args.network_rate };
            let (tensor, state) = optimizer.step(rate, tensor.clone().inner(), grad, state);
            self.weights[i] = floats(tensor);
            if let Some(AdamState { momentum }) = state {
                self.moments[i] = (momentum.time, floats(momentum.moment_1), floats(momentum.moment_2));
            }
        }
    }
}

/// Steps side by side, their pools padded to the same length and masked.
struct Batch {
    study: Tensor<2>,
    pool: Tensor<2>,
    /// Which cells of [steps, candidates] are padding.
    mask: Tensor<2, Bool>,
    actions: Tensor<2, Int>,
    logprobs: Tensor<2>,
}

impl Batch {
    fn new(steps: &[Step], features: usize, device: &Device) -> Self {
        let (n, study) = (steps.len(), steps[0].study.len());
        let width = steps.iter().map(|step| step.pool.len() / features).max().unwrap_or(0);
        let (mut pool, mut mask) = (Vec::new(), Vec::new());
        for step in steps {
            pool.extend_from_slice(&step.pool);
            pool.resize(pool.len() + width * features - step.pool.len(), 0.0);
            mask.extend((0..width).map(|candidate| candidate >= step.pool.len() / features));
        }
        let actions: Vec<i64> = steps.iter().map(|step| step.action as i64).collect();
        Self {
            study: matrix(steps.iter().flat_map(|step| step.study.clone()).collect(), [n, study], device),
            pool: matrix(pool, [n * width, features], device),
            mask: Tensor::from_data(TensorData::new(mask, [n, width]), device),
            actions: Tensor::from_data(TensorData::new(actions, [n, 1]), device),
            logprobs: column(steps.iter().map(|step| step.logprob).collect(), device),
        }
    }

    fn get_logprob_and_entropy(&self, tensors: &[Tensor<2>; 8]) -> (Tensor<2>, Tensor<2>) {
        let logits = score(tensors, self.pool.clone()).reshape(self.mask.dims());
        let logprobs = log_softmax(logits.mask_fill(self.mask.clone(), -1e9), 1);
        let entropy = -(logprobs.clone().exp() * logprobs.clone()).sum_dim(1);
        (logprobs.gather(1, self.actions.clone()), entropy)
    }
}

fn score(tensors: &[Tensor<2>; 8], pool: Tensor<2>) -> Tensor<2> {
    let [actor, layer, bias, out, ..] = tensors.clone();
    let hidden = (pool.clone().matmul(layer) + bias).tanh();
    pool.matmul(actor) + hidden.matmul(out)
}

fn value(tensors: &[Tensor<2>; 8], study: Tensor<2>) -> Tensor<2> {
    let [.., layer, bias, out, out_bias] = tensors.clone();
    (study.matmul(layer) + bias).tanh().matmul(out) + out_bias
}

fn matrix(numbers: Vec<f32>, shape: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

fn column(numbers: Vec<f32>, device: &Device) -> Tensor<2> {
    let n = numbers.len();
    matrix(numbers, [n, 1], device)
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("all tensors here are of f32")
}

#[cfg(test)]
mod tests;
