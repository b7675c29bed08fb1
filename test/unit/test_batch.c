/*
 * Batches: built and read, each limit to it and one past it, and each way of
 * being wrong. The vectors are read by the simulator's decoder too, which
 * shares no code with ours.
 */
#include "souk_batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "../fuzz/batch_again.h"
#include "../fuzz/same.h"
#include "vectors.h"

#define VALID_MIN 5                     /* batches among the vectors: fewer, and the folder isn't the one we mean */
#define INVALID_MIN 60
#define HASH_OFFSET 5
#define HASH_END (HASH_OFFSET + SOUK_HASH_BYTES)
#define TIME_MS 1700000000000

static const struct souk_epoch epoch = { 3, { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const struct souk_id id = { "0123456789abcdef" }, other_id = { "fedcba9876543210" };

/* What a test builds with. */
struct bench {
    struct souk_batch_builder builder;
    struct souk_batch_place place;
    struct souk_pack pack;
    uint8_t *room;                      /* SOUK_PAYLOAD_BYTES_MAX + 1 bytes */
};

static int
open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    assert_non_null(bench->room = malloc(SOUK_PAYLOAD_BYTES_MAX + 1));
    memset(bench->room, 'x', SOUK_PAYLOAD_BYTES_MAX + 1);
    souk_batch_builder_init(&bench->builder);
    souk_pack_init(&bench->pack, 2 * SOUK_BATCH_BYTES_MAX);
    bench->place = (struct souk_batch_place){ .epoch = epoch, .after = { epoch, 6, { { 9 } } }, .time_ms = TIME_MS,
        .commit = 4, .place = 1, .places = 3 };
    assert_int_equal(souk_name_set(&bench->place.stream, souk_slice_of("orders")), 0);
    *state = bench;
    return 0;
}

static int
close_bench(void **state)
{
    struct bench *bench = *state;

    souk_batch_builder_done(&bench->builder);
    souk_pack_done(&bench->pack);
    free(bench->room);
    free(bench);
    return 0;
}

static struct souk_event
event_by_command(void)
{
    return (struct souk_event){ .type = souk_slice_of("order.placed"), .key = souk_slice_of("37"),
        .payload = souk_slice_of("payload"), .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of("page"),
        .id = id, .command_hash = { 1, 2, 3 } }, .correlation = id, .depth = 0, .time_ms = TIME_MS, .version = 1 };
}

static struct souk_event
event_by(enum souk_cause_kind kind, uint32_t index)
{
    struct souk_event event = event_by_command();

    event.because = (struct souk_because){ .kind = kind, .point = { { 2, { 7 } }, 12 }, .index = index };
    assert_int_equal(souk_name_set(&event.because.stream, souk_slice_of("stock")), 0);
    event.depth = 3;
    return event;
}

static struct souk_slice
some_bytes(const struct bench *bench, size_t size_bytes)
{
    return (struct souk_slice){ bench->room, size_bytes };
}

static struct souk_slice
finish(struct bench *bench)
{
    struct souk_position end;

    souk_pack_reset(&bench->pack);
    assert_int_equal(souk_batch_finish(&bench->builder, &bench->place, &bench->pack, &end), 0);
    return souk_pack_slice(&bench->pack);
}

/* Put the hash that the bytes have into a batch that was made by hand. */
static struct souk_slice
seal(struct souk_pack *pack)
{
    const struct souk_slice pieces[] = { { pack->base, HASH_OFFSET },
        { pack->base + HASH_END, pack->size_bytes - HASH_END } };

    assert_int_equal(pack->rc, 0);
    souk_digest(pack->base + HASH_OFFSET, SOUK_HASH_BYTES, pieces, 2);
    return souk_pack_slice(pack);
}

static int
check(struct souk_slice batch)
{
    struct souk_batch_header header;

    return souk_batch_check(batch, &header);
}

/* ---- headers made by hand ------------------------------------------- */

/* What a header says unless a test says otherwise. */
struct fields {
    uint64_t version, algorithm, counter, first, count, time_ms, commit, place, places;
    const char *stream;
    uint32_t cause_count, name_count;
    uint64_t cause_counter;
};

static const struct fields usual = { .version = 1, .algorithm = 1, .counter = 3, .first = 7, .count = 1,
    .time_ms = TIME_MS, .commit = 4, .place = 1, .places = 3, .stream = "orders", .name_count = 2,
    .cause_counter = 2 };

