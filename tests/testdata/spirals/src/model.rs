//! A small classifier, and how it is trained.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::tanh;
use burn::tensor::{Device, Tensor};

/// Units of a hidden layer.
pub const HIDDEN: usize = 8;

/// Step size of gradient descent.
pub const STEP_SIZE: f64 = 0.003;

/// Points in a batch.
pub const BATCH: usize = 16;

/// Two inputs, two hidden layers, two classes.
#[derive(Module, Debug)]
pub struct Classifier {
    first: Linear,
    second: Linear,
    last: Linear,
}

impl Classifier {
    /// With random weights.
    pub fn new(device: &Device) -> Self {
        Self {
            first: LinearConfig::new(2, HIDDEN).init(device),
            second: LinearConfig::new(HIDDEN, HIDDEN).init(device),
            last: LinearConfig::new(HIDDEN, 2).init(device),
        }
    }

    /// `[points, 2]` -> logits `[points, 2]`.
    pub fn forward(&self, points: Tensor<2>) -> Tensor<2> {
        let hidden = tanh(self.first.forward(points));
        let hidden = tanh(self.second.forward(hidden));
        self.last.forward(hidden)
    }
}
