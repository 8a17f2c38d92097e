//! A whole study on a crate that builds in half a second: what it leaves in git is what a user will read.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use git2::Oid;
use serde_json::Value;

use super::support::{RECIPE_ONLY, User};

const TRIALS: usize = 12;

/// The trailers of a commit.
fn trailers(user: &User, commit: Oid) -> BTreeMap<String, String> {
    let commit = user.git.find_commit(commit).unwrap();
    let trailers = git2::message_trailers_strs(commit.message().unwrap()).unwrap();
    trailers.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn oid(value: &Value) -> Oid {
    value.as_str().unwrap().parse().unwrap()
}

/// A git that must not be called: it leaves a mark.
fn forbid_git(user: &User) -> std::ffi::OsString {
    let folder = user.home().join("bin");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("git"), "#!/bin/sh\necho called > \"$HOME/git-was-called\"\nexit 1\n").unwrap();
    fs::set_permissions(folder.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut path = folder.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    path
}

#[test]
fn a_study_leaves_a_git_log_of_discoveries() {
    let user = User::quick(RECIPE_ONLY);
    let begin = user.branch("main").id();
    user.write("notes.txt", "mine, and not tracked");
    let mut command = user.command(&["run", "--trials", &TRIALS.to_string(), "--study", "night"]);
    let out = super::support::said(command.env("PATH", forbid_git(&user)).spawn().unwrap()).well();
    assert!(!user.home().join("git-was-called").exists(), "a system git was called");
    user.nothing_survives();

    every_trial_is_a_commit_on_its_own_branch(&user);
    let merges = every_discovery_is_a_merge_of_the_tree_that_was_measured(&user, begin);
    assert!(merges > 0, "the test proves little: nothing was merged\n{out}");

    // Main and its checkout have followed, and no file of the user was touched.
    assert_eq!(user.branch("main").id(), user.branch("autoresearch/night").id());
    assert_eq!(user.status(), ["notes.txt"]);
    assert_eq!(user.read("notes.txt"), "mine, and not tracked");
    assert!(out.contains("All trials are done"), "{out}");
    assert!(out.contains("log --first-parent main"), "{out}");
}

fn every_trial_is_a_commit_on_its_own_branch(user: &User) {
    let (started, ended) = (user.events_of("trial-started"), user.events_of("trial-ended"));
    assert_eq!((started.len(), ended.len()), (TRIALS + 1, TRIALS + 1));
    let branches = user.branches();
    let of_trials = branches.keys().filter(|name| name.starts_with("trial/night/")).count();
    assert_eq!(of_trials, TRIALS + 1);
    let programs: BTreeMap<u64, Oid> =
        ended.iter().map(|event| (event["trial"].as_u64().unwrap(), oid(&event["commit"]))).collect();
    for (started, ended) in started.iter().zip(&ended) {
        let (trial, outcome) = (started["trial"].as_u64().unwrap(), ended["outcome"].as_str().unwrap());
        let branch = started["branch"].as_str().unwrap();
        assert!(branch.starts_with(&format!("trial/night/{trial}-")), "{branch}");
        let commit = user.git.find_commit(branches[branch]).unwrap();
        assert_eq!(commit.id(), oid(&ended["commit"]), "{branch}");

        // Its message was completed: another commit than before it ran, with the same tree and parents.
        let before = user.git.find_commit(oid(&started["commit"])).unwrap();
        assert_ne!(before.id(), commit.id());
        assert_eq!(before.tree_id(), commit.tree_id());
        assert_eq!(before.parent_ids().collect::<Vec<_>>(), commit.parent_ids().collect::<Vec<_>>());

        let subject = commit.summary().unwrap().unwrap();
        assert!(subject.starts_with(&format!("trial {trial}: ")), "{subject}");
        assert!(subject.contains(&format!(": {outcome}")), "{subject}");
        let told = trailers(user, commit.id());
        let said = |key: &str| told.get(key).map(String::as_str).unwrap_or_default().to_owned();
        assert_eq!((said("Study"), said("Trial")), ("night".to_owned(), trial.to_string()));
        assert_eq!(said("Outcome"), outcome);
        assert_eq!(said("Seed"), started["seed"].to_string());
        assert_eq!(said("Budget"), "100steps");
        assert_eq!(said("Program"), started["proposal"]["program"].as_str().unwrap());
        match ended["measurement"]["metric"].as_f64() {
            Some(metric) => assert_eq!(said("Metric"), format!("val_bpb {metric}")),
            None => assert_eq!(said("Metric"), ""),
        }
        assert!(!said("Frozen").is_empty() && !said("Lock").is_empty() && !said("Policy").is_empty());

        let parent = started["proposal"]["parent"].as_u64().unwrap();
        if trial > 0 {
            let of_parent = if parent == 0 { user_begin(user) } else { programs[&parent] };
            assert_eq!(commit.parent_ids().collect::<Vec<_>>(), [of_parent], "{branch}");
            assert_eq!(said("Parent"), parent.to_string());
            assert!(commit.message().unwrap().contains("\nEdit: site=recipe::"), "{subject}");
        }
    }
}

/// The commit of the untouched program.
fn user_begin(user: &User) -> Oid {
    oid(&user.events_of("started")[0]["base"])
}

/// Walks down from main; returns the number of discoveries.
fn every_discovery_is_a_merge_of_the_tree_that_was_measured(user: &User, begin: Oid) -> usize {
    let mut merges = user.events_of("merged");
    let ended = user.events_of("trial-ended");
    let mut at = user.branch("main");
    let count = merges.len();
    while let Some(merged) = merges.pop() {
        let trial = usize::try_from(merged["trial"].as_u64().unwrap()).unwrap();
        assert_eq!(at.id(), oid(&merged["commit"]));
        let (previous, found) = (at.parent(0).unwrap(), at.parent(1).unwrap());
        assert_eq!(at.parent_count(), 2);
        assert_eq!(found.id(), oid(&ended[trial]["commit"]));
        assert_eq!(at.tree_id(), found.tree_id(), "the tree that was measured");
        assert_eq!(ended[trial]["outcome"], "better");

        let subject = at.summary().unwrap().unwrap();
        let wanted = format!(
            r"^merge trial {trial}: .+, val_bpb \d\.\d+ -> \d\.\d+ \(-\d+\.\d+ %, \d seeds, p [=<] 0\.\d+\)$"
        );
        assert!(regex::Regex::new(&wanted).unwrap().is_match(subject), "{subject}");
        let told = trailers(user, at.id());
        assert_eq!(told["Trial"], trial.to_string());
        assert!(told["P-Value"].parse::<f64>().unwrap() <= 0.02);
        at = previous;
    }
    assert_eq!(at.id(), begin);
    let subjects = user.subjects("main");
    assert_eq!(subjects.len(), count + 1);
    assert_eq!(subjects[count], "begin");
    count
}

#[test]
fn the_same_seed_gives_the_same_study() {
    let study = || {
        let user = User::quick(RECIPE_ONLY);
        user.autoresearch(&["run", "--trials", "4", "--seed", "7", "--study", "night"]).well();
        let programs =
            user.events_of("trial-started").into_iter().map(|event| event["proposal"]["program"].clone());
        let metrics =
            user.events_of("trial-ended").into_iter().map(|event| event["measurement"]["metric"].clone());
        programs.chain(metrics).collect::<Vec<_>>()
    };
    assert_eq!(study(), study());
}

#[test]
fn every_search_method_runs_a_study() {
    for method in ["random", "greedy", "evolution", "tpe", "ppo"] {
        let user = User::quick(
            "mutable = [\"src/recipe.rs\"]\nbudget = \"100steps\"\nslots = 1\nmerge.noise-repeats = 1\n",
        );
        user.autoresearch(&["run", "--trials", "3", "--search", method]).well();
        let methods: Vec<Value> = user.events_of("trial-started")[1..]
            .iter()
            .map(|event| event["proposal"]["choice"]["method"].clone())
            .collect();
        assert_eq!(methods, [method, method, method]);
    }
}

#[test]
fn trials_that_run_side_by_side_are_kept_apart() {
    let user = User::quick(&RECIPE_ONLY.replace("slots = 1", "slots = 3"));
    user.autoresearch(&["run", "--trials", &TRIALS.to_string(), "--study", "night"]).well();
    user.nothing_survives();
    let ended = user.events_of("trial-ended");
    let mut numbers: Vec<u64> = ended.iter().map(|event| event["trial"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..=TRIALS as u64).collect::<Vec<_>>());
    let started = user.events_of("trial-started");
    for event in &ended {
        assert_eq!(
            event["outcome"]
                .as_str()
                .map(|outcome| ["measured", "better", "worse", "pruned"].contains(&outcome)),
            Some(true)
        );
        // What ran is what was committed: the result has the number of parameters, and the stand-in counts honestly.
        let trial = usize::try_from(event["trial"].as_u64().unwrap()).unwrap();
        let values = &started[trial]["proposal"]["values"];
        let value = |site: &str| values[site].as_str().unwrap().parse::<u64>().unwrap();
        let params = 12 * value("recipe::DEPTH") * value("recipe::WIDTH").pow(2);
        if let Some(counted) = event["measurement"]["params"].as_u64() {
            assert_eq!(counted, params, "trial {trial}");
        }
    }
    let runs = user.events_of("run-ended");
    let noise: Vec<&serde_json::Value> =
        runs.iter().filter(|run| run["purpose"] == "noise").map(|run| &run["seed"]).collect();
    assert_eq!(noise.len(), 3, "as many repeats of the baseline as are asked for");
    assert!(noise[0] != noise[1] && noise[1] != noise[2] && noise[0] != noise[2], "each on its own seed");
    assert_eq!(user.branch("main").id(), user.branch("autoresearch/night").id());
    assert!(user.status().is_empty());
}

#[test]
fn a_crate_in_a_folder_of_the_repository_is_found() {
    let user = User::new();
    user.copy_fixture("stand-in/quick", "training/quick");
    user.write(
        "autoresearch.toml",
        "mutable = [\"training/quick/src/recipe.rs\"]\nbudget = \"100steps\"\nslots = 1\n",
    );
    user.commit(&[("README.md", "two things live here\n")], "begin\n");
    user.autoresearch(&["run", "--trials", "2"]).well();
    let is_complete = |outcome: &String| ["measured", "better", "worse"].contains(&outcome.as_str());
    assert_eq!(user.outcomes().iter().filter(|outcome| is_complete(outcome)).count(), 3);
}

/// Each value of `MISHAP` ends a run in its own way; the last cannot be compiled.
const MISHAPS: &str = "\
/// Ladder: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99999999999
pub const MISHAP: u32 = 0;
";

#[test]
fn every_way_a_trial_can_go_wrong_is_an_outcome_and_the_study_continues() {
    let settings = "\
mutable = [\"src/mishap.rs\"]
budget = \"100steps\"
slots = 1
search = \"random\"
[limits]
train = \"4s\"
memory = 800
";
    let user = User::of("stand-in/quick", &[("autoresearch.toml", settings), ("src/mishap.rs", MISHAPS)]);
    let out = user.autoresearch(&["run", "--trials", "50"]).well();
    assert!(out.contains("Nothing is left to try"), "{out}");
    user.nothing_survives();

    let mut found = BTreeMap::new();
    for (started, ended) in user.events_of("trial-started").iter().zip(user.events_of("trial-ended")) {
        let mishap = started["proposal"]["values"]["mishap::MISHAP"].as_str().unwrap().to_owned();
        let reason = ended["measurement"]["reason"].as_str().unwrap().to_owned();
        let outcome = ended["outcome"].as_str().unwrap().to_owned();
        assert_eq!(found.insert(mishap, (outcome, reason)), None, "tried twice");
    }
    let expected = [
        ("0", "measured", ""),
        ("1", "diverged", "NaN"),
        ("2", "crashed", "panic: index out of bounds: the len is 4 but the index is 7"),
        ("3", "timed-out", ""),
        ("4", "out-of-memory", "out of memory"),
        ("5", "invalid", "the model is not causal"),
        ("6", "diverged", "loss 913.0 is above the bound of 20"),
        ("7", "invalid", "no line `result val_bpb=NUMBER`"),
        ("8", "invalid", "the result is from program 0123456789abcdef"),
        ("9", "timed-out", ""),
        ("99999999999", "unviable", "error: literal out of range for `u32`"),
    ];
    for (mishap, outcome, reason) in expected {
        let (found, why) = &found[mishap];
        assert_eq!(found, outcome, "mishap {mishap}: {why}");
        assert!(why.contains(reason), "mishap {mishap}: {why}");
    }
    assert_eq!(found.len(), expected.len());
    assert_eq!(user.subjects("main"), ["begin"], "nothing was found, so nothing is merged");
}

#[test]
fn a_hopeless_run_is_stopped_early() {
    let settings = format!("{RECIPE_ONLY}\n[stop]\naudit = 0.001\n[merge]\nnoise-repeats = 1\n");
    // Six good rates and six from which nothing can be learned.
    let recipe = "\
/// Ladder: 1e-7, 2e-7, 3e-7, 5e-7, 7e-7, 1e-6, 3e-3, 3.5e-3, 4e-3, 4.5e-3, 5e-3, 5.5e-3
pub const LEARNING_RATE: f64 = 4e-3;
pub const WIDTH_SEED: usize = 128;
pub const WIDTH: usize = WIDTH_SEED;
pub const DEPTH_SEED: usize = 4;
pub const DEPTH: usize = DEPTH_SEED;
pub fn schedule(share: f64) -> f64 {
    share
}
";
    let user = User::of("stand-in/quick", &[("autoresearch.toml", &settings), ("src/recipe.rs", recipe)]);
    user.autoresearch(&["run", "--trials", "50"]).well();
    let ended = user.events_of("trial-ended");
    assert_eq!(ended.len(), 12);
    let pruned: Vec<&Value> = ended.iter().filter(|event| event["outcome"] == "pruned").collect();
    assert!(!pruned.is_empty(), "{:?}", user.outcomes());
    for event in pruned {
        let forecast = &event["forecast"];
        assert!(forecast["lower"].as_f64().unwrap() > forecast["to_beat"].as_f64().unwrap());
        assert!(event["measurement"]["metric"].is_null());
        assert!(
            event["measurement"]["curve"].as_array().unwrap().last().unwrap()["share"].as_f64() < Some(1.0)
        );
        let message = trailers(&user, oid(&event["commit"]));
        assert_eq!(message["Outcome"], "pruned");
    }
}
