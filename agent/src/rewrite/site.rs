//! A place in a program that can change: its current value and the other possible ones.
//!
//! It is plain data: the proposals of a search are made from it, the text is changed by `Rewriter`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::study::Edit;

/// The value of a choice whose places are as in the untouched program.
pub(crate) const ORIGINAL: &str = "original";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SiteKind {
    /// A literal.
    Knob,
    /// Items that templates replace.
    Choice,
    /// An expression that templates replace.
    Expression,
}

impl SiteKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Knob => "knob",
            Self::Choice => "choice",
            Self::Expression => "expression",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// Unique, and the same in every program that has it: `recipe::WIDTH`, `positions`.
    pub(crate) name: String,
    pub(crate) kind: SiteKind,
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: usize,
    /// Its documentation in the source; may be empty.
    pub(crate) doc: String,
    /// Whether `values` are in a meaningful order.
    pub(crate) ordered: bool,
    /// As it is written in the source, or the name of a template, or `original`.
    pub(crate) value: String,
    /// The values within reach: `value` and the baseline's are always among them.
    pub(crate) values: Vec<String>,
    /// The template behind a value.
    pub(super) titles: BTreeMap<String, Title>,
}

/// How a template is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Title {
    /// "RoPE instead of learned positions".
    pub(super) long: String,
    /// "RoPE".
    pub(super) short: String,
    /// `positions/rope`.
    pub(super) template: String,
}

impl Site {
    /// The edit that gives this site another value. Whether it can have it is found out by applying.
    pub(crate) fn describe(&self, to: &str) -> Edit {
        let template = match self.kind {
            SiteKind::Knob => None,
            SiteKind::Choice | SiteKind::Expression => Some(
                self.titles.get(to).map_or_else(|| format!("{}/{to}", self.folder()), |t| t.template.clone()),
            ),
        };
        Edit {
            site: self.name.clone(),
            from: self.value.clone(),
            to: to.to_owned(),
            template,
            summary: self.summary(to),
        }
    }

    fn summary(&self, to: &str) -> String {
        if self.kind == SiteKind::Knob {
            let name = self.name.split_once("::").map_or(self.name.as_str(), |(_, name)| name);
            return format!("{name} {} -> {to}", self.value);
        }
        match (self.titles.get(&self.value), self.titles.get(to)) {
            (Some(from), Some(to)) => format!("{} instead of {}", to.short, from.short),
            (None, Some(to)) => to.long.clone(),
            (_, None) => format!("back to the original {}", self.folder().replace(['_', '-'], " ")),
        }
    }

    /// The folder of a choice's templates.
    fn folder(&self) -> &str {
        self.name.split('@').next().unwrap_or_default()
    }
}

/// The name of a file in the names of its sites: `model` for `src/model.rs` and `src/model/mod.rs`.
pub(super) fn stem(path: &str) -> &str {
    let path = Path::new(path);
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if stem != "mod" {
        return stem;
    }
    path.parent().and_then(Path::file_name).and_then(|folder| folder.to_str()).unwrap_or(stem)
}
