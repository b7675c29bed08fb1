#include "souk_stage_parts.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "souk_directory.h"
#include "souk_keyring.h"
#include "souk_core_parts.h"    /* the arena of a round, whose fault it was, when heads and idle pulls are due */

#define DISK_PATH_BYTES_MAX (STAGE_PATH_BYTES_MAX + 16)
#define KEYRING_PATH_BYTES_MAX (STAGE_PATH_BYTES_MAX + SOUK_NAME_BYTES_MAX + 8)
#define STORE_BYTES_MAX (UINT64_C(4) * 1024 * 1024 * 1024)     /* of addresses; files are as long as what is in them */
#define READERS_MAX 4
#define PASSES_MAX 10000                /* with something to do and no time passing */
#define CALM_MS (60 * 60 * 1000)        /* between heads and idle pulls while nobody lacks anything */
#define ROUTE_NODE 'n'                  /* and its index */
#define ROUTE_TEST_QUERY 'q'

static void keyring_remove(struct stage_node *node);
static void keyring_path(const struct stage_node *node, char path_out[KEYRING_PATH_BYTES_MAX]);
static void disk_path(const struct souk_stage *stage, uint32_t disk, char path_out[DISK_PATH_BYTES_MAX]);
static int fault(void *arg);
static int open_machine(struct stage_node *node, enum souk_core_start start, struct souk_txn *txn,
    struct souk_error *err);
static void run_round(struct stage_node *node);
static int work(struct stage_node *node, struct souk_txn *txn, bool *changed_out);
static void aborted(struct stage_node *node, int rc);
static void note_failure(struct stage_node *node);
static void write_witness(struct stage_node *node);
static void committed(struct stage_node *node);
static void read_round(struct stage_node *node);
static bool wants_work(const struct stage_node *node);
static bool answers_pulls(const struct stage_node *node);
static void send_all(struct stage_node *node, struct souk_outbox *outbox);
static struct souk_outbox *outbox_of(const struct stage_node *node);
static void send_to(struct stage_node *from, const struct souk_out *out);
static void send_reply(struct stage_node *from, const struct souk_out *out);
static void hear_answer(struct stage_node *node, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count);
static size_t cut_answer(const struct stage_node *copy, const struct souk_slice *frames, size_t frame_count,
    struct souk_slice *frames_out);
static bool follows(const struct stage_node *node, struct souk_slice topic);

/* ---- nodes ---------------------------------------------------------- */

struct stage_node *
stage_node_add(struct souk_stage *stage, enum stage_kind kind, struct souk_slice name)
{
    struct stage_node *node;
    uint32_t index = 0;

    while (index < stage->node_count && stage->nodes[index] != NULL)
        index++;
    if (index == STAGE_NODES_MAX)
        return NULL;
    node = stage_alloc(1, sizeof *node);
    if (souk_name_set(&node->name, name) != 0) {
        free(node);
        return NULL;
    }
    node->stage = stage;
    node->index = index;
    node->kind = kind;
    node->commit_max = UINT64_MAX;
    node->state_told = SOUK_CORE_LIVE;
    souk_pack_init(&node->process.witness, SOUK_PAYLOAD_BYTES_MAX);
    stage->nodes[index] = node;
    if (index == stage->node_count)
        stage->node_count++;
    return node;
}

void
stage_node_remove(struct stage_node **node_p)
{
    struct stage_node *node = *node_p;

    *node_p = NULL;
    if (node == NULL)
        return;
    stage_process_close(node);
    if (node->process.disk != 0)
        stage_disk_remove(node->stage, node->process.disk);
    souk_pack_done(&node->process.witness);
    if (node->copy_of == NULL && node->wiring != NULL) {
        keyring_remove(node);
        free(node->wiring->streams);
        free(node->wiring->stores);
        free(node->wiring);
    }
    node->stage->nodes[node->index] = NULL;
    free(node);
}

/* ---- keys of persons ------------------------------------------------ */

