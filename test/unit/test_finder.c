/*
 * The finder, over logs that were written by hand: what is found by which term,
 * page by page and both ways round; causes and effects; places; verifying.
 */
#include "finder_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY_MS (24 * 3600 * 1000)
#define LINE_BYTES_MAX 8192

/* "orders/1.2 placed" and a space. */
static void
say_event(char *line, const struct found_event *event)
{
    (void)snprintf(line + strlen(line), LINE_BYTES_MAX - strlen(line), "%.*s/%u.%llu %.*s ",
        (int)event->stream.size_bytes, (const char *)event->stream.base, event->epoch,
        (unsigned long long)event->number, (int)event->type.size_bytes, (const char *)event->type.base);
}

static struct eventstore_find_reply
find(struct bench *bench, const struct eventstore_find *query)
{
    struct eventstore_find_reply reply;

    finder_bench_ask(bench, &eventstore_find_type, query);
    finder_bench_answered(bench, &eventstore_find_type, &reply);
    return reply;
}

static void
finds(struct bench *bench, const struct eventstore_find *query, const char *line_meant)
{
    const struct eventstore_find_reply reply = find(bench, query);
    char line[LINE_BYTES_MAX] = "";

    for (uint32_t i = 0; i < reply.events_count; i++)
        say_event(line, &reply.events[i]);
    assert_string_equal(line, line_meant);
    assert_false(reply.has_next);
}

/* The whole answer, `limit` events at a time. */
static void
finds_in_pages(struct bench *bench, struct eventstore_find query, const char *line_meant)
{
    char line[LINE_BYTES_MAX] = "";
    uint8_t incarnation[8];
    uint32_t pages = 0;

    for (;;) {
        const struct eventstore_find_reply reply = find(bench, &query);

        assert_true(reply.events_count <= query.limit);
        for (uint32_t i = 0; i < reply.events_count; i++)
            say_event(line, &reply.events[i]);
        assert_true(++pages < 100);
        if (!reply.has_next)
            break;
        memcpy(incarnation, reply.next.incarnation.base, sizeof incarnation);
        query.has_next = true;
        query.next = reply.next;
        query.next.incarnation.base = incarnation;
    }
    assert_string_equal(line, line_meant);
}

/* ---- find ----------------------------------------------------------- */

/* A small shop's hour. */
static void
write_shop(struct bench *bench)
{
    struct recorded *recorded = &bench->recorded;

    recorded_command(recorded, "placed", "7", 71, 1);
    recorded_command(recorded, "placed", "8", 81, 2);
    recorded_batch(recorded, "orders", TIME_MS);
    recorded_command(recorded, "card", "7", 71, 1);
    recorded_batch(recorded, "orders.private", TIME_MS + 1000);
    recorded_event(recorded, &(struct souk_event){ .type = souk_slice_of("reserved"), .key = souk_slice_of("7"),
        .payload = souk_slice_of("\x91\x07"), .version = 2, .correlation = recorded_id(1), .depth = 1,
        .because = { .kind = SOUK_BY_EVENT, .stream = recorded->streams[0].name,
            .point = recorded_point(recorded, "orders", 1) } });
    recorded_command(recorded, "counted", "tea", 91, 3);
    recorded_batch(recorded, "stock", TIME_MS + 2000);
    recorded_command(recorded, "cancelled", "8", 82, 2);
    recorded_command(recorded, "placed", "9", 92, 4);
    recorded_batch(recorded, "orders", TIME_MS + 3000);
    finder_bench_fill(bench);
}

