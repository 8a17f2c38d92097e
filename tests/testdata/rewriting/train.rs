//! Fixture for rewriting: a loop with a schedule. Never compiled.

use crate::recipe::{self, LEARNING_RATE};

/// Factor of the learning rate at a share of the budget.
pub fn learning_rate_factor(share: f64) -> f64 {
    let _ = share;
    1.0
}

pub fn optimiser() -> impl Optimizer {
    const BETA_2: f32 = 0.999;
    AdamWConfig::new().with_beta_2(BETA_2).with_weight_decay(recipe::WEIGHT_DECAY).init()
}

pub fn activate(x: Tensor<3>) -> Tensor<3> {
    gelu(x.clone()) + gelu(
        x, // twice
    )
}
