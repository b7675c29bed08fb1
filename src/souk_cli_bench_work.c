#include "souk_cli_bench_parts.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <time.h>

#include "services/bench/load.h"
#include "souk_batch.h"

#define ANSWER_MS 100                   /* daemons are looked at at least so often */
#define REQUEST_MS 30000                /* deadline of a request */
#define CATCH_UP_MS (60 * 1000)         /* of one question whether a follower is there yet */
#define CATCH_UP_TRIES 10
#define WARM_EVENTS 4096                /* at most, before anything is measured */
#define PULL_BYTES (1024 * 1024)
#define PULL_MS 10000
#define AHEAD_MAX 64                    /* questions for what is not written yet */
#define AHEAD_PER_S 20                  /* a 20th of a second of them */
#define ROW_BYTES 6                     /* of an event's payload beside its note: an array of two, a row of 5 bytes */
#define NOTE_HEAD_BYTES(bytes) ((bytes) > 255 + ROW_BYTES + 2 ? 3 : 2)
#define US_PER_S 1000000

/* What has been sent so far, and how. */
struct drive {
    struct bench_system *system;
    const struct bench_plan *plan;
    struct souk_client *client;
    bool keeps;                                 /* the writer applies what it writes */
    bool is_recorded;
    uint8_t note[BENCH_BYTES_MAX];
    size_t note_bytes;
    uint64_t random;
    uint64_t written;                           /* events, warming up included */
    struct souk_cause last;                     /* where the furthest of them lies */
    struct souk_histogram *us;                  /* NULL: nothing is kept */
};

/* The thread that sends so many commands a second. */
struct pacer {
    struct drive drive;
    uint64_t commands;
    _Atomic uint64_t *sent_us;                  /* steady, by command */
    atomic_bool stops;
    int status;
};

static int append(struct drive *drive, struct bench_result *result);
static int replay(struct drive *drive, struct bench_result *result);
static int follow(struct drive *drive, struct bench_result *result);
static int follow_paced(struct drive *drive, struct bench_result *result);
static int ask_ahead(struct drive *drive, const struct pacer *pacer, const struct souk_cause *base,
    struct bench_result *result);
static void *pace(void *arg);
static int request(struct drive *drive, struct bench_result *result);
static int rebuild(struct drive *drive, struct bench_result *result);
static void drive_init(struct drive *drive, struct bench_system *system, const struct bench_plan *plan);
static int warm(struct drive *drive);
static int write_events(struct drive *drive, uint64_t commands);
static int send_command(struct drive *drive);
static int take_answer(struct drive *drive, const struct souk_client_answer *answer);
static int pull_all(struct drive *drive, struct bench_result *result);
static int take_batches(struct drive *drive, const struct souk_client_pulled *pulled, struct souk_position *cursor,
    struct souk_arena *arena, uint64_t *events);
static int ask_row(struct drive *drive, enum bench_node node, const struct souk_cause *seen, void *arg);
static int row_of(struct drive *drive, const struct souk_client_answer *answer, uint64_t *writes_out);
static int is_there(struct drive *drive, enum bench_node node);
static void begin(struct drive *drive, struct bench_result *result);
static void end(struct drive *drive, struct bench_result *result);
static int failed(struct drive *drive, const char *what, const struct souk_error *err);
static uint64_t commands_of(const struct bench_plan *plan);
static uint64_t steady_us(void);

static const struct {
    const char *name;
    int (*run)(struct drive *drive, struct bench_result *result);
} works[] = {
    [BENCH_APPEND] = { "append", append },
    [BENCH_REPLAY] = { "replay", replay },
    [BENCH_LIVE] = { "live", follow },
    [BENCH_REQUEST] = { "request", request },
    [BENCH_REBUILD] = { "rebuild", rebuild },
};

