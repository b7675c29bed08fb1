#include "souk_cli_verify_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "souk_batch.h"

#define PULL_MS 2000
#define PULL_TRIES_MAX 3
#define PULL_CREDIT (1024 * 1024)
#define HOLDERS_MAX (1 + SOUK_STORES_MAX)
#define PLACES_MAX 8192                         /* of one answer: batches of a credit and a commit */

/* Where the batches of one answer end. */
struct answer {
    bool heard;
    enum souk_verdict verdict;
    struct souk_position head;
    uint32_t count;
    struct souk_position ends[PLACES_MAX];
    uint32_t events[PLACES_MAX];
    const char *fault;                          /* behind the last of them; NULL: none */
    struct souk_hash fault_hash;
};

struct online {
    struct verify *verify;
    struct souk_cli_system system;
    const struct souk_topology_stream *stream;
    const struct souk_topology_node *holders[HOLDERS_MAX];
    uint32_t holder_count;
    struct answer *reference, *other;
};

static int verify_one(struct online *online);
static int pull(struct online *online, const struct souk_topology_node *holder, const struct souk_position *after,
    struct answer *answer);
static void take(struct online *online, const struct souk_client_pulled *pulled, const struct souk_position *after,
    struct answer *answer);
static int compare(struct online *online, const struct souk_topology_node *reference,
    const struct souk_topology_node *other, json_t *told, bool tells_reference);
static int compare_heads(struct online *online);
static const char *note_of(const struct answer *answer, const struct verify_counts *counts, char text_out[64]);

int
verify_online(struct verify *verify)
{
    struct online online = { .verify = verify };
    const struct souk_topology *topology;
    int status;

    online.reference = souk_cli_need(calloc(1, sizeof *online.reference));
    online.other = souk_cli_need(calloc(1, sizeof *online.other));
    status = souk_cli_system_open(&online.system, &verify->options->cli, "souk");
    topology = online.system.topology;
    for (size_t i = 0; status == EX_OK && i < verify->options->stream_count; i++) {
        bool is_there = false;

        for (size_t k = 0; k < topology->stream_count; k++)
            is_there |= strcmp(topology->streams[k].name.text, verify->options->streams[i]) == 0;
        if (!is_there) {
            souk_cli_say(&verify->options->cli, SOUK_CLI_RED, "%s has no stream `%s`", topology->name.text,
                verify->options->streams[i]);
            status = EX_DATAERR;
        }
    }
    for (size_t i = 0; status == EX_OK && i < topology->stream_count; i++) {
        online.stream = &topology->streams[i];
        if (!verify_wants(verify, online.stream->name.text))
            continue;
        online.holder_count = 0;
        for (size_t k = 0; k < topology->node_count; k++)
            if (topology->nodes[k].kind == SOUK_NODE_EVENT_STORE && !topology->nodes[k].lost)
                online.holders[online.holder_count++] = &topology->nodes[k];
        online.holders[online.holder_count++] = online.stream->writer;
        status = online.stream->is_private ? compare_heads(&online) : verify_one(&online);
    }
    souk_cli_system_close(&online.system);
    free(online.reference);
    free(online.other);
    return status;
}

/*
 * Who gives the stream from its beginning is what the others are held against:
 * an event store, or an origin that has trimmed nothing.
 */
static int
verify_one(struct online *online)
{
    const struct souk_position zero = { .number = 0 };
    json_t *told = verify_stream(online->verify, online->stream->name.text);
    const struct souk_topology_node *reference = NULL;
    bool is_first = true;
    int status;

    for (uint32_t i = 0; i < online->holder_count && reference == NULL; i++) {
        if ((status = pull(online, online->holders[i], &zero, online->reference)) != EX_OK)
            return status;
        if (online->reference->heard && online->reference->verdict == SOUK_NEXT)
            reference = online->holders[i];
    }
    for (uint32_t i = 0; i < online->holder_count; i++) {
        if (online->holders[i] == reference && !(online->holder_count == 1))
            continue;
        if (reference == NULL) {
            const struct verify_counts none = { .batches = 0 };

            verify_holder(told, online->holders[i]->name.text, &none, "gives nothing from the beginning");
            online->verify->silent++;
            continue;
        }
        if ((status = compare(online, reference, online->holders[i], told, is_first)) != EX_OK)
            return status;
        is_first = false;
    }
    return EX_OK;
}

