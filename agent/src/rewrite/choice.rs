//! A choice: the places of a target that the templates of one folder fill, and what can be there.
//!
//! It is made once for a baseline. For a program it finds the current value, and what to replace for another.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;

use super::canonical::exact;
use super::imports::{Import, newline};
use super::place::{Extent, Place};
use super::program::{Program, Replacement};
use super::site::{ORIGINAL, Site, SiteKind, Title};
use super::template::Template;

#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// The folder.
    pub(super) name: String,
    slots: Vec<Slot>,
    /// In the order of their names.
    alternatives: Vec<Alternative>,
}

/// A place that at least one template of the folder fills.
#[derive(Clone, Debug)]
struct Slot {
    file: String,
    key: String,
    owner: String,
    extent: Extent,
    /// The first template that fills it.
    template: String,
    original: Fragment,
}

/// What can be in a slot.
#[derive(Clone, Debug)]
struct Fragment {
    /// As it is to be written into the target.
    text: String,
    parameters: Vec<String>,
    form: String,
}

/// A template that fits the target.
#[derive(Clone, Debug)]
struct Alternative {
    value: String,
    title: Title,
    /// By the index of the slot; those not named hold the original.
    fills: BTreeMap<usize, Fragment>,
    /// By file.
    imports: BTreeMap<String, BTreeSet<Import>>,
}

/// Two templates that cannot both be in the catalogue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConflictError {
    #[error(
        "templates {one} and {other} both replace `{place}` or parts of it: put them into one folder, and replace \
             the same items in both"
    )]
    Overlap { one: String, other: String, place: String },
    #[error(
        "template {template} differs from {twin} only in the values of its knobs: remove it, knobs are \
             varied anyway"
    )]
    Twins { template: String, twin: String },
}

impl Choice {
    /// The choice between those templates of a folder that fit the baseline; `None` if none does.
    pub(super) fn new(
        folder: &str,
        templates: &[&Template],
        baseline: &Program,
    ) -> Result<Option<Self>, ConflictError> {
        let mut choice = Self { name: folder.to_owned(), slots: Vec::new(), alternatives: Vec::new() };
        for template in templates.iter().filter(|template| template.pairs.is_empty()) {
            if let Some(targets) = targets(template, baseline) {
                choice.add(template, &targets, baseline);
            }
        }
        choice.leave_out_what_is_there();
        choice.refuse_twins()?;
        Ok(Some(choice).filter(|choice| !choice.alternatives.is_empty()))
    }

    fn add(&mut self, template: &Template, targets: &[(&str, &Place)], baseline: &Program) {
        let mut fills = BTreeMap::new();
        let mut imports = BTreeMap::<_, BTreeSet<_>>::new();
        for (place, (file, target)) in template.places.iter().zip(targets) {
            let source = &baseline.files[*file];
            let slot = self.slot(file, target, &source.text, template);
            let text = fitted(&template.text[place.range.clone()], &place.indent, &target.indent);
            let text = text.replace('\n', newline(&source.text));
            fills.insert(slot, Fragment::new(text, place));
            let missing = template.imports.iter().filter(|import| !source.outline.imports.cover(import));
            imports.entry((*file).to_owned()).or_default().extend(missing.cloned());
        }
        self.alternatives.push(Alternative {
            value: template.name.clone(),
            title: template.spoken(),
            fills,
            imports,
        });
    }

    /// The index of the slot for a place of the target.
    fn slot(&mut self, file: &str, target: &Place, text: &str, template: &Template) -> usize {
        let known = self.slots.iter().position(|slot| slot.file == file && slot.key == target.key);
        known.unwrap_or_else(|| {
            self.slots.push(Slot {
                file: file.to_owned(),
                key: target.key.clone(),
                owner: target.owner.clone(),
                extent: target.extent,
                template: template.path.clone(),
                original: Fragment::new(text[target.range.clone()].to_owned(), target),
            });
            self.slots.len() - 1
        })
    }

    /// If an earlier study has improved the baseline, a template is the original.
    fn leave_out_what_is_there(&mut self) {
        let slots = &self.slots;
        let is_there = |(slot, fragment): (&usize, &Fragment)| fragment.form == slots[*slot].original.form;
        self.alternatives.retain(|alternative| !alternative.fills.iter().all(is_there));
    }

    fn refuse_twins(&self) -> Result<(), ConflictError> {
        let mut seen = BTreeMap::<Vec<_>, _>::new();
        for alternative in &self.alternatives {
            let forms = self
                .fragments(&alternative.value)
                .expect("its own value")
                .map(|(_, fragment)| &fragment.form);
            if let Some(twin) = seen.insert(forms.collect(), alternative.title.template.clone()) {
                return Err(ConflictError::Twins { template: alternative.title.template.clone(), twin });
            }
        }
        Ok(())
    }

    /// Refuses choices whose places overlap, within one of them too.
    pub(super) fn refuse_overlaps(choices: &[Self]) -> Result<(), ConflictError> {
        let slots: Vec<_> =
            choices.iter().flat_map(|choice| choice.slots.iter().map(|slot| (&choice.name, slot))).collect();
        for (at, (folder, one)) in slots.iter().enumerate() {
            let other = slots[at + 1..]
                .iter()
                .find(|(other_folder, other)| one.overlaps(other, folder == other_folder));
            if let Some((_, other)) = other {
                let (one, other, place) = (one.template.clone(), other.template.clone(), one.key.clone());
                return Err(ConflictError::Overlap { one, other, place });
            }
        }
        Ok(())
    }

