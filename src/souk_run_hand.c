#include "souk_run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_beside.h"
#include "souk_directory.h"
#include "souk_pass_key.h"
#include "souk_refusal.h"
#include "souk_sandbox.h"
#include "souk_wire.h"

#define BUSY_RETRY_MS 100
#define PATIENCE_DRAINS 3               /* the new one has so many drain_ms; then the old one goes on */
#define ARGUMENTS_MAX 64
#define ARGUMENTS_BYTES_MAX (64 * 1024)

static void beside_path(const struct run *run, char path[sizeof ((struct run *)NULL)->store_path]);
static bool can_run(const struct run *run, const char *beside, struct souk_arena *arena, const char **program_out);
static bool can_read_pass_key(const struct run *run);
static void hand_over(struct run *run, const char *beside, struct souk_time now);
static void take_back(struct run *run, const char *beside, const char *why);
static int swap(const struct run *run, const char *beside);
static void begin_program(const struct run *run);

/* By files, so once a second is enough until it has begun. */
void
run_hand_look(struct run *run, struct souk_time now)
{
    char beside[sizeof run->store_path];
    struct souk_arena arena;
    const char *program;

    beside_path(run, beside);
    if (run->config->service == NULL || run->hand != RUN_HAND_NOT || run->stopping
        || run->engine.type->state(&run->engine) != SOUK_CORE_LIVE || !souk_beside_has(beside, SOUK_BESIDE_CLOSE)
        || !souk_beside_is_held(beside))
        return;
    souk_arena_init(&arena, 0);
    if (!can_run(run, beside, &arena, &program)) {
        take_back(run, beside, "its program cannot be run");
    } else if (!can_read_pass_key(run)) {
        take_back(run, beside, "its key of passes was exchanged for one that its sandbox does not let it read, so it has to be started"
            " again");
    } else {
        souk_report(run->report, SOUK_LEVEL_INFO, "hands_over", "to %s, which has filled %s", program, beside);
        run->hand = RUN_HAND_DRAINS;
        run->hand_due_ms = now.steady_ms + run->config->node->shell_limits.drain_ms;
    }
    souk_arena_done(&arena);
}

void
run_hand_work(struct run *run, struct souk_time now)
{
    char beside[sizeof run->store_path];

    beside_path(run, beside);
    if (run->hand == RUN_HAND_DRAINS) {
        if (run->engine.type->drain(&run->engine))
            hand_over(run, beside, now);
        else if (now.steady_ms >= run->hand_due_ms)
            run->engine.type->hurry(&run->engine);
        else if (!souk_beside_is_held(beside))
            take_back(run, beside, "the process beside has ended");
        return;
    }
    if (souk_beside_is_held(beside)) {
        if (now.steady_ms >= run->hand_due_ms)
            take_back(run, beside, "the process beside did not get there in time");
        return;
    }
    if (!souk_beside_has(beside, SOUK_BESIDE_READY)) {
        take_back(run, beside, "the process beside has ended");
        return;
    }
    run->hand = RUN_HAND_DONE;
    run_end(run, EX_OK);
}

/* The new program is in the sandbox of this one, which knows files and not names: a key that was exchanged is another file. */
static bool
can_read_pass_key(const struct run *run)
{
    const struct souk_run_config *config = run->config;
    char path[SOUK_PASS_KEY_PATH_BYTES];
    int fd;

    if (config->topology->pass_issuer != config->node)
        return true;
    souk_pass_key_path(config->topology, config->keys, true, path);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
        return errno != EACCES;                 /* the new one will say what else there is */
    (void)close(fd);
    return true;
}

/* Nothing is under way: from here on it decides nothing, but gives what it has. */
static void
hand_over(struct run *run, const char *beside, struct souk_time now)
{
    struct souk_slice handed = souk_core_hand_over(run->engine.core);

    if (handed.size_bytes == 0 || (handed = souk_arena_copy(&run->handed_arena, handed)).base == NULL
        || run_witness(run) != 0 || souk_beside_put(beside, SOUK_BESIDE_HANDED_OVER, handed) != 0) {
        take_back(run, beside, "its last word cannot be written");
        return;
    }
    run->handed = handed;
    run->hand = RUN_HAND_WAITS;
    run->hand_due_ms = now.steady_ms + (uint64_t)PATIENCE_DRAINS * run->config->node->shell_limits.drain_ms;
}

/* The new store never said anything to anybody; this one is still the newest. */
static void
take_back(struct run *run, const char *beside, const char *why)
{
    souk_report(run->report, SOUK_LEVEL_WARN, "takes_back", "%s: it goes on as it was", why);
    (void)souk_directory_remove(beside);
    if (run->hand != RUN_HAND_NOT)
        souk_core_take_back(run->engine.core);
    run->hand = RUN_HAND_NOT;
}

