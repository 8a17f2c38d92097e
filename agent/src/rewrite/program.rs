//! The files of a program with the outline of each, and changes of several files at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::study::Sources;

use super::constraint::{self, Violation};
use super::knob::Knob;
use super::left_out::LeftOut;
use super::outline::Outline;
use super::place::Place;
use super::site::stem;
use super::text_edit::TextEdit;

/// The Rust files of a program, by path.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) files: BTreeMap<String, SourceFile>,
}

#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    pub(super) text: String,
    pub(super) outline: Arc<Outline>,
}

/// A replacement in a file that is given by its path.
pub(super) type Replacement = (String, Range<usize>, String);

impl Program {
    /// All knobs with their file and their full name, which is unique and the same in every program that
    /// has them.
    pub(super) fn knobs(&self) -> Vec<(String, &str, &Knob)> {
        let mut seen = BTreeMap::new();
        let mut knobs = Vec::new();
        for (path, file) in &self.files {
            for knob in &file.outline.knobs {
                knobs.push((numbered(knob.name_in(stem(path)), &mut seen), path.as_str(), knob));
            }
        }
        knobs
    }

    /// What the outlines of the files leave out.
    pub(super) fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        self.files.iter().flat_map(|(path, file)| {
            file.outline.left_out.iter().map(move |(knob, why)| LeftOut::new(path, knob, *why))
        })
    }

    /// The only place with a key, with its file.
    pub(super) fn place(&self, key: &str) -> Option<(&str, &Place)> {
        let all = self.files.iter().flat_map(|(path, file)| {
            file.outline.places.iter().filter(|place| place.key == key).map(|place| (path.as_str(), place))
        });
        let mut all = all.fuse();
        all.next().filter(|_| all.next().is_none())
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        let facts = self.files.iter().map(|(path, file)| (path.as_str(), &file.outline.facts));
        constraint::violation(&facts.collect())
    }
}

/// Applies replacements to the files of a program.
pub(super) fn replace(sources: &mut Sources, replacements: Vec<Replacement>) {
    let mut by_file = BTreeMap::<String, Vec<_>>::new();
    for (file, range, text) in replacements {
        by_file.entry(file).or_default().push((range, text));
    }
    for (file, replacements) in by_file {
        let text = sources.0.get_mut(&file).expect("replacements are made from these files");
        *text = TextEdit::new(replacements).apply(text);
    }
}

/// Adds `#2`, `#3`, ... to a name that was there before.
pub(super) fn numbered(name: String, seen: &mut BTreeMap<String, usize>) -> String {
    let count = seen.entry(name.clone()).or_default();
    *count += 1;
    if *count == 1 { name } else { format!("{name}#{count}") }
}
