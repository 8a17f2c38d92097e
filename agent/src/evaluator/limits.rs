//! How long each phase may take, and how much it may use: derived from the budget or from how long
//! the baseline took, with floors, unless the user says otherwise.

use std::time::Duration;

use crate::runner::Limits;
use crate::study::{Budget, Seconds};

/// A first build compiles every dependency: 20 minutes for burn on two cores.
const BUILD: Duration = Duration::from_secs(3600);
/// Start-up, a GPU's compilation of kernels, eight steps, the judge.
const SMOKE: Duration = Duration::from_secs(300);
/// What a training run may take as a multiple of its budget, or of the baseline's whole time: its
/// own clock stands still during evaluation.
const TRAIN_FACTOR: f64 = 4.0;
const TRAIN_FLOOR: Duration = Duration::from_secs(300);
/// For runs of which neither a time budget nor a measured baseline says how long they take.
const TRAIN_UNKNOWN: Duration = Duration::from_secs(6 * 3600);
/// Allowed silence, as a share of the expected time: four progress points out of sixteen.
const SILENCE_SHARE: f64 = 0.25;
const SILENCE_FLOOR: Duration = Duration::from_secs(120);
/// Share of the machine's memory that the trials of all slots may hold together.
const MEMORY_SHARE: f64 = 0.8;
/// Bytes that stay free on the disk.
const DISK_FLOOR: u64 = 1 << 30;

/// What the user fixed; `None` leaves it to the rules here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LimitSettings {
    pub(crate) build: Option<Duration>,
    pub(crate) smoke: Option<Duration>,
    pub(crate) train: Option<Duration>,
    pub(crate) silence: Option<Duration>,
    /// Bytes.
    pub(crate) memory: Option<u64>,
    /// Bytes.
    pub(crate) disk_floor: Option<u64>,
}

/// The limits of each phase.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhaseLimits {
    pub(crate) build: Limits,
    pub(crate) smoke: Limits,
    pub(crate) train: Limits,
}

impl PhaseLimits {
    /// `measured` is the training time of the baseline, once known; `speaks` says whether programs report progress,
    /// without which silence means nothing; `slots` is how many share the machine.
    pub(crate) fn derive(
        budget: &Budget,
        measured: Option<Seconds>,
        speaks: bool,
        slots: usize,
        set: &LimitSettings,
    ) -> Self {
        let share = MEMORY_SHARE / slots.max(1) as f64;
        let memory = set.memory.or_else(|| Some((total_memory()? as f64 * share) as u64));
        let disk_floor = set.disk_floor.unwrap_or(DISK_FLOOR);
        let expected = longer(measured, budget.seconds());
        let limits = |deadline, silence| Limits { deadline: Some(deadline), silence, memory, disk_floor };
        let train = expected.map_or(TRAIN_UNKNOWN, |seconds| at_least(TRAIN_FLOOR, seconds * TRAIN_FACTOR));
        let silence =
            expected.map(|seconds| at_least(SILENCE_FLOOR, seconds * SILENCE_SHARE)).filter(|_| speaks);
        Self {
            build: limits(set.build.unwrap_or(BUILD), None),
            smoke: limits(set.smoke.unwrap_or(SMOKE), None),
            train: limits(set.train.unwrap_or(train), set.silence.or(silence)),
        }
    }
}

fn longer(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::max)
}

fn at_least(floor: Duration, seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(TRAIN_UNKNOWN).max(floor)
}

/// Bytes of memory in this machine.
pub(crate) fn total_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(kib.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn train(budget: &str, measured: Option<f64>, set: &LimitSettings) -> Limits {
        PhaseLimits::derive(&budget.into(), measured, true, 1, set).train
    }

    #[test]
    fn a_time_budget_gives_a_deadline_with_a_floor() {
        let none = LimitSettings::default();
        assert_eq!(train("20s", None, &none).deadline, Some(TRAIN_FLOOR));
        assert_eq!(train("600s", None, &none).deadline, Some(Duration::from_secs(2400)));
        assert_eq!(train("600cpu-s", None, &none).silence, Some(Duration::from_secs(150)));
    }

    #[test]
    fn steps_wait_for_a_measured_baseline() {
        let none = LimitSettings::default();
        assert_eq!(train("500steps", None, &none).deadline, Some(TRAIN_UNKNOWN));
        assert_eq!(train("500steps", None, &none).silence, None);
        assert_eq!(train("500steps", Some(1000.0), &none).deadline, Some(Duration::from_secs(4000)));
        assert_eq!(train("20s", Some(1000.0), &none).deadline, Some(Duration::from_secs(4000)));
    }

    #[test]
    fn limits_that_the_user_sets_hold() {
        let set = LimitSettings {
            train: Some(Duration::from_secs(7)),
            memory: Some(9),
            ..LimitSettings::default()
        };
        assert_eq!(train("20s", None, &set).deadline, Some(Duration::from_secs(7)));
        assert_eq!(train("20s", None, &set).memory, Some(9));
    }

    #[test]
    fn a_foreign_program_may_be_silent() {
        let limits = PhaseLimits::derive(&"20s".into(), None, false, 1, &LimitSettings::default());
        assert_eq!(limits.train.silence, None);
        assert!(limits.train.memory.unwrap() > 1 << 28);
    }
}
