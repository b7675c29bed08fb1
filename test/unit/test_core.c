/*
 * The core state machine where a whole topology under faults hardly gets: many
 * commits for one thing, little memory, a peer that lies. Services of the
 * simulated application and an event store, whose every round and message the
 * test hands on itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../bits/nodes.h"
#include "../scratch.h"
#include "../sim/app_messages.h"
#include "souk_batch.h"
#include "souk_wire.h"

#define SETTLE_MS 3000                  /* less than an order waits for its payment */
#define ROUNDS_MAX 20000
#define COUNTERS_MAX 65536              /* so far ahead is an epoch counter believed, protocol 13.3 */
#define MANY_ORDERS 140                 /* what tells of their losses does not fit one commit */
#define ROUND_BYTES (16 * 1024)

static const uint32_t alive[] = { NODE_ORDERS, NODE_STOCK, NODE_ARCHIVE };
#define ALIVE (sizeof alive / sizeof alive[0])

struct ground {
    struct scratch scratch;
    struct nodes nodes;
};

/* ---- the ground ------------------------------------------------------ */

static void
start(struct nodes *nodes, uint32_t at)
{
    struct souk_error err = { 0 };

    if (node_start(nodes, at, &err) != 0)
        fail_msg("%s", err.text);
}

static void
settle(struct nodes *nodes, uint64_t span_ms)
{
    assert_int_equal(nodes_settle(nodes, span_ms, ROUNDS_MAX), 0);
}

static int
make_ground(void **state)
{
    struct ground *ground = calloc(1, sizeof *ground);

    assert_non_null(ground);
    scratch_sweep();
    assert_int_equal(scratch_make(&ground->scratch, "core"), 0);
    assert_int_equal(nodes_init(&ground->nodes, ground->scratch.path), 0);
    for (size_t i = 0; i < ALIVE; i++) {
        ground->nodes.nodes[alive[i]].wiring.limits.batch_cut_bytes = 1;        /* a batch for each event */
        start(&ground->nodes, alive[i]);
    }
    settle(&ground->nodes, SETTLE_MS);
    *state = ground;
    return 0;
}

static int
clear_ground(void **state)
{
    struct ground *ground = *state;

    nodes_done(&ground->nodes);
    scratch_remove(&ground->scratch);
    free(ground);
    return 0;
}

static struct souk_core_status
status_of(const struct nodes *nodes, uint32_t at)
{
    struct souk_core_status status;

    souk_core_status(nodes->nodes[at].core, &status);
    return status;
}

static uint32_t
epoch_of(const struct nodes *nodes, uint32_t at)
{
    const struct souk_core_status status = status_of(nodes, at);

    assert_int_equal(status.state, SOUK_CORE_LIVE);
    return status.epoch.counter;
}

static struct souk_position
cursor_of(const struct nodes *nodes, uint32_t at, const char *stream)
{
    struct souk_position position;
    const struct node *node = &nodes->nodes[at];

    assert_int_equal(node->core != NULL ? souk_core_cursor(node->core, stream, &position)
        : souk_recorder_cursor(node->recorder, stream, &position), 0);
    return position;
}

/* Each is one event of `orders`, without lines, and stock has none of it: one event of `stock` follows. */
static void
place_orders(struct nodes *nodes, uint64_t count)
{
    for (uint64_t order = 1; order <= count; order++) {
        const struct souk_id id = { { 1, (uint8_t)(order >> 8), (uint8_t)order } };

        nodes_command(nodes, NODE_ORDERS, &id, &order_place_type,
            &(struct order_place){ .order = order, .sku = 1, .units = 1, .price = 9 });
    }
}

/* ---- a store that is full --------------------------------------------- */

static bool
has_told_heads(const struct nodes *nodes, uint32_t at)
{
    for (const struct letter *letter = nodes->first; letter != NULL; letter = letter->next)
        if (letter->kind == LETTER_PUBLISHED && letter->from == at
            && souk_slice_equal(letter->frames[0], souk_wire_topic_heads()))
            return true;
    return false;
}

/* All that is under way is heard; what is answered to it waits in its machines. */
static void
deliver(struct nodes *nodes)
{
    struct letter *letter;

    while ((letter = nodes_take(nodes, 0)) != NULL) {
        nodes_hear(nodes, letter);
        letter_free(&letter);
    }
}

