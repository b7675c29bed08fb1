#include "souk_run_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "souk_backup.h"
#include "souk_log_position.h"
#include "souk_wire.h"

#include "eventstore.h"
#include "recovery.h"

#define BACKUPS_DIRECTORY "backups"
#define BUSY_RETRY_MS 1000
#define MARKS_EVERY_MS 5000             /* backups are moved and removed by hand */
#define TEXT_BYTES_MAX SOUK_WIRE_TEXT_BYTES_MAX

/* Who asked for one. */
struct asker {
    struct souk_id id;
    bool of_store;                              /* by eventstore.backup, whose refusals have names of their own */
    uint8_t route[SOUK_ROUTE_BYTES_MAX];
    size_t route_bytes;
};

struct run_backup {
    struct run *run;
    int fd;
    bool is_running;
    pthread_t thread;
    struct asker asker;
    char directory[sizeof ((struct run *)NULL)->store_path];
    char name[SOUK_BATCH_NAME_BYTES_MAX + 1];
    uint64_t marks_due_ms;                      /* steady */
    bool has_marks;                             /* told to the recorder */
    uint32_t mark_count;
    struct souk_backed_up marks[SOUK_STREAMS_MAX];
    /* its thread's while it runs */
    struct souk_backup_report report;
    struct souk_error err;
    int rc;
};

static void begin(struct run_backup *backup, const struct asker *asker, const struct souk_wire_request *request);
static void *make(void *arg);
static bool goes_on(void *arg);
static void tell(struct run_backup *backup);
static void answer(struct run_backup *backup, const struct asker *asker, enum souk_status status, const char *code,
    const char *text);

