//! Which files of a commit may be edited, and which package is meant.

use std::sync::Arc;

use super::*;
use crate::evaluator::File;

/// The files that may be edited.
fn mutable(files: &Tree, config: &Config) -> Result<Vec<String>, String> {
    let contents = Contents { files: files.clone(), ..Contents::default() };
    let found = find_mutable(&contents, "", config, &Build::default()).map_err(|error| error.to_string())?;
    Ok(found.mutable.into_iter().collect())
}

fn files(paths: &[&str]) -> Tree {
    let file = || File { bytes: Arc::from(&b""[..]), executable: false };
    paths.iter().map(|path| ((*path).to_owned(), file())).collect()
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
        let Mutable { mutable, uncompiled, .. } =
            find_mutable(&Contents { files: tree.clone(), ..Contents::default() }, "", &config, &build)
                .unwrap();
        [mutable, uncompiled].map(|paths| paths.into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(found(&[]), ["src/main.rs", "src/cuda.rs src/tests.rs"]);
    assert_eq!(found(&["cuda"]), ["src/cuda.rs src/main.rs", "src/tests.rs"]);
    let config = Config { mutable: Some(vec!["src/tests.rs".into()]), ..Config::default() };
    let error = mutable(&tree, &config).unwrap_err();
    assert!(error.ends_with("this build does not take src/tests.rs"), "{error}");
}

#[test]
fn the_package_is_the_one_with_a_program() {
    let found =
        |paths: &[&str]| find_package(&files(paths), &Config::default()).map_err(|error| error.to_string());
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
    let error = mutable(&files(&["src/model.rs"]), &config).unwrap_err();
    assert!(error.contains("`src/modle.rs`"), "{error}");
}

#[test]
fn a_file_that_no_module_declaration_leads_to_is_not_edited() {
    let config = Config { mutable: Some(vec!["src/**/*.rs".into()]), ..Config::default() };
    let mut tree = files(&["src/main.rs", "src/model.rs", "src/old/model.rs"]);
    let main = File { bytes: Arc::from(&b"mod model;"[..]), executable: false };
    tree.insert("src/main.rs".into(), main);
    assert_eq!(mutable(&tree, &config).unwrap(), ["src/main.rs", "src/model.rs"]);
}

#[test]
fn a_star_stays_within_a_folder_and_two_go_into_any() {
    let tree = files(&["src/top.rs", "src/a/b.rs", "src/a/c/d.rs", "build.rs"]);
    let found = |pattern: &str| matching(&tree, pattern).unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(found("src/*.rs"), ["src/top.rs"]);
    assert_eq!(found("src/*/*.rs"), ["src/a/b.rs"]);
    assert_eq!(found("src/**/*.rs"), ["src/a/b.rs", "src/a/c/d.rs", "src/top.rs"]);
    let by_default = mutable(&tree, &Config::default()).unwrap();
    assert_eq!(by_default, ["src/a/b.rs", "src/a/c/d.rs", "src/top.rs"]);
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
    assert_eq!(mutable(&tree, &config).unwrap(), ["src/model.rs"]);
}
