//! The metric logs that burn-train writes: `DIRECTORY/valid/epoch-N/Loss.log`, a line for each batch and, since burn 0.22,
//! a last one with the epoch's value.
//!
//! burn-train does not empty the directory, so what an earlier run left there must be told from what this run wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The part of the data whose metric counts.
const SPLIT: &str = "valid";

/// All parts with a folder for each epoch.
const SPLITS: [&str; 2] = ["train", SPLIT];

/// A directory of logs, as it was before a run.
#[derive(Clone, Debug)]
pub(in crate::evaluator) struct Logs {
    directory: PathBuf,
    before: BTreeMap<PathBuf, Version>,
}

/// What changes when a file is written again.
type Version = (Option<SystemTime>, u64);

/// The file of a metric in an epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Log {
    epoch: u32,
    split: &'static str,
    /// Without its extension.
    name: String,
}

impl Logs {
    /// Notes what is there before a run.
    pub(in crate::evaluator) fn before_run(directory: PathBuf) -> Self {
        let before = files(&directory).map(|(path, _)| (path.clone(), version(&path))).collect();
        Self { directory, before }
    }

    /// The value of a metric in each epoch that the run wrote, in order.
    ///
    /// # Errors
    ///
    /// What is missing or broken, in one line.
    pub(in crate::evaluator) fn epochs(&self, metric: &str) -> Result<Vec<f64>, String> {
        let name = metric.replace(' ', "_");
        let written: BTreeSet<Log> = files(&self.directory)
            .filter(|(path, _)| self.before.get(path) != Some(&version(path)))
            .map(|(_, log)| log)
            .collect();
        let directory = self.directory.display();
        let (Some(first), Some(last)) = (written.first(), written.last()) else {
            return Err(format!("it wrote no logs of burn-train in {directory}"));
        };
        if !written.iter().any(|log| log.split == SPLIT && log.name == name) {
            let others: BTreeSet<String> =
                written.iter().map(|log| format!("{}/epoch-N/{}.log", log.split, log.name)).collect();
            let others = others.into_iter().collect::<Vec<_>>().join(", ");
            return Err(format!("it wrote no {SPLIT}/epoch-N/{name}.log in {directory}, but {others}"));
        }
        let mut finals = false;
        let mut values = Vec::new();
        for epoch in first.epoch..=last.epoch {
            let log = Log { epoch, split: SPLIT, name: name.clone() };
            let path = format!("{SPLIT}/epoch-{epoch}/{name}.log");
            if !written.contains(&log) {
                return Err(format!(
                    "it did not write {path}, but logs of epochs {} to {}",
                    first.epoch, last.epoch
                ));
            }
            let broken = |why: &str| format!("{path} is broken: {why}");
            let text =
                fs::read_to_string(self.directory.join(&path)).map_err(|error| broken(&error.to_string()))?;
            let (value, is_final) = value(&text).map_err(|why| broken(&why))?;
            if finals && !is_final {
                return Err(broken("its last line, `VALUE,final`, is missing"));
            }
            finals = is_final;
            values.push(value);
        }
        Ok(values)
    }
}

fn version(path: &Path) -> Version {
    fs::metadata(path).map_or((None, 0), |data| (data.modified().ok(), data.len()))
}

/// All logs of epochs below a directory.
fn files(directory: &Path) -> impl Iterator<Item = (PathBuf, Log)> {
    let entries = |path: PathBuf| fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    let epochs = SPLITS.into_iter().flat_map(move |split| {
        entries(directory.join(split)).filter_map(move |folder| {
            let epoch = folder.file_name().to_str()?.strip_prefix("epoch-")?.parse().ok()?;
            Some((split, epoch, folder.path()))
        })
    });
    epochs.flat_map(move |(split, epoch, folder)| {
        entries(folder).filter_map(move |file| {
            let name = file.file_name().to_str()?.strip_suffix(".log")?.to_owned();
            Some((file.path(), Log { epoch, split, name }))
        })
    })
}

