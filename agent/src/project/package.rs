//! What a commit of the user's repository offers a study: the package, the files that may be edited,
//! the rest that may not, and the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use glob::MatchOptions;

use super::contents::{Contents, join, lies_in, some_of, text};
use super::manifest::{Manifest, has_program, neighbours};
use super::user_error::UserError;
use super::{buildable, data};
use crate::config::{self, Config};
use crate::evaluator::{Link, Target, Tree};
use crate::repo::Repo;
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
    /// Digest of all other files, data outside of git included.
    pub(crate) frozen: String,
    /// That data.
    pub(crate) data: Vec<Link>,
    /// Which program of the package, or why none can be built; `None` leaves it to cargo.
    pub(crate) target: Result<Option<Target>, UserError>,
    /// What the user should know of it, one sentence each.
    pub(crate) notes: Vec<String>,
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
        let contents = Contents::read(repo, commit)?;
        let files = &contents.files;
        let config = match text(files, config::FILE) {
            Some(text) => Config::parse(&text).map_err(|error| UserError::new(format!("{error:#}")))?,
            None => Config::default(),
        };
        let package = find_package(files, &config)?;
        let manifest = Manifest::read(files, &package);
        let build = manifest.map(|manifest| manifest.build(&config.run.features)).unwrap_or_default();
        let Mutable { mutable, unreached, uncompiled, compiled, any } =
            find_mutable(&contents, &package, &config, &build)?;
        let (data, digest) = data::find(repo.root(), &config.run.data)?;
        if let Some(path) = mutable.iter().find(|path| lies_in(path, paths(&data))) {
            return Err(UserError::new(format!("{path} is both in `mutable` and in `run.data`")).into());
        }
        let sources = Sources(repo.texts(commit, &mutable).map_err(UserError::from_error)?);
        let templates: Vec<(String, String)> = files
            .keys()
            .filter_map(|path| Some((path.strip_prefix(config::TEMPLATES)?.to_owned(), text(files, path)?)))
            .collect();
        let catalogue = Catalogue::embedded().with_user(&templates).map_err(UserError::from_error)?;
        let texts = |paths: BTreeSet<String>| {
            Sources(paths.into_iter().filter_map(|path| Some((path.clone(), text(files, &path)?))).collect())
        };
        let elsewhere = elsewhere(files, &package, |path| mutable.contains(path) || any.contains(path));
        let surroundings = Surroundings {
            build,
            uncompiled: texts(uncompiled),
            rest: Some(Rest { compiled: texts(compiled), elsewhere }),
        };
        let rewriter =
            Rewriter::within(&catalogue, &sources, &surroundings).map_err(UserError::from_error)?;
        let lock = lock_file(files, &package);
        let mut frozen = repo.frozen_digest(commit, &mutable).map_err(UserError::from_error)?;
        if let Some(digest) = digest {
            frozen = blake3::hash(format!("{frozen} {digest}").as_bytes()).to_hex().to_string();
        }
        let sources_read = |handed: &Handed| {
            let mut rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
            rust.any(|(_, file)| memmem(&file.bytes, handed.variable().as_bytes()))
        };
        Ok(Self {
            target: buildable::target(&contents, &package, &config, &data),
            notes: notes(&contents, &unreached, &data),
            read: Handed::ALL.into_iter().filter(sources_read).collect(),
            frozen,
            data,
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

fn paths(data: &[Link]) -> impl Iterator<Item = &str> {
    data.iter().map(|link| link.path.as_str())
}

fn memmem(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// What programs run without, although the user may think otherwise.
fn notes(contents: &Contents, unreached: &BTreeSet<String>, data: &[Link]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |paths: &BTreeSet<String>, what: &str, without: &str| {
        let left_out = paths.iter().filter(|path| !lies_in(path, self::paths(data)));
        let left_out: Vec<&String> = left_out.collect();
        if let Some(first) = left_out.first() {
            notes.push(format!(
                "{what} ({}): programs run {without}; if yours needs that, list it in autoresearch.toml, under [run]: \
                 data = [\"{first}\"]",
                some_of(left_out.iter().copied())
            ));
        }
    };
    note(&contents.submodules, "submodules", "without them");
    note(&contents.links, "symbolic links that lead out of the commit", "without them");
    note(&contents.pointers, "files that git-lfs keeps", "with its pointers in their place");
    if !unreached.is_empty() {
        notes.push(format!(
            "`mutable` matches files that are not part of the program, since no `mod` leads to them: {}",
            some_of(unreached)
        ));
    }
    notes
}

/// The text of the lock file that cargo uses for a package: it is next to the package or, for a member of a workspace,
/// in a folder above it.
fn lock_file(files: &Tree, package: &str) -> Option<String> {
    let folders = Path::new(package).ancestors().filter_map(Path::to_str);
    folders.map(|folder| join(folder, "Cargo.lock")).find_map(|path| text(files, &path))
}

/// The named package, or the one at the root, or the only one with a program: with the program that the settings name, if
/// they name one.
fn find_package(files: &Tree, config: &Config) -> Result<String, UserError> {
    if let Some(named) = &config.package {
        let named = named.trim_matches('/').trim_start_matches("./").to_owned();
        let named = if named == "." { String::new() } else { named };
        return match files.contains_key(&join(&named, "Cargo.toml")) {
            true => Ok(named),
            false => Err(UserError::new(format!("`package`: there is no {}", join(&named, "Cargo.toml")))),
        };
    }
    let folders = files.keys().filter_map(|path| path.strip_suffix("Cargo.toml"));
    let folders = folders.filter(|folder| folder.is_empty() || folder.ends_with('/'));
    let folders: Vec<&str> = folders.map(|folder| folder.trim_end_matches('/')).collect();
    let with_program: Vec<&str> =
        folders.iter().copied().filter(|folder| has_wanted(files, folder, config)).collect();
    let is_named = config.run.binary.is_some() || config.run.example.is_some();
    let library = files.contains_key("src/lib.rs") && folders.contains(&"");
    match with_program.as_slice() {
        [] if is_named || !library => Err(UserError::new(no_package(files, &folders, config))),
        [] => Ok(String::new()),
        ["", ..] => Ok(String::new()),
        [only] if is_named || !library => Ok((*only).to_owned()),
        [only] => Err(UserError::new(format!(
            "the package at the root has no program, and another has one; choose in autoresearch.toml: package = \"{only}\", \
             or package = \".\" with `example` under [run]"
        ))),
        several => {
            let lines: Vec<String> = several.iter().map(|folder| format!("package = \"{folder}\"")).collect();
            Err(UserError::new(format!(
                "there are several packages with a program ({}); choose one in autoresearch.toml: {}",
                several.join(", "),
                lines.join(" or ")
            )))
        }
    }
}

/// The Rust files of the package.
struct Mutable {
    /// What a search may edit.
    mutable: BTreeSet<String>,
    /// What the settings name and no declaration leads to.
    unreached: BTreeSet<String>,
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

/// Whether a package has the program that the settings name, or any if they name none.
fn has_wanted(files: &Tree, folder: &str, config: &Config) -> bool {
    let has = |name: &str, example: bool| {
        Manifest::read(files, folder).is_some_and(|manifest| {
            let programs = if example { manifest.examples() } else { manifest.programs() };
            programs.iter().any(|program| program.target.name() == name)
        })
    };
    match (&config.run.example, &config.run.binary) {
        (Some(name), _) => has(name, true),
        (None, Some(name)) => has(name, false),
        (None, None) => has_program(files, folder),
    }
}

fn no_package(files: &Tree, folders: &[&str], config: &Config) -> String {
    let named = config.run.example.as_ref().map(|name| ("example", name));
    let named = named.or(config.run.binary.as_ref().map(|name| ("binary", name)));
    if let Some((kind, name)) = named {
        let manifests = folders.iter().filter_map(|folder| Manifest::read(files, folder));
        let there = manifests.flat_map(|manifest| match kind {
            "example" => manifest.examples(),
            _ => manifest.programs(),
        });
        let there: Vec<String> = there.map(|program| program.target.name().to_owned()).collect();
        return format!(
            "`run.{kind}`: no Cargo package of the repository has the {kind} `{name}`; there is {}",
            if there.is_empty() { "none".to_owned() } else { there.join(", ") }
        );
    }
    let examples = |folder: &&&str| {
        Manifest::read(files, folder).is_some_and(|manifest| !manifest.examples().is_empty())
    };
    let with_examples = folders.iter().find(examples).map_or(String::new(), |folder| {
        let folder = if folder.is_empty() { "." } else { folder };
        format!(", or an example of package = \"{folder}\" with `example` under [run]")
    });
    format!(
        "the repository has no Cargo package with a program (Cargo.toml and src/main.rs); set `package` in \
         autoresearch.toml{with_examples}"
    )
}

/// The mutable paths from the settings, or all Rust sources of the package; of those, the ones that a module
/// declaration leads to. And the others.
fn find_mutable(
    contents: &Contents,
    package: &str,
    config: &Config,
    build: &Build,
) -> Result<Mutable, UserError> {
    let files = &contents.files;
    let sources = [join(package, "src/**/*.rs")];
    let patterns = config.mutable.as_deref().unwrap_or(&sources);
    let roots = roots(files, package);
    let reached = |build| reached(roots.clone(), |path| text(files, path), build);
    let (now, any) = (reached(Some(build)), reached(None));
    // Where no root is known, nothing can be said of what belongs to the program.
    let is_part = |path: &String| {
        path.ends_with(".rs") && !contents.linked.contains(path) && (any.is_empty() || any.contains(path))
    };
    let (mut mutable, mut unreached) = (BTreeSet::new(), BTreeSet::new());
    for pattern in patterns {
        let (part, other): (BTreeSet<_>, BTreeSet<_>) =
            some_matching(files, "mutable", pattern)?.into_iter().partition(is_part);
        if part.is_empty() && config.mutable.is_some() {
            return Err(UserError::new(format!(
                "`mutable`: what `{pattern}` matches ({}) is not Rust source that a `mod` of the program leads to, so an edit \
                 would have no effect; take it out",
                some_of(&other)
            )));
        }
        mutable.extend(part);
        unreached.extend(other.into_iter().filter(|_| config.mutable.is_some()));
    }
    for pattern in &config.frozen {
        for path in some_matching(files, "frozen", pattern)? {
            mutable.remove(&path);
            unreached.remove(&path);
        }
    }
    let uncompiled =
        if any.is_empty() { BTreeSet::new() } else { mutable.difference(&now).cloned().collect() };
    mutable.retain(|path| !uncompiled.contains(path));
    if mutable.is_empty() {
        let paths: Vec<&str> = uncompiled.iter().map(String::as_str).collect();
        let besides = match paths.as_slice() {
            [] => String::new(),
            paths => format!("; this build does not take {}", paths.join(", ")),
        };
        return Err(UserError::new(format!(
            "no Rust source of the program may be edited; check `mutable` and `frozen`{besides}"
        )));
    }
    let compiled = now.difference(&mutable).cloned().collect();
    Ok(Mutable { mutable, unreached, uncompiled, compiled, any })
}

/// Where Cargo looks for the root files of a package's programs and library, and of the crates that it takes from
/// folders.
fn roots(files: &Tree, package: &str) -> Vec<String> {
    let patterns = [
        "src/main.rs",
        "src/lib.rs",
        "src/bin/*.rs",
        "src/bin/*/main.rs",
        "examples/*.rs",
        "examples/*/main.rs",
    ];
    let mut patterns = patterns.map(|pattern| join(package, pattern)).to_vec();
    let folders = neighbours(files, package).into_iter().filter_map(|neighbour| neighbour.folder);
    patterns.extend(folders.map(|folder| join(&folder, "src/lib.rs")));
    let patterns: Vec<glob::Pattern> =
        patterns.iter().filter_map(|pattern| glob::Pattern::new(pattern).ok()).collect();
    let is_root = |path: &&String| patterns.iter().any(|pattern| pattern.matches_with(path, WITHIN_A_FOLDER));
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
mod tests;
