//! A table of real results as a space to search: a row is a program, and each of its values the result of one seed.
//!
//! It knows nothing of files; `reader` fills it.

use std::collections::HashMap;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::policy::{Change, Derived, Listing, Program, SiteView, Space};
use crate::study::{self, Edit, ProgramId, Sources, Values, mean, median};

/// Programs of which the median one is where a search starts.
const STARTS: usize = 9;

/// A parameter of the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ordered: bool,
    /// A ladder if it is ordered.
    pub(super) values: Vec<String>,
}

/// See the head of this file. Lower results are better here, whatever the file says.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// The file's results are these times -1.
    maximised: bool,
    columns: Vec<Column>,
    programs: Vec<Values>,
    /// For each program, the results of its seeds; empty for one that crashed.
    results: Vec<Vec<f64>>,
    /// For each program, the mean of its results.
    means: Vec<Option<f64>>,
    /// What the results of programs with several seeds deviate from their means, each times sqrt(n / (n - 1)) for n
    /// seeds, so that their variance is that of a run.
    residuals: Vec<f64>,
    by_id: HashMap<ProgramId, usize>,
    best: f64,
    median: f64,
    worst: f64,
    /// The programs as in a listing, if some combination of values is not a program; else empty.
    listing: Vec<u16>,
}

impl Table {
    /// `None` if regrets would mean nothing: no program has results, or half of them are the best.
    pub(super) fn new(
        name: String,
        maximised: bool,
        columns: Vec<Column>,
        rows: Vec<(Values, Vec<f64>)>,
    ) -> Option<Self> {
        let (programs, results): (Vec<Values>, Vec<Vec<f64>>) = rows.into_iter().unzip();
        let mean = |results: &Vec<f64>| (!results.is_empty()).then(|| mean(results));
        let means: Vec<Option<f64>> = results.iter().map(mean).collect();
        let there: Vec<f64> = means.iter().copied().flatten().collect();
        let best = there.iter().copied().reduce(f64::min)?;
        let worst = there.iter().copied().reduce(f64::max)?;
        let median = median(&there)?;
        let by_id = programs.iter().enumerate().map(|(row, values)| (id(values), row)).collect();
        let listing = listing(&columns, &programs);
        let residuals = results.iter().flat_map(|results| residuals(results)).collect();
        let table = Self {
            name,
            maximised,
            columns,
            programs,
            results,
            means,
            residuals,
            by_id,
            best,
            median,
            worst,
            listing,
        };
        (table.scale() > 0.0 && (worst - best).is_finite()).then_some(table)
    }

    /// Number of its programs.
    pub(crate) fn len(&self) -> usize {
        self.programs.len()
    }

    /// Its programs with their results, as they were given.
    #[cfg(test)]
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Values, &Vec<f64>)> {
        self.programs.iter().zip(&self.results)
    }

    /// The size of a regret of 1.
    fn scale(&self) -> f64 {
        self.median - self.best
    }

    /// A mediocre program: the median one of a few that were drawn from those with results.
    pub(super) fn start(&self, rng: &mut ChaCha8Rng) -> Program {
        let completed = self.means.iter().enumerate().filter_map(|(row, mean)| Some((row, (*mean)?)));
        let completed: Vec<(usize, f64)> = completed.collect();
        let mut drawn: Vec<&(usize, f64)> = completed.sample(rng, STARTS).collect();
        drawn.sort_by(|a, b| a.1.total_cmp(&b.1));
        let values = self.programs[drawn[drawn.len() / 2].0].clone();
        Program { id: id(&values), trial: 0, values }
    }

    /// The result of a run on a random seed; `None` if the program crashes.
    pub(super) fn run(&self, program: &ProgramId, rng: &mut ChaCha8Rng) -> Option<f64> {
        self.results[self.by_id[program]].choose(rng).copied()
    }

    /// The result of a run on a fresh seed, of which there are as many as are wanted: the program's mean, and the
    /// residual of any run of the table; `None` if the program crashes.
    pub(super) fn fresh_run(&self, program: &ProgramId, rng: &mut ChaCha8Rng) -> Option<f64> {
        let residual = self.residuals.choose(rng).copied().unwrap_or(0.0);
        self.truth(program).map(|mean| mean + residual)
    }

    /// What a program is really worth; `None` if it crashes.
    pub(super) fn truth(&self, program: &ProgramId) -> Option<f64> {
        self.means[self.by_id[program]]
    }

    /// A result as in the file.
    pub(super) fn as_printed(&self, result: f64) -> f64 {
        study::as_printed(self.maximised, result)
    }

    /// How much worse than the best program this one truly is, in units of what the median program is. One that
    /// crashes counts as the worst.
    pub(super) fn regret(&self, program: &ProgramId) -> f64 {
        self.as_regret(self.truth(program).unwrap_or(self.worst))
    }

    /// A result in the unit of regrets.
    pub(super) fn as_regret(&self, result: f64) -> f64 {
        (result - self.best) / self.scale()
    }

    pub(super) fn has(&self, program: &ProgramId) -> bool {
        self.by_id.contains_key(program)
    }
}

