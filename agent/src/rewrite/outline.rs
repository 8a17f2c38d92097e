//! Everything that is needed from one file, read in one parse and without spans.

use super::build::Build;
use super::constraint::Facts;
use super::expression::{self, Match, Pattern};
use super::imports::Imports;
use super::knob::{self, Knob};
use super::left_out::Why;
use super::parse::{SyntaxError, with_parsed};
use super::pattern::{self, Pair};
use super::place::{self, Place};
use super::scope::Doc;
use super::task;
use super::uncompiled::Uncompiled;

#[derive(Clone, Debug)]
pub(super) struct Outline {
    /// The documentation of the file itself.
    pub(super) doc: String,
    pub(super) knobs: Vec<Knob>,
    /// What looks like a knob and is none.
    pub(super) left_out: Vec<(Knob, Why)>,
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
        build: &Build,
        patterns: &[Pattern],
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Self, SyntaxError> {
        with_parsed(text, |parsed| {
            let uncompiled = Uncompiled::read(parsed, build);
            let (mut knobs, mut left_out) = (Vec::new(), Vec::new());
            for knob in knob::find(parsed) {
                let why = uncompiled.contains(knob.range.start).then_some(Why::NotCompiled);
                let why = why.or_else(|| task::why(&knob));
                match why {
                    Some(why) => left_out.push((knob, why)),
                    None => knobs.push(knob),
                }
            }
            let ranges: Vec<_> = knobs.iter().map(|knob| knob.range.clone()).collect();
            Self {
                doc: Doc::read(&parsed.tree.attrs).text,
                places: place::find(parsed, &uncompiled, &ranges, wanted),
                imports: Imports::read(parsed),
                facts: Facts::read(parsed, &uncompiled),
                matches: expression::find(parsed, &uncompiled, patterns),
                pairs: pattern::is_expression_template(parsed).then(|| pattern::pairs(parsed)),
                knobs,
                left_out,
            }
        })
    }

    /// The place with a key, if there is exactly one.
    pub(super) fn place(&self, key: &str) -> Option<&Place> {
        let mut found = self.places.iter().filter(|place| place.key == key);
        found.next().filter(|_| found.next().is_none())
    }
}
