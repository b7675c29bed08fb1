/*
 * The vectors that are neither batches nor messages: payloads of finding
 * events, ids that are made of something else, a log position as text. What
 * is read is what the twin says, and is written as the same bytes again.
 */
#include <souk-json.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "eventstore.h"
#include "recovery.h"
#include "souk_batch.h"
#include "souk_log_position.h"
#include "souk_wire.h"
#include "vectors.h"

#define ARENA_BYTES_MAX (1024 * 1024)
#define NAME_BYTES_MAX 128
#define PATH_BYTES_MAX 512

static json_t *as_twin(const struct souk_message_type *type, const json_t *json);

/* Of the vector in the file `name`, which ends in .bin. Release with json_decref(). */
static json_t *
load_twin(const char *name)
{
    const char *source = getenv("srcdir");
    char path[PATH_BYTES_MAX];
    json_t *twin;

    (void)snprintf(path, sizeof path, "%s/test/vectors/%.*s.json", source == NULL ? "." : source,
        (int)strlen(name) - 4, name);
    assert_non_null(twin = json_load_file(path, 0, NULL));
    return twin;
}

static const char *
text_of(const json_t *twin, const char *name)
{
    const char *text = json_string_value(json_object_get(twin, name));

    assert_non_null(text);
    return text;
}

static uint64_t
number_of(const json_t *twin, const char *name)
{
    assert_true(json_is_integer(json_object_get(twin, name)));
    return (uint64_t)json_integer_value(json_object_get(twin, name));
}

static void
bytes_of(const json_t *twin, const char *name, uint8_t *bytes_out, size_t size_bytes)
{
    const char *hex = text_of(twin, name);

    assert_int_equal(strlen(hex), 2 * size_bytes);
    assert_int_equal(sodium_hex2bin(bytes_out, size_bytes, hex, strlen(hex), NULL, NULL, NULL), 0);
}

/* ---- payloads ------------------------------------------------------- */

static const struct souk_message_type *
type_of(const char *message)
{
    static const char reply[] = "_reply";
    struct souk_slice name = souk_slice_of(message);
    const struct souk_message_type *type;
    bool is_reply;

    is_reply = name.size_bytes > sizeof reply && strcmp(message + name.size_bytes - (sizeof reply - 1), reply) == 0;
    if (is_reply)
        name.size_bytes -= sizeof reply - 1;
    type = souk_messages_find(&eventstore_messages, name);
    if (type == NULL)
        type = souk_messages_find(&recovery_messages, name);
    assert_non_null(type);
    return is_reply ? type->reply : type;
}

