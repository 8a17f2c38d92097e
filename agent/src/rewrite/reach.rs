//! Which files are part of a program: those that `mod` declarations lead to from its root. Turning a knob in any other
//! file would have no effect.
//!
//! It reads tokens, not items, so that declarations inside a macro call (`cfg_if!`) also count. A declaration that is
//! for another build than the study's leads nowhere.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, Meta};

use super::build::Build;
use super::parse::with_parsed;

/// The files reached from `roots`, including these, in a build or, without one, in any; `text` returns the text of a
/// file that exists.
pub(crate) fn reached(
    roots: impl IntoIterator<Item = String>,
    text: impl Fn(&str) -> Option<String>,
    build: Option<&Build>,
) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<(String, bool)> = roots.into_iter().map(|root| (root, true)).collect();
    while let Some((path, is_root)) = open.pop() {
        let Some(text) = text(&path) else { continue };
        if reached.contains(&path) {
            continue;
        }
        let declared = with_parsed(&text, |parsed| {
            if build.is_some_and(|build| build.excludes(&parsed.tree.attrs)) {
                return None;
            }
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let stem = name.strip_suffix(".rs").unwrap_or(name);
            let children = if is_root || stem == "mod" { folder.to_owned() } else { join(folder, stem) };
            let mut walk = Walk { folder, build, found: Vec::new() };
            walk.declarations(parsed.tree.to_token_stream(), &children);
            Some(walk.found)
        });
        // A file that does not parse is refused later, with the place of the error, if it is to be edited.
        if let Some(declared) = declared.unwrap_or_else(|_| Some(Vec::new())) {
            reached.insert(path);
            open.extend(declared.into_iter().map(|path| (path, false)));
        }
    }
    reached
}

/// Collects the paths that a file's modules may have.
struct Walk<'a> {
    /// Where an explicit path counts from.
    folder: &'a str,
    build: Option<&'a Build>,
    found: Vec<String>,
}

impl Walk<'_> {
    fn declarations(&mut self, tokens: TokenStream, children: &str) {
        let mut attributes = Attributes::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Ident(word) if word == "mod" => {
                    let Some(TokenTree::Ident(name)) = tokens.next() else { continue };
                    let name = name.to_string().trim_start_matches("r#").to_owned();
                    let Attributes { path, is_off } = std::mem::take(&mut attributes);
                    match tokens.next() {
                        _ if is_off => {}
                        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                            let inside = join(children, &path.unwrap_or(name));
                            let mut walk = Walk { folder: &inside, found: Vec::new(), ..*self };
                            walk.declarations(body.stream(), &inside);
                            self.found.extend(walk.found);
                        }
                        _ => match path {
                            Some(path) => self.found.push(join(self.folder, &path)),
                            None => self.found.extend([
                                join(children, &format!("{name}.rs")),
                                join(children, &format!("{name}/mod.rs")),
                            ]),
                        },
                    }
                }
                // What belongs to the file or the block as a whole.
                TokenTree::Punct(mark)
                    if mark.as_char() == '!' && matches!(tokens.peek(), Some(TokenTree::Group(_))) =>
                {
                    if let Some(TokenTree::Group(group)) =
                        tokens.next_if(|next| matches!(next, TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket))
                    {
                        self.declarations(group.stream(), children);
                    } else {
                        tokens.next();
                    }
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    attributes.read(group, self.build);
                }
                // The end of an item that the attributes belonged to, if it is a brace.
                TokenTree::Group(group) => {
                    let is_end = group.delimiter() == Delimiter::Brace;
                    if !attributes.is_off {
                        self.declarations(group.stream(), children);
                    }
                    attributes = if is_end { Attributes::default() } else { attributes };
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => attributes = Attributes::default(),
                _ => {}
            }
        }
    }
}

/// What the attributes before a declaration say.
#[derive(Default)]
struct Attributes {
    /// The path in `#[path = ".."]`.
    path: Option<String>,
    /// Whether they are for another build.
    is_off: bool,
}

