/*
 * The checker's own decoder against every batch and message: what it reads from
 * a valid one, written as JSON, is the twin; an invalid one breaks the very rule
 * that its twin names. The other vectors are test_vectors.c's.
 */
#include "../sim/check_decode.h"

#include <dirent.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VECTORS_VALID_MIN 40            /* fewer found: the folder isn't the one we mean */
#define VECTORS_INVALID_MIN 90
#define PATH_BYTES 512

typedef void vector_test(const char *name, struct check_bytes bytes, json_t *twin);

static void
vector_path(char path[PATH_BYTES], const char *folder, const char *name)
{
    const char *source = getenv("srcdir");
    int length;

    length = snprintf(path, PATH_BYTES, "%s/test/vectors/%s%s", source == NULL ? "." : source, folder, name);
    assert_in_range(length, 1, PATH_BYTES - 1);
}

static void *
read_whole(const char *path, size_t *size_bytes_out)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;

    assert_non_null(file);
    bytes = malloc(CHECK_BATCH_BYTES_MAX);
    assert_non_null(bytes);
    *size_bytes_out = fread(bytes, 1, CHECK_BATCH_BYTES_MAX, file);
    assert_true(feof(file));
    fclose(file);
    return bytes;
}

static char *
to_hex(const void *base, size_t size_bytes)
{
    const uint8_t *bytes = base;
    char *hex = malloc(2 * size_bytes + 1);
    size_t i;

    assert_non_null(hex);
    hex[0] = '\0';
    for (i = 0; i < size_bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return hex;
}

/* Run `test` over each batch and message in the folder; returns how many there are. */
static int
for_each_vector(const char *folder, vector_test *test)
{
    char path[PATH_BYTES], *hex;
    struct dirent *entry;
    struct check_bytes bytes;
    void *base;
    json_t *twin;
    size_t length;
    int count = 0;
    DIR *directory;

    vector_path(path, folder, "");
    directory = opendir(path);
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        length = strlen(entry->d_name);
        if (length < 5 || strcmp(entry->d_name + length - 5, ".json") != 0 || strncmp(entry->d_name, "pass-", 5) == 0)
            continue;                   /* to the checker a pass is only bytes: test_pass looks into it */
        vector_path(path, folder, entry->d_name);
        twin = json_load_file(path, 0, NULL);
        assert_non_null(twin);
        memcpy(path + strlen(path) - 5, ".bin", 5);
        base = read_whole(path, &bytes.size_bytes);
        bytes.base = base;
        hex = to_hex(bytes.base, bytes.size_bytes);
        assert_string_equal(hex, json_string_value(json_object_get(twin, "hex")));
        if (json_object_get(twin, "batch") != NULL || json_object_get(twin, "message") != NULL
            || json_object_get(twin, "form") != NULL) {
            test(entry->d_name, bytes, twin);
            count++;
        }
        free(hex);
        free(base);
        json_decref(twin);
    }
    closedir(directory);
    return count;
}

/* ---- what was read, as JSON --------------------------------------------- */

static json_t *
json_hex(const void *base, size_t size_bytes)
{
    char *hex;
    json_t *value;

    if (base == NULL)
        return json_null();
    hex = to_hex(base, size_bytes);
    value = json_string(hex);
    free(hex);
    return value;
}

static json_t *
json_bytes(struct check_bytes bytes)
{
    return json_hex(bytes.base, bytes.size_bytes);
}

static json_t *
json_text(struct check_bytes text)
{
    return json_stringn(text.base, text.size_bytes);
}

static json_t *
json_number(uint64_t number)
{
    assert_true(number <= INT64_MAX);   /* jansson has no larger ones, so neither have the twins */
    return json_integer((json_int_t)number);
}

static json_t *
json_place(const struct check_place *place)
{
    json_t *value = json_array();

    if (place->stream.base != NULL)
        json_array_append_new(value, json_text(place->stream));
    json_array_append_new(value, json_number(place->epoch_counter));
    json_array_append_new(value, json_hex(place->epoch_bits, CHECK_EPOCH_BITS_BYTES));
    json_array_append_new(value, json_number(place->number));
    if (place->hash != NULL)
        json_array_append_new(value, json_hex(place->hash, CHECK_HASH_BYTES));
    return value;
}

static json_t *
json_places(const struct check_place *places, uint32_t count)
{
    json_t *value = json_array();
    uint32_t i;

    for (i = 0; i < count; i++)
        json_array_append_new(value, json_place(&places[i]));
    return value;
}

