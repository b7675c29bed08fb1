/*
 * bench_core - the writer of a service and the writer of an event store, driven
 * from memory over a simulated store and over a real, synced one.
 *
 * The origin decides commands, each of which emits some events of 256 bytes of
 * payload; each event is applied to a table of 10,000 rows (a row read and
 * written). What it publishes is kept and given to a follower without handlers,
 * to one that applies it to a table of its own, and to a recorder. Nothing is
 * sent; the witness is written as the shell does it.
 *
 * usage: bench_core [--dir DIR] [--memory-dir DIR] [--rounds N] [--once PART]
 *
 * --once does one stretch of work, says of how many events, and ends: for
 * instructions.sh, which counts what happens inside of the stretch_ functions.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "measure.h"
#include "souk_core.h"
#include "souk_log.h"
#include "souk_recorder.h"
#include "souk_witness.h"

#define ARTICLES 10000
#define NOTE_BYTES 244                          /* makes a payload of 256 bytes */
#define STRETCH_EVENTS 16384
#define STRETCH_NS 150000000                    /* of a stretch on a real disk, which ends there */
#define HEAR_BYTES (1024 * 1024)                /* that a follower or recorder gets before it works */
#define START_ROUNDS_MAX 100
#define CUT_BYTES (60 * 1024)
/* Kept under its own name, which instructions.sh looks for. */
#define STRETCH __attribute__((noipa))
#define WALL_MS UINT64_C(1700000000000)
#define STEADY_MS 1000000                       /* late enough for everything to be due */

/* Frames or batches; owned. */
struct pile {
    uint32_t count, room;
    uint64_t events;
    struct souk_slice *items;
};

struct node {
    struct measure_store measured;
    char witness_path[4096];
    struct souk_witness *witness;
    struct souk_wired_stream stream;
    struct souk_wired_store store;
    struct souk_wiring wiring;
    uint64_t random;
    struct souk_time now;
    struct souk_core *core;                     /* one of the two */
    struct souk_recorder *recorder;
    bool answered;                              /* its first pull; what it lacks later comes with the next batches */
    struct pile *published;                     /* where batches go; NULL: nowhere */
};

static int decide_receive(const struct souk_view *view, const struct stock_receive *command,
    struct souk_decision *decision);
static int apply_received(struct souk_tables *tables, const struct stock_received *event);

static const struct souk_handler origin_handlers[] = {
    SOUK_DECIDE(stock_receive, decide_receive), SOUK_APPLY(stock_received, apply_received), { .kind = 0 },
};
static const struct souk_handler applier_handlers[] = { SOUK_APPLY(stock_received, apply_received), { .kind = 0 } };
static const struct souk_handler no_handlers[] = { { .kind = 0 } };
static const struct souk_table_def tables[] = { { ARTICLE_TABLE, STREAM_STOCK }, { NULL, NULL } };

static const struct souk_service origin = { .name = "stock", .version = 1, .handlers = origin_handlers, .tables = tables };
static const struct souk_service applier = { .name = "shelf", .version = 1, .handlers = applier_handlers, .tables = tables };
static const struct souk_service bare = { .name = "bare", .version = 1, .handlers = no_handlers };

struct dirs {
    const char *real, *memory;
};

/* What is measured. `service` NULL: the recorder. */
struct part {
    const char *name, *about;
    const struct souk_service *service;
    uint32_t command_events;                    /* that each command emits */
    uint32_t round_commands;                    /* in one commit of the origin */
};
static const struct part parts[] = {
    { "decide-1", "1 event a command, 1 command a commit", &origin, 1, 1 },
    { "decide-64", "1 event a command, 64 commands", &origin, 1, 64 },
    { "decide-512", "8 events a command, 64 commands", &origin, 8, 64 },
    { "decide-1024", "256 events a command, 4 commands", &origin, 256, 4 },
    { "follow", "60 KiB batches, no handler", &bare, 8, 256 },
    { "apply", "60 KiB batches, a row put for each event", &applier, 8, 256 },
    { "follow-1", "batches of one event, no handler", &bare, 1, 1 },
    { "apply-1", "batches of one event, a row put for each", &applier, 1, 1 },
    { "record", "60 KiB batches", NULL, 8, 256 },
    { "record-1", "batches of one event", NULL, 1, 1 },
};
#define PARTS (sizeof parts / sizeof parts[0])

