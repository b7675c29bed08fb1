/*
 * The finder's rows: it throws its store away when it wants to, but until then
 * it believes it. Whatever is in there, and however far the log is said to be
 * found, each query has an answer that is what its description says, or the
 * store is damaged; and none goes on without an end.
 *
 * Input: changes of the rows of a store that was filled from a log, each one
 * byte of what (below), and what it needs; then what the queries ask. Rows of
 * streams and batches that are read are written as they were. The row of
 * numbers, read once at the start, is eight bytes a number.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../bits/nodes.h"
#include "../scratch.h"
#include "../sim/app_messages.h"
#include "souk_finder_parts.h"

#define CHANGES_MAX 16
#define SETTLE_MS 2000
#define SETTLE_ROUNDS 100000
#define WALL_MS 1800000000000

/* Of the table of terms, or with STREAMS set of that of streams. */
enum { PUT, ALTER, DELETE, FAR, END, WHATS };
#define STREAMS 0x80

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct scratch scratch;
    char path[SCRATCH_PATH_BYTES_MAX + 16];
    struct nodes nodes;
    struct souk_finder *finder;
    uint64_t last;                              /* log position */
} ground;

/* What is left of the input; zeros behind its end. */
struct script {
    const uint8_t *at, *end;
};

static uint8_t
next(struct script *script)
{
    return script->at < script->end ? *script->at++ : 0;
}

static uint64_t
next_number(struct script *script, unsigned bytes)
{
    uint64_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | next(script);
    return number;
}

static struct souk_slice
next_bytes(struct script *script, size_t size_bytes)
{
    struct souk_slice bytes = { script->at, (size_t)(script->end - script->at) };

    if (bytes.size_bytes > size_bytes)
        bytes.size_bytes = size_bytes;
    script->at += bytes.size_bytes;
    return bytes;
}

/* ---- the ground ----------------------------------------------------- */

static void
clear_ground(void)
{
    souk_finder_close(&ground.finder);
    nodes_done(&ground.nodes);
    scratch_remove(&ground.scratch);
}

static void
make_ground(void)
{
    static const uint32_t alive[] = { NODE_ORDERS, NODE_STOCK, NODE_ARCHIVE };
    struct souk_finder_config config = { .path = ground.path, .simulated = true };
    struct souk_finder_status status;
    struct souk_error err = { 0 };

    if (ground.scratch.path[0] != '\0')
        return;
    scratch_sweep();
    if (scratch_make(&ground.scratch, "fuzz-found") != 0 || nodes_init(&ground.nodes, ground.scratch.path) != 0) {
        perror("no directory in memory");
        abort();
    }
    (void)atexit(clear_ground);
    for (size_t i = 0; i < sizeof alive / sizeof alive[0]; i++)
        assert(node_start(&ground.nodes, alive[i], &err) == 0);
    assert(nodes_settle(&ground.nodes, SETTLE_MS, SETTLE_ROUNDS) == 0);
    nodes_command(&ground.nodes, NODE_STOCK, &(struct souk_id){ { 1, 1 } }, &stock_receive_type,
        &(struct stock_receive){ 1, 100 });
    for (uint8_t i = 0; i < 4; i++)
        nodes_command(&ground.nodes, NODE_ORDERS, &(struct souk_id){ { 2, i } }, &order_place_type,
            &(struct order_place){ .order = i, .sku = 1, .units = 1, .price = 5, .lines = i });
    assert(nodes_settle(&ground.nodes, SETTLE_MS, SETTLE_ROUNDS) == 0);

    (void)snprintf(ground.path, sizeof ground.path, "%s/index", ground.scratch.path);
    config.wiring = &ground.nodes.nodes[NODE_ARCHIVE].wiring;
    config.log = ground.nodes.nodes[NODE_ARCHIVE].store;
    assert(souk_finder_open(&config, &ground.finder, &err) == 0);
    do {
        souk_finder_signal(ground.finder);
        assert(souk_finder_work(ground.finder, nodes_time(&ground.nodes)) == 0);
        souk_finder_status(ground.finder, &status);
    } while (status.behind != 0);
    assert(status.events > 4 && status.damaged == 0);
    ground.last = status.log_position;
}

