#include "nodes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../sim/app_messages.h"
#include "souk_wire.h"

#define STORE_BYTES_MAX (16 * 1024 * 1024)
#define READERS_MAX 4
#define WALL_MS 1800000000000
#define CLIENT "page"

struct stream {
    const char *name;
    uint32_t origin;
    uint32_t followers;                         /* one bit a node */
    bool is_private;
};

static const struct stream all_streams[NODES_STREAMS] = {
    { "orders", NODE_ORDERS, 1U << NODE_STOCK | 1U << NODE_PAYMENTS | 1U << NODE_QUERY, false },
    { "orders.private", NODE_ORDERS, 0, true },
    { "payments", NODE_PAYMENTS, 1U << NODE_ORDERS | 1U << NODE_QUERY, false },
    { "stock", NODE_STOCK, 1U << NODE_ORDERS | 1U << NODE_QUERY, false },
};
const char *const nodes_streams[NODES_STREAMS] = { "orders", "orders.private", "payments", "stock" };

static void wire(struct nodes *nodes, uint32_t at);
static void wire_streams(struct nodes *nodes, uint32_t at, const char *only);
static void fill_random(void *arg, void *bytes_out, size_t size_bytes);
static int open_machine(struct nodes *nodes, struct node *node, struct souk_txn *txn, struct souk_error *err);
static int work_writer(struct nodes *nodes, uint32_t at);
static int run_round(struct nodes *nodes, struct node *node, struct souk_txn **txn, bool *changed_out);
static int aborted(struct nodes *nodes, struct node *node, int rc);
static int work_reader(struct nodes *nodes, uint32_t at);
static uint64_t node_due_ms(const struct nodes *nodes, uint32_t at);
static bool has_stopped(enum souk_core_state state);
static void keep_witness(struct node *node);
static void send_all(struct nodes *nodes, uint32_t from, struct souk_outbox *outbox);
static struct souk_outbox *outbox_of(const struct node *node);
static void post_out(struct nodes *nodes, uint32_t from, const struct souk_out *out);
static bool wants_topic(const struct node *node, struct souk_slice topic);

uint32_t
nodes_origin(const char *stream)
{
    for (uint32_t i = 0; i < NODES_STREAMS; i++)
        if (strcmp(all_streams[i].name, stream) == 0)
            return all_streams[i].origin;
    abort();
}

/* ---- life ----------------------------------------------------------- */

int
nodes_init(struct nodes *nodes, const char *root)
{
    static const char *const names[NODES] = { "orders", "stock", "payments", "query", "archive" };
    const struct souk_service *const services[NODES] = { &app_orders[0], &app_stock[0], &app_payments[0],
        &app_query[0], NULL };

    memset(nodes, 0, sizeof *nodes);
    if (strlen(root) >= sizeof nodes->root)
        return -1;
    strcpy(nodes->root, root);
    nodes->now_ms = 1000;
    nodes->random = 88172645463325252;
    for (uint32_t i = 0; i < NODES; i++) {
        struct node *node = &nodes->nodes[i];

        (void)!souk_name_set(&node->name, souk_slice_of(names[i]));
        node->service = services[i];
        (void)snprintf(node->path, sizeof node->path, "%s/%s", root, names[i]);
    }
    for (uint32_t i = 0; i < NODES; i++)
        wire(nodes, i);
    return 0;
}

void
nodes_done(struct nodes *nodes)
{
    struct letter *letter;

    for (uint32_t i = 0; i < NODES; i++) {
        node_stop(nodes, i);
        node_wipe(nodes, i);
    }
    while ((letter = nodes_take(nodes, 0)) != NULL)
        letter_free(&letter);
}

static void
wire(struct nodes *nodes, uint32_t at)
{
    struct node *node = &nodes->nodes[at];
    struct souk_wiring *wiring = &node->wiring;

    wiring->self = node->name;
    wire_streams(nodes, at, NULL);
    wiring->stores = node->stores;
    (void)!souk_name_set(&node->stores[0].name, souk_slice_of("archive"));
    wiring->store_count = 1;
    wiring->trim_after = SOUK_TRIM_NEVER;
    wiring->limits.batch_cut_bytes = 600;       /* several batches a commit */
    wiring->limits.pull_credit_bytes = 2000;    /* several pulls a history */
    souk_limits_fill(&wiring->limits);
    wiring->random = (struct souk_random){ fill_random, &nodes->random };
}

