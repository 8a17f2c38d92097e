//! Embeds the files of `templates/`, so that a template is found by being there, and those of the target project, from
//! which `demo` makes a repository.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where cargo builds the target project, if it is built in place: ignored by git, and large.
const BUILT: &str = "target";

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("..");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    let templates = root.join("templates");
    println!("cargo::rerun-if-changed={}", templates.display());
    let templates = embedded(&templates, &|name| name.ends_with(".rs"), "include_str!(PATH)")?;
    fs::write(out.join("templates.rs"), templates)?;
    let target = embedded(&root.join("target-project"), &|_| true, "include_bytes!(PATH).as_slice()")?;
    fs::write(out.join("target.rs"), target)
}

/// A Rust expression of the wanted files below a folder: each with its relative path and its content.
fn embedded(root: &Path, is_wanted: &dyn Fn(&str) -> bool, content: &str) -> io::Result<String> {
    let mut files = Vec::new();
    collect(root, is_wanted, &mut files)?;
    let path = |file: PathBuf| {
        let below = file.strip_prefix(root).expect("collected below the root");
        (below.to_string_lossy().replace('\\', "/"), file)
    };
    let mut files: Vec<(String, PathBuf)> = files.into_iter().map(path).collect();
    files.sort();
    let mut list = "&[\n".to_owned();
    for (path, file) in &files {
        let content = content.replace("PATH", &format!("{file:?}"));
        writeln!(list, "    ({path:?}, {content}),").expect("a string can always be written to");
    }
    list.push(']');
    Ok(list)
}

/// Adds the wanted files below a folder. A folder without any is a mistake: something would be missing.
fn collect(folder: &Path, is_wanted: &dyn Fn(&str) -> bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let before = files.len();
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(named)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name == BUILT {
            continue;
        }
        // Not the folder itself: cargo would also look at everything built there.
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            collect(&path, is_wanted, files)?;
        } else if is_wanted(&name) {
            files.push(path);
        }
    }
    assert!(files.len() > before, "{} has nothing to embed", folder.display());
    Ok(())
}
