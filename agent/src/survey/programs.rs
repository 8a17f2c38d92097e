//! A survey: given programs, measured on given seeds, without a study. Nothing is committed, stopped early or learned
//! from. Each result is on disk before the next run begins, and a run that has one is never run again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::device::Adapter;
use crate::evaluator::{Evaluator, Tree};
use crate::journal::{EventLog, Lock};
use crate::project::{Options, Project, UserError};
use crate::repo::Timestamp;
use crate::report::Live;
use crate::runs::{Finished, Interrupt, Interruption, Order, Slots, evaluator, not_fetched, open_slots};
use crate::study::{Ending, Measurement, Outcome, ProgramId, duration, figure};

/// If none of this many first results is from a program that builds, the machine is at fault and not the programs.
const HELD: usize = 5;

/// A program to measure.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Its name for people.
    pub(crate) title: String,
    pub(crate) program: ProgramId,
    pub(crate) tree: Tree,
}

/// What all runs of a survey have in common, by name: results under other terms cannot be compared with them.
pub(crate) type Terms = Vec<(String, String)>;

/// What a survey is based on.
pub(crate) struct Premises<'a> {
    pub(crate) project: &'a Project,
    pub(crate) options: &'a Options,
    pub(crate) adapters: &'a [Adapter],
    /// Where the slots are.
    pub(crate) slots: PathBuf,
    pub(crate) interrupt: Interrupt,
}

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Survey {
    folder: PathBuf,
    log: EventLog,
    measured: BTreeMap<(ProgramId, u64), Measurement>,
    /// What was measured but is not on disk yet, because no program has built so far.
    held: Vec<(ProgramId, u64)>,
    untouched: ProgramId,
    evaluator: Evaluator,
    slots: Slots<Place>,
    live: Arc<Live>,
    interrupt: Interrupt,
    _lock: Lock,
}

/// One run: index of its subject, and its seed.
type Place = (usize, u64);

/// One entry of a survey's log.
#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Entry {
    /// Comes before all runs; the last one counts.
    Began { terms: Terms },
    Ended {
        program: ProgramId,
        seed: u64,
        measurement: Box<Measurement>,
        /// When it was recorded.
        at: u64,
    },
}

impl Survey {
    /// Opens the survey whose log and whose runs' logs are in a folder, or starts it there.
    pub(crate) fn open(folder: &Path, terms: Terms, premises: Premises<'_>) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot write to {}", folder.display()))?;
        let lock = Lock::take(folder).map_err(|error| UserError::locked(error.of_folder(folder)))?;
        let (mut log, entries) = EventLog::open::<Entry>(folder)?;
        let began = entries.iter().rev().find_map(|entry| match entry {
            Entry::Began { terms } => Some(terms),
            Entry::Ended { .. } => None,
        });
        match began.filter(|_| matches!(entries.last(), Some(Entry::Ended { .. }))) {
            Some(begun) => agree(folder, begun, &terms)?,
            None => drop(log.append(&Entry::Began { terms })?),
        }
        let ended = entries.into_iter().filter_map(|entry| match entry {
            Entry::Ended { program, seed, measurement, .. } => Some(((program, seed), *measurement)),
            Entry::Began { .. } => None,
        });
        let Premises { project, options, adapters, slots, interrupt } = premises;
        Ok(Self {
            measured: ended.collect(),
            held: Vec::new(),
            untouched: project.identity(&project.sources),
            log,
            evaluator: evaluator(options, project)?,
            slots: Slots::new(open_slots(&slots, options, adapters)?),
            live: Arc::new(Live::new(options.slots)),
            interrupt,
            folder: folder.to_owned(),
            _lock: lock,
        })
    }

    /// The result of a run, however it ended; `None` before that.
    pub(crate) fn measurement(&self, program: &ProgramId, seed: u64) -> Option<&Measurement> {
        self.measured.get(&(program.clone(), seed))
    }

    pub(crate) fn is_untouched(&self, program: &ProgramId) -> bool {
        *program == self.untouched
    }

    /// Passes more arguments to the programs.
    pub(crate) fn add_arguments(&mut self, arguments: &[String]) {
        self.evaluator.plan.arguments.extend_from_slice(arguments);
    }

    pub(crate) fn warn(&self, text: &str) {
        self.live.warn(text);
    }

    pub(crate) fn line(&self, text: &str) {
        self.live.line(text);
    }

