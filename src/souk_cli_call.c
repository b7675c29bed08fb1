#include "souk_cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <sodium.h>

#include <souk-json.h>

#include "souk_batch.h"
#include "souk_cli_event.h"
#include "souk_cli_system.h"
#include "souk_zpl.h"

#define EXIT_REFUSED 1
#define IN_FLIGHT 64
#define IN_FLIGHT_MAX SOUK_CLIENT_WAITING_MAX
#define WORDS_MAX 3                     /* SERVICE MESSAGE JSON */

enum { OPTION_FROM = 256, OPTION_ID, OPTION_SEEN, OPTION_RECORDED, OPTION_DEADLINE, OPTION_CORRELATION,
    OPTION_CALLER, OPTION_IN_FLIGHT, OPTION_PASS };

struct options {
    struct souk_cli cli;                /* first */
    const char *words[WORDS_MAX];
    size_t word_count;
    const char *from, *id, *caller, *pass;
    bool is_recorded, has_correlation;
    struct souk_id correlation;
    uint32_t deadline_ms, in_flight;
    struct souk_seen seen;
};

struct calling {
    const struct options *options;
    uint8_t pass_bytes[SOUK_PASS_BYTES_MAX];
    struct souk_slice pass;             /* empty: in nobody's name */
    struct souk_cli_system system;
    struct souk_cli_progress progress;
    uint64_t sent, answered;
    int status;                         /* the worst that any request came to */
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int read_pass(struct calling *calling);
static int call_one(struct calling *calling);
static int call_all(struct calling *calling);
static int call_line(struct calling *calling, const char *line, uint64_t number);
static int send_one(struct calling *calling, const char *service, const char *message, json_t *data, const char *id);
static int send_packed(struct calling *calling, const struct souk_topology_node *node,
    const struct souk_message_type *type, struct souk_slice payload, const char *id);
static const struct souk_topology_node *find_node(const struct calling *calling, const char *name);
static const struct souk_message_type *find_type(const struct calling *calling, const char *name);
static struct souk_id id_of(const char *text);
static int take_answers(struct calling *calling, size_t down_to);
static void show(struct calling *calling, const struct souk_client_answer *answer);
static int status_of(const struct souk_client_answer *answer);
static void show_json(struct calling *calling, const struct souk_client_answer *answer);
static void show_text(struct calling *calling, const struct souk_client_answer *answer);
static json_t *body_json(const struct calling *calling, const struct souk_wire_reply *reply);
static json_t *entry_json(const struct calling *calling, const struct souk_wire_entry *entry);

int
souk_cli_call(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "from", OPTION_FROM, "FILE", 0, "Send what the lines of FILE say (- is the standard input)", 0 },
        { "id", OPTION_ID, "ID", 0, "The command's id, a UUID or any text: one id, one effect", 0 },
        { "seen", OPTION_SEEN, "CURSORS", 0, "Answer only when this has been reached; from the `seen` of an earlier"
            " answer", 0 },
        { "recorded", OPTION_RECORDED, NULL, 0, "Answer when event stores have it, too", 0 },
        { "deadline", OPTION_DEADLINE, "MS", 0, "Wait so long for an answer; default: 10000", 0 },
        { "correlation", OPTION_CORRELATION, "UUID", 0, "The undertaking that this belongs to", 0 },
        { "pass", OPTION_PASS, "FILE", 0, "In the name of a person: FILE holds their pass in base64url", 0 },
        { "caller", OPTION_CALLER, "NAME", 0, "Under whose name; ids are a caller's own; default: souk", 0 },
        { "in-flight", OPTION_IN_FLIGHT, "N", 0, "With --from: requests under way at once; default: 64", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "SERVICE MESSAGE JSON\n--from FILE", .doc = "Send a command or a query to a service and show what"
        " it answers." };
    struct options options = { .caller = "souk", .in_flight = IN_FLIGHT };
    struct calling calling = { .options = &options };
    int rc;

