//! What people's repositories are like: whatever git accepts works, or is refused in one sentence that says what to do, by
//! `doctor` and `run` alike, before anything is written.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use super::git_user::{
    ENOUGH, REPOSITORY, advice, autoresearch, beside, main_followed, quick, refused, typed, types, works,
};
use super::support::{User, said, skip};

// Formats of git's.

#[test]
fn formats_that_libgit2_cannot_read_are_named_and_the_command_that_is_told_helps() {
    for (name, make, word) in [
        ("a sparse index", "git sparse-checkout set --cone --sparse-index src", "index is sparse"),
        (
            "a split index",
            "git config core.splitIndex true && git update-index --split-index",
            "index is split",
        ),
    ] {
        let user = quick();
        user.commit(&[("other/notes.txt", "x\n")], "notes\n");
        types(&user, "git reset -q --hard");
        if let Err(why) = typed(&user, make) {
            skip(&format!("{name}: {why}"));
            continue;
        }
        let told = refused(&user, &user.path(), REPOSITORY, &[word, "cannot read"]);
        types(&user, advice(&told));
        works(&user, &user.path(), &[]);
        main_followed(&user, &user.path());
    }
}

#[test]
fn a_repository_with_reftable_is_converted_or_copied_by_the_commands_that_are_told() {
    let user = quick();
    // Older versions of git do not convert reflogs.
    let make = "git clone -q -c core.logAllRefUpdates=false --ref-format=reftable . ../tables";
    let folder = match beside(&user, "tables", make) {
        Ok(folder) => folder,
        Err(why) => return skip(&why),
    };
    let told = refused(&user, &folder, REPOSITORY, &["`reftable`", "cannot read"]);
    let (convert, copy) = advice(&told).split_once(", or copy it: ").unwrap();
    types(&user, &copy.replace("NEW", "../files"));
    works(&user, &user.home().join("files"), &[]);
    if let Err(why) = typed(&user, convert) {
        return skip(&format!("not converted: {why}"));
    }
    works(&user, &folder, &[]);
    main_followed(&user, &folder);
}

#[test]
fn a_repository_with_sha256_names_is_copied_into_one_that_can_be_read() {
    let user = quick();
    let make = "git init -q -b main --object-format=sha256 ../long && cp -r Cargo.* src autoresearch.toml ../long && cd \
                ../long && git add -A && git commit -qm first";
    let folder = match beside(&user, "long", make) {
        Ok(folder) => folder,
        Err(why) => return skip(&why),
    };
    let told = refused(&user, &folder, REPOSITORY, &["`sha256` names"]);
    types(&user, &advice(&told).replace("NEW", "../short"));
    works(&user, &user.home().join("short"), &[]);
}

#[test]
fn an_extension_that_nobody_knows_yet_is_named() {
    let user = quick();
    types(&user, "git config core.repositoryformatversion 1 && git config extensions.shiny true");
    refused(&user, &user.path(), REPOSITORY, &["`extensions.shiny`", "fast-export"]);
    types(
        &user,
        "git config --file .git/config --unset extensions.shiny && git config --file .git/config core.repositoryformatversion 99",
    );
    refused(&user, &user.path(), REPOSITORY, &["newer format"]);
}

#[test]
fn a_damaged_index_is_refused_with_the_command_that_makes_it_anew() {
    let user = quick();
    fs::write(user.path().join(".git/index"), "DIRC, but no more").unwrap();
    let told = refused(&user, &user.path(), REPOSITORY, &["index is damaged"]);
    let (_, command) = told.split_once("make it anew: ").unwrap();
    types(&user, command);
    works(&user, &user.path(), &[]);
}

#[test]
fn a_sparse_checkout_follows_although_it_leaves_files_out() {
    let user = quick();
    user.commit(&[("other/notes.txt", "x\n")], "notes\n");
    types(&user, "git reset -q --hard && git sparse-checkout set --cone --no-sparse-index src");
    assert!(!user.path().join("other").exists(), "the test proves nothing");
    works(&user, &user.path(), &[]);
    main_followed(&user, &user.path());
    assert!(!user.path().join("other").exists());
}

