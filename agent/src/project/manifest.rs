//! What the `Cargo.toml` files of a commit say: the programs of a package, the features that they need, and the crates
//! that a package takes from its neighbourhood. Cargo knows all this better, but only once something is built.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use super::contents::{join, normal, text};
use crate::evaluator::{Target, Tree};
use crate::rewrite::Build;

/// A target of a package that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) target: Target,
    /// Features without which cargo does not build it.
    pub(super) required: Vec<String>,
}

/// A package's manifest, and the files next to it.
#[derive(Debug)]
pub(super) struct Manifest<'a> {
    files: &'a Tree,
    folder: &'a str,
    table: Table,
}

impl<'a> Manifest<'a> {
    /// That of the package in a folder; `None` if it cannot be read, which cargo says better.
    pub(super) fn read(files: &'a Tree, folder: &'a str) -> Option<Self> {
        let table = text(files, &join(folder, "Cargo.toml"))?.parse().ok()?;
        Some(Self { files, folder, table })
    }

    pub(super) fn programs(&self) -> Vec<Program> {
        let name = self.package("name").and_then(Value::as_str).unwrap_or_default();
        let mut found = self.targets("bin", "autobins", "src/bin/", Target::Binary);
        let is_declared = |found: &[Program], name: &str| found.iter().any(|one| one.target.name() == name);
        let main = join(self.folder, "src/main.rs");
        let claimed = self.declared("bin").iter().any(|one| one.1.as_deref() == Some("src/main.rs"));
        if self.is_automatic("autobins")
            && self.files.contains_key(&main)
            && !claimed
            && !is_declared(&found, name)
        {
            found.push(Program { target: Target::Binary(name.to_owned()), required: Vec::new() });
        }
        found.sort_by(|one, other| one.target.name().cmp(other.target.name()));
        found
    }

    pub(super) fn examples(&self) -> Vec<Program> {
        self.targets("example", "autoexamples", "examples/", Target::Example)
    }

    pub(super) fn default_run(&self) -> Option<&str> {
        self.package("default-run")?.as_str()
    }

    /// Whether it is that of a package, and not only of a workspace.
    pub(super) fn has_package(&self) -> bool {
        self.package("name").is_some()
    }

    /// The features that this package has.
    pub(super) fn features(&self) -> BTreeSet<String> {
        let table = |name: &str| self.table.get(name).and_then(Value::as_table);
        let named = table("features").into_iter().flat_map(Table::keys).cloned();
        let dependencies = table("dependencies").into_iter().flatten();
        let optional = dependencies.filter(|(_, value)| value.get("optional") == Some(&Value::Boolean(true)));
        let optional = optional.map(|(name, _)| name.clone());
        named.chain(optional).chain(["default".to_owned()]).collect()
    }

    /// The features that are on when these are asked for.
    pub(super) fn enabled(&self, asked: &[String]) -> BTreeSet<String> {
        let table = self.table.get("features").and_then(Value::as_table);
        let mut enabled = BTreeSet::new();
        let mut open: Vec<String> = asked.iter().cloned().chain(["default".to_owned()]).collect();
        while let Some(feature) = open.pop() {
            if !enabled.insert(feature.clone()) {
                continue;
            }
            let implied = table.and_then(|table| table.get(&feature)?.as_array());
            let implied = implied.into_iter().flatten().filter_map(Value::as_str);
            open.extend(implied.map(str::to_owned));
        }
        enabled
    }

    /// How the package is built in release, with these features beside the default ones.
    pub(super) fn build(&self, features: &[String]) -> Build {
        let release = self.table.get("profile").and_then(|profiles| profiles.get("release"));
        let asserts = release.and_then(|release| release.get("debug-assertions")?.as_bool());
        Build { features: self.enabled(features), debug_assertions: asserts.unwrap_or(false) }
    }

    fn package(&self, key: &str) -> Option<&Value> {
        self.table.get("package")?.get(key)
    }

    fn is_automatic(&self, key: &str) -> bool {
        self.package(key) != Some(&Value::Boolean(false))
    }

    /// Names, paths and required features in `[[bin]]` or `[[example]]`.
    fn declared(&self, kind: &str) -> Vec<(String, Option<String>, Vec<String>)> {
        let of = |target: &Value| {
            let text = |key: &str| target.get(key).and_then(Value::as_str).map(str::to_owned);
            let required = target.get("required-features").and_then(Value::as_array);
            let required = required.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
            Some((text("name")?, text("path"), required.collect()))
        };
        let targets = self.table.get(kind).and_then(Value::as_array);
        targets.into_iter().flatten().filter_map(of).collect()
    }

    /// The declared targets of a kind, and the files where cargo looks for others.
    fn targets(&self, kind: &str, automatic: &str, below: &str, make: fn(String) -> Target) -> Vec<Program> {
        let declared = self.declared(kind);
        let paths: Vec<String> = declared.iter().filter_map(|(_, path, _)| path.clone()).collect();
        let named = |name: String, required| Program { target: make(name), required };
        let mut found: Vec<Program> =
            declared.into_iter().map(|(name, _, required)| named(name, required)).collect();
        if self.is_automatic(automatic) {
            let folder = join(self.folder, below);
            for path in self.files.keys().filter_map(|path| path.strip_prefix(&folder)) {
                let name = path.strip_suffix("/main.rs").or(path.strip_suffix(".rs")).unwrap_or_default();
                let is_new = !found.iter().any(|one| one.target.name() == name)
                    && !paths.contains(&format!("{below}{path}"));
                if is_new && !name.is_empty() && !name.contains('/') {
                    found.push(named(name.to_owned(), Vec::new()));
                }
            }
        }
        found
    }
}

