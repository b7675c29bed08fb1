/*
 * sim_loss - disks that are lost, copied, put back, doubled, and the backups of
 * event stores: which may still be restored, and what the event store is told.
 */
#ifndef SIM_LOSS_H
#define SIM_LOSS_H

#include "sim_world.h"

#define SIM_LOSS_OLDEST SIM_COPIES_MAX  /* of all copies */

/* False: there is nothing that it could happen to, and nothing has happened. */

/* Its disk is empty. Nothing happens where that is a loss that nobody promises to survive. */
bool sim_loss_wipe(struct sim_world *world, struct sim_node *node, uint64_t down_ms);
/* A copy is put by; of an event store, that is a backup. */
bool sim_loss_copy(struct sim_world *world, struct sim_node *node);
/* The oldest one may not be restored any more. */
void sim_loss_drop_copy(struct sim_world *world, struct sim_node *node);
/* The newest copy but `back` comes back; in place: over the same directory, whose witness stays. */
bool sim_loss_restore(struct sim_world *world, struct sim_node *node, uint64_t back, bool in_place, uint64_t down_ms);
/* The one or the other: restored as above, or wiped when there is no copy. */
bool sim_loss_any(struct sim_world *world, struct sim_node *node, uint64_t back, uint64_t down_ms);
/* A copy of it is started as a second instance. */
bool sim_loss_clone(struct sim_world *world, struct sim_node *node);
/* An event store is told what every backup holds that may still be restored. */
void sim_loss_tell_backed_up(struct sim_world *world, struct sim_process *process);

uint32_t sim_loss_instances(const struct sim_node *node);
/* Does any service have more than one instance? */
bool sim_loss_has_clones(const struct sim_world *world);

#endif
