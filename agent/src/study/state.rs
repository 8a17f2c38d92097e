//! The state of a study: a fold over its events.

use std::collections::{BTreeMap, BTreeSet};

use super::statistics::mean;
use super::stop::to_beat;
use super::{
    Audit, CommitId, Decided, Event, MainMoved, Merged, Noise, Outcome, Point, ProgramId, Proposal, Purpose,
    RunEnded, Started, TrialEnded, TrialNumber, TrialStarted,
};

/// An event that cannot have happened after those before it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Contradiction(String);

/// A trial, under way or ended.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) started: TrialStarted,
    pub(crate) ended: Option<TrialEnded>,
}

impl Trial {
    pub(crate) fn proposal(&self) -> &Proposal {
        &self.started.proposal
    }

    pub(crate) fn program(&self) -> &ProgramId {
        &self.started.proposal.program
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.ended.as_ref().map(|ended| ended.outcome)
    }

    /// The metric of a trial that completed.
    pub(crate) fn metric(&self) -> Option<f64> {
        self.ended.as_ref()?.measurement.metric
    }

    /// Its current commit: the completed one once the trial has ended.
    pub(crate) fn commit(&self) -> CommitId {
        self.ended.as_ref().map_or(self.started.commit, |ended| ended.commit)
    }

    /// Whether its program is not an edit but what main held: the untouched one, or what somebody else put there.
    pub(crate) fn is_base(&self) -> bool {
        self.proposal().is_base(self.started.trial)
    }
}

/// A program's mean over all of its results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Standing {
    /// The first trial of the program.
    pub(crate) trial: TrialNumber,
    pub(crate) mean: f64,
    /// Number of results in that mean.
    pub(crate) runs: usize,
}

/// One campaign on one repository.
#[derive(Clone, Debug)]
pub(crate) struct Study {
    pub(crate) started: Started,
    /// By number.
    pub(crate) trials: Vec<Trial>,
    /// Runs outside the trials, in the order in which they ended.
    pub(crate) runs: Vec<RunEnded>,
    pub(crate) decided: Vec<Decided>,
    pub(crate) merges: Vec<Merged>,
    /// The trial whose program main holds, or would hold.
    pub(crate) incumbent: TrialNumber,
    /// The trial of the untouched program: 0, or the last one that measures what somebody else put on main.
    pub(crate) base: TrialNumber,
    /// The commit of the base's program on main.
    pub(crate) base_commit: CommitId,
    /// Where main should be: the last discovery, or the commit that replaced it; `None` before any.
    pub(crate) tip: Option<CommitId>,
    /// Where the study last put main; `None` before any discovery.
    pub(crate) main_at: Option<CommitId>,
    /// What had been changed on the program that main held before somebody else moved it: site and value.
    pub(crate) carried: Vec<(String, String)>,
    /// How many trials had been started when the last merge was made.
    pub(crate) merged_at: TrialNumber,
    /// Seconds during which the study was at work.
    pub(crate) active: u64,
    /// When the last event happened.
    last_at: u64,
    pub(crate) policy_version: u32,
    /// Diagnostics of the policy's last update.
    pub(crate) diagnostics: Vec<(String, f32)>,
    /// What the would-be stops that ran on show about the pruner.
    pub(crate) audit: Audit,
}

impl Study {
    pub(crate) fn new(started: Started) -> Self {
        Self {
            base_commit: started.base,
            tip: None,
            main_at: None,
            active: 0,
            last_at: started.at,
            carried: Vec::new(),
            started,
            trials: Vec::new(),
            runs: Vec::new(),
            decided: Vec::new(),
            merges: Vec::new(),
            incumbent: 0,
            base: 0,
            merged_at: 0,
            policy_version: 0,
            diagnostics: Vec::new(),
            audit: Audit::default(),
        }
    }

