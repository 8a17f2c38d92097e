//! `bench`: search methods on tables of real results, the cost of their choices, and stop rules on curves.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::{BenchCommand, BenchMergeArgs, BenchSearchArgs, BenchStoppingArgs};
use crate::bench::{
    self, CurveStudy, HISTORIES, History, Landscape, MergeSettings, Merging, Rule, RuleName, Searched,
    Settings, Table, Together,
};
use crate::campaign::read_studies;
use crate::policy::{Method, Variant};
use crate::project::{DEFAULT_MERGE, DEFAULT_NOISE_REPEATS, UserError};
use crate::repo::Repo;
use crate::study::MergeRule;

pub(crate) fn bench(command: &BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Search(args) => search(args),
        BenchCommand::Stopping(args) => stopping(args),
        BenchCommand::Merge(args) => merge(args),
        BenchCommand::Cost { methods } => {
            cost(&methods_or_all(&methods.methods));
            Ok(())
        }
    }
}

fn search(args: &BenchSearchArgs) -> Result<()> {
    let tables = read(&args.tables)?;
    let landscapes: Vec<Box<dyn Landscape>> = if args.together {
        vec![Box::new(Together::new(tables))]
    } else {
        tables.into_iter().map(|table| Box::new(table) as Box<dyn Landscape>).collect()
    };
    let learn_from = read(&args.learn_from)?;
    let mut methods = methods_or_all(&args.methods.methods);
    methods.extend(args.against.clone().filter(|against| !methods.contains(against)));
    let against = args.against.clone().unwrap_or(Method::Tpe.into());
    let against = methods.iter().position(|method| *method == against).filter(|_| methods.len() > 1);
    let trials = args.trials as usize;
    let settings = Settings {
        trials,
        batch: args.batch as usize,
        repeats: args.repeats as usize,
        seed: args.seed,
        learn_from,
        points: if args.plot.is_some() { bench::points(trials) } else { bench::checkpoints(trials) },
    };
    if let Some(file) = &args.plot {
        // If it cannot be written, the error comes before anything is run.
        let opened = OpenOptions::new().create(true).append(true).open(file);
        opened.with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut all = Vec::new();
    for landscape in landscapes {
        let mut replayed = Vec::new();
        for method in &methods {
            let searches = bench::replay(landscape.as_ref(), method, &settings);
            if args.json {
                anstream::println!("{}", bench::json(landscape.as_ref(), &searches, &settings)?);
            }
            replayed.push(searches);
        }
        let searched = Searched { landscape, methods: replayed, against };
        if !args.json {
            anstream::println!("{}", bench::table_text(&searched, &settings));
        }
        all.push(searched);
    }
    if !args.json && all.len() > 1 {
        anstream::print!("{}", bench::ratios(&all, &settings));
    }
    if let Some(file) = &args.plot {
        write(file, &bench::curves(&all, &settings))?;
    }
    Ok(())
}

fn stopping(args: &BenchStoppingArgs) -> Result<()> {
    let studies = if args.curves.is_dir() {
        let repo = Repo::open(&args.curves).map_err(UserError::from_error)?;
        let studies: Vec<CurveStudy> = read_studies(&repo)?.iter().map(CurveStudy::of).collect();
        studies.into_iter().filter(|study| !study.runs.is_empty()).collect::<Vec<_>>()
    } else {
        bench::read_curves(&args.curves).map_err(UserError::from_error)?
    };
    if studies.is_empty() {
        let none = "this repository's studies have no completed run with a learning curve; `autoresearch run` makes some";
        return Err(UserError::new(none).into());
    }
    let rules = if args.rules.is_empty() { &RuleName::ALL[..] } else { &args.rules };
    let mut measured = Vec::new();
    for rule in rules {
        let settings = bench::measure(&studies, *rule);
        if args.json {
            anstream::println!("{}", bench::stopping_json(&settings)?);
        }
        measured.extend(settings);
    }
    if !args.json {
        anstream::print!("{}", bench::stopping_text(&studies, &measured));
    }
    Ok(())
}

fn read(files: &[PathBuf]) -> Result<Vec<Table>, UserError> {
    files.iter().map(|file| bench::read(file)).collect::<Result<Vec<_>, _>>().map_err(UserError::from_error)
}

/// Default numbers of nights, and of comparisons of a program with itself.
const NIGHTS: u32 = 60;
const COMPARISONS: u32 = 500;

fn merge(args: &BenchMergeArgs) -> Result<()> {
    let repeats = args.repeats.unwrap_or(if args.same.is_some() { COMPARISONS } else { NIGHTS });
    let settings = MergeSettings {
        search: args.search.clone(),
        evaluations: args.evaluations as usize,
        repeats: repeats as usize,
        seed: args.seed,
        // Results of a table are what they are: nobody tampers with their metric.
        rule: MergeRule { largest_factor: f64::INFINITY, ..DEFAULT_MERGE },
        noise_repeats: DEFAULT_NOISE_REPEATS,
    };
    if let Some(file) = &args.same {
        return same(&bench::read_runs(file).map_err(UserError::from_error)?, &settings, args.json);
    }
    for table in read(&args.tables)? {
        let mut all = Vec::new();
        for rule in Rule::ALL.into_iter().filter(|rule| args.rules.is_empty() || args.rules.contains(rule)) {
            let merging = Merging::new(&table, rule, &settings, &bench::nights(&table, rule, &settings));
            if args.json {
                anstream::println!("{}", serde_json::to_string(&merging)?);
            }
            all.push(merging);
        }
        if !args.json {
            anstream::println!("{}", bench::merging_text(&table, &settings, &all));
        }
    }
    Ok(())
}

fn same(runs: &[f64], settings: &MergeSettings, json: bool) -> Result<()> {
    let found = bench::same(runs, settings);
    if json {
        anstream::println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    anstream::println!(
        "{} of {} comparisons of the program with itself merge, {:.1} %; {:.1} runs each; {} runs were recorded",
        found.merges,
        found.comparisons,
        100.0 * found.false_share,
        found.proof_trials,
        runs.len()
    );
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn cost(methods: &[Variant]) {
    anstream::println!("milliseconds of CPU time to choose a trial and learn from its result");
    for trials in HISTORIES {
        let history = History::of(trials);
        for method in methods {
            let milliseconds = history.milliseconds(method);
            anstream::println!("after {trials:>6} trials  {method:<21} {milliseconds:>8.2}");
        }
    }
}

/// The named methods, each once; if none are named, all plain ones.
fn methods_or_all(named: &[Variant]) -> Vec<Variant> {
    let mut methods: Vec<Variant> = Vec::new();
    for method in named {
        if !methods.contains(method) {
            methods.push(method.clone());
        }
    }
    if methods.is_empty() { Method::ALL.map(Variant::from).into() } else { methods }
}
