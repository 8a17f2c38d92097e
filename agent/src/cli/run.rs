//! `run`: a study on a repository, from its beginning or from where it was.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::StudyArgs;
use super::exit::Exit;
use super::runtime::block_on;
use crate::campaign::{Campaign, End, Typed};
use crate::report::{progress_plot, summary};
use crate::study::Finish;

/// Runs the study and prints its summary.
pub(crate) fn run(repo: &Path, args: &StudyArgs) -> Result<Exit> {
    block_on(async {
        let mut campaign = Campaign::open(repo, &typed(args))?;
        campaign.introduce();
        let end = campaign.run().await?;
        sum_up(&campaign, end, repo)?;
        Ok(if end == End::AtOnce { Exit::Interrupted } else { Exit::Success })
    })
}

/// What was typed, as a campaign takes it.
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

/// Says how a study stands, and where to read on.
pub(super) fn sum_up(campaign: &Campaign, end: End, repo: &Path) -> Result<()> {
    if let Some(plot) = progress_plot(&campaign.study) {
        std::fs::write(campaign.plot_path(), plot).context("cannot write the progress plot")?;
    }
    anstream::println!("\n{}\n\n{}", why(end), summary(&campaign.study, &campaign.audited_before));
    if let Some(trial) = campaign.favourite() {
        anstream::println!("not proved, but what the search takes for the best: trial {trial}\n");
    }
    anstream::println!(
        "the discoveries:  git -C {} log --first-parent {}",
        repo.display(),
        campaign.main_branch()
    );
    anstream::println!("the whole search: git -C {} log --all --graph --oneline", repo.display());
    anstream::println!("a plot of it:     {}", campaign.plot_path().display());
    Ok(())
}

pub(super) fn why(end: End) -> &'static str {
    match end {
        End::Finished(Finish::AllTrialsRun) => "All trials were run; a larger --trials goes on.",
        End::Finished(Finish::Converged) => "The study has converged: nothing was merged for a long time.",
        End::Finished(Finish::BaselineFailed) => "The untouched program does not run.",
        End::NothingLeft => "Nothing is left that was not tried.",
        End::Finished(Finish::TimeIsUp) => "The time is up; `run` goes on from here.",
        End::Asked => "Stopped as asked; `run` goes on from here.",
        End::AtOnce => "Stopped at once as asked; `run` goes on from here.",
        End::Packed => "Its README.txt says how it is run; `unpack` takes the results in.",
        End::Unpacked => "What came back is in the journal; `run` and `pack` go on from here.",
    }
}
