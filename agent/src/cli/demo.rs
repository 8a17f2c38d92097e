//! `new` and `demo`: a repository made from the embedded target project.

use std::path::Path;

use anyhow::Result;

use super::args::StudyArgs;
use super::exit::Exit;
use crate::campaign::UserError;
use crate::repo::{Repo, Timestamp};

/// The files of the target project, by their path in it.
macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../target-project/", $path)).as_slice())),*]
    };
}

/// The target project, file by file.
pub(crate) const TARGET: &[(&str, &[u8])] = embedded![
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "autoresearch.toml",
    "data/README.md",
    "data/test.txt",
    "data/train.txt",
    "data/validation.txt",
    "presets/human.toml",
    "src/agreement.rs",
    "src/clock.rs",
    "src/data.rs",
    "src/device.rs",
    "src/evaluation.rs",
    "src/main.rs",
    "src/model.rs",
    "src/options.rs",
    "src/random.rs",
    "src/recipe.rs",
    "src/recipe/medium.rs",
    "src/recipe/small.rs",
    "src/report.rs",
    "src/tables.rs",
    "src/train.rs",
];

/// What the repository's one commit says.
const MESSAGE: &str = "a small GPT, plain enough to be improved\n";

/// Makes the repository without a word.
pub(super) fn make(dir: &Path) -> Result<()> {
    Repo::create(dir, TARGET, MESSAGE, Timestamp::now()).map_err(UserError::from_error)?;
    Ok(())
}

/// Makes the repository.
pub(crate) fn new(dir: &Path) -> Result<()> {
    make(dir)?;
    anstream::println!("made a repository of the embedded target project in {}", dir.display());
    Ok(())
}

/// Makes the repository, unless a study is there already, and runs a study on it.
pub(crate) fn demo(dir: &Path, args: &StudyArgs) -> Result<Exit> {
    if !dir.join(".git/autoresearch").exists() {
        new(dir)?;
    }
    super::run::run(dir, args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_target_project_that_git_tracks_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target-project");
        let mut found = Vec::new();
        let mut folders = vec![folder.clone()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
                let path = entry.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                match entry.is_dir() {
                    true if path != "target" => folders.push(entry),
                    true => {}
                    false => found.push(path),
                }
            }
        }
        found.sort();
        assert_eq!(found, TARGET.iter().map(|(path, _)| (*path).to_owned()).collect::<Vec<_>>());
    }
}
