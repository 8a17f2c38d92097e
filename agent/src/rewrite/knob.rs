//! Finds the knobs of a file: literals with a name, whose value can be another of the same kind.
//!
//! It finds their places and names. `ladder` decides which values they can take.

use std::ops::Range;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, ExprMethodCall, Field, Lit, Meta, Token, Type};

use super::literal::Literal;
use super::parse::Parsed;
use super::scope::{Doc, type_name};

/// Beginning of the methods whose argument is a knob.
const SETTER: &str = "with_";

/// What gives a literal its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Constant,
    /// A field of a configuration that has a default.
    Default,
    /// A method that sets something.
    Setter,
}

/// A literal in a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Knob {
    /// `learning_rate_factor::WARMUP`, without the file. Not unique yet.
    pub(super) name: String,
    /// `WARMUP`.
    pub(super) own_name: String,
    pub(super) kind: Kind,
    /// The literal, including its sign.
    pub(super) range: Range<usize>,
    pub(super) line: usize,
    pub(super) doc: String,
    /// The literal as written.
    pub(super) text: String,
    /// The largest value of its type.
    pub(super) most: f64,
    pub(super) listed: Option<Vec<String>>,
    /// Whether its documentation says to leave it alone.
    pub(super) is_fixed: bool,
}

impl Knob {
    /// Its name with that of its file: `model::learning_rate_factor::WARMUP`.
    pub(super) fn name_in(&self, file: &str) -> String {
        let joint = if self.name.starts_with('.') { "" } else { "::" };
        format!("{file}{joint}{}", self.name)
    }
}

/// All knobs of a file, in the order of their bytes.
pub(super) fn find(parsed: &Parsed<'_>) -> Vec<Knob> {
    let mut finder = Finder { parsed, scope: Vec::new(), knobs: Vec::new() };
    finder.visit_file(&parsed.tree);
    finder.knobs.sort_by_key(|knob| knob.range.start);
    finder.knobs
}

struct Finder<'a> {
    parsed: &'a Parsed<'a>,
    /// Modules, types and functions around the current node.
    scope: Vec<String>,
    knobs: Vec<Knob>,
}

/// What is known about a literal before it is read.
struct Found<'a> {
    own_name: String,
    kind: Kind,
    /// The text between the scope and the own name.
    joint: &'a str,
    ty: Option<&'a Type>,
    doc: Doc,
}

impl Finder<'_> {
    fn within(&mut self, name: Option<String>, visit: impl FnOnce(&mut Self)) {
        let depth = self.scope.len();
        self.scope.extend(name);
        visit(self);
        self.scope.truncate(depth);
    }

    fn constant(&mut self, attributes: &[Attribute], name: String, ty: &Type, value: &Expr) {
        if !is_text(value) {
            let found = Found {
                own_name: name,
                kind: Kind::Constant,
                joint: "::",
                ty: Some(ty),
                doc: Doc::read(attributes),
            };
            self.literal(found, value);
        }
    }

    fn config_default(&mut self, field: &Field, name: String) {
        let attributes = field.attrs.iter().filter(|attribute| attribute.path().is_ident("config"));
        for attribute in attributes {
            let metas = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            for meta in metas.into_iter().flatten() {
                if let Meta::NameValue(default) = meta
                    && default.path.is_ident("default")
                {
                    let doc = Doc::read(&field.attrs);
                    self.literal(
                        Found {
                            own_name: name.clone(),
                            kind: Kind::Default,
                            joint: ".",
                            ty: Some(&field.ty),
                            doc,
                        },
                        &default.value,
                    );
                }
            }
        }
    }

    /// Adds the literal as a knob if it is one.
    fn literal(&mut self, found: Found<'_>, value: &Expr) {
        let Some(range) = literal_range(self.parsed, value) else { return };
        let text = &self.parsed.text[range.clone()];
        if Literal::parse(text).is_none() {
            return;
        }
        let scope = self.scope.join("::");
        let joint = if scope.is_empty() { "" } else { found.joint };
        self.knobs.push(Knob {
            name: format!("{scope}{joint}{}", found.own_name),
            own_name: found.own_name,
            kind: found.kind,
            line: self.parsed.line(range.start),
            doc: found.doc.text,
            text: text.to_owned(),
            most: largest(found.ty, text),
            listed: found.doc.ladder,
            is_fixed: found.doc.is_fixed,
            range,
        });
    }
}

fn is_text(value: &Expr) -> bool {
    matches!(value, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }))
}

