/*
 * What pages show, as stories: lists, a product, orders, and who sees them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services.h"
#include "shop.h"
#include "story.h"

/* A category, a card, and whoever acts from now on: staff. */
static int
open_shop(void **state)
{
    static const char *const orders_writes[] = { STREAM_ORDERS, STREAM_ORDERS_PRIVATE, NULL };
    static const struct souk_stage_service services[] = { { .service = &catalog_service },
        { .service = &inventory_service }, { .service = &orders_service, .writes = orders_writes },
        { .service = &payments_service }, { .service = &query_service }, { .service = &cards_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.put_category category=tea title=Tea text='' place=2");
    souk_stage_send(stage, "catalog.put_category category=rugs title=Rugs text='' place=1");
    souk_stage_send(stage, "cards.keep card=7 number=4242424242424242 code=123 month=12 year=2030");
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* A published product with one article, of which there are some. */
static void
offer(struct souk_stage *stage, unsigned product, const char *title, const char *category, unsigned price,
    unsigned units)
{
    char command[400];

    (void)snprintf(command, sizeof command, "catalog.write product=%u slug=p%u title='%s' summary='' text=''"
        " category=%s articles=[{sku=s%u name='' price=%uEUR}] pictures=[]", product, product, title, category, product, price);
    souk_stage_send(stage, command);
    (void)snprintf(command, sizeof command, "catalog.publish product=%u", product);
    souk_stage_send(stage, command);
    if (units > 0) {
        (void)snprintf(command, sizeof command, "inventory.receive sku=s%u units=%u note=''", product, units);
        souk_stage_send(stage, command);
    }
    souk_stage_elapse(stage, 1000);
    story_pass_over(stage);
}

static void
buy(struct souk_stage *stage, unsigned order, unsigned product, unsigned price, unsigned units)
{
    char command[400];

    (void)snprintf(command, sizeof command, "orders.place order=%u lines=[{sku=s%u units=%u price=%uEUR}] card=7"
        " email=ann@example.org address=" ADDRESS, order, product, units, price);
    souk_stage_send(stage, command);
    story_pass_over(stage);
}

static void
said_in_order(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        assert_non_null(text = strstr(text, *words));
}

/* ---- products ------------------------------------------------------- */

static void
categories_stand_in_their_order(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_ask(stage, "query.categories");
    souk_stage_send(stage, "catalog.put_category category=rugs title='Rugs and more' text='' place=3");
    souk_stage_ask(stage, "query.categories");
    souk_stage_expect(stage,
        "[   0] answer categories=[{category=rugs title=Rugs text=''},{category=tea title=Tea text=''}]\n"
        "[   0] catalog 3 category_put category=rugs title='Rugs and more' text='' place=3 by=1\n"
        "[   0] reply accepted catalog=3\n"
        "[   0] answer categories=[{category=tea title=Tea text=''},{category=rugs title='Rugs and more' text=''}]\n");
    souk_stage_expect_same_tables(stage, "query");
}

static void
products_are_listed_in_four_orders(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "tea pot", "tea", 3000, 1);
    offer(stage, 12, "Kelim", "rugs", 50000, 0);
    offer(stage, 13, "Tea glass", "tea", 1250, 5);
    souk_stage_ask(stage, "query.products sort=newest");
    souk_stage_ask(stage, "query.products sort=cheapest");
    souk_stage_ask(stage, "query.products sort=dearest");
    souk_stage_ask(stage, "query.products sort=title");
    souk_stage_ask(stage, "query.products sort=title category=tea");
    souk_stage_ask(stage, "query.products sort=title category=spices");
    souk_stage_expect(stage,
        "[3000] answer products=[{product=13 slug=p13 title='Tea glass' summary='' category=tea price=1250EUR"
            " is_from=false available=true average=0 reviews=0},{product=12 slug=p12 title=Kelim summary=''"
            " category=rugs price=50000EUR is_from=false available=false average=0 reviews=0},{product=11 slug=p11"
            " title='tea pot' summary='' category=tea price=3000EUR is_from=false available=true average=0"
            " reviews=0}] found=3 lowest=1250 highest=50000 facets=[{name=category value=tea products=2"
            " is_chosen=false},{name=category value=rugs products=1 is_chosen=false}]\n"
        "[3000] answer products=[{product=13 slug=p13 title='Tea glass' summary='' category=tea price=1250EUR"
            " is_from=false available=true average=0 reviews=0},{product=11 slug=p11 title='tea pot' summary=''"
            " category=tea price=3000EUR is_from=false available=true average=0 reviews=0},{product=12 slug=p12"
            " title=Kelim summary='' category=rugs price=50000EUR is_from=false available=false average=0"
            " reviews=0}] found=3 lowest=1250 highest=50000 facets=[{name=category value=tea products=2"
            " is_chosen=false},{name=category value=rugs products=1 is_chosen=false}]\n"
        "[3000] answer products=[{product=12 slug=p12 title=Kelim summary='' category=rugs price=50000EUR"
            " is_from=false available=false average=0 reviews=0},{product=11 slug=p11 title='tea pot' summary=''"
            " category=tea price=3000EUR is_from=false available=true average=0 reviews=0},{product=13 slug=p13"
            " title='Tea glass' summary='' category=tea price=1250EUR is_from=false available=true average=0"
            " reviews=0}] found=3 lowest=1250 highest=50000 facets=[{name=category value=tea products=2"
            " is_chosen=false},{name=category value=rugs products=1 is_chosen=false}]\n"
        "[3000] answer products=[{product=12 slug=p12 title=Kelim summary='' category=rugs price=50000EUR"
            " is_from=false available=false average=0 reviews=0},{product=13 slug=p13 title='Tea glass' summary=''"
            " category=tea price=1250EUR is_from=false available=true average=0 reviews=0},{product=11 slug=p11"
            " title='tea pot' summary='' category=tea price=3000EUR is_from=false available=true average=0"
            " reviews=0}] found=3 lowest=1250 highest=50000 facets=[{name=category value=tea products=2"
            " is_chosen=false},{name=category value=rugs products=1 is_chosen=false}]\n"
        "[3000] answer products=[{product=13 slug=p13 title='Tea glass' summary='' category=tea price=1250EUR"
            " is_from=false available=true average=0 reviews=0},{product=11 slug=p11 title='tea pot' summary=''"
            " category=tea price=3000EUR is_from=false available=true average=0 reviews=0}] found=2 lowest=1250"
            " highest=3000 facets=[]\n"
        "[3000] answer products=[] found=0 facets=[]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* A draft is for staff; what is withdrawn is in no list, and has its page for those who have it at home. */
static void
a_product_is_shown_as_long_as_it_is_published(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "catalog.write product=11 slug=pot title=Pot summary='' text='' category=tea"
        " articles=[{sku=small name=small price=900EUR}, {sku=big name=big price=1900EUR}]"
        " pictures=[{name=pot alt='A pot'}]");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.product slug=pot");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "query.product slug=pot");
    souk_stage_ask(stage, "query.products sort=newest");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.publish product=11");
    souk_stage_send(stage, "inventory.receive sku=big units=101 note=''");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.product slug=pot");
    souk_stage_ask(stage, "query.products sort=newest");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.withdraw product=11");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.product slug=pot");
    souk_stage_ask(stage, "query.products sort=newest");
    souk_stage_ask(stage, "query.product slug=pan");
    souk_stage_expect(stage,
        "[   0] answer product=11 slug=pot title=Pot summary='' text='' category=tea state=draft"
            " articles=[{sku=small name=small price=900EUR available=0},{sku=big name=big price=1900EUR"
            " available=0}] pictures=[{name=pot alt='A pot'}] also_in=[] traits=[]\n"
        "[   0] answer refused unknown_product\n"
        "[   0] answer products=[] found=0 facets=[]\n"
        "[   0] catalog 6 published product=11 by=1\n"
        "[   0] reply accepted catalog=6\n"
        "[   0] inventory 1 changed sku=big on_hand=101 held=0 reason=received units=101 note='' by=1\n"
        "[   0] reply accepted inventory=1\n"
        "[   0] answer product=11 slug=pot title=Pot summary='' text='' category=tea state=published"
            " articles=[{sku=small name=small price=900EUR available=0},{sku=big name=big price=1900EUR"
            " available=100}] pictures=[{name=pot alt='A pot'}] also_in=[] traits=[]\n"
        "[   0] answer products=[{product=11 slug=pot title=Pot summary='' category=tea price=900EUR is_from=true"
            " picture={name=pot alt='A pot'} available=true average=0 reviews=0}] found=1 lowest=900 highest=900"
            " facets=[{name=category value=tea products=1 is_chosen=false}]\n"
        "[   0] catalog 7 withdrawn product=11 by=1\n"
        "[   0] reply accepted catalog=7\n"
        "[   0] answer product=11 slug=pot title=Pot summary='' text='' category=tea state=withdrawn"
            " articles=[{sku=small name=small price=900EUR available=0},{sku=big name=big price=1900EUR"
            " available=100}] pictures=[{name=pot alt='A pot'}] also_in=[] traits=[]\n"
        "[   0] answer products=[] found=0 facets=[]\n"
        "[   0] answer refused unknown_product\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Filters narrow a list; facets say what each further one would leave, those of its own name left aside. */
static void
products_are_filtered_by_what_they_are(void **state)
{
    struct souk_stage *stage = *state;

#define TRAITS(product, also, price, traits) "catalog.write product=" product " slug=p" product " title=P" product \
    " summary='' text='' category=tea articles=[{sku=s" product " name='' price=" price "EUR}] pictures=[]" \
    " also_in=[" also "] traits=[" traits "]"
    souk_stage_send(stage, TRAITS("11", "rugs", "1000", "{name=material value=clay}, {name=origin value=Turkey}"));
    souk_stage_send(stage, TRAITS("12", "", "2000", "{name=material value=glass}, {name=origin value=Turkey}"));
    souk_stage_send(stage, TRAITS("13", "", "3000", "{name=material value=glass}, {name=origin value=Iran}"));
    souk_stage_send(stage, "catalog.publish product=11");
    souk_stage_send(stage, "catalog.publish product=12");
    souk_stage_send(stage, "catalog.publish product=13");
    souk_stage_send(stage, "inventory.receive sku=s12 units=1 note=''");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.products sort=title category=rugs");
    souk_stage_ask(stage, "query.products sort=title traits=['material:glass']");
    souk_stage_ask(stage, "query.products sort=title traits=['material:glass', 'origin:Turkey']");
    souk_stage_ask(stage, "query.products sort=title traits=['material:glass', 'material:clay'] price_max=2999");
    souk_stage_ask(stage, "query.products sort=title traits=['material:tin', nonsense] category=tea");
    souk_stage_ask(stage, "query.products sort=title only_available=true price_min=1000");
    souk_stage_ask(stage, "query.products sort=title text=p13 traits=['material:clay']");
    souk_stage_expect(stage,
        "[   0] answer products=[{product=11 slug=p11 title=P11 summary='' category=tea price=1000EUR is_from=false"
            " available=false average=0 reviews=0}] found=1 lowest=1000 highest=1000 facets=[{name=material"
            " value=clay products=1 is_chosen=false},{name=origin value=Turkey products=1 is_chosen=false}]\n"
        "[   0] answer products=[{product=12 slug=p12 title=P12 summary='' category=tea price=2000EUR is_from=false"
            " available=true average=0 reviews=0},{product=13 slug=p13 title=P13 summary='' category=tea"
            " price=3000EUR is_from=false available=false average=0 reviews=0}] found=2 lowest=2000 highest=3000"
            " facets=[{name=category value=tea products=2 is_chosen=false},{name=material value=glass products=2"
            " is_chosen=true},{name=material value=clay products=1 is_chosen=false},{name=origin value=Iran"
            " products=1 is_chosen=false},{name=origin value=Turkey products=1 is_chosen=false}]\n"
        "[   0] answer products=[{product=12 slug=p12 title=P12 summary='' category=tea price=2000EUR is_from=false"
            " available=true average=0 reviews=0}] found=1 lowest=2000 highest=2000 facets=[{name=category"
            " value=tea products=1 is_chosen=false},{name=material value=clay products=1"
            " is_chosen=false},{name=material value=glass products=1 is_chosen=true},{name=origin value=Iran"
            " products=1 is_chosen=false},{name=origin value=Turkey products=1 is_chosen=true}]\n"
        "[   0] answer products=[{product=11 slug=p11 title=P11 summary='' category=tea price=1000EUR is_from=false"
            " available=false average=0 reviews=0},{product=12 slug=p12 title=P12 summary='' category=tea"
            " price=2000EUR is_from=false available=true average=0 reviews=0}] found=2 lowest=1000 highest=3000"
            " facets=[{name=category value=tea products=2 is_chosen=false},{name=category value=rugs products=1"
            " is_chosen=false},{name=material value=clay products=1 is_chosen=true},{name=material value=glass"
            " products=1 is_chosen=true},{name=origin value=Turkey products=2 is_chosen=false}]\n"
        "[   0] answer products=[] found=0 facets=[{name=material value=glass products=2"
            " is_chosen=false},{name=material value=clay products=1 is_chosen=false},{name=material value=tin"
            " products=0 is_chosen=true}]\n"
        "[   0] answer products=[{product=12 slug=p12 title=P12 summary='' category=tea price=2000EUR is_from=false"
            " available=true average=0 reviews=0}] found=1 lowest=2000 highest=2000 facets=[{name=category"
            " value=tea products=1 is_chosen=false},{name=material value=glass products=1"
            " is_chosen=false},{name=origin value=Turkey products=1 is_chosen=false}]\n"
        "[   0] answer products=[] found=0 facets=[{name=material value=glass products=1"
            " is_chosen=false},{name=material value=clay products=0 is_chosen=true}]\n");
    souk_stage_send(stage, TRAITS("14", "tea", "1000", ""));
    souk_stage_send(stage, TRAITS("14", "rugs, rugs", "1000", ""));
    souk_stage_send(stage, TRAITS("14", "spices", "1000", ""));
    souk_stage_expect(stage,
        "[   0] reply refused category_twice\n"
        "[   0] reply refused category_twice\n"
        "[   0] reply refused unknown_category\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* A hundred facets are shown: of more, those that leave most. */
static void
facets_that_leave_most_are_shown(void **state)
{
    struct souk_stage *stage;
    const char *said;
    char event[400];

    (void)story_close(state);
    *state = stage = story_open((const struct souk_stage_service[]){ { .service = &query_service }, { 0 } });
    for (unsigned product = 100; product < 200; product++) {
        (void)snprintf(event, sizeof event, "catalog.written product=%u slug=p%u title=P summary='' text='' category=tea"
            " articles=[{sku=s%u name='' price=2EUR}] pictures=[] state=published also_in=[] traits=[{name=origin"
            " value=o%u}]", product, product, product, product);
        souk_stage_publish(stage, event);
    }
    souk_stage_publish(stage, "catalog.written product=99 slug=p99 title=P summary='' text='' category=tea"
        " articles=[{sku=s99 name='' price=2EUR}] pictures=[] state=published also_in=[] traits=[{name=origin"
        " value=o199}]");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.products sort=newest");
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "is_chosen="), 100);
    assert_int_equal(story_count(said, "name=category value=tea products=101 "), 1);
    assert_int_equal(story_count(said, "value=o199 products=2 "), 1);
    assert_int_equal(story_count(said, "value=o197 products=1 "), 1);
    assert_int_equal(story_count(said, "value=o198 products=1 "), 0);
}

/* An answer looks at 2000 products; where it has not found enough it says where to go on. */
static void
a_search_has_an_end(void **state)
{
    struct souk_stage *stage = *state;
    const char *said;
    char event[300];

    (void)story_close(state);
    *state = stage = story_open((const struct souk_stage_service[]){ { .service = &query_service }, { 0 } });
    for (unsigned product = 10000; product < 12000; product++) {
        (void)snprintf(event, sizeof event, "catalog.written product=%u slug=p%u title=P%u summary='' text=''"
            " category=tea articles=[{sku=s%u name='' price=%uEUR}] pictures=[] state=published also_in=[] traits=[]",
            product, product, product, product, product == 11999 ? 1 : 2);
        souk_stage_publish(stage, event);
    }
    story_pass_over(stage);
    souk_stage_ask(stage, "query.products sort=title price_max=1");
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "slug=p11999 "), 1);
    assert_int_equal(story_count(said, " found=1 "), 1);
    assert_null(strstr(said, " next="));
    souk_stage_publish(stage, "catalog.written product=9 slug=p9 title=A summary='' text='' category=tea"
        " articles=[{sku=s9 name='' price=2EUR}] pictures=[] state=published also_in=[] traits=[]");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.products sort=title price_max=1");
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "slug="), 0);
    assert_int_equal(story_count(said, " found=0 "), 1);
    assert_int_equal(story_count(said, " next=0000000000000000:00000000000000000000000000002edf:p11999 "), 1);
    souk_stage_ask(stage, "query.products sort=title price_max=1 "
        "from=0000000000000000:00000000000000000000000000002edf:p11999");
    assert_int_equal(story_count_new(stage, "slug=p11999 "), 1);
}