static void
put_header(struct souk_pack *pack, const struct fields *fields)
{
    static const uint8_t zeros[SOUK_HASH_BYTES];
    char text[32];

    souk_pack_reset(pack);
    souk_pack_array(pack, 15);
    souk_pack_uint(pack, fields->version);
    souk_pack_uint(pack, fields->algorithm);
    souk_pack_bin(pack, (struct souk_slice){ zeros, sizeof zeros });
    souk_pack_bin(pack, (struct souk_slice){ zeros, sizeof zeros });
    souk_pack_str(pack, souk_slice_of(fields->stream));
    souk_pack_uint(pack, fields->counter);
    souk_pack_bin(pack, (struct souk_slice){ epoch.bits, sizeof epoch.bits });
    souk_pack_uint(pack, fields->first);
    souk_pack_uint(pack, fields->count);
    souk_pack_uint(pack, fields->time_ms);
    souk_pack_uint(pack, fields->commit);
    souk_pack_uint(pack, fields->place);
    souk_pack_uint(pack, fields->places);
    souk_pack_array(pack, fields->cause_count);
    for (uint32_t i = 0; i < fields->cause_count; i++) {
        souk_pack_array(pack, 4);
        (void)snprintf(text, sizeof text, "s%05u", (unsigned)i);
        souk_pack_str(pack, souk_slice_of(text));
        souk_pack_uint(pack, fields->cause_counter);
        souk_pack_bin(pack, (struct souk_slice){ epoch.bits, sizeof epoch.bits });
        souk_pack_uint(pack, i);
    }
    souk_pack_array(pack, fields->name_count);
    for (uint32_t i = 0; i < fields->name_count; i++) {
        (void)snprintf(text, sizeof text, "n%u", (unsigned)i);
        souk_pack_str(pack, souk_slice_of(text));
    }
}

/* By a command of caller `who`, of type `type`: indexes in the table of names. */
static void
put_event(struct souk_pack *pack, uint32_t type, uint32_t who, uint64_t delta_ms, struct souk_slice payload)
{
    static const uint8_t hash[SOUK_COMMAND_HASH_BYTES];

    souk_pack_array(pack, 8);
    souk_pack_uint(pack, type);
    souk_pack_bin(pack, souk_slice_of("1"));
    souk_pack_array(pack, 4);
    souk_pack_uint(pack, SOUK_BY_COMMAND);
    souk_pack_uint(pack, who);
    souk_pack_bin(pack, (struct souk_slice){ id.bytes, sizeof id.bytes });
    souk_pack_bin(pack, (struct souk_slice){ hash, sizeof hash });
    souk_pack_nil(pack);
    souk_pack_uint(pack, 0);
    souk_pack_uint(pack, delta_ms);
    souk_pack_uint(pack, 1);
    souk_pack_bin(pack, payload);
}

/* What becomes of a batch of one event with this header. */
static int
check_fields(struct bench *bench, struct fields fields)
{
    put_header(&bench->pack, &fields);
    put_event(&bench->pack, 0, 1, 0, souk_slice_of(""));
    return check(seal(&bench->pack));
}

/* ---- what was built is read ----------------------------------------- */

static void
events_of_each_kind_of_cause_come_back_as_they_were_added(void **state)
{
    const struct souk_event added[] = { event_by_command(), event_by(SOUK_BY_EVENT, 0), event_by(SOUK_BY_TIMER, 5),
        event_by(SOUK_BY_OUTCOME, UINT32_MAX), event_by(SOUK_BY_LOSS, 0) };
    struct bench *bench = *state;
    struct souk_batch_header header;
    struct souk_position end;
    struct souk_events events;
    struct souk_event event;
    size_t i = 0;

    for (i = 0; i < 5; i++)
        assert_int_equal(souk_batch_builder_add(&bench->builder, &added[i]), 0);
    assert_int_equal(souk_batch_finish(&bench->builder, &bench->place, &bench->pack, &end), 0);
    assert_int_equal(souk_batch_check(souk_pack_slice(&bench->pack), &header), 0);
    assert_string_equal(header.stream.text, "orders");
    assert_true(souk_epoch_equal(header.epoch, epoch));
    assert_int_equal(header.first, 7);
    assert_int_equal(header.count, 5);
    assert_int_equal(header.time_ms, TIME_MS);
    assert_int_equal(header.commit, 4);
    assert_int_equal(header.place, 1);
    assert_int_equal(header.places, 3);
    assert_memory_equal(header.previous.bytes, bench->place.after.hash.bytes, SOUK_HASH_BYTES);
    assert_int_equal(end.number, 11);
    assert_memory_equal(end.hash.bytes, header.hash.bytes, SOUK_HASH_BYTES);
    assert_int_equal(header.name_count, 3);                     /* order.placed, page, stock */

    assert_int_equal(souk_events_init(&events, &header), 0);
    for (i = 0; i < 5; i++) {
        assert_int_equal(souk_events_next(&events, &event), 0);
        assert_int_equal(event.number, 7 + i);
        assert_true(souk_slice_equal(event.type, added[i].type));
        assert_true(souk_slice_equal(event.key, added[i].key));
        assert_true(souk_slice_equal(event.payload, added[i].payload));
        assert_int_equal(event.because.kind, added[i].because.kind);
        assert_true(souk_slice_equal(event.because.caller, added[i].because.caller));
        assert_memory_equal(&event.because.id, &added[i].because.id, sizeof id);
        assert_memory_equal(event.because.command_hash, added[i].because.command_hash, SOUK_COMMAND_HASH_BYTES);
        assert_string_equal(event.because.stream.text, added[i].because.stream.text);
        assert_true(souk_point_equal(event.because.point, added[i].because.point));
        assert_int_equal(event.because.index, added[i].because.index);
        assert_memory_equal(&event.correlation, &added[i].correlation, sizeof id);
        assert_int_equal(event.depth, added[i].depth);
        assert_int_equal(event.time_ms, TIME_MS);
        assert_int_equal(event.version, 1);
    }
    assert_int_equal(souk_events_next(&events, &event), -SOUK_ENOTFOUND);
    assert_int_equal(souk_events_next(&events, &event), -SOUK_ENOTFOUND);
}

