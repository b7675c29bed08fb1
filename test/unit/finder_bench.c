#include "finder_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void
finder_bench_start(struct bench *bench)
{
    const struct souk_finder_config config = { .wiring = &bench->recorded.wiring, .log = bench->recorded.store,
        .path = recorded_path(&bench->recorded, "index"), .simulated = true };
    struct souk_error err;

    if (souk_finder_open(&config, &bench->finder, &err) != 0)
        fail_msg("%s", err.text);
}

int
finder_bench_open(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    recorded_open(&bench->recorded);
    souk_arena_init(&bench->arena, 0);
    bench->now = (struct souk_time){ TIME_MS, 1000 };
    recorded_stream(&bench->recorded, "orders", "orders", false);
    recorded_stream(&bench->recorded, "stock", "stock", false);
    recorded_stream(&bench->recorded, "orders.private", "orders", true);
    finder_bench_start(bench);
    *state = bench;
    return 0;
}

int
finder_bench_close(void **state)
{
    struct bench *bench = *state;

    souk_out_free(&bench->out);
    souk_finder_close(&bench->finder);
    recorded_close(&bench->recorded);
    souk_arena_done(&bench->arena);
    free(bench);
    return 0;
}

/* Until it has taken over everything. */
void
finder_bench_fill(struct bench *bench)
{
    struct souk_finder_status status;
    int steps = 0;

    do {
        souk_finder_signal(bench->finder);
        assert_int_equal(souk_finder_work(bench->finder, bench->now), 0);
        souk_finder_status(bench->finder, &status);
        assert_true(++steps < 1000);
    } while (status.behind != 0);
}

void
finder_bench_hear(struct bench *bench, const struct souk_message_type *type, const void *query,
    const struct souk_cause *seen)
{
    struct souk_wire_request request = { .id = recorded_id(99), .query = true, .name = souk_slice_of(type->name),
        .version = type->version, .caller = souk_slice_of("test"), .deadline_ms = 1000 };
    struct souk_pack payload, frame;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&frame, SOUK_WIRE_BYTES_MAX);
    assert_int_equal(type->encode(query, &payload), 0);
    request.payload = souk_pack_slice(&payload);
    if (seen != NULL) {
        request.seen_count = 1;
        request.seen[0] = *seen;
    }
    souk_wire_request_put(&frame, &request);
    assert_int_equal(frame.rc, 0);
    assert_true(souk_finder_takes(souk_pack_slice(&frame)));
    souk_finder_hear(bench->finder, souk_slice_of("route"), "", souk_pack_slice(&frame), bench->now);
    souk_pack_done(&payload);
    souk_pack_done(&frame);
}

/* The next answer that is there; false when there is none. */
bool
finder_bench_take_answer(struct bench *bench)
{
    souk_out_free(&bench->out);
    if ((bench->out = souk_outbox_take(souk_finder_outbox(bench->finder))) == NULL)
        return false;
    assert_int_equal(bench->out->kind, SOUK_OUT_REPLY);
    assert_int_equal(bench->out->door, SOUK_DOOR_QUERIES);
    assert_memory_equal(bench->out->route, "route", bench->out->route_bytes);
    assert_int_equal(souk_wire_reply_get(bench->out->frames[0], &bench->reply), 0);
    return true;
}

void
finder_bench_ask(struct bench *bench, const struct souk_message_type *type, const void *query)
{
    finder_bench_hear(bench, type, query, NULL);
    assert_int_equal(souk_finder_work(bench->finder, bench->now), 0);
    assert_true(finder_bench_take_answer(bench));
}

/* Decode the answer to `query` into `reply_out`. */
void
finder_bench_answered(struct bench *bench, const struct souk_message_type *query, void *reply_out)
{
    struct souk_wire_entry entry;
    struct souk_unpack in;

    if (bench->reply.status != SOUK_STATUS_OK)
        fail_msg("status %d, %.*s", bench->reply.status, (int)bench->reply.code.size_bytes,
            (const char *)bench->reply.code.base);
    souk_unpack_init(&in, bench->reply.body);
    assert_int_equal(souk_wire_body_next(&in, &entry), 0);
    assert_true(souk_slice_equal(entry.name, souk_slice_of(query->reply->name)));
    assert_int_equal(query->reply->decode(entry.payload, &bench->arena, reply_out), 0);
}

void
finder_bench_refused(const struct bench *bench, const char *code)
{
    assert_int_equal(bench->reply.status, SOUK_STATUS_REFUSED);
    if (!souk_slice_equal(bench->reply.code, souk_slice_of(code)))
        fail_msg("refused with %.*s", (int)bench->reply.code.size_bytes, (const char *)bench->reply.code.base);
}