/* What was sold of late counts for more, and the fuller cart more than the emptier one. */
static void
the_front_page_shows_what_is_new_and_what_is_popular(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", "tea", 3000, 9);
    offer(stage, 12, "Kelim", "rugs", 50000, 9);
    offer(stage, 13, "Glass", "tea", 1250, 9);
    buy(stage, 21, 11, 3000, 3);
    buy(stage, 22, 12, 50000, 2);
    souk_stage_ask(stage, "query.home");
    souk_stage_ask(stage, "query.products sort=popular category=tea");
    souk_stage_expect(stage,
        "[3000] answer newest=[{product=13 slug=p13 title=Glass summary='' category=tea price=1250EUR is_from=false"
            " available=true average=0 reviews=0},{product=12 slug=p12 title=Kelim summary='' category=rugs"
            " price=50000EUR is_from=false available=true average=0 reviews=0},{product=11 slug=p11 title=Pot"
            " summary='' category=tea price=3000EUR is_from=false available=true average=0 reviews=0}]"
            " popular=[{product=11 slug=p11 title=Pot summary='' category=tea price=3000EUR is_from=false"
            " available=true average=0 reviews=0},{product=12 slug=p12 title=Kelim summary='' category=rugs"
            " price=50000EUR is_from=false available=true average=0 reviews=0},{product=13 slug=p13 title=Glass"
            " summary='' category=tea price=1250EUR is_from=false available=true average=0 reviews=0}]"
            " categories=[{category=rugs title=Rugs text=''},{category=tea title=Tea text=''}]\n"
        "[3000] answer products=[{product=11 slug=p11 title=Pot summary='' category=tea price=3000EUR is_from=false"
            " available=true average=0 reviews=0},{product=13 slug=p13 title=Glass summary='' category=tea"
            " price=1250EUR is_from=false available=true average=0 reviews=0}] found=2 lowest=1250 highest=3000"
            " facets=[]\n");
    story_sleep(stage, (const char *const[]){ "catalog", "inventory", "orders", "payments", "query", "cards", NULL },
        14ULL * 24 * 3600 * 1000);
    souk_stage_elapse(stage, 10000);
    buy(stage, 23, 13, 1250, 2);
    souk_stage_ask(stage, "query.products sort=popular");
    said_in_order(souk_stage_differs(stage, ""), (const char *const[]){ "slug=p13 ", "slug=p11 ", "slug=p12 ", NULL });
    buy(stage, 24, 12, 50000, 1);
    souk_stage_ask(stage, "query.products sort=popular");
    said_in_order(souk_stage_differs(stage, ""), (const char *const[]){ "slug=p12 ", "slug=p13 ", "slug=p11 ", NULL });
    souk_stage_expect_same_tables(stage, "query");
}

