#include "souk_cli_top.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define INTERVAL_MS 1000
#define INTERVAL_MS_MIN 100
#define INTERVAL_MS_MAX 60000
#define DEADLINE_MS 1000                /* then a node does not answer */
#define WAIT_MS 100

enum { OPTION_ONCE = 256 };

struct options {
    struct souk_cli cli;                /* first */
    bool is_once;
    uint32_t interval_ms;
    enum top_column sort;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int once(struct top *top);
static int ask(struct top *top, struct top_node *node);
static void take(struct top *top, struct top_node *node, const struct souk_client_answer *answer);
static void count(struct top_node *node);
static void measure(const struct top *top, struct top_node *node);
static const json_t *said_by(const struct top *top, const char *name);
static int compare(const struct top *top, const struct top_node *a, const struct top_node *b);
static double value_of(const struct top_node *node, enum top_column column);
static void rate(double a_second, char text_out[TOP_CELL_BYTES]);
static void amount(uint64_t count, char text_out[TOP_CELL_BYTES]);
static void show_once(struct top *top);
static void show_json(struct top *top);

const struct top_heading top_headings[TOP_COLUMNS] = {
    [TOP_NAME] = { "NAME", 'n', -SOUK_NAME_BYTES_MAX, false },
    [TOP_STATE] = { "STATE", 's', -11, false },
    [TOP_COMMANDS] = { "CMD/S", 'c', 6, true },
    [TOP_OUT] = { "OUT/S", 'o', 6, true },
    [TOP_IN] = { "IN/S", 'i', 6, true },
    [TOP_LAG] = { "LAG", 'l', 6, true },
    [TOP_BEHIND] = { "BEHIND", 'b', 7, true },
    [TOP_MEMORY] = { "MEM", 'm', 6, true },
    [TOP_LAST] = { "LAST", 'a', 6, false },
    [TOP_UP] = { "UP", 'u', 6, false },
};

int
souk_cli_top(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "interval", 'd', "MS", 0, "Ask so often; default: 1000", 0 },
        { "once", OPTION_ONCE, NULL, 0, "Print it once, rates of one interval, and end", 0 },
        { "sort", 's', "COLUMN", 0, "Sort by it: name, cmd/s, out/s, in/s, lag, behind, mem, last, up", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "", .doc = "Watch services and event stores." };
    struct options options = { .interval_ms = INTERVAL_MS, .sort = TOP_NAME };
    struct top *top;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if (!options.is_once && isatty(STDOUT_FILENO) == 0) {
        souk_cli_say(&options.cli, SOUK_CLI_RED, "this is no terminal; --once prints it once, --once --json for"
            " programs");
        return EX_USAGE;
    }
    top = souk_cli_need(calloc(1, sizeof *top));
    top->cli = &options.cli;
    top->interval_ms = options.interval_ms;
    top->sort = options.sort;
    if ((status = souk_cli_system_open(&top->system, &options.cli, "souk")) == 0) {
        for (size_t i = 0; i < top->system.topology->node_count; i++) {
            top->nodes[i].looked.node = &top->system.topology->nodes[i];
            top->order[i] = &top->nodes[i];
        }
        top->count = top->system.topology->node_count;
        status = options.is_once || options.cli.is_json ? once(top) : top_screen(top);
    }
    for (size_t i = 0; i < top->count; i++)
        souk_cli_look_done(&top->nodes[i].looked, 1);
    souk_cli_system_close(&top->system);
    free(top);
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
    case OPTION_ONCE:
        options->is_once = true;
        return 0;
    case 'd':
        options->interval_ms = (uint32_t)souk_cli_number(state, "--interval", arg, INTERVAL_MS_MIN, INTERVAL_MS_MAX);
        return 0;
    case 's':
        for (options->sort = 0; options->sort < TOP_COLUMNS; options->sort++)
            if (strcasecmp(arg, top_headings[options->sort].name) == 0)
                return 0;
        argp_error(state, "--sort: there is no column %s", arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: nothing more is meant", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Everybody twice, an interval apart. */
static int
once(struct top *top)
{
    uint64_t second_ms = 0;
    size_t answered;
    int status;

    for (int look = 0; look < 2; look++) {
        for (size_t i = 0; i < top->count; i++) {
            top->nodes[i].was_asked = false;
            top->nodes[i].due_ms = second_ms;
        }
        do {
            if ((status = top_look(top, WAIT_MS)) != 0)
                return status;
            answered = 0;
            for (size_t i = 0; i < top->count; i++)
                answered += top->nodes[i].was_asked;
        } while (answered < top->count);
        second_ms = souk_cli_steady_ms() + top->interval_ms;
    }
    for (size_t i = 0; i < top->count; i++)
        measure(top, &top->nodes[i]);
    top_sort(top);
    if (top->cli->is_json)
        show_json(top);
    else
        show_once(top);
    return EX_OK;
}

/* ---- asking --------------------------------------------------------- */

int
top_look(struct top *top, uint32_t wait_ms)
{
    const uint64_t until_ms = souk_cli_steady_ms() + wait_ms;
    struct souk_client_answer answer;
    uint64_t now_ms;
    int rc;

    do {
        now_ms = souk_cli_steady_ms();
        for (size_t i = 0; i < top->count; i++)
            if (!top->nodes[i].is_asked && !top->nodes[i].was_asked && now_ms >= top->nodes[i].due_ms
                && (rc = ask(top, &top->nodes[i])) != 0)
                return rc;
        rc = souk_client_receive(top->system.client, until_ms > now_ms ? (uint32_t)(until_ms - now_ms) : 0, &answer);
        if (rc == 0) {
            take(top, answer.arg, &answer);
        } else if (rc != -SOUK_ENOTFOUND) {
            souk_cli_say(top->cli, SOUK_CLI_RED, "receiving failed");
            return EX_IOERR;
        }
        now_ms = souk_cli_steady_ms();
    } while (now_ms < until_ms);
    for (size_t i = 0; i < top->count; i++)
        measure(top, &top->nodes[i]);
    return 0;
}

static int
ask(struct top *top, struct top_node *node)
{
    struct souk_error err = { 0 };
    int rc = souk_look_ask(top->system.client, node->looked.node, DEADLINE_MS, node, &err);

    if (rc != 0) {
        souk_cli_say(top->cli, SOUK_CLI_RED, "%s", err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    node->is_asked = true;
    node->due_ms = souk_cli_steady_ms() + top->interval_ms;
    return 0;
}

static void
take(struct top *top, struct top_node *node, const struct souk_client_answer *answer)
{
    json_t *said = souk_look_answer(answer);

    node->is_asked = false;
    node->was_asked = node->is_known = true;
    json_decref(node->looked.said);
    node->looked.said = said;
    node->looked.took_us = answer->took_us;
    node->looked.wall_ms = souk_cli_wall_ms();
    (void)souk_look_judge(top->system.topology, &node->looked);
    if (said == NULL)
        node->has_rates = false;
    else
        count(node);
}

/* What there is of everything by now, and so how much of it in a second. */
static void
count(struct top_node *node)
{
    const json_t *streams = json_object_get(node->looked.said, "streams");
    const json_t *counters = json_object_get(node->looked.said, "counters");
    const uint64_t now_ms = souk_cli_steady_ms();
    const uint64_t started_ms = souk_look_uint_of(node->looked.said, "started_ms");
    const uint64_t commands = souk_look_uint_of(counters, "commands");
    const double seconds = (double)(now_ms - node->heard_ms) / 1000;
    uint64_t out = 0;
    uint64_t in = 0;

    for (size_t i = 0; i < json_array_size(streams); i++) {
        const json_t *stream = json_array_get(streams, i);
        const bool is_own = strcmp(souk_look_text_of(stream, "origin"), node->looked.node->name.text) == 0;

        *(is_own ? &out : &in) += souk_look_uint_of(stream, "number");
    }
    /* Another process counts from zero; and a stream that is filled anew goes back. */
    node->has_rates = node->heard_ms != 0 && started_ms == node->started_ms && seconds > 0 && commands >= node->commands
        && out >= node->out && in >= node->in;
    if (node->has_rates) {
        node->commands_s = (double)(commands - node->commands) / seconds;
        node->out_s = (double)(out - node->out) / seconds;
        node->in_s = (double)(in - node->in) / seconds;
    }
    node->heard_ms = now_ms;
    node->started_ms = started_ms;
    node->commands = commands;
    node->out = out;
    node->in = in;
}

/* What needs the answers of others, too. */
static void
measure(const struct top *top, struct top_node *node)
{
    const json_t *said = node->looked.said;
    const json_t *streams = json_object_get(said, "streams");
    const uint64_t now_ms = souk_look_uint_of(said, "now_ms");
    uint64_t newest_ms = 0;

    node->lag = (struct souk_look_lag){ 0, 0 };
    for (size_t i = 0; i < json_array_size(streams); i++) {
        const json_t *stream = json_array_get(streams, i);
        const char *origin = souk_look_text_of(stream, "origin");
        const struct souk_look_lag lag = souk_look_lag_in(said, strcmp(origin, node->looked.node->name.text) == 0 ? NULL
            : said_by(top, origin), souk_look_text_of(stream, "name"));

        node->lag.events += lag.events;
        if (lag.ms > node->lag.ms)
            node->lag.ms = lag.ms;
        if (souk_look_uint_of(stream, "time_ms") > newest_ms)
            newest_ms = souk_look_uint_of(stream, "time_ms");
    }
    node->has_last = newest_ms != 0;
    node->last_ms = now_ms > newest_ms ? now_ms - newest_ms : 0;
}

static const json_t *
said_by(const struct top *top, const char *name)
{
    for (size_t i = 0; i < top->count; i++)
        if (strcmp(top->nodes[i].looked.node->name.text, name) == 0)
            return top->nodes[i].looked.said;
    return NULL;
}

/* ---- order ---------------------------------------------------------- */

/* Few enough for the plainest way; equal ones stay in the order of their names. */
void
top_sort(struct top *top)
{
    for (size_t i = 0; i < top->count; i++)
        top->order[i] = &top->nodes[i];
    for (size_t i = 1; i < top->count; i++) {
        struct top_node *node = top->order[i];
        size_t at = i;

        for (; at > 0 && compare(top, node, top->order[at - 1]) < 0; at--)
            top->order[at] = top->order[at - 1];
        top->order[at] = node;
    }
}

static int
compare(const struct top *top, const struct top_node *a, const struct top_node *b)
{
    const bool is_down = top_headings[top->sort].most_first != top->is_reversed;
    double left;
    double right;
    int order;

    if (top->sort == TOP_NAME)
        order = strcmp(a->looked.node->name.text, b->looked.node->name.text);
    else if (top->sort == TOP_STATE)
        order = strcmp(top_state(a), top_state(b));
    else {
        left = value_of(a, top->sort);
        right = value_of(b, top->sort);
        order = (left > right) - (left < right);
    }
    return is_down ? -order : order;
}

/* Who has none comes last when the most comes first, and the other way round. */
static double
value_of(const struct top_node *node, enum top_column column)
{
    switch (column) {
    case TOP_COMMANDS:
        return node->has_rates ? node->commands_s : -1;
    case TOP_OUT:
        return node->has_rates ? node->out_s : -1;
    case TOP_IN:
        return node->has_rates ? node->in_s : -1;
    case TOP_LAG:
        return (double)node->lag.events;
    case TOP_BEHIND:
        return (double)node->lag.ms;
    case TOP_MEMORY:
        return (double)souk_look_uint_of(node->looked.said, "memory_bytes");
    case TOP_LAST:
        return node->looked.said != NULL && node->has_last ? (double)node->last_ms : 1e18;
    case TOP_UP:
        return (double)(souk_look_uint_of(node->looked.said, "now_ms")
            - souk_look_uint_of(node->looked.said, "started_ms"));
    default:
        return 0;
    }
}

/* ---- what is shown -------------------------------------------------- */

const char *
top_state(const struct top_node *node)
{
    if (node->looked.said != NULL)
        return souk_look_text_of(node->looked.said, "state");
    if (!node->is_known)
        return "...";
    return node->looked.node->lost ? "lost" : "unreachable";
}

void
top_cell(const struct top *top, const struct top_node *node, enum top_column column, char text_out[TOP_CELL_BYTES])
{
    const json_t *said = node->looked.said;
    char text[SOUK_CLI_SHORT_BYTES] = "";

    text_out[0] = '\0';
    if (column == TOP_NAME || column == TOP_STATE) {
        (void)snprintf(text_out, TOP_CELL_BYTES, "%s", column == TOP_NAME ? node->looked.node->name.text
            : top_state(node));
        return;
    }
    if (said == NULL)
        return;
    switch (column) {
    case TOP_COMMANDS:
    case TOP_OUT:
    case TOP_IN:
        if (!node->has_rates)
            (void)snprintf(text_out, TOP_CELL_BYTES, "-");
        else if (column != TOP_IN && node->looked.node->kind == SOUK_NODE_EVENT_STORE)
            return;                     /* it takes no commands that count and writes no stream */
        else
            rate(value_of(node, column), text_out);
        return;
    case TOP_LAG:
        amount(node->lag.events, text_out);
        return;
    case TOP_MEMORY:
        amount(souk_look_uint_of(said, "memory_bytes"), text_out);
        return;
    case TOP_BEHIND:
        souk_cli_duration(node->lag.ms, text);
        break;
    case TOP_LAST:
        if (node->has_last)
            souk_cli_duration(node->last_ms, text);
        break;
    case TOP_UP:
        souk_cli_duration(souk_look_uint_of(said, "now_ms") - souk_look_uint_of(said, "started_ms"), text);
        break;
    default:
        break;
    }
    (void)snprintf(text_out, TOP_CELL_BYTES, "%.12s", text);
}

static void
rate(double a_second, char text_out[TOP_CELL_BYTES])
{
    if (a_second < 0.05)
        (void)snprintf(text_out, TOP_CELL_BYTES, "0");
    else if (a_second < 99.95)
        (void)snprintf(text_out, TOP_CELL_BYTES, "%.1f", a_second);
    else
        amount((uint64_t)(a_second + 0.5), text_out);
}

/* In five characters. */
static void
amount(uint64_t count, char text_out[TOP_CELL_BYTES])
{
    static const char units[] = " kMGTPE";
    double rest = (double)count;
    size_t unit = 0;

    for (; rest >= (unit == 0 ? 100000 : 999.5) && unit + 2 < sizeof units; unit++)
        rest /= 1000;
    if (unit == 0)
        (void)snprintf(text_out, TOP_CELL_BYTES, "%" PRIu64, count);
    else
        (void)snprintf(text_out, TOP_CELL_BYTES, rest < 99.95 ? "%.1f%c" : "%.0f%c", rest, units[unit]);
}

void
top_add_up(const struct top *top, struct top_sum *sum_out)
{
    *sum_out = (struct top_sum){ .live = 0 };
    for (size_t i = 0; i < top->count; i++) {
        const struct top_node *node = &top->nodes[i];

        sum_out->live += strcmp(top_state(node), "live") == 0;
        sum_out->lost += node->looked.node->lost;
        sum_out->problems += json_array_size(node->looked.problems);
        sum_out->parked += souk_look_uint_of(node->looked.said, "parked");
        if (node->has_rates) {
            sum_out->commands_s += node->commands_s;
            sum_out->events_s += node->out_s;
        }
        if (node->lag.events > 0 && (sum_out->worst == NULL || node->lag.ms > sum_out->worst->lag.ms
            || (node->lag.ms == sum_out->worst->lag.ms && node->lag.events > sum_out->worst->lag.events)))
            sum_out->worst = node;
    }
}

void
top_summary(const struct top *top, char text_out[TOP_TEXT_BYTES])
{
    char behind[SOUK_CLI_SHORT_BYTES];
    char commands[TOP_CELL_BYTES];
    char events[TOP_CELL_BYTES];
    char lag[TOP_CELL_BYTES];
    struct top_sum sum;
    int bytes;

    top_add_up(top, &sum);
    rate(sum.commands_s, commands);
    rate(sum.events_s, events);
    bytes = snprintf(text_out, TOP_TEXT_BYTES, "%s commands/s   %s events/s   %" PRIu64 " parked   ", commands, events,
        sum.parked);
    if (sum.worst == NULL) {
        (void)snprintf(text_out + bytes, TOP_TEXT_BYTES - (size_t)bytes, "nobody is behind");
        return;
    }
    amount(sum.worst->lag.events, lag);
    souk_cli_duration(sum.worst->lag.ms, behind);
    (void)snprintf(text_out + bytes, TOP_TEXT_BYTES - (size_t)bytes, "worst: %s, %s events, %s",
        sum.worst->looked.node->name.text, lag, behind);
}

static void
show_once(struct top *top)
{
    struct souk_cli_heading headings[TOP_COLUMNS + 1];
    struct libscols_table *table;
    struct libscols_line *line;
    char text[TOP_TEXT_BYTES];
    char cell[TOP_CELL_BYTES];
    struct top_sum sum;

    for (size_t i = 0; i < TOP_COLUMNS; i++)
        headings[i] = (struct souk_cli_heading){ top_headings[i].name, top_headings[i].width < 0 ? SOUK_CLI_TEXT
            : SOUK_CLI_NUMBER };
    headings[TOP_COLUMNS] = (struct souk_cli_heading){ .name = NULL };
    top_add_up(top, &sum);
    top_summary(top, text);
    (void)printf("%s: %zu of %zu live   %s\n\n", top->system.topology->name.text, sum.live, top->count - sum.lost,
        text);
    table = souk_cli_table(top->cli, headings, true);
    for (size_t i = 0; i < top->count; i++) {
        line = souk_cli_line(table, NULL);
        for (enum top_column column = 0; column < TOP_COLUMNS; column++) {
            top_cell(top, top->order[i], column, cell);
            souk_cli_cell(line, column, "%s", cell);
        }
        souk_cli_cell_color(line, TOP_STATE, json_array_size(top->order[i]->looked.problems) == 0 ? SOUK_CLI_GREEN
            : SOUK_CLI_RED);
    }
    souk_cli_table_end(table);
    for (size_t i = 0; i < top->count; i++)
        for (size_t k = 0; k < json_array_size(top->order[i]->looked.problems); k++)
            (void)printf("%s%s: %s%s\n", souk_cli_color(top->cli->out_has_color, SOUK_CLI_RED),
                top->order[i]->looked.node->name.text,
                json_string_value(json_array_get(top->order[i]->looked.problems, k)),
                souk_cli_color(top->cli->out_has_color, SOUK_CLI_PLAIN));
}

static void
show_json(struct top *top)
{
    json_t *nodes = souk_cli_need(json_array());
    struct top_sum sum;
    json_t *json;

    for (size_t i = 0; i < top->count; i++) {
        const struct top_node *node = top->order[i];
        const json_t *said = node->looked.said;

        json = souk_cli_need(json_pack("{ss sb ss sO}", "name", node->looked.node->name.text, "is_event_store",
            node->looked.node->kind == SOUK_NODE_EVENT_STORE, "state", top_state(node), "problems",
            node->looked.problems));
        if (said != NULL) {
            (void)json_object_set_new(json, "commands_per_second", node->has_rates ? json_real(node->commands_s)
                : json_null());
            (void)json_object_set_new(json, "events_out_per_second", node->has_rates ? json_real(node->out_s)
                : json_null());
            (void)json_object_set_new(json, "events_in_per_second", node->has_rates ? json_real(node->in_s)
                : json_null());
            (void)json_object_set_new(json, "behind_events", json_integer((json_int_t)node->lag.events));
            (void)json_object_set_new(json, "behind_ms", json_integer((json_int_t)node->lag.ms));
            (void)json_object_set_new(json, "memory_bytes", json_integer((json_int_t)souk_look_uint_of(said,
                "memory_bytes")));
            (void)json_object_set_new(json, "parked", json_integer((json_int_t)souk_look_uint_of(said, "parked")));
            (void)json_object_set_new(json, "last_event_age_ms", node->has_last
                ? json_integer((json_int_t)node->last_ms) : json_null());
            (void)json_object_set_new(json, "up_ms", json_integer((json_int_t)(souk_look_uint_of(said, "now_ms")
                - souk_look_uint_of(said, "started_ms"))));
        }
        (void)json_array_append_new(nodes, json);
    }
    top_add_up(top, &sum);
    souk_cli_json(json_pack("{ss si si sf sf sI so}", "system", top->system.topology->name.text, "live", (int)sum.live,
        "expected", (int)(top->count - sum.lost), "commands_per_second", sum.commands_s, "events_per_second",
        sum.events_s, "parked", (json_int_t)sum.parked, "nodes", nodes));
}
