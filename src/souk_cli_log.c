#include "souk_cli.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "eventstore.h"
#include "souk_cli_store.h"
#include "souk_cli_where.h"

#define ASKED_AT_ONCE 100               /* events of one answer */
#define LIMIT 50                        /* events that are listed when nobody says how many */

enum { OPTION_KEY = 256, OPTION_TYPE, OPTION_CORRELATION, OPTION_FROM, OPTION_TO, OPTION_LIMIT, OPTION_STORE,
    OPTION_OLDEST };

struct options {
    struct souk_cli cli;                /* first */
    const char *words[2];               /* [list] or show EVENT */
    size_t word_count;
    const char *store;
    struct souk_log_position from, to;  /* number 0: none was given */
    bool shows_data, is_oldest_first;
    uint64_t limit;                     /* 0: all of them */
    struct eventstore_find find;
    struct souk_id key_id;
};

struct listing {
    const struct options *options;
    struct souk_cli_store store;
    struct souk_cli_progress progress;
    struct libscols_table *table;       /* NULL: lines */
    struct eventstore_find find;        /* the next question */
    uint8_t incarnation[8];             /* what `find.next` points to */
    uint64_t listed;
    bool more;
};

enum shown { SHOWN_AS_LINE, SHOWN_WHOLE };

static error_t parse_option(int key, char *arg, struct argp_state *state);
static bool where_of(struct argp_state *state, const char *option, const char *arg, uint64_t *time_ms_out,
    struct souk_log_position *position_out);
static int list(struct options *options);
static int begin(struct listing *listing);
static int list_some(struct listing *listing);
static bool is_beyond(const struct listing *listing, uint64_t log_position);
static int refused(const struct listing *listing, const char *refusal);
static void list_one(struct listing *listing, struct souk_slice incarnation, const struct found_event *found);
static int show_one(const struct options *options);
static int show(struct souk_cli_store *store, const struct souk_cli_place *place, enum shown how);

