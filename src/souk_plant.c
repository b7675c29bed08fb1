#include "souk_plant.h"

#ifdef SOUK_PLANTED
#include <string.h>

static const char *const names[] = {
#define NAME(name, text) text,
    SOUK_BUGS(NAME)
#undef NAME
    NULL,
};

static enum souk_bug planted;           /* set once, before anything runs */

int
souk_plant(const char *name)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0) {
            planted = (enum souk_bug)(i + 1);
            return 0;
        }
    return -SOUK_ENOTFOUND;
}

const char *const *
souk_plant_names(void)
{
    return names;
}

bool
souk_planted(enum souk_bug bug)
{
    return planted == bug;
}
#else
typedef int souk_plant_is_empty;        /* ISO C wants a declaration in every file */
#endif
