/*
 * Parked events and what became of them: their order, what waits behind what,
 * how many rows are kept, and what a service answers about them.
 */
#include "souk_parked_answer.h"
#include "souk_settled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "parking.h"

#define SINCE_MS 1700000000000
#define LIST_MAX 100                            /* as described */

/* A store in memory with an open transaction. */
struct bench {
    char path[64];
    struct souk_store *store;
    struct souk_txn *txn;
    struct souk_wiring wiring;
    struct souk_wired_stream streams[2];        /* orders, and refunds, a private one */
    struct souk_arena arena;
    struct souk_pack pack;
};

static int
open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct souk_store_config config = { .simulated = true };
    struct souk_error err;

    assert_non_null(bench);
    strcpy(bench->path, "/dev/shm/souk-test-parked-XXXXXX");
    assert_non_null(mkdtemp(bench->path));
    config.path = bench->path;
    assert_int_equal(souk_store_open(&config, &bench->store, &err), 0);
    assert_int_equal(souk_txn_begin(bench->store, SOUK_TXN_WRITE, &bench->txn), 0);
    bench->streams[0] = (struct souk_wired_stream){ .name = { "orders" }, .origin = { "orders" } };
    bench->streams[1] = (struct souk_wired_stream){ .name = { "refunds" }, .origin = { "self" }, .is_private = true };
    bench->wiring.streams = bench->streams;
    bench->wiring.stream_count = 2;
    souk_arena_init(&bench->arena, 0);
    souk_pack_init(&bench->pack, SOUK_PAYLOAD_BYTES_MAX);
    *state = bench;
    return 0;
}

static int
close_bench(void **state)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "lock" };
    struct bench *bench = *state;
    char path[96];

    souk_pack_done(&bench->pack);
    souk_arena_done(&bench->arena);
    souk_txn_abort(&bench->txn);
    souk_store_close(&bench->store);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", bench->path, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(bench->path);
    free(bench);
    return 0;
}

static struct souk_parked
an_event(uint64_t number, const char *key, uint32_t tries)
{
    struct souk_parked parked = { .kind = SOUK_PARKED_EVENT, .stream = { "orders" }, .epoch = { .counter = 1 },
        .event = { .number = number, .type = souk_slice_of("orders.placed"), .version = 1, .key = souk_slice_of(key),
        .payload = { "\x90", 1 }, .time_ms = SINCE_MS - 1 }, .text = souk_slice_of(tries == 0 ? "waits" : "fails"),
        .since_ms = SINCE_MS, .tries = tries };

    return parked;
}

static void
park(struct bench *bench, uint64_t number, const char *key, uint32_t tries)
{
    const struct souk_parked parked = an_event(number, key, tries);

    assert_int_equal(souk_parked_add(bench->txn, &parked), 0);
}

static void
settle(struct bench *bench, uint64_t sequence, enum souk_settled_how how)
{
    struct souk_settled settled;
    struct souk_parked parked;

    assert_int_equal(souk_parked_get(bench->txn, sequence, &parked), 0);
    settled = souk_settled_of(&parked, how);
    settled.at_ms = SINCE_MS + 1;
    settled.who = souk_slice_of("ada@host");
    settled.why = souk_slice_of("junk");
    /* The row is copied before the parked one, which it borrows from, goes. */
    assert_int_equal(souk_settled_put(bench->txn, &settled), 0);
    parked = an_event(parked.event.number, "a", 1);
    parked.sequence = sequence;
    assert_int_equal(souk_parked_remove(bench->txn, &parked), 0);
}

/* Ask, and decode the answer. What souk_parked_answer() gives. */
static int
ask(struct bench *bench, const struct souk_message_type *type, const void *query, void *reply_out)
{
    struct souk_wire_request request = { .query = true, .name = souk_slice_of(type->name), .version = 1 };
    const char *name = "";
    struct souk_pack payload;
    int rc;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    assert_int_equal(type->encode(query, &payload), 0);
    request.payload = souk_pack_slice(&payload);
    assert_true(souk_parked_is_query(request.name));
    souk_pack_reset(&bench->pack);
    rc = souk_parked_answer(bench->txn, &bench->wiring, &request, &bench->pack, &name);
    souk_pack_done(&payload);
    if (rc == 0) {
        assert_string_equal(name, type->reply->name);
        assert_int_equal(souk_message_decode(type->reply, 1, souk_pack_slice(&bench->pack), &bench->arena, reply_out),
            0);
    } else if (rc == 1) {
        assert_string_equal(name, SOUK_NOT_PARKED);
    }
    return rc;
}