/* Step by step, so that memory is bounded; up to where the reference ended at first, since both may grow. */
static int
compare(struct online *online, const struct souk_topology_node *reference, const struct souk_topology_node *other,
    json_t *told, bool tells_reference)
{
    const char *stream = online->stream->name.text;
    struct answer *mine = online->reference, *theirs = online->other;
    struct verify_counts counts = { .batches = 0 }, other_counts = { .batches = 0 };
    struct souk_position at = { .number = 0 }, until = { .number = 0 };
    bool differs = false, begun = false, is_over = false, is_first = true;
    char note[64] = "";
    int status;

    while (!differs && !is_over) {
        uint32_t count;

        verify_progress(online->verify, stream, other->name.text);
        if ((status = pull(online, reference, &at, mine)) != EX_OK
            || (status = pull(online, other, &at, theirs)) != EX_OK)
            return status;
        if (!mine->heard || !theirs->heard) {
            online->verify->silent++;
            (void)snprintf(note, sizeof note, "%s does not answer", mine->heard ? other->name.text : reference->name.text);
            break;
        }
        if (is_first)
            until = mine->head;
        is_first = false;
        if (mine->fault != NULL && mine->count == 0) {
            verify_differ(online->verify, stream, &at, at.number + 1, reference->name.text, &mine->fault_hash, NULL, NULL,
                mine->fault);
            break;
        }
        if (theirs->verdict == SOUK_VOID || theirs->verdict == SOUK_UNKNOWN || mine->verdict != SOUK_NEXT) {
            verify_differ(online->verify, stream, &at, at.number, reference->name.text, &at.hash, other->name.text, NULL,
                "one has this place in its history, the other has not");
            break;
        }
        count = mine->count;
        if (theirs->verdict == SOUK_NEXT) {
            if (!begun)
                other_counts.begin = at;
            begun = true;
            if (theirs->fault != NULL && theirs->count == 0) {
                verify_differ(online->verify, stream, &at, at.number + 1, other->name.text, &theirs->fault_hash, NULL,
                    NULL, theirs->fault);
                break;
            }
            if (theirs->count < count)
                count = theirs->count;
        } else if (!begun) {
            other_counts.begin = mine->count == 0 ? at : mine->ends[mine->count - 1];
        }
        for (uint32_t i = 0; i < count && !differs; i++) {
            if (theirs->verdict == SOUK_NEXT && !souk_position_equal(&mine->ends[i], &theirs->ends[i])) {
                verify_differ(online->verify, stream, &at, at.number + 1, reference->name.text, &mine->ends[i].hash,
                    other->name.text, &theirs->ends[i].hash, "two histories");
                differs = true;
                break;
            }
            at = mine->ends[i];
            counts.batches++;
            counts.events += mine->events[i];
            if (theirs->verdict == SOUK_NEXT) {
                other_counts.batches++;
                other_counts.events += theirs->events[i];
                other_counts.end = at;
            }
        }
        counts.end = at;
        is_over = count == 0 || souk_point_satisfied(souk_point_of(&until), souk_point_of(&at));
    }
    online->verify->batches += other_counts.batches + (tells_reference ? counts.batches : 0);
    online->verify->events += other_counts.events + (tells_reference ? counts.events : 0);
    if (tells_reference && reference != other)
        verify_holder(told, reference->name.text, &counts, "");
    verify_holder(told, other->name.text, &other_counts, note[0] != '\0' ? note : differs ? "differs"
        : note_of(mine, &other_counts, note));
    return EX_OK;
}

static const char *
note_of(const struct answer *answer, const struct verify_counts *counts, char text_out[64])
{
    text_out[0] = '\0';
    if (answer->head.number > counts->end.number)
        (void)snprintf(text_out, 64, "%" PRIu64 " events behind", answer->head.number - counts->end.number);
    return text_out;
}

