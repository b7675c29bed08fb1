#include "souk_run_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_beside.h"
#include "souk_directory.h"
#include "souk_keyring.h"

#define CLOSE_EVENTS_MAX 2000           /* so far behind it asks for the last word: a moment's work */
#define HEADS_MIN 3                     /* intervals of heads before it believes that it is close */
#define TELL_MS 1000
#define SLEEP_MAX_MS 20                 /* files are looked at so often */
#define HEAR_MAX 1024
#define PATH_BYTES_MAX 4096

static int open_beside(struct run *run, struct souk_error *err);
static int open_core(struct run *run, struct souk_error *err);
static void follow(struct run *run);
static void hear(struct run *run, struct souk_time now);
static void work(struct run *run, struct souk_time now);
static void send_pulls(struct run *run, uint64_t steady_ms);
static bool is_close(const struct run *run, struct souk_time now);
static void take_over(struct run *run);
static void tell(struct run *run, struct souk_time now);
static void fail(struct run *run, int rc, const char *what);

int
run_beside(const struct souk_run_config *config)
{
    struct run *run = calloc(1, sizeof *run);
    struct souk_error err = { 0 };
    int rc, status;

    if (run == NULL) {
        souk_report(config->report, SOUK_LEVEL_ERROR, "failed", "no memory");
        return EX_OSERR;
    }
    run->config = config;
    run->report = config->report;
    run->signal_fd = -1;
    souk_arena_init(&run->handed_arena, 0);
    (void)pthread_mutex_init(&run->shared.mutex, NULL);
    if ((rc = open_beside(run, &err)) != 0) {
        souk_report(run->report, SOUK_LEVEL_ERROR, "not_started", "%s", err.text);
        run_end(run, run_exit_status(rc));
    } else {
        souk_report(run->report, SOUK_LEVEL_INFO, "beside", "it fills %s", run->store_path);
        follow(run);
    }
    status = run->exit_status;
    souk_links_close(&run->links);
    souk_socket_message_done(&run->message);
    run_access_close(run);
    souk_socket_context_done(&run->context);
    souk_engine_close(&run->engine);
    souk_keyring_close(&run->wiring.keyring);
    souk_store_close(&run->store);
    if (run->signal_fd >= 0)
        (void)close(run->signal_fd);
    (void)pthread_mutex_destroy(&run->shared.mutex);
    free(run);
    return status;
}

static int
open_beside(struct run *run, struct souk_error *err)
{
    const struct souk_run_config *config = run->config;
    char program[PATH_BYTES_MAX];
    ssize_t n;
    int rc;

    run->wiring = *config->wiring;
    run->wiring.random = (struct souk_random){ run_random, NULL };
    souk_limits_fill(&run->wiring.limits);
    if ((size_t)snprintf(run->store_path, sizeof run->store_path, "%s/" SOUK_BESIDE_DIRECTORY, config->node->data)
        >= sizeof run->store_path)
        return souk_fail(err, SOUK_ETOOBIG, "data directory %s: its name is too long", config->node->data);
    if (souk_beside_is_held(run->store_path))
        return souk_fail(err, SOUK_EBUSY, "%s: a process is filling it already", run->store_path);
    if (souk_directory_remove(run->store_path) != 0)
        return souk_fail(err, SOUK_EIO, "%s: what an earlier try has left cannot be removed: %s", run->store_path,
            strerror(errno));
    if ((rc = run_take_signals(run, err)) != 0 || (rc = run_keyring_open(run, err)) != 0
        || (rc = open_core(run, err)) != 0)
        return rc;
    if ((n = readlink("/proc/self/exe", program, sizeof program)) <= 0 || (size_t)n == sizeof program
        || souk_beside_put(run->store_path, SOUK_BESIDE_PROGRAM, (struct souk_slice){ program, (size_t)n }) != 0)
        return souk_fail(err, SOUK_EIO, "%s: its program cannot be named there: %s", run->store_path, strerror(errno));
    if ((run->context = souk_socket_context()) == NULL || souk_socket_message_init(&run->message) != 0)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its sockets", run->wiring.self.text);
    if ((rc = run_access_open(run, err)) != 0)
        return rc;
    if ((rc = souk_links_open(&run->links, run->context, config->topology, &run->wiring, run->key, run->access, err))
        != 0)
        return rc;
    return run->wiring.stream_count == 0 ? 0 : souk_links_follow_self(&run->links, err);
}

