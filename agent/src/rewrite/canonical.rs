//! Tokens as one comparable text: layout, comments and trailing commas do not count, nor do knobs.
//!
//! It decides nothing: the code that compares knows what the texts mean.

use std::ops::Range;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Signature;

use super::parse::Parsed;

/// The placeholder for the literal of a knob.
const BLANK: &str = "?";

/// The tokens as they are.
pub(super) fn exact(node: &impl ToTokens) -> String {
    let mut form = String::new();
    write(node.to_token_stream(), &|_| false, &mut form);
    form
}

/// The tokens of a signature, without the `_` before a parameter that is not used.
pub(super) fn interface(signature: &Signature) -> String {
    let tokens = exact(signature);
    let names =
        tokens.split(' ').map(|token| if token == "_" { token } else { token.trim_start_matches('_') });
    names.collect::<Vec<_>>().join(" ")
}

/// The tokens with the literals in `knobs` left blank, so that a program whose knobs were turned has
/// still the same form.
pub(super) fn form(node: &impl ToTokens, parsed: &Parsed<'_>, knobs: &[Range<usize>]) -> String {
    let is_knob = |token: &TokenTree| {
        let range = parsed.range(token.span());
        knobs.iter().any(|knob| knob.start < range.end && range.start < knob.end)
    };
    let mut form = String::new();
    write(node.to_token_stream(), &is_knob, &mut form);
    form
}

fn write(tokens: TokenStream, is_knob: &dyn Fn(&TokenTree) -> bool, out: &mut String) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                out.push_str(open);
                write(group.stream(), is_knob, out);
                out.push_str(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' && tokens.peek().is_none() => continue,
            TokenTree::Punct(punct) if punct.as_char() == '-' && is_knob(&token) => continue,
            TokenTree::Literal(_) if is_knob(&token) => out.push_str(BLANK),
            TokenTree::Ident(ident) if (*ident == "true" || *ident == "false") && is_knob(&token) => {
                out.push_str(BLANK);
            }
            other => out.push_str(&other.to_string()),
        }
        out.push(' ');
    }
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("( ", ")"),
        Delimiter::Brace => ("{ ", "}"),
        Delimiter::Bracket => ("[ ", "]"),
        Delimiter::None => ("", ""),
    }
}
