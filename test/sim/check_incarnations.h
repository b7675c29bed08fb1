/*
 * check_incarnations - the invariants of event stores that belong to one
 * incarnation of them: a log position names one batch for ever; nothing is
 * recorded from PUB before the origin's head is known; nothing is set aside but
 * on the word of the origin; and what an origin calls recorded, or backed up, it was
 * told by the incarnation that it knows of, which may tell it to stop, too.
 */
#ifndef SIM_CHECK_INCARNATIONS_H
#define SIM_CHECK_INCARNATIONS_H

#include "check_model.h"
#include "trace.h"

/* A commit of event store `process`, which is of this incarnation now. Before its moves are looked at. */
void incarnations_commit(struct checker *checker, struct model_process *process, const uint8_t *bits);

/* `origin` has answered a pull of `store`, and perhaps said void of something. */
void incarnations_answered(struct checker *checker, const struct model_node *origin, const struct model_node *store,
    bool is_void);

/* Nobody has heard of the log positions of the latest commit of `process`, and it dies. */
void incarnations_unsaid(const struct model_process *process);

/* `process` asks for a seal. */
void incarnations_sealing(struct checker *checker, struct model_process *process,
    const struct check_message *message);

/* A message has reached `process`. */
void incarnations_heard(struct checker *checker, struct model_process *process, const struct check_message *message);

/* The least that every event store has told `process` last of its backups of a stream. */
uint64_t incarnations_backed_up(const struct checker *checker, const struct model_process *process,
    const struct model_stream *stream);

/* How many event stores have acknowledged `batch` to `process`, each in the incarnation that answered it last? */
unsigned incarnations_told(const struct model_process *process, const struct model_batch *batch);

/* These return 0, or -1 after model_fail(). */

/* An event store goes from one tip to another: who said that it may leave the first? */
int incarnations_check_move(struct checker *checker, const struct model_process *process, struct model_batch *from,
    struct model_batch *to);

/* An event store has recorded `batch`. */
int incarnations_check_recorded(struct checker *checker, const struct model_process *process,
    const struct model_batch *batch);

/* An event store has given `batch` a log position. */
int incarnations_check_position(struct checker *checker, const struct model_process *process, uint64_t log_position,
    struct model_batch *batch);

#endif
