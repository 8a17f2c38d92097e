//! The user works in the repository while a study runs on it: their files are not touched, and what they put on main
//! counts.

use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::support::{RECIPE_ONLY, User, said, signal, wait_until};

/// Trials after which something was merged, with this seed.
const ENOUGH: &str = "4";

fn study(user: &User, trials: &str) -> String {
    user.autoresearch(&["run", "--trials", trials, "--study", "night"]).well()
}

#[test]
fn main_waits_for_uncommitted_changes_and_catches_up() {
    let user = User::quick(RECIPE_ONLY);
    let begin = user.branch("main").id();
    user.edit("src/recipe.rs", "DEPTH: usize = 2", "DEPTH: usize = 3");
    let mine = user.read("src/recipe.rs");
    let out = study(&user, ENOUGH);
    assert!(out.contains("uncommitted changes (src/recipe.rs)"), "{out}");
    let waits = out.matches("main waits: uncommitted changes in src/recipe.rs").count();
    assert_eq!(waits, 2, "when it begins to wait, and at the end: {out}");
    assert!(!user.events_of("merged").is_empty(), "the test proves nothing: nothing was merged");
    assert_eq!(user.branch("main").id(), begin);
    assert_eq!(user.read("src/recipe.rs"), mine);
    assert_eq!(user.status(), ["src/recipe.rs"]);

    // The user changes their mind.
    user.edit("src/recipe.rs", "DEPTH: usize = 3", "DEPTH: usize = 2");
    let out = study(&user, ENOUGH);
    assert!(!out.contains("waits"), "{out}");
    assert_eq!(user.branch("main").id(), user.branch("autoresearch/night").id());
    assert!(user.status().is_empty());
}

#[test]
fn main_follows_if_it_is_not_checked_out() {
    let user = User::quick(RECIPE_ONLY);
    let begin = user.branch("main").id();
    user.git.branch("mine", &user.branch("main"), false).unwrap();
    user.git.set_head("refs/heads/mine").unwrap();
    user.edit("src/recipe.rs", "DEPTH: usize = 2", "DEPTH: usize = 3");
    study(&user, ENOUGH);
    assert_eq!(user.branch("main").id(), user.branch("autoresearch/night").id());
    assert_ne!(user.branch("main").id(), begin);
    assert_eq!(user.branch("mine").id(), begin);
    assert_eq!(user.status(), ["src/recipe.rs"], "the checkout stays as it is");
}

#[test]
fn a_detached_head_is_a_warning_and_stays_where_it_is() {
    let user = User::quick(RECIPE_ONLY);
    let begin = user.branch("main").id();
    user.git.set_head_detached(begin).unwrap();
    let out = study(&user, ENOUGH);
    assert!(out.contains("warning: HEAD is detached"), "{out}");
    assert_eq!(user.git.head().unwrap().target(), Some(begin));
    assert!(user.git.head_detached().unwrap());
    assert_eq!(user.branch("main").id(), user.branch("autoresearch/night").id());
    assert!(user.status().is_empty());
}

#[test]
fn a_file_of_the_user_that_a_discovery_does_not_touch_is_not_a_reason_to_wait() {
    let user = User::quick(RECIPE_ONLY);
    user.write("notes/ideas.txt", "mine");
    let out = study(&user, ENOUGH);
    assert!(!out.contains("warning"), "{out}");
    assert_eq!(user.branch("main").id(), user.branch("autoresearch/night").id());
    assert_eq!(user.status(), ["notes/"]);
}

