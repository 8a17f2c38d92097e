//! Methods side by side: on real repositories, with what they return measured on the same seeds, whatever interrupts
//! it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::support::{RECIPE_ONLY, User};

/// A hand-written recipe that is better than the plain one.
const PRESET: &str = "# by hand\n\"recipe::WIDTH\" = \"128\"\n\"recipe::LEARNING_RATE\" = \"3e-3\"\n";

const WORDS: [&str; 12] = [
    "--method",
    "random,greedy",
    "--trials",
    "5",
    "--repeats",
    "2",
    "--budget",
    "100steps",
    "--check-seeds",
    "2",
    "--slots",
    "1",
];

fn words<'a>(out: &'a Path, preset: &'a Path) -> Vec<&'a str> {
    let files = ["compare", ".", "--out", out.to_str().unwrap(), "--preset", preset.to_str().unwrap()];
    [&files[..], &WORDS].concat()
}

fn places(user: &User) -> (PathBuf, PathBuf) {
    let preset = user.home().join("human.toml");
    fs::write(&preset, PRESET).unwrap();
    (user.home().join("contest"), preset)
}

/// What a comparison found, without the times.
fn found(out: &Path) -> Value {
    let mut read: Value =
        serde_json::from_str(&fs::read_to_string(out.join("compare.json")).unwrap()).unwrap();
    for contender in read["contenders"].as_array_mut().unwrap() {
        if let Some(search) = contender["search"].as_object_mut() {
            search.remove("median_trial_seconds").unwrap();
            search.remove("slot_hours").unwrap();
        }
    }
    read
}

#[test]
fn a_killed_comparison_continues_and_finds_the_same() {
    let whole = User::quick(RECIPE_ONLY);
    let before = (whole.branches(), whole.status());
    let (out, preset) = places(&whole);
    let said = whole.autoresearch(&words(&out, &preset)).well();
    for word in ["greedy, repeat 2, to trial 5 of 5", "| baseline |", "| human |", "| random |", "| greedy |"]
    {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
    assert!(fs::read_to_string(out.join("compare.md")).unwrap().contains("| human |"));
    assert_eq!((whole.branches(), whole.status()), before, "the target itself stays as it is");

    let table = found(&out);
    let contenders = table["contenders"].as_array().unwrap();
    let names: Vec<&str> = contenders.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["baseline", "human", "random", "greedy"]);
    let value = |at: usize, seed: usize| contenders[at]["returned"][0]["values"][seed].as_f64().unwrap();
    assert!((0..2).all(|seed| value(1, seed) < value(0, seed)), "by hand is better: {table}");
    assert!(value(0, 0) != value(0, 1));
    for method in &contenders[2..] {
        assert_eq!(method["returned"].as_array().unwrap().len(), 2);
        let curve: Vec<f64> = method["search"]["best_so_far"]
            .as_array()
            .unwrap()
            .iter()
            .map(|at| at.as_f64().unwrap())
            .collect();
        assert!(curve.len() == 6 && curve.windows(2).all(|pair| pair[1] <= pair[0]), "{curve:?}");
        let search = &method["search"];
        let count = |what: &str| search[what].as_u64().unwrap();
        assert_eq!((count("trials"), count("completed") + count("pruned") + count("failed")), (10, 10));
    }
    let baselines: Vec<f64> =
        contenders[2..].iter().map(|one| one["search"]["best_so_far"][0].as_f64().unwrap()).collect();
    assert!((baselines[0] - baselines[1]).abs() < 1e-12, "the same seeds for all methods: {baselines:?}");

    let killed = User::quick(RECIPE_ONLY);
    let (out, preset) = places(&killed);
    let words = words(&out, &preset);
    let mut unfinished = 0;
    for moment in [30, 700, 1500, 400] {
        let mut child = killed.start(&words);
        sleep(Duration::from_millis(moment));
        unfinished += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        killed.nothing_survives();
    }
    assert!(unfinished >= 3, "the test proves little: only {unfinished} runs were killed");
    killed.autoresearch(&words).well();
    assert_eq!(found(&out), table);
    let again = killed.autoresearch(&words).well();
    assert!(!again.contains("trial   1"), "nothing is run twice: {again}");
    assert_eq!(found(&out), table);
}

#[test]
fn nothing_is_proved_or_merged_when_searches_are_compared() {
    let user = User::quick(RECIPE_ONLY);
    let out = user.home().join("contest");
    let path = out.to_str().unwrap();
    let words = ["compare", ".", "--out", path, "--method", "tpe", "--trials", "6", "--repeats", "1"];
    user.autoresearch(&[&words[..], &["--budget", "100steps", "--check-seeds", "1"]].concat()).well();
    let study = out.join("tpe-1");
    let log = user.autoresearch(&["log", study.to_str().unwrap(), "--json"]).well();
    let kinds =
        |kind: &str| log.lines().filter(|line| line.contains(&format!("\"event\":\"{kind}\""))).count();
    assert_eq!((kinds("trial-ended"), kinds("run-ended"), kinds("merged")), (7, 0, 0), "{log}");
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_runs() {
    let user = User::quick(RECIPE_ONLY);
    let (out, preset) = places(&user);
    fs::write(&preset, "\"recipe::WIDHT\" = \"128\"\n").unwrap();
    let said = user.autoresearch(&words(&out, &preset));
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("no site `recipe::WIDHT`; the nearest is `recipe::WIDTH`"), "{}", said.err);
    assert!(!out.join("random-1").exists());
    let said = user.autoresearch(&["compare", "--out", "x", "--method", "sarsa"]);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("no search method"), "{}", said.err);
}
