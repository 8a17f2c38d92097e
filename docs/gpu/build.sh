#!/usr/bin/env bash
# Builds target-project with another size or other cargo features, from a copy: the sources stay as they are.
#
#   docs/gpu/build.sh BINARY FEATURES SIZE
#
# FEATURES are those of target-project, with commas between them, or - for none.
# SIZE is depth,width,heads,mlp,context,batch,rate.
# Dependencies are taken from CARGO_TARGET_DIR where they are compiled already.
set -euo pipefail
binary=$1 features=${2#-} size=$3
project=$(cd "$(dirname "$0")/../.." && pwd)/target-project
target=${CARGO_TARGET_DIR:-$project/target}

# Always at the same place: cargo keeps what it has built of each place.
copy=$target/measured
rm -rf "$copy"
mkdir -p "$copy"
# Without their times: cargo takes a file for changed by its time.
cp -r "$project"/{Cargo.toml,Cargo.lock,src,data} "$copy"

IFS=, read -ra values <<<"$size"
constants=(DEPTH WIDTH HEADS MLP_WIDTH CONTEXT BATCH LEARNING_RATE)
for i in "${!constants[@]}"; do
    find "$copy/src" -path '*recipe*' -name '*.rs' -exec \
        sed -i -E "s/^(pub\(crate\) const ${constants[i]}: [a-z0-9]+ =) .*/\1 ${values[i]};/" {} +
done
cargo build --quiet --release --locked --manifest-path "$copy/Cargo.toml" --target-dir "$target" --features "$features"
cp "$target/release/target-project" "$binary"
