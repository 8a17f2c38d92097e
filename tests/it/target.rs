//! The target project stands alone, so its own tests are run from here.

use std::path::Path;
use std::process::Command;

/// The target directory that this test was built in, where burn is already compiled.
fn target_directory() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target directory")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "cargo ends with this test")]
fn the_target_project_passes_its_own_tests() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target-project/Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--release", "--offline", "--locked", "--quiet", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", target_directory())
        .output()
        .expect("cargo can be started");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
