//! Evaluates stand-in trainers for real: cargo builds them, the supervisor runs them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::watch;

use super::*;
use crate::device::{Device, Gate};
use crate::runner::Runner;
use crate::study::{Ending, Measurement, Point, ProgramId, Sources};

fn stand_in(name: &str) -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/testdata/stand-in").join(name);
    let mut tree = Tree::new();
    for path in ["Cargo.toml", "Cargo.lock", "src/main.rs", "src/recipe.rs", "src/mishap.rs"] {
        if let Ok(bytes) = std::fs::read(root.join(path)) {
            tree.insert(path.to_owned(), File { bytes: bytes.into(), executable: false });
        }
    }
    tree
}

fn with(tree: &Tree, path: &str, from: &str, to: &str) -> Tree {
    let mut tree = tree.clone();
    let text = String::from_utf8(tree[path].bytes.to_vec()).unwrap();
    assert!(text.contains(from), "{path} has no {from}");
    tree.insert(
        path.to_owned(),
        File { bytes: text.replace(from, to).into_bytes().into(), executable: false },
    );
    tree
}

fn identity(tree: &Tree) -> ProgramId {
    let text =
        |(path, file): (&String, &File)| (path.clone(), String::from_utf8_lossy(&file.bytes).into_owned());
    ProgramId::new("", &Sources(tree.iter().map(text).collect::<BTreeMap<_, _>>()))
}

/// A probe by a shell script, which gets the device's name as `$0`, and is tried again at once.
fn probe(script: &str) -> Recovery {
    let words = ["/bin/sh", "-c", script].map(Into::into).to_vec();
    Recovery { words, pauses: vec![Duration::ZERO; 2] }
}

/// A new slot, and an evaluator with limits that suit programs of milliseconds.
struct Bench {
    directory: TempDir,
    slot: Slot,
    evaluator: Evaluator,
}

impl Bench {
    fn new(metric: Metric) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // A slot that has a target directory is not warmed: these crates need nothing.
        std::fs::create_dir_all(directory.path().join("slot-0/target")).unwrap();
        let slot = Slot::open(directory.path(), 0, Gate::new(Device::Processor, None, false)).unwrap();
        let set = LimitSettings {
            train: Some(Duration::from_secs(60)),
            memory: Some(256 << 20),
            disk_floor: Some(0),
            ..LimitSettings::default()
        };
        let plan = Plan {
            package: String::new(),
            target: None,
            features: Vec::new(),
            environment: Vec::new(),
            data: Vec::new(),
            arguments: Vec::new(),
            budget: "160steps".into(),
            smoke_budget: Some(Plan::SMOKE_BUDGET.into()),
            metric,
            limits: PhaseLimits::derive(&"160steps".into(), None, true, 1, &set),
        };
        Self {
            directory,
            slot,
            evaluator: Evaluator { runner: Runner::for_tests(), plan, recovery: probe("exit 0") },
        }
    }

    fn quick() -> Self {
        Self::new(Metric::val_bpb())
    }

    /// Gives the slot a device that can fail.
    fn on(mut self, device: Device) -> Self {
        self.slot.gate = Gate::new(device, Some("a driver 1.0".to_owned()), false);
        self
    }

    async fn run(&mut self, tree: &Tree, seed: u64) -> Measurement {
        self.run_as(tree, seed, &identity(tree), |_| None).await
    }

    async fn run_as(
        &mut self,
        tree: &Tree,
        seed: u64,
        program: &ProgramId,
        prune: impl FnMut(&[Point]) -> Option<String> + Send,
    ) -> Measurement {
        self.try_to_run(tree, seed, program, prune, &mut |_| {}).await.unwrap()
    }

    async fn try_to_run(
        &mut self,
        tree: &Tree,
        seed: u64,
        program: &ProgramId,
        mut prune: impl FnMut(&[Point]) -> Option<String> + Send,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Measurement, EvaluateError> {
        let logs = self.directory.path().join("logs");
        let (_sender, cancelled) = watch::channel(false);
        let mut watch = Watch { progress, prune: &mut prune, twin: &|_| None, cancelled };
        let job = Job { title: "trial 17", program, tree, seed, logs: &logs };
        self.evaluator.evaluate(&mut self.slot, &job, &mut watch).await
    }
}