int
souk_cli_bench_run(struct bench_system *system, const struct bench_plan *plan, struct bench_result *result_out)
{
    struct drive *drive = souk_cli_need(calloc(1, sizeof *drive));
    int status;

    result_out->cost_count = system->child_count;
    for (size_t i = 0; i < system->child_count; i++) {
        result_out->costs[i].name = system->children[i].node->name;
        result_out->costs[i].rest_bytes = souk_cli_bench_memory(system, (enum bench_node)i);
    }
    result_out->sync_us = souk_cli_bench_sync_us(system);
    drive_init(drive, system, plan);
    status = works[plan->work].run(drive, result_out);
    result_out->written = drive->written;
    for (size_t i = 0; i < system->child_count; i++)
        result_out->costs[i].store_bytes = souk_cli_bench_stored(system, (enum bench_node)i);
    free(drive);
    return status;
}

const char *
souk_cli_bench_work_name(enum bench_work work)
{
    return works[work].name;
}

/* ---- the five ------------------------------------------------------- */

static int
append(struct drive *drive, struct bench_result *result)
{
    int status;

    drive->is_recorded = drive->plan->is_recorded;
    result->waited_for = "a command";
    result->durability = drive->is_recorded
        ? "recorded: synced on the writer's disk and on the event store's before the answer"
        : "local: synced on the writer's disk before the answer; the event store records behind it";
    if ((status = warm(drive)) != 0)
        return status;
    begin(drive, result);
    drive->us = &result->us;
    status = write_events(drive, commands_of(drive->plan));
    end(drive, result);
    return status;
}

static int
replay(struct drive *drive, struct bench_result *result)
{
    int status;

    drive->is_recorded = true;
    result->waited_for = "a pull";
    result->durability = "read from the event store's synced log; every hash checked, every event decoded";
    if ((status = write_events(drive, commands_of(drive->plan))) != 0)
        return status;
    begin(drive, result);
    status = pull_all(drive, result);
    end(drive, result);
    return status;
}

/* As fast as it goes: over when the follower has applied everything. */
static int
follow(struct drive *drive, struct bench_result *result)
{
    int status;

    result->durability = "synced on the writer's disk, then applied and synced on the follower's, before it is counted";
    if (drive->plan->rate != 0)
        return follow_paced(drive, result);
    result->waited_for = "a command, on the writer's disk";
    if ((status = warm(drive)) != 0 || (status = is_there(drive, BENCH_FOLLOWER)) != 0)
        return status;
    begin(drive, result);
    drive->us = &result->us;
    if ((status = write_events(drive, commands_of(drive->plan))) == 0)
        status = is_there(drive, BENCH_FOLLOWER);
    end(drive, result);
    return status;
}

/*
 * From the sending of a command until a query sees at the follower what it
 * led to. A thread sends the commands, this one has asked beforehand.
 */
static int
follow_paced(struct drive *drive, struct bench_result *result)
{
    const uint64_t commands = commands_of(drive->plan);
    struct souk_cause base;
    struct pacer *pacer;
    pthread_t thread;
    int status;

    result->waited_for = "what a command led to, seen by a query at the follower";
    if ((status = warm(drive)) != 0 || (status = is_there(drive, BENCH_FOLLOWER)) != 0)
        return status;
    base = drive->last;
    pacer = souk_cli_need(calloc(1, sizeof *pacer));
    pacer->drive = *drive;
    pacer->commands = commands;
    pacer->sent_us = souk_cli_need(calloc(commands, sizeof *pacer->sent_us));
    if ((status = souk_cli_bench_client(drive->system, &pacer->drive.client)) == 0) {
        begin(drive, result);
        if (pthread_create(&thread, NULL, pace, pacer) != 0) {
            status = failed(drive, "no thread for the commands", NULL);
        } else {
            status = ask_ahead(drive, pacer, &base, result);
            atomic_store(&pacer->stops, status != 0);   /* else it takes the last answers: a query may be faster */
            (void)pthread_join(thread, NULL);
            status = status == 0 ? pacer->status : status;
            drive->written = pacer->drive.written;
            drive->last = pacer->drive.last;
        }
        end(drive, result);
    }
    souk_client_close(&pacer->drive.client);
    free(pacer->sent_us);
    free(pacer);
    return status != 0 ? status : is_there(drive, BENCH_FOLLOWER);
}

