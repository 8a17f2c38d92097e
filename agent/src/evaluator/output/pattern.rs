//! A user's pattern, and the lines that tell what it looks for even where it does not match them: `val_loss: ([0-9.]+)`
//! must not overlook `val_loss: NaN`, or an older line would count.

use regex::{Captures, Regex};
use regex_syntax::ast::{self, Ast, GroupKind, Span};

use super::number::number_at;

/// Name of the group that holds the value, if it is not the first.
const VALUE: &str = "value";

/// A pattern with fewer letters outside of its value has no words of its own.
const FEWEST_LETTERS: usize = 2;

/// A pattern with a value in it.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// The same with anything for a value; `None` where that would match any line.
    open: Option<Regex>,
    /// Which group of `regex` is the value.
    group: usize,
}

/// What a line says of the value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reading {
    /// Finite or not.
    Number(f64),
    /// It tells a value that cannot be read as a whole number.
    Unreadable,
}

impl Pattern {
    /// # Errors
    ///
    /// Why the text is not a regular expression with a group.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let regex = Regex::new(text).map_err(|error| error.to_string())?;
        let mut names = regex.capture_names();
        let group = names.position(|name| name == Some(VALUE)).unwrap_or(1);
        if group >= regex.captures_len() {
            return Err("it has no group that holds the value: write `loss: ([0-9.]+)`".to_owned());
        }
        let open = opened(text, group).and_then(|text| Regex::new(&text).ok());
        Ok(Self { regex, open, group })
    }

    pub(crate) fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// What the last place of a line that tells the value says, and the groups there; `None` if there is no such place.
    pub(super) fn read<'a>(&self, line: &'a str) -> Option<(Reading, Captures<'a>)> {
        let closed = self.regex.captures_iter(line).filter_map(|found| {
            let value = found.get(self.group)?;
            let whole = found.get(0)?;
            let bounded = (whole.end() > value.end()).then(|| value.end());
            Some((value.start(), bounded, found))
        });
        let open = self.open.iter().flat_map(|open| open.captures_iter(line)).filter_map(|found| {
            let at = found.name(VALUE)?.start();
            tells_something(line, at).then_some((at, None, found))
        });
        // Of two at the same place, the user's own.
        let (at, bounded, found) = open.chain(closed).max_by_key(|(at, ..)| *at)?;
        let reading = match number_at(line, at, bounded) {
            Some(number) => Reading::Number(number.value),
            None => Reading::Unreadable,
        };
        Some((reading, found))
    }
}

/// Whether a word begins here, or after brackets and the like.
fn tells_something(line: &str, at: usize) -> bool {
    let within_a_word =
        line[..at].ends_with(char::is_alphanumeric) && line[at..].starts_with(char::is_alphanumeric);
    !within_a_word && line[at..].contains(|c: char| c.is_alphanumeric())
}

/// The pattern with anything for its value. Where it has no words of its own, or any words may be before the value, only
/// what is no number: the rest would match any line.
fn opened(text: &str, group: usize) -> Option<String> {
    let ast = ast::parse::Parser::new().parse(text).ok()?;
    let mut outline = Outline { group: u32::try_from(group).ok()?, value: None, before: None, letters: 0 };
    outline.walk(&ast, None);
    let (value, before) = (outline.value?, outline.before);
    let is_any_word = |span: Span| {
        let slice = &text[span.start.offset..span.end.offset];
        Regex::new(&format!("^(?:{slice})$")).is_ok_and(|regex| regex.is_match("any word"))
    };
    let is_open = outline.letters < FEWEST_LETTERS || before.is_some_and(is_any_word);
    let token = if is_open { r"[-+−]?(?i:nan|inf(?:inity)?)\b" } else { r"\S*?" };
    Some(format!("{}(?P<{VALUE}>{token}){}", &text[..value.start.offset], &text[value.end.offset..]))
}

/// What matters of a pattern's structure.
struct Outline {
    group: u32,
    /// Where the group of the value is.
    value: Option<Span>,
    /// What is directly before it.
    before: Option<Span>,
    /// Letters that must be in a line, outside of the group.
    letters: usize,
}

