//! Whether a run used as much of its budget as the baseline did: if not, their results cannot be compared.
//!
//! A budget binds a program only if the program keeps to it. What it used is known from its own report, from how often it
//! reported the metric, and from its processes.

use super::{Budget, Measurement, Unit};

/// How much of what, compared with the baseline.
struct Use {
    what: &'static str,
    unit: &'static str,
    run: Option<f64>,
    baseline: Option<f64>,
    /// Least and most, as a multiple of the baseline's.
    bounds: (f64, f64),
    /// A smaller difference means nothing.
    slack: f64,
}

/// More is another experiment.
const SAME: (f64, f64) = (0.9, 1.1);
/// As a program reports that it has used a budget of time.
const REPORTED_TIME: (f64, f64) = (0.8, 1.25);
/// As measured from outside, with start-up and evaluation.
const MEASURED_TIME: (f64, f64) = (0.5, 2.0);
/// If nothing but the program itself says how long it trains.
const UNBOUND_TIME: (f64, f64) = (0.5, 1.25);

/// Seconds of a baseline from which on its time says how much it trained.
const TELLING: f64 = 5.0;

/// Seconds that start-up and a busy machine may make.
const SLACK: f64 = 0.5;

/// Why a run cannot be compared with the baseline; `None` if it can. `is_passed_on` says whether the budget reaches the
/// program.
pub(crate) fn incomparable(
    budget: &Budget,
    is_passed_on: bool,
    baseline: &Measurement,
    run: &Measurement,
) -> Option<String> {
    let unit = budget.unit().filter(|_| is_passed_on);
    uses(unit, is_passed_on, baseline, run).into_iter().find_map(|one| one.differs())
}

fn uses(unit: Option<Unit>, is_passed_on: bool, baseline: &Measurement, run: &Measurement) -> Vec<Use> {
    let counted = |what, of: fn(&Measurement) -> Option<u64>| Use {
        what,
        unit: "",
        run: of(run).map(|count| count as f64),
        baseline: of(baseline).map(|count| count as f64),
        bounds: SAME,
        slack: 0.0,
    };
    let reported = |what| Use {
        what,
        unit: " s",
        run: run.used_seconds,
        baseline: baseline.used_seconds,
        bounds: REPORTED_TIME,
        slack: 0.0,
    };
    let measured = |bounds| {
        let is_busy = baseline.cpu_seconds.is_some_and(|cpu| cpu > 0.5 * baseline.train_seconds);
        let of = |one: &Measurement| if is_busy { one.cpu_seconds } else { Some(one.train_seconds) };
        let what = if is_busy { "of processor time" } else { "of time" };
        Use { what, unit: " s", run: of(run), baseline: of(baseline), bounds, slack: SLACK }
    };
    match unit {
        Some(Unit::Steps) => vec![counted("steps", |one| one.steps)],
        Some(Unit::Tokens) => vec![counted("tokens", |one| one.tokens)],
        Some(Unit::Seconds | Unit::CpuSeconds) if run.used_seconds.is_some() => {
            vec![reported("of its budget")]
        }
        Some(Unit::Seconds | Unit::CpuSeconds) => vec![measured(MEASURED_TIME)],
        None => {
            let time = measured(if is_passed_on { MEASURED_TIME } else { UNBOUND_TIME });
            if time.baseline.is_some_and(|seconds| seconds > TELLING) {
                return vec![time];
            }
            // Reports may be per step, and another batch size makes more of them: so only if time says nothing. A program
            // may stop early by itself.
            let reports = counted("reports of the metric", |one| one.reports.map(u64::from));
            vec![Use { bounds: (0.0, SAME.1), ..reports }, time]
        }
    }
}

impl Use {
    fn differs(&self) -> Option<String> {
        let (run, baseline) = (self.run?, self.baseline.filter(|baseline| *baseline > 0.0)?);
        let ratio = run / baseline;
        let is_alike =
            (self.bounds.0..=self.bounds.1).contains(&ratio) || (run - baseline).abs() <= self.slack;
        let number =
            |value: f64| if self.unit.is_empty() { format!("{value}") } else { format!("{value:.1}") };
        (!is_alike).then(|| {
            format!(
                "it used {}{} {}, and the baseline {}{}: results after different amounts of training cannot be compared",
                number(run),
                self.unit,
                self.what,
                number(baseline),
                self.unit,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Ending;

    fn measured(seconds: f64, cpu: f64) -> Measurement {
        Measurement {
            train_seconds: seconds,
            cpu_seconds: Some(cpu),
            ..Measurement::new(Ending::Completed, Some(1.0))
        }
    }

    fn why(budget: &str, is_passed_on: bool, baseline: &Measurement, run: &Measurement) -> Option<String> {
        incomparable(&budget.into(), is_passed_on, baseline, run)
    }

    #[test]
    fn a_budget_counts_in_its_own_unit() {
        let with = |steps, seconds| Measurement { steps: Some(steps), ..measured(seconds, seconds) };
        assert_eq!(
            why("500steps", true, &with(500, 10.0), &with(500, 90.0)),
            None,
            "a larger model takes longer"
        );
        let reason = why("500steps", true, &with(500, 10.0), &with(1000, 10.0)).unwrap();
        assert!(reason.contains("1000 steps, and the baseline 500"), "{reason}");
        let spent = |used, seconds| Measurement { used_seconds: Some(used), ..measured(seconds, seconds) };
        assert_eq!(
            why("20cpu-s", true, &spent(20.1, 25.0), &spent(20.4, 60.0)),
            None,
            "its evaluation is longer"
        );
        assert!(why("20cpu-s", true, &spent(20.1, 25.0), &spent(40.0, 45.0)).is_some());
        assert!(
            why("20cpu-s", true, &spent(20.1, 25.0), &spent(4.0, 8.0)).is_some(),
            "much less is no comparison either"
        );
    }

    #[test]
    fn a_budget_of_time_is_measured_from_outside_if_the_program_does_not_report_it() {
        assert_eq!(why("20s", true, &measured(20.0, 38.0), &measured(24.0, 44.0)), None);
        assert!(why("20s", true, &measured(20.0, 38.0), &measured(50.0, 95.0)).is_some());
        assert!(
            why("20s", true, &measured(20.0, 2.0), &measured(50.0, 2.0)).unwrap().contains("50.0 s of time")
        );
    }

    #[test]
    fn a_budget_that_nothing_passes_on_binds_a_run_to_what_the_baseline_took() {
        let epochs = |reports, cpu| Measurement { reports: Some(reports), ..measured(cpu, cpu) };
        let reason = why("60s", false, &epochs(8, 0.1), &epochs(16, 0.1)).unwrap();
        assert!(reason.contains("16 reports of the metric, and the baseline 8"), "{reason}");
        assert!(why("60s", false, &epochs(8, 10.0), &epochs(8, 15.0)).unwrap().contains("processor time"));
        assert_eq!(why("60s", false, &epochs(8, 10.0), &epochs(8, 12.0)), None);
        assert_eq!(why("60s", false, &epochs(8, 0.01), &epochs(8, 0.05)), None, "start-up");
        assert_eq!(
            why("6", true, &epochs(6, 10.0), &epochs(5, 14.0)),
            None,
            "epochs may differ in their time"
        );
        assert_eq!(
            why("6", true, &epochs(6, 10.0), &epochs(12, 9.0)),
            None,
            "a smaller batch reports more often"
        );
        assert!(why("6", true, &epochs(6, 0.1), &epochs(12, 0.1)).is_some());
    }
}
