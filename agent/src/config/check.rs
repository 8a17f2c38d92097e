//! What values the settings may have, beyond their types. Errors name the key and what is allowed.

use std::fmt::Display;
use std::ops::Bound::{self, Excluded, Unbounded};
use std::ops::RangeBounds;
use std::time::Duration;

use regex::Regex;

use super::Span;
use super::keys::nearest;
use super::settings::{Config, Metric, Run};

/// Trials at a time.
pub(crate) const MOST_SLOTS: usize = 256;
/// A proof needs at least two pairs.
const FEWEST_PAIRS: usize = 2;
/// More MiB than this would be more bytes than fit in a `u64`.
const MOST_MIB: u64 = u64::MAX >> 20;

const SHARE: (Bound<f64>, Bound<f64>) = (Excluded(0.0), Excluded(1.0));
const POSITIVE: (Bound<f64>, Bound<f64>) = (Excluded(0.0), Excluded(f64::INFINITY));
const SOME_TIME: (Bound<Span>, Bound<Span>) = (Excluded(Span(Duration::ZERO)), Unbounded);

/// What is replaced in the arguments of a run.
const PLACEHOLDERS: [&str; 2] = ["{seed}", "{budget}"];

/// How the names of the variables begin by which a program is told its seed, budget and device.
const OWN_VARIABLES: &str = "AUTORESEARCH_";

/// Finds the first value that cannot be used, and says why.
pub(super) fn check(config: &Config) -> Result<(), String> {
    within("trials", config.trials, 1.., "at least 1")?;
    within("patience", config.patience, 1.., "at least 1")?;
    within("slots", config.slots, 1..=MOST_SLOTS, "from 1 to 256")?;
    within("for", config.time, SOME_TIME, "longer than 0s")?;
    let limits = &config.limits;
    within("limits.build", limits.build, SOME_TIME, "longer than 0s")?;
    within("limits.smoke", limits.smoke, SOME_TIME, "longer than 0s")?;
    within("limits.train", limits.train, SOME_TIME, "longer than 0s")?;
    within("limits.silence", limits.silence, SOME_TIME, "longer than 0s")?;
    within("limits.memory", limits.memory, 1..=MOST_MIB, "a number of MiB, at least 1")?;
    within("limits.disk", limits.disk, ..=MOST_MIB, "a number of MiB")?;
    let merge = &config.merge;
    within("merge.alpha", merge.alpha, SHARE, "between 0 and 1")?;
    within("merge.pairs", merge.pairs, FEWEST_PAIRS.., "at least 2")?;
    within("merge.smallest-effect", merge.smallest_effect, POSITIVE, "a number above 0")?;
    within("merge.largest-factor", merge.largest_factor, (Excluded(1.0), Unbounded), "a number above 1")?;
    within("merge.noise-repeats", merge.noise_repeats, 1.., "at least 1: without it the noise is not known")?;
    within("stop.level", config.stop.level, SHARE, "between 0 and 1")?;
    within("stop.audit", config.stop.audit, SHARE, "between 0 and 1")?;
    placeholders("run.args", &config.run.args)?;
    placeholders("run.test-args", &config.run.test_args)?;
    run(&config.run)?;
    metric(&config.metric)
}

fn run(run: &Run) -> Result<(), String> {
    if run.binary.is_some() && run.example.is_some() {
        return Err("set one of `run.binary` and `run.example`, not both".to_owned());
    }
    if let Some(name) = run.env.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(format!("`run.env`: `{name}` cannot be the name of a variable"));
    }
    if let Some(name) = run.env.keys().find(|name| name.starts_with(OWN_VARIABLES)) {
        return Err(format!("`run.env`: {name} is set for each run by autoresearch itself"));
    }
    Ok(())
}

fn within<T>(key: &str, value: Option<T>, range: impl RangeBounds<T>, allowed: &str) -> Result<(), String>
where
    T: Display + PartialOrd,
{
    match value {
        Some(value) if !range.contains(&value) => Err(format!("`{key}` is {value}, but must be {allowed}")),
        _ => Ok(()),
    }
}

/// Refuses what looks like a placeholder but would reach the program unchanged.
fn placeholders(key: &str, arguments: &[String]) -> Result<(), String> {
    let mut found = arguments.iter().flat_map(|argument| braced(argument));
    let Some(unknown) = found.find(|word| !PLACEHOLDERS.contains(&word.as_str())) else { return Ok(()) };
    let advice = nearest(&unknown, PLACEHOLDERS).map(|meant| format!("; did you mean `{meant}`?"));
    let [seed, budget] = PLACEHOLDERS;
    Err(format!(
        "`{key}`: `{unknown}` is not a placeholder; use `{seed}` or `{budget}`{}",
        advice.unwrap_or_default()
    ))
}

/// The names in braces in a text, braces included; `{}` and `{"a": 1}` do not count.
fn braced(text: &str) -> Vec<String> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    let closed = text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
    closed.filter(is_name).map(|name| format!("{{{name}}}")).collect()
}

