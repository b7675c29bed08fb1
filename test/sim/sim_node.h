/*
 * sim_node - the shell around the state machines: opens them on a store, hands
 * them messages, runs their rounds in the order that souk_core.h asks for, and
 * lets them die between any two steps of it.
 */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "sim_world.h"

#define SIM_FINGERPRINT "souk-sim"      /* of the topology: its first 8 bytes */

/* ---- instances ------------------------------------------------------ */

/* Start the process of an instance if it does not run and nothing is against it. */
void sim_instance_up(struct sim_world *world, struct sim_node *node, struct sim_instance *instance);
/* The same after `delay_ms`. */
void sim_instance_up_later(struct sim_world *world, struct sim_node *node, struct sim_instance *instance,
    uint64_t delay_ms);
/* Make an instance with an empty disk in a free slot; NULL when there is none. */
struct sim_instance *sim_instance_new(struct sim_world *world, struct sim_node *node);
/* The instance has an empty disk of a new number. */
void sim_instance_new_disk(struct sim_world *world, struct sim_instance *instance);
/* It and its disk are no more; no process may run on it. */
void sim_instance_drop(struct sim_world *world, struct sim_instance *instance);
/* The one that runs and takes part; else one that exists; NULL when there is none. */
struct sim_instance *sim_node_main(struct sim_node *node);
uint32_t sim_instance_index(const struct sim_node *node, const struct sim_instance *instance);

/* ---- processes ------------------------------------------------------ */

struct sim_process *sim_process_find(struct sim_world *world, uint32_t id);
/* It dies where it stands and is started again after `down_ms`. */
void sim_process_crash(struct sim_world *world, struct sim_process *process, uint64_t down_ms);
/* It ends in good order. `removes_witness`: as a service does that is told to stop. */
void sim_process_stop(struct sim_world *world, struct sim_process *process, bool removes_witness);
/* There is room on its disk again. */
void sim_process_grow(struct sim_world *world, struct sim_process *process);
/* It will die at `point`, after `passes` more passes of it. */
void sim_process_trap(struct sim_process *process, enum sim_point point, uint64_t passes, uint64_t down_ms);

void sim_process_hear(struct sim_world *world, struct sim_process *process, struct sim_letter *letter);
void sim_process_subscriber(struct sim_world *world, struct sim_process *process);
void sim_process_step(struct sim_world *world, struct sim_process *process);
/* False: the process is not there any more. */
bool sim_process_read(struct sim_world *world, struct sim_process *process);
/* There may be something to do: look soon. */
void sim_process_wake(struct sim_world *world, struct sim_process *process);

struct souk_time sim_process_time(const struct sim_world *world, const struct sim_process *process);
enum souk_core_state sim_process_state(const struct sim_process *process);
/* The cursor of stream `stream`; false when it has none. */
bool sim_process_cursor(const struct sim_process *process, uint32_t stream, struct souk_position *position_out);

#endif
