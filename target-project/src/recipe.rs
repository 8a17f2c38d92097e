//! The numbers of the recipe: decays, the optimiser's, the initialisation's, and which sizes.
//!
//! MUTABLE: this file, the sizes that it chooses, `model.rs` and `train.rs` are what a search may change. The
//! budget, the seed and the data are not here, so no number here can make a score look better than it is.

#![allow(dead_code, reason = "a program may do without some of the numbers")]

// The one line that chooses the size: small.rs for a processor, medium.rs for a GPU.
#[path = "recipe/small.rs"]
mod size;
pub(crate) use size::*;

/// Whether linear layers add a learned bias.
pub(crate) const BIASES: bool = true;

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
