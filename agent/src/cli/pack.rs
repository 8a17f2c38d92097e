//! `pack` and `unpack`: the runs of a study that take place elsewhere.

use std::path::Path;

use anyhow::Result;

use super::args::StudyArgs;
use super::exit::Exit;
use super::run::{sum_up, typed, why};
use super::runtime::block_on;
use crate::batch::{self, Batch, Packed};
use crate::campaign::{Campaign, End, read_study};
use crate::project::{Typed, UserError};
use crate::repo::Repo;

/// Fills a folder with programs to be trained elsewhere.
pub(crate) fn pack(repo: &Path, out: &Path, args: &StudyArgs) -> Result<Exit> {
    let folder = Batch::folder(out)?;
    let packed = block_on(async {
        let mut campaign = Campaign::open(repo, &typed(args))?;
        campaign.introduce();
        batch::pack(&mut campaign, &folder, args.trials).await
    })?;
    anstream::println!(
        "{}",
        match packed {
            Packed::Whole => "Its README.txt says how to run it; `unpack` imports the results.",
            Packed::Nothing(end) => why(end),
        }
    );
    Ok(if packed == Packed::Nothing(End::AtOnce) { Exit::Interrupted } else { Exit::Success })
}

/// Imports the results of such a folder.
pub(crate) fn unpack(out: &Path, repo: &Path) -> Result<Exit> {
    let batch = Batch::read(out)?;
    // Fails if there is no such study, so that none is started.
    read_study(&Repo::open(repo).map_err(UserError::from_error)?, Some(&batch.study))?;
    let typed = Typed { study: Some(batch.study.clone()), ..Typed::default() };
    block_on(async {
        let mut campaign = Campaign::open(repo, &typed)?;
        batch::unpack(&mut campaign, &batch, out)?;
        sum_up(&campaign, "The results are in the journal; `run` and `pack` continue from here.", repo)?;
        Ok(Exit::Success)
    })
}
