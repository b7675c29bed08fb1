#include "trace.h"

#include "check_commands.h"
#include "check_frames.h"
#include "check_history.h"
#include "check_incarnations.h"
#include "check_state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_open(struct checker *checker, uint64_t now_ms);
static struct model_process *find_process(struct checker *checker, uint32_t number);
static struct model_node *add_node(struct checker *checker, const char *name);
static struct check_bytes keep_text(struct checker *checker, const char *text);
static void stop(struct checker *checker, uint64_t now_ms, uint32_t number);
static void lose(struct checker *checker, struct model_disk *disk, const struct model_contents *contents,
    enum model_why why);

struct checker *
checker_open(void)
{
    struct checker *checker = calloc(1, sizeof *checker);

    assert(checker != NULL);
    check_arena_init(&checker->arena);
    check_arena_init(&checker->scratch);
    checker->epoch_room = 16;
    checker->epochs = check_arena_take(&checker->arena, checker->epoch_room * sizeof *checker->epochs);
    checker->epoch_count = 1;
    return checker;
}

void
checker_close(struct checker **checker_p)
{
    struct checker *checker = *checker_p;

    *checker_p = NULL;
    if (checker == NULL)
        return;
    check_arena_done(&checker->scratch);
    check_arena_done(&checker->arena);
    free(checker);
}

const char *
checker_violation(const struct checker *checker)
{
    return checker->violation;
}

/* A new fact: false once something is violated. */
static bool
is_open(struct checker *checker, uint64_t now_ms)
{
    checker->now_ms = now_ms;
    checker->fact++;
    check_arena_reset(&checker->scratch);
    return checker->violation == NULL;
}

/* ---- the topology ------------------------------------------------------- */

void
check_service(struct checker *checker, const struct check_service *service)
{
    struct model_node *node = add_node(checker, service->name);
    size_t i, j;

    assert(service->stream_count <= CHECK_SERVICE_STREAMS_MAX);
    if (service->application != NULL)
        node->application = keep_text(checker, service->application).base;
    node->trim = service->trim;
    node->recorded_by = service->recorded_by;
    node->trim_by = service->trim_by == 0 ? service->recorded_by : service->trim_by;
    node->heads_ms = service->heads_ms;
    if (service->fingerprint != NULL)
        node->fingerprint = check_arena_copy(&checker->arena, service->fingerprint, CHECK_FINGERPRINT_BYTES);
    node->streams = check_arena_take(&checker->arena, service->stream_count * sizeof *node->streams);
    for (i = 0; i < service->stream_count; i++) {
        struct check_bytes name = keep_text(checker, service->streams[i].name);
        struct model_stream *stream = model_find_stream(checker, name);

        if (stream == NULL) {
            assert(checker->stream_count < MODEL_STREAMS_MAX);
            stream = &checker->streams[checker->stream_count];
            *stream = (struct model_stream){ .name = name, .index = (uint32_t)checker->stream_count++ };
        }
        assert(stream->owner == NULL);
        stream->owner = node;
        stream->is_private = service->streams[i].is_private;
        for (j = node->stream_count++; j > 0 && check_bytes_compare(node->streams[j - 1]->name, name) > 0; j--)
            node->streams[j] = node->streams[j - 1];
        node->streams[j] = stream;
    }
    /* A stream may be followed before its service is told. */
    for (i = 0; i < service->follow_count; i++) {
        struct check_bytes name = keep_text(checker, service->follows[i]);
        struct model_stream *stream = model_find_stream(checker, name);

        if (stream == NULL) {
            assert(checker->stream_count < MODEL_STREAMS_MAX);
            stream = &checker->streams[checker->stream_count];
            *stream = (struct model_stream){ .name = name, .index = (uint32_t)checker->stream_count++ };
        }
        node->follows[stream->index] = true;
    }
}

void
check_event_store(struct checker *checker, const char *name)
{
    struct model_node *node = add_node(checker, name);

    node->is_event_store = true;
    memset(node->follows, 1, MODEL_STREAMS_MAX * sizeof *node->follows);
}

