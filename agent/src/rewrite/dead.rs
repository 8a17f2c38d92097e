//! Which knobs of a baseline change nothing that is trained, however they are turned.

use std::collections::BTreeMap;

use super::flow::{Fate, Flow};
use super::knob::Kind;
use super::left_out::Why;
use super::parse::with_parsed;
use super::program::Program;
use super::surroundings::Surroundings;
use super::uncompiled::Uncompiled;
use super::uses;

/// The dead knobs by their full names. `brought` are the texts of templates that a search may put into the program.
pub(super) fn find<'a>(
    program: &Program,
    surroundings: &Surroundings,
    brought: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, Why> {
    let Some(rest) = &surroundings.rest else { return BTreeMap::new() };
    let mut flow = Flow::default();
    let mutable = program.files.iter().map(|(path, file)| (path, &file.text));
    for (_, text) in mutable.chain(&rest.compiled.0) {
        let read = with_parsed(text, |parsed| {
            uses::read(parsed, &Uncompiled::read(parsed, &surroundings.build), &mut flow);
        });
        if read.is_err() {
            flow.words(text);
        }
    }
    rest.elsewhere.iter().for_each(|text| flow.words(text));
    brought.for_each(|text| flow.words(text));
    let fates = flow.fates();
    let knobs = program.knobs();
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
        Fate::Unused => Some(Why::Unused),
        fate => is_printed(fate).then_some(Why::OnlyPrinted),
    };
    (0..knobs.len()).filter_map(|at| Some((knobs[at].0.clone(), why(at)?))).collect()
}
