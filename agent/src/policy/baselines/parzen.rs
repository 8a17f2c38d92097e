//! Mixtures of kernels over programs, the densities that TPE compares: one kernel per run, and a wide prior.
//!
//! A kernel is a product over all sites, with the widths and weights of Optuna 5's default sampler.

use crate::policy::normal::between;
use crate::policy::rows::{Code, Column, Encoding, Row, at};

/// The newest runs count in full, older ones linearly less.
const FULL_WEIGHTS: usize = 25;

/// A density over programs.
pub(super) struct Mixture {
    /// One per run, and that of the prior last.
    pub(super) weights: Vec<f64>,
    columns: Vec<Kernels>,
}

impl Mixture {
    /// From the rows of the runs' programs, in the order in which the runs ended; `all` are the rows of all programs.
    pub(super) fn new(encoding: &Encoding, all: &[Row], runs: &[&Row]) -> Self {
        let n = runs.len();
        let ramp = n.saturating_sub(FULL_WEIGHTS);
        let weight = |run: usize| {
            let lowest = 1.0 / n as f64;
            let way = run as f64 / ramp.saturating_sub(1).max(1) as f64;
            if run < ramp { lowest + (1.0 - lowest) * way } else { 1.0 }
        };
        let weights: Vec<f64> = (0..n).map(weight).chain([1.0]).collect();
        let sum: f64 = weights.iter().sum();
        let columns = encoding.columns().iter().enumerate();
        Self {
            weights: weights.iter().map(|weight| weight / sum).collect(),
            columns: columns
                .map(|(d, column)| {
                    let codes: Vec<Code> = runs.iter().map(|row| at(row, d)).collect();
                    let absent = all.iter().any(|row| at(row, d) == 0);
                    Kernels::new(column, &codes, absent)
                })
                .collect(),
        }
    }

    /// Logarithm of the probability that a kernel gives to a value; 0 if the site was not known.
    pub(super) fn log_kernel(&self, column: usize, kernel: usize, to: Code) -> f64 {
        self.columns.get(column).map_or(0.0, |kernels| kernels.log(kernel, to))
    }

    pub(super) fn log_density(&self, row: &[Code]) -> f64 {
        let mut terms: Vec<f64> = self.weights.iter().map(|weight| weight.ln()).collect();
        for (d, kernels) in self.columns.iter().enumerate() {
            let to = at(row, d);
            terms.iter_mut().enumerate().for_each(|(kernel, term)| *term += kernels.log(kernel, to));
        }
        let highest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        highest + terms.iter().map(|term| (term - highest).exp()).sum::<f64>().ln()
    }
}

/// The kernels of one column. Many are the same, and are stored once.
struct Kernels {
    /// For each run, the place of its kernel; that of the prior last.
    places: Vec<u32>,
    /// Logarithms of the probability of each code, kernel after kernel.
    logs: Vec<f64>,
    side: usize,
}

impl Kernels {
    /// From the codes of runs; `absent` says whether some program lacks the site, which is then one more category.
    fn new(column: &Column, codes: &[Code], absent: bool) -> Self {
        let side = column.len() + 1;
        let shape = Shape { column, absent, kernels: codes.len() as f64 + 1.0 };
        let widths = Widths::new(column, codes);
        let mut kernels = Self { places: Vec::with_capacity(codes.len() + 1), logs: Vec::new(), side };
        let mut found = vec![[None; PLACES]; side];
        let mut met = vec![0; side];
        for &code in codes {
            let from = usize::from(code);
            let place = widths.place(from, met[from]);
            met[from] += 1;
            let known = &mut found[from][place];
            let kernel = *known.get_or_insert_with(|| {
                kernels.add((0..side).map(|to| shape.share(Some(code), widths.of(from, place), to as Code)))
            });
            kernels.places.push(kernel);
        }
        let prior = kernels.add((0..side).map(|to| shape.share(None, 0.0, to as Code)));
        kernels.places.push(prior);
        kernels
    }

    fn add(&mut self, shares: impl Iterator<Item = f64>) -> u32 {
        let kernel = self.logs.len() / self.side;
        self.logs.extend(shares.map(|share| share.max(1e-300).ln()));
        kernel as u32
    }

