#include "souk_cli_restore_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "souk_cursor.h"
#include "souk_log.h"

#define ASK_MS 2000
#define SENTENCE_BYTES 512

static int open_read(const struct restore *restore, const char *path, struct souk_store **store_out,
    struct souk_txn **txn_out, struct souk_error *err);
static int compare_stream(struct restore *restore, struct souk_txn *there, struct souk_txn *copy,
    const struct souk_name *stream, bool is_log, bool *newer, bool *older);
static int head_of(struct souk_txn *txn, const struct souk_name *stream, bool is_log, struct souk_position *head_out);
static int is_in(struct souk_txn *txn, const struct souk_name *stream, bool is_log,
    const struct souk_position *position, bool *in_out);
static int foresee_service(struct restore *restore);
static int foresee_event_store(struct restore *restore);
static int foresee_stream(struct restore *restore, const struct souk_topology_stream *stream);
static int ask_holder(struct restore *restore, const struct souk_topology_node *holder,
    const struct souk_topology_stream *stream, const struct souk_position *cursor, bool *answered_out,
    enum souk_verdict *verdict_out, struct souk_position *head_out);
static void say_next(struct restore *restore, const char *format, ...) SOUK_PRINTF(2, 3);

/* ---- what is there -------------------------------------------------- */

int
restore_compare(struct restore *restore, const char *copy)
{
    struct souk_store *there_store = NULL, *copy_store = NULL;
    struct souk_txn *there = NULL, *copied = NULL;
    bool newer = false, older = false;
    struct souk_error err = { 0 };
    struct souk_name name;
    int rc;

    rc = open_read(restore, restore->store, &there_store, &there, &err);
    if (rc == -SOUK_EBUSY) {
        restore->is_running = true;
        souk_cli_say(restore->cli, SOUK_CLI_RED, "%s is running: %s; stop it first", restore->node->name.text, err.text);
        return EX_UNAVAILABLE;
    }
    if (rc != 0) {
        restore->there = RESTORE_DAMAGED;
        (void)snprintf(restore->there_text, sizeof restore->there_text, "%.*s", 255, err.text);
        return 0;
    }
    if ((rc = open_read(restore, copy, &copy_store, &copied, &err)) == 0) {
        for (uint32_t i = 0; rc == 0 && i < restore->manifest.stream_count; i++)
            rc = compare_stream(restore, there, copied, &restore->manifest.streams[i].name, true, &newer, &older);
        /* Of one that only follows, what it has followed. */
        for (size_t i = 0; rc == 0 && restore->manifest.stream_count == 0 && i < restore->node->follow_count; i++) {
            name = restore->node->follows[i]->name;
            rc = compare_stream(restore, there, copied, &name, false, &newer, &older);
        }
    }
    souk_txn_abort(&copied);
    souk_store_close(&copy_store);
    souk_txn_abort(&there);
    souk_store_close(&there_store);
    if (rc != 0) {
        restore->there = RESTORE_DAMAGED;
        (void)snprintf(restore->there_text, sizeof restore->there_text, "it cannot be compared: %s",
            souk_error_name(rc));
    } else if (restore->there != RESTORE_DIFFERS) {
        restore->there = newer && older ? RESTORE_DIFFERS : newer ? RESTORE_NEWER : older ? RESTORE_OLDER : RESTORE_SAME;
    }
    return 0;
}

static int
open_read(const struct restore *restore, const char *path, struct souk_store **store_out, struct souk_txn **txn_out,
    struct souk_error *err)
{
    const struct souk_store_config config = { .path = path,
        .bytes_max = restore->node->shell_limits.store_bytes_max };
    int rc = souk_store_open(&config, store_out, err);

    if (rc == 0 && (rc = souk_txn_begin(*store_out, SOUK_TXN_READ, txn_out)) != 0)
        return souk_fail(err, (enum souk_error_code)-rc, "store %s cannot be read: %s", path, souk_error_name(rc));
    return rc;
}

static int
compare_stream(struct restore *restore, struct souk_txn *there, struct souk_txn *copy, const struct souk_name *stream,
    bool is_log, bool *newer, bool *older)
{
    char mine[SOUK_CLI_PLACE_BYTES], theirs[SOUK_CLI_PLACE_BYTES];
    struct souk_position have, want;
    bool in;
    int rc;

    if ((rc = head_of(there, stream, is_log, &have)) != 0 || (rc = head_of(copy, stream, is_log, &want)) != 0
        || souk_position_equal(&have, &want))
        return rc;
    if ((rc = is_in(there, stream, is_log, &want, &in)) != 0)
        return rc;
    if (!in) {
        if ((rc = is_in(copy, stream, is_log, &have, &in)) != 0)
            return rc;
        *older = true;
        if (in)
            return 0;
        restore->there = RESTORE_DIFFERS;
    }
    *newer = true;
    (void)snprintf(restore->there_text, sizeof restore->there_text, "it ends at %s, the backup at %s",
        souk_cli_place(stream->text, &have, theirs), souk_cli_place(stream->text, &want, mine));
    return 0;
}

