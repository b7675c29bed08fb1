#include "souk_finder_parts.h"

#include <string.h>

#include "souk_verify.h"

#define LIMIT_MAX 100                   /* as described */
#define TERMS_MAX 4
#define PAYLOAD_SHOWN_BYTES_MAX 60000   /* as described */

/* One search: what is wanted, where it may lie, what was found. */
struct search {
    const struct eventstore_find *asked;
    struct souk_name stream;
    struct finder_term terms[TERMS_MAX];        /* a batch has to have the rows of all of them */
    uint32_t term_count;
    uint64_t low, high;                         /* log positions */
    uint32_t index;                             /* where it goes on in the batch that it begins with */
    struct found_event *events;
    uint32_t count;
    bool has_next;
    uint64_t next_position;
    uint32_t next_index;
};

/* Bounds of a time over all streams. */
struct bounds {
    const struct eventstore_find *asked;
    uint64_t low, high;
};

/* Where all streams stand. */
struct vector {
    const struct eventstore_place *asked;
    struct eventstore_place_reply reply;
    struct stream_cursor *cursors;
    bool damaged;
};

static int begin_search(struct finder_look *look, struct search *search, struct finder_said *said);
static int bound_by_time(struct finder_look *look, struct search *search);
static int widen(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream,
    void *arg);
static int search_forwards(struct finder_look *look, struct search *search);
static int search_backwards(struct finder_look *look, struct search *search);
static int next_batch(struct finder_look *look, const struct search *search, uint64_t from, bool backwards,
    uint64_t *position_out);
static bool is_wanted(const struct search *search, const struct finder_found *found);
static int check_stream(struct finder_look *look, struct souk_slice name, struct souk_name *stream_out,
    struct finder_said *said);
static int add_place(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream,
    void *arg);
static int continue_at(struct finder_look *look, struct souk_verify *verify, const struct verify_place *place,
    struct finder_said *said);
static struct verify_place place_now(struct finder_look *look, const struct souk_verify *verify);
static int add_stream(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream,
    void *arg);

/* ---- what the answers share ----------------------------------------- */

int
finder_say(struct finder_said *said, const struct souk_message_type *reply, const void *message)
{
    int rc = reply->encode(message, &said->payload);

    said->reply = reply;
    return rc != 0 ? rc : said->payload.rc;
}

int
finder_refuse(struct finder_said *said, const char *code)
{
    said->refusal = code;
    return 0;
}

struct souk_slice
finder_incarnation(const struct finder_look *look)
{
    return (struct souk_slice){ look->finder->status.incarnation, sizeof look->finder->status.incarnation };
}

/* A stream that the topology names, or of which something was recorded before it did not any more. */
static int
check_stream(struct finder_look *look, struct souk_slice name, struct souk_name *stream_out, struct finder_said *said)
{
    struct finder_stream stream;
    int rc;

    if (souk_name_set(stream_out, name) != 0)
        return finder_refuse(said, EVENTSTORE_UNKNOWN_STREAM);
    if (finder_is_wired(look->finder, stream_out))
        return 0;
    rc = finder_stream_get(look, stream_out, &stream);
    return rc == -SOUK_ENOTFOUND ? finder_refuse(said, EVENTSTORE_UNKNOWN_STREAM) : rc;
}

int
finder_find_one(struct finder_look *look, struct souk_slice stream, uint64_t number, uint32_t epoch,
    struct finder_found *found_out, struct finder_said *said)
{
    struct souk_name name;
    int rc;

    if ((rc = check_stream(look, stream, &name, said)) != 0 || said->refusal != NULL)
        return rc;
    rc = number == 0 ? -SOUK_ENOTFOUND : finder_event(look, &name, number, found_out);
    if (rc == -SOUK_EDAMAGED)
        return finder_refuse(said, EVENTSTORE_DAMAGED);
    if (rc == -SOUK_ENOTFOUND || (rc == 0 && epoch != 0 && found_out->header.epoch.counter != epoch))
        return finder_refuse(said, EVENTSTORE_UNKNOWN_EVENT);
    return rc;
}

