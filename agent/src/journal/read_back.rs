//! Reads the values back from the trailers of a trial's commit, as any program could: the tests compare them with what
//! was written.

use std::str::FromStr;

use serde_json::Value;

use super::trailers::{Ended, Trailers};
use crate::study::Edit;

impl Trailers {
    /// Reads the message of a trial's commit; `None` for a message of any other kind.
    pub(crate) fn parse(message: &str) -> Option<Self> {
        let block = Block::of(message)?;
        let policy = block.words("Policy")?;
        let [method, version] = policy.as_slice() else { return None };
        Some(Self {
            study: block.word("Study")?,
            trial: block.number("Trial")?,
            parent: block.number("Parent"),
            edits: block.all("Edit").map(edit).collect::<Option<_>>()?,
            program: serde_json::from_value(Value::from(block.word("Program")?)).ok()?,
            seed: block.number("Seed")?,
            budget: block.word("Budget")?,
            policy: (method.clone(), version.parse().ok()?),
            log_prob: block.number("Log-Prob")?,
            frozen: block.word("Frozen")?,
            lock: block.word("Lock"),
            ended: Ended::read(&block),
        })
    }
}

impl Ended {
    fn read(block: &Block<'_>) -> Option<Self> {
        let metric = block.words("Metric").and_then(|words| match words.as_slice() {
            [name, value] => Some((name.clone(), value.parse().ok()?)),
            _ => None,
        });
        let seconds = block.words("Seconds")?;
        let phase = |name: &str| field(&seconds, name)?.parse().ok();
        Some(Self {
            outcome: serde_json::from_value(Value::from(block.word("Outcome")?)).ok()?,
            metric,
            seconds: [phase("build")?, phase("smoke")?, phase("train")?],
            tokens: block.number("Tokens"),
            device: block.word("Device"),
            device_memory: block.number("Device-Memory"),
        })
    }
}

fn edit(value: &str) -> Option<Edit> {
    let words = words(value)?;
    let get = |name| field(&words, name).map(str::to_owned);
    Some(Edit {
        site: get("site")?,
        from: get("from")?,
        to: get("to")?,
        template: get("template"),
        summary: get("summary")?,
    })
}

/// The last paragraph of a message, if it consists of trailers.
pub(super) struct Block<'a>(pub(super) Vec<(&'a str, &'a str)>);

impl<'a> Block<'a> {
    pub(super) fn of(message: &'a str) -> Option<Self> {
        let (_, last) = message.trim_end_matches('\n').rsplit_once("\n\n")?;
        last.split('\n').map(|line| line.split_once(": ")).collect::<Option<_>>().map(Self)
    }

    fn all(&self, key: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| *found == key).map(|(_, value)| *value)
    }

    fn words(&self, key: &str) -> Option<Vec<String>> {
        words(self.all(key).next()?)
    }

    fn word(&self, key: &str) -> Option<String> {
        self.words(key)?.pop()
    }

    fn number<T: FromStr>(&self, key: &str) -> Option<T> {
        self.all(key).next()?.parse().ok()
    }
}

/// The text after `name=`.
fn field<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

/// The words of a value, with JSON strings decoded: `a b="c d"` has the words `a` and `b=c d`.
fn words(value: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let end = rest.find([' ', '"']).unwrap_or(rest.len());
        let mut word = rest[..end].to_owned();
        rest = &rest[end..];
        if rest.starts_with('"') {
            let mut quoted = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            word.push_str(&quoted.next()?.ok()?);
            rest = &rest[quoted.byte_offset()..];
        }
        words.push(word);
        rest = rest.strip_prefix(' ').unwrap_or(rest);
    }
    Some(words)
}
