/*
 * Messages between nodes: each goes both ways at its limits, is refused one
 * past them, and is taken by nobody but its own decoder. The vectors are read
 * by the simulator's decoder too, which shares no code with ours.
 */
#include "souk_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../fuzz/same.h"
#include "vectors.h"

#define VALID_MIN 33                    /* messages among the vectors: fewer, and the folder isn't the one we mean */
#define INVALID_MIN 20

/* Any message. */
union message {
    struct souk_wire_heads heads;
    struct souk_wire_pull pull;
    struct souk_wire_pulled pulled;
    struct souk_wire_ack ack;
    struct souk_wire_seal seal;
    struct souk_wire_sealed sealed;
    struct souk_wire_fenced fenced;
    struct souk_wire_request request;
    struct souk_wire_reply reply;
    struct souk_wire_busy busy;
};

struct bench {
    union message message, back;
    struct souk_pack pack;
    char *letters;                      /* SOUK_PAYLOAD_BYTES_MAX + 1 */
};

static int
open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    assert_non_null(bench->letters = malloc(SOUK_PAYLOAD_BYTES_MAX + 1));
    memset(bench->letters, 'x', SOUK_PAYLOAD_BYTES_MAX + 1);
    souk_pack_init(&bench->pack, 2 * SOUK_WIRE_BYTES_MAX);
    *state = bench;
    return 0;
}

static int
close_bench(void **state)
{
    struct bench *bench = *state;

    souk_pack_done(&bench->pack);
    free(bench->letters);
    free(bench);
    return 0;
}

static struct souk_slice
letters(const struct bench *bench, size_t size_bytes)
{
    return (struct souk_slice){ bench->letters, size_bytes };
}

static struct souk_name
name(const char *text)
{
    struct souk_name made;

    assert_int_equal(souk_name_set(&made, souk_slice_of(text)), 0);
    return made;
}

static struct souk_name
numbered(const char *prefix, uint32_t number)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%s%u", prefix, (unsigned)number);
    return name(text);
}

static struct souk_position
position(uint32_t number)
{
    return (struct souk_position){ { 1 + number, { (uint8_t)number, 2 } }, UINT64_MAX - number,
        { { 3, (uint8_t)number } } };
}

/* ---- one decoder, one encoder --------------------------------------- */

static int
get(enum souk_wire_kind kind, struct souk_slice frame, union message *out)
{
    switch (kind) {
    case SOUK_WIRE_HEADS:
        return souk_wire_heads_get(frame, &out->heads);
    case SOUK_WIRE_PULL:
        return souk_wire_pull_get(frame, &out->pull);
    case SOUK_WIRE_PULLED:
        return souk_wire_pulled_get(frame, &out->pulled);
    case SOUK_WIRE_ACK:
        return souk_wire_ack_get(frame, &out->ack);
    case SOUK_WIRE_SEAL:
        return souk_wire_seal_get(frame, &out->seal);
    case SOUK_WIRE_SEALED:
        return souk_wire_sealed_get(frame, &out->sealed);
    case SOUK_WIRE_FENCED:
        return souk_wire_fenced_get(frame, &out->fenced);
    case SOUK_WIRE_REQUEST:
        return souk_wire_request_get(frame, &out->request);
    case SOUK_WIRE_REPLY:
        return souk_wire_reply_get(frame, &out->reply);
    case SOUK_WIRE_BUSY:
        return souk_wire_busy_get(frame, &out->busy);
    }
    return -SOUK_EINVAL;
}

static void
put(enum souk_wire_kind kind, struct souk_pack *pack, const union message *message)
{
    souk_pack_reset(pack);
    switch (kind) {
    case SOUK_WIRE_HEADS:
        souk_wire_heads_put(pack, &message->heads);
        return;
    case SOUK_WIRE_PULL:
        souk_wire_pull_put(pack, &message->pull);
        return;
    case SOUK_WIRE_PULLED:
        souk_wire_pulled_put(pack, &message->pulled);
        return;
    case SOUK_WIRE_ACK:
        souk_wire_ack_put(pack, &message->ack);
        return;
    case SOUK_WIRE_SEAL:
        souk_wire_seal_put(pack, &message->seal);
        return;
    case SOUK_WIRE_SEALED:
        souk_wire_sealed_put(pack, &message->sealed);
        return;
    case SOUK_WIRE_FENCED:
        souk_wire_fenced_put(pack, &message->fenced);
        return;
    case SOUK_WIRE_REQUEST:
        souk_wire_request_put(pack, &message->request);
        return;
    case SOUK_WIRE_REPLY:
        souk_wire_reply_put(pack, &message->reply);
        return;
    case SOUK_WIRE_BUSY:
        souk_wire_busy_put(pack, &message->busy);
        return;
    }
}