static void
each_term_finds_its_events(void **state)
{
    struct bench *bench = *state;

    write_shop(bench);
    finds(bench, &(struct eventstore_find){ .limit = 100 },
        "orders/1.1 placed orders/1.2 placed orders.private/1.1 card stock/1.1 reserved stock/1.2 counted"
        " orders/1.3 cancelled orders/1.4 placed ");
    finds(bench, &(struct eventstore_find){ .has_stream = true, .stream = souk_slice_of("stock"), .limit = 100 },
        "stock/1.1 reserved stock/1.2 counted ");
    finds(bench, &(struct eventstore_find){ .has_key = true, .key = souk_slice_of("7"), .limit = 100 },
        "orders/1.1 placed orders.private/1.1 card stock/1.1 reserved ");
    finds(bench, &(struct eventstore_find){ .has_type = true, .type = souk_slice_of("placed"), .limit = 100 },
        "orders/1.1 placed orders/1.2 placed orders/1.4 placed ");
    finds(bench, &(struct eventstore_find){ .has_correlation_id = true, .correlation_id = recorded_id(2),
        .limit = 100 }, "orders/1.2 placed orders/1.3 cancelled ");
    finds(bench, &(struct eventstore_find){ .has_stream = true, .stream = souk_slice_of("orders"), .has_key = true,
        .key = souk_slice_of("8"), .has_type = true, .type = souk_slice_of("cancelled"), .has_correlation_id = true,
        .correlation_id = recorded_id(2), .limit = 100 }, "orders/1.3 cancelled ");
    finds(bench, &(struct eventstore_find){ .has_key = true, .key = souk_slice_of("10"), .limit = 100 }, "");
    finder_bench_ask(bench, &eventstore_find_type, &(struct eventstore_find){ .has_stream = true,
        .stream = souk_slice_of("weather"), .limit = 1 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_STREAM);
    finder_bench_ask(bench, &eventstore_find_type, &(struct eventstore_find){ .has_stream = true,
        .stream = souk_slice_of("0"), .limit = 1 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_STREAM);
}

static void
pages_of_any_size_are_the_whole(void **state)
{
    struct bench *bench = *state;

    write_shop(bench);
    for (uint32_t limit = 1; limit <= 8; limit++) {
        finds_in_pages(bench, (struct eventstore_find){ .limit = limit },
            "orders/1.1 placed orders/1.2 placed orders.private/1.1 card stock/1.1 reserved stock/1.2 counted"
            " orders/1.3 cancelled orders/1.4 placed ");
        finds_in_pages(bench, (struct eventstore_find){ .limit = limit, .latest_first = true },
            "orders/1.4 placed orders/1.3 cancelled stock/1.2 counted stock/1.1 reserved orders.private/1.1 card"
            " orders/1.2 placed orders/1.1 placed ");
        finds_in_pages(bench, (struct eventstore_find){ .limit = limit, .latest_first = true, .has_type = true,
            .type = souk_slice_of("placed") }, "orders/1.4 placed orders/1.2 placed orders/1.1 placed ");
    }
}

/* The first moment belongs to it, the last one does not. */
static void
times_have_their_borders(void **state)
{
    struct bench *bench = *state;
    const struct {
        uint64_t from_ms, to_ms;
        const char *line;
    } cases[] = {
        { 0, TIME_MS, "" },
        { 0, TIME_MS + 1, "orders/1.1 placed orders/1.2 placed " },
        { TIME_MS, TIME_MS + 2000, "orders/1.1 placed orders/1.2 placed orders.private/1.1 card " },
        { TIME_MS + 1, TIME_MS + 2001, "orders.private/1.1 card stock/1.1 reserved stock/1.2 counted " },
        { TIME_MS + 3000, TIME_MS + DAY_MS, "orders/1.3 cancelled orders/1.4 placed " },
        { TIME_MS + 3001, TIME_MS + DAY_MS, "" },
        { TIME_MS + 3000, TIME_MS, "" },
    };

    write_shop(bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        finds_in_pages(bench, (struct eventstore_find){ .has_from_ms = true, .from_ms = cases[i].from_ms,
            .has_to_ms = true, .to_ms = cases[i].to_ms, .limit = 1 }, cases[i].line);
    finds(bench, &(struct eventstore_find){ .has_stream = true, .stream = souk_slice_of("orders"),
        .has_from_ms = true, .from_ms = TIME_MS + 1, .limit = 100 }, "orders/1.3 cancelled orders/1.4 placed ");
    finds(bench, &(struct eventstore_find){ .has_key = true, .key = souk_slice_of("7"), .has_to_ms = true,
        .to_ms = TIME_MS + 1000, .latest_first = true, .limit = 100 }, "orders/1.1 placed ");
}

/* A batch as large as one may be, and a page that ends within it. */
static void
a_full_batch_has_pages(void **state)
{
    struct bench *bench = *state;
    struct eventstore_find query = { .has_key = true, .key = souk_slice_of("k"), .limit = 100 };
    struct eventstore_find_reply reply;
    uint64_t expected = 1;
    uint8_t incarnation[8];

    recorded_many(&bench->recorded, "stock", "counted", "k", SOUK_BATCH_EVENTS_MAX, TIME_MS);
    finder_bench_fill(bench);
    do {
        reply = find(bench, &query);
        for (uint32_t i = 0; i < reply.events_count; i++)
            assert_int_equal(reply.events[i].number, expected++);
        query.next = reply.next;
        if ((query.has_next = reply.has_next))
            query.next.incarnation.base = memcpy(incarnation, reply.next.incarnation.base, sizeof incarnation);
    } while (reply.has_next);
    assert_int_equal(expected, SOUK_BATCH_EVENTS_MAX + 1);

    query = (struct eventstore_find){ .has_key = true, .key = souk_slice_of("k"), .limit = 99, .latest_first = true };
    do {
        reply = find(bench, &query);
        for (uint32_t i = 0; i < reply.events_count; i++)
            assert_int_equal(reply.events[i].number, --expected);
        query.next = reply.next;
        if ((query.has_next = reply.has_next))
            query.next.incarnation.base = memcpy(incarnation, reply.next.incarnation.base, sizeof incarnation);
    } while (reply.has_next);
    assert_int_equal(expected, 1);
}

/* Batches that have type and key, but never in one event: searched in parts, and each part is bounded. */
static void
a_long_search_goes_on_later(void **state)
{
    struct bench *bench = *state;
    struct eventstore_find query = { .has_type = true, .type = souk_slice_of("rare"), .has_key = true,
        .key = souk_slice_of("k"), .limit = 1 };
    const uint32_t batches = SOUK_FINDER_LOOKED_MAX / SOUK_BATCH_EVENTS_MAX + 2;
    struct eventstore_find_reply reply;
    uint8_t incarnation[8];
    int parts = 1;

    for (uint32_t i = 0; i < batches; i++) {
        for (uint32_t k = 1; k < SOUK_BATCH_EVENTS_MAX; k++)
            recorded_command(&bench->recorded, "counted", "k", 1, 1);
        recorded_command(&bench->recorded, "rare", "other", 1, 1);
        recorded_batch(&bench->recorded, "stock", TIME_MS);
    }
    recorded_many(&bench->recorded, "orders", "rare", "k", 1, TIME_MS);
    finder_bench_fill(bench);
    while ((reply = find(bench, &query)).has_next) {
        assert_int_equal(reply.events_count, 0);
        query.has_next = true;
        query.next = reply.next;
        query.next.incarnation.base = memcpy(incarnation, reply.next.incarnation.base, sizeof incarnation);
        parts++;
    }
    assert_int_equal(reply.events_count, 1);
    assert_int_equal(parts, 2);
}

/* Whatever lies before that time is not looked at, though another stream has nothing so late. */
static void
a_quiet_stream_is_no_reason_to_begin_early(void **state)
{
    struct bench *bench = *state;

    for (uint32_t i = 0; i < SOUK_FINDER_LOOKED_MAX / SOUK_BATCH_EVENTS_MAX + 1; i++)
        recorded_many(&bench->recorded, "orders", "placed", "k", SOUK_BATCH_EVENTS_MAX, TIME_MS);
    recorded_many(&bench->recorded, "orders", "paid", "k", 1, TIME_MS + 1);
    finder_bench_fill(bench);
    finds(bench, &(struct eventstore_find){ .has_from_ms = true, .from_ms = TIME_MS + 1, .limit = 1 },
        "orders/1.20481 paid ");
}

/* ---- event ---------------------------------------------------------- */

static void
an_event_is_shown(void **state)
{
    struct bench *bench = *state;
    struct eventstore_event_reply reply;

    write_shop(bench);
    recorded_epoch(&bench->recorded, "orders", 3);
    recorded_command(&bench->recorded, "placed", "10", 101, 5);
    recorded_batch(&bench->recorded, "orders", TIME_MS + 4000);

    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("stock"), 1, 1 });
    finder_bench_answered(bench, &eventstore_event_type, &reply);
    assert_true(reply.has_payload && souk_slice_equal(reply.payload, souk_slice_of("\x91\x07")));
    assert_int_equal(reply.event.log_position, 6);
    assert_int_equal(reply.event.version, 2);
    assert_int_equal(reply.event.depth, 1);
    assert_int_equal(reply.event.time_ms, TIME_MS + 2000);
    assert_int_equal(reply.event.payload_bytes, 2);
    assert_int_equal(reply.event.cause.kind, CAUSE_KIND_EVENT);
    assert_true(souk_slice_equal(reply.event.cause.stream, souk_slice_of("orders")));
    assert_int_equal(reply.event.cause.number, 1);
    assert_int_equal(reply.event.cause.epoch, 1);

    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("orders"), 5, 0 });
    finder_bench_answered(bench, &eventstore_event_type, &reply);
    assert_int_equal(reply.event.epoch, 3);
    assert_true(souk_slice_equal(reply.event.cause.caller, souk_slice_of("page")));

    /* What is private stays so, but for its being there. */
    finder_bench_ask(bench, &eventstore_event_type,
        &(struct eventstore_event){ souk_slice_of("orders.private"), 1, 0 });
    finder_bench_answered(bench, &eventstore_event_type, &reply);
    assert_true(reply.event.is_private && !reply.has_payload);
    assert_int_equal(reply.event.payload_bytes, 1);

    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("orders"), 5, 1 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_EVENT);
    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("orders"), 6, 0 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_EVENT);
    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("orders"), 0, 0 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_EVENT);
    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("weather"), 1, 0 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_STREAM);
}

