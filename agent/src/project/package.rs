//! What a commit of the user's repository offers a study: the package, the files that may be edited,
//! the rest that may not, and the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use glob::MatchOptions;

use super::features;
use super::user_error::UserError;
use crate::config::{self, Config};
use crate::evaluator::{File, Tree};
use crate::repo::{FileKind, Repo};
use crate::rewrite::{Build, Catalogue, Rest, Rewriter, Site, Surroundings, reached};
use crate::study::{CommitId, ProgramId, Sources};

/// `*` stays within a folder, and only `**` goes into folders: a pattern wider than meant would allow too many edits.
const WITHIN_A_FOLDER: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A crate in a commit, ready to be rewritten.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) config: Config,
    /// Folder of the package relative to the root; empty for the root.
    pub(crate) package: String,
    /// Paths of the files that may be edited.
    pub(crate) mutable: BTreeSet<String>,
    /// Digest of all other files.
    pub(crate) frozen: String,
    /// Digest of Cargo.lock.
    pub(crate) lock: Option<String>,
    pub(crate) sources: Sources,
    pub(crate) rewriter: Rewriter,
    pub(crate) catalogue: Catalogue,
    /// What is handed to the program in its environment and read by some source of the repository.
    read: BTreeSet<Handed>,
}

/// What a run is handed, as an argument or in its environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Handed {
    Budget,
    Seed,
}

impl Handed {
    pub(crate) const ALL: [Self; 2] = [Self::Budget, Self::Seed];

    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Budget => "AUTORESEARCH_BUDGET",
            Self::Seed => "AUTORESEARCH_SEED",
        }
    }

    pub(crate) fn placeholder(self) -> &'static str {
        match self {
            Self::Budget => "{budget}",
            Self::Seed => "{seed}",
        }
    }

    /// What follows if it does not reach the program.
    fn consequence(self) -> &'static str {
        match self {
            Self::Budget => {
                "a run takes as long as the program likes, and a trial that takes longer than the baseline is not compared \
                 with it"
            }
            Self::Seed => "its results cannot differ by chance, and nothing can be proved and merged",
        }
    }
}

impl Project {
    /// Reads the crate, its settings and the user's templates from a commit.
    pub(crate) fn read(repo: &Repo, commit: CommitId) -> Result<Self> {
        let files = tree(repo, commit)?;
        let config = match text(&files, config::FILE) {
            Some(text) => Config::parse(&text).map_err(|error| UserError::new(format!("{error:#}")))?,
            None => Config::default(),
        };
        let package = find_package(&files, config.package.as_deref())?;
        let manifest = text(&files, &join(&package, "Cargo.toml")).unwrap_or_default();
        let build = features::build(&manifest, &[]);
        let Mutable { mutable, uncompiled, compiled, any } = find_mutable(&files, &package, &config, &build)?;
        let sources = Sources(repo.texts(commit, &mutable)?);
        let templates: Vec<(String, String)> = files
            .keys()
            .filter_map(|path| Some((path.strip_prefix(config::TEMPLATES)?.to_owned(), text(&files, path)?)))
            .collect();
        let catalogue = Catalogue::embedded().with_user(&templates).map_err(UserError::from_error)?;
        let texts = |paths: BTreeSet<String>| {
            Sources(paths.into_iter().filter_map(|path| Some((path.clone(), text(&files, &path)?))).collect())
        };
        let elsewhere = elsewhere(&files, &package, |path| mutable.contains(path) || any.contains(path));
        let surroundings = Surroundings {
            build,
            uncompiled: texts(uncompiled),
            rest: Some(Rest { compiled: texts(compiled), elsewhere }),
        };
        let rewriter =
            Rewriter::within(&catalogue, &sources, &surroundings).map_err(UserError::from_error)?;
        let lock = lock_file(&files, &package);
        let sources_read = |handed: &Handed| {
            let mut rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
            rust.any(|(_, file)| memmem(&file.bytes, handed.variable().as_bytes()))
        };
        Ok(Self {
            read: Handed::ALL.into_iter().filter(sources_read).collect(),
            frozen: repo.frozen_digest(commit, &mutable)?,
            lock: lock.map(|lock| blake3::hash(lock.as_bytes()).to_hex()[..16].to_owned()),
            config,
            package,
            mutable,
            sources,
            rewriter,
            catalogue,
        })
    }

