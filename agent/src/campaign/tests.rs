//! A study that is killed after any of its events, and resumed, is the same as one that was never killed.
//!
//! A formula replaces training, and the clock stands still: nothing else differs from a study at work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::turn::Step;
use super::{Campaign, End, Surroundings, read_study};
use crate::device::Device;
use crate::journal::kill;
use crate::policy::Method;
use crate::project::Typed;
use crate::repo::Repo;
use crate::repo::testing::{NOON, scratch};
use crate::runs::{Finished, Interrupt, Order};
use crate::study::{CommitId, Ending, Event, Forecast, Measurement, Point, Values};

const SETTINGS: &str = "\
mutable = [\"src/recipe.rs\"]
budget = \"16steps\"
[merge]
noise-repeats = 2
check-seeds = 1
[stop]
audit = 0.3
";

/// Enough for a proof and a merge, and for a policy that learns to do so.
fn trials(method: Method) -> u32 {
    if method == Method::Ppo { 20 } else { 10 }
}

/// A repository of the stand-in trainer, and a place for its slots.
struct Ground {
    directory: TempDir,
    slots: PathBuf,
}

impl Ground {
    fn new() -> Self {
        let recipe = include_str!("../../../tests/testdata/stand-in/quick/src/recipe.rs");
        let (directory, repo) = scratch(&[
            ("Cargo.toml", "[package]\nname = \"quick\"\n"),
            ("Cargo.lock", ""),
            ("src/main.rs", include_str!("../../../tests/testdata/stand-in/quick/src/main.rs")),
            ("src/mishap.rs", include_str!("../../../tests/testdata/stand-in/quick/src/mishap.rs")),
            ("src/recipe.rs", recipe),
            ("autoresearch.toml", SETTINGS),
        ]);
        let slots = repo.journal_dir().join("slots");
        Self { directory, slots }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn open(&self, method: Method) -> anyhow::Result<Campaign> {
        let around = Surroundings {
            slots: Some(self.slots.clone()),
            interrupt: Some(Interrupt::listen(None)),
            adapters: Vec::new(),
            devices: vec![Device::Processor],
            clock: || NOON,
        };
        let typed = Typed {
            study: Some("night".into()),
            trials: Some(trials(method)),
            search: Some(method.to_string()),
            seed: Some(1),
            ..Typed::default()
        };
        Campaign::open_within(self.path(), &typed, &around)
    }

    /// Opens the study and runs it until it ends, or is killed.
    fn run(&self, method: Method) -> anyhow::Result<End> {
        let mut campaign = self.open(method)?;
        loop {
            match campaign.next_step()? {
                Step::Start(run) => {
                    let order = campaign.order(run, &[])?;
                    let values = campaign.study.trial(run.trial()).proposal().values.clone();
                    campaign.take_in(train(&order, &values))?;
                }
                Step::Wait => panic!("nothing is under way"),
                Step::End(end) => return campaign.stopped(end.as_str()).map(|()| end),
            }
        }
    }

    /// What happened, except resumptions; and where all branches are.
    fn story(&self) -> (Vec<Event>, BTreeMap<String, CommitId>) {
        let repo = Repo::open(self.path()).unwrap();
        let events = read_study(&repo, None).unwrap().events;
        let is_told = |event: &Event| !matches!(event, Event::Resumed { .. });
        (events.into_iter().filter(is_told).collect(), repo.all_branches().unwrap())
    }
}

/// A run as the evaluator returns it, of a program that is best at a rate of 4e-3, a width of 128 and a depth of 4.
fn train(order: &Order, values: &Values) -> Finished {
    let number = |name: &str| -> f64 { values[&format!("recipe::{name}")].parse().unwrap() };
    let off = (number("LEARNING_RATE") / 4e-3).ln().abs() + 0.5 * (number("WIDTH") / 128.0).ln().abs();
    let noise = (order.seed % 1000) as f64 * 2e-5;
    let last = 1.0 + off + 0.1 * (number("DEPTH") - 4.0).abs() + noise;
    let point =
        |at: i32| Point { share: f64::from(at) / 16.0, value: last + 1.0 / f64::from(at) - 1.0 / 16.0 };
    let mut measurement = match number("HEADS") as u32 {
        1 => Measurement::new(Ending::Crashed, None),
        _ => Measurement::new(Ending::Completed, Some(last)),
    };
    let mut forecast: Option<Forecast> = None;
    if measurement.metric.is_some() {
        for at in 1..=16 {
            measurement.curve.push(point(at));
            let seen = order.pruner.as_ref().and_then(|pruner| pruner.judge(&measurement.curve));
            forecast = forecast.or(seen);
            if forecast.is_some() && !order.audit {
                (measurement.ending, measurement.metric) = (Ending::Pruned, None);
                break;
            }
        }
    }
    Finished { run: order.run, seed: order.seed, measurement, forecast }
}

/// Runs a study and kills it after each of its events, as soon as it is on disk.
fn run_and_kill(ground: &Ground, method: Method) -> usize {
    let (mut kills, mut written, mut lives_for) = (0, 0, 1);
    loop {
        kill::after(Some(lives_for));
        let ended = ground.run(method);
        kill::after(None);
        let error = ended.expect_err("it is killed before it ends");
        assert!(format!("{error:#}").contains("killed by a test"), "{error:#}");
        kills += 1;
        let events = ground.story().0;
        if matches!(events.last(), Some(Event::Stopped { .. })) {
            return kills;
        }
        // The first event of each run is the resumption. A study that has measured nothing yet starts over instead.
        lives_for = if events.len() > written { 2 } else { lives_for + 1 };
        assert!(lives_for < 10, "it does not get any further than {:?}", events.last());
        written = events.len();
    }
}

#[tokio::test]
async fn a_study_killed_after_each_event_gives_the_events_and_branches_of_one_that_was_not() {
    for method in Method::ALL {
        let (whole, killed) = (Ground::new(), Ground::new());
        whole.run(method).unwrap();
        let (events, branches) = whole.story();
        let count = |kind: fn(&Event) -> bool| events.iter().filter(|event| kind(event)).count();
        assert!(
            count(|event| matches!(event, Event::TrialEnded(_))) == trials(method) as usize + 1,
            "{method}"
        );
        assert!(method != Method::Ppo || count(|event| matches!(event, Event::PolicyUpdated { .. })) > 0);
        assert!(count(|event| matches!(event, Event::Merged(_))) > 0, "{method} merges something");

        let kills = run_and_kill(&killed, method);
        let (again, theirs) = killed.story();
        let differs = again.iter().zip(&events).enumerate().find(|(_, (again, event))| again != event);
        assert_eq!(differs, None, "{method}");
        assert_eq!((again.len(), theirs), (events.len(), branches), "{method}");
        assert!(kills >= events.len(), "{method}: {kills} kills, {} events", events.len());
    }
}