static void
a_correlation_that_is_the_commands_id_costs_one_byte(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    size_t own, other;

    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    own = finish(bench).size_bytes;
    souk_batch_builder_reset(&bench->builder);
    event.correlation = other_id;
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    other = finish(bench).size_bytes;
    assert_int_equal(other - own, 17);
    assert_int_equal(check(souk_pack_slice(&bench->pack)), 0);
}

static void
a_builder_that_was_reset_remembers_nothing(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_slice batch;
    uint8_t *first;
    size_t first_bytes;

    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    batch = finish(bench);
    first_bytes = batch.size_bytes;
    assert_non_null(first = malloc(first_bytes));
    memcpy(first, batch.base, first_bytes);
    event.type = souk_slice_of("something.else");
    event.time_ms += 5;
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    souk_batch_builder_reset(&bench->builder);
    assert_int_equal(souk_batch_builder_bytes(&bench->builder), 0);
    event = event_by_command();
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    batch = finish(bench);
    assert_int_equal(batch.size_bytes, first_bytes);
    assert_memory_equal(batch.base, first, first_bytes);
    free(first);
}

static void
times_count_from_the_first_event(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_batch_header header;
    struct souk_events events;

    bench->place.time_ms = 1;                   /* of a record; events bring their own */
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    event.time_ms += 1500;
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    assert_int_equal(souk_batch_check(finish(bench), &header), 0);
    assert_int_equal(header.time_ms, TIME_MS);
    assert_int_equal(souk_events_init(&events, &header), 0);
    assert_int_equal(souk_events_next(&events, &event), 0);
    assert_int_equal(event.time_ms, TIME_MS);
    assert_int_equal(souk_events_next(&events, &event), 0);
    assert_int_equal(event.time_ms, TIME_MS + 1500);
}

static void
several_batches_lie_in_one_pack(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_position end;
    size_t first;

    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    assert_int_equal(souk_batch_finish(&bench->builder, &bench->place, &bench->pack, &end), 0);
    first = bench->pack.size_bytes;
    bench->place.after = end;
    assert_int_equal(souk_batch_finish(&bench->builder, &bench->place, &bench->pack, &end), 0);
    assert_int_equal(check((struct souk_slice){ bench->pack.base, first }), 0);
    assert_int_equal(check((struct souk_slice){ bench->pack.base + first, bench->pack.size_bytes - first }), 0);
    assert_int_equal(end.number, 8);
}

/* ---- limits of the builder ------------------------------------------ */

static void
expect_refused(struct bench *bench, struct souk_event event)
{
    const struct souk_event good = event_by_command();

    souk_batch_builder_reset(&bench->builder);
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), -SOUK_EINVAL);
    assert_int_equal(bench->builder.count, 0);
    assert_int_equal(souk_batch_builder_add(&bench->builder, &good), 0);       /* it goes on as if nothing had been */
    assert_int_equal(check(finish(bench)), 0);
}

static void
expect_taken(struct bench *bench, struct souk_event event)
{
    souk_batch_builder_reset(&bench->builder);
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    assert_int_equal(check(finish(bench)), 0);
}

static void
each_part_of_an_event_has_its_limit(void **state)
{
    const struct souk_event good = event_by_command();
    struct bench *bench = *state;
    struct souk_event event;

#define TRY(expect, member, value) \
    event = good; event.member = (value); expect(bench, event)
    TRY(expect_taken, key, some_bytes(bench, 1));
    TRY(expect_taken, key, some_bytes(bench, SOUK_KEY_BYTES_MAX));
    TRY(expect_refused, key, some_bytes(bench, SOUK_KEY_BYTES_MAX + 1));
    TRY(expect_refused, key, some_bytes(bench, 0));
    TRY(expect_taken, type, some_bytes(bench, SOUK_BATCH_NAME_BYTES_MAX));
    TRY(expect_refused, type, some_bytes(bench, SOUK_BATCH_NAME_BYTES_MAX + 1));
    TRY(expect_refused, type, some_bytes(bench, 0));
    TRY(expect_taken, because.caller, some_bytes(bench, SOUK_BATCH_NAME_BYTES_MAX));
    TRY(expect_refused, because.caller, some_bytes(bench, SOUK_BATCH_NAME_BYTES_MAX + 1));
    TRY(expect_refused, because.caller, some_bytes(bench, 0));
    TRY(expect_taken, payload, some_bytes(bench, 0));
    TRY(expect_taken, payload, some_bytes(bench, SOUK_PAYLOAD_BYTES_MAX));
    TRY(expect_refused, payload, some_bytes(bench, SOUK_PAYLOAD_BYTES_MAX + 1));
    TRY(expect_taken, depth, SOUK_DEPTH_MAX);
    TRY(expect_refused, depth, SOUK_DEPTH_MAX + 1);
    TRY(expect_taken, version, UINT16_MAX);
    TRY(expect_refused, version, 0);
#undef TRY
}

