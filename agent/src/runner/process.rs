//! The agent's side of a supervised command: starts it, reads its lines, stops it, learns how it ended.
//!
//! Dropping a [`Process`] closes the pipe to its supervisor, which then ends everything below it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::debug;

use super::lines::Line;
use super::orders::{Orders, Report};
use super::{Exit, Limits, proc};
use crate::study::Seconds;

/// How long a supervisor may take to end after its last output.
const SUPERVISOR_PATIENCE: Duration = Duration::from_secs(5);
/// Pause between two checks of what a dead supervisor left behind.
const SWEEP_PAUSE: Duration = Duration::from_millis(10);

/// What to run, where, and where its output is kept.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// The program and its arguments.
    pub(crate) words: Vec<OsString>,
    pub(crate) directory: PathBuf,
    /// Added to the agent's own environment.
    pub(crate) environment: Vec<(String, OsString)>,
    /// Created, or overwritten; its first line is the command.
    pub(crate) log: PathBuf,
}

impl Command {
    /// The command in a form that can be pasted into a shell.
    pub(crate) fn to_shell(&self) -> String {
        let directory = format!("cd {} &&", quote(self.directory.as_os_str()));
        let environment = self.environment.iter().map(|(key, value)| format!("{key}={}", quote(value)));
        let words = self.words.iter().map(|word| quote(word));
        let parts: Vec<String> = std::iter::once(directory).chain(environment).chain(words).collect();
        parts.join(" ")
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finished {
    pub(crate) exit: Exit,
    /// Wall-clock time from its start until nothing of it was left.
    pub(crate) seconds: Seconds,
    /// Peak of the resident memory in bytes, summed over all its processes.
    pub(crate) memory: u64,
    /// Processor time of all its processes.
    pub(crate) cpu_seconds: Seconds,
    /// Processes that could not be ended; other than 0, their device must not be used again.
    pub(crate) survivors: usize,
}

/// Starts supervised commands.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    /// The program that acts as supervisor, and what comes before `supervise` on its command line.
    supervisor: Vec<OsString>,
}

impl Runner {
    /// `program` is the path of the `autoresearch` binary, usually `std::env::current_exe()`.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { supervisor: vec![program.into()] }
    }