/* A payload of 60,000 bytes is shown, one of 60,001 is not. */
static void
a_large_payload_is_shown_up_to_its_bound(void **state)
{
    struct bench *bench = *state;
    struct eventstore_event_reply reply;
    char *payload = calloc(1, 60001);

    assert_non_null(payload);
    for (uint64_t number = 1; number <= 2; number++) {
        recorded_event(&bench->recorded, &(struct souk_event){ .type = souk_slice_of("t"), .key = souk_slice_of("k"),
            .payload = { payload, 59999 + number }, .version = 1, .because = { .caller = souk_slice_of("page") } });
        recorded_batch(&bench->recorded, "stock", TIME_MS);
        finder_bench_ask(bench, &eventstore_event_type,
            &(struct eventstore_event){ souk_slice_of("stock"), number, 0 });
        finder_bench_answered(bench, &eventstore_event_type, &reply);
        assert_int_equal(reply.event.payload_bytes, 59999 + number);
        assert_int_equal(reply.has_payload, number == 1);
    }
    free(payload);
}

/* ---- why ------------------------------------------------------------ */

static void
add_effect(struct bench *bench, const char *stream, const char *type, struct souk_because because)
{
    recorded_event(&bench->recorded, &(struct souk_event){ .type = souk_slice_of(type), .key = souk_slice_of("7"),
        .payload = souk_slice_of("\x90"), .version = 1, .correlation = recorded_id(1), .depth = 1,
        .because = because });
    recorded_batch(&bench->recorded, stream, TIME_MS);
}