/* ---- changes -------------------------------------------------------- */

/* The row that many rows behind the first one, round and round. False: the table is empty. */
static bool
find_row(struct souk_txn *txn, struct souk_table table, uint64_t number, struct souk_slice *key_out,
    struct souk_slice *value_out)
{
    struct souk_scan *scan;
    uint64_t count;

    assert(souk_txn_count(txn, table, &count) == 0);
    if (count == 0)
        return false;
    assert(souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan) == 0);
    for (number %= count; souk_scan_next(scan, key_out, value_out) == 0 && number > 0; number--)
        ;
    souk_scan_close(&scan);
    return true;
}

/* Some bits of a row's key or value. */
static void
alter(struct souk_txn *txn, struct souk_table table, struct script *script)
{
    uint8_t row[2 * UINT8_MAX];
    const uint8_t which = next(script), at = next(script), bits = next(script);
    struct souk_slice key, value;
    size_t key_bytes, size_bytes;

    if (!find_row(txn, table, which, &key, &value) || key.size_bytes + value.size_bytes > sizeof row)
        return;
    key_bytes = key.size_bytes;
    size_bytes = key_bytes + value.size_bytes;
    memcpy(row, key.base, key_bytes);
    if (value.size_bytes != 0)
        memcpy(row + key_bytes, value.base, value.size_bytes);
    assert(souk_txn_delete(txn, table, (struct souk_slice){ row, key_bytes }) == 0);
    row[at % size_bytes] ^= bits;
    assert(souk_txn_put(txn, table, (struct souk_slice){ row, key_bytes },
        (struct souk_slice){ row + key_bytes, size_bytes - key_bytes }) == 0);
}

static void
change(struct finder_look *look, struct script *script)
{
    for (int i = 0; i < CHANGES_MAX && script->at < script->end; i++) {
        const uint8_t what = next(script);
        const struct souk_table table = what & STREAMS ? look->streams : look->table;
        struct souk_slice key, value;

        switch ((what & ~STREAMS) % WHATS) {
        case PUT:
            key = next_bytes(script, next(script));
            value = next_bytes(script, next(script));
            if (key.size_bytes != 0)
                assert(souk_txn_put(look->index, table, key, value) == 0);
            break;
        case ALTER:
            alter(look->index, table, script);
            break;
        case DELETE:
            if (find_row(look->index, table, next(script), &key, &value)) {
                uint8_t copy[UINT8_MAX];

                memcpy(copy, key.base, key.size_bytes < sizeof copy ? key.size_bytes : sizeof copy);
                if (key.size_bytes <= sizeof copy)
                    assert(souk_txn_delete(look->index, table, (struct souk_slice){ copy, key.size_bytes }) == 0);
            }
            break;
        case FAR:
            look->last = next_number(script, 8);
            break;
        default:
            return;
        }
    }
}

/* ---- questions ------------------------------------------------------ */

/* What was read of a stream and of its batches is written as it lies there. */
static void
read_rows(struct finder_look *look, const struct souk_name *name, uint64_t from)
{
    uint8_t bytes[FINDER_STREAM_BYTES], value_bytes[FINDER_BATCH_ROW_BYTES], row_bytes[FINDER_ROW_BYTES];
    const struct finder_term term = finder_term(FINDER_STREAM, souk_name_slice(name));
    struct finder_batch_row row;
    struct finder_stream stream;
    struct souk_slice value;

    if (finder_stream_get(look, name, &stream) == 0) {
        finder_stream_encode(&stream, bytes);
        assert(souk_txn_get(look->index, look->streams, souk_name_slice(name), &value) == 0);
        assert(souk_slice_equal(value, (struct souk_slice){ bytes, sizeof bytes }));
    }
    if (finder_stream_next(look, name, from, &row) == 0) {
        assert(row.log_position >= from && row.log_position <= look->last);
        finder_batch_row_encode(&row, value_bytes);
        finder_row(&term, row.log_position, row_bytes);
        assert(souk_txn_get(look->index, look->table, (struct souk_slice){ row_bytes, sizeof row_bytes }, &value) == 0);
        assert(souk_slice_equal(value, (struct souk_slice){ value_bytes, sizeof value_bytes }));
    }
    if (finder_stream_below(look, name, from, &row) == 0)
        assert(row.log_position < from);
}

