//! What people's crates are like: which package and which program is meant, and what programs need that is not among the
//! committed files.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use super::git_user::{
    BASELINE, REPOSITORY, autoresearch, main_followed, manifest, program, quick, refused, types, works,
};
use super::support::{RECIPE_ONLY, User};

// Settings.

#[test]
fn settings_that_are_not_on_main_are_told() {
    let user = User::of("stand-in/quick", &[]);
    user.write("autoresearch.toml", RECIPE_ONLY);
    let doctor = autoresearch(&user, &user.path(), &["doctor", "."]);
    assert_eq!(doctor.code, Some(0), "{}", doctor.out);
    assert!(
        doctor.out.contains("autoresearch.toml is not committed to main, so it does not count"),
        "{}",
        doctor.out
    );
    let run = autoresearch(&user, &user.path(), &["run", "--trials", "0", "--budget", "100steps"]);
    assert!(run.out.contains("autoresearch.toml is not committed to main"), "{}", run.out);

    user.git.branch("settings", &user.branch("main"), false).unwrap();
    user.git.set_head("refs/heads/settings").unwrap();
    user.commit(&[], "settings\n");
    user.git.set_head("refs/heads/main").unwrap();
    let mut checkout = git2::build::CheckoutBuilder::new();
    user.git.checkout_head(Some(checkout.force())).unwrap();
    let doctor = autoresearch(&user, &user.path(), &["doctor", "."]);
    let told = "autoresearch.toml is on branch `settings`, but not on main";
    assert!(doctor.out.contains(told), "{}", doctor.out);
}

#[test]
fn mutable_files_that_are_not_part_of_the_program_are_told() {
    let user = quick();
    let settings = RECIPE_ONLY.replace("[\"src/recipe.rs\"]", "[\"src/*.rs\"]");
    user.commit(&[("autoresearch.toml", &settings), ("src/old.rs", "pub const A: u32 = 1;\n")], "old\n");
    works(&user, &user.path(), &["no `mod` leads to them: src/old.rs"]);
    let user = quick();
    for (entry, file) in [("src/old.rs", "src/old.rs"), ("*.md", "README.md")] {
        let settings = RECIPE_ONLY.replace("\"src/recipe.rs\"", &format!("\"src/recipe.rs\", \"{entry}\""));
        user.commit(&[("autoresearch.toml", &settings), (file, "\n")], "useless\n");
        refused(&user, &user.path(), REPOSITORY, &[&format!("`{entry}`"), file, "no effect"]);
    }
}

#[test]
fn a_crate_next_to_the_package_may_be_improved_if_the_program_takes_it_from_there() {
    let settings = "package = \"trainer\"\nmutable = [\"common/src/lib.rs\"]\n[run]\nbinary = \"train\"\n";
    let user = User::of("workspace", &[("autoresearch.toml", settings)]);
    let inspect = user.autoresearch(&["inspect"]).well();
    assert!(inspect.contains("common/src/lib.rs") && inspect.contains("FLOOR"), "{inspect}");
}

#[test]
fn a_package_is_not_chosen_for_the_user_where_two_could_be_meant() {
    let user = User::new();
    user.copy_fixture("stand-in/quick", "tools/helper");
    user.commit(
        &[
            ("Cargo.toml", "[package]\nname = \"gpt\"\nversion = \"0.1.0\"\n"),
            ("src/lib.rs", "pub const A: u32 = 3;\n"),
        ],
        "a library, and a helper with a program\n",
    );
    refused(
        &user,
        &user.path(),
        REPOSITORY,
        &["package at the root has no program", "package = \"tools/helper\""],
    );
    user.copy_fixture("stand-in/quick", "tools/other");
    user.commit(&[], "two\n");
    let words = ["package = \"tools/helper\" or package = \"tools/other\""];
    refused(&user, &user.path(), REPOSITORY, &words);
    assert_eq!(user.autoresearch(&["inspect"]).code, Some(REPOSITORY));
    user.commit(&[("autoresearch.toml", "package = \"tools/other\"\n")], "choose\n");
    user.autoresearch(&["doctor", "."]).well();
}

