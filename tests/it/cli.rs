//! What is typed and what is printed: for people, for programs, and for neither more than they asked for.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use super::support::{RECIPE_ONLY, User, said};

/// Start of an escape code.
const ESCAPE: char = '\u{1b}';

const COMMANDS: [&str; 12] = [
    "demo", "new", "run", "pack", "unpack", "record", "compare", "inspect", "log", "show", "bench", "doctor",
];

#[test]
fn help_names_every_command_and_every_exit_code() {
    let user = User::new();
    let help = user.autoresearch(&["--help"]).well();
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
    }
    for code in ["0", "1", "2", "3", "4", "5", "6", "130"] {
        assert!(help.contains(&format!("\n  {code:<4} ")), "exit code {code} is not explained: {help}");
    }
    for hidden in ["supervise", "probe"] {
        assert!(!help.contains(hidden), "what is not for people is not shown");
    }
    for command in COMMANDS {
        user.autoresearch(&[command, "--help"]).well();
    }
    let version = user.autoresearch(&["--version"]).well();
    assert_eq!(version, format!("autoresearch {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_has_its_own_exit_code() {
    let user = User::new();
    for words in [
        &[][..],
        &["fly"],
        &["run", "--for", "soon"],
        &["run", "--trials", "-1"],
        &["inspect", "--json", "--diff"],
    ] {
        let said = user.autoresearch(words);
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.err);
        assert_eq!(said.out, "");
        assert!(!said.err.is_empty());
    }
}

#[test]
fn inspect_lists_what_could_be_changed_and_changes_nothing() {
    let user = User::quick(RECIPE_ONLY);
    let before = user.everything();
    let text = user.autoresearch(&["inspect"]).well();
    for word in ["src/recipe.rs", "recipe::WIDTH", "[64]", "Channels of the residual stream.", "sites, "] {
        assert!(text.contains(word), "{word} is not in:\n{text}");
    }
    assert!(!text.contains("main::NOISE"), "that is frozen:\n{text}");

    let sites: Vec<Value> = user
        .autoresearch(&["inspect", "--json"])
        .well()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let width = sites.iter().find(|site| site["site"] == "recipe::WIDTH").unwrap();
    assert_eq!(
        (&width["kind"], &width["value"], &width["file"]),
        (&"knob".into(), &"64".into(), &"src/recipe.rs".into())
    );
    let line = usize::try_from(width["line"].as_u64().unwrap()).unwrap();
    assert!(user.read("src/recipe.rs").lines().nth(line - 1).unwrap().contains("const WIDTH"));
    let heads = sites.iter().find(|site| site["site"] == "recipe::HEADS").unwrap();
    let edits = heads["edits"].as_array().unwrap();
    let refused = |to: &str| edits.iter().find(|edit| edit["to"] == to).unwrap()["refused"].as_str();
    assert_eq!(refused("8"), None);
    assert!(refused("12").unwrap().contains("WIDTH % HEADS"), "{edits:?}");

    assert_eq!(user.everything(), before, "something was changed");
    assert!(!user.home().join("cache").exists());
}

