#!/bin/bash
#
# The planted bugs, a line each in planted.txt: `name | profile | seed | section |
# rules | ideas | defect`. Needs a build with --enable-planted-bugs.
#
# planted.sh            each bug is found, by a schedule at or not far behind its seed
#                       and by an invariant of the checker, and each rule and idea
#                       has one; says which seeds are out of date
# planted.sh --search   writes planted.txt anew, with the seeds that find them now
# planted.sh --table    the table of test/README.md: the seconds of one core until each
#                       is found, from three first seeds upwards
#
# SOUK_PLANTED_SCHEDULES: so many schedules are tried from a seed on; SOUK_PLANTED_SECONDS:
# so long is looked for, of one core; SOUK_PLANTED_BUGS: only these.
set -u -o pipefail

sim=${SOUK_SIM:-test/sim/souk-sim}
table=${srcdir:-.}/test/sim/planted.txt
schedules=${SOUK_PLANTED_SCHEDULES:-100}
seconds=${SOUK_PLANTED_SECONDS:-60}
first_seeds=(1 100001 200001)
slice_seconds=15                        # of the clock: others may want the cores, too
sources=${srcdir:-.}/test/sim
rules=({1..18} 18a {19..25})
ideas=({4..15})
# What the checker says. A word of the simulator's or the library's own ("quiet", "idle", "died") finds nothing, and
# "trace" is a slip of who tells the checker.
invariants=$(sed -n 's/.*model_fail([^"]*"\([A-Za-z -]*\):.*/\1/p' "$sources"/check*.c | sort -u | grep -v '^trace$')
words=$(sed -n 's/.*sim_fail([^"]*"\([A-Za-z -]*\):.*/\1/p' "$sources"/sim*.c | sort -u)
times_file=$(mktemp)
trap 'rm -f "$times_file"' EXIT

# cpu_ms: set `used_ms` to the milliseconds that all children have used so far, of whatever core.
cpu_ms() {
    times >"$times_file"
    used_ms=$(sed -n '2s/[ms]/ /gp' "$times_file" | awk '{ printf "%d", ($1 * 60 + $2 + $3 * 60 + $4) * 1000 }')
}

# find_bug NAME PROFILE FIRST LAST SECONDS: set `seed` to the first that finds it, `text` to what does, `took_ms`.
# A seed that finds something without the bug, too, proves nothing, nor does what the library or the simulator says.
find_bug() {
    local name=$1 profile=() from=$3 last=$4 limit_ms=$(($5 * 1000)) began_ms said
    if [[ $2 != any ]]; then
        profile=(--profile "$2")
    fi
    cpu_ms
    began_ms=$used_ms took_ms=0 seed='' text=''
    while [[ $took_ms -lt $limit_ms && $from -le $last ]]; do
        said=$("$sim" --bug "$name" "${profile[@]}" --seeds "$from-$last" --seconds "$slice_seconds" --no-shrink 2>&1)
        cpu_ms
        took_ms=$((used_ms - began_ms))
        seed=$(sed -n 's/^FAILED souk-sim --seed \([0-9]*\).*/\1/p' <<<"$said")
        if [[ -z $seed ]]; then             # the slice is over: go on behind what it has tried
            from=$((from + $(tr '\r' '\n' <<<"$said" | sed -n 's/^\([0-9]*\) schedules.*/\1/p' | tail -n 1)))
            continue
        fi
        text=$(sed -n 's/^FAILED souk-sim --seed [^:]*: //p' <<<"$said")
        if [[ $took_ms -le $limit_ms ]] && grep -qxF -- "$(kind "$text")" <<<"$invariants" &&
            "$sim" --seed "$seed" "${profile[@]}" >/dev/null 2>&1; then
            return 0
        fi
        from=$((seed + 1)) seed=''
    done
    seed=''
    return 1
}

# kind TEXT: what went wrong, without the time before it.
kind() {
    sed 's/^[0-9]* ms: //; s/:.*//' <<<"$1"
}

