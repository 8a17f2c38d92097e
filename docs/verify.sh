#!/usr/bin/env bash
# Trains programs of a repository on fresh seeds, interleaved, and scores each on the validation part and on the test
# part that no study sees.
#
#   docs/verify.sh REPOSITORY SEEDS COMMIT...       (prints: commit seed val_bpb test_bpb steps params)
#
# AUTORESEARCH_BUDGET is the budget of a run. The seeds begin at a million: studies use other ones.
set -euo pipefail
repository=$1 seeds=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"; git -C "$repository" worktree prune' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$work/target}"

for commit in "$@"; do
    git -C "$repository" worktree add --quiet --detach "$work/$commit" "$commit"
    find "$work/$commit/src" -name '*.rs' -exec touch {} +
    AUTORESEARCH_PROGRAM=$commit cargo build --quiet --release --manifest-path "$work/$commit/Cargo.toml"
    cp "$CARGO_TARGET_DIR/release/target-project" "$work/$commit.bin"
done
echo "commit seed val_bpb test_bpb steps params"
for seed in $(seq 1000001 $((1000000 + seeds))); do
    for commit in "$@"; do
        result=$(AUTORESEARCH_SEED=$seed "$work/$commit.bin" --test | grep '^result ')
        value() { sed "s/.* $1=\([^ ]*\).*/\1/" <<<"$result"; }
        echo "$commit $seed $(value val_bpb) $(value test_bpb) $(value steps) $(value params)"
    done
done
