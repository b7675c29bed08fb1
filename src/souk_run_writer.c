#include "souk_run_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_notify.h"
#include "souk_version.h"

#define HEAR_MAX 1024                   /* messages of one socket before a round of work */
#define HEAR_BYTES_MAX (8 * 1024 * 1024)    /* and their bytes */
#define SLEEP_MAX_MS 1000
#define SLEEP_STOPPING_MAX_MS 20
#define STATUS_EVERY_MS 100
#define ROOM_EVERY_MS 1000
#define DISK_FREE_MIB_MIN 32            /* with less, commands are refused as full */
#define REFUSE_EVERY_MS 500             /* while the disk is low; a refusing machine goes on by itself after a second */
#define PROC_LINE_BYTES_MAX 128
#define HEADS_APART_MS 50               /* heads for new subscribers: each of them costs every follower a frame */
#define TRIM_GROWN_BYTES (1024 * 1024)  /* who uses so much more than when it last did gives back what lies unused */
#define LET_GO_GROWN_BYTES (1024 * 1024)        /* the same of pages of files, which the kernel's cache has anyway */
#define TRIM_EVERY_MS 5000
#define ITEMS_FIXED 5                   /* commands, publish, signals, a backup that has ended, what was prepared */

static void hear_signals(struct run *run, struct souk_time now);
static void reload(struct run *run);
static void hear_door(struct run *run, struct souk_time now);
static void hear_subscribers(struct run *run);
static void hear_link(struct run *run, struct souk_link *link, struct souk_time now);
static int receive(struct run *run, void *socket, enum souk_socket_kind kind, size_t *bytes);
static void work(struct run *run, struct souk_time now);
static void aborted(struct run *run, int rc, struct souk_time now);
static void tell_aborted(struct run *run, int rc, struct souk_time now);
static void fail(struct run *run, int rc, const char *what);
static void send_all(struct run *run, uint64_t steady_ms);
static void look_at_state(struct run *run);
static void give_back(struct run *run, struct souk_time now);
static void note_status(struct run *run, struct souk_time now);
static void tell_changes(struct run *run, const struct souk_node_status *status, struct souk_time now);
static void tell_room(struct run *run, struct souk_time now);
static void stop(struct run *run, struct souk_time now);
static uint64_t memory_bytes(const char *kind);
static void feed_watchdog(struct run *run, struct souk_time now);

int
run_writer_open(struct run *run, struct souk_error *err)
{
    const struct souk_topology_node *self = run->config->node;
    const struct souk_socket_keys keys = run_door_keys(run);
    struct souk_node_status *status = &run->shared.status;
    struct rlimit files;
    int rc;

    (void)snprintf(status->version, sizeof status->version, "%s", souk_version());
    souk_version_libraries(status->libraries, sizeof status->libraries);
    status->pid = (uint64_t)getpid();
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        status->descriptors_max = files.rlim_cur;

    if ((rc = souk_socket_message_init(&run->message)) != 0)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its messages", run->wiring.self.text);
    if ((rc = souk_socket_open(run->context, SOUK_SOCKET_COMMANDS, self->commands, &keys, &run->commands,
        err)) != 0
        || (rc = souk_socket_open(run->context, SOUK_SOCKET_PUBLISH, self->publish, &keys, &run->publish, err)) != 0)
        return rc;
    return souk_links_open(&run->links, run->context, run->config->topology, &run->wiring, run->key, run->access, err);
}

void
run_writer_close(struct run *run)
{
    souk_links_close(&run->links);
    souk_socket_close(&run->publish);
    souk_socket_close(&run->commands);
    souk_socket_message_done(&run->message);
}

/* ---- the loop ------------------------------------------------------- */