/* ---- find ----------------------------------------------------------- */

int
finder_answer_find(struct finder_look *look, const void *query, struct finder_said *said)
{
    struct search search = { .asked = query };
    struct eventstore_find_reply reply = { .behind = look->finder->status.behind,
        .incarnation = finder_incarnation(look) };
    int rc;

    if ((search.events = souk_arena_alloc(look->arena, LIMIT_MAX * sizeof *search.events)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = begin_search(look, &search, said)) != 0 || said->refusal != NULL)
        return rc;
    rc = search.asked->latest_first ? search_backwards(look, &search) : search_forwards(look, &search);
    if (rc != 0)
        return rc;
    reply.events = search.events;
    reply.events_count = search.count;
    if ((reply.has_next = search.has_next))
        reply.next = (struct log_place){ .incarnation = reply.incarnation, .log_position = search.next_position,
            .index = search.next_index };
    return finder_say(said, &eventstore_find_reply_type, &reply);
}

static int
begin_search(struct finder_look *look, struct search *search, struct finder_said *said)
{
    const struct eventstore_find *asked = search->asked;
    int rc;

    if (asked->has_stream && ((rc = check_stream(look, asked->stream, &search->stream, said)) != 0
        || said->refusal != NULL))
        return rc;
    if (asked->has_next && !souk_slice_equal(asked->next.incarnation, finder_incarnation(look)))
        return finder_refuse(said, EVENTSTORE_OTHER_INCARNATION);
    if (asked->has_correlation_id)
        search->terms[search->term_count++] = finder_term_id(FINDER_CORRELATION, &asked->correlation_id);
    if (asked->has_key)
        search->terms[search->term_count++] = finder_term(FINDER_KEY, asked->key);
    if (asked->has_type)
        search->terms[search->term_count++] = finder_term(FINDER_TYPE, asked->type);
    if (asked->has_stream)
        search->terms[search->term_count++] = finder_term(FINDER_STREAM, asked->stream);
    if (search->term_count == 0)
        search->terms[search->term_count++].kind = FINDER_ALL;
    if ((rc = bound_by_time(look, search)) != 0)
        return rc;
    search->index = asked->latest_first ? UINT32_MAX : 0;
    if (asked->has_next && asked->latest_first && asked->next.log_position <= search->high) {
        search->high = asked->next.log_position;
        search->index = asked->next.index;
    } else if (asked->has_next && !asked->latest_first && asked->next.log_position >= search->low) {
        search->low = asked->next.log_position;
        search->index = asked->next.index;
    }
    return 0;
}

static int
bound_by_time(struct finder_look *look, struct search *search)
{
    const struct eventstore_find *asked = search->asked;
    struct bounds bounds = { .asked = asked, .low = asked->has_from_ms ? look->last + 1 : 1,
        .high = asked->has_to_ms ? 0 : look->last };
    int rc;

    if (asked->has_stream)
        rc = widen(look, &search->stream, NULL, &bounds);
    else
        rc = finder_streams_each(look, widen, &bounds);
    search->low = bounds.low;
    search->high = bounds.high;
    return rc;
}

static int
widen(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg)
{
    struct bounds *bounds = arg;
    struct finder_batch_row row;
    uint64_t position;
    int rc;

    if (bounds->asked->has_from_ms) {
        if ((rc = finder_time_position(look, name, bounds->asked->from_ms, &position)) != 0)
            return rc;
        rc = finder_stream_next(look, name, position, &row);
        if (rc == 0 && row.log_position < bounds->low)
            bounds->low = row.log_position;     /* a stream that has nothing as late is no reason to begin early */
        else if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
    }
    if (bounds->asked->has_to_ms) {
        if ((rc = finder_time_position(look, name, bounds->asked->to_ms, &position)) != 0)
            return rc;
        if (position - 1 > bounds->high)
            bounds->high = position - 1;
    }
    return 0;
}

