#include "sim_tell.h"

#include <stdlib.h>
#include <string.h>

#include "sim_net.h"
#include "sim_node.h"
#include "souk_asked.h"
#include "souk_batch.h"
#include "souk_log.h"
#include "souk_parked.h"
#include "souk_space.h"
#include "souk_timers.h"
#include "souk_wire.h"

#define WRITTEN_MAX SOUK_COMMIT_BATCHES_MAX
#define LOGGED_MAX 4096

/* What one commit brought, as it is gathered. */
struct gathered {
    struct check_bytes written[WRITTEN_MAX];
    uint32_t places[WRITTEN_MAX];
    size_t written_count;
    struct check_position cursors[SIM_STREAMS];
    size_t cursor_count;
    struct check_logged *logged;
    size_t logged_count, logged_room;
};

struct ending {
    struct sim_world *world;
    struct sim_process *process;
};

static void gather_written(struct sim_process *process, struct souk_txn *txn, struct gathered *gathered,
    uint32_t stream, const struct souk_position *before);
static void trace_written(struct sim_world *world, const struct check_bytes *bytes);
static void gather_logged(struct sim_process *process, struct souk_txn *txn, struct gathered *gathered);
static int remember_parked(const struct souk_parked *parked, void *arg);
static int add_logged(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch,
    void *arg);
static void tell_trimmed(struct sim_world *world, struct sim_process *process, struct souk_txn *txn);
static void tell_view(struct sim_world *world, struct sim_process *process, struct souk_txn *txn, const char *view,
    const struct check_position *cursors, size_t cursor_count);
static void end_log(struct sim_world *world, struct sim_process *process, struct souk_txn *txn, uint32_t stream);
static int end_logged(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch,
    void *arg);
static void end_rows(struct sim_world *world, struct sim_process *process, struct souk_txn *txn);
static void end_timers(struct sim_world *world, struct sim_process *process, struct souk_txn *txn);
static int end_request(const struct souk_asked *asked, void *arg);
static struct check_event event_of(const struct souk_name *stream, struct souk_point point);
static struct check_bytes bytes_of(struct souk_slice slice);
static bool writes(const struct sim_process *process, uint32_t stream);
static void cannot(struct sim_world *world, const struct sim_process *process, const char *what, int rc);

/* ---- the topology --------------------------------------------------- */

void
sim_tell_topology(struct sim_world *world)
{
    const struct sim_plan *plan = world->plan;
    uint32_t node, stream;

    for (node = 0; node < SIM_SERVICES; node++) {
        struct check_stream streams[SIM_STREAMS];
        const char *follows[SIM_STREAMS];
        struct check_service service = {
            .name = sim_node_name(node),
            .application = sim_node_name(node),
            .streams = streams,
            .follows = follows,
            .trim = plan->trims_recorded ? CHECK_TRIM_RECORDED : CHECK_TRIM_BACKED_UP,
            .recorded_by = plan->recorded_by,
            .trim_by = plan->store_count,
            .hold_bound_ms = 5000 * (uint64_t)plan->scale,
            .heads_ms = plan->head_ms * (uint64_t)plan->scale,
            .fingerprint = (const uint8_t *)SIM_FINGERPRINT,
        };

        for (stream = 0; stream < SIM_STREAMS; stream++) {
            if (sim_streams[stream].origin == node)
                streams[service.stream_count++] =
                    (struct check_stream){ sim_streams[stream].name, sim_streams[stream].is_private };
            else if (sim_follows(world, node, stream))
                follows[service.follow_count++] = sim_streams[stream].name;
        }
        check_service(world->checker, &service);
    }
    for (node = SIM_SERVICES; node < world->node_count; node++)
        check_event_store(world->checker, sim_node_name(node));
}

/* ---- commits -------------------------------------------------------- */

void
sim_tell_opened(struct sim_world *world, struct sim_process *process)
{
    struct souk_recorder_status status;
    uint32_t stream;

    (void)world;
    for (stream = 0; stream < SIM_STREAMS; stream++)
        if (!sim_process_cursor(process, stream, &process->told[stream]))
            process->told[stream] = (struct souk_position){ 0 };
    if (process->recorder == NULL)
        return;
    /* Another incarnation gives positions anew. */
    souk_recorder_status(process->recorder, &status);
    if (memcmp(status.incarnation, process->instance->incarnation, sizeof status.incarnation) == 0)
        process->log_position = status.log_position;
}

