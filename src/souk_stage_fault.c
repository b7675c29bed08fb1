#include "souk_stage_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "souk_directory.h"
#include "souk_parked.h"

#define RECORD_MS 1000                  /* an event store that comes late looks around so often */
#define RECORD_TRIES_MAX 3600

/* Keys whose parked events are run again. */
struct retrying {
    struct souk_core *core;
    struct souk_arena arena;
    struct souk_slice *keys;
    uint32_t count, room;
};

static int leave_data(struct souk_stage *stage, struct stage_node *recorder, const char *name, const char *path,
    struct souk_error *err);
static void know_event_store(struct souk_stage *stage, size_t count);
static int retry_key(const struct souk_parked *parked, void *arg);

void
souk_stage_crash(struct souk_stage *stage, const char *service, enum souk_stage_moment moment)
{
    struct stage_node *node = stage_find_service(stage, service, true);

    if (node != NULL && moment != SOUK_STAGE_NOW) {
        node->dies = true;
        node->moment = moment;
    } else if (node != NULL) {
        stage_process_die(node);
        stage_settle(stage);
    }
    stage_finish(stage, "crash", service);
}

void
souk_stage_stop(struct souk_stage *stage, const char *service)
{
    struct stage_node *node = stage_find_service(stage, service, true);

    if (node != NULL) {
        stage_note(stage, "%s stops", service);
        stage_process_close(node);
        node->is_stopped = true;
    }
    stage_finish(stage, "stop", service);
}

void
souk_stage_start(struct souk_stage *stage, const char *service)
{
    struct stage_node *node = stage_find_node(stage, service, true);

    if (node != NULL && !node->is_stopped) {
        stage_fail(stage, "%s is not stopped", service);
    } else if (node != NULL) {
        node->is_stopped = false;
        stage_note(stage, "%s starts", service);
        stage_process_start(node);
        stage_settle(stage);
    }
    stage_finish(stage, "start", service);
}

void
souk_stage_wipe(struct souk_stage *stage, const char *service)
{
    struct stage_node *node = stage_find_service(stage, service, true);

    if (node != NULL) {
        stage_process_close(node);
        stage_disk_remove(stage, node->process.disk);
        stage_disk_new(node);
        node->parked_told = 0;
        stage_process_start(node);
        stage_settle(stage);
    }
    stage_finish(stage, "wipe", service);
}

void
souk_stage_rebuild(struct souk_stage *stage, const char *service)
{
    struct stage_node *node = stage_find_service(stage, service, false);

    if (node != NULL)
        stage_rebuild(node);
    stage_finish(stage, "rebuild", service);
}

void
souk_stage_record(struct souk_stage *stage, const char *name, const char *path)
{
    struct stage_node *recorder = NULL;
    struct souk_error err = { 0 };

    if (stage_find(stage, souk_slice_of(SOUK_STAGE_EVENT_STORE)) != NULL)
        stage_fail(stage, "there is an event store on the stage");
    else if (stage_add_event_store(stage, &err) != 0
        || (recorder = stage_find(stage, souk_slice_of(SOUK_STAGE_EVENT_STORE))) == NULL
        || stage_wire_node(recorder, true, &err) != 0)
        stage_fail_with(stage, &err);
    else
        stage_process_start(recorder);
    if (recorder != NULL)
        know_event_store(stage, 1);             /* private streams are given to event stores, too */
    for (uint32_t tries = 0; !stage->has_failed && !stage_is_level(stage); tries++) {
        if (tries == RECORD_TRIES_MAX)
            stage_fail(stage, "the event store does not get to the end of it");
        stage_pass_time(stage, stage->now_ms + RECORD_MS);
    }
    if (!stage->has_failed && leave_data(stage, recorder, name, path, &err) != 0)
        stage_fail_with(stage, &err);
    if (recorder != NULL)
        know_event_store(stage, 0);
    stage_node_remove(&recorder);
    stage_finish(stage, "record", path);
}

static int
leave_data(struct souk_stage *stage, struct stage_node *recorder, const char *name, const char *path,
    struct souk_error *err)
{
    char place[SOUK_DIRECTORY_PATH_BYTES_MAX];
    int size, rc;

