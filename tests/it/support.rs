//! A user of the tool: a separate home, cache and repository, and the binary started as they would start it. Nothing of
//! the machine's configuration is visible except the Rust toolchain. Asserts nothing about the tool; the tests do.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread::sleep;
use std::time::{Duration, Instant};

use git2::{
    BranchType, Commit, ConfigLevel, IndexAddOption, ObjectType, Oid, Repository, RepositoryInitOptions,
    Signature,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// Longer than any of this takes on a busy machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Pause between two checks while waiting.
const PAUSE: Duration = Duration::from_millis(5);

/// The file that edits of the stand-in are confined to, unless a test wants others.
pub(crate) const RECIPE_ONLY: &str =
    "mutable = [\"src/recipe.rs\"]\nbudget = \"100steps\"\nslots = 1\nsearch = \"random\"\n";

/// See the head of this file.
pub(crate) struct User {
    directory: TempDir,
    pub(crate) git: Repository,
}

/// What the program said before it ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Asserts success and returns what was printed.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        assert_eq!(self.err, "", "{}", self.out);
        self.out
    }
}

impl User {
    /// With a repository that has no files and no commits.
    pub(crate) fn new() -> Self {
        hermetic();
        let directory = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        let git = Repository::init_opts(directory.path().join("my repository"), options.initial_head("main"))
            .unwrap();
        Self { directory, git }
    }

    /// With a crate of `tests/testdata` and these files added to or replacing its own, committed on main.
    pub(crate) fn of(fixture: &str, files: &[(&str, &str)]) -> Self {
        let user = Self::new();
        user.copy_fixture(fixture, "");
        user.commit(files, "begin\n");
        user
    }

    /// Another user, who has a copy of this one's repository as it is now, journal and all.
    pub(crate) fn twin(&self) -> Self {
        let Self { directory, git } = Self::new();
        let path = git.workdir().unwrap().to_owned();
        copy(&self.path(), &path);
        Self { directory, git: Repository::open(path).unwrap() }
    }

