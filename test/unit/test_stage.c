/*
 * The test kit itself: stories of a small inventory (stage_inventory.c), alone
 * and with the orders service below, as authors of services would write them.
 * What a report looks like when a story is not as told is at the end.
 */
#include "stage_inventory.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <souk-stage.h>

#include "souk_directory.h"
#include "souk_log.h"
#include "stage.h"

#define HOLD "900000"                   /* STAGE_HOLD_MS */

/* What config->fail was told, where a test wants to see it. */
struct caught {
    unsigned count;
    char report[4096];
};

/* ---- orders, a second service --------------------------------------- */

static int
decide_place(const struct souk_view *view, const struct orders_place *command, struct souk_decision *decision)
{
    return emit_orders_placed(decision, &(struct orders_placed){ .order_id = souk_decision_new_id(decision),
        .sku = command->sku, .units = command->units });
}

static int
decide_cancel(const struct souk_view *view, const struct orders_cancel *command, struct souk_decision *decision)
{
    return emit_orders_cancelled(decision, &(struct orders_cancelled){ .order_id = command->order_id });
}

static int
react_reserved(const struct souk_view *view, const struct inventory_reserved *event, struct souk_decision *decision)
{
    return emit_orders_confirmed(decision, &(struct orders_confirmed){ .order_id = event->order_id });
}

static int
apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event)
{
    return confirmation_put(tables, &(struct confirmation){ .order_id = event->order_id });
}

/* What no service may do: it remembers something outside of its tables. */
static int
apply_confirmed_and_count(struct souk_tables *tables, const struct orders_confirmed *event)
{
    static uint32_t rank;

    return confirmation_put(tables, &(struct confirmation){ .order_id = event->order_id, .rank = rank++ });
}

static const struct souk_table_def orders_tables[] = {
    { "confirmations", STREAM_ORDERS },
    { 0 },
};

static const struct souk_handler orders_handlers[] = {
    SOUK_DECIDE(orders_place, decide_place),
    SOUK_DECIDE(orders_cancel, decide_cancel),
    SOUK_REACT(inventory_reserved, react_reserved),
    SOUK_APPLY(orders_confirmed, apply_confirmed),
    { 0 },
};

static const struct souk_handler counting_handlers[] = {
    SOUK_DECIDE(orders_place, decide_place),
    SOUK_REACT(inventory_reserved, react_reserved),
    SOUK_APPLY(orders_confirmed, apply_confirmed_and_count),
    { 0 },
};

/* What no apply may do: it writes a table that another stream feeds, one that is nowhere, and one of an index. */
static int
apply_placed_elsewhere(struct souk_tables *tables, const struct orders_placed *event)
{
    return confirmation_put(tables, &(struct confirmation){ .order_id = event->order_id });
}

static int
apply_placed_nowhere(struct souk_tables *tables, const struct orders_placed *event)
{
    return souk_tables_put(tables, "nowhere", event->sku, event->sku);
}

static int
apply_placed_into_index(struct souk_tables *tables, const struct orders_placed *event)
{
    return souk_tables_put(tables, "index", event->sku, event->sku);
}

static int
remove_placed_elsewhere(struct souk_tables *tables, const struct orders_placed *event)
{
    return souk_tables_delete(tables, "confirmations", event->sku);
}

static int
index_nothing(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    return 0;
}

static int
decide_nothing(const struct souk_view *view, const struct orders_cancel *command, struct souk_decision *decision)
{
    return -SOUK_EHANDLER;
}

/* Positive, and nothing was refused: no handler may return that. */
static int
decide_in_doubt(const struct souk_view *view, const struct orders_place *command, struct souk_decision *decision)
{
    return SOUK_REFUSED;
}

/* What was emitted before a refusal does not happen. */
static int
decide_too_late(const struct souk_view *view, const struct orders_cancel *command, struct souk_decision *decision)
{
    int rc = emit_orders_cancelled(decision, &(struct orders_cancelled){ .order_id = command->order_id });

    return rc != 0 ? rc : souk_refuse(decision, INVENTORY_SOLD_OUT);
}

static int
apply_placed_and_wait(struct souk_tables *tables, const struct orders_placed *event)
{
    return souk_timer_set(tables, "mood", event->sku, souk_tables_time_ms(tables) + 1000);
}

static int
react_to_nothing(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    return -SOUK_EHANDLER;
}

static const struct souk_handler failing_handlers[] = {
    SOUK_DECIDE(orders_place, decide_place),
    SOUK_DECIDE(orders_cancel, decide_nothing),
    SOUK_APPLY(orders_placed, apply_placed_and_wait),
    SOUK_REACT_TIMER("mood", react_to_nothing),
    { 0 },
};

static const struct souk_handler doubtful_handlers[] = {
    SOUK_DECIDE(orders_place, decide_in_doubt),
    SOUK_DECIDE(orders_cancel, decide_too_late),
    { 0 },
};

static const struct souk_service stage_doubtful_orders = { .name = "orders", .version = 1,
    .handlers = doubtful_handlers };
static const struct souk_service stage_failing_orders = { .name = "orders", .version = 1,
    .handlers = failing_handlers };
static const struct souk_service stage_orders = { .name = "orders", .version = 1, .handlers = orders_handlers,
    .tables = orders_tables };
static const struct souk_service stage_counting_orders = { .name = "orders", .version = 1,
    .handlers = counting_handlers, .tables = orders_tables };

/* ---- stages --------------------------------------------------------- */

static const struct souk_stage_service inventory_alone[] = { { .service = &stage_inventory }, { 0 } };
static const struct souk_stage_service inventory_and_orders[] = { { .service = &stage_inventory },
    { .service = &stage_orders }, { 0 } };

/* As an author would have it: the report, then cmocka's way out. */
static void
fail_test(const char *report, void *arg)
{
    (void)fputs(report, stderr);
    fail();
}

static void
catch_report(const char *report, void *arg)
{
    struct caught *caught = arg;

    caught->count++;
    (void)snprintf(caught->report, sizeof caught->report, "%s", report);
}

static struct souk_stage *
open_stage(const struct souk_stage_config *config)
{
    struct souk_stage *stage = NULL;
    struct souk_error err;

    if (souk_stage_open(config, &stage, &err) != 0)
        fail_msg("%s", err.text);
    return stage;
}

static int
inventory_stage(void **state)
{
    *state = open_stage(&(struct souk_stage_config){ .services = inventory_alone, .messages = &stage_messages,
        .fail = fail_test });
    return 0;
}

static int
inventory_stage_with_event_store(void **state)
{
    *state = open_stage(&(struct souk_stage_config){ .services = inventory_alone, .messages = &stage_messages,
        .event_store = true, .fail = fail_test });
    return 0;
}

static int
both_on_stage(void **state)
{
    *state = open_stage(&(struct souk_stage_config){ .services = inventory_and_orders, .messages = &stage_messages,
        .fail = fail_test });
    return 0;
}

