//! The whole catalogue on the embedded target: every program that it gives compiles, trains a few steps, and computes
//! the same on a GPU's path through burn as on the processor.
//!
//! One template of each choice, all together, runs in the suite; each template by itself and pairs of edits take
//! minutes and are ignored by default.

use std::io::Write;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::sync::watch;

use super::contents::tree;
use super::package::{Project, changed_files};
use crate::device::{Device, Gate};
use crate::evaluator::{Evaluator, Job, LimitSettings, Metric, PhaseLimits, Plan, Recovery, Slot, Watch};
use crate::repo::{Repo, Timestamp};
use crate::rewrite::SiteKind;
use crate::runner::Runner;
use crate::study::{CommitId, Edit, Ending, Measurement, Sources};

/// A repository of the embedded target, and a slot to build it in.
struct Bench {
    _directory: TempDir,
    repo: Repo,
    head: CommitId,
    project: Project,
    slot: Slot,
    evaluator: Evaluator,
}

impl Bench {
    fn new() -> Self {
        crate::repo::testing::hermetic();
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let root = directory.path().join("target-project");
        let repo = Repo::create(&root, crate::cli::TARGET, "first\n", Timestamp::now()).expect("it is empty");
        let head = repo.main_head().expect("it has a commit");
        let project = Project::read(&repo, head).expect("the target can be read");
        let gate = Gate::new(Device::Processor, None, false);
        let slot = Slot::open(directory.path(), 0, gate).expect("a slot can be made");
        let plan = Plan {
            package: String::new(),
            target: None,
            features: Vec::new(),
            environment: Vec::new(),
            data: Vec::new(),
            arguments: Vec::new(),
            budget: "4steps".into(),
            smoke_budget: None,
            metric: Metric::val_bpb(),
            limits: PhaseLimits::derive(&"4steps".into(), None, true, 1, &LimitSettings::default()),
        };
        let recovery = Recovery::new("the processor needs none".into());
        let evaluator = Evaluator { runner: Runner::for_tests(), plan, recovery };
        Self { _directory: directory, repo, head, project, slot, evaluator }
    }

    /// Every edit to a template, at the sites of the untouched program.
    fn template_edits(&self) -> Vec<Edit> {
        let sites = self.project.rewriter.sites(&self.project.sources).expect("the target can be read");
        let edits = sites.iter().flat_map(|site| site.values.iter().map(|value| site.describe(value)));
        edits.filter(|edit| edit.template.is_some() && edit.from != edit.to).collect()
    }

    async fn train(&mut self, sources: &Sources) -> Measurement {
        let changed = changed_files(&self.project.sources, sources);
        let commit = self.repo.write_trial(self.head, &changed, "a program\n", Timestamp::now());
        let tree = tree(&self.repo, commit.expect("it can be written")).expect("it can be read");
        let program = self.project.identity(sources);
        let logs = self.repo.root().join("../logs");
        let job = Job { title: "a program", program: &program, tree: &tree, seed: 1, logs: Path::new(&logs) };
        let (_keep, cancelled) = watch::channel(false);
        let mut watch = Watch { progress: &mut |_| {}, prune: &mut |_| None, twin: &|_| None, cancelled };
        self.evaluator.evaluate(&mut self.slot, &job, &mut watch).await.expect("the machine is fit for it")
    }

    /// What the program reports of five steps on a software GPU and on the processor; `Ok` if there is none.
    #[expect(clippy::disallowed_methods, reason = "it ends with this test")]
    fn agree(&self, sources: &Sources) -> Result<(), String> {
        let binary = self.slot.binary(&self.project.identity(sources)).expect("it was built");
        let output = std::process::Command::new(binary)
            .arg("--agree")
            .env("AUTORESEARCH_DEVICE", "software")
            .env("AUTORESEARCH_BUDGET", "5steps")
            .output()
            .expect("it can be started");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if said.contains("there is no software Vulkan device here") {
            // Bypasses the test harness, which hides the output of a passing test.
            let _ = writeln!(std::io::stderr(), "SKIPPED: devices are not compared: {}", said.trim());
            return Ok(());
        }
        if output.status.success() { Ok(()) } else { Err(said.into_owned()) }
    }

    /// Fails with every program that does not build, run, report and agree, each with its reason.
    async fn all_train(&mut self, programs: impl IntoIterator<Item = (String, Sources)>) {
        let mut failures = Vec::new();
        for (name, sources) in programs {
            let measured = self.train(&sources).await;
            if measured.ending != Ending::Completed {
                failures.push(format!("{name}: {:?}: {}", measured.ending, measured.reason));
            } else if let Err(said) = self.agree(&sources) {
                failures.push(format!("{name}: {said}"));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}

#[test]
fn of_the_target_nothing_is_left_out_but_what_it_says_is_fixed() {
    let bench = Bench::new();
    let left_out: Vec<&str> = bench.project.rewriter.left_out().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(left_out, ["model::Norm::forward::SMALL"]);
    let sites = bench.project.sites().expect("there are sites");
    let knobs = sites.iter().filter(|site| site.kind == SiteKind::Knob);
    assert_eq!((sites.len(), knobs.count()), (32, 13));
}

#[tokio::test]
async fn one_template_of_each_choice_together_compile_train_and_agree_between_devices() {
    let mut bench = Bench::new();
    let mut sources = bench.project.sources.clone();
    let mut edits = bench.template_edits();
    edits.reverse();
    edits.dedup_by(|a, b| a.site == b.site);
    assert!(edits.len() >= 15, "the catalogue has shrunk to {} choices", edits.len());
    sources = bench.project.rewriter.apply(&sources, &edits).expect("choices are disjoint");
    let names: Vec<&str> = edits.iter().map(|edit| edit.to.as_str()).collect();
    bench.all_train([(names.join(" + "), sources)]).await;
}

#[tokio::test]
#[ignore = "builds every template; minutes"]
async fn every_template_compiles_trains_and_agrees_between_devices() {
    let mut bench = Bench::new();
    let edits = bench.template_edits();
    let apply = |edit: &Edit| {
        let sources = bench.project.rewriter.apply(&bench.project.sources, std::slice::from_ref(edit));
        (edit.template.clone().unwrap_or_default(), sources.expect("an edit on offer applies"))
    };
    let programs: Vec<_> = edits.iter().map(apply).collect();
    bench.all_train(programs).await;
}

#[tokio::test]
#[ignore = "builds twenty programs; minutes"]
async fn twenty_random_pairs_of_edits_compile_train_and_agree_between_devices() {
    let mut bench = Bench::new();
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let edits = bench.template_edits();
    let mut programs = Vec::new();
    while programs.len() < 20 {
        let (one, other) = (pick(&edits, &mut rng), pick(&edits, &mut rng));
        if one.site == other.site {
            continue;
        }
        let pair = [one.clone(), other.clone()];
        let sources =
            bench.project.rewriter.apply(&bench.project.sources, &pair).expect("choices are disjoint");
        programs.push((format!("{} + {}", one.summary, other.summary), sources));
    }
    bench.all_train(programs).await;
}

fn pick<'a>(edits: &'a [Edit], rng: &mut ChaCha8Rng) -> &'a Edit {
    &edits[rng.random_range(0..edits.len())]
}
