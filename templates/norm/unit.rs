//! norms without learned numbers instead of LayerNorm
//!
//! Brings each position's vector to one length and nothing else: the linear map that follows can hold any scale, so a
//! learned one is only more to learn, and a step is cheaper.
//!
//! Paper: Groeneveld et al. 2024, OLMo: Accelerating the Science of Language Models, arXiv 2402.00838

/// Brings each position's vector to a common length.
#[derive(Module, Debug)]
pub(crate) struct Norm {}

impl Norm {
    fn new(device: &Device) -> Self {
        Norm {}
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let square = x.clone().square().mean_dim(2); // [batch, time, 1]
        x * (square + 1e-5).sqrt().recip()
    }
}
