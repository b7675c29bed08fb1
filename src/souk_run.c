#include "souk_run_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "souk_directory.h"
#include "souk_key.h"
#include "souk_keyring.h"
#include "souk_notify.h"
#include "souk_prepare.h"
#include "souk_sandbox.h"
#include "souk_seal.h"
#include "souk_version.h"

#define STORE_DIRECTORY "store"
#define IPC "ipc://"
#define ENDPOINT_LOCK ".lock"            /* behind the path of a socket */
#define HOLDER_BYTES_MAX 512
#define MS_PER_SECOND 1000
#define NS_PER_MS 1000000
#define TURN_NS 300000                  /* a thread's turn while others want the processor; of ten hops of a command each waits for some */

static int run_once(const struct souk_run_config *config, bool *again_out);
static int open_run(struct run *run, struct souk_error *err);
static void give_up(const struct souk_run_config *config);
static void take_short_turns(void);
static int make_directories(const struct souk_topology_node *node, struct souk_error *err);
static int lock_endpoints(struct run *run, struct souk_error *err);
static int lock_endpoint(const struct run *run, const char *endpoint, int *fd_out, struct souk_error *err);
static int open_store(struct run *run, struct souk_error *err);
static int open_machine(struct run *run, struct souk_error *err);
static void close_run(struct run *run);
static void report_fault(struct souk_report *report, const struct souk_error *err);

int
souk_run(const struct souk_run_config *config)
{
    struct souk_error err = { 0 };
    bool again;
    int rc, status;

    if ((rc = souk_version_start(config->report, &err)) != 0) {
        report_fault(config->report, &err);
        return run_exit_status(rc);
    }
    take_short_turns();
    give_up(config);
    if (config->is_beside)
        return run_beside(config);
    do
        status = run_once(config, &again);
    while (again);
    return status;
}

/*
 * Threads made later do the same. It asks for no more than others have: who wants short turns gets them soon, and fewer
 * at a time. sched_setattr(2), sched(7): from Linux 6.12 on the runtime of a thread that has no deadline is its slice
 * (EEVDF); before, nothing changes. Whoever gave the process another policy meant it.
 */
static void
take_short_turns(void)
{
    struct {
        uint32_t size_bytes, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } turns = { .size_bytes = 0 };

    if (syscall(SYS_sched_getattr, 0, &turns, (unsigned)sizeof turns, 0u) != 0 || turns.policy != SCHED_OTHER)
        return;
    turns.runtime_ns = TURN_NS;
    (void)syscall(SYS_sched_setattr, 0, &turns, 0u);
}

/* What is made here is there when the sandbox asks for it; whether it could be made is told by who needs it. */
static void
give_up(const struct souk_run_config *config)
{
    const struct souk_sandbox sandbox = { .topology = config->topology, .node = config->node,
        .name = config->node->name.text, .keys = config->keys, .reads_topology = config->reload != NULL,
        .is_replaceable = config->service != NULL && !config->is_beside };  /* one beside fills a store, and ends */
    struct souk_error err = { 0 };

    (void)make_directories(config->node, &err);
    souk_sandbox_enter(&sandbox, config->report);
}