static void node_open(struct node *node, const struct souk_service *service, const struct dirs *dirs, bool simulated);
static void node_done(struct node *node);
static void answer_pull(struct node *node, uint64_t request);
static void node_round(struct node *node);
static bool node_wants_work(const struct node *node);
static void pile_add(struct pile *pile, struct souk_slice item);
static void pile_done(struct pile *pile);
static void make_commands(struct pile *commands, uint32_t command_events, uint32_t event_count);
static void make_batches(const struct dirs *dirs, const struct part *part, uint32_t event_count,
    struct pile *batches);
static double measure_part(const struct dirs *dirs, const struct part *part, bool simulated, uint64_t *events_out);
static int once(const struct dirs *dirs, const char *name);
static uint64_t stretch_decide(struct node *node, const struct pile *commands, const struct part *part,
    uint64_t until_ns);
static uint64_t stretch_take(struct node *node, const struct pile *batches, uint64_t until_ns);
static void stretch_encode(const struct souk_event *events, uint32_t count, struct souk_batch_place *place,
    struct souk_batch_builder *builder, struct souk_pack *pack, struct pile *batches);
static void stretch_append(struct souk_store *store, const struct souk_log *log, const struct pile *batches);
static void stretch_check(const struct pile *batches);

int
main(int argc, char **argv)
{
    struct dirs dirs = { ".", "/dev/shm" };
    struct measure_rounds *rounds = calloc(2 * PARTS, sizeof *rounds);
    const char *part = NULL;
    uint32_t round_count = 5;

    if (rounds == NULL)
        measure_check(-SOUK_ENOMEM, "rounds");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dir") == 0)
            dirs.real = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--memory-dir") == 0)
            dirs.memory = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--rounds") == 0)
            round_count = measure_number(argv, &i, MEASURE_ROUNDS_MAX);
        else if (strcmp(argv[i], "--once") == 0)
            part = measure_argument(argv, &i);
        else
            return fputs("usage: bench_core [--dir DIR] [--memory-dir DIR] [--rounds N] [--once PART]\n", stderr), 2;
    }
    if (sodium_init() < 0)
        measure_check(-SOUK_EIO, "sodium_init");
    if (part != NULL) {
        free(rounds);
        return once(&dirs, part);
    }
    for (uint32_t r = 0; r < round_count; r++)
        for (size_t at = 0; at < 2 * PARTS; at++)
            measure_add(&rounds[at], measure_part(&dirs, &parts[at / 2], at % 2 == 0, NULL));
    printf("events of 256 bytes; a write and fdatasync here: %.0f us\n\n", measure_sync_us(dirs.real));
    printf("%-12s %-42s %18s %14s\n", "", "", "ev/cpu s, memory", "ev/s, synced");
    for (size_t p = 0; p < PARTS; p++)
        printf("%-12s %-42s %18.0f %14.0f\n", parts[p].name, parts[p].about, measure_median(&rounds[2 * p]),
            measure_median(&rounds[2 * p + 1]));
    free(rounds);
    return 0;
}

