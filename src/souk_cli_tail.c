#include "souk_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "souk_batch.h"
#include "souk_cli_event.h"
#include "souk_told.h"
#include "souk_cli_where.h"

#define HEAR_MS 200                     /* between two looks at what has to be asked for */
#define IDLE_MS 5000                    /* a stream that was silent so long is asked for */
#define PULL_MS 2000                    /* a holder that has not answered is passed over */
#define HEAD_CREDIT_BYTES 1             /* when only the head is wanted */
#define CREDIT_BYTES (1024 * 1024)
#define TURN_BATCHES_MAX 64             /* before the next stream has its turn */

enum { OPTION_KEY = 256, OPTION_TYPE, OPTION_CORRELATION, OPTION_ALL, OPTION_COUNT, OPTION_FROM,
    OPTION_TO, OPTION_STORE };

struct options {
    struct souk_cli cli;                /* first */
    const char *names[SOUK_STREAMS_MAX];
    size_t name_count;
    const char *type, *store;
    struct souk_slice key;
    struct souk_id key_id, correlation;
    bool has_key, has_correlation, is_from_start, has_from, has_to;
    struct souk_cli_where from, to;
    uint64_t count;                     /* events, then it ends; 0: never */
};

/* One stream that is followed. */
struct tailed {
    const struct souk_topology_stream *stream;
    struct souk_position cursor;        /* up to it all has been shown */
    bool is_known;                      /* where it begins is */
    uint64_t number_from, number_to;    /* the events that are wanted, both included */
    bool is_over;
    uint64_t asked_ms;                  /* steady; when it was pulled or heard of last */
    bool is_behind;
    bool was_told;                      /* that nobody has it */
};

