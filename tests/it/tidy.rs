//! What is checked of the project's own files: nothing here runs the program.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Files that belong to the project: not what is built, and not git's.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_name().unwrap().to_str().unwrap();
            match entry.is_dir() {
                true if name == "target" || name == ".git" || name == "demo" => {}
                true => folders.push(entry),
                false if name == ".git" => {}
                false => found.push(entry),
            }
        }
    }
    assert!(found.len() > 100, "the project was not found");
    found
}

fn rust_files() -> impl Iterator<Item = (PathBuf, String)> {
    let rust = files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
}

#[test]
fn every_source_file_opens_by_saying_what_it_is_for() {
    // Read by the rewriter's tests, which look at the bytes.
    let not_ours = root().join("tests/testdata/rewriting");
    let silent: Vec<PathBuf> = rust_files()
        .filter(|(path, text)| !path.starts_with(&not_ours) && !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "these do not open with `//!`: {silent:#?}");
}

#[test]
fn source_files_stay_readable() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= 700, "{} has {lines} lines: what second idea has moved in?", path.display());
    }
}

#[test]
fn every_path_that_the_architecture_names_is_there() {
    let Ok(text) = fs::read_to_string(root().join("ARCHITECTURE.md")) else { return };
    let named = regex::Regex::new(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.*-]*)*)`").unwrap();
    let is_path = |name: &str| {
        name.contains('/') && !name.contains('*') && !name.starts_with("refs/") && !name.starts_with("trial/")
            || [".rs", ".toml", ".md"].iter().any(|end| name.ends_with(end))
    };
    let there = |name: &str| {
        let name = name.trim_end_matches('/');
        [root().join(name), root().join("agent/src").join(name), root().join("target-project").join(name)]
            .iter()
            .any(|path| path.exists())
            || files().iter().any(|path| path.ends_with(name))
    };
    let names = named.captures_iter(&text).map(|found| found[1].to_owned());
    // A user's own, not ours.
    let theirs = |name: &str| {
        name.starts_with(".git/") || name.starts_with(".autoresearch/") || name.starts_with("autoresearch/")
    };
    let missing: Vec<String> = names.filter(|name| is_path(name) && !theirs(name) && !there(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
}

#[test]
fn no_file_names_the_machine_it_was_written_on() {
    let own = Path::new(file!()).file_name().unwrap();
    let homes = regex::Regex::new(r"(?:^|[^A-Za-z0-9_.$~-])/(?:home|Users|root|work)/[a-z0-9_.-]+").unwrap();
    for path in files() {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if path.file_name() == Some(own) || path.starts_with(root().join("target-project/data")) {
            continue;
        }
        if let Some(found) = homes.find(&text) {
            panic!("{} names {:?}", path.display(), found.as_str());
        }
    }
}

#[test]
fn every_test_crate_says_what_it_is_for_and_stands_alone() {
    let manifests = files().into_iter().filter(|path| {
        path.starts_with(root().join("tests/testdata")) && path.file_name().unwrap() == "Cargo.toml"
    });
    for path in manifests {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} does not say what it is for", path.display());
        assert!(text.contains("[workspace]"), "{} would look for one above it", path.display());
    }
}