#[test]
fn inspect_says_why_it_finds_nothing() {
    let user = User::of(
        "stand-in/quick",
        &[("src/recipe.rs", "pub fn nothing() {}\n"), ("autoresearch.toml", RECIPE_ONLY)],
    );
    for words in [&["inspect"][..], &["inspect", "--json"]] {
        let said = user.autoresearch(words);
        assert_eq!((said.code, said.out.as_str()), (Some(REPOSITORY), ""), "{}", said.err);
        assert!(said.err.contains("found nothing that could be changed in src/recipe.rs"), "{}", said.err);
    }
}

// Programs.

#[test]
fn features_that_a_program_requires_are_named_and_passed_on() {
    let user = program("#[cfg(not(feature = \"fast\"))] compile_error!(\"slow\");", &[], "");
    manifest(
        &user,
        "[features]\nfast = []\nother = []\n[[bin]]\nname = \"foreign\"\npath = \"src/main.rs\"\nrequired-features = [\"fast\"]\n",
    );
    refused(&user, &user.path(), REPOSITORY, &["`foreign` needs features", "features = [\"fast\"]"]);
    let settings = user.read("autoresearch.toml");
    user.commit(&[("autoresearch.toml", &format!("{settings}features = [\"fats\"]\n"))], "a slip\n");
    refused(&user, &user.path(), REPOSITORY, &["no feature `fats`", "fast, other"]);
    user.commit(&[("autoresearch.toml", &format!("{settings}features = [\"fast\"]\n"))], "features\n");
    works(&user, &user.path(), &[]);
    // Those of a default are on.
    user.commit(&[("autoresearch.toml", &settings)], "without\n");
    user.edit("Cargo.toml", "[features]\n", "[features]\ndefault = [\"fast\"]\n");
    user.commit(&[], "by default\n");
    user.autoresearch(&["doctor", "."]).well();
}

#[test]
fn of_several_programs_the_default_one_runs_or_the_user_chooses() {
    let wrong = "fn main() { panic!(\"the wrong program\"); }\n";
    let user = program("", &[("src/bin/a.rs", wrong)], "");
    refused(&user, &user.path(), BASELINE, &["there is a, foreign", "run.binary"]);
    user.edit("Cargo.toml", "publish = false\n", "publish = false\ndefault-run = \"foreign\"\n");
    user.commit(&[], "default\n");
    works(&user, &user.path(), &[]);
    let settings = user.read("autoresearch.toml") + "binary = \"b\"\n";
    user.commit(&[("autoresearch.toml", &settings)], "a slip\n");
    assert!(user.autoresearch(&["doctor", "."]).out.contains("the binary `b`; there is a, foreign"));
}

#[test]
fn an_example_can_be_the_program() {
    let user = program("", &[], "");
    let main = user.read("src/main.rs");
    fs::remove_file(user.path().join("src/main.rs")).unwrap();
    user.commit(&[("src/lib.rs", "\n"), ("examples/mnist.rs", &main)], "an example\n");
    refused(&user, &user.path(), REPOSITORY, &["`example` under [run]", "mnist"]);
    let settings = user.read("autoresearch.toml") + "example = \"mnist2\"\n";
    user.commit(&[("autoresearch.toml", &settings)], "a slip\n");
    refused(&user, &user.path(), REPOSITORY, &["the example `mnist2`"]);
    let settings = settings.replace("mnist2", "mnist");
    let settings = format!("mutable = [\"examples/mnist.rs\"]\n{settings}");
    user.commit(&[("autoresearch.toml", &settings)], "right\n");
    works(&user, &user.path(), &[]);
    assert!(user.read("examples/mnist.rs").contains("RATE: f64 = 0.1;"));
}

#[test]
fn a_run_finds_its_variables_and_a_build_does_not() {
    let main = "assert!(option_env!(\"WORD\").is_none()); assert_eq!(std::env::var(\"WORD\").unwrap(), \"it's so\");";
    let user = program(main, &[], "env = { WORD = \"it's so\" }\n");
    works(&user, &user.path(), &[]);
}

