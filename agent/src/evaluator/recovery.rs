//! What makes a device doubtful, and how the doubt is cleared: a separate process computes on the device before the
//! next run does. While that fails it is tried again, and in the end the study stops where it is.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use super::log::tail;
use super::stop::{EvaluateError, Stop};
use super::watch::{Progress, Watch, until_cancelled};
use super::{Job, Slot, verdict};
use crate::device::Device;
use crate::runner::{Command, Exit, Limits, Runner};

/// Pauses before each try after the first: a driver resets in seconds, and after a minute there is little hope left.
const PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(60)];

/// An idle driver may take seconds to wake up.
const DEADLINE: Duration = Duration::from_secs(60);

/// How a device is probed.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    /// The command that succeeds if the device works; the device's name is its last word.
    pub(super) words: Vec<OsString>,
    pub(super) pauses: Vec<Duration>,
}

impl Recovery {
    /// `program` is the path of the `autoresearch` binary.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { words: vec![program.into(), "probe".into()], pauses: PAUSES.to_vec() }
    }

    /// Why a device does not work; `None` if it does.
    pub(crate) async fn probe(
        &self,
        runner: &Runner,
        device: Device,
        log: PathBuf,
    ) -> io::Result<Option<String>> {
        let words = self.words.iter().cloned().chain([device.to_string().into()]).collect();
        let directory = log.parent().map(Path::to_owned).unwrap_or_default();
        let command = Command { words, directory, environment: Vec::new(), log };
        let limits = Limits { deadline: Some(DEADLINE), ..Limits::default() };
        let finished = runner.start(&command, &limits)?.finish().await;
        if finished.survivors > 0 {
            return Ok(Some("it hangs, and the process that waits for it cannot be ended".to_owned()));
        }
        let words = verdict::words(&tail(&command.log));
        Ok(match (finished.exit, words) {
            (Exit::Success, _) => None,
            // Drivers write there too, and a killed process leaves no last line.
            (exit @ Exit::Failure(_), Some(words)) => {
                Some(format!("{} ({exit})", words.trim_start_matches("error: ")))
            }
            (exit, _) => Some(exit.to_string()),
        })
    }

    /// Waits until the slot's device is known to work. The caller may train there, and so is alone on a GPU.
    pub(super) async fn clear_doubt(
        &self,
        runner: &Runner,
        slot: &Slot,
        job: &Job<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<(), Stop> {
        let doubt = until_cancelled(&mut watch.cancelled, slot.gate.doubt.lock()).await;
        let mut doubt = doubt.ok_or_else(Stop::cancelled)?;
        let Some(why) = doubt.as_ref() else { return Ok(()) };
        let device = slot.gate.device;
        let mut pauses = self.pauses.iter();
        loop {
            let probe = self.probe(runner, device, job.logs.join("probe.log"));
            let probed = until_cancelled(&mut watch.cancelled, probe).await.ok_or_else(Stop::cancelled)?;
            debug!(%device, ?why, ?probed, "probed");
            let Some(reason) = probed.map_err(Stop::io("cannot start the probe of a device"))? else { break };
            let Some(pause) = pauses.next() else {
                return Err(EvaluateError::Device { device, reason, doubt: why.clone() }.into());
            };
            let next = humantime::format_duration(*pause);
            let text = format!("device {device} does not work: {reason}; {why}; trying again in {next}");
            (watch.progress)(Progress::Waiting(text));
            until_cancelled(&mut watch.cancelled, sleep(*pause)).await.ok_or_else(Stop::cancelled)?;
        }
        *doubt = None;
        Ok(())
    }
}

/// Makes sure that nothing trains on the slot's device before it is known to work. What was killed may have left it
/// hanging, whatever the cause.
pub(super) async fn doubt(slot: &Slot, job: &Job<'_>, log: &Path, reason: &str) {
    if slot.gate.device.is_wgpu() {
        let (title, log) = (job.title, log.display());
        let doubt = format!("the last run on it was {title}, which ended with: {reason}; its log is {log}");
        *slot.gate.doubt.lock().await = Some(doubt);
    }
}