static void
a_batch_has_4096_events(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_batch_header header;
    size_t bytes;

    event.payload = (struct souk_slice){ NULL, 0 };
    event.key = souk_slice_of("1");
    for (int i = 0; i < SOUK_BATCH_EVENTS_MAX; i++)
        assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    bytes = souk_batch_builder_bytes(&bench->builder);
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), -SOUK_ETOOBIG);
    assert_int_equal(souk_batch_builder_bytes(&bench->builder), bytes);
    assert_int_equal(souk_batch_check(finish(bench), &header), 0);
    assert_int_equal(header.count, SOUK_BATCH_EVENTS_MAX);
}

static void
a_builder_stops_before_its_batch_is_too_large(void **state)
{
    struct souk_event event = event_by_command();
    struct souk_cause causes[SOUK_STREAMS_MAX];
    struct bench *bench = *state;
    struct souk_slice batch;
    char text[32];
    int rc;

    /* With the longest header that there is, whatever it takes fits. */
    memset(causes, 0, sizeof causes);
    for (uint32_t i = 0; i < SOUK_STREAMS_MAX; i++) {
        (void)snprintf(text, sizeof text, "a23456789-123456789-1234567-%03u", (unsigned)i);
        assert_int_equal(souk_name_set(&causes[i].stream, souk_slice_of(text)), 0);
        causes[i].point = (struct souk_point){ { UINT32_MAX, { 0xff } }, UINT64_MAX };
    }
    bench->place.causes = causes;
    bench->place.cause_count = SOUK_STREAMS_MAX;
    bench->place.commit = UINT64_MAX;
    event.payload = some_bytes(bench, 40000);
    while ((rc = souk_batch_builder_add(&bench->builder, &event)) == 0)
        ;
    assert_int_equal(rc, -SOUK_ETOOBIG);
    event.payload = some_bytes(bench, 0);
    while ((rc = souk_batch_builder_add(&bench->builder, &event)) == 0)
        ;
    assert_int_equal(rc, -SOUK_ETOOBIG);
    batch = finish(bench);
    assert_in_range(batch.size_bytes, SOUK_BATCH_BYTES_MAX - 16384, SOUK_BATCH_BYTES_MAX);
    assert_int_equal(check(batch), 0);
}

/* The largest event that is legal, with every name at its longest. */
static void
every_legal_event_fits_into_an_empty_builder(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;

    event.payload = some_bytes(bench, SOUK_PAYLOAD_BYTES_MAX);
    event.key = some_bytes(bench, SOUK_KEY_BYTES_MAX);
    event.type = some_bytes(bench, SOUK_BATCH_NAME_BYTES_MAX);
    event.because.caller = some_bytes(bench, SOUK_BATCH_NAME_BYTES_MAX - 1);
    event.correlation = other_id;
    event.depth = SOUK_DEPTH_MAX;
    event.version = UINT16_MAX;
    event.time_ms = SOUK_TIME_MS_MAX;
    expect_taken(bench, event);
}

/* One name at first, then two with each event. */
static void
a_batch_names_255_things(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_batch_header header;
    char type[32], caller[32];

    event.type = event.because.caller;
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    event.type = (struct souk_slice){ type, 8 };
    event.because.caller = (struct souk_slice){ caller, 8 };
    for (int i = 0; i < (SOUK_BATCH_NAMES_MAX - 1) / 2; i++) {
        (void)snprintf(type, sizeof type, "type.%03d", i);
        (void)snprintf(caller, sizeof caller, "page.%03d", i);
        assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    }
    assert_int_equal(bench->builder.name_count, SOUK_BATCH_NAMES_MAX);
    (void)snprintf(type, sizeof type, "one.more");
    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), -SOUK_ETOOBIG);
    assert_int_equal(bench->builder.name_count, SOUK_BATCH_NAMES_MAX);
    assert_int_equal(souk_batch_check(finish(bench), &header), 0);
    assert_int_equal(header.name_count, SOUK_BATCH_NAMES_MAX);
}

/* ---- limits of the reader ------------------------------------------- */