static struct souk_because
because_of(struct bench *bench, enum souk_cause_kind kind, const char *stream, uint64_t number, uint32_t index)
{
    struct souk_because because = { .kind = kind, .index = index };

    assert_int_equal(souk_name_set(&because.stream, souk_slice_of(stream)), 0);
    because.point = recorded_point(&bench->recorded, stream, number);
    return because;
}

static void
why(struct bench *bench, const char *stream, uint64_t number, const char *line_meant)
{
    struct eventstore_why_reply reply;
    char line[LINE_BYTES_MAX] = "";

    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of(stream), number, 0 });
    finder_bench_answered(bench, &eventstore_why_type, &reply);
    for (uint32_t i = 0; i < reply.causes_count; i++)
        say_event(line, &reply.causes[i]);
    strcat(line, "| ");
    say_event(line, &reply.event);
    strcat(line, "| ");
    for (uint32_t i = 0; i < reply.effects_count; i++) {
        (void)snprintf(line + strlen(line), sizeof line - strlen(line), "%u:", reply.effects[i].level);
        say_event(line, &reply.effects[i].event);
    }
    assert_false(reply.more);
    assert_string_equal(line, line_meant);
}

/* An order, its hold, the hold's timer, a request to another service, the answer to it, and a stranger. */
static void
causes_and_effects_make_a_tree(void **state)
{
    struct bench *bench = *state;
    struct recorded *recorded = &bench->recorded;
    struct souk_because request = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of("stock") };

    recorded_command(recorded, "placed", "7", 71, 1);
    recorded_command(recorded, "placed", "8", 81, 2);
    recorded_batch(recorded, "orders", TIME_MS);
    add_effect(bench, "stock", "reserved", because_of(bench, SOUK_BY_EVENT, "orders", 1, 0));
    add_effect(bench, "stock", "released", because_of(bench, SOUK_BY_TIMER, "stock", 1, 0));
    request.id = souk_request_id(&recorded->streams[1].name, recorded_point(recorded, "stock", 1),
        SOUK_FINDER_REQUESTS_MAX - 1);
    add_effect(bench, "orders", "ordered", request);
    add_effect(bench, "stock", "promised", because_of(bench, SOUK_BY_OUTCOME, "stock", 1, 0));
    add_effect(bench, "stock", "reserved", because_of(bench, SOUK_BY_EVENT, "orders", 2, 0));
    finder_bench_fill(bench);
    why(bench, "orders", 1,
        "| orders/1.1 placed | 1:stock/1.1 reserved 2:stock/1.2 released 2:stock/1.3 promised 2:orders/1.3 ordered ");
    why(bench, "orders", 3, "orders/1.1 placed stock/1.1 reserved | orders/1.3 ordered | ");
    why(bench, "stock", 2, "orders/1.1 placed stock/1.1 reserved | stock/1.2 released | ");
    why(bench, "stock", 4, "orders/1.2 placed | stock/1.4 reserved | ");

    /* A new epoch without the event that it stands on: the number is another event's. */
    add_effect(bench, "stock", "lost", (struct souk_because){ .kind = SOUK_BY_LOSS,
        .stream = recorded->streams[0].name, .point = { .epoch = { .counter = 9 }, .number = 2 } });
    finder_bench_fill(bench);
    why(bench, "stock", 5, "| stock/1.5 lost | ");
    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of("stock"), 6, 0 });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_EVENT);
}

