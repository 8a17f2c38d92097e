//! What must hold between the constants of a program: `const _: () = assert!(WIDTH % HEADS == 0);`.
//!
//! Integers and booleans are evaluated, across files. What cannot be evaluated is assumed to hold: the compiler
//! decides.

use std::collections::BTreeMap;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, ItemConst, Macro, Stmt, Token};

use super::parse::Parsed;
use super::site::stem;
use super::term::{Term, Value, compute};
use super::uncompiled::Uncompiled;

/// Longest chain of constants that stand for other constants: a guard against circles.
const DEEPEST: usize = 8;

type Constants = BTreeMap<String, Term>;

/// The constants and assertions of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Those outside functions.
    constants: Constants,
    assertions: Vec<Assertion>,
}

#[derive(Clone, Debug)]
struct Assertion {
    /// As it is written.
    text: String,
    line: usize,
    condition: Term,
    /// The constants of the function around it.
    local: Constants,
}

/// An assertion that is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) file: String,
    pub(crate) line: usize,
    /// The condition as it is written.
    pub(crate) condition: String,
    /// `WIDTH = 96, HEADS = 5`.
    pub(crate) constants: String,
}

impl Facts {
    pub(super) fn read(parsed: &Parsed<'_>, uncompiled: &Uncompiled) -> Self {
        let mut reader = Reader { parsed, uncompiled, facts: Self::default(), local: None };
        reader.visit_file(&parsed.tree);
        reader.facts
    }
}

/// The first assertion of a program that is known to be false. Files are given by path.
pub(super) fn violation<'a>(files: &BTreeMap<&'a str, &'a Facts>) -> Option<Violation> {
    files.iter().find_map(|(file, facts)| {
        let scope = |assertion: &'a Assertion| Scope { files, file, local: Some(&assertion.local) };
        let mut assertions = facts.assertions.iter();
        let assertion = assertions
            .find(|assertion| scope(assertion).value(&assertion.condition, 0) == Some(Value::Truth(false)))?;
        Some(Violation {
            file: (*file).to_owned(),
            line: assertion.line,
            condition: assertion.text.clone(),
            constants: scope(assertion).constants(&assertion.condition),
        })
    })
}

/// Where names are looked up.
#[derive(Clone, Copy)]
struct Scope<'a> {
    files: &'a BTreeMap<&'a str, &'a Facts>,
    /// The file that contains the expression.
    file: &'a str,
    /// The constants of the function that contains it; `None` outside functions.
    local: Option<&'a Constants>,
}

impl<'a> Scope<'a> {
    fn value(&self, term: &Term, depth: usize) -> Option<Value> {
        use Value::{Number, Truth};
        match term {
            Term::Value(value) => Some(*value),
            Term::Name(path) if depth < DEEPEST => {
                let (scope, term) = self.constant(path)?;
                scope.value(term, depth + 1)
            }
            Term::Name(_) | Term::Unknown => None,
            Term::Not(inner) => match self.value(inner, depth)? {
                Truth(truth) => Some(Truth(!truth)),
                Number(_) => None,
            },
            Term::Negative(inner) => match self.value(inner, depth)? {
                Number(number) => number.checked_neg().map(Number),
                Truth(_) => None,
            },
            Term::Binary(left, operator, right) => {
                compute(self.value(left, depth)?, operator, self.value(right, depth)?)
            }
        }
    }

    /// The constant that a path names and where it is: in this function, else in the file that the path
    /// names, else in this one, else in the only one that has it.
    fn constant(&self, path: &[String]) -> Option<(Self, &'a Term)> {
        let (name, qualifiers) = path.split_last()?;
        if let (true, Some(term)) = (qualifiers.is_empty(), self.local.and_then(|local| local.get(name))) {
            return Some((*self, term));
        }
        let holders = self.files.iter().filter_map(|(file, facts)| Some((*file, facts.constants.get(name)?)));
        let mut holders: Vec<(&str, &Term)> = holders.collect();
        let module =
            qualifiers.last().filter(|module| !matches!(module.as_str(), "self" | "super" | "crate"));
        if let Some(module) = module {
            holders.retain(|(file, _)| stem(file) == module);
        } else if holders.iter().any(|(file, _)| *file == self.file) {
            holders.retain(|(file, _)| *file == self.file);
        }
        let [(file, term)] = <[_; 1]>::try_from(holders).ok()?;
        Some((Self { file, local: None, ..*self }, term))
    }

    /// The constants in an expression and their values, for people.
    fn constants(&self, term: &Term) -> String {
        let mut names = Vec::new();
        term.names(&mut names);
        names.dedup();
        let described = names.into_iter().filter_map(|path| {
            let name = path.last()?;
            Some(match self.value(&Term::Name(path.to_vec()), 0)? {
                Value::Number(number) => format!("{name} = {number}"),
                Value::Truth(truth) => format!("{name} = {truth}"),
            })
        });
        described.collect::<Vec<_>>().join(", ")
    }
}

