#include "souk_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "parking.h"
#include "souk_cli_look.h"
#include "souk_cli_node.h"

#define EXIT_PROBLEM 1
#define PARKED_PIECES_MAX 20            /* of a service, asked for; more are not counted */
#define NOTE_BYTES 160

struct options {
    struct souk_cli cli;                /* first */
    const char *names[SOUK_CLI_NODES_MAX];
    size_t name_count;
    const char *stream;
    bool shows_behind_only;
    uint32_t deadline_ms;
};

/* A stream as one follower, a service or an event store, has it. */
struct consumer {
    const struct souk_topology_node *node;
    const struct souk_topology_stream *stream;
    const json_t *said;                 /* of the node; NULL: it does not answer */
    const json_t *at;                   /* of the stream, in there; NULL: it says nothing of it */
    struct souk_look_lag lag;
    uint64_t queued_bytes;
    uint64_t parked;
    bool parked_more, is_bad;
    char note[NOTE_BYTES];
};

struct consuming {
    const struct options *options;
    struct souk_cli_system system;
    struct souk_looked nodes[SOUK_CLI_NODES_MAX];
    size_t node_count;
    struct consumer *consumers;         /* the worst first */
    size_t count, problem_count;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int consume(struct consuming *consuming);
static bool is_meant(const struct options *options, const struct souk_topology_node *node);
static void add(struct consuming *consuming, const struct souk_topology_node *node,
    const struct souk_topology_stream *stream);
static const json_t *said_by(const struct consuming *consuming, const char *name);
static int count_parked(struct consuming *consuming, const struct souk_topology_node *node);
static void judge(struct consumer *consumer);
static int compare(const void *a, const void *b);
static int compare_uint(uint64_t a, uint64_t b);
static bool is_shown(const struct consuming *consuming, const struct consumer *consumer);
static void show(const struct consuming *consuming);
static void show_json(const struct consuming *consuming);

int
souk_cli_consumers(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "stream", 's', "STREAM", 0, "Only followers of this stream", 0 },
        { "deadline", 'd', "MS", 0, "Wait so long for answers; default: 3000", 0 },
        { "behind", 'b', NULL, 0, "Only those that are behind, wait, have parked events or do not answer", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[FOLLOWER...]", .doc = "Show how far services and event stores are behind in the streams that"
        " they follow, the worst first." };
    struct options options = { .deadline_ms = SOUK_CLI_LOOK_MS };
    struct consuming consuming = { .options = &options };
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if ((status = souk_cli_system_open(&consuming.system, &options.cli, "souk")) == 0)
        status = consume(&consuming);
    free(consuming.consumers);
    souk_cli_look_done(consuming.nodes, consuming.node_count);
    souk_cli_system_close(&consuming.system);
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
    case 's':
        options->stream = arg;
        return 0;
    case 'b':
        options->shows_behind_only = true;
        return 0;
    case 'd':
        options->deadline_ms = (uint32_t)souk_cli_number(state, "--deadline", arg, 1, SOUK_CLIENT_DEADLINE_MS_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (options->name_count == SOUK_CLI_NODES_MAX)
            argp_error(state, "%s: that many nodes there are not", arg);
        options->names[options->name_count++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
consume(struct consuming *consuming)
{
    const struct options *options = consuming->options;
    const struct souk_topology *topology = consuming->system.topology;
    size_t room = 0;
    int status;

    if (options->stream != NULL && souk_topology_stream(topology, options->stream) == NULL) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s has no stream `%s`", topology->name.text, options->stream);
        return EX_DATAERR;
    }
    /* The names are checked first; then all are asked, since it is the writers that know how long their streams are. */
    if ((status = souk_cli_look_choose(&options->cli, topology, options->names, options->name_count, consuming->nodes,
        &consuming->node_count)) != 0
        || (status = souk_cli_look_choose(&options->cli, topology, NULL, 0, consuming->nodes,
            &consuming->node_count)) != 0
        || (status = souk_cli_look(&options->cli, consuming->system.client, consuming->nodes, consuming->node_count,
            options->deadline_ms)) != 0)
        return status;
    for (size_t i = 0; i < topology->node_count; i++)
        room += topology->nodes[i].follow_count;
    consuming->consumers = souk_cli_need(calloc(room + 1, sizeof consuming->consumers[0]));
    for (size_t i = 0; i < topology->node_count; i++)
        for (size_t k = 0; k < topology->nodes[i].follow_count && is_meant(options, &topology->nodes[i]); k++)
            add(consuming, &topology->nodes[i], topology->nodes[i].follows[k]);
    for (size_t i = 0; i < topology->node_count && status == 0; i++)
        if (is_meant(options, &topology->nodes[i]))
            status = count_parked(consuming, &topology->nodes[i]);
    for (size_t i = 0; i < consuming->count; i++) {
        judge(&consuming->consumers[i]);
        consuming->problem_count += consuming->consumers[i].is_bad;
    }
    if (status != 0)
        return status;
    qsort(consuming->consumers, consuming->count, sizeof consuming->consumers[0], compare);
    if (options->cli.is_json)
        show_json(consuming);
    else
        show(consuming);
    return consuming->problem_count == 0 ? EX_OK : EXIT_PROBLEM;
}

static bool
is_meant(const struct options *options, const struct souk_topology_node *node)
{
    for (size_t i = 0; i < options->name_count; i++)
        if (strcmp(options->names[i], node->name.text) == 0)
            return true;
    return options->name_count == 0 && !node->lost;
}

/* ---- what is known -------------------------------------------------- */

static void
add(struct consuming *consuming, const struct souk_topology_node *node, const struct souk_topology_stream *stream)
{
    struct consumer *consumer = &consuming->consumers[consuming->count];

    if (consuming->options->stream != NULL && strcmp(consuming->options->stream, stream->name.text) != 0)
        return;
    consuming->count++;
    consumer->node = node;
    consumer->stream = stream;
    consumer->said = said_by(consuming, node->name.text);
    consumer->at = souk_look_stream_of(consumer->said, stream->name.text);
    consumer->lag = souk_look_lag_in(consumer->said, said_by(consuming, stream->writer->name.text), stream->name.text);
    consumer->queued_bytes = souk_look_uint_of(consumer->at, "queued_bytes");
}

static const json_t *
said_by(const struct consuming *consuming, const char *name)
{
    for (size_t i = 0; i < consuming->node_count; i++)
        if (strcmp(consuming->nodes[i].node->name.text, name) == 0)
            return consuming->nodes[i].said;
    return NULL;
}

/* By stream. The count of all is in the status; whoever has none is not asked. */
static int
count_parked(struct consuming *consuming, const struct souk_topology_node *node)
{
    struct souk_parked_list query = { .after = 0 };
    struct souk_parked_list_reply reply = { .next = 1 };
    struct souk_cli_refusal refusal;
    struct souk_arena arena;
    int status = 0;

    if (souk_look_uint_of(said_by(consuming, node->name.text), "parked") == 0)
        return 0;
    souk_arena_init(&arena, 0);
    for (int piece = 0; piece < PARKED_PIECES_MAX && reply.next != 0 && status == 0; piece++) {
        souk_arena_reset(&arena);
        status = souk_cli_node_ask(&consuming->options->cli, consuming->system.client, node, &souk_parked_list_type,
            &query, &arena, &reply, &refusal);
        for (size_t i = 0; i < consuming->count && status == 0; i++) {
            struct consumer *consumer = &consuming->consumers[i];

            for (uint32_t k = 0; k < reply.events_count && consumer->node == node; k++)
                consumer->parked += souk_slice_equal(reply.events[k].stream, souk_name_slice(&consumer->stream->name));
        }
        query.after = reply.next;
    }
    for (size_t i = 0; i < consuming->count && reply.next != 0; i++)
        consuming->consumers[i].parked_more = consuming->consumers[i].node == node
            && consuming->consumers[i].parked > 0;
    souk_arena_done(&arena);
    return status;
}

static void
judge(struct consumer *consumer)
{
    const json_t *waits = json_object_get(consumer->at, "waits_for");
    const struct souk_thresholds *thresholds = &consumer->node->thresholds;
    char since[SOUK_CLI_SHORT_BYTES];
    const char *state = souk_look_text_of(consumer->said, "state");

    if (consumer->said == NULL) {
        (void)snprintf(consumer->note, sizeof consumer->note, "does not answer");
    } else if (consumer->at == NULL) {
        (void)snprintf(consumer->note, sizeof consumer->note, "does not follow it: restart it with this topology");
    } else if (waits != NULL) {
        souk_cli_duration(souk_look_uint_of(consumer->said, "now_ms") - souk_look_uint_of(waits, "since_ms"), since);
        (void)snprintf(consumer->note, sizeof consumer->note, "waits %s for %s/%" PRIu64 "/%" PRIu64, since,
            souk_look_text_of(waits, "stream"), souk_look_uint_of(waits, "epoch"), souk_look_uint_of(waits, "number"));
    } else if (strcmp(state, "live") != 0) {
        (void)snprintf(consumer->note, sizeof consumer->note, "is %s", state);
    }
    consumer->is_bad = consumer->at == NULL || consumer->lag.events >= thresholds->behind_events
        || consumer->parked > 0;
}

/* The worst first: who is not there, who is the furthest behind, who has parked something. */
static int
compare(const void *a, const void *b)
{
    const struct consumer *left = a;
    const struct consumer *right = b;
    int order = compare_uint(left->at == NULL, right->at == NULL);

    if (order == 0)
        order = compare_uint(left->lag.ms, right->lag.ms);
    if (order == 0)
        order = compare_uint(left->lag.events, right->lag.events);
    if (order == 0)
        order = compare_uint(left->parked, right->parked);
    if (order == 0)
        order = strcmp(left->node->name.text, right->node->name.text);
    return order != 0 ? order : strcmp(left->stream->name.text, right->stream->name.text);
}

/* More comes first. */
static int
compare_uint(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}

/* ---- showing -------------------------------------------------------- */

static bool
is_shown(const struct consuming *consuming, const struct consumer *consumer)
{
    return !consuming->options->shows_behind_only || consumer->is_bad || consumer->lag.events > 0
        || consumer->note[0] != '\0';
}

static void
show(const struct consuming *consuming)
{
    static const struct souk_cli_heading headings[] = {
        { "FOLLOWER", SOUK_CLI_TEXT }, { "STREAM", SOUK_CLI_TEXT }, { "EVENTS", SOUK_CLI_NUMBER },
        { "TIME", SOUK_CLI_NUMBER }, { "QUEUED", SOUK_CLI_NUMBER }, { "PARKED", SOUK_CLI_NUMBER },
        { "NOTE", SOUK_CLI_TEXT }, { .name = NULL },
    };
    const struct souk_cli *cli = &consuming->options->cli;
    struct libscols_table *table = souk_cli_table(cli, headings, true);
    char text[SOUK_CLI_SHORT_BYTES];
    struct libscols_line *line;
    size_t shown = 0;

    for (size_t i = 0; i < consuming->count; i++) {
        const struct consumer *consumer = &consuming->consumers[i];

        if (!is_shown(consuming, consumer))
            continue;
        shown++;
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", consumer->node->name.text);
        souk_cli_cell(line, 1, "%s", consumer->stream->name.text);
        souk_cli_cell_color(line, 0, consumer->is_bad ? SOUK_CLI_RED : consumer->lag.events > 0
            || consumer->note[0] != '\0' ? SOUK_CLI_YELLOW : SOUK_CLI_GREEN);
        souk_cli_cell(line, 6, "%s", consumer->note);
        if (consumer->at == NULL)
            continue;
        souk_cli_cell(line, 2, "%" PRIu64, consumer->lag.events);
        souk_cli_duration(consumer->lag.ms, text);
        souk_cli_cell(line, 3, "%s", text);
        souk_cli_bytes(consumer->queued_bytes, text);
        souk_cli_cell(line, 4, "%s", text);
        souk_cli_cell(line, 5, "%" PRIu64 "%s", consumer->parked, consumer->parked_more ? "+" : "");
    }
    if (shown == 0)
        (void)printf("nobody is behind\n");
    souk_cli_table_end(table);
}

static void
show_json(const struct consuming *consuming)
{
    json_t *list = souk_cli_need(json_array());
    const struct consumer *consumer;
    json_t *waits;
    json_t *json;

    for (size_t i = 0; i < consuming->count; i++) {
        consumer = &consuming->consumers[i];
        if (!is_shown(consuming, consumer))
            continue;
        json = souk_cli_need(json_pack("{ss sb ss ss ss sb}", "follower", consumer->node->name.text,
            "is_event_store", consumer->node->kind == SOUK_NODE_EVENT_STORE, "stream", consumer->stream->name.text,
            "writer", consumer->stream->writer->name.text, "state", consumer->said == NULL ? "unreachable"
                : souk_look_text_of(consumer->said, "state"), "good", !consumer->is_bad));
        if (consumer->at != NULL) {
            (void)json_object_set_new(json, "number", json_integer((json_int_t)souk_look_uint_of(consumer->at,
                "number")));
            (void)json_object_set_new(json, "behind_events", json_integer((json_int_t)consumer->lag.events));
            (void)json_object_set_new(json, "behind_ms", json_integer((json_int_t)consumer->lag.ms));
            (void)json_object_set_new(json, "queued_bytes", json_integer((json_int_t)consumer->queued_bytes));
            (void)json_object_set_new(json, "parked", json_integer((json_int_t)consumer->parked));
            waits = json_object_get(consumer->at, "waits_for");
            (void)json_object_set(json, "waits_for", waits == NULL ? json_null() : waits);
        }
        (void)json_array_append_new(list, json);
    }
    souk_cli_json(json_pack("{ss sb so}", "system", consuming->system.topology->name.text, "good",
        consuming->problem_count == 0, "consumers", list));
}
