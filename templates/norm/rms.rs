//! RMSNorm instead of LayerNorm
//!
//! Divides by the root mean square and leaves mean and bias away: what matters is the scale, and a step is cheaper.
//!
//! Paper: Zhang, Sennrich 2019, Root Mean Square Layer Normalization, arXiv 1910.07467

/// Brings each position's vector to a common length, with a learned scale for each of its numbers.
#[derive(Module, Debug)]
pub(crate) struct Norm {
    scale: Param<Tensor<1>>,
}

impl Norm {
    fn new(device: &Device) -> Self {
        Norm { scale: Param::from_tensor(Tensor::ones([WIDTH], device)) }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let square = x.clone().square().mean_dim(2); // [batch, time, 1]
        x * (square + 1e-5).sqrt().recip() * self.scale.val().unsqueeze()
    }
}
