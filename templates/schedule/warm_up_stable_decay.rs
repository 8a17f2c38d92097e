//! WSD: a learning rate that rises, stays, and falls at the end
//!
//! Most of the budget runs at the full rate, where most progress is made; a short decay at the end collects what noise
//! has hidden.
//!
//! Paper: Hu et al. 2024, MiniCPM: Unveiling the Potential of Small Language Models, arXiv 2404.06395

fn learning_rate_factor(share: f64) -> f64 {
    /// Share of the budget in which the rate rises.
    const WARM_UP: f64 = 0.05;
    /// Share of the budget in which the rate falls to zero, at the end.
    const DECAY_SHARE: f64 = 0.3;
    (share / WARM_UP).min((1.0 - share) / DECAY_SHARE).min(1.0)
}
