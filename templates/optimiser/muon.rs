//! Muon for the matrices of the blocks, AdamW for the rest
//!
//! Muon replaces the update of a matrix by the nearest orthogonal one, so that all of its directions learn at the same
//! pace and not only the strongest. Its updates are scaled to the size of AdamW's, so the learning rate serves both.
//!
//! Paper: Liu et al. 2025, Muon is Scalable for LLM Training, arXiv 2502.16982 (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon)
//! Not for: vectors and embeddings, which stay with AdamW: Muon is for maps between features.

fn optimiser() -> ModuleOptimizer {
    use burn::module::ParamGroup;
    use burn::optim::decay::WeightDecayConfig;
    use burn::optim::momentum::MomentumConfig;
    use burn::optim::{AdjustLrFn, MuonConfig};
    /// Share of the old direction that Muon keeps at a step.
    const MOMENTUM: f64 = 0.9;
    let muon = MuonConfig::new()
        .with_momentum(MomentumConfig { momentum: MOMENTUM, dampening: 0.0, nesterov: true })
        .with_weight_decay(Some(WeightDecayConfig::new(WEIGHT_DECAY)))
        .with_adjust_lr_fn(AdjustLrFn::MatchRmsAdamW)
        .build();
    let matrices = ParamGroup::from_predicates(vec!["blocks", "weight"]);
    burn::optim::AdamWConfig::new()
        .with_beta_1(BETA1)
        .with_beta_2(BETA2)
        .with_epsilon(EPSILON)
        .with_weight_decay(WEIGHT_DECAY)
        .init()
        .with_group(matrices, muon, None)
}
