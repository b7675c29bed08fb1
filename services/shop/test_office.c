/*
 * What the back office shows, as stories: the day, products with their prices,
 * stocks with their reasons, orders with all that happened, customers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services.h"
#include "shop.h"
#include "story.h"

#define GUEST 9
#define DAY_MS (24ULL * 3600 * 1000)
#define FOUND_MAX 24                    /* orders on a page of a search, as described */
#define LOOKED_AT_MAX 5000              /* and orders that are looked at for one, as described */

/* A category and a card; staff acts from now on. */
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
    souk_stage_send(stage, "cards.keep card=7 number=4242424242424242 code=123 month=12 year=2030");
    souk_stage_send(stage, "cards.keep card=8 number=4000002760003184 code=123 month=12 year=2030");
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* Nobody but orders: what it asks others for is not answered. */
static int
open_orders(void **state)
{
    static const char *const writes[] = { STREAM_ORDERS, STREAM_ORDERS_PRIVATE, NULL };
    static const struct souk_stage_service services[] = { { .service = &orders_service, .writes = writes }, { 0 } };

    *state = story_open(services);
    return 0;
}

/* A published product with one article, of which there are some. */
static void
offer(struct souk_stage *stage, unsigned product, const char *title, unsigned price, unsigned units)
{
    char command[400];

    (void)snprintf(command, sizeof command, "catalog.write product=%u slug=p%u title='%s' summary='' text=''"
        " category=tea articles=[{sku=s%u name=red price=%uEUR}] pictures=[]", product, product, title, product, price);
    souk_stage_send(stage, command);
    (void)snprintf(command, sizeof command, "catalog.publish product=%u", product);
    souk_stage_send(stage, command);
    (void)snprintf(command, sizeof command, "inventory.receive sku=s%u units=%u note='first lot'", product, units);
    souk_stage_send(stage, command);
}

static void
buy(struct souk_stage *stage, unsigned order, unsigned product, unsigned price, unsigned units, unsigned card)
{
    char command[400];

    (void)snprintf(command, sizeof command, "orders.place order=%u lines=[{sku=s%u units=%u price=%uEUR}] card=%u"
        " email=ann@example.org address=" ADDRESS, order, product, units, price, card);
    souk_stage_send(stage, command);
}

/* Sales and what was given back, by days; what waits; what runs low. */
static void
the_day_is_seen_at_a_glance(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    offer(stage, 12, "Cup", 500, 6);
    offer(stage, 13, "Tray", 900, 5);
    souk_stage_send(stage, "catalog.withdraw product=13");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.today");
    souk_stage_expect(stage,
        "[   0] answer days=[] orders_waiting=0 orders_stepping=0 low_stock=[] reviews_waiting=0 best_sellers=[]\n");
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 2, 7);
    buy(stage, 22, 12, 500, 2, 7);
    buy(stage, 23, 11, 3000, 1, 8);
    story_pass_over(stage);
    souk_stage_ask(stage, "query.today");
    souk_stage_sign_in(stage, STAFF, "admin");
    souk_stage_ask(stage, "query.today");
    souk_stage_expect(stage,
        "[   0] answer refused shop.staff_only\n"
        "[   0] answer days=[{day=0 orders=2 units=4 sold=7000EUR returned=0}] orders_waiting=1 orders_stepping=1"
            " low_stock=[{sku=s12 product=12 title=Cup name=red available=4}] reviews_waiting=0 today={orders=2"
            " units=4 sold=7000EUR returned=0} day_before={orders=0 units=0 sold=0EUR returned=0} week={orders=2"
            " units=4 sold=7000EUR returned=0} week_before={orders=0 units=0 sold=0EUR returned=0}"
            " best_sellers=[{product=11 slug=p11 title=Pot category=tea units=2 sold=6000EUR},{product=12 slug=p12"
            " title=Cup category=tea units=2 sold=1000EUR}]\n");
    souk_stage_elapse(stage, 60000);
    souk_stage_send(stage, "orders.refund order=21 refund=90 minor=1000 goods_return=false note=''");
    souk_stage_send(stage, "inventory.count sku=s11 on_hand=3 damaged=true note=''");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.today");
    souk_stage_expect(stage,
        "[60000] answer days=[{day=0 orders=2 units=4 sold=7000EUR returned=1000}] orders_waiting=1"
            " orders_stepping=1 low_stock=[{sku=s11 product=11 title=Pot name=red available=2},{sku=s12 product=12"
            " title=Cup name=red available=4}] reviews_waiting=0 today={orders=2 units=4 sold=7000EUR returned=1000}"
            " day_before={orders=0 units=0 sold=0EUR returned=0} week={orders=2 units=4 sold=7000EUR returned=1000}"
            " week_before={orders=0 units=0 sold=0EUR returned=0} best_sellers=[{product=11 slug=p11 title=Pot"
            " category=tea units=2 sold=6000EUR},{product=12 slug=p12 title=Cup category=tea units=2 sold=1000EUR}]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Each day is a row; what is given back counts on the day on which it is. */
static void
days_are_those_of_utc(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_sign_in(stage, ANN, "customer");
    story_sleep(stage, (const char *const[]){ "catalog", "inventory", "orders", "payments", "query", "cards", NULL },
        DAY_MS - 60000);
    souk_stage_elapse(stage, 59999);
    buy(stage, 21, 11, 3000, 2, 7);
    souk_stage_elapse(stage, 1);
    buy(stage, 22, 11, 3000, 1, 7);
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "orders.refund order=21 refund=90 minor=6000 goods_return=true note=''");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.today");
    souk_stage_expect(stage,
        "[86400000] answer days=[{day=86400000 orders=1 units=1 sold=3000EUR returned=6000},{day=0 orders=1 units=2"
            " sold=6000EUR returned=0}] orders_waiting=0 orders_stepping=0 low_stock=[] reviews_waiting=0"
            " today={orders=1 units=1 sold=3000EUR returned=6000} day_before={orders=1 units=2 sold=6000EUR"
            " returned=0} week={orders=2 units=3 sold=9000EUR returned=6000} week_before={orders=0 units=0 sold=0EUR"
            " returned=0} best_sellers=[{product=11 slug=p11 title=Pot category=tea units=3 sold=9000EUR}]\n");
}