/* *again_out: its store was moved aside; it goes on with an empty one. */
static int
run_once(const struct souk_run_config *config, bool *again_out)
{
    struct run_reader *reader = NULL;
    struct souk_error err = { 0 };
    const uint64_t one = 1;
    pthread_t thread;
    struct run *run;
    int rc, status;

    *again_out = false;
    (void)malloc_trim(0);           /* reading descriptions has left pages that what is never used would keep */
    if ((run = calloc(1, sizeof *run)) == NULL) {
        souk_report(config->report, SOUK_LEVEL_ERROR, "failed", "no memory");
        return EX_OSERR;
    }
    run->config = config;
    run->report = config->report;
    run->signal_fd = run->shared.wake_fd = -1;
    souk_arena_init(&run->handed_arena, 0);
    for (int i = 0; i < RUN_ENDPOINTS; i++)
        run->endpoint_fds[i] = -1;
    (void)pthread_mutex_init(&run->shared.mutex, NULL);
    if ((rc = open_run(run, &err)) != 0 || (rc = run_reader_open(run, &reader, &err)) != 0)
        goto fail;
    if ((config->service == NULL && (rc = run_finder_open(run, &run->finder, &err)) != 0)
        || (rc = run_backup_open(run, &run->backup, &err)) != 0)
        goto fail;
    if (config->service != NULL && (rc = run_digest_open(run, &run->digest, &err)) != 0)
        goto fail;
    if ((rc = run_guard_open(run, run_reader_door(reader), &run->guard, &err)) != 0)
        goto fail;
    if ((rc = pthread_create(&thread, NULL, run_reader, reader)) != 0) {
        rc = souk_fail(&err, SOUK_ENOMEM, "%s: no thread for its reader: %s", run->wiring.self.text, strerror(rc));
        goto fail;
    }
    souk_report(run->report, SOUK_LEVEL_INFO, "ready", "it listens");
    (void)souk_notify("READY=1");
    run_writer(run);
    atomic_store(&run->shared.stops, true);
    (void)!write(run->shared.wake_fd, &one, sizeof one);
    (void)pthread_join(thread, NULL);
    run_digest_close(&run->digest);
    run_finder_close(&run->finder);
    run_backup_close(&run->backup);
    run_guard_close(&run->guard);
    status = run->exit_status;
    run_reader_close(&reader);
    close_run(run);
    if (run->begins_again) {
        if ((*again_out = (run->sets_aside ? run_set_aside(run) : run_place_return(run)) == 0))
            souk_report(run->report, SOUK_LEVEL_WARN, "starts_again", run->has_rescued ? "with what it had"
                : "with an empty store");
        else
            status = EX_IOERR;
    } else if (run->hand == RUN_HAND_DONE) {
        run_hand_finish(run);                   /* returns only when it failed */
        status = EX_IOERR;
    } else if (status == EX_OK) {
        souk_report(run->report, SOUK_LEVEL_INFO, "stopped", "all that was acknowledged is on disk");
    }
    souk_arena_done(&run->handed_arena);
    free(run);
    return status;

fail:
    report_fault(config->report, &err);
    atomic_store(&run->shared.stops, true);
    run_digest_close(&run->digest);
    run_finder_close(&run->finder);
    run_backup_close(&run->backup);
    run_guard_close(&run->guard);
    run_reader_close(&reader);
    close_run(run);
    free(run);
    return run_exit_status(rc);
}

static void
report_fault(struct souk_report *report, const struct souk_error *err)
{
    struct souk_line line;

    souk_line_begin(&line, report, SOUK_LEVEL_ERROR, "not_started");
    souk_line_text(&line, "error", souk_error_name(err->code));
    souk_line_text(&line, "text", err->text);
    souk_line_end(&line);
}

/* ---- opening -------------------------------------------------------- */