static int
request(struct drive *drive, struct bench_result *result)
{
    int status;

    drive->keeps = true;
    drive->is_recorded = drive->plan->is_recorded;
    result->waited_for = "a command";
    result->durability = drive->is_recorded
        ? "recorded: applied and synced on the writer's disk, and on the event store's, before the answer"
        : "local: applied and synced on the writer's disk before the answer";
    if ((status = warm(drive)) != 0)
        return status;
    begin(drive, result);
    drive->us = &result->us;
    status = write_events(drive, commands_of(drive->plan));
    end(drive, result);
    return status != 0 ? status : is_there(drive, BENCH_WRITER);
}

static int
rebuild(struct drive *drive, struct bench_result *result)
{
    uint64_t began_us;
    int status;

    drive->keeps = true;
    drive->is_recorded = true;
    result->waited_for = "the store, from an empty directory to live";
    result->durability = "applied and synced in the rebuilt store";
    if ((status = write_events(drive, commands_of(drive->plan))) != 0
        || (status = souk_cli_bench_wipe(drive->system, BENCH_WRITER)) != 0)
        return status;
    drive->client = drive->system->client;          /* another one, which has no connection to what was stopped */
    result->costs[BENCH_WRITER].rest_bytes = 0;     /* of the process that has gone */
    began_us = steady_us();
    begin(drive, result);
    if ((status = souk_cli_bench_start(drive->system, BENCH_WRITER)) == 0)
        souk_histogram_add(&result->us, steady_us() - began_us);
    end(drive, result);
    return status != 0 ? status : is_there(drive, BENCH_WRITER);
}

/* ---- writing -------------------------------------------------------- */

static void
drive_init(struct drive *drive, struct bench_system *system, const struct bench_plan *plan)
{
    drive->system = system;
    drive->plan = plan;
    drive->client = system->client;
    drive->random = UINT64_C(0x9e3779b97f4a7c15);
    drive->note_bytes = plan->bytes - ROW_BYTES - NOTE_HEAD_BYTES(plan->bytes);
    for (size_t i = 0; i < drive->note_bytes; i++)
        drive->note[i] = (uint8_t)(i * i * 31 + (i >> 3) + 7);
}

/* Caches, files and queues have their sizes; the place of the last event is known. */
static int
warm(struct drive *drive)
{
    const uint64_t commands = commands_of(drive->plan);
    const uint64_t most = (WARM_EVENTS + drive->plan->batch - 1) / drive->plan->batch;

    return write_events(drive, commands / 10 < most ? commands / 10 + 1 : most);
}

/* So many commands, as many of them under way at once as the plan says, until the last answer. */
static int
write_events(struct drive *drive, uint64_t commands)
{
    struct souk_client_answer answer;
    uint64_t sent = 0;
    int rc, status;

    while (sent < commands || souk_client_waiting(drive->client) > 0) {
        for (; sent < commands && souk_client_waiting(drive->client) < drive->plan->in_flight; sent++)
            if ((status = send_command(drive)) != 0)
                return status;
        if ((rc = souk_client_receive(drive->client, ANSWER_MS, &answer)) == 0)
            status = take_answer(drive, &answer);
        else
            status = rc == -SOUK_ENOTFOUND ? 0 : failed(drive, "receiving failed", NULL);
        if (status != 0)
            return status;
        if (!souk_cli_bench_look(drive->system))
            return drive->system->status;
    }
    return 0;
}

static int
send_command(struct drive *drive)
{
    const struct bench_plan *plan = drive->plan;
    struct writer_write command = { .rows = plan->rows, .events = plan->batch, .keeps = drive->keeps,
        .note = { drive->note, drive->note_bytes } };
    struct souk_client_request sent = { .node = souk_cli_bench_node(drive->system, BENCH_WRITER),
        .id = souk_client_new_id(), .name = souk_slice_of("writer.write"), .version = 1,
        .deadline_ms = REQUEST_MS, .is_recorded = drive->is_recorded };
    struct souk_error err = { 0 };
    struct souk_pack pack;
    int rc;

    drive->random ^= drive->random << 13;       /* xorshift64: the same rows in every run */
    drive->random ^= drive->random >> 7;
    drive->random ^= drive->random << 17;
    command.row = drive->random % plan->rows;
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = writer_write_encode(&command, &pack)) == 0) {
        sent.payload = souk_pack_slice(&pack);
        rc = souk_client_send(drive->client, &sent, &err);
    }
    souk_pack_done(&pack);
    return rc == 0 ? 0 : failed(drive, "a command cannot be sent", &err);
}

