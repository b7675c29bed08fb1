#include "souk_run_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "souk_prepare.h"

#define THREADS 2                       /* slow work that takes memory: a password hash has 64 MiB */
#define JOBS_MAX 16                     /* given to the threads and not taken back; the others wait as commands do */

/* One command's preparation, on its way there and back. */
struct job {
    struct job *next;
    struct souk_preparation preparation;        /* its slices lie in `bytes` */
    int rc;
    struct souk_slice prepared;                 /* owned */
    uint8_t bytes[];
};

struct run_pool {
    struct run *run;
    uint32_t thread_count;
    pthread_t threads[THREADS];
    struct souk_preparer *preparers[THREADS];   /* each of its thread */
    uint32_t taken;                             /* under the mutex: threads that have theirs */
    uint32_t under_way;                         /* the writer's */
    int fd;                                     /* eventfd: something is done */
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool stops;
    struct job *waiting, **waiting_end;
    struct job *done, **done_end;
};

static void *work(void *arg);
static void run_job(struct run_pool *pool, struct souk_preparer *preparer, struct job *job);
static struct job *new_job(const struct souk_preparation *preparation);
static void free_jobs(struct job *job);

int
run_pool_open(struct run *run, struct run_pool **pool_out, struct souk_error *err)
{
    struct run_pool *pool = calloc(1, sizeof *pool);
    int rc = 0;

    if (pool == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to prepare commands", run->wiring.self.text);
    pool->run = run;
    pool->waiting_end = &pool->waiting;
    pool->done_end = &pool->done;
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->cond, NULL);
    if ((pool->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        rc = souk_fail(err, SOUK_EIO, "%s: no descriptor: %s", run->wiring.self.text, strerror(errno));
    for (int i = 0; i < THREADS && rc == 0; i++)
        rc = souk_preparer_open(run->config->service, &run->wiring, &pool->preparers[i], err);
    while (rc == 0 && pool->thread_count < THREADS) {
        if ((rc = pthread_create(&pool->threads[pool->thread_count], NULL, work, pool)) != 0)
            rc = souk_fail(err, SOUK_ENOMEM, "%s: no thread to prepare commands: %s", run->wiring.self.text,
                strerror(rc));
        else
            pool->thread_count++;
    }
    if (rc != 0) {
        run_pool_close(&pool);
        return rc;
    }
    souk_core_prepare_outside(run->engine.core);
    *pool_out = pool;
    return 0;
}

void
run_pool_close(struct run_pool **pool_p)
{
    struct run_pool *pool = *pool_p;

    if (pool == NULL)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    pool->stops = true;
    (void)pthread_cond_broadcast(&pool->cond);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = 0; i < pool->thread_count; i++)
        (void)pthread_join(pool->threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        souk_preparer_close(&pool->preparers[i]);
    free_jobs(pool->waiting);
    free_jobs(pool->done);
    if (pool->fd >= 0)
        (void)close(pool->fd);
    (void)pthread_cond_destroy(&pool->cond);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool);
    *pool_p = NULL;
}

int
run_pool_fd(const struct run_pool *pool)
{
    return pool->fd;
}

/* ---- the writer's side ---------------------------------------------- */

void
run_pool_give(struct run_pool *pool)
{
    struct souk_preparation preparation;
    struct job *job;

    while (pool->under_way < JOBS_MAX && souk_core_next_preparation(pool->run->engine.core, &preparation)) {
        if ((job = new_job(&preparation)) == NULL) {
            souk_core_hear_prepared(pool->run->engine.core, preparation.ticket, -SOUK_ENOMEM,
                (struct souk_slice){ NULL, 0 });
            continue;
        }
        pool->under_way++;
        (void)pthread_mutex_lock(&pool->mutex);
        *pool->waiting_end = job;
        pool->waiting_end = &job->next;
        (void)pthread_cond_signal(&pool->cond);
        (void)pthread_mutex_unlock(&pool->mutex);
    }
}

static struct job *
new_job(const struct souk_preparation *preparation)
{
    struct job *job = calloc(1, sizeof *job + preparation->name.size_bytes + preparation->payload.size_bytes);

    if (job == NULL)
        return NULL;
    job->preparation = *preparation;
    if (preparation->name.size_bytes != 0)
        memcpy(job->bytes, preparation->name.base, preparation->name.size_bytes);
    job->preparation.name.base = job->bytes;
    if (preparation->payload.size_bytes != 0)
        memcpy(job->bytes + preparation->name.size_bytes, preparation->payload.base, preparation->payload.size_bytes);
    job->preparation.payload.base = job->bytes + preparation->name.size_bytes;
    return job;
}

void
run_pool_take(struct run_pool *pool)
{
    uint64_t wakes;
    struct job *done;

    if (read(pool->fd, &wakes, sizeof wakes) != (ssize_t)sizeof wakes)
        return;
    (void)pthread_mutex_lock(&pool->mutex);
    done = pool->done;
    pool->done = NULL;
    pool->done_end = &pool->done;
    (void)pthread_mutex_unlock(&pool->mutex);
    for (const struct job *job = done; job != NULL; job = job->next) {
        pool->under_way--;
        souk_core_hear_prepared(pool->run->engine.core, job->preparation.ticket, job->rc, job->prepared);
    }
    free_jobs(done);
}

static void
free_jobs(struct job *job)
{
    for (struct job *next; job != NULL; job = next) {
        next = job->next;
        free((void *)(uintptr_t)job->prepared.base);
        free(job);
    }
}

/* ---- the threads' side ---------------------------------------------- */

static void *
work(void *arg)
{
    const uint64_t one = 1;
    struct run_pool *pool = arg;
    struct souk_preparer *preparer;

    (void)pthread_mutex_lock(&pool->mutex);
    preparer = pool->preparers[pool->taken++];
    while (!pool->stops) {
        struct job *job = pool->waiting;

        if (job == NULL) {
            (void)pthread_cond_wait(&pool->cond, &pool->mutex);
            continue;
        }
        if ((pool->waiting = job->next) == NULL)
            pool->waiting_end = &pool->waiting;
        job->next = NULL;
        (void)pthread_mutex_unlock(&pool->mutex);
        run_job(pool, preparer, job);
        (void)pthread_mutex_lock(&pool->mutex);
        *pool->done_end = job;
        pool->done_end = &job->next;
        (void)!write(pool->fd, &one, sizeof one);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

static void
run_job(struct run_pool *pool, struct souk_preparer *preparer, struct job *job)
{
    struct souk_txn *txn = NULL;
    struct souk_slice bytes;
    void *copy;

    if ((job->rc = souk_txn_begin(pool->run->store, SOUK_TXN_READ, &txn)) == 0)
        job->rc = souk_preparer_run(preparer, txn, &job->preparation, &bytes);
    if (job->rc == 0 && bytes.size_bytes != 0) {
        if ((copy = malloc(bytes.size_bytes)) != NULL) {
            memcpy(copy, bytes.base, bytes.size_bytes);
            job->prepared = (struct souk_slice){ copy, bytes.size_bytes };
        } else {
            job->rc = -SOUK_ENOMEM;
        }
    }
    souk_txn_abort(&txn);
}
