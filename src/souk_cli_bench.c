#include "souk_cli_bench_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define LIST_MAX 8                      /* sizes, or batches, of one run */
#define EVENTS_MAX 1000000000
#define RATE_MAX 100000
#define ROWS_DEFAULT 10000
#define ROWS_MAX 1000000000
#define WINDOW_EVENTS 4096              /* under way at once, unless said */
#define IN_FLIGHT_MAX 512               /* half of what may wait at a service */
#define BAR_CELLS 40

enum { OPTION_BYTES = 256, OPTION_BATCH, OPTION_EVENTS, OPTION_IN_FLIGHT, OPTION_RATE, OPTION_ROWS, OPTION_DURABILITY,
    OPTION_DIR, OPTION_KEYS, OPTION_TCP };

struct list {
    size_t count;
    uint32_t values[LIST_MAX];
};

struct options {
    struct souk_cli cli;                /* first */
    bool has_work;
    enum bench_work work;
    struct list bytes, batch;           /* empty: not said */
    uint64_t events, rows;              /* 0: not said */
    uint32_t in_flight, rate;
    const char *durability, *dir;
    bool has_keys, is_on_tcp;
};

static error_t parse_option(int key, char *arg, struct argp_state *state);
static void take_work(struct options *options, struct argp_state *state, const char *arg);
static void take_list(struct argp_state *state, const char *option, const char *arg, uint32_t min, uint32_t max,
    struct list *list);
static void check(const struct options *options, struct argp_state *state);
static struct bench_plan plan_of(const struct options *options, uint32_t bytes, uint32_t batch);
static int measure(const struct options *options, const struct bench_plan *plan);
static void show_text(const struct souk_cli *cli, const struct bench_plan *plan, const struct bench_result *result);
static void show_histogram(const struct souk_cli *cli, const struct souk_histogram *histogram);
static void show_json(const struct bench_plan *plan, const struct bench_result *result);
static const char *time_text(uint64_t us, char text[static 32]);
static const char *count_text(uint64_t count, char text[static 32]);

static const struct {
    const char *name;
    unsigned per_mille;
} percentiles[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p99.9", 999 } };
#define PERCENTILES (sizeof percentiles / sizeof percentiles[0])

int
souk_cli_bench(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        { "bytes", OPTION_BYTES, "N,...", 0, "Bytes of an event's payload, 16 to 1024; default: 256", 0 },
        { "batch", OPTION_BATCH, "N,...", 0, "Events a command, 1 to 1024; default: 64, of request and at a rate 1", 0 },
        { "events", OPTION_EVENTS, "N", 0, "How many in all", 0 },
        { "in-flight", OPTION_IN_FLIGHT, "N", 0, "Commands under way at once, 1 to 512; default: what makes 4096"
            " events, of request 1", 0 },
        { "rate", OPTION_RATE, "N", 0, "live: so many commands a second instead of as many as it takes", 0 },
        { "rows", OPTION_ROWS, "N", 0, "Rows of the table that is written; default: 10000", 0 },
        { "durability", OPTION_DURABILITY, "WHICH", 0, "append, request: answered when `local' or `recorded'; default:"
            " recorded, of request local", 0 },
        { "dir", OPTION_DIR, "DIR", 0, "A directory on the disk that is meant; default: where one is", 0 },
        { "keys", OPTION_KEYS, NULL, 0, "Each node has a key, and every connection speaks CURVE", 0 },
        { "tcp", OPTION_TCP, NULL, 0, "Over tcp on the loopback address instead of ipc", 0 },
        { 0 },
    };
    static const struct argp_child children[] = { { &souk_cli_json_argp, 0, NULL, 0 }, { 0 } };
    static const struct argp argp = { .options = argp_options, .parser = parse_option, .children = children,
        .args_doc = "append|replay|live|request|rebuild",
        .doc = "Measure a service, a follower and an event store that are started for it." };
    struct options options = { .dir = "." };
    struct bench_plan plan;
    int status;

    souk_cli_begin(&options.cli, argv);
    if ((status = souk_cli_parse(&argp, argc, argv, &options)) != 0)
        return status;
    for (size_t i = 0; i < options.bytes.count; i++) {
        for (size_t k = 0; k < options.batch.count; k++) {
            plan = plan_of(&options, options.bytes.values[i], options.batch.values[k]);
            if ((status = measure(&options, &plan)) != 0)
                return status;
        }
    }
    return EX_OK;
}