    /// Folds the events of a journal; `None` if there are none. Fills in what an event leaves out and only the state at
    /// that time knows.
    pub(crate) fn replay(events: &mut [Event]) -> Result<Option<Self>, (usize, Contradiction)> {
        let Some((first, rest)) = events.split_first_mut() else { return Ok(None) };
        let Event::Started(started) = first else {
            return Err((0, Contradiction("the journal does not begin with the start of a study".into())));
        };
        let mut study = Self::new(started.clone());
        for (index, event) in rest.iter_mut().enumerate() {
            if let Event::TrialEnded(ended) = event {
                study.fill_in(ended);
            }
            study.apply(event).map_err(|error| (index + 1, error))?;
        }
        Ok(Some(study))
    }

    /// Whether there is anything to resume: the baseline was measured, or is in a batch with other trials.
    pub(crate) fn has_begun(&self) -> bool {
        self.trials.len() > 1 || self.trials.iter().any(|trial| trial.ended.is_some())
    }

    /// The only way in which a study changes. An event that cannot have happened is refused, and changes nothing.
    pub(crate) fn apply(&mut self, event: &Event) -> Result<(), Contradiction> {
        self.check(event)?;
        self.pass_time(event);
        match event {
            Event::Started(_) | Event::Stopped { .. } | Event::Resumed { .. } => {}
            Event::TrialStarted(started) => {
                self.trials.push(Trial { started: started.clone(), ended: None });
            }
            Event::TrialEnded(ended) => {
                self.count_in_audit(ended);
                self.trials[ended.trial as usize].ended = Some(ended.clone());
            }
            Event::RunEnded(run) => self.runs.push(run.clone()),
            Event::Decided(decided) => self.decided.push(decided.clone()),
            Event::Merged(merged) => {
                self.incumbent = merged.trial;
                self.merged_at = self.next_trial();
                self.tip = Some(merged.commit);
                self.merges.push(merged.clone());
            }
            Event::MainMoved(moved) => self.main_moved(moved),
            Event::MainFollowed { commit, .. } => self.main_at = Some(*commit),
            Event::PolicyUpdated { version, diagnostics } => {
                self.policy_version = *version;
                self.diagnostics.clone_from(diagnostics);
            }
        }
        Ok(())
    }

    /// Refuses what cannot follow what has happened.
    fn check(&self, event: &Event) -> Result<(), Contradiction> {
        let known = |trial: TrialNumber| match self.trials.get(trial as usize) {
            Some(found) => Ok(found),
            None => Err(Contradiction(format!("trial {trial} has not begun"))),
        };
        let begins = |started: &TrialStarted| match (started.trial, started.proposal.parent) {
            (trial, _) if trial != self.next_trial() => {
                Err(Contradiction(format!("trial {trial} begins, but trial {} is next", self.next_trial())))
            }
            (trial, parent) if parent <= trial => Ok(()),
            (trial, parent) => Err(Contradiction(format!("trial {trial} has trial {parent} as its parent"))),
        };
        match event {
            Event::Started(_) => Err(Contradiction("the study begins a second time".into())),
            Event::TrialStarted(started) => begins(started),
            Event::TrialEnded(ended) => {
                let is_complete = ended.outcome.is_completed();
                match known(ended.trial)?.ended {
                    Some(_) => Err(Contradiction(format!("trial {} ends a second time", ended.trial))),
                    None if is_complete != ended.measurement.metric.is_some() => Err(Contradiction(format!(
                        "its outcome and its result do not agree: {}",
                        ended.outcome
                    ))),
                    None => Ok(()),
                }
            }
            Event::RunEnded(run) => {
                known(run.trial)?;
                match run.purpose {
                    Purpose::Confirmation { candidate } => known(candidate).map(drop),
                    Purpose::Noise | Purpose::Check => Ok(()),
                }
            }
            Event::Decided(decided) => known(decided.candidate).and(known(decided.incumbent)).map(drop),
            Event::Merged(merged) => known(merged.trial).and(known(merged.previous)).map(drop),
            Event::MainMoved(moved) => match &moved.begins {
                Some(started) if started.trial != moved.trial => Err(Contradiction(format!(
                    "trial {} stands for main, and {} begins",
                    moved.trial, started.trial
                ))),
                Some(started) => begins(started).and(known(self.incumbent)).map(drop),
                None => known(moved.trial).and(known(self.incumbent)).map(drop),
            },
            Event::MainFollowed { .. }
            | Event::PolicyUpdated { .. }
            | Event::Stopped { .. }
            | Event::Resumed { .. } => Ok(()),
        }
    }

