//! Why a campaign ends.

use crate::runs::Interruption;
use crate::study::Finish;

/// Why a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Finished(Finish),
    /// The policy finds nothing new to try.
    NothingLeft,
    /// The user asked for a clean end.
    Asked,
    /// The user asked twice.
    AtOnce,
}

impl End {
    /// The text in the journal.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Finished(finish) => finish.as_str(),
            Self::NothingLeft => "nothing left to try",
            Self::Asked => "asked",
            Self::AtOnce => "asked to stop at once",
        }
    }
}

impl From<Interruption> for End {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::TimeIsUp => Self::Finished(Finish::TimeIsUp),
            Interruption::Asked => Self::Asked,
            Interruption::AtOnce => Self::AtOnce,
        }
    }
}
