//! The branches of a study as a function of its state: the name of each, and the commit it belongs at.

use super::{CommitId, Study, TrialNumber};

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Without `refs/heads/`.
    pub(crate) name: String,
    pub(crate) commit: CommitId,
    pub(crate) kind: ReferenceKind,
}

/// How a branch moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// A trial's: once, from its commit with the first message to the one with the completed message.
    Trial { pending: CommitId },
    /// The study's own: by fast-forward, with whatever checkout it has.
    Discoveries,
}

/// The branch on which a study's discoveries are merged.
pub(crate) fn study_branch(study: &str) -> String {
    format!("autoresearch/{study}")
}

/// The branch that holds a trial's commit.
pub(crate) fn trial_branch(study: &str, trial: TrialNumber, slug: &str) -> String {
    format!("trial/{study}/{trial}-{slug}")
}

impl Study {
    /// Where all branches of the study belong now. `main` is not among them: it is not the study's.
    pub(crate) fn references(&self) -> impl Iterator<Item = Reference> {
        // A repository whose own program does not run is left without a trace.
        let has_one = |trial: &&super::state::Trial| trial.ended.is_some() || !trial.is_base();
        let trials = self.trials.iter().filter(has_one).map(|trial| Reference {
            name: trial.started.branch.clone(),
            commit: trial.commit(),
            kind: ReferenceKind::Trial { pending: trial.started.commit },
        });
        let own = self.tip.map(|commit| Reference {
            name: study_branch(&self.started.study),
            commit,
            kind: ReferenceKind::Discoveries,
        });
        trials.chain(own)
    }
}
