//! What looks like a site and is none, and why: a change of it could only be a false discovery.

use super::knob::Knob;
use super::site::stem;

/// Why something is not a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Why {
    NotCompiled,
    Unused,
    OnlyPrinted,
}

impl Why {
    /// For people, after "left out: ".
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotCompiled => "not compiled (tests, features that are off, other platforms)",
            Self::Unused => "used by nothing",
            Self::OnlyPrinted => "reaching only what is printed, not what is trained",
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