static json_t *
json_event(const struct check_form_event *event)
{
    json_t *value = json_object(), *cause = json_array();

    json_array_append_new(cause, json_number(event->kind));
    json_array_append_new(cause, json_number(event->cause_name));
    if (event->kind == CHECK_CAUSE_COMMAND) {
        json_array_append_new(cause, json_hex(event->command_id, CHECK_ID_BYTES));
        json_array_append_new(cause, json_hex(event->command_hash, CHECK_COMMAND_HASH_BYTES));
    } else {
        json_array_append_new(cause, json_number(event->epoch_counter));
        json_array_append_new(cause, json_hex(event->epoch_bits, CHECK_EPOCH_BITS_BYTES));
        json_array_append_new(cause, json_number(event->number));
        json_array_append_new(cause, json_number(event->index));
    }
    json_object_set_new(value, "type", json_number(event->type));
    json_object_set_new(value, "key", json_bytes(event->key));
    json_object_set_new(value, "cause", cause);
    json_object_set_new(value, "correlation", json_hex(event->correlation, CHECK_ID_BYTES));
    json_object_set_new(value, "depth", json_number(event->depth));
    json_object_set_new(value, "delta", json_number(event->delta_ms));
    json_object_set_new(value, "schema_version", json_number(event->version));
    json_object_set_new(value, "payload", json_bytes(event->payload));
    return value;
}

static json_t *
json_batch(const struct check_form *form)
{
    json_t *value = json_object(), *names = json_array(), *events, *record;
    uint32_t i;

    for (i = 0; i < form->name_count; i++)
        json_array_append_new(names, json_text(form->names[i]));
    json_object_set_new(value, "version", json_number(1));
    json_object_set_new(value, "algorithm", json_number(1));
    json_object_set_new(value, "hash", json_hex(form->hash, CHECK_HASH_BYTES));
    json_object_set_new(value, "previous", json_hex(form->previous, CHECK_HASH_BYTES));
    json_object_set_new(value, "stream", json_text(form->stream));
    json_object_set_new(value, "epoch_counter", json_number(form->epoch_counter));
    json_object_set_new(value, "epoch_bits", json_hex(form->epoch_bits, CHECK_EPOCH_BITS_BYTES));
    json_object_set_new(value, "first", json_number(form->first));
    json_object_set_new(value, "count", json_number(form->count));
    json_object_set_new(value, "time", json_number(form->time_ms));
    json_object_set_new(value, "commit", json_number(form->commit));
    json_object_set_new(value, "place", json_number(form->place));
    json_object_set_new(value, "places", json_number(form->places));
    json_object_set_new(value, "causes", json_places(form->causes, form->cause_count));
    json_object_set_new(value, "names", names);
    if (form->count > 0) {
        events = json_array();
        for (i = 0; i < form->count; i++)
            json_array_append_new(events, json_event(&form->events[i]));
        json_object_set_new(value, "events", events);
    } else {
        record = json_object();
        json_object_set_new(record, "service", json_text(form->service));
        json_object_set_new(record, "reason", json_number(form->reason));
        json_object_set_new(record, "parents", json_places(form->parents, form->parent_count));
        json_object_set_new(value, "record", record);
    }
    return value;
}

static json_t *
json_entries(const struct check_message *message)
{
    json_t *value = json_array(), *entry;
    uint32_t i;

    for (i = 0; i < message->entry_count; i++) {
        entry = json_place(&message->entries[i].at);
        if (message->kind == CHECK_ACKNOWLEDGED)
            json_array_append_new(entry, json_number(message->entries[i].backed_up));
        if (message->kind == CHECK_PULLED) {
            json_t *head = json_place(&message->entries[i].head), *common = json_place(&message->entries[i].common);

            json_array_append_new(entry, json_number(message->entries[i].verdict));
            json_array_extend(entry, head);
            json_array_extend(entry, common);
            json_decref(head);
            json_decref(common);
        }
        json_array_append_new(value, entry);
    }
    return value;
}

static json_t *
json_body(const struct check_message *message)
{
    const struct check_body *body;
    json_t *value = json_array(), *entry;
    uint32_t i;

    for (i = 0; i < message->body_count; i++) {
        body = &message->body[i];
        entry = json_array();
        json_array_append_new(entry, json_text(body->name));
        json_array_append_new(entry, json_number(body->version));
        json_array_append_new(entry, json_text(body->stream));
        json_array_append_new(entry, json_number(body->number));
        json_array_append_new(entry, json_bytes(body->key));
        json_array_append_new(entry, json_bytes(body->payload));
        json_array_append_new(value, entry);
    }
    return value;
}

