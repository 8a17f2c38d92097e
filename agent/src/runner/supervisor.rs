//! The supervisor process: `autoresearch supervise ORDERS -- COMMAND ARGUMENTS..`.
//!
//! It starts one command, keeps its limits, and when the command ends, a limit is reached or its
//! stdin closes (the agent asks to stop, or is gone), it ends every descendant and proves it. Being a
//! session leader and subreaper, it inherits every orphan below it, those that called `setsid`
//! too; so when `waitpid` finds no more children, nothing is left. The lines
//! of the command's stdout and stderr are passed on on stdout and appended to the log; stderr gets the report.
//!
//! It is deliberately plain, single-purpose code: no tokio, no configuration, no restart.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{ExitCode, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::statvfs::statvfs;
use nix::sys::time::TimeVal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{getpid, setsid};

use super::Exit;
use super::lines::{Lines, Stream};
use super::orders::{Orders, Report};
use super::proc::{self, Entry};

/// How often limits are checked, in milliseconds; the end of the command is noticed at once.
const TICK_MS: u16 = 100;
/// How often the process table and the free disk space are read: both are costly.
const RESCAN: Duration = Duration::from_secs(1);
/// Pause between two checks of which processes are left.
const REAP_PAUSE: Duration = Duration::from_millis(10);
/// How long SIGKILL may take. Only a process stuck in the kernel (a driver, a dead disk) needs more.
const KILL_PATIENCE: Duration = Duration::from_secs(30);
/// How long the last output may take to arrive once every writer is gone.
const DRAIN_PATIENCE: Duration = Duration::from_secs(1);
/// How often to retry a program that another process holds open for writing: a fork of the
/// agent, in the instant before its exec, while the agent itself had just written that program.
const BUSY_RETRIES: u32 = 100;
/// A longer line goes to the log in pieces.
const LINE_CEILING: usize = 1 << 16;
/// A longer log means that the run is out of control, and is treated as a full disk.
const LOG_CEILING: u64 = 256 << 20;
/// Makes the kernel choose a trial, not the user's other programs, when memory runs out.
const OOM_SCORE: &str = "500";

