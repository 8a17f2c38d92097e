//! What a new study takes over from earlier ones: those of its repository, and of other repositories that were named.
//! It is kept next to the journal, so that a resumed study knows the same.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::journal::{self, Folder, Recorded};
use crate::policy::{Earlier, Method, Notebook};
use crate::project::{Options, UserError};
use crate::repo::Repo;

/// Name of the file.
const EARLIER: &str = "earlier.json";

/// Gathers and saves what the study `name` of `repo` knows when it starts.
pub(super) fn gather(
    repo: &Repo,
    name: &str,
    folder: &Folder,
    options: &Options,
    others: &[PathBuf],
) -> Result<()> {
    if options.method != Method::Ppo {
        return match others.first() {
            None => Ok(()),
            Some(_) => {
                let method = options.method;
                let words = format!("--learn-from is for ppo; {method} does not learn from other studies");
                Err(UserError::new(words).into())
            }
        };
    }
    let mut earlier = of_repository(repo, options, Some(name));
    for path in others {
        let other = Repo::open(path).map_err(UserError::from_error)?;
        let found = of_repository(&other, options, None);
        if found.is_empty() {
            let (path, metric) = (path.display(), &options.metric.name);
            let words =
                format!("no study of {path} has results in {metric}, so there is nothing to learn from it");
            return Err(UserError::new(words).into());
        }
        earlier.extend(found);
    }
    // A study of this name that never started may have left something.
    if earlier.is_empty() && kept(folder)?.is_empty() {
        return Ok(());
    }
    folder
        .save_blob(EARLIER, &serde_json::to_vec(&earlier)?)
        .context("cannot save what earlier studies found")
}

/// What was saved when the study started.
pub(super) fn kept(folder: &Folder) -> Result<Vec<Earlier>> {
    let Some(bytes) = folder.load_blob(EARLIER)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&bytes)
        .with_context(|| format!("cannot read {EARLIER} in {}", folder.path().display()))
}

/// The studies of a repository that measured the same metric, oldest first.
fn of_repository(repo: &Repo, options: &Options, except: Option<&str>) -> Vec<Earlier> {
    let metric = &options.metric;
    let is_alike = |recorded: &Recorded| {
        let (study, started) = (&recorded.study, &recorded.study.started);
        let same = (&started.metric, started.maximise) == (&metric.name, metric.maximise);
        same && study.has_begun() && Some(started.study.as_str()) != except
    };
    let earlier = |recorded: Recorded| {
        let mut notebook = Notebook::default();
        recorded.events.iter().for_each(|event| notebook.apply(event));
        let title = format!("{} of {}", recorded.study.started.study, repo.root().display());
        Earlier::new(&title, notebook.programs())
    };
    journal::readable(&repo.journal_dir()).into_iter().filter(is_alike).map(earlier).collect()
}