static bool
is_wanted(const struct search *search, const struct finder_found *found)
{
    const struct eventstore_find *asked = search->asked;
    const struct souk_event *event = &found->event;

    return (!asked->has_stream || strcmp(found->header.stream.text, search->stream.text) == 0)
        && (!asked->has_key || souk_slice_equal(event->key, asked->key))
        && (!asked->has_type || souk_slice_equal(event->type, asked->type))
        && (!asked->has_correlation_id
            || memcmp(&event->correlation, &asked->correlation_id, sizeof event->correlation) == 0)
        && (!asked->has_from_ms || event->time_ms >= asked->from_ms)
        && (!asked->has_to_ms || event->time_ms < asked->to_ms);
}

/*
 * The next batch that has the rows of all terms: from what one has, leap to
 * what the others have. When nothing may be looked at any more: where it goes on.
 */
static int
next_batch(struct finder_look *look, const struct search *search, uint64_t from, bool backwards,
    uint64_t *position_out)
{
    uint32_t agreed = 0;
    uint64_t position = from;
    int rc;

    for (uint32_t i = 0; agreed < search->term_count && look->left != 0; i = (i + 1) % search->term_count) {
        if ((rc = finder_next(look, &search->terms[i], from, backwards, &position)) != 0)
            return rc;
        agreed = agreed != 0 && position == from ? agreed + 1 : 1;
        from = position;
        look->left--;
    }
    *position_out = position;
    return 0;
}

