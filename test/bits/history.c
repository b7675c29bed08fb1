#include "history.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sim/app_messages.h"
#include "souk_log.h"
#include "souk_wire.h"

#define ORDERS 24
#define ORDERS_LATE 8                           /* of them in the second epoch */
#define SETTLE_MS 3000
#define ROUNDS_MAX 20000

static int run(struct nodes *nodes);
static int start_all(struct nodes *nodes);
static void place(struct nodes *nodes, uint64_t order);
static int keep_batches(struct history *history, struct nodes *nodes);
static int keep_stream(struct history *history, struct souk_txn *txn, const char *stream);
static int keep_files(struct history *history, struct nodes *nodes, uint32_t at);
static int keep_digests(struct history *history, struct nodes *nodes, const char *stream);
static int follow(struct nodes *nodes, struct original *original);

int
history_make(struct history *history, const char *root)
{
    struct nodes nodes;
    int rc;

    memset(history, 0, sizeof *history);
    if ((rc = nodes_init(&nodes, root)) != 0 || (rc = run(&nodes)) != 0
        || (rc = keep_batches(history, &nodes)) != 0)
        goto done;
    history->end_ms = nodes.now_ms;
    for (uint32_t i = 0; i < NODES; i++)
        node_stop(&nodes, i);
    if ((rc = keep_files(history, &nodes, NODE_ORDERS)) == 0 && (rc = keep_files(history, &nodes, NODE_ARCHIVE)) == 0
        && (rc = keep_digests(history, &nodes, "orders")) == 0
        && (rc = keep_digests(history, &nodes, "payments")) == 0)
        rc = keep_digests(history, &nodes, "stock");
done:
    if (rc != 0)
        fprintf(stderr, "bits: the run that is to be damaged fails: %s\n", souk_error_name(rc));
    nodes_done(&nodes);
    return rc == 0 ? 0 : -1;
}

void
history_done(struct history *history)
{
    for (uint32_t i = 0; i < history->count; i++)
        free((void *)(uintptr_t)history->originals[i].bytes.base);
    free(history->originals);
    for (uint32_t i = 0; i < NODES; i++) {
        free(history->data[i].bytes);
        free(history->witnesses[i].bytes);
    }
}

/* ---- the run -------------------------------------------------------- */

static int
run(struct nodes *nodes)
{
    struct souk_error err = { 0 };
    int rc;

    if ((rc = start_all(nodes)) != 0 || (rc = nodes_settle(nodes, SETTLE_MS, ROUNDS_MAX)) != 0)
        return rc;
    nodes_command(nodes, NODE_STOCK, &(struct souk_id){ { 8 } }, &stock_receive_type, &(struct stock_receive){ 1, 30 });
    for (uint64_t order = 1; order <= ORDERS - ORDERS_LATE; order++)
        place(nodes, order);
    if ((rc = nodes_settle(nodes, SETTLE_MS, ROUNDS_MAX)) != 0)
        return rc;
    nodes_command(nodes, NODE_ORDERS, &(struct souk_id){ { 9 } }, &order_cancel_type, &(struct order_cancel){ 2 });

    /* The host of orders starts again: nothing proves that its store is the newest, so an epoch begins. */
    node_stop(nodes, NODE_ORDERS);
    nodes->nodes[NODE_ORDERS].witness_bytes = 0;
    if ((rc = node_start(nodes, NODE_ORDERS, &err)) != 0 || (rc = nodes_settle(nodes, SETTLE_MS, ROUNDS_MAX)) != 0)
        return rc;
    for (uint64_t order = ORDERS - ORDERS_LATE + 1; order <= ORDERS; order++)
        place(nodes, order);
    return nodes_settle(nodes, SETTLE_MS, ROUNDS_MAX);
}

static int
start_all(struct nodes *nodes)
{
    static const uint32_t all[] = { NODE_ORDERS, NODE_STOCK, NODE_PAYMENTS, NODE_ARCHIVE };
    struct souk_error err = { 0 };
    int rc;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if ((rc = node_start(nodes, all[i], &err)) != 0) {
            fprintf(stderr, "bits: %s\n", err.text);
            return rc;
        }
    return 0;
}

static void
place(struct nodes *nodes, uint64_t order)
{
    nodes_command(nodes, NODE_ORDERS, &(struct souk_id){ { 7, (uint8_t)order } }, &order_place_type,
        &(struct order_place){ .order = order, .sku = 1, .units = 1 + order % 3, .price = 100 + order,
            .lines = order % 4 });
}

void
history_ask_again(struct nodes *nodes)
{
    for (uint64_t order = 1; order <= ORDERS; order++)
        place(nodes, order);
}

/* ---- what it has written -------------------------------------------- */