static int
close_stage(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_close(&stage);
    assert_null(stage);
    return 0;
}

/* ---- commands, time, queries ---------------------------------------- */

/* The reply to the first request was lost; the shopper's page asks again. */
static void
asking_twice_holds_once(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=3");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
    souk_stage_elapse(stage, 400 /* ms */);
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=" HOLD "\n"
        "[   0] reply accepted inventory=2\n"
        "[ 400] reply accepted inventory=2\n");
}

/* An id stands for one command of one caller: the runtime sees to it, the handler is not asked. */
static void
an_id_has_one_effect(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send_as(stage, "ann", 1, "inventory.receive sku=tea units=3");
    souk_stage_send_as(stage, "ann", 1, "inventory.receive sku=tea units=3");
    souk_stage_send_as(stage, "ann", 1, "inventory.receive sku=tea units=4");
    souk_stage_send_as(stage, "bob", 1, "inventory.receive sku=tea units=4");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] reply key_reused\n"
        "[   0] inventory 2 received sku=tea units=4\n"
        "[   0] reply accepted inventory=2\n");
}

static void
each_refusal_is_said(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=1");
    souk_stage_send(stage, "inventory.receive sku=tea units=3");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=0");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=1001");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=4");
    souk_stage_expect(stage,
        "[   0] reply refused unknown_sku\n"
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] reply refused bad_units\n"
        "[   0] reply refused bad_units\n"
        "[   0] reply refused sold_out\n");
}

/* Nothing else has to happen for a timer to be seen. */
static void
a_hold_expires_in_silence(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=9");
    souk_stage_send(stage, "inventory.reserve order=8 sku=tea units=2");
    souk_stage_elapse(stage, UINT64_C(24) * 3600 * 1000);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=9\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=8 sku=tea units=2 expires=900000\n"
        "[   0] reply accepted inventory=2\n"
        "[900000] inventory 3 released order=8 sku=tea units=2 reason=expired\n");
}

/* A story may let years pass: only what is due is done. */
static void
holds_expire_in_their_order(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=9");
    souk_stage_send(stage, "inventory.reserve order=8 sku=tea units=2");
    souk_stage_elapse(stage, 10);
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=1");
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_elapse(stage, STAGE_HOLD_MS - 11);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=9\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=8 sku=tea units=2 expires=900000\n"
        "[   0] reply accepted inventory=2\n"
        "[  10] inventory 3 reserved order=7 sku=tea units=1 expires=900010\n"
        "[  10] reply accepted inventory=3\n"
        "[  10] answer units_on_hand=9 units_held=3\n");
    souk_stage_elapse(stage, UINT64_C(365) * 24 * 3600 * 1000);
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_expect(stage,
        "[900000] inventory 4 released order=8 sku=tea units=2 reason=expired\n"
        "[900010] inventory 5 released order=7 sku=tea units=1 reason=expired\n"
        "[31536899999] answer units_on_hand=9 units_held=0\n");
}

static void
times_count_from_the_start(void **state)
{
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = inventory_alone,
        .messages = &stage_messages, .start_ms = 1800000000000, .fail = fail_test });

    *state = stage;
    souk_stage_send(stage, "inventory.receive sku=tea units=3");
    souk_stage_elapse(stage, 5);
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=1");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] reply accepted inventory=1\n"
        "[   5] inventory 2 reserved order=7 sku=tea units=1 expires=1800000900005\n"
        "[   5] reply accepted inventory=2\n");
}

/* A private stream is seen by nobody but its writer, and by the test. */
static void
a_private_stream_is_in_the_trace(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=3 cost=-250EUR");
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_ask(stage, "inventory.article sku=coffee");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] inventory.private 1 bought sku=tea cost=-250EUR\n"
        "[   0] reply accepted inventory=1 inventory.private=1\n"
        "[   0] answer units_on_hand=3 units_held=0 cost=-250EUR\n"
        "[   0] answer refused unknown_sku\n");
}

/* ---- messages as text ----------------------------------------------- */

static void
each_type_has_a_text(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.describe sku='green tea' title=\"Ann's \\\"best\\\"\\x07\\n\""
        " tags=[hot,'a, b','']"
        " package={label='' width_mm=1 height_mm=2} variants=[{label=a width_mm=1 height_mm=2}, {label=b width_mm=3"
        " height_mm=4}] reason=lost fragile=true price=-1250EUR deposit=-9223372036854775808"
        " serial=18446744073709551615 since=1800000000000"
        " similar_ids=[3,0190A0B0-c0d0-7000-8000-0123456789ab] photo=AAH_");
    souk_stage_send(stage, "  inventory.describe  sku=tea \n title=Tea since_ms=5 ");
    souk_stage_expect(stage,
        "[   0] inventory 1 described sku='green tea' title=\"Ann's \\\"best\\\"\\x07\\n\" tags=[hot,'a, b','']"
        " package={label='' width_mm=1 height_mm=2} variants=[{label=a width_mm=1 height_mm=2},{label=b width_mm=3"
        " height_mm=4}] reason=lost fragile=true price=-1250EUR deposit=-9223372036854775808"
        " serial=18446744073709551615 since=1800000000000"
        " similar_ids=[3,0190a0b0-c0d0-7000-8000-0123456789ab] photo=AAH_\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 described sku=tea title=Tea tags=[] variants=[] reason=expired fragile=false price=0EUR"
        " deposit=0 serial=0 since=5 similar_ids=[] photo=''\n"
        "[   0] reply accepted inventory=2\n");
}

static void
json_says_the_same(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send_json(stage, "inventory.receive",
        "{\"sku\": \"tea\", \"units\": 3, \"cost\": {\"minor\": 5, \"currency\": \"EUR\"}}");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] inventory.private 1 bought sku=tea cost=5EUR\n"
        "[   0] reply accepted inventory=1 inventory.private=1\n");
}