struct Reader<'a> {
    parsed: &'a Parsed<'a>,
    uncompiled: &'a Uncompiled,
    facts: Facts,
    /// The constants of the blocks around the current node; `None` outside blocks.
    local: Option<Constants>,
}

impl Reader<'_> {
    fn assertion(&mut self, call: &Macro) {
        let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        if let (true, Ok(arguments)) = (call.path.is_ident("assert"), arguments)
            && let Some(condition) = arguments.first()
        {
            let range = self.parsed.range(condition.span());
            self.facts.assertions.push(Assertion {
                text: self.parsed.text[range.clone()].to_owned(),
                line: self.parsed.line(range.start),
                condition: Term::read(condition),
                local: self.local.clone().unwrap_or_default(),
            });
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !self.uncompiled.contains(self.parsed.range(item.span()).start) {
            visit::visit_item(self, item);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let outer = self.local.clone();
        let constants = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(Item::Const(item)) => Some((item.ident.to_string(), Term::read(&item.expr))),
            _ => None,
        });
        self.local.get_or_insert_default().extend(constants);
        visit::visit_block(self, block);
        self.local = outer;
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        if item.ident != "_" {
            if self.local.is_none() {
                self.facts.constants.insert(item.ident.to_string(), Term::read(&item.expr));
            }
            return;
        }
        match &*item.expr {
            Expr::Macro(call) => self.assertion(&call.mac),
            Expr::Block(block) => {
                for statement in &block.block.stmts {
                    match statement {
                        Stmt::Macro(call) => self.assertion(&call.mac),
                        Stmt::Expr(Expr::Macro(call), _) => self.assertion(&call.mac),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::with_parsed;
    use super::*;

    fn check(files: &[(&str, &str)]) -> Option<(String, String)> {
        let facts = files.iter().map(|(path, text)| {
            (*path, with_parsed(text, |parsed| Facts::read(parsed, &Uncompiled::default())).expect("Rust"))
        });
        let facts: BTreeMap<&str, Facts> = facts.collect();
        let by_path = facts.iter().map(|(path, facts)| (*path, facts)).collect();
        violation(&by_path).map(|violation| (violation.condition, violation.constants))
    }

    #[test]
    fn conditions_over_integers_are_evaluated() {
        for (condition, holds) in [
            ("W % H == 0", true),
            ("W % (H + 1) == 0", false),
            ("W / H * 2 - 1 >= 31 && !(H > W)", true),
            ("W < H || H != 4", false),
            ("-(H as i64) == -4", true),
            ("D <= 15", false),
            ("ON && W > 1", true),
            ("ON == false", false),
            ("W % 0 == 0", true),
            ("X > 9_000 || unknown() || RATE > 2.0", true),
        ] {
            let text = format!(
                "const W: usize = 64; const H: usize = 4; const D: usize = W / H; const ON: bool = true;
                 const RATE: f64 = 1.0; const LOOP: u8 = LOOP; const _: () = assert!(LOOP > 1);
                 fn f() {{ const W: usize = 1; }} const _: () = assert!({condition}, \"why\");"
            );
            assert_eq!(check(&[("a.rs", &text)]).is_none(), holds, "{condition}");
        }
    }

    #[test]
    fn functions_have_their_own_constants() {
        let check = |shared: u8| {
            let body = format!("const SHARED: usize = {shared}; const _: () = assert!(HEADS % SHARED == 0);");
            check(&[(
                "a.rs",
                &format!("const HEADS: usize = 4; impl X {{ fn f() {{ if true {{ {body} }} }} }}"),
            )])
        };
        assert_eq!(check(2), None);
        let violated = ("HEADS % SHARED == 0".to_owned(), "HEADS = 4, SHARED = 3".to_owned());
        assert_eq!(check(3), Some(violated));
    }

    #[test]
    fn constants_are_found_in_the_files_that_their_paths_name() {
        let recipe = ("src/recipe.rs", "pub const WIDTH: usize = 6;");
        let other = ("src/other.rs", "pub const WIDTH: usize = 8; pub const HEADS: usize = 4;");
        let check_in = |condition: &str| {
            check(&[recipe, other, ("src/model.rs", &format!("const _: () = assert!({condition});"))])
        };
        assert_eq!(
            check_in("crate::recipe::WIDTH % HEADS == 0"),
            Some(("crate::recipe::WIDTH % HEADS == 0".to_owned(), "WIDTH = 6, HEADS = 4".to_owned()))
        );
        assert_eq!(check_in("other::WIDTH % super::HEADS == 0"), None);
        assert_eq!(check_in("WIDTH == 1"), None, "which of the two is not known");
    }
}
