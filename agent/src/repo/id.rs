//! Names of commits and moments of time, as values that can be kept in a journal. Knows no repository.

use std::fmt;
use std::str::FromStr;

use git2::{Oid, Signature, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hexadecimal digits of a commit's full name.
const DIGITS: usize = 40;

/// The name of a commit, printed and serialised as its 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CommitId(pub(super) Oid);

impl CommitId {
    /// The first digits, enough for people.
    pub(crate) fn short(&self) -> String {
        self.to_string()[..8].to_owned()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for CommitId {
    type Err = git2::Error;

    fn from_str(text: &str) -> Result<Self, git2::Error> {
        // `Oid::from_str` fills up a short name with zeros, which would name another commit.
        if text.len() != DIGITS {
            return Err(git2::Error::from_str("the name of a commit has 40 hexadecimal digits"));
        }
        Oid::from_str(text).map(Self)
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

/// When a commit is made. Passed in, so that a commit that was lost can be made again with the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timestamp {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// What local time is ahead of UTC, in minutes.
    pub(crate) offset_minutes: i32,
}

impl Timestamp {
    /// This moment, in local time.
    pub(crate) fn now() -> Self {
        let now = Signature::now("now", "now").expect("name and address are valid").when();
        Self { seconds: now.seconds(), offset_minutes: now.offset_minutes() }
    }

    pub(super) fn to_git(self) -> Time {
        Time::new(self.seconds, self.offset_minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_commit_is_kept_in_a_journal_by_its_full_name() {
        let id: CommitId = NAME.parse().unwrap();
        assert_eq!(id.to_string(), NAME);
        assert_eq!(id.short(), "01234567");
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{NAME}\""));
        assert_eq!(serde_json::from_str::<CommitId>(&format!("\"{NAME}\"")).unwrap(), id);
    }

    #[test]
    fn a_shortened_name_is_refused_and_not_filled_up() {
        assert!(NAME[..39].parse::<CommitId>().is_err());
        assert!("g".repeat(DIGITS).parse::<CommitId>().is_err());
    }
}