    souk_cli_begin(&options.cli, argv);
    if ((calling.status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return calling.status;
    if ((calling.status = read_pass(&calling)) != 0)
        return calling.status;
    if ((calling.status = souk_cli_system_open(&calling.system, &options.cli, options.caller)) == 0) {
        rc = options.from == NULL ? call_one(&calling) : call_all(&calling);
        calling.status = rc != 0 ? rc : calling.status;
    }
    souk_cli_progress_end(&calling.progress);
    souk_cli_system_close(&calling.system);
    return calling.status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case OPTION_FROM:
        options->from = arg;
        return 0;
    case OPTION_ID:
        options->id = arg;
        return 0;
    case OPTION_SEEN:
        if (souk_seen_parse(souk_slice_of(arg), &options->seen) != 0)
            argp_error(state, "--seen: STREAM=COUNTER.BITS:NUMBER is meant, at most %d of them with commas between,"
                " not %s", SOUK_WIRE_SEEN_MAX, arg);
        return 0;
    case OPTION_RECORDED:
        options->is_recorded = true;
        return 0;
    case OPTION_DEADLINE:
        options->deadline_ms = (uint32_t)souk_cli_number(state, "--deadline", arg, 1,
            SOUK_CLIENT_DEADLINE_MS_MAX);
        return 0;
    case OPTION_CORRELATION:
        if (souk_id_parse(souk_slice_of(arg), &options->correlation) != 0)
            argp_error(state, "--correlation: %s is no UUID", arg);
        options->has_correlation = true;
        return 0;
    case OPTION_CALLER:
        if (arg[0] == '\0' || strlen(arg) > SOUK_WIRE_CALLER_BYTES_MAX)
            argp_error(state, "--caller: a name of 1 to %d bytes is meant", SOUK_WIRE_CALLER_BYTES_MAX);
        options->caller = arg;
        return 0;
    case OPTION_PASS:
        options->pass = arg;
        return 0;
    case OPTION_IN_FLIGHT:
        options->in_flight = (uint32_t)souk_cli_number(state, "--in-flight", arg, 1, IN_FLIGHT_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (options->word_count == WORDS_MAX)
            argp_error(state, "%s: one message at a time; is the JSON quoted?", arg);
        options->words[options->word_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->from == NULL ? options->word_count != WORDS_MAX : options->word_count != 0)
            argp_error(state, "SERVICE MESSAGE JSON, or --from FILE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- in whose name -------------------------------------------------- */

static int
read_pass(struct calling *calling)
{
    char text[sodium_base64_ENCODED_LEN(SOUK_PASS_BYTES_MAX, sodium_base64_VARIANT_URLSAFE_NO_PADDING) + 2];
    const char *path = calling->options->pass;
    size_t size_bytes, room = sizeof calling->pass_bytes;
    FILE *file;

    if (path == NULL)
        return 0;
    if ((file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re")) == NULL) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "--pass: %s: %s", path, strerror(errno));
        return EX_NOINPUT;
    }
    size_bytes = fread(text, 1, sizeof text, file);
    if (file != stdin)
        (void)fclose(file);
    calling->pass.base = calling->pass_bytes;
    if (size_bytes == sizeof text || sodium_base642bin(calling->pass_bytes, room, text, size_bytes, "\n",
        &calling->pass.size_bytes, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0
        || calling->pass.size_bytes == 0) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "--pass: %s holds no pass: one line of base64url is meant, as"
            " the service that issues passes answers it", path);
        return EX_DATAERR;
    }
    return 0;
}

/* ---- sending -------------------------------------------------------- */

static int
call_one(struct calling *calling)
{
    const char *const *words = calling->options->words;
    struct souk_error err = { 0 };
    json_t *data;
    int rc;

    if ((rc = souk_json_parse(souk_slice_of(words[2]), &data, &err)) != 0) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "%s", err.text);
        return EX_DATAERR;
    }
    rc = send_one(calling, words[0], words[1], data, calling->options->id);
    json_decref(data);
    return rc != 0 ? rc : take_answers(calling, 0);
}

/* Each line is an object; answers come in the order in which they arrive, and name the ids. */
static int
call_all(struct calling *calling)
{
    const char *path = calling->options->from;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    uint64_t number = 0;
    char *line = NULL;
    size_t room = 0;
    int status = 0;

    if (file == NULL) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "%s: %s", path, strerror(errno));
        return EX_NOINPUT;
    }
    while (status == 0 && getline(&line, &room, file) >= 0) {
        number++;
        if (line[strspn(line, " \t\r\n")] == '\0')
            continue;
        if ((status = call_line(calling, line, number)) == 0)
            status = take_answers(calling, calling->options->in_flight - 1);
    }
    if (ferror(file)) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "%s: %s", path, strerror(errno));
        status = EX_IOERR;
    }
    free(line);
    if (file != stdin)
        (void)fclose(file);
    if (take_answers(calling, 0) != 0 && status == 0)
        status = EX_IOERR;
    return status;
}

