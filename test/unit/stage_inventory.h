/*
 * stage_inventory - a small service for test_stage.c: it counts articles and
 * holds them for orders, and asks a supplier for more.
 */
#ifndef STAGE_INVENTORY_H
#define STAGE_INVENTORY_H

#include <souk.h>

#define STAGE_HOLD_MS (15 * 60 * 1000)
#define STAGE_UNITS_MAX 1000            /* that one order can hold */

extern const struct souk_service stage_inventory;

#endif