static int
take_answer(struct drive *drive, const struct souk_client_answer *answer)
{
    const struct souk_wire_reply *reply = &answer->reply;

    if (answer->is_late)
        return failed(drive, "a command was not answered within its deadline", NULL);
    if (reply->status != SOUK_STATUS_OK || reply->cursor_count != 1) {
        souk_cli_say(drive->system->cli, SOUK_CLI_RED, "a command was not done: %.*s (%.*s)",
            (int)reply->code.size_bytes, (const char *)reply->code.base, (int)reply->text.size_bytes,
            (const char *)reply->text.base);
        return EX_SOFTWARE;
    }
    if (drive->is_recorded && reply->durability != SOUK_DURABILITY_RECORDED)
        return failed(drive, "a command was answered before the event store had recorded it", NULL);
    drive->written += drive->plan->batch;
    if (reply->cursors[0].point.number > drive->last.point.number)
        drive->last = reply->cursors[0];
    if (drive->us != NULL)
        souk_histogram_add(drive->us, answer->took_us);
    return 0;
}

/* ---- at a rate ------------------------------------------------------ */

/* A command is due at a time of its own; what is sent late, because sending stood still, counts from when it was due. */
static void *
pace(void *arg)
{
    struct pacer *pacer = arg;
    const uint64_t interval_us = US_PER_S / pacer->drive.plan->rate;
    struct souk_client_answer answer;
    uint64_t due_us = steady_us();

    (void)prctl(PR_SET_TIMERSLACK, 1);
    for (uint64_t i = 0; i < pacer->commands && pacer->status == 0 && !atomic_load(&pacer->stops); i++) {
        const struct timespec due = { .tv_sec = (time_t)(due_us / US_PER_S),
            .tv_nsec = (long)(due_us % US_PER_S) * 1000 };
        uint64_t now_us;

        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0)
            continue;
        now_us = steady_us();
        atomic_store(&pacer->sent_us[i], now_us - due_us > interval_us ? due_us : now_us);
        pacer->status = send_command(&pacer->drive);
        /* A service that does not keep up is waited for; what became due meanwhile counts from then. */
        while (pacer->status == 0 && souk_client_receive(pacer->drive.client,
            souk_client_waiting(pacer->drive.client) < SOUK_CLIENT_WAITING_MAX / 2 ? 0 : ANSWER_MS, &answer) == 0)
            pacer->status = take_answer(&pacer->drive, &answer);
        due_us += interval_us;
    }
    while (pacer->status == 0 && !atomic_load(&pacer->stops) && souk_client_waiting(pacer->drive.client) > 0)
        if (souk_client_receive(pacer->drive.client, ANSWER_MS, &answer) == 0)
            pacer->status = take_answer(&pacer->drive, &answer);
    return NULL;
}

/* The writer's numbers have no holes, so what the i-th command will lead to has its place before it is sent. */
static int
ask_ahead(struct drive *drive, const struct pacer *pacer, const struct souk_cause *base, struct bench_result *result)
{
    const struct bench_plan *plan = drive->plan;
    const uint64_t ahead = plan->rate / AHEAD_PER_S > AHEAD_MAX ? AHEAD_MAX : plan->rate / AHEAD_PER_S + 1;
    struct souk_client_answer answer;
    uint64_t asked = 0, answered = 0, writes, now_us;
    int rc, status;

    while (answered < pacer->commands) {
        for (; asked < pacer->commands && asked - answered < ahead; asked++) {
            struct souk_cause seen = *base;

            seen.point.number += (asked + 1) * plan->batch;
            if ((status = ask_row(drive, BENCH_FOLLOWER, &seen, (void *)(uintptr_t)&pacer->sent_us[asked])) != 0)
                return status;
        }
        if (!souk_cli_bench_look(drive->system))
            return drive->system->status;
        if ((rc = souk_client_receive(drive->client, ANSWER_MS, &answer)) == -SOUK_ENOTFOUND)
            continue;
        now_us = steady_us();
        if (rc != 0)
            return failed(drive, "receiving failed", NULL);
        if ((status = row_of(drive, &answer, &writes)) != 0)
            return status;
        souk_histogram_add(&result->us, now_us - atomic_load((_Atomic uint64_t *)answer.arg));
        answered++;
    }
    return 0;
}

