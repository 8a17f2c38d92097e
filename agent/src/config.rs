//! Settings: what `autoresearch.toml` says, what was typed, and the options decided from both.
//!
//! Every key is optional; a repository names only what cannot be found out.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Deserializer};

/// Name of the file at the root of the repository.
pub(crate) const FILE: &str = "autoresearch.toml";

/// Folder of a user's own templates, at the root of the repository.
pub(crate) const TEMPLATES: &str = ".autoresearch/templates/";

/// All keys, dotted; what is not here is refused.
const KEYS: &[&str] = &[
    "package",
    "mutable",
    "frozen",
    "budget",
    "trials",
    "for",
    "seed",
    "slots",
    "search",
    "patience",
    "run.args",
    "run.binary",
    "run.test-args",
    "metric.name",
    "metric.direction",
    "metric.pattern",
    "metric.progress",
    "metric.log",
    "limits.build",
    "limits.smoke",
    "limits.train",
    "limits.silence",
    "limits.memory",
    "limits.disk",
    "merge.alpha",
    "merge.pairs",
    "merge.smallest-effect",
    "merge.noise-repeats",
    "merge.check-seeds",
    "stop.enabled",
    "stop.level",
    "stop.audit",
];

/// The file as written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Config {
    /// Folder of the crate, relative to the root.
    pub(crate) package: Option<String>,
    /// Files that may be edited, relative to the root; `*` stands for any part of a name.
    pub(crate) mutable: Option<Vec<String>>,
    /// Files that may not, taken away from `mutable`.
    pub(crate) frozen: Vec<String>,
    /// What one run may use: `20s`, `20cpu-s`, `500steps`, `2000000tokens`.
    pub(crate) budget: Option<String>,
    /// Total number of trials of the study.
    pub(crate) trials: Option<u32>,
    #[serde(rename = "for")]
    pub(crate) time: Option<Span>,
    pub(crate) seed: Option<u64>,
    /// How many trials run at a time.
    pub(crate) slots: Option<usize>,
    pub(crate) search: Option<String>,
    /// Trials without a merge after which the study ends; half of all trials, if that is more.
    pub(crate) patience: Option<u32>,
    pub(crate) run: Run,
    pub(crate) metric: Metric,
    pub(crate) limits: Limits,
    pub(crate) merge: Merge,
    pub(crate) stop: Stop,
}

/// How the crate's program is started.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Run {
    /// Arguments; `{seed}` and `{budget}` are replaced. Both stand in the environment as well, as
    /// `AUTORESEARCH_SEED` and `AUTORESEARCH_BUDGET`.
    pub(crate) args: Vec<String>,
    /// Which program of the package, where there are several.
    pub(crate) binary: Option<String>,
    /// Arguments beside `args` where programs are compared: they ask for the metric on a part that no study sees, told
    /// as `test_bpb` beside `val_bpb`.
    pub(crate) test_args: Vec<String>,
}

/// What is measured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Metric {
    /// Its name, `val_bpb` by default.
    pub(crate) name: Option<String>,
    pub(crate) direction: Direction,
    /// Regular expression whose first group (or group `value`) is the metric; the last match counts.
    pub(crate) pattern: Option<String>,
    /// The same for points of the learning curve, with groups `value` and `share`, or `step` and `steps`.
    pub(crate) progress: Option<String>,
    /// Folder of burn-train's metric logs, relative to the working directory of the run.
    pub(crate) log: Option<String>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    #[default]
    Minimize,
    Maximize,
}

/// Limits of the phases; what is not set follows from the budget and the baseline.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Limits {
    pub(crate) build: Option<Span>,
    pub(crate) smoke: Option<Span>,
    pub(crate) train: Option<Span>,
    /// Longest silence of a training run.
    pub(crate) silence: Option<Span>,
    /// Summed resident memory, in MiB.
    pub(crate) memory: Option<u64>,
    /// Free space to be left on the disk, in MiB.
    pub(crate) disk: Option<u64>,
}

