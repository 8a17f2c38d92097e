//! One search after another on a table, each as in a study; all searches of a method at once, on all cores.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::clock::cpu_seconds;
use super::landscape::Landscape;
use super::parallel::each;
use super::table::Table;
use crate::policy::{Earlier, Notebook, Policy, Program, Variant};
use crate::study::{Outcome, TrialNumber};

/// The number of searches, and their length.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Per search, including the start and repeats.
    pub(crate) trials: usize,
    /// Trials proposed at a time.
    pub(crate) batch: usize,
    /// Searches of each method on each table.
    pub(crate) repeats: usize,
    pub(crate) seed: u64,
    /// Numbers of trials after which regrets are noted, ascending.
    pub(crate) points: Vec<usize>,
    /// Each search begins with what one of the same kind found on each of these before.
    pub(crate) learn_from: Vec<Table>,
}

impl Settings {
    /// The place of the regrets after this many trials.
    pub(super) fn point(&self, trials: usize) -> usize {
        self.points.iter().position(|&point| point == trials).expect("every checkpoint is a point")
    }
}

/// Numbers of trials at which methods are compared; the last is `trials`.
pub(crate) fn checkpoints(trials: usize) -> Vec<usize> {
    const CHECKPOINTS: [usize; 5] = [25, 50, 100, 200, 300];
    let before = CHECKPOINTS.into_iter().filter(|checkpoint| *checkpoint < trials);
    before.chain([trials]).collect()
}

/// What a search found, by point.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Search {
    /// Regret of the best program according to the method.
    pub(super) returned: Vec<f64>,
    /// Regret of the program with the best single result.
    pub(super) observed: Vec<f64>,
    /// Number of trials; fewer than wanted if nothing was left to try.
    pub(super) trials: usize,
}

/// All searches of a method on a landscape.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) variant: Variant,
    /// Searches of the same number share their start and their seed with those of other methods.
    pub(super) searches: Vec<Search>,
    /// CPU time of one search.
    pub(super) seconds: f64,
}

/// All searches on a landscape.
#[derive(Debug)]
pub(crate) struct Searched {
    pub(crate) landscape: Box<dyn Landscape>,
    pub(crate) methods: Vec<Replayed>,
    /// The method that others are compared with.
    pub(crate) against: Option<usize>,
}

impl Searched {
    pub(super) fn against(&self) -> Option<&Replayed> {
        Some(&self.methods[self.against?])
    }
}

/// Replays all searches of a method; what they find does not depend on the number of cores.
pub(crate) fn replay(landscape: &dyn Landscape, variant: &Variant, settings: &Settings) -> Replayed {
    let begin = cpu_seconds();
    let searches = each(settings.repeats, |repeat| search(landscape, variant, settings, repeat));
    let seconds = (cpu_seconds() - begin) / settings.repeats as f64;
    Replayed { variant: variant.clone(), searches, seconds }
}

fn search(landscape: &dyn Landscape, variant: &Variant, settings: &Settings, repeat: u64) -> Search {
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    rng.set_stream(repeat);
    // Earlier searches do not affect the randomness of this one.
    let mut before = rng.clone();
    before.set_stream(u64::MAX - repeat);
    let mut earlier = Vec::new();
    for table in &settings.learn_from {
        let (record, _) = run(table, variant, settings, Vec::new(), &mut before);
        earlier.push(Earlier::new(&table.name, record.notebook.programs()));
    }
    let (record, policy) = run(landscape, variant, settings, earlier, &mut rng);
    record.close(policy.as_ref())
}

fn run<'a>(
    landscape: &'a dyn Landscape,
    variant: &Variant,
    settings: &'a Settings,
    earlier: Vec<Earlier>,
    rng: &mut ChaCha8Rng,
) -> (Record<'a>, Box<dyn Policy>) {
    let start = landscape.start(rng);
    let mut policy = variant.policy(rng.random());
    let mut record = Record::new(landscape, settings, Notebook::new(0, start.id, start.values));
    record.notebook.learn_from(earlier);
    record.run(0, rng);
    record.note(policy.as_ref());
    while record.ended < settings.trials {
        let first = record.ended;
        let mut proposals = policy.ask(&record.notebook, landscape, settings.batch);
        if proposals.is_empty() {
            break;
        }
        proposals.truncate(settings.trials - first);
        for (trial, proposal) in (first as TrialNumber..).zip(&proposals) {
            record.notebook.begin(trial, proposal);
        }
        for trial in (first..).take(proposals.len()).map(|trial| trial as TrialNumber) {
            record.run(trial, rng);
            policy.tell(&record.notebook, trial);
            record.note(policy.as_ref());
        }
    }
    (record, policy)
}