    /// The slots and what is in each for a value; `None` for a value that does not exist.
    fn fragments(&self, value: &str) -> Option<impl Iterator<Item = (&Slot, &Fragment)>> {
        let alternative = self.alternatives.iter().find(|alternative| alternative.value == value);
        if alternative.is_none() && value != ORIGINAL {
            return None;
        }
        Some(self.slots.iter().enumerate().map(move |(at, slot)| {
            let fill = alternative.and_then(|alternative| alternative.fills.get(&at));
            (slot, fill.unwrap_or(&slot.original))
        }))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        std::iter::once(ORIGINAL)
            .chain(self.alternatives.iter().map(|alternative| alternative.value.as_str()))
    }

    /// The value that a program has; `None` if something else is there.
    pub(super) fn value(&self, program: &Program) -> Option<&str> {
        self.values().find(|value| {
            let mut fragments = self.fragments(value).expect("a value of this choice");
            fragments
                .all(|(slot, fragment)| slot.of(program).is_some_and(|place| place.form == fragment.form))
        })
    }

    /// What to replace in a program to give it a value. A place that has the form already is left alone,
    /// so that its knobs stay as they were turned.
    pub(super) fn replacements(&self, program: &Program, to: &str) -> Option<Vec<Replacement>> {
        let mut replacements = Vec::new();
        for (slot, fragment) in self.fragments(to)? {
            if let Some(place) = slot.of(program).filter(|place| place.form != fragment.form) {
                let renamed = place.parameters.iter().zip(&fragment.parameters);
                let renamed = renamed.filter(|((old, _), new)| old != *new);
                replacements
                    .extend(renamed.map(|((_, range), new)| (slot.file.clone(), range.clone(), new.clone())));
                replacements.push((slot.file.clone(), place.range.clone(), fragment.text.clone()));
            }
        }
        Some(replacements)
    }

    /// The imports that a value needs, by file.
    pub(super) fn imports(&self, value: &str) -> Option<&BTreeMap<String, BTreeSet<Import>>> {
        let alternative = self.alternatives.iter().find(|alternative| alternative.value == value)?;
        Some(&alternative.imports)
    }

    /// Whether a byte of a file of a program is in a place of this choice.
    pub(super) fn owns(&self, program: &Program, file: &str, byte: usize) -> bool {
        let slots = self.slots.iter().filter(|slot| slot.file == file);
        slots.filter_map(|slot| slot.of(program)).any(|place| place.range.contains(&byte))
    }

    /// This choice in a program; `None` if something unknown is in its places.
    pub(super) fn site(&self, program: &Program) -> Option<Site> {
        let value = self.value(program)?;
        let places = self.slots.iter().filter_map(|slot| Some((&slot.file, slot.of(program)?)));
        let places: Vec<(&String, &Place)> = places.collect();
        let doc = places.iter().map(|(_, place)| &place.doc).find(|doc| !doc.is_empty());
        let (file, first) = places.first()?;
        Some(Site {
            name: self.name.clone(),
            kind: SiteKind::Choice,
            file: (*file).clone(),
            line: first.line,
            doc: doc.cloned().unwrap_or_default(),
            ordered: false,
            value: value.to_owned(),
            values: self.values().map(str::to_owned).collect(),
            titles: self
                .alternatives
                .iter()
                .map(|other| (other.value.clone(), other.title.clone()))
                .collect(),
        })
    }
}

impl Fragment {
    fn new(text: String, place: &Place) -> Self {
        let parameters = place.parameters.iter().map(|(name, _)| name.clone()).collect();
        Self { text, parameters, form: place.form.clone() }
    }
}

impl Slot {
    fn of<'a>(&self, program: &'a Program) -> Option<&'a Place> {
        program.files.get(&self.file)?.outline.place(&self.key)
    }

    fn overlaps(&self, other: &Self, same_folder: bool) -> bool {
        let nested = !self.owner.is_empty()
            && self.owner == other.owner
            && (self.extent == Extent::Item) != (other.extent == Extent::Item);
        self.file == other.file && (nested || !same_folder && self.key == other.key)
    }
}

/// The place of the baseline for each place of a template; `None` if one is missing or does not fit.
fn targets<'a>(template: &Template, baseline: &'a Program) -> Option<Vec<(&'a str, &'a Place)>> {
    let fitting =
        |place: &Place| baseline.place(&place.key).filter(|(_, target)| target.interface == place.interface);
    template.places.iter().map(fitting).collect()
}

/// Moves all lines but the first from one indentation to another, unless that would change a string.
fn fitted(text: &str, from: &str, to: &str) -> String {
    let lines = text.split('\n').enumerate().map(|(at, line)| match line.strip_prefix(from) {
        Some(rest) if at > 0 && !rest.is_empty() => format!("{to}{rest}"),
        _ => line.to_owned(),
    });
    let moved = lines.collect::<Vec<_>>().join("\n");
    let same = |a: &str, b: &str| {
        Some(exact(&a.parse::<TokenStream>().ok()?) == exact(&b.parse::<TokenStream>().ok()?))
    };
    if same(text, &moved) == Some(true) { moved } else { text.to_owned() }
}
