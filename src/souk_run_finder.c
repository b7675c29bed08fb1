#define _GNU_SOURCE                     /* gettid */
#include "souk_run_parts.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "souk_finder.h"

#define FINDER_DIRECTORY "finder"
#define FINDER_NICE 10
#define SLEEP_MAX_MS 1000
#define QUEUE_MAX SOUK_FINDER_WAITING_MAX       /* queries on their way to its thread */

/* A query on its way. */
struct queued {
    struct queued *next;
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
    char key[SOUK_KEY_TEXT_BYTES];
    size_t size_bytes;
    uint8_t frame[];
};

struct run_finder {
    struct run *run;
    struct souk_wiring wiring;
    struct souk_finder *finder;                 /* its thread's */
    struct souk_access *access;                 /* the same: by which it has judged last what waits */
    struct souk_pass_cache passes;              /* the same */
    pthread_t thread;
    bool started;
    atomic_bool ended;                          /* after a failure: nobody answers any more */
    atomic_bool asked, committed;               /* each is written to wake_fd when it becomes true */
    int wake_fd;
    pthread_mutex_t mutex;
    struct queued *first, **end;                /* under it */
    uint32_t count;
    struct souk_out *answers, **answers_end;
    struct souk_finder_status status;
};

static int open_index(struct run_finder *finder, struct souk_error *err);
static void remove_index(const char *path);
static void wake(struct run_finder *finder, atomic_bool *why);
static void *work_for_ever(void *arg);
static void recheck(struct run_finder *finder);
static void hear(struct run_finder *finder, struct souk_time now);
static void hand_over(struct run_finder *finder);
static void tell_failure(struct run_finder *finder, int rc);