/* ---- options -------------------------------------------------------- */

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->cli;
        return 0;
    case OPTION_BYTES:
        take_list(state, "--bytes", arg, BENCH_BYTES_MIN, BENCH_BYTES_MAX, &options->bytes);
        return 0;
    case OPTION_BATCH:
        take_list(state, "--batch", arg, 1, SOUK_DECISION_EVENTS_MAX, &options->batch);
        return 0;
    case OPTION_EVENTS:
        options->events = souk_cli_number(state, "--events", arg, 1, EVENTS_MAX);
        return 0;
    case OPTION_IN_FLIGHT:
        options->in_flight = (uint32_t)souk_cli_number(state, "--in-flight", arg, 1, IN_FLIGHT_MAX);
        return 0;
    case OPTION_RATE:
        options->rate = (uint32_t)souk_cli_number(state, "--rate", arg, 1, RATE_MAX);
        return 0;
    case OPTION_ROWS:
        options->rows = souk_cli_number(state, "--rows", arg, 1, ROWS_MAX);
        return 0;
    case OPTION_DURABILITY:
        if (strcmp(arg, "local") != 0 && strcmp(arg, "recorded") != 0)
            argp_error(state, "--durability: local or recorded is meant, not %s", arg);
        options->durability = arg;
        return 0;
    case OPTION_DIR:
        options->dir = arg;
        return 0;
    case OPTION_KEYS:
        options->has_keys = true;
        return 0;
    case OPTION_TCP:
        options->is_on_tcp = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->has_work)
            argp_error(state, "%s: one work at a time", arg);
        take_work(options, state, arg);
        return 0;
    case ARGP_KEY_END:
        check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void
take_work(struct options *options, struct argp_state *state, const char *arg)
{
    for (enum bench_work work = BENCH_APPEND; work <= BENCH_REBUILD; work++) {
        if (strcmp(arg, souk_cli_bench_work_name(work)) == 0) {
            options->has_work = true;
            options->work = work;
            return;
        }
    }
    argp_error(state, "%s: append, replay, live, request or rebuild is meant", arg);
}

static void
take_list(struct argp_state *state, const char *option, const char *arg, uint32_t min, uint32_t max, struct list *list)
{
    char *copy = souk_cli_need(strdup(arg));
    char *rest = NULL;

    list->count = 0;
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        if (list->count == LIST_MAX)
            argp_error(state, "%s: at most %d numbers", option, LIST_MAX);
        list->values[list->count++] = (uint32_t)souk_cli_number(state, option, word, min, max);
    }
    free(copy);
    if (list->count == 0)
        argp_error(state, "%s: numbers are meant", option);
}

static void
check(const struct options *options, struct argp_state *state)
{
    struct options *own = state->input;

    if (!options->has_work)
        argp_error(state, "append, replay, live, request or rebuild?");
    if (options->rate != 0 && options->work != BENCH_LIVE)
        argp_error(state, "--rate is for live");
    if (options->durability != NULL && options->work != BENCH_APPEND && options->work != BENCH_REQUEST)
        argp_error(state, "--durability is for append and request");
    if (options->bytes.count == 0)
        own->bytes = (struct list){ .count = 1, .values = { 256 } };
    if (options->batch.count == 0)
        own->batch = (struct list){ .count = 1,
            .values = { options->work == BENCH_REQUEST || options->rate != 0 ? 1 : 64 } };
}

static struct bench_plan
plan_of(const struct options *options, uint32_t bytes, uint32_t batch)
{
    static const uint64_t events[] = {
        [BENCH_APPEND] = 400000,
        [BENCH_REPLAY] = 1000000,
        [BENCH_LIVE] = 400000,
        [BENCH_REQUEST] = 100000,
        [BENCH_REBUILD] = 1000000,
    };
    const uint32_t window = WINDOW_EVENTS / batch;
    struct bench_plan plan = { .work = options->work, .bytes = bytes, .batch = batch, .events = options->events,
        .in_flight = options->in_flight, .rate = options->rate, .dir = options->dir,
        .has_keys = options->has_keys, .is_on_tcp = options->is_on_tcp,
        .rows = options->rows == 0 ? ROWS_DEFAULT : options->rows };

    plan.is_recorded = options->durability != NULL ? strcmp(options->durability, "recorded") == 0
        : options->work == BENCH_APPEND;
    if (plan.in_flight == 0)
        plan.in_flight = plan.work == BENCH_REQUEST || window == 0 ? 1 : window > IN_FLIGHT_MAX ? IN_FLIGHT_MAX : window;
    /* One at a time and at a rate it is the time of each that counts. */
    if (plan.events == 0)
        plan.events = plan.rate != 0 ? 5ULL * plan.rate * batch
            : plan.work == BENCH_REQUEST && plan.in_flight == 1 ? 10000 : events[plan.work];
    return plan;
}