#[tokio::test]
async fn a_program_is_built_and_trained_and_its_result_is_its_own() {
    let mut bench = Bench::quick();
    let plain = stand_in("quick");
    let first = bench.run(&plain, 7).await;
    assert_eq!((first.ending, first.reason.as_str()), (Ending::Completed, ""));
    assert_eq!(first.curve.len(), 16);
    assert_eq!(first.curve[15].share, 1.0);
    assert!((first.metric.unwrap() - first.curve[15].value - 0.01).abs() < 1e-5);
    assert_eq!((first.steps, first.device.as_deref()), (Some(160), Some("none")));
    assert!(first.build_seconds > 0.0 && first.train_seconds > 0.0 && first.memory.unwrap() > 0);

    // Another program in the same slot and target directory: the trap that cargo sets.
    let better = bench.run(&with(&plain, "src/recipe.rs", "f64 = 1e-3", "f64 = 3e-3"), 7).await;
    assert!(better.metric.unwrap() < first.metric.unwrap() - 0.1);

    let again = bench.run(&plain, 7).await;
    assert_eq!((again.metric, again.curve, again.build_seconds), (first.metric, first.curve, 0.0));
    assert_ne!(bench.run(&plain, 8).await.metric, first.metric);
    let log = std::fs::read_to_string(bench.directory.path().join("logs/train.log")).unwrap();
    assert!(
        log.lines()
            .next()
            .unwrap()
            .contains("AUTORESEARCH_SEED=8 AUTORESEARCH_BUDGET=160steps AUTORESEARCH_DEVICE=flex"),
        "{log}"
    );
}

#[tokio::test]
async fn every_mishap_has_its_ending() {
    let table = [
        (1, Ending::Diverged, "NaN at 6 % of the budget"),
        (2, Ending::Crashed, "panic: index out of bounds: the len is 4 but the index is 7 at src/main.rs"),
        (3, Ending::TimedOut, "no output for 1s"),
        (4, Ending::OutOfMemory, "out of memory"),
        (5, Ending::Invalid, "the model is not causal"),
        (6, Ending::Diverged, "loss 913.0 is above the bound"),
        (7, Ending::Invalid, "it ended successfully, but printed no line `result val_bpb=NUMBER`"),
        (8, Ending::Invalid, "the result is from program 0123456789abcdef"),
        (9, Ending::TimedOut, "no output for 1s"),
    ];
    let mut bench = Bench::quick();
    for (mishap, ending, reason) in table {
        let tree = with(&stand_in("quick"), "src/mishap.rs", "u32 = 0", &format!("u32 = {mishap}"));
        // Short only where silence is expected: a busy machine is slow to start things.
        let patience = if ending == Ending::TimedOut { 1 } else { 60 };
        bench.evaluator.plan.limits.train.silence = Some(Duration::from_secs(patience));
        let found = bench.run(&tree, 0).await;
        assert_eq!(found.ending, ending, "{mishap}: {found:?}");
        assert!(found.reason.contains(reason), "{mishap}: {found:?}");
        assert_eq!(found.metric, None, "{mishap}");
    }
}

#[tokio::test]
async fn what_does_not_compile_is_unviable_and_the_next_program_is_not() {
    let mut bench = Bench::quick();
    let plain = stand_in("quick");
    let broken = bench.run(&with(&plain, "src/recipe.rs", "usize = 64", "usize = \"wide\""), 0).await;
    assert_eq!(broken.ending, Ending::Unviable);
    assert!(
        broken.reason.starts_with("error[E0308]: mismatched types (src/recipe.rs:6:"),
        "{}",
        broken.reason
    );
    assert_eq!(bench.run(&plain, 0).await.ending, Ending::Completed);
}

#[tokio::test]
async fn a_program_that_crashes_at_once_costs_no_more_than_its_first_steps() {
    let mut bench = Bench::quick();
    bench.evaluator.plan.budget = "60s".into();
    let found = bench.run(&with(&stand_in("quick"), "src/mishap.rs", "u32 = 0", "u32 = 2"), 0).await;
    assert_eq!(found.ending, Ending::Crashed);
    assert!(found.reason.starts_with("panic") && found.train_seconds < 30.0, "{found:?}");
}

#[tokio::test]
async fn the_pruner_stops_a_run_and_its_curve_ends_there() {
    let mut bench = Bench::quick();
    bench.evaluator.plan.budget = "8s".into();
    let tree = stand_in("quick");
    let prune = |curve: &[Point]| (curve.len() == 3).then(|| "predicted 2.9, needed 2.5".to_owned());
    let found = bench.run_as(&tree, 0, &identity(&tree), prune).await;
    assert_eq!((found.ending, found.reason.as_str()), (Ending::Pruned, "predicted 2.9, needed 2.5"));
    assert_eq!((found.curve.len(), found.metric), (3, None));
    assert!(found.train_seconds < 6.0, "{found:?}");
}