void
sim_tell_commit(struct sim_world *world, struct sim_process *process)
{
    struct gathered *gathered;
    struct check_commit commit = { 0 };
    struct souk_core_status core;
    struct souk_position cursor;
    struct souk_txn *txn = NULL;
    uint32_t stream;
    size_t i, j;

    if ((gathered = malloc(sizeof *gathered)) == NULL)
        abort();
    gathered->written_count = gathered->cursor_count = gathered->logged_count = 0;
    gathered->logged = NULL;
    if (souk_txn_begin(process->store, SOUK_TXN_READ, &txn) != 0) {
        cannot(world, process, "read what it committed", 0);
        free(gathered);
        return;
    }
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        struct souk_position before = process->told[stream];

        if (!sim_process_cursor(process, stream, &cursor) || souk_position_equal(&cursor, &before))
            continue;
        process->told[stream] = cursor;
        sim_states_moved(world, process, stream);
        gathered->cursors[gathered->cursor_count++] = sim_tell_position(stream, &cursor);
        if (process->core != NULL && writes(process, stream))
            gather_written(process, txn, gathered, stream, &before);
    }
    if (process->recorder != NULL) {
        gather_logged(process, txn, gathered);
        commit.incarnation = process->instance->incarnation;
    }

    /* In the order of their places. */
    for (i = 1; i < gathered->written_count; i++)
        for (j = i; j > 0 && gathered->places[j - 1] > gathered->places[j]; j--) {
            struct check_bytes bytes = gathered->written[j];
            uint32_t place = gathered->places[j];

            gathered->written[j] = gathered->written[j - 1];
            gathered->places[j] = gathered->places[j - 1];
            gathered->written[j - 1] = bytes;
            gathered->places[j - 1] = place;
        }
    commit.written = gathered->written;
    commit.written_count = gathered->written_count;
    commit.cursors = gathered->cursors;
    commit.cursor_count = gathered->cursor_count;
    commit.logged = gathered->logged;
    commit.logged_count = gathered->logged_count;
    if (process->core != NULL) {
        souk_core_status(process->core, &core);
        commit.bound_count = (unsigned)(core.holds_over_bound - process->core_status.holds_over_bound);
        process->core_status.holds_over_bound = core.holds_over_bound;
        if (core.holds_over_bound != 0 && commit.bound_count != 0)
            sim_mark(world, SIM_STATE_HOLD_OVER_BOUND);
        if (core.parked > 0) {
            process->instance->disk.tainted = true;
            (void)!souk_parked_each(txn, remember_parked, process->node);
        }
    }
    if (commit.cursor_count > 0 || commit.logged_count > 0)
        world->last_change_ms = sim_now_ms(world);
    if (world->trace != NULL)
        for (i = 0; i < gathered->cursor_count; i++)
            sim_trace(world, "%s/%u commits %s at %u.%llu [%02x%02x], %zu written", process->node->name.text,
                process->id, gathered->cursors[i].stream, gathered->cursors[i].epoch_counter,
                (unsigned long long)gathered->cursors[i].number, gathered->cursors[i].epoch_bits[0],
                gathered->cursors[i].epoch_bits[1], gathered->written_count);
    for (i = 0; world->trace != NULL && i < gathered->written_count; i++)
        trace_written(world, &gathered->written[i]);
    check_committed(world->checker, sim_now_ms(world), process->id, &commit);
    for (i = 0; i < gathered->written_count; i++)
        sim_states_batch(world, process,
            (struct souk_slice){ gathered->written[i].base, gathered->written[i].size_bytes });
    if (process->core != NULL)
        tell_trimmed(world, process, txn);
    souk_txn_abort(&txn);
    free(gathered->logged);
    free(gathered);
}

static void
trace_written(struct sim_world *world, const struct check_bytes *bytes)
{
    struct souk_batch_header header;
    struct souk_causes causes;
    struct souk_cause cause;

    if (souk_batch_peek((struct souk_slice){ bytes->base, bytes->size_bytes }, &header) != 0)
        return;
    sim_trace(world, "    %s %u.%llu, %u events%s", header.stream.text, header.epoch.counter,
        (unsigned long long)header.first, header.count, header.count == 0 ? ": a record" : "");
    souk_causes_init(&causes, &header);
    while (souk_causes_next(&causes, &cause))
        sim_trace(world, "        after %s %u.%llu [%02x%02x]", cause.stream.text, cause.point.epoch.counter,
            (unsigned long long)cause.point.number, cause.point.epoch.bits[0], cause.point.epoch.bits[1]);
}

