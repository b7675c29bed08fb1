#include "souk_cli_rebuild_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "souk_beside.h"
#include "souk_cli_backup.h"
#include "souk_directory.h"
#include "souk_log.h"
#include "souk_store.h"

/* Where the store is, and what has to be in the new one. */
struct stopped {
    struct rebuild *rebuild;
    char store[SOUK_CLI_PATH_BYTES], before[SOUK_CLI_PATH_BYTES];
    struct souk_cli_heads own;                  /* where the old store's own streams end */
    struct souk_cli_heads wanted;               /* the furthest that any event store has, of every stream */
};

static int look_at_store(struct stopped *stopped);
static int read_heads(struct stopped *stopped, struct souk_store *store);
static int look_at_event_stores(struct stopped *stopped);
static bool is_private(const struct stopped *stopped, const struct souk_cli_head *head);
static bool reaches(const struct souk_position *there, const struct souk_position *own);
static int ask_event_store(struct stopped *stopped, const struct souk_topology_node *store, bool has[]);
static int set_aside(struct stopped *stopped);
static int fill_alone(struct stopped *stopped, const char *dir, struct souk_cli_heads *now);
static bool is_filled(const struct stopped *stopped, const struct souk_cli_heads *now);
static uint64_t events_of(const struct souk_cli_heads *now);
static uint64_t events_wanted(const struct stopped *stopped, const struct souk_cli_heads *now);
static int put_back(struct stopped *stopped, int wait_status);
static void tell(const struct stopped *stopped, const struct souk_cli_heads *now);

int
rebuild_stopped(struct rebuild *rebuild, const char *dir)
{
    struct souk_cli_heads *now = souk_cli_need(calloc(1, sizeof *now));
    struct stopped *stopped = souk_cli_need(calloc(1, sizeof *stopped));
    int status;

    stopped->rebuild = rebuild;
    (void)snprintf(stopped->store, sizeof stopped->store, "%s/" SOUK_CLI_STORE, rebuild->node->data);
    (void)snprintf(stopped->before, sizeof stopped->before, "%s/" SOUK_BESIDE_BEFORE, rebuild->node->data);
    if ((status = look_at_store(stopped)) == EX_OK && (status = look_at_event_stores(stopped)) == EX_OK
        && (status = set_aside(stopped)) == EX_OK && (status = fill_alone(stopped, dir, now)) == EX_OK)
        tell(stopped, now);
    free(stopped);
    free(now);
    return status;
}

/* ---- what is there -------------------------------------------------- */

static int
look_at_store(struct stopped *stopped)
{
    const struct souk_topology_node *node = stopped->rebuild->node;
    const struct souk_cli *cli = &stopped->rebuild->options->cli;
    const struct souk_store_config config = { .path = stopped->store,
        .bytes_max = node->shell_limits.store_bytes_max };
    struct souk_store *store = NULL;
    struct souk_error err = { 0 };
    int rc, status;

    if (access(stopped->store, F_OK) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s does not answer, and %s is not here: is this its host? One without a store has"
            " nothing to rebuild; it fills one when it is started", node->name.text, stopped->store);
        return EX_UNAVAILABLE;
    }
    if ((rc = souk_store_open(&config, &store, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s does not answer, and its store cannot be looked at: %s%s", node->name.text,
            err.text, rc == -SOUK_EBUSY ? "; end that process first"
            : stopped->rebuild->options->even_so ? "" : "; --even-so rebuilds it all the same");
        return rc != -SOUK_EBUSY && stopped->rebuild->options->even_so ? EX_OK
            : rc == -SOUK_EBUSY ? EX_UNAVAILABLE : souk_cli_exit_status(rc, EX_DATAERR);
    }
    status = read_heads(stopped, store);
    souk_store_close(&store);
    return status;
}

static int
read_heads(struct stopped *stopped, struct souk_store *store)
{
    const struct souk_topology_node *node = stopped->rebuild->node;
    struct souk_txn *txn = NULL;
    int rc = souk_txn_begin(store, SOUK_TXN_READ, &txn);

    for (size_t i = 0; rc == 0 && i < node->stream_count; i++) {
        struct souk_cli_head *head = &stopped->own.heads[stopped->own.count];
        struct souk_log log;

        head->stream = node->streams[i]->name;
        if ((rc = souk_log_open(txn, &head->stream, &log)) == 0
            && (rc = souk_log_head(txn, &log, &head->position, NULL)) == 0 && head->position.number != 0)
            stopped->own.count++;
    }
    souk_txn_abort(&txn);
    if (rc == 0)
        return EX_OK;
    souk_cli_say(&stopped->rebuild->options->cli, SOUK_CLI_RED, "%s cannot be read: %s", stopped->store,
        souk_error_name(rc));
    return souk_cli_exit_status(rc, EX_DATAERR);
}

