//! A preset: values at sites, written by hand, that make one program of another.

use anyhow::{Context, Result};

use super::product::nearest;
use super::{Project, UserError};
use crate::study::Sources;

/// The program that a preset, lines of `site = "value"`, makes of a project's untouched one.
pub(super) fn preset(project: &Project, name: &str, text: &str) -> Result<Sources> {
    let wrong = |error: &dyn std::fmt::Display| UserError::new(format!("{name}: {error}"));
    let table: toml::Table = toml::from_str(text).map_err(|error| wrong(&error))?;
    let mut sources = project.sources.clone();
    let mut values: Vec<(String, String)> = Vec::new();
    for (site, value) in table {
        let value = value.as_str().map(str::to_owned);
        let value = value.ok_or_else(|| wrong(&format!("write the value of `{site}` in quotes")))?;
        values.push((site, value));
    }
    while !values.is_empty() {
        let sites = project.rewriter.sites(&sources)?;
        // A template may bring a site along that another line sets.
        let (now, later): (Vec<_>, Vec<_>) =
            values.into_iter().partition(|(name, _)| sites.iter().any(|site| site.name == *name));
        if now.is_empty() {
            let unknown = &later[0].0;
            let near = nearest(unknown, sites.iter().map(|site| site.name.as_str()));
            return Err(wrong(&format!("there is no site `{unknown}`; the nearest is `{near}`")).into());
        }
        let edit = |(name, value): &(String, String)| {
            let site = sites.iter().find(|site| site.name == *name)?;
            (site.value != *value).then(|| site.describe(value))
        };
        let edits: Vec<_> = now.iter().filter_map(edit).collect();
        sources = project.rewriter.apply(&sources, &edits).map_err(|error| wrong(&error))?;
        values = later;
    }
    project.rewriter.sites(&sources).context("the preset's program cannot be read")?;
    Ok(sources)
}