    /// What could be changed; an error if there is nothing.
    pub(crate) fn sites(&self) -> Result<Vec<Site>> {
        let sites = self.rewriter.sites(&self.sources)?;
        if sites.is_empty() {
            let files: Vec<&str> = self.mutable.iter().map(String::as_str).collect();
            let left_out = match self.rewriter.left_out().len() {
                0 => String::new(),
                count => format!(" ({count} that look like it are left out: `inspect` says why)"),
            };
            return Err(UserError::new(format!(
                "found nothing that could be changed in {}: no constant, no setting of a `Config`, nothing that a \
                 template fits{left_out}; name other files with `mutable` in autoresearch.toml",
                files.join(", ")
            ))
            .into());
        }
        Ok(sites)
    }

    /// Whether something reaches the program: by an argument, or because a source reads the variable.
    pub(crate) fn passes_on(&self, handed: Handed) -> bool {
        let is_argument = self.config.run.args.iter().any(|arg| arg.contains(handed.placeholder()));
        is_argument || self.read.contains(&handed)
    }

    /// What follows if something does not reach the program.
    pub(crate) fn consequence(&self, handed: Handed) -> String {
        format!("so {}", handed.consequence())
    }

    /// What does not reach the program, and what follows from that; a sentence each.
    pub(crate) fn not_passed_on(&self) -> Vec<String> {
        let missing = Handed::ALL.into_iter().filter(|handed| !self.passes_on(*handed));
        let sentence = |handed: Handed| {
            let what = if handed == Handed::Budget { "budget" } else { "seed" };
            format!(
                "the {what} does not reach the program: `{}` is not in `run.args`, and no source reads {}; so {}",
                handed.placeholder(),
                handed.variable(),
                handed.consequence()
            )
        };
        missing.map(sentence).collect()
    }

    /// The identity of a program of this project.
    pub(crate) fn identity(&self, sources: &Sources) -> ProgramId {
        ProgramId::new(&self.frozen, sources)
    }

    /// The mutable files of a commit of this project.
    pub(crate) fn sources_of(&self, repo: &Repo, commit: CommitId) -> Result<Sources> {
        Ok(Sources(repo.texts(commit, &self.mutable)?))
    }
}

/// The regular files of a commit. Links and submodules are left out: a build that needs them fails.
pub(crate) fn tree(repo: &Repo, commit: CommitId) -> Result<Tree> {
    let files = repo.files(commit).context("cannot read the commit's files")?;
    let regular = files.into_iter().filter_map(|(path, blob)| {
        let executable = match blob.kind {
            FileKind::Regular => false,
            FileKind::Executable => true,
            _ => return None,
        };
        Some((path, File { bytes: Arc::from(blob.bytes), executable }))
    });
    Ok(regular.collect())
}