int
stage_keyring_open(struct stage_node *node, struct souk_error *err)
{
    char path[KEYRING_PATH_BYTES_MAX];

    keyring_path(node, path);
    return souk_keyring_open(path, &node->wiring->keyring, err);
}

int
stage_keyring_copy(const struct stage_node *node, const char *directory, struct souk_error *err)
{
    char from_path[KEYRING_PATH_BYTES_MAX], path[SOUK_DIRECTORY_PATH_BYTES_MAX], bytes[4096];
    int from = -1, to = -1, rc = 0;
    ssize_t size = 0;

    keyring_path(node, from_path);
    size = snprintf(path, sizeof path, "%s/%s" SOUK_DIRECTORY_DATA SOUK_KEYRING_SUFFIX, directory, node->name.text);
    if (size < 0 || (size_t)size >= sizeof path)
        return souk_fail(err, SOUK_EINVAL, "%s: its path is too long", directory);
    if ((rc = souk_directory_make(path, (size_t)size - strlen(SOUK_DIRECTORY_DATA SOUK_KEYRING_SUFFIX), err)) != 0)
        return rc;
    if ((from = open(from_path, O_RDONLY | O_CLOEXEC)) >= 0)
        to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    while (to >= 0 && (size = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, (size_t)size) != size)
            break;
    if (to < 0 || size != 0 || fsync(to) != 0)
        rc = souk_fail(err, SOUK_EIO, "%s: the keys of persons cannot be copied there: %s", path, strerror(errno));
    if (from >= 0)
        (void)close(from);
    if (to >= 0)
        (void)close(to);
    return rc;
}

static void
keyring_remove(struct stage_node *node)
{
    char path[KEYRING_PATH_BYTES_MAX];

    if (node->wiring->keyring == NULL)
        return;
    souk_keyring_close(&node->wiring->keyring);
    keyring_path(node, path);
    (void)unlink(path);
}

static void
keyring_path(const struct stage_node *node, char path_out[KEYRING_PATH_BYTES_MAX])
{
    (void)snprintf(path_out, KEYRING_PATH_BYTES_MAX, "%s/%s.keys", node->stage->directory, node->name.text);
}

/* ---- disks ---------------------------------------------------------- */

void
stage_disk_new(struct stage_node *node)
{
    node->process.disk = ++node->stage->disks;
    souk_pack_reset(&node->process.witness);
}

static void
disk_path(const struct souk_stage *stage, uint32_t disk, char path_out[DISK_PATH_BYTES_MAX])
{
    (void)snprintf(path_out, DISK_PATH_BYTES_MAX, "%s/%u", stage->directory, (unsigned)disk);
}

void
stage_disk_remove(struct souk_stage *stage, uint32_t disk)
{
    char path[DISK_PATH_BYTES_MAX];
    const struct dirent *entry;
    DIR *directory;

    disk_path(stage, disk, path);
    if ((directory = opendir(path)) == NULL)
        return;                                 /* it was never opened */
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
    (void)closedir(directory);
    (void)rmdir(path);
}

/* ---- processes ------------------------------------------------------ */

int
stage_process_open(struct stage_node *node, enum souk_core_start start, struct souk_error *err)
{
    struct stage_process *process = &node->process;
    char path[DISK_PATH_BYTES_MAX];
    const struct souk_store_config config = { .path = path, .bytes_max = STORE_BYTES_MAX, .readers_max = READERS_MAX,
        .simulated = node->stage->in_memory, .fault = fault, .fault_arg = node };
    struct souk_txn *txn = NULL;
    int rc;

    disk_path(node->stage, process->disk, path);
    if ((rc = souk_store_open(&config, &process->store, err)) != 0)
        goto fail;
    if ((rc = souk_txn_begin(process->store, SOUK_TXN_WRITE, &txn)) != 0
        || (rc = open_machine(node, start, txn, err)) != 0 || (rc = souk_txn_commit(&txn)) != 0)
        goto fail;
    if (node->kind == STAGE_PLAYED && (rc = stage_origin_open(node, err)) != 0)
        goto fail;
    write_witness(node);
    if ((rc = souk_reader_open(node->service, node->wiring, &process->reader, err)) != 0)
        goto fail;
    return 0;

fail:
    souk_txn_abort(&txn);
    stage_process_close(node);
    if (err->code == 0)
        (void)souk_fail(err, (enum souk_error_code)-rc, "%s: it does not start: %s", node->name.text,
            souk_error_name(rc));
    return rc;
}

