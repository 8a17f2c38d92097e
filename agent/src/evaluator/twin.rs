//! Whether two programs have the same binary: then what differs in their sources is not part of the program.

use std::io;
use std::path::Path;

use regex::bytes::Regex;

use crate::study::ProgramId;

/// The note of the linker that is a digest of all the rest, with its header.
const BUILD_ID: &str = r"\x04\x00{3}\x14\x00{3}\x03\x00{3}GNU\x00[\x00-\xff]{20}";

/// A digest of a binary that is the same for the same code: without the program's identity, which is compiled in, the
/// slot in which it was built, and the linker's own digest.
pub(super) fn digest(binary: &Path, program: &ProgramId, slot: &Path) -> io::Result<String> {
    let bytes = std::fs::read(binary)?;
    let masked = [regex::escape(program.as_str()), regex::escape(&slot.to_string_lossy())];
    let masked = Regex::new(&format!("(?s-u)(?:{}|{}|{BUILD_ID})", masked[0], masked[1]));
    let masked = masked.expect("the parts are escaped");
    let mut hasher = blake3::Hasher::new();
    let mut rest = 0;
    for found in masked.find_iter(&bytes) {
        hasher.update(&bytes[rest..found.start()]);
        rest = found.end();
    }
    hasher.update(&bytes[rest..]);
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Sources;

    fn of(bytes: &[u8], program: &ProgramId, slot: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        digest(file.path(), program, Path::new(slot)).unwrap()
    }

    fn binary(program: &ProgramId, slot: &str, build_id: u8, code: &str) -> Vec<u8> {
        let note = [b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0".as_slice(), &[build_id; 20]].concat();
        [note.as_slice(), b"\x7f\xff", program.as_str().as_bytes(), slot.as_bytes(), code.as_bytes()].concat()
    }

    #[test]
    fn programs_with_the_same_code_have_the_same_digest_wherever_they_were_built() {
        let sources = |text: &str| Sources([("a".to_owned(), text.to_owned())].into());
        let [one, other] = ["1", "2"].map(|text| ProgramId::new("", &sources(text)));
        let digest = of(&binary(&one, "/cache/slot-0", 1, "code"), &one, "/cache/slot-0");
        assert_eq!(of(&binary(&other, "/cache/slot-1", 2, "code"), &other, "/cache/slot-1"), digest);
        assert_ne!(of(&binary(&other, "/cache/slot-1", 2, "mode"), &other, "/cache/slot-1"), digest);
    }
}