static int
head_of(struct souk_txn *txn, const struct souk_name *stream, bool is_log, struct souk_position *head_out)
{
    struct souk_cursor cursor;
    struct souk_log log;
    int rc;

    if (is_log)
        return (rc = souk_log_open(txn, stream, &log)) != 0 ? rc : souk_log_head(txn, &log, head_out, NULL);
    if ((rc = souk_cursor_get(txn, stream, &cursor)) == 0)
        *head_out = cursor.position;
    return rc;
}

/* Is it in that store's history? Without a log as far as a cursor can say. */
static int
is_in(struct souk_txn *txn, const struct souk_name *stream, bool is_log, const struct souk_position *position,
    bool *in_out)
{
    enum souk_verdict verdict;
    struct souk_position head;
    struct souk_point common;
    struct souk_log log;
    int rc;

    if (!is_log) {
        rc = head_of(txn, stream, false, &head);
        *in_out = souk_position_is_zero(position) || souk_point_satisfied(souk_point_of(position), souk_point_of(&head));
        return rc;
    }
    if ((rc = souk_log_open(txn, stream, &log)) != 0
        || (rc = souk_log_judge(txn, &log, position, &verdict, &head, &common)) != 0)
        return rc;
    *in_out = verdict == SOUK_NEXT || verdict == SOUK_TRIMMED;
    return 0;
}

/* ---- what will happen ----------------------------------------------- */

int
restore_foresee(struct restore *restore)
{
    return restore->node->kind == SOUK_NODE_SERVICE ? foresee_service(restore) : foresee_event_store(restore);
}

static int
foresee_service(struct restore *restore)
{
    struct souk_cli_heads *heads = souk_cli_need(malloc(sizeof *heads));
    const struct souk_topology *topology = restore->system.topology;
    uint32_t epoch = 0, silent = 0, stores = 0;
    char place[SOUK_CLI_PLACE_BYTES];
    int status = 0;

    for (uint32_t i = 0; i < restore->manifest.stream_count; i++)
        if (restore->manifest.streams[i].head.epoch.counter > epoch)
            epoch = restore->manifest.streams[i].head.epoch.counter;
    for (size_t i = 0; status == 0 && i < topology->node_count && restore->node->stream_count != 0; i++) {
        const struct souk_topology_node *store = &topology->nodes[i];

        if (store->kind != SOUK_NODE_EVENT_STORE || store->lost)
            continue;
        stores++;
        if ((status = souk_cli_heads_ask(restore->cli, restore->system.client, store, ASK_MS, heads)) != 0)
            break;
        if (!heads->answered) {
            silent++;
            say_next(restore, "%s does not answer now: until it does %s answers queries and takes no commands"
                " (--accept-loss at its start goes on without, and loses what only %s holds)", store->name.text,
                restore->node->name.text, store->name.text);
            continue;
        }
        for (size_t k = 0; k < restore->node->stream_count; k++) {
            const char *stream = restore->node->streams[k]->name.text;
            const struct souk_position *theirs = souk_cli_heads_of(heads, stream);
            const struct souk_position *mine = souk_manifest_head(&restore->manifest, stream);
            const uint64_t have = theirs == NULL ? 0 : theirs->number, want = mine == NULL ? 0 : mine->number;

            if (theirs != NULL && theirs->epoch.counter > epoch)
                epoch = theirs->epoch.counter;
            if (have > want)
                say_next(restore, "it takes back %" PRIu64 " events of %s that %s holds, up to %s", have - want, stream,
                    store->name.text, souk_cli_place(stream, theirs, place));
            else if (have < want)
                say_next(restore, "%s holds %" PRIu64 " events of %s fewer, and records them from it",
                    store->name.text, want - have, stream);
            else if (theirs != NULL && mine != NULL && theirs->epoch.counter == mine->epoch.counter
                && memcmp(theirs->hash.bytes, mine->hash.bytes, SOUK_HASH_BYTES) != 0)
                say_next(restore, "%s holds another history of %s: what the backup has beyond it is set aside",
                    store->name.text, stream);
        }
    }
    free(heads);
    if (status != 0)
        return status;
    if (restore->node->stream_count == 0)
        say_next(restore, "it writes no stream: it follows from where the backup stands");
    else if (stores == 0)
        say_next(restore, "no event store is there to ask: it stays read only until it is started with --accept-loss");
    else if (silent == 0)
        say_next(restore, "it opens epoch %" PRIu32 " or above; who follows it rebuilds nothing, unless it had events"
            " that nobody holds now", epoch + 1);
    return 0;
}