/* Own batches behind `before`, if this commit wrote them: what a service takes back was written before. */
static void
gather_written(struct sim_process *process, struct souk_txn *txn, struct gathered *gathered, uint32_t stream,
    const struct souk_position *before)
{
    struct souk_core_status status;
    struct souk_batch_header header;
    struct souk_name name = { { 0 } };
    struct souk_point at = souk_point_of(before);
    struct souk_slice batch;
    struct souk_position end;
    struct souk_log log;

    souk_core_status(process->core, &status);
    if (process->core_status.state != SOUK_CORE_LIVE
        && status.epochs_opened == process->core_status.epochs_opened)
        return;
    if (souk_name_set(&name, souk_slice_of(sim_streams[stream].name)) != 0
        || souk_log_open(txn, &name, &log) != 0 || !log.exists)
        return;
    while (gathered->written_count < WRITTEN_MAX && souk_log_after(txn, &log, at, &batch) == 0
        && souk_batch_peek(batch, &header) == 0) {
        end = souk_batch_end(&header);
        at = souk_point_of(&end);
        if (header.commit != status.commit || !souk_epoch_equal(header.epoch, status.epoch))
            continue;
        gathered->places[gathered->written_count] = header.place;
        gathered->written[gathered->written_count++] = bytes_of(batch);
    }
}

static void
gather_logged(struct sim_process *process, struct souk_txn *txn, struct gathered *gathered)
{
    struct souk_recorder_status status;
    uint64_t count;
    int rc;

    souk_recorder_status(process->recorder, &status);
    if (memcmp(status.incarnation, process->instance->incarnation, sizeof status.incarnation) != 0)
        process->log_position = 0;
    memcpy(process->instance->incarnation, status.incarnation, sizeof status.incarnation);
    if (status.log_position == process->log_position)
        return;
    count = status.log_position - process->log_position;
    if ((gathered->logged = malloc((count < LOGGED_MAX ? count : LOGGED_MAX) * sizeof *gathered->logged)) == NULL)
        abort();
    gathered->logged_room = count < LOGGED_MAX ? (size_t)count : LOGGED_MAX;
    rc = souk_recorder_scan(txn, process->log_position + 1, add_logged, gathered);
    if (rc != 0)
        cannot(process->world, process, "scan its log", rc);
    process->log_position = status.log_position;
}

static int
add_logged(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg)
{
    struct gathered *gathered = arg;
    struct check_logged *logged;

    if (gathered->logged_count == gathered->logged_room)
        return -SOUK_ETOOBIG;
    logged = &gathered->logged[gathered->logged_count++];
    logged->log_position = log_position;
    memcpy(logged->hash, header->hash.bytes, sizeof logged->hash);
    return 0;
}

/* It may be retried out of its turn later: from now on the checker has to allow for it. */
static int
remember_parked(const struct souk_parked *parked, void *arg)
{
    const struct souk_cause cause = { parked->stream, { parked->epoch, parked->event.number } };
    struct sim_node *node = arg;
    uint32_t i;

    for (i = 0; i < node->parked_count; i++)
        if (memcmp(&node->parked[i], &cause, sizeof cause) == 0)
            return 0;
    if (node->parked_count < SIM_PARKED_MAX)
        node->parked[node->parked_count++] = cause;
    return 0;
}

static void
tell_trimmed(struct sim_world *world, struct sim_process *process, struct souk_txn *txn)
{
    struct souk_core_status status;
    struct souk_position base;
    struct souk_name name;
    struct souk_log log;
    uint32_t stream;

    souk_core_status(process->core, &status);
    if (status.trimmed == process->core_status.trimmed)
        return;
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        if (!writes(process, stream) || souk_name_set(&name, souk_slice_of(sim_streams[stream].name)) != 0
            || souk_log_open(txn, &name, &log) != 0 || souk_log_base(txn, &log, &base) != 0
            || souk_position_equal(&base, &process->trimmed_to[stream]))
            continue;
        process->trimmed_to[stream] = base;
        check_trimmed(world->checker, sim_now_ms(world), process->id, sim_streams[stream].name, base.number + 1);
    }
}

/* ---- frames --------------------------------------------------------- */

