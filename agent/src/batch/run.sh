#!/bin/sh
# Trains what orders.tsv lists, one run after the other. It can be stopped at any time; start it again to continue.
cd "$(dirname "$0")" || exit 1
mkdir -p out || exit 1
limit=@LIMIT@ # seconds
command -v timeout >/dev/null 2>&1 && guard="timeout -k 10 $limit" || guard=
tab=$(printf '\t')
total=$(grep -c '^[0-9]' orders.tsv)

# A run that is cut short leaves no .exit, and is run again.
child=
trap 'test -z "$child" || kill "$child" 2>/dev/null; exit 130' HUP INT TERM

while IFS=$tab read -r number what trial program seed budget rest; do
    case $number in '#'*) continue ;; esac
    test -s "out/$number.exit" && continue
    if ! test -x "bin/$program"; then
        gzip -dc "bin/$program.gz" >"bin/$program.part" && chmod +x "bin/$program.part" &&
            mv "bin/$program.part" "bin/$program" || exit 1
    fi
    set -- "bin/$program" @ARGUMENTS@
    echo "AUTORESEARCH_SEED=$seed AUTORESEARCH_BUDGET=$budget $*" >"out/$number.log"
    start=$(date +%s)
    AUTORESEARCH_SEED=$seed AUTORESEARCH_BUDGET=$budget $guard env @ENVIRONMENT@ "$@" >>"out/$number.log" 2>"out/$number.err" </dev/null &
    child=$!
    wait "$child" 2>/dev/null
    code=$?
    child=
    seconds=$(($(date +%s) - start))
    # Ending the program from outside says nothing about it.
    case $code in 129 | 130 | 143) echo "run $number was stopped; start again to continue" && exit "$code" ;; esac
    test "$code" = 137 && test "$seconds" -ge "$limit" && code=124
    echo "$code $seconds" >"out/$number.exit"
    echo "$number of $total: $what $trial ended with $code after $seconds s$(sed -n 's/^result [^ ]*/:/p' "out/$number.log")"
done <orders.tsv
