//! Where the values of constants go: into what a program trains, or only into what it prints.
//!
//! Names stand for what they name: two constants of one name are one here, used if either is. Values are followed
//! through arithmetic, `let`, other constants, and what functions return. Wherever else a value goes (a condition, an
//! argument, an assignment, a macro that is not known), it matters.

use std::collections::{BTreeMap, BTreeSet};

/// What has a value that is followed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A constant or a function, wherever it is.
    Global(String),
    /// A variable of the function with this number.
    Local(usize, String),
}

/// Where a value goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sink {
    Matters,
    Printed,
    /// Into the value of something else.
    Into(Name),
}

/// What is known of a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Matters,
    Unused,
    OnlyPrinted {
        /// By every use itself, not by way of other values.
        directly: bool,
    },
}

/// The uses of names in a program.
#[derive(Debug, Default)]
pub(super) struct Flow {
    uses: BTreeMap<Name, BTreeSet<Sink>>,
    constants: BTreeSet<String>,
    functions: BTreeSet<String>,
    locals: BTreeSet<Name>,
    /// What patterns name: a value that something is compared with.
    patterns: BTreeSet<String>,
    /// Functions so far.
    count: usize,
}

impl Flow {
    pub(super) fn constant(&mut self, name: &str) {
        self.constants.insert(name.to_owned());
    }

    pub(super) fn function(&mut self, name: &str) -> usize {
        self.functions.insert(name.to_owned());
        self.count += 1;
        self.count
    }

    pub(super) fn local(&mut self, name: Name) {
        self.locals.insert(name);
    }

    pub(super) fn pattern(&mut self, name: &str) {
        self.patterns.insert(name.to_owned());
    }

    /// Whether a constant stands in a pattern, as codes do.
    pub(super) fn is_pattern(&self, name: &str) -> bool {
        self.patterns.contains(name)
    }

    pub(super) fn goes(&mut self, name: Name, sink: Sink) {
        self.uses.entry(name).or_default().insert(sink);
    }

    /// Every word of a text counts as a use that matters.
    pub(super) fn words(&mut self, text: &str) {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        for word in words.collect::<BTreeSet<_>>() {
            self.goes(Name::Global(word.to_owned()), Sink::Matters);
        }
    }

    /// What becomes of the values of all constants.
    pub(super) fn fates(&self) -> BTreeMap<&str, Fate> {
        let idle = self.idle();
        let fate = |name: &String| {
            let name = Name::Global(name.clone());
            if !idle.contains(&name) {
                return Fate::Matters;
            }
            let mut sinks = self.sinks(&name).peekable();
            if sinks.peek().is_none() || !self.is_printed(&name, &mut BTreeSet::new()) {
                return Fate::Unused;
            }
            Fate::OnlyPrinted { directly: sinks.all(|sink| *sink == Sink::Printed) }
        };
        self.constants.iter().map(|name| (name.as_str(), fate(name))).collect()
    }

    fn sinks(&self, name: &Name) -> impl Iterator<Item = &Sink> {
        self.uses.get(name).into_iter().flatten()
    }

    /// The names whose values go nowhere but into what is printed. The least such set: a value that goes in a circle
    /// may be what a loop trains.
    fn idle(&self) -> BTreeSet<Name> {
        let globals = self.constants.union(&self.functions).map(|name| Name::Global(name.clone()));
        let mut open: Vec<Name> = globals.chain(self.locals.iter().cloned()).collect();
        let mut idle = BTreeSet::new();
        loop {
            let is_idle = |sink: &Sink| match sink {
                Sink::Matters => false,
                Sink::Printed => true,
                Sink::Into(name) => idle.contains(name),
            };
            // What nobody calls here is called from elsewhere, or else not compiled into anything.
            let is_called = |name: &Name| match name {
                Name::Global(name) if self.functions.contains(name) => {
                    self.uses.contains_key(&Name::Global(name.clone()))
                }
                _ => true,
            };
            let (now, later): (Vec<_>, Vec<_>) =
                open.into_iter().partition(|name| is_called(name) && self.sinks(name).all(is_idle));
            if now.is_empty() {
                return idle;
            }
            idle.extend(now);
            open = later;
        }
    }

    fn is_printed(&self, name: &Name, seen: &mut BTreeSet<Name>) -> bool {
        seen.insert(name.clone())
            && self.sinks(name).any(|sink| match sink {
                Sink::Matters => false,
                Sink::Printed => true,
                Sink::Into(next) => self.is_printed(next, seen),
            })
    }
}