static struct model_node *
add_node(struct checker *checker, const char *name)
{
    struct model_node *node = &checker->nodes[checker->node_count];

    assert(checker->node_count < MODEL_NODES_MAX);
    assert(checker->all_disks == NULL); /* the topology is told first */
    node->index = (uint32_t)checker->node_count++;
    node->name = keep_text(checker, name);
    node->follows = check_arena_take(&checker->arena, MODEL_STREAMS_MAX * sizeof *node->follows);
    node->joined = check_arena_take(&checker->arena, MODEL_STREAMS_MAX * sizeof *node->joined);
    node->declared_lost = check_arena_take(&checker->arena, MODEL_NODES_MAX * sizeof *node->declared_lost);
    return node;
}

static struct check_bytes
keep_text(struct checker *checker, const char *text)
{
    return model_text(check_arena_copy(&checker->arena, text, strlen(text) + 1));
}

void
check_follows(struct checker *checker, uint64_t now_ms, const char *service, const char *stream)
{
    const struct model_stream *joined;
    struct model_node *node;

    if (!is_open(checker, now_ms))
        return;
    node = model_find_node(checker, model_text(service));
    joined = model_find_stream(checker, model_text(stream));
    assert(node != NULL);
    assert(joined != NULL);
    node->follows[joined->index] = node->joined[joined->index] = true;
}

/* ---- processes and disks ------------------------------------------------ */

void
check_started(struct checker *checker, uint64_t now_ms, const char *node, uint32_t process, uint32_t disk)
{
    struct model_process *started;
    size_t i;

    if (!is_open(checker, now_ms))
        return;
    for (i = 0; i < checker->stream_count; i++)
        assert(checker->streams[i].owner != NULL);
    assert(model_process(checker, process) == NULL);
    started = model_add_process(checker, process);
    started->node = model_find_node(checker, model_text(node));
    assert(started->node != NULL);
    started->disk = model_disk(checker, disk);
    started->disk->node = started->node;
    started->is_running = true;
    started->met = check_arena_take(&checker->arena, checker->node_count * sizeof *started->met);
    started->told_void = check_arena_take(&checker->arena, checker->node_count * sizeof *started->told_void);
    started->started_fact = checker->fact;
    started->heads_at_ms = now_ms;
}

void
check_stopped(struct checker *checker, uint64_t now_ms, uint32_t process)
{
    stop(checker, now_ms, process);
}

void
check_crashed(struct checker *checker, uint64_t now_ms, uint32_t process)
{
    stop(checker, now_ms, process);
}

void
check_unsaid(struct checker *checker, uint64_t now_ms, uint32_t number)
{
    struct model_process *process;

    if (is_open(checker, now_ms) && (process = find_process(checker, number)) != NULL)
        incarnations_unsaid(process);
}

static void
stop(struct checker *checker, uint64_t now_ms, uint32_t number)
{
    struct model_process *process;

    if (!is_open(checker, now_ms))
        return;
    if ((process = find_process(checker, number)) != NULL)
        process->is_running = false;
}

/* Told is what a running process does; anything else is a slip of who tells. */
static struct model_process *
find_process(struct checker *checker, uint32_t number)
{
    struct model_process *process = model_process(checker, number);

    if (process != NULL && process->is_running)
        return process;
    model_fail(checker, "trace: process %" PRIu32 " does not run", number);
    return NULL;
}

void
check_host_restarted(struct checker *checker, uint64_t now_ms, uint32_t disk)
{
    /* Whatever is on the disk stays; what the witness would have proved, the chain shows. */
    if (is_open(checker, now_ms))
        model_disk(checker, disk);
}