struct tailing {
    const struct options *options;
    struct souk_cli_store store;        /* its client hears and pulls, too */
    struct souk_cli_progress progress;
    size_t stream_count;
    struct tailed streams[SOUK_STREAMS_MAX];
    size_t over_count;                  /* streams that have been shown up to where they are wanted */
    uint64_t shown;
    bool is_over;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int choose(struct tailing *tailing);
static int add(struct tailing *tailing, const struct souk_topology_stream *stream);
static int bound(struct tailing *tailing);
static bool may_begin(const struct tailing *tailing, const struct souk_topology_stream *stream);
static void reach(struct tailing *tailing, struct tailed *tailed);
static int tail(struct tailing *tailing);
static void hear(struct tailing *tailing, const struct souk_slice frames[2]);
static void hear_heads(struct tailing *tailing, struct souk_slice frame);
static int catch_up(struct tailing *tailing, struct tailed *tailed);
static int pull_from(struct tailing *tailing, struct tailed *tailed, const struct souk_topology_node *holder,
    bool *answered_out);
static void take_verdict(struct tailing *tailing, struct tailed *tailed, const struct souk_wire_answer *answer,
    const struct souk_topology_node *holder);
static bool take_batch(struct tailing *tailing, struct tailed *tailed, struct souk_slice batch);
static void show_batch(struct tailing *tailing, const struct tailed *tailed, const struct souk_batch_header *header);
static bool is_wanted(const struct options *options, const struct souk_event *event);
static struct tailed *find(struct tailing *tailing, const struct souk_name *name);

int
souk_cli_tail(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "all", OPTION_ALL, NULL, 0, "Begin with the first event instead of now", 0 },
        { "from", OPTION_FROM, "WHERE", 0, "Begin there: 10m (ago), 2026-11-22T10:00:00, STREAM/NUMBER, a log position"
            " such as es1.3f2a91c0:1234, or behind cursors as `souk call' tells them", 0 },
        { "to", OPTION_TO, "WHERE", 0, "End before that, or at these cursors", 0 },
        { "store", OPTION_STORE, "NAME", 0, "Ask this event store where that is; default: one that answers", 0 },
        { "count", OPTION_COUNT, "N", 0, "End after so many events", 0 },
        { "key", OPTION_KEY, "KEY", 0, "Only about this: a UUID or a text", 0 },
        { "type", OPTION_TYPE, "TYPE", 0, "Only of this type", 0 },
        { "correlation", OPTION_CORRELATION, "UUID", 0, "Only of this undertaking", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[STREAM...]", .doc = "Show events as they happen: of these streams, or of all that are not"
        " private." };
    struct options options = { .type = NULL };
    struct tailing tailing = { .options = &options };
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if ((status = souk_cli_store_open(&tailing.store, &options.cli, options.store)) == 0
        && (status = choose(&tailing)) == 0 && (status = bound(&tailing)) == 0)
        status = tail(&tailing);
    souk_cli_progress_end(&tailing.progress);
    souk_cli_store_close(&tailing.store);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case OPTION_ALL:
        options->is_from_start = true;
        return 0;
    case OPTION_COUNT:
        options->count = souk_cli_number(state, "--count", arg, 1, UINT64_MAX);
        return 0;
    case OPTION_FROM:
    case OPTION_TO:
        if (souk_cli_where_parse(arg, (uint64_t)time(NULL) * 1000, key == OPTION_FROM ? &options->from
            : &options->to) != 0)
            argp_error(state, "%s: a time such as 2026-11-22 or 10m is meant, STREAM/NUMBER, a log position such as"
                " es1.3f2a91c0:1234, or cursors, not %s", key == OPTION_FROM ? "--from" : "--to", arg);
        *(key == OPTION_FROM ? &options->has_from : &options->has_to) = true;
        return 0;
    case OPTION_STORE:
        options->store = arg;
        return 0;
    case OPTION_KEY:
        options->has_key = true;
        options->key = souk_told_key_parse(arg, &options->key_id);
        return 0;
    case OPTION_TYPE:
        options->type = arg;
        return 0;
    case OPTION_CORRELATION:
        if (souk_id_parse(souk_slice_of(arg), &options->correlation) != 0)
            argp_error(state, "--correlation: %s is no UUID", arg);
        options->has_correlation = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->name_count == SOUK_STREAMS_MAX)
            argp_error(state, "%s: more than %d streams", arg, SOUK_STREAMS_MAX);
        options->names[options->name_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->has_from && options->is_from_start)
            argp_error(state, "--all or --from, not both");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- which ---------------------------------------------------------- */

static int
choose(struct tailing *tailing)
{
    const struct options *options = tailing->options;
    const struct souk_topology_stream *stream;
    int status = 0;
    size_t i;

    for (i = 0; i < options->name_count && status == 0; i++) {
        if ((stream = souk_topology_stream(tailing->store.system.topology, options->names[i])) == NULL) {
            souk_cli_say(&options->cli, SOUK_CLI_RED, "%s has no stream `%s`",
                tailing->store.system.topology->name.text, options->names[i]);
            return EX_DATAERR;
        }
        if (stream->is_private) {
            souk_cli_say(&options->cli, SOUK_CLI_RED, "stream `%s` is private", stream->name.text);
            return EX_NOPERM;
        }
        status = add(tailing, stream);
    }
    for (i = 0; i < tailing->store.system.topology->stream_count && options->name_count == 0 && status == 0; i++) {
        if (may_begin(tailing, &tailing->store.system.topology->streams[i]))
            status = add(tailing, &tailing->store.system.topology->streams[i]);
    }
    return status;
}

static int
add(struct tailing *tailing, const struct souk_topology_stream *stream)
{
    struct souk_client *client = tailing->store.system.client;
    struct tailed *tailed;
    struct souk_error err = { 0 };
    int rc;

    if (find(tailing, &stream->name) != NULL)
        return 0;
    tailed = &tailing->streams[tailing->stream_count++];
    *tailed = (struct tailed){ .stream = stream, .is_known = tailing->options->is_from_start, .is_behind = true,
        .number_to = UINT64_MAX };
    if ((rc = souk_client_subscribe(client, stream->writer, souk_wire_topic(&stream->name), &err)) == 0)
        rc = souk_client_subscribe(client, stream->writer, souk_wire_topic_heads(), &err);
    if (rc != 0)
        souk_cli_say(&tailing->options->cli, SOUK_CLI_RED, "%s", err.text);
    return souk_cli_exit_status(rc, EX_CONFIG);
}