/* What cannot be meant is said with the place in the text, and nothing happens. */
static void
text_that_cannot_be_meant(void **state)
{
    static const struct {
        const char *message, *sentence;
    } cases[] = {
        { "", "there is no such command" },
        { "inventory.recieve sku=tea units=3", "there is no such command; did you mean inventory.receive?" },
        { "inventory.article sku=tea", "it is no command, it is described as a query" },
        { "inventory.receive sku=tea", "inventory.receive.units: is missing" },
        { "inventory.receive sku=tea units=3 sku=tea", "`sku` comes twice" },
        { "inventory.receive sku=tea unit=3", "column 27, at \"unit=3\": inventory.receive has no field `unit`; did you"
            " mean `units`?" },
        { "inventory.receive sku=tea units", "column 27, at \"units\": field=value is meant" },
        { "inventory.receive sku=tea =3", "column 27, at \"=3\": field=value is meant" },
        { "inventory.receive sku=tea units=", "column 33, at \"\": a value is meant" },
        { "inventory.receive sku=tea units=three", "at \"three\": this cannot be `units`" },
        { "inventory.receive sku=tea units=-", "at \"-\": this cannot be `units`" },
        { "inventory.receive sku=tea units=99999999999999999999", "a whole number from 1 to 1000000 is meant" },
        { "inventory.receive sku=tea units=0", "a whole number from 1 to 1000000 is meant, not 0" },
        { "inventory.receive sku='tea units=3", "the closing ' is missing" },
        { "inventory.receive sku='te\\a' units=3", "behind a backslash" },
        { "inventory.receive sku='te\\x0' units=3", "behind a backslash" },
        { "inventory.receive sku='\\xff' units=3", "this cannot be `sku`" },
        { "inventory.receive sku=tea units=3 cost=EUR", "this cannot be `cost`" },
        { "inventory.receive sku=tea units=3 cost=5eur", "this cannot be `cost`" },
        { "inventory.receive sku=tea units=3 cost=5", "this cannot be `cost`" },
        { "inventory.reserve order=seven sku=tea units=3", "inventory.reserve.order_id: " },
        { "inventory.reserve order=#1 sku=tea units=3", "this cannot be `order_id`" },
        { "inventory.describe sku=a title=b tags=c", "`tags` is a list" },
        { "inventory.describe sku=a title=b tags=[c", "a comma or the end of the list" },
        { "inventory.describe sku=a title=b tags=[c,]", "a value is meant" },
        { "inventory.describe sku=a title=b tags=[1,2,3,4,5]", "inventory.describe.tags: " },
        { "inventory.describe sku=a title=b package=5", "`package` is a measure" },
        { "inventory.describe sku=a title=b package={label=x", "field=value is meant" },
        { "inventory.describe sku=a title=b fragile=maybe", "this cannot be `fragile`" },
        { "inventory.describe sku=a title=b reason=bored", "inventory.describe.reason: one of expired" },
        { "inventory.describe sku=a title=b photo=***", "inventory.describe.photo: " },
        { "suppliers.order sku=a units=1", "the service that takes it is not on the stage" },
    };
    struct caught caught = { 0 };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = inventory_alone,
        .messages = &stage_messages, .fail = catch_report, .fail_arg = &caught });

    *state = stage;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        souk_stage_send(stage, cases[i].message);
        assert_int_equal(caught.count, i + 1);
        if (strstr(caught.report, cases[i].sentence) == NULL)
            fail_msg("\"%s\" gave: %s", cases[i].message, caught.report);
    }
    assert_null(souk_stage_differs(stage, ""));
}

/* Ids that handlers draw are numbered as they come into sight; a test names them by that. */
static void
drawn_ids_have_numbers(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "orders.place sku=tea units=1");
    souk_stage_send(stage, "inventory.receive sku=tea units=2");
    souk_stage_send(stage, "orders.place sku=tea units=1");
    souk_stage_send(stage, "orders.cancel order=#2");
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=#1 sku=tea units=1\n"
        "[   0] reply accepted orders=1\n"
        "[   0] parked inventory orders 1 placed order=#1 sku=tea units=1: no article tea\n"
        "[   0] inventory 1 received sku=tea units=2\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 2 placed order=#2 sku=tea units=1\n"
        "[   0] reply accepted orders=2\n"
        "[   0] inventory 2 reserved order=#2 sku=tea units=1 expires=900000\n"
        "[   0] orders 3 confirmed order=#2\n"
        "[   0] orders 4 cancelled order=#2\n"
        "[   0] reply accepted orders=4\n"
        "[   0] inventory 3 released order=#2 sku=tea units=1 reason=cancelled\n");
}

/* ---- streams of others ---------------------------------------------- */

/* The stage plays the writer of orders; an index joins its stream with the own one. */
static void
a_followed_event_is_reacted_to(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_publish(stage, "orders.placed order=8 sku=tea units=4");
    souk_stage_ask(stage, "inventory.wanted sku=tea");
    souk_stage_publish(stage, "orders.cancelled order=7");
    souk_stage_publish(stage, "orders.cancelled order=8");
    souk_stage_ask(stage, "inventory.wanted sku=tea");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] orders 2 placed order=8 sku=tea units=4\n"
        "[   0] answer orders=[8]\n"
        "[   0] orders 3 cancelled order=7\n"
        "[   0] inventory 3 released order=7 sku=tea units=2 reason=cancelled\n"
        "[   0] orders 4 cancelled order=8\n"
        "[   0] answer orders=[]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* An event that its handler fails on is parked, and later ones of its key wait behind it. */
static void
what_fails_is_parked(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_publish(stage, "orders.cancelled order=7");
    souk_stage_retry_parked(stage, "inventory");
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] parked inventory orders 1 placed order=7 sku=tea units=2: no article tea\n"
        "[   0] orders 2 cancelled order=7\n"
        "[   0] parked inventory orders 2 cancelled order=7: waits behind a parked event of its key\n"
        "[   0] failed inventory parked\n");
    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_retry_parked(stage, "inventory");
    souk_stage_publish(stage, "orders.placed order=8 sku=milk units=2");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] inventory 3 released order=7 sku=tea units=2 reason=cancelled\n"
        "[   0] orders 3 placed order=8 sku=milk units=2\n"
        "[   0] parked inventory orders 3 placed order=8 sku=milk units=2: no article milk\n");
}

static void
handlers_that_fail_are_seen(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &stage_failing_orders }, { 0 } };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = services,
        .messages = &stage_messages, .fail = fail_test });

    *state = stage;
    souk_stage_send(stage, "orders.cancel order=7");
    souk_stage_send(stage, "orders.place sku=tea units=1");
    souk_stage_elapse(stage, 5000);
    souk_stage_send(stage, "orders.place sku=milk units=1");
    souk_stage_elapse(stage, 5000);
    souk_stage_expect(stage,
        "[   0] reply internal\n"
        "[   0] orders 1 placed order=#1 sku=tea units=1\n"
        "[   0] reply accepted orders=1\n"
        "[1000] failed orders timer mood\n"
        "[5000] orders 2 placed order=#2 sku=milk units=1\n"
        "[5000] reply accepted orders=2\n"
        "[6000] failed orders timer mood\n");
}

static void
a_refusal_is_not_a_fault(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &stage_doubtful_orders }, { 0 } };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = services,
        .messages = &stage_messages, .fail = fail_test });

    *state = stage;
    souk_stage_send(stage, "orders.place sku=tea units=1");
    souk_stage_send(stage, "orders.cancel order=7");
    souk_stage_expect(stage,
        "[   0] reply internal\n"
        "[   0] reply refused inventory.sold_out\n");
}

