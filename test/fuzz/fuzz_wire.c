/*
 * Messages between nodes: every decoder gets every input, and takes it only if
 * it is of its kind; what it takes, its encoder writes down as the same bytes,
 * and the simulator's reader takes it too and reads the same. (All but an answer
 * or an acknowledgement of nothing at all, which that one does not take.)
 */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "same.h"

static void
begin(struct check_arena *arena, struct souk_slice frame, enum souk_wire_kind kind, struct check_message *message)
{
    const struct check_bytes bytes = { frame.base, frame.size_bytes };

    assert(souk_wire_kind(frame) == kind);
    check_arena_init(arena);
    assert(check_decode_message(arena, &bytes, 1, message) == NULL);
    assert((int)message->kind == (int)kind);
}

/* What was taken has been written down again. */
static void
compare(struct souk_pack *pack, struct souk_slice frame)
{
    assert(pack->rc == 0);
    assert(souk_slice_equal(souk_pack_slice(pack), frame));
    souk_pack_reset(pack);
}

static void
end(struct check_arena *arena, struct souk_pack *pack, struct souk_slice frame)
{
    compare(pack, frame);
    check_arena_done(arena);
}

static void
look_at_replication(struct souk_slice frame, struct souk_pack *pack)
{
    struct check_message message;
    struct check_arena arena;
    struct souk_wire_pulled pulled;
    struct souk_wire_heads heads;
    struct souk_wire_pull pull;
    struct souk_wire_ack ack;

    if (souk_wire_heads_get(frame, &heads) == 0) {
        begin(&arena, frame, SOUK_WIRE_HEADS, &message);
        assert(same_heads(&heads, &message) == NULL);
        souk_wire_heads_put(pack, &heads);
        end(&arena, pack, frame);
    }
    if (souk_wire_pull_get(frame, &pull) == 0) {
        begin(&arena, frame, SOUK_WIRE_PULL, &message);
        assert(same_pull(&pull, &message) == NULL);
        souk_wire_pull_put(pack, &pull);
        end(&arena, pack, frame);
    }
    if (souk_wire_pulled_get(frame, &pulled) == 0) {
        souk_wire_pulled_put(pack, &pulled);
        compare(pack, frame);
        if (pulled.count != 0) {
            begin(&arena, frame, SOUK_WIRE_PULLED, &message);
            assert(same_pulled(&pulled, &message) == NULL);
            check_arena_done(&arena);
        }
    }
    if (souk_wire_ack_get(frame, &ack) == 0) {
        souk_wire_ack_put(pack, &ack);
        compare(pack, frame);
        if (ack.count != 0) {
            begin(&arena, frame, SOUK_WIRE_ACK, &message);
            assert(same_ack(&ack, &message) == NULL);
            check_arena_done(&arena);
        }
    }
}

static void
look_at_seals(struct souk_slice frame, struct souk_pack *pack)
{
    struct check_message message;
    struct check_arena arena;
    struct souk_wire_sealed sealed;
    struct souk_wire_fenced fenced;
    struct souk_wire_busy busy;
    struct souk_wire_seal seal;

    if (souk_wire_seal_get(frame, &seal) == 0) {
        begin(&arena, frame, SOUK_WIRE_SEAL, &message);
        assert(same_seal(&seal, &message) == NULL);
        souk_wire_seal_put(pack, &seal);
        end(&arena, pack, frame);
    }
    if (souk_wire_sealed_get(frame, &sealed) == 0) {
        begin(&arena, frame, SOUK_WIRE_SEALED, &message);
        assert(same_sealed(&sealed, &message) == NULL);
        souk_wire_sealed_put(pack, &sealed);
        end(&arena, pack, frame);
    }
    if (souk_wire_fenced_get(frame, &fenced) == 0) {
        begin(&arena, frame, SOUK_WIRE_FENCED, &message);
        assert(same_fenced(&fenced, &message) == NULL);
        souk_wire_fenced_put(pack, &fenced);
        end(&arena, pack, frame);
    }
    if (souk_wire_busy_get(frame, &busy) == 0) {
        begin(&arena, frame, SOUK_WIRE_BUSY, &message);
        assert(same_busy(&busy, &message) == NULL);
        souk_wire_busy_put(pack, &busy);
        end(&arena, pack, frame);
    }
}

/* Its id is 16 bytes; any other is replaced by its hash, and then it is written down as that. */
static bool
has_whole_id(struct souk_slice frame)
{
    struct souk_unpack in;

    souk_unpack_init(&in, frame);
    (void)souk_unpack_array(&in, 64);
    (void)souk_unpack_uint(&in, UINT64_MAX);
    (void)souk_unpack_uint(&in, UINT64_MAX);
    return souk_unpack_bin(&in, SIZE_MAX).size_bytes == sizeof(struct souk_id);
}

static void
look_at_requests(struct souk_slice frame, struct souk_pack *pack)
{
    struct souk_wire_request request, again;
    struct check_message message;
    struct check_arena arena;
    struct souk_pack twice;

    if (souk_wire_request_get(frame, &request) != 0)
        return;
    if (has_whole_id(frame)) {
        begin(&arena, frame, SOUK_WIRE_REQUEST, &message);
        assert(same_request(&request, &message) == NULL);
        souk_wire_request_put(pack, &request);
        end(&arena, pack, frame);
        return;
    }
    souk_wire_request_put(pack, &request);
    assert(souk_wire_request_get(souk_pack_slice(pack), &again) == 0);
    assert(memcmp(&request.id, &again.id, sizeof request.id) == 0);
    souk_pack_init(&twice, SOUK_WIRE_BYTES_MAX);
    souk_wire_request_put(&twice, &again);
    assert(souk_slice_equal(souk_pack_slice(pack), souk_pack_slice(&twice)));
    souk_pack_done(&twice);
    souk_pack_reset(pack);
}

/* The entries of the body are looked at by whoever wants them. False: there is a bad one. */
static bool
body_again(const struct souk_wire_reply *reply, struct souk_pack *pack)
{
    struct souk_wire_entry entry;
    struct souk_unpack in;
    uint32_t count = 0;
    int rc;

    souk_unpack_init(&in, reply->body);
    while ((rc = souk_wire_body_next(&in, &entry)) == 0) {
        souk_wire_entry_put(pack, &entry);
        count++;
    }
    if (rc == -SOUK_ENOTFOUND) {
        assert(count == reply->body_count);
        assert(pack->rc == 0);
        assert(souk_slice_equal(souk_pack_slice(pack), reply->body));
    }
    souk_pack_reset(pack);
    return rc == -SOUK_ENOTFOUND;
}

static void
look_at_replies(struct souk_slice frame, struct souk_pack *pack)
{
    struct souk_wire_reply reply;
    struct check_message message;
    struct check_arena arena;

    if (souk_wire_reply_get(frame, &reply) != 0 || !body_again(&reply, pack))
        return;
    begin(&arena, frame, SOUK_WIRE_REPLY, &message);
    assert(same_reply(&reply, &message) == NULL);
    souk_wire_reply_put(pack, &reply);
    end(&arena, pack, frame);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct souk_slice frame = { bytes, size_bytes };
    struct souk_pack pack;

    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    look_at_replication(frame, &pack);
    look_at_seals(frame, &pack);
    look_at_requests(frame, &pack);
    look_at_replies(frame, &pack);
    souk_pack_done(&pack);
    return 0;
}