    fn log(&self, kernel: usize, to: Code) -> f64 {
        self.logs[self.places[kernel] as usize * self.side + usize::from(to)]
    }
}

/// Places among runs of the same value, which decide a kernel's width: the first, one between, the last.
const PLACES: usize = 3;

/// Widths of the kernels on a ladder before they are bounded: a run's is the larger of the distances to the runs next
/// to it, in the order of their rungs. Runs of the same rung are next to each other: except for the first and the last
/// of them the distance is 0.
struct Widths {
    /// For each code, the number of runs.
    counts: Vec<usize>,
    /// For each code, distances to the next lower and the next higher rung with a run.
    gaps: Vec<(Option<f64>, Option<f64>)>,
    /// For each code, the distance to the farther end of the ladder.
    ends: Vec<f64>,
}

impl Widths {
    fn new(column: &Column, codes: &[Code]) -> Self {
        let side = column.len() + 1;
        let mut counts = vec![0; side];
        codes.iter().for_each(|&code| counts[usize::from(code)] += 1);
        let rung = |code: usize| column.rung(code as Code).map(f64::from);
        let mut there: Vec<(f64, usize)> =
            (1..side).filter(|&code| counts[code] > 0).filter_map(|code| Some((rung(code)?, code))).collect();
        there.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut gaps = vec![(None, None); side];
        for pair in there.windows(2) {
            let gap = Some(pair[1].0 - pair[0].0);
            (gaps[pair[0].1].1, gaps[pair[1].1].0) = (gap, gap);
        }
        let end =
            |code: usize| rung(code).map_or(0.0, |rung| (rung + 0.5).max(column.len() as f64 - 0.5 - rung));
        Self { counts, gaps, ends: (0..side).map(end).collect() }
    }

    /// The place of the run of this code that comes after `before` others of it.
    fn place(&self, code: usize, before: usize) -> usize {
        match before {
            0 => 0,
            _ if before + 1 == self.counts[code] => PLACES - 1,
            _ => 1,
        }
    }

    fn of(&self, code: usize, place: usize) -> f64 {
        let (below, above) = self.gaps[code];
        match (self.counts[code], below, above) {
            (1, None, None) => self.ends[code],
            (1, _, _) => below.unwrap_or(0.0).max(above.unwrap_or(0.0)),
            _ if place == 0 => below.unwrap_or(0.0),
            _ if place == PLACES - 1 => above.unwrap_or(0.0),
            _ => 0.0,
        }
    }
}

/// What all kernels of a column share.
struct Shape<'a> {
    column: &'a Column,
    absent: bool,
    kernels: f64,
}