static void
each_field_of_a_header_has_its_limit(void **state)
{
    struct bench *bench = *state;
    struct fields fields;

#define TRY(member, value, rc) \
    fields = usual; fields.member = (value); assert_int_equal(check_fields(bench, fields), rc)
    TRY(version, 1, 0);
    TRY(version, 2, -SOUK_EUNSUPPORTED);
    TRY(version, 0, -SOUK_EUNSUPPORTED);
    TRY(algorithm, 2, -SOUK_EUNSUPPORTED);
    TRY(stream, "Orders", -SOUK_EMALFORMED);
    TRY(stream, "", -SOUK_EMALFORMED);
    TRY(stream, "abcdefghijklmnopqrstuvwxyzabcde", 0);
    TRY(stream, "abcdefghijklmnopqrstuvwxyzabcdef", -SOUK_ETOOBIG);
    TRY(counter, 0, -SOUK_EMALFORMED);
    TRY(counter, UINT32_MAX, 0);
    TRY(counter, (uint64_t)UINT32_MAX + 1, -SOUK_ETOOBIG);
    TRY(first, 1, 0);
    TRY(first, 0, -SOUK_EMALFORMED);
    TRY(first, UINT64_MAX - SOUK_BATCH_EVENTS_MAX, 0);
    TRY(first, UINT64_MAX - SOUK_BATCH_EVENTS_MAX + 1, -SOUK_ETOOBIG);
    TRY(count, 2, -SOUK_EMALFORMED);                            /* there is one */
    TRY(count, SOUK_BATCH_EVENTS_MAX + 1, -SOUK_ETOOBIG);
    TRY(time_ms, SOUK_TIME_MS_MAX, 0);
    TRY(time_ms, SOUK_TIME_MS_MAX + 1, -SOUK_ETOOBIG);
    TRY(commit, 0, -SOUK_EMALFORMED);
    TRY(commit, UINT64_MAX, 0);
    TRY(place, 2, 0);
    TRY(place, 3, -SOUK_EMALFORMED);
    TRY(places, 0, -SOUK_EMALFORMED);
    TRY(places, SOUK_COMMIT_BATCHES_MAX, 0);
    TRY(places, SOUK_COMMIT_BATCHES_MAX + 1, -SOUK_ETOOBIG);
    TRY(cause_count, SOUK_STREAMS_MAX, 0);
    TRY(cause_count, SOUK_STREAMS_MAX + 1, -SOUK_ETOOBIG);
    TRY(name_count, SOUK_BATCH_NAMES_MAX, 0);
    TRY(name_count, SOUK_BATCH_NAMES_MAX + 1, -SOUK_ETOOBIG);
    TRY(name_count, 1, -SOUK_EMALFORMED);                       /* the caller's is the second */
#undef TRY
    fields = usual;
    fields.cause_count = 1;
    fields.cause_counter = 0;
    assert_int_equal(check_fields(bench, fields), -SOUK_EMALFORMED);
    fields.cause_counter = 1;
    fields.stream = "s00000";                                   /* its own stream is no cause */
    assert_int_equal(check_fields(bench, fields), -SOUK_EMALFORMED);
}

static void
a_batch_of_256_kib_is_read_and_one_of_a_byte_more_is_not(void **state)
{
    const struct fields fields = { .version = 1, .algorithm = 1, .counter = 3, .first = 7, .count = 5,
        .time_ms = TIME_MS, .commit = 4, .place = 1, .places = 3, .stream = "orders", .name_count = 2 };
    struct bench *bench = *state;
    size_t left;

    for (size_t over = 0; over <= 1; over++) {
        put_header(&bench->pack, &fields);
        for (int i = 0; i < 4; i++)
            put_event(&bench->pack, 0, 1, 0, some_bytes(bench, 60000));
        left = SOUK_BATCH_BYTES_MAX + over - bench->pack.size_bytes;
        put_event(&bench->pack, 0, 1, 0, some_bytes(bench, left - 43));    /* 43: all that is not payload */
        assert_int_equal(bench->pack.size_bytes, SOUK_BATCH_BYTES_MAX + over);
        assert_int_equal(check(seal(&bench->pack)), over == 0 ? 0 : -SOUK_ETOOBIG);
    }
}

static void
a_time_that_overflows_is_refused(void **state)
{
    struct fields fields = usual;
    struct bench *bench = *state;

    fields.time_ms = SOUK_TIME_MS_MAX - 5;
    put_header(&bench->pack, &fields);
    put_event(&bench->pack, 0, 1, 5, souk_slice_of(""));
    assert_int_equal(check(seal(&bench->pack)), 0);
    put_header(&bench->pack, &fields);
    put_event(&bench->pack, 0, 1, 6, souk_slice_of(""));
    assert_int_equal(check(seal(&bench->pack)), -SOUK_EMALFORMED);
}