static void
wire_streams(struct nodes *nodes, uint32_t at, const char *only)
{
    struct node *node = &nodes->nodes[at];

    node->wiring.streams = node->streams;
    node->wiring.stream_count = 0;
    for (uint32_t i = 0; i < NODES_STREAMS; i++) {
        const struct stream *stream = &all_streams[i];
        struct souk_wired_stream *wired = &node->streams[node->wiring.stream_count];

        if (node->service != NULL && stream->origin != at && (stream->followers >> at & 1) == 0)
            continue;
        if (only != NULL && strcmp(only, stream->name) != 0)
            continue;
        (void)!souk_name_set(&wired->name, souk_slice_of(stream->name));
        wired->origin = nodes->nodes[stream->origin].name;
        wired->is_private = stream->is_private;
        node->wiring.stream_count++;
    }
}

void
nodes_follow(struct nodes *nodes, const char *stream)
{
    wire_streams(nodes, NODE_QUERY, stream);
}

static void
fill_random(void *arg, void *bytes_out, size_t size_bytes)
{
    uint64_t *state = arg;
    uint8_t *at = bytes_out;

    while (size_bytes-- > 0) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *at++ = (uint8_t)*state;
    }
}

int
node_start(struct nodes *nodes, uint32_t at, struct souk_error *err)
{
    struct node *node = &nodes->nodes[at];
    const struct souk_store_config config = { .path = node->path, .bytes_max = STORE_BYTES_MAX,
        .readers_max = READERS_MAX, .simulated = true };
    struct souk_txn *txn = NULL;
    int rc;

    assert(node->store == NULL);
    if ((rc = souk_store_open(&config, &node->store, err)) != 0
        || (rc = souk_txn_begin(node->store, SOUK_TXN_WRITE, &txn)) != 0
        || (rc = open_machine(nodes, node, txn, err)) != 0
        || (rc = souk_txn_commit(&txn)) != 0
        || (rc = souk_reader_open(node->service, &node->wiring, &node->reader, err)) != 0) {
        souk_txn_abort(&txn);
        node_stop(nodes, at);
        return rc;
    }
    keep_witness(node);
    return 0;
}

static int
open_machine(struct nodes *nodes, struct node *node, struct souk_txn *txn, struct souk_error *err)
{
    const struct souk_slice witness = { node->witness, node->witness_bytes };

    if (node->service == NULL)
        return souk_recorder_open(&node->wiring, txn, witness, nodes_time(nodes), &node->recorder, err);
    return souk_core_open(node->service, &node->wiring, SOUK_CORE_START, txn, witness, nodes_time(nodes), &node->core,
        err);
}

void
node_stop(struct nodes *nodes, uint32_t at)
{
    struct node *node = &nodes->nodes[at];

    souk_reader_close(&node->reader);
    souk_core_close(&node->core);
    souk_recorder_close(&node->recorder);
    souk_store_close(&node->store);
}

void
node_wipe(struct nodes *nodes, uint32_t at)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "lock" };
    struct node *node = &nodes->nodes[at];
    char path[NODES_PATH_BYTES_MAX + 16];

    assert(node->store == NULL);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", node->path, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(node->path);
    free(node->witness);
    node->witness = NULL;
    node->witness_bytes = 0;
}

void
node_data_path(const struct nodes *nodes, uint32_t at, char path_out[NODES_PATH_BYTES_MAX + 16])
{
    (void)snprintf(path_out, NODES_PATH_BYTES_MAX + 16, "%s/data.mdb", nodes->nodes[at].path);
}

/* ---- rounds --------------------------------------------------------- */

bool
node_wants_work(const struct nodes *nodes, uint32_t at)
{
    const struct node *node = &nodes->nodes[at];
    const struct souk_time now = nodes_time(nodes);

    if (node->store == NULL)
        return false;
    if (souk_reader_wants_work(node->reader, now))
        return true;
    return node->core != NULL ? souk_core_wants_work(node->core, now) : souk_recorder_wants_work(node->recorder, now);
}

int
node_work(struct nodes *nodes, uint32_t at)
{
    int rc = 0;

    if (nodes->nodes[at].store == NULL)
        return 0;
    if ((rc = work_writer(nodes, at)) != 0)
        return rc;
    return work_reader(nodes, at);
}