    /// Makes the runs that are missing, in this order, and calls `changed` as they are recorded. `Some` if the
    /// user stopped it first.
    pub(crate) async fn run(
        &mut self,
        subjects: &[Subject],
        runs: &[Place],
        mut changed: impl FnMut(&Self) -> Result<()>,
    ) -> Result<Option<Interruption>> {
        let mut waiting: Vec<Place> =
            runs.iter().rev().filter(|run| !self.is_settled(subjects, **run)).copied().collect();
        if waiting.is_empty() {
            return Ok(None);
        }
        self.fetch(&subjects[0].tree).await?;
        let mut pace = Pace { total: runs.len(), left: waiting.len(), ended: 0, begin: Instant::now() };
        let end = loop {
            let end = self.interrupt.end();
            while end.is_none()
                && self.slots.has_free()
                && let Some(next) = waiting.pop()
            {
                if self.is_settled(subjects, next) {
                    pace.left -= 1;
                } else {
                    self.start(subjects, next);
                }
            }
            let Some(finished) = self.slots.next().await else { break end.filter(|_| pace.left > 0) };
            let finished = finished?;
            if finished.measurement.ending != Ending::Cancelled {
                pace.count();
                self.take_in(&subjects[finished.run.0], finished, &pace)?;
                if self.held.is_empty() {
                    changed(self)?;
                }
            }
        };
        self.live.finish();
        if end.is_none() && !self.held.is_empty() {
            return Err(self.nothing_builds().into());
        }
        Ok(end)
    }

    /// Whether there is no need for a run: it was made, or its program is assumed to fail on any seed.
    fn is_settled(&self, subjects: &[Subject], (subject, seed): Place) -> bool {
        let program = &subjects[subject].program;
        let runs = self.measured.range((program.clone(), 0)..=(program.clone(), u64::MAX));
        let endings: Vec<Ending> = runs.map(|(_, measurement)| measurement.ending).collect();
        self.measurement(program, seed).is_some() || is_hopeless(&endings)
    }

    async fn fetch(&mut self, tree: &Tree) -> Result<()> {
        let slot = self.slots.first_free().expect("nothing is under way yet");
        let logs = self.folder.join("fetch");
        let fetched = self.evaluator.fetch(slot, tree, &logs, &self.interrupt.at_once).await;
        fetched.map_err(not_fetched)
    }

    fn start(&mut self, subjects: &[Subject], run: Place) {
        let (subject, seed) = (&subjects[run.0], run.1);
        let order = Order {
            run,
            program: subject.program.clone(),
            tree: subject.tree.clone(),
            seed,
            logs: self.folder.join("runs").join(format!("{}-{seed}", subject.program)),
            title: subject.title.clone(),
            pruner: None,
            audit: false,
            twins: BTreeMap::new(),
            pack_into: None,
        };
        self.slots.start(order, self.evaluator.clone(), self.live.clone(), self.interrupt.at_once.clone());
    }

    fn take_in(&mut self, subject: &Subject, finished: Finished<Place>, pace: &Pace) -> Result<()> {
        let Finished { seed, measurement, .. } = finished;
        let value = match (self.printed(&measurement), Outcome::of_failure(measurement.ending)) {
            (None, Some(outcome)) => format!("{outcome}: {}", measurement.reason),
            (value, _) => value.map_or_else(|| "-".to_owned(), figure),
        };
        self.live.line(&format!("{pace}  {value:>7}  {}", subject.title));
        let run = (subject.program.clone(), seed);
        let is_unviable = measurement.ending == Ending::Unviable;
        self.measured.insert(run.clone(), measurement);
        self.held.push(run);
        if is_unviable && self.is_untouched(&subject.program) {
            return Err(self.nothing_builds().into());
        }
        if self.measured.values().any(|measurement| measurement.ending != Ending::Unviable) {
            return self.record();
        }
        if self.held.len() < HELD { Ok(()) } else { Err(self.nothing_builds().into()) }
    }

    /// Records what was held back.
    fn record(&mut self) -> Result<()> {
        for (program, seed) in std::mem::take(&mut self.held) {
            let measurement = Box::new(self.measured[&(program.clone(), seed)].clone());
            self.log.append(&Entry::Ended {
                program,
                seed,
                measurement,
                at: Timestamp::now().since_1970(),
            })?;
        }
        Ok(())
    }

