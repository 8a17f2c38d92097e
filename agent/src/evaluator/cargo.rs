//! Speaks cargo: its command lines, and what its messages mean. It runs nothing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Slot, Tree};
use crate::study::ProgramId;

/// The environment variable through which a program learns its identity when it is built.
const PROGRAM_VARIABLE: &str = "AUTORESEARCH_PROGRAM";

/// Whether a program takes its identity from the environment when it is built, and so can print it.
pub(super) fn tells_identity(tree: &Tree) -> bool {
    let named =
        |bytes: &[u8]| bytes.windows(PROGRAM_VARIABLE.len()).any(|part| part == PROGRAM_VARIABLE.as_bytes());
    tree.iter().any(|(path, file)| path.ends_with(".rs") && named(&file.bytes))
}

/// The cargo that a build command means: a toolchain that it names (`cargo +nightly`) is rustup's
/// affair; otherwise it is the cargo that started us, or the one in the path.
fn cargo(build: &[String]) -> Vec<OsString> {
    if let Some(toolchain) = build.get(1).filter(|word| word.starts_with('+')) {
        return vec!["cargo".into(), toolchain.into()];
    }
    vec![std::env::var_os("CARGO").filter(|path| !path.is_empty()).unwrap_or_else(|| "cargo".into())]
}

/// What a build finds in its environment: the program's identity, and no wish for colours.
pub(super) fn build_environment(program: &ProgramId) -> Vec<(String, OsString)> {
    let identity = (PROGRAM_VARIABLE.to_owned(), program.as_str().into());
    vec![identity, ("CARGO_TERM_COLOR".to_owned(), "never".into())]
}

/// The command that builds the program in a slot.
pub(super) fn build_words(build: &[String], slot: &Slot) -> Vec<OsString> {
    let mut words = cargo(build);
    let (ours, rustc) = build.split_at(build.iter().position(|word| word == "--").unwrap_or(build.len()));
    words.extend(ours.iter().skip(words.len()).map(OsString::from));
    words
        .extend(["--offline", "--locked", "--message-format", "json-render-diagnostics"].map(OsString::from));
    words.extend([OsString::from("--target-dir"), slot.target().into()]);
    words.extend(rustc.iter().map(OsString::from));
    words
}

/// The command that makes cargo forget what it built of the package, and of it alone.
pub(super) fn clean_words(build: &[String], slot: &Slot, package: &str) -> Vec<OsString> {
    let mut words = cargo(build);
    words.extend(["clean", "--offline", "--locked", "--package", package].map(OsString::from));
    words.extend(profile(build).map(OsString::from));
    words.extend([OsString::from("--target-dir"), slot.target().into()]);
    words
}

/// The flags of a build command that choose its profile.
fn profile(build: &[String]) -> impl Iterator<Item = &String> {
    let is_choice = |word: &str| word == "--release" || word == "-r" || word.starts_with("--profile=");
    let named = |at: usize| build[at] == "--profile" || at > 0 && build[at - 1] == "--profile";
    build.iter().enumerate().filter(move |(at, word)| is_choice(word) || named(*at)).map(|(_, word)| word)
}

/// The command that downloads what the lock file names, for this kind of machine alone.
pub(super) fn fetch_words(build: &[String]) -> Vec<OsString> {
    let mut words = cargo(build);
    words.extend(["fetch", "--locked", "--target", "host-tuple"].map(OsString::from));
    words
}

/// The name of the package in a directory.
pub(super) fn package_name(directory: &Path) -> Option<String> {
    let manifest: toml::Table = fs::read_to_string(directory.join("Cargo.toml")).ok()?.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// A binary that cargo says it made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Artefact {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Cargo built nothing, since it took what was there for good.
    pub(super) fresh: bool,
}

/// Reads one line of cargo's messages: a binary of the package whose manifest this is.
pub(super) fn artefact(line: &str, manifest: &Path) -> Option<Artefact> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        manifest_path: PathBuf,
        target: Target,
        executable: Option<PathBuf>,
        fresh: bool,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let message: Message = serde_json::from_str(line).ok()?;
    let ours = message.reason == "compiler-artifact" && message.manifest_path == manifest;
    ours.then_some(())?;
    Some(Artefact { name: message.target.name, path: message.executable?, fresh: message.fresh })
}

