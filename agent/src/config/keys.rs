//! The known keys: those of the settings that hold values, at any depth. Any other is refused, naming the nearest one.

use std::collections::BTreeSet;

use serde_json::Value;

/// Two names at least this similar (1 means equal) are taken for one with a typo.
const SIMILAR: f64 = 0.5;

/// Stands for any name below a key.
const ANY: &str = "*";

/// All keys of the settings, dotted; `*` where any name is allowed. `settings` is the default of them, as JSON.
pub(super) fn known(settings: &Value) -> BTreeSet<String> {
    let Value::Object(fields) = settings else { return BTreeSet::new() };
    let below = |(name, value): (&String, &Value)| match known(value) {
        inner if inner.is_empty() && value.is_object() => vec![format!("{name}.{ANY}")],
        inner if inner.is_empty() => vec![name.clone()],
        inner => inner.into_iter().map(|key| format!("{name}.{key}")).collect(),
    };
    fields.iter().flat_map(below).collect()
}

/// Finds the first unknown key of a file, and says what may have been meant.
pub(super) fn refuse_unknown(file: &toml::Table, known: &BTreeSet<String>) -> Result<(), String> {
    let is_known = |key: &String| {
        let any = key.rsplit_once('.').map(|(above, _)| format!("{above}.{ANY}"));
        known.contains(key) || any.is_some_and(|any| known.contains(&any))
    };
    let unknown = leaves(file).into_iter().find(|key| !is_known(key));
    unknown.map_or(Ok(()), |key| Err(format!("unknown key `{key}`; {}", advice(&key, known))))
}

/// All keys of a file that hold no table, dotted; empty tables are left out.
fn leaves(table: &toml::Table) -> Vec<String> {
    let below = |(name, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) => leaves(inner).iter().map(|key| format!("{name}.{key}")).collect(),
        _ => vec![name.clone()],
    };
    table.iter().flat_map(below).collect()
}

fn advice(unknown: &str, known: &BTreeSet<String>) -> String {
    match nearest(unknown, known.iter().map(String::as_str)) {
        Some(key) => format!("did you mean `{key}`?"),
        None => format!("the keys are {}", known.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
    }
}

/// The known name that is most like an unknown one; `None` if none is similar.
pub(super) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let similarity = |name: &str| strsim::normalized_damerau_levenshtein(unknown, name);
    let all = known.into_iter().map(|name| (similarity(name), name));
    all.max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(similarity, _)| *similarity > SIMILAR)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn of_the_settings() -> BTreeSet<String> {
        known(&serde_json::to_value(Config::default()).unwrap())
    }

    /// What README.md shows of `autoresearch.toml`.
    fn example() -> &'static str {
        let readme = include_str!("../../../README.md");
        let (_, rest) = readme.split_once("```toml\n").expect("an example");
        rest.split_once("```").expect("its end").0
    }

    #[test]
    fn fields_are_keys_as_the_file_spells_them() {
        let known = of_the_settings();
        for key in ["package", "for", "run.test-args", "metric.direction", "merge.smallest-effect"] {
            assert!(known.contains(key), "{key} is not among {known:?}");
        }
        assert!(!known.contains("run"), "a table is not a key");
    }

    #[test]
    fn the_readme_shows_every_key_with_a_value_that_is_allowed() {
        let shown: toml::Table = example().parse().unwrap();
        let any = |key: String| if key.starts_with("run.env.") { "run.env.*".to_owned() } else { key };
        assert_eq!(leaves(&shown).into_iter().map(any).collect::<BTreeSet<_>>(), of_the_settings());
        // A file may have only one of two.
        let is_other = |line: &&str| line.starts_with("log =") || line.starts_with("example =");
        let without = example().lines().filter(|line| !is_other(line)).collect::<Vec<_>>();
        Config::parse(&without.join("\n")).unwrap();
    }

    #[test]
    fn an_unknown_key_is_refused_at_any_depth() {
        let known = of_the_settings();
        let refused = |text: &str| refuse_unknown(&text.parse().unwrap(), &known).unwrap_err();
        assert_eq!(refused("budgte = \"20s\""), "unknown key `budgte`; did you mean `budget`?");
        assert_eq!(refused("[merge]\nalhpa = 0.1"), "unknown key `merge.alhpa`; did you mean `merge.alpha`?");
        assert_eq!(
            refused("[limits.build]\nhours = 1"),
            "unknown key `limits.build.hours`; did you mean `limits.build`?"
        );
        let any = refuse_unknown(&"[run.env]\nANY_NAME = \"1\"".parse().unwrap(), &known);
        assert_eq!(any, Ok(()));
        assert!(refused("x = 1").starts_with("unknown key `x`; the keys are budget, for, frozen,"));
    }
}
