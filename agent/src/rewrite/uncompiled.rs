//! Finds the parts of a file that are not compiled: what stands below `#[cfg(..)]` of another build, tests, and the
//! branch of `if cfg!(..)` that is not taken.

use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprIf, ImplItem, Item, Meta, Stmt, TraitItem};

use super::build::Build;
use super::parse::Parsed;

/// Byte ranges that are not part of a program.
#[derive(Clone, Debug, Default)]
pub(super) struct Uncompiled(Vec<Range<usize>>);

impl Uncompiled {
    pub(super) fn read(parsed: &Parsed<'_>, build: &Build) -> Self {
        let mut finder = Finder { parsed, build, found: Vec::new() };
        finder.visit_file(&parsed.tree);
        Self(finder.found)
    }

    pub(super) fn contains(&self, byte: usize) -> bool {
        self.0.iter().any(|range| range.contains(&byte))
    }
}

struct Finder<'a> {
    parsed: &'a Parsed<'a>,
    build: &'a Build,
    found: Vec<Range<usize>>,
}

impl Finder<'_> {
    fn add(&mut self, span: Span) {
        self.found.push(self.parsed.range(span));
    }

    /// Whether the attributes exclude what has this span, which is noted.
    fn excludes(&mut self, attributes: &[Attribute], span: impl FnOnce() -> Span) -> bool {
        let excludes = self.build.excludes(attributes);
        if excludes {
            self.add(span());
        }
        excludes
    }
}

/// The attributes of a node, which each of these variants has.
macro_rules! attributes {
    ($node:expr, $kind:ident: $($variant:ident)*) => {
        match $node {
            $($kind::$variant(inner) => &inner.attrs,)*
            _ => &[][..],
        }
    };
}

fn of_item(item: &Item) -> &[Attribute] {
    attributes!(item, Item: Const Enum ExternCrate Fn ForeignMod Impl Macro Mod Static Struct Trait TraitAlias Type Union Use)
}

fn of_expression(expr: &Expr) -> &[Attribute] {
    attributes!(expr, Expr: Array Assign Async Await Binary Block Break Call Cast Closure Const Continue Field ForLoop
        Group If Index Infer Let Lit Loop Macro Match MethodCall Paren Path Range RawAddr Reference Repeat Return Struct
        Try TryBlock Tuple Unary Unsafe While Yield)
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_file(&mut self, file: &'ast syn::File) {
        if self.build.excludes(&file.attrs) {
            self.found.push(0..self.parsed.text.len());
        } else {
            visit::visit_file(self, file);
        }
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if !self.excludes(of_item(item), || item.span()) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = attributes!(item, ImplItem: Const Fn Type Macro);
        if !self.excludes(attributes, || item.span()) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = attributes!(item, TraitItem: Const Fn Type Macro);
        if !self.excludes(attributes, || item.span()) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes = attributes!(statement, Stmt: Local Macro);
        if !self.excludes(attributes, || statement.span()) {
            visit::visit_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if !self.excludes(of_expression(expr), || expr.span()) {
            visit::visit_expr(self, expr);
        }
    }

    fn visit_expr_if(&mut self, branch: &'ast ExprIf) {
        let asked = match &*branch.cond {
            Expr::Macro(call) if call.mac.path.is_ident("cfg") => call.mac.parse_body::<Meta>().ok(),
            _ => None,
        };
        match (asked.and_then(|predicate| self.build.holds(&predicate)), &branch.else_branch) {
            (Some(false), _) => self.add(branch.then_branch.span()),
            (Some(true), Some((_, other))) => self.add(other.span()),
            _ => {}
        }
        visit::visit_expr_if(self, branch);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if !self.excludes(&arm.attrs, || arm.span()) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !self.excludes(&field.attrs, || field.span()) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !self.excludes(&field.attrs, || field.span()) {
            visit::visit_field_value(self, field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::with_parsed;
    use super::*;

    /// The text without what is not compiled.
    fn compiled(text: &str) -> String {
        let build = Build { features: ["on".to_owned()].into(), ..Build::default() };
        let uncompiled = with_parsed(text, |parsed| Uncompiled::read(parsed, &build)).expect("Rust");
        text.char_indices().filter(|(at, _)| !uncompiled.contains(*at)).map(|(_, c)| c).collect()
    }

    #[test]
    fn what_another_build_compiles_is_found_wherever_it_stands() {
        for (text, expected) in [
            ("#![cfg(test)]\nconst A: u8 = 1;", ""),
            ("#[cfg(test)] mod t { const A: u8 = 1; } const B: u8 = 1;", " const B: u8 = 1;"),
            ("mod t { #![cfg(test)] const A: u8 = 1; }", ""),
            ("#[tokio::test] async fn t() {} fn f() {}", " fn f() {}"),
            ("#[cfg(feature = \"on\")] fn f() {}", "#[cfg(feature = \"on\")] fn f() {}"),
            ("#[cfg(feature = \"off\")] fn f() {}", ""),
            ("impl X { #[cfg(feature = \"off\")] const A: u8 = 1; fn f() {} }", "impl X {  fn f() {} }"),
            ("trait X { #[cfg(feature = \"off\")] const A: u8 = 1; }", "trait X {  }"),
            ("fn f() { #[cfg(feature = \"off\")] let a = 1; b() }", "fn f() {  b() }"),
            ("fn f() { #[cfg(feature = \"off\")] { const A: u8 = 1; } b() }", "fn f() {  b() }"),
            ("fn f() { #[cfg(feature = \"off\")] x.with_a(1); b() }", "fn f() { ; b() }"),
            ("fn f() { match x { #[cfg(test)] 1 => a(), _ => b() } }", "fn f() { match x {  _ => b() } }"),
            ("struct S { #[cfg(test)] a: u8, b: u8 }", "struct S { , b: u8 }"),
            ("fn f() { S { #[cfg(test)] a: x.with_b(1), b } }", "fn f() { S { , b } }"),
            ("fn f() { if cfg!(test) { a() } else { b() } }", "fn f() { if cfg!(test)  else { b() } }"),
            (
                "fn f() { if cfg!(not(test)) { a() } else { b() } }",
                "fn f() { if cfg!(not(test)) { a() } else  }",
            ),
            (
                "fn f() { if cfg!(unheard_of) { a() } else { b() } }",
                "fn f() { if cfg!(unheard_of) { a() } else { b() } }",
            ),
        ] {
            assert_eq!(compiled(text), expected, "{text}");
        }
    }
}
