//! A batch is packed: programs are proposed, committed and built as ever, and what is to be trained goes into a folder
//! that can be carried to a machine without a compiler.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::batch::{BINARIES, Batch, ORDERS, Ordered};
use super::slots::Order;
use super::{Campaign, End, UserError};
use crate::evaluator::MetricSource;
use crate::study::{Ending, Outlook, Purpose, Run, Work};

/// Trials of a batch, where no number is typed.
const TRIALS: u32 = 16;
/// Among so many trials there is a repeat at least.
const TRIALS_TO_A_REPEAT: usize = 4;
/// Seconds that a run may take where nothing limits it.
const NO_LIMIT: u64 = 24 * 3600;

/// Runs the orders. `@LIMIT@` and `@ARGUMENTS@` stand for what differs from batch to batch.
const SCRIPT: &str = include_str!("run.sh");

const README: &str = "\
To train what is in here: carry this folder to the machine that is to do it, and start `sh run.sh` there. It needs sh, \
gzip and a driver, and passes AUTORESEARCH_DEVICE on.
It can be stopped at any time, and goes on when it is started again. What it leaves is in out/; the rest need not come back.
Then, where this was packed: put out/ into this folder, and type `autoresearch unpack FOLDER REPOSITORY`.
";

impl Campaign {
    /// Fills the folder of a batch with all that can be run before any of it has a result. `trials` is the total as typed.
    pub(crate) async fn pack(&mut self, folder: &Path, trials: Option<u32>) -> Result<End> {
        if matches!(self.options.metric.source, MetricSource::BurnTrain { .. }) {
            return Err(UserError::new(
                "a metric that lies in files (`metric.log`) does not come back from elsewhere; find it in the output with \
                 `metric.pattern`",
            )
            .into());
        }
        self.fetch().await?;
        self.look_at_main()?;
        let most = self.options.rules.trials.unwrap_or(u32::MAX);
        let sixteen_more = self.study.next_trial().saturating_sub(1).saturating_add(TRIALS);
        self.options.rules.trials = trials.or(Some(sixteen_more.min(most)));
        let mut batch = Batch { study: self.study.started.study.clone(), runs: Vec::new() };
        let end = self.fill(&mut batch, &folder.join(BINARIES)).await?;
        let is_worth_it = self.study.next_trial() > 1 && !batch.runs.is_empty();
        if end == End::AtOnce || !is_worth_it {
            return self.stopped(end);
        }
        self.add_repeats(&mut batch, &folder.join(BINARIES)).await?;
        batch.arrange(self.study.base);
        self.write(&batch, folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        self.live.line(&format!("\n{} runs are packed in {}", batch.runs.len(), folder.display()));
        self.stopped(End::Packed)
    }

    async fn fill(&mut self, batch: &mut Batch, binaries: &Path) -> Result<End> {
        loop {
            if let Some(end) = self.interrupt.end() {
                return Ok(end);
            }
            let run = match self.next_in_batch(self.interrupt.time_over(), batch) {
                Work::Finish(finish) => return Ok(End::Finished(finish)),
                Work::Propose => match self.propose()? {
                    Some(trial) => Run::Trial(trial),
                    None => match self.next_in_batch(1.0, batch) {
                        Work::Run(run) => run,
                        _ => return Ok(End::NothingLeft),
                    },
                },
                Work::Run(run) => run,
                Work::Wait => unreachable!("nothing waits in a batch"),
            };
            self.add(batch, run, binaries).await?;
        }
    }

    fn next_in_batch(&self, time: f64, batch: &Batch) -> Work {
        let outlook = Outlook { favourite: &|| self.favourite(), time, ends_soon: false };
        self.study.next_in_batch(&self.options.rules, outlook, &batch.which())
    }

    /// Repeats of the incumbent beside those that the study wants of the baseline, so that there are enough of them
    /// between the trials to see a drift.
    async fn add_repeats(&mut self, batch: &mut Batch, binaries: &Path) -> Result<()> {
        let trials = batch.runs.iter().filter(|run| matches!(run.run, Run::Trial(_))).count();
        let repeat = Run::Again { trial: self.study.incumbent, purpose: Purpose::Noise };
        for _ in batch.repeats()..trials / TRIALS_TO_A_REPEAT {
            self.add(batch, repeat, binaries).await?;
        }
        Ok(())
    }

    /// Adds a run, whose program is built unless it is in the batch already. What fails before it is trained ends here.
    async fn add(&mut self, batch: &mut Batch, run: Run, binaries: &Path) -> Result<()> {
        let order = self.order(run, &batch.which())?;
        let mut ordered = Ordered {
            run,
            trial: run.trial(),
            program: order.program.to_string(),
            seed: order.seed,
            budget: self.options.budget.clone(),
            build_seconds: 0.0,
            smoke_seconds: 0.0,
        };
        let title = order.title.clone();
        if !batch.runs.iter().any(|other| other.program == ordered.program) {
            self.start_order(Order { pack_into: Some(binaries.to_owned()), ..order });
            let made = self.next_result().await.expect("it was just started")?;
            if made.measurement.ending != Ending::Completed {
                return self.take_in(made);
            }
            ordered.build_seconds = made.measurement.build_seconds;
            ordered.smoke_seconds = made.measurement.smoke_seconds;
        }
        self.live.line(&format!("packed     {title}"));
        batch.runs.push(ordered);
        Ok(())
    }

    /// The orders come last: without them the folder is not a batch.
    fn write(&self, batch: &Batch, folder: &Path) -> std::io::Result<()> {
        let plan = &self.evaluator.plan;
        let limit = plan.limits.train.deadline.map_or(NO_LIMIT, |limit| limit.as_secs().max(1));
        let arguments: Vec<String> = plan.arguments.iter().map(|word| quoted(word)).collect();
        let script =
            SCRIPT.replace("@LIMIT@", &limit.to_string()).replace("@ARGUMENTS@", &arguments.join(" "));
        fs::write(folder.join("run.sh"), script)?;
        fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o755))?;
        fs::write(folder.join("README.txt"), README)?;
        fs::write(folder.join(ORDERS), batch.to_text())
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
