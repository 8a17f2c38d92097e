//! Which knobs of a baseline change nothing that is trained, however they are turned, or are no quantities: codes that tell
//! cases apart.

use std::collections::{BTreeMap, BTreeSet};

use super::flow::{Fate, Flow};
use super::knob::{Kind, Knob};
use super::left_out::Why;
use super::overridden::Makings;
use super::parse::with_parsed;
use super::program::Program;
use super::surroundings::Surroundings;
use super::uncompiled::Uncompiled;
use super::uses;

/// Two constants of 0 and 1 may be anything.
const FEWEST_CODES: usize = 3;

/// The dead knobs by their full names. `brought` are the texts of templates that a search may put into the program.
pub(super) fn find<'a>(
    program: &Program,
    surroundings: &'a Surroundings,
    brought: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, Why> {
    let Some(rest) = &surroundings.rest else { return BTreeMap::new() };
    let (mut flow, mut makings) = (Flow::default(), Makings::default());
    let mutable = program.files.iter().map(|(path, file)| (path, &file.text));
    for (_, text) in mutable.chain(&rest.compiled.0) {
        let read = with_parsed(text, |parsed| {
            let uncompiled = Uncompiled::read(parsed, &surroundings.build);
            uses::read(parsed, &uncompiled, &mut flow);
            makings.read(parsed, &uncompiled);
        });
        if read.is_err() {
            flow.words(text);
            makings.words(text);
        }
    }
    for text in rest.elsewhere.iter().map(String::as_str).chain(brought) {
        flow.words(text);
        makings.words(text);
    }
    let fates = flow.fates();
    let knobs = program.knobs();
    let codes = codes(&knobs);
    let is_constant = |at: usize| knobs[at].2.kind == Kind::Constant;
    let fate = |at: usize| {
        let knob = knobs[at].2;
        let fate = fates.get(knob.own_name.as_str()).filter(|_| knob.kind == Kind::Constant);
        fate.copied().unwrap_or(Fate::Matters)
    };
    // A program that does nothing but compute and print, as toys do, is about what it prints: the rule then holds
    // only for what is nearest to the printing, or not at all, lest nothing is left to search.
    let rules: [fn(Fate) -> bool; 3] = [
        |fate| matches!(fate, Fate::OnlyPrinted { .. }),
        |fate| fate == Fate::OnlyPrinted { directly: true },
        |_| false,
    ];
    let leaves_some =
        |rule: &&fn(Fate) -> bool| (0..knobs.len()).any(|at| fate(at) != Fate::Unused && !rule(fate(at)));
    let is_printed = rules.iter().find(leaves_some).copied().unwrap_or(rules[2]);
    let why = |at: usize| match fate(at) {
        _ if is_overridden(knobs[at].2, &makings) => Some(Why::Overridden),
        _ if codes.contains(&at) || is_constant(at) && flow.is_pattern(&knobs[at].2.own_name) => {
            Some(Why::Code)
        }
        Fate::Unused => Some(Why::Unused),
        fate => is_printed(fate).then_some(Why::OnlyPrinted),
    };
    (0..knobs.len()).filter_map(|at| Some((knobs[at].0.clone(), why(at)?))).collect()
}

/// The indices of constants that count from 0 to at least 2, one after the other: they tell cases apart.
fn codes(knobs: &[(String, &str, &Knob)]) -> BTreeSet<usize> {
    let mut codes = BTreeSet::new();
    let mut start = 0;
    for at in 0..=knobs.len() {
        let counts_on = knobs.get(at).is_some_and(|(_, file, knob)| {
            let is_next = knob.kind == Kind::Constant && knob.text.parse() == Ok(at - start);
            is_next && (at == start || knobs[start].1 == *file && scope(knobs[start].2) == scope(knob))
        });
        if !counts_on {
            if at - start >= FEWEST_CODES {
                codes.extend(start..at);
            }
            let is_first =
                knobs.get(at).is_some_and(|(.., knob)| knob.kind == Kind::Constant && knob.text == "0");
            start = if is_first { at } else { at + 1 };
        }
    }
    codes
}

fn scope(knob: &Knob) -> Option<&str> {
    knob.name.rsplit_once("::").map(|(scope, _)| scope)
}

/// Whether a knob is the default of a field that is always set.
fn is_overridden(knob: &Knob, makings: &Makings) -> bool {
    let owner = knob.name.rsplit_once('.').map(|(owner, _)| owner.rsplit("::").next().unwrap_or(owner));
    knob.kind == Kind::Default && owner.is_some_and(|owner| makings.override_default(owner, &knob.own_name))
}
