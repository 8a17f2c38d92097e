//! The same work many times over, on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{available_parallelism, scope};

/// The results of the work by its number, from 0 on, whichever core does it and when.
pub(super) fn each<T: Clone + Default + Send>(times: usize, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![T::default(); times]));
    let worker = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= times {
                return;
            }
            let result = work(number as u64);
            done.lock().expect("no work panicked")[number] = result;
        }
    };
    scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    done.into_inner().expect("no work panicked")
}