/* ---- reading -------------------------------------------------------- */

/* The next pull is under way while the batches of the one before are looked at. */
static int
pull_all(struct drive *drive, struct bench_result *result)
{
    const struct souk_topology_node *store = souk_cli_bench_node(drive->system, BENCH_STORE);
    struct souk_wire_pull pull = { .credit_bytes = PULL_BYTES, .cursor_count = 1 };
    struct souk_position cursor = { .number = 0 };
    struct souk_client_pulled pulled;
    struct souk_batch_header header;
    struct souk_error err = { 0 };
    struct souk_arena arena;
    uint64_t began_us = steady_us(), events = 0;
    int rc, status = 0;

    souk_arena_init(&arena, 0);
    if ((rc = souk_name_set(&pull.cursors[0].stream, souk_slice_of(BENCH_STREAM))) == 0)
        rc = souk_client_pull_begin(drive->client, store, &pull, &err);
    while (rc == 0 && (rc = souk_client_pull_end(drive->client, PULL_MS, &pulled, &err)) == 0) {
        souk_histogram_add(&result->us, steady_us() - began_us);
        if (pulled.batch_count == 0)
            break;
        if (souk_batch_peek(pulled.batches[pulled.batch_count - 1], &header) != 0) {
            status = failed(drive, "a batch is not what the protocol says", NULL);
            break;
        }
        pull.cursors[0].position = souk_batch_end(&header);
        began_us = steady_us();
        if ((rc = souk_client_pull_begin(drive->client, store, &pull, &err)) == 0
            && (status = take_batches(drive, &pulled, &cursor, &arena, &events)) != 0)
            break;
    }
    souk_arena_done(&arena);
    if (rc != 0)
        return failed(drive, "the event store does not answer a pull", &err);
    if (status == 0 && events != drive->written) {
        souk_cli_say(drive->system->cli, SOUK_CLI_RED, "%" PRIu64 " events were written, %" PRIu64 " were replayed",
            drive->written, events);
        status = EX_SOFTWARE;
    }
    return status;
}

static int
take_batches(struct drive *drive, const struct souk_client_pulled *pulled, struct souk_position *cursor,
    struct souk_arena *arena, uint64_t *events)
{
    struct souk_batch_header header;
    struct souk_events walk;
    struct souk_event event;
    struct load_noted noted;
    int rc;

    for (size_t i = 0; i < pulled->batch_count; i++) {
        if (souk_batch_read(pulled->batches[i], &header) != 0 || !souk_batch_extends(&header, cursor))
            return failed(drive, "a batch is damaged, or does not follow on the one before", NULL);
        *cursor = souk_batch_end(&header);
        if (header.count == 0)
            continue;                           /* an epoch's record */
        if (souk_events_init(&walk, &header) != 0)
            return failed(drive, "the events of a batch cannot be read", NULL);
        while ((rc = souk_events_next(&walk, &event)) == 0) {
            if (load_noted_decode(event.payload, arena, &noted) != 0 || noted.note.size_bytes != drive->note_bytes)
                return failed(drive, "an event is not what was written", NULL);
            (*events)++;
        }
        souk_arena_reset(arena);
        if (rc != -SOUK_ENOTFOUND)
            return failed(drive, "the events of a batch cannot be read", NULL);
    }
    return 0;
}

