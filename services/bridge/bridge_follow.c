/*
 * Following the streams of which browsers are told events, as any client of
 * libsouk does: what is published is a hint, and what is missing is pulled. With
 * nothing on disk a bridge begins a while back, at a place that an event store
 * knows, so that browsers that were there before its start go on where they were.
 */
#include "bridge.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eventstore.h"
#include "souk_batch.h"

#define PLACE_MS 5000                   /* an event store that has not said the place is passed over */
#define PULL_US 2000000                 /* a holder that has not answered is passed over */
#define IDLE_US 5000000                 /* a stream that was silent so long is asked for */
#define PAUSE_US 100000                 /* between two looks at one that is not to be had */
#define CREDIT_BYTES (256 * 1024)
#define HEAD_CREDIT_BYTES 1             /* when only the head is wanted */
#define EPOCHS_KEPT 8

struct followed {
    const struct souk_topology_stream *stream;
    struct souk_position cursor;
    bool is_known;                              /* where it begins is */
    bool is_behind;
    struct souk_position hint;                  /* what was published last and could not be taken */
    uint64_t heard_us;                          /* steady; when it was up to date last */
    uint64_t not_before_us;
    uint64_t request, until_us;                 /* of the pull under way; 0: none is */
    size_t holder;                              /* 0: its writer; else an event store */
    size_t tries;                               /* holders that did not have what follows, one after the other */
    struct past {                               /* epochs, the latest last, and what there was before each */
        struct souk_epoch epoch;
        uint64_t base;
    } pasts[EPOCHS_KEPT];
    size_t past_count;
};

struct bridge_follow {
    bool is_placed;                             /* where streams begin is known, or not to be known */
    size_t store;                               /* that is asked, or will be */
    size_t store_count;
    const struct souk_topology_node *stores[SOUK_STORES_MAX];
    size_t count;
    struct followed streams[SOUK_ROUTE_STREAMS_MAX];
};

static void add_stream(struct bridge_follow *follow, const struct souk_topology_stream *stream);
static void add_stores(const struct bridge *bridge, struct bridge_follow *follow);
static void ask_place(struct bridge *bridge);
static void hear_place(struct bridge *bridge, struct bridge_ask *ask, const struct souk_client_answer *answer);
static bool take_place(struct bridge *bridge, const struct souk_wire_reply *reply);
static void begin(struct bridge *bridge, struct followed *followed, const struct souk_position *position);
static void pull(struct bridge *bridge, struct followed *followed, uint64_t now_us);
static void go_elsewhere(struct bridge *bridge, struct followed *followed, uint64_t now_us);
static void hear_heads(struct bridge_follow *follow, struct souk_slice frame);
static void hint(struct followed *followed, struct souk_position position);
static bool is_hinted(const struct followed *followed);
static bool take_batch(struct bridge *bridge, struct followed *followed, struct souk_slice batch);
static void note_epoch(struct followed *followed, struct souk_epoch epoch, uint64_t base);
static struct followed *find(struct bridge_follow *follow, const char *name);