void
run_writer(struct run *run)
{
    const struct souk_engine_type *type = run->engine.type;
    struct souk_socket_waited fixed[ITEMS_FIXED], *items[ITEMS_FIXED + SOUK_LINKS_MAX];

    while (!run->ended) {
        struct souk_time now = run_time();
        uint64_t due_ms = type->due_ms(&run->engine), at_ms = souk_links_due_ms(&run->links);
        uint32_t count, foreign;
        long timeout_ms;

        due_ms = at_ms < due_ms ? at_ms : due_ms;
        if (run->status_stale && run->status_due_ms < due_ms)
            due_ms = run->status_due_ms;
        if (run->subscribed && run->subscribed_due_ms < due_ms)
            due_ms = run->subscribed_due_ms;
        if (run->watchdog_ms != 0 && run->watchdog_due_ms < due_ms)
            due_ms = run->watchdog_due_ms;
        timeout_ms = type->wants_work(&run->engine, now) ? 0
            : run_timeout_ms(due_ms, now.steady_ms, run->stopping || run->place != SOUK_STORE_THERE || run->hand != RUN_HAND_NOT
                ? SLEEP_STOPPING_MAX_MS : SLEEP_MAX_MS);
        fixed[0] = (struct souk_socket_waited){ .socket = run->commands };
        fixed[1] = (struct souk_socket_waited){ .socket = run->publish };
        fixed[2] = (struct souk_socket_waited){ .fd = run->signal_fd };
        fixed[3] = (struct souk_socket_waited){ .fd = run_backup_fd(run->backup) };
        fixed[4] = (struct souk_socket_waited){ .fd = run->pool != NULL ? run_pool_fd(run->pool) : -1 };
        for (uint32_t i = 0; i < ITEMS_FIXED; i++)
            items[i] = &fixed[i];
        count = ITEMS_FIXED + souk_links_wait(&run->links, items + ITEMS_FIXED);
        if (souk_socket_wait(items, count, timeout_ms) != 0) {
            souk_report(run->report, SOUK_LEVEL_ERROR, "poll", "its sockets cannot be waited for");
            run_end(run, EX_OSERR);
            return;
        }
        now = run_time();
        if (fixed[2].has_input)
            hear_signals(run, now);
        if (fixed[0].has_input)
            hear_door(run, now);
        if (fixed[1].has_input)
            hear_subscribers(run);
        if (fixed[3].has_input)
            run_backup_take(run->backup);
        if (fixed[4].has_input)
            run_pool_take(run->pool);
        if (run->subscribed && now.steady_ms >= run->subscribed_due_ms) {
            run->subscribed = false;
            run->subscribed_due_ms = now.steady_ms + HEADS_APART_MS;
            type->hear_subscriber(&run->engine);
        }
        for (uint32_t i = ITEMS_FIXED; i < count; i++)
            if (items[i]->has_input)
                hear_link(run, &run->links.links[i - ITEMS_FIXED], now);
        if ((foreign = atomic_exchange(&run->shared.foreign, 0)) != 0)
            type->hear_foreign(&run->engine, foreign, now);
        if (run->stopping)
            stop(run, now);
        else if (run->place != SOUK_STORE_THERE)
            run_place_leave(run, now);
        else if (run->hand != RUN_HAND_NOT)
            run_hand_work(run, now);
        send_all(run, now.steady_ms);           /* what need not wait for a commit */
        if (type->wants_work(&run->engine, now))
            work(run, now);
        souk_links_flush(&run->links, now.steady_ms);
        if (now.steady_ms >= run->status_due_ms && (run->status_stale || now.steady_ms >= run->room_due_ms))
            run_status_update(run, now);
        if (run->watchdog_ms != 0 && now.steady_ms >= run->watchdog_due_ms)
            feed_watchdog(run, now);
        if (run->gate != NULL && souk_socket_gate_is_gone(run->gate)) {
            souk_report(run->report, SOUK_LEVEL_ERROR, "failed", "the gate has ended: nobody could be let in any more");
            run_end(run, EX_IOERR);
        }
        if (atomic_load(&run->shared.reader_status) != 0)
            run_end(run, atomic_load(&run->shared.reader_status));
    }
}

/* ---- hearing -------------------------------------------------------- */

static void
hear_signals(struct run *run, struct souk_time now)
{
    struct signalfd_siginfo signal;

    while (read(run->signal_fd, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP) {
            reload(run);
        } else if (!run->stopping) {
            souk_report(run->report, SOUK_LEVEL_INFO, "stopping", "told to stop: what is under way is finished");
            (void)souk_notify("STOPPING=1");
            run->stopping = true;
            run->stop_due_ms = now.steady_ms + run->config->node->shell_limits.drain_ms;
        }
    }
}

