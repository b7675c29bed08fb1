#!/bin/bash
#
# hardened.sh DIR: are the programs and libraries below DIR built as configure means them to be? It asks the files
# themselves, as a compiler may leave out without a word what it was told to do.
#
#   at another address each time (PIE), all symbols bound before main() and their table then read-only (RELRO, NOW),
#   no stack that can be executed, no memory that can be written and executed, a guard on stacks, checked calls of libc
#   (_FORTIFY_SOURCE), no path of libraries of its own and no text that is changed while it is loaded
set -u -o pipefail

passed=0
failed=0

# look FILE: what it lacks, a word each.
look() {
    local dynamic segments symbols
    if ! dynamic=$(readelf -dW "$1") || ! segments=$(readelf -lW "$1") || ! symbols=$(readelf -W --dyn-syms "$1"); then
        printf 'unreadable '
        return
    fi
    readelf -hW "$1" | grep -q 'Type: *DYN' || printf 'pie '
    grep -q 'FLAGS.*NOW' <<<"$dynamic" || printf 'now '
    grep -q GNU_RELRO <<<"$segments" || printf 'relro '
    grep -q 'GNU_STACK.* RW ' <<<"$segments" || printf 'stack '
    grep -q '^ *LOAD.* RWE ' <<<"$segments" && printf 'writable-code '
    grep -q __stack_chk_fail <<<"$symbols" || printf 'stack-guard '
    grep -q '_chk@' <<<"$symbols" || printf 'checked-calls '
    grep -q 'RPATH\|RUNPATH' <<<"$dynamic" && printf 'library-path '
    grep -q TEXTREL <<<"$dynamic" && printf 'changed-text '
}

while read -r file; do
    if [[ $(head -c 4 "$file" | od -An -c | tr -d ' ') != '177ELF' ]]; then
        continue
    fi
    lacks=$(look "$file")
    if [[ -z $lacks ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not hardened: %s: %s\n' "$file" "$lacks"
    fi
done < <(find "$1" -type f \( -perm -100 -o -name '*.so*' \))
if [[ $passed -eq 0 ]]; then
    printf 'there is no program below %s\n' "$1"
    failed=$((failed + 1))
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