#[test]
fn inspect_says_what_is_left_out_and_why() {
    let main = "\
const RATE: f64 = 0.05;
const NUM_TRAIN: usize = 2000;
const LOSS_SCALE: f64 = 1.0;
#[cfg(feature = \"cuda\")]
const STREAMS: usize = 4;
const FORGOTTEN: f64 = 0.1;
#[cfg(test)]
mod tests;

fn main() {
    let mut weight = 1.0;
    for _ in 0..NUM_TRAIN {
        weight -= RATE * weight;
    }
    println!(\"val_loss: {}\", weight * LOSS_SCALE);
}
";
    let tests = "const TOLERANCE: f64 = 0.1;\n\n#[test]\nfn small() {\n    assert!(TOLERANCE < 1.0);\n}\n";
    let settings = "mutable = [\"src/main.rs\", \"src/tests.rs\"]\n";
    let files = [("autoresearch.toml", settings), ("src/main.rs", main), ("src/tests.rs", tests)];
    let user = User::of("stand-in/foreign", &files);
    let said = user.autoresearch(&["inspect"]).well();
    let end = said.split_once("1 sites, 6 edits\n").unwrap().1;
    assert_eq!(
        end,
        "left out, not compiled (tests, features that are off, other platforms): main::STREAMS, tests::TOLERANCE\n\
         left out, used by nothing: main::FORGOTTEN\n\
         left out, reaching only what is printed, not what is trained: main::LOSS_SCALE\n\
         left out, named like a size or a share of the data: main::NUM_TRAIN\n"
    );
    let said = user.autoresearch(&["inspect", "--json"]).well();
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let left_out = last["left_out"].as_array().unwrap();
    assert_eq!((said.lines().count(), left_out.len()), (2, 5));
    let scale = left_out.iter().find(|one| one["site"] == "main::LOSS_SCALE").unwrap();
    assert_eq!((&scale["file"], &scale["line"]), (&"src/main.rs".into(), &3.into()));
    assert_eq!(scale["why"], "reaching only what is printed, not what is trained");
}

#[test]
fn the_diffs_of_inspect_can_be_applied_by_a_patch_program() {
    let user = User::quick(RECIPE_ONLY);
    let text = user.autoresearch(&["inspect", "--diff"]).well();
    let patch = text.split("# ").find(|part| part.starts_with("WIDTH 64 -> 96\n")).unwrap();
    let patch = &patch[patch.find("--- a/").unwrap()..patch.find("\n\n").unwrap_or(patch.len())];
    // The one line that libgit2 needs, and other programs do not.
    let patch = format!("diff --git a/src/recipe.rs b/src/recipe.rs\n{}\n", patch.trim_end());
    let diff = git2::Diff::from_buffer(patch.as_bytes()).unwrap();
    user.git.apply(&diff, git2::ApplyLocation::WorkDir, None).unwrap();
    assert!(user.read("src/recipe.rs").contains("WIDTH: usize = 96;"));
}

#[test]
fn templates_of_the_user_are_also_sites() {
    let template = "\
//! a rate that falls to nothing
//! Paper: none

pub fn schedule(share: f64) -> f64 {
    1.0 - share
}
";
    let user = User::of(
        "stand-in/quick",
        &[("autoresearch.toml", RECIPE_ONLY), (".autoresearch/templates/fall/linear.rs", template)],
    );
    let text = user.autoresearch(&["inspect", "--diff"]).well();
    assert!(text.contains("fall") && text.contains("+    1.0 - share"), "{text}");
}

#[test]
fn a_study_is_read_back_by_log_and_show() {
    let user = User::quick(RECIPE_ONLY);
    for words in [&["log"][..], &["log", "--json"], &["show", "0"]] {
        let said = user.autoresearch(words);
        assert_eq!(said.code, Some(3));
        assert!(said.err.contains("no study") && said.err.contains("autoresearch run"), "{}", said.err);
    }
    user.autoresearch(&["run", "--trials", "2", "--study", "night"]).well();
    let before = user.everything();
    let log = user.autoresearch(&["log"]).well();
    assert!(log.starts_with("study night\n"), "{log}");
    for word in ["the program as it is", "measured", "[merged]", "2 trials and the baseline"] {
        assert!(log.contains(word), "{word} is not in:\n{log}");
    }
    let events = user.events();
    assert_eq!(events[0]["event"], "started");
    assert_eq!(events.last().unwrap()["event"], "stopped");

    let show = user.autoresearch(&["show", "1"]).well();
    for word in
        ["trial 1: ", "commit", "branch", "trial/night/1-", "outcome", "val_bpb", "curve", "chosen by"]
    {
        assert!(show.contains(word), "{word} is not in:\n{show}");
    }
    let said = user.autoresearch(&["show", "17"]);
    assert_eq!(said.code, Some(3));
    assert!(said.err.contains("no trial 17; its last one is 2"), "{}", said.err);
    assert_eq!(user.everything(), before, "reading changes nothing");
}

#[test]
fn there_are_colours_if_they_are_wanted_and_otherwise_not() {
    let user = User::quick(RECIPE_ONLY);
    let plain = user.autoresearch(&["run", "--trials", "1", "--study", "night"]).well();
    assert!(!plain.contains(ESCAPE), "into a pipe: {plain:?}");
    let with = |variables: &[(&str, &str)]| {
        let mut command = user.command(&["run", "--trials", "1", "--study", "forced"]);
        said(command.envs(variables.iter().copied()).spawn().unwrap()).well()
    };
    assert!(with(&[("CLICOLOR_FORCE", "1")]).contains(ESCAPE), "the test proves nothing");
    assert!(!with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("TERM", "xterm")]).contains(ESCAPE));
    let error = user.autoresearch(&["show", "99"]).err;
    assert!(!error.contains(ESCAPE), "{error:?}");
}

#[test]
fn a_reader_that_has_read_enough_is_not_an_error() {
    let user = User::quick("mutable = [\"src/*.rs\"]\n");
    let mut child = user.command(&["inspect", "--diff"]).stdin(Stdio::null()).spawn().unwrap();
    let mut first = [0; 1];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut first).unwrap();
    drop(out);
    let said = said(child);
    assert_eq!(said.err, "");
    assert_ne!(said.code, Some(101));
}

#[test]
fn new_creates_a_repository_of_the_target_project_and_overwrites_nothing() {
    let user = User::new();
    let made = user.home().join("gpt");
    let out = user.autoresearch(&["new", made.to_str().unwrap()]).well();
    assert!(out.contains("gpt"), "{out}");
    let git = git2::Repository::open(&made).unwrap();
    assert_eq!(git.head().unwrap().shorthand().unwrap(), "main");
    assert!(git.statuses(None).unwrap().is_empty(), "all of it is committed");
    for path in ["Cargo.toml", "Cargo.lock", "src/recipe.rs", "data/train.txt", "autoresearch.toml"] {
        assert!(made.join(path).exists(), "{path}");
    }
    let sites = user.autoresearch(&["inspect", made.to_str().unwrap()]).well();
    assert!(sites.contains("recipe::"), "{sites}");

    let said = user.autoresearch(&["new", made.to_str().unwrap()]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("already exists and is not empty"), "{}", said.err);
}

#[test]
fn a_run_in_a_folder_of_the_repository_is_a_run_on_the_repository() {
    let user = User::quick(RECIPE_ONLY);
    let mut command = user.command(&["run", "--trials", "1"]);
    said(command.current_dir(user.path().join("src")).spawn().unwrap()).well();
    assert_eq!(user.outcomes().len(), 2);
}
