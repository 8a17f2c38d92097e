//! `compare`: search methods side by side, together with a hand-written recipe.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Result;

use super::args::CompareArgs;
use super::demo;
use super::exit::Exit;
use super::run::why;
use super::runtime::block_on;
use crate::campaign::End;
use crate::project::UserError;
use crate::repo::Repo;
use crate::survey::{Contest, TARGET, make_aside};

/// Runs what is missing from the folder, and prints the table.
pub(crate) fn compare(args: &CompareArgs) -> Result<Exit> {
    let mut methods = args.methods.clone();
    let mut named = Vec::new();
    methods.retain(|method| {
        !named.contains(method) && {
            named.push(*method);
            true
        }
    });
    let contest = Contest {
        folder: args.out.clone(),
        methods,
        trials: args.trials,
        repeats: args.repeats,
        budget: args.budget.clone(),
        slots: args.slots,
        preset: args.preset.clone(),
        check_seeds: args.check_seeds,
    };
    let lock = contest.lock()?;
    make_target(args.repo.as_deref(), &args.out)?;
    Ok(match block_on(contest.run(&lock))? {
        ControlFlow::Continue(comparison) => {
            let folder = args.out.display();
            anstream::println!(
                "\n{}\nthis table, and the curves: {folder}/compare.md, {folder}/compare.json",
                comparison.to_markdown()
            );
            Exit::Success
        }
        ControlFlow::Break(end @ (End::Asked | End::AtOnce)) => {
            anstream::println!("\nStopped as asked; run the same command to continue.");
            if end == End::AtOnce { Exit::Interrupted } else { Exit::Success }
        }
        // Only a failing baseline ends a study before its last trial.
        ControlFlow::Break(end) => return Err(UserError::baseline(why(end)).into()),
    })
}

/// Puts the untouched target into the folder, once: everything that is compared starts from it.
fn make_target(repo: Option<&Path>, out: &Path) -> Result<()> {
    let target = out.join(TARGET);
    let repo = repo.map(Repo::open).transpose().map_err(UserError::from_error)?;
    if target.exists() {
        let begun = Repo::open(&target).map_err(UserError::from_error)?;
        return match repo {
            Some(repo) if repo.main_head()? != begun.main_head()? => Err(UserError::new(format!(
                "the comparison in {} was started from a different commit than {} is at now; omit the repository to \
                 continue it, or give another --out",
                out.display(),
                repo.root().display()
            ))
            .into()),
            _ => Ok(()),
        };
    }
    make_aside(&target, |aside| match &repo {
        None => demo::make(aside),
        Some(repo) => Ok(repo.clone_main(aside).map(drop).map_err(UserError::from_error)?),
    })
}
