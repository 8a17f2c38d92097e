//! What goes wrong, for tests that want a certain outcome. Mutable or not, as the test likes.

/// 0 nothing, 1 a NaN, 2 a panic, 3 a hang, 4 ever more memory, 5 a broken rule, 6 a divergence that
/// is told, 7 no result, 8 a name that is not its own, 9 a hang that starts half-way and ignores SIGTERM,
/// 10 and above an end with `WORDS`.
/// Ladder: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
pub const MISHAP: u32 = 0;
