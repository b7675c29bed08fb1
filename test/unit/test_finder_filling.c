/*
 * The finder's own store: taken over in steps, never twice and never in part;
 * begun again when the event store is another one; a log that is damaged; no
 * room; and queries that wait, come too late, or are too many.
 */
#include "finder_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EPOCHS 3                                /* records at the beginning */
#define LARGE_BYTES 50000                       /* of a payload */

static struct souk_finder_status
status(const struct bench *bench)
{
    struct souk_finder_status now;

    souk_finder_status(bench->finder, &now);
    return now;
}

static void
work(struct bench *bench)
{
    souk_finder_signal(bench->finder);
    assert_int_equal(souk_finder_work(bench->finder, bench->now), 0);
}

static uint32_t
count(struct bench *bench, const char *key)
{
    struct eventstore_find_reply reply;

    finder_bench_ask(bench, &eventstore_find_type, &(struct eventstore_find){ .has_key = true,
        .key = souk_slice_of(key), .limit = 100 });
    finder_bench_answered(bench, &eventstore_find_type, &reply);
    return reply.events_count;
}

/* ---- filling -------------------------------------------------------- */

static void
a_step_takes_so_many_batches(void **state)
{
    struct bench *bench = *state;

    for (uint32_t i = EPOCHS; i < SOUK_FINDER_STEP_BATCHES_MAX; i++)
        recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    assert_int_equal(status(bench).behind, 0);
    assert_int_equal(status(bench).log_position, SOUK_FINDER_STEP_BATCHES_MAX);
    for (uint32_t i = 0; i <= SOUK_FINDER_STEP_BATCHES_MAX; i++)
        recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    assert_int_equal(status(bench).behind, 1);
    assert_true(souk_finder_wants_work(bench->finder, bench->now));
    work(bench);
    assert_int_equal(status(bench).behind, 0);
    assert_int_equal(status(bench).events, 2 * SOUK_FINDER_STEP_BATCHES_MAX + 1 - EPOCHS);
}

static void
a_step_takes_so_many_events(void **state)
{
    struct bench *bench = *state;
    const uint32_t batches = SOUK_FINDER_STEP_EVENTS_MAX / SOUK_BATCH_EVENTS_MAX;

    for (uint32_t i = 0; i <= batches; i++)
        recorded_many(&bench->recorded, "orders", "a", "k", SOUK_BATCH_EVENTS_MAX, TIME_MS);
    work(bench);
    assert_int_equal(status(bench).behind, 1);
    assert_int_equal(status(bench).events, SOUK_FINDER_STEP_EVENTS_MAX);
    work(bench);
    assert_int_equal(status(bench).behind, 0);
}

static void
add_large(struct bench *bench, const char *payload)
{
    for (int i = 0; i < 4; i++)
        recorded_event(&bench->recorded, &(struct souk_event){ .type = souk_slice_of("large"),
            .key = souk_slice_of(i == 0 ? "k" : "other"), .payload = { payload, LARGE_BYTES }, .version = 1,
            .because = { .caller = souk_slice_of("page") } });
    recorded_batch(&bench->recorded, "orders", TIME_MS);
}

/* Four of them are a batch of 200,000 bytes and some: 84 are more than a step takes, 83 are not. */
static void
a_step_takes_so_many_bytes(void **state)
{
    struct bench *bench = *state;
    char *payload = calloc(1, LARGE_BYTES);

    assert_non_null(payload);
    for (int i = 0; i < 85; i++)
        add_large(bench, payload);
    free(payload);
    work(bench);
    assert_int_equal(status(bench).behind, 1);
    work(bench);
    assert_int_equal(status(bench).behind, 0);
}

/* Reading large batches for one event of each is a long search too. */
static void
large_batches_count_by_their_bytes(void **state)
{
    struct bench *bench = *state;
    const struct eventstore_find query = { .has_key = true, .key = souk_slice_of("k"), .has_type = true,
        .type = souk_slice_of("large"), .has_stream = true, .stream = souk_slice_of("orders"), .limit = 100 };
    struct eventstore_find_reply reply;
    char *payload = calloc(1, LARGE_BYTES);

    assert_non_null(payload);
    for (int i = 0; i < 90; i++)
        add_large(bench, payload);
    free(payload);
    finder_bench_fill(bench);
    finder_bench_ask(bench, &eventstore_find_type, &query);
    finder_bench_answered(bench, &eventstore_find_type, &reply);
    assert_true(reply.has_next);
    assert_in_range(reply.events_count, 70, 85);        /* of about 200 looks each */
}

