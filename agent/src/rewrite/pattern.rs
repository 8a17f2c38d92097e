//! An expression template: pairs of functions `before` and `after`, whose parameters stand for any expression.
//!
//! It matches one expression against one pattern. `expression` decides where a file is searched.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, ExprPath, FnArg, Item, ItemFn, Pat, Path, Stmt, Token};

use super::canonical::exact;
use super::parse::Parsed;

const BEFORE: &str = "before";
const AFTER: &str = "after";
/// How far `prettyplease` indents the body of a function.
const BODY_INDENT: &str = "    ";

/// `before` and `after`, or `before_2` and `after_2`, ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    metavariables: Vec<String>,
    before: String,
    after: String,
    /// What is written in place of `before`.
    fragment: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Metavariable {
        name: String,
        /// An operand needs parentheses around what it stands for, an argument does not.
        is_operand: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// What the metavariables of a pattern stand for, once for each time that they occur.
pub(super) type Bindings<'a> = Vec<(String, &'a Expr)>;

/// Whether a file is an expression template: whether it has a function `before`.
pub(super) fn is_expression_template(parsed: &Parsed<'_>) -> bool {
    functions(parsed, BEFORE).next().is_some()
}

/// The pairs of a template, or what is wrong with it.
pub(super) fn pairs(parsed: &Parsed<'_>) -> Result<Vec<Pair>, String> {
    let pair = |before: &ItemFn| {
        let name = before.sig.ident.to_string().replacen(BEFORE, AFTER, 1);
        let after = functions(parsed, AFTER).find(|after| after.sig.ident == name);
        let after = after.ok_or_else(|| format!("`{}` has no `{name}`", before.sig.ident))?;
        let metavariables: Vec<String> = before.sig.inputs.iter().filter_map(parameter).collect();
        let unbound =
            after.sig.inputs.iter().filter_map(parameter).find(|name| !metavariables.contains(name));
        if let Some(unbound) = unbound {
            return Err(format!(
                "the parameter `{unbound}` of `{name}` is not a parameter of `{}`",
                before.sig.ident
            ));
        }
        let (before, after) = (only_expression(before)?, only_expression(after)?);
        if [before, after].iter().any(|expr| metavariables.contains(&exact(*expr).trim().to_owned())) {
            return Err("a parameter alone matches everything".to_owned());
        }
        let fragment = fragment(after, &metavariables);
        let text = |expr: &Expr| parsed.text[parsed.range(expr.span())].to_owned();
        Ok(Pair { before: text(before), after: text(after), metavariables, fragment })
    };
    functions(parsed, BEFORE).map(pair).collect()
}

impl Pair {
    pub(super) fn pattern(&self, side: Side) -> Expr {
        let text = if side == Side::Before { &self.before } else { &self.after };
        syn::parse_str(text).expect("it was cut out of a tree as an expression")
    }

    /// What the metavariables stand for if `node` matches.
    pub(super) fn bind<'a>(&self, pattern: &Expr, node: &'a Expr) -> Option<Bindings<'a>> {
        let mut matcher = Matcher { metavariables: &self.metavariables, bindings: Vec::new() };
        matcher.matches(pattern, node).then_some(matcher.bindings)
    }

    /// The text of `after`. `bound` gives the text for a metavariable and whether it can be an operand as
    /// it is; lines after the first get the indentation.
    pub(super) fn write(
        &self,
        indent: &str,
        newline: &str,
        bound: impl Fn(&str) -> (String, bool),
    ) -> String {
        let pieces = self.fragment.iter().map(|piece| match piece {
            Piece::Text(text) => text.replace('\n', &format!("{newline}{indent}")),
            Piece::Metavariable { name, is_operand } => match bound(name) {
                (text, false) if *is_operand => format!("({text})"),
                (text, _) => text,
            },
        });
        pieces.collect()
    }
}

/// Whether an expression can be an operand without parentheses.
pub(super) fn is_operand(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Path(_)
            | Expr::Lit(_)
            | Expr::Call(_)
            | Expr::MethodCall(_)
            | Expr::Paren(_)
            | Expr::Field(_)
            | Expr::Index(_)
            | Expr::Macro(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
    )
}

/// The expression within parentheses.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        other => other,
    }
}

struct Matcher<'a, 'm> {
    metavariables: &'m [String],
    bindings: Bindings<'a>,
}

