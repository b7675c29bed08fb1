#include "souk_stage_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "souk_log.h"
#include "souk_space.h"

#define KEY_SHOWN_BYTES_MAX 64

static struct stage_node *open_copy(struct stage_node *node, uint64_t commit_max);
static void say_where(struct souk_stage *stage, const struct stage_node *copy, const struct stage_node *node,
    const char *stream);
static bool is_caught_up(const struct stage_node *copy, const struct stage_node *node);
static void change_roles(struct stage_node *node, struct stage_node *copy);
static bool stands_same(const struct stage_node *a, const struct stage_node *b, const char *stream);
static void compare_stream(struct stage_node *node, struct stage_node *anew, const char *stream);
static void compare_indexes(struct stage_node *node, struct stage_node *anew);
static int compare(struct stage_node *node, struct stage_node *anew, const char *stream);
static int compare_table(struct souk_stage *stage, struct souk_txn *txns[2], const struct souk_space_table *tables[2]);
static void say_row(struct souk_stage *stage, struct stage_text *text, const char *table, struct souk_slice key,
    struct souk_slice value);
static int commit_of(struct stage_node *node, const struct souk_name *stream, uint64_t events, uint64_t *commit_out);

/* ---- copies --------------------------------------------------------- */

/* A process beside `node` on an empty store, which has taken what the logs hold, own commits up to `commit_max`. */
static struct stage_node *
open_copy(struct stage_node *node, uint64_t commit_max)
{
    struct souk_stage *stage = node->stage;
    struct stage_node *copy = stage_node_add(stage, STAGE_SERVICE, souk_name_slice(&node->name));
    struct souk_error err = { 0 };

    if (copy == NULL) {
        stage_fail(stage, "%s: there is no room for a copy", node->name.text);
        return NULL;
    }
    copy->service = node->service;
    copy->wiring = node->wiring;
    copy->own_count = node->own_count;
    copy->copy_of = node;
    copy->commit_max = commit_max;
    stage_disk_new(copy);
    if (stage_process_open(copy, SOUK_CORE_START_BESIDE, &err) != 0)
        stage_fail(stage, "%s", err.text);
    else
        stage_settle(stage);
    if (commit_max == UINT64_MAX && !stage->has_failed && !is_caught_up(copy, node)) {
        stage_fail(stage, "%s: its tables cannot be filled anew now:", node->name.text);
        for (size_t i = 0; i < node->wiring->stream_count; i++)
            say_where(stage, copy, node, node->wiring->streams[i].name.text);
    }
    return copy;
}

static void
say_where(struct souk_stage *stage, const struct stage_node *copy, const struct stage_node *node, const char *stream)
{
    struct souk_position at_copy, at_node;

    if (stage_cursor(copy, stream, &at_copy) == 0 && stage_cursor(node, stream, &at_node) == 0)
        stage_say(&stage->report, " %s at %" PRIu64 " of epoch %" PRIu32 ", it stands at %" PRIu64 " of %" PRIu32 ";",
            stream, at_copy.number, at_copy.epoch.counter, at_node.number, at_node.epoch.counter);
}

static bool
is_caught_up(const struct stage_node *copy, const struct stage_node *node)
{
    for (uint32_t i = 0; i < node->own_count; i++)
        if (!stands_same(copy, node, node->wiring->streams[i].name.text))
            return false;
    return true;
}

static bool
stands_same(const struct stage_node *a, const struct stage_node *b, const char *stream)
{
    struct souk_position at_a, at_b;

    return stage_cursor(a, stream, &at_a) == 0 && stage_cursor(b, stream, &at_b) == 0
        && souk_position_equal(&at_a, &at_b);
}

/* ---- rebuilding ----------------------------------------------------- */

void
stage_rebuild(struct stage_node *node)
{
    struct souk_stage *stage = node->stage;
    struct stage_node *copy = open_copy(node, UINT64_MAX);
    struct souk_core_status status;

    souk_core_status(node->process.core, &status);
    if (copy == NULL || stage->has_failed) {
        stage_node_remove(&copy);
        return;
    }
    if (node->own_count != 0) {
        (void)souk_core_drain(node->process.core);
        stage_settle(stage);
        if (!souk_core_drain(node->process.core)
            || souk_core_take_over(copy->process.core, souk_core_hand_over(node->process.core)) != 0)
            stage_fail(stage, "%s: it does not hand over", node->name.text);
    }
    change_roles(node, copy);
    stage_settle(stage);
    for (size_t i = 0; status.parked == 0 && i < copy->wiring->stream_count && !stage->has_failed; i++) {
        const char *stream = copy->wiring->streams[i].name.text;

        if (stands_same(node, copy, stream))
            compare_stream(node, copy, stream);
        else
            status.parked = 1;                  /* the new one has gone on */
    }
    if (status.parked == 0)
        compare_indexes(node, copy);
    stage_node_remove(&node);
}

