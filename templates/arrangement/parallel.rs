//! attention and feed-forward side by side instead of one after the other
//!
//! Both layers read the same normalised input and add their updates together: less to wait for, and at small scale
//! often no worse.
//!
//! Paper: Chowdhery et al. 2022, PaLM: Scaling Language Modeling with Pathways, arXiv 2204.02311

impl Block {
    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let attended = self.attention.forward(shift(self.attention_norm.forward(x.clone())), layer);
        let processed = self.mlp.forward(shift(self.mlp_norm.forward(x.clone())));
        residual(x, attended + processed, layer)
    }
}
