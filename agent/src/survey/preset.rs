//! A preset: values at sites, written by hand, that turn one program into another.

use anyhow::{Context, Result};

use super::product::nearest;
use crate::project::{Project, UserError};
use crate::study::Sources;

/// The program that a preset, lines of `site = "value"`, makes of a project's untouched program.
pub(crate) fn preset(project: &Project, name: &str, text: &str) -> Result<Sources> {
    let wrong = |error: &dyn std::fmt::Display| UserError::new(format!("{name}: {error}"));
    let table: toml::Table = toml::from_str(text).map_err(|error| wrong(&error))?;
    let mut sources = project.sources.clone();
    let mut values: Vec<(String, String)> = Vec::new();
    for (site, value) in table {
        let value = value.as_str().map(str::to_owned);
        let value = value.ok_or_else(|| wrong(&format!("write the value of `{site}` in quotes")))?;
        values.push((site, value));
    }
    let mut left = values.clone();
    while !left.is_empty() {
        let sites = project.rewriter.sites(&sources)?;
        // A template may add a site that another line sets.
        let (now, later): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(name, _)| sites.iter().any(|site| site.name == *name));
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
        left = later;
    }
    let has = project.rewriter.values(&sources).context("the preset's program cannot be read")?;
    // A template may undo what another line has set.
    match values.iter().find(|(site, value)| has.get(site) != Some(value)) {
        Some((site, value)) => Err(wrong(&format!("`{site}` is not `{value}` after all lines")).into()),
        None => Ok(sources),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{Repo, Timestamp};

    fn target() -> (tempfile::TempDir, Project) {
        crate::repo::testing::hermetic();
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("target-project");
        let repo = Repo::create(&root, crate::cli::TARGET, "first\n", Timestamp::now()).unwrap();
        let project = Project::read(&repo, repo.main_head().unwrap()).unwrap();
        (directory, project)
    }

    #[test]
    fn the_recipe_by_hand_is_a_program_of_the_embedded_target() {
        let (_directory, project) = target();
        let text = include_str!("../../../target-project/presets/human.toml");
        let sources = preset(&project, "human.toml", text).unwrap();
        let values = project.rewriter.values(&sources).unwrap();
        let lines: toml::Table = toml::from_str(text).unwrap();
        assert!(lines.len() > 5);
        for (site, value) in &lines {
            assert_eq!(values.get(site).map(String::as_str), value.as_str(), "{site}");
        }
        assert_eq!(project.rewriter.difference(&project.sources, &sources).unwrap().len(), lines.len());
    }

    #[test]
    fn a_line_may_set_a_site_that_the_template_of_another_adds() {
        let (_directory, project) = target();
        let sites_of = |sources: &Sources| project.rewriter.sites(sources).unwrap();
        let muon = preset(&project, "p", "optimiser = \"muon\"").unwrap();
        let known = sites_of(&project.sources);
        let brought = sites_of(&muon).into_iter().find(|site| !known.iter().any(|one| one.name == site.name));
        let brought = brought.expect("Muon adds a number");
        let to = brought.values.iter().find(|value| **value != brought.value).unwrap();
        let sources =
            preset(&project, "p", &format!("\"{}\" = \"{to}\"\noptimiser = \"muon\"", brought.name)).unwrap();
        assert_eq!(project.rewriter.values(&sources).unwrap()[&brought.name], *to);
    }

    #[test]
    fn a_line_that_is_not_possible_is_named() {
        let (_directory, project) = target();
        for (text, reason) in [
            ("optimizer = \"muon\"", "p: there is no site `optimizer`; the nearest is `optimiser`"),
            ("optimiser = \"moun\"", "p: `optimiser` cannot be `moun`"),
            ("\"small::WIDTH\" = 96", "write the value of `small::WIDTH` in quotes"),
            ("\"small::WIDTH\" = \"97\"", "WIDTH % HEADS"),
            ("small::WIDTH = \"96\"", "p: "),
        ] {
            let error = preset(&project, "p", text).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
