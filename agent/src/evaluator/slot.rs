//! A slot: the directory in which one trial at a time is built and run, and the device it runs on.
//!
//! It lies outside the user's repository, where cargo would read that repository's configuration and
//! workspace, and can be thrown away at any time. Cargo decides by mtime what is fresh, so
//! every file that is written here gets a new one, and no file that stays the same is touched.

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use super::warm;
use super::{File, Link, Tree};
use crate::device::Gate;
use crate::study::ProgramId;

/// How many binaries are kept, so that a repeat or a confirmation need not build: each may be 100 MB.
const BINARIES_KEPT: usize = 8;

/// File of a slot that is there once a build has succeeded in it.
const COMPILED: &str = "compiled";

/// Where the slots of all repositories are: `$XDG_CACHE_HOME/autoresearch`.
pub(crate) fn cache_directory() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(set("HOME")?.join(".cache"))).unwrap_or_else(std::env::temp_dir);
    cache.join("autoresearch")
}

/// Where the slots of a repository are: in the cache, `<name>-<hash of its path>`.
pub(crate) fn slots_directory(repository: &Path) -> PathBuf {
    let path = repository.canonicalize().unwrap_or_else(|_| repository.to_owned());
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let hash = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex();
    cache_directory().join(format!("{name}-{}", &hash[..8]))
}

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Slot {
    root: PathBuf,
    pub(super) gate: Gate,
    /// Programs whose binary was built by this process and is still there, oldest first. (One from
    /// an earlier process may come from another toolchain.)
    built: VecDeque<ProgramId>,
}

impl Slot {
    /// Makes the directories of a slot if needed. A new one starts from what the agent's own build
    /// has compiled, if that is at hand.
    pub(crate) fn open(slots: &Path, number: usize, gate: Gate) -> io::Result<Self> {
        let root = slots.join(format!("slot-{number}"));
        fs::create_dir_all(&root)?;
        let slot = Self { root: root.canonicalize()?, gate, built: VecDeque::new() };
        fs::create_dir_all(slot.source())?;
        let _ = fs::remove_dir_all(slot.binaries());
        fs::create_dir_all(slot.binaries())?;
        if !slot.target().exists() {
            let _ = fs::remove_file(slot.root.join(COMPILED));
            slot.make_target(warm::own_release_directory().as_deref())?;
        }
        Ok(slot)
    }

    /// Makes the target directory aside and moves it into place, so that a half-warm one is never used.
    fn make_target(&self, donor: Option<&Path>) -> io::Result<()> {
        let aside = self.root.join("target.unfinished");
        let _ = fs::remove_dir_all(&aside);
        fs::create_dir_all(&aside)?;
        if let Some(donor) = donor {
            warm::start(donor, &aside.join("release"))?;
        }
        let _ = fs::remove_dir_all(self.target());
        fs::rename(aside, self.target())
    }

    /// Starts from what another slot of the repository has compiled, if this one has not compiled anything yet. The lock
    /// must be held.
    pub(super) fn start_from_a_neighbour(&self) -> io::Result<()> {
        let neighbours = fs::read_dir(self.root.parent().expect("slots lie in a directory"))?;
        let neighbours = neighbours.filter_map(Result::ok).map(|entry| entry.path());
        let mut compiled = neighbours.filter(|root| root.join(COMPILED).exists());
        let Some(donor) = compiled.next().filter(|_| !self.root.join(COMPILED).exists()) else {
            return Ok(());
        };
        self.make_target(Some(&donor.join("target/release")))?;
        // Cargo would take a source that is older than its neighbour's artefacts for fresh.
        fs::remove_dir_all(self.source())?;
        fs::create_dir_all(self.source())
    }

    /// Notes that the dependencies have been compiled here.
    pub(super) fn has_compiled(&self) -> io::Result<()> {
        fs::write(self.root.join(COMPILED), "")
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.root.join("source")
    }

