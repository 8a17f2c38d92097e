//! A site of expression templates: one place of the baseline, or all of them together where a template
//! has several pairs.
//!
//! As with `choice`, it is made once for a baseline. Places that a choice owns are left to the choice.

use std::collections::{BTreeMap, BTreeSet};

use super::choice::Choice;
use super::expression::{Bound, Match, Pattern};
use super::imports::{Import, newline};
use super::pattern::Side;
use super::program::{Program, Replacement, numbered};
use super::site::{ORIGINAL, Site, SiteKind, Title, stem};
use super::template::Template;
use super::text_edit::TextEdit;

#[derive(Clone, Debug)]
pub(super) struct Substitution {
    /// `activation@model::Mlp::forward`, or the folder alone for all places together.
    pub(super) name: String,
    folder: String,
    /// In the order of their bytes, outer ones first.
    places: Vec<Original>,
    options: Vec<Replacing>,
}

/// A place in the baseline.
#[derive(Clone, Debug)]
struct Original {
    /// Unique.
    name: String,
    file: String,
    text: String,
    found: Match,
}

/// A template that applies.
#[derive(Clone, Debug)]
struct Replacing {
    value: String,
    doc: String,
    title: Title,
    imports: BTreeMap<String, BTreeSet<Import>>,
}

/// All sites of one folder's expression templates in a baseline.
pub(super) fn find(
    folder: &str,
    templates: &[&Template],
    patterns: &[Pattern],
    choices: &[Choice],
    baseline: &Program,
) -> Vec<Substitution> {
    let originals = places(folder, choices, baseline).into_iter().map(|(name, file, found)| Original {
        name,
        file: file.to_owned(),
        text: baseline.files[file].text[found.range.clone()].to_owned(),
        found: found.clone(),
    });
    let originals: Vec<Original> = originals.collect();
    let are_joint = templates.iter().any(|template| template.pairs.len() > 1);
    let sites: Vec<(String, Vec<Original>)> = if are_joint {
        vec![(folder.to_owned(), originals)]
    } else {
        originals.into_iter().map(|original| (original.name.clone(), vec![original])).collect()
    };
    let sites = sites.into_iter().map(|(name, places)| {
        let applying = templates.iter().filter(|template| {
            let pairs = patterns.iter().enumerate().filter(|(_, pattern)| pattern.is_of(template));
            let mut pairs =
                pairs.map(|(at, _)| places.iter().any(|place| place.has(at, Side::Before))).peekable();
            pairs.peek().is_some() && pairs.all(|is_found| is_found)
        });
        let options = applying.map(|template| Replacing {
            value: template.name.clone(),
            doc: template.doc.clone(),
            title: template.spoken(),
            imports: imports(template, &places, baseline),
        });
        let options = options.collect();
        Substitution { name, folder: folder.to_owned(), options, places }
    });
    sites.filter(|site| !site.options.is_empty()).collect()
}

fn imports(
    template: &Template,
    places: &[Original],
    baseline: &Program,
) -> BTreeMap<String, BTreeSet<Import>> {
    let files = places.iter().map(|place| {
        let own = &baseline.files[&place.file].outline.imports;
        let missing = template.imports.iter().filter(|import| !own.cover(import)).cloned();
        (place.file.clone(), missing.collect())
    });
    files.collect()
}

impl Substitution {
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        std::iter::once(ORIGINAL).chain(self.options.iter().map(|option| option.value.as_str()))
    }

    /// The value that a program has; `None` if a place is gone or something else is there.
    pub(super) fn value(&self, program: &Program, patterns: &[Pattern], choices: &[Choice]) -> Option<&str> {
        let present = places(&self.folder, choices, program);
        let is_at = |value: &str| {
            self.places.iter().all(|place| {
                let found = present.iter().find(|(name, ..)| *name == place.name);
                found.is_some_and(|(_, _, found)| match place.pattern(value, patterns) {
                    Some(at) => place.is_replaced(at, found),
                    None => place.is_original(found),
                })
            })
        };
        self.values().find(|value| is_at(value))
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The first replacement that is missing for a program to have the value `to`, inner places first;
    /// `None` if it has it. Called again after each, since places can be within others.
    pub(super) fn next(
        &self,
        program: &Program,
        patterns: &[Pattern],
        choices: &[Choice],
        to: &str,
    ) -> Option<Replacement> {
        let present = places(&self.folder, choices, program);
        self.places.iter().rev().find_map(|place| {
            let (_, file, found) = present.iter().find(|(name, ..)| *name == place.name)?;
            let text = &program.files.get(*file)?.text;
            let replacement = match place.pattern(to, patterns) {
                Some(at) if place.is_replaced(at, found) => return None,
                Some(at) => found.write(at, patterns, text)?,
                None if place.is_original(found) => return None,
                None => place.restored(found, text)?,
            };
            Some(((*file).to_owned(), found.range.clone(), replacement))
        })
    }

    /// The imports that a value needs, by file of its places.
    pub(super) fn imports(&self, value: &str) -> Option<&BTreeMap<String, BTreeSet<Import>>> {
        self.options.iter().find(|option| option.value == value).map(|option| &option.imports)
    }

    /// This site in a program, if it is there.
    pub(super) fn site(&self, program: &Program, patterns: &[Pattern], choices: &[Choice]) -> Option<Site> {
        let value = self.value(program, patterns, choices)?;
        let first = self.places.first()?;
        let present = places(&self.folder, choices, program);
        let (_, file, found) = present.iter().find(|(name, ..)| *name == first.name)?;
        let option = self.options.iter().find(|option| option.value == value).or(self.options.first())?;
        Some(Site {
            name: self.name.clone(),
            kind: SiteKind::Expression,
            file: (*file).to_owned(),
            line: found.line,
            doc: option.doc.clone(),
            ordered: false,
            value: value.to_owned(),
            values: self.values().map(str::to_owned).collect(),
            titles: self.options.iter().map(|option| (option.value.clone(), option.title.clone())).collect(),
        })
    }
}

