/*
 * check_frames - the invariants of what leaves a node: nothing before its
 * commit, nothing private in public, no answer, acknowledgement or seal
 * that its disk does not bear out, and heads again and again.
 */
#ifndef SIM_CHECK_FRAMES_H
#define SIM_CHECK_FRAMES_H

#include "check_model.h"

/* All return 0, or -1 after model_fail(). */
int frames_sent(struct checker *checker, struct model_process *process, const char *to,
    const struct check_bytes *frames, size_t frame_count);

/* A commit opens an epoch: has every event store sealed for it? */
int frames_check_seals(struct checker *checker, const struct model_commit *commit);

/* An event store has recorded `batch`: does its seal allow that? */
int frames_check_sealed(struct checker *checker, const struct model_process *process, const struct model_batch *batch);

/* A service commits events: has it told its heads since they were due? */
int frames_check_heads(struct checker *checker, struct model_process *process);

/* The backups of `store` have changed. */
void frames_mark_backups(struct checker *checker, struct model_node *store);

/* At the end, too, heads are told again and again. */
int frames_finish(struct checker *checker);

#endif