/* Pack the bench's message, expect `rc` from its decoder, and the same bytes again where that is 0. */
static void
expect(struct bench *bench, enum souk_wire_kind kind, int rc)
{
    struct souk_slice frame;
    struct souk_pack again;

    put(kind, &bench->pack, &bench->message);
    frame = souk_pack_slice(&bench->pack);
    assert_int_equal(bench->pack.rc, 0);
    assert_int_equal(souk_wire_kind(frame), kind);
    assert_int_equal(get(kind, frame, &bench->back), rc);
    if (rc != 0)
        return;
    souk_pack_init(&again, 2 * SOUK_WIRE_BYTES_MAX);
    put(kind, &again, &bench->back);
    assert_true(souk_slice_equal(frame, souk_pack_slice(&again)));
    souk_pack_done(&again);
}

/* ---- heads ---------------------------------------------------------- */

static void
heads_name_up_to_16_streams(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_heads *heads = &bench->message.heads;

    *heads = (struct souk_wire_heads){ .service = name("orders"), .sender = name("log-a"), .incarnation = { 1 },
        .fingerprint = { 2 }, .time_ms = SOUK_TIME_MS_MAX };
    for (uint32_t i = 0; i < SOUK_OWN_STREAMS_MAX; i++)
        heads->heads[i] = (struct souk_wire_place){ numbered("s", i), position(i) };
    expect(bench, SOUK_WIRE_HEADS, 0);
    assert_int_equal(bench->back.heads.count, 0);
    heads->count = SOUK_OWN_STREAMS_MAX;
    expect(bench, SOUK_WIRE_HEADS, 0);
    assert_string_equal(bench->back.heads.service.text, "orders");
    assert_string_equal(bench->back.heads.sender.text, "log-a");
    assert_true(souk_position_equal(&bench->back.heads.heads[15].position, &heads->heads[15].position));
    heads->time_ms++;
    expect(bench, SOUK_WIRE_HEADS, -SOUK_ETOOBIG);
}

/* ---- pulls ---------------------------------------------------------- */

static void
make_pull(struct souk_wire_pull *pull)
{
    *pull = (struct souk_wire_pull){ .request = UINT64_MAX, .asker = name("query"), .credit_bytes = 1,
        .cursor_count = 1, .wait_count = 0 };
    for (uint32_t i = 0; i < SOUK_OWN_STREAMS_MAX; i++) {
        pull->cursors[i] = (struct souk_wire_place){ numbered("s", i), position(i) };
        pull->waits[i] = (struct souk_cause){ numbered("w", i), { { i + 1, { 1 } }, i } };
    }
}

static void
a_pull_has_1_to_16_cursors_and_up_to_16_waits(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_pull *pull = &bench->message.pull;

    make_pull(pull);
    expect(bench, SOUK_WIRE_PULL, 0);
    pull->cursor_count = SOUK_OWN_STREAMS_MAX;
    pull->wait_count = SOUK_WIRE_WAITS_MAX;
    expect(bench, SOUK_WIRE_PULL, 0);
    assert_int_equal(bench->back.pull.wait_count, SOUK_WIRE_WAITS_MAX);
    pull->cursor_count = 0;
    expect(bench, SOUK_WIRE_PULL, -SOUK_EMALFORMED);
}

static void
a_pull_names_each_stream_once(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_pull *pull = &bench->message.pull;

    make_pull(pull);
    pull->cursor_count = SOUK_OWN_STREAMS_MAX;
    pull->cursors[15].stream = pull->cursors[0].stream;
    expect(bench, SOUK_WIRE_PULL, -SOUK_EMALFORMED);
    pull->cursor_count--;
    expect(bench, SOUK_WIRE_PULL, 0);
}

static void
a_busy_holder_says_when_within_a_minute(void **state)
{
    struct bench *bench = *state;

    bench->message.busy = (struct souk_wire_busy){ .request = UINT64_MAX, .holder = name("log-a"),
        .retry_after_ms = SOUK_WIRE_DEADLINE_MS_MAX };
    expect(bench, SOUK_WIRE_BUSY, 0);
    assert_string_equal(bench->back.busy.holder.text, "log-a");
    assert_int_equal(bench->back.busy.retry_after_ms, SOUK_WIRE_DEADLINE_MS_MAX);
    bench->message.busy.retry_after_ms++;
    expect(bench, SOUK_WIRE_BUSY, -SOUK_ETOOBIG);
}

