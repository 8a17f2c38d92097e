//! Which file of the agent uses which, and which crates: read from the text of paths and `use` lines.
//!
//! It knows as much of Rust's syntax as the agent's source needs, and stops at what it would misread.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

type Names = Vec<String>;

/// One file of the crate.
#[derive(Default)]
pub(crate) struct Source {
    /// From `agent/src`.
    pub(crate) path: String,
    /// What its `use` lines bring into scope, by its name there: as written.
    imports: BTreeMap<String, Names>,
    /// What it names by paths, in `use` lines and elsewhere, imports resolved. Re-exports are not among them.
    pub(crate) paths: BTreeSet<Names>,
    /// The modules that it declares.
    modules: Names,
}

/// The files of a crate that ship: those reached from its root by module declarations.
pub(crate) struct Sources {
    by_path: BTreeMap<String, Source>,
    by_module: BTreeMap<Names, String>,
}

impl Sources {
    pub(crate) fn of_the_agent() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let read = Self::of(&mut |path| fs::read_to_string(root.join(path)).ok());
        assert!(read.by_path.len() > 100, "the source of the agent was not found");
        read
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Source> {
        self.by_path.values()
    }

    pub(crate) fn file(&self, path: &str) -> &Source {
        &self.by_path[path]
    }

    /// Follows module declarations from the root.
    pub(crate) fn of(text: &mut dyn FnMut(&str) -> Option<String>) -> Self {
        let mut read = Self { by_path: BTreeMap::new(), by_module: BTreeMap::new() };
        let mut open: Vec<Names> = vec![Vec::new()];
        while let Some(module) = open.pop() {
            let stem = module.join("/");
            let places = if module.is_empty() {
                vec!["lib.rs".to_owned()]
            } else {
                vec![format!("{stem}.rs"), format!("{stem}/mod.rs")]
            };
            let found = places.iter().find_map(|path| Some((path, text(path)?)));
            let (path, text) = found.unwrap_or_else(|| panic!("module {stem} has no file"));
            let source = Source::parse(path, &text);
            open.extend(source.modules.iter().map(|name| [&module[..], std::slice::from_ref(name)].concat()));
            read.by_module.insert(module, path.clone());
            read.by_path.insert(path.clone(), source);
        }
        read
    }

    /// Which file uses an item of which others.
    pub(crate) fn uses(&self) -> BTreeMap<String, BTreeSet<String>> {
        let of = |(module, path): (&Names, &String)| {
            let paths = self.by_path[path].paths.iter();
            let targets = paths.filter_map(|used| self.home(module, used)).filter(|target| target != path);
            (path.clone(), targets.collect())
        };
        self.by_module.iter().map(of).collect()
    }

    /// The file that defines what a path names; `None` for modules, and for what is not this crate's.
    fn home(&self, module: &[String], path: &[String]) -> Option<String> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Names::new(), &path[1..]),
            "self" => (module.to_vec(), &path[1..]),
            "super" => (module[..module.len().checked_sub(1)?].to_vec(), &path[1..]),
            name => {
                let child = [module, &[name.to_owned()]].concat();
                (self.by_module.contains_key(&child).then_some(child)?, &path[1..])
            }
        };
        while let Some(name) = rest.first() {
            if name == "super" {
                at.pop()?;
            } else {
                at.push(name.clone());
                if !self.by_module.contains_key(&at) {
                    at.pop();
                    break;
                }
            }
            rest = &rest[1..];
        }
        let file = &self.by_module[&at];
        match self.by_path[file].imports.get(rest.first()?) {
            Some(import) => self.home(&at, &[import, &rest[1..]].concat()),
            None => Some(file.clone()),
        }
    }
}

