//! linear decay to zero after a warm-up instead of a constant learning rate
//!
//! Falls all the way to zero, so that the last steps only average out noise; on a fixed budget it is hard to beat.
//!
//! Paper: Bergsma et al. 2025, Straight to Zero: Why Linearly Decaying the Learning Rate to Zero Works Best for LLMs, arXiv 2502.15938

fn learning_rate_factor(share: f64) -> f64 {
    /// Share of the budget in which the rate rises.
    const WARM_UP: f64 = 0.05;
    (share / WARM_UP).min((1.0 - share) / (1.0 - WARM_UP))
}
