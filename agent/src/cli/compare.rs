//! `compare`: search methods side by side, and a recipe written by hand beside them.

use std::path::Path;

use anyhow::Result;

use super::args::CompareArgs;
use super::demo;
use super::exit::Exit;
use super::run::why;
use super::runtime::block_on;
use crate::campaign::{Contest, End, TARGET, UserError, make_aside};
use crate::repo::Repo;

/// Runs what the folder lacks, and prints the table.
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
        Ok(comparison) => {
            let folder = args.out.display();
            anstream::println!(
                "\n{}\nthe same, and the curves: {folder}/compare.md, {folder}/compare.json",
                comparison.to_markdown()
            );
            Exit::Success
        }
        Err(end @ (End::Asked | End::AtOnce)) => {
            anstream::println!("\nStopped as asked; the same command goes on from here.");
            if end == End::AtOnce { Exit::Interrupted } else { Exit::Success }
        }
        // Nothing else ends a study before its last trial than a baseline that fails.
        Err(end) => return Err(UserError::baseline(why(end)).into()),
    })
}

/// Puts the untouched target into the folder, once: all that is compared begins from it, and from no other.
fn make_target(repo: Option<&Path>, out: &Path) -> Result<()> {
    let target = out.join(TARGET);
    let repo = repo.map(Repo::open).transpose().map_err(UserError::from_error)?;
    if target.exists() {
        let begun = Repo::open(&target).map_err(UserError::from_error)?;
        return match repo {
            Some(repo) if repo.main_head()? != begun.main_head()? => Err(UserError::new(format!(
                "the comparison in {} was begun with another commit than {} is at now; leave the repository out to go \
                 on with that, or give another --out",
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