/* Events a second: of processor time on a simulated store, else of real time. */
static double
measure_part(const struct dirs *dirs, const struct part *part, bool simulated, uint64_t *events_out)
{
    uint64_t began_ns, until_ns = UINT64_MAX, events, took_ns;
    struct pile pile = { 0 };
    struct node *node = calloc(1, sizeof *node);

    if (node == NULL)
        measure_check(-SOUK_ENOMEM, "node");
    if (part->service == &origin)
        make_commands(&pile, part->command_events, part->round_commands == 1 ? STRETCH_EVENTS / 8 : STRETCH_EVENTS);
    else
        make_batches(dirs, part, part->round_commands == 1 ? STRETCH_EVENTS / 8 : STRETCH_EVENTS, &pile);
    node_open(node, part->service, dirs, simulated);
    if (!simulated)
        until_ns = measure_now_ns() + STRETCH_NS;
    began_ns = simulated ? measure_cpu_ns() : measure_now_ns();
    if (part->service == &origin)
        events = stretch_decide(node, &pile, part, until_ns);
    else
        events = stretch_take(node, &pile, until_ns);
    took_ns = (simulated ? measure_cpu_ns() : measure_now_ns()) - began_ns;
    node_done(node);
    free(node);
    pile_done(&pile);
    if (events_out != NULL)
        *events_out = events;
    return (double)events / (double)took_ns * 1e9;
}

/* ---- the service ---------------------------------------------------- */

static int
decide_receive(const struct souk_view *view, const struct stock_receive *command, struct souk_decision *decision)
{
    int rc;

    for (uint32_t i = 0; i < command->articles; i++)
        if ((rc = emit_stock_received(decision, &(struct stock_received){
            .article = (command->first_article + i) * 7919 % ARTICLES,
            .units = 1 + i % 9,
            .note = command->note,
        })) != 0)
            return rc;
    return 0;
}

static int
apply_received(struct souk_tables *out, const struct stock_received *event)
{
    struct article article = { .article = event->article };
    int rc = article_get(souk_tables_view(out), event->article, &article);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    article.units += event->units;
    return article_put(out, &article);
}

/* ---- nodes ---------------------------------------------------------- */

static void
fill_random(void *arg, void *bytes_out, size_t size_bytes)
{
    uint64_t *state = arg;
    uint8_t *bytes = bytes_out;

    for (size_t i = 0; i < size_bytes; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(*state >> 56);
    }
}

static void
node_open(struct node *node, const struct souk_service *service, const struct dirs *dirs, bool simulated)
{
    const struct souk_slice nothing = { NULL, 0 };
    struct souk_error err = { 0 };
    struct souk_txn *txn;
    int rc;

    measure_store_open(&node->measured, simulated ? dirs->memory : dirs->real, simulated);
    (void)snprintf(node->witness_path, sizeof node->witness_path, "%s/bench.%ld.witness", dirs->memory,
        (long)getpid());
    rc = souk_witness_open(node->witness_path, node->measured.path, &node->witness, &err);
    measure_check(rc, rc == 0 ? "" : err.text);
    measure_check(souk_name_set(&node->wiring.self, souk_slice_of(service != NULL ? service->name : "events")), "name");
    measure_check(souk_name_set(&node->stream.name, souk_slice_of(STREAM_STOCK)), "name");
    measure_check(souk_name_set(&node->stream.origin, souk_slice_of(origin.name)), "name");
    measure_check(souk_name_set(&node->store.name, souk_slice_of("events")), "name");
    node->wiring.streams = &node->stream;
    node->wiring.stream_count = 1;
    if (service == NULL) {
        node->wiring.stores = &node->store;
        node->wiring.store_count = 1;
    }
    node->wiring.random = (struct souk_random){ fill_random, &node->random };
    souk_limits_fill(&node->wiring.limits);
    node->now = (struct souk_time){ WALL_MS, STEADY_MS };

    measure_check(souk_txn_begin(node->measured.store, SOUK_TXN_WRITE, &txn), "begin");
    if (service == NULL)
        rc = souk_recorder_open(&node->wiring, txn, nothing, node->now, &node->recorder, &err);
    else
        rc = souk_core_open(service, &node->wiring, SOUK_CORE_START, txn, nothing, node->now, &node->core, &err);
    measure_check(rc, rc == 0 ? "" : err.text);
    measure_check(souk_txn_commit(&txn), "commit");
    for (int i = 0; i < START_ROUNDS_MAX && node_wants_work(node); i++)
        node_round(node);
    if (node->core != NULL && souk_core_state(node->core) != SOUK_CORE_LIVE)
        measure_check(-SOUK_EINVAL, "the service does not become live");
}

