#!/usr/bin/env bash
# Packs a folder with all that measure.sh needs on a machine with a GPU but without Rust and without a network.
#
#   docs/gpu/carry.sh FOLDER [LOADER.deb ..] [ICD.json ..]
#   PRESETS=small VARIANTS="wgsl spirv" docs/gpu/carry.sh FOLDER
#
# The packages are for a machine without a Vulkan loader (Debian's libvulkan1); the JSON files for one whose driver is
# not where loaders look. CARGO_TARGET_DIR as in build.sh: each set of features compiles burn once more.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift

# Name, depth,width,heads,mlp,context,batch,rate, and the steps over which it is compared with the processor, which
# has to take them too.
presets=(
    "small 2,64,4,256,64,8,2e-3 50"
    "medium 6,384,6,1536,256,64,1e-3 1"
)
# Name, cargo features of the target (- for none), and the type of its numbers.
variants=(
    "wgsl - f32"
    "wgsl-autotune autotune f32"
    "wgsl-fusion fusion f32"
    "wgsl-fusion-autotune fusion,autotune f32"
    "spirv vulkan f32"
    "spirv-autotune vulkan,autotune f32"
    "spirv-fusion vulkan,fusion f32"
    "spirv-fusion-autotune vulkan,fusion,autotune f32"
)

# By name, with spaces between them; empty for all.
wanted_presets=${PRESETS-}
wanted_variants=${VARIANTS-wgsl wgsl-autotune wgsl-fusion-autotune spirv-fusion-autotune}
wanted() { [[ -z $2 || " $2 " == *" $1 "* ]]; }

mkdir -p "$folder/icd"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here"/{measure.sh,run.sh,table.py,gpt.py} "$folder"
gzip -9 <"$here/../../target-project/data/train.txt" >"$folder/train.txt.gz"

: >"$folder/programs"
for variant in "${variants[@]}"; do
    read -r name features dtype <<<"$variant"
    wanted "$name" "$wanted_variants" || continue
    for preset in "${presets[@]}"; do
        read -r size_name size steps <<<"$preset"
        wanted "$size_name" "$wanted_presets" || continue
        "$here/build.sh" "$work/program" "$features" "$size"
        strip "$work/program"
        gzip -9 <"$work/program" >"$folder/$size_name.$name.gz"
        echo "$size_name $size $steps $name $dtype" >>"$folder/programs"
    done
done

mkdir "$work/loader"
for file in "$@"; do
    case $file in
        *.deb) dpkg -x "$file" "$work/loader" ;;
        *.json) cp "$file" "$folder/icd" ;;
        *) echo "neither a package nor a JSON file: $file" >&2 && exit 2 ;;
    esac
done
tar -C "$work/loader" -czf "$folder/loader.tar.gz" .
sort -o "$folder/programs" "$folder/programs"
du -ch "$folder"/* | tail -n 30