int
run_finder_open(struct run *run, struct run_finder **finder_out, struct souk_error *err)
{
    struct run_finder *finder = calloc(1, sizeof *finder);
    int rc;

    if (finder == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its finder", run->wiring.self.text);
    finder->run = run;
    finder->wiring = run->wiring;
    finder->end = &finder->first;
    finder->answers_end = &finder->answers;
    (void)pthread_mutex_init(&finder->mutex, NULL);
    if ((finder->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        rc = souk_fail(err, SOUK_EIO, "%s: no descriptor: %s", run->wiring.self.text, strerror(errno));
    else
        rc = open_index(finder, err);
    if (rc == 0 && (rc = pthread_create(&finder->thread, NULL, work_for_ever, finder)) != 0)
        rc = souk_fail(err, SOUK_ENOMEM, "%s: no thread for its finder: %s", run->wiring.self.text, strerror(rc));
    finder->started = rc == 0;
    if (rc != 0) {
        run_finder_close(&finder);
        return rc;
    }
    *finder_out = finder;
    return 0;
}

void
run_finder_close(struct run_finder **finder_p)
{
    struct run_finder *finder = *finder_p;
    struct souk_out *out;

    if (finder == NULL)
        return;
    if (finder->started) {
        wake(finder, &finder->asked);
        (void)pthread_join(finder->thread, NULL);
    }
    for (struct queued *at = finder->first, *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
    while ((out = run_finder_take(finder)) != NULL)
        souk_out_free(&out);
    souk_finder_close(&finder->finder);
    souk_access_release(&finder->access);
    souk_pass_cache_done(&finder->passes);
    if (finder->wake_fd >= 0)
        (void)close(finder->wake_fd);
    (void)pthread_mutex_destroy(&finder->mutex);
    free(finder);
    *finder_p = NULL;
}

/* What it holds follows from the log: a store that cannot be read is thrown away and filled again. */
static int
open_index(struct run_finder *finder, struct souk_error *err)
{
    const struct souk_topology_node *node = finder->run->config->node;
    char path[sizeof finder->run->store_path];
    const struct souk_finder_config config = { .wiring = &finder->wiring, .log = finder->run->store, .path = path,
        .bytes_max = node->shell_limits.store_bytes_max };
    int rc;

    if ((size_t)snprintf(path, sizeof path, "%s/" FINDER_DIRECTORY, node->data) >= sizeof path)
        return souk_fail(err, SOUK_ETOOBIG, "data directory %s: its name is too long", node->data);
    rc = souk_finder_open(&config, &finder->finder, err);
    if (rc != -SOUK_EDAMAGED && rc != -SOUK_EUNSUPPORTED)
        return rc;
    souk_report(finder->run->report, SOUK_LEVEL_WARN, "finder_emptied", "%s; it is filled again from the log",
        err->text);
    remove_index(path);
    *err = (struct souk_error){ .code = 0 };
    return souk_finder_open(&config, &finder->finder, err);
}

static void
remove_index(const char *path)
{
    const struct dirent *entry;
    DIR *directory = opendir(path);

    if (directory == NULL)
        return;                                 /* opening says what is wrong with it */
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
    (void)closedir(directory);
}

/* ---- between the threads -------------------------------------------- */

bool
run_finder_hear(struct run_finder *finder, const struct souk_socket_message *message)
{
    const struct souk_slice frame = message->frames[0];
    struct queued *queued;

    if (!souk_finder_takes(frame) || atomic_load(&finder->ended))
        return false;
    if ((queued = malloc(sizeof *queued + frame.size_bytes)) == NULL)
        return true;                            /* like a message that was lost: it is asked again */
    queued->next = NULL;
    memcpy(queued->route, message->route, message->route_bytes);
    queued->route_bytes = message->route_bytes;
    memcpy(queued->key, message->key, sizeof queued->key);
    memcpy(queued->frame, frame.base, frame.size_bytes);
    queued->size_bytes = frame.size_bytes;
    (void)pthread_mutex_lock(&finder->mutex);
    if (finder->count < QUEUE_MAX) {
        *finder->end = queued;
        finder->end = &queued->next;
        finder->count++;
        queued = NULL;
    }
    (void)pthread_mutex_unlock(&finder->mutex);
    if (queued != NULL)
        atomic_fetch_add(&finder->run->shared.replies_dropped, 1);
    free(queued);
    wake(finder, &finder->asked);
    return true;
}

struct souk_out *
run_finder_take(struct run_finder *finder)
{
    struct souk_out *out;

    (void)pthread_mutex_lock(&finder->mutex);
    if ((out = finder->answers) != NULL && (finder->answers = out->next) == NULL)
        finder->answers_end = &finder->answers;
    (void)pthread_mutex_unlock(&finder->mutex);
    return out;
}

void
run_finder_signal(struct run_finder *finder)
{
    wake(finder, &finder->committed);
}

void
run_finder_let_go(struct run_finder *finder)
{
    souk_finder_let_go(finder->finder);
}

static void
wake(struct run_finder *finder, atomic_bool *why)
{
    const uint64_t one = 1;

    if (!atomic_exchange(why, true))
        (void)!write(finder->wake_fd, &one, sizeof one);
}

void
run_finder_count(struct run_finder *finder, struct souk_node_status *status)
{
    struct souk_finder_status found;

    (void)pthread_mutex_lock(&finder->mutex);
    found = finder->status;
    (void)pthread_mutex_unlock(&finder->mutex);
    souk_node_status_count(status, "finder_position", found.log_position);
    souk_node_status_count(status, "finder_behind", found.behind);
    souk_node_status_count(status, "finder_damaged", found.damaged);
    souk_node_status_count(status, "finder_answers", found.answers);
}

/* ---- its thread ----------------------------------------------------- */

/* The reader may have let some in by older rights. */
static void
recheck(struct run_finder *finder)
{
    struct run_shared *shared = &finder->run->shared;

    (void)run_access_renew(finder->run, &finder->access);
    (void)pthread_mutex_lock(&shared->mutex);
    finder->wiring.pass_keys = shared->pass_keys;
    (void)pthread_mutex_unlock(&shared->mutex);
    souk_finder_recheck(finder->finder, run_access_may, &(struct run_judge){ finder->run,
        { finder->access, &finder->wiring.pass_keys, &finder->passes }, SOUK_DOOR_QUERIES });
}

static void *
work_for_ever(void *arg)
{
    struct run_finder *finder = arg;
    bool full_told = false;

    /* Where processors are short, recording comes first: Linux takes the calling thread for the process of that id. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), FINDER_NICE);
    while (!atomic_load(&finder->run->shared.stops)) {
        struct souk_time now = run_time();
        struct pollfd wake = { .fd = finder->wake_fd, .events = POLLIN };
        uint64_t wakes;
        int rc;

        (void)poll(&wake, 1, souk_finder_wants_work(finder->finder, now) ? 0
            : (int)run_timeout_ms(souk_finder_due_ms(finder->finder), now.steady_ms, SLEEP_MAX_MS));
        (void)!read(finder->wake_fd, &wakes, sizeof wakes);
        atomic_store(&finder->asked, false);    /* before it looks at what there is */
        now = run_time();
        hear(finder, now);
        recheck(finder);
        if (atomic_load(&finder->committed))
            souk_finder_signal(finder->finder);
        if (!souk_finder_wants_work(finder->finder, now))
            continue;
        atomic_store(&finder->committed, false);    /* not before: more of them need not wake it */
        rc = souk_finder_work(finder->finder, now);
        hand_over(finder);
        if (rc == -SOUK_EFULL && !full_told)
            souk_report(finder->run->report, SOUK_LEVEL_WARN, "finder_full",
                "there is no room for what can be found; raise store_bytes_max or make room on the disk");
        full_told = rc == -SOUK_EFULL;
        if (rc != 0 && rc != -SOUK_EFULL && rc != -SOUK_ENOMEM && rc != -SOUK_EBUSY) {
            tell_failure(finder, rc);
            break;
        }
    }
    return NULL;
}

static void
hear(struct run_finder *finder, struct souk_time now)
{
    struct queued *first, *next;

    (void)pthread_mutex_lock(&finder->mutex);
    first = finder->first;
    finder->first = NULL;
    finder->end = &finder->first;
    finder->count = 0;
    (void)pthread_mutex_unlock(&finder->mutex);
    for (; first != NULL; first = next) {
        next = first->next;
        souk_finder_hear(finder->finder, (struct souk_slice){ first->route, first->route_bytes }, first->key,
            (struct souk_slice){ first->frame, first->size_bytes }, now);
        free(first);
    }
}

/* Answers go back through the thread that owns the door. */
static void
hand_over(struct run_finder *finder)
{
    struct souk_outbox *outbox = souk_finder_outbox(finder->finder);
    const uint64_t one = 1;
    struct souk_out *out;
    bool any = false;

    (void)pthread_mutex_lock(&finder->mutex);
    souk_finder_status(finder->finder, &finder->status);
    while ((out = souk_outbox_take(outbox)) != NULL) {
        out->next = NULL;
        *finder->answers_end = out;
        finder->answers_end = &out->next;
        any = true;
    }
    (void)pthread_mutex_unlock(&finder->mutex);
    if (any)
        (void)!write(finder->run->shared.wake_fd, &one, sizeof one);
}

/* Recording does not depend on it: the event store goes on without. */
static void
tell_failure(struct run_finder *finder, int rc)
{
    struct souk_line line;

    atomic_store(&finder->ended, true);
    souk_line_begin(&line, finder->run->report, SOUK_LEVEL_ERROR, "finder_failed");
    souk_line_text(&line, "error", souk_error_name(rc));
    souk_line_text(&line, "text", "nothing can be found until the event store is started again; it goes on recording");
    souk_line_end(&line);
}