/* While nobody asks it waits a moment for more; a query is answered with what is there by then. */
static void
nobody_waits_for_what_is_there(void **state)
{
    struct bench *bench = *state;

    work(bench);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    souk_finder_signal(bench->finder);
    assert_false(souk_finder_wants_work(bench->finder, bench->now));
    assert_true(souk_finder_due_ms(bench->finder) > bench->now.steady_ms);
    assert_int_equal(count(bench, "k"), 1);
    bench->now.steady_ms += 1000;
    work(bench);
    assert_int_equal(souk_finder_due_ms(bench->finder), UINT64_MAX);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    souk_finder_signal(bench->finder);
    assert_true(souk_finder_wants_work(bench->finder, bench->now));
}

static void
it_goes_on_where_it_was(void **state)
{
    struct bench *bench = *state;

    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    souk_finder_close(&bench->finder);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    finder_bench_start(bench);
    assert_int_equal(status(bench).log_position, EPOCHS + 1);
    work(bench);
    assert_int_equal(status(bench).log_position, EPOCHS + 2);
    assert_int_equal(status(bench).fillings, 1);
    assert_int_equal(status(bench).events, 2);
    assert_int_equal(count(bench, "k"), 2);
}

/* An index that another version has filled: its rows mean something else, and none of them is left. */
static void
an_index_of_another_form_is_filled_again(void **state)
{
    struct bench *bench = *state;
    const struct souk_store_config config = { .path = recorded_path(&bench->recorded, "index"),
        .bytes_max = 1ULL << 30, .simulated = true };
    struct souk_error err = { 0 };
    struct souk_store *store;
    struct souk_slice value;
    struct souk_table table;
    struct souk_txn *txn;

    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    souk_finder_close(&bench->finder);
    assert_int_equal(souk_store_open(&config, &store, &err), 0);
    assert_int_equal(souk_txn_begin(store, SOUK_TXN_WRITE, &txn), 0);
    assert_int_equal(souk_txn_table(txn, "meta", &table), 0);
    assert_int_equal(souk_txn_get(txn, table, souk_slice_of("status.3"), &value), 0);
    assert_int_equal(souk_txn_delete(txn, table, souk_slice_of("status.3")), 0);
    assert_int_equal(souk_txn_put(txn, table, souk_slice_of("status"), souk_slice_of("of another form")), 0);
    assert_int_equal(souk_txn_table(txn, "found", &table), 0);
    assert_int_equal(souk_txn_put(txn, table, souk_slice_of("a row of before"), souk_slice_of("")), 0);
    assert_int_equal(souk_txn_commit(&txn), 0);
    souk_store_close(&store);

    finder_bench_start(bench);
    assert_int_equal(status(bench).log_position, 0);
    work(bench);
    assert_int_equal(status(bench).log_position, EPOCHS + 1);
    assert_int_equal(status(bench).fillings, 1);
    assert_int_equal(count(bench, "k"), 1);
    souk_finder_close(&bench->finder);
    assert_int_equal(souk_store_open(&config, &store, &err), 0);
    assert_int_equal(souk_txn_begin(store, SOUK_TXN_READ, &txn), 0);
    assert_int_equal(souk_txn_table(txn, "found", &table), 0);
    assert_int_equal(souk_txn_get(txn, table, souk_slice_of("a row of before"), &value), -SOUK_ENOTFOUND);
    souk_txn_abort(&txn);
    souk_store_close(&store);
    finder_bench_start(bench);
}

