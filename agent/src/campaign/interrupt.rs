//! The user's word that a study should end: Ctrl-C once for a tidy end, twice for one at once; or
//! the time that was given.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::End;

/// Listens from the moment it is made; a copy hears the same.
#[derive(Clone, Debug)]
pub(super) struct Interrupt {
    /// How often the user has asked.
    asked: watch::Receiver<u8>,
    /// Turns true at the second time; running trials watch it.
    pub(super) at_once: watch::Receiver<bool>,
    deadline: Option<Instant>,
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
        Self { asked, at_once, deadline: time.map(|time| Instant::now() + time) }
    }

    /// `Some` when nothing new should be started.
    pub(super) fn end(&self) -> Option<End> {
        match *self.asked.borrow() {
            0 if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) => Some(End::TimeIsUp),
            0 => None,
            1 => Some(End::Asked),
            _ => Some(End::AtOnce),
        }
    }
}