static void
what_lies_behind_the_last_event_is_refused(void **state)
{
    struct bench *bench = *state;

    put_header(&bench->pack, &usual);
    put_event(&bench->pack, 0, 1, 0, souk_slice_of(""));
    souk_pack_nil(&bench->pack);
    assert_int_equal(check(seal(&bench->pack)), -SOUK_EMALFORMED);
    put_header(&bench->pack, &usual);
    assert_int_equal(check(seal(&bench->pack)), -SOUK_EMALFORMED);
}

static void
nothing_that_is_cut_short_is_a_batch(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_batch_header header;
    struct souk_slice batch;
    uint8_t *exact;
    int rc;

    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    batch = finish(bench);
    for (size_t size = 0; size < batch.size_bytes; size++) {
        assert_non_null(exact = malloc(size + 1));              /* of its very size, for the sanitizer */
        memcpy(exact, batch.base, size);
        rc = souk_batch_check((struct souk_slice){ exact, size }, &header);
        assert_true(rc == -SOUK_EMALFORMED || rc == -SOUK_EDAMAGED);
        free(exact);
    }
}

/* The form is right, the hash is not: only who computes it knows. */
static void
another_hash_is_seen_by_read_and_not_by_peek(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_batch_header header;
    struct souk_slice batch;

    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    batch = finish(bench);
    bench->pack.base[HASH_OFFSET] ^= 1;
    assert_int_equal(souk_batch_peek(batch, &header), 0);
    assert_int_equal(souk_batch_read(batch, &header), -SOUK_EDAMAGED);
    assert_int_equal(souk_batch_check(batch, &header), -SOUK_EDAMAGED);
    bench->pack.base[HASH_OFFSET] ^= 1;
    bench->pack.base[batch.size_bytes - 1] ^= 1;
    assert_int_equal(souk_batch_peek(batch, &header), 0);
    assert_int_equal(souk_batch_read(batch, &header), -SOUK_EDAMAGED);
}

/* What fails writes nothing that could be used by mistake. */
static void
a_header_that_is_refused_is_not_written(void **state)
{
    struct souk_batch_header header, before;

    memset(&header, 0x5a, sizeof header);
    memcpy(&before, &header, sizeof header);
    assert_int_equal(souk_batch_check(souk_slice_of("no batch"), &header), -SOUK_EMALFORMED);
    assert_int_equal(souk_batch_read((struct souk_slice){ NULL, 0 }, &header), -SOUK_EMALFORMED);
    assert_memory_equal(&header, &before, sizeof header);
}

/* ---- records -------------------------------------------------------- */

static struct souk_record
record_of(uint32_t parents)
{
    struct souk_record record = { .reason = SOUK_RECORD_RESTART, .parent_count = parents };
    char text[32];

    assert_int_equal(souk_name_set(&record.service, souk_slice_of("orders")), 0);
    for (uint32_t i = 0; i < parents; i++) {
        (void)snprintf(text, sizeof text, "stream-%02u", (unsigned)i);
        assert_int_equal(souk_name_set(&record.parents[i].stream, souk_slice_of(text)), 0);
        record.parents[i].position = (struct souk_position){ { 2, { 5 } }, 10 + i, { { (uint8_t)(i + 1) } } };
    }
    return record;
}

/* The record for the stream of parent `at`. */
static struct souk_slice
finish_record(struct bench *bench, const struct souk_record *record, uint32_t at)
{
    struct souk_position end;

    souk_pack_reset(&bench->pack);
    bench->place.stream = record->parents[at].stream;
    bench->place.after = record->parents[at].position;
    bench->place.place = at;
    bench->place.places = record->parent_count;
    assert_int_equal(souk_record_finish(record, &bench->place, &bench->pack, &end), 0);
    assert_int_equal(end.number, record->parents[at].position.number);
    return souk_pack_slice(&bench->pack);
}

static void
a_record_of_16_streams_comes_back_as_it_was(void **state)
{
    const struct souk_record record = record_of(SOUK_OWN_STREAMS_MAX);
    struct bench *bench = *state;
    struct souk_batch_header header;
    struct souk_record back;

    for (uint32_t at = 0; at < SOUK_OWN_STREAMS_MAX; at++) {
        assert_int_equal(souk_batch_check(finish_record(bench, &record, at), &header), 0);
        assert_int_equal(header.count, 0);
        assert_int_equal(header.first, 11 + at);
        assert_int_equal(souk_record_read(&header, &back), 0);
        assert_string_equal(back.service.text, "orders");
        assert_int_equal(back.reason, SOUK_RECORD_RESTART);
        assert_int_equal(back.parent_count, SOUK_OWN_STREAMS_MAX);
        for (uint32_t i = 0; i < back.parent_count; i++) {
            assert_string_equal(back.parents[i].stream.text, record.parents[i].stream.text);
            assert_true(souk_position_equal(&back.parents[i].position, &record.parents[i].position));
        }
    }
}

