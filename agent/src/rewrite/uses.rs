//! Reads where the values of names go in one file, for `flow`.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, ExprCall, ExprLit, ExprMethodCall, Lit, Local, Macro, Pat, Path, Stmt,
    Token,
};

use super::flow::{Flow, Name, Sink};
use super::parse::Parsed;
use super::uncompiled::Uncompiled;

/// Macros whose arguments are printed.
const PRINTING: [&str; 12] = [
    "print", "println", "eprint", "eprintln", "write", "writeln", "log", "trace", "debug", "info", "warn",
    "error",
];
/// Those of them whose first argument says where.
const WRITING: [&str; 2] = ["write", "writeln"];
/// Macros whose value is made of their arguments.
const MAKING: [&str; 3] = ["format", "format_args", "dbg"];
/// Methods whose result is made of the receiver and the arguments, and that do nothing else.
const PURE: [&str; 31] = [
    "abs",
    "acos",
    "asin",
    "atan",
    "ceil",
    "clamp",
    "clone",
    "cos",
    "exp",
    "exp2",
    "expect",
    "floor",
    "into",
    "ln",
    "ln_1p",
    "log10",
    "log2",
    "max",
    "min",
    "mul_add",
    "powf",
    "powi",
    "recip",
    "round",
    "sin",
    "sqrt",
    "tanh",
    "to_owned",
    "to_string",
    "unwrap",
    "unwrap_or",
];
/// Functions of that kind by the end of their path.
const CONVERSIONS: [&str; 2] = ["from", "try_from"];
const NUMBERS: [&str; 14] =
    ["f32", "f64", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "isize", "String"];
const WRAPPERS: [&str; 3] = ["Some", "Ok", "Err"];
/// Attributes that let nobody else use what they belong to.
const HARMLESS: [&str; 9] =
    ["doc", "allow", "expect", "warn", "deny", "inline", "must_use", "deprecated", "cfg"];

/// Adds the uses of a file to those of a program.
pub(super) fn read(parsed: &Parsed<'_>, uncompiled: &Uncompiled, flow: &mut Flow) {
    let mut walk = Walk { parsed, uncompiled, flow, sink: Sink::Matters, function: None, in_trait: false };
    walk.visit_file(&parsed.tree);
}

/// The function around a node.
struct Function {
    number: usize,
    /// Where its result goes.
    result: Sink,
    /// The variables that never change.
    locals: BTreeSet<String>,
}

struct Walk<'a> {
    parsed: &'a Parsed<'a>,
    uncompiled: &'a Uncompiled,
    flow: &'a mut Flow,
    /// Where the value of the current node goes.
    sink: Sink,
    function: Option<Function>,
    /// Whether the items around are those of a trait, which others use by it.
    in_trait: bool,
}