/* 64 events below a command are the deepest that there are; beside each other, 80 are shown. */
static void
trees_are_bounded(void **state)
{
    struct bench *bench = *state;
    struct eventstore_why_reply reply;

    recorded_command(&bench->recorded, "placed", "7", 71, 1);
    recorded_batch(&bench->recorded, "orders", TIME_MS);
    add_effect(bench, "stock", "step", because_of(bench, SOUK_BY_EVENT, "orders", 1, 0));
    for (uint64_t number = 1; number < 64; number++)
        add_effect(bench, "stock", "step", because_of(bench, SOUK_BY_EVENT, "stock", number, 0));
    finder_bench_fill(bench);
    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of("stock"), 64, 0 });
    finder_bench_answered(bench, &eventstore_why_type, &reply);
    assert_int_equal(reply.causes_count, 64);
    assert_true(souk_slice_equal(reply.causes[0].type, souk_slice_of("placed")));
    assert_int_equal(reply.causes[63].number, 63);
    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of("orders"), 1, 0 });
    finder_bench_answered(bench, &eventstore_why_type, &reply);
    assert_int_equal(reply.effects_count, 64);
    assert_int_equal(reply.effects[63].level, 64);
    assert_false(reply.more);

    add_effect(bench, "stock", "too deep", because_of(bench, SOUK_BY_EVENT, "stock", 64, 0));
    recorded_command(&bench->recorded, "placed", "8", 81, 2);
    recorded_batch(&bench->recorded, "orders", TIME_MS);
    for (uint32_t i = 0; i < 80; i++)
        add_effect(bench, "stock", "beside", because_of(bench, SOUK_BY_EVENT, "orders", 2, 0));
    finder_bench_fill(bench);
    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of("orders"), 1, 0 });
    finder_bench_answered(bench, &eventstore_why_type, &reply);
    assert_int_equal(reply.effects_count, 64);
    assert_true(reply.more);
    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of("orders"), 2, 0 });
    finder_bench_answered(bench, &eventstore_why_type, &reply);
    assert_int_equal(reply.effects_count, 80);
    assert_false(reply.more);
    add_effect(bench, "stock", "beside", because_of(bench, SOUK_BY_EVENT, "orders", 2, 0));
    finder_bench_ask(bench, &eventstore_why_type, &(struct eventstore_why){ souk_slice_of("orders"), 2, 0 });
    finder_bench_answered(bench, &eventstore_why_type, &reply);
    assert_int_equal(reply.effects_count, 80);
    assert_true(reply.more);
}

/* ---- places --------------------------------------------------------- */