    /// Puts a crate of `tests/testdata` into a folder of the working tree.
    pub(crate) fn copy_fixture(&self, fixture: &str, folder: &str) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/testdata");
        copy(&fixtures.join(fixture), &self.path().join(folder));
    }

    /// With the stand-in trainer and these settings.
    pub(crate) fn quick(settings: &str) -> Self {
        Self::of("stand-in/quick", &[("autoresearch.toml", settings)])
    }

    /// The working tree.
    pub(crate) fn path(&self) -> PathBuf {
        self.git.workdir().unwrap().to_owned()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text that must be there, once.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "{text}");
        self.write(path, &text.replace(from, to));
    }

    /// Commits these files, and all other changes, on what is checked out.
    pub(crate) fn commit(&self, files: &[(&str, &str)], message: &str) -> Oid {
        files.iter().for_each(|(path, text)| self.write(path, text));
        let mut index = self.git.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = self.git.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::now("Ada", "ada@example.org").unwrap();
        let parent = self.git.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<&Commit<'_>> = parent.iter().collect();
        self.git.commit(Some("HEAD"), &who, &who, message, &tree, &parents).unwrap()
    }

    /// The commit that a branch is at.
    #[track_caller]
    pub(crate) fn branch(&self, name: &str) -> Commit<'_> {
        self.git.find_branch(name, BranchType::Local).unwrap().get().peel_to_commit().unwrap()
    }

    /// All local branches with the commits that they are at.
    pub(crate) fn branches(&self) -> BTreeMap<String, Oid> {
        let branches = self.git.branches(Some(BranchType::Local)).unwrap();
        let branch = |branch: Result<(git2::Branch<'_>, BranchType), git2::Error>| {
            let (branch, _) = branch.unwrap();
            (branch.name().unwrap().unwrap().to_owned(), branch.get().target().unwrap())
        };
        branches.map(branch).collect()
    }

    /// Subjects from a branch down along first parents, as in `git log --first-parent --format=%s`.
    pub(crate) fn subjects(&self, branch: &str) -> Vec<String> {
        let mut walk = self.git.revwalk().unwrap();
        walk.simplify_first_parent().unwrap();
        walk.push(self.branch(branch).id()).unwrap();
        let subject = |id: Result<Oid, git2::Error>| {
            self.git.find_commit(id.unwrap()).unwrap().summary().unwrap().unwrap().to_owned()
        };
        walk.map(subject).collect()
    }

    /// Tracked files that differ from HEAD, in the index or in the working tree, and untracked ones.
    pub(crate) fn status(&self) -> Vec<String> {
        let mut options = git2::StatusOptions::new();
        options.include_untracked(true);
        let statuses = self.git.statuses(Some(&mut options)).unwrap();
        statuses.iter().map(|entry| entry.path().unwrap().to_owned()).collect()
    }

    /// Everything in the repository, working tree and git directory, with a digest of its contents.
    pub(crate) fn everything(&self) -> BTreeMap<PathBuf, Oid> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    let digest = Oid::hash_file(ObjectType::Blob, &entry).unwrap();
                    found.insert(entry, digest);
                }
            }
        }
        found
    }

    /// The program with arguments, in the repository, as a child that is not started yet.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_of(&binary(), words)
    }

    /// The same, with the program under another name.
    #[expect(clippy::disallowed_methods, reason = "these tests are users of the program")]
    pub(crate) fn command_of(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        let kept = ["PATH", "RUSTUP_TOOLCHAIN", "CARGO", "LD_LIBRARY_PATH"];
        let kept = kept.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
        command
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .envs(kept)
            .env("HOME", self.home())
            .env("CARGO_HOME", toolchain("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", toolchain("RUSTUP_HOME", ".rustup"))
            .env("CARGO_NET_OFFLINE", "true")
            .env("XDG_CACHE_HOME", self.home().join("cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            // Whatever GPUs there are: tests about devices set it themselves.
            .env("AUTORESEARCH_DEVICE", "flex")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Where this user's own files would be; also the mark of all their processes.
    pub(crate) fn home(&self) -> &Path {
        self.directory.path()
    }

    /// Runs the program to its end.
    pub(crate) fn autoresearch(&self, words: &[&str]) -> Said {
        said(self.command(words).spawn().unwrap())
    }

    /// Starts the program.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().unwrap()
    }

    /// The events of the newest study, as `log --json` prints them.
    pub(crate) fn events(&self) -> Vec<Value> {
        let lines = self.autoresearch(&["log", "--json"]).well();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The events of one kind.
    pub(crate) fn events_of(&self, kind: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == kind).collect()
    }

    /// Outcomes by number of trial.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        let ended = self.events_of("trial-ended");
        let mut outcomes: Vec<(u64, String)> = ended
            .iter()
            .map(|event| (event["trial"].as_u64().unwrap(), event["outcome"].as_str().unwrap().to_owned()))
            .collect();
        outcomes.sort();
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// Living processes that this user's commands have left.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let mark: OsString = [OsString::from("HOME="), self.home().into()].into_iter().collect();
        let carries = |pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_encoded_bytes())
        };
        let names =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        names.filter(carries).collect()
    }

    /// Waits until no process of this user's is left; the programs that a killed one had started get the time that a
    /// supervisor needs to end them.
    #[track_caller]
    pub(crate) fn nothing_survives(&self) {
        wait_until("its processes end", || self.processes().is_empty());
    }
}

/// Waits for a child to end, and returns what it said.
pub(crate) fn said(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Sends a signal to a child only.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
}

/// Says that a test did nothing, and why; bypasses the test harness, which would hide it.
pub(crate) fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// Waits for something to come true.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < PATIENCE, "waited too long until {what}");
        sleep(PAUSE);
    }
}

/// The program, linked to where it was not built: there it would give each slot what it was compiled from, which a
/// crate without dependencies has no use for.
fn binary() -> PathBuf {
    static ONCE: Once = Once::new();
    let apart = Path::new(env!("CARGO_TARGET_TMPDIR")).join("autoresearch");
    ONCE.call_once(|| {
        let _ = fs::remove_file(&apart);
        fs::hard_link(env!("CARGO_BIN_EXE_autoresearch"), &apart).unwrap();
    });
    apart
}

/// A folder of the toolchain, found from the real home.
fn toolchain(variable: &str, below_home: &str) -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap());
    std::env::var_os(variable).map_or_else(|| home().join(below_home), PathBuf::from)
}

/// Keeps the machine's git configuration out of this process.
fn hermetic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-git-configuration");
        for level in [ConfigLevel::ProgramData, ConfigLevel::System, ConfigLevel::XDG, ConfigLevel::Global] {
            // SAFETY: libgit2 asks that no other thread uses it meanwhile; each test waits here before it does.
            unsafe { git2::opts::set_search_path(level, &nowhere) }.unwrap();
        }
    });
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let target = to.join(entry.file_name().unwrap());
        match entry.is_dir() {
            true if entry.ends_with("target") => {}
            true => copy(&entry, &target),
            false => drop(fs::copy(&entry, target).unwrap()),
        }
    }
}
