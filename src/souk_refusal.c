#include "souk_refusal.h"

#include <string.h>

#include "souk_wire.h"

#define FIELDS_MAX 64                   /* a later version may have more than this one */
#define ID_BYTES_MAX 512
#define REPLY_BYTES_MAX 1024

static void put(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route,
    const struct souk_wire_reply *reply);
static bool read_id(struct souk_slice frame, uint64_t *version_out, struct souk_id *id_out);

void
souk_refusal_put(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route, struct souk_slice frame)
{
    struct souk_wire_reply reply = { .status = SOUK_STATUS_UNKNOWN, .code = souk_slice_of("unknown"),
        .text = souk_slice_of("nobody here takes this") };
    struct souk_wire_request request;
    uint64_t version;
    int rc;

    if (!read_id(frame, &version, &reply.id))
        return;
    if (version != SOUK_WIRE_VERSION) {
        reply.status = SOUK_STATUS_UNSUPPORTED;
        reply.code = souk_slice_of("unsupported");
        reply.text = souk_slice_of("this is version 1 of the protocol");
    } else if ((rc = souk_wire_request_get(frame, &request)) != 0) {
        reply.status = SOUK_STATUS_INVALID;
        reply.code = souk_slice_of(souk_error_name(rc));
        reply.text = souk_slice_of("the request is not what the protocol says");
    } else if (request.query != (door == SOUK_DOOR_QUERIES)) {
        reply.code = souk_slice_of("other_door");
        reply.text = souk_slice_of(request.query ? "queries go to the queries door"
            : "commands go to the commands door");
    }
    put(outbox, door, route, &reply);
}

void
souk_refusal_forbid(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route, struct souk_slice frame,
    const char *text)
{
    struct souk_wire_reply reply = { .status = SOUK_STATUS_FORBIDDEN, .code = souk_slice_of("forbidden"),
        .text = souk_slice_of(text) };
    uint64_t version;

    if (read_id(frame, &version, &reply.id))
        put(outbox, door, route, &reply);
}

void
souk_refusal_pass(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route, struct souk_slice frame,
    const char *why_not)
{
    struct souk_wire_reply reply = { .status = SOUK_STATUS_REFUSED, .code = souk_slice_of(SOUK_WIRE_CODE_PASS),
        .text = souk_slice_of(why_not) };
    uint64_t version;

    if (read_id(frame, &version, &reply.id))
        put(outbox, door, route, &reply);
}

static void
put(struct souk_outbox *outbox, enum souk_door door, struct souk_slice route, const struct souk_wire_reply *reply)
{
    struct souk_slice answer;
    struct souk_pack pack;

    souk_pack_init(&pack, REPLY_BYTES_MAX);
    souk_wire_reply_put(&pack, reply);
    answer = souk_pack_slice(&pack);
    if (pack.rc == 0)
        (void)!souk_outbox_put(outbox, SOUK_OUT_REPLY, door, NULL, route, &answer, 1);
    souk_pack_done(&pack);
}

/* Version, kind and id begin a request of every version. */
static bool
read_id(struct souk_slice frame, uint64_t *version_out, struct souk_id *id_out)
{
    struct souk_unpack in;
    struct souk_slice id;

    souk_unpack_init(&in, frame);
    (void)souk_unpack_array(&in, FIELDS_MAX);
    *version_out = souk_unpack_uint(&in, UINT64_MAX);
    if (souk_unpack_uint(&in, UINT64_MAX) != SOUK_WIRE_REQUEST)
        return false;
    id = souk_unpack_bin(&in, ID_BYTES_MAX);
    if (in.rc != 0 || id.size_bytes == 0)
        return false;
    souk_wire_id_set(id_out, id);
    return true;
}