int
bridge_follow_start(struct bridge *bridge, struct souk_error *err)
{
    const struct souk_routes *routes = bridge->routes;
    struct bridge_follow *follow = calloc(1, sizeof *follow);
    const struct souk_topology_stream *stream;
    size_t i;
    size_t k;
    int rc = 0;

    if ((bridge->follow = follow) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory to follow streams");
    for (i = 0; i < routes->count; i++) {
        for (k = 0; k < routes->routes[i].event_count; k++)
            add_stream(follow, routes->routes[i].events[k]);
    }
    for (i = 0; i < routes->session.renewal_count; i++)
        add_stream(follow, souk_topology_stream(bridge->topology, routes->session.renewals[i]->stream));
    for (i = 0; i < follow->count && rc == 0; i++) {
        stream = follow->streams[i].stream;
        if ((rc = souk_client_subscribe(bridge->client, stream->writer, souk_wire_topic(&stream->name), err)) == 0)
            rc = souk_client_subscribe(bridge->client, stream->writer, souk_wire_topic_heads(), err);
    }
    if (rc != 0 || follow->count == 0)
        return rc;
    add_stores(bridge, follow);
    ask_place(bridge);
    return 0;
}

static void
add_stream(struct bridge_follow *follow, const struct souk_topology_stream *stream)
{
    if (find(follow, stream->name.text) == NULL && follow->count < SOUK_ROUTE_STREAMS_MAX)
        follow->streams[follow->count++] = (struct followed){ .stream = stream, .is_behind = true };
}

static void
add_stores(const struct bridge *bridge, struct bridge_follow *follow)
{
    const struct souk_topology_node *node;
    size_t i;

    for (i = 0; i < bridge->topology->node_count; i++) {
        node = &bridge->topology->nodes[i];
        if (node->kind == SOUK_NODE_EVENT_STORE && !node->lost)
            follow->stores[follow->store_count++] = node;
    }
}

void
bridge_follow_close(struct bridge_follow **follow_p)
{
    free(*follow_p);
    *follow_p = NULL;
}

size_t
bridge_follow_index(const struct bridge *bridge, const struct souk_topology_stream *stream)
{
    size_t i = 0;

    while (bridge->follow->streams[i].stream != stream)
        i++;
    return i;
}

const struct souk_name *
bridge_follow_name(const struct bridge *bridge, size_t index)
{
    return &bridge->follow->streams[index].stream->name;
}

bool
bridge_follow_is_known(const struct bridge *bridge, size_t index)
{
    return bridge->follow->streams[index].is_known && !bridge->follow->streams[index].is_behind;
}

struct souk_point
bridge_follow_point(const struct bridge *bridge, size_t index)
{
    return souk_point_of(&bridge->follow->streams[index].cursor);
}

bool
bridge_follow_had(const struct bridge *bridge, size_t index, struct souk_point point)
{
    const struct followed *followed = &bridge->follow->streams[index];
    size_t i;

    for (i = 0; i < followed->past_count; i++) {
        if (souk_epoch_equal(followed->pasts[i].epoch, point.epoch))
            return i + 1 == followed->past_count || point.number <= followed->pasts[i + 1].base;
    }
    return point.epoch.counter == 0;
}

/* ---- where to begin ------------------------------------------------- */

/* The next event store that may be asked; when there is none, streams begin where they are. */
static void
ask_place(struct bridge *bridge)
{
    struct bridge_follow *follow = bridge->follow;
    struct souk_client_request request = { .is_query = true, .id = souk_client_new_id(),
        .name = souk_slice_of(eventstore_place_type.name), .version = eventstore_place_type.version,
        .deadline_ms = PLACE_MS };
    const uint64_t kept_ms = bridge->routes->limits.events_kept_ms;
    struct eventstore_place query = { .has_at_ms = true };
    struct souk_error err = { 0 };
    struct bridge_ask *ask;
    struct souk_pack pack;
    int rc = -SOUK_ENOTFOUND;

    query.at_ms = (uint64_t)time(NULL) * 1000 - kept_ms;
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if (eventstore_place_encode(&query, &pack) == 0) {
        request.payload = souk_pack_slice(&pack);
        while (rc != 0 && follow->store < follow->store_count) {
            request.node = follow->stores[follow->store++];
            if ((rc = bridge_ask_send(bridge, &request, &ask, &err)) == 0)
                ask->hear = hear_place;
        }
    }
    souk_pack_done(&pack);
    follow->is_placed = rc != 0;
    if (rc != 0)
        souk_report(bridge->report, SOUK_LEVEL_INFO, "events", "no event store says where streams were a while ago: who"
            " was there before is told to begin anew");
}

static void
hear_place(struct bridge *bridge, struct bridge_ask *ask, const struct souk_client_answer *answer)
{
    (void)ask;
    if (!answer->is_late && answer->reply.status == SOUK_STATUS_OK && take_place(bridge, &answer->reply))
        bridge->follow->is_placed = true;
    else
        ask_place(bridge);
}

/* A stream that is not named had nothing in it then. */
static bool
take_place(struct bridge *bridge, const struct souk_wire_reply *reply)
{
    struct eventstore_place_reply place = { .cursors_count = 0 };
    struct souk_position position = { .number = 0 };
    struct souk_wire_entry entry;
    struct followed *followed;
    struct souk_arena arena;
    struct souk_unpack in;
    struct souk_name name;
    size_t i;
    bool is_good;

    souk_arena_init(&arena, 0);
    souk_unpack_init(&in, reply->body);
    is_good = souk_wire_body_next(&in, &entry) == 0
        && eventstore_place_reply_decode(entry.payload, &arena, &place) == 0;
    for (i = 0; is_good && i < place.cursors_count; i++) {
        const struct stream_cursor *cursor = &place.cursors[i];

        if (souk_name_set(&name, cursor->stream) != 0 || cursor->epoch_bits.size_bytes != sizeof position.epoch.bits
            || cursor->hash.size_bytes != sizeof position.hash.bytes) {
            is_good = false;
        } else if ((followed = find(bridge->follow, name.text)) != NULL && !followed->is_known) {
            position.epoch.counter = cursor->epoch;
            position.number = cursor->number;
            memcpy(position.epoch.bits, cursor->epoch_bits.base, sizeof position.epoch.bits);
            memcpy(position.hash.bytes, cursor->hash.base, sizeof position.hash.bytes);
            begin(bridge, followed, &position);
        }
    }
    souk_arena_done(&arena);
    position = (struct souk_position){ .number = 0 };
    for (i = 0; is_good && i < bridge->follow->count; i++) {
        if (!bridge->follow->streams[i].is_known)
            begin(bridge, &bridge->follow->streams[i], &position);
    }
    return is_good;
}

static void
begin(struct bridge *bridge, struct followed *followed, const struct souk_position *position)
{
    followed->cursor = *position;
    followed->hint = (struct souk_position){ .number = 0 };
    followed->is_known = true;
    followed->past_count = 0;
    if (position->epoch.counter > 0)
        note_epoch(followed, position->epoch, 0);
    bridge_events_begin(bridge, (size_t)(followed - bridge->follow->streams), souk_point_of(position));
}

/* ---- what follows --------------------------------------------------- */

uint64_t
bridge_follow_run(struct bridge *bridge, uint64_t now_us)
{
    struct bridge_follow *follow = bridge->follow;
    uint64_t next_us = now_us + IDLE_US;
    struct followed *followed;
    size_t i;

    for (i = 0; follow->is_placed && i < follow->count; i++) {
        followed = &follow->streams[i];
        if (followed->request != 0 && now_us >= followed->until_us)
            go_elsewhere(bridge, followed, now_us);
        if (followed->request == 0 && now_us >= followed->not_before_us
            && (followed->is_behind || !followed->is_known || now_us - followed->heard_us >= IDLE_US))
            pull(bridge, followed, now_us);
        if (followed->request != 0 && followed->until_us < next_us)
            next_us = followed->until_us;
        if (followed->request == 0 && followed->is_behind && followed->not_before_us < next_us)
            next_us = followed->not_before_us;
    }
    return next_us;
}

static void
pull(struct bridge *bridge, struct followed *followed, uint64_t now_us)
{
    const struct souk_topology_node *holder = followed->holder == 0 ? followed->stream->writer
        : bridge->follow->stores[followed->holder - 1];
    struct souk_wire_pull pull = { .cursor_count = 1, .credit_bytes = followed->is_known ? CREDIT_BYTES
        : HEAD_CREDIT_BYTES };
    struct souk_error err = { 0 };

    pull.cursors[0] = (struct souk_wire_place){ followed->stream->name, followed->cursor };
    followed->not_before_us = now_us + PAUSE_US;
    if (souk_client_pull_send(bridge->client, holder, &pull, &err) != 0)
        return;
    followed->request = pull.request;
    followed->until_us = now_us + PULL_US;
}

/* Who has it not, or does not answer, is passed over; when that was everybody, it goes on where the stream is. */
static void
go_elsewhere(struct bridge *bridge, struct followed *followed, uint64_t now_us)
{
    followed->request = 0;
    followed->holder = (followed->holder + 1) % (1 + bridge->follow->store_count);
    followed->not_before_us = now_us + PAUSE_US;
}

void
bridge_follow_heard(struct bridge *bridge, const struct souk_slice frames[2])
{
    struct bridge_follow *follow = bridge->follow;
    struct souk_batch_header header;
    struct followed *followed;

    if (souk_slice_equal(frames[0], souk_wire_topic_heads())) {
        hear_heads(follow, frames[1]);
        return;
    }
    if (souk_batch_read(frames[1], &header) != 0 || (followed = find(follow, header.stream.text)) == NULL
        || !followed->is_known)
        return;
    if (souk_batch_extends(&header, &followed->cursor))
        (void)take_batch(bridge, followed, frames[1]);
    else if (header.epoch.counter > followed->cursor.epoch.counter || header.first > followed->cursor.number)
        hint(followed, souk_batch_end(&header));
}

static void
hint(struct followed *followed, struct souk_position position)
{
    followed->hint = position;
    followed->is_behind = true;
}

static void
hear_heads(struct bridge_follow *follow, struct souk_slice frame)
{
    struct souk_wire_heads heads;
    struct followed *followed;
    uint32_t i;

    if (souk_wire_heads_get(frame, &heads) != 0)
        return;
    for (i = 0; i < heads.count; i++) {
        followed = find(follow, heads.heads[i].stream.text);
        if (followed == NULL)
            continue;
        if (souk_position_equal(&heads.heads[i].position, &followed->cursor))
            followed->heard_us = bridge_now_us();
        else
            hint(followed, heads.heads[i].position);
    }
}

void
bridge_follow_pulled(struct bridge *bridge, const struct souk_client_pulled *pulled)
{
    const struct souk_wire_answer *answer = &pulled->answer.answers[0];
    const uint64_t now_us = bridge_now_us();
    struct followed *followed = NULL;
    size_t i;

    for (i = 0; i < bridge->follow->count && followed == NULL; i++) {
        if (bridge->follow->streams[i].request == pulled->answer.request)
            followed = &bridge->follow->streams[i];
    }
    if (followed == NULL)
        return;
    followed->request = 0;
    if (pulled->answer.count != 1 || strcmp(answer->stream.text, followed->stream->name.text) != 0) {
        go_elsewhere(bridge, followed, now_us);
        return;
    }
    if (!souk_position_equal(&answer->asked, &followed->cursor))
        return;                                 /* meanwhile it was heard of */
    if (!followed->is_known && (answer->verdict == SOUK_NEXT || answer->verdict == SOUK_TRIMMED)) {
        begin(bridge, followed, &answer->head);
        followed->is_behind = false;
        followed->heard_us = now_us;
        return;
    }
    if (answer->verdict == SOUK_VOID || (answer->verdict == SOUK_TRIMMED && followed->tries > bridge->follow->store_count)) {
        souk_report(bridge->report, SOUK_LEVEL_WARN, "reset", "what %s said is void or gone: browsers begin anew",
            followed->stream->name.text);
        begin(bridge, followed, &answer->head);
        bridge_events_reset(bridge, (size_t)(followed - bridge->follow->streams));
        followed->is_behind = false;
        followed->tries = 0;
        return;
    }
    if (answer->verdict != SOUK_NEXT) {
        followed->tries++;
        go_elsewhere(bridge, followed, now_us);
        return;
    }
    followed->tries = 0;
    followed->heard_us = now_us;
    followed->not_before_us = now_us;
    for (i = 0; i < pulled->batch_count; i++) {
        if (!take_batch(bridge, followed, pulled->batches[i]))
            break;
    }
    followed->is_behind = pulled->answer.more || i < pulled->batch_count || is_hinted(followed);
    if (followed->is_behind && !pulled->answer.more && pulled->batch_count == 0)
        go_elsewhere(bridge, followed, now_us);         /* this one has not got it yet */
}

/* Is there more than was taken? What was named while an answer was on its way may not be in it. */
static bool
is_hinted(const struct followed *followed)
{
    return followed->hint.epoch.counter > followed->cursor.epoch.counter
        || (followed->hint.epoch.counter == followed->cursor.epoch.counter
            && followed->hint.number > followed->cursor.number);
}

/* What follows on the cursor; false when it does not. */
static bool
take_batch(struct bridge *bridge, struct followed *followed, struct souk_slice batch)
{
    const size_t index = (size_t)(followed - bridge->follow->streams);
    struct souk_batch_header header;
    struct souk_events events;
    struct souk_event event;

    if (souk_batch_check(batch, &header) != 0 || strcmp(header.stream.text, followed->stream->name.text) != 0
        || !souk_batch_extends(&header, &followed->cursor))
        return false;
    if (!souk_epoch_equal(header.epoch, followed->cursor.epoch))
        note_epoch(followed, header.epoch, followed->cursor.number);
    followed->cursor = souk_batch_end(&header);
    followed->heard_us = bridge_now_us();
    if (header.count == 0 || souk_events_init(&events, &header) != 0)
        return true;
    while (souk_events_next(&events, &event) == 0)
        bridge_events_take(bridge, index, header.epoch, &event);
    return true;
}

static void
note_epoch(struct followed *followed, struct souk_epoch epoch, uint64_t base)
{
    if (followed->past_count == EPOCHS_KEPT) {
        followed->past_count--;
        memmove(&followed->pasts[0], &followed->pasts[1], followed->past_count * sizeof followed->pasts[0]);
    }
    followed->pasts[followed->past_count++] = (struct past){ epoch, base };
}

static struct followed *
find(struct bridge_follow *follow, const char *name)
{
    size_t i;

    for (i = 0; i < follow->count; i++) {
        if (strcmp(follow->streams[i].stream->name.text, name) == 0)
            return &follow->streams[i];
    }
    return NULL;
}