static int
work_writer(struct nodes *nodes, uint32_t at)
{
    struct node *node = &nodes->nodes[at];
    const struct souk_time now = nodes_time(nodes);
    struct souk_txn *txn = NULL;
    bool changed = false;
    int rc;

    if (!(node->core != NULL ? souk_core_wants_work(node->core, now)
        : souk_recorder_wants_work(node->recorder, now)))
        return 0;
    rc = run_round(nodes, node, &txn, &changed);
    souk_txn_abort(&txn);
    if (rc != 0) {
        int again = aborted(nodes, node, rc);

        return again != 0 ? again : rc == -SOUK_EFULL || rc == -SOUK_EHANDLER ? 0 : rc;
    }
    keep_witness(node);
    if (node->core != NULL)
        souk_core_committed(node->core, now);
    else
        souk_recorder_committed(node->recorder, now);
    if (changed)
        souk_reader_signal(node->reader);
    send_all(nodes, at, outbox_of(node));
    return 0;
}

static struct souk_outbox *
outbox_of(const struct node *node)
{
    return node->core != NULL ? souk_core_outbox(node->core) : souk_recorder_outbox(node->recorder);
}

static int
run_round(struct nodes *nodes, struct node *node, struct souk_txn **txn, bool *changed_out)
{
    int rc;

    if ((rc = souk_txn_begin(node->store, SOUK_TXN_WRITE, txn)) != 0)
        return rc;
    if (node->core != NULL)
        rc = souk_core_work(node->core, *txn, nodes_time(nodes), changed_out);
    else
        rc = souk_recorder_work(node->recorder, *txn, nodes_time(nodes), changed_out);
    if (rc != 0 || !*changed_out)
        return rc;
    if (node->full_commits > 0) {
        node->full_commits--;
        return -SOUK_EFULL;
    }
    return souk_txn_commit(txn);
}

static int
aborted(struct nodes *nodes, struct node *node, int rc)
{
    struct souk_txn *txn = NULL;
    int again;

    if ((again = souk_txn_begin(node->store, SOUK_TXN_WRITE, &txn)) == 0) {
        if (node->core != NULL)
            again = souk_core_aborted(node->core, rc, txn, nodes_time(nodes));
        else
            again = souk_recorder_aborted(node->recorder, rc, txn, nodes_time(nodes));
    }
    souk_txn_abort(&txn);
    return again;
}

static int
work_reader(struct nodes *nodes, uint32_t at)
{
    struct node *node = &nodes->nodes[at];
    enum souk_core_state state = node->core == NULL ? SOUK_CORE_LIVE : souk_core_state(node->core);
    struct souk_txn *txn = NULL;
    uint32_t foreign;
    int rc;

    if (!souk_reader_wants_work(node->reader, nodes_time(nodes)))
        return 0;
    if ((rc = souk_txn_begin(node->store, SOUK_TXN_READ, &txn)) == 0)
        rc = souk_reader_work(node->reader, txn, node->commit_witnessed,
            state == SOUK_CORE_LIVE || state == SOUK_CORE_DRAINED, nodes_time(nodes));
    souk_txn_abort(&txn);
    if (rc != 0)
        return rc == -SOUK_EBUSY ? 0 : rc;
    if ((foreign = souk_reader_foreign(node->reader)) != 0 && node->core != NULL)
        souk_core_hear_foreign(node->core, foreign, nodes_time(nodes));
    send_all(nodes, at, souk_reader_outbox(node->reader));
    return 0;
}

static void
keep_witness(struct node *node)
{
    const struct souk_slice witness = node->core != NULL ? souk_core_witness(node->core)
        : souk_recorder_witness(node->recorder);
    struct souk_recorder_status recorder;
    struct souk_core_status core;

    if (witness.size_bytes > 0) {
        free(node->witness);
        if ((node->witness = malloc(witness.size_bytes)) == NULL)
            abort();
        memcpy(node->witness, witness.base, witness.size_bytes);
        node->witness_bytes = witness.size_bytes;
    }
    if (node->core != NULL) {
        souk_core_status(node->core, &core);
        node->commit_witnessed = core.commit;
    } else {
        souk_recorder_status(node->recorder, &recorder);
        node->commit_witnessed = recorder.commit;
    }
}

