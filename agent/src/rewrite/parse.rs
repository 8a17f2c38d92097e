//! From the text of a file to its syntax tree, and from spans back to bytes of that text.
//!
//! Spans are in a table of the thread that grows with every parse. Here a tree is lent to a closure
//! and the table is emptied when the closure is done: what it returns must hold no span.

use std::ops::Range;

use proc_macro2::Span;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A file that is not Rust.
#[derive(Debug, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub(crate) struct SyntaxError {
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// A syntax tree and the text that it was read from.
pub(super) struct Parsed<'a> {
    pub(super) text: &'a str,
    pub(super) tree: syn::File,
    /// What `syn::parse_file` strips before it counts: a byte order mark and a shebang line.
    offset: usize,
    line_starts: Vec<usize>,
}

/// Parses a file and shows it to `read`. Calls must not be nested: the inner one ends the outer's spans.
pub(super) fn with_parsed<T>(text: &str, read: impl FnOnce(&Parsed<'_>) -> T) -> Result<T, SyntaxError> {
    let result = Parsed::new(text).map(|parsed| read(&parsed));
    proc_macro2::extra::invalidate_current_thread_spans();
    result
}

impl<'a> Parsed<'a> {
    fn new(text: &'a str) -> Result<Self, SyntaxError> {
        let tree = syn::parse_file(text).map_err(|error| SyntaxError::new(&error))?;
        let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let offset = mark + tree.shebang.as_ref().map_or(0, String::len);
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Ok(Self { text, tree, offset, line_starts })
    }

    /// The bytes of `text` that a span of `tree` covers.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.offset..range.end + self.offset
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= byte)
    }

    /// White space at the beginning of the line of a byte.
    pub(super) fn indent(&self, byte: usize) -> &'a str {
        let line = &self.text[self.line_starts[self.line(byte) - 1]..];
        let line = line.trim_start_matches(BYTE_ORDER_MARK);
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }
}

impl SyntaxError {
    fn new(error: &syn::Error) -> Self {
        let start = error.span().start();
        Self { line: start.line, column: start.column + 1, message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of_first_item(text: &str) -> String {
        with_parsed(text, |parsed| {
            let span = syn::spanned::Spanned::span(&parsed.tree.items[0]);
            format!("{}@{}", &text[parsed.range(span)], parsed.line(parsed.range(span).start))
        })
        .expect("the text is Rust")
    }

    #[test]
    fn ranges_are_those_of_the_file_after_marks_shebangs_and_carriage_returns() {
        let item = "const É: f64 = 1e-3;";
        for prefix in
            ["", "\u{feff}", "#!/usr/bin/env rust\n", "\u{feff}#!/usr/bin/é\n", "// é\r\n", "#![allow(x)]\n"]
        {
            let line = prefix.matches('\n').count() + 1;
            assert_eq!(
                text_of_first_item(&format!("{prefix}{item}\r\n")),
                format!("{item}@{line}"),
                "{prefix:?}"
            );
        }
    }

    #[test]
    fn an_error_says_where() {
        let error = with_parsed("fn f() {}\nfn g( {}\n", |_| ()).expect_err("not Rust");
        assert_eq!((error.line, error.column), (2, 5), "{error}");
    }
}