static int
open_machine(struct stage_node *node, enum souk_core_start start, struct souk_txn *txn, struct souk_error *err)
{
    const struct souk_slice witness = souk_pack_slice(&node->process.witness);
    const struct souk_time now = stage_time(node->stage);

    switch (node->kind) {
    case STAGE_SERVICE:
        return souk_core_open(node->service, node->wiring, start, txn, witness, now, &node->process.core, err);
    case STAGE_STORE:
        return souk_recorder_open(node->wiring, txn, witness, now, &node->process.recorder, err);
    case STAGE_PLAYED:
        break;
    }
    return 0;
}

/* What a test has asked for, souk_store_config. */
static int
fault(void *arg)
{
    struct stage_node *node = arg;

    if (node->process.reader == NULL || node->write_fails_in == 0 || --node->write_fails_in != 0)
        return 0;                               /* without a reader it is just starting */
    node->stage->fault_struck = true;
    return -SOUK_EFULL;
}

void
stage_process_close(struct stage_node *node)
{
    struct stage_process *process = &node->process;

    souk_reader_close(&process->reader);
    souk_core_close(&process->core);
    souk_recorder_close(&process->recorder);
    souk_store_close(&process->store);
}

void
stage_process_start(struct stage_node *node)
{
    struct souk_stage *stage = node->stage;
    struct souk_error err = { 0 };

    if (stage_process_open(node, SOUK_CORE_START, &err) != 0) {
        stage_fail(stage, "%s", err.text);
        return;
    }
    /* It subscribes to the others, and they to it. */
    for (uint32_t i = 0; i < stage->node_count; i++) {
        struct stage_node *other = stage->nodes[i];

        if (other == NULL || other->process.store == NULL)
            continue;
        if (other->process.core != NULL)
            souk_core_hear_subscriber(other->process.core);
        else if (other->process.recorder != NULL)
            souk_recorder_hear_subscriber(other->process.recorder);
        else
            stage_origin_heads(other);
    }
}

void
stage_process_die(struct stage_node *node)
{
    node->dies = false;
    stage_note(node->stage, "%s crashes", node->name.text);
    stage_process_close(node);
    stage_process_start(node);
}

void
stage_fail_allocation(struct stage_node *node, uint32_t nth)
{
    node->process.core->arena.fails_in = nth;
}

/* ---- rounds --------------------------------------------------------- */

void
stage_settle(struct souk_stage *stage)
{
    uint32_t passes = 0;
    bool moved;

    do {
        moved = false;
        for (uint32_t i = 0; i < stage->node_count && !stage->has_failed; i++) {
            struct stage_node *node = stage->nodes[i];

            if (node != NULL && node->process.store != NULL && wants_work(node)) {
                run_round(node);
                moved = true;
            }
            if (node != NULL && node->process.reader != NULL
                && souk_reader_wants_work(node->process.reader, stage_time(stage))) {
                read_round(node);
                moved = true;
            }
        }
        if (++passes > PASSES_MAX)
            stage_fail(stage, "no end: services have had something to do %d times, and no time has passed", PASSES_MAX);
    } while (moved && !stage->has_failed);
}

static bool
wants_work(const struct stage_node *node)
{
    const struct souk_time now = stage_time(node->stage);

    if (node->process.core != NULL)
        return souk_core_wants_work(node->process.core, now);
    return node->process.recorder != NULL && souk_recorder_wants_work(node->process.recorder, now);
}