/// A search under way.
struct Record<'a> {
    landscape: &'a dyn Landscape,
    settings: &'a Settings,
    notebook: Notebook,
    /// The best single result, and whose it is.
    luckiest: Option<(f64, Program)>,
    ended: usize,
    found: Search,
}

impl<'a> Record<'a> {
    fn new(landscape: &'a dyn Landscape, settings: &'a Settings, notebook: Notebook) -> Self {
        Self { landscape, settings, notebook, luckiest: None, ended: 0, found: Search::default() }
    }

    fn run(&mut self, trial: TrialNumber, rng: &mut ChaCha8Rng) {
        let program = self.notebook.program_of(trial).clone();
        let result = self.landscape.run(&program, rng);
        let outcome = if result.is_some() { Outcome::Worse } else { Outcome::Crashed };
        self.notebook.end(trial, outcome, result, None);
        self.ended += 1;
        if let Some(result) = result
            && self.luckiest.as_ref().is_none_or(|(best, _)| result < *best)
        {
            self.luckiest = Some((result, program));
        }
    }

    /// Records the regrets if this is a point.
    fn note(&mut self, policy: &dyn Policy) {
        if self.settings.points.contains(&self.ended) {
            let (returned, observed) = self.regrets(policy);
            self.found.returned.push(returned);
            self.found.observed.push(observed);
        }
    }

    fn regrets(&self, policy: &dyn Policy) -> (f64, f64) {
        let (_, observed) = self.luckiest.as_ref().expect("the start has a result");
        let returned = self.notebook.program(&policy.best(&self.notebook)).expect("it returns what it tried");
        (self.landscape.regret(returned), self.landscape.regret(observed))
    }

