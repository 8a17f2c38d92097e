//! What happens in a study, in the order it happened. The journal keeps these; `Study` folds them.

use serde::{Deserialize, Serialize};

use super::{Budget, CommitId, Edit, Evidence, Forecast, Measurement, Outcome, Proposal, TrialNumber};

/// One entry of the journal. Written before anything in git moves, so that what is in git can be recreated from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    /// The first entry.
    Started(Started),
    /// A trial's commit exists (its branch may not yet), and it is about to run.
    TrialStarted(TrialStarted),
    /// A trial ended; its commit was completed.
    TrialEnded(TrialEnded),
    /// A program was run again, outside the trials.
    RunEnded(RunEnded),
    /// A confirmation ended.
    Decided(Decided),
    /// A candidate became the incumbent.
    Merged(Merged),
    /// Somebody else moved main.
    MainMoved(MainMoved),
    /// Main was brought to a discovery.
    MainFollowed { commit: CommitId, at: u64 },
    /// The policy learned; diagnostics by name.
    PolicyUpdated { version: u32, diagnostics: Vec<(String, f32)> },
    /// The study stopped, for the reason given; it may be resumed.
    Stopped { reason: String, at: u64 },
    /// The study continues after it stopped, or after it was killed.
    Resumed { at: u64 },
}

impl Event {
    /// When it happened, in seconds since 1970; `None` for what follows from another event.
    pub(crate) fn at(&self) -> Option<u64> {
        match self {
            Self::Started(Started { at, .. })
            | Self::TrialStarted(TrialStarted { at, .. })
            | Self::TrialEnded(TrialEnded { at, .. })
            | Self::RunEnded(RunEnded { at, .. })
            | Self::Decided(Decided { at, .. })
            | Self::Merged(Merged { at, .. })
            | Self::MainMoved(MainMoved { at, .. })
            | Self::MainFollowed { at, .. }
            | Self::Stopped { at, .. }
            | Self::Resumed { at } => Some(*at),
            Self::PolicyUpdated { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) study: String,
    /// Commit of the untouched program.
    pub(crate) base: CommitId,
    /// The search method's name.
    pub(crate) search: String,
    pub(crate) seed: u64,
    /// Budget of one run.
    pub(crate) budget: Budget,
    /// Name of the metric.
    pub(crate) metric: String,
    /// Higher is better for the program, so its values are negated inside the study.
    #[serde(default)]
    pub(crate) maximise: bool,
    /// The devices it was started on, written as in `AUTORESEARCH_DEVICE`; `None` in journals that do not record them.
    #[serde(default)]
    pub(crate) device: Option<String>,
    /// Seconds since 1970, as in every event.
    pub(crate) at: u64,
}

impl Started {
    /// A value of the study as the program prints it.
    pub(crate) fn as_printed(&self, value: f64) -> f64 {
        super::as_printed(self.maximise, value)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrialStarted {
    pub(crate) trial: TrialNumber,
    pub(crate) proposal: Proposal,
    pub(crate) commit: CommitId,
    pub(crate) branch: String,
    pub(crate) seed: u64,
    pub(crate) at: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrialEnded {
    pub(crate) trial: TrialNumber,
    pub(crate) outcome: Outcome,
    pub(crate) measurement: Measurement,
    /// The trial's commit with its message completed.
    pub(crate) commit: CommitId,
    /// What the pruner saw when it stopped this run, or when it would have stopped it, had the run not been chosen to
    /// audit the pruner.
    pub(crate) forecast: Option<Forecast>,
    /// Mean result of what main held then; `None` for the trial that measures that. The same in all journals
    /// ([`Study::fill_in`](super::Study::fill_in)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) main: Option<f64>,
    /// The metric that the run was predicted to reach when it was stopped; `None` for a run that was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) predicted: Option<f64>,
    pub(crate) at: u64,
}

/// Why a program ran outside the trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Purpose {
    /// To measure the noise floor.
    Noise,
    /// As one side of a pair that confirms a candidate: the candidate's, or else the incumbent's.
    Confirmation { candidate: TrialNumber },
    /// To measure at the end what main is worth compared with the baseline.
    Check,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunEnded {
    pub(crate) purpose: Purpose,
    /// The trial whose program ran.
    pub(crate) trial: TrialNumber,
    pub(crate) seed: u64,
    pub(crate) measurement: Measurement,
    pub(crate) at: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) candidate: TrialNumber,
    pub(crate) incumbent: TrialNumber,
    pub(crate) merge: bool,
    /// One line that says why, for people.
    pub(crate) reason: String,
    pub(crate) evidence: Evidence,
    pub(crate) at: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Merged {
    pub(crate) trial: TrialNumber,
    /// The incumbent until now.
    pub(crate) previous: TrialNumber,
    /// The merge commit.
    pub(crate) commit: CommitId,
    /// All edits from the previous incumbent to this program; empty in journals that do not record them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) edits: Vec<Edit>,
    pub(crate) at: u64,
}

/// Main is not where the study left it: the program found there has to be measured, and is the incumbent from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MainMoved {
    /// The trial that measures it.
    pub(crate) trial: TrialNumber,
    /// The start of that trial; `None` in journals in which a separate event before this one has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) begins: Option<Box<TrialStarted>>,
    /// The program's commit.
    pub(crate) commit: CommitId,
    /// Whether main was moved back to before a discovery that it had followed to.
    pub(crate) taken_back: bool,
    pub(crate) at: u64,
}
