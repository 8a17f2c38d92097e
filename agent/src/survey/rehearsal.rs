//! A rehearsal: the untouched program is built and run for a few steps, to see whether a study could, and whether seed and
//! budget have an effect. Leaves nothing behind but a warm slot.

use anyhow::{Context, Result};
use tempfile::tempdir;

use crate::device::Adapter;
use crate::evaluator::{Job, Watch, slots_directory};
use crate::journal::Lock;
use crate::project::{Options, Project, UserError, tree};
use crate::repo::Repo;
use crate::runs::{Interrupt, evaluator, not_fetched, open_slots};
use crate::study::{Budget, CommitId, Ending, Measurement, Unit};

/// One run of it.
#[derive(Debug)]
pub(crate) struct Rehearsed {
    pub(crate) budget: Budget,
    pub(crate) seed: u64,
    pub(crate) measurement: Measurement,
    /// The line of its log that the metric was read from, if it is in the log.
    pub(crate) line: Option<String>,
}

/// What was seen; runs after one that failed are missing.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    pub(crate) first: Rehearsed,
    pub(crate) other_seed: Option<Rehearsed>,
    /// `None` also if nobody knows what a larger budget would be.
    pub(crate) larger_budget: Option<Rehearsed>,
}

impl Rehearsal {
    /// Whether two seeds gave different results.
    pub(crate) fn seed_has_an_effect(&self) -> Option<bool> {
        let (first, other) = (&self.first.measurement, &self.other_seed.as_ref()?.measurement);
        Some(first.metric != other.metric || first.curve != other.curve)
    }

    /// Whether twice the budget changed anything but the time that a run happens to take.
    pub(crate) fn budget_has_an_effect(&self) -> Option<bool> {
        let (first, larger) = (&self.first.measurement, &self.larger_budget.as_ref()?.measurement);
        let counts = |one: &Measurement| (one.metric, one.steps, one.tokens, one.reports, one.curve.len());
        Some(counts(first) != counts(larger))
    }
}

/// Builds and runs what main holds. Must be called within the runtime.
pub(crate) async fn rehearse(
    repo: &Repo,
    commit: CommitId,
    project: &Project,
    options: &Options,
    adapters: &[Adapter],
) -> Result<Rehearsal> {
    std::fs::create_dir_all(repo.journal_dir())
        .with_context(|| format!("cannot write to {}", repo.journal_dir().display()))?;
    let _lock = Lock::take(&repo.journal_dir()).map_err(UserError::locked)?;
    let mut one = options.clone();
    one.slots = 1;
    let mut slot = open_slots(&slots_directory(repo.root()), &one, adapters)?.remove(0);
    let mut evaluator = evaluator(&one, project)?;
    let logs = tempdir().context("cannot create a temporary directory")?;
    let cancelled = Interrupt::listen(None).at_once;
    let tree = tree(repo, commit)?;
    evaluator.fetch(&slot, &tree, &logs.path().join("fetch"), &cancelled).await.map_err(not_fetched)?;
    let program = project.identity(&project.sources);
    let (short, larger) = short(&options.budget);
    let mut run = async |budget: &Budget, seed: u64| -> Result<Rehearsed> {
        one.budget = budget.clone();
        evaluator.plan = one.plan(project, None);
        let logs = logs.path().join(format!("{budget}-{seed}"));
        let job = Job { title: "the rehearsal", program: &program, tree: &tree, seed, logs: &logs };
        let mut watch = Watch {
            progress: &mut |_| {},
            prune: &mut |_| None,
            twin: &|_| None,
            cancelled: cancelled.clone(),
        };
        let measurement = evaluator.evaluate(&mut slot, &job, &mut watch).await?;
        let line = evaluator.telling_line(&logs.join("train.log"));
        Ok(Rehearsed { budget: budget.clone(), seed, measurement, line })
    };
    let first = run(&short, options.seed).await?;
    if first.measurement.ending != Ending::Completed {
        return Ok(Rehearsal { first, other_seed: None, larger_budget: None });
    }
    let other_seed = Some(run(&short, options.seed.wrapping_add(1)).await?);
    let larger_budget = match larger {
        Some(larger) => Some(run(&larger, options.seed).await?),
        None => None,
    };
    Ok(Rehearsal { first, other_seed, larger_budget })
}

/// A budget for a few steps, and twice as much; the budget itself where nobody knows what less would be.
fn short(budget: &Budget) -> (Budget, Option<Budget>) {
    let of = |amount: u64, unit: &str| Budget::from(format!("{amount}{unit}"));
    let both = |amount, unit| (of(amount, unit), Some(of(2 * amount, unit)));
    match budget.unit() {
        Some(Unit::Steps) => both(8, "steps"),
        Some(Unit::Tokens) => both(4096, "tokens"),
        Some(Unit::Seconds) => both(2, "s"),
        Some(Unit::CpuSeconds) => both(2, "cpu-s"),
        None if budget.as_str().parse::<u64>().is_ok_and(|amount| amount > 0) => both(1, ""),
        None => (budget.clone(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsal_is_short_in_the_unit_of_the_budget() {
        for (budget, first, larger) in [
            ("500steps", "8steps", Some("16steps")),
            ("60s", "2s", Some("4s")),
            ("20cpu-s", "2cpu-s", Some("4cpu-s")),
            ("6", "1", Some("2")),
            ("two epochs", "two epochs", None),
        ] {
            let (short, twice) = short(&budget.into());
            assert_eq!((short.as_str(), twice.as_ref().map(Budget::as_str)), (first, larger), "{budget}");
        }
    }
}
