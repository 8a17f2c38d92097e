//! alternating windows: every other block sees only near positions
//!
//! Blocks with a short window learn spelling, blocks that see everything learn the rest; neither has to learn both.
//!
//! Paper: Gemma Team 2024, Gemma 2: Improving Open Language Models at a Practical Size, arXiv 2408.00118

fn hidden(time: usize, layer: usize, device: &Device) -> Tensor<2, Bool> {
    /// Positions that a position sees in the blocks with a window, itself included.
    const WINDOW: usize = 8;
    let later = Tensor::<2, Bool>::tril_mask([time, time], 0, device);
    if layer % 2 == 1 {
        return later;
    }
    let too_early = Tensor::<2, Bool>::triu_mask([time, time], 1 - WINDOW as i64, device);
    later.bool_or(too_early)
}
