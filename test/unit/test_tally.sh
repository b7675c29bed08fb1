#!/bin/sh
# What ./check counts in logs: what was skipped is no test that has passed.
set -u
srcdir=${srcdir:-.}
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
count=0
failed=0

# tallies NAME STATUS WANTED: of the log on the standard input.
tallies()
{
    cat >"$scratch/log"
    printf '%b\n' "$3" >"$scratch/wanted"
    count=$((count + 1))
    if "$srcdir/test/tally.sh" "$scratch/log" "$2" >"$scratch/out" 2>&1 && cmp -s "$scratch/wanted" "$scratch/out"; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        sed 's/^/# /' "$scratch/out"
        failed=1
    fi
}

tallies 'what a test of the processes skips' 0 '1 1 0\ntest_a.b # SKIP no namespaces' <<'LOG'
1..2
ok 1 - test_a.b # SKIP no namespaces
ok 2 - test_a.c # 1.5 s
LOG
tallies 'what a program skips, which has the word before the name' 0 '1 1 0\n# SKIP a_full_disk' <<'LOG'
1..2
ok 1 # SKIP a_full_disk
ok 2 - a_name_with_a_skip
LOG
tallies 'a script that skips everything' 0 '0 1 0\n# SKIP there is no systemd-analyze' <<'LOG'
1..0 # SKIP there is no systemd-analyze
LOG
tallies 'a test that fails and says so' 1 '1 0 1' <<'LOG'
ok 1 - one
not ok 2 - two # SKIP is not what it did
LOG
tallies 'one that skips and then dies has failed' 139 '0 1 1\none # skip nothing to do' <<'LOG'
ok 1 - one # skip nothing to do
LOG
tallies 'sums of several' 0 '7 0 0' <<'LOG'
3 passed, 0 failed
4 passed, 0 failed
LOG
tallies 'sums with failures' 1 '3 0 2' <<'LOG'
3 passed, 2 failed
LOG
tallies 'a command that says nothing' 0 '1 0 0' </dev/null
tallies 'a command that says nothing and fails' 2 '0 0 1' </dev/null
echo "1..$count"
exit $failed