/// What a merge needs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Merge {
    pub(crate) alpha: Option<f64>,
    pub(crate) pairs: Option<usize>,
    pub(crate) smallest_effect: Option<f64>,
    pub(crate) noise_repeats: Option<usize>,
    /// Fresh seeds on which main and the baseline are measured when a study ends.
    pub(crate) check_seeds: Option<usize>,
}

/// What stops a run early.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Stop {
    pub(crate) enabled: Option<bool>,
    pub(crate) level: Option<f64>,
    pub(crate) audit: Option<f64>,
}

/// A duration, written `90s`, `8h`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl std::str::FromStr for Span {
    type Err = humantime::DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        humantime::parse_duration(text).map(Self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error| {
            serde::de::Error::custom(format!("`{text}` is no duration ({error}); write 90s, 20m or 8h"))
        })
    }
}

impl Config {
    /// Reads the text of `autoresearch.toml`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = toml::from_str(text).with_context(|| format!("{FILE} is not valid TOML"))?;
        refuse_unknown_keys(&table)?;
        let config: Self =
            toml::from_str(text).with_context(|| format!("{FILE} has a value of the wrong kind"))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        for (key, value) in [
            ("merge.alpha", self.merge.alpha),
            ("stop.level", self.stop.level),
            ("stop.audit", self.stop.audit),
        ] {
            if value.is_some_and(|value| !(value > 0.0 && value < 1.0)) {
                bail!("{FILE}: `{key}` must lie between 0 and 1");
            }
        }
        for (key, value) in [("slots", self.slots), ("merge.pairs", self.merge.pairs)] {
            if value == Some(0) {
                bail!("{FILE}: `{key}` must be at least 1");
            }
        }
        if self.metric.pattern.is_some() && self.metric.log.is_some() {
            bail!("{FILE}: set one of `metric.pattern` and `metric.log`, not both");
        }
        Ok(())
    }
}

fn refuse_unknown_keys(table: &toml::Table) -> Result<()> {
    for (key, value) in table {
        let inner: Vec<String> = match value {
            toml::Value::Table(inner) => inner.keys().map(|name| format!("{key}.{name}")).collect(),
            _ => vec![key.clone()],
        };
        for dotted in inner {
            if !KEYS.contains(&dotted.as_str()) {
                bail!("{FILE}: unknown key `{dotted}`; {}", nearest_key(&dotted));
            }
        }
    }
    Ok(())
}

fn nearest_key(unknown: &str) -> String {
    let distance = |key: &&&str| (strsim::normalized_damerau_levenshtein(unknown, key) * 1000.0) as i64;
    match KEYS.iter().max_by_key(distance) {
        Some(key) if distance(&key) > 500 => format!("did you mean `{key}`?"),
        _ => format!("the keys are {}", KEYS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_a_valid_one() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let error = Config::parse("budgte = \"20s\"").unwrap_err().to_string();
        assert_eq!(error, "autoresearch.toml: unknown key `budgte`; did you mean `budget`?");
        let error = Config::parse("[merge]\nalhpa = 0.1").unwrap_err().to_string();
        assert!(error.contains("did you mean `merge.alpha`?"), "{error}");
    }

    #[test]
    fn durations_are_strings() {
        let config = Config::parse("for = \"8h\"\n[limits]\nbuild = \"1h 30m\"").unwrap();
        assert_eq!(config.time.unwrap().0.as_secs(), 8 * 3600);
        assert_eq!(config.limits.build.unwrap().0.as_secs(), 5400);
        let error = format!("{:#}", Config::parse("for = \"soon\"").unwrap_err());
        assert!(error.contains("`soon` is no duration"), "{error}");
    }

    #[test]
    fn levels_outside_of_0_to_1_are_refused() {
        assert!(Config::parse("[stop]\nlevel = 5").is_err());
    }
}