/* ---- measuring ------------------------------------------------------ */

static int
measure(const struct options *options, const struct bench_plan *plan)
{
    struct bench_result *result = souk_cli_need(calloc(1, sizeof *result));
    struct bench_system *system = souk_cli_need(calloc(1, sizeof *system));
    int status;

    if ((status = souk_cli_bench_begin(system, &options->cli, plan)) == 0)
        status = souk_cli_bench_run(system, plan, result);
    souk_cli_bench_end(system);
    if (status == 0 && options->cli.is_json)
        show_json(plan, result);
    else if (status == 0)
        show_text(&options->cli, plan, result);
    free(system);
    free(result);
    return status;
}

/* ---- text ----------------------------------------------------------- */

static void
show_text(const struct souk_cli *cli, const struct bench_plan *plan, const struct bench_result *result)
{
    const struct souk_histogram *us = &result->us;
    const double millions = (double)result->events / 1e6;
    struct libscols_table *table;
    struct libscols_line *line;
    char text[32];

    (void)printf("%s%s%s: %s events of %" PRIu32 " bytes, %" PRIu32 " a command", souk_cli_color(cli->out_has_color,
        SOUK_CLI_BOLD), souk_cli_bench_work_name(plan->work), souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN),
        count_text(result->events, text), plan->bytes, plan->batch);
    if (plan->rate != 0)
        (void)printf(", %" PRIu32 " commands a second\n", plan->rate);
    else
        (void)printf(", %" PRIu32 " command%s under way\n", plan->in_flight, plan->in_flight == 1 ? "" : "s");
    (void)printf("connections: %s, %s\n", plan->is_on_tcp ? "tcp" : "ipc", plan->has_keys ? "CURVE" : "in clear");
    (void)printf("durability: %s\n", result->durability);
    (void)printf("a write of 4 KiB and an fdatasync there: %s\n\n", time_text((uint64_t)result->sync_us, text));
    (void)printf("%s events/s", count_text((uint64_t)((double)result->events / result->seconds), text));
    if (plan->work != BENCH_REPLAY && plan->work != BENCH_REBUILD)
        (void)printf(", %s commands/s", count_text((uint64_t)((double)result->commands / result->seconds), text));
    (void)printf(", in %.2f s\n\n", result->seconds);
    table = souk_cli_table(cli, (struct souk_cli_heading[]){ { "", SOUK_CLI_TEXT }, { "CPU s a million", SOUK_CLI_NUMBER },
        { "bytes an event", SOUK_CLI_NUMBER }, { "memory at rest", SOUK_CLI_NUMBER }, { NULL, SOUK_CLI_TEXT } }, true);
    for (size_t i = 0; i < result->cost_count; i++) {
        const struct bench_cost *cost = &result->costs[i];

        line = souk_cli_line(table, NULL);
        souk_cli_cell(line, 0, "%s", cost->name.text);
        souk_cli_cell(line, 1, "%.2f", cost->cpu_s / millions);
        souk_cli_cell(line, 2, "%.0f", (double)cost->store_bytes / (double)result->written);
        souk_cli_cell(line, 3, "%.1f MB", (double)cost->rest_bytes / 1e6);
    }
    line = souk_cli_line(table, NULL);
    souk_cli_cell(line, 0, "%s", BENCH_CALLER);
    souk_cli_cell(line, 1, "%.2f", result->client_cpu_s / millions);
    souk_cli_table_end(table);
    (void)printf("\ntime of %s:\n", result->waited_for);
    for (size_t i = 0; i < PERCENTILES; i++)
        (void)printf("%s%s %s", i == 0 ? "  " : ", ", percentiles[i].name,
            time_text(souk_histogram_at(us, percentiles[i].per_mille), text));
    (void)printf(", most %s\n", time_text(us->max, text));
    show_histogram(cli, us);
    (void)putchar('\n');
    (void)fflush(stdout);
}

