//! The name of a commit, as a value: the journal stores it, and only `repo` knows what it names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a name.
const LENGTH: usize = 20;

/// The name of a commit, printed and serialised as its 40 hexadecimal digits. The default, all zeros, names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CommitId([u8; LENGTH]);

impl CommitId {
    /// From git's own bytes.
    pub(crate) fn new(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    /// The first digits, enough for people.
    pub(crate) fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The error for a text that is not the full name of a commit.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the full name of a commit: that has 40 hexadecimal digits")]
pub(crate) struct NotACommit(String);

impl FromStr for CommitId {
    type Err = NotACommit;

    fn from_str(text: &str) -> Result<Self, NotACommit> {
        let refused = || NotACommit(text.to_owned());
        // A sign would pass as part of a number.
        if text.len() != 2 * LENGTH || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let mut bytes = [0; LENGTH];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| refused())?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for CommitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CommitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_journal_stores_the_full_name_of_a_commit() {
        let id: CommitId = NAME.parse().unwrap();
        assert_eq!(id.to_string(), NAME);
        assert_eq!(id.short(), "01234567");
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{NAME}\""));
        assert_eq!(serde_json::from_str::<CommitId>(&format!("\"{NAME}\"")).unwrap(), id);
    }

    #[test]
    fn a_short_name_or_one_that_is_not_hexadecimal_is_refused() {
        for text in [&NAME[..39], &"g".repeat(40), &"+f".repeat(20), &"é".repeat(20), ""] {
            assert!(text.parse::<CommitId>().is_err(), "{text}");
        }
    }
}
