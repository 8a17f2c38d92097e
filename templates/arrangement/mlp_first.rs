//! feed-forward before attention in each block
//!
//! A feed-forward layer first lets bytes become features before they are compared, and the last layer before the
//! logits gathers instead of transforming.
//!
//! Paper: Press, Smith, Levy 2019, Improving Transformer Models by Reordering their Sublayers, arXiv 1911.03864

impl Block {
    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let update = self.mlp.forward(shift(self.mlp_norm.forward(x.clone())));
        let x = residual(x, update, layer);
        let update = self.attention.forward(shift(self.attention_norm.forward(x.clone())), layer);
        residual(x, update, layer)
    }
}
