/*
 * Lists of products that change while somebody leafs through them, as stories:
 * nothing is skipped, and nothing shown twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services.h"
#include "shop.h"
#include "story.h"

#define FIRST 100                       /* products, by their ids: of even ones some are tea, odd ones rugs */
#define COUNT 60
#define PAGE 24
#define KEPT 4096                       /* events at which a list can stand still, as described */

/* Products as a list shows them, page by page. */
struct leafing {
    const char *query;                  /* what is asked for, but `from` */
    unsigned shown[2 * COUNT];
    unsigned count;
    char from[200];                     /* empty: the last page has been shown */
};

static void
write_product(struct souk_stage *stage, unsigned product, const char *title, unsigned price)
{
    char event[300];

    (void)snprintf(event, sizeof event, "catalog.written product=%u slug=p%u title='%s' summary='' text='' category=%s"
        " articles=[{sku=s%u name='' price=%uEUR}] pictures=[] state=published also_in=[] traits=[]", product, product,
        title, product % 2 == 0 ? "tea" : "rugs", product, price);
    souk_stage_publish(stage, event);
}

static void
review_product(struct souk_stage *stage, unsigned product, unsigned stars)
{
    static unsigned review = 1000;
    char event[300];

    (void)snprintf(event, sizeof event, "review.updated review=%u product=%u author=3 is_verified=false"
        " words={stars=%u title='' text=Yes.} helpful=0 written=0", review++, product, stars);
    souk_stage_publish(stage, event);
}

/* Two articles of one product: it moves twice in one event. */
static void
sell_product(struct souk_stage *stage, unsigned product)
{
    static unsigned order = 1000;
    char event[400];

    (void)snprintf(event, sizeof event, "orders.placed order=%u owner=2 lines=[{product=%u sku=a title=A units=1"
        " price=10EUR},{product=%u sku=b title=B units=2 price=10EUR}] total=30EUR card=7 number=%u pay=1 hold=1000",
        order, product, product, order + 9001);
    souk_stage_publish(stage, event);
    (void)snprintf(event, sizeof event, "orders.confirmed order=%u", order++);
    souk_stage_publish(stage, event);
}

static void
move_by_price(struct souk_stage *stage, unsigned product, bool to_front)
{
    char title[20];

    (void)snprintf(title, sizeof title, "P%u", product);
    write_product(stage, product, title, to_front ? 1 : 90000);
}

static void
move_by_price_down(struct souk_stage *stage, unsigned product, bool to_front)
{
    move_by_price(stage, product, !to_front);
}

static void
move_by_title(struct souk_stage *stage, unsigned product, bool to_front)
{
    write_product(stage, product, to_front ? "A" : "Z", product);
}

static void
move_by_stars(struct souk_stage *stage, unsigned product, bool to_front)
{
    review_product(stage, product, to_front ? 5 : 1);
}

/* Nothing that is sold moves back; what others overtake does. */
static void
move_by_sale(struct souk_stage *stage, unsigned product, bool to_front)
{
    (void)to_front;
    sell_product(stage, product);
}

/* Query alone, which hears of products, of what people think of them, and of what was sold. */
static int
open_shelf(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &query_service }, { 0 } };
    struct souk_stage *stage = story_open(services);
    char title[20];

    for (unsigned product = FIRST; product < FIRST + COUNT; product++) {
        (void)snprintf(title, sizeof title, "P%u", product);
        write_product(stage, product, title, product);
        review_product(stage, product, 3);
    }
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* Another page; false when there is none. */
static bool
leaf(struct souk_stage *stage, struct leafing *leafing)
{
    const char *said, *at;
    char query[400];

    if (leafing->count > 0 && leafing->from[0] == '\0')
        return false;
    (void)snprintf(query, sizeof query, "%s%s%s", leafing->query, leafing->count > 0 ? " from=" : "", leafing->from);
    souk_stage_ask(stage, query);
    said = souk_stage_differs(stage, "");
    for (at = said; (at = strstr(at, "slug=p")) != NULL; at++) {
        assert_true(leafing->count < 2 * COUNT);
        leafing->shown[leafing->count++] = (unsigned)strtoul(at + strlen("slug=p"), NULL, 10);
    }
    leafing->from[0] = '\0';
    if ((at = strstr(said, " next=")) != NULL)
        (void)snprintf(leafing->from, sizeof leafing->from, "%.*s", (int)strcspn(at + 6, " \n"), at + 6);
    return true;
}

static struct leafing
leaf_through(struct souk_stage *stage, const char *query)
{
    struct leafing leafing = { .query = query };

    while (leaf(stage, &leafing))
        continue;
    return leafing;
}

