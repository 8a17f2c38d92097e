//! `run`: a study on a repository, from the beginning or from where it stopped.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::StudyArgs;
use super::exit::Exit;
use super::runtime::block_on;
use crate::campaign::{Campaign, End};
use crate::project::Typed;
use crate::report::{progress_plot, summary};
use crate::study::{Finish, study_branch};

/// Runs the study and prints its summary.
pub(crate) fn run(repo: &Path, args: &StudyArgs) -> Result<Exit> {
    block_on(async {
        let mut campaign = Campaign::open(repo, &typed(args))?;
        campaign.introduce();
        let end = campaign.run().await?;
        sum_up(&campaign, why(end), repo)?;
        Ok(if end == End::AtOnce { Exit::Interrupted } else { Exit::Success })
    })
}

/// The typed arguments, in the form that a campaign takes.
pub(super) fn typed(args: &StudyArgs) -> Typed {
    Typed {
        study: args.study.clone(),
        budget: args.budget.clone(),
        trials: args.trials,
        time: args.time.map(|span| span.0),
        seed: args.seed,
        search: args.search.clone(),
        slots: args.slots,
        learn_from: args.learn_from.clone(),
        search_only: false,
    }
}

/// Prints the state of a study, and where to read more.
pub(super) fn sum_up(campaign: &Campaign, why: &str, repo: &Path) -> Result<()> {
    if let Some(plot) = progress_plot(&campaign.study) {
        std::fs::write(campaign.plot_path(), plot).context("cannot write the progress plot")?;
    }
    anstream::println!("\n{why}\n\n{}", summary(&campaign.study, &campaign.audited_before));
    let repo = repo.display();
    let study_branch = study_branch(&campaign.study.started.study);
    match campaign.main_waits() {
        Some(why) => anstream::println!(
            "{why}\nthe discoveries meanwhile: git -C {repo} log --first-parent {study_branch}\nto take them then:         \
             git -C {repo} merge --ff-only {study_branch}\n"
        ),
        None if campaign.study.merges.is_empty() => {
            anstream::println!("the best so far:  autoresearch best {repo}");
        }
        None => {
            anstream::println!(
                "the discoveries:  git -C {repo} log --first-parent {}",
                campaign.main_branch()
            );
        }
    }
    anstream::println!("the whole search: git -C {repo} log --all --graph --oneline");
    anstream::println!("a plot of it:     {}", campaign.plot_path().display());
    Ok(())
}

pub(super) fn why(end: End) -> &'static str {
    match end {
        End::Finished(Finish::AllTrialsRun) => "All trials are done; to continue, give a larger --trials.",
        End::Finished(Finish::Converged) => {
            "The study has converged: nothing has been merged for a long time."
        }
        End::Finished(Finish::BaselineFailed) => "The untouched program does not run.",
        End::NothingLeft => "Nothing is left to try.",
        End::Finished(Finish::TimeIsUp) => "The time is up; `run` continues from here.",
        End::Asked => "Stopped as asked; `run` continues from here.",
        End::AtOnce => "Stopped at once as asked; `run` continues from here.",
    }
}