    if (access(path, F_OK) == 0)
        return souk_fail(err, SOUK_EINVAL, "%s: it is there already", path);
    size = snprintf(place, sizeof place, "%s/%s" SOUK_DIRECTORY_DATA "/store", path, name);
    if (size < 0 || (size_t)size >= sizeof place)
        return souk_fail(err, SOUK_EINVAL, "%s: its path is too long", path);
    if ((rc = souk_directory_make(place, (size_t)size - strlen("/store"), err)) != 0
        || (rc = souk_store_copy(recorder->process.store, place, err)) != 0)
        return rc;
    for (uint32_t i = 0; i < stage->node_count && rc == 0; i++)
        if (stage->nodes[i] != NULL && stage->nodes[i]->wiring->keyring != NULL)
            rc = stage_keyring_copy(stage->nodes[i], path, err);
    return rc;
}

static void
know_event_store(struct souk_stage *stage, size_t count)
{
    for (uint32_t i = 0; i < stage->node_count; i++)
        if (stage->nodes[i] != NULL)
            stage->nodes[i]->wiring->store_count = count;
}

void
souk_stage_lose(struct souk_stage *stage, const char *stream, uint64_t events)
{
    struct stage_node *writer = stage_find_writer(stage, stream);
    struct souk_name name;

    if (writer == NULL || souk_name_set(&name, souk_slice_of(stream)) != 0) {
        stage_fail(stage, "nobody on the stage follows or writes it");
    } else if (writer->kind == STAGE_PLAYED) {
        stage_origin_lose(writer, &name, events);
    } else if (writer->wiring->store_count != 0) {
        stage_fail(stage, "the event store on the stage has all of it");
    } else {
        stage_lose(writer, &name, events);
    }
    stage_settle(stage);
    stage_finish(stage, "lose", stream);
}

void
souk_stage_retry_parked(struct souk_stage *stage, const char *service)
{
    struct stage_node *node = stage_find_service(stage, service, false);
    struct retrying retrying = { .count = 0 };
    struct souk_txn *txn = NULL;
    int rc;

    souk_arena_init(&retrying.arena, 0);
    if (node != NULL) {
        retrying.core = node->process.core;
        if ((rc = souk_txn_begin(node->process.store, SOUK_TXN_READ, &txn)) == 0)
            rc = souk_parked_each(txn, retry_key, &retrying);
        souk_txn_abort(&txn);
        if (rc != 0)
            stage_fail(stage, "its parked events cannot be read: %s", souk_error_name(rc));
        stage_settle(stage);
    }
    free(retrying.keys);
    souk_arena_done(&retrying.arena);
    stage_finish(stage, "retry parked", service);
}

/* Once for each key: all rows of it are run then. */
static int
retry_key(const struct souk_parked *parked, void *arg)
{
    struct retrying *retrying = arg;

    for (uint32_t i = 0; i < retrying->count; i++)
        if (souk_slice_equal(retrying->keys[i], parked->event.key))
            return 0;
    retrying->keys = stage_grow(retrying->keys, retrying->count, &retrying->room, sizeof *retrying->keys);
    retrying->keys[retrying->count] = souk_arena_copy(&retrying->arena, parked->event.key);
    if (retrying->keys[retrying->count++].base == NULL)
        return -SOUK_ENOMEM;
    return souk_core_retry_parked(retrying->core, parked->event.key);
}

void
souk_stage_fail_write(struct souk_stage *stage, const char *service, uint32_t nth)
{
    struct stage_node *node = stage_find_service(stage, service, true);

    stage->fault_struck = false;
    if (node != NULL)
        node->write_fails_in = nth;
    stage_finish(stage, "fail write", service);
}

void
souk_stage_fail_allocation(struct souk_stage *stage, const char *service, uint32_t nth)
{
    struct stage_node *node = stage_find_service(stage, service, false);

    stage->fault_struck = false;
    if (node != NULL)
        stage_fail_allocation(node, nth);
    stage_finish(stage, "fail allocation", service);
}

bool
souk_stage_fault_struck(const struct souk_stage *stage)
{
    return stage->fault_struck;
}
