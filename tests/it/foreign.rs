//! Crates that were not written for us: their metric is found in their own output, by settings alone.

use std::fs;
use std::path::Path;

use super::support::{User, said};

/// How `stand-in/foreign` is started, whatever is read from it.
const RUN: &str = "\
budget = \"6\"
search = \"random\"
[run]
args = [\"--seed\", \"{seed}\", \"--epochs\", \"{budget}\", \"--logs\", \"metrics\"]
[merge]
noise-repeats = 2
";

/// The best rate, and the one that the stand-in starts with.
fn rate(user: &User) -> String {
    let text = user.read("src/main.rs");
    let line = text.lines().find(|line| line.starts_with("const RATE")).unwrap();
    line.trim_start_matches("const RATE: f64 = ").trim_end_matches(';').to_owned()
}

#[test]
fn a_metric_that_is_to_be_maximised_is_found_by_a_pattern() {
    let metric = r"
[metric]
name = 'accuracy'
direction = 'maximize'
pattern = 'done: ([0-9.]+) % correct'
progress = '\[(?<step>\d+)/(?<steps>\d+)\] validation accuracy: (?<value>[0-9.]+) %'
";
    let user = User::of("stand-in/foreign", &[("autoresearch.toml", &format!("{RUN}{metric}"))]);
    let out = user.autoresearch(&["run", "--trials", "20"]).well();
    assert!(out.contains("Nothing is left to try"), "{out}");
    assert_eq!(rate(&user), "0.1", "{out}");
    for event in
        user.events_of("trial-ended").iter().filter(|event| event["measurement"]["metric"].is_number())
    {
        let curve = event["measurement"]["curve"].as_array().unwrap();
        assert_eq!(curve.len(), 6, "a point for each epoch");
        let metric = event["measurement"]["metric"].as_f64().unwrap();
        assert!(metric < 0.0, "inside a study, lower is better: {metric}");
    }
    // People see the program's own numbers.
    let subjects = user.subjects("main");
    let gain =
        regex::Regex::new(r"^merge trial \d+: RATE .+, accuracy (\d+\.\d+) -> (\d+\.\d+) \(\+\d+\.\d+ %, ")
            .unwrap();
    let found = gain.captures(&subjects[0]).unwrap_or_else(|| panic!("{subjects:?}"));
    assert!(found[1].parse::<f64>().unwrap() < found[2].parse::<f64>().unwrap());
    let shown = [user.autoresearch(&["log"]).well(), user.autoresearch(&["show", "0"]).well(), out];
    let negative = regex::Regex::new(r" -8\d\.\d").unwrap();
    for text in shown {
        assert!(!negative.is_match(&text), "a negated accuracy is shown:\n{text}");
    }
}

#[test]
fn a_metric_is_found_in_the_logs_of_burn_train() {
    let metric = "[metric]\nname = \"Loss\"\nlog = \"metrics\"\n";
    let user = User::of("stand-in/foreign", &[("autoresearch.toml", &format!("{RUN}{metric}"))]);
    let out = user.autoresearch(&["run", "--trials", "20"]).well();
    assert_eq!(rate(&user), "0.1", "{out}");
    assert!(user.status().is_empty(), "logs of runs are elsewhere: {:?}", user.status());
}

#[test]
fn a_pattern_that_never_matches_is_named_in_the_error() {
    let metric = "[metric]\nname = \"accuracy\"\npattern = 'exactness: ([0-9.]+)'\n";
    let user = User::of("stand-in/foreign", &[("autoresearch.toml", &format!("{RUN}{metric}"))]);
    let said = user.autoresearch(&["run"]);
    assert_eq!(said.code, Some(4), "{}", said.err);
    for words in ["no line matches", "`exactness: ([0-9.]+)`", "its last line: `done: "] {
        assert!(said.err.contains(words), "{words} is not in: {}", said.err);
    }
}

#[test]
fn what_a_program_prints_to_stderr_counts_and_a_diverged_program_is_not_merged() {
    let metric = "[metric]\nname = \"val_loss\"\npattern = 'val_loss: ([0-9.]+)'\n";
    let user = User::of("stand-in/foreign", &[("autoresearch.toml", &format!("{RUN}{metric}"))]);
    let print = "println!(\"[{epoch}/{epochs}] validation accuracy: {:.3} %\", accuracy * 100.0);";
    let loss = "let loss = if RATE > 0.06 && epoch == epochs { f64::NAN } else { 1.0 - accuracy };\n        \
                eprint!(\"\\r\\x1b[32mepoch {epoch}/{epochs}\\x1b[0m val_loss: {loss:.4e}\");";
    user.edit("src/main.rs", print, loss);
    user.commit(&[], "print the loss\n");
    let out = user.autoresearch(&["run", "--trials", "10"]).well();
    let ended = user.events_of("trial-ended");
    let baseline = ended[0]["measurement"]["metric"].as_f64().unwrap();
    assert!((baseline - 0.15).abs() < 0.01, "the last epoch's, exponent and all: {baseline}");
    assert!(user.outcomes().contains(&"diverged".to_owned()), "{out}");
    let merged = rate(&user).parse::<f64>().unwrap();
    assert!(merged <= 0.06, "{merged} diverges:\n{out}");
}

#[test]
fn two_runs_at_a_time_are_not_let_into_one_folder_of_logs() {
    let user = User::of("stand-in/foreign", &[]);
    let logs = user.home().join("logs");
    let settings = RUN.replace("\"metrics\"", &format!("{logs:?}"));
    let metric = format!("[metric]\nname = \"Loss\"\nlog = {logs:?}\n");
    user.commit(&[("autoresearch.toml", &format!("{settings}{metric}"))], "settings\n");
    let said = user.autoresearch(&["run", "--slots", "2"]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("one run at a time"), "{}", said.err);
    let out = user.autoresearch(&["run", "--trials", "2"]).well();
    assert!(out.contains("All trials are done"), "{out}");
}

/// Compiles burn-train where this program was built, once: what a study builds then starts from that.
#[test]
#[ignore = "compiles burn-train, which takes six minutes the first time"]
fn the_logs_of_real_burn_train_are_read() {
    let settings = "\
budget = \"3\"
slots = 1
search = \"random\"
[run]
args = [\"--artifacts\", \"logs\", \"--epochs\", \"{budget}\", \"--seed\", \"{seed}\"]
[metric]
name = \"Loss\"
log = \"logs\"
[merge]
noise-repeats = 1
check-seeds = 1
";
    let user = User::of("burn-train", &[("autoresearch.toml", settings)]);
    let program = Path::new(env!("CARGO_BIN_EXE_autoresearch"));
    let target = program.ancestors().nth(2).unwrap();
    let words = ["build", "--release", "--locked", "--target-dir", target.to_str().unwrap()];
    let built = said(user.command_of(Path::new("cargo"), &words).spawn().unwrap());
    assert_eq!(built.code, Some(0), "{}", built.err);
    let cache = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut command = user.command_of(program, &["run", "--trials", "6", "--study", "night"]);
    let out = said(command.env("XDG_CACHE_HOME", cache.path()).spawn().unwrap()).well();
    let ended = user.events_of("trial-ended");
    let measurement = &ended[0]["measurement"];
    let curve = measurement["curve"].as_array().unwrap();
    assert_eq!((curve.len(), &curve[2]["value"]), (3, &measurement["metric"]), "{out}");
    let loss = measurement["metric"].as_f64().unwrap();
    assert!((0.5..0.7).contains(&loss), "the mean over the validation points of the last epoch: {loss}");
    assert!(user.status().is_empty(), "{:?}", user.status());
}

/// The crate is as large as a real one: burn is compiled in the first slot unless this program's own build is
/// available, as it is here.
#[test]
#[ignore = "takes one to two minutes: links burn a dozen times"]
fn a_burn_crate_is_improved_with_nothing_but_its_settings() {
    let user = User::of("spirals", &[]);
    // Where it was built, and on the same file system: so the slot starts warm.
    let cache = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut command = user.command_of(Path::new(env!("CARGO_BIN_EXE_autoresearch")), &["run"]);
    let out = said(command.env("XDG_CACHE_HOME", cache.path()).spawn().unwrap()).well();
    assert!(out.contains("All trials are done"), "{out}");
    assert_eq!(user.outcomes().len(), 11, "{out}");
    let completed = user
        .events_of("trial-ended")
        .iter()
        .filter(|event| event["measurement"]["metric"].is_number())
        .count();
    assert!(completed >= 5, "{out}");
    let slot = fs::read_dir(cache.path().join("autoresearch")).unwrap().next().unwrap().unwrap().path();
    assert!(slot.join("slot-0/target/release/.fingerprint").is_dir());
    let build = fs::read_to_string(journal(&user).join("trials/0/build.log")).unwrap();
    assert_eq!(build.matches("Compiling ").count(), 1, "burn was compiled again:\n{build}");
    assert!(user.status().is_empty());
}

fn journal(user: &User) -> std::path::PathBuf {
    let studies = fs::read_dir(user.path().join(".git/autoresearch")).unwrap();
    studies.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap()
}