#[test]
fn a_batch_has_the_variables_in_its_script_and_no_data() {
    let main = "assert_eq!(std::env::var(\"WORD\").unwrap(), \"it's so\");";
    let user = program(main, &[], "env = { WORD = \"it's so\" }\n");
    let batch = user.home().join("batch");
    user.autoresearch(&["pack", ".", batch.to_str().unwrap(), "--trials", "1"]).well();
    let ran = types(&user, "AUTORESEARCH_DEVICE=flex sh ../batch/run.sh");
    assert!(ran.contains("ended with 0") && !ran.contains("ended with 1"), "{ran}");
    let settings = user.read("autoresearch.toml") + "data = [\"data/\"]\n";
    user.commit(&[("autoresearch.toml", &settings), ("data/train.txt", "text")], "data\n");
    let other = user.home().join("other");
    let said = user.autoresearch(&["pack", ".", other.to_str().unwrap(), "--study", "other"]);
    assert_eq!(said.code, Some(REPOSITORY), "{}", said.err);
    assert!(said.err.contains("data (`run.data`) would be missing"), "{}", said.err);
}

// What is not in the copy of the committed files.

#[test]
fn data_that_is_ignored_is_linked_hashed_and_missed_by_name() {
    let main = "assert_eq!(std::fs::read_to_string(\"data/train.txt\").unwrap(), \"text\");";
    let user = program(main, &[(".gitignore", "/data\n")], "");
    user.write("data/train.txt", "text");
    let run = user.autoresearch(&["run"]);
    assert_eq!(run.code, Some(BASELINE), "{}", run.err);
    assert!(run.err.contains("copy of the committed files") && run.err.contains("`data`"), "{}", run.err);

    let settings = user.read("autoresearch.toml") + "data = [\"data/\"]\n";
    user.commit(&[("autoresearch.toml", &settings)], "data\n");
    works(&user, &user.path(), &[]);
    assert_eq!(user.read("data/train.txt"), "text");

    // Other data make other programs.
    user.write("data/train.txt", "test");
    let run = user.autoresearch(&["run", "--study", "night", "--trials", "9"]);
    assert_eq!(run.code, Some(REPOSITORY), "{}", run.err);
    assert!(run.err.contains("has changed since study `night` began"), "{}", run.err);

    let user = program(main, &[(".gitignore", "/data\n")], "data = [\"data/\"]\n");
    refused(&user, &user.path(), REPOSITORY, &["`run.data`: there is no data/ in"]);
}

#[test]
fn links_inside_of_the_commit_are_followed_and_others_are_told() {
    let main = "assert_eq!(std::fs::read_to_string(\"data/train.txt\").unwrap(), \"text\");";
    let user = program(main, &[("shared/train.txt", "text")], "");
    symlink("shared", user.path().join("data")).unwrap();
    user.commit(&[], "a link\n");
    works(&user, &user.path(), &[]);

    let user = program(main, &[], "");
    fs::create_dir(user.home().join("outside")).unwrap();
    fs::write(user.home().join("outside/train.txt"), "text").unwrap();
    symlink("../outside", user.path().join("data")).unwrap();
    user.commit(&[], "a link that leads out\n");
    let doctor = user.autoresearch(&["doctor", "."]).well();
    assert!(doctor.contains("links that lead out of the commit (data)"), "{doctor}");
    assert!(doctor.contains("data = [\"data\"]"), "{doctor}");
    let settings = user.read("autoresearch.toml") + "data = [\"data\"]\n";
    user.commit(&[("autoresearch.toml", &settings)], "data\n");
    works(&user, &user.path(), &[]);
}

