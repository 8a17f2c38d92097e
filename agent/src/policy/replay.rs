//! Replays searches on tables of real results, to see while developing how methods compare.
//!
//! Not run by default, for it needs tables: `AUTORESEARCH_TABLES=DIR` (plain CSV files) `cargo test
//! --release -- --ignored --nocapture measure_regret`; `AUTORESEARCH_METHODS` and `AUTORESEARCH_REPEATS`
//! choose what is run; `still` is `ppo` without learning. Prints regrets times 1000 of the program
//! with the best observed result and of the one that the method returns, then the geometric mean
//! over the tables of (regret + .005) / (that of the first method's best observed + .005).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sys::resource::{UsageWho, getrusage};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::study::{Edit, Outcome, Sources, Values};

const CHECKPOINTS: [usize; 4] = [25, 50, 100, 300];

struct Table {
    name: String,
    sites: Vec<(String, bool, Vec<String>)>,
    rows: HashMap<Values, Vec<f64>>,
    means: HashMap<ProgramId, f64>,
    keys: Vec<Values>,
    best: f64,
    median: f64,
}

impl Table {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a table that can be read");
        let mut lines = text.lines();
        let sign = if lines.next() == Some("# maximize") { -1.0 } else { 1.0 };
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        let mut sites: Vec<(String, bool, Vec<String>)> = header
            .iter()
            .filter_map(|column| column.strip_prefix("param:")?.rsplit_once(':'))
            .map(|(name, kind)| (name.to_owned(), kind == "ord", Vec::new()))
            .collect();
        let (mut rows, mut keys) = (HashMap::new(), Vec::new());
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let mut values = Values::new();
            for (site, cell) in sites.iter_mut().zip(&cells) {
                if !site.2.iter().any(|value| value == cell) {
                    site.2.push((*cell).to_owned());
                }
                values.insert(site.0.clone(), (*cell).to_owned());
            }
            let results: Vec<f64> =
                cells[sites.len()..].iter().filter_map(|cell| cell.parse::<f64>().ok()).collect();
            keys.push(values.clone());
            rows.insert(values, results.iter().map(|result| sign * result).collect());
        }
        for (_, ordered, values) in &mut sites {
            let number = |value: &String| value.parse::<f64>().unwrap_or(0.0);
            if *ordered {
                values.sort_by(|a, b| number(a).total_cmp(&number(b)));
            }
        }
        let mean = |results: &Vec<f64>| results.iter().sum::<f64>() / results.len() as f64;
        let means: HashMap<ProgramId, f64> =
            rows.iter().map(|(values, results)| (id(values), mean(results))).collect();
        let mut sorted: Vec<f64> = means.values().copied().filter(|mean| mean.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (best, median) = (sorted[0], sorted[sorted.len() / 2]);
        let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
        Self { name, sites, rows, means, keys, best, median }
    }

    fn regret(&self, id: &ProgramId) -> f64 {
        (self.means[id] - self.best) / (self.median - self.best)
    }

    /// Regrets at each checkpoint: best observed, returned.
    fn search(&self, method: &str, seed: u64, batch: usize) -> Vec<(f64, f64)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut starts: Vec<&Values> = self.keys.sample(&mut rng, 9).collect();
        starts.sort_by(|a, b| self.means[&id(a)].total_cmp(&self.means[&id(b)]));
        let mut notebook = Notebook::new(0, id(starts[4]), starts[4].clone());
        let run = |notebook: &mut Notebook, trial, values: &Values, rng: &mut ChaCha8Rng| {
            let result = self.rows[values].choose(rng).copied();
            let outcome = if result.is_some() { Outcome::Discarded } else { Outcome::Crashed };
            notebook.end(trial, outcome, result, None);
        };
        run(&mut notebook, 0, starts[4], &mut rng);
        let still = method == "still";
        let named = if still { Method::Ppo } else { method.parse().expect("a method") };
        let mut policy = policy(named, rng.random());
        let mut found = Vec::new();
        while found.len() < CHECKPOINTS.len() {
            let first = notebook.trials().len();
            let n = batch.min(CHECKPOINTS[found.len()] - first);
            let proposals = policy.ask(&notebook, self, n);
            assert!(!proposals.is_empty(), "{method} found nothing to try");
            for (trial, proposal) in (first as u32..).zip(&proposals) {
                notebook.begin(trial, proposal);
            }
            for (trial, proposal) in (first as u32..).zip(&proposals) {
                run(&mut notebook, trial, &proposal.values, &mut rng);
                if !still {
                    policy.tell(&notebook, trial);
                }
            }
            if notebook.trials().len() == CHECKPOINTS[found.len()] {
                let observed = notebook.trials().iter().filter(|trial| trial.result.is_some());
                let observed = observed.min_by(|a, b| a.result.partial_cmp(&b.result).expect("finite"));
                let observed = observed.expect("something completed").program;
                let observed = self.regret(&notebook.programs()[observed].program.id);
                found.push((observed, self.regret(&policy.best(&notebook))));
            }
        }
        found
    }
}

fn id(values: &Values) -> ProgramId {
    ProgramId::new("table", &Sources(values.clone()))
}