uint64_t
stage_due_ms(const struct souk_stage *stage)
{
    uint64_t due_ms = UINT64_MAX;

    for (uint32_t i = 0; i < stage->node_count; i++) {
        const struct stage_node *node = stage->nodes[i];
        uint64_t at_ms = UINT64_MAX;

        if (node == NULL || node->process.reader == NULL)
            continue;
        if (node->process.core != NULL)
            at_ms = souk_core_due_ms(node->process.core);
        else if (node->process.recorder != NULL)
            at_ms = souk_recorder_due_ms(node->process.recorder);
        due_ms = at_ms < due_ms ? at_ms : due_ms;
        at_ms = souk_reader_due_ms(node->process.reader);
        due_ms = at_ms < due_ms ? at_ms : due_ms;
    }
    return due_ms;
}

/* One round as souk_core.h has it. */
static void
run_round(struct stage_node *node)
{
    struct stage_process *process = &node->process;
    uint32_t fails_in = process->core == NULL ? 0 : process->core->arena.fails_in;
    struct souk_txn *txn = NULL;
    bool changed = false, dies;
    int rc;

    if ((rc = souk_txn_begin(process->store, SOUK_TXN_WRITE, &txn)) == 0)
        rc = work(node, txn, &changed);
    if (fails_in != 0 && process->core->arena.fails_in == 0)
        node->stage->fault_struck = true;
    dies = node->dies && rc == 0 && changed;
    if (dies && node->moment == SOUK_STAGE_BEFORE_COMMIT) {
        souk_txn_abort(&txn);
        stage_process_die(node);
        return;
    }
    if (rc == 0 && changed)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    if (rc != 0) {
        aborted(node, rc);
        return;
    }
    if (changed && node->copy_of == NULL)
        stage_note_store(node);
    if (dies) {
        stage_process_die(node);
        return;
    }
    write_witness(node);
    committed(node);
    if (node->copy_of == NULL)
        stage_note_state(node);
    send_all(node, outbox_of(node));
    if (changed)
        souk_reader_signal(process->reader);
}

static int
work(struct stage_node *node, struct souk_txn *txn, bool *changed_out)
{
    const struct souk_time now = stage_time(node->stage);

    if (node->process.core != NULL)
        return souk_core_work(node->process.core, txn, now, changed_out);
    return souk_recorder_work(node->process.recorder, txn, now, changed_out);
}

static void
aborted(struct stage_node *node, int rc)
{
    const struct souk_time now = stage_time(node->stage);
    struct souk_txn *txn = NULL;
    int again;

    if (rc != -SOUK_EHANDLER && rc != -SOUK_EFULL && rc != -SOUK_ENOMEM) {
        stage_fail(node->stage, "%s: its work fails: %s", node->name.text, souk_error_name(rc));
        return;
    }
    if (rc == -SOUK_EHANDLER && node->copy_of == NULL)
        note_failure(node);
    if ((again = souk_txn_begin(node->process.store, SOUK_TXN_WRITE, &txn)) == 0)
        again = node->process.core != NULL ? souk_core_aborted(node->process.core, rc, txn, now)
            : souk_recorder_aborted(node->process.recorder, rc, txn, now);
    souk_txn_abort(&txn);
    if (again != 0)
        stage_fail(node->stage, "%s: it does not go on after %s: %s", node->name.text, souk_error_name(rc),
            souk_error_name(again));
    else if (node->copy_of == NULL)
        stage_note_state(node);
}

/* Of a command there is a reply, of a followed event a parked row; of these there is nothing else to be seen. */
static void
note_failure(struct stage_node *node)
{
    const struct souk_core *core = node->process.core;

    if (core == NULL || core->inputs != 1)
        return;                                 /* each is run alone now, and then it is clear whose fault it is */
    if (core->failed_kind == CORE_INPUT_TIMER)
        stage_note(node->stage, "failed %s timer %s", node->name.text, core->failed_timer.kind);
    else if (core->failed_kind == CORE_INPUT_OUTCOME)
        stage_note(node->stage, "failed %s outcome", node->name.text);
    else if (core->failed_kind == CORE_INPUT_RETRY)
        stage_note(node->stage, "failed %s parked", node->name.text);
}

