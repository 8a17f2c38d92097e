//! What a study does not believe, and what it says of it.

use super::support::User;

const METRIC: &str = r"
[metric]
name = 'accuracy'
direction = 'maximize'
pattern = 'done: ([0-9.]+) % correct'
progress = '\[(?<step>\d+)/(?<steps>\d+)\] validation accuracy: (?<value>[0-9.]+) %'
[merge]
noise-repeats = 2
check-seeds = 2
";

/// The stand-in trainer whose best rate is 0.1, with these arguments.
fn foreign(args: &str) -> User {
    let settings =
        format!("budget = \"6\"\nslots = 1\nsearch = \"random\"\n[run]\nargs = [{args}]\n{METRIC}");
    User::of("stand-in/foreign", &[("autoresearch.toml", &settings)])
}

const BOTH: &str = "\"--seed\", \"{seed}\", \"--epochs\", \"{budget}\"";

#[test]
fn nothing_is_proved_where_the_seed_is_not_read_and_best_shows_what_was_found() {
    let user = foreign("\"--epochs\", \"{budget}\"");
    let before = user.branch("main").id();
    let out = user.autoresearch(&["run", "--trials", "12", "--study", "night"]).well();
    assert!(out.contains("the seed does not reach the program: `{seed}` is not in `run.args`"), "{out}");
    assert!(out.contains("nothing can be proved, and nothing was merged"), "{out}");
    assert!(out.contains("autoresearch best"), "{out}");
    assert_eq!((user.branch("main").id(), user.events_of("merged").len()), (before, 0));
    let best = user.autoresearch(&["best"]).well();
    assert!(best.contains("not proved") && best.contains("RATE 0.05 -> "), "{best}");
    let doctor = user.autoresearch(&["doctor", "."]);
    assert!(doctor.out.contains("the seed does not reach the program"), "{}", doctor.out);

    // What it says is right word for word.
    let branch = best.lines().find_map(|line| line.split(" merge ").nth(1)).unwrap();
    let found = user.branch(branch).id();
    assert!(user.git.graph_descendant_of(found, before).unwrap());
}

#[test]
fn a_trial_that_trains_for_longer_than_the_baseline_is_not_compared_where_nothing_bounds_it() {
    let user = foreign("\"--seed\", \"{seed}\"");
    user.edit(
        "src/main.rs",
        "const RATE: f64 = 0.05;",
        "const RATE: f64 = 0.05;\n/// Length.\nconst TURNS: u32 = 4;",
    );
    user.edit("src/main.rs", ".map_or(4, |text|", ".map_or(TURNS, |text|");
    user.edit("src/main.rs", "let best = 0.9", "let best = 0.01 * f64::from(epochs) + 0.8");
    user.edit(
        "src/main.rs",
        "println!(\"done:",
        "println!(\"done: {:.3} % correct\", best * 99.0);\n    println!(\"done:",
    );
    user.commit(&[], "longer is better\n");
    let out = user.autoresearch(&["run", "--trials", "14", "--study", "night"]).well();
    assert!(out.contains("the budget does not reach the program"), "{out}");
    assert!(!out.contains("6 per run"), "{out}");
    let turns = |event: &serde_json::Value| {
        event["proposal"]["values"]["main::TURNS"].as_str().unwrap().parse::<u32>()
    };
    let started = user.events_of("trial-started");
    for ended in user.events_of("trial-ended").iter().skip(1) {
        let trial = usize::try_from(ended["trial"].as_u64().unwrap()).unwrap();
        let is_longer = turns(&started[trial]).unwrap() > 4;
        assert!(!is_longer || ended["measurement"]["metric"].is_null(), "trial {trial}: {out}");
    }
    assert!(user.read("src/main.rs").contains("TURNS: u32 = 4;"), "{out}");
}

