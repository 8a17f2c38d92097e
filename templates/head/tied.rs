//! one table for reading and writing bytes (weight tying)
//!
//! The vectors that bytes are read as also score them as output, so each byte's vector learns from both sides, and
//! there are fewer numbers to learn. A bias holds how common each byte is.
//!
//! Paper: Press, Wolf 2016, Using the Output Embedding to Improve Language Models, arXiv 1608.05859

/// Turns the last vectors into logits: how much they are like each byte's own vector.
#[derive(Module, Debug)]
pub(crate) struct Head {
    bias: Param<Tensor<1>>,
}

impl Head {
    fn new(random: &mut Random, device: &Device) -> Self {
        Head { bias: Param::from_tensor(Tensor::zeros([VOCABULARY], device)) }
    }

    fn forward(&self, x: Tensor<3>, tokens: Tensor<2>) -> Tensor<3> {
        x.matmul(tokens.transpose().unsqueeze()) + self.bias.val().unsqueeze() // [batch, time, vocabulary]
    }
}
