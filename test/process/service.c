/*
 * service - one of the simulator's six services as a process: NAME is its
 * first argument, what souk-service(8) takes follows.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "../sim/app_messages.h"

int
main(int argc, char **argv)
{
    static const struct souk_service *const services[] = { &app_orders[0], &app_stock[0], &app_payments[0],
        &app_reviews[0], &app_moderation[0], &app_query[0] };

    for (size_t i = 0; argc > 1 && i < sizeof services / sizeof services[0]; i++)
        if (strcmp(services[i]->name, argv[1]) == 0)
            return souk_service_main(services[i], argc - 1, argv + 1);
    (void)fprintf(stderr, "usage: %s orders|stock|payments|reviews|moderation|query [OPTION...]\n", argv[0]);
    return EX_USAGE;
}
