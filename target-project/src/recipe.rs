//! The numbers of the recipe: sizes, rates, decays.
//!
//! MUTABLE: this file, `model.rs` and `train.rs` are what a search may change. The budget, the seed and the
//! data are not here, so no number in this file can make a score look better than it is.

#![allow(dead_code, reason = "a program may do without some of the numbers")]

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

/// Whether linear layers add a learned bias.
pub(crate) const BIASES: bool = true;

/// Step size of the optimiser, before the schedule's factor.
pub(crate) const LEARNING_RATE: f64 = 2e-3;

/// Share of the old mean that AdamW keeps at a step, for gradients.
pub(crate) const BETA1: f32 = 0.9;

/// Share of the old mean that AdamW keeps at a step, for squared gradients.
/// Ladder: 0.9, 0.95, 0.98, 0.99, 0.995, 0.999
pub(crate) const BETA2: f32 = 0.999;

/// Added to AdamW's denominator, so that it is never zero.
/// Ladder: 1e-10, 1e-8, 1e-6, 1e-5
pub(crate) const EPSILON: f32 = 1e-8;

/// Share of a weight that AdamW takes away at a step, per unit of learning rate.
/// Ladder: 0.0, 0.01, 0.03, 0.1, 0.3
pub(crate) const WEIGHT_DECAY: f32 = 0.01;

/// Deviation of the normal distribution that initial weights are drawn from.
pub(crate) const INIT_STD: f32 = 0.02;

const _: () = assert!(WIDTH % HEADS == 0);
const _: () = assert!(WIDTH / HEADS % 2 == 0);
