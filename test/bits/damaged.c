#include "damaged.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "souk_log.h"
#include "souk_wire.h"

#define NO_BIT UINT64_MAX
#define FOLLOW_MS 5000                          /* longer than a pull of an origin that is down */
#define REBUILD_MS 8000
#define ROUNDS_MAX 1500
#define ANSWER_ROUNDS 12
#define PULLS_MAX 200                           /* of one history; it needs a tenth */
#define CREDIT_BYTES 4000

/* One try. */
struct attempt {
    const struct history *history;
    struct nodes nodes;
    uint32_t at;
    enum verdict verdict;
    struct damaged_seen *seen;
    char *why;
    uint32_t served;                            /* originals that a reader sent */
};

static void put_file(struct attempt *attempt, uint64_t bit);
static void worse(struct attempt *attempt, enum verdict verdict, const char *why, const char *what);
static void read_store(struct attempt *attempt);
static void walk_log(struct attempt *attempt, struct souk_txn *txn, const char *stream);
static void take(struct attempt *attempt, struct souk_slice batch, const char *from);
static void pull(struct attempt *attempt, struct souk_txn *txn, const char *first, const char *second);
static int scan(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg);
static void run_machine(struct attempt *attempt);
static void settle(struct attempt *attempt, uint64_t span_ms);
static void check_follower(struct attempt *attempt);
static void ask_again(struct attempt *attempt);
static void check_answer(struct attempt *attempt, struct souk_slice frame);
static void rebuild(struct attempt *attempt);
static void check_rebuilt(struct attempt *attempt, const char *stream);

enum verdict
damaged_try(const struct history *history, const char *root, uint32_t at, uint64_t bit, bool always,
    struct damaged_seen *seen, char why_out[DAMAGED_WHY_BYTES])
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    enum verdict verdict;

    assert(attempt != NULL);
    attempt->history = history;
    attempt->at = at;
    attempt->seen = seen;
    attempt->why = why_out;
    why_out[0] = '\0';
    if (nodes_init(&attempt->nodes, root) != 0)
        abort();
    attempt->nodes.now_ms = history->end_ms;
    put_file(attempt, bit);
    read_store(attempt);
    if (always || attempt->verdict != SERVED_WHOLE)
        run_machine(attempt);
    nodes_done(&attempt->nodes);
    verdict = attempt->verdict;
    free(attempt);
    return verdict;
}

void
damaged_clear(const char *root)
{
    struct nodes nodes;

    if (nodes_init(&nodes, root) == 0)
        nodes_done(&nodes);
}

