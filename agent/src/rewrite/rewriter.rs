//! The interface to rewriting: which sites a program has, and its text after edits.
//!
//! Text in, text out. It does not know the disk, git, or which of the programs is any good.

use std::collections::{BTreeMap, BTreeSet};

use crate::study::{Edit, Sources, Values};

use super::catalogue::Catalogue;
use super::choice::{Choice, ConflictError};
use super::constraint::Violation;
use super::dead;
use super::imports::Import;
use super::knob::{self, Knob};
use super::ladder::{self, Origin};
use super::left_out::{LeftOut, Why};
use super::literal::Literal;
use super::parse::with_parsed;
use super::program::{Program, replace};
use super::reader::{Reader, Unreadable};
use super::site::{ORIGINAL, Site, SiteKind};
use super::substitution::{self, Substitution};
use super::surroundings::Surroundings;
use super::template::{Template, TemplateError};

/// Why a program cannot be read or an edit cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RewriteError {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Conflict(#[from] ConflictError),
    #[error("there is no site `{site}` in this program; `inspect` lists its sites")]
    NoSuchSite { site: String },
    #[error("`{site}` cannot be `{value}`; it can be {}", .values.join(", "))]
    NoSuchValue { site: String, value: String, values: Vec<String> },
    #[error("{}:{}: `{}` does not hold with {}", .0.file, .0.line, .0.condition, .0.constants)]
    Violated(Violation),
}

/// Finds and changes the sites of the programs of one study: those derived from one baseline.
#[derive(Debug)]
pub(crate) struct Rewriter {
    choices: Vec<Choice>,
    substitutions: Vec<Substitution>,
    reader: Reader,
    /// What templates may add to the imports of each file.
    imports: BTreeMap<String, BTreeSet<Import>>,
    /// Knob -> its literals in the baseline, then in the templates that bring it along.
    originals: BTreeMap<String, Vec<String>>,
    /// What looks like a site in the baseline and is none.
    left_out: Vec<LeftOut>,
    /// The knobs among it that look like sites in the other programs, too.
    dead: BTreeSet<String>,
}

impl Rewriter {
    /// A rewriter for files of which nothing else is known.
    #[cfg(test)]
    pub(crate) fn new(catalogue: &Catalogue, baseline: &Sources) -> Result<Self, RewriteError> {
        Self::within(catalogue, baseline, &Surroundings::default())
    }

    /// Reads the baseline and finds out which templates apply to it.
    pub(crate) fn within(
        catalogue: &Catalogue,
        baseline: &Sources,
        surroundings: &Surroundings,
    ) -> Result<Self, RewriteError> {
        let mut rewriter = Self {
            choices: Vec::new(),
            substitutions: Vec::new(),
            reader: Reader::new(catalogue, surroundings.build.clone()),
            imports: BTreeMap::new(),
            originals: BTreeMap::new(),
            left_out: Vec::new(),
            dead: BTreeSet::new(),
        };
        let program = rewriter.reader.program(baseline)?;
        if let Some(violation) = program.violation() {
            return Err(RewriteError::Violated(violation));
        }
        for (folder, templates) in catalogue.folders() {
            rewriter.choices.extend(Choice::new(folder, &templates, &program)?);
        }
        Choice::refuse_overlaps(&rewriter.choices)?;
        for (folder, templates) in catalogue.folders() {
            let found = substitution::find(
                folder,
                &templates,
                rewriter.reader.patterns(),
                &rewriter.choices,
                &program,
            );
            rewriter.substitutions.extend(found);
        }
        rewriter.imports = union(rewriter.all_imports(|_, _| true));
        rewriter.leave_out(&program, catalogue, surroundings);
        rewriter.learn_originals(baseline, &program)?;
        Ok(rewriter)
    }

    /// What looks like a site in the baseline and is none, by file and line.
    pub(crate) fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    fn leave_out(&mut self, program: &Program, catalogue: &Catalogue, surroundings: &Surroundings) {
        let brought = catalogue.templates.values().filter(|template| self.fits(template));
        let dead = dead::find(program, surroundings, brought.map(|template| template.text.as_str()));
        for (name, file, knob) in program.knobs() {
            if let Some(why) = dead.get(&name) {
                self.left_out.push(LeftOut::new(file, knob, *why));
            }
        }
        self.dead = dead.into_keys().collect();
        self.left_out.extend(program.left_out());
        // What cannot be read there is nobody's concern.
        for (path, text) in &surroundings.uncompiled.0 {
            let knobs = with_parsed(text, knob::find).unwrap_or_default();
            self.left_out.extend(knobs.iter().map(|knob| LeftOut::new(path, knob, Why::NotCompiled)));
        }
        self.left_out.sort_by(|a, b| (&a.file, a.line, &a.name).cmp(&(&b.file, b.line, &b.name)));
    }

