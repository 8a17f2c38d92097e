//! `compare`: search methods side by side, and a recipe written by hand beside them.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::CompareArgs;
use super::demo;
use super::exit::Exit;
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
    make_target(args.repo.as_deref(), &args.out)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let _inside = runtime.enter();
    Ok(match runtime.block_on(contest.run())? {
        Ok(comparison) => {
            let folder = args.out.display();
            anstream::println!(
                "\n{}\nthe same, and the curves: {folder}/compare.md, {folder}/compare.json",
                comparison.to_markdown()
            );
            Exit::Success
        }
        Err(end) => {
            anstream::println!("\nStopped as asked; the same command goes on from here.");
            if end == End::AtOnce { Exit::Interrupted } else { Exit::Success }
        }
    })
}

/// Puts the untouched target into the folder, once: all that is compared begins from it.
fn make_target(repo: Option<&Path>, out: &Path) -> Result<()> {
    let target = out.join(TARGET);
    if target.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    make_aside(&target, |aside| match repo {
        None => demo::make(aside),
        Some(repo) => {
            let repo = Repo::open(repo).map_err(UserError::from_error)?;
            Ok(repo.clone_main(aside).map(drop).map_err(UserError::from_error)?)
        }
    })
}
