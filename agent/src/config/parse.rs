//! From the text of `autoresearch.toml` to settings that can be used.

use anyhow::{Context, Result, anyhow};

use super::settings::Config;
use super::{FILE, check, keys};

impl Config {
    /// Reads the text of `autoresearch.toml`. Errors name the key, or the line where there is no key.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refused = |error: String| anyhow!("{FILE}: {error}");
        let table: toml::Table = toml::from_str(text).with_context(|| format!("{FILE} is not valid TOML"))?;
        let all = serde_json::to_value(Self::default()).expect("settings are plain values");
        keys::refuse_unknown(&table, &keys::known(&all)).map_err(refused)?;
        let config: Self =
            toml::from_str(text).with_context(|| format!("{FILE} has a value of the wrong type"))?;
        check::check(&config).map_err(refused)?;
        Ok(config)
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
    fn durations_are_strings() {
        let config = Config::parse("for = \"8h\"\n[limits]\nbuild = \"1h 30m\"").unwrap();
        assert_eq!(config.time.unwrap().0.as_secs(), 8 * 3600);
        assert_eq!(config.limits.build.unwrap().0.as_secs(), 5400);
        let error = format!("{:#}", Config::parse("for = \"soon\"").unwrap_err());
        assert!(error.contains("`soon` is not a duration"), "{error}");
    }
}
