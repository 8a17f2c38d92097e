//! Gives a new slot what the agent's own build has compiled. The default target names the same
//! dependencies with the same features, so its first build compiles one crate instead of 350. For any
//! other crate cargo finds nothing of use there, and compiles what it needs.
//!
//! Compiled artefacts are hard-linked: cargo and rustc replace them by new files and never write into
//! them. What they do write into (fingerprints, dependency lists, output of build scripts) is copied.
//! Everything keeps its mtime, by which cargo distinguishes fresh from stale.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};

/// Files in `deps` that cargo and rustc replace and never write into.
const REPLACED: [&str; 3] = ["rlib", "rmeta", "so"];
/// Files in `deps` that rustc writes into.
const REWRITTEN: &str = "d";

/// The `release` directory in which the running program was built, if it is still there.
pub(super) fn own_release_directory() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    // `release/autoresearch`, or `release/deps/it-0123` for a test.
    program.ancestors().skip(1).take(2).find(|directory| is_release(directory)).map(Path::to_owned)
}

fn is_release(directory: &Path) -> bool {
    directory.file_name() == Some(OsStr::new("release")) && directory.join(".fingerprint").is_dir()
}

/// Fills a slot's new `release` directory from another.
pub(super) fn start(donor: &Path, release: &Path) -> io::Result<()> {
    for part in [".fingerprint", "build", "deps"] {
        for entry in fs::read_dir(donor.join(part)).into_iter().flatten() {
            let name = entry?.file_name();
            if !is_own(&name) {
                clone(&donor.join(part).join(&name), &release.join(part).join(&name), part == "deps")?;
            }
        }
    }
    Ok(())
}

/// Whether an artefact belongs to the agent itself: large, and of no use to others.
fn is_own(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.strip_prefix("lib").unwrap_or(&name).starts_with(env!("CARGO_PKG_NAME"))
}

/// Clones a file or a directory; in `deps`, what is neither library nor dependency list is left out.
fn clone(from: &Path, to: &Path, in_deps: bool) -> io::Result<()> {
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            clone(&from.join(&name), &to.join(&name), in_deps)?;
        }
        return Ok(());
    }
    fs::create_dir_all(to.parent().expect("a file in a slot has a parent"))?;
    let kind = from.extension().and_then(OsStr::to_str).unwrap_or_default();
    let cloned = match kind {
        _ if in_deps && REPLACED.contains(&kind) => fs::hard_link(from, to).or_else(|_| copy(from, to)),
        _ if in_deps && kind != REWRITTEN => Ok(()),
        _ => copy(from, to),
    };
    match cloned {
        // A build still running there may remove a file.
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let modified = fs::metadata(from)?.modified()?;
    fs::copy(from, to)?;
    File::open(to)?.set_times(FileTimes::new().set_modified(modified))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::runner::{Command, Exit, Limits, Runner};

    const MANIFEST: &str = "[package]\nname = \"NAME\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

    /// A program with a library that has a build script, and a macro.
    fn write_crates(root: &Path) {
        let crates = [
            (
                "program",
                "[dependencies]\nlibrary = { path = \"../library\" }\nmacros = { path = \"../macros\" }\n[workspace]\n",
            ),
            ("library", ""),
            ("macros", "[lib]\nproc-macro = true\n"),
        ];
        for (name, rest) in crates {
            fs::create_dir_all(root.join(name).join("src")).unwrap();
            fs::write(root.join(name).join("Cargo.toml"), MANIFEST.replace("NAME", name) + rest).unwrap();
        }
        let shout = "println!(\"cargo::rustc-env=WORD=word\")";
        fs::write(root.join("library/build.rs"), format!("fn main() {{ {shout}; }}")).unwrap();
        fs::write(
            root.join("program/src/main.rs"),
            "fn main() { macros::nothing!(); println!(\"{}\", library::word()); }",
        )
        .unwrap();
        write_dependencies(root, "one");
    }

    fn write_dependencies(root: &Path, word: &str) {
        let library = format!("pub fn word() -> String {{ format!(\"{{}} {word}\", env!(\"WORD\")) }}");
        fs::write(root.join("library/src/lib.rs"), library).unwrap();
        let nothing = "#[proc_macro] pub fn nothing(_: proc_macro::TokenStream)";
        let text =
            format!("{nothing} -> proc_macro::TokenStream {{ let _ = \"{word}\"; Default::default() }}");
        fs::write(root.join("macros/src/lib.rs"), text).unwrap();
    }

    /// Builds the program; returns what cargo said.
    async fn build(root: &Path, target: &Path) -> String {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut words = vec![cargo];
        words.extend(["build", "--release", "--offline", "--target-dir"].map(OsString::from));
        words.push(target.into());
        let log = root.join("build.log");
        let command =
            Command { words, directory: root.join("program"), environment: Vec::new(), log: log.clone() };
        let finished = Runner::for_tests().start(&command, &Limits::default()).unwrap().finish().await;
        let said = fs::read_to_string(log).unwrap();
        assert_eq!(finished.exit, Exit::Success, "{said}");
        said
    }

    fn contents(directory: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(contents(&path));
            } else {
                let modified = fs::metadata(&path).unwrap().modified().unwrap();
                found.insert(path.clone(), (fs::read(&path).unwrap(), modified));
            }
        }
        found
    }

    #[tokio::test]
    async fn a_warm_start_saves_the_build_and_no_later_build_touches_the_donor() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        write_crates(root);
        let (donor, slot) = (root.join("donor"), root.join("slot"));
        build(root, &donor).await;
        let before = contents(&donor);
        start(&donor.join("release"), &slot.join("release")).unwrap();

        let said = build(root, &slot).await;
        for name in ["library", "macros"] {
            assert!(!said.contains(&format!("Compiling {name}")), "{said}");
        }
        // The same artefacts, under the same names, compiled anew in the slot.
        std::thread::sleep(Duration::from_millis(20));
        write_dependencies(root, "two");
        let said = build(root, &slot).await;
        assert!(said.contains("Compiling library") && said.contains("Compiling macros"), "{said}");
        assert!(contents(&donor) == before, "the donor was written into");
    }
}
