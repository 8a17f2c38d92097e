//! ALiBi instead of learned positions
//!
//! Takes from each attention score an amount that grows with the distance, at another rate in each head: near bytes
//! count more from the first step on, and nothing about positions has to be learned.
//!
//! Paper: Press, Smith, Lewis 2021, Train Short, Test Long: Attention with Linear Biases, arXiv 2108.12409

/// Turns bytes into vectors; positions come in with the attention scores.
#[derive(Module, Debug)]
pub(crate) struct Embed {
    tokens: Param<Tensor<2>>,
}

impl Embed {
    fn new(random: &mut Random, device: &Device) -> Self {
        Embed { tokens: weights(Part::Embedding, [VOCABULARY, WIDTH], random, device) }
    }

    fn forward(&self, bytes: Tensor<2, Int>) -> Tensor<3> {
        embedding(self.tokens.val(), bytes) // [batch, time, width]
    }
}

fn bias_scores(scores: Tensor<4>) -> Tensor<4> {
    /// Powers of two between the first head's penalty for a step of distance and the last head's.
    const OCTAVES: f32 = 8.0;
    let [_, heads, time, _] = scores.dims();
    let device = scores.device();
    let head = Tensor::<1, Int>::arange(1..heads as i64 + 1, &device).float();
    let slopes = (head * (-OCTAVES * std::f32::consts::LN_2 / heads as f32)).exp().reshape([1, heads, 1, 1]);
    let positions = Tensor::<1, Int>::arange(0..time as i64, &device).float();
    let distance = positions.clone().reshape([1, 1, time, 1]) - positions.reshape([1, 1, 1, time]);
    scores - distance * slopes // positions that come later are hidden anyway
}
