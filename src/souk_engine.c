#include "souk_engine.h"

#include <stdio.h>
#include <string.h>

static const struct souk_engine_type core_engine, recorder_engine;

int
souk_engine_open(const struct souk_service *service, const struct souk_wiring *wiring, struct souk_txn *txn,
    struct souk_slice witness, struct souk_time now, struct souk_engine *engine_out, struct souk_error *err)
{
    struct souk_engine engine = { .type = service != NULL ? &core_engine : &recorder_engine };
    int rc = service != NULL
        ? souk_core_open(service, wiring, SOUK_CORE_START, txn, witness, now, &engine.core, err)
        : souk_recorder_open(wiring, txn, witness, now, &engine.recorder, err);

    if (rc == 0)
        *engine_out = engine;
    return rc;
}

int
souk_engine_open_beside(const struct souk_service *service, const struct souk_wiring *wiring, struct souk_txn *txn,
    struct souk_time now, struct souk_engine *engine_out, struct souk_error *err)
{
    struct souk_engine engine = { .type = &core_engine };
    int rc = souk_core_open(service, wiring, SOUK_CORE_START_BESIDE, txn, (struct souk_slice){ NULL, 0 }, now,
        &engine.core, err);

    if (rc == 0)
        *engine_out = engine;
    return rc;
}

void
souk_engine_close(struct souk_engine *engine)
{
    if (engine->type != NULL)
        engine->type->close(engine);
    engine->type = NULL;
}

const char *
souk_core_state_name(enum souk_core_state state)
{
    switch (state) {
    case SOUK_CORE_SEALING:
        return "sealing";
    case SOUK_CORE_FETCHING:
        return "fetching";
    case SOUK_CORE_LIVE:
        return "live";
    case SOUK_CORE_BESIDE:
        return "beside";
    case SOUK_CORE_DRAINED:
        return "drained";
    case SOUK_CORE_FENCED:
        return "fenced";
    case SOUK_CORE_SET_ASIDE:
        return "set-aside";
    case SOUK_CORE_BROKEN:
        break;
    }
    return "broken";
}

/* ---- a service ------------------------------------------------------ */

static void
core_hear_request(struct souk_engine *engine, struct souk_slice route, struct souk_slice identity, const char *key,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    souk_core_hear_request(engine->core, route, identity, key, frames, frame_count, now);
}

static void
core_hear_answer(struct souk_engine *engine, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now)
{
    souk_core_hear_answer(engine->core, from, frames, frame_count, now);
}

static void
core_hear_published(struct souk_engine *engine, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now)
{
    souk_core_hear_published(engine->core, from, frames, frame_count, now);
}

static void
core_hear_subscriber(struct souk_engine *engine)
{
    souk_core_hear_subscriber(engine->core);
}

static void
core_hear_foreign(struct souk_engine *engine, uint32_t epoch_counter, struct souk_time now)
{
    souk_core_hear_foreign(engine->core, epoch_counter, now);
}

static bool
core_wants_work(const struct souk_engine *engine, struct souk_time now)
{
    return souk_core_wants_work(engine->core, now);
}

static uint64_t
core_due_ms(const struct souk_engine *engine)
{
    return souk_core_due_ms(engine->core);
}

static int
core_work(struct souk_engine *engine, struct souk_txn *txn, struct souk_time now, bool *changed_out)
{
    return souk_core_work(engine->core, txn, now, changed_out);
}

static struct souk_slice
core_witness(const struct souk_engine *engine)
{
    return souk_core_witness(engine->core);
}

static void
core_committed(struct souk_engine *engine, struct souk_time now)
{
    souk_core_committed(engine->core, now);
}

static int
core_aborted(struct souk_engine *engine, int rc, struct souk_txn *txn, struct souk_time now)
{
    return souk_core_aborted(engine->core, rc, txn, now);
}

static void
core_full(struct souk_engine *engine, struct souk_time now)
{
    souk_core_full(engine->core, now);
}

static struct souk_outbox *
core_outbox(struct souk_engine *engine)
{
    return souk_core_outbox(engine->core);
}

