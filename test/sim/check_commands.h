/*
 * check_commands - the invariants of what callers are told: one effect for an
 * id, an ok only for what is committed and stays, and their own writes read.
 */
#ifndef SIM_CHECK_COMMANDS_H
#define SIM_CHECK_COMMANDS_H

#include "check_model.h"

/* All that return int return 0, or -1 after model_fail(). `process` is NULL for a client outside. */
int commands_asked(struct checker *checker, const struct model_process *process, const struct model_node *service,
    struct check_bytes frame, const struct check_message *message);
/* `process` has heard it: only so often, and of what it has heard, it may tell. */
void commands_heard(struct checker *checker, const struct model_process *process, struct check_bytes frame,
    const struct check_message *message);
int commands_replied(struct checker *checker, const struct model_process *process, const char *to,
    const struct check_message *message);

/* An event that a command caused: did anybody send it, with this hash and correlation, and had he seen no more? */
int commands_check_event(struct checker *checker, const struct model_process *process,
    const struct model_event *event);

/* Nothing acknowledged or recorded is lost but by what the facts say. After history_finish(). */
int commands_finish(struct checker *checker);

#endif
