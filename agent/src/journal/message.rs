//! The commit message of a trial: a subject to scan, what was tried, why, how it went, and trailers.
//!
//! Written twice: before the trial runs, and again when it has ended. Nothing here touches git or reads the clock.

use super::prose::{list, message, one_line, paragraph, slug, title};
use super::trailers::{Ended, Trailers};
use crate::study::{
    self, Measurement, Outcome, Point, Proposal, TrialNumber, figure, figures, mebibytes, percent, seconds,
};

/// Number of points of a learning curve in a message.
const CURVE_POINTS: usize = 4;

/// What is measured, and in which direction the program itself counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    pub(crate) name: String,
    /// Higher is better for the program, so its values are negated inside a study.
    pub(crate) maximise: bool,
}

impl Metric {
    /// A study's value as the program prints it.
    pub(super) fn as_printed(&self, value: f64) -> f64 {
        study::as_printed(self.maximise, value)
    }
}

/// Everything that the commit message of a trial is made from before the trial has run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrialNote<'a> {
    pub(crate) study: &'a str,
    pub(crate) trial: TrialNumber,
    /// Its parent is this trial itself if nothing is edited or repeated: the baseline, or what others put on main.
    pub(crate) proposal: &'a Proposal,
    /// The parent's result; `None` if there is no parent.
    pub(crate) parent_metric: Option<f64>,
    pub(crate) metric: &'a Metric,
    /// Why each edit may help, from its template or site; one paragraph each.
    pub(crate) ideas: &'a [String],
    pub(crate) seed: u64,
    pub(crate) budget: &'a str,
    pub(crate) frozen: &'a str,
    pub(crate) lock: Option<&'a str>,
}