    /// A search that ended early stays where it is.
    fn close(mut self, policy: &dyn Policy) -> Search {
        let (returned, observed) = self.regrets(policy);
        self.found.returned.resize(self.settings.points.len(), returned);
        self.found.observed.resize(self.settings.points.len(), observed);
        self.found.trials = self.ended;
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::parse;
    use super::super::testing::square;
    use super::*;
    use crate::policy::Method;

    fn settings(trials: usize, batch: usize) -> Settings {
        Settings { trials, batch, repeats: 3, seed: 5, points: checkpoints(trials), learn_from: Vec::new() }
    }

    /// A bowl with its bottom at (2, 5), and noise.
    fn bowl() -> Table {
        square(8, |a, b| {
            let depth = (a as f64 - 2.0).powi(2) + (b as f64 - 5.0).powi(2);
            Some((0..3).map(|seed| depth + ((a * 7 + b * 3 + seed * 5) % 4) as f64).collect())
        })
    }

    #[test]
    fn the_last_checkpoint_is_the_last_trial() {
        assert_eq!(checkpoints(300), [25, 50, 100, 200, 300]);
        assert_eq!(checkpoints(60), [25, 50, 60]);
        assert_eq!(checkpoints(10), [10]);
        assert_eq!(checkpoints(1000), [25, 50, 100, 200, 300, 1000]);
    }

    #[test]
    fn a_search_is_the_same_each_time_and_whatever_comes_after_it() {
        let table = bowl();
        for method in Method::ALL {
            let variant = Variant::from(method);
            let long = replay(&table, &variant, &settings(40, 4)).searches;
            let again = replay(&table, &variant, &settings(40, 4)).searches;
            assert_eq!(long, again, "{method}");
            let short =
                replay(&table, &variant, &Settings { points: vec![5, 25], ..settings(27, 4) }).searches;
            let at_25 = |searches: &[Search], point: usize| -> Vec<(f64, f64)> {
                searches.iter().map(|search| (search.returned[point], search.observed[point])).collect()
            };
            assert_eq!(at_25(&long, 0), at_25(&short, 1), "{method}");
        }
    }

    #[test]
    fn methods_share_starts_and_repeats_do_not() {
        let table = square(30, |a, b| Some(vec![(30 * a + b) as f64]));
        let at_start = |method: Method| {
            let settings = Settings { points: vec![1], ..settings(1, 4) };
            replay(&table, &Variant::from(method), &settings).searches
        };
        assert_eq!(at_start(Method::Random), at_start(Method::Tpe));
        let starts = at_start(Method::Random);
        assert!(starts[0] != starts[1] && starts[1] != starts[2], "{starts:?}");
    }

    #[test]
    fn a_table_that_is_exhausted_ends_the_search_and_regrets_stay() {
        let table = square(4, |a, b| Some(vec![(4 * a + b) as f64]));
        for search in replay(&table, &Variant::from(Method::Random), &settings(60, 4)).searches {
            assert_eq!(search.trials, 16);
            assert_eq!((search.returned, search.observed), (vec![0.0; 3], vec![0.0; 3]));
        }
    }

    #[test]
    fn what_crashes_is_a_trial_and_never_the_best() {
        let table = square(5, |a, b| Some(if a > 1 { vec![] } else { vec![(a + b) as f64] }));
        for method in Method::ALL {
            for search in replay(&table, &Variant::from(method), &settings(20, 2)).searches {
                assert_eq!(search.trials, 20, "{method}");
                assert!(search.returned[0] <= 1.0, "{method} {search:?}");
            }
        }
    }

    /// Few programs of a vast space, each one or two edits from an earlier one.
    fn sparse() -> Table {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut programs = vec![[0_usize; 10]];
        while programs.len() < 200 {
            let mut program = programs[rng.random_range(0..programs.len())];
            (0..rng.random_range(1..=2))
                .for_each(|_| program[rng.random_range(0..10)] = rng.random_range(0..6));
            if !programs.contains(&program) {
                programs.push(program);
            }
        }
        let rows: String = programs
            .iter()
            .map(|program| {
                let cells: Vec<String> = program.iter().map(usize::to_string).collect();
                let result: f64 = program.iter().map(|&value| (value as f64 - 2.0).powi(2)).sum();
                format!("{},{result}\n", cells.join(","))
            })
            .collect();
        let names: Vec<String> =
            (0..10).map(|site| format!("param:{site}:{}", ["cat", "ord"][site % 2])).collect();
        parse("sparse", &format!("# minimize\n{},value:0\n{rows}", names.join(","))).expect("a table")
    }

    #[test]
    fn methods_that_can_go_anywhere_find_every_program_of_a_sparse_table() {
        for method in [Method::Random, Method::Tpe] {
            for search in replay(&sparse(), &Variant::from(method), &settings(300, 4)).searches {
                assert_eq!((search.trials, search.returned[4]), (200, 0.0), "{method}");
            }
        }
    }

    #[test]
    fn methods_that_edit_go_from_neighbour_to_neighbour_in_a_sparse_table() {
        for (method, least) in [(Method::Greedy, 5), (Method::Evolution, 60)] {
            for search in replay(&sparse(), &Variant::from(method), &settings(60, 4)).searches {
                assert!(search.trials >= least, "{method} {}", search.trials);
                assert!(search.returned[2] < 0.9, "{method} {search:?}");
            }
        }
    }

    #[test]
    fn ppo_goes_from_neighbour_to_neighbour_in_a_sparse_table() {
        for search in replay(&sparse(), &Variant::from(Method::Ppo), &settings(60, 4)).searches {
            assert_eq!(search.trials, 60);
            assert!(search.returned[2] < 0.9, "{search:?}");
        }
    }

    #[test]
    fn a_method_that_lacks_a_part_searches_differently() {
        let (table, settings) = (bowl(), Settings { points: (1..=40).collect(), ..settings(40, 4) });
        let searches = |name: &str| replay(&table, &name.parse().expect("a name"), &settings).searches;
        let whole = searches("ppo");
        for part in ["learning", "repeats", "scores"] {
            assert_ne!(whole, searches(&format!("ppo-without-{part}")), "{part}");
        }
    }
}