static int
pull(struct online *online, const struct souk_topology_node *holder, const struct souk_position *after,
    struct answer *answer)
{
    struct souk_wire_pull *asked = souk_cli_need(calloc(1, sizeof *asked));
    struct souk_client_pulled pulled;
    struct souk_error err = { 0 };
    int rc = -SOUK_ENOTFOUND;

    answer->heard = false;
    answer->count = 0;
    answer->fault = NULL;
    asked->credit_bytes = PULL_CREDIT;
    asked->cursor_count = 1;
    asked->cursors[0].stream = online->stream->name;
    asked->cursors[0].position = *after;
    for (int tries = 0; tries < PULL_TRIES_MAX && (rc == -SOUK_ENOTFOUND || rc == -SOUK_EBUSY); tries++)
        rc = souk_client_pull(online->system.client, holder, asked, PULL_MS, &pulled, &err);
    free(asked);
    if (rc == 0 && pulled.answer.count == 1)
        take(online, &pulled, after, answer);
    if (rc == 0 || rc == -SOUK_ENOTFOUND || rc == -SOUK_EBUSY)
        return EX_OK;
    souk_cli_say(&online->verify->options->cli, SOUK_CLI_RED, "%s: %s", holder->name.text, err.text);
    return souk_cli_exit_status(rc, EX_CONFIG);
}

/* Every hash is computed, every link looked at. */
static void
take(struct online *online, const struct souk_client_pulled *pulled, const struct souk_position *after,
    struct answer *answer)
{
    struct souk_position at = *after;
    struct souk_batch_header header;

    answer->heard = true;
    answer->verdict = pulled->answer.answers[0].verdict;
    answer->head = pulled->answer.answers[0].head;
    for (size_t i = 0; i < pulled->batch_count && answer->count < PLACES_MAX; i++) {
        if (souk_batch_check(pulled->batches[i], &header) != 0) {
            answer->fault = "the next batch is not what it was: its hash is another one";
            if (souk_batch_peek(pulled->batches[i], &header) == 0)
                answer->fault_hash = header.hash;
            return;
        }
        if (strcmp(header.stream.text, online->stream->name.text) != 0 || !souk_batch_extends(&header, &at)) {
            answer->fault = "the next batch does not follow on this one";
            answer->fault_hash = header.hash;
            return;
        }
        at = souk_batch_end(&header);
        answer->events[answer->count] = header.count;
        answer->ends[answer->count++] = at;
    }
}

/*
 * Of a private stream nobody but its writer and event stores may have the
 * events. That two end with one hash says that all of it is the same.
 */
static int
compare_heads(struct online *online)
{
    const char *stream = online->stream->name.text;
    json_t *told = verify_stream(online->verify, stream);
    struct souk_cli_heads *heads = souk_cli_need(calloc(1, sizeof *heads));
    struct souk_position ends[HOLDERS_MAX];
    int status = EX_OK;

    for (uint32_t i = 0; i < online->holder_count && status == EX_OK; i++) {
        struct verify_counts counts = { .batches = 0 };
        const struct souk_position *end;

        memset(&ends[i], 0, sizeof ends[i]);
        if ((status = souk_cli_heads_ask(&online->verify->options->cli, online->system.client, online->holders[i],
            PULL_MS, heads)) != EX_OK)
            break;
        if (heads->answered && (end = souk_cli_heads_of(heads, stream)) != NULL)
            counts.end = ends[i] = *end;
        online->verify->silent += !heads->answered;
        verify_holder(told, online->holders[i]->name.text, &counts, heads->answered
            ? "private: heads only, see --offline" : "does not answer");
        for (uint32_t k = 0; k < i; k++)
            if (ends[k].number != 0 && ends[k].number == ends[i].number
                && souk_epoch_equal(ends[k].epoch, ends[i].epoch)
                && memcmp(ends[k].hash.bytes, ends[i].hash.bytes, SOUK_HASH_BYTES) != 0)
                verify_differ(online->verify, stream, &ends[i], ends[i].number, online->holders[k]->name.text,
                    &ends[k].hash, online->holders[i]->name.text, &ends[i].hash,
                    "two histories; --offline finds where they part");
    }
    free(heads);
    return status;
}