void
sim_tell_sent(struct sim_world *world, struct sim_process *process, const struct souk_out *out)
{
    struct check_bytes few[16], *frames = few;
    const char *to = NULL;
    size_t i;

    if (out->frame_count > sizeof few / sizeof few[0] && (frames = malloc(out->frame_count * sizeof *frames)) == NULL)
        abort();
    for (i = 0; i < out->frame_count; i++)
        frames[i] = bytes_of(out->frames[i]);
    if (out->kind == SOUK_OUT_SEND)
        to = out->to.text;
    else if (out->kind == SOUK_OUT_REPLY)
        to = sim_net_addressee(world, (struct souk_slice){ out->route, out->route_bytes });
    if (out->kind == SOUK_OUT_PUBLISH || to != NULL)
        check_sent(world->checker, sim_now_ms(world), process->id, to, frames, out->frame_count);
    if (frames != few)
        free(frames);
}

void
sim_tell_heard(struct sim_world *world, const struct sim_process *process, const struct sim_letter *letter)
{
    struct check_bytes frame;
    enum souk_wire_kind kind;

    if (process->core == NULL || letter->kind == SIM_PUBLISHED || letter->frame_count != 1)
        return;
    kind = souk_wire_kind(letter->frames[0]);
    if (kind != SOUK_WIRE_ACK && kind != SOUK_WIRE_SEALED && kind != SOUK_WIRE_FENCED
        && (kind != SOUK_WIRE_REQUEST || letter->kind != SIM_TO_COMMANDS))
        return;
    frame = bytes_of(letter->frames[0]);
    check_heard(world->checker, sim_now_ms(world), process->id, &frame, 1);
}

/* ---- views ---------------------------------------------------------- */

void
sim_tell_views(struct sim_world *world, struct sim_process *process)
{
    struct check_position cursors[SIM_STREAMS], *cursor;
    struct souk_txn *txn = NULL;
    size_t count = 0;
    uint32_t stream;

    if (process->core == NULL || process->instance->disk.tainted)
        return;
    if (souk_txn_begin(process->store, SOUK_TXN_READ, &txn) != 0) {
        cannot(world, process, "begin to read", 0);
        return;
    }
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        if (!writes(process, stream) && !sim_follows(world, process->node->index, stream))
            continue;
        cursor = &cursors[count++];
        *cursor = sim_tell_position(stream, &process->told[stream]);
        tell_view(world, process, txn, sim_streams[stream].name, cursor, 1);
    }
    if (process->service->indexes != NULL)
        tell_view(world, process, txn, NULL, cursors, count);
    souk_txn_abort(&txn);
}

static void
tell_view(struct sim_world *world, struct sim_process *process, struct souk_txn *txn, const char *view,
    const struct check_position *cursors, size_t cursor_count)
{
    struct souk_hash digest;
    int rc = souk_tables_digest(txn, process->service, view, &digest);

    if (rc != 0)
        cannot(world, process, "digest its tables", rc);
    else
        check_view(world->checker, sim_now_ms(world), process->id, view != NULL ? view : "index", cursors,
            cursor_count, digest.bytes);
}

/* ---- the end -------------------------------------------------------- */

void
sim_tell_end(struct sim_world *world, struct sim_process *process)
{
    struct ending ending = { world, process };
    struct souk_txn *txn = NULL;
    struct souk_position cursor;
    uint32_t stream, i;
    int rc;

    if (process->core != NULL)
        check_end_service(world->checker, process->id, souk_core_state(process->core) == SOUK_CORE_LIVE);
    else
        check_end_event_store(world->checker, process->id);
    if ((rc = souk_txn_begin(process->store, SOUK_TXN_READ, &txn)) != 0) {
        cannot(world, process, "begin to read", rc);
        return;
    }
    for (stream = 0; stream < SIM_STREAMS; stream++) {
        if (sim_process_cursor(process, stream, &cursor)) {
            struct check_position position = sim_tell_position(stream, &cursor);

            check_end_cursor(world->checker, process->id, &position);
        }
        if (process->recorder != NULL || writes(process, stream))
            end_log(world, process, txn, stream);
    }
    if (process->recorder != NULL) {
        if ((rc = souk_recorder_scan(txn, 1, end_logged, &ending)) != 0)
            cannot(world, process, "scan its log", rc);
    } else {
        end_rows(world, process, txn);
        end_timers(world, process, txn);
        rc = souk_asked_each(txn, end_request, &ending);
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            cannot(world, process, "walk its requests", rc);
        for (i = 0; i < process->node->parked_count; i++) {
            struct check_event event = event_of(&process->node->parked[i].stream, process->node->parked[i].point);

            check_end_parked(world->checker, process->id, &event);
        }
    }
    souk_txn_abort(&txn);
}

