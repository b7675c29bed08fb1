#!/bin/sh
# souk-messages as it is called: what it prints, what it writes, how it exits.
set -u
program=./souk-messages
shop=${srcdir:-.}/test/unit/shop.messages.zpl
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
count=0
failed=0

# say NAME: report on the command before it.
say()
{
    status=$?
    count=$((count + 1))
    if [ $status -eq 0 ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        failed=1
    fi
}

# exits STATUS COMMAND...: whether the command ends with that status.
exits()
{
    meant=$1
    shift
    "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    [ $? -eq "$meant" ]
}

echo 1..18
exits 0 $program --help && grep -q -e '--against' "$scratch/out"
say "help names the options"
exits 64 $program
say "no command is a wrong command line"
exits 64 $program compile "$shop"
say "an unknown command is a wrong command line"
exits 64 $program c "$shop"
say "c wants a directory"
exits 66 $program check "$scratch/none.zpl"
say "a description that is not there is no input"
printf 'application = shop\n    abuot = x\n' >"$scratch/bad.zpl"
exits 65 $program check "$scratch/bad.zpl" && grep -q "bad.zpl:2: .*did you mean .about" "$scratch/err"
say "a wrong description is wrong data, with file and line"
exits 0 $program check "$shop" && [ ! -s "$scratch/out" ] && [ ! -s "$scratch/err" ]
say "a fine description is nothing to talk about"

mkdir "$scratch/one" "$scratch/two"
$program c "$shop" -o "$scratch/one" && $program c "$shop" -o "$scratch/two" &&
    cmp "$scratch/one/shop.h" "$scratch/two/shop.h" && cmp "$scratch/one/shop.c" "$scratch/two/shop.c"
say "the same description gives the same bytes"
[ -z "$(find "$scratch/one" -type f ! -name shop.c ! -name shop.h)" ]
say "nothing else is left behind"
! grep -n "$scratch" "$scratch/one/shop.h" "$scratch/one/shop.c"
say "no path of the machine is written down"
exits 73 $program c "$shop" -o "$scratch/none"
say "a directory that is not there cannot be written to"

exits 0 $program check "$shop" --against "$shop"
say "a description does not break itself"
sed 's/weight_g = u32/weight_g = u64/' "$shop" >"$scratch/changed.zpl"
exits 65 $program check "$scratch/changed.zpl" --against "$shop" &&
    grep -q 'parcel version 1: field weight_g has another type' "$scratch/err"
say "a break is said and is wrong data"

for format in text markdown man; do
    exits 0 $program reference "$shop" --format $format && grep -q 'orders.placed' "$scratch/out"
    say "the reference in $format names the messages"
done

json='{"sku": "tea", "units": 3}'
[ "$(echo "$json" | $program json "$shop" inventory.receive --to-msgpack |
    $program json "$shop" inventory.receive --from-msgpack | tr -d ' \n')" = '{"sku":"tea","units":3}' ]
say "a message goes through both forms"
echo '{"sku": "tea", "units": 0}' | $program json "$shop" inventory.receive --to-msgpack 2>"$scratch/err"
[ $? -eq 65 ] && grep -q 'inventory.receive.units: a whole number from 1 to 1000000 is meant, not 0' "$scratch/err"
say "a message that cannot be meant is wrong data"
exit $failed