/* Nobody's tables are wrong for longer than it takes to see it: the process ends in the transaction that would do it. */
static void
an_apply_writes_tables_of_its_stream_only(void **state)
{
    static const struct souk_table_def fed_by_inventory[] = { { "confirmations", STREAM_INVENTORY }, { 0 } };
    static const struct souk_index_def indexes[] = { { "index", index_nothing }, { 0 } };
    static const struct {
        int (*apply)(struct souk_tables *tables, const struct orders_placed *event);
        const struct souk_table_def *tables;
        bool ends;
    } cases[] = {
        { apply_placed_elsewhere, orders_tables, false },
        { apply_placed_elsewhere, fed_by_inventory, true },
        { remove_placed_elsewhere, fed_by_inventory, true },
        { apply_placed_nowhere, orders_tables, true },
        { apply_placed_into_index, orders_tables, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct souk_handler handlers[] = { SOUK_DECIDE(orders_place, decide_place),
            SOUK_APPLY(orders_placed, cases[i].apply), { 0 } };
        const struct souk_service orders = { .name = "orders", .version = 1, .handlers = handlers,
            .tables = cases[i].tables, .indexes = indexes };
        const struct souk_stage_service services[] = { { .service = &stage_inventory }, { .service = &orders }, { 0 } };
        int status;
        pid_t pid;

        (void)fflush(NULL);
        assert_true((pid = fork()) >= 0);
        if (pid == 0) {
            struct souk_stage *stage;
            struct souk_error err;

            (void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
            if (freopen("/dev/null", "w", stderr) == NULL || souk_stage_open(&(struct souk_stage_config){
                    .services = services, .messages = &stage_messages, .fail = fail_test }, &stage, &err) != 0)
                _exit(EXIT_FAILURE);
            souk_stage_send(stage, "orders.place sku=tea units=1");
            souk_stage_close(&stage);
            _exit(EXIT_SUCCESS);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (cases[i].ends)
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        else
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    }
}

/* The writer loses what was acted on: the hold ends, for a reason of its own. */
static void
a_lost_order_is_let_go(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=1");
    souk_stage_publish(stage, "orders.placed order=8 sku=tea units=1");
    souk_stage_publish(stage, "orders.placed order=9 sku=tea units=1");
    souk_stage_lose(stage, "orders", 2);
    souk_stage_publish(stage, "orders.placed order=10 sku=tea units=1");
    souk_stage_lose(stage, "orders", 1);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=1 expires=900000\n"
        "[   0] orders 2 placed order=8 sku=tea units=1\n"
        "[   0] inventory 3 reserved order=8 sku=tea units=1 expires=900000\n"
        "[   0] orders 3 placed order=9 sku=tea units=1\n"
        "[   0] inventory 4 reserved order=9 sku=tea units=1 expires=900000\n"
        "[   0] orders epoch 2 behind 1\n"
        "[   0] inventory 5 released order=8 sku=tea units=1 reason=lost\n"
        "[   0] inventory 6 released order=9 sku=tea units=1 reason=lost\n"
        "[   0] orders 2 placed order=10 sku=tea units=1\n"
        "[   0] inventory 7 reserved order=10 sku=tea units=1 expires=900000\n"
        "[   0] orders epoch 3 behind 1\n"
        "[   0] inventory 8 released order=10 sku=tea units=1 reason=lost\n");
    souk_stage_expect_same_tables(stage, "inventory");
}

/* ---- requests to others --------------------------------------------- */

/* Suppliers do not answer at first; they are asked again until they do. */
static void
a_request_is_repeated_until_it_is_answered(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=2");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
    souk_stage_elapse(stage, 3000);
    souk_stage_answer_requests(stage, "suppliers.order", "busy");
    souk_stage_elapse(stage, 3000);
    souk_stage_answer_requests(stage, "suppliers.order", "accepted");
    souk_stage_elapse(stage, 3000);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=2\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] inventory 3 ran_out sku=tea call=#1\n"
        "[   0] reply accepted inventory=3\n"
        "[   0] request suppliers order sku=tea units=100\n"
        "[4000] outcome suppliers order busy\n"
        "[6000] outcome suppliers order busy\n"
        "[8000] outcome suppliers order accepted\n"
        "[8000] inventory 4 promised sku=tea\n");
}

static void
a_request_is_refused(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_answer_requests(stage, "suppliers.order", "refused discontinued");
    souk_stage_send(stage, "inventory.receive sku=tea units=2");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
    souk_stage_answer_requests(stage, "suppliers.order", "silence");
    souk_stage_send(stage, "inventory.receive sku=milk units=2");
    souk_stage_send(stage, "inventory.reserve order=8 sku=milk units=2");
    souk_stage_elapse(stage, 10000);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=2\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] inventory 3 ran_out sku=tea call=#1\n"
        "[   0] reply accepted inventory=3\n"
        "[   0] request suppliers order sku=tea units=100\n"
        "[   0] outcome suppliers order refused discontinued\n"
        "[   0] inventory 4 abandoned sku=tea code=suppliers.discontinued\n"
        "[   0] inventory 5 received sku=milk units=2\n"
        "[   0] reply accepted inventory=5\n"
        "[   0] inventory 6 reserved order=8 sku=milk units=2 expires=900000\n"
        "[   0] inventory 7 ran_out sku=milk call=#2\n"
        "[   0] reply accepted inventory=7\n"
        "[   0] request suppliers order sku=milk units=100\n");
}

/* ---- crashes -------------------------------------------------------- */

/* It was on disk, and nobody was told: the page that asks again gets what was decided. */
static void
killed_between_commit_and_send(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_crash(stage, "inventory", SOUK_STAGE_BEFORE_SEND);
    souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=3");
    souk_stage_elapse(stage, 2000);
    souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=3");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] inventory crashes\n"
        "[2000] reply accepted inventory=1\n");
}

static void
killed_before_the_commit(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_crash(stage, "inventory", SOUK_STAGE_BEFORE_COMMIT);
    souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=3");
    souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=3");
    souk_stage_expect(stage,
        "[   0] inventory crashes\n"
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] reply accepted inventory=1\n");
}

/* Timers, requests and what was followed are in the store; the supplier is asked again under the same id. */
static void
nothing_is_forgotten_in_a_crash(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=2");
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_answer_requests(stage, "suppliers.order", "accepted");
    souk_stage_crash(stage, "inventory", SOUK_STAGE_NOW);
    souk_stage_elapse(stage, STAGE_HOLD_MS);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=2\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] inventory 3 ran_out sku=tea call=#1\n"
        "[   0] request suppliers order sku=tea units=100\n"
        "[   0] inventory crashes\n"
        "[   0] outcome suppliers order accepted\n"
        "[   0] inventory 4 promised sku=tea\n"
        "[900000] inventory 5 released order=7 sku=tea units=2 reason=expired\n");
}