impl Attributes {
    fn read(&mut self, group: &Group, build: Option<&Build>) {
        let Ok(attribute) = syn::parse2::<Meta>(group.stream()) else { return };
        let conditional = build.map(|build| build.conditional(&attribute)).unwrap_or_default();
        self.is_off |= build.is_some_and(|build| build.is_off(&attribute));
        for attribute in std::iter::once(attribute).chain(conditional) {
            if let Meta::NameValue(pair) = attribute
                && let (true, Expr::Lit(ExprLit { lit: Lit::Str(path), .. })) =
                    (pair.path.is_ident("path"), &pair.value)
            {
                self.path = Some(path.value());
            }
        }
    }
}

fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached_of(files: &[(&str, &str)]) -> Vec<String> {
        let text =
            |path: &str| files.iter().find(|(known, _)| *known == path).map(|(_, text)| text.to_string());
        let build = Build { features: ["on".to_owned()].into(), ..Build::default() };
        reached(["src/main.rs".to_owned()], text, Some(&build)).into_iter().collect()
    }

    #[test]
    fn declarations_for_another_build_lead_nowhere() {
        let files = [
            (
                "src/main.rs",
                "#![allow(dead_code)] #[cfg(test)] mod tests; #[cfg(feature = \"off\")] #[path = \"x.rs\"] pub mod a;
                 #[cfg(test)] use b::c; #[cfg(feature = \"on\")] mod b; #[cfg(test)] mod inner { mod d; }
                 #[cfg(test)] fn f() { } mod e; #[cfg_attr(feature = \"on\", path = \"g.rs\")] mod f; mod h;
                 #[cfg_attr(feature = \"off\", path = \"g.rs\")] mod i; #[cfg(unheard_of)] mod j;",
            ),
            ("src/tests.rs", "mod k;"),
            ("src/tests/k.rs", ""),
            ("src/x.rs", ""),
            ("src/b.rs", ""),
            ("src/inner/d.rs", ""),
            ("src/e.rs", ""),
            ("src/g.rs", ""),
            ("src/h.rs", "#![cfg(feature = \"off\")] mod l;"),
            ("src/h/l.rs", ""),
            ("src/i.rs", ""),
            ("src/j.rs", ""),
        ];
        assert_eq!(
            reached_of(&files),
            ["src/b.rs", "src/e.rs", "src/g.rs", "src/i.rs", "src/j.rs", "src/main.rs"]
        );
    }

    #[test]
    fn modules_are_found_next_to_roots_and_below_other_files() {
        let files = [
            ("src/main.rs", "mod a; mod b; fn main() {}"),
            ("src/a.rs", "pub mod c;"),
            ("src/a/c.rs", ""),
            ("src/c.rs", ""),
            ("src/b/mod.rs", "mod d; mod inner { mod e; }"),
            ("src/b/d.rs", ""),
            ("src/b/inner/e.rs", ""),
            ("src/forgotten.rs", "mod also;"),
            ("src/also.rs", ""),
        ];
        assert_eq!(
            reached_of(&files),
            ["src/a.rs", "src/a/c.rs", "src/b/d.rs", "src/b/inner/e.rs", "src/b/mod.rs", "src/main.rs"]
        );
    }

    #[test]
    fn a_path_attribute_counts_from_the_folder_of_its_file_and_for_the_next_module_only() {
        let files = [
            ("src/main.rs", "mod recipe;"),
            (
                "src/recipe.rs",
                "#[path = \"recipe/small.rs\"]\npub(crate) mod size;\nmod other; // #[path = \"x.rs\"]\n",
            ),
            ("src/recipe/small.rs", ""),
            ("src/recipe/medium.rs", ""),
            ("src/recipe/other.rs", ""),
        ];
        assert_eq!(
            reached_of(&files),
            ["src/main.rs", "src/recipe.rs", "src/recipe/other.rs", "src/recipe/small.rs"]
        );
    }

    #[test]
    fn declarations_in_macro_calls_count_and_circles_end() {
        let files = [
            ("src/main.rs", "cfg_if! { if #[cfg(unix)] { mod a; } else { mod b; } }"),
            ("src/a.rs", "#[path = \"main.rs\"] mod again;"),
            ("src/b.rs", "this is no Rust {"),
        ];
        assert_eq!(reached_of(&files), ["src/a.rs", "src/b.rs", "src/main.rs"]);
    }
}
