#!/usr/bin/env bash
# The target on a processor (flex) beside the same model in PyTorch and JAX, interleaved, and a table of it.
#
#   docs/gpu/cpu.sh FOLDER       (keeps the log and the binaries there)
#
# By environment: THREADS, ROUNDS, EACH (seconds of a run), CLOCK (wall, or cpu for seconds of processor time, which other
# load on the machine moves least: for one thread, since waiting threads spend them too), LARGE (a second size: depth,
# width,heads,mlp,context,batch,rate; empty for none), FEATURES (sets of cargo features of the target, with spaces
# between sets; - is none) and PYTHON (with torch and jax). CARGO_TARGET_DIR as in build.sh.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=run.sh
source "$here/run.sh"
folder=$1
threads=${THREADS:-2} rounds=${ROUNDS:-3} each=${EACH:-10} python=${PYTHON:-python3}
clock=${CLOCK:-wall} unit=s
[[ $clock == wall ]] || unit=cpu-s
read -ra feature_sets <<<"${FEATURES:--}"
declare -A sizes=([small]="2,64,4,256,64,8,2e-3" [large]="${LARGE-4,128,4,512,128,16,2e-3}")

mkdir -p "$folder"
log=$folder/cpu-$threads-$clock.log
: >"$log"
for preset in small large; do
    [[ -n ${sizes[$preset]} ]] || continue
    for features in "${feature_sets[@]}"; do
        "$here/build.sh" "$folder/$preset.${features//\//:}" "$features" "${sizes[$preset]}"
    done
done

on_processor=(taskset -c "0-$((threads - 1))" env "OMP_NUM_THREADS=$threads" "RAYON_NUM_THREADS=$threads")
for round in $(seq "$rounds"); do
    for preset in small large; do
        size=${sizes[$preset]}
        [[ -n $size ]] || continue
        IFS=, read -r depth width heads mlp context batch rate <<<"$size"
        gpt=("$python" "$here/gpt.py" --seconds "$each" --clock "$clock" --depth "$depth" --width "$width"
            --heads "$heads" --mlp "$mlp" --context "$context" --batch "$batch" --rate "$rate")
        what="part=time preset=$preset size=$size round=$round dtype=f32 clock=$clock each=$each"
        timed() { run "$log" 600 "$what name=$1" "${on_processor[@]}" "${@:2}"; }
        for features in "${feature_sets[@]}"; do
            name=burn-flex:$features
            timed "${name%:-}" AUTORESEARCH_DEVICE=flex "AUTORESEARCH_BUDGET=$each$unit" \
                "$folder/$preset.${features//\//:}"
        done
        timed torch-eager "${gpt[@]}" --mode eager
        timed torch-compile "${gpt[@]}" --mode compile
        timed jax-jit "${gpt[@]}" --framework jax
    done
done
"$python" "$here/table.py" "$log"
