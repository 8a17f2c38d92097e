//! The parts of a study, as plain values and rules: no files, processes, git or clock.
//!
//! Its state changes only by `Study::apply(&Event)`, so that reading the journal gives it back.

mod believable;
mod budget;
mod check;
mod commit;
mod comparable;
mod confirmation;
mod event;
mod figures;
mod number;
mod online;
mod program;
mod proposal;
mod ranks;
mod reference;
mod run;
mod seeds;
mod state;
mod statistics;
mod stop;
#[cfg(test)]
mod testing;
mod throughput;
mod trial;
mod work;

pub(crate) use budget::{Budget, Unit};
pub(crate) use commit::CommitId;
pub(crate) use comparable::incomparable;
pub(crate) use confirmation::{Decision, Evidence, MergeRule, Noise};
pub(crate) use event::{
    Decided, Event, MainMoved, Merged, Purpose, RunEnded, Started, TrialEnded, TrialStarted,
};
pub(crate) use figures::{
    as_printed, duration, figure, figures, full_figure, mebibytes, percent, plus_minus, seconds,
};
pub(crate) use number::{number, split_suffix};
pub(crate) use program::{ProgramId, Sources, Values};
pub(crate) use proposal::{Choice, Edit, Proposal};
pub(crate) use reference::{Reference, ReferenceKind, study_branch, trial_branch};
pub(crate) use run::Run;
pub(crate) use seeds::{check_seed, confirmation_seed, noise_seed, survey_seed, trial_seed};
pub(crate) use state::{Study, Trial};
pub(crate) use statistics::{margin, mean, median, p_text, quantile, standard_deviation, standard_error};
pub(crate) use stop::{Audit, Forecast, Pruner, StopRule, weight};
pub(crate) use trial::{Ending, Measurement, Outcome, Point, Seconds, TrialNumber};
pub(crate) use work::{Finish, Outlook, StudyRules, Work};
