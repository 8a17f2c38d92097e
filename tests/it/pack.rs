//! Programs that are built here and trained elsewhere: in these tests, in a folder next to the repository.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Child;

use git2::Oid;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::support::{RECIPE_ONLY, Said, User, said, signal, wait_until};

/// Nothing is stopped early, neither here nor there.
const NEVER_STOPPED: &str = "[stop]\nenabled = false\n";

/// One knob, with one value that is far better.
const ONE_DISCOVERY: &str = "\
/// Ladder: 1e-3, 4e-3
pub const LEARNING_RATE: f64 = 1e-3;
pub const WIDTH_SEED: usize = 64;
pub const WIDTH: usize = WIDTH_SEED;
pub const DEPTH_SEED: usize = 2;
pub const DEPTH: usize = DEPTH_SEED;
pub fn schedule(share: f64) -> f64 {
    share
}
";

/// A line of `orders.tsv`: number, what, trial, program.
type Order = (String, String, u64, String);

fn folder(user: &User) -> PathBuf {
    user.home().join("batch")
}

fn pack(user: &User, folder: &Path, words: &[&str]) -> Said {
    user.autoresearch(&[&["pack", ".", folder.to_str().unwrap(), "--study", "night"], words].concat())
}

fn unpack(user: &User, folder: &Path) -> Said {
    user.autoresearch(&["unpack", folder.to_str().unwrap()])
}

/// Starts the script of a folder, as if on the other machine.
fn start(user: &User, folder: &Path) -> Child {
    let mut command = user.command_of(Path::new("sh"), &["run.sh"]);
    command.current_dir(folder).env_remove("CARGO").spawn().unwrap()
}

fn orders(folder: &Path) -> Vec<Order> {
    let text = fs::read_to_string(folder.join("orders.tsv")).unwrap();
    let order = |line: &str| {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        (fields[0].clone(), fields[1].clone(), fields[2].parse().unwrap(), fields[3].clone())
    };
    text.lines().skip(1).map(order).collect()
}