impl Outline {
    fn walk(&mut self, ast: &Ast, before: Option<Span>) {
        match ast {
            Ast::Group(group) if index(&group.kind) == Some(self.group) => {
                self.value = Some(group.span);
                self.before = before;
            }
            Ast::Group(group) => self.walk(&group.ast, before),
            Ast::Repetition(repeated) => self.walk(&repeated.ast, before),
            Ast::Alternation(either) => either.asts.iter().for_each(|ast| self.walk(ast, before)),
            Ast::Concat(all) => {
                let mut before = before;
                for ast in &all.asts {
                    self.walk(ast, before);
                    before = Some(*ast.span());
                }
            }
            Ast::Literal(literal) => self.letters += usize::from(literal.c.is_alphabetic()),
            _ => {}
        }
    }
}

fn index(kind: &GroupKind) -> Option<u32> {
    match kind {
        GroupKind::CaptureIndex(index) => Some(*index),
        GroupKind::CaptureName { name, .. } => Some(name.index),
        GroupKind::NonCapturing(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(pattern: &str, line: &str) -> Option<Reading> {
        Pattern::new(pattern).unwrap().read(line).map(|(reading, _)| reading)
    }

    #[test]
    fn a_value_is_read_whole_where_the_pattern_matches_a_part_of_it() {
        for (pattern, line, value) in [
            ("val_loss: ([0-9.]+)", "val_loss: 9.0002e0", 9.0002),
            ("val_loss: ([0-9.]+)", "val_loss: 1.2600e1", 12.6),
            ("val_loss: ([0-9.]+)", "val_loss: -0.5", -0.5),
            ("val_loss: ([0-9]+\\.[0-9]+)", "val_loss: 1", 1.0),
            ("val_loss.*([0-9.]+)", "val_loss = 0.4799", 0.4799),
            ("loss: ([0-9.]+)", "loss: 0.9 loss: 0.8", 0.8),
            ("\\(([0-9.]+),", "(0.5,0.9)", 0.5),
            ("loss=([0-9.]+),", "loss=0.5,acc=0.9,", 0.5),
            ("loss: *(.*)$", "loss:  0.25 (best)", 0.25),
            ("^([0-9.]+)$", "0.75", 0.75),
            ("(?<value>[0-9.]+) is the loss of (\\d+)", "0.75 is the loss of 12", 0.75),
        ] {
            assert_eq!(last(pattern, line), Some(Reading::Number(value)), "{pattern}: {line}");
        }
    }

    #[test]
    fn what_tells_a_value_that_is_no_number_is_not_overlooked() {
        for (pattern, line) in [
            ("val_loss: ([0-9.]+)", "epoch 6 val_loss: none"),
            ("val_loss: ([0-9.]+)", "val_loss: 0,4799"),
            ("val_loss=([0-9.]+)", "val_loss=1.2.3"),
            ("done: ([0-9.]+) % correct", "done: ?n/a % correct"),
        ] {
            assert_eq!(last(pattern, line), Some(Reading::Unreadable), "{pattern}: {line}");
        }
        for (pattern, line) in [
            ("val_loss: ([0-9.]+)", "epoch 6 val_loss: NaN"),
            ("val_loss.*?([0-9.]+)", "val_loss is -inf"),
            ("^([0-9.]+)$", "nan"),
            ("done: ([0-9.]+) % correct", "done: NaN % correct"),
        ] {
            let found = last(pattern, line);
            assert!(
                matches!(found, Some(Reading::Number(value)) if !value.is_finite()),
                "{pattern}: {found:?}"
            );
        }
    }

    #[test]
    fn other_lines_tell_nothing() {
        for (pattern, line) in [
            ("val_loss: ([0-9.]+)", "train_loss: 0.5"),
            ("val_loss: ([0-9.]+)", "val_loss: "),
            ("loss\\W*([0-9.]+)", "a lossless run"),
            ("loss.*?([0-9.]+)", "the loss is improving"),
            ("^([0-9.]+)$", "done"),
            ("([0-9.]+)", "starting"),
        ] {
            assert_eq!(last(pattern, line), None, "{pattern}: {line}");
        }
    }

    #[test]
    fn a_pattern_needs_a_group() {
        assert!(Pattern::new("loss: [0-9.]+").unwrap_err().contains("group"));
        assert!(Pattern::new("(").is_err());
    }
}
