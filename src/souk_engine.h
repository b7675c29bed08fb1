/*
 * souk_engine - the state machine behind the writer's event loop: a service's
 * core or an event store's recorder, used alike. What each call does is in
 * souk_core.h and souk_recorder.h.
 */
#ifndef SOUK_ENGINE_H
#define SOUK_ENGINE_H

#include "souk_core.h"
#include "souk_recorder.h"
#include "souk_status.h"

struct souk_engine;

struct souk_engine_type {
    void (*hear_request)(struct souk_engine *engine, struct souk_slice route, struct souk_slice identity,
        const char *key, const struct souk_slice *frames, size_t frame_count, struct souk_time now);
    void (*hear_answer)(struct souk_engine *engine, const struct souk_name *from, const struct souk_slice *frames,
        size_t frame_count, struct souk_time now);
    void (*hear_published)(struct souk_engine *engine, const struct souk_name *from, const struct souk_slice *frames,
        size_t frame_count, struct souk_time now);
    void (*hear_subscriber)(struct souk_engine *engine);
    void (*hear_foreign)(struct souk_engine *engine, uint32_t epoch_counter, struct souk_time now);
    bool (*wants_work)(const struct souk_engine *engine, struct souk_time now);
    uint64_t (*due_ms)(const struct souk_engine *engine);
    int (*work)(struct souk_engine *engine, struct souk_txn *txn, struct souk_time now, bool *changed_out);
    struct souk_slice (*witness)(const struct souk_engine *engine);
    void (*committed)(struct souk_engine *engine, struct souk_time now);
    int (*aborted)(struct souk_engine *engine, int rc, struct souk_txn *txn, struct souk_time now);
    void (*full)(struct souk_engine *engine, struct souk_time now);
    struct souk_outbox *(*outbox)(struct souk_engine *engine);
    /* Of an event store always SOUK_CORE_LIVE. */
    enum souk_core_state (*state)(const struct souk_engine *engine);
    /* Number of the last commit, which readers may see once the witness names it. */
    uint64_t (*commit)(const struct souk_engine *engine);
    /* Take no more commands; true once nothing is under way. */
    bool (*drain)(struct souk_engine *engine);
    /* The time for that is over: what waits for others is answered with the next work as it is. */
    void (*hurry)(struct souk_engine *engine);
    /* What the machine knows: all but the process's own figures. */
    void (*status)(const struct souk_engine *engine, struct souk_node_status *status);
    void (*close)(struct souk_engine *engine);
};

struct souk_engine {
    const struct souk_engine_type *type;        /* NULL: not open */
    struct souk_core *core;
    struct souk_recorder *recorder;
};

/* `service` NULL: an event store. As souk_core_open(). */
SOUK_MUST_CHECK int souk_engine_open(const struct souk_service *service, const struct souk_wiring *wiring,
    struct souk_txn *txn, struct souk_slice witness, struct souk_time now, struct souk_engine *engine_out,
    struct souk_error *err);
/* A service that fills a store beside the one of a running process. As souk_core_open(). */
SOUK_MUST_CHECK int souk_engine_open_beside(const struct souk_service *service, const struct souk_wiring *wiring,
    struct souk_txn *txn, struct souk_time now, struct souk_engine *engine_out, struct souk_error *err);
/* Not open is fine. */
void souk_engine_close(struct souk_engine *engine);

/* "live" and so on. Never NULL. */
const char *souk_core_state_name(enum souk_core_state state);

#endif
