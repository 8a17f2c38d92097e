//! The medium size: 10.9 million parameters, for a GPU and minutes.
//!
//! MUTABLE. What depends on the size of the model or on the device stands here; the rest in `../recipe.rs`.

/// Number of blocks, each one attention and one feed-forward layer.
pub(crate) const DEPTH: usize = 6;

/// Numbers that represent one byte between the blocks.
pub(crate) const WIDTH: usize = 384;

/// Attention heads in a block; each is WIDTH / HEADS numbers wide.
/// Ladder: 1, 2, 3, 6, 12
pub(crate) const HEADS: usize = 6;

/// Hidden units of a feed-forward layer.
pub(crate) const MLP_WIDTH: usize = 1536;

/// Bytes that the model sees at once, in training and when it is judged.
/// Ladder: 16, 32, 64, 128, 256
pub(crate) const CONTEXT: usize = 256;

/// Windows of CONTEXT bytes in a training step.
pub(crate) const BATCH: usize = 64;

/// Step size of the optimiser, before the schedule's factor.
pub(crate) const LEARNING_RATE: f64 = 1e-3;