static void
node_done(struct node *node)
{
    souk_core_close(&node->core);
    souk_recorder_close(&node->recorder);
    measure_check(souk_witness_remove(&node->witness), "witness");
    measure_store_done(&node->measured);
}

static bool
node_wants_work(const struct node *node)
{
    return node->core != NULL ? souk_core_wants_work(node->core, node->now)
        : souk_recorder_wants_work(node->recorder, node->now);
}

/* A recorder records nothing that is published before the origin has answered it once: "next", and no batch. */
static void
answer_pull(struct node *node, uint64_t request)
{
    const struct souk_wire_pulled pulled = { .request = request, .holder = node->stream.origin, .count = 1,
        .answers[0].stream = node->stream.name };
    struct souk_slice frame;
    struct souk_pack pack;

    node->answered = true;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_pulled_put(&pack, &pulled);
    measure_check(pack.rc, "answer");
    frame = souk_pack_slice(&pack);
    souk_recorder_hear_answer(node->recorder, &node->stream.origin, &frame, 1, node->now);
    souk_pack_done(&pack);
}

/* One round, as souk_core.h has it. */
static void
node_round(struct node *node)
{
    struct souk_slice witness;
    struct souk_wire_pull pull;
    struct souk_outbox *outbox;
    struct souk_out *out;
    struct souk_txn *txn;
    bool changed;

    measure_check(souk_txn_begin(node->measured.store, SOUK_TXN_WRITE, &txn), "begin");
    measure_check(node->core != NULL ? souk_core_work(node->core, txn, node->now, &changed)
        : souk_recorder_work(node->recorder, txn, node->now, &changed), "work");
    if (changed)
        measure_check(souk_txn_commit(&txn), "commit");
    else
        souk_txn_abort(&txn);
    witness = node->core != NULL ? souk_core_witness(node->core) : souk_recorder_witness(node->recorder);
    if (witness.size_bytes != 0)
        measure_check(souk_witness_write(node->witness, witness), "witness");
    if (node->core != NULL)
        souk_core_committed(node->core, node->now);
    else
        souk_recorder_committed(node->recorder, node->now);
    outbox = node->core != NULL ? souk_core_outbox(node->core) : souk_recorder_outbox(node->recorder);
    while ((out = souk_outbox_take(outbox)) != NULL) {
        if (out->kind == SOUK_OUT_PUBLISH && node->published != NULL && out->frame_count == 2
            && !souk_slice_equal(out->frames[0], souk_wire_topic_heads()))
            pile_add(node->published, out->frames[1]);
        else if (node->recorder != NULL && !node->answered && out->kind == SOUK_OUT_SEND
            && souk_wire_pull_get(out->frames[0], &pull) == 0)
            answer_pull(node, pull.request);
        souk_out_free(&out);
    }
}

/* ---- commands and batches ------------------------------------------- */

static void
pile_add(struct pile *pile, struct souk_slice item)
{
    void *copy = malloc(item.size_bytes);

    if (pile->count == pile->room) {
        pile->room = pile->room == 0 ? 64 : 2 * pile->room;
        pile->items = realloc(pile->items, pile->room * sizeof pile->items[0]);
    }
    if (copy == NULL || pile->items == NULL)
        measure_check(-SOUK_ENOMEM, "pile");
    memcpy(copy, item.base, item.size_bytes);
    pile->items[pile->count++] = (struct souk_slice){ copy, item.size_bytes };
}

