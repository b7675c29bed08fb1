#include "souk_cli.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "eventstore.h"
#include "souk_cli_store.h"

#define EFFECT_LEVELS_MAX 256           /* a level is a byte */

struct options {
    struct souk_cli cli;                /* first */
    const char *event, *store;
};

/* A line of the tree. */
struct drawing {
    const struct souk_cli_store *store;
    struct libscols_table *table;
    uint64_t first_ms;                  /* when it all began */
};

enum { OPTION_STORE = 256 };

static error_t parse_option(int key, char *arg, struct argp_state *state);
static int why(const struct options *options, struct souk_cli_store *store, const struct souk_cli_place *place);
static void draw(const struct souk_cli_store *store, const struct eventstore_why_reply *reply);
static struct libscols_line *draw_one(const struct drawing *drawing, struct libscols_line *above,
    const struct found_event *found, enum souk_cli_color color);

int
souk_cli_why(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "store", OPTION_STORE, "NAME", 0, "Ask this event store; default: one that answers", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "EVENT", .doc = "Show what has led to an event, and what it has led to, with times." };
    struct options options = { .event = NULL };
    struct souk_cli_store store;
    struct souk_cli_place place;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if (souk_cli_place_parse(options.event, &place) != 0) {
        souk_cli_say(&options.cli, SOUK_CLI_RED, "an event is STREAM/NUMBER or STREAM/EPOCH/NUMBER, not %s",
            options.event);
        return EX_USAGE;
    }
    if ((status = souk_cli_store_open(&store, &options.cli, options.store)) == 0)
        status = why(&options, &store, &place);
    souk_cli_store_close(&store);
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
    case OPTION_STORE:
        options->store = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (options->event != NULL)
            argp_error(state, "%s: one event at a time", arg);
        options->event = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->event == NULL)
            argp_error(state, "which event? STREAM/NUMBER, as `souk log' shows them");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
why(const struct options *options, struct souk_cli_store *store, const struct souk_cli_place *place)
{
    const struct eventstore_why query = { .stream = souk_name_slice(&place->stream), .number = place->number,
        .epoch = place->counter };
    struct eventstore_why_reply reply;
    const char *refusal = NULL;
    int status;

    status = souk_cli_store_ask(store, &eventstore_why_type, &query, &reply, &refusal);
    if (refusal != NULL) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "%s: %s", options->event, refusal);
        return EX_DATAERR;
    }
    if (status != 0)
        return status;
    if (options->cli.is_json)
        souk_cli_json(souk_told_why_json(&store->system.catalogue, &store->node->name, &reply));
    else
        draw(store, &reply);
    return 0;
}

/* Causes from the first one on, each below the one before; then the event, and its effects below it. */
static void
draw(const struct souk_cli_store *store, const struct eventstore_why_reply *reply)
{
    static const struct souk_cli_heading headings[] = {
        { "EVENT", SOUK_CLI_TREE }, { "TYPE", SOUK_CLI_TEXT }, { "KEY", SOUK_CLI_TEXT }, { "AFTER", SOUK_CLI_TEXT },
        { "TIME", SOUK_CLI_TEXT }, { "MS", SOUK_CLI_NUMBER }, { .name = NULL },
    };
    struct drawing drawing = { .store = store, .table = souk_cli_table(store->cli, headings, true) };
    struct libscols_line *levels[EFFECT_LEVELS_MAX];
    struct libscols_line *line = NULL;
    uint32_t i;

    drawing.first_ms = reply->causes_count > 0 ? reply->causes[0].time_ms : reply->event.time_ms;
    for (i = 0; i < reply->causes_count; i++)
        line = draw_one(&drawing, line, &reply->causes[i], SOUK_CLI_PLAIN);
    for (i = 0; i < EFFECT_LEVELS_MAX; i++)
        levels[i] = NULL;
    levels[0] = draw_one(&drawing, line, &reply->event, SOUK_CLI_BOLD);
    for (i = 0; i < reply->effects_count; i++) {
        const uint8_t level = reply->effects[i].level;

        line = level == 0 || levels[level - 1] == NULL ? levels[0] : levels[level - 1];
        levels[level == 0 ? 1 : level] = draw_one(&drawing, line, &reply->effects[i].event, SOUK_CLI_PLAIN);
    }
    souk_cli_table_end(drawing.table);
    if (reply->more)
        souk_cli_say(store->cli, SOUK_CLI_PLAIN, "there are more effects than one answer has; ask why of one of them");
}

static struct libscols_line *
draw_one(const struct drawing *drawing, struct libscols_line *above, const struct found_event *found,
    enum souk_cli_color color)
{
    struct libscols_line *line = souk_cli_line(drawing->table, above);
    char cause[SOUK_SEEN_CURSOR_BYTES];
    char time[SOUK_SHOWN_TIME_BYTES];
    char place[SOUK_SEEN_CURSOR_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];

    souk_shown_time(found->time_ms, time);
    souk_shown_key(&drawing->store->system.catalogue, found->type, found->key, key);
    souk_told_cause(found, cause);
    souk_told_place(found->stream, found->epoch, found->number, place);
    souk_cli_cell(line, 0, "%s", place);
    souk_cli_cell(line, 1, "%.*s", (int)found->type.size_bytes, (const char *)found->type.base);
    souk_cli_cell(line, 2, "%s", key);
    souk_cli_cell(line, 3, "%s", cause);
    souk_cli_cell(line, 4, "%s", time);
    souk_cli_cell(line, 5, "%+" PRId64, (int64_t)(found->time_ms - drawing->first_ms));
    if (color != SOUK_CLI_PLAIN)
        souk_cli_cell_color(line, 1, color);
    return line;
}