static json_t *
json_message(const struct check_message *message)
{
    static const char *const sender[] = {
        [CHECK_HEADS] = "sender", [CHECK_PULL] = "asker", [CHECK_PULLED] = "holder", [CHECK_ACKNOWLEDGED] = "store",
        [CHECK_SEAL] = NULL, [CHECK_SEALED] = "store", [CHECK_FENCED] = "store",
    };
    static const char *const entries[] = {
        [CHECK_HEADS] = "heads", [CHECK_PULL] = "cursors", [CHECK_PULLED] = "answers", [CHECK_ACKNOWLEDGED] = "acks",
        [CHECK_SEAL] = NULL, [CHECK_SEALED] = "positions", [CHECK_FENCED] = NULL,
    };
    enum check_kind kind = message->kind;
    json_t *value = json_object();

    json_object_set_new(value, "kind", json_number(kind));
    if (kind <= CHECK_FENCED && sender[kind] != NULL)
        json_object_set_new(value, sender[kind], json_text(message->sender));
    if (kind == CHECK_NO_ROOM)
        json_object_set_new(value, "holder", json_text(message->sender));
    if (kind <= CHECK_FENCED && entries[kind] != NULL)
        json_object_set_new(value, entries[kind], json_entries(message));
    if (kind == CHECK_HEADS || kind == CHECK_SEAL || kind == CHECK_SEALED || kind == CHECK_FENCED)
        json_object_set_new(value, "service", json_text(message->service));
    if (kind == CHECK_HEADS || kind == CHECK_PULLED || kind == CHECK_ACKNOWLEDGED || kind == CHECK_SEALED)
        json_object_set_new(value, "incarnation", json_hex(message->incarnation, 8));
    if (kind == CHECK_PULL || kind == CHECK_PULLED || kind == CHECK_SEAL || kind == CHECK_SEALED
        || kind == CHECK_NO_ROOM)
        json_object_set_new(value, "request", json_number(message->request));
    if (kind == CHECK_SEAL || kind == CHECK_SEALED || kind == CHECK_FENCED)
        json_object_set_new(value, "counter", json_number(message->counter));
    if (kind == CHECK_REQUEST || kind == CHECK_REPLY)
        json_object_set_new(value, "id", json_hex(message->id, CHECK_ID_BYTES));
    switch (kind) {
    case CHECK_HEADS:
        json_object_set_new(value, "fingerprint", json_hex(message->fingerprint, 8));
        json_object_set_new(value, "time", json_number(message->time_ms));
        break;
    case CHECK_PULL:
        json_object_set_new(value, "credit", json_number(message->credit_bytes));
        json_object_set_new(value, "waits", json_places(message->waits, message->wait_count));
        break;
    case CHECK_PULLED:
        json_object_set_new(value, "more", json_boolean(message->more));
        break;
    case CHECK_SEAL:
        json_object_set_new(value, "instance", json_hex(message->instance, 8));
        break;
    case CHECK_SEALED:
        json_object_set_new(value, "granted", json_boolean(message->granted));
        break;
    case CHECK_REQUEST:
        json_object_set_new(value, "query", json_boolean(message->is_query));
        json_object_set_new(value, "name", json_text(message->name));
        json_object_set_new(value, "version", json_number(message->version));
        json_object_set_new(value, "deadline", json_number(message->deadline_ms));
        json_object_set_new(value, "correlation", json_hex(message->correlation, CHECK_ID_BYTES));
        json_object_set_new(value, "caller", json_text(message->caller));
        json_object_set_new(value, "recorded", json_boolean(message->wants_recorded));
        json_object_set_new(value, "seen", json_places(message->waits, message->wait_count));
        json_object_set_new(value, "pass", json_bytes(message->pass));
        json_object_set_new(value, "payload", json_bytes(message->payload));
        break;
    case CHECK_REPLY:
        json_object_set_new(value, "status", json_number(message->status));
        json_object_set_new(value, "durability", json_number(message->durability));
        json_object_set_new(value, "code", json_text(message->code));
        json_object_set_new(value, "text", json_text(message->text));
        json_object_set_new(value, "retry_after", json_number(message->retry_after_ms));
        json_object_set_new(value, "cursors", json_places(message->waits, message->wait_count));
        json_object_set_new(value, "body", json_body(message));
        break;
    case CHECK_ACKNOWLEDGED:
        json_object_set_new(value, "commit", json_number(message->commit));
        break;
    case CHECK_NO_ROOM:
        json_object_set_new(value, "retry_after", json_number(message->retry_after_ms));
        break;
    case CHECK_FENCED:
        break;
    }
    return value;
}