impl TrialNote<'_> {
    /// What the trial tries, in one phrase.
    pub(crate) fn title(&self) -> String {
        if self.trial == 0 {
            "baseline".to_owned()
        } else if self.proposal.is_base(self.trial) {
            "main as somebody else left it".to_owned()
        } else if self.is_repeat() {
            format!("repeat of trial {} on a fresh seed", self.proposal.parent)
        } else {
            title(&self.proposal.edits)
        }
    }

    fn is_repeat(&self) -> bool {
        self.proposal.is_repeat() && !self.proposal.is_base(self.trial)
    }

    /// The end of the trial's branch name.
    pub(crate) fn slug(&self) -> String {
        if self.is_repeat() {
            return format!("repeat-of-{}", self.proposal.parent);
        }
        slug(&self.title())
    }

    /// The message before the trial runs.
    pub(crate) fn pending(&self) -> String {
        let subject = format!("trial {}: {}", self.trial, self.title());
        message(&subject, &self.what_and_why(), &self.trailers(None).to_string())
    }

    /// The message when it has ended; `main` is what main held then.
    pub(crate) fn completed(&self, measured: &Measurement, outcome: Outcome, main: Option<f64>) -> String {
        let result = self.result(measured, outcome, main);
        let subject = format!("trial {}: {}: {result}", self.trial, self.title());
        let mut paragraphs = self.what_and_why();
        paragraphs.push(paragraph(&self.how_it_went(measured, outcome, main)));
        paragraphs.push(paragraph(&self.on_the_way(&measured.curve)));
        paragraphs.push(paragraph(&what_it_took(measured)));
        let ended = self.ended(measured, outcome);
        message(&subject, &paragraphs, &self.trailers(Some(ended)).to_string())
    }

    /// `better, val_bpb 2.331 (main 2.412)`.
    fn result(&self, measured: &Measurement, outcome: Outcome, main: Option<f64>) -> String {
        let Some(value) = measured.metric.map(|value| self.metric.as_printed(value)) else {
            return outcome.to_string();
        };
        let name = one_line(&self.metric.name);
        match main.map(|value| self.metric.as_printed(value)) {
            None => format!("{outcome}, {name} {}", figure(value)),
            Some(main) => {
                let (main, value) = figures(main, value);
                format!("{outcome}, {name} {value} (main {main})")
            }
        }
    }

    fn before(&self) -> Option<f64> {
        self.parent_metric.map(|value| self.metric.as_printed(value))
    }

    fn what_and_why(&self) -> Vec<String> {
        let mut paragraphs = vec![paragraph(&self.what()), list(&self.proposal.edits)];
        paragraphs.extend(self.ideas.iter().map(|idea| paragraph(idea)));
        if !self.proposal.is_base(self.trial) {
            paragraphs.push(paragraph(&self.why()));
        }
        paragraphs
    }

    fn what(&self) -> String {
        let parent = self.proposal.parent;
        let had = self
            .before()
            .map_or(String::new(), |value| format!(" ({} {})", one_line(&self.metric.name), figure(value)));
        if self.trial == 0 {
            "The program as the study found it; all others are measured against it.".to_owned()
        } else if self.proposal.is_base(self.trial) {
            "The program on main after somebody else moved it; the study continues from there.".to_owned()
        } else if self.is_repeat() {
            format!(
                "The program of trial {parent}{had} again, on a fresh seed: how much of its result was luck?"
            )
        } else {
            format!("Changes the program of trial {parent}{had}:")
        }
    }

    fn why(&self) -> String {
        let choice = &self.proposal.choice;
        let mut why = format!("Chosen by {}", choice.method);
        if choice.version > 0 {
            why += &format!(" after {} updates", choice.version);
        }
        if choice.pool > 1 {
            let chance = 100.0 * choice.log_prob.exp();
            why += &format!(", number {} of {} candidates by score", choice.rank, choice.pool);
            why += &format!(", with a probability of {chance:.1} %");
        }
        why + "."
    }

    fn how_it_went(&self, measured: &Measurement, outcome: Outcome, main: Option<f64>) -> String {
        let verdict = match outcome {
            Outcome::Measured => "Measured: later trials are compared with it".to_owned(),
            Outcome::Better => "Better than what main held when it ended".to_owned(),
            Outcome::Worse => "Not better than what main held when it ended".to_owned(),
            _ => format!("Ended as {outcome}: {}", measured.reason.trim_end_matches('.')),
        };
        let against = |before: Option<f64>, whose: &str| {
            let change = percent(before?, self.metric.as_printed(measured.metric?))?;
            Some(format!("{change} against {whose}"))
        };
        let parent = if self.is_repeat() { "the run before" } else { "its parent" };
        let changes = [
            against(main.map(|value| self.metric.as_printed(value)), "main"),
            against(self.before(), parent),
        ];
        let changes: Vec<String> = changes.into_iter().flatten().collect();
        let changes = if changes.is_empty() { String::new() } else { format!(" ({})", changes.join(", ")) };
        format!("{verdict}{changes}. Seed {}, budget {}.", self.seed, self.budget)
    }

    /// A few points of the curve, the last one included.
    fn on_the_way(&self, curve: &[Point]) -> String {
        let step = curve.len().div_ceil(CURVE_POINTS).max(1);
        let mut points: Vec<String> =
            curve.iter().rev().step_by(step).map(|point| self.point(point)).collect();
        points.reverse();
        match points.as_slice() {
            [] => String::new(),
            points => format!("On the way: {}.", points.join(", ")),
        }
    }

    fn point(&self, point: &Point) -> String {
        let share = 100.0 * point.share;
        format!("{} at {share:.0} %", figure(self.metric.as_printed(point.value)))
    }

    fn ended(&self, measured: &Measurement, outcome: Outcome) -> Ended {
        let value = measured.metric.map(|value| self.metric.as_printed(value));
        Ended {
            outcome,
            metric: value.map(|value| (self.metric.name.clone(), value)),
            seconds: [measured.build_seconds, measured.smoke_seconds, measured.train_seconds],
            tokens: measured.tokens,
            device: measured.device.clone(),
            device_memory: measured.device_memory,
        }
    }

    fn trailers(&self, ended: Option<Ended>) -> Trailers {
        let choice = &self.proposal.choice;
        Trailers {
            study: self.study.to_owned(),
            trial: self.trial,
            parent: (!self.proposal.is_base(self.trial)).then_some(self.proposal.parent),
            edits: self.proposal.edits.clone(),
            program: self.proposal.program.clone(),
            seed: self.seed,
            budget: self.budget.to_owned(),
            policy: (choice.method.clone(), choice.version),
            log_prob: choice.log_prob,
            frozen: self.frozen.to_owned(),
            lock: self.lock.map(str::to_owned),
            ended,
        }
    }
}

