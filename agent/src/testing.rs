//! What all tests that draw at random share: they draw the same on every machine, unless they are told to go further.

use proptest::test_runner::{Config, RngSeed};

/// Tries this many cases from a fixed seed. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` search more of them, elsewhere; a
/// case that fails there becomes a test of its own.
pub(crate) fn cases(cases: u32) -> Config {
    let told = Config::default();
    Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { told.cases } else { cases },
        rng_seed: match told.rng_seed {
            RngSeed::Random => RngSeed::Fixed(0),
            seed @ RngSeed::Fixed(_) => seed,
        },
        failure_persistence: None,
        ..told
    }
}