static void
end_log(struct sim_world *world, struct sim_process *process, struct souk_txn *txn, uint32_t stream)
{
    struct souk_batch_header header;
    struct souk_position at;
    struct souk_slice batch;
    struct souk_name name;
    struct souk_log log;

    if (souk_name_set(&name, souk_slice_of(sim_streams[stream].name)) != 0
        || souk_log_open(txn, &name, &log) != 0 || souk_log_base(txn, &log, &at) != 0)
        return;
    while (souk_log_after(txn, &log, souk_point_of(&at), &batch) == 0 && souk_batch_peek(batch, &header) == 0) {
        check_end_batch(world->checker, process->id, bytes_of(batch));
        at = souk_batch_end(&header);
    }
}

static int
end_logged(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg)
{
    const struct ending *ending = arg;
    struct check_logged logged = { .log_position = log_position };

    memcpy(logged.hash, header->hash.bytes, sizeof logged.hash);
    check_end_logged(ending->world->checker, ending->process->id, &logged);
    return 0;
}

static void
end_rows(struct sim_world *world, struct sim_process *process, struct souk_txn *txn)
{
    struct souk_error err = { 0 };
    struct souk_slice key, value;
    struct souk_space *space;
    struct souk_scan *scan;
    uint32_t i;
    int rc;

    if ((space = calloc(1, sizeof *space)) == NULL)
        abort();
    if ((rc = souk_space_init(space, process->service, &err)) == 0)
        rc = souk_space_load(space, txn);
    for (i = 0; rc == 0 && i < space->count; i++) {
        if (!space->tables[i].exists)
            continue;
        if ((rc = souk_scan_open(txn, space->tables[i].table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
            break;
        while ((rc = souk_scan_next(scan, &key, &value)) == 0)
            check_end_row(world->checker, process->id, space->tables[i].name, bytes_of(key), bytes_of(value));
        souk_scan_close(&scan);
        if (rc == -SOUK_ENOTFOUND)
            rc = 0;
    }
    if (rc != 0)
        cannot(world, process, "walk its tables", rc);
    free(space);
}

static void
end_timers(struct sim_world *world, struct sim_process *process, struct souk_txn *txn)
{
    struct souk_timer_row row, before;
    struct souk_arena arena;
    struct check_event event;
    bool first = true;

    souk_arena_init(&arena, 0);
    while (souk_timers_due(txn, UINT64_MAX, first ? NULL : &before, &arena, &row) == 0) {
        event = event_of(&row.because.stream, row.because.point);
        check_end_timer(world->checker, process->id, &event, row.because.index, row.due_ms);
        before = row;
        first = false;
    }
    souk_arena_done(&arena);
}

static int
end_request(const struct souk_asked *asked, void *arg)
{
    const struct ending *ending = arg;
    struct check_event event = event_of(&asked->because.stream, asked->because.point);

    check_end_request(ending->world->checker, ending->process->id, &event, asked->because.index);
    return 0;
}

/* ---- file-local ----------------------------------------------------- */

struct check_position
sim_tell_position(uint32_t stream, const struct souk_position *position)
{
    struct check_position told = {
        .stream = sim_streams[stream].name,
        .epoch_counter = position->epoch.counter,
        .number = position->number,
    };

    memcpy(told.epoch_bits, position->epoch.bits, sizeof told.epoch_bits);
    memcpy(told.hash, position->hash.bytes, sizeof told.hash);
    return told;
}

static struct check_event
event_of(const struct souk_name *stream, struct souk_point point)
{
    struct check_event event = {
        .stream = stream->text,
        .epoch_counter = point.epoch.counter,
        .number = point.number,
    };

    memcpy(event.epoch_bits, point.epoch.bits, sizeof event.epoch_bits);
    return event;
}

static struct check_bytes
bytes_of(struct souk_slice slice)
{
    return (struct check_bytes){ slice.base, slice.size_bytes };
}

static bool
writes(const struct sim_process *process, uint32_t stream)
{
    return sim_streams[stream].origin == process->node->index;
}

static void
cannot(struct sim_world *world, const struct sim_process *process, const char *what, int rc)
{
    sim_fail(world, "simulator: of %s/%u it cannot %s: %s", process->node->name.text, process->id, what,
        souk_error_name(rc));
}
