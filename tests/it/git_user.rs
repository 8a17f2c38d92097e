//! What tests on kinds of repositories share: commands as a user of git types them, and what `doctor` and `run` have to
//! agree on.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{RECIPE_ONLY, Said, User, said};

/// Exit codes, as `--help` documents them.
pub(crate) const REPOSITORY: i32 = 3;
pub(crate) const BASELINE: i32 = 4;

/// Trials after which something was merged, with the seed that a study has by default.
pub(crate) const ENOUGH: &str = "4";

/// A command of the system's, as this user would type it in the repository.
pub(crate) fn typed(user: &User, line: &str) -> Result<String, String> {
    let mut command = user.command_of(Path::new("sh"), &["-c", line]);
    let Said { code, out, err } = said(command.env_remove("GIT_CONFIG_GLOBAL").spawn().unwrap());
    if code == Some(0) { Ok(out + &err) } else { Err(format!("{line}: {out}{err}")) }
}

/// The same, of which the test is sure.
#[track_caller]
pub(crate) fn types(user: &User, line: &str) -> String {
    typed(user, line).unwrap()
}

/// The program in a folder, with the user's own git configuration.
pub(crate) fn autoresearch(user: &User, folder: &Path, words: &[&str]) -> Said {
    let mut command = user.command(words);
    said(command.current_dir(folder).env_remove("GIT_CONFIG_GLOBAL").spawn().unwrap())
}

pub(crate) fn quick() -> User {
    let user = User::quick(RECIPE_ONLY);
    user.write(
        "../.gitconfig",
        "[user]\nname = Ada\nemail = ada@example.org\n[protocol \"file\"]\nallow = always\n",
    );
    user
}

/// A repository next to the user's, which a command makes of it.
pub(crate) fn beside(user: &User, name: &str, line: &str) -> Result<PathBuf, String> {
    typed(user, line)?;
    Ok(user.home().join(name))
}

/// Asserts that `doctor` and `run` refuse a repository in the same words, and that nothing was written. Returns them.
#[track_caller]
pub(crate) fn refused(user: &User, folder: &Path, code: i32, words: &[&str]) -> String {
    let doctor = autoresearch(user, folder, &["doctor", "."]);
    let run = autoresearch(user, folder, &["run", "--trials", "2"]);
    assert_eq!((doctor.code, run.code), (Some(code), Some(code)), "{}\n{}", doctor.out, run.err);
    let told = run.err.trim().strip_prefix("error: ").unwrap_or_else(|| panic!("{}", run.err)).to_owned();
    assert!(doctor.out.contains(&told), "doctor does not say the same: {}\n{told}", doctor.out);
    for word in words {
        assert!(told.contains(word), "{word:?} is not in: {told}");
    }
    let journal = folder.join(".git/autoresearch");
    let begun =
        fs::read_dir(journal).into_iter().flatten().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(begun.count(), 0, "a study was started");
    assert!(!user.home().join("cache").exists(), "a slot was created");
    told
}

/// Asserts that `doctor` lets a study run, and that a study merges something, and main follows; both say all of this.
/// Returns what the study printed.
#[track_caller]
pub(crate) fn works(user: &User, folder: &Path, words: &[&str]) -> String {
    let doctor = autoresearch(user, folder, &["doctor", "."]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);
    let run = autoresearch(user, folder, &["run", "--trials", ENOUGH, "--study", "night"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    for word in words {
        assert!(doctor.out.contains(word), "{word:?} is not in: {}", doctor.out);
        assert!(run.out.contains(word), "{word:?} is not in: {}", run.out);
    }
    if words.is_empty() {
        assert!(!run.out.contains("warning"), "{}", run.out);
    }
    run.out
}

/// Asserts that main of a repository has followed a study, and that git finds nothing changed.
#[track_caller]
pub(crate) fn main_followed(user: &User, folder: &Path) {
    let at = folder.display();
    let git = |line: &str| types(user, &format!("git -C '{at}' {line}"));
    assert_eq!(git("rev-parse main"), git("rev-parse autoresearch/night"));
    assert!(git("log --format=%s -1 main").starts_with("merge trial"), "nothing was merged");
    assert_eq!(git("status --porcelain"), "");
}

/// The command that a message ends with.
#[track_caller]
pub(crate) fn advice(told: &str) -> &str {
    let at = told.find("git ").unwrap_or_else(|| panic!("no command in: {told}"));
    &told[at..]
}

/// A crate whose program does what is written here, and prints a loss that is best at a rate of 0.1.
pub(crate) fn program(main: &str, files: &[(&str, &str)], settings: &str) -> User {
    let text = format!(
        "const RATE: f64 = 0.05;\nfn main() {{\n    let seed: f64 = std::env::var(\"AUTORESEARCH_SEED\").unwrap().parse().unwrap();\n    \
         {main}\n    println!(\"val_loss: {{:.5}}\", 1.0 + (RATE - 0.1).abs() + seed % 7.0 * 1e-4);\n}}\n"
    );
    let all = "budget = \"6\"\nslots = 1\nsearch = \"random\"\n[metric]\nname = \"val_loss\"\npattern = 'val_loss: ([0-9.]+)'\n\
               [merge]\nnoise-repeats = 2\n[run]\nargs = [\"{seed}\", \"{budget}\"]\n";
    let user = User::new();
    user.copy_fixture("stand-in/foreign", "");
    user.write(
        "../.gitconfig",
        "[user]\nname = Ada\nemail = ada@example.org\n[protocol \"file\"]\nallow = always\n",
    );
    user.write("src/main.rs", &text);
    user.write("autoresearch.toml", &format!("{all}{settings}"));
    user.commit(files, "begin\n");
    user
}

pub(crate) fn manifest(user: &User, more: &str) {
    let text = user.read("Cargo.toml") + more;
    user.commit(&[("Cargo.toml", &text)], "manifest\n");
}