int
souk_cli_log(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "stream", 's', "STREAM", 0, "Only of this stream", 0 },
        { "key", OPTION_KEY, "KEY", 0, "Only about this: a UUID or a text", 0 },
        { "type", OPTION_TYPE, "TYPE", 0, "Only of this type", 0 },
        { "correlation", OPTION_CORRELATION, "UUID", 0, "Only of this undertaking", 0 },
        { "from", OPTION_FROM, "WHERE", 0, "Only from then on: 2026-11-22T10:00:00, 10m ago, or es1.3f2a91c0:1234", 0 },
        { "to", OPTION_TO, "WHERE", 0, "Only before", 0 },
        { "limit", OPTION_LIMIT, "N", 0, "So many at most, the latest; 0: all; default: 50", 0 },
        { "oldest", OPTION_OLDEST, NULL, 0, "The oldest instead of the latest", 0 },
        { "data", 'd', NULL, 0, "What each event says, too", 0 },
        { "store", OPTION_STORE, "NAME", 0, "Ask this event store; default: one that answers", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[list]\nshow EVENT", .doc = "List what an event store has recorded, or show one event of it." };
    struct options options = { .limit = LIMIT };
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    if (options.word_count == 2)
        return show_one(&options);
    return list(&options);
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    struct eventstore_find *find = &options->find;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case 's':
        find->has_stream = true;
        find->stream = souk_slice_of(arg);
        return 0;
    case OPTION_KEY:
        find->has_key = true;
        find->key = souk_told_key_parse(arg, &options->key_id);
        return 0;
    case OPTION_TYPE:
        find->has_type = true;
        find->type = souk_slice_of(arg);
        return 0;
    case OPTION_CORRELATION:
        if (souk_id_parse(souk_slice_of(arg), &find->correlation_id) != 0)
            argp_error(state, "--correlation: %s is no UUID", arg);
        find->has_correlation_id = true;
        return 0;
    case OPTION_FROM:
        find->has_from_ms = where_of(state, "--from", arg, &find->from_ms, &options->from);
        return 0;
    case OPTION_TO:
        find->has_to_ms = where_of(state, "--to", arg, &find->to_ms, &options->to);
        return 0;
    case OPTION_LIMIT:
        options->limit = souk_cli_number(state, "--limit", arg, 0, UINT64_MAX);
        return 0;
    case OPTION_OLDEST:
        options->is_oldest_first = true;
        return 0;
    case 'd':
        options->shows_data = true;
        return 0;
    case OPTION_STORE:
        options->store = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (options->word_count == 2)
            argp_error(state, "%s: one event at a time", arg);
        options->words[options->word_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->word_count > 0 && strcmp(options->words[0], options->word_count == 2 ? "show" : "list") != 0)
            argp_error(state, "list, or show EVENT");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* True: it is a time. */
static bool
where_of(struct argp_state *state, const char *option, const char *arg, uint64_t *time_ms_out,
    struct souk_log_position *position_out)
{
    const uint64_t now_ms = (uint64_t)time(NULL) * 1000;
    struct souk_cli_where where = { .kind = SOUK_CLI_AT_EVENT };

    if (souk_cli_where_parse(arg, now_ms, &where) != 0 || (where.kind != SOUK_CLI_AT_TIME
        && where.kind != SOUK_CLI_AT_LOG_POSITION))
        argp_error(state, "%s: a time such as 2026-11-22, 2026-11-22T10:00:00 (UTC) or 10m is meant, or a log position"
            " such as es1.3f2a91c0:1234, not %s", option, arg);
    *time_ms_out = where.time_ms;
    *position_out = where.position;
    return where.kind == SOUK_CLI_AT_TIME;
}

/* ---- list ----------------------------------------------------------- */

static int
list(struct options *options)
{
    static const struct souk_cli_heading headings[] = {
        { "TIME", SOUK_CLI_TEXT }, { "EVENT", SOUK_CLI_TEXT }, { "TYPE", SOUK_CLI_TEXT }, { "KEY", SOUK_CLI_TEXT },
        { "AFTER", SOUK_CLI_TEXT }, { .name = NULL },
    };
    struct listing listing = { .options = options, .more = true };
    int status;

    if (!options->cli.is_json && !options->shows_data)
        listing.table = souk_cli_table(&options->cli, headings, true);
    listing.find = options->find;
    listing.find.latest_first = !options->is_oldest_first;
    if ((status = souk_cli_store_open(&listing.store, &options->cli, options->store)) == 0)
        status = begin(&listing);
    while (status == 0 && listing.more && (options->limit == 0 || listing.listed < options->limit)) {
        status = list_some(&listing);
        souk_cli_progress(&options->cli, &listing.progress, "%" PRIu64 " events found", listing.listed);
    }
    souk_cli_progress_end(&listing.progress);
    if (listing.table != NULL)
        souk_cli_table_end(listing.table);
    if (status == 0 && listing.more && !options->cli.is_json)
        souk_cli_say(&options->cli, SOUK_CLI_PLAIN, "there are more; --limit says how many are listed");
    souk_cli_store_close(&listing.store);
    return status;
}

/* A search goes on from a log position, so it can begin at one. */
static int
begin(struct listing *listing)
{
    const struct souk_log_position *from = &listing->options->from, *to = &listing->options->to;
    const struct souk_log_position *first = listing->find.latest_first ? to : from;
    int status = 0;

    if (from->number != 0)
        status = souk_cli_where_log(&listing->store, from, listing->incarnation);
    if (to->number != 0 && status == 0)
        status = souk_cli_where_log(&listing->store, to, listing->incarnation);
    if (first->number == 0)
        return status;
    listing->find.has_next = true;
    listing->find.next = (struct log_place){ .incarnation = { listing->incarnation, sizeof listing->incarnation },
        .log_position = first == from ? first->number : first->number - 1, .index = first == from ? 0 : UINT32_MAX };
    listing->more = !is_beyond(listing, listing->find.next.log_position);
    return status;
}

/* Does the listing end before it comes there? */
static bool
is_beyond(const struct listing *listing, uint64_t log_position)
{
    const struct options *options = listing->options;

    if (listing->find.latest_first)
        return log_position == 0 || log_position < options->from.number;
    return options->to.number != 0 && log_position >= options->to.number;
}

/* One answer's worth. What each event says is asked for afterwards: that answer takes the place of this one. */
static int
list_some(struct listing *listing)
{
    const struct options *options = listing->options;
    const uint64_t left = options->limit == 0 ? ASKED_AT_ONCE : options->limit - listing->listed;
    struct souk_cli_place places[ASKED_AT_ONCE];
    struct eventstore_find_reply reply;
    const char *refusal = NULL;
    uint32_t count;
    uint32_t i;
    int status;

    listing->find.limit = left < ASKED_AT_ONCE ? (uint32_t)left : ASKED_AT_ONCE;
    status = souk_cli_store_ask(&listing->store, &eventstore_find_type, &listing->find, &reply, &refusal);
    if (refusal != NULL)
        return refused(listing, refusal);
    if (status != 0)
        return status;
    listing->find.has_next = reply.has_next;
    listing->more = reply.has_next && !is_beyond(listing, reply.next.log_position);
    if (reply.has_next) {
        listing->find.next = reply.next;
        assert(reply.next.incarnation.size_bytes <= sizeof listing->incarnation);
        memcpy(listing->incarnation, reply.next.incarnation.base, reply.next.incarnation.size_bytes);
        listing->find.next.incarnation.base = listing->incarnation;
    }
    count = reply.events_count < ASKED_AT_ONCE ? reply.events_count : ASKED_AT_ONCE;
    for (i = 0; i < count; i++) {
        if (is_beyond(listing, reply.events[i].log_position)) {
            listing->more = false;
            count = i;
            break;
        }
        places[i] = (struct souk_cli_place){ .counter = reply.events[i].epoch, .number = reply.events[i].number };
        if (souk_name_set(&places[i].stream, reply.events[i].stream) != 0)
            continue;
        if (!options->shows_data)
            list_one(listing, reply.incarnation, &reply.events[i]);
    }
    listing->listed += count;
    for (i = 0; i < count && status == 0 && options->shows_data; i++)
        status = show(&listing->store, &places[i], SHOWN_AS_LINE);
    return status;
}

static int
refused(const struct listing *listing, const char *refusal)
{
    const struct souk_cli *cli = &listing->options->cli;

    if (strcmp(refusal, EVENTSTORE_UNKNOWN_STREAM) == 0)
        souk_cli_say(cli, SOUK_CLI_RED, "no stream `%.*s` is recorded", (int)listing->find.stream.size_bytes,
            (const char *)listing->find.stream.base);
    else if (strcmp(refusal, EVENTSTORE_OTHER_INCARNATION) == 0)
        souk_cli_say(cli, SOUK_CLI_RED, "the event store has been restored meanwhile; list again");
    else
        souk_cli_say(cli, SOUK_CLI_RED, "refused: %s", refusal);
    return EX_DATAERR;
}

static void
list_one(struct listing *listing, struct souk_slice incarnation, const struct found_event *found)
{
    char cause[SOUK_SEEN_CURSOR_BYTES];
    char time[SOUK_SHOWN_TIME_BYTES];
    char place[SOUK_SEEN_CURSOR_BYTES];
    char key[SOUK_SHOWN_KEY_BYTES];
    struct libscols_line *line;

    if (listing->table == NULL) {
        souk_cli_json(souk_told_found_json(&listing->store.system.catalogue, &listing->store.node->name, incarnation, found));
        return;
    }
    souk_shown_time(found->time_ms, time);
    souk_shown_key(&listing->store.system.catalogue, found->type, found->key, key);
    souk_told_cause(found, cause);
    line = souk_cli_line(listing->table, NULL);
    souk_cli_cell(line, 0, "%s", time);
    souk_told_place(found->stream, found->epoch, found->number, place);
    souk_cli_cell(line, 1, "%s", place);
    souk_cli_cell(line, 2, "%.*s", (int)found->type.size_bytes, (const char *)found->type.base);
    souk_cli_cell_color(line, 2, SOUK_CLI_CYAN);
    souk_cli_cell(line, 3, "%s", key);
    souk_cli_cell(line, 4, "%s", cause);
}

/* ---- show ----------------------------------------------------------- */

static int
show_one(const struct options *options)
{
    struct souk_cli_store store;
    struct souk_cli_place place;
    int status;

    if (souk_cli_place_parse(options->words[1], &place) != 0) {
        souk_cli_say(&options->cli, SOUK_CLI_RED, "an event is STREAM/NUMBER or STREAM/EPOCH/NUMBER, not %s",
            options->words[1]);
        return EX_USAGE;
    }
    if ((status = souk_cli_store_open(&store, &options->cli, options->store)) == 0)
        status = show(&store, &place, SHOWN_WHOLE);
    souk_cli_store_close(&store);
    return status;
}

static int
show(struct souk_cli_store *store, const struct souk_cli_place *place, enum shown how)
{
    const struct eventstore_event query = { .stream = souk_name_slice(&place->stream), .number = place->number,
        .epoch = place->counter };
    struct eventstore_event_reply reply;
    const char *refusal = NULL;
    json_t *json;
    int status;

    status = souk_cli_store_ask(store, &eventstore_event_type, &query, &reply, &refusal);
    if (refusal != NULL) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "%s/%" PRIu64 ": %s", place->stream.text, place->number, refusal);
        return EX_DATAERR;
    }
    if (status != 0)
        return status;
    json = souk_cli_need(souk_told_event_json(&store->system.catalogue, &store->node->name, &reply));
    if (store->cli->is_json) {
        souk_cli_json(json);
        return 0;
    }
    if (how == SHOWN_AS_LINE) {
        souk_cli_line_of(store->cli, &store->system.catalogue, place, reply.event.time_ms, reply.event.type, reply.event.key,
            json_object_get(json, "data"));
    } else {
        (void)json_dumpf(json, stdout, JSON_INDENT(4));
        (void)putchar('\n');
    }
    json_decref(json);
    return 0;
}
