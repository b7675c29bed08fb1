#include "souk_stage_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "souk_log.h"
#include "souk_parked.h"

#define COMPARED_MAX (16 * 1024 * 1024) /* pairs of lines; beyond it only the first difference is shown */

/* One stream of a node while its batches are put in order. */
struct lane {
    struct souk_log log;
    struct souk_slice batch;
    struct souk_batch_header header;
    bool done;
};

struct parked_walk {
    struct stage_node *node;
    uint64_t sequence;                          /* of the last one */
    bool notes;
};

struct line {
    const char *text;
    size_t size_bytes;
};

static void walk_store(struct stage_node *node, bool notes);
static int begin_lane(struct souk_txn *txn, const struct stage_node *node, uint32_t own, struct lane *lane);
static int step_lane(struct souk_txn *txn, struct lane *lane, struct souk_point from);
static struct lane *first_lane(struct lane *lanes, uint32_t count);
static void note_batch(struct stage_node *node, const struct souk_batch_header *header);
static int note_parked(const struct souk_parked *parked, void *arg);
static const char *status_word(enum souk_status status);
static void begin_line(struct souk_stage *stage);
static void end_line(struct souk_stage *stage);
static void say_name(struct stage_text *text, struct souk_slice name, const char *known);
static void say_slice(struct stage_text *text, struct souk_slice slice);
static struct line *split(const char *text, size_t *count_out);
static bool same(const struct line *a, const struct line *b);
static void compare(struct stage_text *text, const struct line *wanted, size_t wanted_count, const struct line *got,
    size_t got_count);
static void show(struct stage_text *text, char mark, const struct line *line);

/* ---- events --------------------------------------------------------- */

void
stage_note_store(struct stage_node *node)
{
    walk_store(node, true);
}

void
stage_skip_store(struct stage_node *node)
{
    walk_store(node, false);
}

/* All that the node's streams and its parked rows have and the trace has not, in the order of the commits. */
static void
walk_store(struct stage_node *node, bool notes)
{
    struct lane *lanes = stage_alloc(node->own_count + 1, sizeof *lanes);
    const uint32_t own_count = node->stage->is_quiet ? 0 : node->own_count;
    struct parked_walk parked = { .node = node, .notes = notes };
    struct souk_txn *txn = NULL;
    struct lane *lane;
    int rc;

    if ((rc = souk_txn_begin(node->process.store, SOUK_TXN_READ, &txn)) != 0)
        goto done;
    for (uint32_t i = 0; i < own_count && rc == 0; i++)
        rc = begin_lane(txn, node, i, &lanes[i]);
    while (rc == 0 && (lane = first_lane(lanes, own_count)) != NULL) {
        const struct souk_position end = souk_batch_end(&lane->header);

        if (notes)
            note_batch(node, &lane->header);
        node->told[lane - lanes] = souk_point_of(&end);
        rc = step_lane(txn, lane, souk_point_of(&end));
    }
    if (rc == 0)
        rc = souk_parked_each(txn, note_parked, &parked);
    node->parked_told = parked.sequence;

done:
    if (rc != 0)
        stage_fail(node->stage, "%s: its store cannot be read: %s", node->name.text, souk_error_name(rc));
    souk_txn_abort(&txn);
    free(lanes);
}

/* To the first batch that is not in the trace. What was lost or taken back lies before it, or in an earlier epoch. */
static int
begin_lane(struct souk_txn *txn, const struct stage_node *node, uint32_t own, struct lane *lane)
{
    const struct souk_point told = node->told[own];
    struct souk_point from = told;
    struct souk_position head;
    int rc;

    if ((rc = souk_log_open(txn, &node->wiring->streams[own].name, &lane->log)) != 0
        || (rc = souk_log_head(txn, &lane->log, &head, NULL)) != 0)
        return rc;
    if (!souk_epoch_equal(head.epoch, told.epoch))
        memset(&from, 0, sizeof from);
    while ((rc = step_lane(txn, lane, from)) == 0 && !lane->done) {
        const struct souk_position end = souk_batch_end(&lane->header);

        from = souk_point_of(&end);
        if (!souk_point_covered(from, told) && from.epoch.counter >= told.epoch.counter)
            break;
    }
    return rc;
}

