//! Journals that this program did not just write: of earlier versions, and damaged ones.

use std::fs;

use super::support::{RECIPE_ONLY, User};

/// A journal as it was written before outcomes were called better and worse: 12 trials, seven of them pruned, and a merge.
const EARLIER: &str = "../tests/testdata/earlier/events.jsonl";

fn with_earlier_journal() -> User {
    let user = User::quick(RECIPE_ONLY);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(EARLIER);
    user.write(".git/autoresearch/night/events.jsonl", &fs::read_to_string(path).unwrap());
    user
}

#[test]
fn a_journal_of_an_earlier_version_is_read() {
    let user = with_earlier_journal();
    let log = user.autoresearch(&["log"]).well();
    for word in ["12 trials and the baseline", "7 pruned", "[merged]", "better", "vs main"] {
        assert!(log.contains(word), "{word} is not in:\n{log}");
    }
    for trial in 0..=12 {
        user.autoresearch(&["show", &trial.to_string()]).well();
    }
    let out = user.autoresearch(&["run", "--trials", "1", "--study", "new", "--search", "ppo"]).well();
    assert!(out.contains("it learns from study night"), "{out}");
}

/// A line that parses and cannot be true: a trial ends that never started.
#[test]
fn a_journal_that_lies_is_an_error_with_file_and_line_in_every_command() {
    let user = User::quick(RECIPE_ONLY);
    user.autoresearch(&["run", "--trials", "2", "--study", "night"]).well();
    let path = ".git/autoresearch/night/events.jsonl";
    let journal = user.read(path);
    let lie = journal.lines().position(|line| line.contains("\"trial-ended\"")).unwrap();
    let lines: Vec<String> = journal
        .lines()
        .enumerate()
        .map(
            |(nth, line)| {
                if nth == lie { line.replacen("\"trial\":0", "\"trial\":7", 1) } else { line.to_owned() }
            },
        )
        .collect();
    user.write(path, &format!("{}\n", lines.join("\n")));
    let before = (user.read(path), user.branches(), user.status());
    let folder = user.home().join("batch");
    let repo = user.path();
    let (folder, repo) = (folder.to_str().unwrap(), repo.to_str().unwrap());
    for words in [
        &["run"][..],
        &["run", "--study", "night"],
        &["log"],
        &["log", "--json"],
        &["show", "0"],
        &["pack", ".", folder],
        &["doctor", repo],
        &["bench", "stopping", "--curves", repo],
    ] {
        let said = user.autoresearch(words);
        let all = format!("{}{}", said.out, said.err);
        assert!(
            all.contains(&format!("line {} of ", lie + 1)) && all.contains("night/events.jsonl"),
            "{words:?}: {all}"
        );
        assert!(!all.contains("panicked"), "{words:?}: {all}");
        assert_ne!(said.code, Some(0), "{words:?}: {all}");
    }
    assert_eq!((user.read(path), user.branches(), user.status()), before, "something was changed");
    let out = user.autoresearch(&["run", "--study", "another", "--trials", "1"]).well();
    assert!(out.contains("an earlier study is left out") && out.contains("night/events.jsonl"), "{out}");
}