/* The reaction was not on disk: the event is pulled again, and reacted to once. */
static void
killed_while_it_follows(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_crash(stage, "inventory", SOUK_STAGE_BEFORE_COMMIT);
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_crash(stage, "inventory", SOUK_STAGE_BEFORE_SEND);
    souk_stage_publish(stage, "orders.placed order=8 sku=tea units=2");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] inventory crashes\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] orders 2 placed order=8 sku=tea units=2\n"
        "[   0] inventory 3 reserved order=8 sku=tea units=2 expires=900000\n"
        "[   0] inventory crashes\n");
}

/* ---- lost stores ---------------------------------------------------- */

static void
the_event_store_gives_the_past_back(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5 cost=250EUR");
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_wipe(stage, "inventory");
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_send_as(stage, "page", 1, "inventory.reserve order=8 sku=tea units=2");
    souk_stage_elapse(stage, STAGE_HOLD_MS);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] inventory.private 1 bought sku=tea cost=250EUR\n"
        "[   0] reply accepted inventory=1 inventory.private=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] inventory epoch 2 behind 2\n"
        "[   0] inventory.private epoch 2 behind 1\n"
        "[   0] answer units_on_hand=5 units_held=2 cost=250EUR\n"
        "[   0] inventory 3 reserved order=8 sku=tea units=2 expires=900000\n"
        "[   0] reply accepted inventory=3\n"
        "[900000] inventory 4 released order=7 sku=tea units=2 reason=expired\n"
        "[900000] inventory 5 released order=8 sku=tea units=2 reason=expired\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Neither the event store's own troubles nor those of a played writer with it are felt. */
static void
an_event_store_can_be_lost_too(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_crash(stage, SOUK_STAGE_EVENT_STORE, SOUK_STAGE_NOW);
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=1");
    souk_stage_wipe(stage, SOUK_STAGE_EVENT_STORE);
    souk_stage_publish(stage, "orders.placed order=8 sku=tea units=1");
    souk_stage_lose(stage, "orders", 1);
    souk_stage_elapse(stage, 10000);
    souk_stage_wipe(stage, "inventory");
    souk_stage_elapse(stage, 10000);
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] eventstore crashes\n"
        "[   0] orders 1 placed order=7 sku=tea units=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=1 expires=900000\n"
        "[   0] orders 2 placed order=8 sku=tea units=1\n"
        "[   0] inventory 3 reserved order=8 sku=tea units=1 expires=900000\n"
        "[   0] orders epoch 2 behind 1\n"
        "[   0] inventory 4 released order=8 sku=tea units=1 reason=lost\n"
        "[10000] inventory epoch 2 behind 4\n"
        "[10000] inventory.private epoch 2 behind 0\n"
        "[20000] answer units_on_hand=5 units_held=1\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Where the event store of a recorded past stands in a stream. */
static uint64_t
recorded_head(struct souk_txn *txn, const char *stream)
{
    struct souk_position head;
    struct souk_name name;
    struct souk_log log;

    assert_int_equal(souk_name_set(&name, souk_slice_of(stream)), 0);
    assert_int_equal(souk_log_open(txn, &name, &log), 0);
    assert_int_equal(souk_log_head(txn, &log, &head, NULL), 0);
    return head.number;
}

/* A past that is lived through quickly, without a trace of what went well, and left for others. */
static void
a_past_is_recorded(void **state)
{
    const char *const tmpdir = getenv("TMPDIR");
    struct caught caught = { 0 };
    struct souk_stage *stage = *state = open_stage(&(struct souk_stage_config){ .services = inventory_alone,
        .messages = &stage_messages, .quiet = true, .fail = catch_report, .fail_arg = &caught });
    struct souk_store *store = NULL;
    struct souk_txn *txn = NULL;
    struct souk_error err;
    char directory[256], path[270], place[290];

    (void)snprintf(directory, sizeof directory, "%s/souk-past.XXXXXX", tmpdir == NULL ? "/tmp" : tmpdir);
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/data", directory);
    (void)snprintf(place, sizeof place, "%s/es1/data/store", path);
    souk_stage_send(stage, "inventory.receive sku=tea units=3 cost=250EUR");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=4");
    souk_stage_elapse(stage, UINT64_C(365) * 24 * 3600 * 1000);
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
    souk_stage_elapse(stage, UINT64_C(365) * 24 * 3600 * 1000);
    assert_string_equal(souk_stage_trace(stage), "[   0] reply refused sold_out\n");
    souk_stage_record(stage, "es1", path);
    assert_int_equal(caught.count, 0);
    assert_int_equal(souk_store_open(&(struct souk_store_config){ .path = place }, &store, &err), 0);
    assert_int_equal(souk_txn_begin(store, SOUK_TXN_READ, &txn), 0);
    assert_int_equal(recorded_head(txn, "inventory"), 3);
    assert_int_equal(recorded_head(txn, "inventory.private"), 1);
    souk_txn_abort(&txn);
    souk_store_close(&store);
    (void)snprintf(place, sizeof place, "%s/inventory/data.keys", path);
    assert_int_equal(access(place, R_OK), 0);
    souk_stage_record(stage, "es1", path);      /* it lies there already */
    assert_int_equal(caught.count, 1);
    souk_stage_send(stage, "inventory.receive sku=tea units=3");
    assert_string_equal(souk_stage_trace(stage), "[   0] reply refused sold_out\n");
    for (const char *const *part = (const char *const[]){ "/es1/data/store", "/es1/data", "/es1", "/inventory", "", NULL };
         *part != NULL; part++) {
        (void)snprintf(place, sizeof place, "%s%s", path, *part);
        assert_int_equal(souk_directory_remove(place), 0);
    }
    assert_int_equal(rmdir(directory), 0);
}

/* With nobody who has recorded it, the past is gone; what it followed comes again, and is reacted to again. */
static void
without_an_event_store_the_past_is_gone(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_wipe(stage, "inventory");
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] inventory epoch 1 behind 0\n"
        "[   0] inventory.private epoch 1 behind 0\n"
        "[   0] parked inventory orders 1 placed order=7 sku=tea units=2: no article tea\n"
        "[   0] answer refused unknown_sku\n");
}

/* ---- tables from the log -------------------------------------------- */