static void
reload(struct run *run)
{
    struct souk_run_changes changes = { .level = SOUK_LEVEL_INFO };
    struct souk_error err = { 0 };
    struct souk_line line;

    if (run->config->reload == NULL)
        return;
    if (run->config->reload(run->config->reload_arg, &changes, &err) != 0) {
        souk_report(run->report, SOUK_LEVEL_ERROR, "reload_failed", "it goes on as it was: %s", err.text);
        return;
    }
    run->wiring.pass_keys = changes.pass_keys;          /* by which what waits is judged, too */
    (void)pthread_mutex_lock(&run->shared.mutex);
    run->shared.pass_keys = changes.pass_keys;
    (void)pthread_mutex_unlock(&run->shared.mutex);
    if (run_access_change(run, changes.topology, &err) != 0) {
        souk_report(run->report, SOUK_LEVEL_ERROR, "failed", "who is who by the new topology cannot be told: %s", err.text);
        run_end(run, EX_OSERR);
        return;
    }
    run->wiring.limits = changes.limits;
    run->wiring.settings = changes.settings;
    run->wiring.skips = (struct souk_wired_skip *)(uintptr_t)changes.skips;
    run->wiring.skip_count = changes.skip_count;
    if (changes.restart_needed[0] == '\0')
        souk_topology_fingerprint(changes.topology, run->wiring.fingerprint);   /* it runs by this file now */
    souk_report_set_level(run->report, changes.level);
    (void)pthread_mutex_lock(&run->shared.mutex);
    run->shared.limits = changes.limits;
    (void)pthread_mutex_unlock(&run->shared.mutex);
    (void)snprintf(run->restart_needed, sizeof run->restart_needed, "%s", changes.restart_needed);
    run->status_stale = true;
    souk_line_begin(&line, run->report, changes.restart_needed[0] == '\0' ? SOUK_LEVEL_INFO : SOUK_LEVEL_WARN,
        changes.restart_needed[0] == '\0' ? "reloaded" : "restart_needed");
    souk_line_text(&line, "level", souk_level_name(changes.level));
    souk_line_uint(&line, "skips", changes.skip_count);
    if (changes.restart_needed[0] != '\0')
        souk_line_text(&line, "text", changes.restart_needed);
    souk_line_end(&line);
}

static void
hear_door(struct run *run, struct souk_time now)
{
    const struct run_rules rules = { run->access, &run->wiring.pass_keys, &run->passes };
    size_t bytes = 0;

    for (int i = 0; i < HEAR_MAX && receive(run, run->commands, SOUK_SOCKET_COMMANDS, &bytes) == 0; i++) {
        struct souk_socket_message *message = &run->message;
        struct souk_slice identity;

        if (message->frame_count != 0
            && run_access_admits(run, &rules, SOUK_DOOR_COMMANDS, run->commands, message, NULL, &identity)
            && !run_hand_hear(run, message) && !run_backup_hear(run->backup, message))
            run->engine.type->hear_request(&run->engine,
                (struct souk_slice){ message->route, message->route_bytes }, identity, message->key, message->frames,
                message->frame_count, now);
    }
}

/* What a subscriber says is one frame, a byte and the topic: 1 is for, 0 against. */
static void
hear_subscribers(struct run *run)
{
    size_t bytes = 0;

    for (int i = 0; i < HEAR_MAX && receive(run, run->publish, SOUK_SOCKET_PUBLISH, &bytes) == 0; i++) {
        const struct souk_slice *said = run->message.frames;

        run_guard_subscribed(run->guard, run->message.fd, run->message.frame_count == 1);
        run->subscribed |= run->message.frame_count == 1 && said->size_bytes != 0 && *(const uint8_t *)said->base == 1;
    }
}

static void
hear_link(struct run *run, struct souk_link *link, struct souk_time now)
{
    size_t bytes = 0;

    for (int i = 0; i < HEAR_MAX && receive(run, link->socket, link->kind, &bytes) == 0; i++) {
        struct souk_socket_message *message = &run->message;

        if (message->frame_count == 0)
            continue;
        if (link->kind == SOUK_SOCKET_FOLLOW)
            run->engine.type->hear_published(&run->engine, &link->peer, message->frames, message->frame_count, now);
        else
            run->engine.type->hear_answer(&run->engine, &link->peer, message->frames, message->frame_count, now);
    }
}

