//! Packages within a workspace, and packages with several binaries.

use super::support::User;

const SETTINGS: &str = "\
package = \"trainer\"
budget = \"4\"
slots = 1
search = \"random\"
mutable = [\"trainer/src/lib.rs\"]
[run]
args = [\"{seed}\"]
[metric]
name = \"loss\"
pattern = 'epoch 4/4 loss (\\S+)'
progress = 'epoch (?<step>\\d+)/(?<steps>\\d+) loss (?<value>\\S+)'
[merge]
noise-repeats = 2
check-seeds = 2
";

fn workspace(binary: &str) -> User {
    let settings = SETTINGS.replace("[run]\n", &format!("[run]\n{binary}"));
    User::of("workspace", &[("autoresearch.toml", &settings)])
}

#[test]
fn a_member_of_a_workspace_is_improved_by_the_binary_that_is_named() {
    let user = workspace("binary = \"train\"\n");
    let out = user.autoresearch(&["run", "--trials", "12"]).well();
    assert!(!user.read("trainer/src/lib.rs").contains("RATE: f64 = 0.001;"), "nothing was merged:\n{out}");
    assert!(user.read("common/src/lib.rs").contains("FLOOR: f64 = 1.0;"), "outside of the package");
    let started = &user.events()[0];
    assert_eq!(started["metric"], "loss");
    assert!(user.status().is_empty(), "{:?}", user.status());
}

#[test]
fn several_binaries_of_which_none_is_named_are_listed() {
    let user = workspace("");
    let said = user.autoresearch(&["run", "--trials", "1"]);
    assert_eq!(said.code, Some(4), "{}\n{}", said.out, said.err);
    for word in ["predict", "train", "run.binary"] {
        assert!(said.err.contains(word), "{word} is not in: {}", said.err);
    }
}
