//! How a trial is watched, and ended from outside.

use std::future::Future;

use tokio::sync::watch;

use crate::study::Point;

/// The parts of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Build,
    Smoke,
    Train,
}

/// What happens while a trial runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Progress {
    /// A phase begins (to wait for its device, perhaps).
    Phase(Phase),
    /// A new point of the learning curve.
    Point(Point),
    /// The device does not work, and the trial waits for it.
    Waiting(String),
}

/// The watcher of a trial, which may end it.
pub(crate) struct Watch<'a> {
    pub(crate) progress: &'a mut (dyn FnMut(Progress) + Send),
    /// Asked at every point but the one at share 1; a reason stops the run.
    pub(crate) prune: &'a mut (dyn FnMut(&[Point]) -> Option<String> + Send),
    /// Which earlier trial of another program has a binary with this digest; then it is not trained again.
    pub(crate) twin: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// Becomes true when the trial is to be cancelled.
    pub(crate) cancelled: watch::Receiver<bool>,
}

/// The output of a future, or `None` if the trial is cancelled first.
pub(super) async fn until_cancelled<T>(
    cancelled: &mut watch::Receiver<bool>,
    future: impl Future<Output = T>,
) -> Option<T> {
    let cancellation = async {
        // Nothing is left that could cancel: never.
        if cancelled.wait_for(|yes| *yes).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = cancellation => None,
        value = future => Some(value),
    }
}