    pub(super) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    fn binaries(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// The binary of a program that was built here recently.
    pub(crate) fn binary(&self, program: &ProgramId) -> Option<PathBuf> {
        self.built.contains(program).then(|| self.binaries().join(program.as_str()))
    }

    /// Copies a binary out of the target directory, where the next build overwrites it.
    pub(super) fn keep_binary(&mut self, program: &ProgramId, built: &Path) -> io::Result<PathBuf> {
        while self.built.len() >= BINARIES_KEPT {
            let oldest = self.built.pop_front().expect("it is longer than zero");
            fs::remove_file(self.binaries().join(oldest.as_str()))?;
        }
        let kept = self.binaries().join(program.as_str());
        fs::copy(built, &kept)?;
        self.built.push_back(program.clone());
        Ok(kept)
    }

    /// The lock of the target directory, if nobody else holds it. It is released when dropped.
    pub(super) fn try_lock(&self) -> io::Result<Option<fs::File>> {
        let file = OpenOptions::new().create(true).append(true).open(self.root.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(err)) => Err(err),
        }
    }

    /// Makes the source directory hold exactly this tree, and the links. What a link leads to is never written to.
    pub(super) fn fill(&self, tree: &Tree, links: &[Link]) -> io::Result<()> {
        if let Some(path) =
            tree.keys().chain(links.iter().map(|link| &link.path)).find(|path| !stays_inside(path))
        {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("'{path}' is outside the tree")));
        }
        let is_behind_a_link =
            |path: &str| links.iter().any(|link| Path::new(path).starts_with(Path::new(&link.path)));
        let directories = tree.keys().flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
        remove_others(&self.source(), Path::new(""), tree, &directories)?;
        for (path, file) in tree.iter().filter(|(path, _)| !is_behind_a_link(path)) {
            write_if_other(&self.source().join(path), file)?;
        }
        for link in links {
            let place = self.source().join(&link.path);
            if place.is_dir() {
                fs::remove_dir_all(&place)?;
            } else if place.exists() {
                fs::remove_file(&place)?;
            }
            fs::create_dir_all(place.parent().unwrap_or(&self.source()))?;
            symlink(&link.target, &place)?;
        }
        Ok(())
    }
}