static void
a_product_has_its_prices_and_its_stock(void **state)
{
    struct souk_stage *stage = *state;

#define WRITE(price) "catalog.write product=11 slug=p11 title=Pot summary='' text='' category=tea" \
    " articles=[{sku=s11 name=red price=" price "EUR}] pictures=[] traits=[{name=material value=clay}]"
    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_elapse(stage, 1000);
    story_pass_over(stage);
    souk_stage_send(stage, WRITE("2500") " seen_version=4");
    souk_stage_send(stage, WRITE("2000") " seen_version=4");
    souk_stage_send(stage, WRITE("2000") " seen_version=99");
    souk_stage_expect(stage,
        "[1000] catalog 5 written product=11 slug=p11 title=Pot summary='' text='' category=tea articles=[{sku=s11"
            " name=red price=2500EUR}] pictures=[] state=published also_in=[] traits=[{name=material value=clay}]"
            " by=1\n"
        "[1000] catalog 6 priced product=11 sku=s11 price=2500EUR was=3000EUR by=1\n"
        "[1000] reply accepted catalog=6\n"
        "[1000] reply refused changed\n"
        "[1000] reply refused changed\n");
    souk_stage_send(stage, "catalog.withdraw product=11 seen_version=4");   /* it has another price than was seen */
    souk_stage_send(stage, "catalog.publish product=11 seen_version=4");    /* so it is, whatever was seen */
    souk_stage_expect(stage, "[1000] reply refused changed\n[1000] reply accepted catalog=6\n");
    buy(stage, 21, 11, 2500, 1, 8);
    story_pass_over(stage);
    souk_stage_ask(stage, "query.office_product product=11");
    souk_stage_ask(stage, "query.office_product product=12");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "query.office_product product=11");
    souk_stage_expect(stage,
        "[1000] answer product=11 version=5 slug=p11 title=Pot summary='' text='' category=tea also_in=[]"
            " state=published since=0 articles=[{sku=s11 name=red price=2500EUR on_hand=9 held=1}] pictures=[]"
            " traits=[{name=material value=clay}] prices=[{at=1000 sku=s11 price=2500EUR was=3000EUR by=1"
            " by_name=''},{at=0 sku=s11 price=3000EUR by=1 by_name=''}]\n"
        "[1000] answer refused unknown_product\n"
        "[1000] answer refused shop.staff_only\n");
    souk_stage_expect_same_tables(stage, "query");
}

