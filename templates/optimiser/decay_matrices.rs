//! weight decay on the matrices of the blocks only
//!
//! Decay holds back weights that multiply each other; on scales, biases and embeddings it only pulls them from where
//! they should be. What is left can stand a stronger decay.
//!
//! Paper: Radford et al. 2019, Language Models are Unsupervised Multitask Learners (GPT-2)

fn optimiser() -> ModuleOptimizer {
    use burn::module::ParamGroup;
    /// Fixed: the idea is that the rest does not decay.
    const REST: f32 = 0.0;
    let adamw = burn::optim::AdamWConfig::new().with_beta_1(BETA1).with_beta_2(BETA2).with_epsilon(EPSILON);
    let matrices = ParamGroup::from_predicates(vec!["blocks", "weight"]);
    let decaying = adamw.clone().with_weight_decay(WEIGHT_DECAY).build();
    adamw.with_weight_decay(REST).init().with_group(matrices, decaying, None)
}
