//! no positions instead of learned positions
//!
//! A causal model can tell where a byte stands by how many it sees, so position vectors may only be in the way: they
//! share the residual stream with what the byte is.
//!
//! Paper: Haviv et al. 2022, Transformer Language Models without Positional Encodings Still Learn Positional Information, arXiv 2203.16634

/// Turns bytes into vectors that do not know where they stand.
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