/* Restored, replaced, set aside: positions mean something else, and places from before are refused. */
static void
another_incarnation_is_taken_over_from_the_beginning(void **state)
{
    struct bench *bench = *state;
    struct eventstore_find query = { .has_key = true, .key = souk_slice_of("k"), .limit = 1 };
    struct eventstore_find_reply reply;
    uint8_t incarnation[8];

    recorded_many(&bench->recorded, "orders", "a", "k", 2, TIME_MS);
    work(bench);
    finder_bench_ask(bench, &eventstore_find_type, &query);
    finder_bench_answered(bench, &eventstore_find_type, &reply);
    assert_true(reply.has_next);
    query.has_next = true;
    query.next = reply.next;
    query.next.incarnation.base = memcpy(incarnation, reply.next.incarnation.base, sizeof incarnation);

    recorded_incarnation(&bench->recorded, 2);
    recorded_many(&bench->recorded, "stock", "b", "k", 1, TIME_MS);
    finder_bench_ask(bench, &eventstore_find_type, &query);
    finder_bench_refused(bench, EVENTSTORE_OTHER_INCARNATION);
    assert_int_equal(status(bench).fillings, 2);
    assert_int_equal(status(bench).incarnation[0], 2);
    assert_int_equal(status(bench).events, 3);
    assert_int_equal(count(bench, "k"), 3);
}

static void
a_damaged_batch_is_left_out(void **state)
{
    struct bench *bench = *state;
    struct eventstore_statistics_reply reply;

    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS + 1);
    recorded_many(&bench->recorded, "stock", "a", "k", 1, TIME_MS);
    recorded_damage(&bench->recorded, EPOCHS + 1);
    work(bench);
    assert_int_equal(count(bench, "k"), 2);
    finder_bench_ask(bench, &eventstore_statistics_type, &(struct eventstore_statistics){ 0 });
    finder_bench_answered(bench, &eventstore_statistics_type, &reply);
    assert_int_equal(reply.damaged, 1);
    assert_int_equal(reply.log_position, EPOCHS + 3);
    assert_int_equal(reply.behind, 0);
    assert_int_equal(reply.batches, EPOCHS + 2);
    assert_int_equal(reply.events, 2);
    assert_int_equal(reply.fillings, 1);
    assert_true(reply.index_bytes > 0);
    assert_int_equal(reply.streams_count, 3);
    assert_true(souk_slice_equal(reply.streams[0].stream, souk_slice_of("orders")));
    assert_int_equal(reply.streams[0].number, 2);
    assert_int_equal(reply.streams[0].events, 1);
    assert_int_equal(reply.streams[0].time_ms, TIME_MS + 1);
    assert_int_equal(bench->reply.cursor_count, 3);
}

/* What came in while it looked was hashed then, and is again before anybody sees it; after a start all is hashed. */
static void
what_was_just_recorded_is_hashed_for_answers(void **state)
{
    struct bench *bench = *state;

    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    recorded_many(&bench->recorded, "orders", "a", "k", 2, TIME_MS + 1);
    recorded_damage(&bench->recorded, EPOCHS + 2);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS + 2);
    work(bench);
    assert_int_equal(status(bench).damaged, 0);
    assert_int_equal(status(bench).events, 4);
    assert_int_equal(count(bench, "k"), 2);

    recorded_incarnation(&bench->recorded, 2);
    work(bench);
    assert_int_equal(status(bench).damaged, 1);
    assert_int_equal(status(bench).events, 2);
    assert_int_equal(count(bench, "k"), 2);
}

/* Without room it answers from what it has. */
static void
a_full_store_still_answers(void **state)
{
    struct bench *bench = *state;
    const struct souk_finder_config small = { .wiring = &bench->recorded.wiring, .log = bench->recorded.store,
        .path = recorded_path(&bench->recorded, "index"), .simulated = true, .bytes_max = 512 * 1024 };
    struct souk_error err;
    uint64_t found = 0;
    char key[32];
    int rc = 0;

    souk_finder_close(&bench->finder);
    assert_int_equal(souk_finder_open(&small, &bench->finder, &err), 0);
    for (int batch = 0; batch < 100 && rc == 0; batch++) {
        for (int i = 0; i < 1000; i++) {
            (void)snprintf(key, sizeof key, "k%d.%d", batch, i);
            recorded_command(&bench->recorded, "a", key, (uint64_t)(1000 * batch + i), (uint64_t)i);
        }
        recorded_batch(&bench->recorded, "orders", TIME_MS);
        bench->now.steady_ms += 2000;
        souk_finder_signal(bench->finder);
        rc = souk_finder_work(bench->finder, bench->now);
        if (rc == 0)
            found = status(bench).events;
    }
    assert_int_equal(rc, -SOUK_EFULL);
    assert_true(found >= 1000);
    assert_int_equal(status(bench).events, found);
    assert_int_equal(count(bench, "k0.999"), 1);        /* within the pause nothing is tried */
    bench->now.steady_ms += 1000;
    souk_finder_signal(bench->finder);
    assert_int_equal(souk_finder_work(bench->finder, bench->now), -SOUK_EFULL);
    assert_int_equal(status(bench).events, found);
}

