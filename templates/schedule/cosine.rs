//! cosine decay after a warm-up instead of a constant learning rate
//!
//! A high rate finds the region, a low one the bottom of it. The cosine spends long on both and little between them.
//!
//! Paper: Loshchilov, Hutter 2016, SGDR: Stochastic Gradient Descent with Warm Restarts, arXiv 1608.03983

fn learning_rate_factor(share: f64) -> f64 {
    /// Share of the budget in which the rate rises.
    const WARM_UP: f64 = 0.05;
    /// Factor that is left at the end.
    const END: f64 = 0.1;
    if share < WARM_UP {
        return share / WARM_UP;
    }
    let decay = (share - WARM_UP) / (1.0 - WARM_UP);
    END + (1.0 - END) * 0.5 * (1.0 + (std::f64::consts::PI * decay).cos())
}