static void
pile_done(struct pile *pile)
{
    for (uint32_t i = 0; i < pile->count; i++)
        free((void *)(uintptr_t)pile->items[i].base);
    free(pile->items);
    *pile = (struct pile){ 0 };
}

static void
make_commands(struct pile *commands, uint32_t command_events, uint32_t event_count)
{
    struct souk_event sample;
    struct souk_pack payload, frame;
    uint8_t key[16];

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&frame, SOUK_WIRE_BYTES_MAX);
    while (commands->events < event_count) {
        struct souk_wire_request request = { .name = souk_slice_of(stock_receive_type.name), .version = 1,
            .caller = souk_slice_of("bench") };
        struct stock_receive receive = { .first_article = commands->events, .articles = command_events };

        measure_event(commands->count + 1, NOTE_BYTES, &sample, key);
        receive.note = sample.payload;
        request.id = sample.because.id;
        souk_pack_reset(&payload);
        measure_check(stock_receive_encode(&receive, &payload), "command");
        request.payload = souk_pack_slice(&payload);
        souk_pack_reset(&frame);
        souk_wire_request_put(&frame, &request);
        measure_check(frame.rc, "request");
        pile_add(commands, souk_pack_slice(&frame));
        commands->events += command_events;
    }
    souk_pack_done(&payload);
    souk_pack_done(&frame);
}

/* What an origin publishes when it does the same. */
static void
make_batches(const struct dirs *dirs, const struct part *part, uint32_t event_count, struct pile *batches)
{
    struct pile commands = { 0 };
    struct node *node = calloc(1, sizeof *node);

    if (node == NULL)
        measure_check(-SOUK_ENOMEM, "node");
    make_commands(&commands, part->command_events, event_count);
    node->published = batches;
    node_open(node, &origin, dirs, true);
    batches->events = stretch_decide(node, &commands, part, UINT64_MAX);
    node_done(node);
    free(node);
    pile_done(&commands);
}

/* ---- stretches: what is counted ------------------------------------- */

/* Gives the events that were decided. */
static STRETCH uint64_t
stretch_decide(struct node *node, const struct pile *commands, const struct part *part, uint64_t until_ns)
{
    const struct souk_slice route = { "client", 6 }, nobody = { NULL, 0 };
    struct souk_core_status status;

    for (uint32_t i = 0; i < commands->count && (until_ns == UINT64_MAX || measure_now_ns() < until_ns);) {
        for (uint32_t k = 0; k < part->round_commands && i < commands->count; k++, i++)
            souk_core_hear_request(node->core, route, nobody, "", &commands->items[i], 1, node->now);
        while (node_wants_work(node))
            node_round(node);
    }
    souk_core_status(node->core, &status);
    return status.events_decided;
}

/* Gives the events that were followed, or recorded. */
static STRETCH uint64_t
stretch_take(struct node *node, const struct pile *batches, uint64_t until_ns)
{
    struct souk_position position = { .number = 0 };

    for (uint32_t i = 0; i < batches->count && (until_ns == UINT64_MAX || measure_now_ns() < until_ns);) {
        size_t bytes = 0;

        while (i < batches->count && bytes < (batches->count > batches->events ? 1 : HEAR_BYTES)) {
            const struct souk_slice frames[] = { souk_wire_topic(&node->stream.name), batches->items[i] };

            bytes += frames[1].size_bytes;
            i++;
            if (node->core != NULL)
                souk_core_hear_published(node->core, &node->stream.origin, frames, 2, node->now);
            else
                souk_recorder_hear_published(node->recorder, &node->stream.origin, frames, 2, node->now);
        }
        do
            node_round(node);
        while (node_wants_work(node));
    }
    if (node->core != NULL)
        measure_check(souk_core_cursor(node->core, STREAM_STOCK, &position), "cursor");
    else
        measure_check(souk_recorder_cursor(node->recorder, STREAM_STOCK, &position), "cursor");
    return position.number;
}

