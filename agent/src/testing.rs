//! Shared by all tests that draw at random: they draw the same on every machine, unless asked to search further.

use proptest::test_runner::{Config, RngSeed};

/// Tries this many cases from a fixed seed. `PROPTEST_CASES` and `PROPTEST_RNG_SEED` make it try more, and others; a
/// case that fails there becomes a separate test.
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