static void
a_rebuilt_service_goes_on(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5 cost=250EUR");
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=2");
    souk_stage_publish(stage, "orders.placed order=8 sku=tea units=9");
    souk_stage_expect_same_tables(stage, "inventory");
    souk_stage_rebuild(stage, "inventory");
    souk_stage_publish(stage, "orders.cancelled order=8");
    souk_stage_send_as(stage, "page", 1, "inventory.reserve order=9 sku=tea units=1");
    souk_stage_crash(stage, "inventory", SOUK_STAGE_NOW);
    souk_stage_send_as(stage, "page", 1, "inventory.reserve order=9 sku=tea units=1");
    souk_stage_elapse(stage, STAGE_HOLD_MS);
    souk_stage_expect_same_tables(stage, "inventory");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] inventory.private 1 bought sku=tea cost=250EUR\n"
        "[   0] reply accepted inventory=1 inventory.private=1\n"
        "[   0] orders 1 placed order=7 sku=tea units=2\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] orders 2 placed order=8 sku=tea units=9\n"
        "[   0] orders 3 cancelled order=8\n"
        "[   0] inventory 3 reserved order=9 sku=tea units=1 expires=900000\n"
        "[   0] reply accepted inventory=3\n"
        "[   0] inventory crashes\n"
        "[   0] reply accepted inventory=3\n"
        "[900000] inventory 4 released order=7 sku=tea units=2 reason=expired\n"
        "[900000] inventory 5 released order=9 sku=tea units=1 reason=expired\n");
}

/* Both ways of looking find a handler that remembers something outside of its tables, and say where. */
static void
a_handler_with_a_memory_is_found(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &stage_counting_orders }, { 0 } };
    struct caught caught = { 0 };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = services,
        .messages = &stage_messages, .fail = catch_report, .fail_arg = &caught });

    *state = stage;
    souk_stage_publish(stage, "inventory.reserved order=7 sku=tea units=2 expires=5");
    souk_stage_publish(stage, "inventory.reserved order=8 sku=tea units=2 expires=5");
    souk_stage_expect_same_tables(stage, NULL);
    assert_int_equal(caught.count, 1);
    assert_string_equal(caught.report,
        "[   0] expect same tables: orders: its tables of orders are not what the log makes of them\n"
        "- in confirmations: order=7 rank=0\n"
        "+ filled anew confirmations: order=7 rank=2\n"
        "- in confirmations: order=8 rank=1\n"
        "+ filled anew confirmations: order=8 rank=3\n");
    souk_stage_rebuild(stage, "orders");
    assert_int_equal(caught.count, 2);
    assert_non_null(strstr(caught.report, "+ filled anew confirmations: order=8 rank=5\n"));
}

/* ---- two services --------------------------------------------------- */

static void
two_services_talk_to_each_other(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_send(stage, "orders.place sku=tea units=2");
    souk_stage_crash(stage, "orders", SOUK_STAGE_BEFORE_COMMIT);
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=1");
    souk_stage_rebuild(stage, "orders");
    souk_stage_rebuild(stage, "inventory");
    souk_stage_send(stage, "orders.place sku=tea units=1");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=#1 sku=tea units=2\n"
        "[   0] reply accepted orders=1\n"
        "[   0] inventory 2 reserved order=#1 sku=tea units=2 expires=900000\n"
        "[   0] orders 2 confirmed order=#1\n"
        "[   0] inventory 3 reserved order=7 sku=tea units=1 expires=900000\n"
        "[   0] reply accepted inventory=3\n"
        "[   0] orders crashes\n"
        "[   0] orders 3 confirmed order=7\n"
        "[   0] orders 4 placed order=#2 sku=tea units=1\n"
        "[   0] reply accepted orders=4\n"
        "[   0] inventory 4 reserved order=#2 sku=tea units=1 expires=900000\n"
        "[   0] orders 5 confirmed order=#2\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Away for a minute and a half: what it has missed comes when it is back. */
static void
a_service_is_away_and_back(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_stop(stage, "inventory");
    souk_stage_send(stage, "orders.place sku=tea units=2");
    souk_stage_elapse(stage, 90000);
    souk_stage_start(stage, "inventory");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory stops\n"
        "[   0] orders 1 placed order=#1 sku=tea units=2\n"
        "[   0] reply accepted orders=1\n"
        "[90000] inventory starts\n"
        "[90000] inventory 2 reserved order=#1 sku=tea units=2 expires=990000\n"
        "[90000] orders 2 confirmed order=#1\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* New after half a year: it gets everything from the beginning on. */
static void
a_service_comes_later(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &stage_inventory },
        { .service = &stage_orders, .absent = true }, { 0 } };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = services,
        .messages = &stage_messages, .fail = fail_test });

    *state = stage;
    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=2");
    souk_stage_elapse(stage, UINT64_C(180) * 24 * 3600 * 1000);
    souk_stage_start(stage, "orders");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] inventory 2 reserved order=7 sku=tea units=2 expires=900000\n"
        "[   0] reply accepted inventory=2\n"
        "[900000] inventory 3 released order=7 sku=tea units=2 reason=expired\n"
        "[15552000000] orders starts\n"
        "[15552000000] orders epoch 1 behind 0\n"
        "[15552000000] orders 1 confirmed order=7\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* A writer on the stage loses its tail, whole commits of it; its follower lets go of what stood on that. */
static void
a_service_loses_its_tail(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_send(stage, "orders.place sku=tea units=2");
    souk_stage_send(stage, "orders.place sku=tea units=1");
    souk_stage_lose(stage, "orders", 2);
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=#1 sku=tea units=2\n"
        "[   0] reply accepted orders=1\n"
        "[   0] inventory 2 reserved order=#1 sku=tea units=2 expires=900000\n"
        "[   0] orders 2 confirmed order=#1\n"
        "[   0] orders 3 placed order=#2 sku=tea units=1\n"
        "[   0] reply accepted orders=3\n"
        "[   0] inventory 3 reserved order=#2 sku=tea units=1 expires=900000\n"
        "[   0] orders 4 confirmed order=#2\n"
        "[   0] orders epoch 2 behind 2\n"
        "[   0] orders 3 confirmed order=#2\n"
        "[   0] inventory 4 released order=#2 sku=tea units=1 reason=lost\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Both streams that the services write are found to be theirs; or are told to be. */
static void
wiring_can_be_said(void **state)
{
    static const char *const writes[] = { "inventory", "inventory.private", NULL };
    static const char *const follows[] = { "orders", NULL };
    static const char *const nothing[] = { NULL };
    const struct souk_stage_service said[] = { { .service = &stage_inventory, .writes = writes, .follows = follows },
        { .service = &stage_orders, .follows = nothing }, { 0 } };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = said,
        .messages = &stage_messages, .fail = fail_test });

    *state = stage;
    souk_stage_send(stage, "inventory.receive sku=tea units=5");
    souk_stage_send(stage, "orders.place sku=tea units=2");
    souk_stage_expect(stage,
        "[   0] inventory 1 received sku=tea units=5\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] orders 1 placed order=#1 sku=tea units=2\n"
        "[   0] reply accepted orders=1\n"
        "[   0] inventory 2 reserved order=#1 sku=tea units=2 expires=900000\n");
}

/* ---- faults --------------------------------------------------------- */

