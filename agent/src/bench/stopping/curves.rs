//! Reads recorded learning curves from a CSV file, and reports what is wrong if it is not in the format.
//!
//! The first line is `# minimize` or `# maximize`; then comes the header `study,run,share,value`, then one row for each
//! point. The rows of a run follow each other, by share; its last value is its final one.

use std::collections::HashMap;
use std::path::Path;

use crate::bench::csv::{self, CsvError, Wrong, direction, records, shortened, wrong, wrong_file};
use crate::study::{Point, Study};

const HEADER: [&str; 4] = ["study", "run", "share", "value"];

/// The runs of one study; lower values are better.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CurveStudy {
    pub(crate) name: String,
    /// None is empty.
    pub(crate) runs: Vec<Vec<Point>>,
}

impl CurveStudy {
    /// The trials of a study that completed, in their order. Those that were stopped are not among them.
    pub(crate) fn of(study: &Study) -> Self {
        let ended = study.trials.iter().filter_map(|trial| trial.ended.as_ref());
        let completed = ended.filter(|ended| ended.outcome.is_completed());
        let curves = completed.map(|ended| ended.measurement.curve.clone());
        Self { name: study.started.study.clone(), runs: curves.filter(|curve| !curve.is_empty()).collect() }
    }
}

/// A curve's final value.
pub(super) fn last(curve: &[Point]) -> f64 {
    curve[curve.len() - 1].value
}

/// The points of a curve up to a share.
pub(super) fn so_far(curve: &[Point], share: f64) -> &[Point] {
    &curve[..curve.iter().take_while(|point| point.share <= share + 1e-9).count()]
}

/// Reads the studies in a file.
pub(crate) fn read(file: &Path) -> Result<Vec<CurveStudy>, CsvError> {
    csv::read(file, |_, text| parse(text))
}

fn parse(text: &str) -> Result<Vec<CurveStudy>, Wrong> {
    let (sign, rest) = direction(text)?;
    let header = || format!("the header `{}`", HEADER.join(","));
    let mut records = records(rest, 2)?.into_iter();
    let (line, cells) = records.next().ok_or_else(|| wrong(2, "has no header", header()))?;
    if cells.iter().map(|cell| cell.trim()).ne(HEADER) {
        return Err(wrong(line, format!("is {:?}", shortened(&cells.join(","))), header()));
    }
    let mut studies: Vec<CurveStudy> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut runs: HashMap<(String, String), usize> = HashMap::new();
    let mut last = None;
    for (line, cells) in records {
        let Ok([study, run, share, value]) = <[String; 4]>::try_from(cells) else {
            return Err(wrong(line, "has not four cells", "a study, a run, a share and a value"));
        };
        let point = Point { share: share_of(line, &share)?, value: sign * number(line, "value", &value)? };
        let place = *places.entry(study.clone()).or_insert_with(|| {
            studies.push(CurveStudy { name: study.clone(), runs: Vec::new() });
            studies.len() - 1
        });
        let key = (study, run);
        if last.as_ref() != Some(&key) {
            if let Some(before) = runs.insert(key.clone(), line) {
                let twice = format!("continues the run of line {before}, after another one");
                return Err(wrong(line, twice, "the points of a run one after another"));
            }
            studies[place].runs.push(Vec::new());
            last = Some(key);
        }
        let curve = studies[place].runs.last_mut().expect("it was just added");
        if curve.last().is_some_and(|before| before.share >= point.share) {
            return Err(wrong(
                line,
                format!("the share {:?} is not above the one before", point.share),
                "shares in order",
            ));
        }
        curve.push(point);
    }
    if studies.is_empty() {
        return Err(wrong_file("has no curves", "rows of points after the header"));
    }
    Ok(studies)
}

fn share_of(line: usize, cell: &str) -> Result<f64, Wrong> {
    let share = number(line, "share", cell)?;
    let within = share > 0.0 && share <= 1.0;
    let expected = "a share of the budget above 0 and at most 1";
    if within { Ok(share) } else { Err(wrong(line, format!("the share {share}"), expected)) }
}

fn number(line: usize, what: &str, cell: &str) -> Result<f64, Wrong> {
    let finite = cell.trim().parse().ok().filter(|value: &f64| value.is_finite());
    finite.ok_or_else(|| wrong(line, format!("the {what} {:?}", shortened(cell)), "a finite number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_read_run_by_run_and_turned_so_that_lower_is_better() {
        let text = "# maximize\nstudy,run,share,value\na,1,0.5,2\na,1,1,3\nb,1,1,5\na,2,1,4\n";
        let studies = parse(text).expect("curves");
        let point = |share, value| Point { share, value };
        let a = CurveStudy {
            name: "a".into(),
            runs: vec![vec![point(0.5, -2.0), point(1.0, -3.0)], vec![point(1.0, -4.0)]],
        };
        assert_eq!(studies, [a, CurveStudy { name: "b".into(), runs: vec![vec![point(1.0, -5.0)]] }]);
    }

    #[test]
    fn what_is_not_a_curve_is_refused_with_its_line() {
        let head = "# minimize\nstudy,run,share,value\n";
        for (rows, words) in [
            ("", "has no curves"),
            ("a,1,0.5\n", "line 3: has not four cells"),
            ("a,1,0.5,1\na,1,x,1\n", "line 4: the share \"x\"; expected a finite number"),
            ("a,1,1.5,1\n", "line 3: the share 1.5; expected a share of the budget above 0"),
            ("a,1,0.5,NaN\n", "line 3: the value \"NaN\""),
            ("a,1,0.5,1\na,1,0.5,2\n", "line 4: the share 0.5 is not above the one before"),
            ("a,1,1,1\na,2,1,2\na,1,1,1\n", "line 5: continues the run of line 3"),
        ] {
            let (line, what, expected) = parse(&format!("{head}{rows}")).expect_err("no curves");
            let said = CsvError { file: "c.csv".into(), line, wrong: what, expected }.to_string();
            assert!(said.contains(words), "{rows:?}: {said}");
        }
        assert!(parse("# minimize\nstudy,run,value\n").is_err_and(|(line, ..)| line == Some(2)));
    }
}