static void
place(struct bench *bench, const struct eventstore_place *query, uint64_t position, const char *line_meant)
{
    struct eventstore_place_reply reply;
    char line[LINE_BYTES_MAX] = "";

    finder_bench_ask(bench, &eventstore_place_type, query);
    finder_bench_answered(bench, &eventstore_place_type, &reply);
    for (uint32_t i = 0; i < reply.cursors_count; i++) {
        const struct stream_cursor *cursor = &reply.cursors[i];

        (void)snprintf(line + strlen(line), sizeof line - strlen(line), "%.*s/%u.%llu ",
            (int)cursor->stream.size_bytes, (const char *)cursor->stream.base, cursor->epoch,
            (unsigned long long)cursor->number);
        assert_int_equal(cursor->hash.size_bytes, SOUK_HASH_BYTES);
        assert_int_equal(cursor->epoch_bits.size_bytes, 8);
    }
    assert_string_equal(line, line_meant);
    assert_int_equal(reply.log_position, position);
}

/* Positions 1 to 3 are the epochs of the three streams. */
static void
a_time_or_a_log_position_is_a_vector(void **state)
{
    struct bench *bench = *state;
    const struct souk_slice incarnation = { bench->recorded.incarnation, 8 };
    uint8_t other[8] = { 9 };

    write_shop(bench);
    place(bench, &(struct eventstore_place){ .has_at_ms = false }, 7, "orders/1.4 orders.private/1.1 stock/1.2 ");
    place(bench, &(struct eventstore_place){ .has_log_position = true, .log_position = 7, .incarnation = incarnation },
        7, "orders/1.4 orders.private/1.1 stock/1.2 ");
    place(bench, &(struct eventstore_place){ .has_log_position = true, .log_position = 8 }, 7,
        "orders/1.4 orders.private/1.1 stock/1.2 ");
    place(bench, &(struct eventstore_place){ .has_log_position = true, .log_position = 5 }, 5,
        "orders/1.2 orders.private/1.1 stock/1.0 ");
    place(bench, &(struct eventstore_place){ .has_log_position = true, .log_position = 1 }, 1, "orders/1.0 ");
    place(bench, &(struct eventstore_place){ .has_log_position = true, .log_position = 0 }, 0, "");
    place(bench, &(struct eventstore_place){ .has_at_ms = true, .at_ms = TIME_MS + 1000 }, 4,
        "orders/1.2 orders.private/1.0 stock/1.0 ");
    place(bench, &(struct eventstore_place){ .has_at_ms = true, .at_ms = TIME_MS + 1001 }, 5,
        "orders/1.2 orders.private/1.1 stock/1.0 ");
    place(bench, &(struct eventstore_place){ .has_at_ms = true, .at_ms = 0 }, 0, "");
    finder_bench_ask(bench, &eventstore_place_type, &(struct eventstore_place){ .has_log_position = true,
        .log_position = 7, .incarnation = { other, 8 } });
    finder_bench_refused(bench, EVENTSTORE_OTHER_INCARNATION);
}

/* A clock that was set back: what came later is not before what came earlier. */
static void
a_clock_that_jumps_moves_no_border_back(void **state)
{
    struct bench *bench = *state;

    recorded_many(&bench->recorded, "orders", "a", "k", 1, TIME_MS + 5000);
    recorded_many(&bench->recorded, "orders", "b", "k", 1, TIME_MS);
    recorded_many(&bench->recorded, "orders", "c", "k", 1, TIME_MS + 6000);
    finder_bench_fill(bench);
    place(bench, &(struct eventstore_place){ .has_at_ms = true, .at_ms = TIME_MS + 5000 }, 3,
        "orders/1.0 orders.private/1.0 stock/1.0 ");
    place(bench, &(struct eventstore_place){ .has_at_ms = true, .at_ms = TIME_MS + 5001 }, 5,
        "orders/1.2 orders.private/1.0 stock/1.0 ");
}

/* ---- verifying ------------------------------------------------------ */

static struct eventstore_verify_reply
verify(struct bench *bench, const struct eventstore_verify *query)
{
    struct eventstore_verify_reply reply;

    finder_bench_ask(bench, &eventstore_verify_type, query);
    finder_bench_answered(bench, &eventstore_verify_type, &reply);
    return reply;
}

