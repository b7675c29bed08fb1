/*
 * Messages of test/unit/shop.messages.zpl, packed and as JSON. Three readers of
 * the same thing have to agree: the code that souk-messages made (it makes none
 * for a record by itself), the walk over field tables that makes JSON, and the
 * way back from it.
 *
 * Input: one byte says which message, and with its highest bit that the rest is
 * JSON; else the rest is packed.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

#include "shop.h"

#define IS_JSON 0x80

static bool is_of_this_version(const struct souk_message_type *type, struct souk_unpack *in);

/* The shop's older versions; none of them is read here as a newer one but by these. */
int
upcast_orders_place_v1(const struct orders_place_v1 *older, struct souk_arena *arena,
    struct orders_place_v2 *newer_out)
{
    *newer_out = (struct orders_place_v2){ .order_id = older->order_id };
    return 0;
}

int
upcast_orders_place_v2(const struct orders_place_v2 *older, struct souk_arena *arena, struct orders_place *newer_out)
{
    *newer_out = (struct orders_place){ .order_id = older->order_id, .lines_count = older->lines_count,
        .lines = older->lines };
    return 0;
}

/* Encode what `type` decodes. Its rc; *pack holds the message afterwards when it is 0. */
static int
recode(const struct souk_message_type *type, struct souk_slice packed, struct souk_pack *pack)
{
    void *message = calloc(1, type->struct_size_bytes);
    struct souk_arena arena;
    struct souk_pack key;
    int rc;

    assert(message != NULL);
    souk_arena_init(&arena, 0);
    souk_pack_init(&key, SOUK_ROW_KEY_BYTES_MAX);
    souk_pack_reset(pack);
    if ((rc = type->decode(packed, &arena, message)) == 0) {
        assert(type->encode(message, pack) == 0);
        assert(pack->rc == 0);
        assert(pack->size_bytes <= type->packed_bytes_max);
        if (type->key != NULL && type->key(message, &key) == 0)
            assert(key.size_bytes > 0);
    }
    souk_pack_done(&key);
    souk_arena_done(&arena);
    free(message);
    return rc;
}

/* `json` is of a message that was taken: through text and back, and packed, it stays what it is. */
static void
keep(const struct souk_message_type *type, json_t *json, struct souk_slice packed)
{
    char *text = json_dumps(json, JSON_COMPACT);
    struct souk_error err;
    struct souk_pack pack;
    json_t *again;

    assert(text != NULL);
    assert(souk_json_parse(souk_slice_of(text), &again, &err) == 0);
    assert(json_equal(json, again));
    free(text);
    json_decref(again);

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    assert(souk_json_to_packed(type, json, &pack, &err) == 0);
    assert(souk_slice_equal(souk_pack_slice(&pack), packed));
    souk_pack_done(&pack);
    assert(souk_json_from_packed(type, packed, &again, &err) == 0);
    assert(json_equal(json, again));
    json_decref(again);
}

static void
look_at_packed(const struct souk_message_type *type, struct souk_slice packed)
{
    struct souk_error err = { 0 };
    struct souk_pack pack, twice;
    struct souk_unpack in;
    json_t *json = NULL;
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&twice, SOUK_PAYLOAD_BYTES_MAX);
    rc = recode(type, packed, &pack);
    assert(souk_json_from_packed(type, packed, &json, &err) == rc);
    if (rc == 0) {
        keep(type, json, souk_pack_slice(&pack));
        assert(recode(type, souk_pack_slice(&pack), &twice) == 0);
        assert(souk_slice_equal(souk_pack_slice(&pack), souk_pack_slice(&twice)));
        souk_unpack_init(&in, packed);
        if (is_of_this_version(type, &in))
            assert(souk_slice_equal(souk_pack_slice(&pack), packed));
        json_decref(json);
    } else {
        assert(err.code == -rc && err.text[0] != '\0');
    }
    souk_pack_done(&pack);
    souk_pack_done(&twice);
}

static void
look_at_json(const struct souk_message_type *type, struct souk_slice text)
{
    struct souk_pack pack, again;
    struct souk_error err = { 0 };
    json_t *json, *other;
    int rc;

    if ((rc = souk_json_parse(text, &json, &err)) != 0) {
        assert(err.code == -rc && err.text[0] != '\0');
        return;
    }
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = souk_json_to_packed(type, json, &pack, &err)) == 0) {
        souk_pack_init(&again, SOUK_PAYLOAD_BYTES_MAX);
        assert(recode(type, souk_pack_slice(&pack), &again) == 0);
        assert(souk_slice_equal(souk_pack_slice(&pack), souk_pack_slice(&again)));
        assert(souk_json_from_packed(type, souk_pack_slice(&pack), &other, &err) == 0);
        keep(type, other, souk_pack_slice(&pack));
        json_decref(other);
        souk_pack_done(&again);
    } else {
        assert(err.code == -rc && err.text[0] != '\0');
    }
    souk_pack_done(&pack);
    json_decref(json);
}

/* Neither fields that a newer writer has appended nor ones that were left out at the end. */
static bool
is_of_this_version(const struct souk_message_type *type, struct souk_unpack *in)
{
    if (souk_unpack_array(in, UINT32_MAX) != type->field_count)
        return false;
    for (size_t i = 0; i < type->field_count; i++) {
        const struct souk_field *field = &type->fields[i];
        uint32_t count = 1;

        if (field->is_optional && souk_unpack_nil(in))
            continue;
        if (field->is_list)
            count = souk_unpack_array(in, field->count_max);
        for (; count > 0; count--) {
            if (field->type != SOUK_FIELD_RECORD)
                (void)souk_unpack_skip(in);
            else if (!is_of_this_version(field->record, in))
                return false;
        }
    }
    return in->rc == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct souk_message_type *type;
    struct souk_slice rest;

    if (size_bytes == 0)
        return 0;
    type = shop_messages.types[(bytes[0] & ~IS_JSON) % shop_messages.type_count];
    if (type->decode == NULL)
        return 0;
    rest = (struct souk_slice){ bytes + 1, size_bytes - 1 };
    if ((bytes[0] & IS_JSON) != 0)
        look_at_json(type, rest);
    else
        look_at_packed(type, rest);
    return 0;
}
