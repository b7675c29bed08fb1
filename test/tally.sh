#!/bin/sh
# tally.sh LOG STATUS - count the tests in a log of a command that has ended with this status: `PASSED SKIPPED FAILED`
# on the first line, then a line for each that was skipped. A log is TAP, or has a line `N passed, N failed`, or more of
# them. A command that counts none is a test itself. What was skipped has shown nothing, and so has not passed.
set -eu
exec awk -v status="$2" '
    /^ok [0-9].*# *[Ss][Kk][Ii][Pp]/ {
        skipped[++skips] = $0
        sub(/^ok [0-9]+ *(- *)?/, "", skipped[skips])
        next
    }
    /^1\.\.0 *# *[Ss][Kk][Ii][Pp]/ {
        skipped[++skips] = $0
        sub(/^1\.\.0 */, "", skipped[skips])
        next
    }
    /^ok [0-9]/ { passed++ }
    /^not ok [0-9]/ { failed++ }
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
    END {
        if (status == 0 && passed + failed + skips == 0)
            passed = 1
        else if (status != 0 && failed == 0)
            failed = 1
        print passed + 0, skips + 0, failed + 0
        for (i = 1; i <= skips; i++)
            print skipped[i]
    }' "$1"
