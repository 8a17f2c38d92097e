//! The slots of a campaign and what is under way in them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::debug;

use crate::evaluator::{EvaluateError, Evaluator, Job, Phase, Progress, Slot, Tree, Watch};
use crate::project::UserError;
use crate::report::Live;
use crate::study::{Forecast, Measurement, Point, ProgramId, Pruner, Run, figure};

/// A run to start, of a study or of anything else that can identify its runs.
pub(crate) struct Order<R = Run> {
    pub(crate) run: R,
    pub(crate) program: ProgramId,
    pub(crate) tree: Tree,
    pub(crate) seed: u64,
    pub(crate) logs: PathBuf,
    /// What is shown next to the bar.
    pub(crate) title: String,
    /// `None` for a run that must not be stopped early.
    pub(crate) pruner: Option<Pruner>,
    /// Whether a stop is only noted, not carried out.
    pub(crate) audit: bool,
    /// Trials of other programs by the digest of their binary.
    pub(crate) twins: BTreeMap<String, String>,
    /// Where its binary is left, to be trained elsewhere; `None` to train it here.
    pub(crate) pack_into: Option<PathBuf>,
}

/// A run that has ended.
pub(crate) struct Finished<R = Run> {
    pub(crate) run: R,
    pub(crate) seed: u64,
    pub(crate) measurement: Measurement,
    pub(crate) forecast: Option<Forecast>,
}

/// Free slots, and runs in the others.
#[derive(Debug)]
pub(crate) struct Slots<R: 'static = Run> {
    free: Vec<(usize, Slot)>,
    running: Vec<R>,
    jobs: JoinSet<Left<R>>,
}

/// What is left of a run: which it was, its slot and the slot's number, and how it ended.
type Left<R> = (R, usize, Slot, Result<Finished<R>, EvaluateError>);

impl<R: Copy + PartialEq + Send> Slots<R> {
    pub(crate) fn new(slots: Vec<Slot>) -> Self {
        Self {
            free: slots.into_iter().enumerate().rev().collect(),
            running: Vec::new(),
            jobs: JoinSet::new(),
        }
    }

    pub(crate) fn has_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// A free slot, if there is one.
    pub(crate) fn first_free(&self) -> Option<&Slot> {
        self.free.last().map(|(_, slot)| slot)
    }

    pub(crate) fn running(&self) -> Vec<R> {
        self.running.clone()
    }

    /// Starts a run in a free slot.
    pub(crate) fn start(
        &mut self,
        order: Order<R>,
        evaluator: Evaluator,
        live: Arc<Live>,
        cancelled: watch::Receiver<bool>,
    ) {
        let (number, mut slot) = self.free.pop().expect("a run is started only if a slot is free");
        self.running.push(order.run);
        self.jobs.spawn(async move {
            let which = order.run;
            let finished = run(order, number, &mut slot, &evaluator, &live, cancelled).await;
            live.idle(number);
            (which, number, slot, finished)
        });
    }

    /// Waits for a run to end; `None` when nothing is under way.
    pub(crate) async fn next(&mut self) -> Option<Result<Finished<R>>> {
        let (which, number, slot, finished) = match self.jobs.join_next().await? {
            Ok(done) => done,
            Err(error) => return Some(Err(error).context("a run broke off")),
        };
        self.free.push((number, slot));
        // Equal runs may be under way in another slot: repeats of the baseline are.
        if let Some(place) = self.running.iter().position(|other| *other == which) {
            self.running.swap_remove(place);
        }
        Some(finished.map_err(|error| match error {
            EvaluateError::Device { .. } => UserError::device(error).into(),
            EvaluateError::Binary(_) => UserError::baseline(error.to_string()).into(),
            other => other.into(),
        }))
    }
}

async fn run<R: Copy>(
    order: Order<R>,
    number: usize,
    slot: &mut Slot,
    evaluator: &Evaluator,
    live: &Live,
    cancelled: watch::Receiver<bool>,
) -> Result<Finished<R>, EvaluateError> {
    let Order { title, program, tree, seed, logs, .. } = &order;
    let job = Job { title, program, tree, seed: *seed, logs };
    let printed = |value: f64| figure(evaluator.plan.metric.as_printed(value));
    let mut progress = |progress| match progress {
        Progress::Phase(phase) => {
            live.progress(number, &format!("{}: {}", phase_name(phase), order.title), 0.0)
        }
        Progress::Point(Point { share, value }) => {
            live.progress(number, &format!("{}: {}", printed(value), order.title), share);
        }
        Progress::Waiting(why) => live.warn(&why),
    };
    let mut forecast = None;
    let mut prune = |curve: &[Point]| {
        let seen = order.pruner.as_ref()?.judge(curve)?;
        debug!(title = order.title, audit = order.audit, ?seen, "a stop is due");
        let reason = format!(
            "at {:.0} % predicted to end at {}, at best {}; to beat: {}",
            seen.share * 100.0,
            printed(seen.predicted),
            printed(seen.lower),
            printed(seen.to_beat)
        );
        forecast.get_or_insert(seen);
        (!order.audit).then_some(reason)
    };
    let twin = |digest: &str| order.twins.get(digest).cloned();
    let mut watch = Watch { progress: &mut progress, prune: &mut prune, twin: &twin, cancelled };
    let measurement = match &order.pack_into {
        Some(folder) => evaluator.pack(slot, &job, folder, &mut watch).await?,
        None => evaluator.evaluate(slot, &job, &mut watch).await?,
    };
    Ok(Finished { run: order.run, seed: order.seed, measurement, forecast })
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Build => "build",
        Phase::Smoke => "smoke run",
        Phase::Train => "training",
    }
}
