//! One training step: loss, gradients, optimiser, and how the learning rate follows the budget.
//!
//! MUTABLE. It sees the training text only, one batch at a time, and of the budget only the share that is spent;
//! the loop around it, the clock and the judge are not its business.

#![allow(unused_variables, reason = "a plain body may need less than its signature offers")]

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};

use crate::data::Batch;
use crate::model::Gpt;
use crate::random::Random;
use crate::recipe::*;

/// A model and the optimiser that trains it.
#[derive(Clone)]
pub(crate) struct Trainer {
    model: Gpt,
    optimiser: ModuleOptimizer,
}

impl Trainer {
    pub(crate) fn new(random: &mut Random, device: &Device) -> Self {
        Trainer { model: Gpt::new(random, &device.clone().autodiff()), optimiser: optimiser() }
    }

    /// Learns from one batch at `share` (0 to 1) of the budget; gives the loss in nats per byte, [1], still on its
    /// device: whoever reads it waits for the step.
    pub(crate) fn step(&mut self, batch: Batch, share: f64) -> Tensor<1> {
        let loss = loss(self.model.forward(batch.inputs), batch.targets);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        let gradients = clip(gradients, &self.model, share);
        let rate = LEARNING_RATE * learning_rate_factor(share);
        self.model = self.optimiser.step(rate, self.model.clone(), gradients);
        loss.inner()
    }

    /// The model as it is to be judged now.
    pub(crate) fn model(&self) -> Gpt {
        self.model.valid()
    }
}

/// What training makes small: the mean of -log p(next byte), in nats.
fn loss(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<1> {
    let log_probabilities = log_softmax(logits, 2); // [batch, time, vocabulary]
    -log_probabilities.gather(2, targets.unsqueeze_dim(2)).mean() // [1]
}

/// The learning rate at a share of the budget, as a factor: constant.
fn learning_rate_factor(share: f64) -> f64 {
    1.0
}

/// Which optimiser trains which parameters: AdamW trains all of them.
fn optimiser() -> ModuleOptimizer {
    burn::optim::AdamWConfig::new()
        .with_beta_1(BETA1)
        .with_beta_2(BETA2)
        .with_epsilon(EPSILON)
        .with_weight_decay(WEIGHT_DECAY)
        .init()
}

/// Limits the gradients before the optimiser sees them: not at all.
fn clip(gradients: GradientsParams, model: &Gpt, share: f64) -> GradientsParams {
    gradients
}