static void
products_are_listed_by_title_whatever_their_state(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "tea pot", 3000, 9);
    offer(stage, 12, "Cup", 500, 1);
    souk_stage_send(stage, "catalog.withdraw product=12");
    souk_stage_send(stage, "catalog.write product=13 slug=p13 title=Bowl summary='' text='' category=tea"
        " articles=[{sku=a name=a price=700EUR}, {sku=b name=b price=600EUR}] pictures=[]");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.office_products");
    souk_stage_ask(stage, "query.office_products state=draft");
    souk_stage_ask(stage, "query.office_products state=published");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.office_products");
    souk_stage_expect(stage,
        "[   0] answer products=[{product=13 slug=p13 title=Bowl category=tea state=draft price=600EUR articles=2"
            " on_hand=0 held=0 changed=0},{product=12 slug=p12 title=Cup category=tea state=withdrawn price=500EUR"
            " articles=1 on_hand=1 held=0 changed=0},{product=11 slug=p11 title='tea pot' category=tea"
            " state=published price=3000EUR articles=1 on_hand=9 held=0 changed=0}]\n"
        "[   0] answer products=[{product=13 slug=p13 title=Bowl category=tea state=draft price=600EUR articles=2"
            " on_hand=0 held=0 changed=0}]\n"
        "[   0] answer products=[{product=11 slug=p11 title='tea pot' category=tea state=published price=3000EUR"
            " articles=1 on_hand=9 held=0 changed=0}]\n"
        "[   0] answer refused shop.staff_only\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Every unit that came or went did so for a reason. */
static void
a_stock_has_its_history(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 5);
    offer(stage, 12, "Cup", 500, 1);
    souk_stage_send(stage, "inventory.count sku=s11 on_hand=4 damaged=true note=dropped");
    buy(stage, 21, 11, 3000, 1, 7);
    story_pass_over(stage);
    souk_stage_ask(stage, "query.stock");
    souk_stage_ask(stage, "query.stock from=s12");
    souk_stage_ask(stage, "query.stock_history sku=s11");
    souk_stage_ask(stage, "query.stock_history sku=s99");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "query.stock");
    souk_stage_ask(stage, "query.stock_history sku=s11");
    souk_stage_expect(stage,
        "[   0] answer articles=[{sku=s11 product=11 title=Pot name=red on_hand=3 held=0},{sku=s12 product=12"
            " title=Cup name=red on_hand=1 held=0}]\n"
        "[   0] answer articles=[{sku=s12 product=12 title=Cup name=red on_hand=1 held=0}]\n"
        "[   0] answer steps=[{at=0 reason=taken units=1 on_hand=3 held=0 note='' order=21 by_name=''},{at=0"
            " reason=held units=1 on_hand=4 held=1 note='' order=21 by_name=''},{at=0 reason=damaged units=1"
            " on_hand=4 held=0 note=dropped by=1 by_name=''},{at=0 reason=received units=5 on_hand=5 held=0"
            " note='first lot' by=1 by_name=''}]\n"
        "[   0] answer steps=[]\n"
        "[   0] answer refused shop.staff_only\n"
        "[   0] answer refused shop.staff_only\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Fifty rows a page, and one more. */
static void
pages_of_the_back_office_fit_together(void **state)
{
    static const char *const lists[] = { "query.office_products", "query.stock", "query.stock_history sku=s100" };
    static const char *const rows[] = { "slug=", "sku=", "reason=" };
    struct souk_stage *stage = *state;
    char query[200];
    const char *said, *at;

    for (unsigned product = 100; product < 151; product++)
        offer(stage, product, "Pot", 1000, 1);
    for (unsigned i = 0; i < 50; i++)
        souk_stage_send(stage, "inventory.receive sku=s100 units=1 note=''");
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        story_pass_over(stage);
        souk_stage_ask(stage, lists[i]);
        said = souk_stage_differs(stage, "");
        assert_int_equal(story_count(said, rows[i]), 50);
        assert_non_null(at = strstr(said, " next="));
        (void)snprintf(query, sizeof query, "%s from=%.*s", lists[i], (int)strcspn(at + 6, "\n"), at + 6);
        souk_stage_ask(stage, query);
        said = souk_stage_differs(stage, "");
        assert_int_equal(story_count(said, rows[i]), 1);
        assert_null(strstr(said, " next="));
    }
}