/// Time, size and device, if known.
fn what_it_took(measured: &Measurement) -> String {
    let phases = [
        ("build", measured.build_seconds),
        ("smoke run", measured.smoke_seconds),
        ("training", measured.train_seconds),
    ];
    let reached = phases.iter().filter(|(_, time)| *time > 0.0);
    let mut parts: Vec<String> = reached.map(|(name, time)| format!("{name} {}", seconds(*time))).collect();
    let counts = [("steps", measured.steps), ("tokens", measured.tokens), ("parameters", measured.params)];
    parts.extend(counts.iter().filter_map(|(name, count)| Some(format!("{} {name}", (*count)?))));
    parts.extend(measured.memory.map(|bytes| format!("{} of memory", mebibytes(bytes))));
    let of_device = measured.device_memory.map(|bytes| format!("{} of device memory", mebibytes(bytes)));
    parts.extend(of_device);
    parts.extend(measured.device.as_ref().map(|device| format!("on {device}")));
    if parts.is_empty() { String::new() } else { format!("It took: {}.", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::study::{Choice, Edit, Ending, ProgramId, Sources};

    fn metric() -> Metric {
        Metric { name: "val_bpb".to_owned(), maximise: false }
    }

    fn proposal(summaries: &[&str]) -> Proposal {
        let edit = |summary: &&str| Edit {
            site: "positions".to_owned(),
            from: "original".to_owned(),
            to: "rope".to_owned(),
            template: Some("positions/rope".to_owned()),
            summary: (*summary).to_owned(),
        };
        let choice = Choice {
            method: "ppo".to_owned(),
            version: 2,
            log_prob: -3.0,
            pool: 500,
            rank: 4,
            ..Choice::default()
        };
        Proposal {
            parent: 12,
            edits: summaries.iter().map(edit).collect(),
            program: ProgramId::new("frozen", &Sources::default()),
            values: [].into(),
            choice,
        }
    }

    fn note<'a>(proposal: &'a Proposal, metric: &'a Metric, ideas: &'a [String]) -> TrialNote<'a> {
        TrialNote {
            study: "night",
            trial: 17,
            proposal,
            parent_metric: Some(2.412),
            metric,
            ideas,
            seed: 7,
            budget: "20s",
            frozen: "f00d",
            lock: Some("10cc"),
        }
    }

    fn measured() -> Measurement {
        let curve = (1..=16).map(|i| Point { share: f64::from(i) / 16.0, value: 4.0 - f64::from(i) / 10.0 });
        Measurement {
            curve: curve.collect(),
            build_seconds: 2.13,
            smoke_seconds: 0.4,
            train_seconds: 24.31,
            tokens: Some(1_200_000),
            steps: Some(1172),
            params: Some(135_000),
            memory: Some(200 << 20),
            device: Some("flex".to_owned()),
            device_memory: Some(96 << 20),
            ..Measurement::new(Ending::Completed, Some(2.331))
        }
    }

    #[test]
    fn a_completed_trial_says_what_why_and_how_it_went() {
        let (proposal, metric) = (proposal(&["RoPE instead of learned positions"]), metric());
        let ideas = ["Attention then sees distances.\nPaper: Su et al. 2021".to_owned()];
        let note = note(&proposal, &metric, &ideas);
        let program = &proposal.program;
        let expected = format!(
            "\
trial 17: RoPE instead of learned positions: better, val_bpb 2.331 (main 2.400)

Changes the program of trial 12 (val_bpb 2.412):

- RoPE instead of learned positions (positions: original -> rope)

Attention then sees distances. Paper: Su et al. 2021

Chosen by ppo after 2 updates, number 4 of 500 candidates by score, with
a probability of 5.0 %.

Better than what main held when it ended (-2.9 % against main, -3.4 %
against its parent). Seed 7, budget 20s.

On the way: 3.600 at 25 %, 3.200 at 50 %, 2.800 at 75 %, 2.400 at 100 %.

It took: build 2.1 s, smoke run 0.4 s, training 24.3 s, 1172 steps,
1200000 tokens, 135000 parameters, 200 MiB of memory, 96 MiB of device
memory, on flex.

Study: night
Trial: 17
Parent: 12
Edit: site=positions from=original to=rope template=positions/rope summary=\"RoPE instead of learned positions\"
Program: {program}
Outcome: better
Metric: val_bpb 2.331
Seconds: build=2.13 smoke=0.4 train=24.31
Tokens: 1200000
Device: flex
Device-Memory: 100663296
Seed: 7
Budget: 20s
Policy: ppo 2
Log-Prob: -3
Frozen: f00d
Lock: 10cc
"
        );
        assert_eq!(note.completed(&measured(), Outcome::Better, Some(2.4)), expected);
    }

    #[test]
    fn a_pending_trial_says_everything_known_but_no_outcome() {
        let (proposal, metric) = (proposal(&["RoPE instead of learned positions"]), metric());
        let note = note(&proposal, &metric, &[]);
        let message = note.pending();
        assert!(message.starts_with("trial 17: RoPE instead of learned positions\n\nChanges the program"));
        let trailers = Trailers::parse(&message).unwrap();
        assert_eq!((trailers.trial, trailers.parent, &trailers.ended), (17, Some(12), &None));
        assert_eq!(trailers.edits, proposal.edits);
        let done = Trailers::parse(&note.completed(&measured(), Outcome::Better, Some(2.4))).unwrap();
        assert_eq!(done, Trailers { ended: done.ended.clone(), ..trailers });
    }

    #[test]
    fn a_failure_says_in_the_subject_how_and_in_the_body_why() {
        let (proposal, metric) = (proposal(&["RoPE instead of learned positions"]), metric());
        let failed = Measurement {
            ending: Ending::Unviable,
            metric: None,
            test: None,
            curve: Vec::new(),
            reason: "error[E0308]: mismatched types".to_owned(),
            train_seconds: 0.0,
            smoke_seconds: 0.0,
            tokens: None,
            steps: None,
            params: None,
            memory: None,
            device: None,
            device_memory: None,
            ..measured()
        };
        let message = note(&proposal, &metric, &[]).completed(&failed, Outcome::Unviable, Some(2.4));
        assert!(message.starts_with("trial 17: RoPE instead of learned positions: unviable\n"));
        assert!(
            message.contains("\nEnded as unviable: error[E0308]: mismatched types. Seed 7, budget 20s.\n")
        );
        assert!(message.contains("\nIt took: build 2.1 s.\n"));
        assert!(!message.contains("On the way"));
    }

    #[test]
    fn baseline_and_repeats_are_named_as_such() {
        let (proposal, metric) = (proposal(&[]), metric());
        let repeat = note(&proposal, &metric, &[]);
        assert_eq!(repeat.slug(), "repeat-of-12");
        let message = repeat.completed(&measured(), Outcome::Better, Some(2.4));
        let subject = message.lines().next().unwrap();
        assert_eq!(
            subject,
            "trial 17: repeat of trial 12 on a fresh seed: better, val_bpb 2.331 (main 2.400)"
        );
        let adopted = Proposal { parent: 17, ..proposal.clone() };
        let adopted = TrialNote { proposal: &adopted, parent_metric: None, ..repeat };
        assert_eq!(adopted.slug(), "main-as-somebody-else-left-it");
        assert_eq!(Trailers::parse(&adopted.pending()).unwrap().parent, None);
        let plain = Proposal { parent: 0, ..proposal.clone() };
        let baseline = TrialNote { trial: 0, proposal: &plain, parent_metric: None, ..repeat };
        assert_eq!((baseline.title(), baseline.slug()), ("baseline".to_owned(), "baseline".to_owned()));
        assert_eq!(Trailers::parse(&baseline.pending()).unwrap().parent, None);
        let message = baseline.completed(&measured(), Outcome::Measured, None);
        assert!(message.starts_with("trial 0: baseline: measured, val_bpb 2.331\n"));
        assert!(!message.contains("Chosen"));
    }

    #[test]
    fn a_metric_to_be_maximised_is_given_as_the_program_prints_it() {
        let proposal = proposal(&["wider"]);
        let metric = Metric { name: "accuracy".to_owned(), maximise: true };
        let note = TrialNote { parent_metric: Some(-0.80), ..note(&proposal, &metric, &[]) };
        let measured = Measurement { metric: Some(-0.84), curve: Vec::new(), ..measured() };
        let message = note.completed(&measured, Outcome::Better, Some(-0.75));
        assert!(message.starts_with("trial 17: wider: better, accuracy 0.8400 (main 0.7500)\n"));
        let flowing = message.replace('\n', " ");
        assert!(flowing.contains("(+12.0 % against main, +5.0 % against its parent)"), "{message}");
        assert!(message.contains("\nMetric: accuracy 0.84\n"));
    }

    #[test]
    fn odd_texts_change_neither_the_subject_nor_the_trailers() {
        let metric = metric();
        let proposal = proposal(&["two\nlines: \"and\0\" quotes"]);
        let ideas = ["Study: not a trailer\n---\nOutcome: neither".to_owned()];
        let message = note(&proposal, &metric, &ideas).pending();
        assert!(message.starts_with("trial 17: two lines: \"and \" quotes\n\n"));
        assert!(!message.contains('\0'));
        assert_eq!(Trailers::parse(&message).unwrap().edits, proposal.edits);
        let found = git2::message_trailers_strs(&message).unwrap();
        assert_eq!(found.iter().next(), Some(("Study", "night")));
    }

    proptest! {
        #[test]
        fn git_reads_the_trailers_of_a_message_made_of_any_texts(
            texts in prop::collection::vec("(.|\n|-){0,80}", 6),
        ) {
            let metric = Metric { name: texts[0].clone(), maximise: false };
            let proposal = proposal(&[&texts[1], &texts[2]]);
            let note = TrialNote { budget: &texts[3], ..note(&proposal, &metric, &texts[4..]) };
            let measured = Measurement { reason: texts[5].clone(), device: Some(texts[3].clone()), ..measured() };
            let message = note.completed(&measured, Outcome::Crashed, Some(2.4));
            let ended = note.ended(&measured, Outcome::Crashed);
            prop_assert_eq!(Trailers::parse(&message), Some(note.trailers(Some(ended))));
            let found = git2::message_trailers_strs(&message).unwrap();
            prop_assert_eq!(found.len(), 18);
            prop_assert!(!message.contains('\0'));
        }
    }

    /// Measures; run it with `--ignored --nocapture`.
    #[test]
    #[ignore = "a measurement, not a check"]
    fn measure_a_thousand_trials_written_and_read_back() {
        use std::time::Instant;

        use crate::repo::Timestamp;
        use crate::repo::testing::{NOON, changed, scratch};
        use crate::study::trial_branch;

        const TRIALS: u32 = 1000;
        let (_dir, repo) = scratch(&[("src/model.rs", &"fn f() {}\n".repeat(400)), ("data", "d")]);
        let main = repo.main_head().unwrap();
        let (proposal, metric) = (proposal(&["RoPE instead of learned positions"]), metric());
        let began = Instant::now();
        for trial in 1..=TRIALS {
            let note = TrialNote { trial, ..note(&proposal, &metric, &[]) };
            let text = format!("{}const N: u32 = {trial};\n", "fn f() {}\n".repeat(400));
            let change = changed("src/model.rs", &text);
            let pending = repo.write_trial(main, &change, &note.pending(), NOON).unwrap();
            let branch = trial_branch("night", trial, &note.slug());
            repo.point(&branch, None, pending).unwrap();
            let later = Timestamp { seconds: NOON.seconds + 60, ..NOON };
            let done = note.completed(&measured(), Outcome::Better, Some(2.4));
            let done = repo.write_completed(pending, &done, later).unwrap();
            repo.point(&branch, Some(pending), done).unwrap();
        }
        println!("written, each twice: {:.2?}", began.elapsed());
        let began = Instant::now();
        let branches = repo.trial_branches("night").unwrap();
        println!("listed: {:.3?}", began.elapsed());
        let read = branches.iter().filter_map(|b| Trailers::parse(&repo.message(b.commit).unwrap()));
        assert_eq!(read.count(), TRIALS as usize);
        println!("listed and read: {:.3?}", began.elapsed());
    }
}