/// The identity of the program that has these values.
pub(super) fn id(values: &Values) -> ProgramId {
    ProgramId::new("table", &Sources(values.clone()))
}

/// See the field; nothing of one seed.
fn residuals(results: &[f64]) -> Vec<f64> {
    if results.len() < 2 {
        return Vec::new();
    }
    let (n, mean) = (results.len() as f64, mean(results));
    results.iter().map(|result| (result - mean) * (n / (n - 1.0)).sqrt()).collect()
}

/// The programs as in a listing; empty if all combinations of values are programs.
fn listing(columns: &[Column], programs: &[Values]) -> Vec<u16> {
    let sizes = columns.iter().map(|column| column.values.len());
    if sizes.fold(1_usize, usize::saturating_mul) == programs.len() {
        return Vec::new();
    }
    let codes =
        |column: &Column| -> HashMap<String, u16> { column.values.iter().cloned().zip(0..).collect() };
    let codes: Vec<HashMap<String, u16>> = columns.iter().map(codes).collect();
    let row = |values: &Values| -> Vec<u16> {
        columns.iter().zip(&codes).map(|(column, codes)| codes[&values[&column.name]]).collect()
    };
    programs.iter().flat_map(row).collect()
}

/// The values that changes of a parent give, and the edits that they are.
pub(super) fn edited(parent: &Program, changes: &[Change]) -> Option<(Values, Vec<Edit>)> {
    let mut values = parent.values.clone();
    let mut edits = Vec::new();
    for (site, to) in changes {
        let from = values.insert(site.clone(), to.clone())?;
        let (site, to) = (site.clone(), to.clone());
        edits.push(Edit { site, from, to, template: None, summary: String::new() });
    }
    Some((values, edits))
}

impl Space for Table {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        let view = |column: &Column| SiteView {
            name: column.name.clone(),
            kind: if column.ordered { "knob" } else { "choice" },
            ordered: column.ordered,
            value: parent.values[&column.name].clone(),
            values: column.values.clone(),
        };
        self.columns.iter().map(view).collect()
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let (values, edits) = edited(parent, changes)?;
        let id = id(&values);
        self.has(&id).then_some(Derived { id, values, edits })
    }

    fn reach(&self) -> usize {
        self.columns.len()
    }

    fn listing(&self) -> Option<Listing<'_>> {
        (!self.listing.is_empty()).then(|| self.listing.chunks_exact(self.columns.len()))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::testing::square;
    use super::*;

    fn program(a: usize, b: usize) -> ProgramId {
        id(&Values::from([("a".to_owned(), a.to_string()), ("b".to_owned(), b.to_string())]))
    }

    #[test]
    fn a_regret_is_0_for_the_best_and_1_for_the_median_and_a_crash_counts_as_the_worst() {
        let table =
            square(3, |a, b| Some(if (a, b) == (2, 2) { vec![] } else { vec![(3 * a + b) as f64; 2] }));
        let regrets =
            [program(0, 0), program(1, 0), program(2, 1), program(2, 2)].map(|id| table.regret(&id));
        assert_eq!(regrets, [0.0, 3.0 / 3.5, 2.0, 2.0]);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(table.run(&program(2, 2), &mut rng), None);
        assert_eq!(table.run(&program(2, 1), &mut rng), Some(7.0));
    }

    #[test]
    fn a_search_starts_from_a_mediocre_program_that_runs() {
        let table = square(10, |a, b| Some(if a == 9 { vec![] } else { vec![(10 * a + b) as f64] }));
        let regrets: Vec<f64> = (0..200)
            .map(|seed| table.regret(&table.start(&mut ChaCha8Rng::seed_from_u64(seed)).id))
            .collect();
        assert!((mean(&regrets) - 1.0).abs() < 0.1, "{}", mean(&regrets));
        assert!(regrets.iter().all(|regret| (0.05..1.95).contains(regret)));
        let two = square(2, |a, b| (a == 0).then(|| vec![b as f64]));
        assert_eq!(two.start(&mut ChaCha8Rng::seed_from_u64(0)).values["b"], "1");
    }

    #[test]
    fn a_combination_without_a_row_does_not_exist() {
        let table = square(3, |a, b| (a != 1 || b != 1).then(|| vec![(a + b) as f64]));
        let parent = Program { id: program(0, 1), trial: 0, values: table.programs[1].clone() };
        let change = |to: &str| vec![("a".to_owned(), to.to_owned())];
        assert_eq!(table.derive(&parent, &change("1")), None);
        let derived = table.derive(&parent, &change("2")).expect("a row");
        assert_eq!((derived.id, derived.edits[0].from.as_str()), (program(2, 1), "0"));
        let listing = table.listing().expect("one is missing");
        assert_eq!((listing.len(), listing.last()), (8, Some(&[2, 2][..])));
        assert!(square(3, |a, b| Some(vec![(a + b) as f64])).listing().is_none());
    }
}
