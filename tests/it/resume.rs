//! A study ends as it would have ended, however often and whenever it is interrupted.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::support::{RECIPE_ONLY, User, said, signal, wait_until};

/// What happened in a study, in order, without what differs from one time to another: no times, and of the commits,
/// which have times, nothing.
fn story(user: &User) -> Vec<Value> {
    let fields = |event: &Value| match event["event"].as_str().unwrap() {
        "trial-started" => Some(vec![
            event["trial"].clone(),
            event["proposal"]["program"].clone(),
            event["proposal"]["parent"].clone(),
            event["branch"].clone(),
            event["seed"].clone(),
        ]),
        "trial-ended" => Some(vec![
            event["trial"].clone(),
            event["outcome"].clone(),
            event["measurement"]["metric"].clone(),
        ]),
        "run-ended" => Some(vec![
            event["purpose"].clone(),
            event["trial"].clone(),
            event["seed"].clone(),
            event["measurement"]["metric"].clone(),
        ]),
        "decided" => {
            Some(vec![event["candidate"].clone(), event["merge"].clone(), event["evidence"].clone()])
        }
        "merged" => Some(vec![event["trial"].clone(), event["previous"].clone()]),
        _ => None,
    };
    user.events().iter().filter_map(fields).map(Value::Array).collect()
}

/// Asserts that the journal and the branches agree, and that no trial was lost or doubled.
fn all_is_there(user: &User, trials: u64) {
    let numbers = |kind: &str| -> Vec<u64> {
        user.events_of(kind).iter().map(|event| event["trial"].as_u64().unwrap()).collect()
    };
    let all: Vec<u64> = (0..=trials).collect();
    assert_eq!(numbers("trial-started"), all);
    assert_eq!(numbers("trial-ended").into_iter().collect::<BTreeSet<_>>(), all.iter().copied().collect());
    assert_eq!(numbers("trial-ended").len(), all.len());

    let branches = user.branches();
    for (started, ended) in user.events_of("trial-started").iter().zip(user.events_of("trial-ended")) {
        let branch = started["branch"].as_str().unwrap();
        assert_eq!(branches[branch].to_string(), ended["commit"].as_str().unwrap(), "{branch}");
    }
    let of_trials = branches.keys().filter(|name| name.starts_with("trial/"));
    assert_eq!(of_trials.count(), all.len());
    if let Some(merged) = user.events_of("merged").last() {
        let tip = merged["commit"].as_str().unwrap();
        assert_eq!(branches["autoresearch/night"].to_string(), tip);
        assert_eq!(branches["main"].to_string(), tip);
    }
    assert!(user.status().is_empty(), "the checkout has followed: {:?}", user.status());
}

const SETTINGS: &str = "mutable = [\"src/recipe.rs\"]\nbudget = \"100steps\"\nslots = 1\n";

/// Moments after the start, in milliseconds, at which a run is killed: from before it has opened the repository to
/// after a merge. A later run resumes, so that all phases of all trials come in for it.
const MOMENTS: [u64; 10] = [15, 60, 130, 270, 420, 640, 900, 1250, 90, 2100];

#[test]
fn a_study_that_is_killed_at_any_moment_goes_on_as_if_it_had_not_been() {
    let words = ["run", "--trials", "6", "--study", "night", "--search", "random"];
    let whole = User::quick(SETTINGS);
    whole.autoresearch(&words).well();
    let killed = User::quick(SETTINGS);
    run_and_kill(&killed, &words);
    all_is_there(&killed, 6);
    assert_eq!(story(&killed), story(&whole));
    assert_eq!(killed.subjects("main"), whole.subjects("main"));
}

/// No more than that: late in a study, choices after a kill were seen to differ from those without one.
#[test]
fn a_study_whose_policy_learns_loses_no_trial_to_a_kill() {
    let user = User::quick(SETTINGS);
    run_and_kill(&user, &["run", "--trials", "10", "--study", "night", "--search", "ppo"]);
    all_is_there(&user, 10);
}

/// Runs a study that is killed again and again, and at last is not.
fn run_and_kill(user: &User, words: &[&str]) {
    let mut unfinished = 0;
    for moment in MOMENTS {
        let mut child = user.start(words);
        sleep(Duration::from_millis(moment));
        unfinished += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        user.nothing_survives();
    }
    assert!(unfinished >= 5, "the test proves little: only {unfinished} runs were killed");
    user.autoresearch(words).well();
}

