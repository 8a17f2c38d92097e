#!/usr/bin/env bash
# The target on a processor (flex) beside the same model in PyTorch and JAX, interleaved, and a table of it.
#
#   docs/gpu/cpu.sh FOLDER       (keeps the log and the binaries there)
#
# THREADS, ROUNDS, EACH (seconds of a run), LARGE (a second size: depth,width,heads,mlp,context,batch,rate; empty for
# none) and PYTHON (with torch and jax) can be set by environment. CARGO_TARGET_DIR as in build.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=run.sh
source "$here/run.sh"
folder=$1
threads=${THREADS:-2} rounds=${ROUNDS:-3} each=${EACH:-10} python=${PYTHON:-python3}
declare -A sizes=([small]="2,64,4,256,64,8,2e-3" [large]="${LARGE-4,128,4,512,128,16,2e-3}")

mkdir -p "$folder"
log=$folder/cpu-$threads.log
: >"$log"
for preset in small large; do
    [[ -z ${sizes[$preset]} ]] || "$here/build.sh" "$folder/$preset" - "${sizes[$preset]}"
done

on_processor=(taskset -c "0-$((threads - 1))" env "OMP_NUM_THREADS=$threads" "RAYON_NUM_THREADS=$threads")
for round in $(seq "$rounds"); do
    for preset in small large; do
        size=${sizes[$preset]}
        [[ -n $size ]] || continue
        IFS=, read -r depth width heads mlp context batch rate <<<"$size"
        gpt=("$python" "$here/gpt.py" --seconds "$each" --depth "$depth" --width "$width" --heads "$heads" --mlp "$mlp"
            --context "$context" --batch "$batch" --rate "$rate")
        what="part=time preset=$preset size=$size round=$round dtype=f32"
        timed() { run "$log" 600 "$what name=$1" "${on_processor[@]}" "${@:2}"; }
        timed burn-flex AUTORESEARCH_DEVICE=flex "AUTORESEARCH_BUDGET=${each}s" "$folder/$preset"
        timed torch-eager "${gpt[@]}" --mode eager
        timed torch-compile "${gpt[@]}" --mode compile
        timed jax-jit "${gpt[@]}" --framework jax
    done
done
"$python" "$here/table.py" "$log"
