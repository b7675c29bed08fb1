/*
 * service - one of the simulator's six services as a process: NAME is its
 * first argument, what souk-service(8) takes follows. Built a second time,
 * as service2, its tables are of another version.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "../sim/app_messages.h"

#ifndef VERSION_AT
#define VERSION_AT 0
#endif

int
main(int argc, char **argv)
{
    static const struct souk_service *const services[] = { &app_orders[VERSION_AT], &app_stock[VERSION_AT],
        &app_payments[VERSION_AT], &app_reviews[VERSION_AT], &app_moderation[VERSION_AT], &app_query[VERSION_AT] };

    for (size_t i = 0; argc > 1 && i < sizeof services / sizeof services[0]; i++)
        if (strcmp(services[i]->name, argv[1]) == 0)
            return souk_service_main(services[i], argc - 1, argv + 1);
    (void)fprintf(stderr, "usage: %s orders|stock|payments|reviews|moderation|query [OPTION...]\n", argv[0]);
    return EX_USAGE;
}
