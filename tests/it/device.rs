//! Studies on a device that is reached through a driver, which may fail. The device is software, so these tests need no
//! GPU; if not even that is available they say so and do nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::Value;

use super::support::{User, said, skip, wait_until};

/// A study on mishaps only: 0 is none, the others are the loss of the device.
const MISHAPS: &str = "/// Ladder: 0, 10, 11\npub const MISHAP: u32 = 0;\n";
const SETTINGS: &str =
    "mutable = [\"src/mishap.rs\"]\nbudget = \"100steps\"\nslots = 1\nsearch = \"random\"\n";

fn user() -> User {
    let user = User::of("stand-in/quick", &[("autoresearch.toml", SETTINGS), ("src/mishap.rs", MISHAPS)]);
    user.edit(
        "src/main.rs",
        "WORDS: &str = \"\"",
        "WORDS: &str = \"In Queue::submit\\n  Parent device is lost\"",
    );
    user.commit(&[], "say so\n");
    user
}

fn on_software(user: &User, words: &[&str]) -> Command {
    let mut command = user.command(words);
    command.env("AUTORESEARCH_DEVICE", "software");
    command
}

fn reasons(user: &User) -> Vec<String> {
    let reason = |event: &Value| event["measurement"]["reason"].as_str().unwrap().to_owned();
    user.events_of("trial-ended").iter().map(reason).collect()
}

fn of_study(user: &User, path: &str) -> PathBuf {
    user.path().join(".git/autoresearch/night").join(path)
}

#[test]
fn a_device_that_is_not_there_is_refused_before_anything_is_started() {
    let user = user();
    let mut command = on_software(&user, &["run"]);
    command.env("VK_DRIVER_FILES", "/nonexistent").env("VK_ICD_FILENAMES", "/nonexistent");
    let said = said(command.spawn().unwrap());
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.contains("there is no software Vulkan device here"), "{}", said.err);
    assert!(!user.home().join("cache").exists());
}

#[test]
fn the_loss_of_a_device_is_in_journal_and_commit_and_the_study_continues() {
    let user = user();
    let said = said(on_software(&user, &["run", "--study", "night"]).spawn().unwrap());
    if said.err.contains("there is no software Vulkan device here") {
        return skip("there is no software Vulkan device");
    }
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("on software Vulkan\n"), "{}", said.out);
    user.nothing_survives();
    assert_eq!(user.outcomes(), ["measured", "crashed", "crashed"]);
    let lost = "device lost: Parent device is lost (exit code 101)";
    assert_eq!(reasons(&user), ["", lost, lost]);
    let branch = user.branches().into_keys().find(|name| name.starts_with("trial/night/1-")).unwrap();
    let message = user.branch(&branch).message().unwrap().replace('\n', " ");
    assert!(message.contains(lost), "{message}");
    // Each run was given its device, and the driver is known.
    let log = fs::read_to_string(of_study(&user, "trials/0/train.log")).unwrap();
    assert!(log.lines().next().unwrap().contains("AUTORESEARCH_DEVICE=software"), "{log}");
    let shown = user.autoresearch(&["show", "0"]).well();
    assert!(shown.contains("  device       none; "), "{shown}");
}

#[test]
fn a_study_that_continues_on_another_device_says_so() {
    let user = user();
    user.autoresearch(&["run", "--study", "night", "--trials", "0"]).well();
    let said = said(on_software(&user, &["run", "--study", "night"]).spawn().unwrap());
    if said.err.contains("there is no software Vulkan device here") {
        return skip("there is no software Vulkan device");
    }
    let words = "started on the processor and continues on software Vulkan";
    assert!(said.out.contains(words) || said.err.contains(words), "{}\n{}", said.out, said.err);
}

/// A study on the software driver that this file names, so that a test can take it away and bring it back.
fn on_driver(user: &User, driver: &Path) -> Child {
    let mut command = on_software(user, &["run", "--study", "night"]);
    command.env("VK_DRIVER_FILES", driver).env("VK_ICD_FILENAMES", driver);
    command.spawn().unwrap()
}

#[test]
#[ignore = "takes 80 seconds: it waits for a device"]
fn a_device_that_stays_away_ends_the_run_and_nothing_is_lost() {
    let mut drivers =
        fs::read_dir("/usr/share/vulkan/icd.d").into_iter().flatten().map(|entry| entry.unwrap().path());
    let Some(lavapipe) = drivers.find(|path| path.to_str().unwrap().contains("/lvp_icd.")) else {
        return skip("there is no lavapipe");
    };
    let user = user();
    let driver = user.home().join("driver.json");
    fs::copy(&lavapipe, &driver).unwrap();
    let run = on_driver(&user, &driver);
    let events = of_study(&user, "events.jsonl");
    wait_until("the baseline is measured", || {
        fs::read_to_string(&events).is_ok_and(|text| text.contains("trial-ended"))
    });
    fs::remove_file(&driver).unwrap();
    let said = said(run);
    assert_eq!(said.code, Some(6), "{}\n{}", said.out, said.err);
    for words in [
        "device software does not work: there is no device software",
        "the last run on it was trial ",
        "Parent device is lost",
        "/train.log",
        "`run` continues from there",
    ] {
        assert!(said.err.contains(words), "{words:?} is not in: {}", said.err);
    }
    assert_eq!(said.out.matches("trying again in").count(), 3, "{}", said.out);
    user.nothing_survives();

    fs::copy(&lavapipe, &driver).unwrap();
    let out = on_driver(&user, &driver);
    assert!(super::support::said(out).out.contains("Nothing is left to try"));
    assert_eq!(user.outcomes().len(), 3);
}