/* ---- queries that wait ---------------------------------------------- */

static void
what_was_seen_is_waited_for(void **state)
{
    struct bench *bench = *state;
    const struct eventstore_find query = { .has_key = true, .key = souk_slice_of("k"), .limit = 1 };
    struct souk_cause seen = { .stream = bench->recorded.streams[0].name };

    seen.point = recorded_point(&bench->recorded, "orders", 1);
    finder_bench_hear(bench, &eventstore_find_type, &query, &seen);
    work(bench);
    assert_false(finder_bench_take_answer(bench));
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    assert_true(finder_bench_take_answer(bench));
    assert_int_equal(bench->reply.status, SOUK_STATUS_OK);

    /* Not until the deadline. */
    seen.point.number = 2;
    finder_bench_hear(bench, &eventstore_find_type, &query, &seen);
    work(bench);
    assert_false(finder_bench_take_answer(bench));
    bench->now.steady_ms += 999;
    work(bench);
    assert_false(finder_bench_take_answer(bench));
    assert_true(souk_finder_due_ms(bench->finder) <= bench->now.steady_ms + 1);
    bench->now.steady_ms += 1;
    work(bench);
    assert_true(finder_bench_take_answer(bench));
    assert_int_equal(bench->reply.status, SOUK_STATUS_PENDING);

    /* Voided by a later epoch; of a stream that nobody knows. */
    recorded_epoch(&bench->recorded, "orders", 3);
    finder_bench_hear(bench, &eventstore_find_type, &query, &seen);
    work(bench);
    assert_true(finder_bench_take_answer(bench));
    assert_int_equal(bench->reply.status, SOUK_STATUS_LOST);
    assert_int_equal(souk_name_set(&seen.stream, souk_slice_of("weather")), 0);
    finder_bench_hear(bench, &eventstore_find_type, &query, &seen);
    work(bench);
    assert_true(finder_bench_take_answer(bench));
    assert_int_equal(bench->reply.status, SOUK_STATUS_OK);
}

static void
so_many_may_wait(void **state)
{
    struct bench *bench = *state;
    struct souk_cause seen = { .stream = bench->recorded.streams[0].name };
    uint32_t answers = 0;

    seen.point = recorded_point(&bench->recorded, "orders", 1);
    for (uint32_t i = 0; i < SOUK_FINDER_WAITING_MAX; i++)
        finder_bench_hear(bench, &eventstore_statistics_type, &(struct eventstore_statistics){ 0 }, &seen);
    assert_false(finder_bench_take_answer(bench));
    finder_bench_hear(bench, &eventstore_statistics_type, &(struct eventstore_statistics){ 0 }, &seen);
    assert_true(finder_bench_take_answer(bench));
    assert_int_equal(bench->reply.status, SOUK_STATUS_BUSY);
    assert_true(bench->reply.retry_after_ms > 0);
    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS);
    work(bench);
    while (finder_bench_take_answer(bench)) {
        assert_int_equal(bench->reply.status, SOUK_STATUS_OK);
        answers++;
    }
    assert_int_equal(answers, SOUK_FINDER_WAITING_MAX);
    assert_int_equal(status(bench).answers, SOUK_FINDER_WAITING_MAX);
    assert_int_equal(status(bench).refused_busy, 1);
}

