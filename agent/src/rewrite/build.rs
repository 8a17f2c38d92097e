//! What a build is configured for, and what `cfg` predicates say of it.
//!
//! It knows no syntax tree but that of a predicate: `uncompiled` asks it about the parts of a file, `reach` about
//! whole files.

use std::collections::BTreeSet;
use std::env::consts;

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

/// Options that are off in every build of a study, which is one of a program in release.
const OFF: [&str; 5] = ["test", "doctest", "doc", "miri", "proc_macro"];
/// Attributes of functions that exist only in tests: `#[test]`, `#[tokio::test]`, `#[bench]`.
const TESTS: [&str; 2] = ["test", "bench"];

/// How the programs of a study are built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Build {
    /// The features of the package that are on.
    pub(crate) features: BTreeSet<String>,
    /// Whether the profile asks for debug assertions although it is a release.
    pub(crate) debug_assertions: bool,
}

impl Build {
    /// Whether these attributes take what they belong to out of the build. What is not known counts as being in it.
    pub(super) fn excludes(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().any(|attribute| self.is_off(&attribute.meta))
    }

    /// Whether one attribute does.
    pub(super) fn is_off(&self, attribute: &Meta) -> bool {
        let Some(name) = attribute.path().segments.last() else { return false };
        match attribute {
            Meta::Path(_) => TESTS.iter().any(|test| name.ident == test),
            Meta::List(_) if name.ident == "cfg" => {
                self.parts(attribute).first().and_then(|predicate| self.holds(predicate)) == Some(false)
            }
            Meta::List(_) => self.conditional(attribute).iter().any(|inner| self.is_off(inner)),
            Meta::NameValue(_) => false,
        }
    }

    /// The attributes that `cfg_attr(predicate, ..)` stands for in this build; none for any other attribute. Where the
    /// predicate is not known, there is none either.
    pub(super) fn conditional(&self, attribute: &Meta) -> Vec<Meta> {
        if !attribute.path().is_ident("cfg_attr") {
            return Vec::new();
        }
        let mut parts = self.parts(attribute).into_iter();
        match parts.next().and_then(|predicate| self.holds(&predicate)) {
            Some(true) => parts.collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a predicate holds; `None` if that is not known.
    pub(super) fn holds(&self, predicate: &Meta) -> Option<bool> {
        let name = predicate.path().get_ident()?.to_string();
        match predicate {
            Meta::Path(_) => self.option(&name),
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(value), .. }) => self.equals(&name, &value.value()),
                _ => None,
            },
            Meta::List(_) => {
                let parts = self.parts(predicate);
                let mut values = parts.iter().map(|part| self.holds(part));
                match name.as_str() {
                    "not" => values.next()?.map(|value| !value),
                    "all" => all(values, true),
                    "any" => all(values.map(|value| value.map(|value| !value)), true).map(|none| !none),
                    _ => None,
                }
            }
        }
    }

    fn option(&self, name: &str) -> Option<bool> {
        match name {
            "true" => Some(true),
            "false" => Some(false),
            "debug_assertions" | "overflow_checks" => Some(self.debug_assertions),
            "unix" | "windows" => Some(consts::FAMILY == name),
            _ => OFF.contains(&name).then_some(false),
        }
    }

    fn equals(&self, name: &str, value: &str) -> Option<bool> {
        match name {
            "feature" => Some(self.features.contains(value)),
            "target_os" => Some(consts::OS == value),
            "target_arch" => Some(consts::ARCH == value),
            "target_family" => Some(consts::FAMILY == value),
            "target_pointer_width" => Some(value == usize::BITS.to_string()),
            "target_endian" => Some((value == "little") == cfg!(target_endian = "little")),
            _ => None,
        }
    }

    /// What stands between the parentheses; nothing if it is no list.
    fn parts(&self, list: &Meta) -> Vec<Meta> {
        let Meta::List(list) = list else { return Vec::new() };
        let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        parts.into_iter().flatten().collect()
    }
}

/// `false` if one is false, else not known if one is not known.
fn all(mut values: impl Iterator<Item = Option<bool>>, start: bool) -> Option<bool> {
    let known = values.try_fold(Some(start), |sum, value| match value {
        Some(false) => None,
        Some(true) => Some(sum),
        None => Some(None),
    });
    known.unwrap_or(Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build() -> Build {
        Build { features: BTreeSet::from(["gpu".to_owned()]), debug_assertions: false }
    }

    #[test]
    fn a_predicate_holds_does_not_or_is_not_known() {
        let (host, other) = (consts::OS, if consts::OS == "linux" { "macos" } else { "linux" });
        for (predicate, expected) in [
            ("test", Some(false)),
            ("doc", Some(false)),
            ("debug_assertions", Some(false)),
            ("feature = \"gpu\"", Some(true)),
            ("feature = \"cuda\"", Some(false)),
            (&format!("target_os = \"{host}\""), Some(true)),
            (&format!("target_os = \"{other}\""), Some(false)),
            (&format!("target_arch = \"{}\"", consts::ARCH), Some(true)),
            ("target_arch = \"mips\"", Some(false)),
            ("unix", Some(cfg!(unix))),
            ("windows", Some(cfg!(windows))),
            ("not(test)", Some(true)),
            ("not(feature = \"gpu\")", Some(false)),
            ("all()", Some(true)),
            ("any()", Some(false)),
            ("all(feature = \"gpu\", not(test))", Some(true)),
            ("any(test, feature = \"cuda\")", Some(false)),
            ("any(test, feature = \"cuda\", feature = \"gpu\",)", Some(true)),
            ("tokio_unstable", None),
            ("panic = \"unwind\"", None),
            ("not(tokio_unstable)", None),
            ("all(tokio_unstable, test)", Some(false)),
            ("all(tokio_unstable, not(test))", None),
            ("any(tokio_unstable, not(test))", Some(true)),
            ("any(tokio_unstable, test)", None),
        ] {
            let parsed: Meta = syn::parse_str(predicate).expect(predicate);
            assert_eq!(build().holds(&parsed), expected, "{predicate}");
        }
    }

    #[test]
    fn attributes_take_something_out_of_the_build_only_if_that_is_certain() {
        for (attribute, expected) in [
            ("#[test]", true),
            ("#[tokio::test]", true),
            ("#[bench]", true),
            ("#[cfg(test)]", true),
            ("#[cfg(any(test, feature = \"cuda\"))]", true),
            ("#[cfg(feature = \"gpu\")]", false),
            ("#[cfg(loom)]", false),
            ("#[cfg(not(loom))]", false),
            ("#[inline]", false),
            ("#[doc = \"test\"]", false),
            ("#[cfg_attr(test, derive(Debug))]", false),
            ("#[cfg_attr(feature = \"gpu\", cfg(test))]", true),
            ("#[cfg_attr(feature = \"cuda\", cfg(test))]", false),
            ("#[cfg_attr(not(test), cfg(feature = \"cuda\"), inline)]", true),
        ] {
            let item: syn::ItemFn = syn::parse_str(&format!("{attribute} fn f() {{}}")).expect(attribute);
            assert_eq!(build().excludes(&item.attrs), expected, "{attribute}");
        }
    }

    #[test]
    fn debug_assertions_are_on_where_the_profile_asks_for_them() {
        let build = Build { debug_assertions: true, ..Build::default() };
        assert_eq!(build.holds(&syn::parse_quote!(debug_assertions)), Some(true));
    }
}
