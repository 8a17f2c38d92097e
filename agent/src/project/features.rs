//! How a package is built, as far as its manifest says: the features that are on, and what its profile asks for.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::rewrite::Build;

/// The build of a package in release, with the default features of its manifest and `extra` ones.
pub(super) fn build(manifest: &str, extra: &[String]) -> Build {
    // Cargo refuses a manifest that cannot be read, and says where.
    let manifest: Table = manifest.parse().unwrap_or_default();
    let asserts = manifest
        .get("profile")
        .and_then(|profiles| profiles.get("release")?.get("debug-assertions")?.as_bool())
        .unwrap_or(false);
    Build { features: features(&manifest, extra), debug_assertions: asserts }
}

/// `default` and `extra`, with all that these features switch on.
fn features(manifest: &Table, extra: &[String]) -> BTreeSet<String> {
    let declared = manifest.get("features").and_then(Value::as_table);
    let mut open: Vec<String> = extra.to_vec();
    open.push("default".to_owned());
    let mut on = BTreeSet::new();
    while let Some(feature) = open.pop() {
        // `package/feature` switches on the optional dependency `package`, too, but `package?/feature` does not.
        let name = match feature.split_once('/') {
            Some((package, _)) => package.to_owned(),
            None => feature,
        };
        if name.starts_with("dep:") || name.ends_with('?') || !on.insert(name.clone()) {
            continue;
        }
        let listed = declared.and_then(|features| features.get(&name)?.as_array());
        open.extend(listed.into_iter().flatten().filter_map(|entry| Some(entry.as_str()?.to_owned())));
    }
    on
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "
        [features]
        default = [\"cpu\", \"log?/std\"]
        cpu = [\"fast\", \"dep:blas\", \"burn/ndarray\"]
        fast = [\"cpu\"]
        gpu = [\"wgpu\"]
        [dependencies]
        wgpu = { version = \"1\", optional = true }";

    #[test]
    fn the_default_features_are_on_with_all_that_they_switch_on() {
        let on = |extra: &[&str]| {
            let extra: Vec<String> = extra.iter().map(|feature| (*feature).to_owned()).collect();
            build(MANIFEST, &extra).features.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(on(&[]), "burn cpu default fast");
        assert_eq!(on(&["gpu"]), "burn cpu default fast gpu wgpu");
    }

    #[test]
    fn debug_assertions_are_off_unless_the_profile_says_otherwise() {
        assert!(!build(MANIFEST, &[]).debug_assertions);
        assert!(build("[profile.release]\ndebug-assertions = true", &[]).debug_assertions);
        assert!(!build("this is no manifest", &[]).debug_assertions);
    }
}
