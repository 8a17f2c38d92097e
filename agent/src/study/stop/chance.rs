//! How likely it is that a run ends better than what it has to beat.
//!
//! A logistic regression on the run's position. Its few coefficients were fitted to recorded curves of other learners
//! on other data (LCDB, data sets with an even id), so that a young study need not learn them; all its inputs are
//! relative to the study's own runs and errors. It includes what an interval of the prediction cannot: most runs win
//! nothing, and fewer win the more were tried.

/// Odds further from even add nothing.
const LEAST_ODDS: f64 = -5.0;
const MOST_ODDS: f64 = 8.0;

/// The position of a run at a share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) share: f64,
    /// How far above what it has to beat its final value is predicted, in spreads of past errors.
    pub(super) behind: f64,
    /// Of the runs that came this far, the share that had reached a lower value, within 0 and 1.
    pub(super) place: f64,
    /// How many came this far.
    pub(super) runs: usize,
}

/// The chance that it wins.
pub(super) fn chance(standing: &Standing) -> f64 {
    let behind = standing.behind.clamp(LEAST_ODDS, MOST_ODDS);
    let place = (standing.place / (1.0 - standing.place)).ln();
    let runs = (standing.runs as f64).ln();
    // Being far behind means less the earlier it is.
    let weight = 1.4 + 0.58 * standing.share.ln();
    let odds = 0.2 - weight * behind - place - 1.5 * runs;
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: Standing = Standing { share: 0.25, behind: 1.0, place: 0.5, runs: 20 };

    #[test]
    fn the_chance_falls_with_distance_place_and_the_number_of_runs() {
        let middle = chance(&MIDDLE);
        for worse in [
            Standing { behind: 2.0, ..MIDDLE },
            Standing { place: 0.8, ..MIDDLE },
            Standing { runs: 60, ..MIDDLE },
            Standing { share: 0.75, ..MIDDLE },
        ] {
            assert!(chance(&worse) < middle && chance(&worse) > 0.0, "{worse:?}");
        }
    }

    #[test]
    fn one_of_many_has_a_chance_of_about_one_in_that_many() {
        for runs in [10, 30, 100] {
            let chances = chance(&Standing { behind: 0.0, runs, ..MIDDLE }) * runs as f64;
            assert!((0.1..1.0).contains(&chances), "{runs}: {chances}");
        }
    }

    #[test]
    fn any_position_has_a_chance_that_is_a_number() {
        for behind in [f64::NEG_INFINITY, -1e9, 0.0, 1e9, f64::INFINITY] {
            let chance = chance(&Standing { share: 1.0 / 8.0, behind, place: 0.99, runs: 5 });
            assert!(chance > 0.0 && chance < 1.0, "{behind} {chance}");
        }
    }
}
