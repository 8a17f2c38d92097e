//! Which files are part of a program: those that `mod` declarations lead to from its root. Turning a knob in any other
//! file would have no effect.
//!
//! It reads tokens, not items, so that declarations inside a macro call (`cfg_if!`) also count, and it ignores which
//! configuration a declaration is for.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, MetaNameValue};

use super::parse::with_parsed;

/// The files reached from `roots`, including these; `text` returns the text of a file that exists.
pub(crate) fn reached(
    roots: impl IntoIterator<Item = String>,
    text: impl Fn(&str) -> Option<String>,
) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<(String, bool)> = roots.into_iter().map(|root| (root, true)).collect();
    while let Some((path, is_root)) = open.pop() {
        let Some(text) = text(&path) else { continue };
        if !reached.insert(path.clone()) {
            continue;
        }
        let declared = with_parsed(&text, |parsed| {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let stem = name.strip_suffix(".rs").unwrap_or(name);
            let children = if is_root || stem == "mod" { folder.to_owned() } else { join(folder, stem) };
            let mut declared = Vec::new();
            declarations(parsed.tree.to_token_stream(), folder, &children, &mut declared);
            declared
        });
        // A file that does not parse is refused later, with the place of the error, if it is to be edited.
        open.extend(declared.unwrap_or_default().into_iter().map(|path| (path, false)));
    }
    reached
}

/// Collects the paths that a file's modules may have. `folder` is where an explicit path counts from.
fn declarations(tokens: TokenStream, folder: &str, children: &str, found: &mut Vec<String>) {
    let mut explicit: Option<String> = None;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Ident(word) if word == "mod" => {
                let Some(TokenTree::Ident(name)) = tokens.next() else { continue };
                let name = name.to_string().trim_start_matches("r#").to_owned();
                match tokens.next() {
                    Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
                        let inside = join(children, &explicit.take().unwrap_or(name));
                        declarations(body.stream(), &inside, &inside, found);
                    }
                    _ => match explicit.take() {
                        Some(path) => found.push(join(folder, &path)),
                        None => found.extend([
                            join(children, &format!("{name}.rs")),
                            join(children, &format!("{name}/mod.rs")),
                        ]),
                    },
                }
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                explicit = path_attribute(group).or(explicit);
            }
            TokenTree::Group(group) => declarations(group.stream(), folder, children, found),
            // The end of an item that the attribute belonged to.
            TokenTree::Punct(mark) if mark.as_char() == ';' => explicit = None,
            _ => {}
        }
    }
}

/// The path in `[path = ".."]`.
fn path_attribute(group: &Group) -> Option<String> {
    let attribute = syn::parse2::<MetaNameValue>(group.stream()).ok()?;
    match attribute.value {
        Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) if attribute.path.is_ident("path") => {
            Some(path.value())
        }
        _ => None,
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
        reached(["src/main.rs".to_owned()], text).into_iter().collect()
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
