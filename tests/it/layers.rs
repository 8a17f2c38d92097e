//! The shape of the agent's source: no circles between files, modules in layers, one user for each heavy dependency.
//!
//! Only what ships counts: code behind `#[cfg(test)]` may use what it likes.

use std::collections::{BTreeMap, BTreeSet};

use crate::uses::{Source, Sources};

/// The modules of `agent/src` from the top down, each with those that it may use: all of them below it.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "batch",
            "survey",
            "campaign",
            "bench",
            "runs",
            "project",
            "policy",
            "rewrite",
            "evaluator",
            "repo",
            "journal",
            "report",
            "config",
            "runner",
            "device",
            "study",
        ],
    ),
    ("batch", &["campaign", "runs", "project", "evaluator", "runner", "study"]),
    (
        "survey",
        &[
            "campaign",
            "runs",
            "project",
            "policy",
            "rewrite",
            "evaluator",
            "repo",
            "journal",
            "report",
            "device",
            "study",
        ],
    ),
    (
        "campaign",
        &[
            "runs",
            "project",
            "policy",
            "rewrite",
            "evaluator",
            "repo",
            "journal",
            "report",
            "device",
            "study",
        ],
    ),
    ("bench", &["policy", "report", "study"]),
    ("runs", &["project", "evaluator", "report", "runner", "device", "study"]),
    ("project", &["policy", "rewrite", "evaluator", "repo", "config", "device", "study"]),
    ("policy", &["study"]),
    ("rewrite", &["study"]),
    ("evaluator", &["runner", "device", "study"]),
    ("repo", &["study"]),
    ("journal", &["study"]),
    ("report", &["study"]),
    ("config", &[]),
    ("runner", &["study"]),
    ("device", &[]),
    ("study", &[]),
];

/// Crates that only one module may name.
const OWNED: &[(&str, &[&str])] = &[
    ("rewrite", &["syn", "proc_macro2", "quote", "prettyplease"]),
    ("policy", &["burn"]),
    ("repo", &["git2", "libgit2_sys"]),
    ("device", &["wgpu"]),
];

/// The only module that starts processes.
const STARTS_PROCESSES: &str = "runner";

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles = circles(&Sources::of_the_agent().uses());
    assert!(circles.is_empty(), "these files of agent/src use each other:\n{}", circles.join("\n"));
}

#[test]
fn modules_use_only_the_layers_below_them() {
    let place = |module: &str| LAYERS.iter().position(|(name, _)| *name == module);
    for (module, allowed) in LAYERS {
        for below in *allowed {
            assert!(place(below) > place(module), "LAYERS lets {module} use {below}, which is not below it");
        }
    }
    let mut wrong = Vec::new();
    for (from, targets) in Sources::of_the_agent().uses() {
        let module = module_of(&from);
        let Some(at) = place(module) else {
            assert!(module.is_empty(), "agent/src/{from} is in no layer: give {module} a place in LAYERS");
            continue;
        };
        let outside =
            targets.iter().filter(|to| module_of(to) != module && !LAYERS[at].1.contains(&module_of(to)));
        wrong.extend(
            outside
                .map(|to| format!("agent/src/{from} uses {to}, but {module} may not use {}", module_of(to))),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_heavy_dependency_has_one_user() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for source in Sources::of_the_agent().files() {
        for (owner, dependencies) in OWNED {
            for name in dependencies.iter().filter(|name| source.names_crate(name)) {
                seen.insert(*name);
                if module_of(&source.path) != *owner {
                    wrong.push(format!("agent/src/{} names {name}, which only {owner} may", source.path));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<_> =
        OWNED.iter().flat_map(|(_, names)| *names).filter(|name| !seen.contains(**name)).collect();
    assert!(unused.is_empty(), "nobody names {unused:?} any more: take them out of OWNED");
}

#[test]
fn only_the_runner_starts_processes() {
    let starts = |source: &Source| {
        source
            .paths
            .iter()
            .any(|path| path.windows(2).any(|pair| pair[0] == "process" && pair[1] == "Command"))
    };
    let all = Sources::of_the_agent();
    let (ours, others): (Vec<&Source>, Vec<&Source>) = all
        .files()
        .filter(|source| starts(source))
        .partition(|source| module_of(&source.path) == STARTS_PROCESSES);
    let others: Vec<&String> = others.iter().map(|source| &source.path).collect();
    assert!(others.is_empty(), "start processes through `{STARTS_PROCESSES}`, not in {others:?}");
    assert!(!ours.is_empty(), "{STARTS_PROCESSES} starts no process: this test no longer sees who does");
}

#[test]
fn the_parser_follows_re_exports_renames_and_inline_paths() {
    let files = BTreeMap::from([
        ("lib.rs", "mod a; mod b;"),
        (
            "a/mod.rs",
            "mod one; mod two; #[cfg(test)] mod testing; pub(crate) use one::{One, helper as help};",
        ),
        (
            "a/one.rs",
            "// use crate::b::X;\npub struct One; fn f() { let s = \"crate::b::X\"; let c = '\"'; }",
        ),
        (
            "a/two.rs",
            "use super::{One as Other, help}; fn f() -> Other { crate::b::g::<u8>() }\n#[cfg(test)] mod tests { use crate::b::X; }",
        ),
        ("b.rs", "use crate::a; use std::{fmt, process}; fn g() { a::help(); process::Command::new() }"),
    ]);
    let read = Sources::of(&mut |path| files.get(path).map(|text| (*text).to_owned()));
    let uses = read.uses();
    let of = |path: &str| uses[path].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("a/mod.rs"), [""; 0], "a re-export is not a use");
    assert_eq!(of("a/one.rs"), [""; 0], "comments and texts are not code");
    assert_eq!(of("a/two.rs"), ["a/one.rs", "b.rs"]);
    assert_eq!(of("b.rs"), ["a/one.rs"]);
    assert!(read.file("b.rs").paths.contains(&["std", "process", "Command", "new"].map(str::to_owned)[..]));
    assert_eq!(circles(&uses), [""; 0]);
    let both = BTreeMap::from([
        ("x".to_owned(), BTreeSet::from(["y".to_owned()])),
        ("y".to_owned(), BTreeSet::from(["x".to_owned()])),
    ]);
    assert_eq!(circles(&both), ["  x -> y -> x"]);
}

/// The module of `agent/src` that a file belongs to; nothing for the root of the crate.
fn module_of(path: &str) -> &str {
    match path.split_once('/') {
        Some((folder, _)) => folder,
        None if matches!(path, "lib.rs" | "main.rs") => "",
        None => path.trim_end_matches(".rs"),
    }
}

/// For each set of files that use each other in circles, one circle.
fn circles(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut reported = BTreeSet::new();
    let mut found = Vec::new();
    for start in uses.keys() {
        if let Some(circle) = circle_through(start, uses)
            && circle.iter().all(|file| !reported.contains(file))
        {
            found.push(format!("  {} -> {start}", circle.join(" -> ")));
            reported.extend(circle);
        }
    }
    found
}

/// The shortest path from a file back to itself, without its end.
fn circle_through(start: &str, uses: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut ways = std::collections::VecDeque::from([vec![start.to_owned()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in uses.get(way.last()?).into_iter().flatten() {
            if next == start {
                return Some(way);
            }
            if seen.insert(next) {
                ways.push_back([&way[..], std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}