static enum souk_core_state
core_state(const struct souk_engine *engine)
{
    return souk_core_state(engine->core);
}

static uint64_t
core_commit(const struct souk_engine *engine)
{
    struct souk_core_status status;

    souk_core_status(engine->core, &status);
    return status.commit;
}

static bool
core_drain(struct souk_engine *engine)
{
    return souk_core_drain(engine->core);
}

static void
core_hurry(struct souk_engine *engine)
{
    souk_core_hurry(engine->core);
}

static void
core_status(const struct souk_engine *engine, struct souk_node_status *out)
{
    struct souk_core_status status;

    souk_core_status(engine->core, &status);
    out->is_store = false;
    out->state = souk_core_state_name(status.state);
    out->epoch = status.epoch;
    out->commit = status.commit;
    out->parked = status.parked;
    (void)snprintf(out->waiting_for, sizeof out->waiting_for, "%.*s", SOUK_STATUS_TEXT_BYTES_MAX, status.waiting_for);
    while (out->stream_count < SOUK_STREAMS_MAX
        && souk_core_stream(engine->core, out->stream_count, &out->streams[out->stream_count]))
        out->stream_count++;
    souk_node_status_count(out, "commands_waiting", status.commands_waiting);
    souk_node_status_count(out, "commands", status.commands);
    souk_node_status_count(out, "requests_waiting", status.requests_waiting);
    souk_node_status_count(out, "events_decided", status.events_decided);
    souk_node_status_count(out, "events_applied", status.events_applied);
    souk_node_status_count(out, "batches_duplicate", status.batches_duplicate);
    souk_node_status_count(out, "batches_foreign", status.batches_foreign);
    souk_node_status_count(out, "gaps", status.gaps);
    souk_node_status_count(out, "pulls", status.pulls);
    souk_node_status_count(out, "pulls_busy", status.pulls_busy);
    souk_node_status_count(out, "holds", status.holds);
    souk_node_status_count(out, "holds_over_bound", status.holds_over_bound);
    souk_node_status_count(out, "voids", status.voids);
    souk_node_status_count(out, "rewound", status.rewound);
    souk_node_status_count(out, "trimmed", status.trimmed);
    souk_node_status_count(out, "epochs_opened", status.epochs_opened);
    souk_node_status_count(out, "malformed", status.malformed);
}

static void
core_close(struct souk_engine *engine)
{
    souk_core_close(&engine->core);
}

static const struct souk_engine_type core_engine = {
    .hear_request = core_hear_request,
    .hear_answer = core_hear_answer,
    .hear_published = core_hear_published,
    .hear_subscriber = core_hear_subscriber,
    .hear_foreign = core_hear_foreign,
    .wants_work = core_wants_work,
    .due_ms = core_due_ms,
    .work = core_work,
    .witness = core_witness,
    .committed = core_committed,
    .aborted = core_aborted,
    .full = core_full,
    .outbox = core_outbox,
    .state = core_state,
    .commit = core_commit,
    .drain = core_drain,
    .hurry = core_hurry,
    .status = core_status,
    .close = core_close,
};

/* ---- an event store ------------------------------------------------- */

static void
recorder_hear_request(struct souk_engine *engine, struct souk_slice route, struct souk_slice identity, const char *key,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now)
{
    (void)key;                                  /* nothing waits here longer than for the next work */
    souk_recorder_hear_request(engine->recorder, route, identity, frames, frame_count, now);
}

static void
recorder_hear_answer(struct souk_engine *engine, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now)
{
    souk_recorder_hear_answer(engine->recorder, from, frames, frame_count, now);
}

static void
recorder_hear_published(struct souk_engine *engine, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count, struct souk_time now)
{
    souk_recorder_hear_published(engine->recorder, from, frames, frame_count, now);
}

static void
recorder_hear_subscriber(struct souk_engine *engine)
{
    souk_recorder_hear_subscriber(engine->recorder);
}

/* It writes no stream of its own. */
static void
recorder_hear_foreign(struct souk_engine *engine, uint32_t epoch_counter, struct souk_time now)
{
}

static bool
recorder_wants_work(const struct souk_engine *engine, struct souk_time now)
{
    return souk_recorder_wants_work(engine->recorder, now);
}