#[test]
fn a_program_with_the_binary_of_an_earlier_one_is_not_trained_again() {
    let user = foreign(BOTH);
    let used = "const RATE: f64 = 0.05;\n/// A margin.\nconst MARGIN: f64 = 0.25;";
    user.edit("src/main.rs", "const RATE: f64 = 0.05;", used);
    user.edit("src/main.rs", "let best = 0.9", "let _ = MARGIN;\n    let best = 0.9");
    user.commit(&[], "a margin that does nothing\n");
    let out = user.autoresearch(&["run", "--trials", "12", "--study", "night"]).well();
    let unchanged: Vec<_> =
        user.events_of("trial-ended").into_iter().filter(|event| event["outcome"] == "unchanged").collect();
    assert!(!unchanged.is_empty(), "{out}");
    for ended in unchanged {
        assert_eq!(ended["measurement"]["train_seconds"], 0.0);
        let reason = ended["measurement"]["reason"].as_str().unwrap();
        assert!(reason.starts_with("its binary is that of trial "), "{reason}");
    }
}

#[test]
fn a_gain_larger_than_a_training_is_believed_to_bring_is_shown_and_not_merged() {
    let user = foreign(BOTH);
    let settings = user.read("autoresearch.toml") + "largest-factor = 1.01\n";
    user.commit(&[("autoresearch.toml", &settings)], "believe little\n");
    let out = user.autoresearch(&["run", "--trials", "16", "--study", "night"]).well();
    assert!(
        out.contains("more than a training is believed to bring") && out.contains("look at what it changes"),
        "{out}"
    );
    assert!(user.read("src/main.rs").contains("RATE: f64 = 0.05;"), "{out}");
    let best = user.autoresearch(&["best"]).well();
    assert!(best.contains("it is not merged: it changes the metric by a factor of"), "{best}");
}

#[test]
fn a_merge_is_described_by_the_same_edits_and_the_same_gain_everywhere() {
    let user = User::quick("mutable = [\"src/recipe.rs\"]\nbudget = \"100steps\"\nslots = 1\n");
    let out = user
        .autoresearch(&["run", "--trials", "14", "--search", "ppo", "--seed", "1", "--study", "night"])
        .well();
    let merges = user.events_of("merged");
    assert!(!merges.is_empty(), "{out}");
    for merged in &merges {
        let commit = user.git.find_commit(merged["commit"].as_str().unwrap().parse().unwrap()).unwrap();
        let body = commit.message().unwrap().to_owned();
        let summaries: Vec<String> = body
            .lines()
            .filter_map(|line| Some(line.strip_prefix("- ")?.rsplit_once(" (")?.0.to_owned()))
            .collect();
        let edits = merged["edits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edit| edit["summary"].as_str().unwrap().to_owned());
        assert_eq!(summaries, edits.collect::<Vec<_>>(), "{body}");
        // Subject: `merge trial 3: .., val_bpb 2.200 -> 2.094 (-4.8 %, 2 seeds, p < 0.001)`.
        let gain =
            body.lines().next().unwrap().split(", val_bpb ").nth(1).unwrap().split(" seeds").next().unwrap();
        let gain = format!("{} pairs", gain);
        let whole = format!("{}: val_bpb {gain}", summaries.join("; "));
        let trial = merged["trial"].to_string();
        let shown = user.autoresearch(&["show", &trial]).well();
        for (what, text) in
            [("live lines and summary", &out), ("log", &user.autoresearch(&["log"]).well()), ("show", &shown)]
        {
            assert!(text.contains(&whole), "{what}: {whole:?} is not in:\n{text}");
        }
        assert_eq!(out.matches(&whole).count(), 2, "a live line and the summary: {out}");
    }
}

#[test]
fn where_main_waits_the_end_says_so_with_the_commands_that_help() {
    let user =
        User::quick("mutable = [\"src/recipe.rs\"]\nbudget = \"100steps\"\nslots = 1\nsearch = \"random\"\n");
    user.edit("src/main.rs", "NOISE: f64 = 0.005", "NOISE: f64 = 0.0051");
    let before = user.branch("main").id();
    let out = user.autoresearch(&["run", "--trials", "6", "--study", "night"]).well();
    let end = out.split("All trials are done").nth(1).unwrap();
    for words in [
        "main waits",
        "src/main.rs",
        "log --first-parent autoresearch/night",
        "merge --ff-only autoresearch/night",
    ] {
        assert!(end.contains(words), "{words} is not in:\n{end}");
    }
    assert_eq!(user.branch("main").id(), before);
    assert_eq!(user.subjects("autoresearch/night").len(), user.events_of("merged").len() + 1);
}