static void
orders_are_found_by_state_number_and_owner(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 1, 7);
    souk_stage_sign_in(stage, BOB, "customer");
    buy(stage, 22, 11, 3000, 2, 8);
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.orders state=awaiting_step");
    souk_stage_ask(stage, "query.orders state=placed");
    souk_stage_ask(stage, "query.orders owner=2 state=placed");
    souk_stage_ask(stage, "query.orders number=10002");
    souk_stage_ask(stage, "query.orders number=10003");
    souk_stage_expect(stage,
        "[   0] answer orders=[{order=22 number=10002 owner=3 state=awaiting_step total=6000EUR units=2 placed=0"
            " changed=0}] standing=[0,0,1,0,1,0,0]\n"
        "[   0] answer orders=[] standing=[0,0,1,0,1,0,0]\n"
        "[   0] answer orders=[{order=21 number=10001 owner=2 state=confirmed total=3000EUR units=1 placed=0"
            " changed=0}] standing=[0,0,1,0,1,0,0]\n"
        "[   0] answer orders=[{order=22 number=10002 owner=3 state=awaiting_step total=6000EUR units=2 placed=0"
            " changed=0}] standing=[0,0,1,0,1,0,0]\n"
        "[   0] answer orders=[] standing=[0,0,1,0,1,0,0]\n");
    souk_stage_expect_same_tables(stage, "query");
}

static void
all_that_happened_to_an_order_is_told(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    buy(stage, 21, 11, 3000, 1, 7);
    souk_stage_send(stage, "orders.refund order=21 refund=90 minor=500 goods_return=false note=chipped");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.order_log order=21");
    souk_stage_ask(stage, "query.order_log order=22");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "query.order_log order=21");
    souk_stage_expect(stage,
        "[   0] answer events=[{at=0 state=placed amount=3000EUR is_decided=false note='' what=placed number=1"
            " units=1},{at=0 state=placed is_decided=false note='' what=goods_held number=3 units=1},{at=0"
            " state=reserved is_decided=false note='' what=reserved number=2 units=0},{at=0 state=reserved"
            " amount=3000EUR is_decided=false note='' what=payment_asked number=1 units=0},{at=0 state=reserved"
            " step=payment_asked is_decided=false note='' what=stepped number=3 units=0},{at=0 state=reserved"
            " is_decided=false note='' what=payment_authorised number=2 units=0},{at=0 state=reserved"
            " is_decided=false note='' what=processor_heard number=3 units=0},{at=0 state=paid is_decided=false"
            " note='' what=paid number=4 units=0},{at=0 state=paid is_decided=false note='' what=goods_taken"
            " number=5 units=0},{at=0 state=paid step=goods_taken is_decided=false note='' what=stepped number=5"
            " units=0},{at=0 state=paid is_decided=false note='' what=capture_asked number=4 units=0},{at=0"
            " state=paid step=capture_asked is_decided=false note='' what=stepped number=6 units=0},{at=0 state=paid"
            " is_decided=false note='' what=captured number=5 units=0},{at=0 state=confirmed is_decided=false"
            " note='' what=confirmed number=7 units=0},{at=0 state=confirmed amount=500EUR is_decided=true by=1"
            " note=chipped what=refund_decided number=8 units=0},{at=0 state=confirmed amount=500EUR"
            " is_decided=false note='' what=refund_asked number=6 units=0},{at=0 state=confirmed step=refund_asked"
            " is_decided=false note='' what=stepped number=9 units=0},{at=0 state=confirmed amount=500EUR"
            " is_decided=false note='' what=payment_refunded number=7 units=0},{at=0 state=confirmed"
            " is_decided=false note='' what=processor_heard number=8 units=0},{at=0 state=confirmed amount=500EUR"
            " is_decided=false note='' what=refunded number=10 units=0}] people=[{person=1 name=''}]\n"
        "[   0] answer refused unknown_order\n"
        "[   0] answer refused shop.staff_only\n");
}

