//! Checks of the project's own files: nothing here runs the program.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of the longest source file. It may shrink, and grows only when somebody decides that it should.
const LONGEST: usize = 520;

/// What ARCHITECTURE.md names that is in a user's repository or cache, and not in this one.
const A_USERS_OWN: [&str; 3] = ["autoresearch.toml", ".git/", "$XDG_CACHE_HOME/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Files that belong to the project: no build products, and nothing of git.
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
fn every_source_file_starts_by_saying_what_it_is_for() {
    // Read by the rewriter's tests, which look at the bytes.
    let not_ours = root().join("tests/testdata/rewriting");
    let silent: Vec<PathBuf> = rust_files()
        .filter(|(path, text)| !path.starts_with(&not_ours) && !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "these do not start with `//!`: {silent:#?}");
}

#[test]
fn source_files_stay_readable() {
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        let path = path.display();
        assert!(
            lines <= LONGEST,
            "{path} has {lines} lines of at most {LONGEST}: what second idea has moved in?"
        );
    }
}

#[test]
fn helpers_that_tests_share_are_not_among_tests() {
    let borrowing = regex::Regex::new(r"(?m)^\s*use .*\btests::.*$").unwrap();
    let source = root().join("agent/src");
    let files = rust_files().filter(|(path, _)| path.starts_with(&source));
    let found = |(path, text): &(PathBuf, String)| {
        borrowing.find(text).map(|line| format!("{}: {}", path.display(), line.as_str().trim()))
    };
    let found: Vec<String> = files.filter_map(|file| found(&file)).collect();
    assert!(found.is_empty(), "these belong in a `#[cfg(test)] mod testing`: {found:#?}");
}

#[test]
fn every_path_that_the_architecture_names_is_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let quoted = regex::Regex::new(r"`([^`\s]+)`").unwrap();
    let is_path = |name: &str| {
        let is_ours = !A_USERS_OWN.iter().any(|start| name.starts_with(start));
        is_ours && (name.contains('/') || [".rs", ".toml", ".md"].iter().any(|end| name.ends_with(end)))
    };
    let (mut named, mut missing) = (0, Vec::new());
    // An item of the list begins with the folder that it is about, and names files in it.
    for item in text.split("\n- ").flat_map(|part| part.split("\n\n")) {
        let paths = quoted.captures_iter(item).map(|found| found.get(1).unwrap().as_str());
        let paths: Vec<&str> = paths.filter(|name| is_path(name)).collect();
        let (source, first) = (root().join("agent/src"), *paths.first().unwrap_or(&""));
        let folders = [root(), source.clone(), source.join(first)];
        named += paths.len();
        missing.extend(
            paths.into_iter().filter(|path| !folders.iter().any(|folder| folder.join(path).exists())),
        );
    }
    assert!(named > 40, "only {named} paths were found in ARCHITECTURE.md");
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
    let manifests: Vec<PathBuf> = manifests.collect();
    assert!(manifests.len() >= 3, "the test crates were not found");
    for path in manifests {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} does not say what it is for", path.display());
        let above = path.ancestors().skip(2).take_while(|folder| !folder.ends_with("testdata"));
        let member = above.map(|folder| folder.join("Cargo.toml")).any(|manifest| manifest.exists());
        assert!(member || text.contains("[workspace]"), "{} would look for one above it", path.display());
    }
}