/* Its start asks all of them for a seal; and what none of them has is in the old store alone. */
static int
look_at_event_stores(struct stopped *stopped)
{
    const struct rebuild *rebuild = stopped->rebuild;
    const struct souk_topology *topology = rebuild->system.topology;
    bool has[SOUK_OWN_STREAMS_MAX] = { false };
    int status = EX_OK;

    for (size_t i = 0; status == EX_OK && i < topology->node_count; i++)
        if (topology->nodes[i].kind == SOUK_NODE_EVENT_STORE && !topology->nodes[i].lost)
            status = ask_event_store(stopped, &topology->nodes[i], has);
    for (uint32_t i = 0; status == EX_OK && i < stopped->own.count && !rebuild->options->even_so; i++) {
        const struct souk_cli_head *head = &stopped->own.heads[i];
        const struct souk_position *there = souk_cli_heads_of(&stopped->wanted, head->stream.text);
        char mine[SOUK_CLI_PLACE_BYTES], theirs[SOUK_CLI_PLACE_BYTES] = "nothing of it";

        if (has[i])
            continue;
        if (there != NULL)
            (void)souk_cli_place(head->stream.text, there, theirs);
        souk_cli_say(&rebuild->options->cli, SOUK_CLI_RED, "the store of %s alone has what it wrote up to %s; event stores"
            " have %s. Start it, with the program that it had, until they have all; or --even-so loses that",
            rebuild->node->name.text, souk_cli_place(head->stream.text, &head->position, mine), theirs);
        status = EX_UNAVAILABLE;
    }
    return status;
}

static int
ask_event_store(struct stopped *stopped, const struct souk_topology_node *store, bool has[])
{
    struct souk_cli_heads *heads = souk_cli_need(malloc(sizeof *heads));
    struct souk_wire_pull *pull = souk_cli_need(calloc(1, sizeof *pull));
    const struct souk_cli *cli = &stopped->rebuild->options->cli;
    struct souk_client *client = stopped->rebuild->system.client;
    struct souk_client_pulled pulled;
    struct souk_error err = { 0 };
    int rc = -SOUK_ENOTFOUND, status;

    pull->credit_bytes = 1;
    for (uint32_t i = 0; i < stopped->own.count; i++)
        if (!is_private(stopped, &stopped->own.heads[i]))
            pull->cursors[pull->cursor_count++] = (struct souk_wire_place){ stopped->own.heads[i].stream,
                stopped->own.heads[i].position };
    status = souk_cli_heads_ask(cli, client, store, REBUILD_ASK_MS, heads);
    if (status == EX_OK && heads->answered)
        rc = pull->cursor_count == 0 ? 0 : souk_client_pull(client, store, pull, REBUILD_ASK_MS, &pulled, &err);
    if (status == EX_OK && rc != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s does not answer: %s takes its past from the event stores, and takes no command"
            " before all of them have answered", store->name.text, stopped->rebuild->node->name.text);
        status = EX_UNAVAILABLE;
    }
    for (uint32_t i = 0; status == EX_OK && pull->cursor_count != 0 && i < pulled.answer.count; i++)
        for (uint32_t k = 0; k < stopped->own.count; k++)
            if (strcmp(pulled.answer.answers[i].stream.text, stopped->own.heads[k].stream.text) == 0
                && pulled.answer.answers[i].verdict == SOUK_NEXT)
                has[k] = true;
    for (uint32_t k = 0; status == EX_OK && k < stopped->own.count; k++)
        if (is_private(stopped, &stopped->own.heads[k]))
            has[k] = has[k] || reaches(souk_cli_heads_of(heads, stopped->own.heads[k].stream.text),
                &stopped->own.heads[k].position);
    for (uint32_t i = 0; status == EX_OK && i < heads->count; i++) {
        struct souk_position *wanted = (struct souk_position *)(uintptr_t)souk_cli_heads_of(&stopped->wanted,
            heads->heads[i].stream.text);

        if (wanted == NULL && stopped->wanted.count < SOUK_STREAMS_MAX)
            stopped->wanted.heads[stopped->wanted.count++] = heads->heads[i];
        else if (wanted != NULL && !souk_point_satisfied(souk_point_of(&heads->heads[i].position), souk_point_of(wanted)))
            *wanted = heads->heads[i].position;
    }
    free(pull);
    free(heads);
    return status;
}

/* Only its writer may pull it; others are told where it ends. */
static bool
is_private(const struct stopped *stopped, const struct souk_cli_head *head)
{
    const struct souk_topology_node *node = stopped->rebuild->node;

    for (size_t i = 0; i < node->stream_count; i++)
        if (strcmp(node->streams[i]->name.text, head->stream.text) == 0)
            return node->streams[i]->is_private;
    return false;
}

/* In one epoch there is one chain. */
static bool
reaches(const struct souk_position *there, const struct souk_position *own)
{
    return there != NULL && souk_epoch_equal(there->epoch, own->epoch)
        && (there->number > own->number || souk_position_equal(there, own));
}

/* ---- filling -------------------------------------------------------- */

/*
 * As after an exchange: the old store is store.before, until the next rebuild. Its witness stays: it knows that store by
 * its inode, so it says nothing of another one, and still proves this one when it is put back.
 */
