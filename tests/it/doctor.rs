//! What `doctor` reports about a machine and a repository, and its exit code.

use std::process::Command;

use super::support::{RECIPE_ONLY, Said, User, said, skip};

/// Asserts that all of this was said, and nothing on stderr.
#[track_caller]
fn says(said: &Said, code: i32, words: &[&str]) {
    assert_eq!((said.code, said.err.as_str()), (Some(code), ""), "{}", said.out);
    for word in words {
        assert!(said.out.contains(word), "{word:?} is not in:\n{}", said.out);
    }
}

/// `doctor` as on a machine without a Vulkan driver, whatever this one has.
fn without_vulkan(user: &User, words: &[&str]) -> Command {
    let mut command = user.command(&[&["doctor"], words].concat());
    command
        .env_remove("AUTORESEARCH_DEVICE")
        .env("VK_DRIVER_FILES", "/nonexistent")
        .env("VK_ICD_FILENAMES", "/nonexistent");
    command
}

fn doctor(mut command: Command) -> Said {
    said(command.spawn().unwrap())
}

#[test]
fn a_machine_without_a_gpu_is_fit_for_a_study_and_doctor_says_what_a_gpu_needs() {
    let user = User::new();
    let found = doctor(without_vulkan(&user, &[]));
    let words = [
        "✓ ",
        " cores, ",
        " free in ",
        "! no Vulkan driver was found\n    ",
        "libvulkan1",
        "✓ a study trains on the processor: there is no GPU\n",
        "✓ cargo: /",
        "✓ linker: /",
        "! git has no name and email for you: commits are made by autoresearch <autoresearch@localhost>\n    git config",
        "\nnothing was found that keeps a study from running\n",
    ];
    says(&found, 0, &words);
}

#[test]
fn a_repository_is_checked_and_nothing_in_it_is_changed() {
    let user = User::quick(RECIPE_ONLY);
    let before = user.everything();
    let found = doctor(without_vulkan(&user, &["."]));
    says(
        &found,
        0,
        &[
            "branch main, package in the root, ",
            " sites\n",
            "✓ a new study would start: 100steps per run, 1 at a time\n",
        ],
    );
    assert_eq!(user.everything(), before, "something was changed");
    assert!(!user.home().join("cache").exists());

    let mut git = user.git.config().unwrap();
    git.set_str("user.name", "Ada").unwrap();
    git.set_str("user.email", "ada@example.org").unwrap();
    user.autoresearch(&["run", "--trials", "1", "--study", "night"]).well();
    let found = doctor(without_vulkan(&user, &["."]));
    says(&found, 0, &["✓ study night would be resumed: 100steps per run", "✓ commits are made in your name"]);
}

#[test]
fn what_keeps_a_study_from_running_has_the_exit_code_that_run_would_have() {
    let user = User::quick(RECIPE_ONLY);
    let with = |variable: &str, value: &str| {
        let mut command = without_vulkan(&user, &["."]);
        command.env(variable, value);
        doctor(command)
    };
    let end = "\na study cannot run; problems to fix: 1\n";
    says(&with("CARGO", "/nowhere/cargo"), 1, &["✗ cargo was not found\n    install Rust", end]);
    says(&with("PATH", "/nowhere"), 1, &["✗ the linker `cc` was not found\n    "]);
    says(&with("AUTORESEARCH_DEVICE", "wgpu:99"), 3, &["✗ 'wgpu:99': wgpu finds 0 GPUs here", end]);
    says(&with("AUTORESEARCH_DEVICE", "tpu"), 3, &["✗ unknown device 'tpu'", end]);
    says(
        &with("AUTORESEARCH_DEVICE", "flex"),
        0,
        &["✓ a study trains on the processor: AUTORESEARCH_DEVICE=flex asks for it"],
    );

    let outside = user.home().to_str().unwrap();
    says(&doctor(without_vulkan(&user, &[outside])), 3, &["is not in a git repository", end]);
    user.commit(&[("autoresearch.toml", "mutable = [\"src/modle.rs\"]\n")], "a slip of the pen\n");
    says(&doctor(without_vulkan(&user, &["."])), 3, &["✗ `mutable`: no file matches `src/modle.rs`", end]);
    // `run` says the same.
    assert!(user.autoresearch(&["run"]).err.contains("`mutable`: no file matches `src/modle.rs`"));
}

#[test]
fn a_requested_device_is_shown_to_work() {
    let user = User::new();
    let found = doctor({
        let mut command = user.command(&["doctor"]);
        command.env("AUTORESEARCH_DEVICE", "software");
        command
    });
    if found.out.contains("there is no software Vulkan device here") {
        return skip("there is no software Vulkan device");
    }
    assert_eq!(found.code, Some(0), "{}", found.out);
    for words in [
        "software renderer, Vulkan, driver ",
        " GiB of memory, buffers up to ",
        "used only when AUTORESEARCH_DEVICE=software",
        "✓ a study trains on software Vulkan: AUTORESEARCH_DEVICE=software asks for it",
        "✓ device software computes correctly",
    ] {
        assert!(found.out.contains(words), "{words:?} is not in:\n{}", found.out);
    }
}

#[test]
fn with_run_it_goes_the_whole_way_once_and_leaves_no_trace() {
    let user = User::quick(RECIPE_ONLY);
    let before = (user.branches(), user.status());
    let out = user.autoresearch(&["doctor", ".", "--run"]).well();
    for words in [
        "a run with a budget of 8steps takes",
        "val_bpb is read as 2.379 from `result program=",
        "the seed has an effect (0 and 1 were tried)",
        "the budget has an effect (8steps and 16steps were tried)",
        "a commit and a branch can be written",
        "\na study can run\n",
    ] {
        assert!(out.contains(words), "{words:?} is not in:\n{out}");
    }
    assert_eq!((user.branches(), user.status()), before);
    let out = user.autoresearch(&["doctor", "."]).well();
    assert!(out.contains("not tried: a build, a run") && !out.contains("a study can run"), "{out}");
}

#[test]
fn with_run_it_finds_what_a_study_would_find_after_its_first_build() {
    let metric = "[metric]\nname = \"accuracy\"\ndirection = \"maximize\"\npattern = 'done: ([0-9.]+) %'\n";
    let args = "budget = \"6\"\n[run]\nargs = [\"--epochs\", \"{budget}\"]\n";
    let user = User::of("stand-in/foreign", &[("autoresearch.toml", &format!("{args}{metric}"))]);
    let out = user.autoresearch(&["doctor", ".", "--run"]).well();
    for words in [
        "accuracy is read as 85.00 from `done: 85.000 % correct`",
        "the seed has no effect (0 and 1 were tried)",
        "the budget has no effect (1 and 2 were tried)",
    ] {
        assert!(out.contains(words), "{words:?} is not in:\n{out}");
    }
    user.commit(&[("autoresearch.toml", &format!("{args}{}", metric.replace("done", "finished")))], "slip\n");
    let said = user.autoresearch(&["doctor", ".", "--run"]);
    assert_eq!(said.code, Some(4), "{}", said.out);
    assert!(said.out.contains("no line matches the pattern"), "{}", said.out);
    user.edit("src/main.rs", "let seed: f64 =", "let seed: u8 =");
    user.commit(&[], "slip\n");
    let said = user.autoresearch(&["doctor", ".", "--run"]);
    assert_eq!(said.code, Some(4), "{}", said.out);
    assert!(said.out.contains("does not build to its end: error"), "{}", said.out);
}