/* ---- the tests ---------------------------------------------------------- */

static void
assert_same_json(const char *name, json_t *expected, json_t *found)
{
    char *text;

    if (!json_equal(expected, found)) {
        text = json_dumps(found, JSON_INDENT(1));
        print_error("%s is read as %s\n", name, text);
        free(text);
        fail();
    }
    json_decref(found);
}

/* The twin of a batch that a command caused has the command too. */
static void
check_command_hash(const struct check_form *form, json_t *command)
{
    const char *name = json_string_value(json_object_get(command, "name"));
    const char *hex = json_string_value(json_object_get(command, "payload"));
    uint8_t payload[64], hash[CHECK_HASH_BYTES];
    size_t i, size_bytes = strlen(hex) / 2;
    unsigned byte;

    assert_in_range(size_bytes, 1, sizeof payload);
    for (i = 0; i < size_bytes; i++) {
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        payload[i] = (uint8_t)byte;
    }
    check_hash(hash, sizeof hash, (struct check_bytes){ name, strlen(name) + 1 },
        (struct check_bytes){ payload, size_bytes });
    assert_memory_equal(form->events[0].command_hash, hash, CHECK_COMMAND_HASH_BYTES);
}

static void
check_valid(const char *name, struct check_bytes bytes, json_t *twin)
{
    struct check_arena arena;
    struct check_message message;
    struct check_form form;
    const char *broken;
    json_t *expected;

    check_arena_init(&arena);
    if ((expected = json_object_get(twin, "batch")) != NULL)
        broken = check_decode_batch(&arena, bytes, &form);
    else
        broken = check_decode_message(&arena, &bytes, 1, &message);
    if (broken != NULL)
        print_error("%s breaks %s\n", name, broken);
    assert_null(broken);
    if (expected != NULL)
        assert_same_json(name, expected, json_batch(&form));
    else
        assert_same_json(name, json_object_get(twin, "message"), json_message(&message));
    if (json_object_get(twin, "command") != NULL)
        check_command_hash(&form, json_object_get(twin, "command"));
    check_arena_done(&arena);
}

static void
check_invalid(const char *name, struct check_bytes bytes, json_t *twin)
{
    const char *expected = json_string_value(json_object_get(twin, "breaks"));
    struct check_arena arena;
    struct check_message message;
    struct check_form form;
    const char *broken;

    check_arena_init(&arena);
    if (strcmp(json_string_value(json_object_get(twin, "form")), "batch") == 0)
        broken = check_decode_batch(&arena, bytes, &form);
    else
        broken = check_decode_message(&arena, &bytes, 1, &message);
    if (broken == NULL || strcmp(broken, expected) != 0)
        print_error("%s breaks %s, not %s\n", name, broken == NULL ? "nothing" : broken, expected);
    assert_non_null(broken);
    assert_string_equal(broken, expected);
    check_arena_done(&arena);
}

/* Of a batch no single bit can change unseen; of a message only the form is protected. */
static void
check_every_bit(const char *name, struct check_bytes bytes, json_t *twin)
{
    struct check_arena arena;
    struct check_form form;
    uint8_t *changed;
    size_t bit;

    if (json_object_get(twin, "batch") == NULL)
        return;
    changed = malloc(bytes.size_bytes);
    assert_non_null(changed);
    memcpy(changed, bytes.base, bytes.size_bytes);
    for (bit = 0; bit < bytes.size_bytes * 8; bit++) {
        check_arena_init(&arena);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (check_decode_batch(&arena, (struct check_bytes){ changed, bytes.size_bytes }, &form) == NULL)
            fail_msg("%s with bit %zu flipped is taken", name, bit);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_arena_done(&arena);
    }
    free(changed);
}

static void
valid_vectors_are_read_as_their_twins(void **state)
{
    assert_true(for_each_vector("", check_valid) >= VECTORS_VALID_MIN);
}

static void
invalid_vectors_break_the_rule_that_they_name(void **state)
{
    assert_true(for_each_vector("invalid/", check_invalid) >= VECTORS_INVALID_MIN);
}

static void
a_batch_with_any_bit_flipped_is_refused(void **state)
{
    assert_true(for_each_vector("", check_every_bit) >= VECTORS_VALID_MIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_vectors_are_read_as_their_twins),
        cmocka_unit_test(invalid_vectors_break_the_rule_that_they_name),
        cmocka_unit_test(a_batch_with_any_bit_flipped_is_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