static void
every_batch_is_verified(void **state)
{
    struct bench *bench = *state;
    struct eventstore_verify_reply reply;

    write_shop(bench);
    reply = verify(bench, &(struct eventstore_verify){ .has_stream = false });
    assert_int_equal(reply.batches, 7);
    assert_int_equal(reply.events, 7);
    assert_false(reply.has_next);
    assert_int_equal(reply.fault.size_bytes, 0);
    reply = verify(bench, &(struct eventstore_verify){ .has_stream = true, .stream = souk_slice_of("stock") });
    assert_int_equal(reply.batches, 2);

    recorded_damage(&bench->recorded, 6);
    reply = verify(bench, &(struct eventstore_verify){ .has_stream = false });
    assert_true(reply.has_fault_at && reply.fault.size_bytes != 0);
    assert_true(souk_slice_equal(reply.fault_at.stream, souk_slice_of("stock")));
    assert_int_equal(reply.fault_at.number, 0);
    finder_bench_ask(bench, &eventstore_event_type, &(struct eventstore_event){ souk_slice_of("stock"), 1, 0 });
    finder_bench_refused(bench, EVENTSTORE_DAMAGED);
    finder_bench_ask(bench, &eventstore_place_type, &(struct eventstore_place){ .has_at_ms = false });
    finder_bench_refused(bench, EVENTSTORE_DAMAGED);
    finds(bench, &(struct eventstore_find){ .has_key = true, .key = souk_slice_of("7"), .limit = 100 },
        "orders/1.1 placed orders.private/1.1 card ");
    finder_bench_ask(bench, &eventstore_verify_type, &(struct eventstore_verify){ .has_stream = true,
        .stream = souk_slice_of("weather") });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_STREAM);
    finder_bench_ask(bench, &eventstore_verify_type, &(struct eventstore_verify){ .has_next = true,
        .next = { souk_slice_of("stock"), 1, 77 } });
    finder_bench_refused(bench, EVENTSTORE_UNKNOWN_EVENT);
}

/* More than one answer may verify, in parts that add up. */
static void
a_large_log_is_verified_in_parts(void **state)
{
    struct bench *bench = *state;
    struct eventstore_verify query = { .has_stream = false };
    struct eventstore_verify_reply reply;
    uint64_t batches = 0, events = 0;
    char *payload = calloc(1, 50000), stream[32];
    int parts = 0;

    assert_non_null(payload);
    for (uint32_t i = 0; i < 2 * SOUK_FINDER_VERIFY_BYTES_MAX / 200000 + 4; i++) {
        for (int k = 0; k < 4; k++)
            recorded_event(&bench->recorded, &(struct souk_event){ .type = souk_slice_of("t"),
                .key = souk_slice_of("k"), .payload = { payload, 50000 }, .version = 1,
                .because = { .caller = souk_slice_of("page") } });
        recorded_batch(&bench->recorded, i % 2 == 0 ? "orders" : "stock", TIME_MS);
    }
    free(payload);
    do {
        reply = verify(bench, &query);
        batches += reply.batches;
        events += reply.events;
        assert_int_equal(reply.fault.size_bytes, 0);
        assert_true(reply.bytes < SOUK_FINDER_VERIFY_BYTES_MAX + SOUK_BATCH_BYTES_MAX);
        if ((query.has_next = reply.has_next)) {
            (void)snprintf(stream, sizeof stream, "%.*s", (int)reply.next.stream.size_bytes,
                (const char *)reply.next.stream.base);
            query.next = reply.next;
            query.next.stream = souk_slice_of(stream);
        }
        assert_true(++parts < 10);
    } while (reply.has_next);
    assert_int_equal(parts, 3);
    assert_int_equal(batches, bench->recorded.last);
    assert_int_equal(events, 4 * (bench->recorded.last - 3));
}

int
main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, finder_bench_open, finder_bench_close)
    const struct CMUnitTest tests[] = {
        ON(each_term_finds_its_events),
        ON(pages_of_any_size_are_the_whole),
        ON(times_have_their_borders),
        ON(a_full_batch_has_pages),
        ON(a_long_search_goes_on_later),
        ON(a_quiet_stream_is_no_reason_to_begin_early),
        ON(an_event_is_shown),
        ON(a_large_payload_is_shown_up_to_its_bound),
        ON(causes_and_effects_make_a_tree),
        ON(trees_are_bounded),
        ON(a_time_or_a_log_position_is_a_vector),
        ON(a_clock_that_jumps_moves_no_border_back),
        ON(every_batch_is_verified),
        ON(a_large_log_is_verified_in_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
