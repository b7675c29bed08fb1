#include "souk_stage_parts.h"

#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <souk-json.h>

#include "souk_directory.h"
#include "souk_zpl.h"

#define DIRECTORY_NAME "souk-stage.XXXXXX"
#define WARM_UP_MS_MAX (60 * 1000)      /* steady time until everybody has found everybody */
#define STEADY_MS 1000                  /* what the steady clock shows at first */
#define SILENCE "silence"

static int begin(struct souk_stage *stage, const struct souk_stage_config *config, struct souk_error *err);
static int make_directory(struct souk_stage *stage, struct souk_error *err);
static int warm_up(struct souk_stage *stage, struct souk_error *err);
static void read_and_send(struct souk_stage *stage, enum souk_message_kind kind, const char *caller, struct souk_id id,
    const char *message);
static void send(struct souk_stage *stage, const char *caller, struct souk_id id, const struct souk_message_type *type,
    json_t *json);
static const char *refusal_of(const struct souk_message_type *command, const char *code);

/* ---- open and close ------------------------------------------------- */

int
souk_stage_open(const struct souk_stage_config *config, struct souk_stage **stage_out, struct souk_error *err)
{
    struct souk_stage *stage = stage_alloc(1, sizeof *stage);
    struct souk_error none;
    int rc;

    if (err == NULL)
        err = &none;
    *err = (struct souk_error){ .code = 0 };
    stage->fail = config->fail;
    stage->fail_arg = config->fail_arg;
    stage->start_ms = config->start_ms;
    stage->steady_ms = STEADY_MS;
    stage->is_quiet = config->quiet;
    stage->random = config->seed;
    if ((rc = begin(stage, config, err)) != 0) {
        souk_stage_close(&stage);
        return rc;
    }
    *stage_out = stage;
    return 0;
}

static int
begin(struct souk_stage *stage, const struct souk_stage_config *config, struct souk_error *err)
{
    size_t count = 0;
    int rc;

    if (config->start_ms > SOUK_TIME_MS_MAX)
        return souk_fail(err, SOUK_EINVAL, "a stage cannot start at %" PRIu64 " ms", config->start_ms);
    if ((stage->messages = config->messages) == NULL) {
        if (config->description == NULL)
            return souk_fail(err, SOUK_EINVAL, "a stage needs messages, or the path of their description");
        if ((rc = souk_description_open(config->description, &stage->description, err)) != 0)
            return rc;
        stage->messages = souk_description_messages(stage->description);
    }
    while (config->services != NULL && config->services[count].service != NULL)
        count++;
    if (count == 0 || count > SOUK_STAGE_SERVICES_MAX)
        return souk_fail(err, SOUK_EINVAL, "a stage has 1 to %d services", SOUK_STAGE_SERVICES_MAX);
    if ((rc = make_directory(stage, err)) != 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        if ((rc = stage_add_service(stage, config, &config->services[i], err)) != 0)
            return rc;
    for (size_t i = 0; i < count; i++)
        if ((rc = stage_wire_followed(stage->nodes[i], config, &config->services[i], err)) != 0)
            return rc;
    if ((rc = stage_play_writers(stage, err)) != 0
        || (config->event_store && (rc = stage_add_event_store(stage, err)) != 0))
        return rc;
    for (uint32_t i = 0; i < stage->node_count; i++)
        if ((rc = stage_wire_node(stage->nodes[i], config->event_store, err)) != 0)
            return rc;
    for (uint32_t i = 0; i < stage->node_count; i++)
        if (!stage->nodes[i]->is_stopped && (rc = stage_process_open(stage->nodes[i], SOUK_CORE_START, err)) != 0)
            return rc;
    return warm_up(stage, err);
}

void
souk_stage_close(struct souk_stage **stage_p)
{
    struct souk_stage *stage = *stage_p;

    *stage_p = NULL;
    if (stage == NULL)
        return;
    for (uint32_t i = 0; i < stage->node_count; i++)
        stage_node_remove(&stage->nodes[i]);
    if (stage->directory[0] != '\0')
        (void)rmdir(stage->directory);
    souk_description_close(&stage->description);
    stage_text_done(&stage->trace);
    stage_text_done(&stage->comparison);
    stage_text_done(&stage->report);
    free(stage->drawn);
    free(stage->answers);
    free(stage->requests);
    free(stage);
}

/* In memory if there is any; else the stores are synced like real ones, which is slow and does. */
static int
make_directory(struct souk_stage *stage, struct souk_error *err)
{
    const char *const tmpdir = getenv("TMPDIR");
    const char *const parents[] = { "/dev/shm", tmpdir == NULL || tmpdir[0] == '\0' ? "/tmp" : tmpdir };
    struct statfs file_system;

    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) {
        int size = snprintf(stage->directory, sizeof stage->directory, "%s/" DIRECTORY_NAME, parents[i]);

        if (size < 0 || (size_t)size >= sizeof stage->directory || mkdtemp(stage->directory) == NULL)
            continue;
        stage->in_memory = statfs(stage->directory, &file_system) == 0 && file_system.f_type == TMPFS_MAGIC;
        return 0;
    }
    stage->directory[0] = '\0';
    return souk_fail(err, SOUK_EIO, "no directory can be made in %s and %s", parents[0], parents[1]);
}