/* What is not meant for it, and what cannot be meant. */
static void
strange_queries_are_turned_down(void **state)
{
    struct bench *bench = *state;
    const struct {
        const char *name;
        const char *payload;
        enum souk_status status;
    } cases[] = {
        { "eventstore.forget", "\x90", SOUK_STATUS_UNKNOWN },
        { "eventstore.event", "\x90", SOUK_STATUS_INVALID },
        { "eventstore.statistics", "\x90\x90", SOUK_STATUS_INVALID },
        { "eventstore.statistics", "", SOUK_STATUS_INVALID },
        { "eventstore.statistics", "\x90", SOUK_STATUS_OK },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct souk_wire_request request = { .query = true, .name = souk_slice_of(cases[i].name), .version = 1,
            .caller = souk_slice_of("test"), .payload = souk_slice_of(cases[i].payload) };
        struct souk_pack pack;

        souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
        souk_wire_request_put(&pack, &request);
        assert_true(souk_finder_takes(souk_pack_slice(&pack)));
        souk_finder_hear(bench->finder, souk_slice_of("route"), "", souk_pack_slice(&pack), bench->now);
        souk_pack_done(&pack);
        work(bench);
        assert_true(finder_bench_take_answer(bench));
        assert_int_equal(bench->reply.status, cases[i].status);
    }
    assert_false(souk_finder_takes(souk_slice_of("")));
    assert_false(souk_finder_takes(souk_slice_of("\x93\x01\x02")));
}

/* One byte of a query's payload is another one: it is turned down or answered, and the next one is answered. */
static void
any_payload_is_survived(void **state)
{
    struct bench *bench = *state;
    const struct eventstore_find find = { .has_stream = true, .stream = souk_slice_of("orders"), .has_key = true,
        .key = souk_slice_of("k"), .has_from_ms = true, .from_ms = TIME_MS, .limit = 7, .has_next = true,
        .next = { { bench->recorded.incarnation, 8 }, 4, 1 } };
    const struct eventstore_why why = { souk_slice_of("orders"), 1, 1 };
    const struct eventstore_verify verify = { .has_next = true, .next = { souk_slice_of("orders"), 1, 0 } };
    const struct {
        const struct souk_message_type *type;
        const void *query;
    } cases[] = { { &eventstore_find_type, &find }, { &eventstore_why_type, &why },
        { &eventstore_verify_type, &verify } };

    recorded_many(&bench->recorded, "orders", "a", "k", 9, TIME_MS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct souk_pack payload;

        souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
        assert_int_equal(cases[i].type->encode(cases[i].query, &payload), 0);
        for (size_t at = 0; at < payload.size_bytes; at++) {
            for (unsigned value = 0; value < 256; value++) {
                const uint8_t was = payload.base[at];
                const struct souk_wire_request request = { .query = true,
                    .name = souk_slice_of(cases[i].type->name), .version = 1, .caller = souk_slice_of("test"),
                    .payload = souk_pack_slice(&payload) };
                struct souk_pack frame;

                payload.base[at] = (uint8_t)value;
                souk_pack_init(&frame, SOUK_WIRE_BYTES_MAX);
                souk_wire_request_put(&frame, &request);
                souk_finder_hear(bench->finder, souk_slice_of("route"), "", souk_pack_slice(&frame), bench->now);
                souk_pack_done(&frame);
                payload.base[at] = was;
                work(bench);
                assert_true(finder_bench_take_answer(bench));
                assert_true(bench->reply.status == SOUK_STATUS_OK || bench->reply.status == SOUK_STATUS_REFUSED
                    || bench->reply.status == SOUK_STATUS_INVALID);
            }
        }
        souk_pack_done(&payload);
    }
    assert_int_equal(count(bench, "k"), 9);
}

int
main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, finder_bench_open, finder_bench_close)
    const struct CMUnitTest tests[] = {
        ON(a_step_takes_so_many_batches),
        ON(a_step_takes_so_many_events),
        ON(a_step_takes_so_many_bytes),
        ON(large_batches_count_by_their_bytes),
        ON(nobody_waits_for_what_is_there),
        ON(it_goes_on_where_it_was),
        ON(an_index_of_another_form_is_filled_again),
        ON(another_incarnation_is_taken_over_from_the_beginning),
        ON(a_damaged_batch_is_left_out),
        ON(what_was_just_recorded_is_hashed_for_answers),
        ON(a_full_store_still_answers),
        ON(what_was_seen_is_waited_for),
        ON(so_many_may_wait),
        ON(strange_queries_are_turned_down),
        ON(any_payload_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