static uint64_t
recorder_due_ms(const struct souk_engine *engine)
{
    return souk_recorder_due_ms(engine->recorder);
}

static int
recorder_work(struct souk_engine *engine, struct souk_txn *txn, struct souk_time now, bool *changed_out)
{
    return souk_recorder_work(engine->recorder, txn, now, changed_out);
}

static struct souk_slice
recorder_witness(const struct souk_engine *engine)
{
    return souk_recorder_witness(engine->recorder);
}

static void
recorder_committed(struct souk_engine *engine, struct souk_time now)
{
    souk_recorder_committed(engine->recorder, now);
}

static int
recorder_aborted(struct souk_engine *engine, int rc, struct souk_txn *txn, struct souk_time now)
{
    return souk_recorder_aborted(engine->recorder, rc, txn, now);
}

static void
recorder_full(struct souk_engine *engine, struct souk_time now)
{
    souk_recorder_full(engine->recorder, now);
}

static struct souk_outbox *
recorder_outbox(struct souk_engine *engine)
{
    return souk_recorder_outbox(engine->recorder);
}

static enum souk_core_state
recorder_state(const struct souk_engine *engine)
{
    return SOUK_CORE_LIVE;
}

static uint64_t
recorder_commit(const struct souk_engine *engine)
{
    struct souk_recorder_status status;

    souk_recorder_status(engine->recorder, &status);
    return status.commit;
}

/* Every round of its ends with what it began. */
static bool
recorder_drain(struct souk_engine *engine)
{
    return true;
}

/* Nobody waits for it to hear from others. */
static void
recorder_hurry(struct souk_engine *engine)
{
}

static void
recorder_status(const struct souk_engine *engine, struct souk_node_status *out)
{
    struct souk_recorder_status status;

    souk_recorder_status(engine->recorder, &status);
    out->is_store = true;
    out->state = souk_core_state_name(SOUK_CORE_LIVE);
    memcpy(out->incarnation, status.incarnation, sizeof out->incarnation);
    (void)snprintf(out->waiting_for, sizeof out->waiting_for, "%.*s", SOUK_STATUS_TEXT_BYTES_MAX, status.waiting_for);
    out->commit = status.commit;
    while (out->stream_count < SOUK_STREAMS_MAX
        && souk_recorder_stream(engine->recorder, out->stream_count, &out->streams[out->stream_count]))
        out->stream_count++;
    souk_node_status_count(out, "batches_recorded", status.batches_recorded);
    souk_node_status_count(out, "events_recorded", status.events_recorded);
    souk_node_status_count(out, "log_position", status.log_position);
    souk_node_status_count(out, "unordered", status.unordered);
    souk_node_status_count(out, "set_aside", status.set_aside);
    souk_node_status_count(out, "fences", status.fences);
    souk_node_status_count(out, "seals", status.seals);
    souk_node_status_count(out, "batches_duplicate", status.duplicates);
    souk_node_status_count(out, "gaps", status.gaps);
    souk_node_status_count(out, "pulls", status.pulls);
    souk_node_status_count(out, "pulls_busy", status.pulls_busy);
    souk_node_status_count(out, "malformed", status.malformed);
}

static void
recorder_close(struct souk_engine *engine)
{
    souk_recorder_close(&engine->recorder);
}

static const struct souk_engine_type recorder_engine = {
    .hear_request = recorder_hear_request,
    .hear_answer = recorder_hear_answer,
    .hear_published = recorder_hear_published,
    .hear_subscriber = recorder_hear_subscriber,
    .hear_foreign = recorder_hear_foreign,
    .wants_work = recorder_wants_work,
    .due_ms = recorder_due_ms,
    .work = recorder_work,
    .witness = recorder_witness,
    .committed = recorder_committed,
    .aborted = recorder_aborted,
    .full = recorder_full,
    .outbox = recorder_outbox,
    .state = recorder_state,
    .commit = recorder_commit,
    .drain = recorder_drain,
    .hurry = recorder_hurry,
    .status = recorder_status,
    .close = recorder_close,
};