/* The next message; without frames when it was none. -SOUK_ENOTFOUND when enough was heard. */
static int
receive(struct run *run, void *socket, enum souk_socket_kind kind, size_t *bytes)
{
    int rc;

    if (*bytes >= HEAR_BYTES_MAX)
        return -SOUK_ENOTFOUND;
    rc = souk_socket_receive(socket, kind, &run->message);
    if (rc == -SOUK_EMALFORMED) {
        run->malformed++;
        run->message.frame_count = 0;
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < run->message.frame_count; i++)
        *bytes += run->message.frames[i].size_bytes;
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        fail(run, rc, "nothing can be received from one of its sockets");   /* deaf, it would seem to be well */
    return rc;
}

/* ---- working -------------------------------------------------------- */

/* One round as souk_core.h has it. */
static void
work(struct run *run, struct souk_time now)
{
    const struct souk_engine_type *type = run->engine.type;
    const uint64_t one = 1;
    struct souk_txn *txn = NULL;
    bool changed = false;
    int rc;

    if (run->disk_low && now.steady_ms >= run->refuse_due_ms) {
        run->refuse_due_ms = now.steady_ms + REFUSE_EVERY_MS;
        type->full(&run->engine, now);          /* for a moment, as if a commit had found no room */
        tell_aborted(run, -SOUK_EFULL, now);
    }
    if ((rc = souk_txn_begin(run->store, SOUK_TXN_WRITE, &txn)) == 0)
        rc = type->work(&run->engine, txn, now, &changed);
    if (rc == 0 && changed)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    run->rounds++;
    if (rc != 0) {
        aborted(run, rc, now);
        return;
    }
    run->commits += changed;
    if (changed && run->refusing_told)
        souk_report(run->report, SOUK_LEVEL_INFO, "goes_on", "there is room again");
    run->refusing_told = run->refusing_told && !changed;
    if (run_witness(run) != 0)
        return;
    type->committed(&run->engine, now);
    look_at_state(run);
    if (changed && run->finder != NULL)
        run_finder_signal(run->finder);
    if (changed)
        note_status(run, now);                  /* who is answered and asks for it sees what was done */
    if (changed && atomic_load(&run->shared.waits))
        (void)!write(run->shared.wake_fd, &one, sizeof one);
    send_all(run, now.steady_ms);
    if (run->pool != NULL)
        run_pool_give(run->pool);
    run->status_stale = true;
}

int
run_witness(struct run *run)
{
    const struct souk_slice witness = run->engine.type->witness(&run->engine);
    int rc = 0;

    if (witness.size_bytes != 0 && (rc = souk_witness_write(run->witness, witness)) != 0) {
        fail(run, rc, "the witness cannot be written");
        return rc;
    }
    atomic_store(&run->shared.commit_witnessed, run->engine.type->commit(&run->engine));
    return 0;
}

static void
aborted(struct run *run, int rc, struct souk_time now)
{
    struct souk_txn *txn = NULL;
    int again;

    run->aborts++;
    if (rc != -SOUK_EHANDLER && rc != -SOUK_EFULL && rc != -SOUK_ENOMEM) {
        fail(run, rc, "its work cannot be done");
        return;
    }
    tell_aborted(run, rc, now);
    if ((again = souk_txn_begin(run->store, SOUK_TXN_WRITE, &txn)) == 0)
        again = run->engine.type->aborted(&run->engine, rc, txn, now);
    souk_txn_abort(&txn);
    if (again != 0)
        fail(run, again, "its state cannot be read again");
    else
        look_at_state(run);
    run->status_stale = true;
}

static void
tell_aborted(struct run *run, int rc, struct souk_time now)
{
    struct souk_line line;

    if (rc == -SOUK_EHANDLER && !souk_throttle_may(&run->handler_lines, now.steady_ms))
        return;
    souk_line_begin(&line, run->report, run->refusing_told && rc != -SOUK_EHANDLER ? SOUK_LEVEL_DEBUG
        : SOUK_LEVEL_WARN, rc == -SOUK_EHANDLER ? "handler_failed" : "refusing");
    souk_line_text(&line, "error", souk_error_name(rc));
    if (rc == -SOUK_EHANDLER && run->engine.core != NULL)
        souk_line_text(&line, "why", souk_core_fault(run->engine.core));
    souk_line_text(&line, "text", rc == -SOUK_EHANDLER ? "a handler failed: what was in this commit is run one by one"
        : rc == -SOUK_EFULL ? "no room on the disk or in the store: commands are refused until there is"
        : "no memory: commands are refused until there is");
    if (rc == -SOUK_EHANDLER)
        souk_line_left_out(&line, &run->handler_lines);
    souk_line_end(&line);
    run->refusing_told = run->refusing_told || rc != -SOUK_EHANDLER;
}