#[tokio::test]
async fn a_cancelled_trial_ends_at_once() {
    let mut bench = Bench::quick();
    bench.evaluator.plan.budget = "60s".into();
    let (tree, logs) = (stand_in("quick"), bench.directory.path().join("logs"));
    let program = identity(&tree);
    let (sender, cancelled) = watch::channel(false);
    let mut progress = |progress| {
        if progress == Progress::Phase(Phase::Train) {
            sender.send_replace(true);
        }
    };
    let mut watch = Watch { progress: &mut progress, prune: &mut |_| None, twin: &|_| None, cancelled };
    let job = Job { title: "trial 17", program: &program, tree: &tree, seed: 0, logs: &logs };
    // A campaign may give each slot its own task.
    fn can_be_sent<T: Send>(value: T) -> T {
        value
    }
    let trial = can_be_sent(bench.evaluator.evaluate(&mut bench.slot, &job, &mut watch));
    let found = trial.await.unwrap();
    assert_eq!((found.ending, found.metric), (Ending::Cancelled, None));
}

#[tokio::test]
async fn nothing_is_built_on_a_device_while_something_trains_there() {
    let mut bench = Bench::quick();
    let training = bench.slot.gate.enter_to_train().await;
    let tree = stand_in("quick");
    let waiting = tokio::time::timeout(Duration::from_millis(300), bench.run(&tree, 0)).await;
    assert!(waiting.is_err());
    assert!(!bench.directory.path().join("logs/build.log").exists());
    drop(training);
    assert_eq!(bench.run(&tree, 0).await.ending, Ending::Completed);
    // A program that is already built disturbs nobody.
    let _training = bench.slot.gate.enter_to_train().await;
    assert_eq!(bench.run(&tree, 1).await.ending, Ending::Completed);
}

/// The stand-in, which dies of a fault with the given words.
fn faulty(words: &str, end: &str) -> Tree {
    let tree = with(&stand_in("quick"), "src/mishap.rs", "u32 = 0", "u32 = 10");
    let tree = with(&tree, "src/main.rs", "WORDS: &str = \"\"", &format!("WORDS: &str = {words:?}"));
    with(&tree, "src/main.rs", "ABORTS: bool = false", &format!("ABORTS: bool = {}", end == "abort"))
}

#[tokio::test]
async fn each_fault_of_a_device_has_its_ending_and_its_name() {
    let table = [
        (
            "wgpu error: Out of Memory",
            "panic",
            Ending::OutOfMemory,
            "out of memory: wgpu error: Out of Memory (exit code 101)",
        ),
        (
            "In Queue::submit\n  Parent device is lost",
            "panic",
            Ending::DeviceFailed,
            "device lost: Parent device is lost (exit code 101)",
        ),
        ("Device is lost", "abort", Ending::DeviceFailed, "device lost: Device is lost (SIGABRT)"),
        (
            "the device refused the pipeline of kernel k",
            "panic",
            Ending::Crashed,
            "pipeline failed: the device refused",
        ),
        (
            "At least one kernel has to succeed",
            "panic",
            Ending::Crashed,
            "autotune failed: At least one kernel",
        ),
        (
            "Unable to acquire wgpu device: none",
            "panic",
            Ending::DeviceFailed,
            "no device: Unable to acquire wgpu device",
        ),
        ("", "abort", Ending::DeviceFailed, "driver crash: it ended without a message (SIGABRT)"),
        ("shapes differ", "panic", Ending::Crashed, "panic: shapes differ at src/main.rs"),
    ];
    let mut bench = Bench::quick().on(Device::Gpu(0));
    for (words, end, ending, reason) in table {
        let found = bench.run(&faulty(words, end), 0).await;
        assert_eq!(found.ending, ending, "{words}: {found:?}");
        assert!(found.reason.starts_with(reason), "{words}: {found:?}");
    }
    // On the processor these are words like any others.
    let mut bench = Bench::quick();
    let found = bench.run(&faulty("Device is lost", "panic"), 0).await;
    assert!(found.reason.starts_with("panic: Device is lost"), "{found:?}");
}

#[tokio::test]
async fn a_run_learns_its_device_and_its_driver_is_kept() {
    let mut bench = Bench::quick().on(Device::Gpu(3));
    let found = bench.run(&stand_in("quick"), 0).await;
    assert_eq!(found.device.as_deref(), Some("none; a driver 1.0"));
    let log = std::fs::read_to_string(bench.directory.path().join("logs/train.log")).unwrap();
    assert!(log.lines().next().unwrap().contains("AUTORESEARCH_DEVICE=wgpu:3"), "{log}");
    let probed = std::fs::read_to_string(bench.directory.path().join("logs/probe.log")).unwrap();
    assert!(probed.lines().next().unwrap().ends_with(" wgpu:3"), "{probed}");
}

