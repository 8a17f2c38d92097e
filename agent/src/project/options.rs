//! The options of a study, decided from what was typed, the settings, and the defaults.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::package::Project;
use super::user_error::UserError;
use crate::config::{Config, Direction};
use crate::device::Device;
use crate::evaluator::{LimitSettings, Metric, MetricSource, Pattern, PhaseLimits, Plan};
use crate::policy::Method;
use crate::study::{Budget, MergeRule, Started, StopRule, StudyRules, Unit};

/// Budget of one run on the processor, and on a GPU, which takes longer to show its worth.
const DEFAULT_BUDGET: &str = "60s";
const DEFAULT_GPU_BUDGET: &str = "300s";

const DEFAULT_TRIALS: u32 = 100;

/// Share of a study's merges that may be false.
pub(crate) const DEFAULT_MERGE: MergeRule =
    MergeRule { alpha: 0.02, most_pairs: 50, smallest_effect: None, largest_factor: 100.0 };
pub(crate) const DEFAULT_NOISE_REPEATS: usize = 3;
const DEFAULT_CHECK_SEEDS: usize = 3;
const DEFAULT_PATIENCE: u32 = 50;

/// What was typed; `None` leaves it to the settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed {
    pub(crate) study: Option<String>,
    pub(crate) budget: Option<String>,
    pub(crate) trials: Option<u32>,
    pub(crate) time: Option<Duration>,
    pub(crate) seed: Option<u64>,
    pub(crate) search: Option<String>,
    pub(crate) slots: Option<usize>,
    /// Repositories whose studies a new study learns from.
    pub(crate) learn_from: Vec<PathBuf>,
    /// Nothing is proved or merged, and a lack of merges ends nothing.
    pub(crate) search_only: bool,
}

/// All decisions.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) budget: Budget,
    pub(crate) method: Method,
    pub(crate) seed: u64,
    /// What the slots train on, in turns; never empty.
    pub(crate) devices: Vec<Device>,
    pub(crate) slots: usize,
    pub(crate) time: Option<Duration>,
    pub(crate) rules: StudyRules,
    /// `None`: nothing is stopped early.
    pub(crate) stop: Option<StopRule>,
    pub(crate) metric: Metric,
    config: Config,
}

impl Options {
    /// Decides. What a study began with is kept, and asking for anything else is an error.
    pub(crate) fn decide(
        typed: &Typed,
        config: &Config,
        begun: Option<&Started>,
        devices: Vec<Device>,
    ) -> Result<Self, UserError> {
        let search = typed.search.clone().or_else(|| config.search.clone());
        let search = search.or_else(|| begun.map(|begun| begun.search.clone()));
        let method = match search {
            Some(name) => name.parse().map_err(UserError::new)?,
            None => Method::default(),
        };
        let on_gpu = devices.iter().any(|device| device.is_gpu());
        let default = if on_gpu { DEFAULT_GPU_BUDGET } else { DEFAULT_BUDGET };
        // A setting in processor seconds was meant for a processor.
        let set = config.budget.clone().map(Budget::from);
        let set = set.filter(|budget| !(on_gpu && budget.unit() == Some(Unit::CpuSeconds)));
        let typed_budget = typed.budget.clone().map(Budget::from);
        let seed = typed.seed.or(config.seed).or(begun.map(|begun| begun.seed)).unwrap_or(0);
        let budget = match (begun, typed_budget) {
            (_, Some(typed)) => typed,
            (Some(begun), None) => begun.budget.clone(),
            (None, None) => set.unwrap_or_else(|| default.into()),
        };
        let metric = metric(config);
        let logs = metric.shared_logs();
        let slots = typed.slots.or(config.slots);
        let slots =
            slots.unwrap_or_else(|| if logs.is_some() { 1 } else { default_slots(&devices, &budget) });
        if let Some(logs) = logs.filter(|_| slots > 1) {
            return Err(UserError::new(format!(
                "all runs write their logs to {logs} (`metric.log`), so only one run at a time can be read: set `slots` to 1, \
                 or let the program write to a folder relative to its own"
            )));
        }
        let options = Self {
            budget,
            method,
            seed,
            slots,
            devices,
            time: typed.time.or(config.time.map(|span| span.0)),
            rules: rules(typed, config),
            stop: config.stop.enabled.unwrap_or(true).then(|| StopRule {
                level: config.stop.level.unwrap_or(StopRule::DEFAULT.level),
                audit: config.stop.audit.unwrap_or(StopRule::DEFAULT.audit),
            }),
            metric,
            config: config.clone(),
        };
        options.check_budget()?;
        match begun {
            Some(begun) => options.agrees_with(begun).map(|()| options),
            None => Ok(options),
        }
    }

