#!/bin/sh
# The unit that is installed, as systemd itself reads it: nothing in it is unknown, and little is left open to whoever
# takes a daemon over. What daemons do under it: test/process/test_units.py.
set -u
exposure_max=20                         # tenths; 100 is a unit that limits nothing
unit=$PWD/systemd/souk@.service
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
if ! command -v systemd-analyze >/dev/null || ! systemd-analyze security --help 2>/dev/null | grep -q -e --offline; then
    echo '1..0 # SKIP there is no systemd-analyze, or one before 250'
    exit 0
fi
count=0
failed=0

# say NAME: report on the command before it, which has written to $scratch/out.
say()
{
    status=$?
    count=$((count + 1))
    if [ $status -eq 0 ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        sed 's/^/# /' "$scratch/out"
        failed=1
    fi
}

# It wants to find the program.
mkdir "$scratch/bin"
for name in orders wrong; do
    printf '#!/bin/sh\n' >"$scratch/bin/souk-$name"
    chmod +x "$scratch/bin/souk-$name"
done
sed "s|^ExecStart=.*/souk-|ExecStart=$scratch/bin/souk-|" "$unit" >"$scratch/souk@orders.service"

# Warnings do not change its exit status.
systemd-analyze verify --man=no "$scratch/souk@orders.service" >"$scratch/out" 2>&1 && [ ! -s "$scratch/out" ]
say 'systemd knows all that is in it'
systemd-analyze security --offline=yes --threshold=$exposure_max "$scratch/souk@orders.service" >"$scratch/out" 2>&1
say "its exposure is at most $exposure_max"
sed 's/^ProtectSystem=.*/ProtectSytem=strict/' "$scratch/souk@orders.service" >"$scratch/souk@wrong.service"
systemd-analyze verify --man=no "$scratch/souk@wrong.service" >"$scratch/out" 2>&1
grep -q "ProtectSytem" "$scratch/out"
say 'a word that systemd does not know is noticed'
echo "1..$count"
exit $failed