    fn main_moved(&mut self, moved: &MainMoved) {
        // Somebody who takes a discovery back does not want it proposed again at once.
        self.carried = if moved.taken_back { Vec::new() } else { self.gained() };
        if let Some(started) = &moved.begins {
            self.trials.push(Trial { started: (**started).clone(), ended: None });
        }
        self.incumbent = moved.trial;
        self.base = moved.trial;
        self.base_commit = moved.commit;
        self.tip = Some(moved.commit);
        self.main_at = None;
    }

    /// Fills in what only the state before an event knows and older journals do not record: what main held, how the
    /// trial compared with it, and which metric a stopped run was predicted to reach. The prediction is of the curve's
    /// last value, which is measured on a smaller part of the data than the metric.
    pub(crate) fn fill_in(&self, ended: &mut TrialEnded) {
        if ended.main.is_none() {
            ended.main = self.incumbent_value().filter(|_| ended.trial != self.base);
            if let (Some(metric), true) = (ended.measurement.metric, ended.outcome.is_completed()) {
                ended.outcome = self.outcome_of_completed(ended.trial, metric);
            }
        }
        if ended.outcome == Outcome::Pruned && ended.predicted.is_none() {
            ended.predicted = ended.forecast.as_ref().map(|forecast| {
                let offset = ended.main.filter(|_| forecast.to_beat.is_finite());
                forecast.predicted + offset.map_or(0.0, |value| value - forecast.to_beat)
            });
        }
    }

    /// Counts a completed run against the incumbent at that time.
    fn count_in_audit(&mut self, ended: &TrialEnded) {
        let Some(last) = ended.measurement.curve.last().filter(|_| ended.outcome.is_completed()) else {
            return;
        };
        if ended.trial != self.base {
            self.audit.count(last.value, to_beat(&self.incumbent_curves()), ended.forecast.as_ref());
        }
    }

    /// The time between a stop, or a kill, and the resumption is not counted.
    fn pass_time(&mut self, event: &Event) {
        let Some(at) = event.at() else { return };
        if !matches!(event, Event::Resumed { .. }) {
            self.active += at.saturating_sub(self.last_at);
        }
        self.last_at = at;
    }

    /// The values in which the incumbent differs from the base.
    fn gained(&self) -> Vec<(String, String)> {
        let gained = self.difference(self.base, self.incumbent);
        gained.filter_map(|(site, _, to)| Some((site.to_owned(), to?.to_owned()))).collect()
    }

    /// The sites at which the program of one trial differs from that of another, with the values of both; `None` where a
    /// program does not have the site.
    pub(crate) fn difference(
        &self,
        from: TrialNumber,
        to: TrialNumber,
    ) -> impl Iterator<Item = (&str, Option<&str>, Option<&str>)> {
        let (from, to) = (&self.trial(from).proposal().values, &self.trial(to).proposal().values);
        let sites: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        let both = move |site| {
            (String::as_str(site), from.get(site).map(String::as_str), to.get(site).map(String::as_str))
        };
        sites.into_iter().map(both).filter(|(_, from, to)| from != to)
    }

    /// The commit that a trial's children have as parent.
    pub(crate) fn program_commit(&self, trial: TrialNumber) -> CommitId {
        if trial == self.base { self.base_commit } else { self.trial(trial).commit() }
    }