void
check_copied(struct checker *checker, uint64_t now_ms, uint32_t disk, uint32_t copy)
{
    struct model_disk *from;
    struct model_copy *copied;

    if (!is_open(checker, now_ms))
        return;
    assert(model_copy(checker, copy) == NULL);
    from = model_disk(checker, disk);
    copied = model_add_copy(checker, copy);
    copied->node = from->node;
    model_contents_init(checker, &copied->holds);
    model_contents_copy(checker, &copied->holds, &from->holds);
    if (from->node != NULL && from->node->is_event_store)
        frames_mark_backups(checker, from->node);
}

void
check_copy_dropped(struct checker *checker, uint64_t now_ms, uint32_t copy)
{
    struct model_copy *dropped;

    if (!is_open(checker, now_ms))
        return;
    dropped = model_copy(checker, copy);
    assert(dropped != NULL);
    dropped->is_dropped = true;
    if (dropped->node != NULL && dropped->node->is_event_store)
        frames_mark_backups(checker, dropped->node);
}

void
check_restored(struct checker *checker, uint64_t now_ms, uint32_t disk, uint32_t copy)
{
    const struct model_copy *restored;
    struct model_disk *to;

    if (!is_open(checker, now_ms))
        return;
    restored = model_copy(checker, copy);
    assert(restored != NULL);
    to = model_disk(checker, disk);
    if (to->node == NULL)
        to->node = restored->node;
    lose(checker, to, &restored->holds, MODEL_RESTORED);
}

void
check_wiped(struct checker *checker, uint64_t now_ms, uint32_t disk)
{
    struct model_contents empty;

    if (!is_open(checker, now_ms))
        return;
    model_contents_init(checker, &empty);
    lose(checker, model_disk(checker, disk), &empty, MODEL_WIPED);
}

void
check_set_aside(struct checker *checker, uint64_t now_ms, uint32_t disk)
{
    struct model_contents empty;

    if (!is_open(checker, now_ms))
        return;
    model_contents_init(checker, &empty);
    lose(checker, model_disk(checker, disk), &empty, MODEL_SET_ASIDE);
}

static void
lose(struct checker *checker, struct model_disk *disk, const struct model_contents *contents, enum model_why why)
{
    struct model_loss *loss;
    size_t i;

    for (i = 0; i < checker->stream_count; i++)
        model_move(checker, disk, &checker->streams[i], contents->tips[i], why);
    model_contents_copy(checker, &disk->holds, contents);
    if (why == MODEL_SET_ASIDE)
        return;
    loss = check_arena_take(&checker->arena, sizeof *loss);
    *loss = (struct model_loss){ checker->fact, disk->losses };
    disk->losses = loss;
}

void
check_declared_lost(struct checker *checker, uint64_t now_ms, const char *service, const char *store)
{
    struct model_node *node, *lost;
    size_t i;

    if (!is_open(checker, now_ms))
        return;
    node = model_find_node(checker, model_text(service));
    lost = store == NULL ? NULL : model_find_node(checker, model_text(store));
    assert(node != NULL);
    assert(store == NULL || lost != NULL);
    for (i = 0; i < checker->node_count; i++)
        if (lost == NULL || lost == &checker->nodes[i])
            node->declared_lost[i] = true;
}

/* ---- commits and frames ------------------------------------------------- */

void
check_committed(struct checker *checker, uint64_t now_ms, uint32_t process, const struct check_commit *commit)
{
    struct model_process *committer;

    if (is_open(checker, now_ms) && (committer = find_process(checker, process)) != NULL)
        history_commit(checker, committer, commit);
}

void
check_trimmed(struct checker *checker, uint64_t now_ms, uint32_t process, const char *stream, uint64_t first_held)
{
    struct model_process *trimmer;
    struct model_stream *trimmed;

    if (!is_open(checker, now_ms) || (trimmer = find_process(checker, process)) == NULL)
        return;
    trimmed = model_find_stream(checker, model_text(stream));
    assert(trimmed != NULL);
    history_trim(checker, trimmer, trimmed, first_held);
}