/// The value of an epoch, and whether a last line gives it: else it is the mean over the batches, each `VALUE` or
/// `VALUE,SIZE`.
fn value(text: &str) -> Result<(f64, bool), String> {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.last().ok_or("it is empty")?;
    if !text.ends_with('\n') {
        return Err(format!("its last line is cut off: `{last}`"));
    }
    let number = |text: &str| text.parse::<f64>().map_err(|_| format!("`{text}` is not a number"));
    if let Some(value) = last.strip_suffix(",final") {
        return Ok((number(value)?, true));
    }
    let (mut sum, mut count) = (0.0, 0.0);
    for line in lines {
        let (value, size) = line.split_once(',').unwrap_or((line, "1"));
        let size = number(size)?;
        sum += number(value)? * size;
        count += size;
    }
    if count > 0.0 { Ok((sum / count, false)) } else { Err("its batches are empty".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a real run of `tests/testdata/burn-train` left behind: of three epochs, and of two in the same directory later.
    fn recorded(run: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/testdata/burn-train-logs").join(run)
    }

    /// Writes as that run did.
    fn copy(run: &str, to: &Path, epochs: u32) {
        for (path, log) in files(&recorded(run)).filter(|(_, log)| log.epoch <= epochs) {
            let folder = to.join(format!("{}/epoch-{}", log.split, log.epoch));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(format!("{}.log", log.name)), fs::read(path).unwrap()).unwrap();
        }
    }

    fn write(to: &Path, path: &str, text: &str) {
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_values_are_those_that_burn_gives_for_its_epochs() {
        let directory = tempfile::tempdir().unwrap();
        let logs = Logs::before_run(directory.path().to_owned());
        copy("first", directory.path(), 3);
        let losses = logs.epochs("Loss").unwrap();
        assert_eq!(losses, [0.6893017036574227, 0.6708608610289437, 0.6472551311765399]);
        assert_eq!(logs.epochs("Accuracy").unwrap(), [57.0, 68.0, 68.0]);
    }

    #[test]
    fn what_an_earlier_run_left_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        copy("first", directory.path(), 3);
        let logs = Logs::before_run(directory.path().to_owned());
        assert!(logs.epochs("Loss").unwrap_err().contains("wrote no logs"));
        copy("second", directory.path(), 2);
        assert_eq!(logs.epochs("Loss").unwrap(), [0.6825825572013855, 0.6623121585164752]);
    }

    #[test]
    fn a_run_that_resumes_starts_at_its_own_first_epoch() {
        let directory = tempfile::tempdir().unwrap();
        copy("first", directory.path(), 1);
        let logs = Logs::before_run(directory.path().to_owned());
        for epoch in [2, 3] {
            write(directory.path(), &format!("valid/epoch-{epoch}/Loss.log"), &format!("{epoch},final\n"));
        }
        assert_eq!(logs.epochs("Loss").unwrap(), [2.0, 3.0]);
    }

    #[test]
    fn logs_of_earlier_versions_give_the_weighted_mean_of_the_batches() {
        for (text, value) in [("4.0,3\n8.0,1\n", 5.0), ("2.0\n3.0\n", 2.5), ("58.12\n", 58.12)] {
            assert_eq!(super::value(text), Ok((value, false)), "{text:?}");
        }
        assert!(super::value("1.0,1\nNaN,final\n").unwrap().0.is_nan());
    }

    #[test]
    fn what_is_missing_or_broken_is_an_error_and_never_the_epoch_before() {
        let cases: [(&[(&str, &str)], &str); 8] = [
            (&[("valid/epoch-3/Loss.log", "")], "valid/epoch-3/Loss.log is broken: it is empty"),
            (&[("valid/epoch-3/Loss.log", "0.5,16\n0.4")], "its last line is cut off: `0.4`"),
            (&[("valid/epoch-3/Loss.log", "0.5,16\nhalf,final\n")], "`half` is not a number"),
            (&[("valid/epoch-3/Loss.log", "0.5,16\n0.4,16\n")], "its last line, `VALUE,final`, is missing"),
            (&[("valid/epoch-4/Loss.log", "0.5,final\n")], "did not write valid/epoch-3/Loss.log"),
            (&[("train/epoch-3/Loss.log", "0.5,final\n")], "did not write valid/epoch-3/Loss.log"),
            (&[("valid/epoch-3/Accuracy.log", "50,final\n")], "did not write valid/epoch-3/Loss.log"),
            (&[("valid/epoch-3/Loss.log", "0.5,0\n")], "is missing"),
        ];
        for (files, reason) in cases {
            let directory = tempfile::tempdir().unwrap();
            let logs = Logs::before_run(directory.path().to_owned());
            copy("second", directory.path(), 2);
            files.iter().for_each(|(path, text)| write(directory.path(), path, text));
            let error = logs.epochs("Loss").unwrap_err();
            assert!(error.contains(reason) || error.contains("empty"), "{files:?}: {error}");
        }
        let directory = tempfile::tempdir().unwrap();
        let logs = Logs::before_run(directory.path().to_owned());
        copy("first", directory.path(), 3);
        let error = logs.epochs("Recall").unwrap_err();
        assert!(
            error.contains("no valid/epoch-N/Recall.log") && error.contains("valid/epoch-N/Accuracy.log"),
            "{error}"
        );
    }
}