/// Replaces a trial's program with a script.
fn replace(folder: &Path, trial: u64, script: &str) {
    let orders = orders(folder);
    let program = &orders.iter().find(|order| order.1 == "trial" && order.2 == trial).unwrap().3;
    let path = folder.join("bin").join(program);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What is known about each trial that has ended: outcome, metric, and what its commit says.
fn trials(user: &User) -> BTreeMap<u64, (Value, Value, BTreeMap<String, String>)> {
    let ended = |event: &Value| {
        let commit: Oid = event["commit"].as_str().unwrap().parse().unwrap();
        let commit = user.git.find_commit(commit).unwrap();
        let trailers = git2::message_trailers_strs(commit.message().unwrap()).unwrap();
        let kept = ["Study", "Trial", "Parent", "Edit", "Program", "Outcome", "Metric", "Seed", "Budget"];
        let trailers = trailers.iter().filter(|(key, _)| kept.contains(key));
        let trailers = trailers.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let metric = event["measurement"]["metric"].clone();
        (event["trial"].as_u64().unwrap(), (event["outcome"].clone(), metric, trailers))
    };
    user.events_of("trial-ended").iter().map(ended).collect()
}

/// Runs of the baseline: seed and metric.
fn repeats(user: &User) -> Vec<(Value, Value)> {
    let runs = user.events_of("run-ended").into_iter().filter(|run| run["purpose"] == "noise");
    runs.map(|run| (run["seed"].clone(), run["measurement"]["metric"].clone())).collect()
}

/// All events except those that only say when a study was at work.
fn story(user: &User) -> Vec<Value> {
    let kinds = ["stopped", "resumed"];
    user.events().into_iter().filter(|event| !kinds.contains(&event["event"].as_str().unwrap())).collect()
}

fn every_branch_is_at_its_commit(user: &User) {
    let branches = user.branches();
    let ended = user.events_of("trial-ended");
    // The untouched program gets a branch when it is known to run.
    let is_known = |started: &Value| started["trial"] != 0 || ended.iter().any(|ended| ended["trial"] == 0);
    for started in user.events_of("trial-started").into_iter().filter(is_known) {
        let commit = ended.iter().find(|ended| ended["trial"] == started["trial"]).unwrap_or(&started);
        let branch = started["branch"].as_str().unwrap();
        assert_eq!(branches[branch].to_string(), commit["commit"].as_str().unwrap(), "{branch}");
    }
}

#[test]
fn a_batch_that_comes_back_gives_the_same_as_a_run_here() {
    let user = User::quick(&format!("{RECIPE_ONLY}{NEVER_STOPPED}"));
    let folder = folder(&user);
    let out = pack(&user, &folder, &["--trials", "5", "--seed", "7"]).well();
    assert!(out.contains("9 runs are packed in"), "{out}");
    assert_eq!(user.events_of("trial-started").len(), 6);
    assert!(user.events_of("trial-ended").is_empty(), "nothing was trained here");
    let listed: Vec<(String, u64)> =
        orders(&folder).into_iter().map(|(_, what, trial, _)| (what, trial)).collect();
    assert_eq!(listed[0], ("trial".to_owned(), 0));
    let at = |wanted: &str| listed.iter().position(|(what, _)| what == wanted);
    assert!(
        at("noise") > Some(1) && listed.last().unwrap().0 == "trial",
        "repeats are in between: {listed:?}"
    );
    assert!(user.status().is_empty(), "the checkout is as it was");

    // What is still missing is run by `run`.
    let twin = user.twin();
    twin.autoresearch(&["run", "--trials", "5"]).well();

    let out = said(start(&user, &folder)).well();
    assert_eq!(out.lines().count(), 9, "one line for each run: {out}");
    assert!(out.contains("1 of 9: trial 0 ended with 0 after") && out.contains("val_bpb="), "{out}");
    let out = unpack(&user, &folder).well();
    assert!(out.contains("baseline") && out.contains("trial   5") && !out.contains("still missing"), "{out}");

    assert_eq!(trials(&user).len(), 6);
    assert_eq!(trials(&user), trials(&twin));
    assert_eq!(repeats(&user), repeats(&twin));
    every_branch_is_at_its_commit(&user);

    let before = story(&user);
    let out = unpack(&user, &folder).well();
    assert!(out.contains("trial 5 has ended already"), "{out}");
    assert_eq!(story(&user), before, "what was imported is not imported twice");
    user.nothing_survives();
}

#[test]
fn the_pairs_that_prove_a_candidate_can_also_be_packed() {
    let settings = format!("{RECIPE_ONLY}{NEVER_STOPPED}");
    let user =
        User::of("stand-in/quick", &[("autoresearch.toml", &settings), ("src/recipe.rs", ONE_DISCOVERY)]);
    let first = folder(&user);
    pack(&user, &first, &[]).well();
    said(start(&user, &first)).well();
    unpack(&user, &first).well();
    assert!(user.events_of("merged").is_empty(), "the result that it was picked for is not a proof");

    let twin = user.twin();
    twin.autoresearch(&["run"]).well();

    let second = user.home().join("proof");
    pack(&user, &second, &[]).well();
    let listed: Vec<(String, u64)> =
        orders(&second).into_iter().map(|(_, what, trial, _)| (what, trial)).collect();
    let pairs = [1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1].map(|trial| ("confirm-1".to_owned(), trial));
    assert_eq!(listed, pairs, "all pairs that it may take, either side first in turns");
    said(start(&user, &second)).well();
    let out = unpack(&user, &second).well();
    assert!(out.contains("trial 1 no longer needs a proof"), "{out}");

    let decided = |user: &User| user.events_of("decided").into_iter().map(|event| event["evidence"].clone());
    assert_eq!(decided(&user).collect::<Vec<_>>(), decided(&twin).collect::<Vec<_>>());
    assert_eq!(user.events_of("merged").len(), 1);
    assert_eq!(user.subjects("main"), twin.subjects("main"));
    assert!(user.read("src/recipe.rs").contains("f64 = 4e-3"), "the checkout has followed");
}

#[test]
fn what_goes_wrong_there_is_an_outcome_here() {
    let user = User::quick(&format!("{RECIPE_ONLY}limits.train = \"2s\"\n"));
    let folder = folder(&user);
    pack(&user, &folder, &["--trials", "4"]).well();
    replace(
        &folder,
        1,
        "echo \"thread 'main' panicked at src/model.rs:3:9:\" >&2; echo no kernel >&2; exit 101",
    );
    replace(&folder, 2, "echo result program=0123456789abcdef val_bpb=0.5");
    replace(&folder, 3, "exec sleep 100");
    replace(&folder, 4, "kill -9 $$");
    said(start(&user, &folder)).well();
    unpack(&user, &folder).well();
    assert_eq!(user.outcomes(), ["measured", "crashed", "invalid", "timed-out", "out-of-memory"]);
    let ended = user.events_of("trial-ended");
    let reason = |trial: usize| ended[trial]["measurement"]["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason(1), "panic: no kernel at src/model.rs:3:9 (exit code 101)");
    assert!(reason(2).starts_with("the result is from program 0123456789abcdef"), "{}", reason(2));
    assert!(reason(3).starts_with("not finished after 2"), "{}", reason(3));
    every_branch_is_at_its_commit(&user);
    assert_eq!(trials(&user)[&2].2["Outcome"], "invalid");
    let log = fs::read_to_string(user.path().join(".git/autoresearch/night/trials/1/train.log")).unwrap();
    assert!(log.contains("no kernel"), "the log is kept with those of the trial");
}

#[test]
fn what_fails_at_once_ends_here_and_is_not_packed() {
    let mishaps = "/// Ladder: 0, 2\npub const MISHAP: u32 = 0;\n";
    let settings = "mutable = [\"src/mishap.rs\"]\nbudget = \"100steps\"\nslots = 1\n";
    let user = User::of("stand-in/quick", &[("autoresearch.toml", settings), ("src/mishap.rs", mishaps)]);
    let folder = folder(&user);
    let out = pack(&user, &folder, &[]).well();
    assert!(out.contains("trial   1  crashed"), "{out}");
    assert!(orders(&folder).iter().all(|(_, _, trial, _)| *trial == 0), "{out}");
    assert_eq!(trials(&user)[&1].2["Outcome"], "crashed");
    every_branch_is_at_its_commit(&user);

    said(start(&user, &folder)).well();
    unpack(&user, &folder).well();
    assert_eq!(user.outcomes(), ["measured", "crashed"]);
    assert_eq!(repeats(&user).len(), 3);
}

#[test]
fn a_stopped_script_continues_where_it_was() {
    let user = User::quick(
        "mutable = [\"src/recipe.rs\"]\nbudget = \"0.7s\"\nsearch = \"random\"\nmerge.noise-repeats = 1\n",
    );
    let folder = folder(&user);
    pack(&user, &folder, &["--trials", "2"]).well();
    let script = start(&user, &folder);
    wait_until("the second run is under way", || {
        fs::read_to_string(folder.join("out/2.log")).is_ok_and(|log| log.contains("progress"))
    });
    signal(&script, Signal::SIGTERM);
    assert_eq!(said(script).code, Some(130));
    user.nothing_survives();
    let first = fs::metadata(folder.join("out/1.exit")).unwrap().modified().unwrap();
    assert!(!folder.join("out/2.exit").exists());

    // What is there is imported, and the rest is still missing.
    let out = unpack(&user, &folder).well();
    assert!(out.contains("3 of 4 runs are still missing: 2, 3, 4"), "{out}");
    assert_eq!(user.outcomes(), ["measured"]);

    said(start(&user, &folder)).well();
    assert_eq!(
        fs::metadata(folder.join("out/1.exit")).unwrap().modified().unwrap(),
        first,
        "it was not run again"
    );
    let out = unpack(&user, &folder).well();
    assert!(!out.contains("still missing"), "{out}");
    assert_eq!((user.outcomes().len(), repeats(&user).len()), (3, 1));
}

#[test]
fn nothing_is_imported_before_the_baseline() {
    let user = User::quick(RECIPE_ONLY);
    let folder = folder(&user);
    pack(&user, &folder, &["--trials", "2"]).well();
    said(start(&user, &folder)).well();
    fs::rename(folder.join("out/1.exit"), folder.join("late")).unwrap();
    let out = unpack(&user, &folder).well();
    assert!(out.contains("6 of 6 runs are still missing"), "{out}");
    fs::rename(folder.join("late"), folder.join("out/1.exit")).unwrap();
    unpack(&user, &folder).well();
    assert_eq!(user.outcomes().len(), 3);
}

#[test]
fn a_baseline_that_does_not_run_there_is_reported_and_nothing_is_recorded() {
    let user = User::quick(RECIPE_ONLY);
    let folder = folder(&user);
    pack(&user, &folder, &["--trials", "1"]).well();
    replace(&folder, 0, "echo error while loading shared libraries >&2; exit 127");
    said(start(&user, &folder)).well();
    let said = unpack(&user, &folder);
    assert_eq!(said.code, Some(4), "{}", said.out);
    assert!(said.err.contains("shared libraries (exit code 127)"), "{}", said.err);
    assert!(user.outcomes().is_empty());
}

#[test]
fn a_program_that_was_not_written_for_us_gets_its_arguments_there() {
    let settings = r#"
budget = "6"
search = "random"
[run]
args = ["--seed", "{seed}", "--epochs", "{budget}"]
[metric]
name = "accuracy"
direction = "maximize"
pattern = 'done: ([0-9.]+) % correct'
"#;
    let user = User::of("stand-in/foreign", &[("autoresearch.toml", settings)]);
    let folder = folder(&user);
    pack(&user, &folder, &["--trials", "3"]).well();
    let twin = user.twin();
    twin.autoresearch(&["run", "--trials", "3"]).well();
    said(start(&user, &folder)).well();
    let log = fs::read_to_string(folder.join("out/1.log")).unwrap();
    assert!(log.contains("[6/6]"), "the budget is an argument: {log}");
    unpack(&user, &folder).well();
    assert_eq!(trials(&user), trials(&twin));
}

#[test]
fn a_folder_that_cannot_be_used_is_refused() {
    let user = User::quick(RECIPE_ONLY);
    let folder = folder(&user);
    let refused = |said: Said, words: &str| {
        assert_eq!(said.code, Some(3), "{}", said.out);
        assert!(said.err.contains(words), "{}", said.err);
    };
    refused(unpack(&user, &folder), "was not packed");
    pack(&user, &folder, &["--trials", "1"]).well();
    refused(pack(&user, &folder, &["--trials", "2"]), "is not empty");
    assert_eq!(user.events_of("trial-started").len(), 2, "nothing was started");

    // The folder of another study, with the same name and with a different one.
    let other = User::quick(RECIPE_ONLY);
    refused(unpack(&other, &folder), "there is no study `night`");
    other.edit("src/recipe.rs", "f64 = 1e-3", "f64 = 2e-3");
    other.commit(&[], "another program\n");
    other.autoresearch(&["run", "--trials", "1", "--study", "night"]).well();
    refused(unpack(&other, &folder), "was not packed from study");
}
