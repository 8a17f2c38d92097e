//! Where expression templates can be applied: the places of a file that match either side of a pair.
//!
//! One walk for each folder of templates. Inside a match only what its metavariables stand for is
//! searched, so a place counts once whichever of the folder's templates is there, and the places
//! of a function keep their numbers.

use std::collections::BTreeMap;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr};

use super::canonical::exact;
use super::parse::Parsed;
use super::pattern::{Bindings, Pair, Side, bare, is_operand};
use super::scope::type_name;
use super::uncompiled::Uncompiled;

/// A pair of a template.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) folder: String,
    /// The file name of its template.
    pub(super) template: String,
    pub(super) pair: Pair,
}

/// An expression that a folder's templates can replace, or have replaced.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) folder: String,
    /// Modules, type and function around it.
    pub(super) scope: String,
    pub(super) range: Range<usize>,
    pub(super) line: usize,
    pub(super) indent: String,
    /// What it matches: index of the pattern, side, and what the metavariables stand for.
    pub(super) sides: Vec<(usize, Side, BTreeMap<String, Bound>)>,
}

/// The expression that a metavariable stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// Where it is; several places if the pattern names it several times.
    pub(super) ranges: Vec<Range<usize>>,
    /// Its tokens.
    pub(super) tokens: String,
    pub(super) is_operand: bool,
}

/// All matches in what is compiled of a file; for each folder in the order of their bytes, outer ones first.
pub(super) fn find(parsed: &Parsed<'_>, uncompiled: &Uncompiled, patterns: &[Pattern]) -> Vec<Match> {
    let mut folders: Vec<&str> = patterns.iter().map(|pattern| pattern.folder.as_str()).collect();
    folders.dedup();
    let mut matches = Vec::new();
    for folder in folders {
        let mut sides = Vec::new();
        for (at, pattern) in patterns.iter().enumerate().filter(|(_, pattern)| pattern.folder == folder) {
            for side in [Side::Before, Side::After] {
                sides.push((at, side, &pattern.pair, pattern.pair.pattern(side)));
            }
        }
        let mut finder = Finder { parsed, folder, sides: &sides, scope: Vec::new(), matches: &mut matches };
        finder.visit_file(&parsed.tree);
    }
    matches.retain(|found| !uncompiled.contains(found.range.start));
    matches
}

struct Finder<'a> {
    parsed: &'a Parsed<'a>,
    folder: &'a str,
    sides: &'a [(usize, Side, &'a Pair, Expr)],
    scope: Vec<String>,
    matches: &'a mut Vec<Match>,
}

impl Finder<'_> {
    fn within(&mut self, name: Option<String>, visit: impl FnOnce(&mut Self)) {
        let depth = self.scope.len();
        self.scope.extend(name);
        visit(self);
        self.scope.truncate(depth);
    }

    fn bound(&self, bindings: Bindings<'_>) -> BTreeMap<String, Bound> {
        let mut all = BTreeMap::<String, Bound>::new();
        for (name, expr) in bindings {
            let bound = all.entry(name).or_insert_with(|| Bound {
                ranges: Vec::new(),
                tokens: exact(expr),
                is_operand: is_operand(expr),
            });
            bound.ranges.push(self.parsed.range(expr.span()));
        }
        all
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let found: Vec<_> = self
            .sides
            .iter()
            .filter_map(|(at, side, pair, pattern)| Some((*at, *side, pair.bind(pattern, expr)?)))
            .collect();
        // Parentheses are not a separate place.
        let Some((_, _, bindings)) = found.first().filter(|_| std::ptr::eq(bare(expr), expr)) else {
            return visit::visit_expr(self, expr);
        };
        let is_first = |at: usize| bindings[..at].iter().all(|(name, _)| *name != bindings[at].0);
        let inner = (0..bindings.len()).filter(|at| is_first(*at)).map(|at| bindings[at].1);
        let inner: Vec<&'ast Expr> = inner.collect();
        let range = self.parsed.range(expr.span());
        let sides = found.into_iter().map(|(at, side, bindings)| (at, side, self.bound(bindings)));
        self.matches.push(Match {
            folder: self.folder.to_owned(),
            scope: self.scope.join("::"),
            line: self.parsed.line(range.start),
            indent: self.parsed.indent(range.start).to_owned(),
            sides: sides.collect(),
            range,
        });
        for bound in inner {
            self.visit_expr(bound);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let name = item.sig.ident.to_string();
        self.within(Some(name), |finder| visit::visit_item_fn(finder, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let name = item.sig.ident.to_string();
        self.within(Some(name), |finder| visit::visit_impl_item_fn(finder, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = type_name(&item.self_ty);
        self.within(name, |finder| visit::visit_item_impl(finder, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        self.within(Some(name), |finder| visit::visit_item_mod(finder, item));
    }

    /// Attributes hold no code that runs.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}