static void
write_witness(struct stage_node *node)
{
    struct stage_process *process = &node->process;
    struct souk_recorder_status recorder;
    struct souk_core_status core;
    struct souk_slice witness = { NULL, 0 };

    if (process->core != NULL) {
        souk_core_status(process->core, &core);
        process->commit_witnessed = core.commit;
        witness = souk_core_witness(process->core);
    } else if (process->recorder != NULL) {
        souk_recorder_status(process->recorder, &recorder);
        process->commit_witnessed = UINT64_MAX; /* it shows what it has */
        witness = souk_recorder_witness(process->recorder);
    }
    if (witness.size_bytes == 0)
        return;
    souk_pack_reset(&process->witness);
    souk_pack_raw(&process->witness, witness);
    assert(process->witness.rc == 0);
}

static void
committed(struct stage_node *node)
{
    const struct souk_time now = stage_time(node->stage);

    if (node->process.core != NULL)
        souk_core_committed(node->process.core, now);
    else
        souk_recorder_committed(node->process.recorder, now);
}

static void
read_round(struct stage_node *node)
{
    struct stage_process *process = &node->process;
    struct souk_txn *txn = NULL;
    uint32_t foreign;
    int rc;

    if ((rc = souk_txn_begin(process->store, SOUK_TXN_READ, &txn)) == 0)
        rc = souk_reader_work(process->reader, txn, process->commit_witnessed, answers_pulls(node),
            stage_time(node->stage));
    souk_txn_abort(&txn);
    if (rc != 0) {
        stage_fail(node->stage, "%s: its queries fail: %s", node->name.text, souk_error_name(rc));
        return;
    }
    if ((foreign = souk_reader_foreign(process->reader)) != 0 && process->core != NULL)
        souk_core_hear_foreign(process->core, foreign, stage_time(node->stage));
    send_all(node, souk_reader_outbox(process->reader));
}

static bool
answers_pulls(const struct stage_node *node)
{
    return node->process.core == NULL || souk_core_state(node->process.core) == SOUK_CORE_LIVE
        || souk_core_state(node->process.core) == SOUK_CORE_DRAINED;
}

/* ---- what they send each other -------------------------------------- */

static struct souk_outbox *
outbox_of(const struct stage_node *node)
{
    return node->process.core != NULL ? souk_core_outbox(node->process.core)
        : souk_recorder_outbox(node->process.recorder);
}

static void
send_all(struct stage_node *node, struct souk_outbox *outbox)
{
    struct souk_out *out;

    while ((out = souk_outbox_take(outbox)) != NULL) {
        const bool is_pull = out->kind == SOUK_OUT_SEND && out->door == SOUK_DOOR_QUERIES;

        if (node->copy_of == NULL || is_pull) {
            switch (out->kind) {
            case SOUK_OUT_PUBLISH:
                stage_publish_frames(node, out->frames, out->frame_count);
                break;
            case SOUK_OUT_SEND:
                send_to(node, out);
                break;
            case SOUK_OUT_REPLY:
                send_reply(node, out);
                break;
            }
        }
        souk_out_free(&out);
    }
}

void
stage_publish_frames(struct stage_node *from, const struct souk_slice *frames, size_t frame_count)
{
    const struct souk_stage *stage = from->stage;
    const struct souk_time now = stage_time(stage);

    for (uint32_t i = 0; i < stage->node_count; i++) {
        struct stage_node *node = stage->nodes[i];

        if (node == NULL || node == from || node->commit_max != UINT64_MAX || !follows(node, frames[0]))
            continue;
        if (node->process.core != NULL)
            souk_core_hear_published(node->process.core, &from->name, frames, frame_count, now);
        else if (node->process.recorder != NULL)
            souk_recorder_hear_published(node->process.recorder, &from->name, frames, frame_count, now);
    }
}

