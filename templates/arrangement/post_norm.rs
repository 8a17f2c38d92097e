//! norms after each layer instead of before it
//!
//! The first transformer's arrangement: the residual stream itself is normalised after every update, so that no block
//! can drown out the ones before it. It trains less steadily, but can end better in a shallow model.
//!
//! Paper: Xiong et al. 2020, On Layer Normalization in the Transformer Architecture, arXiv 2002.04745

impl Block {
    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let update = self.attention.forward(shift(x.clone()), layer);
        let x = self.attention_norm.forward(residual(x, update, layer));
        let update = self.mlp.forward(shift(x.clone()));
        self.mlp_norm.forward(residual(x, update, layer))
    }
}
