/*
 * Whom a follower asks next, and when: a pull waits for no commit; a holder
 * that is busy is passed over, and asked again when it said that it makes sense.
 */
#include "souk_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FAR_MS 1000000

struct follower {
    struct souk_wired_stream stream;
    struct souk_wired_store stores[2];
    struct souk_wiring wiring;
    struct souk_feeds feeds;
    struct souk_outbox outbox;
};

static void
fill_zero(void *arg, void *bytes_out, size_t size_bytes)
{
    memset(bytes_out, 0, size_bytes);
}

/* `query` follows `stock`, which its writer and so many event stores hold. */
static struct follower *
open_follower(size_t store_count)
{
    struct follower *follower = calloc(1, sizeof *follower);

    assert_non_null(follower);
    assert_int_equal(souk_name_set(&follower->stream.name, souk_slice_of("stock")), 0);
    assert_int_equal(souk_name_set(&follower->stream.origin, souk_slice_of("stock")), 0);
    assert_int_equal(souk_name_set(&follower->stores[0].name, souk_slice_of("log-a")), 0);
    assert_int_equal(souk_name_set(&follower->stores[1].name, souk_slice_of("log-b")), 0);
    assert_int_equal(souk_name_set(&follower->wiring.self, souk_slice_of("query")), 0);
    follower->wiring.streams = &follower->stream;
    follower->wiring.stream_count = 1;
    follower->wiring.stores = follower->stores;
    follower->wiring.store_count = store_count;
    souk_limits_fill(&follower->wiring.limits);
    follower->wiring.random.fill = fill_zero;
    souk_outbox_init(&follower->outbox);
    assert_int_equal(souk_feeds_open(&follower->wiring, &follower->feeds), 0);
    return follower;
}

static void
close_follower(struct follower *follower)
{
    souk_feeds_done(&follower->feeds);
    souk_outbox_done(&follower->outbox);
    free(follower);
}

/* The batch of one event that comes next is heard, and that there is more of it. Gives its size. */
static size_t
is_answered(struct follower *follower, const char *holder, uint64_t request, struct souk_position *after)
{
    const struct souk_batch_place place = { .stream = follower->stream.name, .epoch.counter = 1, .after = *after,
        .commit = after->number + 1, .places = 1 };
    const struct souk_event event = { .type = souk_slice_of("stock.counted"), .key = souk_slice_of("k"),
        .payload = souk_slice_of("\x90"), .version = 1, .because.caller = souk_slice_of("page") };
    struct souk_wire_pulled pulled = { .request = request, .more = true };
    struct souk_batch_builder builder;
    struct souk_slice batch;
    struct souk_pack pack;
    size_t size_bytes;

    assert_int_equal(souk_name_set(&pulled.holder, souk_slice_of(holder)), 0);
    souk_batch_builder_init(&builder);
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    assert_int_equal(souk_batch_builder_add(&builder, &event), 0);
    assert_int_equal(souk_batch_finish(&builder, &place, &pack, after), 0);
    batch = souk_pack_slice(&pack);
    assert_true(souk_feeds_hear_pulled(&follower->feeds, &pulled.holder, &pulled, &batch, 1, true,
        (struct souk_time){ .steady_ms = FAR_MS }));
    size_bytes = batch.size_bytes;
    souk_pack_done(&pack);
    souk_batch_builder_done(&builder);
    return size_bytes;
}

/* Whom it asks at this time, and under which number; NULL: nobody. */
static const char *
asks(struct follower *follower, uint64_t steady_ms, uint64_t *request_out)
{
    static struct souk_name to;
    struct souk_wire_pull pull;
    struct souk_out *out;

    assert_int_equal(souk_feeds_elapse(&follower->feeds, &follower->outbox,
        (struct souk_time){ .steady_ms = steady_ms }), 0);
    if ((out = souk_outbox_take(&follower->outbox)) == NULL)
        return NULL;
    assert_int_equal(souk_wire_pull_get(out->frames[0], &pull), 0);
    *request_out = pull.request;
    to = out->to;
    souk_out_free(&out);
    assert_null(souk_outbox_take(&follower->outbox));
    return to.text;
}

static void
is_busy(struct follower *follower, const char *holder, uint64_t request, uint32_t retry_after_ms, uint64_t steady_ms)
{
    struct souk_wire_busy busy = { .request = request, .retry_after_ms = retry_after_ms };

    assert_int_equal(souk_name_set(&busy.holder, souk_slice_of(holder)), 0);
    souk_feeds_hear_busy(&follower->feeds, &busy.holder, &busy, (struct souk_time){ .steady_ms = steady_ms });
}

static void
a_busy_holder_is_asked_again_when_it_said(void **state)
{
    struct follower *follower = open_follower(0);
    uint64_t request = 0;

    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    is_busy(follower, "stock", request, 700, FAR_MS);
    assert_int_equal(souk_feeds_due_ms(&follower->feeds), FAR_MS + 700);
    assert_null(asks(follower, FAR_MS + 699, &request));
    assert_string_equal(asks(follower, FAR_MS + 700, &request), "stock");
    assert_int_equal(follower->feeds.busy, 1);
    close_follower(follower);
}

