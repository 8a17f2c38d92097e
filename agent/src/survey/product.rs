//! The programs given by all combinations of the values of a few sites.

use std::collections::BTreeSet;
use std::str::FromStr;

use anyhow::Result;

use crate::project::{Project, UserError};
use crate::rewrite::Site;
use crate::study::{ProgramId, Sources};

/// More programs than this are probably a mistake: they would take days.
const MOST_PROGRAMS: usize = 2000;

/// A site and the values it takes, as typed: `recipe::WIDTH=32,64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) site: String,
    pub(crate) values: Vec<String>,
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (site, values) =
            text.split_once('=').ok_or("write NAME=V1,V2 with a name and values that `inspect` shows")?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        match values.iter().all(|value| !value.is_empty()) {
            true => Ok(Self { site: site.trim().to_owned(), values }),
            false => Err("a value is missing: write NAME=V1,V2".to_owned()),
        }
    }
}

/// One program of the product.
#[derive(Clone, Debug)]
pub(crate) struct Combination {
    /// In the order of the axes.
    pub(crate) values: Vec<String>,
    /// What it changes, for people.
    pub(crate) title: String,
    pub(crate) program: ProgramId,
    pub(crate) sources: Sources,
}

/// All programs of the product.
#[derive(Debug)]
pub(crate) struct Product {
    /// Sites of the untouched program with their wanted values, in each site's own order.
    pub(crate) sites: Vec<Site>,
    pub(crate) programs: Vec<Combination>,
    /// Number of combinations that do not give a distinct program, and why the first does not.
    pub(crate) left_out: (usize, String),
}

impl Product {
    /// Combines the values at sites of a project's untouched program.
    pub(crate) fn new(project: &Project, axes: &[Axis]) -> Result<Self> {
        let all = project.sites()?;
        let sites = axes.iter().map(|axis| wanted(&all, axis)).collect::<Result<Vec<Site>, _>>()?;
        let mut names = BTreeSet::new();
        if let Some(twice) = sites.iter().find(|site| !names.insert(&site.name)) {
            return Err(UserError::new(format!(
                "--site {} was given twice; put all its values into one",
                twice.name
            ))
            .into());
        }
        let size = sites.iter().map(|site| site.values.len()).try_fold(1, usize::checked_mul);
        if size.is_none_or(|size| size > MOST_PROGRAMS) {
            let sizes: Vec<String> = sites.iter().map(|site| site.values.len().to_string()).collect();
            return Err(UserError::new(format!(
                "{} programs are more than the {MOST_PROGRAMS} that a table may have; leave out sites or values",
                sizes.join(" x ")
            ))
            .into());
        }
        let mut product = Self { sites, programs: Vec::new(), left_out: (0, String::new()) };
        let mut seen = BTreeSet::new();
        for values in combinations(&product.sites) {
            let made = product.combine(project, values).and_then(|combination| {
                let is_new = seen.insert(combination.program.clone());
                if is_new { Ok(combination) } else { Err("it is the same program as another".to_owned()) }
            });
            match made {
                Ok(combination) => product.programs.push(combination),
                Err(why) if product.left_out.0 == 0 => product.left_out = (1, why),
                Err(_) => product.left_out.0 += 1,
            }
        }
        if product.programs.is_empty() {
            return Err(
                UserError::new(format!("no combination gives a program: {}", product.left_out.1)).into()
            );
        }
        Ok(product)
    }

    /// The program with these values, or why there is none.
    fn combine(&self, project: &Project, values: Vec<String>) -> Result<Combination, String> {
        let changes = || self.sites.iter().zip(&values).filter(|(site, value)| site.value != **value);
        let edits: Vec<_> = changes().map(|(site, value)| site.describe(value)).collect();
        let sources = project.rewriter.apply(&project.sources, &edits).map_err(|error| error.to_string())?;
        // An edit may undo what another one has made.
        let has = project.rewriter.values(&sources).map_err(|error| error.to_string())?;
        if let Some((site, value)) =
            self.sites.iter().zip(&values).find(|(site, value)| has.get(&site.name) != Some(*value))
        {
            return Err(format!("`{}` is not {value} after all edits", site.name));
        }
        let pairs: Vec<String> = self
            .sites
            .iter()
            .zip(&values)
            .filter(|(site, _)| site.values.len() > 1)
            .map(|(site, value)| format!("{} {value}", short(&site.name)))
            .collect();
        Ok(Combination { title: pairs.join(", "), program: project.identity(&sources), values, sources })
    }
}

/// A site's own name, without its file: `WIDTH`.
fn short(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// The site of an axis, with only the wanted values.
fn wanted(sites: &[Site], axis: &Axis) -> Result<Site, UserError> {
    let names = || sites.iter().map(|site| site.name.as_str());
    let site = sites.iter().find(|site| site.name == axis.site).ok_or_else(|| {
        UserError::new(format!(
            "there is no site `{}`; the nearest is `{}` (`inspect` lists them all)",
            axis.site,
            nearest(&axis.site, names())
        ))
    })?;
    if let Some(unknown) = axis.values.iter().find(|value| !site.values.contains(value)) {
        return Err(UserError::new(format!(
            "`{}` cannot be `{unknown}`; the nearest is `{}`, of {}",
            site.name,
            nearest(unknown, site.values.iter().map(String::as_str)),
            site.values.join(", ")
        )));
    }
    let mut site = site.clone();
    site.values.retain(|value| axis.values.contains(value));
    Ok(site)
}

/// The entry most like a text: for a number the nearest number, else the most similar spelling.
pub(crate) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let number = |text: &str| text.parse::<f64>().ok();
    let distance = |known: &&str| match (number(text), number(known)) {
        (Some(a), Some(b)) => (a - b).abs(),
        _ => 1.0 - strsim::normalized_damerau_levenshtein(text, known),
    };
    known.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or_default()
}

/// All combinations of the sites' values, the last site varying fastest.
fn combinations(sites: &[Site]) -> Vec<Vec<String>> {
    sites.iter().fold(vec![Vec::new()], |rows, site| {
        let with = |row: &Vec<String>, value: &String| [row.as_slice(), std::slice::from_ref(value)].concat();
        rows.iter().flat_map(|row| site.values.iter().map(move |value| with(row, value))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_a_name_and_values() {
        let axis: Axis = "recipe::WIDTH=32, 64".parse().unwrap();
        assert_eq!(
            (axis.site.as_str(), axis.values),
            ("recipe::WIDTH", vec!["32".to_owned(), "64".to_owned()])
        );
        for text in ["recipe::WIDTH", "recipe::WIDTH=", "recipe::WIDTH=32,,64"] {
            assert!(text.parse::<Axis>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_nearest_of_numbers_is_nearest_in_value() {
        assert_eq!(nearest("90", ["9", "64", "96"].into_iter()), "96");
        assert_eq!(nearest("roep", ["alibi", "rope", "none"].into_iter()), "rope");
    }
}
