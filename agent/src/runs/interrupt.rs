//! What ends a study from outside: Ctrl-C once for a clean end, twice or a SIGTERM to stop at once; or the time that
//! was given.

use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::debug;

/// Why nothing new should be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// The time limit has passed.
    TimeIsUp,
    /// The user asked for a clean end.
    Asked,
    /// The user asked twice, or something ended the program.
    AtOnce,
}

/// Listens from its creation; a copy hears the same.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    /// How often the user has asked; a SIGTERM counts as twice.
    asked: watch::Receiver<u8>,
    /// Becomes true at the second request; running trials watch it.
    pub(crate) at_once: watch::Receiver<bool>,
    /// When it started to listen, and the time limit from then on.
    time: Option<(Instant, Duration)>,
}

impl Interrupt {
    /// Must be called within the runtime.
    pub(crate) fn listen(time: Option<Duration>) -> Self {
        let (ask, asked) = watch::channel(0_u8);
        let (stop, at_once) = watch::channel(false);
        let signals = signal(SignalKind::interrupt()).and_then(|ctrl_c| {
            let terminate = signal(SignalKind::terminate())?;
            Ok((ctrl_c, terminate))
        });
        let (mut ctrl_c, mut terminate) = signals.expect("these signals can be listened to");
        tokio::spawn(async move {
            loop {
                let times = tokio::select! {
                    _ = ctrl_c.recv() => 1,
                    _ = terminate.recv() => 2,
                };
                debug!(times, "asked to stop");
                ask.send_modify(|asked| *asked = asked.saturating_add(times));
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

    /// Seconds left; `None` if there is no limit.
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