/* One story, with fault `nth`; the page and the order come again until they are answered. */
static bool
story_with_fault(void **state, uint32_t nth,
    void (*fail_in)(struct souk_stage *stage, const char *service, uint32_t nth))
{
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = inventory_alone,
        .messages = &stage_messages, .fail = fail_test });
    bool struck;

    *state = stage;
    souk_stage_answer_requests(stage, "suppliers.order", "accepted");
    fail_in(stage, "inventory", nth);
    for (int tries = 0; tries < 2; tries++) {
        souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=2 cost=1EUR");
        souk_stage_elapse(stage, 2000);
    }
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=1");
    souk_stage_elapse(stage, 2000);
    for (int tries = 0; tries < 2; tries++) {
        souk_stage_send_as(stage, "page", 2, "inventory.reserve order=8 sku=tea units=1");
        souk_stage_elapse(stage, 2000);
    }
    souk_stage_elapse(stage, 2 * STAGE_HOLD_MS);
    struck = souk_stage_fault_struck(stage);
    (void)souk_stage_differs(stage, "");
    souk_stage_ask(stage, "inventory.article sku=tea");
    souk_stage_expect(stage, "[1810000] answer units_on_hand=2 units_held=0 cost=1EUR\n");
    souk_stage_expect_same_tables(stage, NULL);
    souk_stage_close(&stage);
    *state = NULL;
    return struck;
}

static void
each_write_may_fail(void **state)
{
    uint32_t nth = 1;

    while (story_with_fault(state, nth, souk_stage_fail_write))
        nth++;
    assert_true(nth > 60);                     /* logs, cursors and timers are written too */
}

static void
each_allocation_may_fail(void **state)
{
    uint32_t nth = 1;

    while (story_with_fault(state, nth, souk_stage_fail_allocation))
        nth++;
    assert_true(nth > 20);
}

static void
a_full_disk_is_said(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_fail_write(stage, "inventory", 1);
    assert_false(souk_stage_fault_struck(stage));
    souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=2");
    assert_true(souk_stage_fault_struck(stage));
    souk_stage_elapse(stage, 1000);
    souk_stage_send_as(stage, "page", 1, "inventory.receive sku=tea units=2");
    souk_stage_expect(stage,
        "[   0] reply full\n"
        "[1000] inventory 1 received sku=tea units=2\n"
        "[1000] reply accepted inventory=1\n");
    souk_stage_fail_write(stage, "inventory", 1);
    souk_stage_fail_write(stage, "inventory", 0);
    souk_stage_send(stage, "inventory.receive sku=tea units=2");
    assert_false(souk_stage_fault_struck(stage));
    souk_stage_expect(stage,
        "[1000] inventory 2 received sku=tea units=2\n"
        "[1000] reply accepted inventory=2\n");
}

/* ---- the same again ------------------------------------------------- */

static void
tell_a_story(struct souk_stage *stage)
{
    souk_stage_send(stage, "inventory.receive sku=tea units=4");
    souk_stage_send(stage, "orders.place sku=tea units=4");
    souk_stage_wipe(stage, "inventory");
    souk_stage_elapse(stage, STAGE_HOLD_MS);
    souk_stage_send(stage, "orders.place sku=tea units=4");
}

/* And from the description alone, read at run time. */
static void
a_story_repeats(void **state)
{
    const char *const source = getenv("srcdir");
    char path[512], *first;
    struct souk_stage_config config = { .services = inventory_and_orders, .messages = &stage_messages,
        .event_store = true, .seed = 5, .fail = fail_test };
    struct souk_stage *stage;

    (void)snprintf(path, sizeof path, "%s/test/unit/stage.messages.zpl", source == NULL ? "." : source);
    *state = stage = open_stage(&config);
    tell_a_story(stage);
    first = strdup(souk_stage_trace(stage));
    assert_non_null(first);
    for (int i = 0; i < 2; i++) {
        souk_stage_close(&stage);
        *state = NULL;
        if (i == 1) {
            config.messages = NULL;
            config.description = path;
        }
        *state = stage = open_stage(&config);
        tell_a_story(stage);
        assert_string_equal(souk_stage_trace(stage), first);
    }
    free(first);
}

/* ---- when a story is not as told ------------------------------------ */

static void
a_difference_is_shown_in_its_place(void **state)
{
    struct caught caught = { 0 };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = inventory_alone,
        .messages = &stage_messages, .fail = catch_report, .fail_arg = &caught });

    *state = stage;
    souk_stage_send(stage, "inventory.receive sku=tea units=3");
    souk_stage_elapse(stage, 20);
    souk_stage_send(stage, "inventory.reserve order=7 sku=tea units=4");
    souk_stage_expect(stage,
        "[0] inventory 1 received sku=tea units=3\n"
        "[0] inventory 2 counted\n"
        "[0] reply accepted inventory=1\n"
        "[20] reply accepted inventory=2\n");
    assert_int_equal(caught.count, 1);
    assert_string_equal(caught.report,
        "[  20] expect: the trace is another one (- was meant, + came):\n"
        "  [   0] inventory 1 received sku=tea units=3\n"
        "- [0] inventory 2 counted\n"
        "  [   0] reply accepted inventory=1\n"
        "- [20] reply accepted inventory=2\n"
        "+ [  20] reply refused sold_out\n"
        "\n");
    souk_stage_expect(stage, "");
    assert_int_equal(caught.count, 1);
    assert_string_equal(souk_stage_differs(stage, "[20] reply accepted"),
        "the trace is another one (- was meant, + came):\n"
        "- [20] reply accepted\n");
    assert_null(souk_stage_differs(stage, ""));
    assert_string_equal(souk_stage_trace(stage),
        "[   0] inventory 1 received sku=tea units=3\n"
        "[   0] reply accepted inventory=1\n"
        "[  20] reply refused sold_out\n");
}

