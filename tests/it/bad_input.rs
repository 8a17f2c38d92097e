//! Input that cannot be used gets one clear message that says what to do and the exit code that `--help` documents, and
//! leaves the repository as it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use git2::Oid;
use nix::sys::signal::Signal;

use super::support::{RECIPE_ONLY, Said, User, said, signal, wait_until};

/// Exit codes, as `--help` documents them.
const REPOSITORY: i32 = 3;
const BASELINE: i32 = 4;
const LOCKED: i32 = 5;

/// Asserts that the program gave up with one message, and that it says all of this.
#[track_caller]
fn refused(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, Some(code), "{}\n{}", said.out, said.err);
    assert!(said.err.starts_with("error: "), "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "{word:?} is not in: {}", said.err);
    }
    assert!(!said.err.contains("panicked") && !said.out.contains("panicked"), "{}", said.err);
}

/// What the user sees of a repository: files, branches, where HEAD is. Without our journal.
fn visible(user: &User) -> (BTreeMap<PathBuf, Oid>, Vec<String>) {
    let git = user.path().join(".git");
    let theirs = |path: &PathBuf| !path.starts_with(&git) || path.starts_with(git.join("refs"));
    let files = user.everything().into_iter().filter(|(path, _)| theirs(path)).collect();
    (files, vec![user.read(".git/HEAD")])
}

/// Runs a study that must be refused, and asserts that nothing was changed.
#[track_caller]
fn run_is_refused(user: &User, code: i32, words: &[&str]) {
    let before = visible(user);
    let said = user.autoresearch(&["run", "--trials", "2"]);
    refused(&said, code, words);
    assert_eq!(visible(user), before, "something was changed");
    assert!(user.processes().is_empty());
}

/// The same, before anything was started: there is no study afterwards, and no trace of one.
#[track_caller]
fn run_is_refused_at_once(user: &User, code: i32, words: &[&str]) {
    run_is_refused(user, code, words);
    let journal = user.path().join(".git/autoresearch");
    let begun =
        fs::read_dir(journal).into_iter().flatten().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(begun.count(), 0, "a study was started");
    assert!(!user.home().join("cache").exists(), "a slot was created");
}

fn with_settings(settings: &str) -> User {
    User::quick(&format!("{RECIPE_ONLY}{settings}"))
}

#[test]
fn a_directory_that_is_not_a_repository() {
    let user = User::new();
    let outside = user.home().join("outside");
    fs::create_dir(&outside).unwrap();
    for command in [vec!["run"], vec!["inspect"], vec!["log"]] {
        let words = [command, vec![outside.to_str().unwrap()]].concat();
        let said = user.autoresearch(&words);
        refused(&said, REPOSITORY, &["outside is not in a git repository", "git init"]);
        assert_eq!(said.out, "");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "something was made");
    let absent = user.home().join("absent");
    refused(&user.autoresearch(&["run", absent.to_str().unwrap()]), REPOSITORY, &["absent"]);
    assert!(!absent.exists());
}

#[test]
fn a_repository_without_commits() {
    run_is_refused_at_once(
        &User::new(),
        REPOSITORY,
        &["branch `main`", "has no commits yet", "commit the crate first"],
    );
}

#[test]
fn a_bare_repository() {
    let user = User::new();
    let bare = user.home().join("bare");
    git2::Repository::init_bare(&bare).unwrap();
    refused(
        &user.autoresearch(&["run", bare.to_str().unwrap()]),
        REPOSITORY,
        &["is a bare repository", "clone it"],
    );
}

#[test]
fn a_branch_that_is_in_the_way_of_ours() {
    let user = with_settings("");
    user.git.branch("trial", &user.branch("main"), false).unwrap();
    run_is_refused_at_once(&user, REPOSITORY, &["branch `trial` is in the way", "git branch -m"]);
}

#[test]
fn a_machine_without_cargo() {
    let user = with_settings("");
    let before = visible(&user);
    let said = said(user.command(&["run"]).env("CARGO", "/nowhere/cargo").spawn().unwrap());
    refused(&said, 1, &["/nowhere/cargo fetch", "cannot be started"]);
    assert_eq!(visible(&user), before, "something was changed");
}