static void
fail(struct run *run, int rc, const char *what)
{
    const char *why = souk_store_failure(run->store);
    struct souk_line line;

    souk_line_begin(&line, run->report, SOUK_LEVEL_ERROR, "failed");
    souk_line_text(&line, "error", souk_error_name(rc));
    souk_line_format(&line, "text", "%s%s%s; it stops, and goes on from what is on disk when started again", what,
        why == NULL ? "" : ": ", why == NULL ? "" : why);
    souk_line_end(&line);
    run_end(run, run_exit_status(rc));
}

/* ---- sending -------------------------------------------------------- */

static void
send_all(struct run *run, uint64_t steady_ms)
{
    struct souk_outbox *outbox = run->engine.type->outbox(&run->engine);
    struct souk_out *out;

    while ((out = souk_outbox_take(outbox)) != NULL) {
        switch (out->kind) {
        case SOUK_OUT_PUBLISH:
            if (run_access_publishes(run, out->frames[0]))
                run->published += souk_socket_send(run->publish, out) == 0;
            else
                run->engine.type->hear_subscriber(&run->engine);    /* its heads, at once: who may have it pulls */
            break;
        case SOUK_OUT_SEND:
            souk_links_send(&run->links, &out, steady_ms);
            break;
        case SOUK_OUT_REPLY:
            run->replies_dropped += souk_socket_send(run->commands, out) != 0;
            break;
        }
        souk_out_free(&out);
    }
}

/* ---- how it stands -------------------------------------------------- */

static void
look_at_state(struct run *run)
{
    const enum souk_core_state state = run->engine.type->state(&run->engine);

    atomic_store(&run->shared.answers_pulls, state == SOUK_CORE_LIVE || state == SOUK_CORE_DRAINED);
    if (state == run->state_told)
        return;
    run->state_told = state;
    run->status_due_ms = 0;
    switch (state) {
    case SOUK_CORE_FENCED:
        souk_report(run->report, SOUK_LEVEL_ERROR, "fenced", "another instance was given this service's streams: this"
            " one stops, and must not be started again before it is clear which one is the right one");
        run_end(run, EX_NOPERM);
        break;
    case SOUK_CORE_BROKEN:
        souk_report(run->report, SOUK_LEVEL_ERROR, "broken",
            "an own event cannot be applied: the program does not fit its history");
        run_end(run, EX_SOFTWARE);
        break;
    case SOUK_CORE_SET_ASIDE:
        souk_report(run->report, SOUK_LEVEL_ERROR, "set_aside",
            "its store holds what the event stores do not: it is moved aside, and filled anew");
        run->begins_again = run->sets_aside = true;
        run_end(run, EX_SOFTWARE);
        break;
    default:
        break;
    }
}

void
run_status_update(struct run *run, struct souk_time now)
{
    int64_t moved_ms;

    if (now.steady_ms >= run->room_due_ms)
        tell_room(run, now);
    if (souk_clock_look(&run->clock, now, &moved_ms))
        souk_report(run->report, SOUK_LEVEL_WARN, "clock_step", "the host's clock was set by %" PRId64 " ms", moved_ms);
    run->memory_bytes = memory_bytes("RssAnon");
    if (now.steady_ms >= run->trim_due_ms)
        give_back(run, now);
    note_status(run, now);
    tell_changes(run, &run->shared.status, now);     /* only this thread writes it */
    run->status_stale = false;
    run->status_due_ms = now.steady_ms + STATUS_EVERY_MS;
}

/* What a peer's burst has taken, or a past that was taken back or trimmed, would stay resident for ever. */
static void
give_back(struct run *run, struct souk_time now)
{
    if (run->memory_bytes > run->memory_kept_bytes + TRIM_GROWN_BYTES) {
        (void)malloc_trim(0);
        run->memory_kept_bytes = run->memory_bytes = memory_bytes("RssAnon");
        run->trim_due_ms = now.steady_ms + TRIM_EVERY_MS;
    }
    if (memory_bytes("RssFile") > run->mapped_kept_bytes + LET_GO_GROWN_BYTES) {
        souk_store_let_go(run->store);
        if (run->finder != NULL)
            run_finder_let_go(run->finder);
        run->mapped_kept_bytes = memory_bytes("RssFile");
        run->trim_due_ms = now.steady_ms + TRIM_EVERY_MS;
    }
}