static bool
follows(const struct stage_node *node, struct souk_slice topic)
{
    if (souk_slice_equal(topic, souk_wire_topic_heads()))
        return true;
    for (size_t i = 0; i < node->wiring->stream_count; i++)
        if (souk_slice_equal(topic, souk_wire_topic(&node->wiring->streams[i].name)))
            return true;
    return false;
}

static void
send_to(struct stage_node *from, const struct souk_out *out)
{
    struct souk_stage *stage = from->stage;
    const struct souk_slice identity = souk_name_slice(&from->name);
    const struct souk_time now = stage_time(stage);
    struct stage_node *to = stage_find(stage, souk_name_slice(&out->to));
    const char route_bytes[] = { ROUTE_NODE, (char)from->index };
    const struct souk_slice route = { route_bytes, sizeof route_bytes };

    if (out->door == SOUK_DOOR_COMMANDS && souk_wire_kind(out->frames[0]) == SOUK_WIRE_REQUEST) {
        stage_note_request(from, &out->to, out->frames[0]);
        if (to == NULL || to->process.core == NULL) {
            stage_answer_request(from, &out->to, out->frames[0]);
            return;
        }
    }
    if (to == NULL || to->process.reader == NULL)
        return;                                 /* it is not there: as on a network */
    if (out->door == SOUK_DOOR_QUERIES)
        souk_reader_hear(to->process.reader, route, "", out->frames, out->frame_count, now);
    else if (to->process.core != NULL)
        souk_core_hear_request(to->process.core, route, identity, "", out->frames, out->frame_count, now);
    else if (to->process.recorder != NULL)
        souk_recorder_hear_request(to->process.recorder, route, identity, out->frames, out->frame_count, now);
}

static void
send_reply(struct stage_node *from, const struct souk_out *out)
{
    struct souk_stage *stage = from->stage;
    struct stage_node *to;

    if (out->route[0] != ROUTE_NODE) {
        stage_note_reply(stage, from, out->route[0] == ROUTE_TEST_QUERY, out->frames[0]);
        return;
    }
    if ((to = stage->nodes[out->route[1]]) == NULL || to->process.reader == NULL)
        return;
    if (souk_wire_kind(out->frames[0]) == SOUK_WIRE_REPLY)
        stage_note_outcome(to, &from->name, out->frames[0]);
    hear_answer(to, &from->name, out->frames, out->frame_count);
}

static void
hear_answer(struct stage_node *node, const struct souk_name *from, const struct souk_slice *frames,
    size_t frame_count)
{
    const struct souk_time now = stage_time(node->stage);
    struct souk_slice *cut = NULL;

    if (node->commit_max != UINT64_MAX && strcmp(from->text, node->name.text) == 0) {
        cut = stage_alloc(frame_count, sizeof *cut);
        frame_count = cut_answer(node, frames, frame_count, cut);
        frames = cut;
    }
    if (node->process.core != NULL)
        souk_core_hear_answer(node->process.core, from, frames, frame_count, now);
    else if (node->process.recorder != NULL)
        souk_recorder_hear_answer(node->process.recorder, from, frames, frame_count, now);
    if (node->process.core != NULL || node->process.recorder != NULL)
        send_all(node, outbox_of(node));        /* what need not wait for a commit */
    free(cut);
}

/* Leave out what lies behind the copy's last commit. */
static size_t
cut_answer(const struct stage_node *copy, const struct souk_slice *frames, size_t frame_count,
    struct souk_slice *frames_out)
{
    struct souk_batch_header header;
    size_t count = 0;

    frames_out[count++] = frames[0];
    for (size_t i = 1; i < frame_count; i++)
        if (souk_batch_peek(frames[i], &header) == 0 && header.commit <= copy->commit_max)
            frames_out[count++] = frames[i];
    return count;
}

