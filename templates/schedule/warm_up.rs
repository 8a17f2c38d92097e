//! warm-up: a learning rate that rises from zero, then stays
//!
//! AdamW's first steps rest on few gradients and are too bold; small ones at first let a higher rate be used later.
//!
//! Paper: Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, arXiv 1706.02677

fn learning_rate_factor(share: f64) -> f64 {
    /// Share of the budget in which the rate rises.
    const WARM_UP: f64 = 0.05;
    (share / WARM_UP).min(1.0)
}
