//! A batch: runs whose programs are built here and that take place elsewhere. `orders.tsv` lists them for a shell, one
//! per line in the order in which they are to run, and for the import of their results.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::project::UserError;
use crate::study::{Budget, Purpose, Run, Seconds, TrialNumber};

/// Name of the list in a batch's folder.
pub(crate) const ORDERS: &str = "orders.tsv";
/// Where its programs are.
pub(crate) const BINARIES: &str = "bin";

/// Begins the first line, which names the study.
const STUDY: &str = "# study ";

/// A run that is to take place elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ordered {
    pub(crate) run: Run,
    pub(crate) trial: TrialNumber,
    pub(crate) program: String,
    pub(crate) seed: u64,
    pub(crate) budget: Budget,
    /// The time spent on it here; 0 if its binary already existed.
    pub(crate) build_seconds: Seconds,
    pub(crate) smoke_seconds: Seconds,
}

/// See the head of this file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) study: String,
    pub(crate) runs: Vec<Ordered>,
}

impl Batch {
    pub(crate) fn which(&self) -> Vec<Run> {
        self.runs.iter().map(|ordered| ordered.run).collect()
    }

    /// Number of its runs that repeat a program to measure the noise.
    pub(crate) fn repeats(&self) -> usize {
        self.runs.iter().filter(|run| is_repeat(run.run)).count()
    }

    /// Puts the baseline's trial first, then proofs, then the other trials with the repeats spread among them: if the
    /// machine drifts, the repeats show it.
    pub(crate) fn arrange(&mut self, base: TrialNumber) {
        let is_trial = |run: Run| matches!(run, Run::Trial(trial) if trial != base);
        let trials = self.runs.iter().filter(|run| is_trial(run.run)).count();
        let repeats = self.repeats();
        let (mut trial, mut repeat) = (0, 0);
        let mut places: Vec<((u8, usize), Ordered)> = Vec::with_capacity(self.runs.len());
        for run in self.runs.drain(..) {
            // Trial n is at (2n + 1) / 2 trials of the way, repeat n at (n + 1) / (repeats + 1).
            let place = if is_trial(run.run) {
                trial += 1;
                (2, (2 * trial - 1) * (repeats + 1))
            } else if is_repeat(run.run) {
                repeat += 1;
                (2, 2 * trials * repeat)
            } else {
                (u8::from(run.run != Run::Trial(base)), 0)
            };
            places.push((place, run));
        }
        places.sort_by_key(|(place, _)| *place);
        self.runs.extend(places.into_iter().map(|(_, run)| run));
    }

    /// The list as a text: number, what, trial, program, seed, budget, seconds of the build and of the smoke run.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{STUDY}{}\n", self.study);
        for (number, run) in self.numbered() {
            let Ordered { run, trial, program, seed, budget, build_seconds, smoke_seconds } = run;
            let what = what(*run);
            text += &format!(
                "{number}\t{what}\t{trial}\t{program}\t{seed}\t{budget}\t{build_seconds:.2}\t{smoke_seconds:.2}\n"
            );
        }
        text
    }

    /// Its runs with their numbers, which name their output files.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (usize, &Ordered)> {
        (1..).zip(&self.runs)
    }

    /// Creates the folder of a batch. It may hold binaries, left by a pack that was cut short.
    pub(crate) fn folder(path: &Path) -> Result<PathBuf> {
        let failed = || format!("cannot create {}", path.display());
        fs::create_dir_all(path).with_context(failed)?;
        for entry in fs::read_dir(path).with_context(failed)? {
            if entry.with_context(failed)?.file_name() != BINARIES {
                let path = path.display();
                return Err(
                    UserError::new(format!("{path} is not empty; name an empty or a new folder")).into()
                );
            }
        }
        path.canonicalize().with_context(failed)
    }

    /// Reads the list of a folder that was packed.
    pub(crate) fn read(folder: &Path) -> Result<Self, UserError> {
        let path = folder.join(ORDERS);
        let text = fs::read_to_string(&path).map_err(|error| {
            UserError::new(format!(
                "{} was not packed: cannot read {}: {error}",
                folder.display(),
                path.display()
            ))
        })?;
        Self::parse(&text).map_err(|line| {
            UserError::new(format!("line {line} of {} is not valid; pack again", path.display()))
        })
    }

    /// The error is the number of a line.
    fn parse(text: &str) -> Result<Self, usize> {
        let mut lines = text.lines();
        let study = lines.next().and_then(|line| line.strip_prefix(STUDY)).ok_or(1_usize)?.to_owned();
        let run = |(index, line)| ordered(index + 1, line).ok_or(index + 2);
        Ok(Self { study, runs: lines.enumerate().map(run).collect::<Result<_, _>>()? })
    }
}

