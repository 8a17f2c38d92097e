//! sliding window: each position sees only the nearest ones
//!
//! What predicts the next byte is mostly near. A window leaves attention less to get wrong; deeper blocks still reach
//! further through the ones below.
//!
//! Paper: Beltagy, Peters, Cohan 2020, Longformer: The Long-Document Transformer, arXiv 2004.05150

fn hidden(time: usize, layer: usize, device: &Device) -> Tensor<2, Bool> {
    /// Positions that a position sees, itself included.
    const WINDOW: usize = 16;
    let later = Tensor::<2, Bool>::tril_mask([time, time], 0, device);
    let too_early = Tensor::<2, Bool>::triu_mask([time, time], 1 - WINDOW as i64, device);
    later.bool_or(too_early)
}