/* All is locked before any bind: binding an ipc endpoint takes it from whoever has it. */
static int
open_run(struct run *run, struct souk_error *err)
{
    const struct souk_run_config *config = run->config;
    struct souk_time now = run_time();
    int rc;

    run->wiring = *config->wiring;
    run->wiring.random = (struct souk_random){ run_random, NULL };
    souk_limits_fill(&run->wiring.limits);
    run->shared.limits = run->wiring.limits;
    run->shared.pass_keys = run->wiring.pass_keys;
    run->started_ms = now.wall_ms;
    run->watchdog_ms = souk_notify_watchdog_ms();
    atomic_store(&run->shared.reader_turn_ms, now.steady_ms);
    run->state_told = SOUK_CORE_DRAINED;        /* told at the first look, whatever it is */
    if (sodium_init() < 0)
        return souk_fail(err, SOUK_EIO, "%s: no source of randomness", run->wiring.self.text);
    if ((size_t)snprintf(run->store_path, sizeof run->store_path, "%s/%s", config->node->data, STORE_DIRECTORY)
        >= sizeof run->store_path)
        return souk_fail(err, SOUK_ETOOBIG, "data directory %s: its name is too long", config->node->data);
    if ((rc = run_take_signals(run, err)) != 0 || (rc = make_directories(config->node, err)) != 0
        || (rc = open_store(run, err)) != 0 || (rc = lock_endpoints(run, err)) != 0
        || (rc = run_keyring_open(run, err)) != 0 || (rc = open_machine(run, err)) != 0)
        return rc;
    if ((run->shared.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        return souk_fail(err, SOUK_EIO, "%s: no descriptor: %s", run->wiring.self.text, strerror(errno));
    if ((run->context = souk_socket_context()) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no ZeroMQ context", run->wiring.self.text);
    if ((rc = run_access_open(run, err)) != 0)
        return rc;
    if (config->service != NULL && souk_prepares(config->service) && (rc = run_pool_open(run, &run->pool, err)) != 0)
        return rc;
    if ((rc = run_writer_open(run, err)) != 0)
        return rc;
    atomic_store(&run->shared.answers_pulls, run->engine.type->state(&run->engine) == SOUK_CORE_LIVE);
    run_status_update(run, now);
    return 0;
}

/* Every thread made from here on leaves them to the writer. */
int
run_take_signals(struct run *run, struct souk_error *err)
{
    sigset_t signals;

    (void)sigfillset(&signals);
    (void)sigdelset(&signals, SIGSEGV);
    (void)sigdelset(&signals, SIGBUS);
    (void)sigdelset(&signals, SIGFPE);
    (void)sigdelset(&signals, SIGILL);
    (void)sigdelset(&signals, SIGABRT);
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
        return souk_fail(err, SOUK_EIO, "%s: signals cannot be blocked", run->wiring.self.text);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    if ((run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
        return souk_fail(err, SOUK_EIO, "%s: no descriptor for signals: %s", run->wiring.self.text, strerror(errno));
    return 0;
}

/* The one of its data, and those that its sockets lie in. */
static int
make_directories(const struct souk_topology_node *node, struct souk_error *err)
{
    const char *const endpoints[] = { node->commands, node->queries, node->publish };
    int rc = souk_directory_make(node->data, strlen(node->data), err);

    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0] && rc == 0; i++) {
        const char *slash = strrchr(endpoints[i], '/');

        if (strncmp(endpoints[i], IPC, strlen(IPC)) == 0 && slash > endpoints[i] + strlen(IPC))
            rc = souk_directory_make(endpoints[i] + strlen(IPC), (size_t)(slash - endpoints[i]) - strlen(IPC), err);
    }
    return rc;
}

/*
 * Another system with this run directory, or another copy of this node, may
 * have them: ZeroMQ would take them over, and nobody would hear the other any more.
 */
static int
lock_endpoints(struct run *run, struct souk_error *err)
{
    const struct souk_topology_node *node = run->config->node;
    const char *const endpoints[RUN_ENDPOINTS] = { node->commands, node->queries, node->publish };
    int rc = 0;

    for (int i = 0; i < RUN_ENDPOINTS && rc == 0; i++)
        if (strncmp(endpoints[i], IPC, strlen(IPC)) == 0)
            rc = lock_endpoint(run, endpoints[i], &run->endpoint_fds[i], err);
    return rc;
}

/* The lock is flock(2)'s and ends with the process; the file stays, and says who has it. */
static int
lock_endpoint(const struct run *run, const char *endpoint, int *fd_out, struct souk_error *err)
{
    char path[SOUK_TOPOLOGY_PATH_BYTES_MAX + sizeof ENDPOINT_LOCK], holder[HOLDER_BYTES_MAX];
    ssize_t n;

    (void)snprintf(path, sizeof path, "%s" ENDPOINT_LOCK, endpoint + strlen(IPC));
    if ((*fd_out = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        return souk_fail(err, SOUK_EINVAL, "endpoint %s: its lock file %s cannot be made: %s", endpoint, path,
            strerror(errno));
    if (flock(*fd_out, LOCK_EX | LOCK_NB) == 0) {
        n = snprintf(holder, sizeof holder, "%s of system %s (process %ld, data in %s)", run->wiring.self.text,
            run->config->topology->name.text, (long)getpid(), run->config->node->data);
        /* Without room for it the lock holds all the same. */
        if (ftruncate(*fd_out, 0) != 0 || write(*fd_out, holder, strnlen(holder, sizeof holder)) != n)
            souk_report(run->report, SOUK_LEVEL_DEBUG, "endpoint_lock", "%s does not say who has it", path);
        return 0;
    }
    if (errno != EWOULDBLOCK)
        return souk_fail(err, SOUK_EIO, "endpoint %s: %s cannot be locked: %s", endpoint, path, strerror(errno));
    n = pread(*fd_out, holder, sizeof holder - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    return souk_fail(err, SOUK_EBUSY, "endpoint %s: %s has it; stop that one first, or give this system another `run`"
        " directory", endpoint, n > 0 ? holder : "another process");
}

static int
open_store(struct run *run, struct souk_error *err)
{
    const struct souk_topology_node *node = run->config->node;
    const struct souk_store_config store = {
        .path = run->store_path,
        .bytes_max = node->shell_limits.store_bytes_max,
        .readers_max = node->shell_limits.readers_max,
    };
    int rc;

    if ((rc = souk_store_open(&store, &run->store, err)) != 0)
        return rc;
    return souk_witness_open(node->witness, run->store_path, &run->witness, err);
}

int
run_keyring_open(struct run *run, struct souk_error *err)
{
    char path[sizeof run->store_path];
    int rc;

    if (run->config->service == NULL || !souk_seals(&run->wiring))
        return 0;
    if ((size_t)snprintf(path, sizeof path, "%s" SOUK_KEYRING_SUFFIX, run->config->node->data) >= sizeof path)
        return souk_fail(err, SOUK_ETOOBIG, "data directory %s: its name is too long", run->config->node->data);
    if ((rc = souk_key_shut_memory(err)) != 0)  /* a service has a CURVE key only where the topology gives it one */
        return rc;
    return souk_keyring_open(path, &run->wiring.keyring, err);
}

static int
open_machine(struct run *run, struct souk_error *err)
{
    struct souk_slice witness = { NULL, 0 };
    struct souk_txn *txn = NULL;
    struct souk_arena arena;
    int rc;

    souk_arena_init(&arena, 0);
    rc = souk_witness_read(run->witness, &arena, &witness);
    if (rc == -SOUK_ENOTFOUND)
        rc = 0;
    if (rc == 0 && (rc = souk_txn_begin(run->store, SOUK_TXN_WRITE, &txn)) == 0)
        rc = souk_engine_open(run->config->service, &run->wiring, txn, witness, run_time(), &run->engine, err);
    if (rc == 0)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    souk_arena_done(&arena);
    if (rc == 0)
        rc = run_witness(run);
    if (rc != 0 && err->code == 0)
        return souk_fail(err, (enum souk_error_code)-rc, "%s: it does not start: %s", run->wiring.self.text,
            souk_error_name(rc));
    return rc;
}

static void
close_run(struct run *run)
{
    run_writer_close(run);
    run_access_close(run);
    souk_socket_context_done(&run->context);
    run_pool_close(&run->pool);
    souk_engine_close(&run->engine);
    souk_keyring_close(&run->wiring.keyring);
    souk_witness_close(&run->witness);
    souk_store_close(&run->store);
    for (int i = 0; i < RUN_ENDPOINTS; i++)
        if (run->endpoint_fds[i] >= 0)
            (void)close(run->endpoint_fds[i]);
    if (run->signal_fd >= 0)
        (void)close(run->signal_fd);
    if (run->shared.wake_fd >= 0)
        (void)close(run->shared.wake_fd);
    (void)pthread_mutex_destroy(&run->shared.mutex);
}

/* ---- what both threads use ------------------------------------------ */

struct souk_time
run_time(void)
{
    struct timespec wall, steady;

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &steady);
    return (struct souk_time){
        .wall_ms = (uint64_t)wall.tv_sec * MS_PER_SECOND + (uint64_t)(wall.tv_nsec / NS_PER_MS),
        .steady_ms = (uint64_t)steady.tv_sec * MS_PER_SECOND + (uint64_t)(steady.tv_nsec / NS_PER_MS),
    };
}

void
run_random(void *arg, void *bytes_out, size_t size_bytes)
{
    randombytes_buf(bytes_out, size_bytes);
}

long
run_timeout_ms(uint64_t due_ms, uint64_t now_ms, long max_ms)
{
    if (due_ms <= now_ms)
        return 0;
    return due_ms - now_ms < (uint64_t)max_ms ? (long)(due_ms - now_ms) : max_ms;
}

int
run_exit_status(int rc)
{
    switch (-rc) {
    case SOUK_EBUSY:
        return EX_UNAVAILABLE;
    case SOUK_EINVAL:
    case SOUK_EUNSUPPORTED:
    case SOUK_ENOTFOUND:
    case SOUK_ETOOBIG:
        return EX_CONFIG;
    case SOUK_EIO:
    case SOUK_EDAMAGED:
        return EX_IOERR;
    case SOUK_EHANDLER:
        return EX_SOFTWARE;
    default:
        return EX_OSERR;
    }
}

void
run_end(struct run *run, int exit_status)
{
    if (!run->ended)
        run->exit_status = exit_status;
    run->ended = true;
}
