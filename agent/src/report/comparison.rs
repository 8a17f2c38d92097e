//! The table of a comparison: what each method returned, measured on the same seeds. As Markdown and as data.

use std::fmt::Write;

use serde::Serialize;

use crate::study::{
    Outcome, Study, TrialNumber, duration, figure, margin, mean, median, plus_minus, standard_error,
};

/// Everything that is compared. Values are as the programs printed them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) metric: String,
    pub(crate) test_metric: String,
    pub(crate) budget: String,
    pub(crate) device: String,
    pub(crate) trials: u32,
    pub(crate) repeats: u32,
    pub(crate) check_seeds: Vec<u64>,
    /// The first is the untouched program, from which the others' differences are taken.
    pub(crate) contenders: Vec<Contender>,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Contender {
    pub(crate) name: String,
    /// One per repeat.
    pub(crate) returned: Vec<Returned>,
    /// Cost of the search; `None` for a program that was not searched for.
    pub(crate) search: Option<Search>,
}

/// A program that was returned.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Returned {
    /// The trial that tried it first, in the repository of its repeat; `None` for a program that was not searched for.
    pub(crate) trial: Option<TrialNumber>,
    /// What it changes; empty if nothing.
    pub(crate) subject: String,
    /// By seed; `None` for a run that failed.
    pub(crate) values: Vec<Option<f64>>,
    /// The same on the part that no study sees, if the target reports it.
    pub(crate) test: Vec<Option<f64>>,
}

/// The studies of one method, taken together.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Search {
    pub(crate) trials: usize,
    pub(crate) completed: usize,
    pub(crate) pruned: usize,
    pub(crate) failed: usize,
    pub(crate) median_trial_seconds: Option<f64>,
    pub(crate) slot_hours: f64,
    /// Best value observed up to each trial, the baseline's first: the mean over the repeats.
    pub(crate) best_so_far: Vec<f64>,
}

impl Contender {
    /// A given program.
    pub(crate) fn fixed(name: &str, returned: Returned) -> Self {
        Self { name: name.to_owned(), returned: vec![returned], search: None }
    }

    /// A method with its studies, one per repeat, each with this many trials.
    pub(crate) fn of_studies(name: &str, studies: &[&Study], returned: Vec<Returned>, trials: u32) -> Self {
        let ended = || {
            let trials = studies.iter().flat_map(|study| &study.trials);
            trials.filter(|trial| trial.started.trial > 0).filter_map(|trial| trial.ended.as_ref())
        };
        let count = |is: &dyn Fn(Outcome) -> bool| ended().filter(|ended| is(ended.outcome)).count();
        let (completed, pruned) = (count(&Outcome::is_completed), count(&|one| one == Outcome::Pruned));
        let all = ended().count();
        let seconds: Vec<f64> = ended().map(|ended| ended.measurement.seconds()).collect();
        let baselines = studies.iter().filter_map(|study| study.trials.first()?.ended.as_ref());
        let total: f64 =
            seconds.iter().sum::<f64>() + baselines.map(|ended| ended.measurement.seconds()).sum::<f64>();
        let curves: Vec<Vec<f64>> = studies.iter().map(|study| best_so_far(study, trials)).collect();
        let at = |trial: usize| mean(&curves.iter().map(|curve| curve[trial]).collect::<Vec<_>>());
        Self {
            name: name.to_owned(),
            returned,
            search: Some(Search {
                trials: all,
                completed,
                pruned,
                failed: all - completed - pruned,
                median_trial_seconds: median(&seconds),
                slot_hours: total / 3600.0,
                best_so_far: (0..=trials as usize).map(at).collect(),
            }),
        }
    }

    /// Of all runs; `None` for one that failed.
    fn values(&self) -> Vec<Option<f64>> {
        self.returned.iter().flat_map(|one| one.values.clone()).collect()
    }

    fn test_values(&self) -> Vec<Option<f64>> {
        self.returned.iter().flat_map(|one| one.test.clone()).collect()
    }

    /// On each seed, the mean over the returned programs less the baseline's value, if all of them have one.
    fn differences(&self, baseline: &Returned) -> Vec<f64> {
        let on = |seed: usize| {
            let values: Option<Vec<f64>> = self.returned.iter().map(|one| one.values[seed]).collect();
            Some(mean(&values?) - baseline.values[seed]?)
        };
        (0..baseline.values.len()).filter_map(on).collect()
    }
}

fn best_so_far(study: &Study, trials: u32) -> Vec<f64> {
    let mut best = f64::INFINITY;
    let mut curve: Vec<f64> = Vec::new();
    for trial in &study.trials {
        best = trial.metric().map_or(best, |value| value.min(best));
        curve.push(study.started.as_printed(best));
    }
    // A study that has nothing left to try ends early.
    curve.resize(trials as usize + 1, study.started.as_printed(best));
    curve
}

