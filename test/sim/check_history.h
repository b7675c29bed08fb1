/*
 * check_history - the invariants of batches and of following: form, chain,
 * vectors, causes before effects, forks, what an event may say about its
 * cause, and at the end one history for everybody without a hole.
 */
#ifndef SIM_CHECK_HISTORY_H
#define SIM_CHECK_HISTORY_H

#include "check_model.h"

/* All return 0, or -1 after model_fail(). */
int history_commit(struct checker *checker, struct model_process *process, const struct check_commit *commit);
int history_trim(struct checker *checker, struct model_process *process, struct model_stream *stream,
    uint64_t first_held);
int history_end_batch(struct checker *checker, struct model_process *process, struct check_bytes bytes);
int history_end_logged(struct checker *checker, struct model_process *process, const struct check_logged *logged);
int history_finish(struct checker *checker);

/* A batch left its node, or stands on a disk that did not write it. */
int history_see(struct checker *checker, struct model_batch *batch);

/* The batch whose very bytes these are, as `process` sends or holds them; NULL after model_fail(). */
struct model_batch *history_find(struct checker *checker, const struct model_process *process,
    struct check_bytes bytes);

/* The own events of `service` with this cause, newest first, by next_of_cause. */
struct model_event *history_by_cause(struct checker *checker, const struct model_node *service,
    enum check_cause_kind kind, const struct model_stream *stream, uint32_t epoch, uint64_t number, uint32_t index);
/* The same for a command. */
struct model_event *history_by_command(struct checker *checker, const struct model_node *service,
    struct check_bytes caller, const uint8_t *id);

/* The stream and the epoch that an event's cause names; NULL if there is no such stream. */
struct model_stream *history_cause_stream(struct checker *checker, const struct model_event *event);
uint32_t history_cause_epoch(struct checker *checker, const struct model_event *event);

#endif
