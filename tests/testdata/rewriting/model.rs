//! Fixture for rewriting: a model with seams. Never compiled.

use burn::prelude::*;
use burn::nn;

use crate::recipe; // the constants

#[derive(Config, Debug)]
pub struct BlockConfig {
    /// Features.
    #[config(default = 64)]
    pub width: usize,
    #[config(default = "0.02")]
    pub spread: f64,
    #[config(default = 42)]
    pub seed: u64,
    pub heads: usize,
}

const _: () = assert!(recipe::WIDTH > 8);

pub struct Attention {
    width: usize,
}

impl Attention {
    /// Where each position learns its place.
    pub fn positions(&self, x: Tensor<3>) -> Tensor<3> {
        // learned, as in GPT-2
        x + self.table.val()
    }

    fn mask(&self, length: usize) -> Tensor<2, Bool> {
        Tensor::tril_mask([length, length], 0, &self.device)
    }

    pub fn new(width: usize) -> Self {
        let drop = nn::DropoutConfig::new(0.1).with_p(0.2).with_p(0.3).init();
        Self { width }
    }
}

/// Scores of keys for queries.
pub(crate) struct Mlp {
    up: nn::Linear,
    down: nn::Linear,
}

impl Mlp {
    pub(crate) fn new(width: usize) -> Self {
        Self { up: linear(width, 4 * width), down: linear(4 * width, width) }
    }

    pub(crate) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.down.forward(burn::tensor::activation::gelu(self.up.forward(x)))
    }
}

#[cfg(test)]
mod tests {
    const WIDTH: usize = 3;

    #[test]
    fn mask() {}
}