/* The address is for the owner and for staff, and not in what query knows. */
static void
orders_are_found_by_where_they_go(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 1, 7);
    souk_stage_send(stage, "orders.place order=22 lines=[{sku=s11 units=1 price=3000EUR}] card=7"
        " email=bob@example.org address={name='Bob Bonn' street='2 Low Lane' city=Ulm postcode=89073 country=DE"
        " phone=''}");
    story_pass_over(stage);
    souk_stage_ask(stage, "orders.search text=bonn");
    souk_stage_ask(stage, "orders.destination order=21");
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_ask(stage, "orders.destination order=21");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_ask(stage, "orders.destination order=23");
    souk_stage_ask(stage, "orders.search text=BONN");
    souk_stage_ask(stage, "orders.search text='low bob@'");
    souk_stage_ask(stage, "orders.search text='low ann'");
    souk_stage_ask(stage, "orders.search text=' ,'");
    souk_stage_publish(stage, "accounts.left person=2");
    souk_stage_ask(stage, "orders.search text=bonn");
    souk_stage_ask(stage, "orders.destination order=21");
    souk_stage_expect(stage,
        "[   0] answer refused shop.staff_only\n"
        "[   0] answer email=ann@example.org address={name=Ann street='1 High Street' city=Bonn postcode=53111"
            " country=DE phone=''}\n"
        "[   0] answer refused unknown_order\n"
        "[   0] answer refused unknown_order\n"
        "[   0] answer orders=[{order=21 email=ann@example.org address={name=Ann street='1 High Street' city=Bonn"
            " postcode=53111 country=DE phone=''} number=10001 state=confirmed total=3000EUR placed=0},{order=22"
            " email=bob@example.org address={name='Bob Bonn' street='2 Low Lane' city=Ulm postcode=89073 country=DE"
            " phone=''} number=10002 state=confirmed total=3000EUR placed=0}]\n"
        "[   0] answer orders=[{order=22 email=bob@example.org address={name='Bob Bonn' street='2 Low Lane' city=Ulm"
            " postcode=89073 country=DE phone=''} number=10002 state=confirmed total=3000EUR placed=0}]\n"
        "[   0] answer orders=[]\n"
        "[   0] answer orders=[]\n"
        "[   0] accounts 1 left person=2\n"
        "[   0] orders.private 3 erased owner=2\n"
        "[   0] answer orders=[]\n"
        "[   0] answer\n");
    souk_stage_expect_same_tables(stage, "orders");
}

/* Two dozen a page, of five thousand orders that are looked at: at the bound there is no next page, one beyond it there is. */
static void
what_is_found_comes_in_pages(void **state)
{
    struct souk_stage *stage = *state;
    char query[200];
    const char *said, *at;

    souk_stage_publish(stage, "catalog.written product=11 slug=p11 title=Pot summary='' text='' category=tea"
        " articles=[{sku=s11 name=red price=3000EUR}] pictures=[] state=published");
    souk_stage_publish(stage, "catalog.published product=11");
    for (unsigned order = 1; order <= FOUND_MAX + 1; order++) {
        souk_stage_sign_in(stage, STAFF, "staff");
        if (order > FOUND_MAX) {
            story_pass_over(stage);
            souk_stage_ask(stage, "orders.search text=bonn");
            said = souk_stage_differs(stage, "");
            assert_int_equal(story_count(said, "{order="), FOUND_MAX);
            assert_null(strstr(said, " next="));
        }
        souk_stage_sign_in(stage, ANN, "customer");
        buy(stage, order, 11, 3000, 1, 7);
    }
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "orders.search text=bonn");
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "{order="), FOUND_MAX);
    assert_non_null(at = strstr(said, " next="));
    (void)snprintf(query, sizeof query, "orders.search text=bonn from=%.*s", (int)strcspn(at + 6, "\n"), at + 6);
    souk_stage_ask(stage, query);
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "{order="), 1);
    assert_null(strstr(said, " next="));
    souk_stage_ask(stage, "orders.search text=bonn from=nowhere");
    assert_int_equal(story_count(souk_stage_differs(stage, ""), "{order="), FOUND_MAX);

    souk_stage_sign_in(stage, ANN, "customer");
    for (unsigned order = FOUND_MAX + 2; order <= LOOKED_AT_MAX; order++)
        buy(stage, order, 11, 3000, 1, 7);
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "orders.search text=ulm");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_expect(stage, "[   0] answer orders=[]\n");
    buy(stage, LOOKED_AT_MAX + 1, 11, 3000, 1, 7);
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "orders.search text=ulm");
    assert_non_null(strstr(souk_stage_differs(stage, ""), "orders=[] next="));
}

