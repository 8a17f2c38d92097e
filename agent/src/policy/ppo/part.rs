//! The parts that PPO can do without, so that benches measure what each is worth.

/// A part of PPO that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Updates: without them the scorer stays as it started.
    Learning,
    /// Repeats of programs whose worth is uncertain.
    Repeats,
    /// The surrogate's view of the candidates, which are then drawn blindly. It still ranks the programs that ran.
    Scores,
    /// Proposals of more than three edits if there are many sites.
    LongEdits,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Learning, Self::Repeats, Self::Scores, Self::LongEdits];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Learning => "learning",
            Self::Repeats => "repeats",
            Self::Scores => "scores",
            Self::LongEdits => "long-edits",
        }
    }
}
