# shellcheck shell=bash
# Sourced by cpu.sh and measure.sh: one program is run and everything that it says is kept, with times.

# A point in numbers, in times too.
export LC_ALL=C

# Puts the time before each line.
stamp() { while IFS= read -r line; do printf '%s %s\n' "$EPOCHREALTIME" "$line"; done; }

# run LOG LIMIT "KEY=VALUE .." COMMAND..: runs a command for LIMIT seconds at most. table.py reads the log.
run() {
    local log=$1 limit=$2 what=$3
    shift 3
    {
        echo "begin $what"
        timeout -k 5 "$limit" "$@" 2>&1
        echo "end status=$?"
    } </dev/null | stamp >>"$log"
    printf '%s: %s\n' "$what" "$(tail -n 2 "$log" | cut -d' ' -f2- | paste -sd' ' | cut -c1-300)"
}
