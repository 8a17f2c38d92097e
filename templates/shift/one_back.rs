//! token shift: part of what a layer reads comes from the byte before
//!
//! Some of the numbers of each position are those of the position before it. A layer sees pairs of bytes without any
//! attention, two layers see three, so spelling is learned in the first steps and attention is free for the rest.
//!
//! Paper: Peng et al. 2023, RWKV: Reinventing RNNs for the Transformer Era, arXiv 2305.13048

fn shift(x: Tensor<3>) -> Tensor<3> {
    /// Share of the numbers that come from the byte before.
    /// Ladder: 0.125, 0.25, 0.5, 0.75
    const SHARE: f32 = 0.5;
    let [batch, time, width] = x.dims();
    let moved = (SHARE * width as f32) as usize;
    let nothing = Tensor::zeros([batch, 1, moved], &x.device());
    let before = x.clone().narrow(1, 0, time - 1).narrow(2, 0, moved); // [batch, time - 1, moved]
    let before = Tensor::cat(vec![nothing, before], 1);
    Tensor::cat(vec![before, x.narrow(2, moved, width - moved)], 2)
}