    pub(crate) fn trial(&self, number: TrialNumber) -> &Trial {
        &self.trials[number as usize]
    }

    /// The first trial of a program since somebody else last moved main.
    pub(crate) fn trial_of(&self, program: &ProgramId) -> Option<TrialNumber> {
        let trial = self.current().iter().find(|trial| trial.program() == program)?;
        Some(trial.started.trial)
    }

    pub(crate) fn next_trial(&self) -> TrialNumber {
        TrialNumber::try_from(self.trials.len()).expect("a study has fewer than 2^32 trials")
    }

    /// The trials that count now: those since somebody else last moved main.
    pub(crate) fn current(&self) -> &[Trial] {
        &self.trials[(self.base as usize).min(self.trials.len())..]
    }

    /// Each program that completed at least once, best mean first.
    pub(crate) fn programs(&self) -> Vec<Standing> {
        let mut results: BTreeMap<&ProgramId, (TrialNumber, Vec<f64>)> = BTreeMap::new();
        for trial in self.current() {
            let number = trial.started.trial;
            let entry = results.entry(trial.program()).or_insert((number, Vec::new()));
            entry.1.extend(trial.metric());
        }
        for run in &self.runs {
            if let Some(entry) = results.get_mut(self.trial(run.trial).program()) {
                entry.1.extend(run.measurement.metric);
            }
        }
        let mut programs: Vec<Standing> = results
            .into_values()
            .filter(|(_, results)| !results.is_empty())
            .map(|(trial, results)| Standing { trial, mean: mean(&results), runs: results.len() })
            .collect();
        programs.sort_by(|a, b| a.mean.total_cmp(&b.mean).then(a.trial.cmp(&b.trial)));
        programs
    }

    /// The outcome of a completed trial with this metric, compared with what main holds now.
    pub(crate) fn outcome_of_completed(&self, trial: TrialNumber, metric: f64) -> Outcome {
        match self.incumbent_value().filter(|_| trial != self.base) {
            None => Outcome::Measured,
            Some(main) if metric < main => Outcome::Better,
            Some(_) => Outcome::Worse,
        }
    }

    /// Results of a program that were not selected by our choice: runs on fresh seeds, and the
    /// trial of a program that was not picked for its score.
    pub(crate) fn fresh_results(&self, trial: TrialNumber) -> Vec<f64> {
        let program = self.trial(trial).program();
        let own = (trial == self.base).then(|| self.trial(trial).metric()).flatten();
        let runs = self.believed(self.runs.iter().filter(|run| self.trial(run.trial).program() == program));
        own.into_iter().chain(runs.iter().filter_map(|run| run.measurement.metric)).collect()
    }

    /// The noise of a run, from all repeats on fresh seeds except those of the confirmation of `except`.
    pub(crate) fn noise(&self, except: Option<TrialNumber>) -> Noise {
        let confirms = except.map(|candidate| Purpose::Confirmation { candidate });
        let mut groups: BTreeMap<&ProgramId, Vec<f64>> = BTreeMap::new();
        if let Some(base) = self.trials.get(self.base as usize) {
            groups.entry(base.program()).or_default().extend(base.metric());
        }
        for run in self.runs.iter().filter(|run| Some(run.purpose) != confirms) {
            groups.entry(self.trial(run.trial).program()).or_default().extend(run.measurement.metric);
        }
        match Noise::of(&groups.into_values().collect::<Vec<_>>()) {
            // A metric with few values, or a program stuck at chance, may repeat itself; its curve then does not.
            Noise::SeedUnread if self.curves_differ() => Noise::Unknown,
            noise => noise,
        }
    }

