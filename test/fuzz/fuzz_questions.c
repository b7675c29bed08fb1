/*
 * What others ask of the runtime and of the query service, as they read it: the
 * payloads of the runtime's own queries and commands, and places between pages,
 * which browsers keep. The first byte of an input says what the rest is.
 *
 * A place that is read is written down as the same bytes; a message that is
 * decoded is encoded as one that decodes to the same.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <souk-message.h>

#include "bridge.h"
#include "eventstore.h"
#include "ops.h"
#include "parking.h"
#include "query.h"
#include "recovery.h"
#include "souk_run_parts.h"

static const struct souk_messages *const applications[] = { &eventstore_messages, &ops_messages, &parking_messages,
    &recovery_messages };
#define APPLICATIONS (sizeof applications / sizeof applications[0])

/* ---- places --------------------------------------------------------- */

static void
look_at_from(struct souk_slice text)
{
    static const struct souk_id nothing = { { 0xaa } };
    char out[QUERY_FROM_BYTES];
    struct souk_slice place = { NULL, 0 };
    struct souk_id id = nothing;

    query_read_from(text, &id, &place);
    if (place.base == NULL)
        assert(memcmp(&id, &nothing, sizeof id) == 0);
    else
        assert(souk_slice_equal(query_write_from(id, place, out), text));
}

static void
look_at_time_from(struct souk_slice text)
{
    char out[QUERY_FROM_BYTES];
    struct souk_id id;
    uint64_t time_ms;

    query_read_time_from(true, text, &time_ms, &id);
    if (time_ms != 0)
        assert(souk_slice_equal(query_write_time_from(id, time_ms, out), text));
}

static void
look_at_deed_place(struct souk_slice text)
{
    struct query_deed_place place;
    char out[QUERY_FROM_BYTES];

    query_read_deed_place(true, text, &place);
    if (place.before_ms != 0 || place.stream != 0 || place.before != 0)
        assert(souk_slice_equal(query_write_deed_place(&place, out), text));
}

static void
look_at_log_place(struct souk_slice text)
{
    char out[BRIDGE_PLACE_BYTES];
    struct bridge_place place;

    if (bridge_place_read(text, &place))
        assert(souk_slice_equal(bridge_place_write(&place, out), text));
}

/* ---- messages ------------------------------------------------------- */

static void
look_at_digest(struct souk_slice payload)
{
    struct souk_name stream;
    struct souk_pack pack;

    if (!run_digest_read(payload, &stream))
        return;
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_array(&pack, 1);
    souk_pack_str(&pack, souk_slice_of(stream.text));
    assert(souk_slice_equal(souk_pack_slice(&pack), payload));
    souk_pack_done(&pack);
}

/* Decoded as its receiver does it; then what was read is encoded. */
static int
recode(const struct souk_message_type *type, struct souk_slice payload, struct souk_pack *pack)
{
    void *message = calloc(1, type->struct_size_bytes);
    struct souk_arena arena;
    int rc;

    assert(message != NULL);
    souk_arena_init(&arena, 0);
    if ((rc = souk_message_decode(type, type->version, payload, &arena, message)) == 0)
        assert(type->encode(message, pack) == 0 && pack->size_bytes <= type->packed_bytes_max);
    souk_arena_done(&arena);
    free(message);
    return rc;
}

static void
look_at_message(const struct souk_message_type *type, struct souk_slice payload)
{
    struct souk_pack once, twice;

    souk_pack_init(&once, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&twice, SOUK_PAYLOAD_BYTES_MAX);
    if (recode(type, payload, &once) == 0) {
        assert(recode(type, souk_pack_slice(&once), &twice) == 0);
        assert(souk_slice_equal(souk_pack_slice(&once), souk_pack_slice(&twice)));
        if (once.size_bytes == payload.size_bytes)      /* else there were fields of a newer version, or a default */
            assert(souk_slice_equal(souk_pack_slice(&once), payload));
    }
    souk_pack_done(&once);
    souk_pack_done(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static void (*const looks[])(struct souk_slice) = { look_at_from, look_at_time_from, look_at_deed_place,
        look_at_log_place, look_at_digest };
    const size_t count = sizeof looks / sizeof looks[0];
    const struct souk_message_type *type;
    const struct souk_messages *messages;

    if (size_bytes < 2)
        return 0;
    if (bytes[0] % (count + APPLICATIONS) < count) {
        looks[bytes[0] % (count + APPLICATIONS)]((struct souk_slice){ bytes + 1, size_bytes - 1 });
        return 0;
    }
    messages = applications[bytes[0] % (count + APPLICATIONS) - count];
    type = messages->types[bytes[1] % messages->type_count];
    if (type->decode != NULL && type->encode != NULL)   /* no record: those are within others */
        look_at_message(type, (struct souk_slice){ bytes + 2, size_bytes - 2 });
    return 0;
}
