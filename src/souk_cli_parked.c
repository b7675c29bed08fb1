#include "souk_cli.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <pwd.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <sodium.h>

#include "parking.h"
#include "souk_batch.h"
#include "souk_cli_event.h"
#include "souk_cli_node.h"
#include "souk_parked.h"
#include "souk_told.h"

#define EXIT_STILL_PARKED 1
#define WORDS_MAX (1 + SOUK_SERVICES_MAX)
#define TABLE_LINES_MAX 1000            /* then the rest is counted only; --json has all */
#define FOUND_MAX 64                    /* rows that one name of an event may mean */
#define WHO_BYTES 65
#define ANSWER_BYTES 16

enum { OPTION_SERVICE = 256, OPTION_ALL, OPTION_WHY, OPTION_YES, OPTION_DISCARDED, OPTION_SETTLED };

struct options {
    struct souk_cli cli;                /* first */
    const char *words[WORDS_MAX];       /* what to do, then services or an event */
    size_t word_count;
    const char *service, *why;
    bool is_all, is_sure, lists_settled, lists_discarded;
};

/* One row that the name of an event stands for. */
struct found {
    const struct souk_topology_node *node;
    struct parked_event event;
};

struct parking {
    const struct options *options;
    struct souk_cli_system system;
    struct souk_arena arena;            /* of one answer, or of all that was found */
    struct libscols_table *table;
    size_t lines, left_out, done, still;
    uint64_t now_ms;
    char who[WHO_BYTES];
    struct found found[FOUND_MAX];
    size_t found_count;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static const char *verb_of(const struct options *options);
static void find_out_who(char who_out[WHO_BYTES]);
static int list(struct parking *parking);
static int each_service(struct parking *parking, int (*each)(struct parking *parking,
    const struct souk_topology_node *node));
static int list_parked(struct parking *parking, const struct souk_topology_node *node);
static void list_one(struct parking *parking, const struct souk_topology_node *node,
    const struct parked_event *event);
static int list_settled(struct parking *parking, const struct souk_topology_node *node);
static void list_one_settled(struct parking *parking, const struct souk_topology_node *node,
    const struct settled_event *event);
static int find(struct parking *parking);
static int find_at(struct parking *parking, const struct souk_topology_node *node);
static int show(struct parking *parking);
static void show_text(struct parking *parking, const struct found *found,
    const struct souk_parked_event_reply *reply);
static json_t *data_of(const struct parking *parking, const struct souk_parked_event_reply *reply);
static int retry(struct parking *parking);
static int retry_all(struct parking *parking, const struct souk_topology_node *node);
static int retry_one(struct parking *parking, const struct souk_topology_node *node, const struct parked_event *event);
static int discard(struct parking *parking);
static bool is_sure(const struct parking *parking);
static int discard_one(struct parking *parking, const struct found *found);

int
souk_cli_parked(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "all", OPTION_ALL, NULL, 0, "list: those that wait behind another one, too; retry: whatever is parked", 0 },
        { "discarded", OPTION_DISCARDED, NULL, 0, "list: what was discarded, by whom and why", 0 },
        { "settled", OPTION_SETTLED, NULL, 0, "list: what was discarded or retried", 0 },
        { "service", OPTION_SERVICE, "NAME", 0, "Only what is parked there", 0 },
        { "why", OPTION_WHY, "TEXT", 0, "discard: the reason, which is kept", 0 },
        { "yes", OPTION_YES, NULL, 0, "discard: do not ask", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[list [SERVICE...]]\nshow EVENT\nretry EVENT|--all\ndiscard EVENT --why TEXT",
        .doc = "See to events that a service could not handle, and to those that wait behind them." };
    struct options options = { .service = NULL };
    struct parking parking = { .options = &options, .now_ms = souk_cli_wall_ms() };
    const char *verb;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    find_out_who(parking.who);
    souk_arena_init(&parking.arena, 0);
    if ((status = souk_cli_system_open(&parking.system, &options.cli, "souk")) == 0) {
        verb = verb_of(&options);
        if (options.service != NULL && souk_cli_service(&options.cli, parking.system.topology, options.service) == NULL)
            status = EX_DATAERR;
        else if (strcmp(verb, "list") == 0)
            status = list(&parking);
        else if (strcmp(verb, "show") == 0)
            status = show(&parking);
        else
            status = strcmp(verb, "retry") == 0 ? retry(&parking) : discard(&parking);
    }
    souk_cli_system_close(&parking.system);
    souk_arena_done(&parking.arena);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    const char *verb = verb_of(options);

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case OPTION_SERVICE:
        options->service = arg;
        return 0;
    case OPTION_ALL:
        options->is_all = true;
        return 0;
    case OPTION_DISCARDED:
        options->lists_settled = options->lists_discarded = true;
        return 0;
    case OPTION_SETTLED:
        options->lists_settled = true;
        return 0;
    case OPTION_WHY:
        if (arg[0] == '\0' || strlen(arg) > SOUK_PARKED_TEXT_BYTES_MAX)
            argp_error(state, "--why: a reason of 1 to %d bytes is meant", SOUK_PARKED_TEXT_BYTES_MAX);
        options->why = arg;
        return 0;
    case OPTION_YES:
        options->is_sure = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->word_count == WORDS_MAX)
            argp_error(state, "%s: that many services there are not", arg);
        options->words[options->word_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (strcmp(verb, "list") == 0)
            return 0;
        if (strcmp(verb, "show") != 0 && strcmp(verb, "retry") != 0 && strcmp(verb, "discard") != 0)
            argp_error(state, "%s: list, show, retry or discard is meant", verb);
        if (strcmp(verb, "retry") == 0 && options->is_all ? options->word_count != 1 : options->word_count != 2)
            argp_error(state, "%s: one event is meant, STREAM/NUMBER, as `souk parked list' shows them%s", verb,
                strcmp(verb, "retry") == 0 ? ", or --all" : "");
        if (strcmp(verb, "discard") == 0 && options->why == NULL)
            argp_error(state, "discard: why? Say it with --why; it is kept with the event");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char *
verb_of(const struct options *options)
{
    return options->word_count == 0 ? "list" : options->words[0];
}

/* "ada@host": for people to ask, not to prove anything. */
static void
find_out_who(char who_out[WHO_BYTES])
{
    const struct passwd *user = getpwuid(getuid());
    char host[WHO_BYTES] = "";

    (void)gethostname(host, sizeof host - 1);
    if (user != NULL)
        (void)snprintf(who_out, WHO_BYTES, "%.31s@%.32s", user->pw_name, host);
    else
        (void)snprintf(who_out, WHO_BYTES, "%ju@%.32s", (uintmax_t)getuid(), host);
}

/* ---- list ----------------------------------------------------------- */

static int
list(struct parking *parking)
{
    static const struct souk_cli_heading parked[] = {
        { "SERVICE", SOUK_CLI_TEXT }, { "EVENT", SOUK_CLI_TEXT }, { "TYPE", SOUK_CLI_TEXT }, { "KEY", SOUK_CLI_TEXT },
        { "SINCE", SOUK_CLI_NUMBER }, { "TRIES", SOUK_CLI_NUMBER }, { "WAITING", SOUK_CLI_NUMBER },
        { "WHY", SOUK_CLI_TEXT }, { .name = NULL },
    };
    static const struct souk_cli_heading settled[] = {
        { "SERVICE", SOUK_CLI_TEXT }, { "EVENT", SOUK_CLI_TEXT }, { "TYPE", SOUK_CLI_TEXT }, { "KEY", SOUK_CLI_TEXT },
        { "WAS", SOUK_CLI_TEXT }, { "AT", SOUK_CLI_TEXT }, { "BY", SOUK_CLI_TEXT }, { "WHY", SOUK_CLI_TEXT },
        { .name = NULL },
    };
    const struct options *options = parking->options;
    int status;

    for (size_t i = 1; i < options->word_count; i++)
        if (souk_cli_service(&options->cli, parking->system.topology, options->words[i]) == NULL)
            return EX_DATAERR;
    if (!options->cli.is_json)
        parking->table = souk_cli_table(&options->cli, options->lists_settled ? settled : parked, true);
    status = each_service(parking, options->lists_settled ? list_settled : list_parked);
    if (parking->table == NULL)
        return status;
    if (parking->lines == 0 && status == 0)
        (void)printf("nothing %s\n", options->lists_discarded ? "was discarded" : options->lists_settled
            ? "was retried or discarded" : "is parked");
    if (parking->lines > 0)
        souk_cli_table_end(parking->table);
    else
        scols_unref_table(parking->table);
    if (parking->left_out > 0)
        (void)printf("and %zu more: --json has them all\n", parking->left_out);
    return status;
}

/* Each that is meant, whatever became of the one before; the worst of their statuses. */
static int
each_service(struct parking *parking, int (*each)(struct parking *parking, const struct souk_topology_node *node))
{
    const struct options *options = parking->options;
    const struct souk_topology *topology = parking->system.topology;
    int status = 0;
    bool is_meant;
    int rc;

    for (size_t i = 0; i < topology->node_count; i++) {
        const struct souk_topology_node *node = &topology->nodes[i];

        is_meant = node->kind == SOUK_NODE_SERVICE
            && (options->service == NULL || strcmp(options->service, node->name.text) == 0);
        if (strcmp(verb_of(options), "list") == 0 && options->word_count > 1) {
            is_meant = false;
            for (size_t k = 1; k < options->word_count; k++)
                is_meant = is_meant || strcmp(options->words[k], node->name.text) == 0;
        }
        if (is_meant && (rc = each(parking, node)) > status)
            status = rc;
    }
    return status;
}

static int
list_parked(struct parking *parking, const struct souk_topology_node *node)
{
    struct souk_parked_list query = { .firsts_only = !parking->options->is_all };
    struct souk_parked_list_reply reply;
    struct souk_cli_refusal refusal;
    int status;

    do {
        souk_arena_reset(&parking->arena);
        status = souk_cli_node_ask(&parking->options->cli, parking->system.client, node, &souk_parked_list_type,
            &query, &parking->arena, &reply, &refusal);
        if (status != 0)
            return status;
        for (uint32_t i = 0; i < reply.events_count; i++)
            list_one(parking, node, &reply.events[i]);
        query.after = reply.next;
    } while (reply.next != 0);
    return 0;
}

static void
list_one(struct parking *parking, const struct souk_topology_node *node, const struct parked_event *event)
{
    struct libscols_line *line;
    char place[SOUK_SEEN_CURSOR_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    char since[SOUK_CLI_SHORT_BYTES];
    const bool is_first = event->behind == event->sequence;

    if (parking->table == NULL) {
        souk_cli_json(souk_told_parked_json(&parking->system.catalogue, &node->name, event));
        return;
    }
    if (parking->lines++ >= TABLE_LINES_MAX) {
        parking->left_out++;
        return;
    }
    souk_told_place(event->stream, event->epoch, event->number, place);
    souk_shown_key(&parking->system.catalogue, event->type, event->key, key);
    souk_cli_duration(parking->now_ms > event->since_ms ? parking->now_ms - event->since_ms : 0, since);
    line = souk_cli_line(parking->table, NULL);
    souk_cli_cell(line, 0, "%s", node->name.text);
    souk_cli_cell(line, 1, "%s%s", event->kind == PARKED_KIND_LOSS ? "loss of " : "", place);
    souk_cli_cell_color(line, 1, is_first ? SOUK_CLI_RED : SOUK_CLI_YELLOW);
    souk_cli_cell(line, 2, "%.*s", (int)event->type.size_bytes, (const char *)event->type.base);
    souk_cli_cell(line, 3, "%s", key);
    souk_cli_cell(line, 4, "%s", since);
    souk_cli_cell(line, 5, "%" PRIu32, event->tries);
    if (is_first)
        souk_cli_cell(line, 6, "%" PRIu32 "%s", event->waiting, event->waiting >= 10000 ? "+" : "");
    souk_cli_cell(line, 7, "%.*s", (int)event->why.size_bytes, (const char *)event->why.base);
}

static int
list_settled(struct parking *parking, const struct souk_topology_node *node)
{
    struct souk_parked_settled query = { .discarded_only = parking->options->lists_discarded };
    struct souk_parked_settled_reply reply;
    struct souk_cli_refusal refusal;
    int status;

    do {
        souk_arena_reset(&parking->arena);
        status = souk_cli_node_ask(&parking->options->cli, parking->system.client, node, &souk_parked_settled_type,
            &query, &parking->arena, &reply, &refusal);
        if (status != 0)
            return status;
        for (uint32_t i = 0; i < reply.events_count; i++)
            list_one_settled(parking, node, &reply.events[i]);
        query.before = reply.next;
    } while (reply.next != 0);
    return 0;
}

static void
list_one_settled(struct parking *parking, const struct souk_topology_node *node, const struct settled_event *event)
{
    const char *how = souk_enum_name(&settled_how_enum, event->how);
    struct libscols_line *line;
    char since[SOUK_SHOWN_TIME_BYTES];
    char place[SOUK_SEEN_CURSOR_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    char at[SOUK_SHOWN_TIME_BYTES];

    souk_told_place(event->stream, event->epoch, event->number, place);
    souk_shown_key(&parking->system.catalogue, event->type, event->key, key);
    souk_shown_time(event->since_ms, since);
    souk_shown_time(event->at_ms, at);
    if (parking->table == NULL) {
        souk_cli_json(json_pack("{ss ss sI ss ss ss% si sI ss% ss ss ss ss% ss%}", "service", node->name.text, "id",
            place, "sequence", (json_int_t)event->sequence, "was", how, "kind",
            souk_enum_name(&parked_kind_enum, event->kind), "stream", event->stream.base, event->stream.size_bytes,
            "epoch", (int)event->epoch, "number", (json_int_t)event->number, "type", event->type.base,
            event->type.size_bytes, "subject", key, "since", since, "at", at, "by", event->who.base,
            event->who.size_bytes, "why", event->why.base, event->why.size_bytes));
        return;
    }
    if (parking->lines++ >= TABLE_LINES_MAX) {
        parking->left_out++;
        return;
    }
    line = souk_cli_line(parking->table, NULL);
    souk_cli_cell(line, 0, "%s", node->name.text);
    souk_cli_cell(line, 1, "%s", place);
    souk_cli_cell(line, 2, "%.*s", (int)event->type.size_bytes, (const char *)event->type.base);
    souk_cli_cell(line, 3, "%s", key);
    souk_cli_cell(line, 4, "%s", how);
    souk_cli_cell(line, 5, "%s", at);
    souk_cli_cell(line, 6, "%.*s", (int)event->who.size_bytes, (const char *)event->who.base);
    souk_cli_cell(line, 7, "%.*s", (int)event->why.size_bytes, (const char *)event->why.base);
}

/* ---- one event ------------------------------------------------------ */

/* What the second word stands for, wherever it is parked. 0, or an exit status; then what is wrong has been said. */
static int
find(struct parking *parking)
{
    const struct souk_cli *cli = &parking->options->cli;
    struct souk_cli_place place;
    int status;

    if (souk_cli_place_parse(parking->options->words[1], &place) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "an event is STREAM/NUMBER or STREAM/EPOCH/NUMBER, not %s",
            parking->options->words[1]);
        return EX_USAGE;
    }
    status = each_service(parking, find_at);
    if (parking->found_count > 0 || status != 0)
        return parking->found_count > 0 ? 0 : status;
    souk_cli_say(cli, SOUK_CLI_RED, "%s is not parked%s%s; `souk parked list' has what is, `souk parked list --settled'"
        " what was", parking->options->words[1], parking->options->service == NULL ? "" : " by ",
        parking->options->service == NULL ? "" : parking->options->service);
    return EX_DATAERR;
}

static int
find_at(struct parking *parking, const struct souk_topology_node *node)
{
    struct souk_parked_list query = { .has_stream = true };
    struct souk_parked_list_reply reply;
    struct souk_cli_refusal refusal;
    struct souk_cli_place place;
    int status;

    if (souk_cli_place_parse(parking->options->words[1], &place) != 0)
        return EX_USAGE;
    query.stream = souk_name_slice(&place.stream);
    query.number = place.number;
    query.epoch = place.counter;
    do {
        status = souk_cli_node_ask(&parking->options->cli, parking->system.client, node, &souk_parked_list_type,
            &query, &parking->arena, &reply, &refusal);
        if (status != 0)
            return status;
        for (uint32_t i = 0; i < reply.events_count && parking->found_count < FOUND_MAX; i++)
            parking->found[parking->found_count++] = (struct found){ node, reply.events[i] };
        query.after = reply.next;
    } while (reply.next != 0 && parking->found_count < FOUND_MAX);
    return 0;
}

static int
show(struct parking *parking)
{
    struct souk_parked_event_reply reply;
    struct souk_parked_event query;
    struct souk_cli_refusal refusal;
    json_t *json;
    int status = find(parking);

    for (size_t i = 0; i < parking->found_count && status == 0; i++) {
        query.sequence = parking->found[i].event.sequence;
        status = souk_cli_node_ask(&parking->options->cli, parking->system.client, parking->found[i].node,
            &souk_parked_event_type, &query, &parking->arena, &reply, &refusal);
        if (status == 1) {
            souk_cli_say(&parking->options->cli, SOUK_CLI_RED, "%s: %s", parking->options->words[1], refusal.text);
            return EX_DATAERR;
        }
        if (status != 0)
            return status;
        if (parking->options->cli.is_json) {
            json = souk_told_parked_json(&parking->system.catalogue, &parking->found[i].node->name, &reply.event);
            (void)json_object_set_new(souk_cli_need(json), "data", data_of(parking, &reply));
            souk_cli_json(json);
        } else {
            show_text(parking, &parking->found[i], &reply);
        }
    }
    return status;
}

static void
show_text(struct parking *parking, const struct found *found, const struct souk_parked_event_reply *reply)
{
    const struct parked_event *event = &reply->event;
    const struct souk_cli *cli = &parking->options->cli;
    char ago[SOUK_CLI_SHORT_BYTES];
    char place[SOUK_SEEN_CURSOR_BYTES];
    char correlation[SOUK_ID_TEXT_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    char time[SOUK_SHOWN_TIME_BYTES];
    json_t *data;

    souk_told_place(event->stream, event->epoch, event->number, place);
    souk_shown_key(&parking->system.catalogue, event->type, event->key, key);
    souk_id_format(event->correlation_id, correlation);
    (void)printf("%s%s%s%s %.*s\n", event->kind == PARKED_KIND_LOSS ? "loss of " : event->kind
        == PARKED_KIND_REACTION ? "reaction to " : "", souk_cli_color(cli->out_has_color, SOUK_CLI_BOLD), place,
        souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN), (int)event->type.size_bytes,
        (const char *)event->type.base);
    (void)printf("  parked by    %s\n  key          %s\n", found->node->name.text, key);
    souk_shown_time(event->time_ms, time);
    (void)printf("  happened     %s\n", time);
    souk_shown_time(event->since_ms, time);
    souk_cli_duration(parking->now_ms > event->since_ms ? parking->now_ms - event->since_ms : 0, ago);
    (void)printf("  parked       %s, %s ago\n  tries        %" PRIu32 "\n", time, ago, event->tries);
    (void)printf("  why          %s%.*s%s\n", souk_cli_color(cli->out_has_color, SOUK_CLI_RED),
        (int)event->why.size_bytes, (const char *)event->why.base, souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN));
    if (event->behind == event->sequence)
        (void)printf("  behind it    %" PRIu32 "%s of its key\n", event->waiting, event->waiting >= 10000 ? " or more"
            : "");
    (void)printf("  undertaking  %s\n", correlation);
    if (!reply->has_payload) {
        (void)printf("  data         (not shown: of a private stream, or too large)\n");
        return;
    }
    data = souk_cli_need(data_of(parking, reply));
    (void)json_dumpf(data, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    (void)putchar('\n');
    json_decref(data);
}

static json_t *
data_of(const struct parking *parking, const struct souk_parked_event_reply *reply)
{
    if (!reply->has_payload)
        return json_null();
    return souk_shown_message_json(&parking->system.catalogue, reply->event.type, reply->event.version, reply->payload);
}

/* ---- retry ---------------------------------------------------------- */

static int
retry(struct parking *parking)
{
    const struct souk_cli *cli = &parking->options->cli;
    int status = 0;
    int rc;

    if (parking->options->is_all) {
        status = each_service(parking, retry_all);
    } else if ((status = find(parking)) == 0) {
        for (size_t i = 0; i < parking->found_count; i++)
            if ((rc = retry_one(parking, parking->found[i].node, &parking->found[i].event)) > status)
                status = rc;
    }
    if (parking->options->is_all && !cli->is_json && parking->done + parking->still == 0 && status == 0)
        (void)printf("nothing is parked\n");
    else if (parking->done + parking->still > 1 && !cli->is_json)
        (void)printf("%zu went through, %zu are still parked\n", parking->done, parking->still);
    return status;
}

/* The first one of each key: those behind it follow by themselves. */
static int
retry_all(struct parking *parking, const struct souk_topology_node *node)
{
    struct souk_parked_list query = { .firsts_only = true };
    struct souk_parked_list_reply reply;
    struct souk_cli_refusal refusal;
    int worst = 0;
    int status;

    do {
        souk_arena_reset(&parking->arena);
        status = souk_cli_node_ask(&parking->options->cli, parking->system.client, node, &souk_parked_list_type,
            &query, &parking->arena, &reply, &refusal);
        if (status != 0)
            return status;
        for (uint32_t i = 0; i < reply.events_count; i++)
            if ((status = retry_one(parking, node, &reply.events[i])) > worst)
                worst = status;
        query.after = reply.next;
    } while (reply.next != 0 && worst <= EXIT_STILL_PARKED);
    return worst;
}

static int
retry_one(struct parking *parking, const struct souk_topology_node *node, const struct parked_event *event)
{
    const struct souk_parked_retry command = { .sequence = event->sequence, .stream = event->stream,
        .number = event->number, .who = souk_slice_of(parking->who) };
    const struct souk_cli *cli = &parking->options->cli;
    struct souk_cli_refusal refusal = { "", "" };
    char place[SOUK_SEEN_CURSOR_BYTES];
    int status;

    status = souk_cli_node_ask(cli, parking->system.client, node, &souk_parked_retry_type, &command, &parking->arena,
        NULL, &refusal);
    if (status > 1)
        return status;
    if (status == 1 && strcmp(refusal.code, SOUK_NOT_PARKED) == 0)
        status = 0;                             /* somebody else was quicker, or one before it took it along */
    *(status == 0 ? &parking->done : &parking->still) += 1;
    souk_told_place(event->stream, event->epoch, event->number, place);
    if (cli->is_json)
        souk_cli_json(json_pack("{ss ss sb ss}", "service", node->name.text, "id", place, "done", status == 0, "why",
            refusal.text));
    else if (status == 0)
        (void)printf("%s: %s went through\n", node->name.text, place);
    else
        (void)printf("%s: %s%s is still parked%s: %s\n", node->name.text,
            souk_cli_color(cli->out_has_color, SOUK_CLI_RED), place,
            souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN), refusal.text);
    return status;
}

/* ---- discard -------------------------------------------------------- */

static int
discard(struct parking *parking)
{
    const struct souk_cli *cli = &parking->options->cli;
    const struct found *first = &parking->found[0];
    int status = find(parking);

    if (status != 0)
        return status;
    for (size_t i = 1; i < parking->found_count; i++) {
        if (parking->found[i].node != first->node) {
            souk_cli_say(cli, SOUK_CLI_RED, "%s is parked by %s and by %s: say which with --service",
                parking->options->words[1], first->node->name.text, parking->found[i].node->name.text);
            return EX_DATAERR;
        }
        if (!souk_slice_equal(parking->found[i].event.epoch_bits, first->event.epoch_bits)) {
            souk_cli_say(cli, SOUK_CLI_RED, "%s stands for two events of different epochs: name it as"
                " STREAM/EPOCH/NUMBER", parking->options->words[1]);
            return EX_DATAERR;
        }
    }
    if (!parking->options->is_sure) {
        if (isatty(STDIN_FILENO) == 0) {
            souk_cli_say(cli, SOUK_CLI_RED, "nobody can be asked here: --yes says that it is meant");
            return EX_USAGE;
        }
        if (!is_sure(parking)) {
            souk_cli_say(cli, SOUK_CLI_PLAIN, "nothing was done");
            return EXIT_STILL_PARKED;
        }
    }
    for (size_t i = 0; i < parking->found_count && status == 0; i++)
        status = discard_one(parking, &parking->found[i]);
    return status;
}

static bool
is_sure(const struct parking *parking)
{
    const struct parked_event *event = &parking->found[0].event;
    char answer[ANSWER_BYTES] = "";
    char key[SOUK_SHOWN_KEY_BYTES];

    souk_shown_key(&parking->system.catalogue, event->type, event->key, key);
    (void)fprintf(stderr, "%s will never apply %s (%.*s of %s) nor react to it.\nDiscard it? [y/N] ",
        parking->found[0].node->name.text, parking->options->words[1], (int)event->type.size_bytes,
        (const char *)event->type.base, key);
    return fgets(answer, sizeof answer, stdin) != NULL && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}

static int
discard_one(struct parking *parking, const struct found *found)
{
    const struct souk_parked_discard command = { .sequence = found->event.sequence, .stream = found->event.stream,
        .number = found->event.number, .who = souk_slice_of(parking->who),
        .why = souk_slice_of(parking->options->why) };
    const struct souk_cli *cli = &parking->options->cli;
    struct souk_cli_refusal refusal = { "", "" };
    char bits[2 * 8 + 1] = "";
    char skip[SOUK_SEEN_CURSOR_BYTES];
    char place[SOUK_SEEN_CURSOR_BYTES];
    int status;

    status = souk_cli_node_ask(cli, parking->system.client, found->node, &souk_parked_discard_type, &command,
        &parking->arena, NULL, &refusal);
    souk_told_place(found->event.stream, found->event.epoch, found->event.number, place);
    if (status == 1) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s: %s: %s", found->node->name.text, place, refusal.text);
        return EX_DATAERR;
    }
    if (status != 0)
        return status;
    (void)sodium_bin2hex(bits, sizeof bits, found->event.epoch_bits.base, found->event.epoch_bits.size_bytes);
    (void)snprintf(skip, sizeof skip, "%.*s %" PRIu32 ".%s %" PRIu64, (int)found->event.stream.size_bytes,
        (const char *)found->event.stream.base, found->event.epoch, bits, found->event.number);
    if (cli->is_json) {
        souk_cli_json(json_pack("{ss ss sb ss ss ss}", "service", found->node->name.text, "id", place, "done", 1, "by",
            parking->who, "why", parking->options->why, "skip", skip));
        return 0;
    }
    (void)printf("%s: %s is discarded; what waited behind it is run\n", found->node->name.text, place);
    if (found->event.kind != PARKED_KIND_LOSS)
        (void)printf("Its store alone knows: for a rebuild to pass over it, too, put this below `service = %s'\n"
            "in the topology:\n\n    skip = %s\n", found->node->name.text, skip);
    return 0;
}