#[test]
fn a_sparse_checkout_without_the_file_that_is_improved_follows_too() {
    let user = quick();
    types(
        &user,
        "git reset -q --hard && git sparse-checkout set --no-cone --no-sparse-index '/*' '!/src/recipe.rs'",
    );
    assert!(!user.path().join("src/recipe.rs").exists(), "the test proves nothing");
    works(&user, &user.path(), &[]);
    main_followed(&user, &user.path());
    assert!(!user.path().join("src/recipe.rs").exists());
    assert!(types(&user, "git ls-files -t").contains("S src/recipe.rs"));
    types(&user, "git sparse-checkout disable");
    assert!(user.path().join("src/recipe.rs").exists());
    assert_eq!(types(&user, "git status --porcelain"), "");
}

#[test]
fn clones_of_all_kinds_work() {
    let user = quick();
    types(
        &user,
        "git clone -q --bare . ../bare.git && git -C ../bare.git config uploadpack.allowFilter true",
    );
    for (name, make) in [
        ("shallow", "git clone -q --depth 1 \"file://$PWD/../bare.git\" ../shallow"),
        ("partial", "git clone -q --filter=blob:none \"file://$PWD/../bare.git\" ../partial"),
        ("shared", "git clone -q --shared ../bare.git ../shared"),
        ("apart", "git clone -q --separate-git-dir=../apart.git ../bare.git ../apart"),
        (
            "elsewhere",
            "git clone -q ../bare.git ../elsewhere && mv ../elsewhere/.git ../elsewhere.git && git --git-dir=../elsewhere.git \
             config core.worktree \"$(realpath ../elsewhere)\" && echo \"gitdir: $(realpath ../elsewhere.git)\" >../elsewhere/.git",
        ),
        (
            "old-partial",
            "git clone -q --filter=blob:none \"file://$PWD/../bare.git\" ../old-partial && git -C ../old-partial config \
             extensions.partialClone origin",
        ),
        (
            "packed",
            "git clone -q ../bare.git ../packed && cd ../packed && git pack-refs --all && git gc -q && git multi-pack-index \
             write && git update-index --index-version 4 --untracked-cache",
        ),
        (
            "configured",
            "git clone -q ../bare.git ../configured && cd ../configured && git config extensions.worktreeConfig true && git \
             config core.untrackedCache true && git config feature.manyFiles true && git status -s",
        ),
        (
            "outer/part",
            "git init -q ../outer && cd ../outer && git submodule -q add \"file://$PWD/../bare.git\" part",
        ),
        // The last: this one moves the main that all others are cloned from.
        ("linked", "git -C ../bare.git worktree add -q ../linked main"),
    ] {
        match beside(&user, name, make) {
            Ok(folder) => {
                works(&user, &folder, &[]);
                main_followed(&user, &folder);
            }
            Err(why) => skip(&format!("{name}: {why}")),
        }
    }
}

#[test]
fn a_partial_clone_that_lacks_what_is_studied_is_refused_with_the_command_that_fetches_it() {
    let user = quick();
    types(
        &user,
        "git clone -q --bare . ../bare.git && git -C ../bare.git config uploadpack.allowFilter true",
    );
    let make = "git clone -q --no-checkout --filter=blob:none \"file://$PWD/../bare.git\" ../partial && git -C ../partial \
                sparse-checkout set --no-cone --no-sparse-index /autoresearch.toml && git -C ../partial checkout -q main";
    let folder = match beside(&user, "partial", make) {
        Ok(folder) => folder,
        Err(why) => return skip(&why),
    };
    let told = refused(&user, &folder, REPOSITORY, &["partial clone", "has not been fetched"]);
    if let Err(why) = typed(&user, advice(&told)) {
        return skip(&format!("git is too old to fetch all again: {why}"));
    }
    works(&user, &folder, &[]);
}

#[test]
fn a_second_working_tree_is_studied_like_the_first() {
    let user = quick();
    types(&user, "git worktree add -q ../second -b mine");
    works(&user, &user.home().join("second"), &[]);
    main_followed(&user, &user.path());
    assert_eq!(types(&user, "git -C ../second status --porcelain"), "");
}

#[test]
fn a_bare_repository_is_refused() {
    let user = quick();
    types(&user, "git clone -q --bare . ../bare.git");
    refused(&user, &user.home().join("bare.git"), REPOSITORY, &["is a bare repository", "clone it"]);
}

