#!/usr/bin/env bash
# Measures the target on a GPU beside PyTorch, from a folder that carry.sh has packed. It needs bash, a driver and
# python3 with torch, neither Rust nor a network, and ends by itself after LIMIT seconds.
#
#   measure.sh CARRIED OUT               agreement with the processor, speed, what a start costs; a table last
#   measure.sh CARRIED OUT long NAME     five minutes of one program (small.wgsl, ..): its val_bpb
#
# OUT gets machine.txt, runs.txt (all that the programs said, with times), gpu.csv and table.txt.
#
# By environment, with their defaults:
#   AUTORESEARCH_DEVICE=wgpu  software tries the script out on a machine without a GPU
#   TORCH_DEVICE=cuda         cpu likewise
#   REFERENCES="f32:eager f32:compile bf16:compile"    also tf32, f16; graph (CUDA graphs), jit (JAX)
#   PEAKS=""                  of the card in TFLOP/s, as "f32=67 tf32=494 bf16=989"
#   EACH=5 ROUNDS=2           seconds of training in a run, and how often each is run
#   LIMIT=540 BUDGET=         seconds of this script; the programs' budget, where it is not EACH seconds
#   PYTHON=python3
set -uo pipefail
carried=$(cd "$1" && pwd) out=$2 mode=${3-all} chosen=${4-}
mkdir -p "$out"
out=$(cd "$out" && pwd)
# shellcheck source-path=SCRIPTDIR source=run.sh
source "$carried/run.sh"
export PYTHONUNBUFFERED=1 XLA_PYTHON_CLIENT_PREALLOCATE=false
export AUTORESEARCH_DEVICE=${AUTORESEARCH_DEVICE-wgpu}
torch_device=${TORCH_DEVICE-cuda} references=${REFERENCES-f32:eager f32:compile bf16:compile} peaks=${PEAKS-}
each=${EACH-5} rounds=${ROUNDS-2} limit=${LIMIT-540} python=${PYTHON-python3}
budget=${BUDGET-${each}s}

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR-$work}
vulkan=(env)

main() {
    unpack
    find_vulkan || exit 1
    describe >"$out/machine.txt" 2>&1
    cat "$out/machine.txt"
    if command -v nvidia-smi >/dev/null; then
        local columns=timestamp,clocks.sm,memory.used,power.draw,utilization.gpu
        nvidia-smi --query-gpu=$columns --format=csv -l 1 >"$out/gpu.csv" &
    fi
    if [[ $mode == long ]]; then
        long
    else
        : >"$out/runs.txt"
        for round in $(seq "$rounds"); do
            for preset in $(cut -d' ' -f1 "$carried/programs" | uniq); do
                [[ $round != 1 ]] || agree "$preset"
                race "$preset" "$round"
            done
        done
    fi
    # shellcheck disable=SC2086 # one word for each type
    "$python" "$carried/table.py" "$out/runs.txt" $peaks | tee "$out/table.txt"
}

unpack() {
    mkdir "$work/loader" "$work/empty"
    tar -C "$work/loader" -xzf "$carried/loader.tar.gz"
    gunzip -c "$carried/train.txt.gz" >"$work/train.txt"
    local preset name
    while read -r preset _ _ name _; do
        gunzip -c "$carried/$preset.$name.gz" >"$work/$preset.$name"
        chmod +x "$work/$preset.$name"
    done <"$carried/programs"
}

# Sets `vulkan` to a command prefix under which the target sees a GPU: as the machine is, with the carried loader, with
# a driver file that lies where no loader looks, with one of our own.
find_vulkan() {
    [[ $AUTORESEARCH_DEVICE == wgpu* ]] || return 0
    local folders files file libraries
    # Of the loader and of the driver, with a colon between them.
    folders=$(find "$work/loader" /usr /opt \( -name libvulkan.so.1 -path "$work/*" -o -name libEGL_nvidia.so.0 \) \
        -printf '%h\n' 2>/dev/null | paste -sd:)
    mapfile -t files < <(find "$carried/icd" /etc /usr /opt -name '*nvidia*icd*.json' 2>/dev/null)
    for name in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
        printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}' "$name" \
            >"$work/$name.json"
        files+=("$work/$name.json")
    done
    for file in "" "${files[@]}"; do
        for libraries in "" "$folders"; do
            vulkan=(env)
            [[ -z $libraries ]] || vulkan+=("LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
            [[ -z $file ]] || vulkan+=("VK_DRIVER_FILES=$file" "VK_ICD_FILENAMES=$file")
            sees_gpu && return
        done
    done
    echo "no GPU is seen through Vulkan; looked in $folders ${files[*]}" >&2
    ldconfig -p | grep -E 'libvulkan.so|nvidia' >&2
    vulkan=(env "LD_LIBRARY_PATH=$folders" VK_LOADER_DEBUG=all)
    "${vulkan[@]}" AUTORESEARCH_DEVICE=wgpu:999 "$(a_program)" 2>&1 | grep -iE 'error|warn|icd|finds' | head -n 60 >&2
    return 1
}

