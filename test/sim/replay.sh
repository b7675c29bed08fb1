#!/bin/sh
# The same seed gives the same trace, byte for byte; and what a schedule has found once stays mended.
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
# Seeds, and what of their schedules is left out. They mean this for as long as schedules are made as they are.
#   706412   an instance takes back what another one has written on events that it knows to be void
#   2065225  an event store that was restored gives a counter to a second instance that the first one has opened
#   5022642  an event store seals, with commits of whoever is fenced by that still queued behind one that it records
#   5037393  who has begun to take back the past of a clone of it dies at the first commit of that
#   5006535  a loss is told whose cause is on a branch with the counter of the one that voids it
#   6073591  what is filled beside waits for an epoch above its void cursor's, and asks an event store, which opens none
#   7014375  who rebuilds has taken over, and both are stopped before the operator has seen it
#   7017079  an event store dies with its latest commit not told to anybody, and begins again with a copy from before it
#   7103627  an event store is put back to what is void, and the origin has trimmed all that is not: another one has it
#   7256952  a clone opens an epoch, and its store is put back to where the witness names the commit before that
#   3101603  a cause on a branch that is void takes the place of what was followed, in the causes of what that led to
#   2127602  what is decided on an answer is followed by a second instance of who gave it, which lacks what it answered
#   3044182  an event store sets aside what its origin has trimmed, for one that began from nothing: its backup has it
#   3044589  what is filled beside has a cause in an epoch whose rival, of the same counter, the record names
#   9015065  a backup is dropped while its event store has no room, and the commit that was to say so is refused
#   9017172  an event store that forgot whom it had sealed for seals for another, and pulls from the first one
while read -r seed without; do
    if $sim --seed "$seed" --without "$without"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done <<SCHEDULES
706412 1-10,13,16-24,26,29,32,37-39,49-169,175-184,186-220,222-225
2127602 63,67,103-108,151-153,196-208,219-222
5022642 31,57,59,62,64,72,75,77,79-227
5037393 6,14,23,27,54,60,73-74,76,78,83,92-94,97-98,103,105-107,110,112-113,116-120,123,126,128-134,136-137,139-141,143,146-223
5006535 1-96,100,102,104-225
6073591 2-3,5,14,16-19,21-23,25-26,28-30,32-33,39-73,76-108,110,112,114-221
7014375 1-48,50-51,53-226
7017079 1-6,10,13,16,19-20,23,25,27,31,34-41,43-44,47,52-64,66,69-222
7103627 1-6,9-14,16,18-27,29-88,90-172,174-225
7256952 1-3,5,7-12,15-16,19-54,56,59,63-221
3101603 1,8,10,17-18,29,31,35,37-39,53,57,60-63,85-87,89-92,101,104-105,108,111-223
2065225 1-4,6-17,19,21-49,51-55,57-215,217-219,222-225
3044182 2-5,7-9,11,18,20,22-27,29-31,34,38,40,43-44,46-47,52,55-60,62,64,66,68,70,76,78,84-85,88,90-91,93,98-99,101,105-147,151-211,213-228
3044589 1-11,13,15,18,20-28,30,33-55,57-138,140-162,164-223
9015065 1-30,32-51,53-216,218-219,221-228
9017172 35,136-222,224,227-228
SCHEDULES
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