#[tokio::test]
async fn after_a_fault_of_the_device_the_next_run_waits_until_it_works() {
    let mut bench = Bench::quick().on(Device::Software);
    let (plain, count) = (stand_in("quick"), bench.directory.path().join("count"));
    // Fails at the second and third time.
    bench.evaluator.recovery = probe(&format!(
        "echo . >>{path}; n=$(wc -l <{path}); [ $n -lt 2 ] || [ $n -gt 3 ] || {{ echo error: it is gone >&2; exit 1; }}",
        path = count.display()
    ));
    let probes = || std::fs::read_to_string(&count).unwrap().lines().count();
    assert_eq!(bench.run(&plain, 0).await.ending, Ending::Completed);
    assert_eq!(
        (bench.run(&plain, 1).await.ending, probes()),
        (Ending::Completed, 1),
        "once, before the first run"
    );
    for (words, faults) in
        [("At least one kernel has to succeed", 0), ("Not enough memory left", 0), ("Device is lost", 1)]
    {
        bench.run(&faulty(words, "panic"), 0).await;
        assert_eq!(bench.slot.gate.doubt.lock().await.is_some(), faults == 1, "{words}");
    }
    let mut said = Vec::new();
    let mut progress = |progress| {
        said.extend(match progress {
            Progress::Waiting(text) => Some(text),
            _ => None,
        })
    };
    let found = bench.try_to_run(&plain, 2, &identity(&plain), |_| None, &mut progress).await.unwrap();
    assert_eq!((found.ending, probes()), (Ending::Completed, 4));
    assert_eq!(said.len(), 2, "{said:?}");
    for words in
        ["device software does not work: it is gone (exit code 1)", "trial 17", "device lost", "train.log"]
    {
        assert!(said[0].contains(words), "{words}: {said:?}");
    }
}

#[tokio::test]
async fn a_device_that_stays_broken_ends_the_study_and_nothing_runs_on_it() {
    let mut bench = Bench::quick().on(Device::Gpu(0));
    bench.run(&faulty("The device is poisoned", "panic"), 0).await;
    bench.evaluator.recovery = probe("exit 1");
    std::fs::remove_file(bench.directory.path().join("logs/train.log")).unwrap();
    let plain = stand_in("quick");
    let error = bench.try_to_run(&plain, 0, &identity(&plain), |_| None, &mut |_| {}).await.unwrap_err();
    let text = error.to_string();
    for words in [
        "device wgpu:0 does not work: exit code 1",
        "trial 17",
        "The device is poisoned",
        "train.log",
        "`run` continues",
    ] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
    assert!(
        !bench.directory.path().join("logs/train.log").exists(),
        "it was run on a device that does not work"
    );
}

#[tokio::test]
async fn a_foreign_crate_is_built_anew_each_time_and_read_by_a_pattern() {
    let pattern = |text| Pattern::new(text).unwrap();
    let source = MetricSource::Pattern {
        result: pattern(r"^done: ([\d.]+) %"),
        progress: Some(pattern(r"^\[(?<step>\d+)/(?<steps>\d+)\].*: (?<value>[\d.]+) %")),
    };
    let mut bench = Bench::new(Metric { name: "accuracy".to_owned(), maximise: true, source });
    bench.evaluator.plan.arguments = ["--seed", "{seed}", "--epochs", "5"].map(str::to_owned).to_vec();
    let plain = stand_in("foreign");
    let first = bench.run(&plain, 3).await;
    assert_eq!((first.ending, first.reason.as_str(), first.curve.len()), (Ending::Completed, "", 5));
    assert_eq!(first.metric, Some(-85.3));
    let better = bench.run(&with(&plain, "src/main.rs", "f64 = 0.05", "f64 = 0.1"), 3).await;
    assert_eq!(better.metric, Some(-90.3));
    // A slot that knows nothing of earlier builds, over a target directory that holds this very one.
    for _ in 0..2 {
        bench.slot =
            Slot::open(bench.directory.path(), 0, Gate::new(Device::Processor, None, false)).unwrap();
        let anew = bench.run(&plain, 3).await;
        assert_eq!((anew.metric, anew.build_seconds > 0.0), (first.metric, true), "{anew:?}");
    }
}

