//! Packs a batch: programs are proposed, committed and built as usual, and what is to be trained goes into a folder
//! that can be copied to a machine without a compiler.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::list::{BINARIES, Batch, ORDERS, Ordered};
use crate::campaign::{Campaign, End};
use crate::evaluator::MetricSource;
use crate::project::UserError;
use crate::runs::Order;
use crate::study::{Ending, Outlook, Purpose, Run, Work};

/// Trials of a batch if no number is typed.
const TRIALS: u32 = 16;
/// There is at least one repeat for this many trials.
const TRIALS_TO_A_REPEAT: usize = 4;
/// Seconds that a run may take if nothing limits it.
const NO_LIMIT: u64 = 24 * 3600;

/// Runs the orders. `@LIMIT@`, `@ENVIRONMENT@` and `@ARGUMENTS@` stand for what differs from batch to batch.
const SCRIPT: &str = include_str!("run.sh");

const README: &str = "\
To train these programs, copy this folder to the training machine and start `sh run.sh` there. It needs sh, gzip and a \
driver, and passes AUTORESEARCH_DEVICE on.
It can be stopped at any time, and continues when started again. Its results are in out/; only those need to come back.
Then, where this was packed, put out/ back into this folder, and run `autoresearch unpack FOLDER REPOSITORY`.
";

/// The result of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    /// The folder is a batch.
    Whole,
    /// There was nothing to pack, or the user stopped it first.
    Nothing(End),
}

/// Fills the folder of a batch with all runs that do not depend on each other's results. `trials` is the typed total.
pub(crate) async fn pack(campaign: &mut Campaign, folder: &Path, trials: Option<u32>) -> Result<Packed> {
    if matches!(campaign.options.metric.source, MetricSource::BurnTrain { .. }) {
        return Err(UserError::new(
            "a metric in files (`metric.log`) does not come back from another machine; find it in the output with \
             `metric.pattern`",
        )
        .into());
    }
    if let Some(link) = campaign.evaluator.plan.data.first() {
        return Err(UserError::new(format!(
            "{} (`run.data`) would be missing on another machine: a program that is trained elsewhere has its data in itself",
            link.path
        ))
        .into());
    }
    campaign.fetch().await?;
    campaign.look_at_main()?;
    let most = campaign.options.rules.trials.unwrap_or(u32::MAX);
    let sixteen_more = campaign.study.next_trial().saturating_sub(1).saturating_add(TRIALS);
    campaign.options.rules.trials = trials.or(Some(sixteen_more.min(most)));
    let batch = Batch { study: campaign.study.started.study.clone(), runs: Vec::new() };
    let mut packing = Packing { binaries: folder.join(BINARIES), batch, campaign };
    let end = packing.fill().await?;
    let is_worth_it = packing.campaign.study.next_trial() > 1 && !packing.batch.runs.is_empty();
    if end == End::AtOnce || !is_worth_it {
        return packing.campaign.stopped(end.as_str()).map(|()| Packed::Nothing(end));
    }
    packing.add_repeats().await?;
    packing.batch.arrange(packing.campaign.study.base);
    packing.write(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
    let runs = packing.batch.runs.len();
    campaign.live.line(&format!("\n{runs} runs are packed in {}", folder.display()));
    campaign.stopped("packed").map(|()| Packed::Whole)
}

/// A batch that is being filled.
struct Packing<'a> {
    campaign: &'a mut Campaign,
    batch: Batch,
    /// Folder of the binaries.
    binaries: PathBuf,
}

impl Packing<'_> {
    async fn fill(&mut self) -> Result<End> {
        loop {
            if let Some(end) = self.campaign.interrupt.end() {
                return Ok(end.into());
            }
            let run = match self.next_in_batch(self.campaign.interrupt.time_over()) {
                Work::Finish(finish) => return Ok(End::Finished(finish)),
                Work::Propose => match self.campaign.propose()? {
                    Some(trial) => Run::Trial(trial),
                    None => match self.next_in_batch(1.0) {
                        Work::Run(run) => run,
                        _ => return Ok(End::NothingLeft),
                    },
                },
                Work::Run(run) => run,
                Work::Wait => unreachable!("nothing waits in a batch"),
            };
            self.add(run).await?;
        }
    }

    fn next_in_batch(&self, time: f64) -> Work {
        let outlook = Outlook { favourite: &|| self.campaign.favourite(), time, ends_soon: false };
        self.campaign.study.next_in_batch(&self.campaign.options.rules, outlook, &self.batch.which())
    }

    /// Repeats of the incumbent in addition to those of the baseline that the study wants, so that there are enough of
    /// them between the trials to see a drift.
    async fn add_repeats(&mut self) -> Result<()> {
        let trials = self.batch.runs.iter().filter(|run| matches!(run.run, Run::Trial(_))).count();
        let repeat = Run::Again { trial: self.campaign.study.incumbent, purpose: Purpose::Noise };
        for _ in self.batch.repeats()..trials / TRIALS_TO_A_REPEAT {
            self.add(repeat).await?;
        }
        Ok(())
    }

    /// Adds a run, and builds its program unless it is already in the batch. What fails before training ends here.
    async fn add(&mut self, run: Run) -> Result<()> {
        let order = self.campaign.order(run, &self.batch.which())?;
        let mut ordered = Ordered {
            run,
            trial: run.trial(),
            program: order.program.to_string(),
            seed: order.seed,
            budget: self.campaign.options.budget.clone(),
            build_seconds: 0.0,
            smoke_seconds: 0.0,
        };
        let title = order.title.clone();
        if !self.batch.runs.iter().any(|other| other.program == ordered.program) {
            self.campaign.start_order(Order { pack_into: Some(self.binaries.clone()), ..order });
            let made = self.campaign.next_result().await.expect("it was just started")?;
            if made.measurement.ending != Ending::Completed {
                return self.campaign.take_in(made);
            }
            ordered.build_seconds = made.measurement.build_seconds;
            ordered.smoke_seconds = made.measurement.smoke_seconds;
        }
        self.campaign.live.line(&format!("packed     {title}"));
        self.batch.runs.push(ordered);
        Ok(())
    }

    /// The orders come last: without them the folder is not a batch.
    fn write(&self, folder: &Path) -> std::io::Result<()> {
        let plan = &self.campaign.evaluator.plan;
        let limit = plan.limits.train.deadline.map_or(NO_LIMIT, |limit| limit.as_secs().max(1));
        let arguments: Vec<String> = plan.arguments.iter().map(|word| quoted(word)).collect();
        let variables = plan.environment.iter();
        let variables: Vec<String> =
            variables.map(|(name, value)| quoted(&format!("{name}={value}"))).collect();
        let script = SCRIPT
            .replace("@LIMIT@", &limit.to_string())
            .replace("@ENVIRONMENT@", &variables.join(" "))
            .replace("@ARGUMENTS@", &arguments.join(" "));
        fs::write(folder.join("run.sh"), script)?;
        fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o755))?;
        fs::write(folder.join("README.txt"), README)?;
        fs::write(folder.join(ORDERS), self.batch.to_text())
    }
}

/// An argument of the program for the script, which knows the seed and the budget of each run.
fn quoted(word: &str) -> String {
    let word = word.replace('\'', r"'\''");
    format!("'{}'", word.replace("{seed}", "'\"$seed\"'").replace("{budget}", "'\"$budget\"'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_reach_the_program_whatever_is_in_them() {
        assert_eq!(quoted("--seed={seed}"), "'--seed='\"$seed\"''");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