struct souk_time
nodes_time(const struct nodes *nodes)
{
    return (struct souk_time){ .wall_ms = WALL_MS + nodes->now_ms, .steady_ms = nodes->now_ms };
}

int
nodes_settle(struct nodes *nodes, uint64_t span_ms, uint32_t rounds)
{
    const uint64_t until_ms = nodes->now_ms + span_ms;
    struct letter *letter;
    uint64_t due_ms;
    bool quiet;
    int rc;

    while (nodes->now_ms < until_ms) {
        if (rounds-- == 0)
            return -SOUK_EBUSY;
        quiet = true;
        due_ms = until_ms;
        for (uint32_t i = 0; i < NODES; i++) {
            if (node_wants_work(nodes, i)) {
                quiet = false;
                if ((rc = node_work(nodes, i)) != 0)
                    return rc;
            }
            if (node_due_ms(nodes, i) < due_ms)
                due_ms = node_due_ms(nodes, i);
        }
        while ((letter = nodes_take(nodes, 0)) != NULL) {
            quiet = false;
            nodes_hear(nodes, letter);
            letter_free(&letter);
        }
        nodes->now_ms = quiet && due_ms > nodes->now_ms ? due_ms : nodes->now_ms + 1;
    }
    return 0;
}

/* When the node wants work if nothing comes; UINT64_MAX when it is down. */
static uint64_t
node_due_ms(const struct nodes *nodes, uint32_t at)
{
    const struct node *node = &nodes->nodes[at];
    uint64_t reader_ms, due_ms;

    if (node->store == NULL)
        return UINT64_MAX;
    reader_ms = souk_reader_due_ms(node->reader);
    due_ms = node->core != NULL ? souk_core_due_ms(node->core) : souk_recorder_due_ms(node->recorder);
    if (node->core != NULL && has_stopped(souk_core_state(node->core)))
        due_ms = UINT64_MAX;
    return reader_ms < due_ms ? reader_ms : due_ms;
}

/* For good: a shell ends its process then. */
static bool
has_stopped(enum souk_core_state state)
{
    return state == SOUK_CORE_DRAINED || state == SOUK_CORE_FENCED || state == SOUK_CORE_SET_ASIDE
        || state == SOUK_CORE_BROKEN;
}

/* ---- letters -------------------------------------------------------- */

static void
send_all(struct nodes *nodes, uint32_t from, struct souk_outbox *outbox)
{
    struct souk_out *out;

    while ((out = souk_outbox_take(outbox)) != NULL) {
        post_out(nodes, from, out);
        souk_out_free(&out);
    }
}

/* A return address is the number of a node, or NODES_OUTSIDE. */
static void
post_out(struct nodes *nodes, uint32_t from, const struct souk_out *out)
{
    uint32_t to = NODES_OUTSIDE;

    switch (out->kind) {
    case SOUK_OUT_PUBLISH:
        for (uint32_t i = 0; i < NODES; i++)
            if (i != from && wants_topic(&nodes->nodes[i], out->frames[0]))
                nodes_post(nodes, letter_new(LETTER_PUBLISHED, from, i, out->frames, out->frame_count));
        break;
    case SOUK_OUT_SEND:
        for (uint32_t i = 0; i < NODES; i++)
            if (strcmp(nodes->nodes[i].name.text, out->to.text) == 0)
                to = i;
        assert(to != NODES_OUTSIDE);
        nodes_post(nodes, letter_new(out->door == SOUK_DOOR_COMMANDS ? LETTER_TO_COMMANDS : LETTER_TO_QUERIES, from,
            to, out->frames, out->frame_count));
        break;
    case SOUK_OUT_REPLY:
        assert(out->route_bytes == sizeof to);
        memcpy(&to, out->route, sizeof to);
        nodes_post(nodes, letter_new(LETTER_ANSWER, from, to, out->frames, out->frame_count));
        break;
    }
}

static bool
wants_topic(const struct node *node, struct souk_slice topic)
{
    if (souk_slice_equal(topic, souk_wire_topic_heads()))
        return true;
    for (size_t i = 0; i < node->wiring.stream_count; i++)
        if (souk_slice_equal(topic, souk_wire_topic(&node->streams[i].name)))
            return true;
    return false;
}

