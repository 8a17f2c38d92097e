//! `new` and `demo`: a repository made from the embedded target project.

use std::path::Path;

use anyhow::Result;

use super::args::StudyArgs;
use super::exit::Exit;
use crate::project::UserError;
use crate::repo::{Repo, Timestamp};

/// The files of the target project, sorted by path. `build.rs` lists them.
pub(crate) const TARGET: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/target.rs"));

/// Message of the repository's only commit.
const MESSAGE: &str = "a small GPT, plain enough to be improved\n";

/// Creates the repository, and prints nothing.
pub(super) fn make(dir: &Path) -> Result<()> {
    Repo::create(dir, TARGET, MESSAGE, Timestamp::now()).map_err(UserError::from_error)?;
    Ok(())
}

/// Creates the repository, and says so.
pub(crate) fn new(dir: &Path) -> Result<()> {
    make(dir)?;
    anstream::println!("created a repository from the embedded target project in {}", dir.display());
    Ok(())
}

/// Creates the repository, unless it already has a study, and runs a study on it.
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
    fn every_file_of_the_target_project_is_embedded_but_no_build_output() {
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