int
run_backup_open(struct run *run, struct run_backup **backup_out, struct souk_error *err)
{
    struct run_backup *backup = calloc(1, sizeof *backup);

    if (backup == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for backups", run->wiring.self.text);
    backup->run = run;
    if ((size_t)snprintf(backup->directory, sizeof backup->directory, "%s/" BACKUPS_DIRECTORY,
        run->config->node->data) >= sizeof backup->directory) {
        free(backup);
        return souk_fail(err, SOUK_ETOOBIG, "data directory %s: its name is too long", run->config->node->data);
    }
    if ((backup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        free(backup);
        return souk_fail(err, SOUK_EIO, "%s: no descriptor: %s", run->wiring.self.text, strerror(errno));
    }
    *backup_out = backup;
    return 0;
}

void
run_backup_close(struct run_backup **backup_p)
{
    struct run_backup *backup = *backup_p;

    if (backup == NULL)
        return;
    if (backup->is_running) {
        (void)pthread_join(backup->thread, NULL);
        tell(backup);
    }
    (void)close(backup->fd);
    free(backup);
    *backup_p = NULL;
}

int
run_backup_fd(const struct run_backup *backup)
{
    return backup->fd;
}

bool
run_backup_hear(struct run_backup *backup, const struct souk_socket_message *message)
{
    struct souk_wire_request request;
    struct asker asker;

    if (souk_wire_kind(message->frames[0]) != SOUK_WIRE_REQUEST
        || souk_wire_request_get(message->frames[0], &request) != 0 || request.query
        || (!souk_slice_equal(request.name, souk_slice_of(souk_backup_type.name))
            && (backup->run->config->service != NULL
                || !souk_slice_equal(request.name, souk_slice_of(eventstore_backup_type.name)))))
        return false;
    asker.of_store = request.name.size_bytes == strlen(eventstore_backup_type.name);
    asker.id = request.id;
    asker.route_bytes = message->route_bytes;
    memcpy(asker.route, message->route, message->route_bytes);
    begin(backup, &asker, &request);
    return true;
}

static void
begin(struct run_backup *backup, const struct asker *asker, const struct souk_wire_request *request)
{
    struct souk_backup command;                 /* eventstore.backup has the same fields */
    struct souk_arena arena;
    int rc;

    souk_arena_init(&arena, 0);
    rc = souk_message_decode(&souk_backup_type, request->version, request->payload, &arena, &command);
    if (rc == 0 && !backup->is_running)
        (void)snprintf(backup->name, sizeof backup->name, "%.*s", (int)command.name.size_bytes,
            (const char *)command.name.base);
    souk_arena_done(&arena);
    if (rc != 0) {
        answer(backup, asker, SOUK_STATUS_INVALID, souk_error_name(rc), "its payload is not what its description says");
        return;
    }
    if (memcmp(backup->asker.id.bytes, asker->id.bytes, sizeof asker->id.bytes) == 0) {
        backup->asker = *asker;                 /* asked again: answered when it is whole, or once more */
        if (!backup->is_running)
            tell(backup);
        return;
    }
    if (backup->is_running || backup->run->stopping) {
        answer(backup, asker, SOUK_STATUS_BUSY, "busy", "another backup is under way, or it stops");
        return;
    }
    backup->asker = *asker;
    if (pthread_create(&backup->thread, NULL, make, backup) != 0) {
        answer(backup, asker, SOUK_STATUS_BUSY, "busy", "no thread can be made");
        return;
    }
    backup->is_running = true;
    souk_report(backup->run->report, SOUK_LEVEL_INFO, "backup_begins", "%s/%s", backup->directory, backup->name);
}

void
run_backup_take(struct run_backup *backup)
{
    uint64_t times;

    if (read(backup->fd, &times, sizeof times) != sizeof times || !backup->is_running)
        return;
    (void)pthread_join(backup->thread, NULL);
    backup->is_running = false;
    tell(backup);
    backup->marks_due_ms = 0;
}

/*
 * Which backups may still be restored is what lies in the directory: an origin
 * may trim what all of them hold.
 */
int
run_backup_look(struct run_backup *backup, struct souk_time now)
{
    struct souk_backed_up marks[SOUK_STREAMS_MAX];
    struct souk_recorder *recorder = backup->run->engine.recorder;
    struct souk_txn *txn = NULL;
    struct souk_line line;
    uint32_t count, backups;
    int rc;

    if (recorder == NULL || now.steady_ms < backup->marks_due_ms)
        return 0;
    backup->marks_due_ms = now.steady_ms + MARKS_EVERY_MS;
    if ((rc = souk_txn_begin(backup->run->store, SOUK_TXN_READ, &txn)) == 0)
        rc = souk_backup_marks(backup->directory, txn, marks, &count, &backups);
    souk_txn_abort(&txn);
    if (rc != 0)
        return rc == -SOUK_EBUSY || rc == -SOUK_ENOMEM ? 0 : rc;
    if (count == backup->mark_count && (backup->has_marks || count == 0)
        && memcmp(marks, backup->marks, count * sizeof marks[0]) == 0) {
        return 0;
    }
    souk_line_begin(&line, backup->run->report, SOUK_LEVEL_INFO, "backups");
    souk_line_uint(&line, "kept", backups);
    souk_line_text(&line, "text", "origins that trim `backed_up` keep what is not in all of them");
    souk_line_end(&line);
    backup->mark_count = count;
    memcpy(backup->marks, marks, count * sizeof marks[0]);
    backup->has_marks = true;
    return souk_recorder_backed_up(recorder, marks, count);
}

/* In a line of the log, and to whoever asked. */
static void
tell(struct run_backup *backup)
{
    const struct souk_backup_report *report = &backup->report;
    const struct souk_manifest *manifest = &report->manifest;
    char position[SOUK_LOG_POSITION_BYTES + 1] = "";
    char text[TEXT_BYTES_MAX];
    enum souk_status status = SOUK_STATUS_OK;
    const char *code = "";

    if (backup->rc == 0) {
        if (manifest->is_store)
            souk_log_position_format(souk_name_slice(&manifest->node), report->incarnation, manifest->log_position,
                position);
        (void)snprintf(text, sizeof text, "%s: %" PRIu64 " events in %" PRIu64 " batches of %" PRIu32 " streams%s%s",
            backup->name, manifest->events, manifest->batches, manifest->stream_count,
            manifest->is_store ? ", up to log position " : "", position);
    } else {
        (void)snprintf(text, sizeof text, "%s", backup->err.text);
    }
    switch (-backup->rc) {
    case 0:
        break;
    case SOUK_EINVAL:
        status = SOUK_STATUS_REFUSED;
        code = backup->asker.of_store ? EVENTSTORE_BAD_NAME : SOUK_BAD_BACKUP_NAME;
        break;
    case SOUK_EDAMAGED:
        status = SOUK_STATUS_REFUSED;
        code = backup->asker.of_store ? EVENTSTORE_DAMAGED : SOUK_DAMAGED_STORE;
        break;
    case SOUK_EFULL:
        status = SOUK_STATUS_FULL;
        code = "full";
        break;
    case SOUK_EBUSY:
        status = SOUK_STATUS_BUSY;
        code = "busy";
        break;
    default:
        status = SOUK_STATUS_INTERNAL;
        code = "internal";
    }
    souk_report(backup->run->report, backup->rc == 0 ? SOUK_LEVEL_INFO : backup->rc == -SOUK_EINVAL ? SOUK_LEVEL_WARN
        : SOUK_LEVEL_ERROR,
        backup->rc == 0 ? "backed_up" : "backup_failed", "%s", text);
    answer(backup, &backup->asker, status, code, text);
}

static void
answer(struct run_backup *backup, const struct asker *asker, enum souk_status status, const char *code,
    const char *text)
{
    const struct souk_wire_reply reply = { .id = asker->id, .status = status, .code = souk_slice_of(code),
        .text = souk_slice_of(text), .durability = status == SOUK_STATUS_OK ? SOUK_DURABILITY_LOCAL
        : SOUK_DURABILITY_NONE, .retry_after_ms = status == SOUK_STATUS_BUSY ? BUSY_RETRY_MS : 0 };
    struct souk_outbox outbox;
    struct souk_slice frame;
    struct souk_pack pack;
    struct souk_out *out;

    souk_outbox_init(&outbox);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_reply_put(&pack, &reply);
    frame = souk_pack_slice(&pack);
    if (pack.rc == 0 && souk_outbox_put(&outbox, SOUK_OUT_REPLY, SOUK_DOOR_COMMANDS, NULL,
        (struct souk_slice){ asker->route, asker->route_bytes }, &frame, 1) == 0)
        souk_outbox_release(&outbox);
    if ((out = souk_outbox_take(&outbox)) == NULL || souk_socket_send(backup->run->commands, out) != 0)
        backup->run->replies_dropped++;
    souk_out_free(&out);
    souk_pack_done(&pack);
    souk_outbox_done(&outbox);
}

/* ---- its thread ----------------------------------------------------- */

static void *
make(void *arg)
{
    struct run_backup *backup = arg;
    const struct souk_backup_config config = { .store = backup->run->store, .node = backup->run->wiring.self,
        .is_store = backup->run->config->service == NULL, .now_ms = run_time().wall_ms,
        .bytes_max = backup->run->config->node->shell_limits.store_bytes_max, .directory = backup->directory,
        .name = backup->name, .goes_on = goes_on, .goes_on_arg = backup };
    const uint64_t one = 1;

    backup->err.code = 0;
    backup->rc = souk_backup(&config, &backup->report, &backup->err);
    (void)!write(backup->fd, &one, sizeof one);
    return NULL;
}

static bool
goes_on(void *arg)
{
    const struct run_backup *backup = arg;

    return !atomic_load(&backup->run->shared.stops);
}