    /// Whether a template may come into the programs of this study.
    fn fits(&self, template: &Template) -> bool {
        self.choices.iter().any(|choice| choice.name == template.folder)
            || self.substitutions.iter().any(|site| site.name.split('@').next() == Some(&template.folder))
    }

    /// The knobs of a program that can be turned.
    fn knobs<'p>(&self, program: &'p Program) -> Vec<(String, &'p str, &'p Knob)> {
        let mut knobs = program.knobs();
        knobs.retain(|(name, ..)| !self.dead.contains(name));
        knobs
    }

    /// Everything in a program that can change, by file and line.
    pub(crate) fn sites(&self, sources: &Sources) -> Result<Vec<Site>, RewriteError> {
        let program = self.reader.program(sources)?;
        let knobs = self.knobs(&program);
        let mut sites: Vec<Site> =
            knobs.iter().map(|(name, file, knob)| self.knob_site(name, file, knob)).collect();
        sites.extend(self.choices.iter().filter_map(|choice| choice.site(&program)));
        let substitutions = self.substitutions.iter();
        sites.extend(
            substitutions.filter_map(|site| site.site(&program, self.reader.patterns(), &self.choices)),
        );
        sites.sort_by(|a, b| (&a.file, a.line, &a.name).cmp(&(&b.file, b.line, &b.name)));
        Ok(sites)
    }

    /// The value of a program at each of its sites.
    pub(crate) fn values(&self, sources: &Sources) -> Result<Values, RewriteError> {
        let program = self.reader.program(sources)?;
        let knobs = self.knobs(&program).into_iter().map(|(name, _, knob)| (name, knob.text.clone()));
        let categories = self.categories(&program).into_iter();
        Ok(knobs.chain(categories.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect())
    }

    /// The program after edits, made one after the other; all of them, or an error.
    pub(crate) fn apply(&self, sources: &Sources, edits: &[Edit]) -> Result<Sources, RewriteError> {
        let mut sources = sources.clone();
        for edit in edits {
            self.set(&mut sources, &edit.site, &edit.to)?;
        }
        match self.reader.program(&sources)?.violation() {
            Some(violation) => Err(RewriteError::Violated(violation)),
            None => Ok(sources),
        }
    }

    /// Makes one edit; does not check whether the constraints hold.
    pub(super) fn set(&self, sources: &mut Sources, site: &str, to: &str) -> Result<(), RewriteError> {
        if let Some(choice) = self.choices.iter().find(|choice| choice.name == site) {
            return self.choose(sources, choice, to);
        }
        if let Some(substitution) = self.substitutions.iter().find(|substitution| substitution.name == site) {
            return self.substitute(sources, substitution, to);
        }
        self.turn(sources, site, to)
    }

    /// Gives a knob another value.
    fn turn(&self, sources: &mut Sources, site: &str, to: &str) -> Result<(), RewriteError> {
        let program = self.reader.program(sources)?;
        let knobs = self.knobs(&program);
        let found = knobs.iter().find(|(name, ..)| name == site);
        let (_, file, knob) = found.ok_or_else(|| RewriteError::NoSuchSite { site: site.to_owned() })?;
        if !is_like(to, &knob.text) {
            return Err(no_such_value(site, to, &self.knob_site(site, file, knob).values));
        }
        replace(sources, vec![((*file).to_owned(), knob.range.clone(), to.to_owned())]);
        Ok(())
    }

    fn choose(&self, sources: &mut Sources, choice: &Choice, to: &str) -> Result<(), RewriteError> {
        let program = self.reader.program(sources)?;
        if choice.value(&program).is_none() {
            return Err(RewriteError::NoSuchSite { site: choice.name.clone() });
        }
        let replacements = choice.replacements(&program, to);
        let replacements = replacements
            .ok_or_else(|| no_such_value(&choice.name, to, &choice.values().collect::<Vec<_>>()))?;
        replace(sources, replacements);
        self.settle_imports(sources)
    }

    fn substitute(&self, sources: &mut Sources, site: &Substitution, to: &str) -> Result<(), RewriteError> {
        if !site.values().any(|value| value == to) {
            return Err(no_such_value(&site.name, to, &site.values().collect::<Vec<_>>()));
        }
        if site.value(&self.reader.program(sources)?, self.reader.patterns(), &self.choices).is_none() {
            return Err(RewriteError::NoSuchSite { site: site.name.clone() });
        }
        // The way from one template to another is through the original, which both know.
        for goal in [ORIGINAL, to] {
            for _ in 0..site.len() {
                let program = self.reader.program(sources)?;
                let Some(replacement) = site.next(&program, self.reader.patterns(), &self.choices, goal)
                else {
                    break;
                };
                replace(sources, vec![replacement]);
            }
        }
        self.settle_imports(sources)
    }

    /// Adds the imports that the templates of a program need, and takes the others away.
    fn settle_imports(&self, sources: &mut Sources) -> Result<(), RewriteError> {
        if self.imports.values().all(BTreeSet::is_empty) {
            return Ok(());
        }
        let program = self.reader.program(sources)?;
        let values = self.categories(&program);
        let wanted = union(self.all_imports(|site, value| values.get(site) == Some(&value)));
        let none = BTreeSet::new();
        let changes = self.imports.iter().filter_map(|(file, pool)| {
            let source = program.files.get(file)?;
            let wanted = wanted.get(file).unwrap_or(&none);
            let (range, text) = source.outline.imports.set(&source.text, pool, wanted)?;
            Some((file.clone(), range, text))
        });
        replace(sources, changes.collect());
        Ok(())
    }

    /// The imports that the `active` values need.
    fn all_imports(&self, active: impl Fn(&str, &str) -> bool) -> Vec<&BTreeMap<String, BTreeSet<Import>>> {
        let choices = self.choices.iter().flat_map(|choice| {
            choice
                .values()
                .filter(|value| active(&choice.name, value))
                .filter_map(|value| choice.imports(value))
        });
        let mut imports: Vec<_> = choices.collect();
        imports.extend(self.substitutions.iter().flat_map(|site| {
            site.values().filter(|value| active(&site.name, value)).filter_map(|value| site.imports(value))
        }));
        imports
    }

    /// The value of a program at each site that is not a knob.
    fn categories(&self, program: &Program) -> BTreeMap<&str, &str> {
        let choices = self.choices.iter().map(|choice| (choice.name.as_str(), choice.value(program)));
        let substitutions = self.substitutions.iter();
        let substitutions = substitutions
            .map(|site| (site.name.as_str(), site.value(program, self.reader.patterns(), &self.choices)));
        choices.chain(substitutions).filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn knob_site(&self, name: &str, file: &str, knob: &Knob) -> Site {
        let current = std::slice::from_ref(&knob.text);
        let originals = self.originals.get(name).map_or(current, Vec::as_slice);
        let origin =
            Origin { name: &knob.own_name, originals, most: knob.most, listed: knob.listed.as_deref() };
        Site {
            name: name.to_owned(),
            kind: SiteKind::Knob,
            file: file.to_owned(),
            line: knob.line,
            doc: knob.doc.clone(),
            ordered: true,
            value: knob.text.clone(),
            values: ladder::window(origin, &knob.text),
            titles: BTreeMap::new(),
        }
    }

    /// Tries each template alone on the baseline, for the original values of the knobs that it brings along.
    fn learn_originals(&mut self, baseline: &Sources, program: &Program) -> Result<(), RewriteError> {
        self.remember_originals(program);
        let all = self
            .choices
            .iter()
            .flat_map(|choice| choice.values().map(|value| (choice.name.clone(), value.to_owned())));
        for (choice, value) in all.collect::<Vec<_>>() {
            let mut sources = baseline.clone();
            self.set(&mut sources, &choice, &value)?;
            let program = self.reader.program(&sources)?;
            self.remember_originals(&program);
        }
        Ok(())
    }

    fn remember_originals(&mut self, program: &Program) {
        for (name, _, knob) in self.knobs(program) {
            let originals = self.originals.entry(name).or_default();
            if !originals.contains(&knob.text) {
                originals.push(knob.text.clone());
            }
        }
    }
}

fn no_such_value(site: &str, value: &str, values: &[impl AsRef<str>]) -> RewriteError {
    let values = values.iter().map(|value| value.as_ref().to_owned()).collect();
    RewriteError::NoSuchValue { site: site.to_owned(), value: value.to_owned(), values }
}

/// Whether a text is a literal of the same kind as another.
fn is_like(text: &str, other: &str) -> bool {
    let kind = |text| Literal::parse(text).map(|literal| literal.kind);
    kind(text).is_some() && kind(text) == kind(other)
}

fn union(imports: Vec<&BTreeMap<String, BTreeSet<Import>>>) -> BTreeMap<String, BTreeSet<Import>> {
    let mut all = BTreeMap::<String, BTreeSet<Import>>::new();
    for (file, imports) in imports.into_iter().flatten() {
        all.entry(file.clone()).or_default().extend(imports.iter().cloned());
    }
    all
}
