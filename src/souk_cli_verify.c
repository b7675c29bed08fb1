#include "souk_cli_verify_parts.h"

#include <inttypes.h>
#include <libsmartcols.h>
#include <sodium.h>
#include <string.h>
#include <sysexits.h>

#define HEX_BYTES (2 * SOUK_HASH_BYTES + 1)

enum { OPTION_OFFLINE = 256 };

static error_t parse_option(int key, char *arg, struct argp_state *state);
static json_t *hash_json(const struct souk_hash *hash);
static void show(const struct verify *verify, bool is_good);
static uint64_t number_of(const json_t *object, const char *name);
static const char *text_of(const json_t *object, const char *name);

int
souk_cli_verify(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "offline", OPTION_OFFLINE, NULL, 0, "Read stores and backups in directories, which nobody runs", 0 },
        { "stream", 's', "STREAM", 0, "Only this one; may be given again", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "[--offline DIR...]", .doc = "Hold the chains of origins and event stores against each other." };
    struct verify_options options = { .stream_count = 0 };
    struct verify verify = { .options = &options };
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    verify.streams = souk_cli_need(json_array());
    verify.differences = souk_cli_need(json_array());
    status = options.is_offline ? verify_offline(&verify) : verify_online(&verify);
    souk_cli_progress_end(&verify.progress);
    if (status == EX_OK) {
        const bool is_good = json_array_size(verify.differences) == 0;

        show(&verify, is_good);
        status = !is_good ? EX_DATAERR : verify.silent != 0 ? EX_UNAVAILABLE : EX_OK;
    }
    json_decref(verify.streams);
    json_decref(verify.differences);
    return status;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct verify_options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case OPTION_OFFLINE:
        options->is_offline = true;
        return 0;
    case 's':
        if (options->stream_count == VERIFY_STREAMS_MAX)
            argp_error(state, "--stream: at most %d", VERIFY_STREAMS_MAX);
        options->streams[options->stream_count++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (options->directory_count == VERIFY_DIRECTORIES_MAX)
            argp_error(state, "%s: at most %d directories", arg, VERIFY_DIRECTORIES_MAX);
        options->directories[options->directory_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (options->is_offline != (options->directory_count != 0))
            argp_error(state, options->is_offline ? "--offline: which directories?"
                : "directories are read with --offline; without it the running system is asked");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

bool
verify_wants(const struct verify *verify, const char *stream)
{
    for (size_t i = 0; i < verify->options->stream_count; i++)
        if (strcmp(verify->options->streams[i], stream) == 0)
            return true;
    return verify->options->stream_count == 0;
}

void
verify_progress(struct verify *verify, const char *stream, const char *holder)
{
    souk_cli_progress(&verify->options->cli, &verify->progress, "%s at %s: %" PRIu64 " batches, %" PRIu64
        " events so far", stream, holder, verify->batches, verify->events);
}

json_t *
verify_stream(struct verify *verify, const char *stream)
{
    json_t *one = souk_cli_need(json_pack("{ss s[]}", "stream", stream, "holders"));

    (void)json_array_append_new(verify->streams, one);
    return one;
}

void
verify_holder(json_t *stream, const char *holder, const struct verify_counts *counts, const char *note)
{
    (void)json_array_append_new(json_object_get(stream, "holders"), souk_cli_need(json_pack(
        "{ss sI sI sI sI so sI ss}", "holder", holder, "batches", (json_int_t)counts->batches, "events",
        (json_int_t)counts->events, "epoch", (json_int_t)counts->end.epoch.counter, "number",
        (json_int_t)counts->end.number, "hash", hash_json(&counts->end.hash), "behind",
        (json_int_t)counts->begin.number, "note", note)));
}

void
verify_differ(struct verify *verify, const char *stream, const struct souk_position *after, uint64_t number,
    const char *a, const struct souk_hash *hash_a, const char *b, const struct souk_hash *hash_b, const char *what)
{
    (void)json_array_append_new(verify->differences, souk_cli_need(json_pack("{ss sI sI sI ss so ss? so ss}",
        "stream", stream, "after_epoch", (json_int_t)after->epoch.counter, "after", (json_int_t)after->number,
        "number", (json_int_t)number, "holder", a, "hash", hash_json(hash_a), "other", b, "other_hash",
        hash_json(hash_b), "what", what)));
}

static json_t *
hash_json(const struct souk_hash *hash)
{
    char text[HEX_BYTES];

    return hash == NULL ? json_null() : json_string(sodium_bin2hex(text, sizeof text, hash->bytes, SOUK_HASH_BYTES));
}

/* ---- showing -------------------------------------------------------- */

static void
show(const struct verify *verify, bool is_good)
{
    static const struct souk_cli_heading headings[] = {
        { "STREAM", SOUK_CLI_TEXT }, { "HOLDER", SOUK_CLI_TEXT }, { "FROM", SOUK_CLI_NUMBER },
        { "UP TO", SOUK_CLI_NUMBER }, { "BATCHES", SOUK_CLI_NUMBER }, { "HASH", SOUK_CLI_TEXT },
        { "", SOUK_CLI_TEXT }, { .name = NULL },
    };
    const struct souk_cli *cli = &verify->options->cli;
    struct libscols_table *table;
    struct libscols_line *line;
    const json_t *stream, *holder, *difference;
    size_t i, k;

    if (cli->is_json) {
        souk_cli_json(json_pack("{sb sI sI sO sO}", "good", is_good && verify->silent == 0, "batches",
            (json_int_t)verify->batches, "events", (json_int_t)verify->events, "streams", verify->streams,
            "differences", verify->differences));
        return;
    }
    table = souk_cli_table(cli, headings, true);
    json_array_foreach(verify->streams, i, stream) {
        json_array_foreach(json_object_get(stream, "holders"), k, holder) {
            line = souk_cli_line(table, NULL);
            souk_cli_cell(line, 0, "%s", k == 0 ? text_of(stream, "stream") : "");
            souk_cli_cell(line, 1, "%s", text_of(holder, "holder"));
            souk_cli_cell(line, 2, "%" PRIu64, number_of(holder, "behind") + 1);
            souk_cli_cell(line, 3, "%" PRIu64 "/%" PRIu64, number_of(holder, "epoch"), number_of(holder, "number"));
            souk_cli_cell(line, 4, "%" PRIu64, number_of(holder, "batches"));
            souk_cli_cell(line, 5, "%.16s", text_of(holder, "hash"));
            souk_cli_cell(line, 6, "%s", text_of(holder, "note"));
        }
    }
    souk_cli_table_end(table);
    json_array_foreach(verify->differences, i, difference) {
        const char *other = json_string_value(json_object_get(difference, "other"));

        (void)printf("%s%s/%" PRIu64 ", behind %" PRIu64 "/%" PRIu64 ": %s\n  %s: %s\n", souk_cli_color(cli->out_has_color,
            SOUK_CLI_RED), text_of(difference, "stream"), number_of(difference, "number"),
            number_of(difference, "after_epoch"), number_of(difference, "after"), text_of(difference, "what"),
            text_of(difference, "holder"), text_of(difference, "hash"));
        if (other != NULL)
            (void)printf("  %s: %s\n", other, text_of(difference, "other_hash"));
        (void)printf("%s", souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN));
    }
    (void)printf("%s: %" PRIu64 " batches with %" PRIu64 " events were read\n",
        is_good ? "all that was read is one history" : "NOT ONE HISTORY", verify->batches, verify->events);
}

static uint64_t
number_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "(none)" : text;
}
