//! From how a process ended and what it reported to how the trial ended, with a reason in one line.

use std::time::Duration;

use super::Metric;
use super::fault::Fault;
use super::output::{Told, Value};
use crate::runner::{Exit, Limits};
use crate::study::{Ending, ProgramId};

/// Exit codes of a program that speaks our protocol; target-project documents them.
const INVALID: i32 = 3;
const DIVERGED: i32 = 4;

/// What is known when a run of a program is over.
pub(super) struct Evidence<'a> {
    pub(super) exit: &'a Exit,
    pub(super) told: &'a Told,
    /// What went wrong with the device, and the line that shows it.
    pub(super) fault: Option<&'a (Fault, String)>,
    /// The log of the run.
    pub(super) log: &'a str,
    pub(super) metric: &'a Metric,
    pub(super) limits: &'a Limits,
    /// The program that must have run; `None` if a program cannot report it.
    pub(super) program: Option<&'a ProgramId>,
}

/// How the run ended, and why; the reason is empty exactly when it completed.
pub(super) fn judge(evidence: &Evidence<'_>) -> (Ending, String) {
    match (&evidence.told.fault, evidence.fault) {
        // A complaint of a kind that we do not know may be about the device.
        (Some((Ending::Crashed, _)) | None, Some((fault, line))) => {
            return (fault.ending(), format!("{line} ({})", evidence.exit));
        }
        (Some(complaint), _) => return complaint.clone(),
        (None, None) => {}
    }
    let protocol = evidence.metric.is_protocol();
    match evidence.exit {
        Exit::Success => judge_result(evidence),
        Exit::OutOfMemory => (Ending::OutOfMemory, "out of memory".to_owned()),
        Exit::TimedOut => {
            (Ending::TimedOut, format!("not finished after {}", time(evidence.limits.deadline)))
        }
        Exit::Silent => (Ending::TimedOut, format!("no output for {}", time(evidence.limits.silence))),
        Exit::Stopped => (Ending::Cancelled, "stopped".to_owned()),
        _ if says_out_of_memory(evidence.log) => (Ending::OutOfMemory, last_words(evidence)),
        Exit::Failure(INVALID) if protocol => (Ending::Invalid, last_words(evidence)),
        Exit::Failure(DIVERGED) if protocol => (Ending::Diverged, last_words(evidence)),
        _ => (Ending::Crashed, last_words(evidence)),
    }
}

fn judge_result(evidence: &Evidence<'_>) -> (Ending, String) {
    let told = evidence.told;
    let name = &evidence.metric.name;
    let metric = match &told.metric {
        Value::Number(value) => *value,
        Value::Unreadable(why) => return (Ending::Invalid, why.clone()),
        Value::Missing => return (Ending::Invalid, told.why_missing(evidence.metric)),
    };
    if told.results > 1 {
        return (Ending::Invalid, format!("it printed {} results instead of one", told.results));
    }
    if let Some(program) = evidence.program
        && told.program.as_deref() != Some(program.as_str())
    {
        let other = told.program.as_deref().unwrap_or("none");
        return (Ending::Invalid, format!("the result is from program {other}, but {program} was built"));
    }
    if !metric.is_finite() {
        return (Ending::Diverged, format!("{name} is {metric}"));
    }
    (Ending::Completed, String::new())
}

fn time(limit: Option<Duration>) -> String {
    limit.map_or_else(String::new, |limit| humantime::format_duration(limit).to_string())
}

/// Rust's allocator or a GPU driver say so before they give up.
fn says_out_of_memory(log: &str) -> bool {
    let log = log.to_ascii_lowercase();
    log.contains("memory allocation of") || log.contains("out of memory") || log.contains("outofmemory")
}

/// The panic message, or else the last line, with how the process ended.
fn last_words(evidence: &Evidence<'_>) -> String {
    let exit = evidence.exit;
    match words(evidence.log) {
        Some(words) => format!("{words} ({exit})"),
        None => exit.to_string(),
    }
}

/// The panic message in a log, or else its last line.
pub(super) fn words(log: &str) -> Option<String> {
    panic_message(log).or_else(|| last_line(log))
}