    /// Whether two runs of one program under different seeds took another course.
    fn curves_differ(&self) -> bool {
        self.runs.iter().any(|run| {
            let first = self.trial(run.trial).ended.as_ref().map(|ended| &ended.measurement);
            let run = &run.measurement;
            first.is_some_and(|first| {
                first.metric.is_some() && run.metric.is_some() && first.curve != run.curve
            })
        })
    }

    /// The runs of a candidate's confirmation, on both sides, in the order in which they ended.
    pub(crate) fn confirmation_runs(&self, candidate: TrialNumber) -> impl Iterator<Item = &RunEnded> {
        let purpose = Purpose::Confirmation { candidate };
        self.runs.iter().filter(move |run| run.purpose == purpose)
    }

    /// Mean result of the incumbent on fresh seeds, else that of its trial.
    pub(crate) fn incumbent_value(&self) -> Option<f64> {
        let own = self.trials.get(self.incumbent as usize)?.metric();
        let fresh = self.fresh_results(self.incumbent);
        if fresh.is_empty() { own } else { Some(mean(&fresh)) }
    }

    /// Learning curves of the incumbent's completed runs.
    pub(crate) fn incumbent_curves(&self) -> Vec<&[Point]> {
        let Some(incumbent) = self.trials.get(self.incumbent as usize) else { return Vec::new() };
        let program = incumbent.program();
        let trials = self.trials.iter().filter(|trial| trial.program() == program);
        let own = trials.filter_map(|trial| trial.ended.as_ref().map(|ended| &ended.measurement));
        let runs = self.runs.iter().filter(|run| self.trial(run.trial).program() == program);
        own.chain(runs.map(|run| &run.measurement))
            .filter(|measurement| measurement.metric.is_some())
            .map(|measurement| measurement.curve.as_slice())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The events of a trial with this final value; `lower` is the bound of a would-be stop that ran on.
    fn trial(number: u32, last: f64, lower: Option<f64>) -> [Event; 2] {
        let program = format!("{number:016x}");
        let choice =
            json!({"method": "", "version": 0, "log_prob": 0.0, "pool": 0, "rank": 0, "features": []});
        let proposal = json!({"parent": 0, "edits": [], "program": program, "values": {}, "choice": choice});
        let measurement = json!({
            "ending": "completed", "metric": last, "curve": [{"share": 1.0, "value": last}], "reason": "",
            "build_seconds": 0.0, "smoke_seconds": 0.0, "train_seconds": 0.0, "tokens": null, "steps": null,
            "params": null, "memory": null, "device": null,
        });
        let forecast =
            lower.map(|lower| json!({"share": 0.5, "predicted": 4.0, "lower": lower, "to_beat": 3.0}));
        [
            json!({
                "event": "trial-started", "trial": number, "proposal": proposal, "commit": CommitId::default(), "branch": "",
                "seed": 0, "at": 0,
            }),
            json!({
                "event": "trial-ended", "trial": number, "outcome": "better", "measurement": measurement,
                "commit": CommitId::default(), "forecast": forecast, "at": 0,
            }),
        ]
        .map(|event| serde_json::from_value(event).expect("an event"))
    }

    #[test]
    fn a_completed_run_is_counted_against_the_incumbent_and_its_predicted_bound() {
        let started = json!({
            "event": "started", "study": "", "base": CommitId::default(), "search": "", "seed": 0, "budget": "", "metric": "", "at": 0,
        });
        let mut events: Vec<Event> = vec![serde_json::from_value(started).expect("an event")];
        for (number, last, lower) in
            [(0, 3.0, None), (1, 2.9, None), (2, 3.1, None), (3, 3.5, Some(3.2)), (4, 2.8, Some(3.2))]
        {
            events.extend(trial(number, last, lower));
        }
        let audit = Study::replay(&mut events).unwrap().expect("it begins with its start").audit;
        let counted =
            Audit { unstopped_winners: 1, audited: 2, covered: 1, audited_winners: 1, stands_for: 20.0 };
        assert_eq!(audit, counted);
    }
}