static void
a_record_that_does_not_fit_its_header_is_refused(void **state)
{
    struct souk_record record = record_of(2);
    struct bench *bench = *state;
    struct souk_batch_header header;

    assert_int_equal(souk_batch_check(finish_record(bench, &record, 1), &header), 0);
    record.parents[1].position.epoch.counter = epoch.counter;   /* the epoch that it is said to open */
    assert_int_equal(souk_batch_check(finish_record(bench, &record, 1), &header), -SOUK_EMALFORMED);
    record = record_of(2);
    record.parents[0].stream = record.parents[1].stream;        /* not sorted */
    assert_int_equal(souk_batch_check(finish_record(bench, &record, 1), &header), -SOUK_EMALFORMED);
    record = record_of(2);
    record.parents[0].position = (struct souk_position){ .number = 1 };     /* zero, but not all of it */
    assert_int_equal(souk_batch_check(finish_record(bench, &record, 1), &header), -SOUK_EMALFORMED);
    record.parents[0].position = (struct souk_position){ .number = 0 };
    assert_int_equal(souk_batch_check(finish_record(bench, &record, 1), &header), 0);
    record.reason = SOUK_RECORD_FORK + 1;
    assert_int_equal(souk_batch_check(finish_record(bench, &record, 1), &header), -SOUK_ETOOBIG);

    /* Another parent is behind the header than in the body, in each part of it. */
    record = record_of(2);
    for (int part = 0; part < 5; part++) {
        struct souk_position end;

        (void)finish_record(bench, &record, 1);
        bench->place.after.number += part == 0;
        bench->place.after.hash.bytes[0] ^= part == 1;
        bench->place.place = part == 2 ? 0 : 1;
        bench->place.places = part == 3 ? 3 : 2;
        souk_pack_reset(&bench->pack);
        assert_int_equal(souk_record_finish(&record, &bench->place, &bench->pack, &end), 0);
        assert_int_equal(souk_batch_check(souk_pack_slice(&bench->pack), &header), part == 4 ? 0 : -SOUK_EMALFORMED);
    }
}

static void
a_batch_with_events_is_no_record(void **state)
{
    struct souk_event event = event_by_command();
    struct bench *bench = *state;
    struct souk_batch_header header;
    struct souk_record record;

    assert_int_equal(souk_batch_builder_add(&bench->builder, &event), 0);
    assert_int_equal(souk_batch_check(finish(bench), &header), 0);
    assert_int_equal(souk_record_read(&header, &record), -SOUK_EINVAL);
}

/* ---- what follows on what ------------------------------------------- */

static void
a_batch_extends_one_position_only(void **state)
{
    const struct souk_position cursor = { epoch, 6, { { 9 } } };
    struct souk_batch_header header = { .epoch = epoch, .first = 7, .count = 1, .previous = { { 9 } } }, other;

    assert_true(souk_batch_extends(&header, &cursor));
    other = header;
    other.first = 8;
    assert_false(souk_batch_extends(&other, &cursor));
    other = header;
    other.previous.bytes[31] = 1;
    assert_false(souk_batch_extends(&other, &cursor));
    other = header;
    other.epoch.bits[0] ^= 1;
    assert_false(souk_batch_extends(&other, &cursor));
    other = header;
    other.epoch.counter++;
    assert_false(souk_batch_extends(&other, &cursor));          /* an epoch begins with its record */
    other.count = 0;
    assert_true(souk_batch_extends(&other, &cursor));
    other.epoch.counter = epoch.counter;
    assert_false(souk_batch_extends(&other, &cursor));
    other.epoch.counter--;
    assert_false(souk_batch_extends(&other, &cursor));
}

static void
a_history_begins_with_a_record(void **state)
{
    const struct souk_position zero = { .number = 0 };
    struct souk_batch_header header = { .epoch = epoch, .first = 1, .count = 0 };

    assert_true(souk_batch_extends(&header, &zero));
    header.count = 1;
    assert_false(souk_batch_extends(&header, &zero));
}

/* ---- vectors -------------------------------------------------------- */

static void
look_at_valid(const char *name, struct souk_slice bytes)
{
    struct souk_batch_header header;
    struct check_arena arena;
    struct check_form form;
    const char *differs;

    assert_int_equal(souk_batch_check(bytes, &header), 0);
    check_arena_init(&arena);
    assert_null(check_decode_batch(&arena, (struct check_bytes){ bytes.base, bytes.size_bytes }, &form));
    if ((differs = same_batch(&header, &form)) != NULL)
        fail_msg("%s: %s", name, differs);
    batch_again_literally(bytes, &form);
    check_arena_done(&arena);
    batch_again_built(bytes, &header);
}

static void
valid_vectors_are_read_as_the_simulator_reads_them(void **state)
{
    assert_true(vectors_each("", "batch-", look_at_valid) >= VALID_MIN);
}

static void
look_at_invalid(const char *name, struct souk_slice bytes)
{
    struct souk_batch_header header;

    if (souk_batch_check(bytes, &header) == 0)
        fail_msg("%s is taken", name);
}

