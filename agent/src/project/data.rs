//! What a program reads that git does not hold: found in the working tree, and hashed, since it is part of what a program is.

use std::collections::BTreeSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use blake3::Hasher;

use super::contents::normal;
use super::user_error::UserError;
use crate::evaluator::Link;

/// A file above this size is known by its path, size and time of change instead of by its contents.
const LARGE: u64 = 64 << 20;

/// The first line of what git-lfs leaves in a file's place until it is pulled.
const LFS: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The paths in `data`, and a digest of all that is there; an error names what is missing.
pub(super) fn find(root: &Path, entries: &[String]) -> Result<(Vec<Link>, Option<String>), UserError> {
    let mut hasher = Hasher::new();
    let mut links: Vec<Link> = Vec::new();
    for entry in entries {
        let path = normal("", entry).filter(|path| !path.is_empty()).ok_or_else(|| {
            UserError::new(format!("`run.data`: `{entry}` must be a path inside of the repository"))
        })?;
        let target = root.join(&path);
        if !target.exists() {
            return Err(UserError::new(format!(
                "`run.data`: there is no {entry} in {}; paths are relative to the repository's root",
                root.display()
            )));
        }
        let refuse = |error: io::Error| {
            UserError::new(format!("`run.data`: {} cannot be read: {error}", target.display()))
        };
        take_in(&target, &path, &mut hasher, &mut BTreeSet::new()).map_err(refuse)?;
        links.push(Link { path, target });
    }
    let digest = (!links.is_empty()).then(|| hasher.finalize().to_hex().to_string());
    Ok((links, digest))
}

/// Takes a file, or all files of a folder, into the digest. Links are followed, each folder once.
fn take_in(place: &Path, name: &str, hasher: &mut Hasher, seen: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let data = fs::metadata(place)?;
    if !data.is_dir() {
        return take_in_file(place, name, &data, hasher);
    }
    if !seen.insert(place.canonicalize()?) {
        return Ok(());
    }
    let mut entries = fs::read_dir(place)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        match take_in(&entry.path(), &name, hasher, seen) {
            // A link to nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => field(hasher, name.as_bytes()),
            taken => taken?,
        }
    }
    Ok(())
}

fn take_in_file(place: &Path, name: &str, data: &Metadata, hasher: &mut Hasher) -> io::Result<()> {
    field(hasher, name.as_bytes());
    hasher.update(&data.len().to_le_bytes());
    if !data.is_file() {
        return Ok(());
    }
    if data.len() > LARGE {
        hasher.update(&data.mtime().to_le_bytes());
        hasher.update(&data.mtime_nsec().to_le_bytes());
        return Ok(());
    }
    let mut file = File::open(place)?;
    let mut begin = Vec::new();
    file.by_ref().take(LFS.len() as u64).read_to_end(&mut begin)?;
    if begin == LFS {
        return Err(io::Error::other(format!("{name} is only a pointer until you run `git lfs pull`")));
    }
    hasher.update(&begin);
    hasher.update_reader(file)?;
    Ok(())
}

fn field(hasher: &mut Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn any_change_of_the_data_is_seen_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("data/part")).unwrap();
        fs::write(root.join("data/part/a"), "1").unwrap();
        symlink("..", root.join("data/part/around")).unwrap();
        symlink("nowhere", root.join("data/lost")).unwrap();
        let digest = || find(root, &["data/".to_owned()]).unwrap().1.unwrap();
        let before = digest();
        fs::write(root.join("other"), "x").unwrap();
        assert_eq!(digest(), before);
        fs::write(root.join("data/part/a"), "2").unwrap();
        let changed = digest();
        assert_ne!(changed, before);
        fs::write(root.join("data/b"), "").unwrap();
        assert_ne!(digest(), changed);
        let large = File::create(root.join("data/large")).unwrap();
        large.set_len(LARGE + 1).unwrap();
        let early = digest();
        large.set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_ne!(digest(), early);
    }

    #[test]
    fn data_that_cannot_be_used_is_named() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("big.bin"), "version https://git-lfs.github.com/spec/v1\noid x\n")
            .unwrap();
        let error = |entry: &str| find(directory.path(), &[entry.to_owned()]).unwrap_err().to_string();
        assert!(error("data/").contains("there is no data/ in "));
        assert!(error("../x").contains("inside of the repository"));
        assert!(error(".").contains("inside of the repository"));
        assert!(error("big.bin").contains("git lfs pull"));
    }
}
