//! Fixture for rewriting: the constants of a small model. Never compiled.

/// Features of each position.
/// Ladder: 64, 96, 128, 192
pub const WIDTH: usize = 128;
/// Heads of each layer.
pub const HEADS: usize = 4;
pub const LAYERS: usize = 2;

/// Step size of the optimiser.
pub const LEARNING_RATE: f64 = 1e-3; // tried by hand
pub const WEIGHT_DECAY: f32 = 0.0;
/// Share of activations set to zero.
pub const DROPOUT: f64 = 0.1;
pub const BATCH_TOKENS: usize = 8_192;
pub const TIED: bool = false;
/// Bytes have 256 values.
/// Fixed: the data are bytes.
pub const SYMBOLS: usize = 256;
pub const DATA_SEED: u64 = 7;
pub const MASKED: f32 = -1.0e4;
pub const HEAD_WIDTH: usize = WIDTH / HEADS;

const _: () = assert!(WIDTH % HEADS == 0, "heads share the width");
const _: () = {
    assert!(HEAD_WIDTH >= 16 && !(LAYERS > 100));
};