#[tokio::test]
async fn a_foreign_crate_is_read_through_the_logs_of_burn_train() {
    let source = MetricSource::BurnTrain { directory: "artifacts".to_owned(), log: "Loss".to_owned() };
    let mut bench = Bench::new(Metric { name: "loss".to_owned(), maximise: false, source });
    bench.evaluator.plan.arguments = ["--logs", "artifacts", "--epochs", "3"].map(str::to_owned).to_vec();
    let found = bench.run(&stand_in("foreign"), 0).await;
    assert_eq!((found.ending, found.curve.len()), (Ending::Completed, 3));
    assert_eq!(found.metric, Some(found.curve[2].value));
    // Logs of one run are not taken for those of the next.
    bench.evaluator.plan.arguments = ["--epochs", "3"].map(str::to_owned).to_vec();
    let found = bench.run(&stand_in("foreign"), 0).await;
    assert_eq!(found.ending, Ending::Invalid);
    assert!(found.reason.contains("wrote no logs of burn-train"), "{}", found.reason);
}

#[tokio::test]
async fn dependencies_are_fetched_or_the_reason_is_reported() {
    let bench = Bench::quick();
    let logs = bench.directory.path().join("logs");
    let (_sender, never) = tokio::sync::watch::channel(false);
    bench.evaluator.fetch(&bench.slot, &stand_in("quick"), &logs, &never).await.unwrap();
    let mut unlocked = stand_in("quick");
    unlocked.remove("Cargo.lock");
    let error = bench.evaluator.fetch(&bench.slot, &unlocked, &logs, &never).await.unwrap_err();
    assert!(error.to_string().contains("lock file"), "{error}");
}

/// The tracked files of the default target.
fn target_project() -> Tree {
    fn add(tree: &mut Tree, root: &Path, below: &str) {
        for entry in std::fs::read_dir(root.join(below)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_file() {
                tree.insert(
                    path,
                    File { bytes: std::fs::read(entry.path()).unwrap().into(), executable: false },
                );
            } else if path != "target" {
                add(tree, root, &format!("{path}/"));
            }
        }
    }
    let mut tree = Tree::new();
    add(&mut tree, &Path::new(env!("CARGO_MANIFEST_DIR")).join("../target-project"), "");
    tree
}

fn warm_bench() -> Bench {
    let mut bench = Bench::quick();
    let slots = bench.directory.path().join("warm");
    bench.slot = Slot::open(&slots, 0, Gate::new(Device::Processor, None, false)).unwrap();
    bench.evaluator.plan.limits =
        PhaseLimits::derive(&"20s".into(), None, true, 1, &LimitSettings::default());
    bench
}

/// The promise behind "the first build takes seconds": the target's dependencies are, feature for
/// feature, those that the agent was built with. A debug build of the agent has nothing to give.
#[tokio::test]
async fn a_warm_slot_compiles_the_target_project_and_nothing_else() {
    if warm::own_release_directory().is_none() {
        return;
    }
    let mut bench = warm_bench();
    // Three minutes are enough for one crate, and far from enough for burn.
    bench.evaluator.plan.limits.build.deadline = Some(Duration::from_secs(180));
    bench.evaluator.plan.budget = "1steps".into();
    let tree = target_project();
    let found = bench.run(&tree, 0).await;
    let log = std::fs::read_to_string(bench.directory.path().join("logs/build.log")).unwrap();
    let compiled = log.lines().filter_map(|line| line.trim().strip_prefix("Compiling "));
    let compiled: Vec<&str> = compiled.map(|what| what.split(' ').next().unwrap()).collect();
    assert_eq!(compiled, ["target-project"], "{found:?}");
}

#[tokio::test]
#[ignore = "measures; run it by hand on a quiet machine"]
async fn measure_from_edit_to_running_trial() {
    let mut bench = warm_bench();
    bench.evaluator.plan.budget = "20steps".into();
    let plain = target_project();
    for rate in ["1e-3", "2e-3", "3e-3", "1e-3"] {
        let tree = with(
            &plain,
            "src/recipe.rs",
            "LEARNING_RATE: f64 = 1e-3",
            &format!("LEARNING_RATE: f64 = {rate}"),
        );
        let (program, logs) = (identity(&tree), bench.directory.path().join("logs"));
        let start = std::time::Instant::now();
        let mut times = Vec::new();
        let mut progress = |progress| times.push((progress, start.elapsed().as_secs_f64()));
        let (_sender, cancelled) = watch::channel(false);
        let mut watch = Watch { progress: &mut progress, prune: &mut |_| None, twin: &|_| None, cancelled };
        let job = Job { title: "trial 17", program: &program, tree: &tree, seed: 0, logs: &logs };
        let found = bench.evaluator.evaluate(&mut bench.slot, &job, &mut watch).await.unwrap();
        times.retain(|(progress, _)| matches!(progress, Progress::Phase(_)));
        println!("{rate}: {times:?} {found:?}");
    }
}
