#include "souk_clock.h"

bool
souk_clock_look(struct souk_clock_watch *watch, struct souk_time now, int64_t *moved_ms_out)
{
    const int64_t apart_ms = (int64_t)(now.wall_ms - now.steady_ms);
    const bool had_looked = watch->has_looked;

    *moved_ms_out = apart_ms - watch->apart_ms;
    watch->has_looked = true;
    watch->apart_ms = apart_ms;
    if (!had_looked || (*moved_ms_out < SOUK_CLOCK_STEP_MS && *moved_ms_out > -SOUK_CLOCK_STEP_MS))
        return false;
    watch->steps++;
    return true;
}
