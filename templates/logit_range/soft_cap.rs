//! logits with a soft cap
//!
//! Bends logits so that none goes beyond a bound: the model cannot become surer than it has reason to be, and single
//! steps do less harm.
//!
//! Paper: Gemma Team 2024, Gemma 2: Improving Open Language Models at a Practical Size, arXiv 2408.00118

fn shape_logits(logits: Tensor<3>) -> Tensor<3> {
    /// No logit is larger than this.
    const CAP: f32 = 15.0;
    (logits / CAP).tanh() * CAP
}