each_bug() {
    local name profile noted section rule idea defect
    while IFS='|' read -r name profile noted section rule idea defect; do
        read -r name <<<"$name"
        case $name in
        '' | '#'*) continue ;;
        esac
        if [[ -n ${SOUK_PLANTED_BUGS:-} && " $SOUK_PLANTED_BUGS " != *" $name "* ]]; then
            continue
        fi
        read -r profile <<<"$profile"
        read -r noted <<<"$noted"
        read -r section <<<"$section"
        read -r rule <<<"$rule"
        read -r idea <<<"$idea"
        read -r defect <<<"$defect"
        "$1" "$name" "$profile" "$noted" "$section" "$rule" "$idea" "$defect"
    done <"$table"
}

check_bug() {
    if find_bug "$1" "$2" "$3" $(($3 + schedules - 1)) "$seconds"; then
        passed=$((passed + 1))
        echo "$1: seed $seed: $text"
        if [[ $seed -ne $3 ]]; then
            moved+=("$1: noted is seed $3, found by $seed, in $((took_ms / 1000)) s")
        fi
    else
        failed=$((failed + 1))
        echo "not found: $1 (profile $2, $schedules schedules from seed $3, $seconds s; $7): planted.sh --search finds a seed"
    fi
}

search_bug() {
    find_bug "$1" "$2" 1 999999999 "$seconds"
    printf '%-26s | %-9s | %6s | %-10s | %-7s | %-6s | %s\n' "$1" "$2" "${seed:-1}" "$4" "$5" "$6" "$7"
    if [[ -z $seed ]]; then
        echo "no seed: $1" >&2
    fi
}

table_row() {
    local first found row="| \`$1\` | $7 | $4 | $5 | $6" kinds='' columns=''
    for first in "${first_seeds[@]}"; do
        if find_bug "$1" "$2" "$first" $((first + 99999)) "$seconds"; then
            columns+=$(printf ' | %d.%d' $((took_ms / 1000)) $((took_ms % 1000 / 100)))
            found="\`$(kind "$text"):\`"
            if [[ $kinds != *"$found"* ]]; then
                kinds+="${kinds:+, }$found"
            fi
        else
            columns+=' | –'
        fi
    done
    echo "$row | $kinds | $2$columns |"
}

# has_bug COLUMN NUMBER: does a line of planted.txt have it?
has_bug() {
    awk -F'|' -v column="$1" -v number="$2" '!/^#/ { count = split($column, all, /[ ,]+/)
        for (i = 1; i <= count; i++) if (all[i] == number) found = 1 } END { exit !found }' "$table"
}

# broken_rules COLUMN WORD NUMBER...: each number has a bug.
broken_rules() {
    local column=$1 word=$2 number
    shift 2
    for number in "$@"; do
        if has_bug "$column" "$number"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "no bug breaks $word $number"
        fi
    done
}

case ${1:-} in
--search)
    grep '^#' "$table"
    each_bug search_bug
    exit 0
    ;;
--table)
    each_bug table_row
    exit 0
    ;;
esac

passed=0
failed=0
moved=()
each_bug check_bug
broken_rules 5 rule "${rules[@]}"
broken_rules 6 idea "${ideas[@]}"
if [[ -n $(comm -12 <(echo "$invariants") <(echo "$words")) ]]; then
    failed=$((failed + 1))
    echo "the checker and the simulator both say: $(comm -12 <(echo "$invariants") <(echo "$words"))"
fi
for name in $("$sim" --bugs); do
    if ! grep -q "^$name " "$table"; then
        failed=$((failed + 1))
        echo "not in planted.txt: $name"
    fi
done
if [[ ${#moved[@]} -gt 0 ]]; then
    echo "seeds of planted.txt that do not find their bug any more, but one of the $schedules from there on does:"
    printf '  %s\n' "${moved[@]}"
fi
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