static int
set_aside(struct stopped *stopped)
{
    if (souk_directory_remove(stopped->before) == 0
        && rename(stopped->store, stopped->before) == 0 && souk_directory_sync_parent(stopped->store) == 0)
        return EX_OK;
    souk_cli_say(&stopped->rebuild->options->cli, SOUK_CLI_RED, "%s cannot be moved to %s: %s", stopped->store,
        stopped->before, strerror(errno));
    return EX_IOERR;
}

/* The service itself, started for as long as it takes. */
static int
fill_alone(struct stopped *stopped, const char *dir, struct souk_cli_heads *now)
{
    struct rebuild *rebuild = stopped->rebuild;
    const struct souk_cli *cli = &rebuild->options->cli;
    bool more = true, is_told = false;
    int status, wait_status;

    if ((status = rebuild_start(rebuild, dir, false)) != EX_OK) {
        (void)put_back(stopped, 0);
        return status;
    }
    while (more) {
        struct pollfd items[] = { { .fd = rebuild->child.output_fd, .events = POLLIN },
            { .fd = rebuild->child.notify_fd, .events = POLLIN } };

        (void)poll(items, 2, REBUILD_POLL_MS);
        (void)souk_cli_child_hear(&rebuild->child);
        more = souk_cli_child_read(&rebuild->child, rebuild_hear_line, rebuild);
        if (is_told || !more || souk_cli_heads_ask(cli, rebuild->system.client, rebuild->node, REBUILD_POLL_MS, now) != 0
            || !now->answered)
            continue;
        souk_cli_progress(cli, &rebuild->progress, "%s: %s, %" PRIu64 " of %" PRIu64 " events", rebuild->node->name.text,
            now->state, events_of(now), events_wanted(stopped, now));
        if (strcmp(now->state, "live") == 0 && is_filled(stopped, now)) {
            is_told = true;
            (void)kill(rebuild->child.pid, SIGTERM);
        }
    }
    wait_status = rebuild_reap(rebuild);
    return is_told && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EX_OK ? EX_OK
        : put_back(stopped, wait_status);
}

/* Is it as far as event stores were, in every stream of its own and that it follows? */
static bool
is_filled(const struct stopped *stopped, const struct souk_cli_heads *now)
{
    for (uint32_t i = 0; i < now->count; i++) {
        const struct souk_position *wanted = souk_cli_heads_of(&stopped->wanted, now->heads[i].stream.text);

        if (wanted != NULL && !souk_point_satisfied(souk_point_of(wanted), souk_point_of(&now->heads[i].position)))
            return false;
    }
    return true;
}

static uint64_t
events_of(const struct souk_cli_heads *now)
{
    uint64_t events = 0;

    for (uint32_t i = 0; i < now->count; i++)
        events += now->heads[i].position.number;
    return events;
}

static uint64_t
events_wanted(const struct stopped *stopped, const struct souk_cli_heads *now)
{
    uint64_t events = 0;

    for (uint32_t i = 0; i < now->count; i++) {
        const struct souk_position *wanted = souk_cli_heads_of(&stopped->wanted, now->heads[i].stream.text);

        events += wanted == NULL ? 0 : wanted->number;
    }
    return events;
}

/* It came to nothing. Whoever has begun on the new store meanwhile keeps it. */
static int
put_back(struct stopped *stopped, int wait_status)
{
    const struct rebuild *rebuild = stopped->rebuild;
    const struct souk_store_config config = { .path = stopped->store,
        .bytes_max = rebuild->node->shell_limits.store_bytes_max };
    struct souk_store *store = NULL;
    struct souk_error err = { 0 };
    const char *became = "what it had is in its place again";

    if (souk_store_open(&config, &store, &err) == -SOUK_EBUSY) {
        became = "what it had is store.before, and another process goes on with the new store";
    } else {
        souk_store_close(&store);
        if (souk_directory_remove(stopped->store) != 0
            || rename(stopped->before, stopped->store) != 0 || souk_directory_sync_parent(stopped->store) != 0)
            became = "what it had is store.before, and cannot be put in its place";
    }
    souk_cli_say(&rebuild->options->cli, SOUK_CLI_RED, "%s was not rebuilt, and %s: %s", rebuild->node->name.text, became,
        rebuild->last[0] == '\0' ? "the new program said nothing" : rebuild->last);
    return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != EX_OK ? WEXITSTATUS(wait_status) : EX_SOFTWARE;
}

static void
tell(const struct stopped *stopped, const struct souk_cli_heads *now)
{
    const struct rebuild *rebuild = stopped->rebuild;
    const uint64_t took_ms = souk_cli_steady_ms() - rebuild->begun_ms;

    if (rebuild->options->cli.is_json)
        souk_cli_json(json_pack("{ss sI sI sI sb}", "service", rebuild->node->name.text, "events",
            (json_int_t)events_of(now), "took_ms", (json_int_t)took_ms, "epoch", (json_int_t)now->epoch_counter,
            "same_epoch", 0));
    else
        (void)printf("%s: rebuilt, %" PRIu64 " events in %" PRIu64 ".%" PRIu64 " s; start it: it goes on in epoch %" PRIu32
            ", and what it had is %s\n", rebuild->node->name.text, events_of(now), took_ms / 1000, took_ms / 100 % 10,
            now->epoch_counter, stopped->before);
}
