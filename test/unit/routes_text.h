/*
 * routes_text - a small system that routes can be read against: one service
 * `book`, whose messages have a field of every type.
 */
#ifndef ROUTES_TEXT_H
#define ROUTES_TEXT_H

#include "souk_routes.h"

struct routes_system {
    struct souk_topology *topology;
    struct souk_catalogue catalogue;
    const struct souk_topology_client *bridge;  /* may send everything but book.burn */
};

/* False: there is no memory. Release with routes_system_close(). */
bool routes_system_open(struct routes_system *system);
void routes_system_close(struct routes_system *system);

/*
 * Its topology as a file in memory, with its messages beside it, for who reads
 * them on his own. Remove them with routes_system_unlink(), which spoils `path`. False: they cannot be written.
 */
#define ROUTES_PATH_BYTES 64
bool routes_system_write(char path_out[ROUTES_PATH_BYTES]);
void routes_system_unlink(char path[ROUTES_PATH_BYTES]);

#endif
