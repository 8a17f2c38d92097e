//! multi-query attention: all heads share one key and one value
//!
//! The smallest attention: one key and one value head serve all queries. Steps get cheaper, so there are more of them.
//!
//! Paper: Shazeer 2019, Fast Transformer Decoding: One Write-Head is All You Need, arXiv 1911.02150

/// Lets every position gather what it needs from the positions before it; all queries share one key.
#[derive(Module, Debug)]
pub(crate) struct Attention {
    queries: Linear,
    keys: Linear,
    values: Linear,
    output: Linear,
}

impl Attention {
    fn new(random: &mut Random, device: &Device) -> Self {
        Attention {
            queries: linear(Part::Inner, WIDTH, WIDTH, random, device),
            keys: linear(Part::Inner, WIDTH, WIDTH / HEADS, random, device),
            values: linear(Part::Inner, WIDTH, WIDTH / HEADS, random, device),
            output: linear(Part::IntoResidual, WIDTH, WIDTH, random, device),
        }
    }

    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let queries = split_heads(self.queries.forward(x.clone()), HEADS); // [batch, heads, time, head width]
        let keys = split_heads(self.keys.forward(x.clone()), 1).repeat_dim(1, HEADS);
        let values = split_heads(self.values.forward(x), 1).repeat_dim(1, HEADS);
        self.output.forward(attend(queries, keys, values, layer)) // [batch, time, width]
    }
}
