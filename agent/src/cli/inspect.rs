//! `inspect`: what could be changed in a repository, without running anything.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use similar::TextDiff;

use super::args::InspectArgs;
use crate::project::{Project, UserError};
use crate::repo::Repo;
use crate::rewrite::{LeftOut, Site};
use crate::study::Sources;

/// A site as `--json` prints it.
#[derive(Serialize)]
struct Printed<'a> {
    site: &'a str,
    kind: &'a str,
    file: &'a str,
    line: usize,
    doc: &'a str,
    value: &'a str,
    values: &'a [String],
    edits: Vec<PrintedEdit>,
}

#[derive(Serialize)]
struct PrintedEdit {
    to: String,
    summary: String,
    template: Option<String>,
    /// Why it is not possible; absent if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// What is no site, as `--json` prints it after the sites.
#[derive(Serialize)]
struct PrintedLeftOut<'a> {
    site: &'a str,
    file: &'a str,
    line: usize,
    why: &'a str,
}

/// Lists the sites of the program on main.
pub(crate) fn inspect(args: &InspectArgs) -> Result<()> {
    let repo = Repo::open(&args.repo).map_err(UserError::from_error)?;
    let project = Project::read(&repo, repo.main_head()?)?;
    let sites = project.rewriter.sites(&project.sources)?;
    let left_out = project.rewriter.left_out();
    if args.json {
        sites.iter().try_for_each(|site| print_json(&project, site))?;
        print_left_out(left_out)?;
        return project.sites().map(drop);
    }
    let mut files: BTreeMap<&str, Vec<&Site>> = BTreeMap::new();
    for site in &sites {
        files.entry(&site.file).or_default().push(site);
    }
    for (file, sites) in files {
        anstream::println!("{file}");
        for site in sites {
            print_site(&project, site, args.diff);
        }
        anstream::println!();
    }
    let edits: usize = sites.iter().map(|site| others(site).count()).sum();
    if !sites.is_empty() {
        anstream::println!("{} sites, {edits} edits", sites.len());
    }
    let mut reasons: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for one in left_out {
        reasons.entry(one.why).or_default().push(&one.name);
    }
    for (why, mut names) in reasons {
        names.dedup();
        anstream::println!("left out, {}: {}", why.as_str(), names.join(", "));
    }
    // Without any, it is an error, and what was left out may be the reason.
    project.sites().map(drop)
}

/// One more line, if anything is left out.
fn print_left_out(left_out: &[LeftOut]) -> Result<()> {
    let all = left_out.iter().map(|one| PrintedLeftOut {
        site: &one.name,
        file: &one.file,
        line: one.line,
        why: one.why.as_str(),
    });
    if !left_out.is_empty() {
        let printed = BTreeMap::from([("left_out", all.collect::<Vec<_>>())]);
        anstream::println!("{}", serde_json::to_string(&printed)?);
    }
    Ok(())
}

/// The values that a site could have instead.
fn others(site: &Site) -> impl Iterator<Item = &String> {
    site.values.iter().filter(|value| **value != site.value)
}

fn print_site(project: &Project, site: &Site, diff: bool) {
    let values: Vec<String> = site
        .values
        .iter()
        .map(|value| if *value == site.value { format!("[{value}]") } else { value.clone() })
        .collect();
    anstream::println!(
        "{:>5}  {:<10}  {:<32} {}",
        site.line,
        site.kind.as_str(),
        site.name,
        values.join(" ")
    );
    if let Some(doc) = site.doc.lines().next().filter(|doc| !doc.is_empty()) {
        anstream::println!("                    {doc}");
    }
    if diff {
        for to in others(site) {
            let edit = site.describe(to);
            match project.rewriter.apply(&project.sources, std::slice::from_ref(&edit)) {
                Ok(edited) => {
                    anstream::println!("\n# {}\n{}", edit.summary, unified(&project.sources, &edited))
                }
                Err(error) => anstream::println!("\n# {}\n# not possible: {error}\n", edit.summary),
            }
        }
    }
}

fn unified(old: &Sources, new: &Sources) -> String {
    let mut text = String::new();
    for (path, after) in &new.0 {
        let before = old.0.get(path).map_or("", String::as_str);
        if before != after {
            let diff = TextDiff::from_lines(before, after);
            let header = (format!("a/{path}"), format!("b/{path}"));
            text += &diff.unified_diff().header(&header.0, &header.1).to_string();
        }
    }
    text
}

fn print_json(project: &Project, site: &Site) -> Result<()> {
    let edits = others(site).map(|to| {
        let edit = site.describe(to);
        let applied = project.rewriter.apply(&project.sources, std::slice::from_ref(&edit));
        PrintedEdit {
            to: edit.to,
            summary: edit.summary,
            template: edit.template,
            refused: applied.err().map(|error| error.to_string()),
        }
    });
    let printed = Printed {
        site: &site.name,
        kind: site.kind.as_str(),
        file: &site.file,
        line: site.line,
        doc: &site.doc,
        value: &site.value,
        values: &site.values,
        edits: edits.collect(),
    };
    anstream::println!("{}", serde_json::to_string(&printed)?);
    Ok(())
}