fn metric(metric: &Metric) -> Result<(), String> {
    if metric.pattern.is_some() && metric.log.is_some() {
        return Err("set one of `metric.pattern` and `metric.log`, not both".to_owned());
    }
    if metric.progress.is_some() && metric.pattern.is_none() {
        return Err("`metric.progress` does nothing without `metric.pattern`".to_owned());
    }
    if let Some(pattern) = &metric.pattern
        && groups("metric.pattern", pattern)?.is_empty()
    {
        return Err(format!(
            "`metric.pattern`: `{pattern}` has no group; put parentheses around the number: `loss: ([0-9.]+)`"
        ));
    }
    let Some(progress) = &metric.progress else { return Ok(()) };
    let groups = groups("metric.progress", progress)?;
    let has = |name: &str| groups.iter().flatten().any(|group| group == name);
    if !has("value") {
        return Err(format!("`metric.progress`: `{progress}` has no group `(?<value>...)`"));
    }
    let is_placed = has("share") || has("step") && has("steps");
    if !is_placed {
        return Err(format!(
            "`metric.progress`: `{progress}` has neither a group `(?<share>...)` nor the two groups `(?<step>...)` and \
             `(?<steps>...)`, which say where the value belongs"
        ));
    }
    Ok(())
}

/// The groups of a regular expression, each with its name if it has one.
fn groups(key: &str, pattern: &str) -> Result<Vec<Option<String>>, String> {
    let regex = Regex::new(pattern)
        .map_err(|error| format!("`{key}`: `{pattern}` is not a valid regular expression: {error}"))?;
    Ok(regex.capture_names().skip(1).map(|name| name.map(str::to_owned)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_used_are_refused_with_their_key_and_what_is_allowed() {
        for (text, words) in [
            ("slots = 0", "`slots` is 0, but must be from 1 to 256"),
            ("slots = 1000", "`slots` is 1000, but must be from 1 to 256"),
            ("trials = 0", "`trials` is 0, but must be at least 1"),
            ("trials = -1", "trials = -1"),
            ("trials = -1", "invalid value: integer `-1`, expected u32"),
            ("seed = -3", "seed = -3"),
            ("limits.memory = -8", "expected u64"),
            ("patience = 0", "`patience` is 0, but must be at least 1"),
            ("for = \"0s\"", "`for` is 0s, but must be longer than 0s"),
            ("limits.train = \"0s\"", "`limits.train` is 0s"),
            ("limits.memory = 0", "`limits.memory` is 0, but must be a number of MiB, at least 1"),
            ("limits.disk = 20000000000000", "`limits.disk` is 20000000000000"),
            ("merge.alpha = 1", "`merge.alpha` is 1, but must be between 0 and 1"),
            ("merge.pairs = 1", "`merge.pairs` is 1, but must be at least 2"),
            ("merge.smallest-effect = -0.1", "`merge.smallest-effect` is -0.1, but must be a number above 0"),
            ("merge.smallest-effect = 0", "`merge.smallest-effect` is 0"),
            ("merge.smallest-effect = inf", "`merge.smallest-effect` is inf"),
            ("merge.noise-repeats = 0", "`merge.noise-repeats` is 0, but must be at least 1"),
            ("stop.level = 5", "`stop.level` is 5, but must be between 0 and 1"),
            ("stop.level = nan", "`stop.level` is NaN"),
            ("stop.audit = 0.0", "`stop.audit` is 0, but must be between 0 and 1"),
            ("run.args = [\"--seed={sed}\"]", "`run.args`: `{sed}` is not a placeholder"),
            ("run.args = [\"--seed={sed}\"]", "use `{seed}` or `{budget}`; did you mean `{seed}`?"),
            ("run.test-args = [\"{x}\"]", "`run.test-args`: `{x}` is not a placeholder"),
            ("run = { binary = \"a\", example = \"b\" }", "`run.binary` and `run.example`, not both"),
            ("run.env.AUTORESEARCH_SEED = \"1\"", "AUTORESEARCH_SEED is set for each run"),
            ("run.env.\"A=B\" = \"1\"", "`A=B` cannot be the name"),
            ("metric.pattern = \"(\"", "`metric.pattern`: `(` is not a valid regular expression"),
            ("metric.pattern = \"loss\"", "`metric.pattern`: `loss` has no group"),
            ("metric.progress = \"(?<value>.)\"", "does nothing without `metric.pattern`"),
            ("metric = { pattern = \"(.)\", log = \"logs\" }", "not both"),
            ("metric = { pattern = \"(.)\", progress = \"(?<share>.)\" }", "has no group `(?<value>...)`"),
            (
                "metric = { pattern = \"(.)\", progress = \"(?<value>.)(?<step>.)\" }",
                "neither a group `(?<share>...)`",
            ),
        ] {
            let error = format!("{:#}", Config::parse(text).expect_err(text));
            assert!(error.starts_with("autoresearch.toml") && error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn values_at_the_edge_of_what_is_allowed_are_accepted() {
        for text in [
            "slots = 256",
            "merge = { pairs = 2, noise-repeats = 1, check-seeds = 0 }",
            "limits.disk = 0",
            "run.args = [\"{seed}-{budget}\", \"{}\", \"{\\\"rate\\\": 1}\", \"}{\"]",
            "metric = { pattern = \"(?<value>.)\", progress = \"(?<step>.)/(?<steps>.) (?<value>.)\" }",
        ] {
            Config::parse(text).expect(text);
        }
    }
}