/* Who has registered, who has ordered as a guest, and who turned out to be whom. */
static void
customers_are_who_registers_or_buys(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_publish(stage, "accounts.registered person=2 name=Ann");
    souk_stage_elapse(stage, 1000);
    souk_stage_publish(stage, "accounts.registered person=3 name=Bob");
    souk_stage_publish(stage, "accounts.renamed person=3 name=Robert");
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 1, 7);
    souk_stage_sign_in(stage, GUEST, "guest");
    souk_stage_elapse(stage, 1000);
    buy(stage, 22, 11, 3000, 2, 7);
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.customers sort=newest");
    souk_stage_ask(stage, "query.customers sort=spent");
    souk_stage_publish(stage, "accounts.guest_signed_in guest=9 person=3");
    souk_stage_ask(stage, "query.customers sort=spent");
    souk_stage_ask(stage, "query.customer person=2");
    souk_stage_ask(stage, "query.customer person=9");
    souk_stage_expect(stage,
        "[2000] answer customers=[{person=9 name='' since=2000 orders=1 spent=6000EUR last_order=2000},{person=3"
            " name=Robert since=1000 orders=0},{person=2 name=Ann since=0 orders=1 spent=3000EUR last_order=1000}]\n"
        "[2000] answer customers=[{person=9 name='' since=2000 orders=1 spent=6000EUR last_order=2000},{person=2"
            " name=Ann since=0 orders=1 spent=3000EUR last_order=1000},{person=3 name=Robert since=1000 orders=0}]\n"
        "[2000] accounts 4 guest_signed_in guest=9 person=3\n"
        "[2000] orders 15 adopted order=22 owner=3\n"
        "[2000] answer customers=[{person=3 name=Robert since=1000 orders=1 spent=6000EUR"
            " last_order=2000},{person=2 name=Ann since=0 orders=1 spent=3000EUR last_order=1000}]\n"
        "[2000] answer customer={person=2 name=Ann since=0 orders=1 spent=3000EUR last_order=1000}\n"
        "[2000] answer refused unknown_customer\n");
    souk_stage_send(stage, "orders.refund order=22 refund=90 minor=4000 goods_return=false note=''");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.customers sort=spent");
    souk_stage_publish(stage, "accounts.left person=2");
    souk_stage_ask(stage, "query.customer person=2");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "query.customers sort=newest");
    souk_stage_ask(stage, "query.customer person=2");
    souk_stage_expect(stage,
        "[2000] answer customers=[{person=2 name=Ann since=0 orders=1 spent=3000EUR last_order=1000},{person=3"
            " name=Robert since=1000 orders=1 spent=2000EUR last_order=2000}]\n"
        "[2000] accounts 5 left person=2\n"
        "[2000] orders.private 3 erased owner=2\n"
        "[2000] answer customer={person=2 name='' since=0 orders=1 spent=3000EUR last_order=1000}\n"
        "[2000] answer refused shop.staff_only\n"
        "[2000] answer refused shop.staff_only\n");
    souk_stage_expect_same_tables(stage, "query");
}

