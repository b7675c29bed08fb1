/*
 * sim_fault - what goes wrong, and the operator who puts it right: starts what
 * died, throws away what was fenced, lets a rebuild take over, restores
 * backups that may still be restored and no others.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "sim_world.h"

/* An item of the plan that is not a command, and its end. */
void sim_fault_begin(struct sim_world *world, const struct sim_item *item);
/* Stage: of those that come in steps, from 1. */
void sim_fault_end(struct sim_world *world, const struct sim_item *item, uint32_t stage);
/* From now on nothing goes wrong any more: links, clocks, disks and handlers are whole, everything is started. */
void sim_fault_heal(struct sim_world *world);

/* A link that comes and goes. */
void sim_fault_flap(struct sim_world *world, const struct sim_item *item, uint32_t index, bool is_cut);

/* An event store has granted a service a new seal. */
void sim_fault_granted(struct sim_world *world, uint32_t store, uint32_t service);

/* A process runs. */
void sim_operator_started(struct sim_world *world, struct sim_process *process);
/* Has the process come to a state that asks for the operator? False: it is not there any more. */
bool sim_operator_look(struct sim_world *world, struct sim_process *process);
/* A process of this instance has died. */
void sim_operator_died(struct sim_world *world, struct sim_node *node, struct sim_instance *instance);
/* Look after the rebuild of a node. */
void sim_operator_rebuild(struct sim_world *world, struct sim_node *node);

#endif
