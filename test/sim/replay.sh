#!/bin/sh
# The same seed gives the same trace, byte for byte.
sim=${SOUK_SIM:-test/sim/souk-sim}
trace=$(mktemp) || exit 1
trap 'rm -f "$trace"' EXIT
passed=0
failed=0

for profile in calm lossy parted crashing disks recorders absent beside failing clocks mixed; do
    for seed in 1 2 3; do
        $sim --seed $seed --profile $profile --trace >"$trace" 2>/dev/null
        if $sim --seed $seed --profile $profile --trace 2>/dev/null | cmp -s - "$trace"; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "two traces: souk-sim --seed $seed --profile $profile --trace"
        fi
    done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
