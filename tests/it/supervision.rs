//! Starts `autoresearch supervise` over children that behave badly, and checks in the process table
//! what is left of them. The children are shell scripts, marked by a variable in their environment.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const MARK: &str = "SUPERVISION_TEST_MARK";
/// Longer than any of this takes on a busy machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

struct Supervised {
    supervisor: Child,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
    directory: TempDir,
    mark: String,
}

impl Supervised {
    /// Starts a script with limits, `"deadline":1` and the like, and waits until it prints `ready`.
    fn start(limits: &str, script: &str) -> Self {
        Self::start_with(limits, script, Stdio::piped())
    }

    fn start_with(limits: &str, script: &str, stdin: Stdio) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mark = directory.path().file_name().unwrap().to_str().unwrap().to_owned();
        let comma = if limits.is_empty() { "" } else { "," };
        let orders = format!("{{\"log\":\"{}\"{comma}{limits}}}", directory.path().join("log").display());
        let mut supervisor = command(env!("CARGO_BIN_EXE_autoresearch"))
            .args(["supervise", &orders, "--", "/bin/sh", "-c", script])
            .env(MARK, &mark)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(supervisor.stdout.take().unwrap());
        let stderr = supervisor.stderr.take().unwrap();
        let mut this = Self { supervisor, stdout, stderr, directory, mark };
        let mut line = String::new();
        while line != "1:ready\n" {
            line.clear();
            assert_ne!(this.stdout.read_line(&mut line).unwrap(), 0, "it ended before it was ready");
        }
        this
    }

    /// Closes the pipe to the supervisor, as the agent's death does.
    fn let_go(&mut self) {
        drop(self.supervisor.stdin.take());
    }

    /// Waits for the supervisor's end and returns its report.
    fn report(mut self) -> String {
        wait_for_end(&mut self.supervisor);
        let mut report = String::new();
        self.stderr.read_to_string(&mut report).unwrap();
        assert_eq!(marked(&self.mark), Vec::<i32>::new(), "survivors");
        assert!(report.contains("\"survivors\":0"), "{report}");
        report
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "these tests look at the runner from outside")]
fn command(program: impl AsRef<Path>) -> Command {
    Command::new(program.as_ref())
}

fn wait_for_end(child: &mut Child) {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < PATIENCE, "it does not end");
        sleep(Duration::from_millis(10));
    }
}

/// Living processes with a mark, without zombies.
fn marked(mark: &str) -> Vec<i32> {
    let wanted = format!("{MARK}={mark}");
    let carries = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    };
    let names =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    names.filter(carries).collect()
}

/// Forks, escapes into other sessions, ignores signals, stops itself: all at once.
const UNRULY: &str = "
    sleep 100 &
    setsid sleep 100 &
    setsid sh -c 'trap \"\" TERM HUP INT; while :; do sleep 1; done' &
    sh -c 'trap \"\" TERM; (setsid setsid sleep 100 &) ; exec sleep 100' &
    sh -c 'kill -STOP $$' &
    (trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & exec sleep 100) &
    sleep 0.3
    echo ready
    wait";

#[test]
fn nothing_survives_when_the_agent_lets_go() {
    let mut supervised = Supervised::start("\"grace\":0.3", UNRULY);
    assert!(marked(&supervised.mark).len() >= 8, "the children must be there to prove anything");
    supervised.let_go();
    assert!(supervised.report().contains("\"stopped\""));
}

#[test]
fn nothing_survives_when_the_agent_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(command("mkfifo").arg(&pipe).status().unwrap().success());
    // Plays the agent: all it does is hold the writing end.
    let script = format!("exec sleep 100 >{}", pipe.display());
    let mut agent = command("/bin/sh").args(["-c", &script]).spawn().unwrap();
    let reading_end = fs::File::open(&pipe).unwrap();
    let supervised = Supervised::start_with("\"grace\":0.3", UNRULY, reading_end.into());
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert!(supervised.report().contains("\"stopped\""));
}

#[test]
fn a_signal_to_the_supervisor_is_a_request_to_stop() {
    let supervised = Supervised::start("\"grace\":0.3", UNRULY);
    let pid = supervised.supervisor.id().to_string();
    assert!(command("/bin/sh").args(["-c", &format!("kill -TERM {pid}")]).status().unwrap().success());
    assert!(supervised.report().contains("\"stopped\""));
}