static void
what_cannot_be_done_is_said(void **state)
{
    struct caught caught = { 0 };
    struct souk_stage *stage = open_stage(&(struct souk_stage_config){ .services = inventory_alone,
        .messages = &stage_messages, .event_store = true, .fail = catch_report, .fail_arg = &caught });
    unsigned count = 0;

#define SAYS(call, sentence) do { \
        call; \
        assert_int_equal(caught.count, ++count); \
        if (strstr(caught.report, sentence) == NULL) \
            fail_msg("%s gave: %s", #call, caught.report); \
    } while (0)

    *state = stage;
    SAYS(souk_stage_publish(stage, "inventory.received sku=tea units=1"), "is on the stage: send it a command");
    SAYS(souk_stage_publish(stage, "orders.placed order=7"), "orders.placed.sku: is missing");
    SAYS(souk_stage_publish(stage, "orders.place sku=tea units=1"), "it is no event");
    SAYS(souk_stage_send_as(stage, "", 1, "inventory.receive sku=tea units=1"), "a caller's name");
    SAYS(souk_stage_send_json(stage, "inventory.receive", "{"), "ends too early");
    SAYS(souk_stage_send_json(stage, "inventory.receive", "{\"sku\": \"tea\"}"), "inventory.receive.units: is missing");
    SAYS(souk_stage_ask(stage, "inventory.receive sku=tea units=1"), "it is no query");
    SAYS(souk_stage_answer_requests(stage, "suppliers.oder", "accepted"), "did you mean suppliers.order?");
    SAYS(souk_stage_answer_requests(stage, "suppliers.order", "agreed"), "another status is meant");
    SAYS(souk_stage_answer_requests(stage, "suppliers.order", "refused sold_out"), "no code with which it `refuses`");
    SAYS(souk_stage_crash(stage, "orders", SOUK_STAGE_NOW), "orders is not on the stage");
    SAYS(souk_stage_wipe(stage, "nobody"), "nobody is not on the stage");
    SAYS(souk_stage_stop(stage, "nobody"), "nobody is not on the stage");
    SAYS(souk_stage_start(stage, "inventory"), "inventory is not stopped");
    SAYS(souk_stage_rebuild(stage, SOUK_STAGE_EVENT_STORE), "eventstore is not on the stage");
    SAYS(souk_stage_expect_same_tables(stage, "orders"), "orders is not on the stage");
    SAYS(souk_stage_lose(stage, "orders", 1), "it has no 1 events to lose");
    SAYS(souk_stage_lose(stage, "inventory", 1), "the event store on the stage has all of it");
    SAYS(souk_stage_lose(stage, "nothing", 1), "nobody on the stage follows or writes it");
    SAYS(souk_stage_record(stage, "es1", "/nowhere"), "there is an event store on the stage");
    SAYS(souk_stage_elapse(stage, UINT64_MAX), "time does not go on for so long");
    assert_null(souk_stage_differs(stage, ""));
    souk_stage_publish(stage, "orders.placed order=7 sku=tea units=1");
    SAYS(souk_stage_expect_same_tables(stage, "inventory"), "1 events are parked");
#undef SAYS
}

static void
stages_that_cannot_be(void **state)
{
    static const char *const writes_private[] = { "inventory.private", NULL };
    static const char *const follows_private[] = { "inventory.private", NULL };
    static const char *const follows_unknown[] = { "weather", NULL };
    const struct souk_stage_service nobody[] = { { 0 } };
    const struct souk_stage_service twice[] = { { .service = &stage_inventory }, { .service = &stage_inventory },
        { 0 } };
    const struct souk_stage_service curious[] = { { .service = &stage_orders, .follows = follows_private }, { 0 } };
    const struct souk_stage_service dreaming[] = { { .service = &stage_orders, .follows = follows_unknown }, { 0 } };
    const struct souk_stage_service quiet[] = { { .service = &stage_inventory, .writes = writes_private },
        { .service = &stage_orders }, { 0 } };
    const struct {
        struct souk_stage_config config;
        int rc;
        const char *sentence;
    } cases[] = {
        { { .services = inventory_alone }, -SOUK_EINVAL, "needs messages" },
        { { .services = inventory_alone, .description = "/nowhere" }, -SOUK_ENOTFOUND, "/nowhere" },
        { { .messages = &stage_messages }, -SOUK_EINVAL, "1 to 32 services" },
        { { .services = nobody, .messages = &stage_messages }, -SOUK_EINVAL, "1 to 32 services" },
        { { .services = twice, .messages = &stage_messages }, -SOUK_EINVAL, "another one of this name" },
        { { .services = curious, .messages = &stage_messages }, -SOUK_EINVAL, "private to its writer" },
        { { .services = dreaming, .messages = &stage_messages }, -SOUK_EINVAL, "which the description lacks" },
        { { .services = quiet, .messages = &stage_messages }, -SOUK_EINVAL, "inventory, which nobody writes" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct souk_stage *stage = NULL;
        struct souk_error err;

        assert_int_equal(souk_stage_open(&cases[i].config, &stage, &err), cases[i].rc);
        assert_null(stage);
        if (strstr(err.text, cases[i].sentence) == NULL)
            fail_msg("case %zu gave: %s", i, err.text);
    }
    *state = NULL;
}

int
main(void)
{
#define ON(story, stage) cmocka_unit_test_setup_teardown(story, stage, close_stage)
#define ON_ITS_OWN(story) cmocka_unit_test_teardown(story, close_stage)
    const struct CMUnitTest tests[] = {
        ON(asking_twice_holds_once, inventory_stage),
        ON(an_id_has_one_effect, inventory_stage),
        ON(each_refusal_is_said, inventory_stage),
        ON(a_hold_expires_in_silence, inventory_stage),
        ON(holds_expire_in_their_order, inventory_stage),
        ON_ITS_OWN(times_count_from_the_start),
        ON(a_private_stream_is_in_the_trace, inventory_stage),
        ON(each_type_has_a_text, inventory_stage),
        ON(json_says_the_same, inventory_stage),
        ON_ITS_OWN(text_that_cannot_be_meant),
        ON(drawn_ids_have_numbers, both_on_stage),
        ON(a_followed_event_is_reacted_to, inventory_stage),
        ON(what_fails_is_parked, inventory_stage),
        ON_ITS_OWN(handlers_that_fail_are_seen),
        ON_ITS_OWN(a_refusal_is_not_a_fault),
        ON_ITS_OWN(an_apply_writes_tables_of_its_stream_only),
        ON(a_lost_order_is_let_go, inventory_stage),
        ON(a_request_is_repeated_until_it_is_answered, inventory_stage),
        ON(a_request_is_refused, inventory_stage),
        ON(killed_between_commit_and_send, inventory_stage),
        ON(killed_before_the_commit, inventory_stage),
        ON(nothing_is_forgotten_in_a_crash, inventory_stage),
        ON(killed_while_it_follows, inventory_stage),
        ON(the_event_store_gives_the_past_back, inventory_stage_with_event_store),
        ON(an_event_store_can_be_lost_too, inventory_stage_with_event_store),
        ON_ITS_OWN(a_past_is_recorded),
        ON(without_an_event_store_the_past_is_gone, inventory_stage),
        ON(a_rebuilt_service_goes_on, inventory_stage),
        ON_ITS_OWN(a_handler_with_a_memory_is_found),
        ON(two_services_talk_to_each_other, both_on_stage),
        ON(a_service_is_away_and_back, both_on_stage),
        ON_ITS_OWN(a_service_comes_later),
        ON(a_service_loses_its_tail, both_on_stage),
        ON_ITS_OWN(wiring_can_be_said),
        ON_ITS_OWN(each_write_may_fail),
        ON_ITS_OWN(each_allocation_may_fail),
        ON(a_full_disk_is_said, inventory_stage),
        ON_ITS_OWN(a_story_repeats),
        ON_ITS_OWN(a_difference_is_shown_in_its_place),
        ON_ITS_OWN(what_cannot_be_done_is_said),
        ON_ITS_OWN(stages_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