impl Original {
    fn has(&self, pattern: usize, side: Side) -> bool {
        self.found.has(pattern, side)
    }

    /// The pattern by which a template replaces this place.
    fn pattern(&self, template: &str, patterns: &[Pattern]) -> Option<usize> {
        let sides = self.found.sides.iter().filter(|(_, side, _)| *side == Side::Before);
        sides.map(|(at, ..)| *at).find(|at| patterns[*at].template == template)
    }

    /// Whether `found`, which is this place in a program, is what the pattern made of it. One side of a
    /// pattern can match whatever the other does; then the other one decides.
    fn is_replaced(&self, pattern: usize, found: &Match) -> bool {
        let is_either = self.has(pattern, Side::After) && found.has(pattern, Side::Before);
        found.has(pattern, Side::After) && !is_either
    }

    /// Whether `found` is the baseline's except for what its metavariables stand for.
    fn is_original(&self, found: &Match) -> bool {
        let before = self.found.sides.iter().filter(|(_, side, _)| *side == Side::Before);
        before.map(|(at, ..)| *at).all(|at| found.has(at, Side::Before) && !self.is_replaced(at, found))
    }

    /// The text of this place in the baseline, with what the metavariables stand for now.
    fn restored(&self, found: &Match, text: &str) -> Option<String> {
        let after = found.sides.iter().filter(|(_, side, _)| *side == Side::After);
        let (before, after) =
            after.filter_map(|(at, _, after)| Some((self.found.bound(*at, Side::Before)?, after))).next()?;
        let mut replacements = Vec::new();
        for (name, now) in after {
            let then = before.get(name).filter(|then| then.tokens != now.tokens);
            for range in then.map_or(&[][..], |then| &then.ranges) {
                let start = self.found.range.start;
                replacements
                    .push((range.start - start..range.end - start, text[now.ranges[0].clone()].to_owned()));
            }
        }
        Some(TextEdit::new(replacements).apply(&self.text))
    }
}

impl Match {
    fn has(&self, pattern: usize, side: Side) -> bool {
        self.bound(pattern, side).is_some()
    }

    fn bound(&self, pattern: usize, side: Side) -> Option<&BTreeMap<String, Bound>> {
        self.sides.iter().find(|(at, on, _)| *at == pattern && *on == side).map(|(_, _, bound)| bound)
    }

    /// What a pattern makes of this place; `None` if it does not match.
    fn write(&self, pattern: usize, patterns: &[Pattern], text: &str) -> Option<String> {
        let bound = self.bound(pattern, Side::Before)?;
        Some(patterns[pattern].pair.write(&self.indent, newline(text), |name| {
            let bound = &bound[name];
            (text[bound.ranges[0].clone()].to_owned(), bound.is_operand)
        }))
    }
}

impl Pattern {
    fn is_of(&self, template: &Template) -> bool {
        self.folder == template.folder && self.template == template.name
    }
}

/// The places of a folder in a program, with names that stay the same while other places change.
fn places<'a>(folder: &str, choices: &[Choice], program: &'a Program) -> Vec<(String, &'a str, &'a Match)> {
    let mut seen = BTreeMap::new();
    let mut places = Vec::new();
    for (path, file) in &program.files {
        for found in file.outline.matches.iter().filter(|found| found.folder == folder) {
            if choices.iter().any(|choice| choice.owns(program, path, found.range.start)) {
                continue;
            }
            let joint = if found.scope.is_empty() { "" } else { "::" };
            let name = format!("{folder}@{}{joint}{}", stem(path), found.scope);
            places.push((numbered(name, &mut seen), path.as_str(), found));
        }
    }
    places
}
