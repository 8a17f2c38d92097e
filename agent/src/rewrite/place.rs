//! The places of a file that a template can fill: bodies of functions, structs and impls.
//!
//! A target and a template are read alike. `choice` decides which template fills which place.

use std::ops::Range;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Attribute, Block, ImplItem, Item, ItemImpl, ItemStruct, PatIdent, Signature, Visibility};

use super::canonical::{exact, form, interface};
use super::parse::Parsed;
use super::scope::{Doc, type_name};
use super::uncompiled::Uncompiled;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The block of a function.
    Body,
    /// A struct or an impl, with attributes and documentation.
    Item,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `fn f`, `fn X::f`, `struct X`, `impl X` or `impl Trait for X`.
    pub(super) key: String,
    /// The struct `X` of this place; empty for a free function.
    pub(super) owner: String,
    pub(super) extent: Extent,
    /// What must be equal in a template for it to fit: the signature, or those of the public functions.
    pub(super) interface: String,
    pub(super) range: Range<usize>,
    /// The names in the parameters of a function and where they are: a body that uses a parameter takes the
    /// `_` from its name.
    pub(super) parameters: Vec<(String, Range<usize>)>,
    /// Its tokens, knobs left blank, after the names of the parameters.
    pub(super) form: String,
    pub(super) line: usize,
    /// White space before the item.
    pub(super) indent: String,
    pub(super) doc: String,
}

/// The places of a file whose key is wanted, including those of inline modules but not those that are not compiled.
pub(super) fn find(
    parsed: &Parsed<'_>,
    uncompiled: &Uncompiled,
    knobs: &[Range<usize>],
    wanted: &dyn Fn(&str) -> bool,
) -> Vec<Place> {
    let mut finder = Finder { parsed, knobs, wanted, places: Vec::new() };
    finder.items(&parsed.tree.items);
    finder.places.retain(|place| !uncompiled.contains(place.range.start));
    finder.places
}

struct Finder<'a> {
    parsed: &'a Parsed<'a>,
    knobs: &'a [Range<usize>],
    wanted: &'a dyn Fn(&str) -> bool,
    places: Vec<Place>,
}

impl Finder<'_> {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Fn(item) => self.function("", &item.attrs, &item.sig, &item.block),
                Item::Struct(item) => self.structure(item),
                Item::Impl(item) => self.implementation(item),
                Item::Mod(item) => {
                    self.items(item.content.as_ref().map_or(&[], |(_, items)| items));
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, owner: &str, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let joint = if owner.is_empty() { "" } else { "::" };
        let key = format!("fn {owner}{joint}{}", signature.ident);
        if !(self.wanted)(&key) {
            return;
        }
        let head = self.parsed.range(signature.span()).start;
        let mut names = Names { parsed: self.parsed, found: Vec::new() };
        names.visit_signature(signature);
        let form = names.found.iter().map(|(name, _)| format!("{name} ")).collect::<String>()
            + &form(block, self.parsed, self.knobs);
        self.places.push(Place {
            key,
            owner: owner.to_owned(),
            extent: Extent::Body,
            interface: interface(signature),
            range: self.parsed.range(block.brace_token.span.join()),
            parameters: names.found,
            form,
            line: self.parsed.line(head),
            indent: self.parsed.indent(head).to_owned(),
            doc: Doc::read(attributes).text,
        });
    }

    fn structure(&mut self, item: &ItemStruct) {
        let owner = item.ident.to_string();
        self.item(format!("struct {owner}"), owner, &item.attrs, item, || exact(&item.generics));
    }

    fn implementation(&mut self, item: &ItemImpl) {
        let Some(owner) = type_name(&item.self_ty) else { return };
        let key = match &item.trait_ {
            Some((path, _)) => format!("impl {} for {owner}", exact(path).trim_end()),
            None => format!("impl {owner}"),
        };
        self.item(key, owner.clone(), &item.attrs, item, || {
            let functions = if item.trait_.is_none() { public_functions(item) } else { String::new() };
            format!("{} {} {functions}", exact(&item.generics), exact(&item.self_ty))
        });
        for inner in &item.items {
            if let ImplItem::Fn(inner) = inner {
                self.function(&owner, &inner.attrs, &inner.sig, &inner.block);
            }
        }
    }

    fn item(
        &mut self,
        key: String,
        owner: String,
        attributes: &[Attribute],
        item: &impl ToTokens,
        interface: impl FnOnce() -> String,
    ) {
        if !(self.wanted)(&key) {
            return;
        }
        let range = self.parsed.range(item.span());
        self.places.push(Place {
            key,
            owner,
            extent: Extent::Item,
            interface: interface(),
            parameters: Vec::new(),
            form: form(item, self.parsed, self.knobs),
            line: self.parsed.line(range.start),
            indent: self.parsed.indent(range.start).to_owned(),
            doc: Doc::read(attributes).text,
            range,
        });
    }
}

/// The signatures of the functions that others can call, sorted.
fn public_functions(item: &ItemImpl) -> String {
    let signatures = item.items.iter().filter_map(|inner| match inner {
        ImplItem::Fn(inner) if !matches!(inner.vis, Visibility::Inherited) => Some(interface(&inner.sig)),
        _ => None,
    });
    let mut signatures: Vec<String> = signatures.collect();
    signatures.sort();
    signatures.join("; ")
}

/// Finds the names that the patterns of a signature bind.
struct Names<'a> {
    parsed: &'a Parsed<'a>,
    found: Vec<(String, Range<usize>)>,
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.found.push((pattern.ident.to_string(), self.parsed.range(pattern.ident.span())));
    }
}