/* Cursors, or an event, say which streams are meant when no stream is named. */
static bool
may_begin(const struct tailing *tailing, const struct souk_topology_stream *stream)
{
    const struct souk_cli_where *from = &tailing->options->from;
    uint32_t i;

    if (stream->is_private)
        return false;
    if (!tailing->options->has_from || from->kind != SOUK_CLI_AT_CURSORS)
        return true;
    for (i = 0; i < from->cursors.count; i++) {
        if (strcmp(from->cursors.cursors[i].stream.text, stream->name.text) == 0)
            return true;
    }
    return false;
}

/* Where each stream begins and ends, when that was said. */
static int
bound(struct tailing *tailing)
{
    const struct options *options = tailing->options;
    const struct souk_cli_reached *reached;
    struct souk_cli_vector vector;
    int status;
    size_t i;

    if (options->has_from && (status = souk_cli_where_ask(&tailing->store, &options->from, &vector)) != 0)
        return status;
    for (i = 0; options->has_from && i < tailing->stream_count; i++) {
        struct tailed *tailed = &tailing->streams[i];

        reached = souk_cli_vector_find(&vector, &tailed->stream->name);
        if (reached == NULL && options->from.kind == SOUK_CLI_AT_CURSORS) {
            souk_cli_say(&options->cli, SOUK_CLI_RED, "--from has no cursor of stream `%s`", tailed->stream->name.text);
            return EX_USAGE;
        }
        tailed->is_known = true;
        if (reached != NULL) {
            tailed->cursor = reached->position;
            tailed->number_from = reached->number + 1;
        }
    }
    if (options->has_to && (status = souk_cli_where_ask(&tailing->store, &options->to, &vector)) != 0)
        return status;
    for (i = 0; options->has_to && i < tailing->stream_count; i++) {
        reached = souk_cli_vector_find(&vector, &tailing->streams[i].stream->name);
        if (reached == NULL && options->to.kind == SOUK_CLI_AT_CURSORS)
            continue;
        tailing->streams[i].number_to = reached == NULL ? 0 : reached->number;
        reach(tailing, &tailing->streams[i]);
    }
    return 0;
}

/* Has a stream been shown up to where it is wanted? */
static void
reach(struct tailing *tailing, struct tailed *tailed)
{
    if (tailed->is_over || !tailed->is_known || tailed->cursor.number < tailed->number_to)
        return;
    tailed->is_over = true;
    tailing->is_over = ++tailing->over_count == tailing->stream_count;
}

/* ---- following ------------------------------------------------------ */

static int
tail(struct tailing *tailing)
{
    struct souk_slice frames[2];
    uint64_t now_ms;
    int status;
    size_t i;
    int rc;

    while (!tailing->is_over) {
        for (i = 0; i < tailing->stream_count && !tailing->is_over; i++) {
            now_ms = souk_cli_steady_ms();
            if (tailing->streams[i].is_over)
                continue;
            if (!tailing->streams[i].is_behind && now_ms - tailing->streams[i].asked_ms < IDLE_MS)
                continue;
            tailing->streams[i].asked_ms = now_ms;
            if ((status = catch_up(tailing, &tailing->streams[i])) != 0)
                return status;
        }
        (void)fflush(stdout);
        if (ferror(stdout))
            return EX_IOERR;
        for (i = 0; i < TURN_BATCHES_MAX && !tailing->is_over; i++) {
            rc = souk_client_hear(tailing->store.system.client, i == 0 ? HEAR_MS : 0, frames);
            if (rc == -SOUK_ENOTFOUND)
                break;
            if (rc != 0)
                return EX_IOERR;
            hear(tailing, frames);
        }
    }
    return EX_OK;
}

