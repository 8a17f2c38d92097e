//! What the walks over a syntax tree share: documentation comments, and what types are called.

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Type};

const LADDER: &str = "Ladder:";
const FIXED: &str = "Fixed:";

/// The text of a documentation comment, and its directives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Doc {
    /// Its lines without the directives.
    pub(super) text: String,
    /// `Ladder: 1, 2, 4`: the values to try.
    pub(super) ladder: Option<Vec<String>>,
    /// `Fixed: why`: leave this alone.
    pub(super) is_fixed: bool,
}

impl Doc {
    pub(super) fn read(attributes: &[Attribute]) -> Self {
        let mut doc = Self::default();
        let mut kept = Vec::new();
        for line in attributes.iter().filter_map(doc_line) {
            let line = line.strip_prefix(' ').unwrap_or(&line).trim_end();
            if let Some(listed) = line.strip_prefix(LADDER) {
                doc.ladder = Some(listed.split(',').map(|value| value.trim().to_owned()).collect());
            } else if line.starts_with(FIXED) {
                doc.is_fixed = true;
            } else {
                kept.push(line.to_owned());
            }
        }
        kept.join("\n").trim().clone_into(&mut doc.text);
        doc
    }
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &meta.value else { return None };
    meta.path.is_ident("doc").then(|| line.value())
}

/// The name that a type goes by: the last segment of its path; `None` for tuples, references, ...
pub(super) fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}