bool
run_hand_hear(struct run *run, const struct souk_socket_message *message)
{
    const struct souk_slice route = { message->route, message->route_bytes };
    struct souk_wire_request request;
    struct souk_wire_reply *reply;
    struct souk_outbox outbox;
    struct souk_slice frame;
    struct souk_pack pack;
    struct souk_out *out;

    if (run->hand != RUN_HAND_WAITS)
        return false;
    if (souk_wire_kind(message->frames[0]) != SOUK_WIRE_REQUEST || souk_wire_request_get(message->frames[0], &request) != 0
        || (reply = malloc(sizeof *reply)) == NULL)
        return true;                            /* event stores say it again */
    souk_wire_reply_init(reply, &request.id, SOUK_STATUS_BUSY);
    reply->code = souk_slice_of("rebuilding");
    reply->text = souk_slice_of("the service is being handed over");
    reply->retry_after_ms = BUSY_RETRY_MS;
    souk_outbox_init(&outbox);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_reply_put(&pack, reply);
    frame = souk_pack_slice(&pack);
    if (pack.rc == 0 && souk_outbox_put(&outbox, SOUK_OUT_REPLY, SOUK_DOOR_COMMANDS, NULL, route, &frame, 1) == 0)
        souk_outbox_release(&outbox);
    if ((out = souk_outbox_take(&outbox)) == NULL || souk_socket_send(run->commands, out) != 0)
        run->replies_dropped++;
    souk_out_free(&out);
    souk_pack_done(&pack);
    souk_outbox_done(&outbox);
    free(reply);
    return true;
}

/* ---- the end -------------------------------------------------------- */

/* After close: the new store gets the place of this one, the new program that of this process. Returns when that failed. */
void
run_hand_finish(const struct run *run)
{
    char beside[sizeof run->store_path];

    beside_path(run, beside);
    if (swap(run, beside) == 0)
        begin_program(run);
}

static int
swap(const struct run *run, const char *beside)
{
    static const char *const said[] = { SOUK_BESIDE_CLOSE, SOUK_BESIDE_HANDED_OVER, SOUK_BESIDE_READY };
    char before[sizeof run->store_path];
    struct souk_witness *witness = NULL;
    struct souk_error err = { 0 };

    (void)snprintf(before, sizeof before, "%.*s/" SOUK_BESIDE_BEFORE, (int)(sizeof before - sizeof SOUK_BESIDE_BEFORE - 1),
        run->config->node->data);
    (void)souk_directory_remove(before);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        souk_beside_remove(beside, said[i]);
    if (souk_directory_replace(run->store_path, beside, before) != 0
        || souk_witness_open(run->config->node->witness, run->store_path, &witness, &err) != 0
        || souk_witness_write(witness, run->handed) != 0)
        goto fail;
    souk_witness_close(&witness);
    return 0;

fail:
    souk_report(run->report, SOUK_LEVEL_ERROR, "not_replaced", "%s: %s", run->store_path, err.code != 0 ? err.text
        : strerror(errno));
    souk_witness_close(&witness);
    return -1;
}

/* With the arguments of this process, and in its place: whoever looks after it notices nothing. */
static void
begin_program(const struct run *run)
{
    static char bytes[ARGUMENTS_BYTES_MAX + 1];
    static char program[sizeof run->store_path];
    char *arguments[ARGUMENTS_MAX + 1];
    struct souk_arena arena;
    struct souk_slice path;
    size_t count = 0;
    ssize_t n = -1;
    int fd;

    souk_arena_init(&arena, 0);
    if (souk_beside_get(run->store_path, SOUK_BESIDE_PROGRAM, &arena, &path) == 0 && path.size_bytes < sizeof program)
        memcpy(program, path.base, path.size_bytes);
    souk_arena_done(&arena);
    souk_beside_remove(run->store_path, SOUK_BESIDE_PROGRAM);
    if ((fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)) >= 0) {
        n = read(fd, bytes, ARGUMENTS_BYTES_MAX);
        (void)close(fd);
    }
    for (char *at = bytes; n > 0 && at < bytes + n && count < ARGUMENTS_MAX; at += strlen(at) + 1)
        arguments[count++] = at;
    arguments[count] = NULL;
    if (count != 0 && program[0] != '\0') {
        arguments[0] = program;
        souk_report(run->report, SOUK_LEVEL_INFO, "replaced", "%s goes on in its place", program);
        (void)souk_sandbox_exec(program, arguments);
    }
    souk_report(run->report, SOUK_LEVEL_ERROR, "not_replaced", "%s cannot be started: %s; the new store is in place,"
        " start the new program", program, strerror(errno));
}

static void
beside_path(const struct run *run, char path[sizeof ((struct run *)NULL)->store_path])
{
    (void)snprintf(path, sizeof run->store_path, "%.*s/" SOUK_BESIDE_DIRECTORY,
        (int)(sizeof run->store_path - sizeof SOUK_BESIDE_DIRECTORY - 1), run->config->node->data);
}

static bool
can_run(const struct run *run, const char *beside, struct souk_arena *arena, const char **program_out)
{
    struct souk_slice path;
    char *text;
    int fd;

    if (souk_beside_get(beside, SOUK_BESIDE_PROGRAM, arena, &path) != 0 || path.size_bytes == 0
        || path.size_bytes >= sizeof run->store_path)
        return false;
    if ((text = souk_arena_alloc(arena, path.size_bytes + 1)) == NULL)
        return false;
    memcpy(text, path.base, path.size_bytes);
    text[path.size_bytes] = '\0';
    *program_out = text;
    if ((fd = open(text, O_RDONLY | O_CLOEXEC)) < 0)    /* access() would not ask the sandbox */
        return false;
    (void)close(fd);
    return access(text, X_OK) == 0;
}