static int
search_forwards(struct finder_look *look, struct search *search)
{
    uint64_t position = search->low;
    struct finder_batch batch;
    int rc;

    while ((rc = next_batch(look, search, position, false, &position)) == 0 && position <= search->high) {
        const uint32_t from = position == search->low ? search->index : 0;

        if (look->left == 0) {
            search->has_next = true;
            search->next_position = position;
            search->next_index = from;
            return 0;
        }
        rc = finder_batch_open(look, position, &batch);
        while (rc == 0 && (rc = finder_batch_next(look, &batch)) == 0) {
            if (batch.found.index < from || !is_wanted(search, &batch.found))
                continue;
            if (search->count == search->asked->limit) {
                search->has_next = true;
                search->next_position = position;
                search->next_index = batch.found.index;
                return 0;
            }
            search->events[search->count++] = finder_describe(look, &batch.found);
        }
        if (rc != -SOUK_ENOTFOUND)
            return rc;
        position++;
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Of each batch the last ones that there is room for, turned round. */
static int
search_backwards(struct finder_look *look, struct search *search)
{
    uint64_t position = search->high;
    struct found_event *latest;
    struct finder_batch batch;
    uint32_t *indexes;
    int rc;

    latest = souk_arena_alloc(look->arena, LIMIT_MAX * sizeof *latest);
    indexes = souk_arena_alloc(look->arena, LIMIT_MAX * sizeof *indexes);
    if (latest == NULL || indexes == NULL)
        return -SOUK_ENOMEM;
    while ((rc = next_batch(look, search, position, true, &position)) == 0 && position >= search->low) {
        const uint32_t below = position == search->high ? search->index : UINT32_MAX;
        const uint32_t room = search->asked->limit - search->count;
        uint32_t wanted = 0;

        if (look->left == 0 || room == 0) {
            search->has_next = true;
            search->next_position = position;
            search->next_index = below;
            return 0;
        }
        rc = finder_batch_open(look, position, &batch);
        while (rc == 0 && (rc = finder_batch_next(look, &batch)) == 0) {
            if (batch.found.index >= below || !is_wanted(search, &batch.found))
                continue;
            indexes[wanted % room] = batch.found.index;
            latest[wanted++ % room] = finder_describe(look, &batch.found);
        }
        if (rc != -SOUK_ENOTFOUND)
            return rc;
        for (uint32_t i = 0; i < room && i < wanted; i++)
            search->events[search->count++] = latest[(wanted - 1 - i) % room];
        if (wanted > room) {
            search->has_next = true;
            search->next_position = position;
            search->next_index = indexes[wanted % room];
            return 0;
        }
        position--;
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- event ---------------------------------------------------------- */

int
finder_answer_event(struct finder_look *look, const void *query, struct finder_said *said)
{
    const struct eventstore_event *asked = query;
    struct eventstore_event_reply reply = { .incarnation = finder_incarnation(look) };
    struct finder_found found;
    int rc;

    if ((rc = finder_find_one(look, asked->stream, asked->number, asked->epoch, &found, said)) != 0
        || said->refusal != NULL)
        return rc;
    reply.event = finder_describe(look, &found);
    if (!reply.event.is_private && found.event.payload.size_bytes <= PAYLOAD_SHOWN_BYTES_MAX) {
        reply.has_payload = true;
        reply.payload = found.event.payload;
    }
    return finder_say(said, &eventstore_event_reply_type, &reply);
}

/* ---- place ---------------------------------------------------------- */

int
finder_answer_place(struct finder_look *look, const void *query, struct finder_said *said)
{
    const struct souk_slice incarnation = finder_incarnation(look);
    struct vector vector = { .asked = query, .reply.incarnation = incarnation };
    int rc;

    if (vector.asked->incarnation.size_bytes != 0 && !souk_slice_equal(vector.asked->incarnation, incarnation))
        return finder_refuse(said, EVENTSTORE_OTHER_INCARNATION);
    if ((vector.cursors = souk_arena_alloc(look->arena, SOUK_STREAMS_MAX * sizeof *vector.cursors)) == NULL)
        return -SOUK_ENOMEM;
    if ((rc = finder_streams_each(look, add_place, &vector)) != 0)
        return rc;
    if (vector.damaged)
        return finder_refuse(said, EVENTSTORE_DAMAGED);
    vector.reply.cursors = vector.cursors;
    return finder_say(said, &eventstore_place_reply_type, &vector.reply);
}

static int
add_place(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg)
{
    struct vector *vector = arg;
    const struct eventstore_place *asked = vector->asked;
    struct stream_cursor *cursor = &vector->cursors[vector->reply.cursors_count];
    uint64_t below = look->last + 1, by_time;
    struct souk_batch_header header;
    struct finder_batch_row row;
    struct souk_position end;
    struct souk_slice batch;
    int rc;

    if (vector->reply.cursors_count == SOUK_STREAMS_MAX)
        return 0;
    if (asked->has_log_position && asked->log_position < look->last)
        below = asked->log_position + 1;
    if (asked->has_at_ms) {
        if ((rc = finder_time_position(look, name, asked->at_ms, &by_time)) != 0)
            return rc;
        below = by_time < below ? by_time : below;
    }
    if ((rc = finder_stream_below(look, name, below, &row)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    rc = souk_positions_batch(look->log, row.log_position, &header, &batch);
    if (rc == -SOUK_EDAMAGED || rc == -SOUK_ENOTFOUND) {
        vector->damaged = true;
        return 0;
    }
    if (rc != 0)
        return rc;
    end = souk_batch_end(&header);
    cursor->stream = souk_arena_copy(look->arena, souk_name_slice(name));
    cursor->epoch = end.epoch.counter;
    cursor->epoch_bits = souk_arena_copy(look->arena, (struct souk_slice){ end.epoch.bits, sizeof end.epoch.bits });
    cursor->number = end.number;
    cursor->hash = souk_arena_copy(look->arena, (struct souk_slice){ end.hash.bytes, sizeof end.hash.bytes });
    vector->reply.cursors_count++;
    if (row.log_position > vector->reply.log_position)
        vector->reply.log_position = row.log_position;
    return 0;
}

/* ---- verify --------------------------------------------------------- */

int
finder_answer_verify(struct finder_look *look, const void *query, struct finder_said *said)
{
    const struct eventstore_verify *asked = query;
    struct eventstore_verify_reply reply = { .batches = 0 };
    struct souk_verify verify = { .stream.text = "" };
    int rc = 0;

    if (asked->has_stream && ((rc = check_stream(look, asked->stream, &verify.stream, said)) != 0
        || said->refusal != NULL))
        return rc;
    if (asked->has_next)
        rc = continue_at(look, &verify, &asked->next, said);
    else if (!asked->has_stream)
        rc = souk_verify_next_stream(look->log, &verify);
    if (rc != 0 || said->refusal != NULL)
        return rc;
    while (verify.stream.text[0] != '\0') {
        if ((rc = souk_verify_stream(look->log, &verify, SOUK_FINDER_VERIFY_BYTES_MAX, &reply.has_next)) != 0)
            return rc;
        if (verify.fault[0] != '\0' || reply.has_next || asked->has_stream)
            break;
        if ((rc = souk_verify_next_stream(look->log, &verify)) != 0)
            return rc;
    }
    if (reply.has_next)
        reply.next = place_now(look, &verify);
    if ((reply.has_fault_at = verify.fault[0] != '\0'))
        reply.fault_at = place_now(look, &verify);
    reply.fault = souk_slice_of(verify.fault);
    reply.batches = verify.batches;
    reply.events = verify.events;
    reply.bytes = verify.bytes;
    return finder_say(said, &eventstore_verify_reply_type, &reply);
}

static int
continue_at(struct finder_look *look, struct souk_verify *verify, const struct verify_place *place,
    struct finder_said *said)
{
    struct souk_batch_header header;
    struct souk_slice batch;
    struct souk_log log;
    int rc;

    if ((rc = check_stream(look, place->stream, &verify->stream, said)) != 0 || said->refusal != NULL)
        return rc;
    if (place->epoch == 0 && place->number == 0)
        return 0;                               /* before its first batch */
    if ((rc = souk_log_open(look->log, &verify->stream, &log)) != 0)
        return rc;
    rc = souk_log_at(look->log, &log, (struct souk_point){ .epoch.counter = place->epoch, .number = place->number },
        &batch);
    if (rc == -SOUK_ENOTFOUND || (rc == 0 && souk_batch_read(batch, &header) != 0))
        return finder_refuse(said, EVENTSTORE_UNKNOWN_EVENT);
    if (rc == 0)
        verify->position = souk_batch_end(&header);
    return rc;
}

static struct verify_place
place_now(struct finder_look *look, const struct souk_verify *verify)
{
    return (struct verify_place){ .stream = souk_arena_copy(look->arena, souk_name_slice(&verify->stream)),
        .epoch = verify->position.epoch.counter, .number = verify->position.number };
}

/* ---- statistics ----------------------------------------------------- */

int
finder_answer_statistics(struct finder_look *look, const void *query, struct finder_said *said)
{
    const struct souk_finder_status *status = &look->finder->status;
    struct eventstore_statistics_reply reply = { .incarnation = { status->incarnation, sizeof status->incarnation },
        .log_position = status->log_position, .behind = status->behind, .batches = status->batches,
        .events = status->events, .damaged = status->damaged, .fillings = status->fillings };
    struct souk_store_room room;
    struct stream_count *streams;
    int rc;

    if ((streams = souk_arena_alloc(look->arena, SOUK_STREAMS_MAX * sizeof *streams)) == NULL)
        return -SOUK_ENOMEM;
    reply.streams = streams;
    if ((rc = finder_streams_each(look, add_stream, &reply)) != 0
        || (rc = souk_store_room(look->finder->index, &room)) != 0)
        return rc;
    reply.index_bytes = room.bytes_used;
    return finder_say(said, &eventstore_statistics_reply_type, &reply);
}

static int
add_stream(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg)
{
    struct eventstore_statistics_reply *reply = arg;
    struct stream_count *counts = (struct stream_count *)(uintptr_t)reply->streams;

    if (reply->streams_count < SOUK_STREAMS_MAX)
        counts[reply->streams_count++] = (struct stream_count){ .stream = souk_arena_copy(look->arena,
            souk_name_slice(name)), .epoch = stream->point.epoch.counter, .number = stream->point.number,
            .batches = stream->batches, .events = stream->events, .time_ms = stream->time_ms };
    return 0;
}