/* ---- parked --------------------------------------------------------- */

static void
nothing_is_parked_in_an_empty_store(void **state)
{
    const struct souk_parked_settled settled = { .before = 0 };
    const struct souk_parked_event one = { .sequence = 1 };
    const struct souk_parked_list query = { .after = 0 };
    struct souk_parked_settled_reply settled_reply;
    struct souk_parked_event_reply one_reply;
    struct souk_parked_list_reply reply;
    struct bench *bench = *state;

    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count + reply.next + reply.parked, 0);
    assert_int_equal(ask(bench, &souk_parked_settled_type, &settled, &settled_reply), 0);
    assert_int_equal(settled_reply.events_count + settled_reply.next, 0);
    assert_int_equal(ask(bench, &souk_parked_event_type, &one, &one_reply), 1);
}

static void
each_says_what_it_waits_behind(void **state)
{
    struct souk_parked_list query = { .after = 0 };
    struct souk_parked_list_reply reply;
    struct bench *bench = *state;

    park(bench, 1, "a", 3);
    park(bench, 2, "b", 3);
    park(bench, 3, "a", 0);
    park(bench, 4, "a", 0);
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 4);
    assert_int_equal(reply.parked, 4);
    assert_int_equal(reply.events[0].waiting, 2);
    assert_int_equal(reply.events[0].behind, reply.events[0].sequence);
    assert_int_equal(reply.events[1].waiting, 0);
    assert_int_equal(reply.events[3].behind, reply.events[0].sequence);
    assert_int_equal(reply.events[3].tries, 0);
    assert_int_equal(reply.events[0].since_ms, SINCE_MS);

    query.firsts_only = true;
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 2);
    query = (struct souk_parked_list){ .has_stream = true, .stream = souk_slice_of("orders"), .number = 3 };
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 1);
    assert_int_equal(reply.events[0].number, 3);
    query.epoch = 2;
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 0);
}

/* An answer has a hundred, and looks at two thousand rows; `next` goes on. */
static void
a_long_list_comes_in_pieces(void **state)
{
    struct souk_parked_list query = { .after = 0 };
    struct souk_parked_list_reply reply;
    struct bench *bench = *state;
    uint64_t number;

    for (number = 1; number <= LIST_MAX; number++)
        park(bench, number, "a", 1);
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, LIST_MAX);
    assert_int_equal(reply.next, 0);
    park(bench, number, "b", 1);
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, LIST_MAX);
    assert_int_equal(reply.next, LIST_MAX);
    query.after = reply.next;
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 1);
    assert_int_equal(reply.events[0].number, LIST_MAX + 1);
    assert_int_equal(reply.next, 0);

    for (; number < SOUK_PARKED_LOOK_MAX; number++)
        park(bench, number + 1, "a", 0);
    query = (struct souk_parked_list){ .number = SOUK_PARKED_LOOK_MAX };
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 1);
    assert_int_equal(reply.next, 0);
    park(bench, SOUK_PARKED_LOOK_MAX + 1, "a", 0);
    query.number++;
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 0);
    assert_int_equal(reply.next, SOUK_PARKED_LOOK_MAX);
    query.after = reply.next;
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 1);
}

static void
what_waits_is_counted_up_to_a_bound(void **state)
{
    struct souk_parked_list query = { .firsts_only = true };
    struct souk_parked_list_reply reply;
    struct bench *bench = *state;
    uint64_t number;

    for (number = 1; number <= SOUK_PARKED_WAITING_MAX; number++)
        park(bench, number, "a", 0);
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events[0].waiting, SOUK_PARKED_WAITING_MAX - 1);
    park(bench, number++, "a", 0);
    park(bench, number, "a", 0);
    assert_int_equal(ask(bench, &souk_parked_list_type, &query, &reply), 0);
    assert_int_equal(reply.events[0].waiting, SOUK_PARKED_WAITING_MAX);
    assert_int_equal(reply.parked, SOUK_PARKED_WAITING_MAX + 2);
}