    /// A warning about a request that is probably not what the user meant.
    pub(crate) fn warning(&self) -> Option<String> {
        let on_gpu = self.devices.iter().any(|device| device.is_gpu());
        (on_gpu && self.budget.unit() == Some(Unit::CpuSeconds)).then(|| {
            format!(
                "a budget of {} counts processor seconds, which do not measure the work of a GPU; on a GPU, \
                 use {DEFAULT_GPU_BUDGET} or a number of steps or tokens",
                self.budget
            )
        })
    }

    /// Refuses a budget that a program with our protocol cannot read; other programs get what was typed.
    fn check_budget(&self) -> Result<(), UserError> {
        if self.budget.unit().is_some() || !matches!(self.metric.source, MetricSource::Protocol) {
            return Ok(());
        }
        let budget = &self.budget;
        Err(UserError::new(format!(
            "`{budget}` is not a valid budget: write 20s, 20cpu-s, 500steps or 2000000tokens (`budget` in autoresearch.toml, or \
             --budget)"
        )))
    }

    fn agrees_with(&self, begun: &Started) -> Result<(), UserError> {
        let decided = [
            ("budget", begun.budget.to_string(), self.budget.to_string()),
            ("search", begun.search.clone(), self.method.to_string()),
            ("seed", begun.seed.to_string(), self.seed.to_string()),
        ];
        match decided.into_iter().find(|(_, then, now)| then != now) {
            None => Ok(()),
            Some((what, then, now)) => Err(UserError::new(format!(
                "study `{}` was started with {what} {then}, not {now}; start another with --study NAME",
                begun.study
            ))),
        }
    }

    /// What the evaluator does with each program. `measured` is how long the baseline trained.
    pub(crate) fn plan(&self, project: &Project, measured: Option<f64>) -> Plan {
        let limits = &self.config.limits;
        let settings = LimitSettings {
            build: limits.build.map(|span| span.0),
            smoke: limits.smoke.map(|span| span.0),
            train: limits.train.map(|span| span.0),
            silence: limits.silence.map(|span| span.0),
            memory: limits.memory.map(|mib| mib << 20),
            disk_floor: limits.disk.map(|mib| mib << 20),
        };
        let speaks = matches!(self.metric.source, MetricSource::Protocol);
        Plan {
            package: project.package.clone(),
            target: project.target.clone().ok().flatten(),
            features: self.config.run.features.clone(),
            environment: self.config.run.env.clone().into_iter().collect(),
            data: project.data.clone(),
            arguments: self.config.run.args.clone(),
            budget: self.budget.clone(),
            smoke_budget: speaks.then(|| Plan::SMOKE_BUDGET.into()),
            metric: self.metric.clone(),
            limits: PhaseLimits::derive(&self.budget, measured, speaks, self.slots, &settings),
        }
    }
}

