//! What tests on repositories share: none of the machine's configuration, and a scratch repository.

use std::collections::BTreeMap;
use std::sync::Once;

use git2::ConfigLevel;
use tempfile::TempDir;

use super::{Repo, Timestamp};

/// A moment that tests commit at.
pub(crate) const NOON: Timestamp = Timestamp { seconds: 1_700_000_000, offset_minutes: 60 };

/// Keeps the user's and the machine's git configuration out. Every test that touches git calls it (or `scratch`) first.
pub(crate) fn hermetic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let nowhere = std::env::temp_dir().join("autoresearch-tests-without-git-configuration");
        for level in [ConfigLevel::ProgramData, ConfigLevel::System, ConfigLevel::XDG, ConfigLevel::Global] {
            // SAFETY: libgit2 requires that no other thread uses it meanwhile; each test waits here before it does.
            unsafe { git2::opts::set_search_path(level, &nowhere) }
                .expect("a path without colons is accepted");
        }
    });
}

/// A repository in a new directory, with one commit on `main` that holds these files.
pub(crate) fn scratch(files: &[(&str, &str)]) -> (TempDir, Repo) {
    hermetic();
    let dir = tempfile::tempdir().expect("tests have a place for files");
    // A real path, since git reports those and a temporary directory may be behind a link.
    let root = dir.path().canonicalize().expect("it was just made");
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    let repo = Repo::create(&root, &files, "first\n", NOON).expect("an empty directory is filled");
    (dir, repo)
}

/// One file's new text, as a trial takes it.
pub(crate) fn changed(path: &str, text: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(path.to_owned(), text.to_owned())])
}