static void
a_pull_has_credit_for_1_byte_to_16_mib(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_pull *pull = &bench->message.pull;

    make_pull(pull);
    pull->credit_bytes = SOUK_WIRE_CREDIT_MAX;
    expect(bench, SOUK_WIRE_PULL, 0);
    pull->credit_bytes++;
    expect(bench, SOUK_WIRE_PULL, -SOUK_ETOOBIG);
    pull->credit_bytes = 0;
    expect(bench, SOUK_WIRE_PULL, -SOUK_EMALFORMED);
}

static void
an_answer_to_a_pull_has_a_verdict_a_stream(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_pulled *pulled = &bench->message.pulled;

    *pulled = (struct souk_wire_pulled){ .request = 1, .holder = name("log-a"), .incarnation = { 9 }, .more = true,
        .count = SOUK_OWN_STREAMS_MAX };
    for (uint32_t i = 0; i < SOUK_OWN_STREAMS_MAX; i++)
        pulled->answers[i] = (struct souk_wire_answer){ numbered("s", i), position(i), (enum souk_verdict)(i % 5),
            position(i + 1), i % 5 == SOUK_VOID ? souk_point_of(&(struct souk_position){ { 7, { 7 } }, 7, { { 0 } } })
                : (struct souk_point){ .number = 0 } };
    expect(bench, SOUK_WIRE_PULLED, 0);
    assert_true(bench->back.pulled.more);
    assert_int_equal(bench->back.pulled.answers[2].verdict, SOUK_VOID);
    assert_int_equal(bench->back.pulled.answers[2].common.number, 7);
    pulled->answers[3].common = pulled->answers[2].common;      /* common goes with void alone */
    expect(bench, SOUK_WIRE_PULLED, -SOUK_EMALFORMED);
    pulled->answers[3].common = (struct souk_point){ .number = 0 };
    pulled->answers[3].verdict = (enum souk_verdict)(SOUK_BEGINS + 1);
    expect(bench, SOUK_WIRE_PULLED, -SOUK_ETOOBIG);
    pulled->count = 0;
    expect(bench, SOUK_WIRE_PULLED, 0);                         /* who may have nothing is told nothing */
}

/* ---- acknowledgements and seals ------------------------------------- */

static void
an_acknowledgement_names_up_to_16_streams(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_ack *ack = &bench->message.ack;

    *ack = (struct souk_wire_ack){ .store = name("log-a"), .incarnation = { 1 }, .commit = UINT64_MAX,
        .count = SOUK_OWN_STREAMS_MAX };
    for (uint32_t i = 0; i < SOUK_OWN_STREAMS_MAX; i++) {
        ack->acks[i].stream = numbered("s", i);
        ack->acks[i].position = position(i);
        ack->acks[i].backed_up = UINT64_MAX - i;
    }
    expect(bench, SOUK_WIRE_ACK, 0);
    assert_int_equal(bench->back.ack.commit, UINT64_MAX);
    assert_int_equal(bench->back.ack.acks[15].backed_up, UINT64_MAX - 15);
}

static void
seals_and_fences_are_above_epoch_0(void **state)
{
    struct bench *bench = *state;

    bench->message.seal = (struct souk_wire_seal){ UINT64_MAX, name("orders"), UINT32_MAX, { 1, 2 } };
    expect(bench, SOUK_WIRE_SEAL, 0);
    assert_int_equal(bench->back.seal.counter, UINT32_MAX);
    bench->message.seal.counter = 0;
    expect(bench, SOUK_WIRE_SEAL, -SOUK_EMALFORMED);

    bench->message.sealed = (struct souk_wire_sealed){ .request = 3, .store = name("log-a"), .service = name("orders"),
        .granted = true, .counter = 4, .count = SOUK_OWN_STREAMS_MAX };
    for (uint32_t i = 0; i < SOUK_OWN_STREAMS_MAX; i++)
        bench->message.sealed.positions[i] = (struct souk_wire_place){ numbered("s", i), position(i) };
    expect(bench, SOUK_WIRE_SEALED, 0);
    assert_true(bench->back.sealed.granted);
    bench->message.sealed.counter = 0;
    expect(bench, SOUK_WIRE_SEALED, -SOUK_EMALFORMED);

    bench->message.fenced = (struct souk_wire_fenced){ name("log-a"), name("orders"), 1 };
    expect(bench, SOUK_WIRE_FENCED, 0);
    assert_string_equal(bench->back.fenced.store.text, "log-a");
    assert_string_equal(bench->back.fenced.service.text, "orders");
    bench->message.fenced.counter = 0;
    expect(bench, SOUK_WIRE_FENCED, -SOUK_EMALFORMED);
}

