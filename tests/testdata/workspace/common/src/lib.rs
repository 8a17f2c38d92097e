//! What trainers share. Outside of the package that is worked on.

/// Levels the loss off at this value.
pub const FLOOR: f64 = 1.0;

/// A made-up loss: lowest at a rate of 0.01, and with a little noise from the seed.
pub fn loss(rate: f64, seed: u64) -> f64 {
    let noise = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1 << 24) as f64;
    FLOOR + (rate / 0.01).ln().powi(2) / 10.0 + 0.004 * noise
}
