//! attention scores with a soft cap
//!
//! Bends scores so that none goes beyond a bound: no position can win all the attention at once, which keeps
//! gradients alive early on.
//!
//! Paper: Gemma Team 2024, Gemma 2: Improving Open Language Models at a Practical Size, arXiv 2408.00118

fn shape_scores(scores: Tensor<4>) -> Tensor<4> {
    /// No score is larger than this.
    const CAP: f32 = 20.0;
    (scores / CAP).tanh() * CAP
}
