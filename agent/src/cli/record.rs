//! `record`: a table of results, measured on a repository's own programs.

use anyhow::Result;

use super::args::RecordArgs;
use super::exit::Exit;
use super::runtime::block_on;
use crate::project::Typed;
use crate::runs::Interruption;
use crate::survey::open_table;

/// Measures what is missing from the table.
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
            anstream::println!("\n{path} has the results so far; run the same command to continue")
        }
    }
    Ok(if end == Some(Interruption::AtOnce) { Exit::Interrupted } else { Exit::Success })
}
