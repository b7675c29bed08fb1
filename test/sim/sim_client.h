/*
 * sim_client - callers: they ask again under the same id until they have an
 * answer, name what they have seen, and read what they have written.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "sim_world.h"

void sim_clients_init(struct sim_world *world);
void sim_clients_done(struct sim_world *world);
/* A command of the plan. */
void sim_client_command(struct sim_world *world, const struct sim_item *item);
/* Ask (again), unless the answer has come. */
void sim_client_ask(struct sim_world *world, uint32_t op);
/* A reply to op `op`. */
void sim_client_hear(struct sim_world *world, uint32_t op, const struct sim_letter *letter);
/* Things that still wait for their answer. */
uint32_t sim_clients_waiting(const struct sim_world *world);
/* Of the client that asks `op`; NULL when there is no such. */
const char *sim_client_name(const struct sim_world *world, uint32_t op);

#endif
