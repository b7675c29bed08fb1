#include "souk_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sodium.h>

#include "souk_client.h"
#include "souk_cli_event.h"
#include "souk_status.h"

#define EXIT_PROBLEM 1
#define DEADLINE_MS 3000
#define NODES_MAX (SOUK_SERVICES_MAX + SOUK_STORES_MAX)
#define STATUS_FIELDS 18
#define STREAM_FIELDS 8

struct options {
    struct souk_cli cli;                /* first */
    const char *names[NODES_MAX];
    size_t name_count;
    uint32_t deadline_ms;
    bool shows_streams;
};

/* What one node says, or that it says nothing. */
struct looked {
    const struct souk_topology_node *node;
    json_t *said;                       /* NULL: nothing */
    json_t *problems;                   /* sentences */
};

struct looking {
    const struct options *options;
    struct souk_topology *topology;
    struct souk_client *client;
    struct souk_cli_progress progress;
    struct looked nodes[NODES_MAX];
    size_t node_count, problem_count;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int choose(struct looking *looking);
static int ask_all(struct looking *looking);
static json_t *status_json(struct souk_slice payload);
static json_t *stream_json(struct souk_unpack *in);
static json_t *hex_json(struct souk_slice bytes);
static json_t *text_json(struct souk_slice text);
static void find_problems(struct looking *looking, struct looked *looked, uint64_t took_us);
static void find_lag(struct looking *looking, struct looked *looked);
static void problem(struct looking *looking, struct looked *looked, const char *format, ...) SOUK_PRINTF(3, 4);
static void show_json(const struct looking *looking);
static void show_nodes(const struct looking *looking);
static void show_streams(const struct looking *looking);
static uint64_t lag_of(const json_t *said);
static uint64_t uint_of(const json_t *said, const char *key);
static const char *text_of(const json_t *said, const char *key);

int
souk_cli_status(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "streams", 's', NULL, 0, "Show how far each node is in each stream", 0 },
        { "deadline", 'd', "MS", 0, "Wait so long for answers; default: 3000", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[NODE...]", .doc = "Ask services and event stores how they stand." };
    struct options options = { .deadline_ms = DEADLINE_MS };
    struct looking looking = { .options = &options };
    struct souk_error err = { 0 };
    int status;
    size_t i;
    int rc;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if ((status = souk_cli_topology(&options.cli, NULL, &looking.topology)) != 0)
        return status;
    if ((status = choose(&looking)) == 0) {
        if ((rc = souk_client_open(looking.topology, "souk", &looking.client, &err)) != 0) {
            souk_cli_say(&options.cli, SOUK_CLI_RED, "%s", err.text);
            status = souk_cli_exit_status(rc, EX_CONFIG);
        } else if ((status = ask_all(&looking)) == 0) {
            if (options.cli.is_json)
                show_json(&looking);
            else
                show_nodes(&looking);
            if (options.shows_streams && !options.cli.is_json)
                show_streams(&looking);
            status = looking.problem_count == 0 ? EX_OK : EXIT_PROBLEM;
        }
    }
    for (i = 0; i < looking.node_count; i++) {
        json_decref(looking.nodes[i].said);
        json_decref(looking.nodes[i].problems);
    }
    souk_client_close(&looking.client);
    souk_topology_close(&looking.topology);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    char *end;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case 's':
        options->shows_streams = true;
        return 0;
    case 'd':
        options->deadline_ms = (uint32_t)strtoul(arg, &end, 10);
        if (*end != '\0' || arg[0] < '0' || arg[0] > '9' || options->deadline_ms == 0
            || options->deadline_ms > SOUK_CLIENT_DEADLINE_MS_MAX)
            argp_error(state, "--deadline: a number from 1 to %d is meant, not %s", SOUK_CLIENT_DEADLINE_MS_MAX, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (options->name_count == NODES_MAX)
            argp_error(state, "%s: that many nodes there are not", arg);
        options->names[options->name_count++] = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Those that were named, else all. 0, or an exit status. */
static int
choose(struct looking *looking)
{
    const struct options *options = looking->options;
    const struct souk_topology_node *node;
    size_t i;

    for (i = 0; i < options->name_count; i++) {
        if ((node = souk_topology_node(looking->topology, options->names[i])) == NULL) {
            souk_cli_say(&options->cli, SOUK_CLI_RED, "%s has no service or event store `%s`",
                looking->topology->name.text, options->names[i]);
            return EX_DATAERR;
        }
        looking->nodes[looking->node_count++].node = node;
    }
    for (i = 0; i < looking->topology->node_count && options->name_count == 0; i++)
        looking->nodes[looking->node_count++].node = &looking->topology->nodes[i];
    return 0;
}

static int
ask_all(struct looking *looking)
{
    struct souk_client_request request = { .is_query = true, .name = souk_slice_of(SOUK_STATUS_QUERY), .version = 1,
        .payload = { "\x90", 1 }, .deadline_ms = looking->options->deadline_ms };
    struct souk_client_answer answer;
    struct souk_error err = { 0 };
    struct souk_wire_entry entry;
    struct looked *looked;
    struct souk_unpack in;
    size_t i;
    int rc;

    for (i = 0; i < looking->node_count; i++) {
        looking->nodes[i].problems = souk_cli_need(json_array());
        request.node = looking->nodes[i].node;
        request.id = souk_client_new_id();
        request.arg = &looking->nodes[i];
        if ((rc = souk_client_send(looking->client, &request, &err)) != 0) {
            souk_cli_say(&looking->options->cli, SOUK_CLI_RED, "%s", err.text);
            return souk_cli_exit_status(rc, EX_CONFIG);
        }
    }
    while (souk_client_waiting(looking->client) > 0) {
        souk_cli_progress(&looking->options->cli, &looking->progress, "waiting for %zu of %zu",
            souk_client_waiting(looking->client), looking->node_count);
        if ((rc = souk_client_receive(looking->client, SOUK_CLIENT_RETRY_MS / 5, &answer)) == -SOUK_ENOTFOUND)
            continue;
        if (rc != 0)
            return EX_IOERR;
        looked = answer.arg;
        souk_unpack_init(&in, answer.reply.body);
        if (!answer.is_late && answer.reply.status == SOUK_STATUS_OK && souk_wire_body_next(&in, &entry) == 0)
            looked->said = status_json(entry.payload);
        find_problems(looking, looked, answer.took_us);
    }
    souk_cli_progress_end(&looking->progress);
    return 0;
}

/* ---- the answer ----------------------------------------------------- */

/* Field by field as souk.messages.zpl has souk.status; NULL when it is not that. */
static json_t *
status_json(struct souk_slice payload)
{
    json_t *said = souk_cli_need(json_object());
    json_t *list;
    struct souk_slice name;
    struct souk_unpack in;
    uint32_t count;

    souk_unpack_init(&in, payload);
    count = souk_unpack_array(&in, UINT32_MAX);
    if (count < STATUS_FIELDS)
        souk_unpack_fail(&in, SOUK_EMALFORMED);
    (void)json_object_set_new(said, "name", text_json(souk_unpack_str(&in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(said, "is_event_store", json_boolean(souk_unpack_bool(&in)));
    (void)json_object_set_new(said, "state", text_json(souk_unpack_str(&in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(said, "epoch", json_integer((json_int_t)souk_unpack_uint(&in, UINT32_MAX)));
    (void)json_object_set_new(said, "epoch_bits", hex_json(souk_unpack_bin(&in, 8)));
    (void)json_object_set_new(said, "incarnation", hex_json(souk_unpack_bin(&in, 8)));
    (void)json_object_set_new(said, "commit", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "fingerprint", hex_json(souk_unpack_bin(&in, 8)));
    (void)json_object_set_new(said, "started_ms", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "now_ms", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "memory_bytes", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "store_bytes_used", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "store_bytes_max", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "parked", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "waiting_for", text_json(souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX)));
    (void)json_object_set_new(said, "restart_needed", text_json(souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX)));
    list = souk_cli_need(json_array());
    for (uint32_t left = souk_unpack_array(&in, SOUK_STREAMS_MAX); left > 0 && in.rc == 0; left--)
        (void)json_array_append_new(list, stream_json(&in));
    (void)json_object_set_new(said, "streams", list);
    list = souk_cli_need(json_object());
    for (uint32_t left = souk_unpack_array(&in, SOUK_STATUS_COUNTERS_MAX); left > 0 && in.rc == 0; left--) {
        souk_unpack_array_exact(&in, 2);
        name = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
        (void)json_object_setn_new(list, name.base == NULL ? "" : name.base, name.size_bytes,
            json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    }
    (void)json_object_set_new(said, "counters", list);
    souk_unpack_newer_fields(&in, count, STATUS_FIELDS);
    if (souk_unpack_end(&in) == 0)
        return said;
    json_decref(said);
    return NULL;
}

static json_t *
stream_json(struct souk_unpack *in)
{
    json_t *stream = souk_cli_need(json_object());
    const uint32_t count = souk_unpack_array(in, UINT32_MAX);

    if (count < STREAM_FIELDS)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    (void)json_object_set_new(stream, "name", text_json(souk_unpack_str(in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(stream, "origin", text_json(souk_unpack_str(in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(stream, "epoch", json_integer((json_int_t)souk_unpack_uint(in, UINT32_MAX)));
    (void)json_object_set_new(stream, "epoch_bits", hex_json(souk_unpack_bin(in, 8)));
    (void)json_object_set_new(stream, "number", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
    (void)json_object_set_new(stream, "hash", hex_json(souk_unpack_bin(in, SOUK_HASH_BYTES)));
    (void)json_object_set_new(stream, "lag", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
    (void)json_object_set_new(stream, "queued_bytes", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
    souk_unpack_newer_fields(in, count, STREAM_FIELDS);
    return stream;
}

static json_t *
hex_json(struct souk_slice bytes)
{
    char text[2 * SOUK_HASH_BYTES + 1] = "";

    if (bytes.size_bytes > 0)
        (void)sodium_bin2hex(text, sizeof text, bytes.base, bytes.size_bytes);
    return json_string(text);
}

static json_t *
text_json(struct souk_slice text)
{
    return json_stringn(text.base == NULL ? "" : text.base, text.size_bytes);
}

/* ---- problems ------------------------------------------------------- */

static void
find_problems(struct looking *looking, struct looked *looked, uint64_t took_us)
{
    const struct souk_thresholds *thresholds = &looked->node->thresholds;
    const json_t *said = looked->said;
    char fingerprint[2 * 8 + 1];
    int64_t apart_ms;

    if (said == NULL) {
        if (!looked->node->lost)
            problem(looking, looked, "does not answer");
        return;
    }
    if (strcmp(text_of(said, "state"), "live") != 0 && text_of(said, "waiting_for")[0] == '\0')
        problem(looking, looked, "is not live");
    if (text_of(said, "waiting_for")[0] != '\0')
        problem(looking, looked, "%s", text_of(said, "waiting_for"));
    if (text_of(said, "restart_needed")[0] != '\0')
        problem(looking, looked, "%s", text_of(said, "restart_needed"));
    (void)sodium_bin2hex(fingerprint, sizeof fingerprint, looking->topology->fingerprint, 8);
    if (strcmp(text_of(said, "fingerprint"), fingerprint) != 0)
        problem(looking, looked, "runs by another topology, %s instead of %s", text_of(said, "fingerprint"),
            fingerprint);
    if (uint_of(said, "parked") >= thresholds->parked_events)
        problem(looking, looked, "%" PRIu64 " events are parked", uint_of(said, "parked"));
    if (uint_of(said, "store_bytes_used") / 100 >= uint_of(said, "store_bytes_max") / 10000 * thresholds->store_percent
        && uint_of(said, "store_bytes_max") > 0)
        problem(looking, looked, "%" PRIu64 " %% of store_bytes_max are in use",
            uint_of(said, "store_bytes_used") * 100 / uint_of(said, "store_bytes_max"));
    apart_ms = (int64_t)uint_of(said, "now_ms") - (int64_t)(souk_cli_wall_ms() - took_us / 2000);
    if ((apart_ms < 0 ? -apart_ms : apart_ms) > (int64_t)(thresholds->clock_ms + took_us / 2000))
        problem(looking, looked, "its clock is %" PRId64 " ms from this machine's", apart_ms);
    find_lag(looking, looked);
}

static void
find_lag(struct looking *looking, struct looked *looked)
{
    const json_t *streams = json_object_get(looked->said, "streams");
    const json_t *stream;
    size_t i;

    for (i = 0; i < json_array_size(streams); i++) {
        stream = json_array_get(streams, i);
        if (uint_of(stream, "lag") >= looked->node->thresholds.behind_events)
            problem(looking, looked, "%" PRIu64 " events behind in %s", uint_of(stream, "lag"),
                text_of(stream, "name"));
    }
}

static void
problem(struct looking *looking, struct looked *looked, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)json_array_append_new(looked->problems, json_string(sentence));
    looking->problem_count++;
}

/* ---- showing -------------------------------------------------------- */

static void
show_json(const struct looking *looking)
{
    json_t *nodes = souk_cli_need(json_array());
    json_t *node;
    size_t i;

    for (i = 0; i < looking->node_count; i++) {
        node = looking->nodes[i].said != NULL ? json_incref(looking->nodes[i].said)
            : json_pack("{ss sb ss}", "name", looking->nodes[i].node->name.text, "is_event_store",
                looking->nodes[i].node->kind == SOUK_NODE_EVENT_STORE, "state", "unreachable");
        (void)souk_cli_need(node);
        (void)json_object_set(node, "problems", looking->nodes[i].problems);
        (void)json_array_append_new(nodes, node);
    }
    souk_cli_json(json_pack("{ss sb so}", "system", looking->topology->name.text, "good",
        looking->problem_count == 0, "nodes", nodes));
}

static void
show_nodes(const struct looking *looking)
{
    static const struct souk_cli_heading headings[] = {
        { "NAME", SOUK_CLI_TEXT }, { "STATE", SOUK_CLI_TEXT }, { "EPOCH", SOUK_CLI_NUMBER },
        { "COMMIT", SOUK_CLI_NUMBER }, { "BEHIND", SOUK_CLI_NUMBER }, { "PARKED", SOUK_CLI_NUMBER },
        { "STORE", SOUK_CLI_NUMBER }, { "MEMORY", SOUK_CLI_NUMBER }, { "UP", SOUK_CLI_NUMBER }, { .name = NULL },
    };
    struct libscols_table *table = souk_cli_table(&looking->options->cli, headings, true);
    const struct souk_cli *cli = &looking->options->cli;
    struct libscols_line *line;
    const json_t *said;
    char text[SOUK_CLI_SHORT_BYTES];
    size_t i;
    size_t k;

    for (i = 0; i < looking->node_count; i++) {
        said = looking->nodes[i].said;
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", looking->nodes[i].node->name.text);
        souk_cli_cell(line, 1, "%s", said != NULL ? text_of(said, "state") : looking->nodes[i].node->lost ? "lost"
            : "unreachable");
        souk_cli_cell_color(line, 1, json_array_size(looking->nodes[i].problems) == 0 ? SOUK_CLI_GREEN : SOUK_CLI_RED);
        if (said == NULL)
            continue;
        if (!json_is_true(json_object_get(said, "is_event_store")))
            souk_cli_cell(line, 2, "%" PRIu64, uint_of(said, "epoch"));
        souk_cli_cell(line, 3, "%" PRIu64, uint_of(said, "commit"));
        souk_cli_cell(line, 4, "%" PRIu64, lag_of(said));
        souk_cli_cell(line, 5, "%" PRIu64, uint_of(said, "parked"));
        souk_cli_bytes(uint_of(said, "store_bytes_used"), text);
        souk_cli_cell(line, 6, "%s", text);
        souk_cli_bytes(uint_of(said, "memory_bytes"), text);
        souk_cli_cell(line, 7, "%s", text);
        souk_cli_duration(uint_of(said, "now_ms") - uint_of(said, "started_ms"), text);
        souk_cli_cell(line, 8, "%s", text);
    }
    souk_cli_table_end(table);
    for (i = 0; i < looking->node_count; i++) {
        for (k = 0; k < json_array_size(looking->nodes[i].problems); k++)
            (void)printf("%s%s: %s%s\n", souk_cli_color(cli->out_has_color, SOUK_CLI_RED),
                looking->nodes[i].node->name.text, json_string_value(json_array_get(looking->nodes[i].problems, k)),
                souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN));
    }
}

static void
show_streams(const struct looking *looking)
{
    static const struct souk_cli_heading headings[] = {
        { "NAME", SOUK_CLI_TREE }, { "EPOCH", SOUK_CLI_NUMBER }, { "NUMBER", SOUK_CLI_NUMBER },
        { "BEHIND", SOUK_CLI_NUMBER }, { "QUEUED", SOUK_CLI_NUMBER }, { "HASH", SOUK_CLI_TEXT }, { .name = NULL },
    };
    struct libscols_table *table = souk_cli_table(&looking->options->cli, headings, true);
    struct libscols_line *line;
    struct libscols_line *below;
    const json_t *streams;
    const json_t *stream;
    char text[SOUK_CLI_SHORT_BYTES];
    size_t i;
    size_t k;

    for (i = 0; i < looking->node_count; i++) {
        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", looking->nodes[i].node->name.text);
        streams = json_object_get(looking->nodes[i].said, "streams");
        for (k = 0; k < json_array_size(streams); k++) {
            stream = json_array_get(streams, k);
            below = souk_cli_line(table, line);
            souk_cli_cell(below, 0, "%s", text_of(stream, "name"));
            souk_cli_cell(below, 1, "%" PRIu64, uint_of(stream, "epoch"));
            souk_cli_cell(below, 2, "%" PRIu64, uint_of(stream, "number"));
            souk_cli_cell(below, 3, "%" PRIu64, uint_of(stream, "lag"));
            souk_cli_bytes(uint_of(stream, "queued_bytes"), text);
            souk_cli_cell(below, 4, "%s", text);
            souk_cli_cell(below, 5, "%.16s", text_of(stream, "hash"));
        }
    }
    (void)putchar('\n');
    souk_cli_table_end(table);
}

static uint64_t
lag_of(const json_t *said)
{
    const json_t *streams = json_object_get(said, "streams");
    uint64_t lag = 0;
    size_t i;

    for (i = 0; i < json_array_size(streams); i++)
        lag += uint_of(json_array_get(streams, i), "lag");
    return lag;
}

static uint64_t
uint_of(const json_t *said, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(said, key));
}

static const char *
text_of(const json_t *said, const char *key)
{
    const char *text = json_string_value(json_object_get(said, key));

    return text == NULL ? "" : text;
}