fn memmem(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn text(files: &Tree, path: &str) -> Option<String> {
    files.get(path).and_then(|file| String::from_utf8(file.bytes.to_vec()).ok())
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// The text of the lock file that cargo uses for a package: it is next to the package or, for a member of a workspace,
/// in a folder above it.
fn lock_file(files: &Tree, package: &str) -> Option<String> {
    let folders = Path::new(package).ancestors().filter_map(Path::to_str);
    folders.map(|folder| join(folder, "Cargo.lock")).find_map(|path| text(files, &path))
}

/// The named package, or the one at the root, or the only one with a program.
fn find_package(files: &Tree, named: Option<&str>) -> Result<String, UserError> {
    if let Some(named) = named {
        let named = named.trim_matches('/').trim_start_matches("./").to_owned();
        let named = if named == "." { String::new() } else { named };
        return match files.contains_key(&join(&named, "Cargo.toml")) {
            true => Ok(named),
            false => Err(UserError::new(format!("`package`: there is no {}", join(&named, "Cargo.toml")))),
        };
    }
    let folders = files.keys().filter_map(|path| path.strip_suffix("Cargo.toml"));
    let with_program: Vec<String> = folders
        .filter(|folder| folder.is_empty() || folder.ends_with('/'))
        .map(|folder| folder.trim_end_matches('/').to_owned())
        .filter(|folder| files.contains_key(&join(folder, "src/main.rs")))
        .collect();
    match with_program.as_slice() {
        [] => Err(UserError::new(
            "the repository has no Cargo package with a program (Cargo.toml and src/main.rs); \
             set `package` in autoresearch.toml",
        )),
        [only] => Ok(only.clone()),
        several if several[0].is_empty() => Ok(String::new()),
        several => Err(UserError::new(format!(
            "there are several packages ({}); choose one with `package` in autoresearch.toml",
            several.join(", ")
        ))),
    }
}

/// The Rust files of the package.
struct Mutable {
    /// What a search may edit.
    mutable: BTreeSet<String>,
    /// What it could edit if the build took it.
    uncompiled: BTreeSet<String>,
    /// What the build takes besides.
    compiled: BTreeSet<String>,
    /// What any build takes.
    any: BTreeSet<String>,
}

/// The texts of other Rust files that may use what the package defines: other packages, examples, build scripts, what is
/// included; not its tests.
fn elsewhere(files: &Tree, package: &str, is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let tests = ["tests/", "benches/"].map(|folder| join(package, folder));
    let paths = files.keys().filter(|path| {
        path.ends_with(".rs") && !is_known(path) && !tests.iter().any(|folder| path.starts_with(folder))
    });
    paths.filter_map(|path| text(files, path)).collect()
}

/// The mutable paths from the settings, or all Rust sources of the package; of those, the ones that a module
/// declaration leads to.
fn find_mutable(files: &Tree, package: &str, config: &Config, build: &Build) -> Result<Mutable, UserError> {
    let sources = [join(package, "src/**/*.rs")];
    let patterns = config.mutable.as_deref().unwrap_or(&sources);
    let mut mutable = BTreeSet::new();
    for pattern in patterns {
        mutable.extend(some_matching(files, "mutable", pattern)?);
    }
    for pattern in &config.frozen {
        for path in some_matching(files, "frozen", pattern)? {
            mutable.remove(&path);
        }
    }
    mutable.retain(|path| path.ends_with(".rs"));
    let roots = roots(files, package);
    let reached = |build| reached(roots.clone(), |path| text(files, path), build);
    let (now, any) = (reached(Some(build)), reached(None));
    let uncompiled =
        mutable.iter().filter(|path| any.contains(*path) && !now.contains(*path)).cloned().collect();
    if !roots.is_empty() {
        mutable.retain(|path| now.contains(path));
    }
    if mutable.is_empty() {
        return Err(UserError::new(
            "no Rust source of the program may be edited; check `mutable` and `frozen`",
        ));
    }
    let compiled = now.difference(&mutable).cloned().collect();
    Ok(Mutable { mutable, uncompiled, compiled, any })
}

/// Where Cargo looks for the root files of a package's programs and library.
fn roots(files: &Tree, package: &str) -> Vec<String> {
    let patterns = ["src/main.rs", "src/lib.rs", "src/bin/*.rs", "src/bin/*/main.rs"];
    let patterns = patterns.map(|pattern| glob::Pattern::new(&join(package, pattern)));
    let is_root =
        |path: &&String| patterns.iter().flatten().any(|pattern| pattern.matches_with(path, WITHIN_A_FOLDER));
    files.keys().filter(is_root).cloned().collect()
}

/// The files that match; a pattern that matches none is probably a typo.
fn some_matching(files: &Tree, key: &str, pattern: &str) -> Result<BTreeSet<String>, UserError> {
    let found = matching(files, pattern)?;
    if found.is_empty() {
        return Err(UserError::new(format!(
            "`{key}`: no file matches `{pattern}`; paths are relative to the repository's root, and only committed \
             files count"
        )));
    }
    Ok(found)
}

fn matching(files: &Tree, pattern: &str) -> Result<BTreeSet<String>, UserError> {
    let glob = glob::Pattern::new(pattern)
        .map_err(|error| UserError::new(format!("`{pattern}` is not a valid path pattern: {error}")))?;
    Ok(files.keys().filter(|path| glob.matches_with(path, WITHIN_A_FOLDER)).cloned().collect())
}

/// Files that differ between two states, with their new text.
pub(crate) fn changed_files(from: &Sources, to: &Sources) -> BTreeMap<String, String> {
    let differs = |(path, text): &(&String, &String)| from.0.get(*path) != Some(*text);
    to.0.iter().filter(differs).map(|(path, text)| (path.clone(), text.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Tree {
        let file = || File { bytes: Arc::from(&b""[..]), executable: false };
        paths.iter().map(|path| ((*path).to_owned(), file())).collect()
    }

    fn mutable_of(tree: &Tree, config: &Config) -> Result<BTreeSet<String>, UserError> {
        find_mutable(tree, "", config, &Build::default()).map(|found| found.mutable)
    }

    #[test]
    fn a_file_that_only_tests_compile_is_not_edited_even_if_it_is_named() {
        let mut tree = files(&["src/main.rs", "src/tests.rs", "src/cuda.rs", "src/forgotten.rs"]);
        let main = b"#[cfg(test)] mod tests; #[cfg(feature = \"cuda\")] mod cuda;";
        tree.insert("src/main.rs".into(), File { bytes: Arc::from(&main[..]), executable: false });
        let config = Config { mutable: Some(vec!["src/*.rs".into()]), ..Config::default() };
        let found = |features: &[&str]| {
            let features = features.iter().map(|feature| (*feature).to_owned()).collect();
            let build = Build { features, ..Build::default() };
            let Mutable { mutable, uncompiled, .. } = find_mutable(&tree, "", &config, &build).unwrap();
            [mutable, uncompiled].map(|paths| paths.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(found(&[]), ["src/main.rs", "src/cuda.rs src/tests.rs"]);
        assert_eq!(found(&["cuda"]), ["src/cuda.rs src/main.rs", "src/tests.rs"]);
    }

    #[test]
    fn the_package_is_the_one_with_a_program() {
        let found = |paths: &[&str]| find_package(&files(paths), None).map_err(|error| error.to_string());
        assert_eq!(found(&["Cargo.toml", "src/main.rs"]), Ok(String::new()));
        assert_eq!(
            found(&["Cargo.toml", "lib/Cargo.toml", "gpt/Cargo.toml", "gpt/src/main.rs"]),
            Ok("gpt".into())
        );
        assert!(found(&["README.md"]).unwrap_err().contains("Cargo.toml"));
        let several = found(&["a/Cargo.toml", "a/src/main.rs", "b/Cargo.toml", "b/src/main.rs"]);
        assert!(several.unwrap_err().contains("a, b"));
    }

    #[test]
    fn a_mutable_path_that_does_not_exist_is_named() {
        let config = Config { mutable: Some(vec!["src/modle.rs".into()]), ..Config::default() };
        let error = mutable_of(&files(&["src/model.rs"]), &config).unwrap_err().to_string();
        assert!(error.contains("`src/modle.rs`"), "{error}");
    }

    #[test]
    fn a_file_that_no_module_declaration_leads_to_is_not_edited() {
        let config = Config { mutable: Some(vec!["src/**/*.rs".into()]), ..Config::default() };
        let mut tree = files(&["src/main.rs", "src/model.rs", "src/old/model.rs"]);
        let main = File { bytes: Arc::from(&b"mod model;"[..]), executable: false };
        tree.insert("src/main.rs".into(), main);
        let found = mutable_of(&tree, &config).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["src/main.rs", "src/model.rs"]);
    }

    #[test]
    fn a_star_stays_within_a_folder_and_two_go_into_any() {
        let tree = files(&["src/top.rs", "src/a/b.rs", "src/a/c/d.rs", "build.rs"]);
        let found = |pattern: &str| matching(&tree, pattern).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(found("src/*.rs"), ["src/top.rs"]);
        assert_eq!(found("src/*/*.rs"), ["src/a/b.rs"]);
        assert_eq!(found("src/**/*.rs"), ["src/a/b.rs", "src/a/c/d.rs", "src/top.rs"]);
        let by_default = mutable_of(&tree, &Config::default()).unwrap();
        assert_eq!(by_default.into_iter().collect::<Vec<_>>(), ["src/a/b.rs", "src/a/c/d.rs", "src/top.rs"]);
    }

    #[test]
    fn the_root_files_of_programs_are_where_cargo_looks_for_them() {
        let begins = ["src/bin/one.rs", "src/bin/two/main.rs", "src/main.rs"];
        let others = ["src/bin/two/part/main.rs", "src/bin/two/part.rs", "src/other/main.rs", "main.rs"];
        assert_eq!(roots(&files(&[&begins[..], &others].concat()), ""), begins);
    }

    #[test]
    fn the_lock_file_of_a_workspace_is_above_its_members() {
        let tree = |paths: &[&str]| -> Tree {
            let file = |path: &str| File { bytes: Arc::from(path.as_bytes()), executable: false };
            paths.iter().map(|path| ((*path).to_owned(), file(path))).collect()
        };
        let found = |paths: &[&str], package: &str| lock_file(&tree(paths), package);
        assert_eq!(found(&["Cargo.lock"], "").as_deref(), Some("Cargo.lock"));
        assert_eq!(found(&["Cargo.lock"], "crates/gpt").as_deref(), Some("Cargo.lock"));
        assert_eq!(found(&["ws/Cargo.lock", "Cargo.lock"], "ws/gpt").as_deref(), Some("ws/Cargo.lock"));
        assert_eq!(found(&["other/Cargo.lock"], "gpt"), None);
    }

    #[test]
    fn frozen_paths_are_not_mutable() {
        let config = Config { frozen: vec!["src/data.rs".into()], ..Config::default() };
        let tree = files(&["src/data.rs", "src/model.rs", "Cargo.toml"]);
        assert_eq!(mutable_of(&tree, &config).unwrap().into_iter().collect::<Vec<_>>(), ["src/model.rs"]);
    }
}