static int
foresee_event_store(struct restore *restore)
{
    const struct souk_topology *topology = restore->system.topology;
    int status = 0;

    say_next(restore, "it draws a new incarnation: log positions of before are refused as"
        " eventstore.other_incarnation, its acknowledgements and seals of before do not count any more");
    for (size_t i = 0; status == 0 && i < topology->stream_count; i++)
        status = foresee_stream(restore, &topology->streams[i]);
    return status;
}

static int
foresee_stream(struct restore *restore, const struct souk_topology_stream *stream)
{
    const struct souk_topology *topology = restore->system.topology;
    const struct souk_position *mine = souk_manifest_head(&restore->manifest, stream->name.text);
    const struct souk_position cursor = mine == NULL ? (struct souk_position){ .number = 0 } : *mine;
    struct souk_position head, other;
    char place[SOUK_CLI_PLACE_BYTES];
    enum souk_verdict verdict;
    bool answered, others_answer = true;
    int status;

    (void)souk_cli_place(stream->name.text, &cursor, place);
    if ((status = ask_holder(restore, stream->writer, stream, &cursor, &answered, &verdict, &head)) != 0)
        return status;
    if (!answered) {
        say_next(restore, "%s does not answer now: whether it still has what follows %s is not known",
            stream->writer->name.text, place);
    } else if (verdict == SOUK_NEXT && head.number > cursor.number) {
        say_next(restore, "it takes %" PRIu64 " events of %s behind %s", head.number - cursor.number,
            stream->name.text, place);
    } else if (verdict == SOUK_VOID) {
        say_next(restore, "%s is not in the history of %s any more: what lies beyond it is set aside", place,
            stream->writer->name.text);
    } else if (verdict == SOUK_UNKNOWN) {
        say_next(restore, "%s does not know %s: it seals its streams again and opens an epoch above it",
            stream->writer->name.text, place);
    } else if (verdict == SOUK_TRIMMED) {
        for (size_t i = 0; i < topology->node_count; i++) {
            const struct souk_topology_node *store = &topology->nodes[i];

            if (store->kind != SOUK_NODE_EVENT_STORE || store == restore->node || store->lost)
                continue;
            if ((status = ask_holder(restore, store, stream, &cursor, &answered, &verdict, &other)) != 0)
                return status;
            others_answer &= answered;
            if (answered && verdict == SOUK_NEXT && other.number > cursor.number) {
                say_next(restore, "%s has trimmed what follows %s: it takes that from %s", stream->writer->name.text,
                    place, store->name.text);
                return 0;
            }
        }
        restore->has_hole = true;
        say_next(restore, "HOLE: %s has trimmed what follows %s, and no event store that answers has it: %s",
            stream->writer->name.text, place, others_answer ? "restore a later backup"
            : "start the other event stores first, or restore a later backup");
    }
    return 0;
}

static int
ask_holder(struct restore *restore, const struct souk_topology_node *holder, const struct souk_topology_stream *stream,
    const struct souk_position *cursor, bool *answered_out, enum souk_verdict *verdict_out,
    struct souk_position *head_out)
{
    struct souk_wire_pull *pull = souk_cli_need(calloc(1, sizeof *pull));
    struct souk_client_pulled pulled;
    struct souk_error err = { 0 };
    int rc;

    *answered_out = false;
    pull->credit_bytes = 1;
    pull->cursor_count = 1;
    pull->cursors[0].stream = stream->name;
    pull->cursors[0].position = *cursor;
    rc = souk_client_pull(restore->system.client, holder, pull, ASK_MS, &pulled, &err);
    free(pull);
    if (rc == 0 && pulled.answer.count == 1) {
        *answered_out = true;
        *verdict_out = pulled.answer.answers[0].verdict;
        *head_out = pulled.answer.answers[0].head;
    }
    if (rc == 0 || rc == -SOUK_ENOTFOUND || rc == -SOUK_EBUSY)
        return 0;
    souk_cli_say(restore->cli, SOUK_CLI_RED, "%s: %s", holder->name.text, err.text);
    return souk_cli_exit_status(rc, EX_CONFIG);
}

static void
say_next(struct restore *restore, const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)json_array_append_new(restore->next, souk_cli_need(json_string(sentence)));
}