/// Chooses the binary to run; the error says what there is.
pub(super) fn choose(found: Vec<Artefact>, wanted: Option<&str>) -> Result<Artefact, String> {
    let names: Vec<&str> = found.iter().map(|artefact| artefact.name.as_str()).collect();
    let names = names.join(", ");
    let mut left = found.into_iter().filter(|artefact| wanted.is_none_or(|name| artefact.name == name));
    match (left.next(), left.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(format!("several binaries: {names}; name the one to run")),
        (None, _) => Err(format!(
            "no binary{}; built: [{names}]",
            wanted.map_or(String::new(), |name| format!(" '{name}'"))
        )),
    }
}

/// The first error in what cargo and rustc wrote, in one line: `error[E0308]: mismatched types
/// (src/model.rs:12:5)`.
pub(super) fn first_error(log: &str) -> Option<String> {
    let mut lines = log.lines().map(str::trim).skip_while(|line| !is_error(line));
    let error = lines.next()?;
    let place = lines.take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("--> "));
    Some(place.map_or_else(|| error.to_owned(), |place| format!("{error} ({place})")))
}

fn is_error(line: &str) -> bool {
    line.starts_with("error:") || line.starts_with("error[")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Device, Gate};

    #[test]
    fn the_first_error_is_told_with_its_place() {
        let log = "cargo build\n   Compiling quick v0.1.0\nwarning: unused\n --> src/a.rs:1:1\n\nerror[E0308]: mismatched types\n  --> src/model.rs:12:5\n   |\n\nerror: could not compile `quick`\n";
        assert_eq!(first_error(log).unwrap(), "error[E0308]: mismatched types (src/model.rs:12:5)");
        assert_eq!(
            first_error("error: no matching package\n\n --> x").unwrap(),
            "error: no matching package"
        );
        assert_eq!(first_error("all is well"), None);
    }

    #[test]
    fn only_a_binary_of_the_package_itself_is_an_artefact() {
        let line = r#"{"reason":"compiler-artifact","package_id":"x","manifest_path":"/s/Cargo.toml","target":{"kind":["bin"],"name":"quick"},"profile":{},"features":[],"filenames":[],"executable":"/t/quick","fresh":true}"#;
        let found = artefact(line, Path::new("/s/Cargo.toml")).unwrap();
        assert_eq!((found.name.as_str(), found.fresh), ("quick", true));
        assert_eq!(artefact(line, Path::new("/other/Cargo.toml")), None);
        assert_eq!(artefact(&line.replace("\"/t/quick\"", "null"), Path::new("/s/Cargo.toml")), None);
        assert_eq!(artefact("not json", Path::new("/s/Cargo.toml")), None);
    }

    #[test]
    fn one_of_several_binaries_must_be_named() {
        let make = |name: &str| Artefact { name: name.to_owned(), path: name.into(), fresh: false };
        let both = || vec![make("train"), make("test")];
        assert_eq!(choose(both(), Some("train")).unwrap().name, "train");
        assert!(choose(both(), None).unwrap_err().contains("train, test"));
        assert!(choose(both(), Some("x")).unwrap_err().contains("'x'"));
        assert_eq!(choose(vec![make("only")], None).unwrap().name, "only");
    }

    #[test]
    fn a_build_command_keeps_its_words_and_its_toolchain() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(directory.path().join("slot-0/target")).unwrap();
        let slot = Slot::open(directory.path(), 0, Gate::new(Device::Processor, None)).unwrap();
        let words = |text: &str| {
            let build: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let words = build_words(&build, &slot);
            words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert!(words("cargo build -r --bin x").contains(" build -r --bin x --offline --locked "));
        assert!(words("cargo +nightly build").starts_with("cargo +nightly build --offline"));
        let rustc = words("cargo rustc -r -- -C debuginfo=0");
        assert!(rustc.contains(" rustc -r --offline") && rustc.ends_with(" -- -C debuginfo=0"), "{rustc}");
    }

    #[test]
    fn cleaning_follows_the_profile_of_the_build() {
        let build = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(profile(&build("cargo build --release")).collect::<Vec<_>>(), ["--release"]);
        assert_eq!(
            profile(&build("cargo build --profile fast -v")).collect::<Vec<_>>(),
            ["--profile", "fast"]
        );
        assert_eq!(profile(&build("cargo build")).count(), 0);
    }
}
