//! What a command writes, in lines: how the supervisor sends them to the agent, and how the agent reads them.
//!
//! A carriage return ends a line as a line feed does: what redraws a line writes a new one.

use std::collections::VecDeque;

/// More than any line that means something. Of a longer one the end is kept, where the newest of it is.
const LONGEST: usize = 8 << 20;

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// A line, without its end. Bytes that are not UTF-8 are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) from: Stream,
    pub(crate) text: String,
}

impl Stream {
    /// What is before a line on its way to the agent.
    fn tag(self) -> &'static [u8] {
        match self {
            Self::Stdout => b"1:",
            Self::Stderr => b"2:",
        }
    }
}

impl Line {
    /// The lines of a text that is there as a whole.
    pub(crate) fn all(from: Stream, text: &[u8]) -> Vec<Self> {
        let mut lines = Lines::new(from);
        let sent = [lines.push(text), lines.finish()].concat();
        sent.split(|byte| *byte == b'\n').filter_map(Self::received).collect()
    }

    /// Reads a line as [`Lines`] sends it; `None` if it is something else.
    pub(super) fn received(bytes: &[u8]) -> Option<Self> {
        let from = [Stream::Stdout, Stream::Stderr].into_iter().find(|from| bytes.starts_with(from.tag()))?;
        let text = String::from_utf8_lossy(&bytes[from.tag().len()..]).into_owned();
        Some(Self { from, text })
    }
}

/// Turns what comes over one pipe into lines to be sent.
#[derive(Debug)]
pub(super) struct Lines {
    from: Stream,
    /// The beginning of a line whose end has not come yet.
    partial: VecDeque<u8>,
}

impl Lines {
    pub(super) fn new(from: Stream) -> Self {
        Self { from, partial: VecDeque::new() }
    }

    /// The lines that these bytes complete, each with its tag and a line feed.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut complete = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.extend(&rest[..end]);
            self.complete(&mut complete);
            rest = &rest[end + 1..];
        }
        self.extend(rest);
        complete
    }

    /// The last line, if it has no end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let mut complete = Vec::new();
        self.complete(&mut complete);
        complete
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.partial.extend(bytes);
        let surplus = self.partial.len().saturating_sub(LONGEST);
        self.partial.drain(..surplus);
    }

    fn complete(&mut self, to: &mut Vec<u8>) {
        if !self.partial.is_empty() {
            to.extend_from_slice(self.from.tag());
            to.extend(self.partial.drain(..));
            to.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(sent: &[u8]) -> Vec<String> {
        let lines = sent.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| Line::received(line).unwrap().text).collect()
    }

    #[test]
    fn lines_end_at_carriage_returns_too_and_in_whatever_pieces_they_come() {
        let text = b"one\r\ntwo\n\n\rthree\rfour";
        for size in 1..text.len() {
            let mut lines = Lines::new(Stream::Stdout);
            let mut sent: Vec<u8> = text.chunks(size).flat_map(|piece| lines.push(piece)).collect();
            sent.extend(lines.finish());
            assert_eq!(received(&sent), ["one", "two", "three", "four"], "{size}");
        }
    }

    #[test]
    fn each_line_says_where_it_was_written_and_other_lines_are_not_ours() {
        let mut lines = Lines::new(Stream::Stderr);
        let sent = lines.push(b"loss \xff 0.5\n");
        let line = Line::received(sent.trim_ascii_end()).unwrap();
        assert_eq!(line, Line { from: Stream::Stderr, text: "loss \u{fffd} 0.5".to_owned() });
        assert_eq!(Line::received(b"running 1 test"), None);
    }

    #[test]
    fn of_a_line_without_end_the_end_is_kept() {
        let mut lines = Lines::new(Stream::Stdout);
        for _ in 0..20 {
            assert!(lines.push(&[b'a'; 1 << 20]).is_empty());
        }
        let sent = lines.push(b" loss: 0.5\n");
        let received = received(&sent).remove(0);
        assert_eq!(received.len(), LONGEST);
        assert!(received.ends_with("aa loss: 0.5"));
    }
}
