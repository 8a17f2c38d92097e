//! What `doctor --run` finds when it goes the whole way once.

use anyhow::Result;

use super::finding::{Finding, Mark};
use super::runtime::block_on;
use crate::device::{Adapter, Device};
use crate::project::{Blame, Handed, Options, Project, Typed, UserError};
use crate::repo::{Repo, Timestamp};
use crate::study::{Ending, as_printed, figure, trial_branch};
use crate::survey::{Rehearsal, rehearse};

/// What only a rehearsal shows.
pub(super) const NOT_TRIED: &str = "not tried: a build, a run, the metric, the effect of seed and budget, a commit; `doctor --run` tries them";

/// Builds and runs what main holds, and writes a commit.
pub(super) fn rehearsed(repo: &Repo, adapters: &[Adapter], devices: &[Device]) -> Vec<Finding> {
    let tried = rehearsal(repo, adapters, devices);
    let blame = |error: &anyhow::Error| error.downcast_ref::<UserError>().map(|error| error.blame);
    tried.unwrap_or_else(|error| vec![Finding::new(Mark::Bad(blame(&error)), format!("{error:#}"))])
}

fn rehearsal(repo: &Repo, adapters: &[Adapter], devices: &[Device]) -> Result<Vec<Finding>> {
    let commit = repo.main_head()?;
    let project = Project::read(repo, commit)?;
    let options = Options::decide(&Typed::default(), &project.config, None, devices.to_vec())?;
    let seen = block_on(rehearse(repo, commit, &project, &options, adapters))?;
    let mut findings = runs(&seen, &options);
    if seen.first.measurement.ending == Ending::Completed {
        findings.extend(effects(&seen, &project));
    }
    let written = repo.write_repeat(commit, "a commit of `autoresearch doctor`\n", Timestamp::now())?;
    repo.try_branch(&trial_branch("doctor", 0, "rehearsal"), written)?;
    findings.push(Finding::new(Mark::Good, "a commit and a branch can be written; both were taken back"));
    Ok(findings)
}

/// Whether it builds and runs, and what was read.
fn runs(seen: &Rehearsal, options: &Options) -> Vec<Finding> {
    let first = &seen.first;
    let measured = &first.measurement;
    let name = &options.metric.name;
    let Some(metric) = measured.metric else {
        let what = if measured.ending == Ending::Unviable { "build" } else { "run" };
        let text = format!("the untouched program does not {what} to its end: {}", measured.reason);
        return vec![Finding::new(Mark::Bad(Some(Blame::Baseline)), text)];
    };
    let value = figure(as_printed(options.metric.maximise, metric));
    let read = match &first.line {
        Some(line) => format!("{name} is read as {value} from `{line}`"),
        None => format!("{name} is read as {value} from its files"),
    };
    let built = if measured.build_seconds > 0.0 {
        format!("it builds in {:.0} s; ", measured.build_seconds)
    } else {
        String::new()
    };
    let ran = format!("{built}a run with a budget of {} takes {:.1} s", first.budget, measured.train_seconds);
    vec![Finding::new(Mark::Good, ran), Finding::new(Mark::Good, read)]
}

/// What seed and budget do.
fn effects(seen: &Rehearsal, project: &Project) -> Vec<Finding> {
    let effect = |handed: Handed, is_there: Option<bool>, tried: String| {
        let what = if handed == Handed::Budget { "budget" } else { "seed" };
        match is_there {
            Some(true) => Finding::new(Mark::Good, format!("the {what} has an effect ({tried})")),
            Some(false) => Finding::new(Mark::Note, format!("the {what} has no effect ({tried})"))
                .advise(project.consequence(handed)),
            None => {
                Finding::new(Mark::Note, format!("whether the {what} has an effect was not tried: {tried}"))
            }
        }
    };
    let seeds = match &seen.other_seed {
        Some(other) => format!("{} and {} were tried", seen.first.seed, other.seed),
        None => "the first run failed".to_owned(),
    };
    let budgets = match &seen.larger_budget {
        Some(larger) => format!("{} and {} were tried", seen.first.budget, larger.budget),
        None => format!("nobody but the program knows what more than {} is", seen.first.budget),
    };
    vec![
        effect(Handed::Seed, seen.seed_has_an_effect(), seeds),
        effect(Handed::Budget, seen.budget_has_an_effect(), budgets),
    ]
}
