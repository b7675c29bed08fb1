#!/bin/sh
# Instructions per event of the hot paths, as callgrind counts them: the same on
# any day, however busy the machine is. Compare with bench/instructions.txt.
#
#   bench/instructions.sh [BENCH_CORE] [PROFILE_DIR] > now.txt
#
# Prints one line a part; with PROFILE_DIR the profiles stay there, for
# callgrind_annotate(1). Only what happens inside of the stretch_ functions of
# bench_core, and of bench_finder beside it, counts: making the input does not. A block operation (rep stosb) is one
# instruction a byte to callgrind and nearly nothing to a processor, so libc is
# told to do without them.
set -eu

bench_core=${1:-bench/bench_core}
profiles=${2:-}
tunables=glibc.cpu.x86_rep_stosb_threshold=1073741824:glibc.cpu.x86_rep_movsb_threshold=1073741824
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
[ -n "$profiles" ] && mkdir -p "$profiles"

finder_events=40000

# part, the stretch that is counted
parts='encode stretch_encode
append stretch_append
check stretch_check
decide-1 stretch_decide
decide-64 stretch_decide
decide-512 stretch_decide
decide-1024 stretch_decide
follow stretch_take
apply stretch_take
follow-1 stretch_take
apply-1 stretch_take
record stretch_take
record-1 stretch_take
finder-50 stretch_fill
finder-1 stretch_fill'

echo "$parts" | while read -r part stretch; do
    out=$tmp/$part.callgrind
    case $part in
        finder-*) set -- "${bench_core%core}finder" --once --dir "$tmp" --events "$finder_events" --batch "${part#finder-}" ;;
        *) set -- "$bench_core" --once "$part" ;;
    esac
    GLIBC_TUNABLES="$tunables" valgrind --tool=callgrind --collect-atstart=no "--toggle-collect=$stretch" \
        --callgrind-out-file="$out" "$@" >"$tmp/out" 2>"$tmp/err" || {
        cat "$tmp/err" >&2
        exit 1
    }
    events=$(sed -n 's/^events //p' "$tmp/out")
    instructions=$(sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$out" | head -n 1)
    printf '%-12s %8s\n' "$part" "$((instructions / events))"
    [ -z "$profiles" ] || cp "$out" "$profiles/"
done
