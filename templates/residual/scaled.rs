//! updates scaled down by the number of layers
//!
//! The residual stream keeps its size at any depth when each of its 2 DEPTH updates is divided by the square root of
//! their number; how much they may add up to is a number of its own.
//!
//! Paper: Yang et al. 2023, Tensor Programs VI: Feature Learning in Infinite-Depth Neural Networks, arXiv 2310.02244

fn residual(x: Tensor<3>, update: Tensor<3>, layer: usize) -> Tensor<3> {
    /// How much all updates together count beside the bytes.
    const STRENGTH: f32 = 1.0;
    x + update * (STRENGTH / (2.0 * DEPTH as f32).sqrt())
}
