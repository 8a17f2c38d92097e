//! A program: one state of the source. Its text, its identity, and its value at each site.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The mutable files of a program: path relative to the repository's root (with `/`) -> text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources(pub(crate) BTreeMap<String, String>);

/// The value that a program has at each of its sites: site name -> value, both as `rewrite` prints them. Programs with
/// equal values are equal to a policy.
pub(crate) type Values = BTreeMap<String, String>;

/// Identity of a program: a hash of everything that goes into its build, as 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ProgramId(String);

impl ProgramId {
    /// Hashes the frozen part (any digest of it) and the mutable files.
    pub(crate) fn new(frozen: &str, sources: &Sources) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut field = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        field(frozen);
        for (path, text) in &sources.0 {
            field(path);
            field(text);
        }
        let hex = hasher.finalize().to_hex();
        Self(hex[..16].to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProgramId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        Sources(files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect())
    }

    #[test]
    fn a_program_is_what_its_files_say_and_where_they_are() {
        let one = ProgramId::new("frozen", &sources(&[("a.rs", "x"), ("b.rs", "y")]));
        assert_eq!(one, ProgramId::new("frozen", &sources(&[("b.rs", "y"), ("a.rs", "x")])));
        assert_ne!(one, ProgramId::new("frozen", &sources(&[("a.rs", "y"), ("b.rs", "x")])));
        assert_ne!(one, ProgramId::new("frozen", &sources(&[("a.rs", "xb.rsy")])));
        assert_ne!(one, ProgramId::new("other", &sources(&[("a.rs", "x"), ("b.rs", "y")])));
    }
}
