//! What the binaries share.

/// Step size of the optimiser.
pub const RATE: f64 = 0.001;
