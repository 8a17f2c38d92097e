//! Faults of a device, recognised by what a run on it wrote before it failed. Burn and wgpu report them only by panics:
//! exit code 101 and no signal.
//!
//! The texts are those of burn 0.22, cubecl 0.11 and wgpu 30, and a few of the target project's own. Aftermath (`The bytes were
//! never written` and the like) is left out: it follows a fault and does not say which.

use std::fmt;
use std::io::{self, BufRead};

use nix::sys::signal::Signal;

use crate::runner::Exit;
use crate::study::Ending;

/// What went wrong with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    OutOfMemory,
    DeviceLost,
    /// No kernel could be chosen among those that do the same.
    Autotune,
    /// A shader or its launch was refused.
    Pipeline,
    NoDevice,
    /// The driver ended the process without a message.
    DriverCrash,
}

impl Fault {
    pub(super) fn ending(self) -> Ending {
        match self {
            Self::OutOfMemory => Ending::OutOfMemory,
            Self::DeviceLost | Self::NoDevice | Self::DriverCrash => Ending::DeviceFailed,
            Self::Autotune | Self::Pipeline => Ending::Crashed,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "out of memory",
            Self::DeviceLost => "device lost",
            Self::Autotune => "autotune failed",
            Self::Pipeline => "pipeline failed",
            Self::NoDevice => "no device",
            Self::DriverCrash => "driver crash",
        })
    }
}

/// How each fault is reported; `..` stands for any text within a line. The first row with a match anywhere in the log
/// counts: a device that is lost for lack of memory reports both.
const TEXTS: &[(Fault, &[&str])] = &[
    (
        Fault::OutOfMemory,
        &[
            "wgpu error: Out of Memory",
            "out of device memory allocating",
            "Not enough memory left",
            "Unknown: Out of memory",
            "An out-of-memory error happened during launch",
            "Must have enough memory for a uniform",
            "this likely means no staging buffer could be allocated",
            "ERROR_OUT_OF_DEVICE_MEMORY",
            "ERROR_OUT_OF_HOST_MEMORY",
            "memory allocation of .. bytes failed",
            // A tensor that no page can hold.
            "can't allocate buffer of size:",
            "Can't allocate ..every page size the memory tracks",
        ],
    ),
    (
        Fault::DeviceLost,
        &[
            "The device is poisoned",
            "The device was poisoned during launch",
            "Parent device is lost",
            "Device is lost",
            "ERROR_DEVICE_LOST",
            "the wgpu device was lost",
            "Failed to map buffer",
            "the staging buffer could not be mapped",
            "the staging buffer's map never completed",
            "Unexpected error variant (driver implementation is at fault)",
        ],
    ),
    (
        Fault::Autotune,
        &[
            "Can't execute the autotune plan for key",
            "At least one kernel has to succeed",
            "All autotune operations failed",
            "No autotune was flagged as valid for the problem",
            "Should run when selected by autotune",
            "Somehow we STILL didn't check a tuning checksum",
            "Invalid autotune level",
        ],
    ),
    (
        Fault::Pipeline,
        &[
            "the device refused the pipeline of kernel",
            "the device refused the SPIR-V module of kernel",
            "WGSL compilation failed for kernel",
            "A compilation error happened during launch",
            "An error caused the compilation to fail",
            "An unsupported instruction caused the compilation to fail",
            "A validation error caused the compilation to fail",
            "Expanding the kernel .. panicked",
            "Too many resources were requested during launch",
            "Too much shared memory requested",
            "Total unit count exceeds maximum",
            "Cube dim exceeds maximum bounds",
            "wgpu error: Validation Error",
            "Error in Queue::submit",
        ],
    ),
    (
        Fault::NoDevice,
        &[
            "Unable to acquire wgpu device:",
            "No Discrete GPU device found",
            "No Integrated GPU device found",
            "No Virtual GPU device found",
            "No CPU device found",
            "No Other device found",
            "no adapter found on the requested graphics API",
            "No suitable graphics adapter found",
            "drivers/libraries could not be loaded",
            "Unable to initialize wgpu runtime",
            "Unable to request a wgpu device",
            "Invalid CUBECL_WGPU_DEFAULT_DEVICE",
            "CUBECL_WGPU_MAX_TASKS must be a positive integer",
            "BURN_DEVICE=..requested, but",
            "Unknown BURN_DEVICE override",
            "No execution backend is enabled",
            "wgpu finds .. GPUs here",
            "there is no software Vulkan device here",
        ],
    ),
];