# A number that no card has: the target says how many GPUs there are, without opening one.
sees_gpu() {
    [[ $("${vulkan[@]}" AUTORESEARCH_DEVICE=wgpu:999 timeout 60 "$(a_program)" 2>/dev/null) =~ finds\ [1-9] ]]
}

a_program() { find "$work" -maxdepth 1 -type f -perm -u+x | sort | head -n 1; }

describe() {
    date -u +%FT%TZ
    uname -srm
    ldd --version | head -n 1
    lscpu | grep -E 'Model name|^CPU\(s\)'
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader
    "$python" --version
    "$python" -c 'import torch; print("torch", torch.__version__, "cuda", torch.version.cuda)'
    "$python" -c 'import jax; print("jax", jax.__version__)' 2>&1 | tail -n 1
    echo "vulkan: ${vulkan[*]}"
    cat "$carried/programs"
}

# Runs for at most $1 seconds, less where less is left: see run.sh.
part() {
    local left=$((limit - SECONDS))
    if ((left < 20)); then
        echo "skipped, $left s left: $2"
    else
        run "$out/runs.txt" $((left < $1 ? left : $1)) "${@:2}"
    fi
}

# Runs a command with the caches of $1: empty before its first start, so that this is a cold one.
cached() {
    local caches=$work/caches/$1
    mkdir -p "$caches"
    part "${@:2:2}" env "XDG_CACHE_HOME=$caches" "__GL_SHADER_DISK_CACHE_PATH=$caches" "MESA_SHADER_CACHE_DIR=$caches" \
        "CUDA_CACHE_PATH=$caches" "TORCHINDUCTOR_CACHE_DIR=$caches" "TRITON_CACHE_DIR=$caches" "${@:4}"
}

agree() {
    local preset size steps name dtype
    while read -r preset size steps name dtype; do
        [[ $preset == "$1" ]] || continue
        cached "agree.$name" 90 "part=agree preset=$preset size=$size name=burn-$name dtype=$dtype" \
            "${vulkan[@]}" "AUTORESEARCH_BUDGET=${steps}steps" "$work/$preset.$name" --agree
    done <"$carried/programs"
}

# One run of each program of a preset and of each reference, in turns.
race() {
    local programs forms size name dtype i
    mapfile -t programs < <(grep "^$1 " "$carried/programs")
    read -ra forms <<<"$references"
    for ((i = 0; i < ${#programs[@]} || i < ${#forms[@]}; i++)); do
        if ((i < ${#programs[@]})); then
            read -r _ size _ name dtype <<<"${programs[i]}"
            cached "$1.$name" 120 "part=time preset=$1 size=$size round=$2 name=burn-$name dtype=$dtype" \
                "${vulkan[@]}" "AUTORESEARCH_BUDGET=$budget" "$work/$1.$name"
        fi
        if ((i < ${#forms[@]})); then
            read -r _ size _ <<<"${programs[0]}"
            reference "$1" "$2" "$size" "${forms[i]%:*}" "${forms[i]#*:}"
        fi
    done
}

reference() { # preset, round, size, dtype, mode
    local framework=torch depth width heads mlp context batch rate
    IFS=, read -r depth width heads mlp context batch rate <<<"$3"
    local arguments=(--dtype "$4" --mode "$5")
    [[ $5 != jit ]] || framework=jax arguments=(--dtype "$4" --framework jax)
    cached "$1.$framework-$4-$5" 150 "part=time preset=$1 size=$3 round=$2 name=$framework-$5-$4 dtype=$4" \
        "$python" "$carried/gpt.py" --text "$work/train.txt" --device "$torch_device" --seconds "$each" --depth "$depth" \
        --width "$width" --heads "$heads" --mlp "$mlp" --context "$context" --batch "$batch" --rate "$rate" "${arguments[@]}"
}

# Five minutes of training of one program.
long() {
    local preset size name dtype
    while read -r preset size _ name dtype; do
        [[ $preset.$name == "$chosen" ]] || continue
        cached long 500 "part=time preset=$preset size=$size round=long name=burn-$name dtype=$dtype" \
            "${vulkan[@]}" "AUTORESEARCH_BUDGET=${BUDGET-300s}" "$work/$preset.$name"
    done <"$carried/programs"
}

main
