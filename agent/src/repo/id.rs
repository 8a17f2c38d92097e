//! Commits and times as libgit2 has them, from the plain values that the rest of the code uses.

use git2::{Oid, Signature, Time};
use serde::{Deserialize, Serialize};

use crate::study::CommitId;

/// The commit's name as libgit2 has it.
pub(super) fn oid(commit: CommitId) -> Oid {
    Oid::from_bytes(commit.as_bytes()).expect("both have twenty bytes")
}

/// The name of a commit that libgit2 knows.
pub(super) fn commit_id(oid: Oid) -> CommitId {
    CommitId::new(oid.as_bytes().try_into().expect("the names of a repository that was opened are SHA-1"))
}

/// When a commit is made. Passed in, so that a commit that was lost can be made again with the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timestamp {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// How far local time is ahead of UTC, in minutes.
    pub(crate) offset_minutes: i32,
}

impl Timestamp {
    /// This moment, in local time.
    pub(crate) fn now() -> Self {
        let now = Signature::now("now", "now").expect("name and address are valid").when();
        Self { seconds: now.seconds(), offset_minutes: now.offset_minutes() }
    }

    /// Seconds since 1970 as events have them.
    pub(crate) fn since_1970(self) -> u64 {
        self.seconds.try_into().unwrap_or(0)
    }

    pub(super) fn to_git(self) -> Time {
        Time::new(self.seconds, self.offset_minutes)
    }
}
