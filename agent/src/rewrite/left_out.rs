//! What looks like a site and is none, and why: a change of it could only be a false discovery.

use super::knob::Knob;
use super::site::stem;

/// Why something is not a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    NotCompiled,
    Unused,
    OnlyPrinted,
    /// A default that something else always overrides.
    Overridden,
    Budget,
    Seed,
    Loader,
    Data,
    Shape,
    Evaluation,
    Reporting,
    System,
    Code,
    /// Its documentation says so.
    Fixed,
}

impl Why {
    /// For people, after "left out, ".
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotCompiled => "not compiled (tests, features that are off, other platforms)",
            Self::Unused => "used by nothing",
            Self::OnlyPrinted => "reaching only what is printed, not what is trained",
            Self::Overridden => "a default that is overridden wherever it would count",
            Self::Budget => "named like a budget",
            Self::Seed => "named like a seed",
            Self::Loader => "named like a setting of the loader",
            Self::Data => "named like a size or a share of the data",
            Self::Shape => "named like a shape that the data fix",
            Self::Evaluation => "named like a part of the evaluation",
            Self::Reporting => "named like a setting of what is printed or saved",
            Self::System => "named like a setting of the machine or of a format",
            Self::Code => "a code, a unit or a constant of mathematics",
            Self::Fixed => "fixed, as its documentation says",
        }
    }
}

/// A named number or boolean that a search must leave alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// As a site of that name would be called.
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) why: Why,
}

impl LeftOut {
    pub(super) fn new(file: &str, knob: &Knob, why: Why) -> Self {
        let name = knob.name_in(stem(file));
        Self { name, file: file.to_owned(), line: knob.line, why }
    }
}