#[test]
fn a_damaged_journal_is_left_alone() {
    let user = with_settings("");
    user.autoresearch(&["run", "--trials", "1", "--study", "night"]).well();
    let path = ".git/autoresearch/night/events.jsonl";
    let damaged = user.read(path).replacen("\"event\":\"trial-ended\"", "\"event\":\"trial-e", 1);
    user.write(path, &damaged);
    let before = user.everything();
    for words in [&["run", "--trials", "2"][..], &["log"], &["show", "1"]] {
        refused(&user.autoresearch(words), 1, &["line 4 of", "events.jsonl", "restore the file"]);
    }
    assert_eq!(user.everything().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert_eq!(user.read(path), damaged);
    // Another study can be started meanwhile.
    user.autoresearch(&["run", "--trials", "1", "--study", "day"]).well();
}

#[test]
fn a_repository_without_a_cargo_project() {
    let user = User::new();
    user.commit(&[("README.md", "no crate here\n")], "begin\n");
    run_is_refused_at_once(&user, REPOSITORY, &["no Cargo package", "set `package` in autoresearch.toml"]);
    refused(&user.autoresearch(&["inspect"]), REPOSITORY, &["no Cargo package"]);
}

#[test]
fn a_package_that_is_not_there() {
    let user = with_settings("package = \"gpt\"\n");
    run_is_refused_at_once(&user, REPOSITORY, &["`package`", "gpt/Cargo.toml"]);
}

#[test]
fn a_crate_in_which_nothing_could_be_changed() {
    let user = User::of(
        "stand-in/quick",
        &[("src/recipe.rs", "pub fn nothing() {}\n"), ("autoresearch.toml", RECIPE_ONLY)],
    );
    run_is_refused_at_once(&user, REPOSITORY, &["nothing that could be changed", "src/recipe.rs"]);
}

#[test]
fn a_mutable_path_that_is_not_there() {
    let user = User::quick("mutable = [\"src/recipe.rs\", \"src/modle.rs\"]\n");
    run_is_refused_at_once(&user, REPOSITORY, &["`mutable`", "`src/modle.rs`", "committed files"]);
}

#[test]
fn a_frozen_path_that_is_not_there() {
    let user = with_settings("frozen = [\"src/dta.rs\"]\n");
    run_is_refused_at_once(&user, REPOSITORY, &["`frozen`", "`src/dta.rs`"]);
}

#[test]
fn an_unknown_key_is_reported_with_the_nearest_known_one() {
    let user = with_settings("trails = 3\n");
    run_is_refused_at_once(
        &user,
        REPOSITORY,
        &["autoresearch.toml", "unknown key `trails`", "did you mean `trials`?"],
    );
    refused(&user.autoresearch(&["inspect"]), REPOSITORY, &["did you mean `trials`?"]);
    let user = with_settings("[merge]\nnoise-repeat = 3\n");
    run_is_refused_at_once(&user, REPOSITORY, &["did you mean `merge.noise-repeats`?"]);
}

#[test]
fn settings_that_cannot_be_read() {
    for (settings, words) in [
        ("trials = \"many\"\n", &["autoresearch.toml", "trials"][..]),
        ("for = \"soon\"\n", &["`soon` is not a duration", "8h"]),
        ("budget = ", &["autoresearch.toml", "TOML"]),
        ("search = \"psychic\"\n", &["psychic", "random, greedy"]),
        ("[metric]\npattern = \"(\"\n", &["`(`", "regular expression"]),
    ] {
        run_is_refused_at_once(&User::quick(settings), REPOSITORY, words);
    }
}

#[test]
fn a_budget_that_has_no_unit() {
    let user = with_settings("");
    let said = user.autoresearch(&["run", "--budget", "20"]);
    refused(&said, REPOSITORY, &["budget", "`20`", "20s", "500steps"]);
    let user = User::quick("mutable = [\"src/recipe.rs\"]\nbudget = \"20 parsecs\"\n");
    run_is_refused_at_once(&user, REPOSITORY, &["20 parsecs", "20s"]);
}

#[test]
fn templates_of_the_user_that_cannot_be_read() {
    let user = User::of(
        "stand-in/quick",
        &[
            ("autoresearch.toml", RECIPE_ONLY),
            (".autoresearch/templates/schedule/cosine.rs", "fn schedule(\n"),
        ],
    );
    run_is_refused_at_once(&user, REPOSITORY, &["schedule/cosine.rs"]);
}

#[test]
fn a_template_for_what_is_frozen_is_not_offered() {
    let template = "//! no noise at all\n\nfn noise(seed: u64, point: u32) -> f64 {\n    0.0\n}\n";
    let of = |settings: &str| {
        let files = [("autoresearch.toml", settings), (".autoresearch/templates/noise/none.rs", template)];
        User::of("stand-in/quick", &files).autoresearch(&["inspect"]).well()
    };
    assert!(!of(RECIPE_ONLY).contains("noise"));
    assert!(of("mutable = [\"src/*.rs\"]\n").contains("noise"), "the test proves nothing");
}

#[test]
fn a_baseline_that_does_not_build() {
    let user = with_settings("");
    user.commit(
        &[("src/recipe.rs", "pub const DEPTH: usize = 2;\npub const WIDTH: usize = \"wide\";\n")],
        "break it\n",
    );
    run_is_refused(
        &user,
        BASELINE,
        &["untouched program does not build", "error[E0", "src/", "logs are in", "repair it"],
    );
}

#[test]
fn a_baseline_that_crashes_reports_nothing_or_reports_nan() {
    for (mishap, words) in [
        ("2", ["crashes", "panic: index out of bounds"]),
        ("7", ["has no valid result", "no line `result val_bpb=NUMBER`"]),
        ("1", ["diverges", "NaN"]),
        ("5", ["has no valid result", "not causal"]),
    ] {
        let user = with_settings("");
        user.edit("src/mishap.rs", "MISHAP: u32 = 0", &format!("MISHAP: u32 = {mishap}"));
        user.commit(&[], "break it\n");
        run_is_refused(&user, BASELINE, &[words[0], words[1], "logs are in"]);

        // Once repaired, it continues by itself.
        user.edit("src/mishap.rs", &format!("MISHAP: u32 = {mishap}"), "MISHAP: u32 = 0");
        user.commit(&[], "repair it\n");
        user.autoresearch(&["run", "--trials", "2"]).well();
    }
}

#[test]
fn a_dependency_that_is_not_in_the_lock_file() {
    let user = with_settings("");
    let manifest = user.read("Cargo.toml") + "\n[dependencies]\nserde = \"1\"\n";
    user.commit(&[("Cargo.toml", &manifest)], "want serde\n");
    run_is_refused(&user, BASELINE, &["Cargo.lock", "cargo generate-lockfile"]);
}

#[test]
fn a_crate_without_a_lock_file() {
    let user = with_settings("");
    fs::remove_file(user.path().join("Cargo.lock")).unwrap();
    user.commit(&[], "no lock\n");
    run_is_refused(&user, BASELINE, &["Cargo.lock"]);
}

#[test]
fn a_disk_that_is_full() {
    // No disk has an exbibyte, so there is never as much free space as must stay free.
    let user = with_settings("[limits]\ndisk = 1000000000000\n");
    run_is_refused(&user, 1, &["the disk is full", "MiB free"]);
}

#[test]
fn a_second_run_on_the_same_repository() {
    let user = with_settings("");
    let first = user.start(&["run", "--trials", "500"]);
    let pid = first.id().to_string();
    let lock = user.path().join(".git/autoresearch/.lock");
    wait_until("the first has the lock", || fs::read_to_string(&lock).is_ok_and(|text| text.trim() == pid));
    let second = user.autoresearch(&["run"]);
    refused(&second, LOCKED, &["another study is running on this repository", &format!("process {pid}")]);
    // Looking is allowed.
    wait_until("the baseline is measured", || user.autoresearch(&["log"]).out.contains("measured"));
    user.autoresearch(&["show", "0"]).well();
    signal(&first, Signal::SIGINT);
    assert_eq!(said(first).code, Some(0));
}

#[test]
fn a_study_that_was_started_with_other_options() {
    let user = with_settings("");
    user.autoresearch(&["run", "--trials", "1", "--study", "night"]).well();
    let said = user.autoresearch(&["run", "--trials", "2", "--budget", "200steps"]);
    refused(&said, REPOSITORY, &["study `night` was started with budget 100steps, not 200steps", "--study"]);
}

#[test]
fn names_of_studies_that_git_does_not_accept() {
    let user = with_settings("");
    for name in ["a b", "a/b", "..", ""] {
        let said = user.autoresearch(&["run", "--study", name]);
        refused(&said, REPOSITORY, &["letters, digits and hyphens"]);
    }
}
