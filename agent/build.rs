//! Writes the list of the files in `templates/`, so that a template is found by lying there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const TEMPLATES: &str = "../templates";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={TEMPLATES}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join(TEMPLATES);
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut list = "static EMBEDDED: &[(&str, &str)] = &[\n".to_owned();
    for file in &files {
        let path = file.strip_prefix(&root).expect("collected below the root");
        let path = path.to_string_lossy().replace('\\', "/");
        writeln!(list, "    ({path:?}, include_str!({file:?})),").expect("a string takes all");
    }
    list.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("templates.rs"), list)
}

/// Adds the Rust files below a folder; a folder that is not there has none.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
