/*
 * check_state - the simulated application once more: what its tables hold
 * after the final histories, and which event must have had a reaction.
 * Written from app.h alone, for services whose topology names an application.
 */
#ifndef SIM_CHECK_STATE_H
#define SIM_CHECK_STATE_H

#include "check_model.h"

/* All that return int return 0, or -1 after model_fail(). */

/* A new event: read its payload, and find it by its key from now on. */
void state_index(struct checker *checker, struct model_event *event);

/* The tips of a service moved on from `before`: where an event passed without a reaction, it is remembered. */
int state_commit(struct checker *checker, struct model_process *process, struct model_batch *const *before,
    const struct model_commit *commit);

/* A request that a service sends must be one that an event of its own asks for. */
int state_check_request(struct checker *checker, const struct model_process *process,
    const struct check_message *message);

void state_end_row(struct checker *checker, struct model_process *process, const char *table,
    struct check_bytes key, struct check_bytes value);
int state_end_open(struct checker *checker, struct model_process *process, const struct check_event *event,
    bool is_request);

/* After history_finish(). */
int state_finish(struct checker *checker);

#endif
