//! The `use` items of a file, and the ones that templates add to it.
//!
//! What is added is kept sorted in one block below the file's own imports, so that a program's text
//! depends on its values alone and not on the order of its edits.

use std::collections::BTreeSet;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::{Item, UseTree};

use super::parse::Parsed;

/// One imported name, as the path that a `use` of it alone has: `burn::nn::RmsNorm`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) path: String,
    /// The name in the file; `None` for `*`.
    name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Imports {
    /// The `use` items outside modules, in order.
    items: Vec<(Range<usize>, Vec<Import>)>,
    /// Where the first item of the file begins.
    head: usize,
}

impl Imports {
    pub(super) fn read(parsed: &Parsed<'_>) -> Self {
        let items = parsed.tree.items.iter().filter_map(|item| match item {
            Item::Use(item) => {
                let mut leaves = Vec::new();
                let root = if item.leading_colon.is_some() { "::" } else { "" };
                flatten(&item.tree, root, &mut leaves);
                Some((parsed.range(item.span()), leaves))
            }
            _ => None,
        });
        let head =
            parsed.tree.items.first().map_or(parsed.text.len(), |item| parsed.range(item.span()).start);
        Self { items: items.collect(), head }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Import> {
        self.items.iter().flat_map(|(_, leaves)| leaves)
    }

    /// Whether a file with these imports needs no `use` for `import`.
    pub(super) fn cover(&self, import: &Import) -> bool {
        self.all().any(|own| own.path == import.path || own.name.is_some() && own.name == import.name)
    }

    /// What has to be replaced so that of `pool`, which holds all that templates may add to this file,
    /// exactly `wanted` is there; `None` if that is so.
    pub(super) fn set(
        &self,
        text: &str,
        pool: &BTreeSet<Import>,
        wanted: &BTreeSet<Import>,
    ) -> Option<(Range<usize>, String)> {
        let is_added = |leaves: &[Import]| matches!(leaves, [one] if pool.contains(one));
        let (added, own): (Vec<_>, Vec<_>) = self.items.iter().partition(|(_, leaves)| is_added(leaves));
        if added.iter().flat_map(|(_, leaves)| leaves).eq(wanted) {
            return None;
        }
        let newline = newline(text);
        let lines: Vec<String> = wanted.iter().map(|import| format!("use {};", import.path)).collect();
        let (first, last) = (added.first(), added.last());
        Some(match own.last() {
            Some((own, _)) => {
                let start = own.end + rest_of_line(&text[own.end..]);
                let end = last.map_or(start, |(range, _)| range.end);
                (start..end, lines.iter().map(|line| format!("{newline}{line}")).collect())
            }
            None => {
                let start = first.map_or(self.head, |(range, _)| range.start);
                let end = last.map_or(start, |(range, _)| range.end + newline.len());
                (start..end, lines.iter().map(|line| format!("{line}{newline}")).collect())
            }
        })
    }
}

/// How a file ends its lines.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// How much of the line belongs to the previous item: nothing, or a comment.
fn rest_of_line(text: &str) -> usize {
    let line = text.lines().next().unwrap_or_default();
    if line.trim_start().starts_with("//") { line.len() } else { 0 }
}

fn flatten(tree: &UseTree, path: &str, leaves: &mut Vec<Import>) {
    let leaf = |path: String, name| Import { path, name };
    match tree {
        UseTree::Path(inner) => flatten(&inner.tree, &format!("{path}{}::", inner.ident), leaves),
        UseTree::Name(inner) => {
            leaves.push(leaf(format!("{path}{}", inner.ident), Some(inner.ident.to_string())))
        }
        UseTree::Rename(inner) => leaves
            .push(leaf(format!("{path}{} as {}", inner.ident, inner.rename), Some(inner.rename.to_string()))),
        UseTree::Glob(_) => leaves.push(leaf(format!("{path}*"), None)),
        UseTree::Group(group) => group.items.iter().for_each(|inner| flatten(inner, path, leaves)),
    }
}
