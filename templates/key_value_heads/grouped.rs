//! grouped queries: several query heads share keys and values
//!
//! Fewer key and value heads mean fewer parameters and less work in a step, so more steps in the same budget; queries
//! lose little, since keys of different heads are much alike.
//!
//! Paper: Ainslie et al. 2023, GQA: Training Generalized Multi-Query Transformer Models, arXiv 2305.13245

/// Lets every position gather what it needs from the positions before it; several queries share a key.
#[derive(Module, Debug)]
pub(crate) struct Attention {
    queries: Linear,
    keys: Linear,
    values: Linear,
    output: Linear,
}

impl Attention {
    fn new(random: &mut Random, device: &Device) -> Self {
        /// Query heads that share one key and value head.
        /// Ladder: 1, 2, 4
        const SHARING: usize = 2;
        const _: () = assert!(HEADS % SHARING == 0);
        Attention {
            queries: linear(Part::Inner, WIDTH, WIDTH, random, device),
            keys: linear(Part::Inner, WIDTH, WIDTH / SHARING, random, device),
            values: linear(Part::Inner, WIDTH, WIDTH / SHARING, random, device),
            output: linear(Part::IntoResidual, WIDTH, WIDTH, random, device),
        }
    }

    fn forward(&self, x: Tensor<3>, layer: usize) -> Tensor<3> {
        let queries = split_heads(self.queries.forward(x.clone()), HEADS); // [batch, heads, time, head width]
        let [batch, heads, time, head_width] = queries.dims();
        let share = |x: Tensor<3>| {
            let groups = x.dims()[2] / head_width;
            let x: Tensor<5> = split_heads(x, groups).unsqueeze_dim(2); // [batch, groups, 1, time, head width]
            x.repeat_dim(2, heads / groups).reshape([batch, heads, time, head_width])
        };
        let keys = share(self.keys.forward(x.clone()));
        let values = share(self.values.forward(x));
        self.output.forward(attend(queries, keys, values, layer)) // [batch, time, width]
    }
}