/* What was to leave with a commit that finds no room is dropped; heads are for those who know nothing of that commit. */
static void
heads_leave_though_their_round_is_aborted(void **state)
{
    struct nodes *nodes = &((struct ground *)*state)->nodes;

    place_orders(nodes, 1);
    deliver(nodes);
    souk_core_hear_subscriber(nodes->nodes[NODE_ORDERS].core);
    nodes->nodes[NODE_ORDERS].full_commits = 1;
    assert_int_equal(node_work(nodes, NODE_ORDERS), 0);
    assert_int_equal(nodes->nodes[NODE_ORDERS].full_commits, 0);
    assert_false(has_told_heads(nodes, NODE_ORDERS));
    assert_int_equal(node_work(nodes, NODE_ORDERS), 0);
    assert_true(has_told_heads(nodes, NODE_ORDERS));
    settle(nodes, SETTLE_MS);

    place_orders(nodes, 2);
    nodes->nodes[NODE_ARCHIVE].full_commits = 1;
    for (uint32_t round = 0; nodes->nodes[NODE_ARCHIVE].full_commits != 0; round++) {
        assert_true(round < ROUNDS_MAX);        /* a part of it is pulled */
        assert_int_equal(node_work(nodes, NODE_ORDERS), 0);
        deliver(nodes);
        souk_recorder_hear_subscriber(nodes->nodes[NODE_ARCHIVE].recorder);
        assert_int_equal(node_work(nodes, NODE_ARCHIVE), 0);
    }
    assert_false(has_told_heads(nodes, NODE_ARCHIVE));
    assert_int_equal(node_work(nodes, NODE_ARCHIVE), 0);
    assert_true(has_told_heads(nodes, NODE_ARCHIVE));
}

/* ---- a peer that lies ------------------------------------------------- */

/* The next batch of `orders`, as whoever has its key can make it: a cause is number 1 of an epoch of `stock`. */
static void
forge_cause(struct nodes *nodes, uint32_t counter)
{
    const struct souk_cause cause = { .stream = { "stock" }, .point = { { counter, "made up" }, 1 } };
    const struct souk_position after = cursor_of(nodes, NODE_STOCK, "orders");
    const struct souk_batch_place place = { .stream = { "orders" }, .epoch = after.epoch, .after = after,
        .time_ms = nodes_time(nodes).wall_ms, .commit = 1000 + after.number, .places = 1, .causes = &cause,
        .cause_count = 1 };
    const struct souk_event event = { .type = souk_slice_of("order.forged"), .key = souk_slice_of("1"),
        .payload = { "\x90", 1 }, .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of("mallory"),
            .id = { { 7 } } }, .correlation = { { 7 } }, .time_ms = place.time_ms, .version = 1 };
    struct souk_batch_builder builder;
    struct souk_position end;
    struct souk_slice frames[2];
    struct souk_pack pack;
    struct letter *letter;

    souk_batch_builder_init(&builder);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    assert_int_equal(souk_batch_builder_add(&builder, &event), 0);
    assert_int_equal(souk_batch_finish(&builder, &place, &pack, &end), 0);
    frames[0] = souk_wire_topic(&place.stream);
    frames[1] = souk_pack_slice(&pack);
    letter = letter_new(LETTER_PUBLISHED, NODE_ORDERS, NODE_STOCK, frames, 2);
    nodes_hear(nodes, letter);
    letter_free(&letter);
    souk_pack_done(&pack);
    souk_batch_builder_done(&builder);
}

/* What a peer's pull names, at the reader. */
static void
lie(struct nodes *nodes, uint32_t counter)
{
    souk_core_hear_foreign(nodes->nodes[NODE_STOCK].core, counter, nodes_time(nodes));
}

static void
a_counter_is_believed_so_far_ahead(void **state)
{
    struct nodes *nodes = &((struct ground *)*state)->nodes;

    lie(nodes, 1 + COUNTERS_MAX + 1);
    settle(nodes, 50);
    assert_int_equal(epoch_of(nodes, NODE_STOCK), 1);
    lie(nodes, 1 + COUNTERS_MAX);
    settle(nodes, 50);
    assert_int_equal(epoch_of(nodes, NODE_STOCK), 1 + COUNTERS_MAX + 1);
}