impl Source {
    fn parse(path: &str, text: &str) -> Self {
        let tokens = without_tests(tokens(text));
        let mut source = Self { path: path.to_owned(), ..Self::default() };
        let mut rest = &tokens[..];
        let mut is_public = false;
        let mut chains = BTreeSet::new();
        while let Some(token) = rest.first() {
            match (token.as_str(), rest.get(1).map(String::as_str)) {
                ("use", Some(next)) if next != "<" => {
                    let end = rest.iter().position(|token| token == ";").expect("a `use` ends");
                    source.import(&rest[1..end], &[], is_public, &mut chains);
                    rest = &rest[end..];
                }
                ("mod", Some(name)) if rest.get(2).is_some_and(|token| token == ";") => {
                    source.modules.push(name.to_owned());
                    rest = &rest[2..];
                }
                (word, Some("::")) if is_name(word) => {
                    let length = rest
                        .chunks(2)
                        .take_while(|pair| pair.get(1).is_some_and(|next| next == "::"))
                        .count();
                    let named = rest.iter().step_by(2).take(length + 1).take_while(|word| is_name(word));
                    let chain: Names = named.cloned().collect();
                    rest = &rest[2 * chain.len() - 2..];
                    chains.insert(chain);
                }
                _ => {}
            }
            is_public = match rest[0].as_str() {
                "pub" => true,
                "(" | ")" | "crate" | "super" | "in" | "::" | "self" => is_public,
                word => is_public && is_name(word) && word != "mod",
            };
            rest = &rest[1..];
        }
        // Inside the file an import's name stands for what was imported.
        let whole = |chain: Names| match source.imports.get(&chain[0]) {
            Some(import) => [import, &chain[1..]].concat(),
            None => chain,
        };
        source.paths = chains.into_iter().map(whole).collect();
        source
    }

    /// Reads a tree of a `use` line, below its prefix.
    fn import(&mut self, tree: &[String], above: &[String], is_public: bool, chains: &mut BTreeSet<Names>) {
        for branch in split(tree) {
            let names = branch.iter().step_by(2).take_while(|word| is_name(word) && *word != "as");
            let mut path: Names = above.iter().chain(names).cloned().collect();
            match branch.iter().position(|token| token == "{") {
                Some(open) => self.import(&branch[open + 1..branch.len() - 1], &path, is_public, chains),
                None => {
                    assert!(
                        !branch.contains(&"*".to_owned()),
                        "{} has a glob, which hides what is used",
                        self.path
                    );
                    if path.last().is_some_and(|name| name == "self") {
                        path.pop();
                    }
                    let renamed = branch.iter().position(|token| token == "as").map(|at| &branch[at + 1]);
                    let name = renamed.or(path.last()).expect("a path has a name").clone();
                    if !is_public {
                        chains.insert(path.clone());
                    }
                    self.imports.insert(name, path);
                }
            }
        }
    }

    /// Whether it names another crate.
    pub(crate) fn names_crate(&self, name: &str) -> bool {
        self.paths.iter().chain(self.imports.values()).any(|path| path[0] == name)
    }
}

/// The branches of a tree between its commas.
fn split(tree: &[String]) -> Vec<&[String]> {
    let mut depth = 0;
    let parts = tree.split(|token| {
        depth += i32::from(token == "{") - i32::from(token == "}");
        depth == 0 && token == ","
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// Leaves out the items behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut rest = &tokens[..];
    while !rest.is_empty() {
        if rest.len() >= MARK.len() && rest.iter().zip(MARK).all(|(token, mark)| token == mark) {
            rest = &rest[MARK.len() + item(&rest[MARK.len()..])..];
        } else {
            kept.push(rest[0].clone());
            rest = &rest[1..];
        }
    }
    kept
}

/// The length of the item that begins here, in tokens.
fn item(tokens: &[String]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The tokens of a file: names, numbers, `::` and single signs. Comments and literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            '"' => string(rest),
            'r' | 'b' | 'c' if literal(rest).is_some() => literal(rest).expect("just seen"),
            '\'' => character(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(rest[..end].to_owned());
                end
            }
            _ if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            _ => {
                if !first.is_whitespace() {
                    tokens.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a string that begins with its quotation mark.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a string with a prefix (`r#"`, `b"`); `None` if a name begins.
fn literal(text: &str) -> Option<usize> {
    let quote = text.find('"')?;
    let prefix = text[..quote].trim_end_matches('#');
    if !matches!(prefix, "r" | "b" | "br" | "c" | "cr") {
        return None;
    }
    if !prefix.contains('r') {
        return Some(quote + string(&text[quote..]));
    }
    let end = format!("\"{}", "#".repeat(quote - prefix.len()));
    text[quote + 1..].find(&end).map(|at| quote + 1 + at + end.len())
}

/// The length of a character, or of the mark of a lifetime.
fn character(text: &str) -> usize {
    let inner = &text[1..];
    match inner.chars().next() {
        Some('\\') => 4 + inner[2..].find('\'').unwrap_or(0),
        Some(c) if inner[c.len_utf8()..].starts_with('\'') => 2 + c.len_utf8(),
        _ => 1,
    }
}