/* What is published is a hint: a batch that follows is shown, anything else is a reason to ask. */
static void
hear(struct tailing *tailing, const struct souk_slice frames[2])
{
    struct souk_batch_header header;
    struct tailed *tailed;

    if (souk_slice_equal(frames[0], souk_wire_topic_heads())) {
        hear_heads(tailing, frames[1]);
        return;
    }
    if (souk_batch_read(frames[1], &header) != 0 || (tailed = find(tailing, &header.stream)) == NULL
        || !tailed->is_known || tailed->is_over)
        return;
    if (souk_batch_extends(&header, &tailed->cursor)) {
        (void)take_batch(tailing, tailed, frames[1]);
        tailed->asked_ms = souk_cli_steady_ms();
    } else if (header.epoch.counter > tailed->cursor.epoch.counter || header.first > tailed->cursor.number) {
        tailed->is_behind = true;
    }
}

static void
hear_heads(struct tailing *tailing, struct souk_slice frame)
{
    struct souk_wire_heads heads;
    struct tailed *tailed;
    uint32_t i;

    if (souk_wire_heads_get(frame, &heads) != 0)
        return;
    for (i = 0; i < heads.count; i++) {
        tailed = find(tailing, &heads.heads[i].stream);
        if (tailed != NULL && !souk_position_equal(&heads.heads[i].position, &tailed->cursor))
            tailed->is_behind = true;
    }
}

/* From the writer, else from any event store. Nobody there is no error: it is asked again. */
static int
catch_up(struct tailing *tailing, struct tailed *tailed)
{
    const struct souk_topology_node *holder = tailed->stream->writer;
    bool answered = false;
    int status;
    size_t i;

    souk_cli_progress(&tailing->options->cli, &tailing->progress, "asking for %s", tailed->stream->name.text);
    status = pull_from(tailing, tailed, holder, &answered);
    for (i = 0; i < tailing->store.system.topology->node_count && !answered && status == 0; i++) {
        holder = &tailing->store.system.topology->nodes[i];
        if (holder->kind == SOUK_NODE_EVENT_STORE && !holder->lost)
            status = pull_from(tailing, tailed, holder, &answered);
    }
    souk_cli_progress_end(&tailing->progress);
    if (!answered && !tailed->was_told)
        souk_cli_say(&tailing->options->cli, SOUK_CLI_YELLOW, "nobody answers for stream `%s`; it is asked for again",
            tailed->stream->name.text);
    tailed->was_told = !answered;
    tailed->is_behind = tailed->is_behind && answered;
    return status;
}