impl Space for Table {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        let view = |(name, ordered, values): &(String, bool, Vec<String>)| SiteView {
            name: name.clone(),
            kind: if *ordered { "knob" } else { "choice" },
            ordered: *ordered,
            value: parent.values[name].clone(),
            values: values.clone(),
        };
        self.sites.iter().map(view).collect()
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let mut values = parent.values.clone();
        let mut edits = Vec::new();
        for (site, to) in changes {
            let from = values.insert(site.clone(), to.clone())?;
            let (site, to) = (site.clone(), to.clone());
            edits.push(Edit { site, from, to, template: None, summary: String::new() });
        }
        self.rows.contains_key(&values).then(|| Derived { id: id(&values), values, edits })
    }

    fn reach(&self) -> usize {
        self.sites.len()
    }
}

/// All searches of one method on one table, on all cores.
fn searches(table: &Table, method: &str, repeats: usize, batch: usize) -> Vec<Vec<(f64, f64)>> {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(vec![Vec::new(); repeats]));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let repeat = next.fetch_add(1, Ordering::Relaxed);
                    if repeat >= repeats {
                        return;
                    }
                    let regrets = table.search(method, repeat as u64, batch);
                    found.lock().expect("no search panicked")[repeat] = regrets;
                }
            });
        }
    });
    found.into_inner().expect("no search panicked")
}

/// Mean and standard error of the regrets at each checkpoint: observed, then returned.
fn summary(searches: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    let n = searches.len() as f64;
    let mut summary = Vec::new();
    for pick in [|pair: &(f64, f64)| pair.0, |pair: &(f64, f64)| pair.1] {
        for checkpoint in 0..CHECKPOINTS.len() {
            let regrets: Vec<f64> = searches.iter().map(|search| pick(&search[checkpoint])).collect();
            let mean = regrets.iter().sum::<f64>() / n;
            let variance = regrets.iter().map(|regret| (regret - mean).powi(2)).sum::<f64>() / (n - 1.0);
            summary.push((mean, (variance / n).sqrt()));
        }
    }
    summary
}

#[test]
#[ignore = "a measurement that needs tables"]
fn measure_regret_on_tables() {
    let directory = std::env::var("AUTORESEARCH_TABLES").expect("AUTORESEARCH_TABLES names a folder");
    let repeats = setting("AUTORESEARCH_REPEATS", "20").parse().expect("a number");
    let methods = setting("AUTORESEARCH_METHODS", "random greedy evolution tpe ppo");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    println!("observed, then returned at {CHECKPOINTS:?}");
    let methods: Vec<&str> = methods.split_whitespace().collect();
    let mut ratios = vec![vec![0.0; 2 * CHECKPOINTS.len()]; methods.len()];
    for path in &paths {
        let table = Table::read(path);
        let mut reference = Vec::new();
        for (method, ratios) in methods.iter().zip(&mut ratios) {
            let begin = cpu_seconds();
            let summary = summary(&searches(&table, method, repeats, 4));
            let cells: Vec<String> = summary
                .iter()
                .map(|(mean, error)| format!("{:4.0}+-{:<3.0}", 1e3 * mean, 1e3 * error))
                .collect();
            let seconds = (cpu_seconds() - begin) / repeats as f64;
            println!("{:<26}{method:<10}{}  {seconds:.2} s", table.name, cells.join(" "));
            if reference.is_empty() {
                reference.clone_from(&summary);
            }
            for (i, (ratio, (mean, _))) in ratios.iter_mut().zip(&summary).enumerate() {
                let other = reference[i % CHECKPOINTS.len()].0;
                *ratio += ((mean + 0.005) / (other + 0.005)).ln() / paths.len() as f64;
            }
        }
    }
    for (method, ratios) in methods.iter().zip(&ratios) {
        let cells: Vec<String> = ratios.iter().map(|ratio| format!("{:.2}", ratio.exp())).collect();
        println!("ratio {method:<10}{}", cells.join(" "));
    }
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// CPU time of this process, which other load moves less than the wall clock.
fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask this of itself");
    let time = usage.user_time();
    time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6
}

/// How long an `ask` with its `tell` takes in a long study of many sites.
#[test]
#[ignore = "a measurement"]
fn measure_the_cost_of_ask_and_tell() {
    let grid = toy::Grid { categories: 20, ladders: 80, width: 8 };
    for trials in [300, 1000, 10_000] {
        let mut notebook = grid.study(policy(Method::Random, 1).as_mut(), trials, 50);
        for method in setting("AUTORESEARCH_METHODS", "random greedy evolution tpe ppo").split(' ') {
            let method = method.parse().expect("a method");
            let mut policy = policy(method, 1);
            let first = notebook.trials().len() as u32;
            grid.go_on(policy.as_mut(), &mut notebook, first + 8, 1);
            let begin = cpu_seconds();
            grid.go_on(policy.as_mut(), &mut notebook, first + 40, 1);
            let per_trial = (cpu_seconds() - begin) / 32.0;
            let bytes = policy.save().to_string().len();
            println!("{trials:>6} trials {method:<9} {:6.1} ms a trial, {bytes} bytes", 1e3 * per_trial);
        }
    }
}