static STRETCH void
stretch_encode(const struct souk_event *events, uint32_t count, struct souk_batch_place *place,
    struct souk_batch_builder *builder, struct souk_pack *pack, struct pile *batches)
{
    for (uint32_t i = 0; i < count;) {
        souk_batch_builder_reset(builder);
        while (i < count && souk_batch_builder_bytes(builder) < CUT_BYTES)
            measure_check(souk_batch_builder_add(builder, &events[i++]), "add");
        souk_pack_reset(pack);
        measure_check(souk_batch_finish(builder, place, pack, &place->after), "finish");
        pile_add(batches, souk_pack_slice(pack));
    }
}

static STRETCH void
stretch_append(struct souk_store *store, const struct souk_log *log, const struct pile *batches)
{
    struct souk_batch_header header;
    struct souk_txn *txn;

    for (uint32_t i = 0; i < batches->count;) {
        measure_check(souk_txn_begin(store, SOUK_TXN_WRITE, &txn), "begin");
        for (int k = 0; k < 8 && i < batches->count; k++, i++) {
            measure_check(souk_batch_peek(batches->items[i], &header), "peek");
            measure_check(souk_log_append(txn, log, &header, batches->items[i]), "append");
        }
        measure_check(souk_txn_commit(&txn), "commit");
    }
}

static STRETCH void
stretch_check(const struct pile *batches)
{
    struct souk_batch_header header;

    for (uint32_t i = 0; i < batches->count; i++)
        measure_check(souk_batch_check(batches->items[i], &header), "check");
}

/* ---- one stretch ---------------------------------------------------- */

/* Encoding, appending and checking without a core. */
static bool
once_log(const struct dirs *dirs, const char *name)
{
    struct souk_event *events = calloc(STRETCH_EVENTS, sizeof *events);
    uint8_t (*keys)[16] = calloc(STRETCH_EVENTS, sizeof *keys);
    struct souk_batch_builder builder;
    struct souk_batch_place place;
    struct measure_store measured;
    struct pile batches = { 0 };
    struct souk_pack pack;
    struct souk_txn *txn;
    struct souk_log log;

    if (events == NULL || keys == NULL)
        measure_check(-SOUK_ENOMEM, "events");
    for (uint32_t i = 0; i < STRETCH_EVENTS; i++)
        measure_event(i + 1, 256, &events[i], keys[i]);
    measure_place(&place);
    souk_batch_builder_init(&builder);
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    stretch_encode(events, STRETCH_EVENTS, &place, &builder, &pack, &batches);
    if (strcmp(name, "append") == 0) {
        measure_store_open(&measured, dirs->memory, true);
        measure_check(souk_txn_begin(measured.store, SOUK_TXN_WRITE, &txn), "begin");
        measure_check(souk_log_open(txn, &place.stream, &log), "log");
        measure_check(souk_txn_commit(&txn), "commit");
        stretch_append(measured.store, &log, &batches);
        measure_store_done(&measured);
    } else if (strcmp(name, "check") == 0) {
        stretch_check(&batches);
    }
    pile_done(&batches);
    souk_batch_builder_done(&builder);
    souk_pack_done(&pack);
    free(events);
    free(keys);
    return strcmp(name, "encode") == 0 || strcmp(name, "append") == 0 || strcmp(name, "check") == 0;
}

static int
once(const struct dirs *dirs, const char *name)
{
    uint64_t events = STRETCH_EVENTS;

    for (size_t p = 0; p < PARTS; p++)
        if (strcmp(parts[p].name, name) == 0) {
            (void)measure_part(dirs, &parts[p], true, &events);
            printf("events %llu\n", (unsigned long long)events);
            return 0;
        }
    if (!once_log(dirs, name)) {
        (void)fprintf(stderr, "%s: no such part\n", name);
        return 2;
    }
    printf("events %llu\n", (unsigned long long)events);
    return 0;
}