/* A value of souk.messages(5) as twins have it: bytes and ids in hexadecimal digits, a value of an enum by number. */
static json_t *
value_as_twin(const struct souk_field *field, const json_t *json)
{
    const char *text = json_string_value(json);
    uint8_t bytes[1024];
    char hex[2 * sizeof bytes + 1];
    struct souk_id id;
    uint16_t number;
    size_t size_bytes;

    switch (field->type) {
    case SOUK_FIELD_BYTES:
        assert_int_equal(sodium_base642bin(bytes, sizeof bytes, text, strlen(text), NULL, &size_bytes, NULL,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
        return json_string(sodium_bin2hex(hex, sizeof hex, bytes, size_bytes));
    case SOUK_FIELD_ID:
        assert_int_equal(souk_id_parse(souk_slice_of(text), &id), 0);
        return json_string(sodium_bin2hex(hex, sizeof hex, id.bytes, sizeof id.bytes));
    case SOUK_FIELD_ENUM:
        assert_int_equal(souk_enum_number(field->values, souk_slice_of(text), &number), 0);
        return json_integer(number);
    case SOUK_FIELD_RECORD:
        return as_twin(field->record, json);
    default:
        return json_deep_copy(json);
    }
}

static json_t *
as_twin(const struct souk_message_type *type, const json_t *json)
{
    json_t *twin = json_object(), *value, *list;

    for (size_t i = 0; i < type->field_count; i++) {
        const struct souk_field *field = &type->fields[i];

        value = json_object_get(json, field->name);
        if (value != NULL && field->is_list) {
            list = json_array();
            for (size_t k = 0; k < json_array_size(value); k++)
                json_array_append_new(list, value_as_twin(field, json_array_get(value, k)));
            value = list;
        } else {
            value = value == NULL ? json_null() : value_as_twin(field, value);
        }
        json_object_set_new(twin, field->name, value);
    }
    return twin;
}

static void
expect_same_json(const char *name, json_t *found, const json_t *expected)
{
    if (!json_equal(found, expected)) {
        char *text = json_dumps(found, JSON_INDENT(1));

        print_error("%s is read as %s\n", name, text);
        free(text);
        fail();
    }
    json_decref(found);
}

/* An older writer did not know of the last fields: it is read if each of those is optional or has a default. */
static void
look_at_older(const struct souk_message_type *type, struct souk_slice bytes, struct souk_arena *arena, void *message)
{
    const uint8_t *from, *ends[SOUK_FIELDS_MAX + 1];
    struct souk_unpack in;
    struct souk_pack pack;
    bool is_read = true;

    souk_unpack_init(&in, bytes);
    souk_unpack_array_exact(&in, (uint32_t)type->field_count);
    from = ends[0] = in.at;
    for (size_t i = 0; i < type->field_count; i++) {
        (void)souk_unpack_skip(&in);
        ends[i + 1] = in.at;
    }
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    for (size_t left = type->field_count; left-- > 0;) {
        is_read &= type->fields[left].is_optional || type->fields[left].default_packed.base != NULL;
        souk_pack_reset(&pack);
        souk_pack_array(&pack, (uint32_t)left);
        souk_pack_raw(&pack, (struct souk_slice){ from, (size_t)(ends[left] - from) });
        assert_int_equal(type->decode(souk_pack_slice(&pack), arena, message), is_read ? 0 : -SOUK_EMALFORMED);
    }
    souk_pack_done(&pack);
}

static void
look_at_payload(const char *name, struct souk_slice bytes)
{
    json_t *const twin = load_twin(name), *json, *said = json_object_get(twin, "payload");
    const struct souk_message_type *type = type_of(text_of(said, "message"));
    struct souk_error err = { 0 };
    struct souk_arena arena;
    struct souk_pack pack;
    void *message;

    /* The test of bits goes by the name of the file. */
    assert_memory_equal(name + strlen("payload-"), type->name, strlen(type->name));
    assert_int_equal(type->version, number_of(said, "version"));

    souk_arena_init(&arena, ARENA_BYTES_MAX);
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    assert_non_null(message = souk_arena_alloc(&arena, type->struct_size_bytes));
    assert_int_equal(type->decode(bytes, &arena, message), 0);
    assert_int_equal(type->encode(message, &pack), 0);
    assert_true(souk_slice_equal(souk_pack_slice(&pack), bytes));

    assert_int_equal(souk_json_from_packed(type, bytes, &json, &err), 0);
    expect_same_json(name, as_twin(type, json), json_object_get(said, "fields"));
    souk_pack_reset(&pack);
    assert_int_equal(souk_json_to_packed(type, json, &pack, &err), 0);
    assert_true(souk_slice_equal(souk_pack_slice(&pack), bytes));

    look_at_older(type, bytes, &arena, message);
    json_decref(json);
    json_decref(twin);
    souk_pack_done(&pack);
    souk_arena_done(&arena);
}

static const char *const payloads[] = { "eventstore.find", "eventstore.event", "eventstore.why", "eventstore.place",
    "eventstore.verify", "eventstore.statistics", "eventstore.backup", "souk.backup" };

static void
payloads_are_read_as_their_twins_and_written_again(void **state)
{
    char prefix[NAME_BYTES_MAX];

    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        const struct souk_message_type *type = type_of(payloads[i]);

        (void)snprintf(prefix, sizeof prefix, "payload-%s.", payloads[i]);
        assert_int_equal(vectors_each("", prefix, look_at_payload), 1);
        (void)snprintf(prefix, sizeof prefix, "payload-%s-", payloads[i]);
        (void)vectors_each("", prefix, look_at_payload);
        if (type->reply == NULL)
            continue;
        (void)snprintf(prefix, sizeof prefix, "payload-%s", type->reply->name);
        assert_true(vectors_each("", prefix, look_at_payload) >= 1);
    }
}

/* ---- ids ------------------------------------------------------------ */

/* A request that has `bytes` for its id is one of the id that they stand for. */
static void
look_at_id_of_caller(const char *name, struct souk_slice bytes)
{
    json_t *const twin = load_twin(name);
    struct souk_wire_request request = { .name = souk_slice_of("order.place"), .version = 1,
        .caller = souk_slice_of("page") };
    struct souk_wire_request back;
    struct souk_pack pack, with_bytes;
    struct souk_id expected;
    const size_t before = 3, after = before + 2 + sizeof request.id.bytes;     /* array, version, kind; bin 8 */

    bytes_of(twin, "id", expected.bytes, sizeof expected.bytes);
    request.id = expected;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_pack_init(&with_bytes, SOUK_WIRE_BYTES_MAX);
    souk_wire_request_put(&pack, &request);
    souk_pack_raw(&with_bytes, (struct souk_slice){ pack.base, before });
    souk_pack_bin(&with_bytes, bytes);
    souk_pack_raw(&with_bytes, (struct souk_slice){ pack.base + after, pack.size_bytes - after });
    assert_int_equal(souk_wire_request_get(souk_pack_slice(&with_bytes), &back), 0);
    assert_memory_equal(&back.id, &expected, sizeof expected);

    souk_pack_reset(&with_bytes);
    souk_wire_request_put(&with_bytes, &back);  /* what is sent on has the 16 bytes */
    assert_true(souk_slice_equal(souk_pack_slice(&with_bytes), souk_pack_slice(&pack)));
    souk_pack_done(&pack);
    souk_pack_done(&with_bytes);
    json_decref(twin);
}

static void
an_id_of_another_size_stands_for_the_one_of_the_vector(void **state)
{
    assert_int_equal(vectors_each("", "id-of-caller.", look_at_id_of_caller), 1);
}

static void
look_at_id_of_request(const char *name, struct souk_slice bytes)
{
    json_t *const twin = load_twin(name), *asks = json_object_get(twin, "asks");
    struct souk_id expected, said, hashed;
    struct souk_point point;
    struct souk_name stream;

    bytes_of(twin, "id", expected.bytes, sizeof expected.bytes);
    assert_int_equal(souk_name_set(&stream, souk_slice_of(text_of(asks, "stream"))), 0);
    point = (struct souk_point){ { .counter = (uint32_t)number_of(asks, "epoch_counter") },
        number_of(asks, "number") };
    bytes_of(asks, "epoch_bits", point.epoch.bits, sizeof point.epoch.bits);
    said = souk_request_id(&stream, point, (uint32_t)number_of(asks, "index"));
    assert_memory_equal(&said, &expected, sizeof expected);
    souk_digest(hashed.bytes, sizeof hashed.bytes, &bytes, 1);
    assert_memory_equal(&hashed, &expected, sizeof expected);
    json_decref(twin);
}

static void
the_id_of_a_request_is_that_of_the_vector(void **state)
{
    assert_int_equal(vectors_each("", "id-of-request.", look_at_id_of_request), 1);
}

/* ---- a log position ------------------------------------------------- */

static void
look_at_log_position(const char *name, struct souk_slice bytes)
{
    json_t *const twin = load_twin(name), *said = json_object_get(twin, "log_position");
    char text[SOUK_LOG_POSITION_BYTES + 1], written[SOUK_LOG_POSITION_BYTES + 1];
    uint8_t incarnation[SOUK_INCARNATION_BYTES];
    struct souk_log_position position;

    assert_in_range(bytes.size_bytes, 1, SOUK_LOG_POSITION_BYTES);
    (void)snprintf(text, sizeof text, "%.*s", (int)bytes.size_bytes, (const char *)bytes.base);
    bytes_of(said, "incarnation", incarnation, sizeof incarnation);
    assert_int_equal(souk_log_position_parse(text, &position), 0);
    assert_string_equal(position.store.text, text_of(said, "store"));
    assert_true(souk_log_position_is_of(&position, incarnation));
    assert_int_equal(position.number, number_of(said, "number"));
    souk_log_position_format(souk_name_slice(&position.store), incarnation, position.number, written);
    assert_string_equal(written, text);
    json_decref(twin);
}

static void
a_log_position_is_read_as_its_twin_and_written_again(void **state)
{
    assert_int_equal(vectors_each("", "log-position.", look_at_log_position), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_are_read_as_their_twins_and_written_again),
        cmocka_unit_test(an_id_of_another_size_stands_for_the_one_of_the_vector),
        cmocka_unit_test(the_id_of_a_request_is_that_of_the_vector),
        cmocka_unit_test(a_log_position_is_read_as_its_twin_and_written_again),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
