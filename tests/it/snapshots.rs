//! What each command prints, in full: a change of any of it is seen in the diff of a snapshot.
//!
//! What differs from one time or machine to another is masked: times, commits, paths.

use regex::Regex;

use super::support::{RECIPE_ONLY, User};

/// Compares a text with the snapshot of this name, once its times, commits and paths are masked.
#[track_caller]
fn same(name: &str, user: &User, text: &str) {
    let home = user.path().parent().unwrap().to_str().unwrap().to_owned();
    let mut text = text.replace(&home, "HOME");
    for (pattern, mask) in [
        (r"\b[0-9a-f]{40}\b", "COMMIT"),
        (r"\b[0-9a-f]{16}\b", "PROGRAM"),
        (r"\b20\d\d-\d\d-\d\d\b", "DATE"),
        (r"(\d+\.)?\d+ (s|min|h)\b", "TIME"),
        (r"(\d+\.)?\d+ build, (\d+\.)?\d+ train", "TIME build, TIME train"),
        (r"\(\d+ trials per hour\)", "(N trials per hour)"),
        (r"memory +\d+", "memory       BYTES"),
        (r", \d+ %\)\n", ", N %)\n"),
        (r"( ± \d+ +)\d+\.\d\d\n", "${1}TIME\n"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, mask).into_owned();
    }
    insta::with_settings!({ snapshot_path => "../../tests/it/snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn help() {
    let user = User::new();
    for command in [
        "", "demo", "new", "run", "pack", "unpack", "record", "compare", "inspect", "log", "show", "bench",
        "doctor",
    ] {
        let words: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let name = if command.is_empty() { "help".to_owned() } else { format!("help-{command}") };
        same(&name, &user, &user.autoresearch(&words).well());
    }
}

#[test]
fn a_study_and_what_is_read_of_it() {
    let user = User::quick(RECIPE_ONLY);
    let inspect = user.autoresearch(&["inspect"]).well();
    same("inspect", &user, &inspect);
    let run = user.autoresearch(&["run", "--trials", "6", "--study", "night"]).well();
    same("run", &user, &run);
    same("log", &user, &user.autoresearch(&["log"]).well());
    same("show", &user, &user.autoresearch(&["show", "1"]).well());
    same("run-again", &user, &user.autoresearch(&["run", "--trials", "6"]).well());
    let messages: Vec<String> = user.subjects("main");
    same("git-log", &user, &messages.join("\n"));
    let commit = user.branch("main");
    same("commit", &user, commit.message().unwrap());
}

#[test]
fn a_table_and_a_search_on_it() {
    let user = User::quick(RECIPE_ONLY);
    let table = user.home().join("table.csv");
    let table = table.to_str().unwrap();
    let site = "recipe::WIDTH=64,96,128";
    let record =
        ["record", ".", table, "--site", site, "--seeds", "2", "--budget", "100steps", "--slots", "1"];
    let out = user.autoresearch(&record).well();
    let pace = Regex::new(r" +\d+ per hour, +\S+ \S+ left").unwrap();
    same("record", &user, &pace.replace_all(&out, "  PACE"));
    let search =
        ["bench", "search", "--table", table, "--method", "random,tpe", "--trials", "3", "--repeats", "4"];
    same("bench-search", &user, &user.autoresearch(&search).well());
}

#[test]
fn errors() {
    let user = User::quick("trails = 3\n");
    for (name, words) in [
        ("error-settings", &["run"][..]),
        ("error-usage", &["run", "--slots", "0"]),
        ("error-no-study", &["log"]),
        ("error-no-repository", &["run", "/nonexistent"]),
    ] {
        let said = user.autoresearch(words);
        assert_ne!(said.code, Some(0));
        same(name, &user, &said.err);
    }
}
