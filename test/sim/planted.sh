#!/bin/sh
# Every planted bug is found with the seed that is known to find it: lines of
# planted.txt, `name  seed  rule that it breaks`. Needs --enable-planted-bugs.
#
# A bug whose seed is `-` has not been found yet; it is said, and counts neither way.
#
# planted.sh --search SECONDS [FIRST] looks for a seed from FIRST on for each
# bug that has none, and prints the lines to put there.
sim=${SOUK_SIM:-test/sim/souk-sim}
table=${srcdir:-.}/test/sim/planted.txt
passed=0
failed=0

# A seed that finds something without the bug, too, proves nothing.
search() {
    seed=${3:-1}
    until=$(($(date +%s) + $2))
    while [ "$(date +%s)" -lt "$until" ]; do
        seed=$($sim --bug "$1" --seeds "$seed-999999999" --seconds $((until - $(date +%s) + 1)) --no-shrink 2>/dev/null |
            sed -n 's/^FAILED souk-sim --seed \([0-9]*\).*/\1/p')
        [ -n "$seed" ] || break
        if $sim --seed "$seed" >/dev/null 2>&1; then
            echo "$seed"
            return
        fi
        seed=$((seed + 1))
    done
    echo -
}

if [ "$1" = --search ]; then
    for name in $($sim --bugs); do
        echo "$name $(search "$name" "$2" "$3") $(sed -n "s/^$name  *[^ ]*  *//p" "$table")"
    done
    exit 0
fi

while read -r name seed rule; do
    case $name in
    '' | '#'*) continue ;;
    esac
    if [ "$seed" = - ]; then
        echo "no seed is known yet: $name ($rule)"
        continue
    fi
    if said=$($sim --bug "$name" --seed "$seed" 2>/dev/null); then
        failed=$((failed + 1))
        echo "not found: $name (seed $seed, $rule)"
    else
        passed=$((passed + 1))
        echo "$name: $(echo "$said" | sed -n 's/^FAILED souk-sim --seed [0-9]*: //p')"
    fi
done <"$table"

for name in $($sim --bugs); do
    if ! grep -q "^$name " "$table"; then
        failed=$((failed + 1))
        echo "no seed: $name"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