static void
one_that_failed_again_says_so(void **state)
{
    struct souk_parked parked = an_event(7, "a", 4);
    struct souk_parked_event query = { .sequence = 1 };
    struct souk_parked_event_reply reply;
    struct bench *bench = *state;

    park(bench, 7, "a", 3);
    parked.sequence = 1;
    parked.text = souk_slice_of("fails otherwise");
    assert_int_equal(souk_parked_note(bench->txn, &parked), 0);
    assert_int_equal(ask(bench, &souk_parked_event_type, &query, &reply), 0);
    assert_int_equal(reply.event.tries, 4);
    assert_true(souk_slice_equal(reply.event.why, souk_slice_of("fails otherwise")));
    assert_true(reply.has_payload);
    assert_true(souk_slice_equal(reply.payload, (struct souk_slice){ "\x90", 1 }));
    assert_int_equal(souk_parked_after(bench->txn, 1, &parked), -SOUK_ENOTFOUND);
}

static void
a_payload_that_no_answer_has_room_for_is_left_out(void **state)
{
    static uint8_t payload[60001];
    struct souk_parked parked = an_event(1, "a", 1);
    struct souk_parked_event query = { .sequence = 1 };
    struct souk_parked_event_reply reply;
    struct bench *bench = *state;

    parked.event.payload = (struct souk_slice){ payload, sizeof payload - 1 };
    assert_int_equal(souk_parked_add(bench->txn, &parked), 0);
    parked.event.payload.size_bytes++;
    assert_int_equal(souk_parked_add(bench->txn, &parked), 0);
    assert_int_equal(ask(bench, &souk_parked_event_type, &query, &reply), 0);
    assert_int_equal(reply.payload.size_bytes, sizeof payload - 1);
    query.sequence = 2;
    assert_int_equal(ask(bench, &souk_parked_event_type, &query, &reply), 0);
    assert_false(reply.has_payload);
}

/* A loss shows an own event, which may be of a private stream. */
static void
what_a_private_stream_says_is_not_shown(void **state)
{
    struct souk_parked loss = an_event(1, "a", 0);
    struct souk_parked_event query = { .sequence = 1 };
    struct souk_parked_event_reply reply;
    struct bench *bench = *state;

    loss.kind = SOUK_PARKED_LOSS;
    loss.caused_stream = (struct souk_name){ "orders" };
    assert_int_equal(souk_parked_add(bench->txn, &loss), 0);
    loss.caused_stream = (struct souk_name){ "refunds" };
    assert_int_equal(souk_parked_add(bench->txn, &loss), 0);
    assert_int_equal(ask(bench, &souk_parked_event_type, &query, &reply), 0);
    assert_true(reply.has_payload);
    query.sequence = 2;
    assert_int_equal(ask(bench, &souk_parked_event_type, &query, &reply), 0);
    assert_false(reply.has_payload);
}

static void
what_is_not_described_is_no_question(void **state)
{
    struct souk_wire_request request = { .query = true, .name = souk_slice_of(souk_parked_event_type.name),
        .version = 1, .payload = { "\x90", 1 } };
    struct bench *bench = *state;
    const char *name;

    souk_pack_reset(&bench->pack);
    assert_int_equal(souk_parked_answer(bench->txn, &bench->wiring, &request, &bench->pack, &name), -SOUK_EINVAL);
    assert_false(souk_parked_is_query(souk_slice_of("souk.parked.retry")));
}

/* ---- settled -------------------------------------------------------- */

static void
sequences_are_not_given_twice(void **state)
{
    struct souk_parked parked;
    struct bench *bench = *state;

    park(bench, 1, "a", 1);
    settle(bench, 1, SOUK_SETTLED_DISCARDED);
    park(bench, 2, "a", 1);
    assert_int_equal(souk_parked_get(bench->txn, 1, &parked), -SOUK_ENOTFOUND);
    assert_int_equal(souk_parked_get(bench->txn, 2, &parked), 0);
    assert_int_equal(parked.event.number, 2);
}