impl<'a> Matcher<'a, '_> {
    fn matches(&mut self, pattern: &Expr, node: &'a Expr) -> bool {
        let (pattern, node) = (bare(pattern), bare(node));
        match (pattern, node) {
            (Expr::Path(path), _) if self.metavariable(path).is_some() => self.bind(path, node),
            (Expr::Path(pattern), Expr::Path(node)) => same_path(&pattern.path, &node.path),
            (Expr::Call(pattern), Expr::Call(node)) => {
                self.matches(&pattern.func, &node.func) && self.all_match(&pattern.args, &node.args)
            }
            (Expr::MethodCall(pattern), Expr::MethodCall(node)) => {
                pattern.method == node.method
                    && exact(&pattern.turbofish) == exact(&node.turbofish)
                    && self.matches(&pattern.receiver, &node.receiver)
                    && self.all_match(&pattern.args, &node.args)
            }
            (Expr::Binary(pattern), Expr::Binary(node)) => {
                exact(&pattern.op) == exact(&node.op)
                    && self.matches(&pattern.left, &node.left)
                    && self.matches(&pattern.right, &node.right)
            }
            (Expr::Unary(pattern), Expr::Unary(node)) => {
                exact(&pattern.op) == exact(&node.op) && self.matches(&pattern.expr, &node.expr)
            }
            (Expr::Reference(pattern), Expr::Reference(node)) => {
                pattern.mutability.is_some() == node.mutability.is_some()
                    && self.matches(&pattern.expr, &node.expr)
            }
            (Expr::Field(pattern), Expr::Field(node)) => {
                exact(&pattern.member) == exact(&node.member) && self.matches(&pattern.base, &node.base)
            }
            (Expr::Cast(pattern), Expr::Cast(node)) => {
                exact(&pattern.ty) == exact(&node.ty) && self.matches(&pattern.expr, &node.expr)
            }
            (Expr::Try(pattern), Expr::Try(node)) => self.matches(&pattern.expr, &node.expr),
            _ => exact(pattern) == exact(node),
        }
    }

    fn all_match(
        &mut self,
        patterns: &Punctuated<Expr, Token![,]>,
        nodes: &'a Punctuated<Expr, Token![,]>,
    ) -> bool {
        patterns.len() == nodes.len()
            && patterns.iter().zip(nodes).all(|(pattern, node)| self.matches(pattern, node))
    }

    fn bind(&mut self, path: &ExprPath, node: &'a Expr) -> bool {
        let name = exact(path);
        let name = name.trim();
        let earlier = self.bindings.iter().find(|(bound, _)| bound == name);
        let is_same = earlier.is_none_or(|(_, bound)| exact(bound) == exact(node));
        self.bindings.push((name.to_owned(), node));
        is_same
    }

    fn metavariable(&self, path: &ExprPath) -> Option<&String> {
        let ident = path.path.get_ident()?;
        self.metavariables.iter().find(|name| ident == *name)
    }
}

/// Whether one path is the end of the other. The name of an associated function says nothing without its type.
fn same_path(pattern: &Path, node: &Path) -> bool {
    let is_associated = pattern
        .segments
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|segment| segment.ident.to_string().starts_with(char::is_uppercase));
    let ends = pattern.segments.iter().rev().zip(node.segments.iter().rev());
    (node.segments.len() > 1 || !is_associated) && ends.into_iter().all(|(a, b)| exact(a) == exact(b))
}

fn functions<'a>(parsed: &'a Parsed<'_>, name: &str) -> impl Iterator<Item = &'a ItemFn> {
    parsed.tree.items.iter().filter_map(move |item| match item {
        Item::Fn(item) => {
            let ident = item.sig.ident.to_string();
            (ident.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
                .then_some(item)
        }
        _ => None,
    })
}

fn parameter(argument: &FnArg) -> Option<String> {
    match argument {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pattern) => Some(pattern.ident.to_string()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    }
}

fn only_expression(function: &ItemFn) -> Result<&Expr, String> {
    match function.block.stmts.as_slice() {
        [Stmt::Expr(expr, None)] => Ok(expr),
        _ => Err(format!("`{}` must hold one expression and nothing else", function.sig.ident)),
    }
}

/// Prints an expression and cuts it at its metavariables.
fn fragment(after: &Expr, metavariables: &[String]) -> Vec<Piece> {
    let function: syn::File = syn::parse_quote! { fn fragment() { #after } };
    let printed = prettyplease::unparse(&function);
    let lines = printed.lines().skip(1).take_while(|line| *line != "}");
    let lines: Vec<&str> = lines.map(|line| line.strip_prefix(BODY_INDENT).unwrap_or(line)).collect();
    let printed = lines.join("\n");
    let tree: Expr = syn::parse_str(&printed).expect("what was printed from an expression is one");
    let mut uses = Uses { metavariables, arguments: Vec::new(), found: Vec::new() };
    uses.argument(&tree);
    uses.visit_expr(&tree);
    let mut pieces = Vec::new();
    let mut end = 0;
    for (name, range, is_operand) in uses.found {
        pieces.push(Piece::Text(printed[end..range.start].to_owned()));
        pieces.push(Piece::Metavariable { name, is_operand });
        end = range.end;
    }
    pieces.push(Piece::Text(printed[end..].to_owned()));
    pieces
}

/// Finds the metavariables in an expression, in order.
struct Uses<'m> {
    metavariables: &'m [String],
    /// Where arguments begin and end.
    arguments: Vec<std::ops::Range<usize>>,
    found: Vec<(String, std::ops::Range<usize>, bool)>,
}

impl Uses<'_> {
    fn argument(&mut self, expr: &Expr) {
        self.arguments.push(expr.span().byte_range());
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        call.args.iter().for_each(|argument| self.argument(argument));
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        call.args.iter().for_each(|argument| self.argument(argument));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if let Some(name) = path.path.get_ident().map(ToString::to_string)
            && self.metavariables.contains(&name)
        {
            let range = path.span().byte_range();
            let is_operand = !self.arguments.contains(&range);
            self.found.push((name, range, is_operand));
        }
    }
}