    /// Why runs that do not build are not recorded.
    fn nothing_builds(&self) -> UserError {
        let untouched = self.held.iter().find(|(program, _)| self.is_untouched(program));
        let (what, run) = match untouched {
            Some(run) => ("the untouched program does not build".to_owned(), run),
            None => (
                format!("none of the first {} runs had a program that builds", self.held.len()),
                &self.held[0],
            ),
        };
        UserError::baseline(format!("{what}, and nothing was recorded: {}", self.measured[run].reason))
    }

    /// A value of a measurement as the program printed it.
    pub(crate) fn as_printed(&self, value: f64) -> f64 {
        self.evaluator.plan.metric.as_printed(value)
    }

    /// The metric as the program printed it; `None` if the run did not complete.
    pub(crate) fn printed(&self, measurement: &Measurement) -> Option<f64> {
        measurement.metric.map(|value| self.as_printed(value))
    }
}

/// Whether a program with these endings is assumed to fail on any seed; a single crash may be the machine's.
fn is_hopeless(endings: &[Ending]) -> bool {
    let fails = |ending: &Ending| matches!(ending, Ending::Unviable | Ending::Invalid | Ending::Crashed);
    endings.iter().all(fails) && (endings.len() > 1 || endings.iter().any(|one| *one != Ending::Crashed))
}

/// Refuses to mix runs that were made under different terms.
fn agree(folder: &Path, begun: &Terms, terms: &Terms) -> Result<(), UserError> {
    let find = |(name, now): &(String, String)| {
        let then = begun.iter().find(|(other, _)| other == name).map_or("nothing", |(_, then)| then);
        (then != now).then(|| (name.clone(), then.to_owned(), now.clone()))
    };
    let gone = begun.iter().find(|(name, _)| !terms.iter().any(|(other, _)| other == name));
    let gone = gone.map(|(name, then)| (name.clone(), then.clone(), "nothing".to_owned()));
    match terms.iter().find_map(find).or(gone) {
        None => Ok(()),
        Some((name, then, now)) => Err(UserError::new(format!(
            "{} was started with {name} {then}, not {now}; start another one elsewhere",
            folder.display()
        ))),
    }
}

/// How far a survey has come, and how fast.
struct Pace {
    total: usize,
    left: usize,
    /// Runs that ended since this process began.
    ended: usize,
    begin: Instant,
}

impl Pace {
    fn count(&mut self) {
        self.left -= 1;
        self.ended += 1;
    }
}

impl std::fmt::Display for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let each = self.begin.elapsed().as_secs_f64() / self.ended.max(1) as f64;
        let (done, total) = (self.total - self.left, self.total);
        let digits = total.to_string().len();
        write!(f, "{done:>digits$}/{total}  {:>5.0} per hour, ", 3600.0 / each.max(1e-3))?;
        write!(f, "{:>6} left", duration(each * self.left as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(terms: &[(&str, &str)]) -> Terms {
        terms.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn other_terms_are_refused_by_the_first_that_differs() {
        let begun = terms(&[("budget", "10cpu-s"), ("width", "32,64")]);
        let refused = |now: &[(&str, &str)]| {
            agree(Path::new("t"), &begun, &terms(now)).err().map(|error| error.to_string())
        };
        assert_eq!(refused(&[("budget", "10cpu-s"), ("width", "32,64")]), None);
        let error = refused(&[("budget", "20cpu-s"), ("width", "32,64")]).unwrap();
        assert!(error.contains("started with budget 10cpu-s, not 20cpu-s"), "{error}");
        assert!(refused(&[("budget", "10cpu-s")]).unwrap().contains("started with width 32,64, not nothing"));
        let more = [("budget", "10cpu-s"), ("width", "32,64"), ("depth", "2")];
        assert!(refused(&more).unwrap().contains("started with depth nothing, not 2"));
    }

    #[test]
    fn a_program_that_does_not_build_or_crashes_twice_is_hopeless() {
        use Ending::{Completed, Crashed, Invalid, TimedOut, Unviable};
        for endings in [&[Unviable][..], &[Invalid], &[Crashed, Crashed]] {
            assert!(is_hopeless(endings), "{endings:?}");
        }
        for endings in [&[Crashed][..], &[], &[TimedOut, TimedOut], &[Crashed, Completed]] {
            assert!(!is_hopeless(endings), "{endings:?}");
        }
    }

    #[test]
    fn the_pace_counts_what_this_process_has_done() {
        let begin = Instant::now();
        let mut pace = Pace { total: 200, left: 100, ended: 0, begin };
        pace.count();
        let text = pace.to_string();
        assert!(text.starts_with("101/200"), "{text}");
        assert!(text.ends_with(" left"), "{text}");
    }
}