/// One for each GPU. On the processor, one for each core if runs do not take each other's budget.
fn default_slots(devices: &[Device], budget: &Budget) -> usize {
    if devices.iter().any(|device| device.is_gpu()) || !budget.bears_builds() {
        return devices.len();
    }
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn rules(typed: &Typed, config: &Config) -> StudyRules {
    // A user who sets a time wants it used.
    let without_time = typed.time.or(config.time.map(|span| span.0)).is_none().then_some(DEFAULT_TRIALS);
    let rules = StudyRules {
        merge: MergeRule {
            alpha: config.merge.alpha.unwrap_or(DEFAULT_MERGE.alpha),
            most_pairs: config.merge.pairs.unwrap_or(DEFAULT_MERGE.most_pairs),
            smallest_effect: config.merge.smallest_effect,
            largest_factor: config.merge.largest_factor.unwrap_or(DEFAULT_MERGE.largest_factor),
        },
        noise_repeats: config.merge.noise_repeats.unwrap_or(DEFAULT_NOISE_REPEATS),
        check_seeds: config.merge.check_seeds.unwrap_or(DEFAULT_CHECK_SEEDS),
        trials: typed.trials.or(config.trials).or(without_time),
        patience: config.patience.unwrap_or(DEFAULT_PATIENCE),
    };
    if !typed.search_only {
        return rules;
    }
    // No lead is this large, so nothing ever becomes a candidate.
    let merge = MergeRule { smallest_effect: Some(f64::INFINITY), ..rules.merge };
    StudyRules { merge, noise_repeats: 0, patience: u32::MAX, ..rules }
}

fn metric(config: &Config) -> Metric {
    let settings = &config.metric;
    let source = match (&settings.pattern, &settings.log) {
        (Some(pattern), _) => {
            let read = |pattern: &String| Pattern::new(pattern).expect("checked when the settings were read");
            MetricSource::Pattern { result: read(pattern), progress: settings.progress.as_ref().map(read) }
        }
        (None, Some(directory)) => MetricSource::BurnTrain {
            directory: directory.clone(),
            log: settings.name.clone().unwrap_or_else(|| "Loss".into()),
        },
        (None, None) => MetricSource::Protocol,
    };
    let name = settings.name.clone().unwrap_or_else(|| "val_bpb".into());
    Metric { name, maximise: settings.direction == Direction::Maximize, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::CommitId;

    fn begun() -> Started {
        Started {
            study: "one".into(),
            base: CommitId::default(),
            search: "ppo".into(),
            seed: 3,
            budget: "20s".into(),
            metric: "val_bpb".into(),
            maximise: false,
            device: None,
            at: 0,
        }
    }

    fn decide(typed: &Typed, config: &Config, begun: Option<&Started>) -> Result<Options, UserError> {
        Options::decide(typed, config, begun, vec![Device::Processor])
    }

    #[test]
    fn typed_options_override_the_settings_and_settings_the_defaults() {
        let config = Config { budget: Some("20s".into()), seed: Some(7), ..Config::default() };
        let typed = Typed { budget: Some("5s".into()), ..Typed::default() };
        let options = decide(&typed, &config, None).unwrap();
        assert_eq!((options.budget.as_str(), options.seed, options.slots), ("5s", 7, 1));
    }

    #[test]
    fn each_gpu_gets_a_slot_and_runs_take_longer_there() {
        let on = |devices: &[Device], typed: &Typed| {
            Options::decide(typed, &Config::default(), None, devices.to_vec()).unwrap()
        };
        let (none, gpus) = (Typed::default(), [Device::Gpu(0), Device::Gpu(1)]);
        let decided = on(&gpus, &none);
        assert_eq!((decided.budget.as_str(), decided.slots, decided.warning()), ("300s", 2, None));
        for device in [Device::Processor, Device::Software] {
            let decided = on(&[device], &none);
            assert_eq!((decided.budget.as_str(), decided.slots), ("60s", 1));
        }
        assert_eq!(on(&gpus, &Typed { slots: Some(5), ..Typed::default() }).slots, 5);
        let set = Config { budget: Some("40cpu-s".into()), ..Config::default() };
        let budget = |devices: &[Device]| {
            let decided = Options::decide(&Typed::default(), &set, None, devices.to_vec());
            decided.expect("good settings").budget.to_string()
        };
        assert_eq!([budget(&gpus), budget(&[Device::Processor])], ["300s", "40cpu-s"]);
        let typed = Typed { budget: Some("40cpu-s".into()), ..Typed::default() };
        assert!(on(&gpus, &typed).warning().unwrap().contains("40cpu-s"));
        assert_eq!(on(&[Device::Processor], &typed).warning(), None);
    }

    #[test]
    fn each_core_gets_a_slot_if_runs_do_not_take_each_others_budget() {
        let cores = std::thread::available_parallelism().unwrap().get();
        let slots = |budget: &str| {
            let typed = Typed { budget: Some(budget.into()), ..Typed::default() };
            decide(&typed, &Config::default(), None).unwrap().slots
        };
        assert_eq!(["20cpu-s", "500steps", "20s"].map(slots), [cores, cores, 1]);
    }

    #[test]
    fn a_study_continues_with_what_it_began_with() {
        let options = decide(&Typed::default(), &Config::default(), Some(&begun())).unwrap();
        assert_eq!((options.budget.as_str(), options.seed), ("20s", 3));
        let typed = Typed { budget: Some("40s".into()), ..Typed::default() };
        let error = decide(&typed, &Config::default(), Some(&begun())).unwrap_err().to_string();
        assert!(error.contains("started with budget 20s, not 40s"), "{error}");
    }

    #[test]
    fn a_search_that_does_not_exist_is_an_error_that_names_those_that_do() {
        let typed = Typed { search: Some("magic".into()), ..Typed::default() };
        let error = decide(&typed, &Config::default(), None).unwrap_err().to_string();
        assert!(error.contains("evolution"), "{error}");
    }
}