#[test]
fn the_command_dies_even_with_a_supervisor_that_is_killed() {
    let mut supervised = Supervised::start("", "echo ready; exec sleep 100");
    let mark = supervised.mark.clone();
    supervised.supervisor.kill().unwrap();
    wait_for_end(&mut supervised.supervisor);
    let start = Instant::now();
    while !marked(&mark).is_empty() {
        assert!(start.elapsed() < PATIENCE, "it survives");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_a_command_leaves_behind_is_ended_with_it() {
    let script =
        "(setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' &) ; sleep 0.2; echo ready; exit 0";
    assert!(Supervised::start("\"grace\":0.3", script).report().contains("\"success\""));
}

#[test]
fn a_storm_of_forks_is_ended() {
    let script = "echo ready; while :; do (setsid sleep 100 &) ; done";
    let mut supervised = Supervised::start("\"grace\":0.2,\"deadline\":20", script);
    sleep(Duration::from_millis(100));
    supervised.let_go();
    assert!(supervised.report().contains("\"stopped\""));
}

#[test]
fn a_deadline_holds_for_commands_that_ignore_sigterm() {
    let script = "trap '' TERM; echo ready; while :; do sleep 0.1; echo still here; done";
    let supervised = Supervised::start("\"deadline\":0.7,\"grace\":0.3", script);
    assert!(supervised.report().contains("\"timed-out\""));
}

#[test]
fn silence_is_noticed_and_output_on_either_stream_is_not_silence() {
    let speaks = "echo ready; for i in 1 2 3 4 5 6 7; do sleep 0.3; echo $i >&2; done";
    let silent = "echo ready; while :; do sleep 0.1; done";
    let speaking = Supervised::start("\"silence\":1.5", speaks);
    assert!(Supervised::start("\"silence\":0.5", silent).report().contains("\"silent\""));
    let report = speaking.report();
    assert!(report.contains("\"success\""), "{report}");
}

#[test]
fn memory_is_summed_over_all_descendants() {
    // Each `tail` keeps 80 MB and then waits for a reader that never reads.
    let eater = "(head -c 80000000 /dev/zero | tail -c 80000000 | setsid sleep 100) &";
    let script = format!("{eater} {eater} echo ready; wait");
    let one_fits = Supervised::start("\"memory\":120000000", &format!("{eater} echo ready; sleep 3; exit 0"));
    let report = Supervised::start("\"memory\":120000000", &script).report();
    assert!(report.contains("\"out-of-memory\""), "{report}");
    let report = one_fits.report();
    assert!(report.contains("\"success\""), "{report}");
}

#[test]
fn a_disk_that_runs_full_stops_the_command() {
    let report = Supervised::start("\"disk_floor\":18446744073709551615", "echo ready; sleep 100").report();
    assert!(report.contains("\"disk-full\""), "{report}");
}

#[test]
fn a_commands_own_endings_are_distinguished() {
    for (script, exit) in [
        ("exit 0", "\"success\""),
        ("exit 7", "{\"failure\":7}"),
        ("kill -SEGV $$", "{\"signalled\":11}"),
        ("kill -KILL $$", "\"out-of-memory\""),
    ] {
        let report = Supervised::start("", &format!("echo ready; {script}")).report();
        assert!(report.contains(&format!("\"exit\":{exit}")), "{script}: {report}");
    }
}

#[test]
fn both_streams_reach_the_log_and_the_agent() {
    let mut supervised = Supervised::start("", "echo ready; sleep 0.3; echo out; echo err >&2; exit 0");
    let mut rest = String::new();
    supervised.stdout.read_to_string(&mut rest).unwrap();
    let mut lines: Vec<&str> = rest.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["1:out", "2:err"]);
    let log = supervised.log();
    assert!(log.contains("out\n") && log.contains("err\n"), "{log}");
    supervised.report();
}

#[test]
fn an_agent_that_does_not_listen_does_not_delay_any_limit() {
    let script =
        "echo ready; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done";
    let supervised = Supervised::start("\"deadline\":1,\"grace\":0.3", script);
    // Nobody reads stdout from here on, and its pipe fills at once.
    assert!(supervised.report().contains("\"timed-out\""));
}

#[test]
fn orders_that_cannot_be_read_start_nothing() {
    for orders in ["", "{}", "{\"log\":\"x\",\"dead-line\":1}"] {
        let mut wrong = command(env!("CARGO_BIN_EXE_autoresearch"));
        let output =
            wrong.args(["supervise", orders, "--", "/bin/sh", "-c", "echo started"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{orders}");
        assert!(output.stdout.is_empty(), "{orders}");
    }
}