void
stage_answer_request(struct stage_node *asker, const struct souk_name *to, struct souk_slice frame)
{
    const struct souk_stage *stage = asker->stage;
    struct souk_wire_reply reply = { .durability = SOUK_DURABILITY_LOCAL };
    const struct stage_answer *answer = NULL;
    struct souk_wire_request request;
    struct souk_slice answered;
    struct souk_pack pack;

    if (souk_wire_request_get(frame, &request) != 0)
        return;
    for (uint32_t i = 0; i < stage->answer_count; i++)
        if (souk_slice_equal(souk_slice_of(stage->answers[i].command), request.name))
            answer = &stage->answers[i];
    if (answer == NULL || answer->is_silent)
        return;
    reply.id = request.id;
    reply.status = answer->status;
    reply.code = souk_slice_of(answer->code);
    reply.text = reply.body = souk_slice_of("");
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_reply_put(&pack, &reply);
    assert(pack.rc == 0);
    answered = souk_pack_slice(&pack);
    stage_note_outcome(asker, to, answered);
    hear_answer(asker, to, &answered, 1);
    souk_pack_done(&pack);
}

/* ---- how they stand ------------------------------------------------- */

int
stage_cursor(const struct stage_node *node, const char *stream, struct souk_position *out)
{
    struct souk_txn *txn = NULL;
    struct souk_name name;
    struct souk_log log;
    int rc;

    if (node->process.store == NULL)
        return -SOUK_EBUSY;                     /* it did not start */
    if (node->process.core != NULL)
        return souk_core_cursor(node->process.core, stream, out);
    if (node->process.recorder != NULL)
        return souk_recorder_cursor(node->process.recorder, stream, out);
    if ((rc = souk_name_set(&name, souk_slice_of(stream))) != 0
        || (rc = souk_txn_begin(node->process.store, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    if ((rc = souk_log_open(txn, &name, &log)) == 0)
        rc = souk_log_head(txn, &log, out, NULL);
    souk_txn_abort(&txn);
    return rc;
}

bool
stage_is_level(const struct souk_stage *stage)
{
    for (uint32_t i = 0; i < stage->node_count; i++) {
        const struct stage_node *node = stage->nodes[i];

        if (node == NULL || node->is_stopped)
            continue;
        if (node->process.core != NULL && souk_core_state(node->process.core) != SOUK_CORE_LIVE)
            return false;
        for (size_t k = 0; k < node->wiring->stream_count; k++) {
            const struct souk_wired_stream *stream = &node->wiring->streams[k];
            const struct stage_node *writer = stage_find(stage, souk_name_slice(&stream->origin));
            struct souk_position head, cursor;

            if (writer != NULL && writer->is_stopped)
                continue;                       /* what it has said is all there is */
            if (writer == NULL || stage_cursor(writer, stream->name.text, &head) != 0
                || stage_cursor(node, stream->name.text, &cursor) != 0 || !souk_position_equal(&head, &cursor))
                return false;
        }
    }
    return true;
}

void
stage_set_pace(struct souk_stage *stage, bool calm)
{
    const uint64_t now_ms = stage_time(stage).steady_ms;

    for (uint32_t i = 0; i < stage->node_count; i++) {
        struct souk_core *core = stage->nodes[i] == NULL ? NULL : stage->nodes[i]->process.core;
        const struct souk_limits *limits;

        if (core == NULL)
            continue;
        limits = &stage->nodes[i]->wiring->limits;
        if (calm)
            core->head_due_ms = now_ms + CALM_MS;
        else if (core->head_due_ms > now_ms + limits->head_ms)
            core->head_due_ms = now_ms + limits->head_ms;
        for (uint32_t k = 0; k < core->feeds.count; k++) {
            struct souk_feed *feed = core->feeds.feeds[k];

            if (calm && feed->request == 0 && !feed->wants)
                feed->idle_due_ms = now_ms + CALM_MS;
            else if (!calm && feed->idle_due_ms > now_ms + limits->pull_idle_ms)
                feed->idle_due_ms = now_ms + limits->pull_idle_ms;
        }
    }
}
