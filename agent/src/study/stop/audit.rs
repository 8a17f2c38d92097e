//! The audit of the early stop: some of the runs that it would stop run on, and show how often it is wrong.
//!
//! `rule.rs` decides which ones; what each stands for, and what they show together, is decided only here, for studies
//! and benches alike.

use statrs::distribution::{Beta, ContinuousCDF};

use super::forecast::Forecast;
use super::rule::StopRule;

/// Winners of an imagined study that lost exactly the share asked for; it counts until there are real ones.
const IMAGINED: f64 = 20.0;

/// How many runs a completed run stands for: a would-be stop that ran on stands for those that were stopped, any other
/// run for itself.
pub(crate) fn weight(forecast: Option<&Forecast>) -> f64 {
    forecast.map_or(1.0, |forecast| 1.0 / forecast.audit)
}

/// Runs that completed against what they had to beat, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Audit {
    /// Winners that would never have been stopped.
    pub(crate) unstopped_winners: usize,
    /// Would-be stops that ran on.
    pub(crate) audited: usize,
    /// Those of them that ended above their predicted bound.
    pub(crate) covered: usize,
    /// Those of them that won.
    pub(crate) audited_winners: usize,
    /// The would-be stops that the audited ones stand for.
    pub(crate) stands_for: f64,
}

impl Audit {
    /// Counts a completed run; `forecast` is that of a would-be stop.
    pub(crate) fn count(&mut self, last: f64, to_beat: f64, forecast: Option<&Forecast>) {
        match forecast {
            Some(forecast) => {
                self.audited += 1;
                self.covered += usize::from(last >= forecast.lower);
                self.audited_winners += usize::from(last < forecast.to_beat);
                self.stands_for += weight(Some(forecast));
            }
            // Before there is an incumbent there is nothing to win.
            None => self.unstopped_winners += usize::from(last < to_beat && to_beat.is_finite()),
        }
    }

    /// How many would-be stops an audited one stands for.
    pub(crate) fn one_in(&self) -> f64 {
        if self.audited == 0 { 1.0 / StopRule::DEFAULT.audit } else { self.stands_for / self.audited as f64 }
    }

    /// Share of the would-be winners that are stopped; `None` before there are any.
    pub(crate) fn wrong_stops(&self) -> Option<f64> {
        let winners = self.unstopped_winners + self.audited_winners;
        (winners > 0).then(|| self.share_stopped(self.audited_winners as f64 / winners as f64))
    }

    /// Its upper 95 % limit: Clopper and Pearson's for the share of audited ones among the winners that were seen,
    /// turned into the share of would-be stops among all winners.
    pub(crate) fn most_wrong_stops(&self) -> f64 {
        let (audited, unstopped) = (self.audited_winners as f64, self.unstopped_winners as f64);
        if unstopped == 0.0 {
            return 1.0;
        }
        let beta = Beta::new(audited + 1.0, unstopped).expect("both are above 0");
        self.share_stopped(beta.inverse_cdf(0.95))
    }

    /// Of the winners that were seen, this share was audited; of those due to be stopped, only one in `one_in` is seen.
    fn share_stopped(&self, audited: f64) -> f64 {
        self.one_in() * audited / (1.0 + (self.one_in() - 1.0) * audited)
    }

    /// The level to use so that about `level` of the winners are stopped: lower if more were, and somewhat higher if
    /// many winners were seen and none of them was due to be stopped.
    pub(crate) fn adapted(&self, level: f64) -> f64 {
        let stopped = self.one_in() * self.audited_winners as f64;
        let winners = self.unstopped_winners as f64 + stopped;
        let found = (stopped + IMAGINED * level) / (winners + IMAGINED);
        level * (level / found).clamp(0.25, 1.5)
    }
}

impl std::ops::AddAssign for Audit {
    fn add_assign(&mut self, other: Self) {
        self.unstopped_winners += other.unstopped_winners;
        self.audited += other.audited;
        self.covered += other.covered;
        self.audited_winners += other.audited_winners;
        self.stands_for += other.stands_for;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audit(unstopped_winners: usize, audited_winners: usize) -> Audit {
        let audited = audited_winners;
        Audit { unstopped_winners, audited, covered: 0, audited_winners, stands_for: 10.0 * audited as f64 }
    }

    #[test]
    fn each_audited_winner_stands_for_ten() {
        assert_eq!(audit(0, 0).wrong_stops(), None);
        for (v, w) in [(7, 0), (30, 1), (3, 2), (0, 1)] {
            let (share, formula) =
                (audit(v, w).wrong_stops(), 10.0 * w as f64 / (v as f64 + 10.0 * w as f64));
            assert!(share.is_some_and(|share| (share - formula).abs() < 1e-12), "{v} {w} {share:?}");
        }
    }

    #[test]
    fn the_upper_limit_is_wide_if_little_is_known() {
        // Of n seen and none audited: 1 - 0.05^(1/n).
        let q = 1.0 - 0.05_f64.powf(1.0 / 40.0);
        assert!((audit(40, 0).most_wrong_stops() - q / (0.1 + 0.9 * q)).abs() < 1e-6);
        assert_eq!((audit(0, 0).most_wrong_stops(), audit(0, 3).most_wrong_stops()), (1.0, 1.0));
        assert!(audit(4, 0).most_wrong_stops() > 0.8 && audit(1000, 0).most_wrong_stops() < 0.04);
        assert!(audit(30, 1).most_wrong_stops() > audit(30, 1).wrong_stops().unwrap());
    }

    #[test]
    fn the_level_follows_what_was_found_within_limits() {
        assert!((audit(0, 0).adapted(0.05) - 0.05).abs() < 1e-12);
        assert!(audit(10, 0).adapted(0.05) > 0.05 && audit(1000, 0).adapted(0.05) <= 0.075 + 1e-12);
        assert!(audit(5, 1).adapted(0.05) < 0.02 && audit(1, 9).adapted(0.05) >= 0.0125);
    }

    #[test]
    fn runs_are_counted_by_what_they_had_to_beat() {
        let forecast = Forecast { share: 0.25, predicted: 3.0, lower: 2.5, to_beat: 2.0, audit: 0.25 };
        let mut audit = Audit::default();
        for (last, forecast) in
            [(1.5, None), (2.5, None), (2.6, Some(&forecast)), (2.4, Some(&forecast)), (1.9, Some(&forecast))]
        {
            audit.count(last, 2.0, forecast);
        }
        let counted =
            Audit { unstopped_winners: 1, audited: 3, covered: 1, audited_winners: 1, stands_for: 12.0 };
        assert_eq!(audit, counted);
        assert_eq!((audit.one_in(), audit.wrong_stops()), (4.0, Some(0.8)));
    }
}