/* {"id": ..., "message": ..., "data": {...}}, and "service" unless it is what the message's name begins with. */
static int
call_line(struct calling *calling, const char *line, uint64_t number)
{
    const struct souk_cli *cli = &calling->options->cli;
    char own[SOUK_NAME_BYTES_MAX + 1];
    struct souk_error err = { 0 };
    const char *service = NULL;
    const char *message;
    const char *id;
    json_error_t json_err;
    json_t *json = NULL;
    json_t *data;
    int status = EX_DATAERR;

    if (souk_json_parse(souk_slice_of(line), &json, &err) != 0)
        souk_cli_say(cli, SOUK_CLI_RED, "%s:%" PRIu64 ": %s", calling->options->from, number, err.text);
    else if (json_unpack_ex(json, &json_err, 0, "{ss ss so s?s !}", "id", &id, "message", &message, "data", &data,
            "service", &service) != 0)
        souk_cli_say(cli, SOUK_CLI_RED, "%s:%" PRIu64 ": {\"id\", \"message\", \"data\"} and maybe \"service\" are"
            " meant: %s", calling->options->from, number, json_err.text);
    else {
        (void)snprintf(own, sizeof own, "%.*s", (int)strcspn(message, "."), message);
        status = send_one(calling, service == NULL ? own : service, message, data, id);
    }
    json_decref(json);
    return status;
}

static int
send_one(struct calling *calling, const char *service, const char *message, json_t *data, const char *id)
{
    const struct souk_topology_node *node = find_node(calling, service);
    const struct souk_message_type *type = node == NULL ? NULL : find_type(calling, message);
    struct souk_error err = { 0 };
    struct souk_pack pack;
    int status;
    int rc;

    if (type == NULL)
        return EX_DATAERR;
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = souk_json_to_packed(type, data, &pack, &err)) != 0) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "%s: %s", message, err.text);
        status = souk_cli_exit_status(rc, EX_DATAERR);
    } else {
        status = send_packed(calling, node, type, souk_pack_slice(&pack), id);
    }
    souk_pack_done(&pack);
    return status;
}

static int
send_packed(struct calling *calling, const struct souk_topology_node *node, const struct souk_message_type *type,
    struct souk_slice payload, const char *id)
{
    const struct options *options = calling->options;
    struct souk_client_request request = { .node = node, .is_query = type->kind == SOUK_QUERY,
        .id = id == NULL ? souk_client_new_id() : id_of(id), .name = souk_slice_of(type->name),
        .version = type->version, .payload = payload, .deadline_ms = options->deadline_ms,
        .is_recorded = options->is_recorded, .has_correlation = options->has_correlation,
        .correlation = options->correlation, .seen_count = options->seen.count, .pass = calling->pass };
    struct souk_error err = { 0 };
    int rc;

    memcpy(request.seen, options->seen.cursors, sizeof request.seen);
    if ((rc = souk_client_send(calling->system.client, &request, &err)) != 0) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s: %s", type->name, err.text);
        return souk_cli_exit_status(rc, EX_DATAERR);
    }
    calling->sent++;
    return 0;
}

static const struct souk_topology_node *
find_node(const struct calling *calling, const char *name)
{
    const struct souk_topology_node *node = souk_topology_node(calling->system.topology, name);
    const char *nearest = NULL;
    size_t i;

    for (i = 0; i < calling->system.topology->node_count && node == NULL; i++)
        souk_zpl_nearer(name, calling->system.topology->nodes[i].name.text, &nearest);
    if (node == NULL)
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "%s has no service `%s`%s%s%s", calling->system.topology->name.text,
            name, nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest,
            nearest == NULL ? "" : "`?");
    return node;
}