static void
a_position_of_epoch_0_is_zero_through_and_through(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_heads *heads = &bench->message.heads;
    struct souk_position *head = &heads->heads[0].position;

    *heads = (struct souk_wire_heads){ .service = name("orders"), .sender = name("orders"), .count = 1 };
    heads->heads[0].stream = name("orders");
    expect(bench, SOUK_WIRE_HEADS, 0);
    *head = (struct souk_position){ .epoch.bits = { 1 } };
    expect(bench, SOUK_WIRE_HEADS, -SOUK_EMALFORMED);
    *head = (struct souk_position){ .number = 1 };
    expect(bench, SOUK_WIRE_HEADS, -SOUK_EMALFORMED);
    *head = (struct souk_position){ .hash = { { 0, 1 } } };
    expect(bench, SOUK_WIRE_HEADS, -SOUK_EMALFORMED);
}

/* ---- requests ------------------------------------------------------- */

static void
make_request(struct souk_wire_request *request)
{
    *request = (struct souk_wire_request){ .id = { "0123456789abcdef" }, .name = souk_slice_of("order.place"),
        .version = 1, .caller = souk_slice_of("page"), .payload = souk_slice_of("payload") };
    for (uint32_t i = 0; i < SOUK_WIRE_SEEN_MAX; i++)
        request->seen[i] = (struct souk_cause){ numbered("s", i), { { i + 1, { 1 } }, i } };
}

