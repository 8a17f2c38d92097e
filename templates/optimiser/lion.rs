//! Lion instead of AdamW
//!
//! Every weight moves by the same amount, in the direction that a mean of gradients points to: one moment instead of
//! two, so a step is cheaper. It wants a learning rate several times lower, and a shorter memory (BETA2 of 0.99).
//!
//! Paper: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, arXiv 2302.06675

fn optimiser() -> ModuleOptimizer {
    burn::optim::LionConfig::new()
        .with_beta_1(BETA1)
        .with_beta_2(BETA2)
        .with_weight_decay(WEIGHT_DECAY)
        .init()
}
