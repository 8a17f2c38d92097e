//! QK-norm: queries and keys of one length
//!
//! Brings each query and key to a fixed length before they are compared, so that scores stay in a range where softmax
//! still learns, however large the weights grow; higher learning rates become safe.
//!
//! Paper: Henry et al. 2020, Query-Key Normalization for Transformers, arXiv 2010.04245

fn normalise_queries_keys(queries: Tensor<4>, keys: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    /// Root mean square of a normalised query or key: the larger, the sharper attention can be.
    const LENGTH: f32 = 1.5;
    let normalise = |x: Tensor<4>| {
        let square = x.clone().square().mean_dim(3); // [batch, heads, time, 1]
        x * ((square + 1e-6).sqrt().recip() * LENGTH)
    };
    (normalise(queries), normalise(keys))
}
