//! What a run says: lines of `key=value` pairs for a program, or a table for a person.
//!
//! FROZEN. Values never hold spaces, except the last one of an error line. It computes nothing.

use std::io::{IsTerminal, Write, stderr, stdout};

use crate::agreement::Agreement;
use crate::clock::{Budget, Clock};

/// The program's identity, given to its build; printed so that nobody takes one program's result for another's.
pub(crate) const PROGRAM: Option<&str> = option_env!("AUTORESEARCH_PROGRAM");

/// How a run that did not fail went.
pub(crate) struct Result {
    /// Bits per byte on the validation part; lower is better.
    pub(crate) val_bpb: f64,
    /// The same on the test part, where it was asked for.
    pub(crate) test_bpb: Option<f64>,
    /// Learned numbers of the model.
    pub(crate) params: usize,
    /// Bytes that the run has taken of the device's memory: what it once took is kept, so that this is also the most at
    /// any time. `None` where the device is the processor.
    pub(crate) device_memory: Option<u64>,
    pub(crate) device: String,
}

/// Writes to stdout, in the form that its reader wants.
pub(crate) struct Report {
    /// Whether a person reads along.
    pub(crate) terminal: bool,
}

impl Report {
    pub(crate) fn new() -> Self {
        Report { terminal: stdout().is_terminal() }
    }

    /// Says what is about to happen, to a person.
    pub(crate) fn start(&self, params: usize, device: &str, budget: Budget) {
        if self.terminal {
            println!("{params} parameters on {device}, budget {budget}");
            println!(
                "{:>6} {:>8} {:>10} {:>8} {:>11} {:>8}",
                "", "step", "bytes", "seconds", "train nats", "val bpb"
            );
        }
    }

    /// One point of the learning curve; `train_loss` is the mean since the last one, in nats.
    pub(crate) fn progress(&self, share: f64, clock: &Clock, train_loss: f64, val_bpb: f64) {
        let (step, tokens, seconds) = (clock.steps(), clock.tokens(), clock.seconds());
        if self.terminal {
            let percent = share * 100.0;
            println!(
                "{percent:>4.0} % {step:>8} {tokens:>10} {seconds:>8.1} {train_loss:>11.4} {val_bpb:>8.4}"
            );
        } else {
            println!(
                "progress share={share:.4} step={step} tokens={tokens} seconds={seconds:.3} \
                 train_loss={train_loss:.5} val_bpb={val_bpb:.5}"
            );
        }
        // A reader that is gone is no reason to stop; the result line will fail in its turn.
        let _ = stdout().flush();
    }

    /// The one line that a study lives on. It is printed for a person too.
    pub(crate) fn result(&self, result: &Result, clock: &Clock) {
        let device_memory =
            result.device_memory.map_or_else(String::new, |bytes| format!(" device_memory={bytes}"));
        let test = result.test_bpb.map_or_else(String::new, |bits| format!(" test_bpb={bits:.5}"));
        println!(
            "result program={} val_bpb={:.5}{test} seconds={:.3} tokens={} steps={} params={} memory={}{device_memory} device={}",
            PROGRAM.unwrap_or("unnamed"),
            result.val_bpb,
            clock.seconds(),
            clock.tokens(),
            clock.steps(),
            result.params,
            peak_memory(),
            result.device,
        );
    }

    /// How far a device is from the processor.
    pub(crate) fn agreement(&self, agreement: &Agreement, device: &str, steps: u64) {
        if self.terminal {
            println!("{device}, {steps} steps beside the processor: {agreement}");
        } else {
            let Agreement { first, losses, last } = agreement;
            let (first, last) = (first.value, last.value);
            println!(
                "agreement device={device} steps={steps} first_gradients={first:.2e} losses={losses:.2e} \
                 last_gradients={last:.2e}"
            );
        }
    }

    /// What tables of byte counts with 1, 2, 3, .. bytes of context score, for scale.
    pub(crate) fn tables(&self, bits: &[f64]) {
        let bits: Vec<String> = bits.iter().map(|bits| format!("{bits:.3}")).collect();
        println!("tables of byte counts with 1 to {} bytes of context: {}", bits.len(), bits.join(", "));
    }

    /// Why there is no result: a line for a program on stdout, the same words for a person on stderr.
    pub(crate) fn error(&self, kind: &str, message: &str) {
        println!("error kind={kind} message={message}");
        // Nothing is left to be done where even this cannot be written.
        let _ = writeln!(stderr(), "error: {message}");
    }
}

/// Most memory that was resident at any time so far, in bytes.
fn peak_memory() -> u64 {
    // SAFETY: `rusage` is plain numbers, for which zero is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is a valid place for one rusage, and the call writes nothing else.
    let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    assert_eq!(status, 0, "a process may always ask about itself");
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    usage.ru_maxrss as u64 * unit
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_in_bytes() {
        assert!(super::peak_memory() > 1024 * 1024);
    }
}
