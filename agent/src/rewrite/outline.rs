//! Everything that is needed from one file, read in one parse and without spans.

use super::constraint::Facts;
use super::expression::{self, Match, Pattern};
use super::imports::Imports;
use super::knob::{self, Knob};
use super::parse::{SyntaxError, with_parsed};
use super::pattern::{self, Pair};
use super::place::{self, Place};
use super::scope::Doc;

#[derive(Clone, Debug)]
pub(super) struct Outline {
    /// The documentation of the file itself.
    pub(super) doc: String,
    pub(super) knobs: Vec<Knob>,
    pub(super) places: Vec<Place>,
    pub(super) imports: Imports,
    pub(super) facts: Facts,
    pub(super) matches: Vec<Match>,
    /// If the file is an expression template, its pairs or what is wrong with them.
    pub(super) pairs: Option<Result<Vec<Pair>, String>>,
}

impl Outline {
    /// Reads a file, with only the places whose key is wanted.
    pub(super) fn read(
        text: &str,
        patterns: &[Pattern],
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Self, SyntaxError> {
        with_parsed(text, |parsed| {
            let knobs = knob::find(parsed);
            let ranges: Vec<_> = knobs.iter().map(|knob| knob.range.clone()).collect();
            Self {
                doc: Doc::read(&parsed.tree.attrs).text,
                places: place::find(parsed, &ranges, wanted),
                imports: Imports::read(parsed),
                facts: Facts::read(parsed),
                matches: expression::find(parsed, patterns),
                pairs: pattern::is_expression_template(parsed).then(|| pattern::pairs(parsed)),
                knobs,
            }
        })
    }

    /// The place with a key, if there is exactly one.
    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        let mut found = self.places.iter().filter(|place| place.key == key);
        found.next().filter(|_| found.next().is_none())
    }
}