/// Words that explain an end by a signal without the driver: the program's own panic, or its recursion.
const PROGRAMS_OWN: &[&str] = &["panicked at ", "has overflowed its stack"];

/// Signals by which drivers end a process.
const DRIVERS_SIGNALS: [Signal; 3] = [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGABRT];

/// The fault of a run that ended this way, and the line that shows it. `log` is all that it wrote.
pub(super) fn recognise(log: impl BufRead, exit: &Exit) -> io::Result<Option<(Fault, String)>> {
    let mut found: Option<(usize, String)> = None;
    let mut explained = false;
    // The first line is the command.
    for line in log.split(b'\n').skip(1) {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        explained |= PROGRAMS_OWN.iter().any(|text| line.contains(text));
        let row = TEXTS.iter().position(|(_, texts)| texts.iter().any(|text| tells(&line, text)));
        if let Some(row) = row.filter(|row| found.as_ref().is_none_or(|(earlier, _)| row < earlier)) {
            found = Some((row, line.trim().to_owned()));
        }
    }
    let of_driver = DRIVERS_SIGNALS.iter().any(|signal| *exit == Exit::Signalled(*signal as i32));
    Ok(match found {
        Some((row, line)) => Some((TEXTS[row].0, line)),
        None if of_driver && !explained => {
            Some((Fault::DriverCrash, "it ended without a message".to_owned()))
        }
        None => None,
    })
}

/// Whether the parts of a text stand in a line one after the other.
fn tells(line: &str, text: &str) -> bool {
    let mut rest = line;
    text.split("..").all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(log: &str, exit: Exit) -> Option<(Fault, String)> {
        recognise(format!("the command\n{log}").as_bytes(), &exit).unwrap()
    }

    #[test]
    fn each_text_is_distinguished_from_all_others() {
        for (fault_of_row, texts) in TEXTS {
            for text in *texts {
                let said = format!(
                    "thread 'DSD-0-0' panicked at x.rs:1:1:\n{}\nnote: run\n",
                    text.replace("..", " 7 ")
                );
                let (found, line) = fault(&said, Exit::Failure(101)).unwrap_or_else(|| panic!("{text}"));
                assert_eq!(found, *fault_of_row, "{text}");
                assert!(said.contains(&line));
            }
        }
    }

    #[test]
    fn lack_of_memory_comes_before_the_device_lost_by_it() {
        let log = "thread 'DSD-0-0' panicked at a:\nDevice is lost\nreason Unknown: Out of memory\nThe device is poisoned\n";
        let (found, line) = fault(log, Exit::Failure(101)).unwrap();
        assert_eq!((found, line.as_str()), (Fault::OutOfMemory, "reason Unknown: Out of memory"));
        let log = "wgpu error: Validation Error\n\nIn Queue::submit\n  Parent device is lost\nBad pipeline\n";
        assert_eq!(fault(log, Exit::Failure(101)).unwrap().0, Fault::DeviceLost);
    }

    #[test]
    fn a_driver_that_ends_the_process_leaves_no_message() {
        for signal in DRIVERS_SIGNALS {
            let exit = Exit::Signalled(signal as i32);
            let found =
                fault("progress share=0.5 val_bpb=3\nWARNING: lavapipe is not a conformant\n", exit.clone());
            assert_eq!(found.unwrap().0, Fault::DriverCrash);
            assert_eq!(fault("thread 'main' panicked at src/main.rs:5:1:\nx\n", exit.clone()), None);
            assert_eq!(fault("thread 'main' has overflowed its stack\n", exit), None);
        }
        assert_eq!(fault("", Exit::Signalled(Signal::SIGTERM as i32)), None);
    }

    #[test]
    fn what_a_program_breaks_by_itself_is_not_a_fault_of_the_device() {
        for log in [
            "thread 'main' panicked at src/model.rs:3:9:\nshapes differ\n",
            "",
            "The bytes were never written\n",
        ] {
            assert_eq!(fault(log, Exit::Failure(101)), None, "{log}");
        }
        // The command is in the first line, whatever it is called.
        assert_eq!(recognise("cd 'Device is lost' && x\n".as_bytes(), &Exit::Failure(1)).unwrap(), None);
    }
}