    #[expect(clippy::disallowed_methods, reason = "the supervisor itself is not supervised")]
    pub(crate) fn start(&self, command: &Command, limits: &Limits) -> io::Result<Process> {
        let mut log = File::create(&command.log)?;
        writeln!(log, "{}", command.to_shell())?;
        debug!(command = command.to_shell(), log = %command.log.display(), ?limits, "starts");
        let orders = Orders::new(std::path::absolute(&command.log)?, limits);
        let mut child = tokio::process::Command::new(&self.supervisor[0])
            .args(&self.supervisor[1..])
            .arg("supervise")
            .arg(serde_json::to_string(&orders)?)
            .arg("--")
            .args(&command.words)
            .current_dir(&command.directory)
            .envs(command.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stderr = child.stderr.take().expect("stderr was set to a pipe");
        let report = tokio::spawn(async move {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes).await;
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Ok(Process {
            control: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("stdout was set to a pipe")),
            partial: Vec::new(),
            supervisor: child.id().map_or(0, |pid| pid as i32),
            child,
            report,
            started: Instant::now(),
        })
    }
}

/// A command that was started.
pub(crate) struct Process {
    child: Child,
    /// Open as long as the command may run.
    control: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// The start of a line whose end has not arrived yet.
    partial: Vec<u8>,
    report: JoinHandle<String>,
    /// Process and session number of the supervisor.
    supervisor: i32,
    started: Instant,
}

impl Process {
    /// The next line of stdout or stderr; `None` when there will be no more. Nothing is lost
    /// when this is cancelled, so that it can be used in a `select!`.
    pub(crate) async fn line(&mut self) -> Option<Line> {
        loop {
            let bytes = self.stdout.fill_buf().await.unwrap_or_default();
            if bytes.is_empty() {
                return None;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.partial.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.stdout.consume(used);
            if end.is_some()
                && let Some(line) = Line::received(&std::mem::take(&mut self.partial))
            {
                return Some(line);
            }
        }
    }

    /// Asks the supervisor to end the command; `finish` waits until that is done.
    pub(crate) fn stop(&mut self) {
        self.control = None;
    }

    /// Waits for the end, discarding lines not yet read.
    pub(crate) async fn finish(mut self) -> Finished {
        while self.line().await.is_some() {}
        let text = (&mut self.report).await.unwrap_or_default();
        let ended = tokio::time::timeout(SUPERVISOR_PATIENCE, self.child.wait()).await;
        let report = text.lines().rev().find_map(|line| serde_json::from_str::<Report>(line).ok());
        let report = match report {
            Some(report) => report,
            None => {
                self.sweep(format!("the supervisor ended with {ended:?} and said: {}", text.trim())).await
            }
        };
        let finished = Finished {
            exit: report.exit,
            seconds: self.started.elapsed().as_secs_f64(),
            memory: report.memory,
            cpu_seconds: report.cpu_seconds,
            survivors: report.survivors,
        };
        debug!(supervisor = self.supervisor, ?finished);
        finished
    }

    /// Ends what a supervisor that died too early left behind: all that is in its session.
    async fn sweep(&self, what: String) -> Report {
        let end = Instant::now() + SUPERVISOR_PATIENCE;
        loop {
            let left = proc::session(self.supervisor);
            if left.is_empty() || Instant::now() > end {
                return Report { exit: Exit::Lost(what), memory: 0, cpu_seconds: 0.0, survivors: left.len() };
            }
            proc::send(&left, Signal::SIGKILL);
            sleep(SWEEP_PAUSE).await;
        }
    }
}

fn quote(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Not the name of a test, so that nobody types it as a filter by chance.
#[cfg(test)]
const SUMMONS: &str = "be-the-supervisor!";

#[cfg(test)]
impl Runner {
    /// A runner whose supervisor is the test program itself: the test named here becomes one when
    /// it finds the summons among its arguments, which the test harness takes for further filters.
    pub(crate) fn for_tests() -> Self {
        let program = std::env::current_exe().expect("a running test has a path");
        let harness = ["--exact", "--nocapture", "--quiet", "--test-threads=1"];
        let mut supervisor = vec![program.into_os_string()];
        supervisor.extend(harness.map(OsString::from));
        supervisor.push("runner::process::tests::supervises_when_summoned".into());
        supervisor.push(SUMMONS.into());
        Self { supervisor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supervises_when_summoned() {
        let mut args = std::env::args_os().skip_while(|word| word != SUMMONS);
        if args.next().is_some() {
            super::super::supervise(args.skip(1));
            std::process::exit(0);
        }
    }

    fn shell(directory: &tempfile::TempDir, script: &str) -> Command {
        Command {
            words: ["/bin/sh", "-c", script].map(OsString::from).to_vec(),
            directory: directory.path().to_owned(),
            environment: vec![("GREETING".to_owned(), "good morning".into())],
            log: directory.path().join("log"),
        }
    }

    async fn run(script: &str, limits: &Limits) -> (Vec<String>, Finished, String) {
        let directory = tempfile::tempdir().unwrap();
        let command = shell(&directory, script);
        let mut process = Runner::for_tests().start(&command, limits).unwrap();
        let mut lines = Vec::new();
        while let Some(line) = process.line().await {
            lines.push(line.text);
        }
        let finished = process.finish().await;
        assert_eq!(finished.survivors, 0);
        (lines, finished, std::fs::read_to_string(&command.log).unwrap())
    }

    #[tokio::test]
    async fn lines_come_through_and_the_log_has_the_command_and_all_output() {
        let (mut lines, finished, log) =
            run("echo \"$GREETING\"; echo oops >&2; exit 3", &Limits::default()).await;
        lines.sort_unstable();
        assert_eq!(lines, ["good morning", "oops"]);
        assert_eq!(finished.exit, Exit::Failure(3));
        let first = log.lines().next().unwrap();
        assert!(first.contains("GREETING='good morning' /bin/sh -c"), "{first}");
        assert!(log.contains("\ngood morning\n") && log.contains("\noops\n"), "{log}");
    }

    #[tokio::test]
    async fn no_line_of_the_log_is_inside_another() {
        let script =
            "printf 'Compiling ' >&2; sleep 0.2; echo '{}'; sleep 0.2; echo 'spirals' >&2; printf end";
        let (_, _, log) = run(script, &Limits::default()).await;
        let mut said: Vec<&str> = log.lines().skip(1).collect();
        // The last two are written at the same time.
        said.sort_unstable();
        assert_eq!(said, ["Compiling spirals", "end", "{}"]);
    }

    #[tokio::test]
    async fn each_limit_has_its_own_exit() {
        let second = Some(Duration::from_millis(300));
        let deadline = Limits { deadline: second, ..Limits::default() };
        let silence = Limits { silence: second, ..Limits::default() };
        let memory = Limits { memory: Some(1), ..Limits::default() };
        let disk = Limits { disk_floor: u64::MAX, ..Limits::default() };
        let noisy = "while :; do echo x; sleep 0.05; done";
        let (a, b, c, d) = tokio::join!(
            run(noisy, &deadline),
            run("sleep 60", &silence),
            run(noisy, &memory),
            run(noisy, &disk)
        );
        let exits = [a, b, c, d].map(|(_, finished, _)| finished.exit);
        assert_eq!(exits, [Exit::TimedOut, Exit::Silent, Exit::OutOfMemory, Exit::DiskFull]);
    }

    #[tokio::test]
    async fn a_kill_that_we_did_not_send_means_the_kernel_is_out_of_memory() {
        let (_, finished, _) = run("kill -9 $$", &Limits::default()).await;
        assert_eq!(finished.exit, Exit::OutOfMemory);
        let (_, finished, _) = run("kill -11 $$", &Limits::default()).await;
        assert_eq!(finished.exit, Exit::Signalled(11));
    }

    #[tokio::test]
    async fn a_command_that_cannot_be_started_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let mut command = shell(&directory, "");
        command.words = vec!["/no/such/program".into()];
        let finished = Runner::for_tests().start(&command, &Limits::default()).unwrap().finish().await;
        assert!(matches!(finished.exit, Exit::SpawnFailed(_)), "{finished:?}");
    }

    #[tokio::test]
    async fn a_stopped_process_is_gone_and_its_time_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let command = shell(&directory, "trap '' TERM; (setsid sleep 61) & sleep 61");
        let mut process = Runner::for_tests().start(&command, &Limits::default()).unwrap();
        sleep(Duration::from_millis(300)).await;
        process.stop();
        let finished = process.finish().await;
        assert_eq!(finished.exit, Exit::Stopped);
        assert!(finished.seconds > 0.3 && finished.seconds < 30.0, "{finished:?}");
    }
}