/// Whether there is anything to run in a folder's package.
pub(super) fn has_program(files: &Tree, folder: &str) -> bool {
    files.contains_key(&join(folder, "src/main.rs"))
        || Manifest::read(files, folder).is_some_and(|manifest| !manifest.programs().is_empty())
}

/// A crate that a manifest takes from a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// The manifest that names it.
    pub(super) manifest: String,
    /// As it is written there.
    pub(super) written: String,
    /// From the root of the repository; `None` outside of it.
    pub(super) folder: Option<String>,
}

/// The crates in folders that a package and these crates themselves need; the package is not among them.
pub(super) fn neighbours(files: &Tree, package: &str) -> Vec<Neighbour> {
    let above = Path::new(package).ancestors().skip(1).filter_map(Path::to_str);
    let workspace = above.map(str::to_owned).chain([package.to_owned()]).find_map(|folder| {
        let manifest = Manifest::read(files, &folder)?;
        let shared = manifest.table.get("workspace")?.get("dependencies").and_then(Value::as_table).cloned();
        Some((folder, shared.unwrap_or_default()))
    });
    let mut open = vec![package.to_owned()];
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(folder) = open.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        let Some(manifest) = Manifest::read(files, &folder) else { continue };
        let mut needs = Vec::new();
        dependencies(&manifest.table, &mut needs);
        for (name, dependency) in needs {
            let is_shared = dependency.get("workspace") == Some(&Value::Boolean(true));
            let (at, dependency) = match &workspace {
                Some((root, shared)) if is_shared => (root, shared.get(name)),
                _ => (&folder, Some(dependency)),
            };
            let written = dependency.and_then(|dependency| dependency.get("path")?.as_str());
            let Some(written) = written.map(str::to_owned) else { continue };
            let (manifest, folder) = (join(at, "Cargo.toml"), normal(at, &written));
            open.extend(folder.clone());
            found.push(Neighbour { manifest, written, folder });
        }
    }
    found
}

/// Collects the dependencies in a manifest by their names, whatever table they stand in.
fn dependencies<'a>(table: &'a Table, found: &mut Vec<(&'a str, &'a Value)>) {
    let tables = table.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_table()?)));
    for (key, inner) in tables {
        let inside = inner.values().filter_map(Value::as_table);
        match key {
            "target" => inside.for_each(|table| dependencies(table, found)),
            "patch" => {
                inside.for_each(|crates| found.extend(crates.iter().map(|(name, one)| (name.as_str(), one))))
            }
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                found.extend(inner.iter().map(|(name, one)| (name.as_str(), one)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::evaluator::File;

    fn files(files: &[(&str, &str)]) -> Tree {
        let file = |text: &str| File { bytes: Arc::from(text.as_bytes()), executable: false };
        files.iter().map(|(path, text)| ((*path).to_owned(), file(text))).collect()
    }

    fn names(programs: Vec<Program>) -> Vec<String> {
        programs.into_iter().map(|program| program.target.name().to_owned()).collect()
    }

    #[test]
    fn programs_are_declared_or_lie_where_cargo_looks_for_them() {
        let manifest = "[package]\nname = \"gpt\"\n[[bin]]\nname = \"train\"\npath = \"src/bin/one.rs\"\n\
                        required-features = [\"gpu\"]\n[[example]]\nname = \"tiny\"\n";
        let tree = files(&[
            ("a/Cargo.toml", manifest),
            ("a/src/main.rs", ""),
            ("a/src/bin/one.rs", ""),
            ("a/src/bin/two.rs", ""),
            ("a/src/bin/three/main.rs", ""),
            ("a/src/bin/three/part.rs", ""),
            ("a/examples/tiny.rs", ""),
            ("a/examples/big/main.rs", ""),
        ]);
        let manifest = Manifest::read(&tree, "a").unwrap();
        assert_eq!(names(manifest.programs()), ["gpt", "three", "train", "two"]);
        assert_eq!(names(manifest.examples()), ["tiny", "big"]);
        let train = manifest.programs().into_iter().find(|one| one.target.name() == "train").unwrap();
        assert_eq!(train.required, ["gpu"]);
    }

    #[test]
    fn features_are_on_if_they_are_asked_for_or_follow_from_those() {
        let text = "[features]\ndefault = [\"a\"]\na = [\"b\", \"dep:x\"]\nc = []\n[dependencies]\ny = { version = \"1\", optional = true }\n";
        let tree = files(&[("Cargo.toml", text)]);
        let manifest = Manifest::read(&tree, "").unwrap();
        let enabled = manifest.enabled(&["y".to_owned()]);
        assert!(["a", "b", "y"].iter().all(|name| enabled.contains(*name)) && !enabled.contains("c"));
        assert_eq!(manifest.features().into_iter().collect::<Vec<_>>(), ["a", "c", "default", "y"]);
    }

    #[test]
    fn crates_in_folders_are_found_through_each_other_and_through_the_workspace() {
        let tree = files(&[
            (
                "Cargo.toml",
                "[workspace.dependencies]\nshared = { path = \"shared\" }\nunused = { path = \"unused\" }\n",
            ),
            (
                "gpt/Cargo.toml",
                "[dependencies]\nshared = { workspace = true }\n[target.'cfg(unix)'.dependencies]\nengine = { path = \"../engine\" }\n",
            ),
            ("engine/Cargo.toml", "[build-dependencies]\nout = { path = \"../../out\" }\n"),
        ]);
        let found: Vec<_> = neighbours(&tree, "gpt").into_iter().map(|one| one.folder).collect();
        assert_eq!(found, [Some("shared".to_owned()), Some("engine".to_owned()), None]);
    }
}