#[test]
fn names_that_are_not_utf_8_are_in_nobodys_way() {
    let user = quick();
    let odd = user.path().join(OsStr::from_bytes(b"caf\xe9.txt"));
    fs::write(&odd, "x").unwrap();
    fs::create_dir(user.path().join(OsStr::from_bytes(b"\xff"))).unwrap();
    fs::write(user.path().join(OsStr::from_bytes(b"\xff/inner.txt")), "y").unwrap();
    types(&user, "git add -A && git commit -qm odd");
    works(&user, &user.path(), &["names that are not UTF-8 (caf\u{fffd}.txt, \u{fffd}/inner.txt)"]);
    main_followed(&user, &user.path());
    // Work in one of them makes main wait like any other.
    fs::write(&odd, "mine").unwrap();
    let out = autoresearch(&user, &user.path(), &["run", "--trials", "4", "--study", "day"]).out;
    assert!(out.contains("uncommitted changes (caf\u{fffd}.txt)"), "{out}");
    assert_eq!(fs::read_to_string(&odd).unwrap(), "mine");
}

// Owners, rights and configuration.

#[test]
fn the_advice_on_a_repository_of_another_user_helps_word_for_word() {
    let user = quick();
    if let Err(why) = typed(&user, "chown -R 12345 .") {
        return skip(&format!("only root can give a repository away: {why}"));
    }
    // From a folder inside, by a path that is not absolute.
    let told = refused(&user, &user.path(), REPOSITORY, &["belongs to another user", "safe.directory"]);
    types(&user, &format!("cd / && {}", advice(&told)));
    works(&user, &user.path().join("src"), &[]);
    chown(user.path(), Some(0), None).unwrap();
}

