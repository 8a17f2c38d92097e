//! The budget of a run, and the clock that says which share of it is spent.
//!
//! FROZEN. The clock starts after warm-up and stands still during evaluation, so neither a slow start nor a
//! careful judge costs a program any training. It knows nothing about the model.

use std::fmt;
use std::time::{Duration, Instant};

/// At how many equal shares of the budget a run reports its progress.
pub(crate) const PROGRESS_POINTS: u32 = 16;

/// What a run may spend on training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Budget {
    /// Seconds on the wall clock: for a device of one's own.
    Wall(f64),
    /// Seconds of processor time, all threads together: other load on the machine does not move it.
    Cpu(f64),
    /// Optimiser steps: the same result on every machine, but it makes slow programs look good.
    Steps(u64),
    /// Bytes trained on.
    Tokens(u64),
}

impl Budget {
    /// Reads `20s`, `20cpu-s`, `500steps` or `2000000tokens`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let refuse = || format!("bad budget '{text}': write 20s, 20cpu-s, 500steps or 2000000tokens");
        let seconds = || number.parse().ok().filter(|seconds: &f64| *seconds > 0.0).ok_or_else(refuse);
        let count = || number.parse().ok().filter(|count: &u64| *count > 0).ok_or_else(refuse);
        match unit {
            "s" => seconds().map(Budget::Wall),
            "cpu-s" => seconds().map(Budget::Cpu),
            "steps" => count().map(Budget::Steps),
            "tokens" => count().map(Budget::Tokens),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Budget::Wall(seconds) => write!(f, "{seconds}s"),
            Budget::Cpu(seconds) => write!(f, "{seconds}cpu-s"),
            Budget::Steps(steps) => write!(f, "{steps}steps"),
            Budget::Tokens(tokens) => write!(f, "{tokens}tokens"),
        }
    }
}

/// Measures what training has spent. Time passes only between `start` or `resume` and `pause`.
pub(crate) struct Clock {
    budget: Budget,
    running_since: Option<(Instant, Duration)>,
    wall: Duration,
    cpu: Duration,
    steps: u64,
    tokens: u64,
    /// Progress points that have been given out.
    points: u32,
}

impl Clock {
    /// A clock that runs from now on.
    pub(crate) fn start(budget: Budget) -> Self {
        let zero = Duration::ZERO;
        let mut clock =
            Clock { budget, running_since: None, wall: zero, cpu: zero, steps: 0, tokens: 0, points: 0 };
        clock.resume();
        clock
    }

    /// Counts one optimiser step over `tokens` bytes.
    pub(crate) fn count_step(&mut self, tokens: usize) {
        self.steps += 1;
        self.tokens += tokens as u64;
    }

    pub(crate) fn pause(&mut self) {
        if let Some((wall, cpu)) = self.running_since.take() {
            self.wall += wall.elapsed();
            self.cpu += cpu_time().saturating_sub(cpu);
        }
    }

    pub(crate) fn resume(&mut self) {
        self.running_since = Some((Instant::now(), cpu_time()));
    }

    /// Share of the budget that is spent, at most 1.
    pub(crate) fn share(&self) -> f64 {
        let share = match self.budget {
            Budget::Wall(seconds) => self.seconds() / seconds,
            Budget::Cpu(seconds) => self.cpu_seconds() / seconds,
            Budget::Steps(steps) => self.steps as f64 / steps as f64,
            Budget::Tokens(tokens) => self.tokens as f64 / tokens as f64,
        };
        share.min(1.0)
    }

    /// The progress point that is due, as a share of the budget, if one is. Each is given once; where one
    /// step passes several, only the last of them is.
    pub(crate) fn due(&mut self) -> Option<f64> {
        let reached = (self.share() * f64::from(PROGRESS_POINTS)).floor() as u32;
        if reached <= self.points {
            return None;
        }
        self.points = reached;
        Some(f64::from(reached) / f64::from(PROGRESS_POINTS))
    }

    /// Seconds of wall-clock time spent on training.
    pub(crate) fn seconds(&self) -> f64 {
        (self.wall + self.running_since.map_or(Duration::ZERO, |(wall, _)| wall.elapsed())).as_secs_f64()
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.tokens
    }

    fn cpu_seconds(&self) -> f64 {
        let running = self.running_since.map_or(Duration::ZERO, |(_, cpu)| cpu_time().saturating_sub(cpu));
        (self.cpu + running).as_secs_f64()
    }
}

/// Processor time that all threads of this process have used so far.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for one timespec, and the call writes nothing else.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(status, 0, "every Unix has a clock of processor time");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_read_back_as_they_are_written() {
        for text in ["20s", "0.5s", "20cpu-s", "500steps", "2000000tokens"] {
            assert_eq!(Budget::parse(text).expect("a good budget").to_string(), text);
        }
    }

    #[test]
    fn a_bad_budget_is_refused_with_the_forms_that_are_known() {
        for text in ["", "20", "s", "-1s", "0s", "0steps", "1.5steps", "20 s", "20minutes", "nans"] {
            let error = Budget::parse(text).expect_err(text);
            assert!(error.contains("20cpu-s"), "{error}");
        }
    }

    #[test]
    fn progress_is_due_at_sixteen_equal_shares_and_the_last_is_one() {
        let mut clock = Clock::start(Budget::Steps(100));
        let mut shares = Vec::new();
        for _ in 0..100 {
            clock.count_step(1);
            shares.extend(clock.due());
        }
        assert_eq!(shares, (1..=16).map(|point| f64::from(point) / 16.0).collect::<Vec<_>>());
        assert_eq!(clock.share(), 1.0);
    }

    #[test]
    fn a_step_that_passes_several_points_reports_the_last_one() {
        let mut clock = Clock::start(Budget::Steps(4));
        clock.count_step(1);
        assert_eq!(clock.due(), Some(0.25));
        assert_eq!(clock.due(), None);
    }

    #[test]
    fn a_paused_clock_stands_still() {
        let mut clock = Clock::start(Budget::Wall(1000.0));
        clock.pause();
        let share = clock.share();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(clock.share(), share);
        clock.resume();
        std::thread::sleep(Duration::from_millis(5));
        assert!(clock.share() > share);
    }

    #[test]
    fn work_spends_processor_time_and_sleep_does_not() {
        let mut clock = Clock::start(Budget::Cpu(1000.0));
        let began = Instant::now();
        let mut sum = 0u64;
        while began.elapsed() < Duration::from_millis(40) {
            sum = std::hint::black_box(sum + 1);
        }
        clock.pause();
        assert!(clock.share() > 0.0);
    }
}
