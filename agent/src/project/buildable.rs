//! Whether cargo can build the program of a package from what a commit holds: checked before anything is written, since
//! cargo itself would say it late, and of a copy that the user has never seen.

use std::collections::BTreeSet;

use super::contents::{Contents, join, lies_in};
use super::manifest::{Manifest, Neighbour, Program, neighbours};
use super::user_error::UserError;
use crate::config::Config;
use crate::evaluator::{Link, Target};

/// What is to be built; `None` leaves it to cargo.
pub(super) fn target(
    contents: &Contents,
    package: &str,
    config: &Config,
    data: &[Link],
) -> Result<Option<Target>, UserError> {
    // What is no manifest of a package is for cargo to refuse.
    let manifest = Manifest::read(&contents.files, package).filter(Manifest::has_package);
    let Some(manifest) = manifest else { return Ok(None) };
    features_exist(&manifest, &config.run.features)?;
    let program = choose(&manifest, config)?;
    features_are_on(&manifest, &program, &config.run.features)?;
    let data: Vec<&str> = data.iter().map(|link| link.path.as_str()).collect();
    for neighbour in neighbours(&contents.files, package) {
        is_there(contents, &neighbour, &data)?;
    }
    Ok(Some(program.target))
}

fn choose(manifest: &Manifest<'_>, config: &Config) -> Result<Program, UserError> {
    let (binaries, examples) = (manifest.programs(), manifest.examples());
    let named = |programs: &[Program], key: &str, kind: &str, name: &str| {
        let found = programs.iter().find(|program| program.target.name() == name).cloned();
        found.ok_or_else(|| {
            let there = if programs.is_empty() { format!("there are no {kind}s") } else { names(programs) };
            UserError::new(format!("`run.{key}`: the package has no {kind} `{name}`; {there}"))
        })
    };
    if let Some(name) = &config.run.example {
        return named(&examples, "example", "example", name);
    }
    if let Some(name) = &config.run.binary {
        return named(&binaries, "binary", "binary", name);
    }
    let chosen = manifest.default_run().and_then(|name| {
        let mut found = binaries.iter().filter(|program| program.target.name() == name);
        found.next().cloned()
    });
    let enabled = manifest.enabled(&config.run.features);
    let is_built = |program: &&Program| program.required.iter().all(|feature| enabled.contains(feature));
    let built: Vec<&Program> = binaries.iter().filter(is_built).collect();
    match (chosen, built.as_slice(), binaries.as_slice()) {
        (Some(chosen), _, _) => Ok(chosen),
        (None, [only], _) => Ok((*only).clone()),
        (None, _, [only]) => Ok(only.clone()),
        (None, _, []) if examples.is_empty() => Err(UserError::new(
            "the package has no program; choose another with `package` in autoresearch.toml",
        )),
        (None, _, []) => Err(UserError::new(format!(
            "the package has no program but examples; set `example` under [run] in autoresearch.toml; {}",
            names(&examples)
        ))),
        (None, _, several) => Err(UserError::baseline(format!(
            "several binaries, so set `binary` under [run] in autoresearch.toml (`run.binary`); {}",
            names(several)
        ))),
    }
}

fn names(programs: &[Program]) -> String {
    let names: Vec<&str> = programs.iter().map(|program| program.target.name()).collect();
    format!("there is {}", names.join(", "))
}

fn features_exist(manifest: &Manifest<'_>, asked: &[String]) -> Result<(), UserError> {
    let known = manifest.features();
    // `crate/feature` is another crate's.
    let Some(unknown) = asked.iter().find(|name| !name.contains('/') && !known.contains(*name)) else {
        return Ok(());
    };
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(UserError::new(format!(
        "`run.features`: the package has no feature `{unknown}`; there is {}",
        known.join(", ")
    )))
}

fn features_are_on(manifest: &Manifest<'_>, program: &Program, asked: &[String]) -> Result<(), UserError> {
    let enabled = manifest.enabled(asked);
    if program.required.iter().all(|feature| enabled.contains(feature)) {
        return Ok(());
    }
    let wanted = asked.iter().chain(program.required.iter().filter(|feature| !enabled.contains(*feature)));
    let wanted: Vec<String> = wanted.map(|feature| format!("{feature:?}")).collect();
    Err(UserError::new(format!(
        "`{}` needs features that are off (`required-features` in Cargo.toml): set `features = [{}]` under [run] in \
         autoresearch.toml",
        program.target.name(),
        wanted.join(", ")
    )))
}

/// Refuses a crate in a folder that is not in the copy which programs are built from.
fn is_there(contents: &Contents, neighbour: &Neighbour, data: &[&str]) -> Result<(), UserError> {
    let Neighbour { manifest, written, folder } = neighbour;
    let needs = format!("{manifest} needs the crate in {written}, which");
    let copy = "programs are built from a copy of the committed files";
    let Some(folder) = folder else {
        return Err(UserError::new(format!(
            "{needs} is outside of the repository: {copy}; move the crate into it, or depend on it by `git = ..`"
        )));
    };
    if contents.files.contains_key(&join(folder, "Cargo.toml")) || lies_in(folder, data.iter().copied()) {
        return Ok(());
    }
    let holder =
        |paths: &BTreeSet<String>| paths.iter().find(|path| lies_in(folder, [path.as_str()])).cloned();
    let add = |path: &str| {
        format!("add it to the copy with `data = [\"{path}\"]` under [run] in autoresearch.toml")
    };
    Err(UserError::new(match (holder(&contents.submodules), holder(&contents.links)) {
        (Some(path), _) => format!(
            "{needs} is in the submodule {path}: {copy}, without submodules; {}, after `git submodule update --init`",
            add(&path)
        ),
        (None, Some(path)) => {
            format!(
                "{needs} is behind the symbolic link {path}: {copy}, without links out of it; {}",
                add(&path)
            )
        }
        (None, None) => format!("{needs} is not committed: {copy}; commit it, or {}", add(folder)),
    }))
}
