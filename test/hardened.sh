#!/bin/bash
#
# hardened.sh DIR: are the programs and libraries below DIR built as configure means them to be? It asks the files
# themselves, as a compiler may leave out without a word what it was told to do.
#
#   at another address each time (PIE), all symbols bound before main() and their table then read-only (RELRO, NOW),
#   no stack that can be executed, no memory that can be written and executed, a guard on stacks, checked calls of libc
#   (_FORTIFY_SOURCE), places where indirect jumps may land (CET, or BTI on ARM), no path of libraries of its own and no
#   text that is changed while it is loaded
#
# hardened.sh DIR MAKEFILE: what no file shows, too: that it was made with what configure has found, pages of the stack
# touched one by one, and calls of libc checked by sizes that are known only then (_FORTIFY_SOURCE=3).
#
# Whether a processor holds a program to where it may land, and keeps a second stack of returns, is decided where it is
# loaded: all libraries have to be marked for it, and libc's own startup files, which Debian 12 does not have so.
# So a mark is not asked for.
set -u -o pipefail

landings_min=16                         # a program that is built without has two or three, of startup files
flags='-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=3 -z,relro -z,now -z,noexecstack'
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
    case $(readelf -hW "$1") in
    *Machine:*X86-64* | *Machine:*AArch64*)
        [[ $(objdump -d "$1" | grep -cw 'endbr64\|bti\|paciasp') -ge $landings_min ]] || printf 'landings '
        ;;
    esac
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
if [[ -n ${2:-} ]]; then
    made=$(grep '^SOUK_HARDENING =\|^SOUK_LDFLAGS =' "$2")
    for flag in $flags; do
        if [[ $made == *"$flag"* ]]; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            printf 'not hardened: %s: %s is not in it\n' "$2" "$flag"
        fi
    done
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed -eq 0 ]]
