//! Speaks cargo: its command lines, and what its messages mean. It runs nothing.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Plan, Slot, Target, Tree};
use crate::study::ProgramId;

/// The environment variable through which a program learns its identity when it is built.
const PROGRAM_VARIABLE: &str = "AUTORESEARCH_PROGRAM";

/// Whether a program takes its identity from the environment when it is built, and so can print it.
pub(super) fn tells_identity(tree: &Tree) -> bool {
    let named =
        |bytes: &[u8]| bytes.windows(PROGRAM_VARIABLE.len()).any(|part| part == PROGRAM_VARIABLE.as_bytes());
    tree.iter().any(|(path, file)| path.ends_with(".rs") && named(&file.bytes))
}

/// What a build finds in its environment: the program's identity, and no request for colours.
pub(super) fn build_environment(program: &ProgramId) -> Vec<(String, OsString)> {
    let identity = (PROGRAM_VARIABLE.to_owned(), program.as_str().into());
    vec![identity, ("CARGO_TERM_COLOR".to_owned(), "never".into())]
}

/// The command that builds the program in a slot.
pub(super) fn build_words(slot: &Slot, plan: &Plan) -> Vec<OsString> {
    let words =
        ["build", "--release", "--offline", "--locked", "--message-format", "json-render-diagnostics"];
    let kind = plan.target.as_ref().map(|target| match target {
        Target::Binary(_) => "--bin",
        Target::Example(_) => "--example",
    });
    let mut words = cargo(&words);
    words.extend(kind.map(OsString::from));
    words.extend(plan.target.as_ref().map(|target| target.name().into()));
    if !plan.features.is_empty() {
        words.extend(["--features".into(), plan.features.join(",").into()]);
    }
    words.extend(target(slot));
    words
}

/// The command that makes cargo forget what it built of the package, and nothing else.
pub(super) fn clean_words(slot: &Slot, package: &str) -> Vec<OsString> {
    let words = ["clean", "--release", "--offline", "--locked", "--package", package];
    [&cargo(&words)[..], &target(slot)].concat()
}

/// The command that downloads what the lock file names, for this kind of machine only.
pub(super) fn fetch_words() -> Vec<OsString> {
    cargo(&["fetch", "--locked", "--target", "host-tuple"])
}

/// A command of the cargo that started us, or else of the one in the path.
fn cargo(words: &[&str]) -> Vec<OsString> {
    let ours = std::env::var_os("CARGO").filter(|path| !path.is_empty());
    let program = ours.unwrap_or_else(|| "cargo".into());
    std::iter::once(program).chain(words.iter().map(OsString::from)).collect()
}

fn target(slot: &Slot) -> [OsString; 2] {
    ["--target-dir".into(), slot.target().into()]
}

/// The name of the package in a directory.
pub(super) fn package_name(directory: &Path) -> Option<String> {
    let manifest: toml::Table = fs::read_to_string(directory.join("Cargo.toml")).ok()?.parse().ok()?;
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// A binary that cargo reports to have made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Artefact {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Cargo built nothing, since it took the existing file for up to date.
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

/// Chooses the binary to run; the error lists what there is.
pub(super) fn choose(found: Vec<Artefact>, wanted: Option<&str>) -> Result<Artefact, String> {
    let names: Vec<&str> = found.iter().map(|artefact| artefact.name.as_str()).collect();
    let names = names.join(", ");
    let mut left = found.into_iter().filter(|artefact| wanted.is_none_or(|name| artefact.name == name));
    match (left.next(), left.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(format!(
            "several binaries: {names}; name the one to run with `run.binary` in autoresearch.toml"
        )),
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

/// The first error of cargo's with all its causes, in one line; paths in the slot's copy of the tree are shown as those of
/// the repository.
pub(super) fn whole_error(log: &str, source: &Path) -> Option<String> {
    let inside = format!("{}/", source.display());
    let lines = log.lines().map(str::trim).skip_while(|line| !is_error(line));
    let lines = lines.enumerate().take_while(|(at, line)| *at == 0 || !is_error(line)).map(|(_, line)| line);
    let told: Vec<&str> = lines.filter(|line| !line.is_empty() && *line != "Caused by:").collect();
    (!told.is_empty()).then(|| told.join("; ").replace(&inside, ""))
}

fn is_error(line: &str) -> bool {
    line.starts_with("error:") || line.starts_with("error[")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_reported_with_its_place() {
        let log = "cargo build\n   Compiling quick v0.1.0\nwarning: unused\n --> src/a.rs:1:1\n\nerror[E0308]: mismatched types\n  --> src/model.rs:12:5\n   |\n\nerror: could not compile `quick`\n";
        assert_eq!(first_error(log).unwrap(), "error[E0308]: mismatched types (src/model.rs:12:5)");
        assert_eq!(
            first_error("error: no matching package\n\n --> x").unwrap(),
            "error: no matching package"
        );
        assert_eq!(first_error("all is well"), None);
    }

    #[test]
    fn an_error_of_cargos_is_told_with_its_causes_in_the_words_of_the_repository() {
        let log = "cargo fetch\nerror: failed to get `engine` as a dependency\n\nCaused by:\n  failed to read \
                   `/s/source/vendor/Cargo.toml`\n\nCaused by:\n  No such file\n";
        let told =
            "error: failed to get `engine` as a dependency; failed to read `vendor/Cargo.toml`; No such file";
        assert_eq!(whole_error(log, Path::new("/s/source")).unwrap(), told);
        assert_eq!(whole_error("all is well", Path::new("/s")), None);
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
}