static int
see_stream(struct finder_look *look, const struct souk_name *name, const struct finder_stream *stream, void *arg)
{
    assert(souk_name_valid(souk_name_slice(name)));
    return 0;
}

static void
ask(struct finder_look *look, int (*answer)(struct finder_look *look, const void *query, struct finder_said *said),
    const void *query)
{
    struct finder_said said = { .refusal = NULL };
    void *reply;
    int rc;

    souk_pack_init(&said.payload, SOUK_PAYLOAD_BYTES_MAX);
    look->left = SOUK_FINDER_LOOKED_MAX;
    rc = answer(look, query, &said);
    /* Too big: a time that no answer can say, which is answered as internal. */
    assert(rc == 0 || rc == -SOUK_EIO || rc == -SOUK_EDAMAGED || rc == -SOUK_ETOOBIG);
    assert(look->left <= SOUK_FINDER_LOOKED_MAX);
    if (rc == 0 && said.refusal == NULL) {
        assert((reply = souk_arena_alloc(look->arena, said.reply->struct_size_bytes)) != NULL);
        assert(said.reply->decode(souk_pack_slice(&said.payload), look->arena, reply) == 0);
    }
    souk_pack_done(&said.payload);
    souk_arena_reset(look->arena);
}

static void
ask_all(struct finder_look *look, struct script *script)
{
    const uint8_t flags = next(script);
    const struct souk_wiring *wiring = ground.finder->wiring;
    const struct souk_name *name = &wiring->streams[next(script) % wiring->stream_count].name;
    const struct souk_slice stream = souk_name_slice(name);
    const uint64_t number = next_number(script, 1), position = next_number(script, 8);
    const uint64_t from_ms = WALL_MS + next_number(script, 2), to_ms = WALL_MS + next_number(script, 2);
    struct eventstore_find find = { .has_stream = flags & 1, .stream = stream, .has_key = flags & 2,
        .key = souk_slice_of("1"), .has_type = flags & 4, .type = souk_slice_of("order.placed"),
        .has_from_ms = flags & 8, .from_ms = from_ms, .has_to_ms = flags & 16, .to_ms = to_ms,
        .latest_first = flags & 32, .limit = 1 + next(script) % 100, .has_next = flags & 64 };

    find.next.incarnation = finder_incarnation(look);
    find.next.log_position = position;
    find.next.index = next(script);
    read_rows(look, name, position);
    {
        const int rc = finder_streams_each(look, see_stream, NULL);

        assert(rc == 0 || rc == -SOUK_EIO);
    }
    ask(look, finder_answer_find, &find);
    ask(look, finder_answer_event, &(struct eventstore_event){ .stream = stream, .number = number });
    ask(look, finder_answer_why, &(struct eventstore_why){ .stream = stream, .number = number });
    ask(look, finder_answer_place, &(struct eventstore_place){ .has_at_ms = flags & 8, .at_ms = from_ms });
    ask(look, finder_answer_place, &(struct eventstore_place){ .has_log_position = true, .log_position = position,
        .incarnation = finder_incarnation(look) });
    ask(look, finder_answer_verify, &(struct eventstore_verify){ .has_stream = flags & 1, .stream = stream });
    ask(look, finder_answer_statistics, &(struct eventstore_statistics){ .nothing = false });
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct script script = { bytes, bytes + size_bytes };
    struct finder_look look = { .left = SOUK_FINDER_LOOKED_MAX };

    make_ground();
    look.finder = ground.finder;
    look.arena = &ground.finder->arena;
    look.last = ground.last;
    assert(souk_txn_begin(ground.finder->log, SOUK_TXN_READ, &look.log) == 0);
    assert(souk_txn_begin(ground.finder->index, SOUK_TXN_WRITE, &look.index) == 0);
    assert(souk_txn_table(look.index, FINDER_TABLE, &look.table) == 0);
    assert(souk_txn_table(look.index, FINDER_STREAMS, &look.streams) == 0);
    look.has_table = look.has_streams = true;
    change(&look, &script);
    ask_all(&look, &script);
    finder_look_end(&look);
    return 0;
}