#[test]
fn a_larger_total_goes_on_with_the_same_study() {
    let user = User::quick(RECIPE_ONLY);
    user.autoresearch(&["run", "--trials", "2", "--study", "night"]).well();
    let before = story(&user);
    let again = user.autoresearch(&["run", "--trials", "2"]).well();
    assert!(again.contains("All trials are done"), "{again}");
    assert_eq!(story(&user), before, "there was nothing left to do");
    user.autoresearch(&["run", "--trials", "4"]).well();
    all_is_there(&user, 4);
    assert_eq!(story(&user)[..before.len()], before);
}

/// Waits until a trial of a run that has not ended is in training, which takes a second here.
fn in_training(user: &User, child: &mut Child, trial: u32) {
    let log = user.path().join(format!(".git/autoresearch/night/trials/{trial}/train.log"));
    wait_until("the trial is in training", || {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before");
        fs::read_to_string(&log).is_ok_and(|log| log.contains("progress"))
    });
}

fn slow(user: &User) -> Child {
    user.start(&["run", "--budget", "1.5s", "--trials", "50", "--study", "night"])
}

#[test]
fn ctrl_c_once_ends_tidily() {
    let user = User::quick("mutable = [\"src/recipe.rs\"]\nsearch = \"random\"\nmerge.noise-repeats = 1\n");
    let mut child = slow(&user);
    in_training(&user, &mut child, 0);
    signal(&child, Signal::SIGINT);
    let said = said(child);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(said.err.contains("Ctrl-C again stops at once"), "{}", said.err);
    assert!(said.out.contains("Stopped as asked; `run` continues from here."), "{}", said.out);
    assert!(user.processes().is_empty());
    assert_eq!(user.outcomes(), ["measured"], "what was under way was finished, and nothing new begun");
    assert_eq!(user.events().last().unwrap()["event"], "stopped");
}

#[test]
fn ctrl_c_twice_ends_at_once_and_nothing_survives() {
    let user = User::quick("mutable = [\"src/recipe.rs\"]\nsearch = \"random\"\nmerge.noise-repeats = 1\n");
    let mut child = slow(&user);
    in_training(&user, &mut child, 1);
    signal(&child, Signal::SIGINT);
    // Two signals that come together are one.
    sleep(Duration::from_millis(150));
    signal(&child, Signal::SIGINT);
    let said = said(child);
    assert_eq!(said.code, Some(130), "{}\n{}", said.out, said.err);
    assert!(user.processes().is_empty(), "something survives");
    assert_eq!(user.outcomes(), ["measured"], "the trial that was stopped has no outcome yet");

    // The trial that was cut short is run again.
    user.autoresearch(&["run", "--trials", "1"]).well();
    all_is_there(&user, 1);
}

#[test]
fn a_lock_that_a_kill_left_on_main_does_not_end_the_study() {
    let user = User::quick(RECIPE_ONLY);
    user.autoresearch(&["run", "--trials", "1", "--study", "night"]).well();
    for branch in ["main", "autoresearch/night"] {
        user.write(&format!(".git/refs/heads/{branch}.lock"), "");
    }
    user.autoresearch(&["run", "--trials", "4"]).well();
    all_is_there(&user, 4);
}

#[test]
fn a_download_that_hangs_can_be_stopped() {
    let user = User::quick(RECIPE_ONLY);
    let cargo = user.home().join("cargo");
    fs::write(&cargo, "#!/bin/sh\necho called > \"$HOME/called\"\nexec sleep 1000\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let child = user.command(&["run"]).env("CARGO", &cargo).spawn().unwrap();
    wait_until("the download begins", || user.home().join("called").exists());
    signal(&child, Signal::SIGINT);
    sleep(Duration::from_millis(150));
    signal(&child, Signal::SIGINT);
    let said = said(child);
    assert_eq!(said.code, Some(130), "{}\n{}", said.out, said.err);
    assert!(user.processes().is_empty(), "something survives");
    assert_eq!(user.branches().len(), 1, "nothing was begun");
}

#[test]
fn a_study_stops_when_its_time_is_up() {
    let user = User::quick(RECIPE_ONLY);
    let out = user.autoresearch(&["run", "--for", "2s", "--trials", "500", "--study", "night"]).well();
    assert!(out.contains("The time is up"), "{out}");
    let trials = u64::try_from(user.outcomes().len()).unwrap() - 1;
    all_is_there(&user, trials);
}