impl Shape<'_> {
    /// Probability of a code under the kernel at another code, or under the prior if `from` is `None`.
    fn share(&self, from: Option<Code>, width: f64, to: Code) -> f64 {
        let (column, length) = (self.column, self.column.len() as f64);
        let categories =
            |n: f64, same: bool| (1.0 / self.kernels + f64::from(same)) / (n / self.kernels + 1.0);
        if !column.ordered {
            let n = length + f64::from(self.absent);
            return from.map_or(1.0 / n, |from| categories(n, from == to));
        }
        let same = from.map(|from| (from == 0) == (to == 0));
        let presence = if self.absent { same.map_or(0.5, |same| categories(2.0, same)) } else { 1.0 };
        let Some(rung) = column.rung(to).map(f64::from) else { return presence };
        let ladder = |mean: f64, width: f64| {
            between(rung - 0.5 - mean, rung + 0.5 - mean, width)
                / between(-0.5 - mean, length - 0.5 - mean, width)
        };
        let narrowest = 1.0 / (1.0 + self.kernels).min(100.0);
        presence
            * match from.map(|from| column.rung(from)) {
                None => ladder(0.5 * (length - 1.0), length),
                Some(None) => 1.0 / length,
                Some(Some(from)) => ladder(f64::from(from), width.clamp(narrowest * length, length)),
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::SiteView;

    fn encoding(ordered: bool, length: usize) -> Encoding {
        let values: Vec<String> = (0..length).map(|value| value.to_string()).collect();
        let (name, value) = ("site".to_owned(), "0".to_owned());
        let mut encoding = Encoding::default();
        encoding.learn(&[SiteView { name, kind: "choice", ordered, value, values }]);
        encoding
    }

    fn rows(codes: &[Code]) -> Vec<Row> {
        codes.iter().map(|&code| vec![code]).collect()
    }

    fn kernels(encoding: &Encoding, codes: &[Code], absent: bool) -> Kernels {
        Kernels::new(&encoding.columns()[0], codes, absent)
    }

    #[test]
    fn kernels_are_distributions_over_the_values_and_absence() {
        for (ordered, absent) in [(false, false), (false, true), (true, false), (true, true)] {
            let encoding = encoding(ordered, 6);
            let codes = [1, 6, 2, 2, 2, 5, if absent { 0 } else { 3 }];
            let kernels = kernels(&encoding, &codes, absent);
            for kernel in 0..=codes.len() {
                let present: f64 = (1..7).map(|to| kernels.log(kernel, to).exp()).sum();
                let sum = present + if absent { kernels.log(kernel, 0).exp() } else { 0.0 };
                assert!((sum - 1.0).abs() < 1e-5, "{ordered} {absent} {kernel} {sum}");
            }
        }
    }

    #[test]
    fn a_density_is_the_weighted_sum_of_the_kernels() {
        let encoding = encoding(true, 5);
        let rows = rows(&[2, 4, 4, 1]);
        let mixture = Mixture::new(&encoding, &[], &rows.iter().collect::<Vec<_>>());
        let naive: f64 = (0..5).map(|k| mixture.weights[k] * mixture.log_kernel(0, k, 3).exp()).sum();
        assert!((mixture.log_density(&[3]) - naive.ln()).abs() < 1e-9);
        assert!((mixture.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn categories_are_weighted_as_in_optuna() {
        // Three categories, two runs: 1/3 each, and one more for the run's own, over their sum.
        let kernels = kernels(&encoding(false, 3), &[1, 1], false);
        assert!((kernels.log(0, 1).exp() - (1.0 + 1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((kernels.log(1, 2).exp() - (1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!((kernels.log(2, 3).exp() - 1.0 / 3.0).abs() < 1e-12);
    }

    /// The widths of Optuna 5, written as there: sort, distances to both sides, the ends of the ladder only for a
    /// run that is alone.
    fn naive_widths(rungs: &[f64], length: f64) -> Vec<f64> {
        let mut order: Vec<usize> = (0..rungs.len()).collect();
        order.sort_by(|&a, &b| rungs[a].total_cmp(&rungs[b]));
        let mut line = vec![-0.5];
        line.extend(order.iter().map(|&run| rungs[run]));
        line.push(length - 0.5);
        let n = rungs.len();
        let mut sorted: Vec<f64> =
            (1..=n).map(|i| (line[i] - line[i - 1]).max(line[i + 1] - line[i])).collect();
        if n >= 2 {
            (sorted[0], sorted[n - 1]) = (line[2] - line[1], line[n] - line[n - 1]);
        }
        let mut widths = vec![0.0; n];
        order.iter().zip(sorted).for_each(|(&run, width)| widths[run] = width);
        widths
    }

    #[test]
    fn widths_on_ladders_equal_those_of_optuna() {
        let encoding = encoding(true, 9);
        let column = &encoding.columns()[0];
        for codes in
            [vec![3], vec![9, 1], vec![4, 4], vec![2, 7, 2, 9, 2, 7], vec![5, 5, 5, 5], vec![1, 9, 8, 9]]
        {
            let widths = Widths::new(column, &codes);
            let mut met = [0; 10];
            let found: Vec<f64> = codes
                .iter()
                .map(|&code| {
                    let place = widths.place(usize::from(code), met[usize::from(code)]);
                    met[usize::from(code)] += 1;
                    widths.of(usize::from(code), place)
                })
                .collect();
            let rungs: Vec<f64> = codes.iter().map(|&code| f64::from(code) - 1.0).collect();
            assert_eq!(found, naive_widths(&rungs, 9.0), "{codes:?}");
        }
    }
}