/* The copy is the service from now on. */
static void
change_roles(struct stage_node *node, struct stage_node *copy)
{
    copy->copy_of = NULL;
    node->copy_of = copy;
    memcpy(copy->told, node->told, sizeof copy->told);
    copy->dies = node->dies;
    copy->moment = node->moment;
    copy->write_fails_in = node->write_fails_in;
    copy->wiring->random.arg = copy;
    for (uint32_t i = 0; i < node->stage->node_count; i++)
        if (node->stage->nodes[i] != NULL && node->stage->nodes[i]->process.core != NULL)
            souk_core_hear_subscriber(node->stage->nodes[i]->process.core);
}

/* ---- comparing ------------------------------------------------------ */

void
stage_expect_same(struct stage_node *node)
{
    const struct souk_slice witness = souk_pack_slice(&node->process.witness);
    struct souk_stage *stage = node->stage;
    struct souk_core_status status;
    struct stage_node *copy;

    souk_core_status(node->process.core, &status);
    if (status.parked != 0) {
        stage_fail(stage, "%s: %" PRIu64 " events are parked, so its tables are not what the log says",
            node->name.text, status.parked);
        return;
    }
    copy = open_copy(node, UINT64_MAX);
    for (uint32_t i = 0; i < node->own_count && !stage->has_failed; i++)
        compare_stream(node, copy, node->wiring->streams[i].name.text);
    /* What it followed behind its last own event it takes only when it is the one. */
    if (node->own_count != 0 && !stage->has_failed && souk_core_take_over(copy->process.core, witness) != 0)
        stage_fail(stage, "%s: its tables cannot be filled anew now", node->name.text);
    if (!stage->has_failed)
        stage_settle(stage);
    for (size_t i = 0; i < node->wiring->stream_count && !stage->has_failed; i++)
        compare_stream(node, copy, node->wiring->streams[i].name.text);
    compare_indexes(node, copy);
    stage_node_remove(&copy);
}

static void
compare_stream(struct stage_node *node, struct stage_node *anew, const char *stream)
{
    struct souk_position at, at_anew;
    int rc;

    if ((rc = stage_cursor(node, stream, &at)) == 0 && (rc = stage_cursor(anew, stream, &at_anew)) == 0) {
        if (souk_position_equal(&at, &at_anew))
            rc = compare(node, anew, stream);
        else
            stage_fail(node->stage, "%s: filled anew it stands at %" PRIu64 " in %s, where it stood at %" PRIu64,
                node->name.text, at_anew.number, stream, at.number);
    }
    if (rc != 0)
        stage_fail(node->stage, "%s: its tables cannot be compared: %s", node->name.text, souk_error_name(rc));
}

static void
compare_indexes(struct stage_node *node, struct stage_node *anew)
{
    int rc;

    if (!node->stage->has_failed && (rc = compare(node, anew, NULL)) != 0)
        stage_fail(node->stage, "%s: its index tables cannot be compared: %s", node->name.text, souk_error_name(rc));
}

/* The tables that `stream` fills, NULL: the index tables. The digests say whether, the rows say where. */
static int
compare(struct stage_node *node, struct stage_node *anew, const char *stream)
{
    struct souk_space *spaces = stage_alloc(2, sizeof *spaces);
    struct stage_node *nodes[] = { node, anew };
    struct souk_txn *txns[2] = { NULL, NULL };
    struct souk_hash digests[2];
    int rc = 0;

    for (size_t i = 0; i < 2 && rc == 0; i++)
        if ((rc = souk_txn_begin(nodes[i]->process.store, SOUK_TXN_READ, &txns[i])) == 0
            && (rc = souk_tables_digest(txns[i], node->service, stream, &digests[i])) == 0
            && (rc = souk_space_init(&spaces[i], node->service, NULL)) == 0)
            rc = souk_space_load(&spaces[i], txns[i]);
    if (rc == 0 && memcmp(digests[0].bytes, digests[1].bytes, sizeof digests[0].bytes) != 0) {
        stage_fail(node->stage, "%s: its %s%s are not what the log makes of them", node->name.text,
            stream == NULL ? "index tables" : "tables of ", stream == NULL ? "" : stream);
        for (uint32_t k = 0; k < spaces[0].count && rc == 0; k++) {
            const struct souk_space_table *tables[] = { &spaces[0].tables[k], &spaces[1].tables[k] };

            if (stream == NULL ? tables[0]->stream == NULL
                : tables[0]->stream != NULL && strcmp(tables[0]->stream, stream) == 0)
                rc = compare_table(node->stage, txns, tables);
        }
    }
    souk_txn_abort(&txns[0]);
    souk_txn_abort(&txns[1]);
    free(spaces);
    return rc;
}