void
check_view(struct checker *checker, uint64_t now_ms, uint32_t process, const char *view,
    const struct check_position *cursors, size_t cursor_count, const uint8_t digest[CHECK_HASH_BYTES])
{
    struct { uint8_t digest[CHECK_HASH_BYTES]; const struct model_process *process; } *told;
    struct model_process *viewer;
    uint8_t parts[3 * CHECK_HASH_BYTES] = { 0 }, key[32];
    size_t i;

    assert(cursor_count > 0);
    if (!is_open(checker, now_ms) || (viewer = find_process(checker, process)) == NULL)
        return;
    parts[0] = (uint8_t)viewer->node->index;
    check_map_key(parts + CHECK_HASH_BYTES, view, strlen(view));
    for (i = 0; i < cursor_count; i++) {
        memcpy(parts + 2 * CHECK_HASH_BYTES, cursors[i].hash, CHECK_HASH_BYTES);
        check_map_key(key, parts, sizeof parts);
        memcpy(parts + CHECK_HASH_BYTES, key, sizeof key);
    }
    check_map_key(key, parts, sizeof parts);
    if ((told = check_map_find(&checker->views, key)) == NULL) {
        told = check_arena_take(&checker->arena, sizeof *told);
        memcpy(told->digest, digest, CHECK_HASH_BYTES);
        told->process = viewer;
        check_map_add(&checker->arena, &checker->views, key, told);
    } else if (memcmp(told->digest, digest, CHECK_HASH_BYTES) != 0) {
        model_fail(checker, "equal digests: view %s of %s differs from that of process %" PRIu32 " at the same cursors "
            "(%s %" PRIu32 ".%" PRIu64 ")", view, model_process_name(checker, viewer), told->process->number,
            cursors[0].stream, cursors[0].epoch_counter, cursors[0].number);
    }
}

void
check_sent(struct checker *checker, uint64_t now_ms, uint32_t process, const char *to,
    const struct check_bytes *frames, size_t frame_count)
{
    struct model_process *sender;

    if (is_open(checker, now_ms) && (sender = find_process(checker, process)) != NULL)
        frames_sent(checker, sender, to, frames, frame_count);
}

void
check_heard(struct checker *checker, uint64_t now_ms, uint32_t process, const struct check_bytes *frames,
    size_t frame_count)
{
    struct model_process *hearer;
    struct check_message message;

    if (!is_open(checker, now_ms) || (hearer = find_process(checker, process)) == NULL || hearer->node->is_event_store
        || check_decode_message(&checker->scratch, frames, frame_count, &message) != NULL)
        return;
    if (message.kind == CHECK_REQUEST)
        commands_heard(checker, hearer, frames[0], &message);
    else
        incarnations_heard(checker, hearer, &message);
}

void
check_asked(struct checker *checker, uint64_t now_ms, const char *service, struct check_bytes frame)
{
    struct check_message message;
    const char *broken;

    if (!is_open(checker, now_ms))
        return;
    broken = check_decode_message(&checker->scratch, &frame, 1, &message);
    if (broken != NULL || message.kind != CHECK_REQUEST)
        model_fail(checker, "trace: a client's request breaks '%s'", broken == NULL ? "kind" : broken);
    else
        commands_asked(checker, NULL, model_find_node(checker, model_text(service)), frame, &message);
}

/* ---- the end ------------------------------------------------------------ */

static void
end(struct checker *checker, uint32_t number, bool takes_commands)
{
    struct model_process *process;

    if (!is_open(checker, checker->now_ms) || (process = find_process(checker, number)) == NULL)
        return;
    if (process->node->end != NULL) {
        model_fail(checker, "one instance: %s and %s both run at the end",
            model_process_name(checker, process->node->end), model_process_name(checker, process));
        return;
    }
    process->node->end = process;
    process->takes_commands = takes_commands;
    process->end_cursors = check_arena_take(&checker->arena, checker->stream_count * sizeof *process->end_cursors);
    process->end_logs = check_arena_take(&checker->arena, checker->stream_count * sizeof *process->end_logs);
    process->has_end_cursor = check_arena_take(&checker->arena,
        checker->stream_count * sizeof *process->has_end_cursor);
}