/* What is asked says nothing of the store: it leaves before a commit, and with one that never is. */
static void
a_pull_waits_for_no_commit(void **state)
{
    struct follower *follower = open_follower(0);
    struct souk_position after = { .epoch.counter = 1 };
    const struct souk_slice frame = souk_slice_of("news");
    uint64_t request = 0, first;

    souk_feed_set_cursor(&follower->feeds.feeds[0]->streams[0], &after);
    assert_int_equal(souk_outbox_put(&follower->outbox, SOUK_OUT_PUBLISH, SOUK_DOOR_COMMANDS, NULL,
        (struct souk_slice){ NULL, 0 }, &frame, 1), 0);
    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    first = request;
    (void)is_answered(follower, "stock", request, &after);
    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    assert_int_not_equal(request, first);
    souk_feeds_aborted(&follower->feeds);
    souk_outbox_drop(&follower->outbox);
    (void)is_answered(follower, "stock", request, &after);
    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    close_follower(follower);
}

/* More is waited for while somebody is asked for it, and less than that is there. */
static void
answers_are_gathered_up_to_a_bound(void **state)
{
    struct follower *follower = open_follower(0);
    struct souk_position after = { .epoch.counter = 1 };
    uint64_t request = 0;
    size_t bytes;

    souk_feed_set_cursor(&follower->feeds.feeds[0]->streams[0], &after);
    assert_false(souk_feeds_gathers(&follower->feeds, 1));
    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    assert_true(souk_feeds_gathers(&follower->feeds, 1));
    bytes = is_answered(follower, "stock", request, &after);
    assert_false(souk_feeds_gathers(&follower->feeds, SIZE_MAX));
    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    assert_true(souk_feeds_gathers(&follower->feeds, bytes + 1));
    assert_false(souk_feeds_gathers(&follower->feeds, bytes));
    close_follower(follower);
}

static void
another_holder_is_asked_at_once_and_all_are_waited_for(void **state)
{
    struct follower *follower = open_follower(2);
    uint64_t request = 0;

    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    is_busy(follower, "stock", request, 700, FAR_MS);
    assert_string_equal(asks(follower, FAR_MS, &request), "log-a");
    is_busy(follower, "log-a", request, 700, FAR_MS);
    assert_string_equal(asks(follower, FAR_MS, &request), "log-b");
    is_busy(follower, "log-b", request, 900, FAR_MS);
    assert_null(asks(follower, FAR_MS + 899, &request));
    assert_string_equal(asks(follower, FAR_MS + 900, &request), "stock");
    close_follower(follower);
}

/* The answer that there is no more than it has, from `holder`. */
static void
is_level(struct follower *follower, const char *holder, uint64_t request)
{
    struct souk_wire_pulled pulled = { .request = request };

    assert_int_equal(souk_name_set(&pulled.holder, souk_slice_of(holder)), 0);
    assert_true(souk_feeds_hear_pulled(&follower->feeds, &pulled.holder, &pulled, NULL, 0, true,
        (struct souk_time){ .steady_ms = FAR_MS }));
}

/* Another may have it; and that a cause is void, only the origin takes note of. */
static void
what_is_waited_for_is_asked_of_one_after_the_other(void **state)
{
    static const char *const holders[] = { "stock", "log-a", "log-b", "stock" };
    struct follower *follower = open_follower(2);
    struct souk_cause cause = { .stream = follower->stream.name, .point = { { .counter = 7 }, 3 } };
    uint64_t request = 0, at_ms = FAR_MS;

    for (size_t i = 0; i < sizeof holders / sizeof holders[0]; i++) {
        souk_feeds_wait_for(&follower->feeds, &cause, (struct souk_time){ .steady_ms = at_ms });
        at_ms = souk_feeds_due_ms(&follower->feeds) > at_ms ? souk_feeds_due_ms(&follower->feeds) : at_ms;
        assert_string_equal(asks(follower, at_ms, &request), holders[i]);
        is_level(follower, holders[i], request);
    }
    at_ms += 2 * follower->wiring.limits.pull_idle_ms;
    assert_string_equal(asks(follower, at_ms, &request), "log-a");
    is_level(follower, "log-a", request);
    at_ms += 2 * follower->wiring.limits.pull_idle_ms;
    assert_string_equal(asks(follower, at_ms, &request), "log-a");     /* it waits for nothing any more */
    close_follower(follower);
}

/* Nobody can keep a follower away for long, and nobody but who was asked. */
static void
what_a_busy_holder_says_is_believed_within_bounds(void **state)
{
    struct follower *follower = open_follower(0);
    const uint64_t most_ms = follower->wiring.limits.pull_idle_ms;
    uint64_t request = 0;

    assert_string_equal(asks(follower, FAR_MS, &request), "stock");
    is_busy(follower, "stock", request + 1, 700, FAR_MS);
    is_busy(follower, "log-a", request, 700, FAR_MS);
    assert_int_equal(follower->feeds.busy, 0);
    is_busy(follower, "stock", request, SOUK_WIRE_DEADLINE_MS_MAX, FAR_MS);
    is_busy(follower, "stock", request, SOUK_WIRE_DEADLINE_MS_MAX, FAR_MS);
    assert_int_equal(follower->feeds.busy, 1);
    assert_null(asks(follower, FAR_MS + most_ms - 1, &request));
    assert_string_equal(asks(follower, FAR_MS + most_ms, &request), "stock");
    close_follower(follower);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pull_waits_for_no_commit),
        cmocka_unit_test(answers_are_gathered_up_to_a_bound),
        cmocka_unit_test(a_busy_holder_is_asked_again_when_it_said),
        cmocka_unit_test(another_holder_is_asked_at_once_and_all_are_waited_for),
        cmocka_unit_test(what_is_waited_for_is_asked_of_one_after_the_other),
        cmocka_unit_test(what_a_busy_holder_says_is_believed_within_bounds),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