impl Walk<'_> {
    fn into(&mut self, sink: Sink, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.sink, sink);
        visit(self);
        self.sink = outer;
    }

    /// What is visited matters.
    fn matter(&mut self, visit: impl FnOnce(&mut Self)) {
        self.into(Sink::Matters, visit);
    }

    fn use_of(&mut self, ident: &Ident) {
        if !self.uncompiled.contains(self.parsed.range(ident.span()).start) {
            self.use_of_name(&ident.to_string());
        }
    }

    fn use_of_name(&mut self, name: &str) {
        if let Some(function) = self.function.as_ref().filter(|function| function.locals.contains(name)) {
            self.flow.goes(Name::Local(function.number, name.to_owned()), self.sink.clone());
        }
        // The name may be that of a constant as well.
        self.flow.goes(Name::Global(name.to_owned()), self.sink.clone());
    }

    /// All names in tokens that are not understood.
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => self.use_of(&ident),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    for word in words(&literal.to_string()) {
                        self.use_of_name(word);
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    fn constant(&mut self, attributes: &[Attribute], name: &Ident, value: &Expr) {
        let is_used = self.in_trait || !attributes.iter().all(is_harmless);
        let name = Name::Global(name.to_string());
        if name == Name::Global("_".to_owned()) {
            return self.matter(|walk| walk.visit_expr(value));
        }
        if let Name::Global(name) = &name {
            self.flow.constant(name);
        }
        if is_used {
            self.flow.goes(name.clone(), Sink::Matters);
        }
        self.into(Sink::Into(name), |walk| walk.visit_expr(value));
    }

    fn function(&mut self, attributes: &[Attribute], signature: &syn::Signature, body: &Block) {
        let name = signature.ident.to_string();
        let number = self.flow.function(&name);
        let global = Name::Global(name.clone());
        if self.in_trait || name == "main" || !attributes.iter().all(is_harmless) {
            self.flow.goes(global.clone(), Sink::Matters);
        }
        let result = match signature.output {
            syn::ReturnType::Default => Sink::Matters,
            syn::ReturnType::Type(..) => Sink::Into(global),
        };
        let mut locals = Locals::default();
        locals.visit_block(body);
        for local in &locals.0 {
            self.flow.local(Name::Local(number, local.clone()));
        }
        self.matter(|walk| walk.visit_signature(signature));
        let outer = self.function.replace(Function { number, result: result.clone(), locals: locals.0 });
        self.into(result, |walk| walk.visit_block(body));
        self.function = outer;
    }

    fn call_of_macro(&mut self, call: &Macro, sink: Sink) {
        let name = call.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        let is = |names: &[&str]| names.contains(&name.as_str());
        let sink = if is(&PRINTING) { Sink::Printed } else { sink };
        let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let (true, Ok(arguments)) = (is(&PRINTING) || is(&MAKING), arguments) else {
            return self.matter(|walk| walk.tokens(call.tokens.clone()));
        };
        for (at, argument) in arguments.iter().enumerate() {
            let sink = if at == 0 && is(&WRITING) { Sink::Matters } else { sink.clone() };
            self.into(sink, |walk| match argument {
                Expr::Assign(named) => walk.visit_expr(&named.right),
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    text.value().split('{').skip(1).for_each(|hole| {
                        let hole = hole.split('}').next().unwrap_or_default();
                        words(hole).for_each(|word| walk.use_of_name(word));
                    });
                }
                other => walk.visit_expr(other),
            });
        }
    }

    fn is_conversion(&self, callee: &Expr) -> bool {
        let Expr::Path(path) = callee else { return false };
        let segments: Vec<String> =
            path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [wrapper] => WRAPPERS.contains(&wrapper),
            [.., number, conversion] => NUMBERS.contains(&number) && CONVERSIONS.contains(&conversion),
            [] => false,
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn is_harmless(attribute: &Attribute) -> bool {
    HARMLESS.iter().any(|name| attribute.path().is_ident(name))
}

/// The name that a `let` binds, if it is one that never changes.
fn bound(local: &Local) -> Option<&Ident> {
    let mut pattern = &local.pat;
    if let Pat::Type(typed) = pattern {
        pattern = &typed.pat;
    }
    match pattern {
        Pat::Ident(name) if name.mutability.is_none() && name.by_ref.is_none() && name.subpat.is_none() => {
            Some(&name.ident)
        }
        _ => None,
    }
}

/// Collects the variables of a function that never change.
#[derive(Default)]
struct Locals(BTreeSet<String>);

impl<'ast> Visit<'ast> for Locals {
    fn visit_local(&mut self, local: &'ast Local) {
        self.0.extend(bound(local).map(ToString::to_string));
        visit::visit_local(self, local);
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        let last = path.segments.len().saturating_sub(1);
        for (at, segment) in path.segments.iter().enumerate() {
            let sink = if at == last { self.sink.clone() } else { Sink::Matters };
            self.into(sink, |walk| walk.use_of(&segment.ident));
            self.matter(|walk| walk.visit_path_arguments(&segment.arguments));
        }
    }

    fn visit_type(&mut self, ty: &'ast syn::Type) {
        self.matter(|walk| visit::visit_type(walk, ty));
    }

    fn visit_pat(&mut self, pattern: &'ast Pat) {
        if let Pat::Path(path) = pattern
            && let Some(last) = path.path.segments.last()
        {
            self.flow.pattern(&last.ident.to_string());
        }
        self.matter(|walk| visit::visit_pat(walk, pattern));
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        // A constant in a pattern looks like a variable, except that it begins with a capital.
        let name = pattern.ident.to_string();
        if name.starts_with(char::is_uppercase) {
            self.flow.pattern(&name);
            self.use_of(&pattern.ident);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let (false, syn::Meta::List(_) | syn::Meta::NameValue(_)) =
            (is_harmless(attribute), &attribute.meta)
        {
            self.matter(|walk| walk.tokens(quote::ToTokens::to_token_stream(&attribute.meta)));
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        // A name that is only brought here is not used yet.
        self.matter(|walk| visit::visit_item_use(walk, item));
    }

    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        self.use_of(&rename.ident);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let sink = self.sink.clone();
        self.call_of_macro(call, sink);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        let function = self.function.take();
        self.matter(|walk| visit::visit_item(walk, item));
        self.function = function;
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let outer = std::mem::replace(&mut self.in_trait, item.trait_.is_some());
        visit::visit_item_impl(self, item);
        self.in_trait = outer;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        let outer = std::mem::replace(&mut self.in_trait, true);
        visit::visit_item_trait(self, item);
        self.in_trait = outer;
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_type(&item.ty);
        self.constant(&item.attrs, &item.ident, &item.expr);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_type(&item.ty);
        self.constant(&item.attrs, &item.ident, &item.expr);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.visit_type(&item.ty);
        self.constant(&item.attrs, &item.ident, &item.expr);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        let outer = std::mem::replace(&mut self.in_trait, false);
        self.function(&item.attrs, &item.sig, &item.block);
        self.in_trait = outer;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.function(&item.attrs, &item.sig, &item.block);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let last = block.stmts.len().saturating_sub(1);
        for (at, statement) in block.stmts.iter().enumerate() {
            match statement {
                Stmt::Expr(expr, None) if at == last => self.visit_expr(expr),
                Stmt::Macro(call) if at == last && call.semi_token.is_none() => self.visit_macro(&call.mac),
                Stmt::Macro(call) if call.mac.path.is_ident("dbg") => {
                    self.call_of_macro(&call.mac, Sink::Printed);
                }
                other => self.matter(|walk| walk.visit_stmt(other)),
            }
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let name = bound(local).zip(self.function.as_ref());
        let name = name.map(|(ident, function)| Name::Local(function.number, ident.to_string()));
        self.visit_pat(&local.pat);
        if let Some(init) = &local.init {
            let is_simple = init.diverge.is_none();
            let sink = name.filter(|_| is_simple).map_or(Sink::Matters, Sink::Into);
            self.into(sink, |walk| walk.visit_expr(&init.expr));
            init.diverge.iter().for_each(|(_, other)| self.visit_expr(other));
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Path(_)
            | Expr::Lit(_)
            | Expr::Paren(_)
            | Expr::Group(_)
            | Expr::Reference(_)
            | Expr::Unary(_)
            | Expr::Cast(_)
            | Expr::Field(_)
            | Expr::Try(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::Macro(_)
            | Expr::Call(_)
            | Expr::MethodCall(_) => visit::visit_expr(self, expr),
            Expr::Binary(binary) if !is_assignment(&binary.op) => visit::visit_expr(self, expr),
            Expr::If(branch) => {
                self.matter(|walk| walk.visit_expr(&branch.cond));
                self.visit_block(&branch.then_branch);
                branch.else_branch.iter().for_each(|(_, other)| self.visit_expr(other));
            }
            Expr::Match(choice) => {
                self.matter(|walk| walk.visit_expr(&choice.expr));
                for arm in &choice.arms {
                    arm.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
                    self.visit_pat(&arm.pat);
                    self.visit_expr(&arm.body);
                }
            }
            Expr::Return(result) => {
                let sink = self.function.as_ref().map_or(Sink::Matters, |function| function.result.clone());
                let value = result.expr.as_deref();
                value.into_iter().for_each(|value| self.into(sink.clone(), |walk| walk.visit_expr(value)));
            }
            // `return` leaves a closure there, and not the function.
            Expr::Closure(_) | Expr::Async(_) => {
                let outer = self
                    .function
                    .as_mut()
                    .map(|function| std::mem::replace(&mut function.result, Sink::Matters));
                self.matter(|walk| visit::visit_expr(walk, expr));
                if let (Some(function), Some(result)) = (self.function.as_mut(), outer) {
                    function.result = result;
                }
            }
            _ => self.matter(|walk| visit::visit_expr(walk, expr)),
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        self.visit_expr(&call.func);
        let sink = if self.is_conversion(&call.func) { self.sink.clone() } else { Sink::Matters };
        self.into(sink, |walk| call.args.iter().for_each(|argument| walk.visit_expr(argument)));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let sink = if PURE.iter().any(|method| call.method == method) {
            self.sink.clone()
        } else {
            self.use_of(&call.method);
            Sink::Matters
        };
        call.turbofish.iter().for_each(|generics| {
            self.matter(|walk| walk.visit_angle_bracketed_generic_arguments(generics));
        });
        self.into(sink, |walk| {
            walk.visit_expr(&call.receiver);
            call.args.iter().for_each(|argument| walk.visit_expr(argument));
        });
    }
}

fn is_assignment(operator: &BinOp) -> bool {
    use quote::ToTokens;
    let text = operator.to_token_stream().to_string();
    text.ends_with('=') && !["==", "!=", "<=", ">="].contains(&text.as_str())
}