/* Its address, its articles and its category change; nothing of before is found any more. */
static void
a_product_moves_with_what_is_written_of_it(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", "tea", 3000, 2);
    souk_stage_send(stage, "catalog.write product=11 slug=jug title=Jug summary='' text='' category=rugs"
        " articles=[{sku=jug name='' price=2000EUR}] pictures=[]");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.product slug=p11");
    souk_stage_ask(stage, "query.products sort=title category=tea");
    souk_stage_ask(stage, "query.products sort=title category=rugs");
    souk_stage_expect(stage,
        "[1000] answer refused unknown_product\n"
        "[1000] answer products=[] found=0 facets=[]\n"
        "[1000] answer products=[{product=11 slug=jug title=Jug summary='' category=rugs price=2000EUR"
            " is_from=false available=false average=0 reviews=0}] found=1 lowest=2000 highest=2000 facets=[]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* The last one that is held for somebody is none that others can have. */
static void
sold_out_is_said_in_lists(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", "tea", 3000, 1);
    souk_stage_ask(stage, "query.products sort=newest");
    assert_int_equal(story_count_new(stage, "available=true"), 1);
    buy(stage, 21, 11, 3000, 1);
    souk_stage_ask(stage, "query.products sort=newest");
    assert_int_equal(story_count_new(stage, "available=false"), 1);
    souk_stage_expect_same_tables(stage, "query");
}

/* Neither skipped nor repeated, though one comes and one goes between the pages. */
static void
pages_of_products_fit_together(void **state)
{
    struct souk_stage *stage = *state;
    char query[200], next[120] = "";
    const char *said, *at;
    unsigned seen = 0;

    for (unsigned product = 100; product < 150; product++)
        offer(stage, product, "Pot", "tea", 1000 + product % 7, 0);
    for (unsigned page = 0; page < 3; page++) {
        (void)snprintf(query, sizeof query, "query.products sort=cheapest%s%s", page == 0 ? "" : " from=", next);
        souk_stage_ask(stage, query);
        said = souk_stage_differs(stage, "");
        for (unsigned product = 100; product < 150; product++) {
            (void)snprintf(query, sizeof query, "slug=p%u ", product);
            seen += story_count(said, query);
        }
        assert_int_equal(story_count(said, "slug="), page < 2 ? 24 : 2);
        if (page < 2) {
            assert_non_null(at = strstr(said, " next="));
            (void)snprintf(next, sizeof next, "%.*s", (int)strcspn(at + 6, " \n"), at + 6);
        } else {
            assert_null(strstr(said, " next="));
        }
        if (page == 0) {
            souk_stage_send(stage, "catalog.withdraw product=105");     /* 1000, on the first page */
            offer(stage, 99, "Pot", "tea", 999, 0);                     /* before it */
        }
    }
    assert_int_equal(seen, 50);
    souk_stage_ask(stage, "query.products sort=cheapest from=nonsense");
    assert_int_equal(story_count_new(stage, "slug=p99 "), 1);
}

/* ---- orders --------------------------------------------------------- */

static void
an_order_has_a_page_with_its_history(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", "tea", 3000, 2);
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 2);
    souk_stage_elapse(stage, 1000);
    buy(stage, 22, 11, 3000, 1);
    souk_stage_ask(stage, "query.order order=21");
    souk_stage_ask(stage, "query.order order=22");
    souk_stage_ask(stage, "query.my_orders");
    souk_stage_ask(stage, "query.orders");
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_ask(stage, "query.order order=21");
    souk_stage_ask(stage, "query.order order=23");
    souk_stage_ask(stage, "query.my_orders");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.order order=21");
    souk_stage_ask(stage, "query.my_orders");
    souk_stage_expect(stage,
        "[2000] answer order=21 owner=2 state=confirmed lines=[{product=11 sku=s11 title=Pot units=2"
            " price=3000EUR}] total=6000EUR returned=0 history=[{at=1000 state=placed},{at=1000"
            " state=reserved},{at=1000 state=paid},{at=1000 state=confirmed}] number=10001 placed=1000\n"
        "[2000] answer order=22 owner=2 state=cancelled lines=[{product=11 sku=s11 title=Pot units=1"
            " price=3000EUR}] total=3000EUR returned=0 history=[{at=2000 state=placed},{at=2000 state=cancelled"
            " reason=sold_out}] number=10002 placed=2000\n"
        "[2000] answer orders=[{order=22 number=10002 owner=2 state=cancelled total=3000EUR units=1 placed=2000"
            " changed=2000},{order=21 number=10001 owner=2 state=confirmed total=6000EUR units=2 placed=1000"
            " changed=1000}]\n"
        "[2000] answer refused shop.staff_only\n"
        "[2000] answer refused unknown_order\n"
        "[2000] answer refused unknown_order\n"
        "[2000] answer orders=[]\n"
        "[2000] answer refused unknown_order\n"
        "[2000] answer refused shop.not_signed_in\n");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "orders.refund order=21 refund=90 minor=6000 goods_return=true note=''");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.order order=21");
    souk_stage_ask(stage, "query.orders");
    souk_stage_expect(stage,
        "[2000] answer order=21 owner=2 state=refunded lines=[{product=11 sku=s11 title=Pot units=2 price=3000EUR}]"
            " total=6000EUR returned=6000 history=[{at=1000 state=placed},{at=1000 state=reserved},{at=1000"
            " state=paid},{at=1000 state=confirmed},{at=2000 state=refunded amount=6000EUR}] number=10001"
            " placed=1000\n"
        "[2000] answer orders=[{order=22 number=10002 owner=2 state=cancelled total=3000EUR units=1 placed=2000"
            " changed=2000},{order=21 number=10001 owner=2 state=refunded total=6000EUR units=2 placed=1000"
            " changed=2000}] standing=[0,0,0,0,0,1,1]\n");
    souk_stage_expect_same_tables(stage, "query");
}