/* A line for each power of two; what is there at all has a mark. */
static void
show_histogram(const struct souk_cli *cli, const struct souk_histogram *histogram)
{
    struct souk_histogram_line lines[SOUK_HISTOGRAM_LINES_MAX];
    const unsigned count = souk_histogram_lines(histogram, lines);
    uint64_t most = 0;
    char text[32];

    for (unsigned i = 0; i < count; i++)
        most = lines[i].count > most ? lines[i].count : most;
    for (unsigned i = 0; i < count; i++) {
        unsigned cells = (unsigned)((double)lines[i].count / (double)most * BAR_CELLS + 0.5);

        (void)printf("  from %8s  %s", time_text(lines[i].from, text), souk_cli_color(cli->out_has_color,
            SOUK_CLI_CYAN));
        if (cells == 0 && lines[i].count > 0)
            (void)fputs(cli->out_is_utf8 ? "▏" : ".", stdout);
        for (unsigned k = 0; k < cells; k++)
            (void)fputs(cli->out_is_utf8 ? "█" : "#", stdout);
        (void)printf("%s %" PRIu64 "\n", souk_cli_color(cli->out_has_color, SOUK_CLI_PLAIN), lines[i].count);
    }
}

static const char *
time_text(uint64_t us, char text[static 32])
{
    if (us < 10000)
        (void)snprintf(text, 32, "%" PRIu64 " us", us);
    else if (us < 10000000)
        (void)snprintf(text, 32, "%.1f ms", (double)us / 1e3);
    else
        (void)snprintf(text, 32, "%.1f s", (double)us / 1e6);
    return text;
}

/* With commas between thousands. */
static const char *
count_text(uint64_t count, char text[static 32])
{
    char digits[24];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t at = 0;

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

/* ---- JSON ----------------------------------------------------------- */

static void
show_json(const struct bench_plan *plan, const struct bench_result *result)
{
    struct souk_histogram_line lines[SOUK_HISTOGRAM_LINES_MAX];
    const unsigned line_count = souk_histogram_lines(&result->us, lines);
    json_t *histogram = souk_cli_need(json_array());
    json_t *times = souk_cli_need(json_object());
    json_t *nodes = souk_cli_need(json_array());
    const double millions = (double)result->events / 1e6;

    for (size_t i = 0; i < PERCENTILES; i++)
        (void)json_object_set_new(times, percentiles[i].name,
            json_integer((json_int_t)souk_histogram_at(&result->us, percentiles[i].per_mille)));
    (void)json_object_set_new(times, "min", json_integer((json_int_t)result->us.min));
    (void)json_object_set_new(times, "max", json_integer((json_int_t)result->us.max));
    (void)json_object_set_new(times, "mean", json_real(result->us.count == 0 ? 0
        : result->us.sum / (double)result->us.count));
    (void)json_object_set_new(times, "count", json_integer((json_int_t)result->us.count));
    for (unsigned i = 0; i < line_count; i++)
        (void)json_array_append_new(histogram, json_pack("{sI sI}", "from_us", (json_int_t)lines[i].from, "count",
            (json_int_t)lines[i].count));
    for (size_t i = 0; i < result->cost_count; i++)
        (void)json_array_append_new(nodes, json_pack("{ss sf sI sI}", "name", result->costs[i].name.text,
            "cpu_s_per_million", result->costs[i].cpu_s / millions, "store_bytes",
            (json_int_t)result->costs[i].store_bytes, "rest_bytes", (json_int_t)result->costs[i].rest_bytes));
    souk_cli_json(json_pack("{ss ss sb sI sI sI sI sI sI sI sI sf sf sf ss sf sf ss so so so}", "work",
        souk_cli_bench_work_name(plan->work), "transport", plan->is_on_tcp ? "tcp" : "ipc", "keys", plan->has_keys,
        "bytes", (json_int_t)plan->bytes, "batch", (json_int_t)plan->batch,
        "in_flight", (json_int_t)plan->in_flight, "rate", (json_int_t)plan->rate, "rows", (json_int_t)plan->rows,
        "events", (json_int_t)result->events, "commands", (json_int_t)result->commands,
        "written", (json_int_t)result->written, "seconds", result->seconds,
        "events_per_s", (double)result->events / result->seconds, "commands_per_s",
        (double)result->commands / result->seconds, "durability", result->durability, "sync_us", result->sync_us,
        "client_cpu_s_per_million", result->client_cpu_s / millions, "time_of", result->waited_for, "us", times,
        "histogram", histogram, "nodes", nodes));
}
