#!/bin/sh
# A first look at the schedules: none of these fails. Many more are run by hand,
# souk-sim --seeds 1-200000 --jobs 2 --states.
exec ${SOUK_SIM:-test/sim/souk-sim} --seeds "1-${SOUK_SIM_SCHEDULES:-300}" --jobs 2 --states