static int
step_lane(struct souk_txn *txn, struct lane *lane, struct souk_point from)
{
    int rc = souk_log_after(txn, &lane->log, from, &lane->batch);

    lane->done = rc != 0;
    if (rc == 0)
        rc = souk_batch_read(lane->batch, &lane->header);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static struct lane *
first_lane(struct lane *lanes, uint32_t count)
{
    struct lane *first = NULL;

    for (uint32_t i = 0; i < count; i++) {
        const struct souk_batch_header *header = &lanes[i].header;

        if (!lanes[i].done && (first == NULL || header->commit < first->header.commit
            || (header->commit == first->header.commit && header->place < first->header.place)))
            first = &lanes[i];
    }
    return first;
}

static void
note_batch(struct stage_node *node, const struct souk_batch_header *header)
{
    struct souk_stage *stage = node->stage;
    struct souk_events events;
    struct souk_event event;

    if (header->count == 0) {
        stage_note(stage, "%s epoch %" PRIu32 " behind %" PRIu64, header->stream.text, header->epoch.counter,
            header->first - 1);
        return;
    }
    if (souk_events_init(&events, header) != 0)
        return;                                 /* it was read with its hash */
    while (souk_events_next(&events, &event) == 0) {
        begin_line(stage);
        stage_say(&stage->trace, "%s %" PRIu64 " ", header->stream.text, event.number);
        say_name(&stage->trace, event.type, node->name.text);
        stage_say_message(stage, &stage->trace, stage_type(stage, event.type, event.version), event.payload);
        end_line(stage);
    }
}

static int
note_parked(const struct souk_parked *parked, void *arg)
{
    struct parked_walk *walk = arg;
    const struct stage_node *node = walk->node;
    struct souk_stage *stage = node->stage;
    const char *writer = node->name.text;

    walk->sequence = parked->sequence;
    if (parked->sequence <= node->parked_told || !walk->notes)
        return 0;
    for (size_t i = 0; i < node->wiring->stream_count; i++)
        if (parked->kind != SOUK_PARKED_LOSS && strcmp(node->wiring->streams[i].name.text, parked->stream.text) == 0)
            writer = node->wiring->streams[i].origin.text;
    begin_line(stage);
    stage_say(&stage->trace, "parked %s %s%s %" PRIu64 " ", node->name.text,
        parked->kind == SOUK_PARKED_LOSS ? "lost " : "", parked->stream.text, parked->event.number);
    say_name(&stage->trace, parked->event.type, writer);
    stage_say_message(stage, &stage->trace, stage_type(stage, parked->event.type, parked->event.version),
        parked->event.payload);
    stage_say(&stage->trace, ": ");
    say_slice(&stage->trace, parked->text);
    end_line(stage);
    return 0;
}

/* ---- states, requests, replies -------------------------------------- */

void
stage_note_state(struct stage_node *node)
{
    struct souk_core_status status;

    if (node->process.core == NULL || souk_core_state(node->process.core) == node->state_told)
        return;
    node->state_told = souk_core_state(node->process.core);
    souk_core_status(node->process.core, &status);
    switch (node->state_told) {
    case SOUK_CORE_SEALING:
    case SOUK_CORE_FETCHING:
    case SOUK_CORE_LIVE:
    case SOUK_CORE_BESIDE:
    case SOUK_CORE_DRAINED:
        break;                                  /* what comes of it is seen */
    case SOUK_CORE_FENCED:
    case SOUK_CORE_SET_ASIDE:
    case SOUK_CORE_BROKEN:
        stage_note(node->stage, "%s stops: %s", node->name.text, status.waiting_for);
        break;
    }
}

void
stage_note_request(struct stage_node *asker, const struct souk_name *to, struct souk_slice frame)
{
    struct souk_stage *stage = asker->stage;
    struct stage_request *request;
    struct souk_wire_request asked;

    if (stage->is_quiet || souk_wire_request_get(frame, &asked) != 0)
        return;
    for (uint32_t i = 0; i < stage->request_count; i++)
        if (memcmp(stage->requests[i].id.bytes, asked.id.bytes, sizeof asked.id.bytes) == 0)
            return;                             /* asked again: the trace has it */
    stage->requests = stage_grow(stage->requests, stage->request_count, &stage->request_room, sizeof *request);
    request = &stage->requests[stage->request_count++];
    *request = (struct stage_request){ .id = asked.id, .asker = asker->name };
    memcpy(request->command, asked.name.base, asked.name.size_bytes);
    begin_line(stage);
    stage_say(&stage->trace, "request %s ", to->text);
    say_name(&stage->trace, asked.name, to->text);
    stage_say_message(stage, &stage->trace, stage_type(stage, asked.name, asked.version), asked.payload);
    end_line(stage);
}

void
stage_note_outcome(struct stage_node *asker, const struct souk_name *from, struct souk_slice frame)
{
    struct souk_stage *stage = asker->stage;
    struct souk_wire_reply reply;

    if (stage->is_quiet || souk_wire_reply_get(frame, &reply) != 0)
        return;
    for (uint32_t i = 0; i < stage->request_count; i++) {
        struct stage_request *request = &stage->requests[i];

        if (request->is_over || memcmp(request->id.bytes, reply.id.bytes, sizeof reply.id.bytes) != 0)
            continue;
        request->is_over = reply.status == SOUK_STATUS_OK || reply.status == SOUK_STATUS_REFUSED;
        begin_line(stage);
        stage_say(&stage->trace, "outcome %s ", from->text);
        say_name(&stage->trace, souk_slice_of(request->command), from->text);
        stage_say(&stage->trace, " %s", status_word(reply.status));
        if (reply.status == SOUK_STATUS_REFUSED) {
            stage_say(&stage->trace, " ");
            say_name(&stage->trace, reply.code, from->text);
        }
        end_line(stage);
    }
}

void
stage_note_reply(struct souk_stage *stage, const struct stage_node *from, bool is_query, struct souk_slice frame)
{
    struct stage_text *text = &stage->trace;
    struct souk_wire_reply reply;
    struct souk_wire_entry entry;
    struct souk_unpack in;

    if (souk_wire_reply_get(frame, &reply) != 0) {
        stage_fail(stage, "%s: its reply cannot be read", from->name.text);
        return;
    }
    if (stage->is_quiet && reply.status == SOUK_STATUS_OK)
        return;
    begin_line(stage);
    stage_say(text, "%s", is_query ? "answer" : "reply");
    if (!is_query || reply.status != SOUK_STATUS_OK)
        stage_say(text, " %s", status_word(reply.status));
    if (reply.status == SOUK_STATUS_REFUSED) {
        stage_say(text, " ");
        say_name(text, reply.code, from->name.text);
    }
    for (uint32_t i = 0; !is_query && i < reply.cursor_count; i++)
        if (reply.cursors[i].point.number != 0)
            stage_say(text, " %s=%" PRIu64, reply.cursors[i].stream.text, reply.cursors[i].point.number);
    souk_unpack_init(&in, reply.body);
    while (is_query && reply.body_count != 0 && souk_wire_body_next(&in, &entry) == 0)
        stage_say_message(stage, text, stage_type(stage, entry.name, entry.version), entry.payload);
    end_line(stage);
}

int
stage_status_number(struct souk_slice name, enum souk_status *status_out)
{
    for (enum souk_status status = SOUK_STATUS_OK; status <= SOUK_STATUS_LAST; status++)
        if (souk_slice_equal(name, souk_slice_of(status_word(status)))) {
            *status_out = status;
            return 0;
        }
    return -SOUK_EINVAL;
}

/* A story says of a command that it was accepted. */
static const char *
status_word(enum souk_status status)
{
    return status == SOUK_STATUS_OK ? "accepted" : souk_wire_status_name(status);
}

/* ---- lines ---------------------------------------------------------- */

void
stage_note(struct souk_stage *stage, const char *format, ...)
{
    char line[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    begin_line(stage);
    stage_say(&stage->trace, "%s", line);
    end_line(stage);
}

static void
begin_line(struct souk_stage *stage)
{
    stage_say(&stage->trace, "[%4" PRIu64 "] ", stage->now_ms);
}

static void
end_line(struct souk_stage *stage)
{
    stage_say_bytes(&stage->trace, "\n", 1);
}

/* A name without its first word when that is known already. */
static void
say_name(struct stage_text *text, struct souk_slice name, const char *known)
{
    const char *letters = name.base;
    size_t known_bytes = strlen(known);

    if (name.size_bytes > known_bytes + 1 && memcmp(letters, known, known_bytes) == 0 && letters[known_bytes] == '.') {
        name.base = letters + known_bytes + 1;
        name.size_bytes -= known_bytes + 1;
    }
    say_slice(text, name);
}

static void
say_slice(struct stage_text *text, struct souk_slice slice)
{
    stage_say_bytes(text, slice.base, slice.size_bytes);
}

/* ---- the comparison ------------------------------------------------- */

const char *
stage_compare(struct souk_stage *stage, const char *trace)
{
    const char *news = stage->trace.base == NULL ? "" : stage->trace.base + stage->expected_bytes;
    size_t wanted_count, got_count, at = 0;
    struct line *wanted = split(trace, &wanted_count);
    struct line *got = split(news, &got_count);

    stage_text_done(&stage->comparison);
    while (at < wanted_count && at < got_count && same(&wanted[at], &got[at]))
        at++;
    if (at < wanted_count || at < got_count) {
        stage_say(&stage->comparison, "the trace is another one (- was meant, + came):\n");
        compare(&stage->comparison, wanted, wanted_count, got, got_count);
    }
    free(wanted);
    free(got);
    stage->expected_bytes = stage->trace.size_bytes;
    return stage->comparison.base;
}

static struct line *
split(const char *text, size_t *count_out)
{
    struct line *lines = NULL;
    uint32_t count = 0, room = 0;

    while (*text != '\0') {
        size_t size_bytes = strcspn(text, "\n");

        if (size_bytes != 0) {
            lines = stage_grow(lines, count, &room, sizeof *lines);
            lines[count++] = (struct line){ text, size_bytes };
        }
        text += size_bytes + (text[size_bytes] == '\n');
    }
    *count_out = count;
    return lines;
}

/* Letter by letter, but for the spaces in front of the time. */
static bool
same(const struct line *a, const struct line *b)
{
    struct line sides[] = { *a, *b };

    for (size_t i = 0; i < 2; i++)
        if (sides[i].size_bytes != 0 && sides[i].text[0] == '[')
            do {
                sides[i].text++;
                sides[i].size_bytes--;
            } while (sides[i].size_bytes != 0 && sides[i].text[0] == ' ');
    return sides[0].size_bytes == sides[1].size_bytes && memcmp(sides[0].text, sides[1].text, sides[0].size_bytes) == 0;
}

/* What both have in common, as much of it as there is, and what only one has. */
static void
compare(struct stage_text *text, const struct line *wanted, size_t wanted_count, const struct line *got,
    size_t got_count)
{
    const size_t width = got_count + 1;
    uint32_t *common;                           /* lines in common from (i, k) on */
    size_t i = 0, k = 0;

    if (wanted_count != 0 && got_count > COMPARED_MAX / wanted_count) {
        while (i < wanted_count && i < got_count && same(&wanted[i], &got[i]))
            i++;
        stage_say(text, "line %zu:\n", i + 1);
        if (i < wanted_count)
            show(text, '-', &wanted[i]);
        if (i < got_count)
            show(text, '+', &got[i]);
        return;
    }
    common = stage_alloc((wanted_count + 1) * width, sizeof *common);
    for (i = wanted_count; i-- > 0;)
        for (k = got_count; k-- > 0;) {
            uint32_t down = common[(i + 1) * width + k], right = common[i * width + k + 1];

            common[i * width + k] = same(&wanted[i], &got[k]) ? common[(i + 1) * width + k + 1] + 1
                : down > right ? down : right;
        }
    for (i = k = 0; i < wanted_count || k < got_count;) {
        if (i < wanted_count && k < got_count && same(&wanted[i], &got[k])) {
            show(text, ' ', &got[k++]);
            i++;
        } else if (i < wanted_count && (k == got_count || common[(i + 1) * width + k] >= common[i * width + k + 1])) {
            show(text, '-', &wanted[i++]);
        } else {
            show(text, '+', &got[k++]);
        }
    }
    free(common);
}

static void
show(struct stage_text *text, char mark, const struct line *line)
{
    stage_say(text, "%c ", mark);
    stage_say_bytes(text, line->text, line->size_bytes);
    stage_say(text, "\n");
}
