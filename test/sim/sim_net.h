/*
 * sim_net - the network of a schedule: subscriptions, request links, replies
 * by route; what gets lost, comes twice, late, or not at all.
 *
 * A name leads to one of its instances that take part; with two of them each
 * peer is led to one or the other. A process that dies takes its connections
 * along, and who was subscribed to it subscribes anew.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "sim_world.h"

void sim_net_init(struct sim_world *world);

/* A message that `process` has put into its outbox. */
void sim_net_send(struct sim_world *world, struct sim_process *process, const struct souk_out *out);
/* The name of the node or client that a reply goes to; NULL: nobody that is known. */
const char *sim_net_addressee(struct sim_world *world, struct souk_slice route);
/* From a client to the door of a node: op `op` gets the answer. */
void sim_net_ask(struct sim_world *world, uint32_t op, uint32_t node, enum souk_door door, struct souk_slice frame);

/* A new process subscribes to whom it follows. */
void sim_net_join(struct sim_world *world, struct sim_process *process);
/* It is gone; called after it has left the list. */
void sim_net_leave(struct sim_world *world, struct sim_process *process);
/* Let those who are subscribed to `node` choose among its instances again. */
void sim_net_shuffle(struct sim_world *world, uint32_t node);
/* One reason more, or less, why nothing goes from, to; with the last one, who was cut off subscribes again. */
void sim_net_cut(struct sim_world *world, uint32_t from, uint32_t to);
void sim_net_mend(struct sim_world *world, uint32_t from, uint32_t to);
/* The same both ways with everybody. */
void sim_net_isolate(struct sim_world *world, uint32_t node, bool is_cut);

/* What came up in the queue. */
void sim_net_connect(struct sim_world *world, uint32_t process, uint32_t node);
void sim_net_letter(struct sim_world *world, uint32_t to, struct sim_letter *letter);
void sim_letter_drop(struct sim_letter *letter);

#endif