static void
who_lies_on_is_believed_once_a_minute(void **state)
{
    struct nodes *nodes = &((struct ground *)*state)->nodes;
    uint64_t apart_ms = SOUK_CORE_FOREIGN_APART_MS;
    uint32_t epoch = 1;

    for (int i = 0; i < 9; i++) {
        const uint64_t said_ms = nodes->now_ms;

        lie(nodes, epoch + COUNTERS_MAX);
        settle(nodes, 50);
        epoch += COUNTERS_MAX + 1;
        assert_int_equal(epoch_of(nodes, NODE_STOCK), epoch);
        settle(nodes, apart_ms - 1 - (nodes->now_ms - said_ms));
        lie(nodes, epoch);
        assert_int_equal(epoch_of(nodes, NODE_STOCK), epoch);
        nodes->now_ms++;
        assert_int_equal(nodes->now_ms - said_ms, apart_ms);
        apart_ms = 2 * apart_ms < SOUK_CORE_FOREIGN_APART_MS_MAX ? 2 * apart_ms : SOUK_CORE_FOREIGN_APART_MS_MAX;
    }
    assert_int_equal(apart_ms, SOUK_CORE_FOREIGN_APART_MS_MAX);
    settle(nodes, SOUK_CORE_FOREIGN_APART_MS_MAX + 1);      /* nobody has lied for so long: the first word is new */
    for (int i = 0; i < 2; i++) {
        lie(nodes, epoch++);
        settle(nodes, SOUK_CORE_FOREIGN_APART_MS);
        assert_int_equal(epoch_of(nodes, NODE_STOCK), epoch);
    }
}

static void
causes_that_are_made_up_count_no_more_often(void **state)
{
    struct nodes *nodes = &((struct ground *)*state)->nodes;
    const uint64_t applied = status_of(nodes, NODE_STOCK).events_applied;
    uint64_t said_ms;

    place_orders(nodes, 1);
    settle(nodes, 50);
    assert_true(status_of(nodes, NODE_STOCK).events_applied > applied);
    said_ms = nodes->now_ms;
    forge_cause(nodes, 1 + COUNTERS_MAX);
    settle(nodes, 50);
    assert_int_equal(epoch_of(nodes, NODE_STOCK), 1 + COUNTERS_MAX + 1);

    forge_cause(nodes, 1 + 2 * COUNTERS_MAX);
    settle(nodes, SOUK_CORE_FOREIGN_APART_MS - 1 - (nodes->now_ms - said_ms));
    assert_int_equal(epoch_of(nodes, NODE_STOCK), 1 + COUNTERS_MAX + 1);
    lie(nodes, 1 + 2 * COUNTERS_MAX);               /* nor does what somebody else says in between */
    assert_int_equal(epoch_of(nodes, NODE_STOCK), 1 + COUNTERS_MAX + 1);
    settle(nodes, SETTLE_MS);                       /* with the next round, a head's time away at most */
    assert_int_equal(epoch_of(nodes, NODE_STOCK), 1 + 2 * COUNTERS_MAX + 1);
}

/* ---- many commits for one thing -------------------------------------- */

/* What stock publishes reaches the event store, and nobody else gets anything. */
static void
let_archive_record(struct nodes *nodes)
{
    struct letter *letter;

    while ((letter = nodes_take(nodes, 0)) != NULL) {
        if (letter->to == NODE_ARCHIVE && letter->kind == LETTER_PUBLISHED)
            nodes_hear(nodes, letter);
        letter_free(&letter);
    }
    while (node_wants_work(nodes, NODE_ARCHIVE)) {
        assert_int_equal(node_work(nodes, NODE_ARCHIVE), 0);
        while ((letter = nodes_take(nodes, 0)) != NULL)
            letter_free(&letter);
    }
}

/*
 * Orders and the event store lose their disks, so the orders never were. Stock
 * tells itself of each, which takes two commits, and loses its own disk between them.
 */