static void
orders_on_their_way_are_a_list_of_their_own(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 1, 7);
    buy(stage, 22, 11, 3000, 1, 8);
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.orders is_open=true");
    souk_stage_send(stage, "orders.cancel order=22");
    souk_stage_ask(stage, "query.orders is_open=true");
    souk_stage_expect(stage,
        "[   0] answer orders=[{order=22 number=10002 owner=2 state=awaiting_step total=3000EUR units=1 placed=0"
            " changed=0}] standing=[0,0,1,0,1,0,0]\n"
        "[   0] orders 12 cancelled order=22 reason=shopkeeper goods_taken=false owner=2 cart=[] by=1\n"
        "[   0] reply accepted orders=12\n"
        "[   0] request inventory release order=22\n"
        "[   0] request payments void order=22\n"
        "[   0] payments 9 voided order=22 was_asked=true\n"
        "[   0] outcome payments void accepted\n"
        "[   0] request cards void charge=22\n"
        "[   0] cards 8 voided charge=22\n"
        "[   0] outcome cards void accepted\n"
        "[   0] inventory 8 changed sku=s11 on_hand=8 held=0 reason=released units=1 note='' order=22\n"
        "[   0] inventory 9 released order=22 reason=cancelled\n"
        "[   0] outcome inventory release accepted\n"
        "[   0] orders 13 stepped order=22 step=money_released\n"
        "[   0] orders 14 stepped order=22 step=goods_released\n"
        "[   0] payments 10 void_done order=22\n"
        "[   0] answer orders=[] standing=[0,0,0,0,1,1,0]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* A product by its title, its address or an article; an article by how it begins. */
static void
products_are_found_by_what_stands_in_them(void **state)
{
    struct souk_stage *stage = *state;

    offer(stage, 11, "Tea pot", 3000, 9);
    offer(stage, 12, "Cup for tea", 500, 1);
    offer(stage, 13, "Bowl", 900, 1);
    story_pass_over(stage);
    souk_stage_ask(stage, "query.office_products text=TEA");
    souk_stage_ask(stage, "query.office_products text=s13");
    souk_stage_ask(stage, "query.office_products text=teapot");
    souk_stage_ask(stage, "query.stock begins=s12");
    souk_stage_ask(stage, "query.stock begins=s1 from=s13");
    souk_stage_ask(stage, "query.stock begins=x");
    souk_stage_expect(stage,
        "[   0] answer products=[{product=12 slug=p12 title='Cup for tea' category=tea state=published price=500EUR"
            " articles=1 on_hand=1 held=0 changed=0},{product=11 slug=p11 title='Tea pot' category=tea"
            " state=published price=3000EUR articles=1 on_hand=9 held=0 changed=0}]\n"
        "[   0] answer products=[{product=13 slug=p13 title=Bowl category=tea state=published price=900EUR"
            " articles=1 on_hand=1 held=0 changed=0}]\n"
        "[   0] answer products=[]\n"
        "[   0] answer articles=[{sku=s12 product=12 title='Cup for tea' name=red on_hand=1 held=0}]\n"
        "[   0] answer articles=[{sku=s13 product=13 title=Bowl name=red on_hand=1 held=0}]\n"
        "[   0] answer articles=[]\n");
}

/* Every command of the staff, by whom, in all services; names are those of today. */
static void
who_did_what_is_told(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_publish(stage, "accounts.registered person=1 name=Ada");
    souk_stage_publish(stage, "accounts.registered person=3 name=Bob");
    offer(stage, 11, "Pot", 3000, 9);
    souk_stage_sign_in(stage, ANN, "customer");
    buy(stage, 21, 11, 3000, 1, 7);
    buy(stage, 22, 11, 3000, 1, 8);
    souk_stage_elapse(stage, 1000);
    souk_stage_sign_in(stage, BOB, "admin");
    souk_stage_send(stage, "catalog.write product=11 slug=p11 title='Red pot' summary='' text='' category=tea"
        " articles=[{sku=s11 name=red price=2500EUR}] pictures=[]");
    souk_stage_send(stage, "catalog.withdraw product=11");
    souk_stage_elapse(stage, 1000);
    souk_stage_send(stage, "inventory.count sku=s11 on_hand=6 damaged=true note=dropped");
    souk_stage_send(stage, "orders.cancel order=22");
    souk_stage_send(stage, "orders.refund order=21 refund=90 minor=500 goods_return=false note=chipped");
    souk_stage_publish(stage, "accounts.appointed person=1 is_staff=true is_admin=false by=3");
    souk_stage_publish(stage, "accounts.renamed person=3 name=Robert");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.deeds by=3");
    souk_stage_ask(stage, "query.deeds by=1");
    souk_stage_ask(stage, "query.deeds by=2");
    souk_stage_publish(stage, "accounts.left person=3");
    souk_stage_ask(stage, "query.deeds from=9007199254740991.9.9");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "query.deeds");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.deeds");
    souk_stage_expect(stage,
        "[2000] answer deeds=[{at=2000 by=3 by_name=Robert deed=damaged about_id=11 about='Red pot' key=s11 units=6"
            " is_staff=false is_admin=false note=dropped},{at=2000 by=3 by_name=Robert deed=refund_decided"
            " about_id=21 about=10001 key='' units=0 amount=500EUR is_staff=false is_admin=false"
            " note=chipped},{at=2000 by=3 by_name=Robert deed=cancelled about_id=22 about=10002 key='' units=0"
            " is_staff=false is_admin=false note=''},{at=2000 by=3 by_name=Robert deed=appointed about_id=1"
            " about=Ada key='' units=0 is_staff=true is_admin=false note=''},{at=1000 by=3 by_name=Robert"
            " deed=withdrawn about_id=11 about='Red pot' key='' units=0 is_staff=false is_admin=false"
            " note=''},{at=1000 by=3 by_name=Robert deed=priced about_id=11 about='Red pot' key=s11 units=0"
            " amount=2500EUR was=3000EUR is_staff=false is_admin=false note=''},{at=1000 by=3 by_name=Robert"
            " deed=written about_id=11 about='Red pot' key='' units=0 is_staff=false is_admin=false note=''}]\n"
        "[2000] answer deeds=[{at=0 by=1 by_name=Ada deed=published about_id=11 about='Red pot' key='' units=0"
            " is_staff=false is_admin=false note=''},{at=0 by=1 by_name=Ada deed=written about_id=11 about='Red pot'"
            " key='' units=0 is_staff=false is_admin=false note=''},{at=0 by=1 by_name=Ada deed=category_put"
            " about='' key=tea units=0 is_staff=false is_admin=false note=''},{at=0 by=1 by_name=Ada deed=received"
            " about_id=11 about='Red pot' key=s11 units=9 is_staff=false is_admin=false note='first lot'}]\n"
        "[2000] answer deeds=[]\n"
        "[2000] accounts 5 left person=3\n"
        "[2000] orders.private 3 erased owner=3\n"
        "[2000] answer deeds=[]\n"
        "[2000] answer refused shop.staff_only\n"
        "[2000] answer refused shop.staff_only\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Fifty deeds a page, and one more; another word is as good as the beginning, also one that is nearly a place. */
static void
deeds_have_pages(void **state)
{
    static const struct {
        const char *from;
        unsigned deeds;
    } words[] = { { "nowhere", 50 }, { "-1.9.9", 50 }, { "18446744073709551616.255.1", 50 },
        { "18446744073709551615.255.18446744073709551615.", 50 }, { "18446744073709551615.255.18446744073709551615", 0 } };
    struct souk_stage *stage = *state;
    char query[200];
    const char *said, *at;

    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(query, sizeof query, "catalog.put_category category=c%u title=Tea text='' place=2", i);
        souk_stage_send(stage, query);
    }
    story_pass_over(stage);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        (void)snprintf(query, sizeof query, "query.deeds from=%s", words[i].from);
        souk_stage_ask(stage, query);
        assert_int_equal(story_count(souk_stage_differs(stage, ""), "deed=category_put"), words[i].deeds);
    }
    souk_stage_ask(stage, "query.deeds from=nowhere");
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "deed=category_put"), 50);
    assert_non_null(at = strstr(said, " next="));
    (void)snprintf(query, sizeof query, "query.deeds from=%.*s", (int)strcspn(at + 6, "\n"), at + 6);
    souk_stage_ask(stage, query);
    said = souk_stage_differs(stage, "");
    assert_int_equal(story_count(said, "deed=category_put"), 1);    /* that of open_shop() */
    assert_non_null(strstr(said, "key=tea"));
    assert_null(strstr(said, " next="));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_day_is_seen_at_a_glance, open_shop, story_close),
        cmocka_unit_test_setup_teardown(days_are_those_of_utc, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_product_has_its_prices_and_its_stock, open_shop, story_close),
        cmocka_unit_test_setup_teardown(products_are_listed_by_title_whatever_their_state, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_stock_has_its_history, open_shop, story_close),
        cmocka_unit_test_setup_teardown(pages_of_the_back_office_fit_together, open_shop, story_close),
        cmocka_unit_test_setup_teardown(orders_are_found_by_state_number_and_owner, open_shop, story_close),
        cmocka_unit_test_setup_teardown(all_that_happened_to_an_order_is_told, open_shop, story_close),
        cmocka_unit_test_setup_teardown(orders_are_found_by_where_they_go, open_shop, story_close),
        cmocka_unit_test_setup_teardown(what_is_found_comes_in_pages, open_orders, story_close),
        cmocka_unit_test_setup_teardown(customers_are_who_registers_or_buys, open_shop, story_close),
        cmocka_unit_test_setup_teardown(orders_on_their_way_are_a_list_of_their_own, open_shop, story_close),
        cmocka_unit_test_setup_teardown(products_are_found_by_what_stands_in_them, open_shop, story_close),
        cmocka_unit_test_setup_teardown(who_did_what_is_told, open_shop, story_close),
        cmocka_unit_test_setup_teardown(deeds_have_pages, open_shop, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