#[test]
fn files_of_git_lfs_are_told_and_linked_if_the_user_says_so() {
    let main = "assert_eq!(std::fs::read_to_string(\"weights.bin\").unwrap(), \"text\");";
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 4\n";
    let user = program(main, &[("weights.bin", pointer)], "");
    user.commit(&[(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")], "lfs\n");
    let doctor = user.autoresearch(&["doctor", "."]).well();
    assert!(doctor.contains("files that git-lfs keeps (weights.bin)"), "{doctor}");
    let settings = user.read("autoresearch.toml") + "data = [\"weights.bin\"]\n";
    user.commit(&[("autoresearch.toml", &settings)], "data\n");
    refused(&user, &user.path(), REPOSITORY, &["weights.bin", "git lfs pull"]);
    // As `git lfs pull` would.
    fs::write(user.path().join("weights.bin"), "text").unwrap();
    works(&user, &user.path(), &[]);
    assert_eq!(types(&user, "git rev-parse main"), types(&user, "git rev-parse autoresearch/night"));
}

#[test]
fn a_crate_that_is_not_in_the_copy_is_named_with_the_reason() {
    let engine = "[package]\nname = \"engine\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let user = program("engine::start();", &[], "");
    types(&user, "mkdir -p ../engine/src");
    user.write("../engine/Cargo.toml", engine);
    user.write("../engine/src/lib.rs", "pub fn start() {}\n");
    types(&user, "cd ../engine && git init -q -b main && git add -A && git commit -qm first");

    manifest(&user, "[dependencies]\nengine = { path = \"../engine\" }\n");
    refused(&user, &user.path(), REPOSITORY, &["needs the crate in ../engine", "outside of the repository"]);

    user.edit("Cargo.toml", "../engine", "vendor/engine");
    types(&user, "git submodule -q add \"file://$(realpath ../engine)\" vendor/engine");
    types(&user, "cargo generate-lockfile --offline -q");
    types(&user, "git add -A && git commit -qm submodule");
    let words =
        ["is in the submodule vendor/engine", "data = [\"vendor/engine\"]", "git submodule update --init"];
    refused(&user, &user.path(), REPOSITORY, &words);
    let settings = user.read("autoresearch.toml");
    user.write("autoresearch.toml", &format!("{settings}data = [\"vendor/engine\"]\n"));
    types(&user, "git commit -qam data");
    works(&user, &user.path(), &[]);

    let user = program("engine::start();", &[(".gitignore", "/engine\n")], "");
    user.write("engine/Cargo.toml", engine);
    user.write("engine/src/lib.rs", "pub fn start() {}\n");
    manifest(&user, "[dependencies]\nengine = { path = \"engine\" }\n");
    refused(
        &user,
        &user.path(),
        REPOSITORY,
        &["needs the crate in engine", "is not committed", "data = [\"engine\"]"],
    );
}

#[test]
fn the_reason_that_cargo_has_is_told_whole() {
    // Cargo looks for members of a workspace; we do not.
    let user = program("", &[], "");
    user.edit("Cargo.toml", "[workspace]\n", "[workspace]\nmembers = [\"lost\"]\n");
    user.commit(&[], "a lost member\n");
    let run = user.autoresearch(&["run"]);
    assert_eq!(run.code, Some(BASELINE), "{}", run.err);
    assert!(
        run.err.contains("`lost/Cargo.toml`") && run.err.contains("copy of the committed files"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("/source/"), "{}", run.err);
}

#[test]
fn a_lock_file_that_is_not_committed_is_missed_by_doctor_and_run() {
    let user = program("", &[(".gitignore", "Cargo.lock\n")], "");
    refused(&user, &user.path(), BASELINE, &["no committed Cargo.lock", "git add --force Cargo.lock"]);
}

#[test]
fn a_repository_with_a_submodule_that_nothing_needs_works() {
    let user = quick();
    types(
        &user,
        "git clone -q . ../other && git submodule -q add \"file://$(realpath ../other)\" docs && git commit -qm docs",
    );
    works(&user, &user.path(), &["submodules (docs): programs run without them"]);
    main_followed(&user, &user.path());
    assert!(fs::metadata(user.path().join("docs/Cargo.toml")).unwrap().size() > 0);
}