static int
open_core(struct run *run, struct souk_error *err)
{
    const struct souk_store_config store = { .path = run->store_path,
        .bytes_max = run->config->node->shell_limits.store_bytes_max };
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_store_open(&store, &run->store, err)) != 0)
        return rc;
    if ((rc = souk_txn_begin(run->store, SOUK_TXN_WRITE, &txn)) == 0)
        rc = souk_engine_open_beside(run->config->service, &run->wiring, txn, run_time(), &run->engine, err);
    if (rc == 0)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    return rc == 0 || err->code != 0 ? rc : souk_fail(err, (enum souk_error_code)-rc, "%s: it cannot be begun: %s",
        run->store_path, souk_error_name(rc));
}

/* ---- following ------------------------------------------------------ */

static void
follow(struct run *run)
{
    struct souk_socket_waited signals = { .fd = run->signal_fd }, *items[1 + SOUK_LINKS_MAX] = { &signals };
    const struct souk_engine_type *type = run->engine.type;

    run->started_ms = run_time().steady_ms;
    while (!run->ended) {
        struct souk_time now = run_time();
        const uint32_t count = 1 + souk_links_wait(&run->links, items + 1);
        struct signalfd_siginfo signal;

        if (souk_socket_wait(items, count, type->wants_work(&run->engine, now) ? 0
            : run_timeout_ms(type->due_ms(&run->engine), now.steady_ms, SLEEP_MAX_MS)) != 0) {
            souk_report(run->report, SOUK_LEVEL_ERROR, "poll", "its sockets cannot be waited for");
            run_end(run, EX_OSERR);
            break;
        }
        now = run_time();
        while (read(run->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal)
            if (signal.ssi_signo != SIGHUP) {
                souk_report(run->report, SOUK_LEVEL_WARN, "gave_up", "it was told to stop; the running process goes on");
                run_end(run, EX_TEMPFAIL);
            }
        if (souk_store_place(run->store) != SOUK_STORE_THERE) {
            souk_report(run->report, SOUK_LEVEL_ERROR, "gave_up",
                "the running process goes on as it was; its log says why");
            run_end(run, EX_TEMPFAIL);
        }
        hear(run, now);
        send_pulls(run, now.steady_ms);
        if (type->wants_work(&run->engine, now) && !run->ended)
            work(run, now);
        souk_links_flush(&run->links, now.steady_ms);
        if (!run->has_handed && is_close(run, now)) {
            souk_report(run->report, SOUK_LEVEL_INFO, "close", "it asks the running process for its last word");
            if (souk_beside_put(run->store_path, SOUK_BESIDE_CLOSE, (struct souk_slice){ NULL, 0 }) != 0)
                fail(run, -SOUK_EIO, "its directory cannot be written");
            run->has_handed = true;
        }
        if (run->has_handed && run->handed.size_bytes == 0)
            take_over(run);
        if (now.steady_ms >= run->status_due_ms)
            tell(run, now);
    }
    souk_arena_done(&run->handed_arena);
}

static void
hear(struct run *run, struct souk_time now)
{
    struct souk_socket_message *message = &run->message;

    for (uint32_t i = 0; i < run->links.count; i++) {
        struct souk_link *link = &run->links.links[i];
        int rc = 0;

        link->waited.is_idle = false;
        for (int k = 0; k < HEAR_MAX && rc != -SOUK_ENOTFOUND && rc != -SOUK_EIO; k++) {
            if ((rc = souk_socket_receive(link->socket, link->kind, message)) != 0)
                continue;
            if (link->kind == SOUK_SOCKET_FOLLOW)
                run->engine.type->hear_published(&run->engine, &link->peer, message->frames, message->frame_count, now);
            else
                run->engine.type->hear_answer(&run->engine, &link->peer, message->frames, message->frame_count, now);
        }
    }
}

/* As the writer's, without a witness: nothing of this store counts before it is handed over. */
static void
work(struct run *run, struct souk_time now)
{
    const struct souk_engine_type *type = run->engine.type;
    struct souk_txn *txn = NULL;
    bool changed = false;
    int rc;

    if ((rc = souk_txn_begin(run->store, SOUK_TXN_WRITE, &txn)) == 0)
        rc = type->work(&run->engine, txn, now, &changed);
    if (rc == 0 && changed)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    if (rc == -SOUK_EHANDLER) {                 /* what was in that commit is run one by one */
        if ((rc = souk_txn_begin(run->store, SOUK_TXN_WRITE, &txn)) == 0)
            rc = type->aborted(&run->engine, -SOUK_EHANDLER, txn, now);
        souk_txn_abort(&txn);
    } else if (rc == 0) {
        type->committed(&run->engine, now);
        send_pulls(run, now.steady_ms);
    }
    if (rc != 0) {
        fail(run, rc, "its store cannot be filled");
        return;
    }
    if (type->state(&run->engine) == SOUK_CORE_BROKEN) {
        fail(run, -SOUK_EHANDLER, "an own event cannot be applied: the program does not fit its history");
    } else if (type->state(&run->engine) == SOUK_CORE_LIVE) {
        if (souk_beside_put(run->store_path, SOUK_BESIDE_READY, (struct souk_slice){ NULL, 0 }) != 0) {
            fail(run, -SOUK_EIO, "its directory cannot be written");
            return;
        }
        tell(run, now);
        souk_report(run->report, SOUK_LEVEL_INFO, "handed_over", "all that the running process had is in the new store");
        run_end(run, EX_OK);
    }
}

/* It answers and says nothing; it asks for what it lacks. */
static void
send_pulls(struct run *run, uint64_t steady_ms)
{
    struct souk_outbox *outbox = run->engine.type->outbox(&run->engine);
    struct souk_out *out;

    while ((out = souk_outbox_take(outbox)) != NULL) {
        if (out->kind == SOUK_OUT_SEND && out->door == SOUK_DOOR_QUERIES)
            souk_links_send(&run->links, &out, steady_ms);
        souk_out_free(&out);
    }
}

/* As far as it knows; so it has to have heard of its own streams, and for a while of the others. */
static bool
is_close(const struct run *run, struct souk_time now)
{
    struct souk_stream_status stream;

    if (now.steady_ms < run->started_ms + (uint64_t)HEADS_MIN * run->wiring.limits.head_ms)
        return false;
    for (uint32_t i = 0; souk_core_stream(run->engine.core, i, &stream); i++)
        if (strcmp(stream.origin.text, run->wiring.self.text) == 0 && stream.heard.epoch.counter == 0)
            return false;
    return souk_core_behind(run->engine.core) <= CLOSE_EVENTS_MAX;
}

static void
take_over(struct run *run)
{
    int rc = souk_beside_get(run->store_path, SOUK_BESIDE_HANDED_OVER, &run->handed_arena, &run->handed);

    if (rc == 0)
        rc = souk_core_take_over(run->engine.core, run->handed);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        fail(run, rc, "what the running process has handed over cannot be used");
}

static void
tell(struct run *run, struct souk_time now)
{
    struct souk_core_status status;
    struct souk_line line;

    run->status_due_ms = now.steady_ms + TELL_MS;
    souk_core_status(run->engine.core, &status);
    souk_line_begin(&line, run->report, SOUK_LEVEL_INFO, "rebuilding");
    souk_line_uint(&line, "applied", status.events_applied);
    souk_line_uint(&line, "behind", souk_core_behind(run->engine.core));
    souk_line_end(&line);
}

static void
fail(struct run *run, int rc, const char *what)
{
    souk_report(run->report, SOUK_LEVEL_ERROR, "failed", "%s: %s; the running process goes on", what,
        souk_error_name(rc));
    run_end(run, run_exit_status(rc));
}
