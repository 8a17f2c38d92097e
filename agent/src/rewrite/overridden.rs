//! Defaults of a configuration that no program ever has: wherever one is made, the value is set at once.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprMethodCall, Macro, Path};

use super::parse::Parsed;
use super::scope::type_name;
use super::uncompiled::Uncompiled;

const MAKER: &str = "new";
/// Traits by which a configuration can be made without naming it.
const MAKING_TRAITS: [&str; 2] = ["Config", "Default"];

/// How the configurations of a program are made.
#[derive(Debug, Default)]
pub(super) struct Makings {
    /// For each type, the methods that are called at once on what each `Type::new(..)` returns.
    chains: BTreeMap<String, Vec<BTreeSet<String>>>,
    /// How often each type is named to make one, in that way or another.
    named: BTreeMap<String, usize>,
    /// Whether something is made that is not named.
    is_unclear: bool,
}

impl Makings {
    pub(super) fn read(&mut self, parsed: &Parsed<'_>, uncompiled: &Uncompiled) {
        let mut walk = Walk { parsed, uncompiled, makings: self, owner: None };
        walk.visit_file(&parsed.tree);
    }

    /// A text that is not understood makes whatever it names.
    pub(super) fn words(&mut self, text: &str) {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()) {
            self.name(word.to_owned());
        }
    }

    /// Whether every `owner` is made by `new` and gets another `field` at once.
    pub(super) fn override_default(&self, owner: &str, field: &str) -> bool {
        let setter = format!("with_{field}");
        let chains = self.chains.get(owner).map_or(&[][..], Vec::as_slice);
        !self.is_unclear
            && !chains.is_empty()
            && self.named.get(owner) == Some(&chains.len())
            && chains.iter().all(|methods| methods.contains(&setter))
    }

    fn name(&mut self, name: String) {
        *self.named.entry(name).or_default() += 1;
    }
}

struct Walk<'a> {
    parsed: &'a Parsed<'a>,
    uncompiled: &'a Uncompiled,
    makings: &'a mut Makings,
    /// The type of the `impl` around.
    owner: Option<String>,
}

impl Walk<'_> {
    fn named(&self, segment: &syn::PathSegment) -> Option<String> {
        let name = segment.ident.to_string();
        if name == "Self" { self.owner.clone() } else { Some(name) }
    }

    fn is_compiled(&self, path: &Path) -> bool {
        let first = path.segments.first();
        first.is_none_or(|first| !self.uncompiled.contains(self.parsed.range(first.ident.span()).start))
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => self.makings.name(ident.to_string()),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }

    /// The type that a call makes.
    fn made(&self, call: &ExprCall) -> Option<String> {
        let Expr::Path(callee) = &*call.func else { return None };
        let [.., owner, method] = &callee.path.segments.iter().collect::<Vec<_>>()[..] else { return None };
        if method.ident == MAKER && self.is_compiled(&callee.path) { self.named(owner) } else { None }
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let mut methods = BTreeSet::from([call.method.to_string()]);
        let mut arguments = vec![&call.args];
        let mut receiver = &*call.receiver;
        while let Expr::MethodCall(inner) = receiver {
            methods.insert(inner.method.to_string());
            arguments.push(&inner.args);
            receiver = &inner.receiver;
        }
        if let Expr::Call(base) = receiver
            && let Some(owner) = self.made(base)
        {
            self.makings.chains.entry(owner).or_default().push(methods);
        }
        self.visit_expr(receiver);
        arguments.into_iter().flatten().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.visit_making(&path.path);
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        if let Some(owner) = made.path.segments.last().filter(|_| self.is_compiled(&made.path))
            && let Some(owner) = self.named(owner)
        {
            self.makings.name(owner);
        }
        visit::visit_expr_struct(self, made);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let outer = std::mem::replace(&mut self.owner, type_name(&item.self_ty));
        visit::visit_item_impl(self, item);
        self.owner = outer;
    }
}

impl Walk<'_> {
    fn visit_making(&mut self, path: &Path) {
        let [.., owner, _] = &path.segments.iter().collect::<Vec<_>>()[..] else { return };
        if !self.is_compiled(path) {
            return;
        }
        if MAKING_TRAITS.iter().any(|name| owner.ident == name) {
            self.makings.is_unclear = true;
        }
        if let Some(owner) = self.named(owner) {
            self.makings.name(owner);
        }
    }
}