/* For the reader; costs next to nothing. */
static void
note_status(struct run *run, struct souk_time now)
{
    struct souk_node_status *status = &run->shared.status;

    (void)pthread_mutex_lock(&run->shared.mutex);
    memset(status, 0, offsetof(struct souk_node_status, streams));
    status->counter_count = 0;
    status->name = run->wiring.self;
    memcpy(status->fingerprint, run->wiring.fingerprint, sizeof status->fingerprint);
    status->started_ms = run->started_ms;
    status->now_ms = now.wall_ms;
    status->memory_bytes = run->memory_bytes;
    status->store_bytes_used = run->room.bytes_used;
    status->store_bytes_max = run->room.bytes_max;
    memcpy(status->restart_needed, run->restart_needed, sizeof status->restart_needed);
    run->engine.type->status(&run->engine, status);
    if (run->disk_low && status->waiting_for[0] == '\0')
        (void)snprintf(status->waiting_for, sizeof status->waiting_for,
            "room on its disk: less than %d MiB are free, and nothing is taken until there are", DISK_FREE_MIB_MIN);
    souk_node_status_count(status, "rounds", run->rounds);
    souk_node_status_count(status, "clock_steps", run->clock.steps);
    souk_node_status_count(status, "commits", run->commits);
    souk_node_status_count(status, "aborts", run->aborts);
    souk_node_status_count(status, "published", run->published);
    souk_node_status_count(status, "replies_dropped",
        run->replies_dropped + atomic_load(&run->shared.replies_dropped));
    souk_node_status_count(status, "sends_dropped", run->links.dropped);
    souk_node_status_count(status, "frames_malformed",
        run->malformed + atomic_load(&run->shared.malformed));
    souk_node_status_count(status, "queries", atomic_load(&run->shared.queries));
    souk_node_status_count(status, "pulls_answered", atomic_load(&run->shared.pulls));
    souk_node_status_count(status, "pulls_refused", atomic_load(&run->shared.pulls_refused));
    if (run->gate != NULL) {
        souk_node_status_count(status, "strangers", souk_socket_gate_refused(run->gate));
        souk_node_status_count(status, "forbidden", atomic_load(&run->shared.forbidden));
    }
    if (run->guard != NULL)
        run_guard_count(run->guard, status);
    if (run->finder != NULL)
        run_finder_count(run->finder, status);
    (void)pthread_mutex_unlock(&run->shared.mutex);
}

/* What an operator wants to know the moment it changes. */
static void
tell_changes(struct run *run, const struct souk_node_status *status, struct souk_time now)
{
    struct souk_line line;
    char notice[SOUK_STATUS_TEXT_BYTES_MAX + 64];
    uint64_t hole_ms = 0;

    if (status->parked > run->parked_told && souk_throttle_may(&run->parked_lines, now.steady_ms)) {
        souk_line_begin(&line, run->report, SOUK_LEVEL_WARN, "parked");
        souk_line_uint(&line, "parked", status->parked);
        souk_line_text(&line, "text", "events that could not be handled wait for the operator: souk parked list");
        souk_line_end(&line);
        run->parked_told = status->parked;
    } else if (status->parked < run->parked_told) {
        run->parked_told = status->parked;
    }
    for (uint32_t i = 0; i < status->stream_count; i++) {
        const struct souk_stream_status *stream = &status->streams[i];

        if (stream->hole_ms <= (run->hole_told_ms != 0 ? run->hole_told_ms : status->started_ms))
            continue;
        souk_line_begin(&line, run->report, SOUK_LEVEL_WARN, "hole");
        souk_line_text(&line, "stream", stream->name.text);
        souk_line_uint(&line, "begins", stream->begins);
        souk_line_text(&line, "text", "what is before that was given up, as --accept-hole says: nobody gets it from here");
        souk_line_end(&line);
        hole_ms = stream->hole_ms;
    }
    if (hole_ms != 0)
        run->hole_told_ms = hole_ms;
    souk_line_begin(&line, run->report, SOUK_LEVEL_DEBUG, "round");
    souk_line_uint(&line, "commit", status->commit);
    souk_line_end(&line);
    (void)snprintf(notice, sizeof notice, "%s%s%s", status->state, status->waiting_for[0] == '\0' ? "" : ": ",
        status->waiting_for);
    if (strncmp(notice, run->waiting_told, sizeof run->waiting_told - 1) == 0)
        return;
    (void)snprintf(run->waiting_told, sizeof run->waiting_told, "%.*s", (int)sizeof run->waiting_told - 1, notice);
    souk_line_begin(&line, run->report, status->waiting_for[0] == '\0' ? SOUK_LEVEL_INFO : SOUK_LEVEL_WARN, "state");
    souk_line_text(&line, "state", status->state);
    if (!status->is_store)
        souk_line_uint(&line, "epoch", status->epoch.counter);
    souk_line_uint(&line, "commit", status->commit);
    if (status->waiting_for[0] != '\0')
        souk_line_text(&line, "text", status->waiting_for);
    souk_line_end(&line);
    (void)snprintf(notice, sizeof notice, "STATUS=%.*s", (int)sizeof run->waiting_told - 1, run->waiting_told);
    (void)souk_notify(notice);
}