static int
ask_row(struct drive *drive, enum bench_node node, const struct souk_cause *seen, void *arg)
{
    struct souk_client_request sent = { .node = souk_cli_bench_node(drive->system, node), .is_query = true,
        .id = souk_client_new_id(), .name = souk_slice_of("load.row"), .version = 1, .deadline_ms = CATCH_UP_MS,
        .seen_count = 1, .seen[0] = *seen, .arg = arg };
    struct souk_error err = { 0 };
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = load_row_encode(&(struct load_row){ .row = 0 }, &pack)) == 0) {
        sent.payload = souk_pack_slice(&pack);
        rc = souk_client_send(drive->client, &sent, &err);
    }
    souk_pack_done(&pack);
    return rc == 0 ? 0 : failed(drive, "a query cannot be sent", &err);
}

/* How often row 0 was written. UINT64_MAX: the answer is that it is not there yet. */
static int
row_of(struct drive *drive, const struct souk_client_answer *answer, uint64_t *writes_out)
{
    struct load_row_reply reply;
    struct souk_wire_entry entry;
    struct souk_unpack in;

    *writes_out = UINT64_MAX;
    if (answer->is_late || answer->reply.status == SOUK_STATUS_PENDING)
        return 0;
    souk_unpack_init(&in, answer->reply.body);
    if (answer->reply.status != SOUK_STATUS_OK || souk_wire_body_next(&in, &entry) != 0
        || load_row_reply_decode(entry.payload, NULL, &reply) != 0)
        return failed(drive, "a query was not answered", NULL);
    *writes_out = reply.writes;
    return 0;
}

/* Wait until a node has applied all that was written; of a table with one row, that it was counted once each. */
static int
is_there(struct drive *drive, enum bench_node node)
{
    struct souk_client_answer answer;
    uint64_t writes = UINT64_MAX;
    int rc, status;

    for (int i = 0; i < CATCH_UP_TRIES && writes == UINT64_MAX; i++) {
        if ((status = ask_row(drive, node, &drive->last, NULL)) != 0)
            return status;
        while ((rc = souk_client_receive(drive->client, ANSWER_MS, &answer)) == -SOUK_ENOTFOUND)
            if (!souk_cli_bench_look(drive->system))
                return drive->system->status;
        if (rc != 0)
            return failed(drive, "receiving failed", NULL);
        if ((status = row_of(drive, &answer, &writes)) != 0)
            return status;
    }
    if (writes == UINT64_MAX)
        return failed(drive, "a node does not catch up", NULL);
    if (drive->plan->rows == 1 && writes != drive->written) {
        souk_cli_say(drive->system->cli, SOUK_CLI_RED, "%" PRIu64 " events were written, %s has applied %" PRIu64,
            drive->written, drive->system->children[node].node->name.text, writes);
        return EX_SOFTWARE;
    }
    return 0;
}

/* ---- measuring ------------------------------------------------------ */

static void
begin(struct drive *drive, struct bench_result *result)
{
    double cpu_s[BENCH_NODES_MAX] = { 0 };

    souk_cli_bench_cpu(drive->system, cpu_s, &result->client_cpu_s);
    for (size_t i = 0; i < result->cost_count; i++)
        result->costs[i].cpu_s = -cpu_s[i];
    result->client_cpu_s = -result->client_cpu_s;
    result->seconds = -(double)steady_us() / US_PER_S;
}

static void
end(struct drive *drive, struct bench_result *result)
{
    double cpu_s[BENCH_NODES_MAX] = { 0 };
    double own_s;

    result->seconds += (double)steady_us() / US_PER_S;
    souk_cli_bench_cpu(drive->system, cpu_s, &own_s);
    for (size_t i = 0; i < result->cost_count; i++)
        result->costs[i].cpu_s += cpu_s[i];
    result->client_cpu_s += own_s;
    result->commands = commands_of(drive->plan);
    result->events = result->commands * drive->plan->batch;
}

static int
failed(struct drive *drive, const char *what, const struct souk_error *err)
{
    souk_cli_say(drive->system->cli, SOUK_CLI_RED, "%s%s%s", what, err == NULL || err->text[0] == '\0' ? "" : ": ",
        err == NULL ? "" : err->text);
    return EX_SOFTWARE;
}

static uint64_t
commands_of(const struct bench_plan *plan)
{
    return (plan->events + plan->batch - 1) / plan->batch;
}

static uint64_t
steady_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}