void
nodes_ask(struct nodes *nodes, uint32_t to, enum souk_door door, struct souk_slice frame)
{
    nodes_post(nodes, letter_new(door == SOUK_DOOR_COMMANDS ? LETTER_TO_COMMANDS : LETTER_TO_QUERIES, NODES_OUTSIDE,
        to, &frame, 1));
}

void
nodes_command(struct nodes *nodes, uint32_t to, const struct souk_id *id, const struct souk_message_type *type,
    const void *message)
{
    struct souk_wire_request request = { .id = *id, .name = souk_slice_of(type->name), .version = type->version,
        .caller = souk_slice_of(CLIENT) };
    struct souk_pack payload, pack;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    if (type->encode(message, &payload) != 0)
        abort();
    request.payload = souk_pack_slice(&payload);
    souk_wire_request_put(&pack, &request);
    nodes_ask(nodes, to, SOUK_DOOR_COMMANDS, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    souk_pack_done(&payload);
}

struct letter *
letter_new(enum letter_kind kind, uint32_t from, uint32_t to, const struct souk_slice *frames, size_t frame_count)
{
    size_t bytes = sizeof(struct letter) + frame_count * sizeof frames[0];
    struct letter *letter;
    uint8_t *at;

    for (size_t i = 0; i < frame_count; i++)
        bytes += frames[i].size_bytes;
    if ((letter = malloc(bytes)) == NULL)
        abort();
    *letter = (struct letter){ .kind = kind, .from = from, .to = to, .frame_count = frame_count,
        .frames = (struct souk_slice *)(letter + 1) };
    at = (uint8_t *)(letter->frames + frame_count);
    for (size_t i = 0; i < frame_count; i++) {
        if (frames[i].size_bytes > 0)
            memcpy(at, frames[i].base, frames[i].size_bytes);
        letter->frames[i] = (struct souk_slice){ at, frames[i].size_bytes };
        at += frames[i].size_bytes;
    }
    return letter;
}

void
letter_free(struct letter **letter_p)
{
    free(*letter_p);
    *letter_p = NULL;
}

void
nodes_post(struct nodes *nodes, struct letter *letter)
{
    letter->next = NULL;
    if (nodes->last == NULL)
        nodes->first = letter;
    else
        nodes->last->next = letter;
    nodes->last = letter;
    nodes->letter_count++;
}

struct letter *
nodes_take(struct nodes *nodes, uint32_t at)
{
    struct letter **link = &nodes->first;
    struct letter *letter, *before = NULL;

    for (; *link != NULL && at > 0; at--) {
        before = *link;
        link = &(*link)->next;
    }
    if ((letter = *link) == NULL)
        return NULL;
    if ((*link = letter->next) == NULL)
        nodes->last = before;
    nodes->letter_count--;
    return letter;
}

void
nodes_hear(struct nodes *nodes, const struct letter *letter)
{
    const struct souk_slice route = { &letter->from, sizeof letter->from };
    const struct souk_time now = nodes_time(nodes);
    const struct souk_name *from;
    struct souk_slice identity;
    struct node *node;

    if (letter->to >= NODES || (node = &nodes->nodes[letter->to])->store == NULL)
        return;
    from = letter->from < NODES ? &nodes->nodes[letter->from].name : NULL;
    identity = from != NULL ? souk_name_slice(from) : souk_slice_of(CLIENT);
    switch (letter->kind) {
    case LETTER_PUBLISHED:
        if (node->core != NULL)
            souk_core_hear_published(node->core, from, letter->frames, letter->frame_count, now);
        else
            souk_recorder_hear_published(node->recorder, from, letter->frames, letter->frame_count, now);
        break;
    case LETTER_TO_COMMANDS:
        if (node->core != NULL)
            souk_core_hear_request(node->core, route, identity, "", letter->frames, letter->frame_count, now);
        else
            souk_recorder_hear_request(node->recorder, route, identity, letter->frames, letter->frame_count, now);
        break;
    case LETTER_TO_QUERIES:
        souk_reader_hear(node->reader, route, "", letter->frames, letter->frame_count, now);
        break;
    case LETTER_ANSWER:
        if (from == NULL)
            break;
        if (node->core != NULL)
            souk_core_hear_answer(node->core, from, letter->frames, letter->frame_count, now);
        else
            souk_recorder_hear_answer(node->recorder, from, letter->frames, letter->frame_count, now);
        send_all(nodes, letter->to, outbox_of(node));
        break;
    }
}
