#include "souk_cli_where.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "eventstore.h"

/* Where an event lies in the log of the event store that has told it. */
struct located {
    uint64_t log_position;
    uint8_t incarnation[SOUK_INCARNATION_BYTES];
};

static int ask_place(struct souk_cli_store *store, const struct eventstore_place *query,
    struct souk_cli_vector *vector_out);
static int ask_up_to(struct souk_cli_store *store, const struct located *located, uint64_t log_position,
    struct souk_cli_vector *vector_out);
static int locate(struct souk_cli_store *store, const struct souk_cli_place *event, const char **refusal_out,
    struct located *located_out);
static int unknown(const struct souk_cli_store *store, const struct souk_cli_place *event, const char *refusal);
static int ask_event(struct souk_cli_store *store, const struct souk_cli_place *event,
    struct souk_cli_vector *vector_out);
static int ask_cursor(struct souk_cli_store *store, const struct souk_cause *cursor,
    struct souk_cli_reached *reached_out);
static struct souk_cli_reached *find(struct souk_cli_vector *vector, const struct souk_name *stream);

int
souk_cli_where_parse(const char *text, uint64_t now_ms, struct souk_cli_where *where_out)
{
    struct souk_cli_where where = { .time_ms = 0 };
    int rc;

    if (strchr(text, '=') != NULL) {
        where.kind = SOUK_CLI_AT_CURSORS;
        rc = souk_seen_parse(souk_slice_of(text), &where.cursors);
    } else if (strchr(text, '/') != NULL) {
        where.kind = SOUK_CLI_AT_EVENT;
        rc = souk_cli_place_parse(text, &where.event);
    } else if (text[0] >= 'a' && text[0] <= 'z') {
        where.kind = SOUK_CLI_AT_LOG_POSITION;
        rc = souk_log_position_parse(text, &where.position);
    } else {
        where.kind = SOUK_CLI_AT_TIME;
        rc = souk_cli_time_parse(text, now_ms, &where.time_ms);
    }
    if (rc != 0)
        return -SOUK_EINVAL;
    *where_out = where;
    return 0;
}

int
souk_cli_where_ask(struct souk_cli_store *store, const struct souk_cli_where *where,
    struct souk_cli_vector *vector_out)
{
    const struct eventstore_place at_time = { .has_at_ms = true, .at_ms = where->time_ms };
    struct located located = { .log_position = where->position.number };
    int status = 0;
    uint32_t i;

    vector_out->count = 0;
    switch (where->kind) {
    case SOUK_CLI_AT_TIME:
        return ask_place(store, &at_time, vector_out);
    case SOUK_CLI_AT_LOG_POSITION:
        if ((status = souk_cli_where_log(store, &where->position, located.incarnation)) != 0)
            return status;
        return ask_up_to(store, &located, located.log_position - 1, vector_out);
    case SOUK_CLI_AT_EVENT:
        return ask_event(store, &where->event, vector_out);
    case SOUK_CLI_AT_CURSORS:
        for (i = 0; i < where->cursors.count && status == 0; i++) {
            if (find(vector_out, &where->cursors.cursors[i].stream) == NULL)
                status = ask_cursor(store, &where->cursors.cursors[i], &vector_out->streams[vector_out->count++]);
        }
        break;
    }
    return status;
}

const struct souk_cli_reached *
souk_cli_vector_find(const struct souk_cli_vector *vector, const struct souk_name *stream)
{
    size_t i;

    for (i = 0; i < vector->count; i++) {
        if (strcmp(vector->streams[i].stream.text, stream->text) == 0)
            return &vector->streams[i];
    }
    return NULL;
}

int
souk_cli_where_log(struct souk_cli_store *store, const struct souk_log_position *position,
    uint8_t incarnation_out[SOUK_INCARNATION_BYTES])
{
    const struct souk_topology_node *node = souk_topology_node(store->system.topology, position->store.text);
    const struct eventstore_statistics query = { 0 };
    struct eventstore_statistics_reply reply;
    char text[SOUK_LOG_POSITION_BYTES + 1];
    int status;

    if (node == NULL || node->kind != SOUK_NODE_EVENT_STORE) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "%s has no event store `%s`", store->system.topology->name.text,
            position->store.text);
        return EX_DATAERR;
    }
    if (store->wanted != NULL && strcmp(store->wanted, node->name.text) != 0) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "a position in the log of `%s` says nothing to `%s`", node->name.text,
            store->wanted);
        return EX_USAGE;
    }
    store->wanted = node->name.text;
    store->node = node;
    if ((status = souk_cli_store_ask(store, &eventstore_statistics_type, &query, &reply, NULL)) != 0)
        return status;
    if (reply.incarnation.size_bytes != SOUK_INCARNATION_BYTES) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "`%s` does not say which incarnation it is", node->name.text);
        return EX_PROTOCOL;
    }
    memcpy(incarnation_out, reply.incarnation.base, SOUK_INCARNATION_BYTES);
    souk_log_position_format(souk_name_slice(&node->name), incarnation_out, reply.log_position, text);
    if (!souk_log_position_is_of(position, incarnation_out)) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "`%s` has given its log positions anew since; the last one is %s now."
            " A time, an event or a cursor means what it did", node->name.text, text);
        return EX_DATAERR;
    }
    if (position->number - 1 > reply.log_position) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "the log of `%s` has not come to position %" PRIu64
            ": the last one is %s", node->name.text, position->number, text);
        return EX_DATAERR;
    }
    return 0;
}

/* ---- vectors -------------------------------------------------------- */