/* Until everybody has met everybody, with the clock on the wall standing still; nothing of it is told. */
static int
warm_up(struct souk_stage *stage, struct souk_error *err)
{
    const uint64_t end_ms = stage->steady_ms + WARM_UP_MS_MAX;

    for (;;) {
        uint64_t due_ms;

        stage_settle(stage);
        if (stage->has_failed)
            return souk_fail(err, SOUK_EINVAL, "%s", stage->report.base);
        if (stage_is_level(stage))
            break;
        due_ms = stage_due_ms(stage);
        stage->steady_ms = due_ms > stage->steady_ms ? due_ms : stage->steady_ms + 1;
        if (stage->steady_ms >= end_ms)
            return souk_fail(err, SOUK_EINVAL, "the services on the stage do not find each other");
    }
    for (uint32_t i = 0; i < stage->node_count; i++)
        if (!stage->nodes[i]->is_stopped)
            stage_skip_store(stage->nodes[i]);
    stage_text_done(&stage->trace);
    return 0;
}

/* ---- what the files share ------------------------------------------- */

void *
stage_alloc(size_t count, size_t size_bytes)
{
    void *memory = calloc(count == 0 ? 1 : count, size_bytes);

    if (memory == NULL)
        abort();
    return memory;
}

void *
stage_grow(void *base, uint32_t count, uint32_t *room_p, size_t size_bytes)
{
    if (count < *room_p)
        return base;
    *room_p = *room_p == 0 ? 16 : *room_p * 2;
    if ((base = reallocarray(base, *room_p, size_bytes)) == NULL)
        abort();
    return base;
}

struct souk_time
stage_time(const struct souk_stage *stage)
{
    return (struct souk_time){ .wall_ms = stage->start_ms + stage->now_ms,
        .steady_ms = stage->steady_ms + stage->now_ms };
}