static const struct souk_message_type *
find_type(const struct calling *calling, const char *name)
{
    const struct souk_message_type *type = souk_catalogue_find(&calling->system.catalogue, souk_slice_of(name));
    const struct souk_messages *messages;
    const char *nearest = NULL;
    size_t i;
    size_t k;

    if (type != NULL && (type->kind == SOUK_COMMAND || type->kind == SOUK_QUERY))
        return type;
    if (type != NULL) {
        souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "`%s` is no command or query, but of the kind `%s`", name,
            souk_message_kind_name(type->kind));
        return NULL;
    }
    for (i = 0; i < calling->system.catalogue.count; i++) {
        messages = souk_description_messages(calling->system.catalogue.descriptions[i]);
        for (k = 0; k < messages->type_count; k++) {
            if (messages->types[k]->kind == SOUK_COMMAND || messages->types[k]->kind == SOUK_QUERY)
                souk_zpl_nearer(name, messages->types[k]->name, &nearest);
        }
    }
    souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "no message `%s` is described%s%s%s", name,
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return NULL;
}

/* A UUID is itself; any other text stands for the beginning of its hash. */
static struct souk_id
id_of(const char *text)
{
    const struct souk_slice piece = souk_slice_of(text);
    struct souk_id id;

    if (souk_id_parse(piece, &id) != 0)
        souk_digest(id.bytes, sizeof id.bytes, &piece, 1);
    return id;
}

/* ---- answers -------------------------------------------------------- */

/* Show answers until at most `down_to` requests are under way. 0, or an exit status. */
static int
take_answers(struct calling *calling, size_t down_to)
{
    struct souk_client_answer answer;
    int rc;

    while (souk_client_waiting(calling->system.client) > down_to) {
        if ((rc = souk_client_receive(calling->system.client, SOUK_CLIENT_RETRY_MS / 5, &answer)) == 0) {
            calling->answered++;
            show(calling, &answer);
        } else if (rc != -SOUK_ENOTFOUND) {
            souk_cli_say(&calling->options->cli, SOUK_CLI_RED, "receiving failed");
            return EX_IOERR;
        }
        if (calling->options->from == NULL)
            souk_cli_progress(&calling->options->cli, &calling->progress, "waiting for %s", calling->options->words[0]);
        else
            souk_cli_progress(&calling->options->cli, &calling->progress, "%" PRIu64 " of %" PRIu64 " answered",
                calling->answered, calling->sent);
    }
    return 0;
}

static void
show(struct calling *calling, const struct souk_client_answer *answer)
{
    const int status = status_of(answer);

    /* A refusal is an answer; whatever is worse is what the script has to hear of. */
    if (calling->status == EX_OK || (calling->status == EXIT_REFUSED && status != EX_OK))
        calling->status = status;
    souk_cli_progress_end(&calling->progress);
    if (calling->options->cli.is_json)
        show_json(calling, answer);
    else
        show_text(calling, answer);
}

static int
status_of(const struct souk_client_answer *answer)
{
    if (answer->is_late)
        return answer->sent == 0 ? EX_UNAVAILABLE : EX_TEMPFAIL;
    switch (answer->reply.status) {
    case SOUK_STATUS_OK:
        return EX_OK;
    case SOUK_STATUS_REFUSED:
        return EXIT_REFUSED;
    case SOUK_STATUS_PENDING:
    case SOUK_STATUS_BUSY:
    case SOUK_STATUS_EXPIRED:
        return EX_TEMPFAIL;
    case SOUK_STATUS_FULL:
        return EX_UNAVAILABLE;
    case SOUK_STATUS_INTERNAL:
        return EX_SOFTWARE;
    case SOUK_STATUS_UNSUPPORTED:
        return EX_PROTOCOL;
    case SOUK_STATUS_FORBIDDEN:
        return EX_NOPERM;
    case SOUK_STATUS_KEY_REUSED:
    case SOUK_STATUS_LOST:
    case SOUK_STATUS_INVALID:
    case SOUK_STATUS_UNKNOWN:
        break;
    }
    return EX_DATAERR;
}