static void
put_file(struct attempt *attempt, uint64_t bit)
{
    const struct history_file *data = &attempt->history->data[attempt->at];
    const struct history_file *witness = &attempt->history->witnesses[attempt->at];
    struct node *node = &attempt->nodes.nodes[attempt->at];
    char path[NODES_PATH_BYTES_MAX + 16];
    uint8_t byte;
    int fd;

    node_data_path(&attempt->nodes, attempt->at, path);
    if (mkdir(node->path, 0700) != 0 || (fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0
        || pwrite(fd, data->bytes, data->size_bytes, 0) != (ssize_t)data->size_bytes) {
        perror(path);
        abort();
    }
    if (bit != NO_BIT) {
        byte = data->bytes[bit / 8] ^ (uint8_t)(1U << bit % 8);
        if (pwrite(fd, &byte, 1, (off_t)(bit / 8)) != 1)
            abort();
    }
    (void)close(fd);
    if ((node->witness = malloc(witness->size_bytes + 1)) == NULL)
        abort();
    memcpy(node->witness, witness->bytes, witness->size_bytes);
    node->witness_bytes = witness->size_bytes;
}

static void
worse(struct attempt *attempt, enum verdict verdict, const char *why, const char *what)
{
    if (verdict <= attempt->verdict)
        return;
    attempt->verdict = verdict;
    (void)snprintf(attempt->why, DAMAGED_WHY_BYTES, "%s %s", why, what);
}

/* ---- the store alone ------------------------------------------------ */

static void
read_store(struct attempt *attempt)
{
    const struct node *node = &attempt->nodes.nodes[attempt->at];
    const struct souk_store_config config = { .path = node->path, .bytes_max = 16 * 1024 * 1024,
        .readers_max = 4, .simulated = true };
    struct souk_store *store = NULL;
    struct souk_error err = { 0 };
    struct souk_txn *txn = NULL;
    uint32_t expected = 0;
    bool is_mine;

    if (souk_store_open(&config, &store, &err) != 0 || souk_txn_begin(store, SOUK_TXN_READ, &txn) != 0) {
        worse(attempt, REFUSED, "store", err.text);
        souk_store_close(&store);
        return;
    }
    for (uint32_t i = 0; i < NODES_STREAMS; i++)
        walk_log(attempt, txn, nodes_streams[i]);
    attempt->served = 0;
    pull(attempt, txn, "orders", "orders.private");
    if (attempt->at == NODE_ARCHIVE) {
        pull(attempt, txn, "payments", NULL);
        pull(attempt, txn, "stock", NULL);
        if (souk_recorder_scan(txn, 1, scan, attempt) != 0)
            worse(attempt, SERVED_LESS, "scan", "ends with an error");
    }
    for (uint32_t i = 0; i < attempt->history->count; i++) {
        is_mine = strncmp(attempt->history->originals[i].stream.text, "orders", 6) == 0;
        expected += attempt->at == NODE_ARCHIVE || is_mine;
    }
    if (attempt->served < expected)
        worse(attempt, SERVED_LESS, "some batches", "are not served");
    souk_txn_abort(&txn);
    souk_store_close(&store);
}

static void
walk_log(struct attempt *attempt, struct souk_txn *txn, const char *stream)
{
    struct souk_batch_header header;
    struct souk_point at = { .number = 0 };
    struct souk_position end;
    struct souk_slice batch;
    struct souk_name name;
    struct souk_log log;

    if (souk_name_set(&name, souk_slice_of(stream)) != 0 || souk_log_open(txn, &name, &log) != 0)
        return;
    for (uint32_t i = 0; i <= attempt->history->count && souk_log_after(txn, &log, at, &batch) == 0; i++) {
        if (souk_batch_peek(batch, &header) != 0)
            return;
        take(attempt, batch, stream);
        end = souk_batch_end(&header);
        at = souk_point_of(&end);
    }
}

/* What passes every check is what was written. */
static void
take(struct attempt *attempt, struct souk_slice batch, const char *from)
{
    struct souk_batch_header header;

    if (history_batch(attempt->history, batch) != NULL)
        attempt->served++;
    else if (souk_batch_check(batch, &header) == 0)
        worse(attempt, WRONG, "a batch that was never written comes from", from);
    else if (souk_batch_peek(batch, &header) == 0)
        attempt->seen->by_hash_alone++;
}

static int
scan(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg)
{
    struct attempt *attempt = arg;

    if (history_batch(attempt->history, batch) == NULL)
        worse(attempt, WRONG, "a batch that was never written comes from", "the scan");
    return 0;
}

/* Ask the reader for one or two streams from their beginning to their end. */
static void
pull(struct attempt *attempt, struct souk_txn *txn, const char *first, const char *second)
{
    const struct node *node = &attempt->nodes.nodes[attempt->at];
    const struct souk_time now = nodes_time(&attempt->nodes);
    struct souk_wire_pull ask = { .credit_bytes = CREDIT_BYTES, .cursor_count = second == NULL ? 1 : 2 };
    struct souk_reader *reader = NULL;
    struct souk_error err;
    struct souk_slice frame;
    struct souk_pack pack;
    struct souk_out *out;
    bool more = true, moved = true, was_damaged = false;        /* by the answer before */

    (void)!souk_name_set(&ask.asker, souk_slice_of("archive"));
    (void)!souk_name_set(&ask.cursors[0].stream, souk_slice_of(first));
    if (second != NULL)
        (void)!souk_name_set(&ask.cursors[1].stream, souk_slice_of(second));
    if (souk_reader_open(node->service, &node->wiring, &reader, &err) != 0)
        return;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    for (int i = 0; i < PULLS_MAX && more; i++) {
        const bool asks_again = was_damaged && !moved;

        more = moved = was_damaged = false;
        souk_pack_reset(&pack);
        ask.request++;
        souk_wire_pull_put(&pack, &ask);
        frame = souk_pack_slice(&pack);
        souk_reader_hear(reader, (struct souk_slice){ "r", 1 }, "", &frame, 1, now);
        if (souk_reader_work(reader, txn, UINT64_MAX, true, now) != 0)
            break;
        while ((out = souk_outbox_take(souk_reader_outbox(reader))) != NULL) {
            for (size_t k = 1; k < out->frame_count; k++) {
                struct souk_batch_header header;

                if (souk_batch_check(out->frames[k], &header) != 0) {
                    if (asks_again)
                        worse(attempt, WRONG, "the reader sends a batch that is damaged once more:", first);
                    more = was_damaged = true;
                    continue;
                }
                for (uint32_t c = 0; c < ask.cursor_count; c++)
                    if (strcmp(ask.cursors[c].stream.text, header.stream.text) == 0
                        && souk_batch_extends(&header, &ask.cursors[c].position)) {
                        ask.cursors[c].position = souk_batch_end(&header);
                        more = moved = true;
                        take(attempt, out->frames[k], "the reader");
                    }
            }
            souk_out_free(&out);
        }
    }
    souk_pack_done(&pack);
    souk_reader_close(&reader);
}

/* ---- the machine that lives on it ----------------------------------- */

static void
run_machine(struct attempt *attempt)
{
    struct nodes *nodes = &attempt->nodes;
    struct souk_error err = { 0 };

    if (node_start(nodes, attempt->at, &err) != 0) {
        worse(attempt, REFUSED, "machine", err.text);
        return;
    }
    nodes_follow(nodes, attempt->at == NODE_ORDERS ? "orders" : NULL);
    if (node_start(nodes, NODE_QUERY, &err) != 0)
        abort();
    settle(attempt, FOLLOW_MS);
    check_follower(attempt);
    node_stop(nodes, NODE_QUERY);
    if (attempt->at == NODE_ORDERS && nodes->nodes[NODE_ORDERS].store != NULL)
        ask_again(attempt);
    if (attempt->at == NODE_ARCHIVE && nodes->nodes[NODE_ARCHIVE].store != NULL)
        rebuild(attempt);
}

/* Whoever lives on the damaged store may stop or go round in circles; the others may not. */
static void
settle(struct attempt *attempt, uint64_t span_ms)
{
    int rc = nodes_settle(&attempt->nodes, span_ms, ROUNDS_MAX);

    if (rc == 0)
        return;
    if (rc == -SOUK_EBUSY)
        attempt->seen->restless++;
    else
        attempt->seen->faults++;
    worse(attempt, SERVED_LESS, "machine", souk_error_name(rc));
    node_stop(&attempt->nodes, attempt->at);
    if ((rc = nodes_settle(&attempt->nodes, span_ms, ROUNDS_MAX)) != 0)
        worse(attempt, WRONG, "somebody on a sound store stops:", souk_error_name(rc));
}

/* It stands where the history once stood, with the tables of then. */
static void
check_follower(struct attempt *attempt)
{
    const struct node *query = &attempt->nodes.nodes[NODE_QUERY];
    struct souk_txn *txn = NULL;

    if (souk_txn_begin(query->store, SOUK_TXN_READ, &txn) != 0)
        abort();
    for (size_t i = 0; i < query->wiring.stream_count; i++) {
        const char *stream = query->wiring.streams[i].name.text;
        const struct original *original;
        struct souk_position cursor;
        struct souk_hash digest;

        if (souk_core_cursor(query->core, stream, &cursor) != 0)
            abort();
        if (souk_position_is_zero(&cursor))
            continue;
        if ((original = history_end(attempt->history, stream, &cursor)) == NULL)
            worse(attempt, WRONG, "a follower is where nobody ever was in", stream);
        else if (souk_tables_digest(txn, query->service, stream, &digest) != 0
            || memcmp(&digest, &original->digest, sizeof digest) != 0)
            worse(attempt, WRONG, "a follower has other tables of", stream);
    }
    souk_txn_abort(&txn);
}

/* A client repeats commands that were answered: what it hears are the events of then. */
static void
ask_again(struct attempt *attempt)
{
    struct nodes *nodes = &attempt->nodes;
    struct letter *letter;

    history_ask_again(nodes);
    for (int i = 0; i < ANSWER_ROUNDS && nodes->nodes[NODE_ORDERS].store != NULL; i++) {
        while ((letter = nodes_take(nodes, 0)) != NULL) {
            if (letter->kind == LETTER_ANSWER && letter->to == NODES_OUTSIDE)
                check_answer(attempt, letter->frames[0]);
            nodes_hear(nodes, letter);
            letter_free(&letter);
        }
        if (node_work(nodes, NODE_ORDERS) != 0) {
            attempt->seen->faults++;
            return;
        }
        nodes->now_ms++;
    }
}

static void
check_answer(struct attempt *attempt, struct souk_slice frame)
{
    struct souk_wire_entry entry;
    struct souk_wire_reply reply;
    struct souk_unpack in;
    int rc;

    if (souk_wire_reply_get(frame, &reply) != 0) {
        worse(attempt, WRONG, "an answer is malformed:", "order.place");
        return;
    }
    if (reply.status != SOUK_STATUS_OK) {
        if (reply.status == SOUK_STATUS_REFUSED)        /* the order is there, but the command's id is not */
            worse(attempt, DECIDED_AGAIN, "a command", "is decided again");
        return;
    }
    souk_unpack_init(&in, reply.body);
    while ((rc = souk_wire_body_next(&in, &entry)) == 0) {
        char stream[SOUK_NAME_BYTES_MAX + 1] = "";

        memcpy(stream, entry.stream.base, entry.stream.size_bytes);
        if (history_is_event(attempt->history, entry.stream, entry.number, entry.name, entry.key, entry.payload))
            continue;
        if (entry.number > history_last(attempt->history, stream))
            worse(attempt, DECIDED_AGAIN, "a command", "is decided again");
        else
            worse(attempt, WRONG, "an answer shows an event that was never written, of", stream);
    }
    if (rc != -SOUK_ENOTFOUND)
        worse(attempt, WRONG, "an answer is malformed:", "order.place");
}

/* A service without a store takes its past from the event store. */
static void
rebuild(struct attempt *attempt)
{
    struct nodes *nodes = &attempt->nodes;
    struct souk_error err = { 0 };

    if (node_start(nodes, NODE_ORDERS, &err) != 0)
        abort();
    settle(attempt, REBUILD_MS);
    check_rebuilt(attempt, "orders");
    check_rebuilt(attempt, "orders.private");
}

/* Behind what it took back there is only what it has decided since, in a new epoch. */
static void
check_rebuilt(struct attempt *attempt, const char *stream)
{
    const struct node *orders = &attempt->nodes.nodes[NODE_ORDERS];
    struct souk_position at = { .number = 0 };
    struct souk_batch_header header;
    struct souk_txn *txn = NULL;
    struct souk_slice batch;
    struct souk_name name;
    struct souk_log log;
    bool is_new = false;

    if (souk_name_set(&name, souk_slice_of(stream)) != 0 || souk_txn_begin(orders->store, SOUK_TXN_READ, &txn) != 0
        || souk_log_open(txn, &name, &log) != 0)
        abort();
    while (souk_log_after(txn, &log, souk_point_of(&at), &batch) == 0) {
        if (souk_batch_check(batch, &header) != 0 || !souk_batch_extends(&header, &at)) {
            worse(attempt, WRONG, "a service has taken back what does not fit:", stream);
            break;
        }
        at = souk_batch_end(&header);
        if (header.count == 0 && history_batch(attempt->history, batch) == NULL)
            is_new = true;
        if (!is_new && history_batch(attempt->history, batch) == NULL) {
            worse(attempt, WRONG, "a service has taken back what was never written:", stream);
            break;
        }
    }
    souk_txn_abort(&txn);
}
