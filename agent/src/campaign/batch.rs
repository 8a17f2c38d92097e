//! A batch: runs whose programs are built here and that take place elsewhere. `orders.tsv` lists them for a shell, one
//! a line in the order in which they are to run, and for whoever takes the results in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::UserError;
use crate::study::{Purpose, Seconds, TrialNumber, Work};

/// Name of the list in a batch's folder.
pub(super) const ORDERS: &str = "orders.tsv";
/// Where its programs lie.
pub(super) const BINARIES: &str = "bin";

/// Begins the first line, which names the study.
const STUDY: &str = "# study ";

/// A run that is to take place elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ordered {
    /// A trial, or a run outside of them.
    pub(super) work: Work,
    pub(super) trial: TrialNumber,
    pub(super) program: String,
    pub(super) seed: u64,
    pub(super) budget: String,
    /// What was spent on it here; 0 where its binary was there already.
    pub(super) build_seconds: Seconds,
    pub(super) smoke_seconds: Seconds,
}

/// See the head of this file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Batch {
    pub(crate) study: String,
    pub(super) runs: Vec<Ordered>,
}

impl Batch {
    pub(super) fn works(&self) -> Vec<Work> {
        self.runs.iter().map(|run| run.work).collect()
    }

    /// How many of its runs repeat a program to learn of the noise.
    pub(super) fn repeats(&self) -> usize {
        self.runs.iter().filter(|run| is_repeat(run.work)).count()
    }

    /// Puts the baseline's trial first, then proofs, then the other trials with the repeats spread among them: if the
    /// machine drifts, the repeats show it.
    pub(super) fn arrange(&mut self, base: TrialNumber) {
        let is_trial = |work: Work| matches!(work, Work::Trial(trial) if trial != base);
        let trials = self.runs.iter().filter(|run| is_trial(run.work)).count();
        let repeats = self.repeats();
        let (mut trial, mut repeat) = (0, 0);
        let mut places: Vec<((u8, usize), Ordered)> = Vec::with_capacity(self.runs.len());
        for run in self.runs.drain(..) {
            // Trial n stands at (2n + 1) / 2 trials of the way, repeat n at (n + 1) / (repeats + 1).
            let place = if is_trial(run.work) {
                trial += 1;
                (2, (2 * trial - 1) * (repeats + 1))
            } else if is_repeat(run.work) {
                repeat += 1;
                (2, 2 * trials * repeat)
            } else {
                (u8::from(run.work != Work::Trial(base)), 0)
            };
            places.push((place, run));
        }
        places.sort_by_key(|(place, _)| *place);
        self.runs.extend(places.into_iter().map(|(_, run)| run));
    }

    /// The list as a text: number, what, trial, program, seed, budget, seconds of the build and of the smoke run.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{STUDY}{}\n", self.study);
        for (number, run) in self.numbered() {
            let Ordered { work, trial, program, seed, budget, build_seconds, smoke_seconds } = run;
            let what = what(*work);
            text += &format!(
                "{number}\t{what}\t{trial}\t{program}\t{seed}\t{budget}\t{build_seconds:.2}\t{smoke_seconds:.2}\n"
            );
        }
        text
    }

    /// Its runs with their numbers, which name what they leave.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &Ordered)> {
        (1..).zip(&self.runs)
    }

    /// Makes the folder of a batch. Binaries may be there: a pack that was cut short has left them.
    pub(crate) fn folder(path: &Path) -> Result<PathBuf> {
        let failed = || format!("cannot make {}", path.display());
        fs::create_dir_all(path).with_context(failed)?;
        for entry in fs::read_dir(path).with_context(failed)? {
            if entry.with_context(failed)?.file_name() != BINARIES {
                let path = path.display();
                return Err(UserError::new(format!(
                    "{path} is not empty; name a folder that is, or none yet"
                ))
                .into());
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
            UserError::new(format!("line {line} of {} is none of ours; pack again", path.display()))
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
        work: work(what, trial)?,
        trial,
        program: program.to_owned(),
        seed: seed.parse().ok()?,
        budget: budget.to_owned(),
        build_seconds: build.parse().ok()?,
        smoke_seconds: smoke.parse().ok()?,
    })
}

fn is_repeat(work: Work) -> bool {
    matches!(work, Work::Run { purpose: Purpose::Noise, .. })
}

fn what(work: Work) -> String {
    match work {
        Work::Run { purpose: Purpose::Noise, .. } => "noise".to_owned(),
        Work::Run { purpose: Purpose::Confirmation { candidate }, .. } => format!("confirm-{candidate}"),
        _ => "trial".to_owned(),
    }
}

fn work(what: &str, trial: TrialNumber) -> Option<Work> {
    let purpose = match what {
        "trial" => return Some(Work::Trial(trial)),
        "noise" => Purpose::Noise,
        _ => Purpose::Confirmation { candidate: what.strip_prefix("confirm-")?.parse().ok()? },
    };
    Some(Work::Run { trial, purpose })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOISE: Work = Work::Run { trial: 0, purpose: Purpose::Noise };
    const PROOF: Work = Work::Run { trial: 3, purpose: Purpose::Confirmation { candidate: 17 } };

    fn batch(works: &[Work]) -> Batch {
        let run = |work: &Work| Ordered {
            work: *work,
            trial: match work {
                Work::Trial(trial) | Work::Run { trial, .. } => *trial,
                _ => unreachable!("a batch is of runs"),
            },
            program: "0123456789abcdef".to_owned(),
            seed: 4_242_424_242,
            budget: "20s".to_owned(),
            build_seconds: 2.25,
            smoke_seconds: 0.5,
        };
        Batch { study: "night".to_owned(), runs: works.iter().map(run).collect() }
    }

    #[test]
    fn orders_are_lines_that_a_shell_can_read_and_are_read_back() {
        let batch = batch(&[Work::Trial(0), NOISE, PROOF]);
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
        let text = batch(&[Work::Trial(0), NOISE, PROOF]).to_text();
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
    fn repeats_are_spread_among_the_trials_and_proofs_come_before() {
        let trials = (1..=8).map(Work::Trial);
        let works: Vec<Work> = [NOISE, NOISE, NOISE, Work::Trial(0)].into_iter().chain(trials).collect();
        let mut batch = batch(&[&works[..], &[PROOF, PROOF]].concat());
        batch.arrange(0);
        let t = Work::Trial;
        let wanted = [
            &[t(0), PROOF, PROOF, t(1), t(2), NOISE, t(3), t(4), NOISE][..],
            &[t(5), t(6), NOISE, t(7), t(8)],
        ];
        assert_eq!(batch.works(), wanted.concat());
    }

    #[test]
    fn repeats_without_trials_stay_as_they_are() {
        let mut batch = batch(&[NOISE, NOISE]);
        batch.arrange(0);
        assert_eq!(batch.works(), [NOISE, NOISE]);
    }
}
