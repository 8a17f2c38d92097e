//! `record`: a table of results, measured on a repository's own programs.

use anyhow::Result;

use super::args::RecordArgs;
use super::exit::Exit;
use super::runtime::block_on;
use crate::campaign::{End, Typed, open_table};

/// Measures what the table lacks.
pub(crate) fn record(args: &RecordArgs) -> Result<Exit> {
    let typed = Typed {
        budget: Some(args.budget.clone()),
        time: args.time.map(|span| span.0),
        seed: Some(args.seed),
        slots: args.slots,
        ..Typed::default()
    };
    let end = block_on(async {
        let mut table = open_table(&args.repo, &args.table, &args.sites, args.seeds as usize, &typed)?;
        table.introduce();
        table.fill().await
    })?;
    let path = args.table.display();
    match end {
        None => anstream::println!("\n{path} is complete"),
        Some(_) => {
            anstream::println!("\n{path} has what was measured so far; the same command goes on from there")
        }
    }
    Ok(if end == Some(End::AtOnce) { Exit::Interrupted } else { Exit::Success })
}