/* *answered_out: it has what follows, or knows that nothing does. */
static int
pull_from(struct tailing *tailing, struct tailed *tailed, const struct souk_topology_node *holder, bool *answered_out)
{
    struct souk_wire_pull pull = { .cursor_count = 1, .credit_bytes = tailed->is_known ? CREDIT_BYTES
        : HEAD_CREDIT_BYTES };
    struct souk_client_pulled pulled;
    struct souk_error err = { 0 };
    size_t i;
    int rc;

    pull.cursors[0] = (struct souk_wire_place){ tailed->stream->name, tailed->cursor };
    rc = souk_client_pull(tailing->store.system.client, holder, &pull, PULL_MS, &pulled, &err);
    if (rc == -SOUK_ENOTFOUND)
        return 0;
    if (rc != 0) {
        souk_cli_say(&tailing->options->cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    if (pulled.answer.count != 1 || strcmp(pulled.answer.answers[0].stream.text, tailed->stream->name.text) != 0
        || !souk_position_equal(&pulled.answer.answers[0].asked, &tailed->cursor))
        return 0;
    for (i = 0; pulled.has_missed_news && i < tailing->stream_count; i++)
        tailing->streams[i].is_behind = true;
    if (!tailed->is_known && (pulled.answer.answers[0].verdict == SOUK_NEXT
            || pulled.answer.answers[0].verdict == SOUK_TRIMMED)) {
        tailed->cursor = pulled.answer.answers[0].head;
        tailed->is_known = *answered_out = true;
        tailed->is_behind = false;
        reach(tailing, tailed);
        return 0;
    }
    if (pulled.answer.answers[0].verdict == SOUK_TRIMMED || pulled.answer.answers[0].verdict == SOUK_UNKNOWN)
        return 0;
    *answered_out = true;
    if (pulled.answer.answers[0].verdict == SOUK_VOID) {
        take_verdict(tailing, tailed, &pulled.answer.answers[0], holder);
        return 0;
    }
    for (i = 0; i < pulled.batch_count && !tailing->is_over && !tailed->is_over; i++) {
        if (!take_batch(tailing, tailed, pulled.batches[i]))
            break;
    }
    tailed->is_behind = pulled.answer.more || i < pulled.batch_count || pulled.has_missed_news;
    return 0;
}

/* What was shown last is not in the history any more. */
static void
take_verdict(struct tailing *tailing, struct tailed *tailed, const struct souk_wire_answer *answer,
    const struct souk_topology_node *holder)
{
    souk_cli_say(&tailing->options->cli, SOUK_CLI_YELLOW, "stream `%s` has lost what came after %" PRIu32 "/%" PRIu64
        ", says `%s`; it goes on at its head, %" PRIu32 "/%" PRIu64, tailed->stream->name.text,
        answer->common.epoch.counter, answer->common.number, holder->name.text, answer->head.epoch.counter,
        answer->head.number);
    tailed->cursor = answer->head;
    tailed->is_behind = false;
    reach(tailing, tailed);
}

/* Show what follows on the cursor; false when it does not. */
static bool
take_batch(struct tailing *tailing, struct tailed *tailed, struct souk_slice batch)
{
    struct souk_batch_header header;

    if (souk_batch_check(batch, &header) != 0 || strcmp(header.stream.text, tailed->stream->name.text) != 0
        || !souk_batch_extends(&header, &tailed->cursor))
        return false;
    tailed->cursor = souk_batch_end(&header);
    if (header.count > 0)
        show_batch(tailing, tailed, &header);
    if (!tailing->is_over)
        reach(tailing, tailed);
    return true;
}

static void
show_batch(struct tailing *tailing, const struct tailed *tailed, const struct souk_batch_header *header)
{
    struct souk_shown_event shown = { .stream = header->stream, .epoch = header->epoch };
    struct souk_events events;

    if (souk_events_init(&events, header) != 0)
        return;
    souk_cli_progress_end(&tailing->progress);
    while (!tailing->is_over && souk_events_next(&events, &shown.event) == 0) {
        if (shown.event.number < tailed->number_from || shown.event.number > tailed->number_to
            || !is_wanted(tailing->options, &shown.event))
            continue;
        if (tailing->options->cli.is_json)
            souk_cli_json(souk_shown_event_json(&tailing->store.system.catalogue, &shown));
        else
            souk_cli_event_line(&tailing->options->cli, &tailing->store.system.catalogue, &shown);
        tailing->shown++;
        tailing->is_over = tailing->shown == tailing->options->count;
    }
}

static bool
is_wanted(const struct options *options, const struct souk_event *event)
{
    if (options->type != NULL && !souk_slice_equal(souk_slice_of(options->type), event->type))
        return false;
    if (options->has_key && !souk_slice_equal(options->key, event->key))
        return false;
    return !options->has_correlation
        || memcmp(options->correlation.bytes, event->correlation.bytes, sizeof event->correlation.bytes) == 0;
}

static struct tailed *
find(struct tailing *tailing, const struct souk_name *name)
{
    size_t i;

    for (i = 0; i < tailing->stream_count; i++) {
        if (strcmp(tailing->streams[i].stream->name.text, name->text) == 0)
            return &tailing->streams[i];
    }
    return NULL;
}