static void
pages_of_orders_fit_together(void **state)
{
    struct souk_stage *stage = *state;
    char query[200];
    const char *said, *at;

    offer(stage, 11, "Pot", "tea", 3000, 100);
    souk_stage_sign_in(stage, ANN, "customer");
    for (unsigned order = 100; order < 125; order++)
        buy(stage, order, 11, 3000, 1);
    souk_stage_ask(stage, "query.my_orders");
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "state=confirmed"), 24);
    assert_non_null(at = strstr(said, " next="));
    (void)snprintf(query, sizeof query, "query.my_orders from=%.*s", (int)strcspn(at + 6, " \n"), at + 6);
    souk_stage_ask(stage, query);
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "state=confirmed"), 1);
    assert_null(strstr(said, " next="));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(categories_stand_in_their_order, open_shop, story_close),
        cmocka_unit_test_setup_teardown(products_are_listed_in_four_orders, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_product_is_shown_as_long_as_it_is_published, open_shop, story_close),
        cmocka_unit_test_setup_teardown(products_are_filtered_by_what_they_are, open_shop, story_close),
        cmocka_unit_test_setup_teardown(facets_that_leave_most_are_shown, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_search_has_an_end, open_shop, story_close),
        cmocka_unit_test_setup_teardown(the_front_page_shows_what_is_new_and_what_is_popular, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_product_moves_with_what_is_written_of_it, open_shop, story_close),
        cmocka_unit_test_setup_teardown(sold_out_is_said_in_lists, open_shop, story_close),
        cmocka_unit_test_setup_teardown(pages_of_products_fit_together, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_order_has_a_page_with_its_history, open_shop, story_close),
        cmocka_unit_test_setup_teardown(pages_of_orders_fit_together, open_shop, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
