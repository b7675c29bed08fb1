/*
 * sim_tell - facts for the checker, in its own plain types.
 */
#ifndef SIM_TELL_H
#define SIM_TELL_H

#include "sim_world.h"

void sim_tell_topology(struct sim_world *world);
/* What the store of a new process holds is no news. */
void sim_tell_opened(struct sim_world *world, struct sim_process *process);
/* What the transaction that has just been committed has changed. */
void sim_tell_commit(struct sim_world *world, struct sim_process *process);
void sim_tell_sent(struct sim_world *world, struct sim_process *process, const struct souk_out *out);
/* What the checker wants to know of all that reaches a process. */
void sim_tell_heard(struct sim_world *world, const struct sim_process *process, const struct sim_letter *letter);
/* The digests of all views at their cursors, unless parked events are behind them. */
void sim_tell_views(struct sim_world *world, struct sim_process *process);
/* All that a process holds, at the end. */
void sim_tell_end(struct sim_world *world, struct sim_process *process);

struct check_position sim_tell_position(uint32_t stream, const struct souk_position *position);

#endif
