//! The lines at the end of a trial's commit message that a program reads: `git interpret-trailers --parse` lists them,
//! and any program can read the values back from them (`read_back` is one). Prose is in `message`.

use std::fmt;

use serde_json::Value;

use crate::study::{Edit, Outcome, ProgramId, Seconds, TrialNumber};

/// What the trailers of a trial's commit say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trailers {
    pub(crate) study: String,
    pub(crate) trial: TrialNumber,
    /// The trial whose program is edited, or repeated when there are no edits; `None` for the baseline.
    pub(crate) parent: Option<TrialNumber>,
    pub(crate) edits: Vec<Edit>,
    pub(crate) program: ProgramId,
    pub(crate) seed: u64,
    /// As the program was given it: `20s`.
    pub(crate) budget: String,
    /// The search method that chose the trial, and how many updates it had made.
    pub(crate) policy: (String, u32),
    pub(crate) log_prob: f32,
    /// Digest of the files that no trial changes.
    pub(crate) frozen: String,
    /// Digest of Cargo.lock; `None` if there is none.
    pub(crate) lock: Option<String>,
    /// `None` until the trial has ended.
    pub(crate) ended: Option<Ended>,
}

/// What the trailers say about how a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// Name and value of the metric as the program prints it (so higher is better for some).
    pub(crate) metric: Option<(String, f64)>,
    /// Spent on build, smoke run and training.
    pub(crate) seconds: [Seconds; 3],
    pub(crate) tokens: Option<u64>,
    pub(crate) device: Option<String>,
    /// Bytes, at most.
    pub(crate) device_memory: Option<u64>,
}

impl fmt::Display for Trailers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "Study", word(&self.study))?;
        line(f, "Trial", self.trial)?;
        optional(f, "Parent", self.parent)?;
        self.edits.iter().try_for_each(|edit| line(f, "Edit", edit_words(edit)))?;
        line(f, "Program", &self.program)?;
        self.ended.iter().try_for_each(|ended| ended.fmt(f))?;
        line(f, "Seed", self.seed)?;
        line(f, "Budget", word(&self.budget))?;
        line(f, "Policy", format_args!("{} {}", word(&self.policy.0), self.policy.1))?;
        line(f, "Log-Prob", self.log_prob)?;
        line(f, "Frozen", word(&self.frozen))?;
        optional(f, "Lock", self.lock.as_deref().map(word))
    }
}

impl Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "Outcome", self.outcome)?;
        optional(f, "Metric", self.metric.as_ref().map(|(name, value)| format!("{} {value}", word(name))))?;
        let [build, smoke, train] = self.seconds;
        line(f, "Seconds", format_args!("build={build} smoke={smoke} train={train}"))?;
        optional(f, "Tokens", self.tokens)?;
        optional(f, "Device", self.device.as_deref().map(word))?;
        optional(f, "Device-Memory", self.device_memory)
    }
}

/// Writes one trailer.
pub(super) fn line(f: &mut impl fmt::Write, key: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(f, "{key}: {value}")
}

fn optional(f: &mut impl fmt::Write, key: &str, value: Option<impl fmt::Display>) -> fmt::Result {
    value.map_or(Ok(()), |value| line(f, key, value))
}

/// The fields of an edit: `site=positions from=original to=rope ...`.
pub(super) fn edit_words(edit: &Edit) -> String {
    let template = edit.template.as_ref().map_or(String::new(), |name| format!(" template={}", word(name)));
    let (site, from, to) = (word(&edit.site), word(&edit.from), word(&edit.to));
    format!("site={site} from={from} to={to}{template} summary={}", word(&edit.summary))
}

/// A text as one word: unchanged if it is plain, else as a JSON string.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '\\' | '=');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn any_edit() -> impl Strategy<Value = Edit> {
        (".*", ".*", ".*", option::of(".*"), any::<String>())
            .prop_map(|(site, from, to, template, summary)| Edit { site, from, to, template, summary })
    }

    fn any_ended() -> impl Strategy<Value = Ended> {
        let outcome = prop_oneof![Just(Outcome::Better), Just(Outcome::OutOfMemory), Just(Outcome::TimedOut)];
        let metric = option::of((any::<String>(), proptest::num::f64::NORMAL));
        let seconds = [0.0..1e6, 0.0..1e6, 0.0..1e6];
        let device = (option::of(any::<String>()), any::<Option<u64>>());
        (outcome, metric, seconds, any::<Option<u64>>(), device).prop_map(
            |(outcome, metric, seconds, tokens, (device, device_memory))| Ended {
                outcome,
                metric,
                seconds,
                tokens,
                device,
                device_memory,
            },
        )
    }

    fn any_trailers() -> impl Strategy<Value = Trailers> {
        let what =
            (any::<String>(), any::<u32>(), any::<Option<u32>>(), prop::collection::vec(any_edit(), 0..4));
        let how = (any::<u64>(), any::<String>(), (any::<String>(), any::<u32>()), -50f32..0.0);
        let which = ("[0-9a-f]{16}", any::<String>(), option::of(any::<String>()), option::of(any_ended()));
        (what, how, which).prop_map(|(what, how, which)| Trailers {
            study: what.0,
            trial: what.1,
            parent: what.2,
            edits: what.3,
            program: serde_json::from_value(Value::from(which.0)).unwrap(),
            seed: how.0,
            budget: how.1,
            policy: how.2,
            log_prob: how.3,
            frozen: which.1,
            lock: which.2,
            ended: which.3,
        })
    }

    proptest! {
        #[test]
        fn trailers_are_read_back_as_they_were_whatever_they_hold(trailers in any_trailers()) {
            let message = format!("subject\n\nKey: no trailer\nprose\n\n{trailers}");
            prop_assert_eq!(Trailers::parse(&message), Some(trailers));
        }

        #[test]
        fn git_finds_the_same_trailers(trailers in any_trailers()) {
            let message = format!("subject\n\nKey: no trailer\nprose\n\n{trailers}");
            let found = git2::message_trailers_strs(&message).unwrap();
            let found: Vec<_> = found.iter().collect();
            prop_assert_eq!(found, super::super::read_back::Block::of(&message).unwrap().0);
        }
    }

    #[test]
    fn other_messages_do_not_have_our_trailers() {
        for message in ["", "subject", "subject\n\nbody", "a\n\nSigned-off-by: Ada <ada@example.org>\n"] {
            assert_eq!(Trailers::parse(message), None, "{message}");
        }
    }

    #[test]
    fn an_edit_is_a_line_that_people_can_also_read() {
        let edit = Edit {
            site: "positions".to_owned(),
            from: "original".to_owned(),
            to: "rope".to_owned(),
            template: Some("positions/rope".to_owned()),
            summary: "RoPE instead of learned positions".to_owned(),
        };
        assert_eq!(
            edit_words(&edit),
            "site=positions from=original to=rope template=positions/rope \
             summary=\"RoPE instead of learned positions\""
        );
    }
}