#[test]
fn what_somebody_else_put_on_main_between_runs_is_the_new_incumbent() {
    let user = User::quick(RECIPE_ONLY);
    study(&user, ENOUGH);
    let found = user.branch("main").id();
    assert!(!user.events_of("merged").is_empty(), "the test proves nothing: nothing was merged");
    let width = |text: &str| text.lines().find(|line| line.contains("const WIDTH")).map(str::to_owned);
    let best = user.read("src/recipe.rs");

    // The frozen part changes, and a discovery is taken back.
    user.edit("src/main.rs", "NOISE: f64 = 0.005", "NOISE: f64 = 0.004");
    let base = user
        .git
        .find_commit(user.events_of("started")[0]["base"].as_str().unwrap().parse().unwrap())
        .unwrap();
    let entry = base.tree().unwrap().get_path("src/recipe.rs".as_ref()).unwrap();
    let plain = String::from_utf8(user.git.find_blob(entry.id()).unwrap().content().to_vec()).unwrap();
    let theirs = user.commit(&[("src/recipe.rs", &plain)], "measure with less noise\n");

    let out = study(&user, "6");
    assert!(out.contains("somebody else moved main to"), "{out}");
    let moved = &user.events_of("main-moved")[0];
    let adopted = moved["trial"].as_u64().unwrap();
    let taken_over = user.git.find_commit(moved["commit"].as_str().unwrap().parse().unwrap()).unwrap();
    assert!(taken_over.summary().unwrap().unwrap().starts_with("take over "), "{out}");
    assert_eq!(taken_over.parent_ids().next(), Some(theirs));
    assert_eq!(taken_over.tree_id(), user.git.find_commit(theirs).unwrap().tree_id());

    // It is measured, and the study's own edits are tried on it next.
    let started = user.events_of("trial-started");
    let next = started.iter().find(|event| event["trial"].as_u64() == Some(adopted + 1)).unwrap();
    assert_eq!(next["proposal"]["choice"]["method"], "carried over");
    assert_eq!(next["proposal"]["parent"].as_u64(), Some(adopted));
    let carried = user.git.find_commit(user.branches()[next["branch"].as_str().unwrap()]).unwrap();
    let entry = carried.tree().unwrap().get_path("src/recipe.rs".as_ref()).unwrap();
    let text = String::from_utf8(user.git.find_blob(entry.id()).unwrap().content().to_vec()).unwrap();
    assert_eq!(width(&text), width(&best));

    // Main is where the study is, on top of the changes of both.
    let main = user.branch("main").id();
    assert_eq!(main, user.branch("autoresearch/night").id());
    for below in [found, theirs] {
        assert!(main == below || user.git.graph_descendant_of(main, below).unwrap());
    }
    assert!(user.read("src/main.rs").contains("NOISE: f64 = 0.004"));
    assert!(user.status().is_empty());
}

#[test]
fn a_discovery_that_the_user_takes_back_is_not_put_on_main_again() {
    let user = User::quick(RECIPE_ONLY);
    let begin = user.branch("main").id();
    study(&user, ENOUGH);
    assert_ne!(user.branch("main").id(), begin, "the test proves nothing: nothing was merged");

    let commit = user.git.find_object(begin, None).unwrap();
    user.git.reset(&commit, git2::ResetType::Hard, None).unwrap();
    let plain = user.read("src/recipe.rs");
    let out = study(&user, ENOUGH);
    assert!(out.contains("somebody else moved main to"), "{out}");
    assert_eq!(user.read("src/recipe.rs"), plain);
    let adopted = user.events_of("main-moved")[0]["trial"].as_u64().unwrap();
    let methods = user.events_of("trial-started");
    let next = methods.iter().find(|event| event["trial"].as_u64() == Some(adopted + 1));
    assert!(next.is_none_or(|event| event["proposal"]["choice"]["method"] != "carried over"), "{next:?}");
}

#[test]
fn what_somebody_else_put_on_main_during_a_run_is_taken_over() {
    let user = User::quick(RECIPE_ONLY);
    let child = user.start(&["run", "--trials", "500", "--study", "night"]);
    let ended =
        |number: usize| user.autoresearch(&["log", "--json"]).out.matches("\"trial-ended\"").count() > number;
    wait_until("some trials have ended", || ended(1));
    // As a user would: again, if the study moves main at this moment.
    let theirs = loop {
        let head = user.branch("main").id();
        user.edit("src/main.rs", "NOISE: f64 = 0.005", "NOISE: f64 = 0.004");
        sleep(Duration::from_millis(20));
        if user.branch("main").id() == head {
            break user.commit(&[], "measure with less noise\n");
        }
        user.edit("src/main.rs", "NOISE: f64 = 0.004", "NOISE: f64 = 0.005");
    };
    wait_until("the study has seen it", || !user.events_of("main-moved").is_empty());
    let before = user.outcomes().len();
    wait_until("it continues", || ended(before));
    signal(&child, Signal::SIGINT);
    let said = said(child);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    let main = user.branch("main").id();
    assert!(main == theirs || user.git.graph_descendant_of(main, theirs).unwrap());
    assert!(user.read("src/main.rs").contains("NOISE: f64 = 0.004"));
    assert!(user.status().is_empty(), "{:?}", user.status());
}

#[test]
fn an_unusable_commit_that_somebody_else_put_on_main_is_reported() {
    let user = User::quick(RECIPE_ONLY);
    study(&user, "1");
    let broken = user.commit(&[("autoresearch.toml", "trails = 3\n")], "slip\n");
    let out = study(&user, "2");
    assert_eq!(out.matches("cannot be used").count(), 1, "{out}");
    assert!(out.contains("did you mean `trials`?"), "{out}");
    assert_eq!(user.branch("main").id(), broken, "theirs stays where they put it");
    assert_eq!(user.outcomes().len(), 3, "the study continues with the program it has");
}