static void
each_part_of_a_request_has_its_limit(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_request *request = &bench->message.request;

    make_request(request);
    expect(bench, SOUK_WIRE_REQUEST, 0);
#define TRY(member, value, rc) \
    make_request(request); request->member = (value); expect(bench, SOUK_WIRE_REQUEST, rc)
    TRY(query, true, 0);
    TRY(recorded, true, 0);
    TRY(name, letters(bench, SOUK_BATCH_NAME_BYTES_MAX), 0);
    TRY(name, letters(bench, SOUK_BATCH_NAME_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(name, letters(bench, 0), -SOUK_EMALFORMED);
    TRY(version, UINT16_MAX, 0);
    TRY(version, 0, -SOUK_EMALFORMED);
    TRY(deadline_ms, INT32_MAX, 0);
    TRY(deadline_ms, (uint64_t)INT32_MAX + 1, -SOUK_ETOOBIG);
    request->deadline_ms = 0;
    assert_int_equal(souk_wire_deadline_ms(request), 10000);
    request->deadline_ms = SOUK_WIRE_DEADLINE_MS_MAX;
    assert_int_equal(souk_wire_deadline_ms(request), SOUK_WIRE_DEADLINE_MS_MAX);
    request->deadline_ms++;
    assert_int_equal(souk_wire_deadline_ms(request), SOUK_WIRE_DEADLINE_MS_MAX);
    TRY(caller, letters(bench, SOUK_WIRE_CALLER_BYTES_MAX), 0);
    TRY(caller, letters(bench, SOUK_WIRE_CALLER_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(caller, letters(bench, 0), -SOUK_EMALFORMED);
    TRY(seen_count, SOUK_WIRE_SEEN_MAX, 0);
    TRY(pass, letters(bench, SOUK_PASS_BYTES_MAX), 0);
    TRY(pass, letters(bench, SOUK_PASS_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(payload, letters(bench, 0), 0);
    TRY(payload, letters(bench, SOUK_PAYLOAD_BYTES_MAX), 0);
    TRY(payload, letters(bench, SOUK_PAYLOAD_BYTES_MAX + 1), -SOUK_ETOOBIG);
#undef TRY
}

static void
a_request_without_a_correlation_has_its_ids(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_request *request = &bench->message.request, *back = &bench->back.request;

    make_request(request);
    expect(bench, SOUK_WIRE_REQUEST, 0);
    assert_false(back->has_correlation);
    assert_memory_equal(&back->correlation, &back->id, sizeof back->id);
    request->has_correlation = true;
    request->correlation = (struct souk_id){ { 5 } };
    expect(bench, SOUK_WIRE_REQUEST, 0);
    assert_true(back->has_correlation);
    assert_int_equal(back->correlation.bytes[0], 5);
}

/* What a caller has for an id may be of any size; it is known by 16 bytes. */
static void
an_id_of_another_size_is_replaced_by_its_hash(void **state)
{
    static const size_t sizes[] = { 1, 15, 17, SOUK_WIRE_TEXT_BYTES_MAX };
    struct bench *bench = *state;
    struct souk_slice frame, id;
    struct souk_pack by_hand;
    struct souk_id expected;

    make_request(&bench->message.request);
    put(SOUK_WIRE_REQUEST, &bench->pack, &bench->message);
    souk_pack_init(&by_hand, SOUK_WIRE_BYTES_MAX);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        id = letters(bench, sizes[i]);
        souk_pack_reset(&by_hand);
        souk_pack_raw(&by_hand, (struct souk_slice){ bench->pack.base, 3 });    /* up to the id, from behind it on */
        souk_pack_bin(&by_hand, id);
        souk_pack_raw(&by_hand, (struct souk_slice){ bench->pack.base + 3 + 18, bench->pack.size_bytes - 3 - 18 });
        frame = souk_pack_slice(&by_hand);
        assert_int_equal(souk_wire_request_get(frame, &bench->back.request), 0);
        souk_digest(expected.bytes, sizeof expected.bytes, &id, 1);
        assert_memory_equal(&bench->back.request.id, &expected, sizeof expected);
    }
    for (size_t size = 0; size <= SOUK_WIRE_TEXT_BYTES_MAX + 1; size += SOUK_WIRE_TEXT_BYTES_MAX + 1) {
        souk_pack_reset(&by_hand);
        souk_pack_raw(&by_hand, (struct souk_slice){ bench->pack.base, 3 });
        souk_pack_bin(&by_hand, letters(bench, size));
        souk_pack_raw(&by_hand, (struct souk_slice){ bench->pack.base + 3 + 18, bench->pack.size_bytes - 3 - 18 });
        assert_int_equal(souk_wire_request_get(souk_pack_slice(&by_hand), &bench->back.request),
            size == 0 ? -SOUK_EMALFORMED : -SOUK_ETOOBIG);
    }
    souk_pack_done(&by_hand);
}

/* ---- replies -------------------------------------------------------- */

static void
make_reply(struct souk_wire_reply *reply)
{
    *reply = (struct souk_wire_reply){ .id = { "0123456789abcdef" }, .status = SOUK_STATUS_OK };
    for (uint32_t i = 0; i < SOUK_STREAMS_MAX; i++)
        reply->cursors[i] = (struct souk_cause){ numbered("s", i), { { i + 1, { 1 } }, i } };
}

static void
each_part_of_a_reply_has_its_limit(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_reply *reply = &bench->message.reply;

    make_reply(reply);
    expect(bench, SOUK_WIRE_REPLY, 0);
#define TRY(member, value, rc) \
    make_reply(reply); reply->member = (value); expect(bench, SOUK_WIRE_REPLY, rc)
    TRY(status, SOUK_STATUS_LAST, 0);
    TRY(status, (enum souk_status)(SOUK_STATUS_LAST + 1), -SOUK_ETOOBIG);
    TRY(durability, SOUK_DURABILITY_RECORDED, 0);
    TRY(durability, (enum souk_durability)(SOUK_DURABILITY_RECORDED + 1), -SOUK_ETOOBIG);
    TRY(code, letters(bench, SOUK_WIRE_TEXT_BYTES_MAX), 0);
    TRY(code, letters(bench, SOUK_WIRE_TEXT_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(text, letters(bench, SOUK_WIRE_TEXT_BYTES_MAX), 0);
    TRY(text, letters(bench, SOUK_WIRE_TEXT_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(retry_after_ms, INT32_MAX, 0);
    TRY(retry_after_ms, (uint64_t)INT32_MAX + 1, -SOUK_ETOOBIG);
    TRY(cursor_count, SOUK_STREAMS_MAX, 0);
#undef TRY
}

/* So many entries, one after the other, in `body`. */
static void
put_entries(struct souk_pack *body, const struct souk_wire_entry *entry, uint32_t count)
{
    souk_pack_reset(body);
    for (uint32_t i = 0; i < count; i++)
        souk_wire_entry_put(body, entry);
    assert_int_equal(body->rc, 0);
}

static void
a_body_has_up_to_1024_entries(void **state)
{
    const struct souk_wire_entry entry = { souk_slice_of("order.placed"), 1, souk_slice_of("orders"), 7,
        souk_slice_of("37"), souk_slice_of("payload") };
    struct bench *bench = *state;
    struct souk_wire_reply *reply = &bench->message.reply;
    struct souk_wire_entry back;
    struct souk_pack body;
    struct souk_unpack in;
    uint32_t count = 0;

    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    make_reply(reply);
    put_entries(&body, &entry, SOUK_WIRE_BODY_MAX);
    reply->body = souk_pack_slice(&body);
    reply->body_count = SOUK_WIRE_BODY_MAX;
    expect(bench, SOUK_WIRE_REPLY, 0);
    souk_unpack_init(&in, bench->back.reply.body);
    for (; souk_wire_body_next(&in, &back) == 0; count++) {
        assert_true(souk_slice_equal(back.name, entry.name));
        assert_int_equal(back.version, 1);
        assert_true(souk_slice_equal(back.stream, entry.stream));
        assert_int_equal(back.number, 7);
        assert_true(souk_slice_equal(back.key, entry.key));
        assert_true(souk_slice_equal(back.payload, entry.payload));
    }
    assert_int_equal(count, SOUK_WIRE_BODY_MAX);
    assert_int_equal(souk_wire_body_next(&in, &back), -SOUK_ENOTFOUND);
    put_entries(&body, &entry, SOUK_WIRE_BODY_MAX + 1);
    reply->body = souk_pack_slice(&body);
    reply->body_count++;
    expect(bench, SOUK_WIRE_REPLY, -SOUK_ETOOBIG);
    reply->body_count--;                                        /* one is there that was not counted */
    expect(bench, SOUK_WIRE_REPLY, -SOUK_EMALFORMED);
    souk_pack_done(&body);
}

static void
each_part_of_an_entry_has_its_limit(void **state)
{
    const struct souk_wire_entry good = { souk_slice_of("order.placed"), 1, souk_slice_of("orders"), 7,
        souk_slice_of("37"), souk_slice_of("payload") };
    struct bench *bench = *state;
    struct souk_wire_entry entry, back;
    struct souk_unpack in;

#define TRY(member, value, rc) \
    entry = good; entry.member = (value); put_entries(&bench->pack, &entry, 1); \
    souk_unpack_init(&in, souk_pack_slice(&bench->pack)); assert_int_equal(souk_wire_body_next(&in, &back), rc)
    TRY(name, letters(bench, SOUK_BATCH_NAME_BYTES_MAX), 0);
    TRY(name, letters(bench, SOUK_BATCH_NAME_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(name, letters(bench, 0), -SOUK_EMALFORMED);
    TRY(version, 0, -SOUK_EMALFORMED);
    TRY(stream, letters(bench, 0), 0);                          /* a query's answer */
    TRY(stream, letters(bench, SOUK_NAME_BYTES_MAX), 0);
    TRY(stream, letters(bench, SOUK_NAME_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(key, letters(bench, SOUK_KEY_BYTES_MAX), 0);
    TRY(key, letters(bench, SOUK_KEY_BYTES_MAX + 1), -SOUK_ETOOBIG);
    TRY(payload, letters(bench, SOUK_PAYLOAD_BYTES_MAX), 0);
    TRY(payload, letters(bench, SOUK_PAYLOAD_BYTES_MAX + 1), -SOUK_ETOOBIG);
#undef TRY
    souk_unpack_init(&in, (struct souk_slice){ "\x90", 1 });    /* an array, but of nothing */
    assert_int_equal(souk_wire_body_next(&in, &back), -SOUK_EMALFORMED);
    assert_int_equal(souk_wire_body_next(&in, &back), -SOUK_EMALFORMED);
}

/* ---- counts beyond what the structs hold ---------------------------- */

/* The message at hand with its array of `count` places, which begins at `at`, made longer by one. */
static struct souk_slice
one_more(struct bench *bench, struct souk_pack *by_hand, size_t at, uint32_t count, size_t each_bytes)
{
    const uint8_t *bytes = bench->pack.base;
    const size_t head_bytes = count < 16 ? 1 : 3;

    souk_pack_reset(by_hand);
    souk_pack_raw(by_hand, (struct souk_slice){ bytes, at });
    souk_pack_array(by_hand, count + 1);
    souk_pack_raw(by_hand, (struct souk_slice){ bytes + at + head_bytes, each_bytes });
    souk_pack_raw(by_hand, (struct souk_slice){ bytes + at + head_bytes, bench->pack.size_bytes - at - head_bytes });
    assert_int_equal(by_hand->rc, 0);
    return souk_pack_slice(by_hand);
}

static void
one_place_more_than_there_is_room_for_is_refused(void **state)
{
    struct bench *bench = *state;
    struct souk_wire_request *request = &bench->message.request;
    struct souk_wire_pull *pull = &bench->message.pull;
    struct souk_pack by_hand;
    size_t at;

    souk_pack_init(&by_hand, SOUK_WIRE_BYTES_MAX);
    make_pull(pull);                                            /* [1, 2, request, asker, credit, cursors, waits] */
    pull->cursor_count = SOUK_OWN_STREAMS_MAX;
    pull->cursors[0].stream = name("s");
    put(SOUK_WIRE_PULL, &bench->pack, &bench->message);
    at = 1 + 1 + 1 + 9 + 6 + 1;
    assert_int_equal(souk_wire_pull_get(one_more(bench, &by_hand, at, SOUK_OWN_STREAMS_MAX, 1 + 2 + 1 + 10 + 9 + 34),
        &bench->back.pull), -SOUK_ETOOBIG);

    make_request(request);                                      /* behind seen are pass and payload */
    request->seen_count = SOUK_WIRE_SEEN_MAX;
    request->seen[0].stream = name("s");
    put(SOUK_WIRE_REQUEST, &bench->pack, &bench->message);
    at = 3 + 18 + 1 + 12 + 1 + 1 + 1 + 5 + 1;
    assert_int_equal(souk_wire_request_get(one_more(bench, &by_hand, at, SOUK_WIRE_SEEN_MAX, 1 + 2 + 1 + 10 + 1),
        &bench->back.request), -SOUK_ETOOBIG);
    souk_pack_done(&by_hand);
}

/* ---- whatever the message ------------------------------------------- */

static void
look_at_kinds(const char *vector, struct souk_slice bytes)
{
    const enum souk_wire_kind kind = souk_wire_kind(bytes);
    union message *message = malloc(sizeof *message);
    struct souk_pack longer;

    assert_non_null(message);
    for (int other = SOUK_WIRE_HEADS; other <= SOUK_WIRE_LAST; other++)
        assert_int_equal(get((enum souk_wire_kind)other, bytes, message) == 0, other == (int)kind);

    /* Not a byte more, not a field more, not a byte less. */
    souk_pack_init(&longer, SOUK_WIRE_BYTES_MAX);
    souk_pack_raw(&longer, bytes);
    souk_pack_nil(&longer);
    assert_int_equal(get(kind, souk_pack_slice(&longer), message), -SOUK_EMALFORMED);
    longer.base[0]++;
    assert_int_equal(get(kind, souk_pack_slice(&longer), message), -SOUK_EMALFORMED);
    souk_pack_done(&longer);
    for (size_t size = 0; size < bytes.size_bytes; size++) {
        uint8_t *exact = malloc(size + 1);

        assert_non_null(exact);
        memcpy(exact, bytes.base, size);
        if (get(kind, (struct souk_slice){ exact, size }, message) != -SOUK_EMALFORMED)
            fail_msg("%s cut to %zu bytes", vector, size);
        free(exact);
    }
    free(message);
}

static void
each_message_is_for_its_own_decoder_as_a_whole(void **state)
{
    assert_true(vectors_each("", "message-", look_at_kinds) >= VALID_MIN);
}

static void
a_message_of_another_version_has_no_kind(void **state)
{
    static const uint8_t bytes[] = { 0x95, 2, SOUK_WIRE_FENCED, 0xa1, 'a', 0xa1, 'b', 1 };
    static const uint8_t unknown[] = { 0x92, 1, SOUK_WIRE_LAST + 1 }, none[] = { 0x92, 1, 0 };
    struct souk_wire_fenced fenced;

    assert_int_equal(souk_wire_kind((struct souk_slice){ bytes, sizeof bytes }), 0);
    assert_int_equal(souk_wire_fenced_get((struct souk_slice){ bytes, sizeof bytes }, &fenced), -SOUK_EUNSUPPORTED);
    assert_int_equal(souk_wire_kind((struct souk_slice){ unknown, sizeof unknown }), 0);
    assert_int_equal(souk_wire_kind((struct souk_slice){ none, sizeof none }), 0);
    assert_int_equal(souk_wire_kind((struct souk_slice){ NULL, 0 }), 0);
    assert_int_equal(souk_wire_kind(souk_slice_of("\x91\x01")), 0);
}

static void
a_frame_beyond_256_kib_is_not_looked_into(void **state)
{
    struct bench *bench = *state;
    uint8_t *bytes = malloc(SOUK_WIRE_BYTES_MAX + 1);

    assert_non_null(bytes);
    memset(bytes, 0xc0, SOUK_WIRE_BYTES_MAX + 1);
    for (int kind = SOUK_WIRE_HEADS; kind <= SOUK_WIRE_LAST; kind++) {
        assert_int_equal(get((enum souk_wire_kind)kind, (struct souk_slice){ bytes, SOUK_WIRE_BYTES_MAX + 1 },
            &bench->back), -SOUK_ETOOBIG);
        assert_int_equal(get((enum souk_wire_kind)kind, (struct souk_slice){ bytes, SOUK_WIRE_BYTES_MAX },
            &bench->back), -SOUK_EMALFORMED);
    }
    free(bytes);
}

static void
topics_tell_streams_and_heads_apart(void **state)
{
    const struct souk_name stream = name("orders");
    const struct souk_name longest = name("abcdefghijklmnopqrstuvwxyzabcde");

    assert_true(souk_slice_equal(souk_wire_topic(&stream), (struct souk_slice){ "orders\0", 7 }));
    assert_int_equal(souk_wire_topic(&longest).size_bytes, SOUK_WIRE_TOPIC_BYTES_MAX);
    assert_true(souk_slice_equal(souk_wire_topic_heads(), (struct souk_slice){ "\x01", 1 }));
}

/* ---- vectors -------------------------------------------------------- */

static const char *
compare(enum souk_wire_kind kind, const union message *message, const struct check_message *other)
{
    switch (kind) {
    case SOUK_WIRE_HEADS:
        return same_heads(&message->heads, other);
    case SOUK_WIRE_PULL:
        return same_pull(&message->pull, other);
    case SOUK_WIRE_PULLED:
        return same_pulled(&message->pulled, other);
    case SOUK_WIRE_ACK:
        return same_ack(&message->ack, other);
    case SOUK_WIRE_SEAL:
        return same_seal(&message->seal, other);
    case SOUK_WIRE_SEALED:
        return same_sealed(&message->sealed, other);
    case SOUK_WIRE_FENCED:
        return same_fenced(&message->fenced, other);
    case SOUK_WIRE_REQUEST:
        return same_request(&message->request, other);
    case SOUK_WIRE_REPLY:
        return same_reply(&message->reply, other);
    case SOUK_WIRE_BUSY:
        return same_busy(&message->busy, other);
    }
    return "kind";
}

static void
look_at_valid(const char *vector, struct souk_slice bytes)
{
    const struct check_bytes frame = { bytes.base, bytes.size_bytes };
    const enum souk_wire_kind kind = souk_wire_kind(bytes);
    union message *message = malloc(sizeof *message);
    struct check_message other;
    struct check_arena arena;
    struct souk_pack again;
    const char *differs;

    assert_non_null(message);
    assert_int_equal(get(kind, bytes, message), 0);
    check_arena_init(&arena);
    assert_null(check_decode_message(&arena, &frame, 1, &other));
    if ((differs = compare(kind, message, &other)) != NULL)
        fail_msg("%s: %s", vector, differs);
    check_arena_done(&arena);
    souk_pack_init(&again, SOUK_WIRE_BYTES_MAX);
    put(kind, &again, message);
    assert_true(souk_slice_equal(souk_pack_slice(&again), bytes));
    souk_pack_done(&again);
    free(message);
}

static void
valid_vectors_are_read_as_the_simulator_reads_them(void **state)
{
    assert_true(vectors_each("", "message-", look_at_valid) >= VALID_MIN);
}

/* By every decoder. */
static void
look_at_invalid(const char *vector, struct souk_slice bytes)
{
    union message *message = malloc(sizeof *message);
    bool taken = false;

    assert_non_null(message);
    for (int kind = SOUK_WIRE_HEADS; kind <= SOUK_WIRE_LAST; kind++)
        taken |= get((enum souk_wire_kind)kind, bytes, message) == 0;
    if (taken)
        fail_msg("%s is taken", vector);
    free(message);
}

static void
invalid_vectors_are_refused(void **state)
{
    assert_true(vectors_each("invalid/", "message-", look_at_invalid) >= INVALID_MIN);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(heads_name_up_to_16_streams),
        WITH_BENCH(a_pull_has_1_to_16_cursors_and_up_to_16_waits),
        WITH_BENCH(a_pull_names_each_stream_once),
        WITH_BENCH(a_busy_holder_says_when_within_a_minute),
        WITH_BENCH(a_pull_has_credit_for_1_byte_to_16_mib),
        WITH_BENCH(an_answer_to_a_pull_has_a_verdict_a_stream),
        WITH_BENCH(an_acknowledgement_names_up_to_16_streams),
        WITH_BENCH(seals_and_fences_are_above_epoch_0),
        WITH_BENCH(a_position_of_epoch_0_is_zero_through_and_through),
        WITH_BENCH(each_part_of_a_request_has_its_limit),
        WITH_BENCH(a_request_without_a_correlation_has_its_ids),
        WITH_BENCH(an_id_of_another_size_is_replaced_by_its_hash),
        WITH_BENCH(each_part_of_a_reply_has_its_limit),
        WITH_BENCH(a_body_has_up_to_1024_entries),
        WITH_BENCH(each_part_of_an_entry_has_its_limit),
        WITH_BENCH(one_place_more_than_there_is_room_for_is_refused),
        cmocka_unit_test(each_message_is_for_its_own_decoder_as_a_whole),
        cmocka_unit_test(a_message_of_another_version_has_no_kind),
        WITH_BENCH(a_frame_beyond_256_kib_is_not_looked_into),
        cmocka_unit_test(topics_tell_streams_and_heads_apart),
        cmocka_unit_test(valid_vectors_are_read_as_the_simulator_reads_them),
        cmocka_unit_test(invalid_vectors_are_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