static int
ask_place(struct souk_cli_store *store, const struct eventstore_place *query, struct souk_cli_vector *vector_out)
{
    struct eventstore_place_reply reply;
    struct souk_cli_reached *reached;
    int status;
    uint32_t i;

    vector_out->count = 0;
    if ((status = souk_cli_store_ask(store, &eventstore_place_type, query, &reply, NULL)) != 0)
        return status == 1 ? EX_DATAERR : status;
    for (i = 0; i < reply.cursors_count && i < SOUK_STREAMS_MAX; i++) {
        const struct stream_cursor *cursor = &reply.cursors[i];

        reached = &vector_out->streams[vector_out->count];
        *reached = (struct souk_cli_reached){ .number = cursor->number };
        if (souk_name_set(&reached->stream, cursor->stream) != 0
            || cursor->epoch_bits.size_bytes != sizeof reached->position.epoch.bits
            || cursor->hash.size_bytes != sizeof reached->position.hash.bytes) {
            souk_cli_say(store->cli, SOUK_CLI_RED, "`%s` has told a cursor that is none", store->node->name.text);
            return EX_PROTOCOL;
        }
        reached->position.epoch.counter = cursor->epoch;
        reached->position.number = cursor->number;
        memcpy(reached->position.epoch.bits, cursor->epoch_bits.base, sizeof reached->position.epoch.bits);
        memcpy(reached->position.hash.bytes, cursor->hash.base, sizeof reached->position.hash.bytes);
        vector_out->count++;
    }
    return 0;
}

static int
ask_up_to(struct souk_cli_store *store, const struct located *located, uint64_t log_position,
    struct souk_cli_vector *vector_out)
{
    const struct eventstore_place query = { .has_log_position = true, .log_position = log_position,
        .incarnation = { located->incarnation, sizeof located->incarnation } };

    return ask_place(store, &query, vector_out);
}

/* 0; 1: refused; else an exit status, and what is wrong has been said. */
static int
locate(struct souk_cli_store *store, const struct souk_cli_place *event, const char **refusal_out,
    struct located *located_out)
{
    const struct eventstore_event query = { .stream = souk_name_slice(&event->stream), .number = event->number,
        .epoch = event->counter };
    struct eventstore_event_reply reply;
    int status;

    *refusal_out = NULL;
    status = souk_cli_store_ask(store, &eventstore_event_type, &query, &reply, refusal_out);
    if (status != 0)
        return status;
    if (reply.event.log_position == 0 || reply.incarnation.size_bytes != sizeof located_out->incarnation) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "`%s` does not say where %s/%" PRIu64 " is in its log",
            store->node->name.text, event->stream.text, event->number);
        return EX_PROTOCOL;
    }
    located_out->log_position = reply.event.log_position;
    memcpy(located_out->incarnation, reply.incarnation.base, sizeof located_out->incarnation);
    return 0;
}

static int
unknown(const struct souk_cli_store *store, const struct souk_cli_place *event, const char *refusal)
{
    souk_cli_say(store->cli, SOUK_CLI_RED, "%s/%" PRIu64 ": %s", event->stream.text, event->number,
        refusal == NULL ? "refused" : refusal);
    return EX_DATAERR;
}

/* Up to the batch that it is in, and of its own stream what stands before it in that batch. */
static int
ask_event(struct souk_cli_store *store, const struct souk_cli_place *event, struct souk_cli_vector *vector_out)
{
    struct souk_cli_reached *reached;
    struct located located;
    const char *refusal;
    int status;

    if ((status = locate(store, event, &refusal, &located)) != 0)
        return status == 1 ? unknown(store, event, refusal) : status;
    if ((status = ask_up_to(store, &located, located.log_position - 1, vector_out)) != 0)
        return status;
    if ((reached = find(vector_out, &event->stream)) == NULL && vector_out->count < SOUK_STREAMS_MAX) {
        reached = &vector_out->streams[vector_out->count++];
        *reached = (struct souk_cli_reached){ .stream = event->stream };
    }
    if (reached != NULL)
        reached->number = event->number - 1;
    return 0;
}

/* A cursor may end within a batch: it is then reached by the batch before, and what that batch has up to it. */
static int
ask_cursor(struct souk_cli_store *store, const struct souk_cause *cursor, struct souk_cli_reached *reached_out)
{
    const struct souk_cli_place event = { .stream = cursor->stream, .counter = cursor->point.epoch.counter,
        .number = cursor->point.number };
    const struct souk_cli_reached *reached;
    struct souk_cli_vector vector;
    struct located located;
    const char *refusal;
    int status;

    *reached_out = (struct souk_cli_reached){ .stream = cursor->stream, .number = cursor->point.number };
    if (cursor->point.number == 0)
        return 0;
    if ((status = locate(store, &event, &refusal, &located)) == 1) {
        store->seen_count = 1;                  /* it may only just have been told */
        store->seen[0] = *cursor;
        status = locate(store, &event, &refusal, &located);
        store->seen_count = 0;
    }
    if (status == 1)
        return unknown(store, &event, refusal);
    if (status != 0 || (status = ask_up_to(store, &located, located.log_position, &vector)) != 0)
        return status;
    reached = souk_cli_vector_find(&vector, &cursor->stream);
    if (reached == NULL || !souk_epoch_equal(reached->position.epoch, cursor->point.epoch)) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "stream `%s` has lost what that cursor has reached",
            cursor->stream.text);
        return EX_DATAERR;
    }
    if (reached->position.number > cursor->point.number) {
        if ((status = ask_up_to(store, &located, located.log_position - 1, &vector)) != 0)
            return status;
        reached = souk_cli_vector_find(&vector, &cursor->stream);
    }
    if (reached != NULL)
        reached_out->position = reached->position;
    return 0;
}

static struct souk_cli_reached *
find(struct souk_cli_vector *vector, const struct souk_name *stream)
{
    return (struct souk_cli_reached *)(uintptr_t)souk_cli_vector_find(vector, stream);
}
