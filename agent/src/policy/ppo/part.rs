//! The parts that PPO can do without, so that benches measure what each is worth.

/// See the head of this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Updates: its scorer stays as it began.
    Learning,
    /// Repeats of programs that are not sure to be good.
    Repeats,
    /// What the surrogate says of candidates: they are drawn blindly. It still says which programs are good.
    Scores,
    /// More than three edits at a time where sites are many.
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