static void
nothing_is_skipped_or_shown_twice(void **state)
{
    static const struct {
        const char *query;
        void (*move)(struct souk_stage *stage, unsigned product, bool to_front);
        unsigned count;
    } lists[] = {
        { "query.products sort=cheapest", move_by_price, COUNT },
        { "query.products sort=cheapest category=tea", move_by_price, COUNT / 2 },
        { "query.products sort=dearest", move_by_price_down, COUNT },
        { "query.products sort=title", move_by_title, COUNT },
        { "query.products sort=rated", move_by_stars, COUNT },
        { "query.products sort=rated category=rugs", move_by_stars, COUNT / 2 },
        { "query.products sort=popular", move_by_sale, COUNT },
        { "query.products sort=newest", move_by_price, COUNT },
        { "query.products", move_by_price, COUNT },
    };
    struct souk_stage *stage = *state;
    struct leafing before, leafing, after;
    unsigned other;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const unsigned last = lists[i].count - 1;

        before = leaf_through(stage, lists[i].query);
        assert_int_equal(before.count, lists[i].count);
        leafing = (struct leafing){ .query = lists[i].query };
        assert_true(leaf(stage, &leafing));
        lists[i].move(stage, before.shown[2], false);       /* it was shown */
        lists[i].move(stage, before.shown[last], true);     /* it was not */
        lists[i].move(stage, before.shown[PAGE], true);     /* the one that the next page begins with, and twice */
        lists[i].move(stage, before.shown[PAGE], false);
        other = before.shown[0] % 2 == 0 ? FIRST + 1 : FIRST;   /* of the other category, or one that was shown */
        lists[i].move(stage, other, true);
        story_pass_over(stage);
        assert_true(leaf(stage, &leafing));
        lists[i].move(stage, before.shown[last], false);
        lists[i].move(stage, before.shown[last - 1], true);
        story_pass_over(stage);
        while (leaf(stage, &leafing))
            continue;
        assert_int_equal(leafing.count, before.count);
        assert_memory_equal(leafing.shown, before.shown, before.count * sizeof before.shown[0]);
        after = leaf_through(stage, lists[i].query);
        assert_int_equal(after.count, lists[i].count);
        if (strstr(lists[i].query, "sort=") != NULL && strstr(lists[i].query, "newest") == NULL)
            assert_memory_not_equal(after.shown, before.shown, before.count * sizeof before.shown[0]);
    }
    souk_stage_expect_same_tables(stage, "query");
}

/* What is not for sale any more is not shown; what has come meanwhile may be. */
static void
what_goes_is_gone(void **state)
{
    struct souk_stage *stage = *state;
    struct leafing leafing = { .query = "query.products sort=cheapest" };

    assert_true(leaf(stage, &leafing));
    move_by_price(stage, FIRST + 50, true);
    souk_stage_publish(stage, "catalog.withdrawn product=150");
    souk_stage_publish(stage, "catalog.withdrawn product=151");
    story_pass_over(stage);
    while (leaf(stage, &leafing))
        continue;
    assert_int_equal(leafing.count, COUNT - 2);
    for (unsigned i = 0; i < leafing.count; i++)
        assert_true(leafing.shown[i] != 150 && leafing.shown[i] != 151);
}

/* A list stands still for so many events; after one more it goes on as it stands by then. */
static void
a_list_stands_still_for_a_while(void **state)
{
    struct souk_stage *stage = *state;
    struct leafing leafing = { .query = "query.products sort=cheapest" }, again;
    unsigned number;

    move_by_price(stage, FIRST, true);          /* event 61, at which the list stands */
    story_pass_over(stage);
    assert_true(leaf(stage, &leafing));
    move_by_price(stage, FIRST + 40, true);
    for (number = 2; number <= KEPT; number++)
        write_product(stage, FIRST + 59, "Z", 200 + number);
    story_pass_over(stage);
    again = leafing;
    while (leaf(stage, &again))
        continue;
    assert_int_equal(again.count, COUNT);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(again.shown[i], FIRST + i);
    write_product(stage, FIRST + 59, "Z", 200 + number);
    story_pass_over(stage);
    while (leaf(stage, &leafing))
        continue;
    assert_int_equal(leafing.count, COUNT - 1); /* what went to the front meanwhile is not on the pages behind it */
    souk_stage_expect_same_tables(stage, "query");
}

/* What a browser sends may be anything: then it is the first page. */
static void
what_was_never_said_is_the_beginning(void **state)
{
    static const char *const odd[] = { "x", "0000000000000061", "0000000000000061:", "000000000000006x:"
        "00000000000000000000000000000064:0", "9999999999999999:x", "00000000000000000000000000000064:0000000000000100" };
    struct souk_stage *stage = *state;

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct leafing leafing = { .query = "query.products sort=cheapest", .count = 1 };

        (void)snprintf(leafing.from, sizeof leafing.from, "%s", odd[i]);
        assert_true(leaf(stage, &leafing));
        assert_int_equal(leafing.shown[1], FIRST);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_skipped_or_shown_twice, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(what_goes_is_gone, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(a_list_stands_still_for_a_while, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(what_was_never_said_is_the_beginning, open_shelf, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