static void
losses_are_told_though_the_disk_goes_between(void **state)
{
    struct nodes *nodes = &((struct ground *)*state)->nodes;
    struct souk_position before, half;
    uint64_t told;

    place_orders(nodes, MANY_ORDERS);
    settle(nodes, 300);
    before = cursor_of(nodes, NODE_STOCK, "stock");
    assert_int_equal(before.number, MANY_ORDERS);
    node_stop(nodes, NODE_ORDERS);
    node_stop(nodes, NODE_ARCHIVE);
    node_wipe(nodes, NODE_ORDERS);
    node_wipe(nodes, NODE_ARCHIVE);
    start(nodes, NODE_ARCHIVE);
    settle(nodes, SETTLE_MS);                       /* it has what stock has */
    assert_true(souk_epoch_equal(cursor_of(nodes, NODE_ARCHIVE, "stock").epoch, before.epoch));
    start(nodes, NODE_ORDERS);
    for (uint32_t i = 0; i < ROUNDS_MAX && status_of(nodes, NODE_STOCK).rewound == 0; i++) {
        struct letter *letter = nodes_take(nodes, 0);

        if (letter != NULL) {
            nodes_hear(nodes, letter);
            letter_free(&letter);
            assert_int_equal(node_work(nodes, NODE_ORDERS), 0);
            assert_int_equal(node_work(nodes, NODE_ARCHIVE), 0);
        } else {
            nodes->now_ms++;
            assert_int_equal(node_work(nodes, NODE_ORDERS), 0);
            assert_int_equal(node_work(nodes, NODE_ARCHIVE), 0);
        }
        assert_int_equal(node_work(nodes, NODE_STOCK), 0);
    }
    told = status_of(nodes, NODE_STOCK).rewound;
    assert_in_range(told, 1, MANY_ORDERS - 1);
    half = cursor_of(nodes, NODE_STOCK, "stock");
    assert_int_equal(half.number, MANY_ORDERS + told);
    let_archive_record(nodes);
    assert_int_equal(cursor_of(nodes, NODE_ARCHIVE, "stock").number, half.number);

    node_stop(nodes, NODE_STOCK);
    node_wipe(nodes, NODE_STOCK);
    start(nodes, NODE_STOCK);
    settle(nodes, 2 * SETTLE_MS);
    assert_int_equal(status_of(nodes, NODE_STOCK).rewound, MANY_ORDERS - told);
    assert_int_equal(cursor_of(nodes, NODE_STOCK, "stock").number, 2 * MANY_ORDERS);

    node_stop(nodes, NODE_STOCK);                   /* all was told by now: no more of it */
    node_wipe(nodes, NODE_STOCK);
    start(nodes, NODE_STOCK);
    settle(nodes, 2 * SETTLE_MS);
    assert_int_equal(cursor_of(nodes, NODE_STOCK, "stock").number, 2 * MANY_ORDERS);
}

/* Reactions that turn out not to be owed need memory, too: a round ends before its own does. */
static void
what_is_owed_fits_many_rounds(void **state)
{
    struct nodes *nodes = &((struct ground *)*state)->nodes;
    struct souk_position before;

    place_orders(nodes, MANY_ORDERS);
    settle(nodes, 300);
    before = cursor_of(nodes, NODE_STOCK, "stock");
    assert_int_equal(before.number, MANY_ORDERS);
    node_stop(nodes, NODE_STOCK);
    node_wipe(nodes, NODE_STOCK);
    nodes->nodes[NODE_STOCK].wiring.limits.round_bytes_max = ROUND_BYTES;
    start(nodes, NODE_STOCK);
    settle(nodes, SETTLE_MS);
    assert_true(epoch_of(nodes, NODE_STOCK) > before.epoch.counter);
    assert_int_equal(cursor_of(nodes, NODE_STOCK, "stock").number, MANY_ORDERS);
    place_orders(nodes, MANY_ORDERS + 1);           /* one more than before: it is reacted to, as nothing else is */
    settle(nodes, 300);
    assert_int_equal(cursor_of(nodes, NODE_STOCK, "stock").number, MANY_ORDERS + 1);
}

int
main(void)
{
#define ON(test) cmocka_unit_test_setup_teardown(test, make_ground, clear_ground)
    const struct CMUnitTest tests[] = {
        ON(heads_leave_though_their_round_is_aborted),
        ON(a_counter_is_believed_so_far_ahead),
        ON(who_lies_on_is_believed_once_a_minute),
        ON(causes_that_are_made_up_count_no_more_often),
        ON(losses_are_told_though_the_disk_goes_between),
        ON(what_is_owed_fits_many_rounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
