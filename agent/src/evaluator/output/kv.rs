//! Reads a line of the trainee: a word, then `key=value` pairs. Values contain no spaces, except for
//! `message`, which is the rest of the line. Any other line is prose and not an error.

/// The pairs of a line, in order.
pub(super) struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    /// The fields after `word`, if the line starts with it.
    pub(super) fn of(word: &str, line: &'a str) -> Option<Self> {
        let mut rest = line.trim_end().strip_prefix(word)?.strip_prefix(' ')?.trim_start();
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let (key, after) = rest.split_once('=')?;
            let all = key == "message";
            let (value, after) = if all { (after, "") } else { after.split_once(' ').unwrap_or((after, "")) };
            if key.is_empty() || key.contains(char::is_whitespace) {
                return None;
            }
            fields.push((key, value));
            rest = after.trim_start();
        }
        Some(Self(fields))
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// A number; `NaN` and `inf` are numbers here.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.text(key)?.parse().ok()
    }

    pub(super) fn count(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_whatever_their_order_and_a_message_is_the_rest() {
        let fields = Fields::of("error", "error kind=diverged  step=7 message=loss is NaN, a=b").unwrap();
        assert_eq!(fields.text("kind"), Some("diverged"));
        assert_eq!(fields.text("message"), Some("loss is NaN, a=b"));
        assert_eq!(fields.count("step"), Some(7));
        assert_eq!(fields.text("other"), None);
    }

    #[test]
    fn nan_and_infinity_are_numbers_and_words_are_not() {
        let fields = Fields::of("progress", "progress a=NaN b=inf c=-inf d=fast e=1e-3").unwrap();
        assert!(fields.number("a").unwrap().is_nan());
        assert_eq!(fields.number("b"), Some(f64::INFINITY));
        assert_eq!(fields.number("c"), Some(f64::NEG_INFINITY));
        assert_eq!(fields.number("d"), None);
        assert_eq!(fields.number("e"), Some(1e-3));
    }

    #[test]
    fn prose_is_not_a_line_of_the_protocol() {
        for line in ["progress", "progress is slow", "progressive a=1", "the result a=1", "result a b=1"] {
            assert!(Fields::of("progress", line).is_none() && Fields::of("result", line).is_none(), "{line}");
        }
    }
}
