//! The last measurement of a study: main and the baseline on the same fresh seeds, with the part of the data that no
//! study sees. The gain there is the real one; if the gain on the validation part is larger, the rest was fitted to it.

use super::statistics::mean;
use super::{Measurement, Purpose, Run, Study, StudyRules, TrialNumber};

/// The result of the last measurement: means of the baseline and of main over the completed runs of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Checked {
    /// Runs of main that completed.
    pub(crate) seeds: usize,
    pub(crate) validation: (f64, f64),
    /// The same on the part that no study sees; `None` if programs do not report it.
    pub(crate) test: Option<(f64, f64)>,
}

impl Study {
    /// The next run of the last measurement; the programs take turns in being first. `None` if nothing was merged, or
    /// all runs have been started.
    pub(super) fn check_run(&self, rules: &StudyRules, running: &[Run]) -> Option<Run> {
        let purpose = Purpose::Check;
        let run = |trial: TrialNumber| Run::Again { trial, purpose };
        let started = |trial: TrialNumber| {
            self.check_runs(trial).count() + running.iter().filter(|other| **other == run(trial)).count()
        };
        let (base, main) = (started(self.base), started(self.incumbent));
        let is_due = self.incumbent != self.base && base.min(main) < rules.check_seeds;
        let mains_turn = main < base || (main == base && main % 2 == 0);
        is_due.then(|| run(if mains_turn { self.incumbent } else { self.base }))
    }

    /// Number of runs that the last measurement still needs.
    pub(crate) fn check_runs_left(&self, rules: &StudyRules) -> usize {
        if self.incumbent == self.base {
            return 0;
        }
        let left = |trial| rules.check_seeds.saturating_sub(self.check_runs(trial).count());
        left(self.base) + left(self.incumbent)
    }

    fn check_runs(&self, trial: TrialNumber) -> impl Iterator<Item = &Measurement> {
        let of_it = move |run: &&super::RunEnded| run.purpose == Purpose::Check && run.trial == trial;
        self.runs.iter().filter(of_it).map(|run| &run.measurement)
    }

    /// What main is worth compared with the baseline; `None` until it has been measured.
    pub(crate) fn checked(&self) -> Option<Checked> {
        let means = |value: fn(&Measurement) -> Option<f64>| {
            let side = |trial| self.check_runs(trial).filter_map(value).collect::<Vec<f64>>();
            let (base, main) = (side(self.base), side(self.incumbent));
            let both = self.incumbent != self.base && !base.is_empty() && !main.is_empty();
            both.then(|| (main.len(), (mean(&base), mean(&main))))
        };
        let (seeds, validation) = means(|run| run.metric)?;
        Some(Checked { seeds, validation, test: means(|run| run.test).map(|(_, means)| means) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{begin, end, happens, measured, ran, study};
    use super::*;
    use crate::study::{CommitId, Event, Finish, MergeRule, Merged, Outlook, Work};

    const RULES: StudyRules = StudyRules {
        merge: MergeRule { alpha: 0.02, most_pairs: 3, smallest_effect: Some(0.1), largest_factor: 10.0 },
        noise_repeats: 0,
        check_seeds: 2,
        trials: Some(1),
        patience: 50,
    };

    /// A study that has run its only trial.
    fn ended(merged: bool) -> Study {
        let mut study = study();
        end(&mut study, 0, 2.0);
        begin(&mut study, 1);
        end(&mut study, 1, 1.0);
        if merged {
            happens(
                &mut study,
                Event::Merged(Merged {
                    trial: 1,
                    previous: 0,
                    commit: CommitId::default(),
                    edits: Vec::new(),
                    at: 0,
                }),
            );
        }
        study
    }

    fn next(study: &Study, ends_soon: bool, running: &[Run]) -> Work {
        study.next_work(&RULES, Outlook { favourite: &|| None, time: 0.0, ends_soon }, running)
    }

    #[test]
    fn the_gain_is_measured_once_at_the_end() {
        let mut study = ended(true);
        let run = |trial| Run::Again { trial, purpose: Purpose::Check };
        assert_eq!(study.checked(), None);
        assert_eq!(next(&study, false, &[run(1)]), Work::Run(run(0)), "side by side if there are slots");
        for (trial, test) in [(1, 1.2), (0, 2.2), (0, 2.4), (1, 1.0)] {
            assert_eq!(next(&study, false, &[]), Work::Run(run(trial)));
            ran(&mut study, Purpose::Check, trial, Measurement { test: Some(test), ..measured(test - 0.2) });
        }
        assert_eq!(next(&study, false, &[]), Work::Finish(Finish::AllTrialsRun));
        assert_eq!(study.check_runs_left(&RULES), 0);
        let checked = study.checked().expect("it was measured");
        let near = |(a, b): (f64, f64), (x, y): (f64, f64)| (a - x).abs() + (b - y).abs() < 1e-9;
        assert_eq!(checked.seeds, 2);
        assert!(
            near(checked.validation, (2.1, 0.9)) && near(checked.test.expect("it was reported"), (2.3, 1.1))
        );
    }

    #[test]
    fn nothing_is_measured_if_nothing_was_merged_or_something_still_may_be() {
        assert_eq!(next(&ended(false), false, &[]), Work::Finish(Finish::AllTrialsRun));
        let mut study = ended(true);
        begin(&mut study, 2);
        assert_eq!(next(&study, false, &[Run::Trial(2)]), Work::Wait);
    }

    #[test]
    fn before_the_time_is_up_nothing_new_is_tried_and_the_gain_is_measured() {
        let mut study = ended(true);
        begin(&mut study, 2);
        assert!(matches!(next(&study, true, &[]), Work::Run(Run::Again { purpose: Purpose::Check, .. })));
        for trial in [1, 0, 0, 1] {
            ran(&mut study, Purpose::Check, trial, measured(1.0));
        }
        assert_eq!(next(&study, true, &[]), Work::Finish(Finish::TimeIsUp));
    }
}