/* Report every row that is not in both. */
static int
compare_table(struct souk_stage *stage, struct souk_txn *txns[2], const struct souk_space_table *tables[2])
{
    struct souk_scan *scans[2] = { NULL, NULL };
    struct souk_slice keys[2], values[2];
    bool wanted[] = { true, true }, at_end[] = { false, false };
    int rc = 0;

    for (size_t i = 0; i < 2 && rc == 0; i++)
        if (!(at_end[i] = !tables[i]->exists))
            rc = souk_scan_open(txns[i], tables[i]->table, (struct souk_slice){ NULL, 0 }, &scans[i]);
    while (rc == 0) {
        int order;

        for (size_t i = 0; i < 2 && rc == 0; i++)
            if (wanted[i] && !at_end[i] && (rc = souk_scan_next(scans[i], &keys[i], &values[i])) == -SOUK_ENOTFOUND) {
                at_end[i] = true;
                rc = 0;
            }
        if (rc != 0 || (at_end[0] && at_end[1]))
            break;
        order = at_end[0] ? 1 : at_end[1] ? -1 : souk_slice_compare(keys[0], keys[1]);
        wanted[0] = order <= 0;
        wanted[1] = order >= 0;
        if (order == 0 && souk_slice_equal(values[0], values[1]))
            continue;
        for (size_t i = 0; i < 2; i++)
            if (wanted[i]) {
                stage_say(&stage->report, "\n%s %s:", i == 0 ? "- in" : "+ filled anew", tables[i]->name);
                say_row(stage, &stage->report, tables[i]->name, keys[i], values[i]);
            }
    }
    souk_scan_close(&scans[0]);
    souk_scan_close(&scans[1]);
    return rc;
}

/* As the description has it; a row that it lacks by the bytes of its key. */
static void
say_row(struct souk_stage *stage, struct stage_text *text, const char *table, struct souk_slice key,
    struct souk_slice value)
{
    for (size_t i = 0; i < stage->messages->type_count; i++) {
        const struct souk_message_type *type = stage->messages->types[i];

        if (type->kind == SOUK_ROW && strcmp(type->table, table) == 0) {
            stage_say_message(stage, text, type, value);
            return;
        }
    }
    stage_say(text, " key ");
    for (size_t i = 0; i < key.size_bytes && i < KEY_SHOWN_BYTES_MAX; i++)
        stage_say(text, "%02x", ((const uint8_t *)key.base)[i]);
    stage_say(text, ", %zu bytes", value.size_bytes);
}

/* ---- losing --------------------------------------------------------- */

/* It starts again, without a witness, on a store that ends before the commits that it loses. */
void
stage_lose(struct stage_node *node, const struct souk_name *stream, uint64_t events)
{
    struct souk_stage *stage = node->stage;
    struct stage_node *copy;
    uint64_t commit;
    int rc;

    if ((rc = commit_of(node, stream, events, &commit)) != 0) {
        stage_fail(stage, "%s: it has no %" PRIu64 " events to lose (%s)", stream->text, events, souk_error_name(rc));
        return;
    }
    copy = open_copy(node, commit - 1);
    if (!stage->has_failed) {
        stage_process_close(copy);
        stage_process_close(node);
        stage_disk_remove(stage, node->process.disk);
        node->process.disk = copy->process.disk;
        copy->process.disk = 0;
        souk_pack_reset(&node->process.witness);
        node->parked_told = 0;
        stage_process_start(node);
    }
    stage_node_remove(&copy);
}

/* The commit that holds the first of the last `events`. */
static int
commit_of(struct stage_node *node, const struct souk_name *stream, uint64_t events, uint64_t *commit_out)
{
    struct souk_batch_header header;
    struct souk_position head;
    struct souk_txn *txn = NULL;
    struct souk_slice batch;
    struct souk_log log;
    int rc;

    if ((rc = souk_txn_begin(node->process.store, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    if ((rc = souk_log_open(txn, stream, &log)) == 0 && (rc = souk_log_head(txn, &log, &head, NULL)) == 0
        && (rc = events == 0 || events > head.number ? -SOUK_EINVAL : 0) == 0
        && (rc = souk_log_holding(txn, &log, head.number - events + 1, &batch)) == 0
        && (rc = souk_batch_peek(batch, &header)) == 0)
        *commit_out = header.commit;
    souk_txn_abort(&txn);
    return rc;
}
