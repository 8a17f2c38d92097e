//! What a search can be replayed on: one table of results, or several side by side.
//!
//! Tables have few sites, studies many. Side by side, tables form a space with the sites of all of them, with real
//! noise, and with the real interactions within each.

use std::fmt::Debug;

use rand_chacha::ChaCha8Rng;

use super::table::{Table, edited, id};
use crate::policy::{Change, Derived, Listing, Program, SiteView, Space};
use crate::study::{Values, mean};

/// See the head of this file.
pub(crate) trait Landscape: Space + Sync + Debug {
    fn name(&self) -> &str;

    /// The number of programs, in words.
    fn size(&self) -> String;

    /// A mediocre program.
    fn start(&self, rng: &mut ChaCha8Rng) -> Program;

    /// The result of a run on a random seed, lower is better; `None` if the program crashes.
    fn run(&self, program: &Program, rng: &mut ChaCha8Rng) -> Option<f64>;

    /// How much worse than the best program it truly is, 0 being the best and 1 the median one.
    fn regret(&self, program: &Program) -> f64;
}

impl Landscape for Table {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> String {
        format!("{} programs", self.len())
    }

    fn start(&self, rng: &mut ChaCha8Rng) -> Program {
        self.start(rng)
    }

    fn run(&self, program: &Program, rng: &mut ChaCha8Rng) -> Option<f64> {
        self.run(&program.id, rng)
    }

    fn regret(&self, program: &Program) -> f64 {
        self.regret(&program.id)
    }
}

/// Tables side by side: a program is one row of each, and its result the mean of theirs, each as a regret.
#[derive(Debug)]
pub(crate) struct Together {
    name: String,
    tables: Vec<Table>,
}

/// Separates the name of a table from that of a site.
const OF: &str = "::";

impl Together {
    pub(crate) fn new(tables: Vec<Table>) -> Self {
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        Self { name: names.join(" + "), tables }
    }

    /// A program's part in each table.
    fn parts<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = (&'a Table, Program)> {
        self.tables.iter().enumerate().map(|(index, table)| {
            let prefix = format!("{index}{OF}");
            let own = |(site, value): (&String, &String)| {
                Some((site.strip_prefix(&prefix)?.to_owned(), value.clone()))
            };
            let values: Values = program.values.iter().filter_map(own).collect();
            (table, Program { id: id(&values), trial: program.trial, values })
        })
    }
}

fn name(index: usize, site: &str) -> String {
    format!("{index}{OF}{site}")
}

impl Space for Together {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        let of = |(index, (table, part)): (usize, (&Table, Program))| {
            let views = table.sites(&part).into_iter();
            views.map(move |view| SiteView { name: name(index, &view.name), ..view }).collect::<Vec<_>>()
        };
        self.parts(parent).enumerate().flat_map(of).collect()
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let (values, edits) = edited(parent, changes)?;
        let derived = Derived { id: id(&values), values, edits };
        let program = Program { id: derived.id.clone(), trial: 0, values: derived.values.clone() };
        self.parts(&program).all(|(table, part)| table.has(&part.id)).then_some(derived)
    }

    fn listing(&self) -> Option<Listing<'_>> {
        None
    }
}

impl Landscape for Together {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> String {
        let sizes = self.tables.iter().map(|table| table.len() as f64);
        format!("{:.0e} programs", sizes.product::<f64>())
    }

    fn start(&self, rng: &mut ChaCha8Rng) -> Program {
        let of = |(index, table): (usize, &Table)| {
            let values = table.start(rng).values.into_iter();
            values.map(move |(site, value)| (name(index, &site), value)).collect::<Vec<_>>()
        };
        let values: Values = self.tables.iter().enumerate().flat_map(of).collect();
        Program { id: id(&values), trial: 0, values }
    }

    fn run(&self, program: &Program, rng: &mut ChaCha8Rng) -> Option<f64> {
        let results: Option<Vec<f64>> = self
            .parts(program)
            .map(|(table, part)| Some(table.as_regret(table.run(&part.id, rng)?)))
            .collect();
        results.map(|results| mean(&results))
    }

    fn regret(&self, program: &Program) -> f64 {
        let regrets: Vec<f64> = self.parts(program).map(|(table, part)| table.regret(&part.id)).collect();
        mean(&regrets)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::testing::square;
    use super::*;
    use crate::bench::{Settings, checkpoints, replay};
    use crate::policy::{Method, Variant};

    /// Regrets of a / 2 and b / 4; the highest `a` of the second is not a row, the one below it crashes.
    fn two() -> Together {
        let first = square(5, |a, _| Some(vec![a as f64]));
        let second = square(9, |a, b| (a < 8).then(|| if a == 7 { vec![] } else { vec![b as f64] }));
        Together::new(vec![first, second])
    }

    fn program(values: [usize; 4]) -> Program {
        let names = ["0::a", "0::b", "1::a", "1::b"];
        let values = names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_string()));
        let values: Values = values.collect();
        Program { id: id(&values), trial: 0, values }
    }

    #[test]
    fn a_program_is_a_row_of_each_table_and_its_regret_the_mean_of_theirs() {
        let two = two();
        assert_eq!((two.name(), two.size().as_str()), ("square + square", "2e3 programs"));
        let names: Vec<String> = two.sites(&program([0; 4])).into_iter().map(|site| site.name).collect();
        assert_eq!(names, ["0::a", "0::b", "1::a", "1::b"]);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(two.regret(&program([0, 3, 4, 0])), 0.0);
        assert_eq!(two.regret(&program([2, 3, 4, 8])), (1.0 + 2.0) / 2.0);
        assert_eq!(two.run(&program([2, 3, 4, 8]), &mut rng), Some(1.5));
        assert_eq!(two.run(&program([2, 3, 7, 8]), &mut rng), None, "one of its parts crashes");
        let start = two.start(&mut rng);
        assert!((0.1..1.9).contains(&two.regret(&start)), "{start:?}");
    }

    #[test]
    fn what_is_not_a_row_of_one_table_is_not_a_program_of_all() {
        let (two, parent) = (two(), program([0; 4]));
        let change = |site: &str, to: &str| vec![(site.to_owned(), to.to_owned())];
        assert_eq!(two.derive(&parent, &change("1::a", "8")), None);
        let derived = two.derive(&parent, &change("1::a", "6")).expect("a row of each");
        assert_eq!(derived.id, program([0, 0, 6, 0]).id);
    }

    #[test]
    fn methods_search_all_tables_at_once() {
        let settings = Settings {
            trials: 60,
            batch: 4,
            repeats: 2,
            seed: 5,
            points: checkpoints(60),
            learn_from: Vec::new(),
        };
        for method in Method::ALL {
            let replayed = replay(&two(), &Variant::from(method), &settings);
            assert!(replayed.searches.iter().all(|search| search.returned[2] < 0.5), "{method} {replayed:?}");
        }
    }
}