/* Who has been told of by one of the two that come next; NULL once something is violated. */
static struct model_process *
find_end(struct checker *checker, uint32_t number)
{
    struct model_process *process;

    if (!is_open(checker, checker->now_ms) || (process = find_process(checker, number)) == NULL)
        return NULL;
    assert(process->node->end == process);
    return process;
}

void
check_end_service(struct checker *checker, uint32_t process, bool takes_commands)
{
    end(checker, process, takes_commands);
}

void
check_end_event_store(struct checker *checker, uint32_t process)
{
    end(checker, process, false);
}

void
check_end_cursor(struct checker *checker, uint32_t process, const struct check_position *cursor)
{
    struct model_process *ended = find_end(checker, process);
    const struct model_stream *stream;

    if (ended == NULL)
        return;
    stream = model_find_stream(checker, model_text(cursor->stream));
    if (stream == NULL || model_find_position(checker, cursor, &ended->end_cursors[stream->index]) != 0)
        model_fail(checker, "chain: %s ends at %s %" PRIu32 ".%" PRIu64 ", which nobody has committed",
            model_process_name(checker, ended), cursor->stream, cursor->epoch_counter, cursor->number);
    else
        ended->has_end_cursor[stream->index] = true;
}

void
check_end_batch(struct checker *checker, uint32_t process, struct check_bytes batch)
{
    struct model_process *ended = find_end(checker, process);

    if (ended != NULL)
        history_end_batch(checker, ended, batch);
}

void
check_end_logged(struct checker *checker, uint32_t process, const struct check_logged *logged)
{
    struct model_process *ended = find_end(checker, process);

    if (ended != NULL)
        history_end_logged(checker, ended, logged);
}

void
check_end_row(struct checker *checker, uint32_t process, const char *table, struct check_bytes key,
    struct check_bytes value)
{
    struct model_process *ended = find_end(checker, process);

    if (ended != NULL)
        state_end_row(checker, ended, table, key, value);
}

void
check_end_timer(struct checker *checker, uint32_t process, const struct check_event *event, uint32_t index,
    uint64_t due_ms)
{
    struct model_process *ended = find_end(checker, process);

    (void)index;
    (void)due_ms;                       /* by the node's own clock, which jumps */
    if (ended != NULL)
        state_end_open(checker, ended, event, false);
}

void
check_end_request(struct checker *checker, uint32_t process, const struct check_event *event, uint32_t index)
{
    struct model_process *ended = find_end(checker, process);

    (void)index;
    if (ended != NULL)
        state_end_open(checker, ended, event, true);
}

void
check_end_parked(struct checker *checker, uint32_t process, const struct check_event *event)
{
    struct model_process *ended = find_end(checker, process);
    const struct model_stream *stream;
    struct model_event *parked;

    if (ended == NULL)
        return;
    stream = model_find_stream(checker, model_text(event->stream));
    parked = stream == NULL ? NULL : model_find_event(checker, stream,
        model_epoch(checker, event->epoch_counter, event->epoch_bits), event->number);
    if (parked == NULL) {
        model_fail(checker, "parked: %s has parked %s %" PRIu32 ".%" PRIu64 ", which is no event",
            model_process_name(checker, ended), event->stream, event->epoch_counter, event->number);
        return;
    }
    ended->parked = check_arena_grow(&checker->arena, ended->parked, ended->parked_count, &ended->parked_room,
        sizeof(struct model_event *));
    ended->parked[ended->parked_count++] = parked;
}

int
checker_finish(struct checker *checker, uint64_t now_ms, const char **text_out)
{
    if (is_open(checker, now_ms) && history_finish(checker) == 0 && commands_finish(checker) == 0)
        state_finish(checker);
    if (checker->violation == NULL)
        return 0;
    *text_out = checker->violation;
    return -1;
}