fn ordered(number: usize, line: &str) -> Option<Ordered> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [first, what, trial, program, seed, budget, build, smoke] = fields[..] else { return None };
    let trial = trial.parse().ok()?;
    (first.parse() == Ok(number)).then_some(Ordered {
        run: run_called(what, trial)?,
        trial,
        program: program.to_owned(),
        seed: seed.parse().ok()?,
        budget: budget.into(),
        build_seconds: build.parse().ok()?,
        smoke_seconds: smoke.parse().ok()?,
    })
}

fn is_repeat(run: Run) -> bool {
    run.purpose() == Some(Purpose::Noise)
}

fn what(run: Run) -> String {
    match run {
        Run::Again { purpose: Purpose::Noise, .. } => "noise".to_owned(),
        Run::Again { purpose: Purpose::Confirmation { candidate }, .. } => format!("confirm-{candidate}"),
        _ => "trial".to_owned(),
    }
}

fn run_called(what: &str, trial: TrialNumber) -> Option<Run> {
    let purpose = match what {
        "trial" => return Some(Run::Trial(trial)),
        "noise" => Purpose::Noise,
        _ => Purpose::Confirmation { candidate: what.strip_prefix("confirm-")?.parse().ok()? },
    };
    Some(Run::Again { trial, purpose })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: Run = Run::Again { trial: 0, purpose: Purpose::Noise };
    const PROOF: Run = Run::Again { trial: 3, purpose: Purpose::Confirmation { candidate: 17 } };

    fn batch(runs: &[Run]) -> Batch {
        let ordered = |run: &Run| Ordered {
            run: *run,
            trial: run.trial(),
            program: "0123456789abcdef".to_owned(),
            seed: 4_242_424_242,
            budget: "20s".into(),
            build_seconds: 2.25,
            smoke_seconds: 0.5,
        };
        Batch { study: "night".to_owned(), runs: runs.iter().map(ordered).collect() }
    }

    #[test]
    fn orders_are_lines_that_a_shell_can_read_and_are_read_back() {
        let batch = batch(&[Run::Trial(0), NOISE, PROOF]);
        let text = batch.to_text();
        assert_eq!(
            text,
            "# study night\n\
             1\ttrial\t0\t0123456789abcdef\t4242424242\t20s\t2.25\t0.50\n\
             2\tnoise\t0\t0123456789abcdef\t4242424242\t20s\t2.25\t0.50\n\
             3\tconfirm-17\t3\t0123456789abcdef\t4242424242\t20s\t2.25\t0.50\n"
        );
        assert_eq!(Batch::parse(&text), Ok(batch));
    }

    #[test]
    fn a_list_that_was_changed_is_refused_by_its_line() {
        let text = batch(&[Run::Trial(0), NOISE, PROOF]).to_text();
        let table = [
            ("# study", "study", 1),
            ("1\ttrial", "7\ttrial", 2),
            ("noise", "nosie", 3),
            ("confirm-17", "confirm-", 4),
            ("\t20s\t2.25\t0.50\n2", "\t2.25\t0.50\n2", 2),
        ];
        for (from, to, line) in table {
            assert!(text.contains(from));
            assert_eq!(Batch::parse(&text.replacen(from, to, 1)), Err(line), "{to}");
        }
    }

    #[test]
    fn repeats_are_spread_among_the_trials_and_proofs_come_first() {
        let trials = (1..=8).map(Run::Trial);
        let runs: Vec<Run> = [NOISE, NOISE, NOISE, Run::Trial(0)].into_iter().chain(trials).collect();
        let mut batch = batch(&[&runs[..], &[PROOF, PROOF]].concat());
        batch.arrange(0);
        let t = Run::Trial;
        let wanted = [
            &[t(0), PROOF, PROOF, t(1), t(2), NOISE, t(3), t(4), NOISE][..],
            &[t(5), t(6), NOISE, t(7), t(8)],
        ];
        assert_eq!(batch.which(), wanted.concat());
    }

    #[test]
    fn repeats_without_trials_stay_as_they_are() {
        let mut batch = batch(&[NOISE, NOISE]);
        batch.arrange(0);
        assert_eq!(batch.which(), [NOISE, NOISE]);
    }
}
