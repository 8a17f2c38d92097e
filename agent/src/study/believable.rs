//! Whether a training can have brought a gain that was proved: if the metric itself, its scale or its data were changed,
//! runs prove it as well.

use super::figures::figure;
use super::statistics::mean;
use super::{Point, RunEnded};

/// If the whole learning curve is scaled by more than this, it was not trained better: a training that is so much better in
/// the end is not better by the same factor at its start.
const WHOLE_CURVE: f64 = 5.0;

/// How much the factors along a curve may differ from that of the result.
const ALIKE: f64 = 0.1;

/// Fewer points than this are no curve.
const FEWEST_POINTS: usize = 3;

/// Why a gain is not believed without a look; `None` if it may be right. `largest` is the largest factor that a training
/// is believed to bring.
pub(crate) fn too_good(largest: f64, candidate: &[&RunEnded], incumbent: &[&RunEnded]) -> Option<String> {
    let value = |runs: &[&RunEnded]| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.measurement.metric).collect();
        mean(&values)
    };
    let change = value(candidate) / value(incumbent);
    let factor = change.max(1.0 / change);
    let look = "look at what it changes, and merge it yourself if it is right";
    let is_scaled = factor > WHOLE_CURVE
        && candidate
            .iter()
            .zip(incumbent)
            .all(|(ours, theirs)| is_scaled(&ours.measurement.curve, &theirs.measurement.curve, change));
    if is_scaled {
        return Some(format!(
            "its whole learning curve is that of main times {}, from its first point on: what is printed has changed, and not \
             what is trained; {look}",
            figure(change)
        ));
    }
    (factor > largest).then(|| {
        format!(
            "it changes the metric by a factor of {}, which is more than a training is believed to bring \
             (`merge.largest-factor` is {largest}); {look}",
            figure(factor)
        )
    })
}

fn is_scaled(ours: &[Point], theirs: &[Point], change: f64) -> bool {
    let alike = |(ours, theirs): (&Point, &Point)| (ours.value / theirs.value / change - 1.0).abs() < ALIKE;
    ours.len() == theirs.len() && ours.len() >= FEWEST_POINTS && ours.iter().zip(theirs).all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Ending, Measurement, Purpose};

    fn run(curve: &[f64]) -> RunEnded {
        let points =
            curve.iter().zip(1_u8..).map(|(value, at)| Point { share: f64::from(at) / 4.0, value: *value });
        let measurement = Measurement {
            curve: points.collect(),
            ..Measurement::new(Ending::Completed, curve.last().copied())
        };
        RunEnded { purpose: Purpose::Noise, trial: 1, seed: 0, measurement, at: 0 }
    }

    fn why(ours: &[f64], theirs: &[f64]) -> Option<String> {
        too_good(100.0, &[&run(ours), &run(ours)], &[&run(theirs), &run(theirs)])
    }

    #[test]
    fn a_curve_that_is_scaled_as_a_whole_was_not_trained_better() {
        let main = [2.3, 1.9, 1.5, 1.3];
        assert!(why(&main.map(|value| 0.01 * value), &main).unwrap().contains("times 0.01000"));
        assert!(why(&main.map(|value| -100.0 * value), &main.map(|value| -value)).is_some(), "maximised");
        assert_eq!(why(&[2.1, 0.9, 0.3, 0.1], &main), None, "it begins alike");
        assert_eq!(why(&main.map(|value| 0.9 * value), &main), None, "a small gain may be anything");
    }

    #[test]
    fn a_gain_may_be_too_large_for_any_training() {
        assert!(why(&[0.004], &[1.3]).unwrap().contains("by a factor of 325.0"));
        assert_eq!(why(&[0.1], &[1.3]), None);
        assert_eq!(why(&[-1.0], &[0.001]), None, "a log-likelihood crosses zero");
    }
}