static void
what_was_settled_is_told_the_latest_first(void **state)
{
    struct souk_parked_settled query = { .before = 0 };
    struct souk_parked_settled_reply reply;
    struct souk_settled settled;
    struct bench *bench = *state;

    for (uint64_t number = 1; number <= 3; number++)
        park(bench, number, "a", 1);
    settle(bench, 1, SOUK_SETTLED_DISCARDED);
    settle(bench, 2, SOUK_SETTLED_RETRIED);
    settle(bench, 3, SOUK_SETTLED_DISCARDED);
    assert_int_equal(ask(bench, &souk_parked_settled_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 3);
    assert_int_equal(reply.events[0].number, 3);
    assert_int_equal(reply.events[1].how, SETTLED_HOW_RETRIED);
    assert_true(souk_slice_equal(reply.events[0].who, souk_slice_of("ada@host")));
    assert_true(souk_slice_equal(reply.events[0].why, souk_slice_of("junk")));
    query.discarded_only = true;
    assert_int_equal(ask(bench, &souk_parked_settled_type, &query, &reply), 0);
    assert_int_equal(reply.events_count, 2);
    assert_int_equal(reply.events[1].number, 1);
    assert_int_equal(souk_settled_get(bench->txn, 2, &settled), 0);
    assert_int_equal(settled.point.number, 2);
}

static void
the_oldest_is_forgotten_beyond_a_bound(void **state)
{
    struct souk_settled settled = { .stream = { "orders" }, .type = souk_slice_of("orders.placed"),
        .key = souk_slice_of("a") };
    struct souk_parked_settled query = { .before = 0 };
    struct souk_parked_settled_reply reply;
    struct bench *bench = *state;
    uint32_t pieces = 0, rows = 0;
    uint64_t last;

    for (settled.sequence = 1; settled.sequence <= SOUK_SETTLED_MAX; settled.sequence++)
        assert_int_equal(souk_settled_put(bench->txn, &settled), 0);
    assert_int_equal(souk_settled_get(bench->txn, 1, &settled), 0);
    settled.sequence = SOUK_SETTLED_MAX + 1;
    settled.type = souk_slice_of("orders.placed");
    settled.key = souk_slice_of("a");
    settled.who = settled.why = (struct souk_slice){ "", 0 };
    assert_int_equal(souk_settled_put(bench->txn, &settled), 0);
    assert_int_equal(souk_settled_get(bench->txn, 1, &settled), -SOUK_ENOTFOUND);
    assert_int_equal(souk_settled_get(bench->txn, 2, &settled), 0);
    assert_int_equal(souk_settled_last(bench->txn, &last), 0);
    assert_int_equal(last, SOUK_SETTLED_MAX + 1);
    do {
        assert_int_equal(ask(bench, &souk_parked_settled_type, &query, &reply), 0);
        query.before = reply.next;
        rows += reply.events_count;
        pieces++;
    } while (reply.next != 0);
    assert_int_equal(rows, SOUK_SETTLED_MAX);
    assert_int_equal(pieces, (SOUK_SETTLED_MAX + LIST_MAX - 1) / LIST_MAX);
}

static void
damaged_rows_are_called_damaged(void **state)
{
    static const char *const tables[] = { "souk.parked", "souk.settled" };
    struct bench *bench = *state;
    struct souk_settled settled;
    struct souk_parked parked;
    struct souk_table table;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        assert_int_equal(souk_txn_table(bench->txn, tables[i], &table), 0);
        assert_int_equal(souk_txn_put(bench->txn, table, (struct souk_slice){ "\0\0\0\0\0\0\0\1", 8 },
            (struct souk_slice){ "\x90", 1 }), 0);
    }
    assert_int_equal(souk_parked_get(bench->txn, 1, &parked), -SOUK_EDAMAGED);
    assert_int_equal(souk_parked_after(bench->txn, 0, &parked), -SOUK_EDAMAGED);
    assert_int_equal(souk_settled_get(bench->txn, 1, &settled), -SOUK_EDAMAGED);
    assert_int_equal(souk_settled_before(bench->txn, 0, &settled), -SOUK_EDAMAGED);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(nothing_is_parked_in_an_empty_store),
        WITH_BENCH(each_says_what_it_waits_behind),
        WITH_BENCH(a_long_list_comes_in_pieces),
        WITH_BENCH(what_waits_is_counted_up_to_a_bound),
        WITH_BENCH(one_that_failed_again_says_so),
        WITH_BENCH(a_payload_that_no_answer_has_room_for_is_left_out),
        WITH_BENCH(what_a_private_stream_says_is_not_shown),
        WITH_BENCH(what_is_not_described_is_no_question),
        WITH_BENCH(sequences_are_not_given_twice),
        WITH_BENCH(what_was_settled_is_told_the_latest_first),
        WITH_BENCH(the_oldest_is_forgotten_beyond_a_bound),
        WITH_BENCH(damaged_rows_are_called_damaged),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
