//! `pack` and `unpack`: the runs of a study that take place elsewhere.

use std::path::Path;

use anyhow::Result;

use super::args::StudyArgs;
use super::exit::Exit;
use super::run::{sum_up, typed, why};
use super::runtime::block_on;
use crate::campaign::{Batch, Campaign, End, Typed, UserError, read_study};
use crate::repo::Repo;

/// Fills a folder with programs that are to be trained elsewhere.
pub(crate) fn pack(repo: &Path, out: &Path, args: &StudyArgs) -> Result<Exit> {
    let folder = Batch::folder(out)?;
    let end = block_on(async {
        let mut campaign = Campaign::open(repo, &typed(args))?;
        campaign.introduce();
        campaign.pack(&folder, args.trials).await
    })?;
    anstream::println!("{}", why(end));
    Ok(if end == End::AtOnce { Exit::Interrupted } else { Exit::Success })
}

/// Takes the results of such a folder in.
pub(crate) fn unpack(out: &Path, repo: &Path) -> Result<Exit> {
    let batch = Batch::read(out)?;
    // Where there is no such study, none is begun.
    read_study(&Repo::open(repo).map_err(UserError::from_error)?, Some(&batch.study))?;
    let typed = Typed { study: Some(batch.study.clone()), ..Typed::default() };
    block_on(async {
        let mut campaign = Campaign::open(repo, &typed)?;
        let end = campaign.unpack(&batch, out)?;
        sum_up(&campaign, end, repo)?;
        Ok(Exit::Success)
    })
}
