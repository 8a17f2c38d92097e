//! Runs that were slowed down. If the budget is a time, a run on a busy machine does less work and so ends worse; that
//! says something about the machine and nothing about the program. Such a run is marked and repeated.

use super::statistics::{mean, median};
use super::{Measurement, ProgramId, RunEnded, Study, TrialNumber};

/// A run is slow if its throughput is this many standard deviations below the others of its program,
const DEVIATIONS: f64 = 4.0;
/// where the deviation is at least this share of the throughput,
const SMALLEST_DEVIATION: f64 = 0.01;
/// and this share while few repeats are known.
const UNKNOWN_DEVIATION: f64 = 0.025;
const FEWEST_REPEATS: usize = 4;

/// This many slow runs of one side are repeated; if there are more, the machine is always like that.
const REPEATED: usize = 2;

impl Study {
    /// Whether a run did less work than the others of its program by more than the noise.
    pub(crate) fn is_slow(&self, run: &RunEnded) -> bool {
        let Some(done) = throughput(&run.measurement) else { return false };
        let program = self.trial(run.trial).program();
        let others: Vec<f64> = self.throughputs(program, Some(run)).collect();
        median(&others).is_some_and(|usual| {
            let deviation = self.throughput_deviation(run);
            done < usual * (1.0 - DEVIATIONS * deviation)
        })
    }

    /// How much the runs of a program got done, except one.
    fn throughputs<'a>(
        &'a self,
        program: &'a ProgramId,
        except: Option<&'a RunEnded>,
    ) -> impl Iterator<Item = f64> {
        let trials = self.current().iter().filter(move |trial| trial.program() == program);
        let trials = trials.filter_map(|trial| throughput(&trial.ended.as_ref()?.measurement));
        let runs = self.runs.iter().filter(move |run| {
            self.trial(run.trial).program() == program
                && except.is_none_or(|except| !std::ptr::eq(*run, except))
        });
        trials.chain(runs.filter_map(|run| throughput(&run.measurement)))
    }

    /// Standard deviation over repeats, as a share of a program's throughput, leaving out that run.
    fn throughput_deviation(&self, except: &RunEnded) -> f64 {
        let mut trials: Vec<TrialNumber> = self.runs.iter().map(|run| run.trial).collect();
        trials.sort_unstable();
        trials.dedup();
        let (mut squares, mut freedom) = (0.0, 0);
        for trial in trials {
            let done: Vec<f64> = self.throughputs(self.trial(trial).program(), Some(except)).collect();
            if done.len() > 1 {
                let usual = mean(&done);
                squares += done.iter().map(|done| (done / usual - 1.0).powi(2)).sum::<f64>();
                freedom += done.len() - 1;
            }
        }
        match freedom {
            FEWEST_REPEATS.. => (squares / freedom as f64).sqrt().max(SMALLEST_DEVIATION),
            _ => UNKNOWN_DEVIATION,
        }
    }

    /// The runs of one program whose results count: those that completed and were not slow.
    pub(super) fn believed<'a>(&'a self, runs: impl Iterator<Item = &'a RunEnded>) -> Vec<&'a RunEnded> {
        let completed: Vec<&RunEnded> = runs.filter(|run| run.measurement.metric.is_some()).collect();
        let slow = completed.iter().filter(|run| self.is_slow(run)).count();
        if slow > REPEATED {
            return completed;
        }
        completed.into_iter().filter(|run| !self.is_slow(run)).collect()
    }

    /// Runs that were slowed down.
    pub(crate) fn slow_runs(&self) -> impl Iterator<Item = &RunEnded> {
        self.runs.iter().filter(|run| run.measurement.metric.is_some() && self.is_slow(run))
    }
}

/// How much a run got done in its budget: tokens, else steps.
fn throughput(measurement: &Measurement) -> Option<f64> {
    measurement.metric?;
    measurement.tokens.or(measurement.steps).map(|done| done as f64).filter(|done| *done > 0.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{end, measured, ran, study};
    use super::super::{MergeRule, Outlook, Purpose, Run, StudyRules, Work};
    use super::*;

    /// A baseline that did 1000 tokens, and repeats of it that did these numbers.
    fn repeats(done: &[u64]) -> Study {
        let mut study = study();
        end(&mut study, 0, 2.0);
        for tokens in done {
            let measurement = Measurement { tokens: Some(*tokens), ..measured(2.0) };
            ran(&mut study, Purpose::Noise, 0, measurement);
        }
        study
    }

    fn slow(done: &[u64]) -> Vec<u64> {
        repeats(done).slow_runs().filter_map(|run| run.measurement.tokens).collect()
    }

    #[test]
    fn a_run_that_does_less_than_others_of_its_program_is_slow() {
        assert_eq!(slow(&[1000, 1010, 850]), [850]);
        assert_eq!(slow(&[1000, 1010, 1180]), [0; 0], "a fast one is not");
        assert_eq!(slow(&[850]), [0; 0], "there is nothing to compare it with");
        assert_eq!(
            slow(&[1000, 950, 1050, 970, 1030, 1000, 960, 1040, 930]),
            [0; 0],
            "as much as they differ anyway"
        );
        assert_eq!(slow(&[1000, 1001, 999, 1000, 1000, 950]), [950]);
    }

    #[test]
    fn a_slow_repeat_is_run_again_and_its_result_does_not_count() {
        let rules = StudyRules {
            merge: MergeRule { alpha: 0.02, most_pairs: 3, smallest_effect: None, largest_factor: 10.0 },
            noise_repeats: 3,
            check_seeds: 0,
            trials: Some(0),
            patience: 50,
        };
        let next = |study: &Study| {
            study.next_work(&rules, Outlook { favourite: &|| None, time: 0.0, ends_soon: false }, &[])
        };
        let again = Work::Run(Run::Again { trial: 0, purpose: Purpose::Noise });
        let study = repeats(&[1000, 1010, 850]);
        assert_eq!(next(&study), again);
        assert_eq!(study.fresh_results(0).len(), 3);
        assert_ne!(next(&repeats(&[1000, 1010, 850, 1000])), again);
    }

    #[test]
    fn if_many_are_slow_the_machine_is_always_like_that() {
        let study = repeats(&[1000, 1010, 1005, 990, 850, 850, 850]);
        assert_eq!(study.fresh_results(0).len(), 8);
    }
}
