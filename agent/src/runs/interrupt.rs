//! What ends a study from outside: Ctrl-C once for a clean end, twice to stop at once; or the time
//! that was given.

use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Why nothing new should be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// The time that was given is over.
    TimeIsUp,
    /// The user asked for a clean end.
    Asked,
    /// The user asked twice.
    AtOnce,
}

/// Listens from the moment it is made; a copy hears the same.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    /// How often the user has asked.
    asked: watch::Receiver<u8>,
    /// Becomes true at the second request; running trials watch it.
    pub(crate) at_once: watch::Receiver<bool>,
    /// When it began to listen, and how much time there was from then on.
    time: Option<(Instant, Duration)>,
}

impl Interrupt {
    /// Must be called within the runtime.
    pub(crate) fn listen(time: Option<Duration>) -> Self {
        let (ask, asked) = watch::channel(0_u8);
        let (stop, at_once) = watch::channel(false);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                ask.send_modify(|times| *times = times.saturating_add(1));
                if *ask.borrow() > 1 {
                    stop.send_replace(true);
                } else {
                    anstream::eprintln!(
                        "stopping once the runs under way have ended; Ctrl-C again stops at once"
                    );
                }
            }
        });
        Self { asked, at_once, time: time.map(|time| (Instant::now(), time)) }
    }

    /// `Some` when nothing new should be started.
    pub(crate) fn end(&self) -> Option<Interruption> {
        match *self.asked.borrow() {
            0 if self.time_over() >= 1.0 => Some(Interruption::TimeIsUp),
            0 => None,
            1 => Some(Interruption::Asked),
            _ => Some(Interruption::AtOnce),
        }
    }

    /// Seconds that are left; `None` if there is no limit.
    pub(crate) fn time_left(&self) -> Option<f64> {
        let (begin, time) = self.time?;
        Some(time.saturating_sub(begin.elapsed()).as_secs_f64())
    }

    /// Share of the time that is over; 0 if there is no limit.
    pub(crate) fn time_over(&self) -> f64 {
        let share = |(begin, time): (Instant, Duration)| begin.elapsed().as_secs_f64() / time.as_secs_f64();
        self.time.map_or(0.0, share)
    }
}