/* splitmix64. What is as long as an id is one: it is shown as such. */
void
stage_random_fill(void *node, void *bytes_out, size_t size_bytes)
{
    struct souk_stage *stage = ((struct stage_node *)node)->stage;
    uint8_t *bytes = bytes_out;
    struct stage_drawn *drawn;

    for (size_t i = 0; i < size_bytes; i++) {
        uint64_t z = (stage->random += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        bytes[i] = (uint8_t)(z >> 32);
    }
    if (size_bytes != sizeof(struct souk_id) || stage->is_quiet)
        return;
    stage->drawn = stage_grow(stage->drawn, stage->drawn_count, &stage->drawn_room, sizeof *stage->drawn);
    drawn = &stage->drawn[stage->drawn_count++];
    memset(drawn, 0, sizeof *drawn);
    memcpy(drawn->tail, bytes + size_bytes - sizeof drawn->tail, sizeof drawn->tail);
    drawn->tail[0] &= 0x0f;
    drawn->tail[2] &= 0x3f;
}

struct souk_id
stage_new_id(struct souk_stage *stage)
{
    struct souk_id id = { { 0 } };

    souk_put_u64(id.bytes + 8, ++stage->ids);
    id.bytes[6] = 0x70;                         /* like a UUIDv7 of 1970; small numbers are the test's own */
    id.bytes[8] |= 0x80;
    return id;
}

struct stage_node *
stage_find(const struct souk_stage *stage, struct souk_slice name)
{
    for (uint32_t i = 0; i < stage->node_count; i++)
        if (stage->nodes[i] != NULL && stage->nodes[i]->copy_of == NULL
            && souk_slice_equal(name, souk_name_slice(&stage->nodes[i]->name)))
            return stage->nodes[i];
    return NULL;
}

struct souk_slice
stage_prefix(const char *name)
{
    return (struct souk_slice){ name, strcspn(name, ".") };
}

/* ---- going wrong ---------------------------------------------------- */

void
stage_fail(struct souk_stage *stage, const char *format, ...)
{
    char text[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    if (stage->has_failed)
        return;
    stage->has_failed = true;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    stage_text_done(&stage->report);
    stage_say(&stage->report, "%s", text);
}

void
stage_fail_with(struct souk_stage *stage, const struct souk_error *err)
{
    stage_fail(stage, "%s", err->text);
}

/* The end of a call: what went wrong in it is reported, with nothing held. */
void
stage_finish(struct souk_stage *stage, const char *what, const char *about)
{
    struct stage_text report = { .base = NULL };

    if (!stage->has_failed)
        return;
    stage->has_failed = false;
    stage_say(&report, "[%4" PRIu64 "] %s", stage->now_ms, what);
    if (about != NULL) {
        stage_say_bytes(&report, " ", 1);
        stage_say_bytes(&report, about, strlen(about));
    }
    stage_say(&report, ": ");
    stage_say_bytes(&report, stage->report.base, stage->report.size_bytes);
    stage_say(&report, "\n");
    stage_text_done(&stage->report);
    stage->report = report;
    if (stage->fail != NULL) {
        stage->fail(stage->report.base, stage->fail_arg);
        return;
    }
    (void)fputs(stage->report.base, stderr);
    abort();
}

struct stage_node *
stage_find_service(struct souk_stage *stage, const char *name, bool or_event_store)
{
    struct stage_node *node = stage_find_node(stage, name, or_event_store);

    if (node != NULL && node->process.store == NULL) {
        stage_fail(stage, node->is_stopped ? "%s is stopped" : "%s did not start", name);
        return NULL;
    }
    return node;
}

/* Running or not. */
struct stage_node *
stage_find_node(struct souk_stage *stage, const char *name, bool or_event_store)
{
    struct stage_node *node = stage_find(stage, souk_slice_of(name));

    if (node == NULL || (node->kind != STAGE_SERVICE && (!or_event_store || node->kind != STAGE_STORE))) {
        stage_fail(stage, "%s is not on the stage", name);
        return NULL;
    }
    return node;
}

/* ---- commands and queries ------------------------------------------- */

void
souk_stage_send(struct souk_stage *stage, const char *message)
{
    read_and_send(stage, SOUK_COMMAND, STAGE_CALLER, stage_new_id(stage), message);
    stage_finish(stage, "send", message);
}

void
souk_stage_send_as(struct souk_stage *stage, const char *caller, uint64_t id, const char *message)
{
    struct souk_id given = { { 0 } };

    souk_put_u64(given.bytes + 8, id);
    read_and_send(stage, SOUK_COMMAND, caller, given, message);
    stage_finish(stage, "send", message);
}

void
souk_stage_ask(struct souk_stage *stage, const char *message)
{
    read_and_send(stage, SOUK_QUERY, STAGE_CALLER, stage_new_id(stage), message);
    stage_finish(stage, "ask", message);
}

static void
read_and_send(struct souk_stage *stage, enum souk_message_kind kind, const char *caller, struct souk_id id,
    const char *message)
{
    const struct souk_message_type *type;
    struct souk_error err = { 0 };
    json_t *json;

    if (stage_read_message(stage, kind, message, &type, &json, &err) != 0) {
        stage_fail_with(stage, &err);
        return;
    }
    send(stage, caller, id, type, json);
    json_decref(json);
}

void
souk_stage_send_json(struct souk_stage *stage, const char *name, const char *json)
{
    const struct souk_message_type *type;
    struct souk_error err = { 0 };
    json_t *message = NULL;

    if (stage_find_type(stage, SOUK_COMMAND, souk_slice_of(name), &type, &err) != 0
        || souk_json_parse(souk_slice_of(json), &message, &err) != 0)
        stage_fail_with(stage, &err);
    else
        send(stage, STAGE_CALLER, stage_new_id(stage), type, message);
    json_decref(message);
    stage_finish(stage, "send", name);
}

static void
send(struct souk_stage *stage, const char *caller, struct souk_id id, const struct souk_message_type *type,
    json_t *json)
{
    struct souk_wire_request request = { .id = id, .query = type->kind == SOUK_QUERY,
        .name = souk_slice_of(type->name), .version = type->version, .caller = souk_slice_of(caller) };
    struct stage_node *node = stage_find(stage, stage_prefix(type->name));
    const struct souk_slice route = { request.query ? "q" : "c", 1 };
    struct souk_pack payload, frame_pack;
    struct souk_error err = { 0 };
    struct souk_arena arena;
    struct souk_slice frame;

    souk_arena_init(&arena, 0);
    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&frame_pack, SOUK_WIRE_BYTES_MAX);
    if (node == NULL || node->kind != STAGE_SERVICE || node->process.store == NULL) {
        stage_fail(stage, node != NULL && node->is_stopped ? "the service that takes it is stopped"
            : "the service that takes it is not on the stage");
        goto done;
    }
    if (request.caller.size_bytes == 0 || request.caller.size_bytes > SOUK_WIRE_CALLER_BYTES_MAX) {
        stage_fail(stage, "a caller's name has 1 to %d bytes", SOUK_WIRE_CALLER_BYTES_MAX);
        goto done;
    }
    if (souk_json_to_packed(type, json, &payload, &err) != 0) {
        stage_fail_with(stage, &err);
        goto done;
    }
    request.payload = souk_pack_slice(&payload);
    request.pass = stage_pass(stage, &arena);
    souk_wire_request_put(&frame_pack, &request);
    if (frame_pack.rc != 0) {
        stage_fail(stage, "it does not encode: %s", souk_error_name(frame_pack.rc));
        goto done;
    }
    frame = souk_pack_slice(&frame_pack);
    if (request.query)
        souk_reader_hear(node->process.reader, route, "", &frame, 1, stage_time(stage));
    else
        souk_core_hear_request(node->process.core, route, (struct souk_slice){ NULL, 0 }, "", &frame, 1,
            stage_time(stage));
    stage_settle(stage);

done:
    souk_arena_done(&arena);
    souk_pack_done(&payload);
    souk_pack_done(&frame_pack);
}

/* ---- the others, and time ------------------------------------------- */

void
souk_stage_publish(struct souk_stage *stage, const char *message)
{
    const struct souk_message_type *type;
    const struct stage_node *writer;
    struct souk_error err = { 0 };
    json_t *json = NULL;

    if (stage_read_message(stage, SOUK_EVENT, message, &type, &json, &err) != 0)
        stage_fail_with(stage, &err);
    else if ((writer = stage_find_writer(stage, type->stream)) == NULL)
        stage_fail(stage, "nobody on the stage follows %s", type->stream);
    else if (writer->kind != STAGE_PLAYED)
        stage_fail(stage, "%s is written by %s, which is on the stage: send it a command", type->stream,
            writer->name.text);
    else
        stage_origin_publish(stage->nodes[writer->index], type, json);
    json_decref(json);
    stage_settle(stage);
    stage_finish(stage, "publish", message);
}

struct stage_node *
stage_find_writer(const struct souk_stage *stage, const char *stream)
{
    for (uint32_t i = 0; i < stage->node_count; i++) {
        struct stage_node *node = stage->nodes[i];

        for (uint32_t k = 0; node != NULL && node->copy_of == NULL && k < node->own_count; k++)
            if (strcmp(node->wiring->streams[k].name.text, stream) == 0)
                return node;
    }
    return NULL;
}

void
souk_stage_answer_requests(struct souk_stage *stage, const char *command, const char *answer)
{
    const size_t word_bytes = strcspn(answer, " ");
    const char *code = answer + word_bytes + strspn(answer + word_bytes, " ");
    struct stage_answer said = { .is_silent = strcmp(answer, SILENCE) == 0 };
    const struct souk_message_type *type;
    struct souk_error err = { 0 };
    struct stage_answer *at = NULL;

    if (stage_find_type(stage, SOUK_COMMAND, souk_slice_of(command), &type, &err) != 0) {
        stage_fail_with(stage, &err);
        goto done;
    }
    if (!said.is_silent && stage_status_number((struct souk_slice){ answer, word_bytes }, &said.status) != 0) {
        stage_fail(stage, "`accepted`, `refused CODE`, `" SILENCE "` or another status is meant");
        goto done;
    }
    if (!said.is_silent && said.status == SOUK_STATUS_REFUSED) {
        if ((code = refusal_of(type, code)) == NULL) {
            stage_fail(stage, "this is no code with which it `refuses`");
            goto done;
        }
        (void)snprintf(said.code, sizeof said.code, "%s", code);
    }
    (void)snprintf(said.command, sizeof said.command, "%s", command);
    for (uint32_t i = 0; i < stage->answer_count; i++)
        if (strcmp(stage->answers[i].command, command) == 0)
            at = &stage->answers[i];
    if (at == NULL) {
        stage->answers = reallocarray(stage->answers, stage->answer_count + 1, sizeof *at);
        if (stage->answers == NULL)
            abort();
        at = &stage->answers[stage->answer_count++];
    }
    *at = said;

done:
    stage_finish(stage, "answer requests for", command);
}

/* The code, with or without the service in front; NULL: the command does not have it. */
static const char *
refusal_of(const struct souk_message_type *command, const char *code)
{
    const size_t prefix_bytes = strcspn(command->name, ".") + 1;

    for (size_t i = 0; i < command->refuse_count; i++)
        if (strcmp(command->refuses[i], code) == 0 || (strncmp(command->refuses[i], command->name, prefix_bytes) == 0
            && strcmp(command->refuses[i] + prefix_bytes, code) == 0))
            return command->refuses[i];
    return NULL;
}

void
souk_stage_elapse(struct souk_stage *stage, uint64_t elapsed_ms)
{
    const uint64_t end_ms = stage->now_ms + elapsed_ms;

    if (elapsed_ms > SOUK_TIME_MS_MAX || stage->start_ms + end_ms > SOUK_TIME_MS_MAX) {
        stage_fail(stage, "%" PRIu64 " ms: time does not go on for so long", elapsed_ms);
        stage_finish(stage, "elapse", NULL);
        return;
    }
    stage_pass_time(stage, end_ms);
    stage_finish(stage, "elapse", NULL);
}

void
stage_pass_time(struct souk_stage *stage, uint64_t end_ms)
{
    stage_settle(stage);
    while (stage->now_ms < end_ms && !stage->has_failed) {
        uint64_t due_ms, next_ms;

        stage_set_pace(stage, stage_is_level(stage));
        due_ms = stage_due_ms(stage);
        next_ms = due_ms > stage->steady_ms + stage->now_ms ? due_ms - stage->steady_ms : stage->now_ms + 1;
        stage->now_ms = next_ms < end_ms ? next_ms : end_ms;
        stage_settle(stage);
    }
    stage_set_pace(stage, false);
}

/* ---- what is to be seen --------------------------------------------- */

void
souk_stage_expect(struct souk_stage *stage, const char *trace)
{
    const char *comparison = stage_compare(stage, trace);

    if (comparison != NULL) {
        stage_fail(stage, "%s", "");
        stage_say_bytes(&stage->report, comparison, strlen(comparison));
    }
    stage_finish(stage, "expect", NULL);
}

const char *
souk_stage_differs(struct souk_stage *stage, const char *trace)
{
    return stage_compare(stage, trace);
}

const char *
souk_stage_trace(const struct souk_stage *stage)
{
    return stage->trace.base == NULL ? "" : stage->trace.base;
}

void
souk_stage_expect_same_tables(struct souk_stage *stage, const char *service)
{
    struct stage_node *node;

    if (service != NULL) {
        if ((node = stage_find_service(stage, service, false)) != NULL)
            stage_expect_same(node);
    } else {
        for (uint32_t i = 0; i < stage->node_count && !stage->has_failed; i++)
            if (stage->nodes[i] != NULL && stage->nodes[i]->kind == STAGE_SERVICE && !stage->nodes[i]->is_stopped)
                stage_expect_same(stage->nodes[i]);
    }
    stage_finish(stage, "expect same tables", service);
}
