//! The user's word that a study should end: Ctrl-C once for a tidy end, twice for one at once; or
//! the time that was given.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::End;
use crate::study::Finish;

/// Listens from the moment it is made; a copy hears the same.
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    /// How often the user has asked.
    asked: watch::Receiver<u8>,
    /// Turns true at the second time; running trials watch it.
    pub(super) at_once: watch::Receiver<bool>,
    /// When it began to listen, and how long there was from then on.
    time: Option<(Instant, Duration)>,
}

impl Interrupt {
    /// Must be called within the runtime.
    pub(super) fn listen(time: Option<Duration>) -> Self {
        let (ask, asked) = watch::channel(0_u8);
        let (stop, at_once) = watch::channel(false);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                ask.send_modify(|times| *times = times.saturating_add(1));
                if *ask.borrow() > 1 {
                    stop.send_replace(true);
                } else {
                    anstream::eprintln!(
                        "stopping when what is under way has ended; Ctrl-C again stops at once"
                    );
                }
            }
        });
        Self { asked, at_once, time: time.map(|time| (Instant::now(), time)) }
    }

    /// `Some` when nothing new should be started.
    pub(super) fn end(&self) -> Option<End> {
        match *self.asked.borrow() {
            0 if self.time_over() >= 1.0 => Some(End::Finished(Finish::TimeIsUp)),
            0 => None,
            1 => Some(End::Asked),
            _ => Some(End::AtOnce),
        }
    }

    /// Seconds that are left; `None` where there is no limit.
    pub(super) fn time_left(&self) -> Option<f64> {
        let (begin, time) = self.time?;
        Some(time.saturating_sub(begin.elapsed()).as_secs_f64())
    }

    /// Share of the time that is over; 0 where it has no limit.
    pub(super) fn time_over(&self) -> f64 {
        let share = |(begin, time): (Instant, Duration)| begin.elapsed().as_secs_f64() / time.as_secs_f64();
        self.time.map_or(0.0, share)
    }
}