/// `thread 'main' panicked at src/main.rs:5:1:` has its message in the next line.
fn panic_message(log: &str) -> Option<String> {
    let mut lines = log.lines().skip_while(|line| !line.contains("panicked at "));
    let (_, place) = lines.next()?.split_once("panicked at ")?;
    Some(format!("panic: {} at {}", lines.next()?.trim(), place.trim_end_matches(':')))
}

/// The first line of a log is the command and explains nothing.
fn last_line(log: &str) -> Option<String> {
    log.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).last().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::{Line, Stream};
    use crate::study::Sources;

    fn verdict(exit: Exit, lines: &[&str], log: &str) -> (Ending, String) {
        let metric = Metric::val_bpb();
        let mut told = Told::default();
        for line in lines {
            told.hear(&Line { from: Stream::Stdout, text: (*line).to_owned() }, &metric);
        }
        let program = ProgramId::new("", &Sources::default());
        let limits = &Limits::default();
        let program = Some(&program);
        judge(&Evidence { exit: &exit, told: &told, fault: None, log, metric: &metric, limits, program })
    }

    fn result(value: &str) -> String {
        format!("result program={} val_bpb={value}", ProgramId::new("", &Sources::default()))
    }

    #[test]
    fn a_finite_result_of_the_right_program_completes() {
        assert_eq!(verdict(Exit::Success, &[&result("2.5")], ""), (Ending::Completed, String::new()));
    }

    #[test]
    fn a_result_that_cannot_be_right_is_not_believed() {
        let no_result = verdict(Exit::Success, &[], "");
        assert_eq!(no_result.0, Ending::Invalid);
        assert!(no_result.1.contains("no line `result val_bpb=NUMBER`"), "{}", no_result.1);
        assert_eq!(verdict(Exit::Success, &[&result("NaN")], "").0, Ending::Diverged);
        assert_eq!(verdict(Exit::Success, &[&result("inf")], "").0, Ending::Diverged);
        assert_eq!(
            verdict(Exit::Success, &["result program=0123456789abcdef val_bpb=1"], "").0,
            Ending::Invalid
        );
        assert_eq!(verdict(Exit::Success, &["result val_bpb=1"], "").0, Ending::Invalid);
        assert_eq!(verdict(Exit::Success, &[&result("2"), &result("1")], "").0, Ending::Invalid);
        assert_eq!(verdict(Exit::Failure(1), &[&result("2.5")], "").0, Ending::Crashed);
    }

    #[test]
    fn each_exit_has_its_ending() {
        let table = [
            (Exit::Failure(3), Ending::Invalid),
            (Exit::Failure(4), Ending::Diverged),
            (Exit::Failure(101), Ending::Crashed),
            (Exit::Signalled(11), Ending::Crashed),
            (Exit::OutOfMemory, Ending::OutOfMemory),
            (Exit::TimedOut, Ending::TimedOut),
            (Exit::Silent, Ending::TimedOut),
            (Exit::Stopped, Ending::Cancelled),
            (Exit::Lost(String::new()), Ending::Crashed),
        ];
        for (exit, ending) in table {
            let (found, reason) = verdict(exit.clone(), &[], "");
            assert_eq!(found, ending, "{exit}");
            assert!(!reason.is_empty(), "{exit}");
        }
    }

    #[test]
    fn a_crash_reports_its_panic_and_an_allocator_that_gives_up_is_out_of_memory() {
        let log = "cmd\nthread 'main' (7) panicked at src/model.rs:3:9:\nshapes differ: [1, 2] and [2]\nnote: run with\n";
        let (ending, reason) = verdict(Exit::Failure(101), &[], log);
        assert_eq!(ending, Ending::Crashed);
        assert_eq!(reason, "panic: shapes differ: [1, 2] and [2] at src/model.rs:3:9 (exit code 101)");
        let log = "cmd\nmemory allocation of 8589934592 bytes failed\n";
        assert_eq!(verdict(Exit::Signalled(6), &[], log).0, Ending::OutOfMemory);
    }
}