static int
keep_batches(struct history *history, struct nodes *nodes)
{
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_txn_begin(nodes->nodes[NODE_ARCHIVE].store, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    for (uint32_t i = 0; i < NODES_STREAMS && rc == 0; i++)
        rc = keep_stream(history, txn, nodes_streams[i]);
    souk_txn_abort(&txn);
    return rc;
}

static int
keep_stream(struct history *history, struct souk_txn *txn, const char *stream)
{
    struct souk_position head, at = { .number = 0 };
    struct souk_batch_header header;
    struct original *original;
    struct souk_slice batch;
    struct souk_name name;
    struct souk_log log;
    void *copy;
    int rc;

    if ((rc = souk_name_set(&name, souk_slice_of(stream))) != 0 || (rc = souk_log_open(txn, &name, &log)) != 0
        || (rc = souk_log_head(txn, &log, &head, NULL)) != 0)
        return rc;
    while ((rc = souk_log_after(txn, &log, souk_point_of(&at), &batch)) == 0) {
        if ((rc = souk_batch_check(batch, &header)) != 0)
            return rc;
        at = souk_batch_end(&header);
        original = realloc(history->originals, (history->count + 1) * sizeof *original);
        copy = malloc(batch.size_bytes);
        assert(original != NULL);
        assert(copy != NULL);
        memcpy(copy, batch.base, batch.size_bytes);
        history->originals = original;
        history->originals[history->count++] = (struct original){ .stream = name, .end = at, .first = header.first,
            .count = header.count, .time_ms = header.time_ms, .bytes = { copy, batch.size_bytes } };
        history->events += header.count;
    }
    return rc == -SOUK_ENOTFOUND && souk_position_equal(&at, &head) ? 0 : -SOUK_EDAMAGED;
}

static int
keep_files(struct history *history, struct nodes *nodes, uint32_t at)
{
    struct history_file *data = &history->data[at], *witness = &history->witnesses[at];
    char path[NODES_PATH_BYTES_MAX + 16];
    struct stat status;
    int fd, rc = -SOUK_EIO;

    node_data_path(nodes, at, path);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 || fstat(fd, &status) != 0)
        goto done;
    data->size_bytes = (size_t)status.st_size;
    data->bytes = malloc(data->size_bytes);
    assert(data->bytes != NULL);
    if (pread(fd, data->bytes, data->size_bytes, 0) != status.st_size)
        goto done;
    witness->size_bytes = nodes->nodes[at].witness_bytes;
    witness->bytes = malloc(witness->size_bytes + 1);
    assert(witness->bytes != NULL);
    memcpy(witness->bytes, nodes->nodes[at].witness, witness->size_bytes);
    rc = 0;
done:
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* Let `query` follow this one stream, batch by batch. */
static int
keep_digests(struct history *history, struct nodes *nodes, const char *stream)
{
    struct node *query = &nodes->nodes[NODE_QUERY];
    struct souk_error err = { 0 };
    int rc;

    node_wipe(nodes, NODE_QUERY);
    nodes_follow(nodes, stream);
    rc = node_start(nodes, NODE_QUERY, &err);
    for (uint32_t i = 0; i < history->count && rc == 0; i++)
        if (strcmp(history->originals[i].stream.text, stream) == 0)
            rc = follow(nodes, &history->originals[i]);
    if (query->store != NULL)
        node_stop(nodes, NODE_QUERY);
    return rc;
}

static int
follow(struct nodes *nodes, struct original *original)
{
    const struct souk_slice frames[] = { souk_wire_topic(&original->stream), original->bytes };
    struct node *query = &nodes->nodes[NODE_QUERY];
    struct souk_txn *txn = NULL;
    struct letter *letter;
    int rc;

    letter = letter_new(LETTER_PUBLISHED, nodes_origin(original->stream.text), NODE_QUERY, frames, 2);
    nodes_hear(nodes, letter);
    letter_free(&letter);
    if ((rc = node_work(nodes, NODE_QUERY)) != 0 || (rc = souk_txn_begin(query->store, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    rc = souk_tables_digest(txn, query->service, original->stream.text, &original->digest);
    souk_txn_abort(&txn);
    while ((letter = nodes_take(nodes, 0)) != NULL)
        letter_free(&letter);
    return rc;
}

/* ---- holding against it --------------------------------------------- */

const struct original *
history_batch(const struct history *history, struct souk_slice bytes)
{
    for (uint32_t i = 0; i < history->count; i++)
        if (souk_slice_equal(history->originals[i].bytes, bytes))
            return &history->originals[i];
    return NULL;
}

const struct original *
history_end(const struct history *history, const char *stream, const struct souk_position *position)
{
    for (uint32_t i = 0; i < history->count; i++)
        if (strcmp(history->originals[i].stream.text, stream) == 0
            && souk_position_equal(&history->originals[i].end, position))
            return &history->originals[i];
    return NULL;
}

uint64_t
history_last(const struct history *history, const char *stream)
{
    uint64_t last = 0;

    for (uint32_t i = 0; i < history->count; i++)
        if (strcmp(history->originals[i].stream.text, stream) == 0)
            last = history->originals[i].end.number;
    return last;
}

bool
history_is_event(const struct history *history, struct souk_slice stream, uint64_t number, struct souk_slice type,
    struct souk_slice key, struct souk_slice payload)
{
    struct souk_batch_header header;
    struct souk_events events;
    struct souk_event event;

    for (uint32_t i = 0; i < history->count; i++) {
        const struct original *original = &history->originals[i];

        if (!souk_slice_equal(souk_name_slice(&original->stream), stream) || number < original->first
            || number - original->first >= original->count)
            continue;
        if (souk_batch_peek(original->bytes, &header) != 0 || souk_events_init(&events, &header) != 0)
            return false;
        while (souk_events_next(&events, &event) == 0)
            if (event.number == number)
                return souk_slice_equal(event.type, type) && souk_slice_equal(event.key, key)
                    && souk_slice_equal(event.payload, payload);
    }
    return false;
}