fn stays_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Removes what does not belong: whatever a program wrote at run time, and files of other programs.
fn remove_others(root: &Path, below: &Path, tree: &Tree, directories: &BTreeSet<&Path>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() && directories.contains(path.as_path()) {
            remove_others(root, &path, tree, directories)?;
        } else if kind.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if !(kind.is_file() && path.to_str().is_some_and(|path| tree.contains_key(path))) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn write_if_other(path: &Path, file: &File) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    }
    let mode = if file.executable { 0o755 } else { 0o644 };
    let there = fs::metadata(path).is_ok_and(|metadata| {
        metadata.len() == file.bytes.len() as u64 && metadata.permissions().mode() & 0o777 == mode
    });
    if there && fs::read(path)? == *file.bytes {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // A new inode: nothing that still has the old file open or linked sees the new text.
    let _ = fs::remove_file(path);
    fs::write(path, &file.bytes)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::device::Device;

    fn tree_of(files: &[(&str, &str)]) -> Tree {
        let file = |text: &str| File { bytes: text.as_bytes().into(), executable: false };
        files.iter().map(|(path, text)| ((*path).to_owned(), file(text))).collect()
    }

    fn slot(directory: &tempfile::TempDir) -> Slot {
        fs::create_dir_all(directory.path().join("slot-0/target")).unwrap();
        Slot::open(directory.path(), 0, Gate::new(Device::Processor, None, false)).unwrap()
    }

    fn age(path: &Path) -> SystemTime {
        let old = SystemTime::now() - Duration::from_secs(3600);
        fs::File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        fs::metadata(path).unwrap().modified().unwrap()
    }

    #[test]
    fn filling_leaves_exactly_the_tree_and_touches_only_what_differs() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(&directory);
        slot.fill(
            &tree_of(&[("Cargo.toml", "a"), ("src/main.rs", "b"), ("old/x.rs", "c"), ("src/sub", "d")]),
            &[],
        )
        .unwrap();
        let source = slot.source();
        fs::write(source.join("written-by-the-run.txt"), "x").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", source.join("src/link")).unwrap();
        let same = age(&source.join("Cargo.toml"));
        let other = age(&source.join("src/main.rs"));

        slot.fill(&tree_of(&[("Cargo.toml", "a"), ("src/main.rs", "B"), ("src/sub/y.rs", "e")]), &[])
            .unwrap();

        assert_eq!(fs::metadata(source.join("Cargo.toml")).unwrap().modified().unwrap(), same);
        assert!(fs::metadata(source.join("src/main.rs")).unwrap().modified().unwrap() > other);
        assert_eq!(fs::read_to_string(source.join("src/main.rs")).unwrap(), "B");
        assert_eq!(fs::read_to_string(source.join("src/sub/y.rs")).unwrap(), "e");
        for gone in ["old", "written-by-the-run.txt", "src/link"] {
            assert!(fs::symlink_metadata(source.join(gone)).is_err(), "{gone}");
        }
    }

    #[test]
    fn a_symlink_in_the_place_of_a_file_is_replaced_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(&directory);
        let victim = directory.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, slot.source().join("a")).unwrap();
        slot.fill(&tree_of(&[("a", "new")]), &[]).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(fs::read_to_string(slot.source().join("a")).unwrap(), "new");
    }

    #[test]
    fn data_is_linked_in_the_place_of_what_is_committed_and_never_written_to() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(&directory);
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("x"), "theirs").unwrap();
        let links = [Link { path: "in/data".to_owned(), target: data.clone() }];
        for text in ["committed", "otherwise"] {
            slot.fill(&tree_of(&[("in/data/x", text), ("a", text)]), &links).unwrap();
            assert_eq!(fs::read_to_string(slot.source().join("in/data/x")).unwrap(), "theirs");
        }
        slot.fill(&tree_of(&[("in/data/x", "committed")]), &[]).unwrap();
        assert_eq!(fs::read_to_string(slot.source().join("in/data/x")).unwrap(), "committed");
        assert_eq!(fs::read_to_string(data.join("x")).unwrap(), "theirs");
    }

    #[test]
    fn a_path_that_leaves_the_tree_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(&directory);
        for path in ["../x", "/etc/x", "a/../../x", ""] {
            assert!(slot.fill(&tree_of(&[(path, "x")]), &[]).is_err(), "{path}");
        }
    }

    #[test]
    fn the_lock_is_held_by_one() {
        let directory = tempfile::tempdir().unwrap();
        let slot = slot(&directory);
        let lock = slot.try_lock().unwrap();
        assert!(lock.is_some());
        assert!(slot.try_lock().unwrap().is_none());
        drop(lock);
        assert!(slot.try_lock().unwrap().is_some());
    }

    #[test]
    fn the_oldest_binary_makes_room() {
        let directory = tempfile::tempdir().unwrap();
        let mut slot = slot(&directory);
        let built = directory.path().join("built");
        fs::write(&built, "x").unwrap();
        let sources = |n: usize| [("n".to_owned(), n.to_string())].into_iter().collect();
        let programs: Vec<ProgramId> =
            (0..=BINARIES_KEPT).map(|n| ProgramId::new("", &crate::study::Sources(sources(n)))).collect();
        for program in &programs {
            slot.keep_binary(program, &built).unwrap();
        }
        assert_eq!(slot.binary(&programs[0]), None);
        assert!(slot.binary(&programs[1]).is_some_and(|path| path.exists()));
        assert_eq!(fs::read_dir(slot.binaries()).unwrap().count(), BINARIES_KEPT);
    }
}
