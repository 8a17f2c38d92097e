//! norms on what a layer adds instead of on what it reads
//!
//! The residual stream is read as it is and each update is normalised before it is added, so all updates are of one
//! size from the first step on.
//!
//! Paper: OLMo Team 2024, 2 OLMo 2 Furious, arXiv 2501.00656

impl Block {
    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let update = self.attention_norm.forward(self.attention.forward(shift(x.clone()), layer));
        let x = residual(x, update, layer);
        let update = self.mlp_norm.forward(self.mlp.forward(shift(x.clone())));
        residual(x, update, layer)
    }
}
