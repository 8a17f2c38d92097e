//! One template: a Rust file whose items replace the items of the same name in a target, or whose
//! pairs of expressions say what replaces what.
//!
//! It holds what the file says. `choice` decides whether a target has such items.

use super::build::Build;
use super::imports::Import;
use super::outline::Outline;
use super::parse::SyntaxError;
use super::pattern::Pair;
use super::place::{Extent, Place};
use super::site::Title;

/// Separates what a template brings from what it replaces, in the first line of its documentation.
const INSTEAD: &str = " instead of ";

/// A file of the catalogue.
#[derive(Clone, Debug)]
pub(super) struct Template {
    /// `positions/rope`.
    pub(super) path: String,
    /// The choice that it is a value of: `positions`.
    pub(super) folder: String,
    /// The value: `rope`.
    pub(super) name: String,
    /// The file, with `\n` for line ends.
    pub(super) text: String,
    /// All of its documentation.
    pub(super) doc: String,
    /// The items that replace others; none in an expression template.
    pub(super) places: Vec<Place>,
    /// The expressions that replace others; none in other templates.
    pub(super) pairs: Vec<Pair>,
    pub(super) imports: Vec<Import>,
}

/// A file of the catalogue that is not a template.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error(
        "template {path}: a template must be in a folder that names its choice, as in positions/rope.rs; move it"
    )]
    NoFolder { path: String },
    #[error("template {path}:{source}")]
    Syntax { path: String, source: SyntaxError },
    #[error(
        "template {path}: its first line must be `//!` and a phrase such as \"RoPE instead of learned positions\""
    )]
    NoTitle { path: String },
    #[error("template {path}: it has no function, struct or impl that could replace one of a target")]
    Empty { path: String },
    #[error("template {path}: {problem}")]
    Pair { path: String, problem: String },
}

impl Template {
    /// Reads a template. Of `path` the last folder and the file name count.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, TemplateError> {
        let file = path.strip_suffix(".rs").unwrap_or(path);
        let mut parts = file.rsplit('/');
        let (Some(name), Some(folder)) = (parts.next(), parts.next()) else {
            return Err(TemplateError::NoFolder { path: path.to_owned() });
        };
        let text = text.replace("\r\n", "\n");
        let outline = Outline::read(&text, &Build::default(), &[], &|_| true)
            .map_err(|source| TemplateError::Syntax { path: path.to_owned(), source })?;
        let (places, pairs) = match outline.pairs {
            Some(pairs) => {
                let pairs =
                    pairs.map_err(|problem| TemplateError::Pair { path: path.to_owned(), problem })?;
                (Vec::new(), pairs)
            }
            None => (replacing(outline.places), Vec::new()),
        };
        if outline.doc.is_empty() {
            return Err(TemplateError::NoTitle { path: path.to_owned() });
        }
        if places.is_empty() && pairs.is_empty() {
            return Err(TemplateError::Empty { path: path.to_owned() });
        }
        Ok(Self {
            path: format!("{folder}/{name}"),
            folder: folder.to_owned(),
            name: name.to_owned(),
            doc: outline.doc,
            imports: outline.imports.all().cloned().collect(),
            places,
            pairs,
            text,
        })
    }

    /// How it is described.
    pub(super) fn spoken(&self) -> Title {
        Title {
            long: self.title().to_owned(),
            short: self.short_title().to_owned(),
            template: self.path.clone(),
        }
    }

    /// "RoPE instead of learned positions".
    fn title(&self) -> &str {
        self.doc.lines().next().unwrap_or_default().trim_end_matches('.')
    }

    /// "RoPE".
    fn short_title(&self) -> &str {
        self.title().split(INSTEAD).next().unwrap_or_default()
    }
}

/// Of all items of a template those that replace others: an impl as a whole where its struct is given
/// too, else its functions one by one.
fn replacing(places: Vec<Place>) -> Vec<Place> {
    let structs: Vec<String> = places
        .iter()
        .filter(|place| place.key.starts_with("struct "))
        .map(|place| place.owner.clone())
        .collect();
    let is_whole = |place: &Place| structs.contains(&place.owner);
    places.into_iter().filter(|place| (place.extent == Extent::Item) == is_whole(place)).collect()
}