impl Comparison {
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = format!(
            "{} trials per study, {} repeats, {} per run on {}; the returned programs were checked on {} fresh seeds, the \
             same for all.\n\n",
            self.trials,
            self.repeats,
            self.budget,
            self.device,
            self.check_seeds.len()
        );
        let has_test = self.contenders.iter().any(|one| one.test_values().iter().any(Option::is_some));
        let test = if has_test { format!(" {} |", self.test_metric) } else { String::new() };
        let _ = writeln!(
            text,
            "| | {} |{test} against the baseline | trials: completed, pruned, failed | median trial | slot hours |",
            self.metric
        );
        let _ = writeln!(text, "|---|---|{}---|---|---|---|", if has_test { "---|" } else { "" });
        for contender in &self.contenders {
            let _ = writeln!(text, "{}", self.line(contender, has_test));
        }
        text += "\nMean ± standard error over the runs that have a result; the difference with its 95 % interval over \
                 the seeds, each of them a pair: the interval is for the returned programs, and those of another repeat \
                 may be outside it.\n\nReturned programs:\n\n";
        for contender in &self.contenders[1..] {
            for (repeat, returned) in contender.returned.iter().enumerate() {
                let name = match returned.trial {
                    Some(trial) => format!("{}, repeat {}, trial {trial}", contender.name, repeat + 1),
                    None => contender.name.clone(),
                };
                let subject = if returned.subject.is_empty() { "the baseline" } else { &returned.subject };
                let _ = writeln!(text, "- {name} ({}): {subject}", with_error(&returned.values));
            }
        }
        text
    }

    fn line(&self, contender: &Contender, has_test: bool) -> String {
        let mut cells = vec![contender.name.clone(), with_error(&contender.values())];
        if has_test {
            cells.push(with_error(&contender.test_values()));
        }
        let baseline = &self.contenders[0];
        let differences = contender.differences(&baseline.returned[0]);
        cells.push(match margin(&differences) {
            _ if contender.name == baseline.name || differences.is_empty() => String::new(),
            Some(margin) => signed(plus_minus(mean(&differences), margin)),
            None => signed(figure(mean(&differences))),
        });
        match &contender.search {
            None => cells.extend([String::new(), String::new(), String::new()]),
            Some(search) => cells.extend([
                format!("{}: {}, {}, {}", search.trials, search.completed, search.pruned, search.failed),
                search.median_trial_seconds.map_or_else(String::new, duration),
                format!("{:.2}", search.slot_hours),
            ]),
        }
        format!("| {} |", cells.join(" | "))
    }
}

/// A difference, whose sign is always shown.
fn signed(figure: String) -> String {
    if figure.starts_with('-') { figure } else { format!("+{figure}") }
}

/// A mean as `2.471 ± 0.0031`, or a dash if there is none, and the number of runs if some have no value.
fn with_error(runs: &[Option<f64>]) -> String {
    let values: Vec<f64> = runs.iter().flatten().copied().collect();
    let text = match standard_error(&values) {
        _ if values.is_empty() => "-".to_owned(),
        Some(error) => plus_minus(mean(&values), error),
        None => figure(mean(&values)),
    };
    let (count, total) = (values.len(), runs.len());
    if count < total { format!("{text} ({count} of {total} runs)") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returned(subject: &str, values: &[f64]) -> Returned {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        Returned { trial: None, subject: subject.to_owned(), test: vec![None; values.len()], values }
    }

    #[test]
    fn differences_are_taken_seed_by_seed() {
        let repeats = vec![returned("a", &[2.0, 2.2, 2.4]), returned("b", &[2.2, 2.4, 2.6])];
        let comparison = Comparison {
            metric: "val_bpb".to_owned(),
            test_metric: "test_bpb".to_owned(),
            budget: "10cpu-s".to_owned(),
            device: "the processor".to_owned(),
            trials: 4,
            repeats: 2,
            check_seeds: vec![1, 2, 3],
            contenders: vec![
                Contender::fixed("baseline", returned("", &[3.0, 3.2, 3.4])),
                Contender { name: "tpe".to_owned(), returned: repeats, search: None },
            ],
        };
        let text = comparison.to_markdown();
        assert!(text.contains("| tpe | 2.300 ± 0.086 | -0.900000000 ± 0.000000000 |"), "{text}");
        assert!(text.contains("| baseline | 3.20 ± 0.12 |  |"), "{text}");
        assert!(!text.contains("test_bpb"), "{text}");
    }

    #[test]
    fn a_seed_on_which_a_run_failed_is_not_a_pair_and_the_mean_says_so() {
        let mut half = returned("a", &[2.0, 2.2]);
        half.values[1] = None;
        let contender = Contender::fixed("human", half);
        assert_eq!(contender.differences(&returned("", &[3.0, 3.0])), [-1.0]);
        assert_eq!(with_error(&contender.values()), "2.000 (1 of 2 runs)");
    }
}