/// The bytes of a number or boolean: `-` included, quotes of `default = "0.1"` not.
fn literal_range(parsed: &Parsed<'_>, value: &Expr) -> Option<Range<usize>> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(_) | Lit::Float(_) | Lit::Bool(_), .. }) => {
            Some(parsed.range(value.span()))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let quoted = parsed.range(text.span());
            let inner = quoted.start + 1..quoted.end - 1;
            (parsed.text[inner.clone()] == text.value()).then_some(inner)
        }
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            let number = literal_range(parsed, &unary.expr)?;
            Some(parsed.range(unary.op.span()).start..number.end)
        }
        _ => None,
    }
}

/// The largest value of the type of a small integer; nothing bounds the others in practice.
fn largest(ty: Option<&Type>, literal: &str) -> f64 {
    let name = ty.and_then(type_name).unwrap_or_default();
    let is = |small: &str| name == small || literal.ends_with(small);
    match () {
        () if is("i8") => i8::MAX.into(),
        () if is("u8") => u8::MAX.into(),
        () if is("i16") => i16::MAX.into(),
        () if is("u16") => u16::MAX.into(),
        () if is("i32") => i32::MAX.into(),
        () if is("u32") => u32::MAX.into(),
        () => f64::MAX,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant(&item.attrs, item.ident.to_string(), &item.ty, &item.expr);
        visit::visit_item_const(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant(&item.attrs, item.ident.to_string(), &item.ty, &item.expr);
        visit::visit_item_static(self, item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant(&item.attrs, item.ident.to_string(), &item.ty, &item.expr);
        visit::visit_impl_item_const(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let name = item.sig.ident.to_string();
        self.within(Some(name), |finder| visit::visit_item_fn(finder, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let name = item.sig.ident.to_string();
        self.within(Some(name), |finder| visit::visit_impl_item_fn(finder, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let name = item.sig.ident.to_string();
        self.within(Some(name), |finder| visit::visit_trait_item_fn(finder, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = type_name(&item.self_ty);
        self.within(name, |finder| visit::visit_item_impl(finder, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let name = item.ident.to_string();
        self.within(Some(name), |finder| visit::visit_item_trait(finder, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = item.ident.to_string();
        self.within(Some(name), |finder| visit::visit_item_mod(finder, item));
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.within(Some(item.ident.to_string()), |finder| {
            for field in &item.fields {
                if let Some(name) = &field.ident {
                    finder.config_default(field, name.to_string());
                }
            }
        });
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        let method = call.method.to_string();
        if let (true, 1, Some(argument)) = (method.starts_with(SETTER), call.args.len(), call.args.first())
            && !is_text(argument)
        {
            self.literal(
                Found { own_name: method, kind: Kind::Setter, joint: ".", ty: None, doc: Doc::default() },
                argument,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::with_parsed;
    use super::*;

    fn found(text: &str) -> String {
        let knobs = with_parsed(text, find).expect("Rust");
        let knobs = knobs.iter().map(|knob| format!("{}={}", knob.name, &text[knob.range.clone()]));
        knobs.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn literals_with_a_name_are_knobs() {
        for (text, expected) in [
            ("const A: f64 = 1e-3; static B: bool = true; const C: i8 = -1;", "A=1e-3 B=true C=-1"),
            ("impl X { const A: usize = 1; fn f() { const B: u8 = 2u8; } }", "X::A=1 X::f::B=2u8"),
            ("mod m { fn f() { fn g() { const A: f32 = 1.; } } }", "m::f::g::A=1."),
            ("fn f() { x.with_a(1).with_b(-0.5).with_c(true); }", "f.with_a=1 f.with_b=-0.5 f.with_c=true"),
            (
                "struct S { #[config(default = 3)] a: u8, #[config(default = \"0.5\")] b: f64 }",
                "S.a=3 S.b=0.5",
            ),
            ("impl T for X { fn f(&self) { let c = || { const A: u8 = 1; }; } }", "X::f::A=1"),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn masks_texts_and_computed_values_are_not_knobs() {
        for text in [
            "struct S { seed: u64, b: u8 }",
            "const MASK: u32 = 0xff;",
            "const NAME: &str = \"1\";",
            "const A: usize = 4 * 64; const B: [u8; 1] = [1]; const C: f64 = X;",
            "fn f() { let a = 1; x.with_a(n); x.with_b(1, 2); x.set_c(1); m!(x.with_d(1)); x.with_e(\"1\"); }",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }

    #[test]
    fn documentation_comes_along_and_may_have_directives() {
        let text = "/// Share of it.\n/// Ladder: 1, 2,4\n/// More.\nconst A: u8 = 2;";
        let knob = with_parsed(text, find).expect("Rust").remove(0);
        assert_eq!((&*knob.doc, knob.line, knob.most), ("Share of it.\nMore.", 4, 255.0));
        assert_eq!(knob.listed.expect("a ladder"), ["1", "2", "4"]);
    }
}