static void
show_json(struct calling *calling, const struct souk_client_answer *answer)
{
    const struct souk_wire_reply *reply = &answer->reply;
    char id[SOUK_ID_TEXT_BYTES];
    char cursor[SOUK_SEEN_CURSOR_BYTES];
    json_t *cursors;
    uint32_t i;

    souk_id_format(answer->id, id);
    if (answer->is_late) {
        souk_cli_json(json_pack("{ss ss sI}", "id", id, "status", answer->sent == 0 ? "unreachable" : "unanswered",
            "took_us", (json_int_t)answer->took_us));
        return;
    }
    cursors = souk_cli_need(json_array());
    for (i = 0; i < reply->cursor_count; i++) {
        (void)souk_seen_format_cursor(&reply->cursors[i], cursor);
        (void)json_array_append_new(cursors, json_string(cursor));
    }
    souk_cli_json(json_pack("{ss ss ss? ss% ss% sI so so sI}", "id", id, "status",
        souk_wire_status_name(reply->status), "durability", reply->durability == SOUK_DURABILITY_LOCAL ? "local"
        : reply->durability == SOUK_DURABILITY_RECORDED ? "recorded" : NULL, "code", reply->code.base == NULL ? ""
        : (const char *)reply->code.base, reply->code.size_bytes, "text", reply->text.base == NULL ? ""
        : (const char *)reply->text.base, reply->text.size_bytes, "retry_after_ms", (json_int_t)reply->retry_after_ms,
        "seen", cursors, "body", souk_cli_need(body_json(calling, reply)), "took_us", (json_int_t)answer->took_us));
}

static void
show_text(struct calling *calling, const struct souk_client_answer *answer)
{
    const struct souk_cli *cli = &calling->options->cli;
    const struct souk_wire_reply *reply = &answer->reply;
    const bool is_good = !answer->is_late && reply->status == SOUK_STATUS_OK;
    char cursor[SOUK_SEEN_CURSOR_BYTES];
    char id[SOUK_ID_TEXT_BYTES];
    json_t *body;
    uint32_t i;

    souk_id_format(answer->id, id);
    if (answer->is_late && answer->sent == 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s: nobody is there; is the service running?", id);
        return;
    }
    if (answer->is_late) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s: no answer within its deadline; asking again with --id %s says what became"
            " of a command", id, id);
        return;
    }
    (void)printf("%s%s%s%s", souk_cli_color(cli->out_has_color, is_good ? SOUK_CLI_GREEN : SOUK_CLI_RED),
        souk_wire_status_name(reply->status), souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN),
        reply->durability == SOUK_DURABILITY_LOCAL ? ", local" : reply->durability == SOUK_DURABILITY_RECORDED
        ? ", recorded" : "");
    if (calling->options->from != NULL)
        (void)printf(" %s", id);
    if (reply->code.size_bytes > 0)
        (void)printf(": %.*s", (int)reply->code.size_bytes, (const char *)reply->code.base);
    if (reply->text.size_bytes > 0)
        (void)printf(" (%.*s)", (int)reply->text.size_bytes, (const char *)reply->text.base);
    (void)putchar('\n');
    body = souk_cli_need(body_json(calling, reply));
    for (i = 0; i < json_array_size(body); i++) {
        (void)json_dumpf(json_array_get(body, i), stdout, calling->options->from == NULL ? JSON_INDENT(4)
            : JSON_COMPACT);
        (void)putchar('\n');
    }
    json_decref(body);
    for (i = 0; i < reply->cursor_count && calling->options->from == NULL; i++) {
        (void)souk_seen_format_cursor(&reply->cursors[i], cursor);
        (void)printf("%s%s%s", i == 0 ? "seen " : ",", cursor, i + 1 == reply->cursor_count ? "\n" : "");
    }
    (void)fflush(stdout);
}

/* The events of a command, the answer to a query. NULL without memory. */
static json_t *
body_json(const struct calling *calling, const struct souk_wire_reply *reply)
{
    json_t *body = json_array();
    struct souk_wire_entry entry;
    struct souk_unpack in;

    souk_unpack_init(&in, reply->body);
    while (souk_wire_body_next(&in, &entry) == 0)
        (void)json_array_append_new(body, entry_json(calling, &entry));
    return body;
}

static json_t *
entry_json(const struct calling *calling, const struct souk_wire_entry *entry)
{
    json_t *data = souk_shown_message_json(&calling->system.catalogue, entry->name, entry->version, entry->payload);
    char key[SOUK_SHOWN_KEY_BYTES];

    if (entry->stream.size_bytes == 0)
        return data;
    souk_shown_key(&calling->system.catalogue, entry->name, entry->key, key);
    return json_pack("{ss% ss% sI ss so}", "type", entry->name.base, entry->name.size_bytes, "stream",
        entry->stream.base, entry->stream.size_bytes, "number", (json_int_t)entry->number, "subject", key, "data",
        data);
}