static void
invalid_vectors_are_refused(void **state)
{
    assert_true(vectors_each("invalid/", "batch-", look_at_invalid) >= INVALID_MIN);
}

/* ---- hashes --------------------------------------------------------- */

static void
a_digest_is_blake2b_of_the_pieces_together(void **state)
{
    const struct souk_slice pieces[] = { { "sou", 3 }, { NULL, 0 }, { "k", 1 } };
    uint8_t expected[32], found[32];

    crypto_generichash(expected, sizeof expected, (const uint8_t *)"souk", 4, NULL, 0);
    souk_digest(found, sizeof found, pieces, 3);
    assert_memory_equal(found, expected, sizeof expected);
    memset(found, 0, sizeof found);
    souk_digest(found, 8, pieces, 3);
    assert_memory_equal(found, expected, 8);                    /* cut, not computed shorter */
    assert_int_equal(found[8], 0);
}

/* The numbers are those of test/vectors/batch-one-event.json. */
static void
a_command_is_known_by_its_name_person_and_payload(void **state)
{
    static const uint8_t expected[] = { 0x1b, 0xb5, 0xd1, 0xe4, 0x0e, 0xfd, 0x6b, 0xcc };
    static const struct souk_id person = { { 1 } };
    uint8_t hash[SOUK_COMMAND_HASH_BYTES], other[SOUK_COMMAND_HASH_BYTES];

    souk_command_hash(hash, souk_slice_of("order.place"), NULL, souk_slice_of("\x93\x07\x03\x02"));
    assert_memory_equal(hash, expected, sizeof expected);
    souk_command_hash(hash, souk_slice_of("a"), NULL, souk_slice_of("bc"));
    souk_command_hash(other, souk_slice_of("ab"), NULL, souk_slice_of("c"));
    assert_memory_not_equal(hash, other, sizeof hash);
    souk_command_hash(other, souk_slice_of("a"), &person, souk_slice_of("bc"));
    assert_memory_not_equal(hash, other, sizeof hash);
}

static void
a_request_that_an_event_asks_for_has_an_id_of_its_own(void **state)
{
    static const uint8_t bytes[] = { 's', 't', 'o', 'c', 'k', 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0,
        1, 2, 0, 0, 0, 4 };
    struct souk_name stream;
    struct souk_id found;
    uint8_t expected[32];

    assert_int_equal(souk_name_set(&stream, souk_slice_of("stock")), 0);
    crypto_generichash(expected, sizeof expected, bytes, sizeof bytes, NULL, 0);
    found = souk_request_id(&stream, (struct souk_point){ epoch, 0x102 }, 4);
    assert_memory_equal(found.bytes, expected, sizeof found.bytes);
    found = souk_request_id(&stream, (struct souk_point){ epoch, 0x102 }, 5);
    assert_memory_not_equal(found.bytes, expected, sizeof found.bytes);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(events_of_each_kind_of_cause_come_back_as_they_were_added),
        WITH_BENCH(a_correlation_that_is_the_commands_id_costs_one_byte),
        WITH_BENCH(a_builder_that_was_reset_remembers_nothing),
        WITH_BENCH(times_count_from_the_first_event),
        WITH_BENCH(several_batches_lie_in_one_pack),
        WITH_BENCH(each_part_of_an_event_has_its_limit),
        WITH_BENCH(a_batch_has_4096_events),
        WITH_BENCH(a_builder_stops_before_its_batch_is_too_large),
        WITH_BENCH(every_legal_event_fits_into_an_empty_builder),
        WITH_BENCH(a_batch_names_255_things),
        WITH_BENCH(each_field_of_a_header_has_its_limit),
        WITH_BENCH(a_batch_of_256_kib_is_read_and_one_of_a_byte_more_is_not),
        WITH_BENCH(a_time_that_overflows_is_refused),
        WITH_BENCH(what_lies_behind_the_last_event_is_refused),
        WITH_BENCH(nothing_that_is_cut_short_is_a_batch),
        WITH_BENCH(another_hash_is_seen_by_read_and_not_by_peek),
        cmocka_unit_test(a_header_that_is_refused_is_not_written),
        WITH_BENCH(a_record_of_16_streams_comes_back_as_it_was),
        WITH_BENCH(a_record_that_does_not_fit_its_header_is_refused),
        WITH_BENCH(a_batch_with_events_is_no_record),
        cmocka_unit_test(a_batch_extends_one_position_only),
        cmocka_unit_test(a_history_begins_with_a_record),
        cmocka_unit_test(valid_vectors_are_read_as_the_simulator_reads_them),
        cmocka_unit_test(invalid_vectors_are_refused),
        cmocka_unit_test(a_digest_is_blake2b_of_the_pieces_together),
        cmocka_unit_test(a_command_is_known_by_its_name_person_and_payload),
        cmocka_unit_test(a_request_that_an_event_asks_for_has_an_id_of_its_own),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
