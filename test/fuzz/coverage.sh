#!/bin/bash
# usage: coverage.sh [DIRECTORY]
#
# How many lines of what it is meant for each fuzz target reaches with its
# corpus, and with what lies in DIRECTORY/TARGET besides: inputs that a long
# search found. Needs a build with --enable-coverage and no optimisation, and
# is run in its directory. Writes the table of test/README.md.
set -euo pipefail

more=${1:-}
sources=${srcdir:-$(dirname "$0")/../..}

# decoders TARGET: the sources that read what it is given.
decoders() {
    case $1 in
    answers) echo bridge_reply bridge_follow bridge_session bridge_operator bridge_events souk_client souk_look souk_cli_heads souk_cli_node souk_cli_store souk_cli_call souk_cli_parked souk_cli_log souk_cli_why souk_cli_consumers ;;
    batch) echo souk_batch souk_batch_peek ;;
    description) echo souk_description souk_description_check souk_description_field souk_evolution souk_zpl ;;
    found) echo souk_finder_look souk_finder_answer souk_finder_why ;;
    http) echo bridge_api bridge_caller bridge_guard bridge_http bridge_session ;;
    json) echo souk_json souk_message souk_field ;;
    kept) echo souk_keyring souk_seal ;;
    node) echo souk_core souk_core_apply souk_core_commands souk_core_origin souk_reader souk_recorder souk_feed ;;
    pack) echo souk_pack souk_unpack souk_utf8 ;;
    questions) echo query_from bridge_place ;;
    record) echo souk_batch ;;
    routes) echo souk_routes souk_routes_choice souk_routes_pack souk_routes_read souk_routes_session ;;
    rows) echo souk_asked souk_cursor souk_forgotten souk_owed souk_parked souk_settled souk_timers souk_trail souk_vector ;;
    texts) echo souk_control souk_key souk_log_position souk_manifest souk_pass souk_seen ;;
    topology) echo souk_topology souk_topology_read souk_topology_value souk_topology_relation souk_topology_check souk_topology_find ;;
    wire) echo souk_wire ;;
    witness) echo souk_witness ;;
    *) echo "coverage.sh: no decoder is known of $1" >&2 && return 1 ;;
    esac
}

# covered SOURCE TARGET: lines and how many of them ran; of none that ran there is no file.
covered() {
    local data file
    file=$(find "$sources/src" "$sources/services" -name "$1.c" -print -quit)
    data=$(find . -name "$1.gcno" -path '*/.libs/*' -print -quit)
    # What is in no library: the bridge's, the command's, a service's.
    [[ -n $data ]] || data=$(find . -name "*fuzz_$2-$1.gcno" -print -quit)
    gcov -n -o "${data%.gcno}.o" "$file" 2>/dev/null | awk -v name="/$1.c'" '
        /^File/ { is_it = index($0, name) }
        is_it && /^Lines executed:/ { split($0, part, /[:% ]+/); printf "%d %d\n", part[5], part[5] * part[3] / 100 + 0.5; exit }'
}

printf '| target | inputs | lines of its decoders | reached |\n|---|---|---|---|\n'
for corpus in "$sources"/test/fuzz/corpus/*/; do
    target=$(basename "$corpus")
    inputs=("$corpus")
    [[ -z $more || ! -d $more/$target ]] || inputs+=("$more/$target")
    find . -name '*.gcda' -delete
    find "${inputs[@]}" -type f -exec "test/fuzz/fuzz_$target" {} + >/dev/null
    lines=0 reached=0
    for source in $(decoders "$target"); do
        read -r all ran < <(covered "$source" "$target")
        lines=$((lines + all)) reached=$((reached + ran))
    done
    # shellcheck disable=SC2016 # these are no expressions
    printf '| `%s` | %d | %d | %d %% |\n' "$target" "$(find "${inputs[@]}" -type f | wc -l)" "$lines" \
        $((100 * reached / lines))
done