#[test]
fn a_repository_that_cannot_be_written_to_is_refused() {
    let user = quick();
    if typed(&user, "setpriv --version").is_err() {
        return skip("there is no setpriv, by which root gives up its rights");
    }
    let set = |path: &str, mode: u32| {
        fs::set_permissions(user.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    set(".git", 0o555);
    let program = user.command(&[]).get_program().to_owned();
    let as_anybody = |words: &str| {
        let line = format!("setpriv --bounding-set=-dac_override {} {words}", program.to_str().unwrap());
        let mut command = user.command_of(Path::new("sh"), &["-c", &line]);
        said(command.spawn().unwrap())
    };
    let (run, doctor) = (as_anybody("run"), as_anybody("doctor ."));
    set(".git", 0o755);
    if run.code == Some(0) {
        return skip("this machine lets anybody write anywhere");
    }
    assert_eq!((run.code, doctor.code), (Some(REPOSITORY), Some(REPOSITORY)), "{}\n{}", run.err, doctor.out);
    for told in [run.err, doctor.out] {
        assert!(told.contains(".git cannot be written to (Permission denied)"), "{told}");
        assert!(told.contains("make it writable"), "{told}");
    }
    assert!(!user.path().join(".git/autoresearch").exists());
}

#[test]
fn commits_are_not_signed_and_hooks_not_run_whatever_the_settings_are() {
    let user = quick();
    let hook = "#!/bin/sh\ntouch \"$(dirname \"$0\")/../hook-ran\"\nexit 1\n";
    for name in
        ["pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-checkout", "post-merge"]
    {
        let path = user.path().join(".git/hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, hook).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut config = user.git.config().unwrap();
    config.set_bool("commit.gpgsign", true).unwrap();
    config.set_str("gpg.program", "/nowhere/gpg").unwrap();
    works(&user, &user.path(), &["`commit.gpgsign` is on, but the commits of a study are not signed"]);
    assert!(!user.path().join(".git/hook-ran").exists());
    assert!(!types(&user, "git cat-file commit main").contains("gpgsig"));
    main_followed(&user, &user.path());
}

#[test]
fn line_endings_and_filters_of_the_users_checkout_stay_what_they_are() {
    for (attributes, settings, ending) in [
        ("*.rs text eol=crlf\n", "true", "\r\n"),
        ("* text=auto\n", "git config core.autocrlf true", "\r\n"),
        (
            "*.rs ident\n*.bin filter=upper\n",
            "git config filter.upper.clean 'tr A-Z a-z' && git config filter.upper.smudge 'tr a-z A-Z'",
            "\n",
        ),
    ] {
        let user = quick();
        types(&user, settings);
        user.write(".gitattributes", attributes);
        user.write("weights.bin", "abc\n");
        types(
            &user,
            "git add -A && git commit -qm attributes && rm -r src weights.bin && git checkout -q -f main",
        );
        assert!(user.read("src/recipe.rs").contains(ending), "the test proves nothing");
        works(&user, &user.path(), &[]);
        main_followed(&user, &user.path());
        let recipe = user.read("src/recipe.rs");
        assert_eq!(recipe.contains("\r\n"), ending == "\r\n", "{recipe:?}");
        let is_filtered = attributes.contains("filter");
        assert_eq!(user.read("weights.bin").trim(), if is_filtered { "ABC" } else { "abc" });
    }
}

// What is checked out, and what is under way.

#[test]
fn a_branch_ahead_of_main_is_told_by_name_with_the_number_of_its_commits() {
    let user = quick();
    types(&user, "git checkout -q -b feature");
    user.commit(&[("a", "a")], "one\n");
    user.commit(&[("b", "b")], "two\n");
    works(
        &user,
        &user.path(),
        &["branch `feature` is checked out, 2 commits ahead of main; main is studied"],
    );
    types(&user, "git checkout -q --detach");
    let out = autoresearch(&user, &user.path(), &["run", "--trials", "1", "--study", "day"]).out;
    assert!(out.contains("HEAD is detached, 2 commits ahead of main"), "{out}");
}

#[test]
fn a_detached_head_is_told_and_main_followed() {
    let user = quick();
    types(&user, "git checkout -q --detach");
    works(&user, &user.path(), &["HEAD is detached"]);
}

#[test]
fn the_default_branch_has_the_name_that_the_user_gave_it() {
    let user = quick();
    types(&user, "git branch -q -m main trunk");
    let out = works(&user, &user.path(), &["`trunk` takes its place"]);
    assert!(out.contains("log --first-parent trunk"), "{out}");
    assert_eq!(types(&user, "git rev-parse trunk"), types(&user, "git rev-parse autoresearch/night"));
    // It stays that branch if another is checked out, where git knows of it.
    types(&user, "git checkout -q -b mine");
    types(&user, "git config --global init.defaultBranch trunk");
    let doctor = autoresearch(&user, &user.path(), &["doctor", "."]);
    assert!(doctor.out.contains("branch trunk, package"), "{}", doctor.out);
    types(&user, "git config --global --unset init.defaultBranch && git clone -q . ../clone");
    types(&user, "git -C ../clone remote set-head origin mine");
    let doctor = autoresearch(&user, &user.home().join("clone"), &["doctor", "."]);
    assert!(doctor.out.contains("branch mine, package"), "{}", doctor.out);
}

#[test]
fn a_main_that_is_another_name_of_a_branch_is_that_branch() {
    let user = quick();
    types(&user, "git branch -q -m main trunk && git symbolic-ref refs/heads/main refs/heads/trunk");
    let out = works(&user, &user.path(), &[]);
    assert!(out.contains("log --first-parent trunk"), "{out}");
    main_followed(&user, &user.path());
    assert_eq!(types(&user, "git symbolic-ref refs/heads/main"), "refs/heads/trunk\n");
}

#[test]
fn a_repository_without_commits_and_a_branch_without_any() {
    let user = User::new();
    refused(&user, &user.path(), REPOSITORY, &["branch `main`", "no commits yet"]);
    let user = quick();
    types(&user, "git checkout -q --orphan fresh");
    works(&user, &user.path(), &["branch `fresh` is checked out and has no commits; main is studied"]);
    let user = quick();
    types(&user, "git branch -q -m main trunk && git checkout -q --orphan fresh");
    refused(&user, &user.path(), REPOSITORY, &["branch `fresh`", "no commits yet"]);
}

#[test]
fn main_waits_for_a_merge_or_a_rebase_or_another_command_and_that_is_told_at_the_start() {
    for (make, undo, words) in [
        (
            "git checkout -q -b other && git commit -q --allow-empty -m o && git checkout -q main && git merge -q --no-ff \
             --no-commit other",
            "git merge --abort",
            "a merge, rebase or the like is under way in",
        ),
        (
            "git commit -q --allow-empty -m x && EDITOR=true GIT_SEQUENCE_EDITOR='sed -i 1ibreak' git rebase -q -i HEAD~1",
            "git rebase --abort",
            "main waits until it is finished",
        ),
        ("touch .git/index.lock", "rm .git/index.lock", "another git command is running in"),
    ] {
        let user = quick();
        types(&user, make);
        let before = types(&user, "git rev-parse main");
        works(&user, &user.path(), &[words]);
        assert_eq!(types(&user, "git rev-parse main"), before, "main has moved");
        types(&user, undo);
        autoresearch(&user, &user.path(), &["run", "--trials", ENOUGH, "--study", "night"]).well();
        main_followed(&user, &user.path());
    }
}
