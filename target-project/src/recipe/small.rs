//! The small size: 137 thousand parameters, which a processor trains in a minute or less.
//!
//! MUTABLE. What depends on the size of the model or on the device stands here; the rest in `../recipe.rs`.

/// Number of blocks, each one attention and one feed-forward layer.
pub(crate) const DEPTH: usize = 2;

/// Numbers that represent one byte between the blocks.
pub(crate) const WIDTH: usize = 64;

/// Attention heads in a block; each is WIDTH / HEADS numbers wide.
/// Ladder: 1, 2, 4, 8, 16
pub(crate) const HEADS: usize = 4;

/// Hidden units of a feed-forward layer.
pub(crate) const MLP_WIDTH: usize = 256;

/// Bytes that the model sees at once, in training and when it is judged.
/// Ladder: 16, 32, 64, 128, 256
pub(crate) const CONTEXT: usize = 64;

/// Windows of CONTEXT bytes in a training step.
pub(crate) const BATCH: usize = 8;

/// Step size of the optimiser, before the schedule's factor.
pub(crate) const LEARNING_RATE: f64 = 2e-3;
