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

/// What happened in a study, in order, without what differs from one time to the next: no times, and no commits, which
/// have times.
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

/// Asserts that the journal and the branches agree, and that no trial was lost or duplicated.
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

/// Files of a study at whose appearance it is killed: in a build, in trainings, and in a repeat.
const MOMENTS: [&str; 4] =
    ["trials/0/build.log", "trials/1/train.log", "runs/noise-0-0", "trials/3/train.log"];

/// What is decided after a kill at any event is tested with a study in one process; here a tree of processes dies.
#[test]
fn a_study_whose_processes_are_killed_continues_as_if_they_had_not_been() {
    let words = ["run", "--trials", "5", "--study", "night", "--search", "random"];
    let whole = User::quick(SETTINGS);
    whole.autoresearch(&words).well();
    let killed = User::quick(SETTINGS);
    for moment in MOMENTS {
        let mut child = killed.start(&words);
        let file = killed.path().join(".git/autoresearch/night").join(moment);
        wait_until(moment, || {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before {moment}");
            file.exists()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        killed.nothing_survives();
    }
    killed.autoresearch(&words).well();
    all_is_there(&killed, 5);
    assert_eq!(story(&killed), story(&whole));
    assert_eq!(killed.subjects("main"), whole.subjects("main"));
}

#[test]
fn a_larger_total_continues_the_same_study() {
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
        assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
        fs::read_to_string(&log).is_ok_and(|log| log.contains("progress"))
    });
}

fn slow(user: &User) -> Child {
    user.start(&["run", "--budget", "1.5s", "--trials", "50", "--study", "night"])
}

#[test]
fn ctrl_c_once_ends_cleanly() {
    let user = User::quick(
        "mutable = [\"src/recipe.rs\"]\nsearch = \"random\"\nmerge.noise-repeats = 1\nmerge.check-seeds = 1\n",
    );
    let mut child = slow(&user);
    in_training(&user, &mut child, 0);
    signal(&child, Signal::SIGINT);
    let said = said(child);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(said.err.contains("Ctrl-C again stops at once"), "{}", said.err);
    assert!(said.out.contains("Stopped as asked; `run` continues from here."), "{}", said.out);
    assert!(user.processes().is_empty());
    assert_eq!(user.outcomes(), ["measured"], "what was under way was finished, and nothing new was started");
    assert_eq!(user.events().last().unwrap()["event"], "stopped");
}

#[test]
fn ctrl_c_twice_ends_at_once_and_nothing_survives() {
    // Two signals that come together are one.
    ends_at_once(&[Signal::SIGINT, Signal::SIGINT]);
}

#[test]
fn sigterm_ends_at_once_and_nothing_survives() {
    ends_at_once(&[Signal::SIGTERM]);
}

fn ends_at_once(signals: &[Signal]) {
    let user = User::quick(
        "mutable = [\"src/recipe.rs\"]\nsearch = \"random\"\nmerge.noise-repeats = 1\nmerge.check-seeds = 1\n",
    );
    let mut child = slow(&user);
    in_training(&user, &mut child, 1);
    for (nth, one) in signals.iter().enumerate() {
        if nth > 0 {
            sleep(Duration::from_millis(150));
        }
        signal(&child, *one);
    }
    let said = said(child);
    assert_eq!(said.code, Some(130), "{}\n{}", said.out, said.err);
    assert!(user.processes().is_empty(), "something survives");
    assert_eq!(user.outcomes(), ["measured"], "the trial that was stopped has no outcome yet");

    // The interrupted trial is run again.
    user.autoresearch(&["run", "--trials", "1"]).well();
    all_is_there(&user, 1);
}

#[test]
fn a_lock_left_on_main_by_a_kill_does_not_end_the_study() {
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
    assert_eq!(user.branches().len(), 1, "nothing was started");
}

#[test]
fn a_study_stops_when_its_time_is_up() {
    let user = User::quick(RECIPE_ONLY);
    let out = user.autoresearch(&["run", "--for", "2s", "--trials", "500", "--study", "night"]).well();
    assert!(out.contains("The time is up"), "{out}");
    let trials = u64::try_from(user.outcomes().len()).unwrap() - 1;
    all_is_there(&user, trials);
}
