/*
 * Lists of products, reviews and customers that change while somebody leafs
 * through them, as stories: nothing is skipped, and nothing shown twice.
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
#define REVIEWED 7                      /* a product with reviews, by whose ids FIRST and so on */
#define KEPT 4096                       /* moves for which a list stands still, as described */

/* What a list shows, page by page. */
struct leafing {
    const char *query;                  /* what is asked for, but `from` */
    unsigned shown[2 * COUNT];
    unsigned count, pages, anew;
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

static void
write_review(struct souk_stage *stage, unsigned review, unsigned stars, unsigned helpful)
{
    char event[300];

    (void)snprintf(event, sizeof event, "review.updated review=%u product=%u author=3 is_verified=false"
        " words={stars=%u title='' text=Yes.} helpful=%u written=0", review, REVIEWED, stars, helpful);
    souk_stage_publish(stage, event);
}

static void
move_by_help(struct souk_stage *stage, unsigned review, bool to_front)
{
    static unsigned helpful = 1000;

    write_review(stage, review, 3, to_front ? helpful++ : 0);
}

/* Its words are taken back, and come again with other stars. */
static void
move_by_edit(struct souk_stage *stage, unsigned review, bool to_front)
{
    char event[200];

    (void)snprintf(event, sizeof event, "review.updated review=%u product=%u author=3 is_verified=false helpful=0"
        " written=0", review, REVIEWED);
    souk_stage_publish(stage, event);
    write_review(stage, review, to_front ? 5 : 1, 5);
}

static void
move_by_edit_down(struct souk_stage *stage, unsigned review, bool to_front)
{
    move_by_edit(stage, review, !to_front);
}

/* Of each customer there is an order whose id is that of the customer. */
static void
spend(struct souk_stage *stage, unsigned person, unsigned order, unsigned minor)
{
    char event[400];

    (void)snprintf(event, sizeof event, "orders.placed order=%u owner=%u lines=[{product=8 sku=a title=A units=1"
        " price=%uEUR}] total=%uEUR card=7 number=%u pay=1 hold=1000", order, person, minor, minor, order);
    souk_stage_publish(stage, event);
    (void)snprintf(event, sizeof event, "orders.confirmed order=%u", order);
    souk_stage_publish(stage, event);
}

static void
give_back(struct souk_stage *stage, unsigned order, unsigned minor)
{
    char event[200];

    (void)snprintf(event, sizeof event, "orders.refunded order=%u refund=9 amount=%uEUR is_all=false", order, minor);
    souk_stage_publish(stage, event);
}

static void
move_by_spending(struct souk_stage *stage, unsigned person, bool to_front)
{
    static unsigned order = 50000;

    if (to_front)
        spend(stage, person, order++, 100000);
    else
        give_back(stage, person, 5000);
}

static void
leave(struct souk_stage *stage, unsigned person, bool to_front)
{
    char event[100];

    (void)to_front;
    (void)snprintf(event, sizeof event, "accounts.left person=%u", person);
    souk_stage_publish(stage, event);
}

/* Query alone, which hears of products, of what people think of them, and of who has bought what. */
static struct souk_stage *
open_query(void)
{
    static const struct souk_stage_service services[] = { { .service = &query_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_sign_in(stage, STAFF, "staff");
    return stage;
}

static int
open_shelf(void **state)
{
    struct souk_stage *stage = open_query();
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

/* All the same, so that what moves is first or last. */
static int
open_reviews(void **state)
{
    struct souk_stage *stage = open_query();

    write_product(stage, REVIEWED, "Reviewed", 1);
    for (unsigned review = FIRST; review < FIRST + COUNT; review++)
        write_review(stage, review, 3, 5);
    story_pass_over(stage);
    *state = stage;
    return 0;
}

static int
open_customers(void **state)
{
    struct souk_stage *stage = open_query();
    char event[100];

    for (unsigned person = FIRST; person < FIRST + COUNT; person++) {
        (void)snprintf(event, sizeof event, "accounts.registered person=%u name=P%u", person, person);
        souk_stage_publish(stage, event);
        souk_stage_elapse(stage, 1000);
    }
    for (unsigned person = FIRST; person < FIRST + COUNT; person++)
        spend(stage, person, person, 10000 + person);
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* Another page; false when there is none. */
static bool
leaf(struct souk_stage *stage, struct leafing *leafing)
{
    static const char *const names[] = { "slug=p", "{review=", "{person=" };
    const char *said, *at;
    char query[400];

    if (leafing->pages > 0 && leafing->from[0] == '\0')
        return false;
    (void)snprintf(query, sizeof query, "%s%s%s", leafing->query, leafing->pages > 0 ? " from=" : "", leafing->from);
    souk_stage_ask(stage, query);
    said = souk_stage_differs(stage, "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (at = said; (at = strstr(at, names[i])) != NULL; at++) {
            assert_true(leafing->count < 2 * COUNT);
            leafing->shown[leafing->count++] = (unsigned)strtoul(at + strlen(names[i]), NULL, 10);
        }
    leafing->pages++;
    leafing->anew += strstr(said, " is_anew=true") != NULL;
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

/* A list, and what moves something in it. */
struct list {
    const char *query;
    void (*move)(struct souk_stage *stage, unsigned id, bool to_front);
    unsigned count;
    bool stays;                         /* what is done to it moves nothing in the end */
};

/* Between pages things move to the front and to the back, query dies, and is filled anew from the log. */
static void
expect_to_stand_still(struct souk_stage *stage, const struct list *list)
{
    const struct leafing before = leaf_through(stage, list->query);
    const unsigned last = list->count - 1;
    struct leafing leafing = { .query = list->query }, after;
    unsigned page, other;

    assert_int_equal(before.count, list->count);
    assert_true(leaf(stage, &leafing));
    page = leafing.count;
    assert_true(page > 2 && page < last);
    list->move(stage, before.shown[2], false);      /* it was shown */
    list->move(stage, before.shown[last], true);    /* it was not */
    list->move(stage, before.shown[page], true);    /* the one that the next page begins with, and twice */
    list->move(stage, before.shown[page], false);
    other = before.shown[0] % 2 == 0 ? FIRST + 1 : FIRST;   /* of the other category, or one that was shown */
    list->move(stage, other, true);
    souk_stage_crash(stage, "query", SOUK_STAGE_NOW);
    story_pass_over(stage);
    assert_true(leaf(stage, &leafing));
    list->move(stage, before.shown[last], false);
    list->move(stage, before.shown[last - 1], true);
    souk_stage_rebuild(stage, "query");
    story_pass_over(stage);
    while (leaf(stage, &leafing))
        continue;
    assert_int_equal(leafing.count, before.count);
    assert_int_equal(leafing.anew, 0);
    assert_memory_equal(leafing.shown, before.shown, before.count * sizeof before.shown[0]);
    after = leaf_through(stage, list->query);
    assert_int_equal(after.count, list->count);
    assert_int_equal(memcmp(after.shown, before.shown, before.count * sizeof before.shown[0]) == 0, list->stays);
}

static void
products_are_not_skipped_or_shown_twice(void **state)
{
    static const struct list lists[] = {
        { "query.products sort=cheapest", move_by_price, COUNT, false },
        { "query.products sort=cheapest category=tea", move_by_price, COUNT / 2, false },
        { "query.products sort=dearest", move_by_price_down, COUNT, false },
        { "query.products sort=title", move_by_title, COUNT, false },
        { "query.products sort=rated", move_by_stars, COUNT, false },
        { "query.products sort=rated category=rugs", move_by_stars, COUNT / 2, false },
        { "query.products sort=popular", move_by_sale, COUNT, false },
        { "query.products sort=newest", move_by_price, COUNT, true },
        { "query.products", move_by_price, COUNT, true },
        { "query.office_products", move_by_title, COUNT, false },
        { "query.office_products state=published", move_by_title, COUNT, false },
    };
    struct souk_stage *stage = *state;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        expect_to_stand_still(stage, &lists[i]);
    souk_stage_expect_same_tables(stage, "query");
}

static void
reviews_are_not_skipped_or_shown_twice(void **state)
{
    static const struct list lists[] = {
        { "query.reviews product=7 sort=helpful", move_by_help, COUNT, false },
        { "query.reviews product=7 sort=best", move_by_edit, COUNT, false },
        { "query.reviews product=7 sort=worst", move_by_edit_down, COUNT, false },
        { "query.reviews product=7 sort=newest", move_by_edit, COUNT, true },
        { "query.reviews product=7", move_by_help, COUNT, true },
    };
    struct souk_stage *stage = *state;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        expect_to_stand_still(stage, &lists[i]);
    souk_stage_expect_same_tables(stage, "query");
}

static void
customers_are_not_skipped_or_shown_twice(void **state)
{
    static const struct list lists[] = {
        { "query.customers sort=spent", move_by_spending, COUNT, false },
        { "query.customers sort=newest", move_by_spending, COUNT, true },
        { "query.customers sort=newest", leave, COUNT, true },
    };
    struct souk_stage *stage = *state;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        expect_to_stand_still(stage, &lists[i]);
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

/*
 * What is last moves to the front, what is first moves on the spot. A list
 * stands still for so many moves, whatever else happened meanwhile; after one
 * more it goes on as it stands by then, and says so, once.
 */
static void
expect_to_stand_still_for_a_while(struct souk_stage *stage, const struct list *list)
{
    const struct leafing before = leaf_through(stage, list->query);
    const unsigned last = before.count - 1;
    struct leafing leafing = { .query = list->query }, again;

    assert_true(leaf(stage, &leafing));
    assert_true(leafing.count < last);
    list->move(stage, before.shown[last], true);
    for (unsigned number = 2; number <= KEPT; number++)
        list->move(stage, before.shown[0], number % 2 == 0);
    story_pass_over(stage);
    again = leafing;
    while (leaf(stage, &again))
        continue;
    assert_int_equal(again.count, before.count);
    assert_int_equal(again.anew, 0);
    assert_memory_equal(again.shown, before.shown, before.count * sizeof before.shown[0]);
    list->move(stage, before.shown[0], false);
    story_pass_over(stage);
    assert_true(leaf(stage, &leafing));
    assert_int_equal(leafing.anew, 1);
    while (leaf(stage, &leafing))
        continue;
    assert_int_equal(leafing.anew, 1);
    assert_int_equal(leafing.count, before.count - 1);  /* what went to the front meanwhile is not on later pages */
    souk_stage_expect_same_tables(stage, "query");
}

static void
step_by_price(struct souk_stage *stage, unsigned product, bool to_front)
{
    write_product(stage, product, "P", to_front ? 1 : 2);
}

static void
step_by_title(struct souk_stage *stage, unsigned product, bool to_front)
{
    write_product(stage, product, to_front ? "A" : "B", 1);
}

static void
step_by_help(struct souk_stage *stage, unsigned review, bool to_front)
{
    (void)to_front;
    move_by_help(stage, review, true);
}

static void
step_by_spending(struct souk_stage *stage, unsigned person, bool to_front)
{
    (void)to_front;
    move_by_spending(stage, person, true);
}

static void
a_list_stands_still_for_a_while(void **state)
{
    struct souk_stage *stage = *state;

    for (unsigned number = 0; number < KEPT; number++)  /* of these nothing moves by price */
        write_product(stage, FIRST + 1, number % 2 == 0 ? "B" : "P101", FIRST + 1);
    story_pass_over(stage);
    expect_to_stand_still_for_a_while(stage, &(struct list){ "query.products sort=cheapest", step_by_price, 0, false });
}

static void
a_list_of_the_office_stands_still_for_a_while(void **state)
{
    expect_to_stand_still_for_a_while(*state, &(struct list){ "query.office_products", step_by_title, 0, false });
}

static void
a_list_of_reviews_stands_still_for_a_while(void **state)
{
    expect_to_stand_still_for_a_while(*state, &(struct list){ "query.reviews product=7 sort=helpful", step_by_help, 0,
        false });
}

static void
a_list_of_customers_stands_still_for_a_while(void **state)
{
    expect_to_stand_still_for_a_while(*state, &(struct list){ "query.customers sort=spent", step_by_spending, 0,
        false });
}

/* What a browser sends may be anything: then it is the first page. */
static void
what_was_never_said_is_the_beginning(void **state)
{
    static const char *const odd[] = { "x", "0000000000000061", "0000000000000061:", "000000000000006x:"
        "00000000000000000000000000000064:0", "9999999999999999:x",
        "00000000000000000000000000000064:0000000000000100" };
    struct souk_stage *stage = *state;

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct leafing leafing = { .query = "query.products sort=cheapest", .pages = 1 };

        (void)snprintf(leafing.from, sizeof leafing.from, "%s", odd[i]);
        assert_true(leaf(stage, &leafing));
        assert_int_equal(leafing.shown[0], FIRST);
        assert_int_equal(leafing.anew, 0);
    }
}

/* Another query service has made the page, one that has heard of more. */
static void
a_page_of_what_is_yet_to_be_heard_goes_on(void **state)
{
    struct souk_stage *stage = *state;
    struct leafing leafing = { .query = "query.products sort=cheapest", .pages = 1,
        .from = "0000000000000001:00000000000000000000000000000096:0000000000000150" };

    assert_true(leaf(stage, &leafing));
    assert_int_equal(leafing.anew, 1);
    assert_int_equal(leafing.count, 10);
    assert_int_equal(leafing.shown[0], 150);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(products_are_not_skipped_or_shown_twice, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(reviews_are_not_skipped_or_shown_twice, open_reviews, story_close),
        cmocka_unit_test_setup_teardown(customers_are_not_skipped_or_shown_twice, open_customers, story_close),
        cmocka_unit_test_setup_teardown(what_goes_is_gone, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(a_list_stands_still_for_a_while, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(a_list_of_the_office_stands_still_for_a_while, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(a_list_of_reviews_stands_still_for_a_while, open_reviews, story_close),
        cmocka_unit_test_setup_teardown(a_list_of_customers_stands_still_for_a_while, open_customers, story_close),
        cmocka_unit_test_setup_teardown(a_page_of_what_is_yet_to_be_heard_goes_on, open_shelf, story_close),
        cmocka_unit_test_setup_teardown(what_was_never_said_is_the_beginning, open_shelf, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
