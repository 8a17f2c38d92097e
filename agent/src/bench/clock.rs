//! The CPU time of this process, which other load moves less than the wall clock.

use nix::sys::resource::{UsageWho, getrusage};

/// Seconds of CPU time that this process has used, over all its threads.
pub(super) fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask this of itself");
    let time = usage.user_time();
    time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6
}