/// Runs the supervisor; `args` is what follows `supervise` on the command line.
pub(crate) fn supervise(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args = args.into_iter();
    let orders = args.next().and_then(|text| serde_json::from_str::<Orders>(text.to_str()?).ok());
    let command: Vec<OsString> = args.skip_while(|word| word == "--").collect();
    let (Some(orders), false) = (orders, command.is_empty()) else {
        eprintln!("usage: autoresearch supervise '{{\"log\":\"PATH\"}}' -- COMMAND [ARGUMENTS..]");
        return ExitCode::from(2);
    };
    let report = Supervisor::start(orders, &command).map_or_else(
        |err| Report { exit: Exit::SpawnFailed(err.to_string()), memory: 0, cpu_seconds: 0.0, survivors: 0 },
        Supervisor::run,
    );
    eprintln!("{}", serde_json::to_string(&report).expect("a report holds no map with odd keys"));
    if report.exit == Exit::Success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Supervisor {
    orders: Orders,
    signals: SignalFd,
    /// The command itself, the first of the descendants.
    main: i32,
    relays: [JoinHandle<()>; 2],
    log: File,
    started: Instant,
    /// When the log last grew, and how long it was then.
    heard: (Instant, u64),
    /// The descendants as of the last rescan.
    family: Vec<Entry>,
    rescanned: Instant,
    peak: u64,
}

impl Supervisor {
    fn start(orders: Orders, command: &[OsString]) -> io::Result<Self> {
        let signals = block_signals()?;
        // Fails only for a group leader (started by hand from a shell): then the session stays.
        let _ = setsid();
        prctl::set_child_subreaper(true)?;
        let log = OpenOptions::new().append(true).create(true).open(&orders.log)?;
        let mut child = spawn(command)?;
        let main = child.id() as i32;
        let _ = std::fs::write(format!("/proc/{main}/oom_score_adj"), OOM_SCORE);
        let stdout = child.stdout.take().expect("stdout was set to a pipe");
        let stderr = child.stderr.take().expect("stderr was set to a pipe");
        let relays = [
            relay(stdout, log.try_clone()?, Stream::Stdout),
            relay(stderr, log.try_clone()?, Stream::Stderr),
        ];
        let now = Instant::now();
        Ok(Self {
            orders,
            signals,
            main,
            relays,
            log,
            started: now,
            heard: (now, 0),
            family: proc::descendants(getpid().as_raw()),
            // The first check comes with the first tick: a disk may be full before a short command starts.
            rescanned: now.checked_sub(RESCAN).unwrap_or(now),
            peak: 0,
        })
    }

    fn run(mut self) -> Report {
        let exit = loop {
            let stop = self.wait_for_news();
            if let Some(status) = reap().status_of(self.main) {
                break Exit::of_status(status);
            }
            if stop {
                break Exit::Stopped;
            }
            if let Some(exit) = self.limit_reached() {
                break exit;
            }
        };
        let survivors = self.end_family();
        self.drain();
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok();
        let largest = usage.map_or(0, |usage| usage.max_rss() as u64 * 1024);
        let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 * 1e-6;
        let cpu_seconds =
            usage.map_or(0.0, |usage| seconds(usage.user_time()) + seconds(usage.system_time()));
        Report { exit, memory: self.peak.max(largest), cpu_seconds, survivors }
    }

    /// Sleeps until a child has ended, a tick has passed, or a stop is requested; `true` means stop.
    fn wait_for_news(&self) -> bool {
        let stdin = io::stdin();
        let mut fds = [
            PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        if poll(&mut fds, PollTimeout::from(TICK_MS)).is_err() {
            return false;
        }
        let stdin_speaks = fds[0].any().unwrap_or(false);
        let mut told = false;
        while let Ok(Some(signal)) = self.signals.read_signal() {
            told |= signal.ssi_signo != Signal::SIGCHLD as u32;
        }
        stdin_speaks || told
    }

    fn limit_reached(&mut self) -> Option<Exit> {
        let now = Instant::now();
        if over(self.orders.deadline, now - self.started) {
            return Some(Exit::TimedOut);
        }
        let length = self.log.metadata().map_or(0, |metadata| metadata.len());
        if length != self.heard.1 {
            self.heard = (now, length);
        }
        if over(self.orders.silence, now - self.heard.0) {
            return Some(Exit::Silent);
        }
        let resident = self.family.iter().map(|entry| proc::resident(entry.pid)).sum();
        self.peak = self.peak.max(resident);
        if self.orders.memory.is_some_and(|limit| resident > limit) {
            return Some(Exit::OutOfMemory);
        }
        if now - self.rescanned < RESCAN {
            return None;
        }
        self.rescanned = now;
        self.family = proc::descendants(getpid().as_raw());
        (length > LOG_CEILING || free_space() < self.orders.disk_floor).then_some(Exit::DiskFull)
    }

    /// Ends every descendant: SIGTERM, grace, SIGKILL. Returns how many could not be ended.
    fn end_family(&self) -> usize {
        let own = getpid().as_raw();
        if reap().none_left {
            return 0;
        }
        let family = proc::descendants(own);
        proc::send(&family, Signal::SIGTERM);
        // A stopped process would not see SIGTERM.
        proc::send(&family, Signal::SIGCONT);
        let grace = Instant::now() + Duration::from_secs_f64(self.orders.grace);
        let patience = grace + KILL_PATIENCE;
        while !reap().none_left {
            let now = Instant::now();
            if now > patience {
                return proc::descendants(own).len();
            }
            if now > grace {
                proc::send(&proc::descendants(own), Signal::SIGKILL);
            }
            thread::sleep(REAP_PAUSE);
        }
        0
    }

    /// Lets the relays finish; they end by themselves, since every holder of their pipes is gone.
    fn drain(&self) {
        let end = Instant::now() + DRAIN_PATIENCE;
        while !self.relays.iter().all(JoinHandle::is_finished) && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Blocks the signals that matter, in this thread and those it starts, and makes them readable.
/// (std clears the mask again in what it spawns.)
fn block_signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn spawn(words: &[OsString]) -> io::Result<std::process::Child> {
    let mut command = std::process::Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0);
    // The last resort, for the day when agent and supervisor are both killed with SIGKILL. The
    // spawning thread is the main thread, which lives as long as the supervisor does.
    // SAFETY: between fork and exec this makes one prctl call: no allocation, no lock.
    unsafe {
        command.pre_exec(|| Ok(prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
    for _ in 0..BUSY_RETRIES {
        match command.spawn() {
            Err(err) if err.kind() == io::ErrorKind::ExecutableFileBusy => thread::sleep(REAP_PAUSE),
            done => return done,
        }
    }
    command.spawn()
}

/// Passes output on to the agent as its lines are complete, and appends it to the log in whole lines: what comes over the
/// other pipe at the same time is before or after a line, never inside it.
fn relay(mut from: impl Read + Send + 'static, mut log: File, stream: Stream) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut listens = true;
        // If nobody listens any more, the log still continues.
        let mut send = move |lines: &[u8]| {
            let mut out = io::stdout().lock();
            listens = listens && out.write_all(lines).and_then(|()| out.flush()).is_ok();
        };
        let mut buffer = [0; 1 << 16];
        let mut to_send = Lines::new(stream);
        let mut to_log = Vec::new();
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let bytes = &buffer[..count];
            send(&to_send.push(bytes));
            to_log.extend_from_slice(bytes);
            let end = to_log.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
            let whole = if end == 0 && to_log.len() > LINE_CEILING { to_log.len() } else { end };
            let _ = log.write_all(&to_log[..whole]);
            to_log.drain(..whole);
        }
        send(&to_send.finish());
        if !to_log.is_empty() {
            // What comes next belongs to the other pipe.
            to_log.push(b'\n');
            let _ = log.write_all(&to_log);
        }
    })
}

/// The result of one round of `waitpid`.
struct Reaped {
    ended: Vec<WaitStatus>,
    /// No child is left, hence no descendant: each of them has an ancestor that is our child.
    none_left: bool,
}

impl Reaped {
    fn status_of(&self, pid: i32) -> Option<WaitStatus> {
        self.ended.iter().find(|status| status.pid().is_some_and(|p| p.as_raw() == pid)).copied()
    }
}

fn reap() -> Reaped {
    let mut ended = Vec::new();
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return Reaped { ended, none_left: false },
            Ok(status) => ended.push(status),
            Err(Errno::EINTR) => {}
            Err(_) => return Reaped { ended, none_left: true },
        }
    }
}

fn over(limit: Option<f64>, spent: Duration) -> bool {
    limit.is_some_and(|limit| spent.as_secs_f64() > limit)
}

/// Free bytes in the file system of the working directory.
fn free_space() -> u64 {
    statvfs(".").map_or(u64::MAX, |stat| stat.blocks_available() * stat.fragment_size())
}