static void
tell_room(struct run *run, struct souk_time now)
{
    struct souk_line line;
    bool nearly_full;

    run->room_due_ms = now.steady_ms + ROOM_EVERY_MS;
    if (souk_throttle_owes(&run->handler_lines, now.steady_ms)) {
        souk_line_begin(&line, run->report, SOUK_LEVEL_WARN, "handler_failed");
        souk_line_left_out(&line, &run->handler_lines);
        souk_line_text(&line, "text", "so often more within a second");
        souk_line_end(&line);
    }
    run_place_look(run, now);
    run_hand_look(run, now);
    if (run->backup != NULL && run_backup_look(run->backup, now) != 0)
        return;                                 /* a store that failed says so at the next round */
    if (souk_store_room(run->store, &run->room) != 0)
        return;                                 /* a store that failed says so at the next round */
    run->disk_low = run->room.disk_bytes_free / 1024 / 1024 < DISK_FREE_MIB_MIN;
    nearly_full = run->room.bytes_used / run->config->node->thresholds.store_percent >= run->room.bytes_max / 100;
    if (nearly_full && !run->nearly_full_told) {
        souk_line_begin(&line, run->report, SOUK_LEVEL_WARN, "nearly_full");
        souk_line_uint(&line, "bytes_used", run->room.bytes_used);
        souk_line_uint(&line, "bytes_max", run->room.bytes_max);
        souk_line_text(&line, "text", "the store is nearly full: raise its limit in the topology and start again");
        souk_line_end(&line);
    }
    run->nearly_full_told = nearly_full;
}

/* What is resident: RssAnon is no part of a file; RssFile is, and comes and goes as the kernel likes. */
static uint64_t
memory_bytes(const char *kind)
{
    FILE *file = fopen("/proc/self/status", "re");
    unsigned long long kib = 0;
    char line[PROC_LINE_BYTES_MAX];

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, kind, strlen(kind)) == 0 && sscanf(line + strlen(kind), ": %llu kB", &kib) == 1)
            break;
    (void)fclose(file);
    return kib * 1024;
}

/* Both loops go round. */
static void
feed_watchdog(struct run *run, struct souk_time now)
{
    run->watchdog_due_ms = now.steady_ms + run->watchdog_ms / 2;
    if (now.steady_ms < atomic_load(&run->shared.reader_turn_ms) + run->watchdog_ms)
        (void)souk_notify("WATCHDOG=1");
}

/* ---- stopping ------------------------------------------------------- */

/* Commands that wait are answered, what waits for event stores gets its time; then it is over. */
static void
stop(struct run *run, struct souk_time now)
{
    if (run->engine.type->drain(&run->engine)) {
        work(run, now);
        run_end(run, EX_OK);
    } else if (now.steady_ms >= run->stop_due_ms) {
        run->engine.type->hurry(&run->engine);
        work(run, now);
        souk_report(run->report, SOUK_LEVEL_WARN, "stopped_late", "what was under way did not end in time: who waited for"
            " event stores is told of what is on this disk, others ask again");
        run_end(run, EX_OK);
    }
}
