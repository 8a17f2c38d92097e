//! The settings of the early stop, and which runs they exempt.

/// The rule's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct StopRule {
    /// Share of the would-be winners that may be stopped, in (0, 1).
    pub(crate) level: f64,
    /// Share of the would-be stops that run on, to keep the calibration honest, in (0, 1).
    pub(crate) audit: f64,
}

impl StopRule {
    /// At most 5 % of the would-be winners are stopped, and one in ten stops is audited.
    pub(crate) const DEFAULT: Self = Self { level: 0.05, audit: 0.1 };

    /// Whether a run continues whatever the pruner says. Depends on its seed alone, so that a resumed study draws the
    /// same.
    pub(crate) fn audits(&self, seed: u64) -> bool {
        let hash = blake3::hash(&seed.to_le_bytes());
        let first: [u8; 8] = hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes");
        // The 53 bits that a float holds exactly.
        let drawn = (u64::from_le_bytes(first) >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < self.audit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_runs_drawn_is_as_set_and_the_draw_is_always_the_same() {
        for audit in [0.03, 0.1, 0.5] {
            let rule = StopRule { audit, ..StopRule::DEFAULT };
            let drawn: Vec<u64> = (0..20_000).filter(|seed| rule.audits(*seed)).collect();
            let share = drawn.len() as f64 / 20_000.0;
            assert!((share - audit).abs() < 0.01, "{audit} {share}");
            assert!(drawn.iter().all(|seed| rule.audits(*seed)));
        }
    }
}
