//! A study takes over what earlier ones found, in its own repository and in others.

use std::fs;

use serde_json::Value;

use super::support::{RECIPE_ONLY, User};

/// The program with the best result of a repository's study, except trial 0.
fn best(user: &User) -> String {
    let ended = user.events_of("trial-ended");
    let metric = |event: &&Value| event["measurement"]["metric"].as_f64();
    let trials = ended.iter().skip(1).filter(|event| metric(event).is_some());
    let best = trials.min_by(|a, b| metric(a).partial_cmp(&metric(b)).unwrap()).unwrap();
    let trial = best["trial"].as_u64().unwrap() as usize;
    user.events_of("trial-started")[trial]["proposal"]["program"].as_str().unwrap().to_owned()
}

/// The programs of a study, from its journal.
fn programs(user: &User, study: &str) -> Vec<String> {
    let path = user.path().join(".git/autoresearch").join(study).join("events.jsonl");
    let events = fs::read_to_string(path).unwrap();
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let started = events.filter(|event| event["event"] == "trial-started");
    started.map(|event| event["proposal"]["program"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_study_begins_with_the_best_of_another_repository() {
    let (first, second) = (User::quick(RECIPE_ONLY), User::quick(RECIPE_ONLY));
    first.autoresearch(&["run", "--study", "night", "--trials", "8"]).well();
    let path = first.path().display().to_string();
    let words = ["run", "--study", "night", "--search", "ppo", "--trials", "1", "--learn-from", &path];
    let out = second.autoresearch(&words).well();
    assert!(out.contains(&format!("it learns from study night of {path}")), "{out}");
    assert_eq!(programs(&second, "night")[1], best(&first));
    // What it knows is fixed: it continues without the other repository, and with the same command.
    fs::remove_dir_all(first.path()).unwrap();
    for words in [
        &["run", "--search", "ppo", "--trials", "2"][..],
        &["run", "--search", "ppo", "--trials", "3", "--learn-from", &path],
    ] {
        second.autoresearch(words).well();
    }
    assert_eq!(programs(&second, "night").len(), 4);
}

#[test]
fn a_second_study_of_a_repository_knows_the_first() {
    let user = User::quick(RECIPE_ONLY);
    user.autoresearch(&["run", "--study", "monday", "--trials", "6"]).well();
    let out = user
        .autoresearch(&["run", "--study", "tuesday", "--search", "ppo", "--trials", "2", "--seed", "1"])
        .well();
    assert!(out.contains("it learns from study monday of "), "{out}");
    let out = user.autoresearch(&["run", "--study", "wednesday", "--trials", "1"]).well();
    assert!(!out.contains("it learns from"), "random search learns nothing: {out}");
}

#[test]
fn an_unreadable_journal_does_not_keep_another_study_from_starting() {
    let user = User::quick(RECIPE_ONLY);
    for (study, text) in [("empty", ""), ("broken", "{\"event\":\"no such\"}\n{}\n")] {
        let folder = user.path().join(".git/autoresearch").join(study);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("events.jsonl"), text).unwrap();
    }
    let out = user.autoresearch(&["run", "--study", "night", "--search", "ppo", "--trials", "1"]).well();
    assert!(!out.contains("it learns from"), "{out}");
}

#[test]
fn a_repository_without_anything_to_learn_from_is_refused() {
    let (user, empty) = (User::quick(RECIPE_ONLY), User::quick(RECIPE_ONLY));
    let path = empty.path().display().to_string();
    let refused = |search: &str, path: &str| {
        let said = user.autoresearch(&["run", "--search", search, "--learn-from", path]);
        assert_eq!(said.code, Some(3), "{}", said.err);
        assert!(user.branches().len() == 1 && !user.path().join(".git/autoresearch/events.jsonl").exists());
        said.err
    };
    assert!(refused("ppo", &path).contains("there is nothing to learn from it"));
    assert!(refused("ppo", "/nowhere").contains("/nowhere"));
    assert!(refused("tpe", &path).contains("--learn-from is for ppo"));
}
