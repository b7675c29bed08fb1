/*
 * ground_bridge - a bridge without its program, for targets that let it hear
 * hostile bytes: it serves the routes that it is given for the system of
 * routes_text.h, from connections that are handed to it.
 */
#ifndef GROUND_BRIDGE_H
#define GROUND_BRIDGE_H

#include "../unit/routes_text.h"
#include "bridge.h"

struct ground_bridge {
    struct routes_system rooms;
    struct souk_routes *routes;
    struct souk_report report;
    struct bridge bridge;
    int null_fd;
};

/* Serve the routes of a routes file that says `routes`, as the client `client`. Close it with ground_bridge_close(). */
void ground_bridge_open(struct ground_bridge *ground, const char *routes, const char *client);
void ground_bridge_close(struct ground_bridge *ground);
/* All that it has heard of services, and asked them, is forgotten. */
void ground_bridge_forget(struct ground_bridge *ground);
/* The same, and until the next ground_bridge_forget() it neither asks nor is to be asked. */
void ground_bridge_rest(struct ground_bridge *ground);

#endif
