/*
 * Carts as stories: what is put there, what it says of prices and stock, what
 * an order takes out of it, and what comes back.
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
#define CHECK_OUT "orders.check_out order=%u cart_version=%u total=%uEUR card=7 email=ann@example.org address=" ADDRESS
#define DAY_MS (24ULL * 3600 * 1000)

/* Carts alone, and who says what there is to put into them: Ann is signed in. */
static int
open_carts(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &catalog_service },
        { .service = &carts_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.put_category category=tea title=Tea text='' place=1");
    souk_stage_send(stage, "catalog.write product=5 slug=glass title=Glass summary='' text='' category=tea"
        " articles=[{sku=red name=red price=500EUR}, {sku=blue name=blue price=600EUR},"
        " {sku=green name=green price=700EUR}] pictures=[]");
    souk_stage_send(stage, "catalog.publish product=5");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* Tea pots and glasses are for sale, three of each; a card pays. Ann is signed in. */
static int
open_shop(void **state)
{
    static const char *const orders_writes[] = { STREAM_ORDERS, STREAM_ORDERS_PRIVATE, NULL };
    static const struct souk_stage_service services[] = { { .service = &catalog_service },
        { .service = &inventory_service }, { .service = &carts_service },
        { .service = &orders_service, .writes = orders_writes }, { .service = &payments_service },
        { .service = &cards_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.put_category category=tea title=Tea text='' place=1");
    souk_stage_send(stage, "catalog.write product=5 slug=glass title=Glass summary='' text='' category=tea"
        " articles=[{sku=red name=red price=500EUR}, {sku=blue name=blue price=600EUR}]"
        " pictures=[{name=glass alt='A glass'}]");
    souk_stage_send(stage, "catalog.write product=6 slug=pot title=Pot summary='' text='' category=tea"
        " articles=[{sku=pot name='' price=3000EUR}] pictures=[]");
    souk_stage_send(stage, "catalog.publish product=5");
    souk_stage_send(stage, "catalog.publish product=6");
    souk_stage_send(stage, "inventory.receive sku=red units=3 note=''");
    souk_stage_send(stage, "inventory.receive sku=pot units=3 note=''");
    souk_stage_send(stage, "cards.keep card=7 number='4242424242424242' code=123 month=12 year=2030");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    *state = stage;
    return 0;
}

static void
check_out(struct souk_stage *stage, unsigned order, unsigned version, unsigned total)
{
    char command[400];

    (void)snprintf(command, sizeof command, CHECK_OUT, order, version, total);
    souk_stage_send(stage, command);
}

static void
a_cart_is_filled_and_emptied(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_ask(stage, "carts.cart");
    souk_stage_send(stage, "carts.add sku=red units=1");
    souk_stage_elapse(stage, 1);
    souk_stage_send(stage, "carts.add sku=pot units=2");
    souk_stage_send(stage, "carts.add sku=red units=1");
    souk_stage_send(stage, "carts.set sku=pot units=1");
    souk_stage_send(stage, "carts.set sku=pot units=1");
    souk_stage_ask(stage, "carts.cart");
    souk_stage_send(stage, "carts.remove sku=pot");
    souk_stage_send(stage, "carts.remove sku=pot");
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_ask(stage, "carts.cart");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_send(stage, "carts.add sku=pot units=1");
    souk_stage_send(stage, "carts.set sku=pot units=1");
    souk_stage_send(stage, "carts.remove sku=pot");
    souk_stage_expect(stage,
        "[   0] answer cart_version=0 lines=[] units=0 can_order=false\n"
        "[   0] carts 1 filled owner=2 sku=red units=1 price=500EUR\n"
        "[   0] reply accepted carts=1\n"
        "[   1] carts 2 filled owner=2 sku=pot units=2 price=3000EUR\n"
        "[   1] reply accepted carts=2\n"
        "[   1] carts 3 filled owner=2 sku=red units=2 price=500EUR\n"
        "[   1] reply accepted carts=3\n"
        "[   1] carts 4 filled owner=2 sku=pot units=1 price=3000EUR\n"
        "[   1] reply accepted carts=4\n"
        "[   1] reply accepted carts=4\n"
        "[   1] answer cart_version=4 lines=[{sku=red product=5 slug=glass title=Glass name=red picture={name=glass"
            " alt='A glass'} units=2 price_then=500EUR price=500EUR available=3 state=available},{sku=pot product=6"
            " slug=pot title=Pot name='' units=1 price_then=3000EUR price=3000EUR available=3 state=available}]"
            " units=3 total=4000EUR can_order=true\n"
        "[   1] carts 5 removed owner=2 sku=pot\n"
        "[   1] reply accepted carts=5\n"
        "[   1] reply accepted carts=5\n"
        "[   1] answer cart_version=0 lines=[] units=0 can_order=false\n"
        "[   1] answer cart_version=0 lines=[] units=0 can_order=false\n"
        "[   1] reply refused shop.not_signed_in\n"
        "[   1] reply refused shop.not_signed_in\n"
        "[   1] reply refused shop.not_signed_in\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
a_cart_has_bounds(void **state)
{
    struct souk_stage *stage = *state;
    char command[200];

    souk_stage_send(stage, "carts.add sku=green units=1");
    souk_stage_send(stage, "carts.set sku=red units=1000");
    souk_stage_send(stage, "carts.add sku=red units=1");
    souk_stage_expect(stage,
        "[   0] reply refused unknown_article\n"
        "[   0] carts 1 filled owner=2 sku=red units=1000 price=500EUR\n"
        "[   0] reply accepted carts=1\n"
        "[   0] reply refused too_many\n");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.write product=7 slug=usd title=Mug summary='' text='' category=tea"
        " articles=[{sku=mug name='' price=100USD}] pictures=[]");
    souk_stage_send(stage, "catalog.publish product=7");
    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(command, sizeof command, "catalog.write product=%u slug=p%u title=P summary='' text=''"
            " category=tea articles=[{sku=p%u name='' price=100EUR}] pictures=[]", 100 + i, i, i);
        souk_stage_send(stage, command);
        (void)snprintf(command, sizeof command, "catalog.publish product=%u", 100 + i);
        souk_stage_send(stage, command);
    }
    souk_stage_sign_in(stage, ANN, "customer");
    for (unsigned i = 0; i < 49; i++) {
        (void)snprintf(command, sizeof command, "carts.add sku=p%u units=1", i);
        souk_stage_send(stage, command);
    }
    assert_int_equal(story_count_new(stage, " filled owner=2 "), 49);
    souk_stage_send(stage, "carts.add sku=mug units=1");
    souk_stage_send(stage, "carts.add sku=p49 units=1");
    souk_stage_send(stage, "carts.set sku=p0 units=2");
    souk_stage_expect(stage,
        "[   0] reply refused currencies\n"
        "[   0] reply refused too_many_lines\n"
        "[   0] carts 51 filled owner=2 sku=p0 units=2 price=100EUR\n"
        "[   0] reply accepted carts=51\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* What has changed since it was put there is said at once; a line whose units are said anew has the price of now. */
static void
a_cart_says_what_has_changed(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "carts.add sku=red units=2");
    souk_stage_elapse(stage, 1);
    souk_stage_send(stage, "carts.add sku=blue units=1");
    souk_stage_elapse(stage, 1);
    souk_stage_send(stage, "carts.add sku=pot units=3");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.write product=5 slug=glass title=Glass summary='' text='' category=tea"
        " articles=[{sku=red name=red price=550EUR}] pictures=[]");
    souk_stage_send(stage, "inventory.count sku=pot on_hand=2 damaged=true note=''");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_send(stage, "carts.set sku=red units=2");
    souk_stage_ask(stage, "carts.cart");
    souk_stage_expect(stage,
        "[   2] answer cart_version=3 lines=[{sku=red product=5 slug=glass title=Glass name=red units=2"
            " price_then=500EUR price=550EUR available=3 state=available},{sku=blue product=5 slug=glass"
            " title=Glass name=blue picture={name=glass alt='A glass'} units=1 price_then=600EUR price=600EUR"
            " available=0 state=not_for_sale},{sku=pot product=6 slug=pot title=Pot name='' units=3"
            " price_then=3000EUR price=3000EUR available=2 state=too_few}] units=6 total=10100EUR can_order=false\n"
        "[   2] carts 4 filled owner=2 sku=red units=2 price=550EUR\n"
        "[   2] reply accepted carts=4\n"
        "[   2] answer cart_version=4 lines=[{sku=red product=5 slug=glass title=Glass name=red units=2"
            " price_then=550EUR price=550EUR available=3 state=available},{sku=blue product=5 slug=glass"
            " title=Glass name=blue picture={name=glass alt='A glass'} units=1 price_then=600EUR price=600EUR"
            " available=0 state=not_for_sale},{sku=pot product=6 slug=pot title=Pot name='' units=3"
            " price_then=3000EUR price=3000EUR available=2 state=too_few}] units=6 total=10100EUR can_order=false\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* The order's prices are the shop's; the cart is empty from the click on, but for what came after it. */
static void
an_order_takes_the_cart(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "carts.add sku=red units=2");
    souk_stage_send(stage, "carts.add sku=pot units=1");
    story_pass_over(stage);
    check_out(stage, 11, 1, 4000);
    check_out(stage, 11, 2, 3999);
    souk_stage_expect(stage,
        "[   0] reply refused cart_changed\n"
        "[   0] reply refused price_changed\n");
    check_out(stage, 11, 2, 4000);
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=11 owner=2 lines=[{product=6 sku=pot title=Pot units=1"
            " price=3000EUR},{product=5 sku=red title='Glass, red' units=2 price=500EUR}] total=4000EUR card=7"
            " number=10001 cart_version=2 pay=900000 hold=1200000\n"
        "[   0] orders.private 1 addressed order=11 owner=2 email=ann@example.org address={name=Ann street='1 High"
            " Street' city=Bonn postcode=53111 country=DE phone=''}\n"
        "[   0] reply accepted orders=1 orders.private=1\n"
        "[   0] request inventory hold order=11 lines=[{sku=pot units=1},{sku=red units=2}] hold=1200000\n"
        "[   0] inventory 3 changed sku=pot on_hand=3 held=1 reason=held units=1 note='' order=11\n"
        "[   0] inventory 4 changed sku=red on_hand=3 held=2 reason=held units=2 note='' order=11\n"
        "[   0] inventory 5 held order=11 lines=[{sku=pot units=1},{sku=red units=2}] expires=1200000\n"
        "[   0] outcome inventory hold accepted\n"
        "[   0] carts 3 ordered owner=2 order=11 lines=[{sku=pot units=1},{sku=red units=2}]\n"
        "[   0] orders 2 reserved order=11 owner=2\n"
        "[   0] request payments authorise order=11 card=7 amount=4000EUR\n"
        "[   0] payments 1 asked order=11 card=7 amount=4000EUR\n"
        "[   0] outcome payments authorise accepted\n"
        "[   0] request cards authorise charge=11 card=7 amount=4000EUR\n"
        "[   0] cards 2 asked charge=11 amount=4000EUR manner=pays\n"
        "[   0] cards 3 answered charge=11 outcome=authorised\n"
        "[   0] outcome cards authorise accepted\n"
        "[   0] orders 3 stepped order=11 step=payment_asked\n"
        "[   0] payments 2 authorised order=11\n"
        "[   0] payments 3 asking order=11 is_accepted=true\n"
        "[   0] orders 4 paid order=11 owner=2\n"
        "[   0] request inventory take order=11\n"
        "[   0] inventory 6 changed sku=pot on_hand=2 held=0 reason=taken units=1 note='' order=11\n"
        "[   0] inventory 7 changed sku=red on_hand=1 held=0 reason=taken units=2 note='' order=11\n"
        "[   0] inventory 8 taken order=11\n"
        "[   0] outcome inventory take accepted\n"
        "[   0] orders 5 stepped order=11 step=goods_taken\n"
        "[   0] request payments capture order=11\n"
        "[   0] payments 4 capture_asked order=11\n"
        "[   0] outcome payments capture accepted\n"
        "[   0] request cards capture charge=11\n"
        "[   0] cards 4 captured charge=11\n"
        "[   0] outcome cards capture accepted\n"
        "[   0] orders 6 stepped order=11 step=capture_asked\n"
        "[   0] payments 5 captured order=11\n"
        "[   0] orders 7 confirmed order=11 owner=2\n");
    souk_stage_ask(stage, "carts.cart");
    check_out(stage, 11, 2, 4000);
    check_out(stage, 12, 2, 4000);
    check_out(stage, 12, 3, 4000);
    souk_stage_sign_in(stage, BOB, "customer");
    check_out(stage, 12, 0, 0);
    check_out(stage, 12, 3, 0);
    souk_stage_sign_out(stage);
    check_out(stage, 12, 3, 0);
    souk_stage_expect(stage,
        "[   0] answer cart_version=3 lines=[] units=0 can_order=false\n"
        "[   0] reply refused id_taken\n"
        "[   0] reply refused cart_ordered\n"
        "[   0] reply refused nothing_ordered\n"
        "[   0] reply refused nothing_ordered\n"
        "[   0] reply refused cart_changed\n"
        "[   0] reply refused shop.not_signed_in\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Carts is away when the order is placed: under another id, the cart is not ordered again. */
static void
a_cart_is_ordered_once(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "carts.add sku=red units=1");
    souk_stage_stop(stage, "carts");
    check_out(stage, 11, 1, 500);
    story_pass_over(stage);
    check_out(stage, 12, 1, 500);
    souk_stage_expect(stage, "[   0] reply refused cart_ordered\n");
    souk_stage_start(stage, "carts");
    souk_stage_elapse(stage, 10000);
    assert_int_equal(story_count_new(stage, " ordered owner=2 order=11 lines=[{sku=red units=1}]"), 1);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_expect(stage,
        "[10000] answer cart_version=2 lines=[] units=0 can_order=false\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Carts hears of the order late: what was added after the click is not what was ordered. */
static void
what_came_after_the_click_stays(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "carts.add sku=red units=3");
    souk_stage_send(stage, "carts.add sku=blue units=1");
    story_pass_over(stage);
    souk_stage_publish(stage, "orders.placed order=11 owner=2 lines=[{product=5 sku=red title='Glass, red' units=2"
        " price=500EUR},{product=5 sku=green title='Glass, green' units=1 price=700EUR}] total=1700EUR card=7"
        " number=10001 cart_version=1");
    souk_stage_ask(stage, "carts.cart");
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=11 owner=2 lines=[{product=5 sku=red title='Glass, red' units=2"
            " price=500EUR},{product=5 sku=green title='Glass, green' units=1 price=700EUR}] total=1700EUR card=7"
            " number=10001 cart_version=1 pay=900000 hold=1200000\n"
        "[   0] carts 3 ordered owner=2 order=11 lines=[{sku=red units=2},{sku=green units=1}]\n"
        "[   0] answer cart_version=3 lines=[{sku=blue product=5 slug=glass title=Glass name=blue units=1"
            " price_then=600EUR price=600EUR available=0 state=sold_out},{sku=red product=5 slug=glass title=Glass"
            " name=red units=1 price_then=500EUR price=500EUR available=0 state=sold_out}] units=2 total=1100EUR"
            " can_order=false\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Nobody wanted the order to fail: what it took out of the cart is there again, unless the shopper was faster. */
static void
a_declined_order_gives_the_cart_back(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "cards.keep card=9 number='4000000000000259' code=123 month=12 year=2030");
    souk_stage_send(stage, "cards.keep card=8 number='4000000000000002' code=123 month=12 year=2030");
    souk_stage_send(stage, "carts.add sku=red units=2");
    souk_stage_send(stage, "carts.add sku=pot units=1");
    story_pass_over(stage);
    souk_stage_send(stage, "orders.check_out order=11 cart_version=2 total=4000EUR card=8 email=ann@example.org"
        " address=" ADDRESS);
    assert_int_equal(story_count(souk_stage_trace(stage), " cancelled order=11 reason=declined"), 1);
    story_pass_over(stage);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_expect(stage,
        "[   0] answer cart_version=5 lines=[{sku=pot product=6 slug=pot title=Pot name='' units=1"
            " price_then=3000EUR price=3000EUR available=3 state=available},{sku=red product=5 slug=glass"
            " title=Glass name=red picture={name=glass alt='A glass'} units=2 price_then=500EUR price=500EUR"
            " available=3 state=available}] units=3 total=4000EUR can_order=true\n");
    check_out(stage, 12, 5, 4000);
    assert_int_equal(story_count(souk_stage_trace(stage), " confirmed order=12"), 1);
    souk_stage_send(stage, "carts.add sku=red units=1");
    souk_stage_send(stage, "orders.check_out order=13 cart_version=7 total=500EUR card=9 email=ann@example.org"
        " address=" ADDRESS);
    souk_stage_send(stage, "orders.cancel order=13");
    assert_int_equal(story_count(souk_stage_trace(stage), " cancelled order=13 reason=shopper"), 1);
    story_pass_over(stage);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_expect(stage,
        "[   0] answer cart_version=8 lines=[] units=0 can_order=false\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* A guest orders as anybody does. */
static void
a_guest_has_a_cart_and_orders(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_sign_in(stage, GUEST, "guest");
    souk_stage_send(stage, "carts.add sku=pot units=1");
    check_out(stage, 11, 1, 3000);
    assert_int_equal(story_count(souk_stage_trace(stage), " confirmed order=11"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

static void
a_cart_that_nobody_touches_is_emptied(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "carts.add sku=blue units=1");
    souk_stage_elapse(stage, 60000);
    souk_stage_send(stage, "carts.add sku=red units=1");
    story_sleep(stage, (const char *const[]){ "catalog", "carts", NULL }, 30 * DAY_MS - 1);
    story_pass_over(stage);
    souk_stage_elapse(stage, 1);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_expect(stage,
        "[2592060000] carts 3 expired owner=2\n"
        "[2592060000] answer cart_version=0 lines=[] units=0 can_order=false\n");
    souk_stage_expect_same_tables(stage, NULL);
}

#define SIGN_IN "accounts.guest_signed_in guest_id=9 person=2"

/* Each article as often as in the fuller cart; what was ordered is the person's, too, and so is what comes of it. */
static void
a_guest_who_signs_in_has_one_cart(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "carts.add sku=red units=2");
    souk_stage_send(stage, "carts.add sku=blue units=1");
    souk_stage_sign_in(stage, GUEST, "guest");
    souk_stage_send(stage, "carts.add sku=pot units=1");
    check_out(stage, 11, 3, 3000);
    souk_stage_send(stage, "carts.add sku=red units=1");
    souk_stage_send(stage, "carts.add sku=blue units=3");
    souk_stage_send(stage, "carts.add sku=pot units=2");
    story_pass_over(stage);
    souk_stage_publish(stage, SIGN_IN);
    souk_stage_ask(stage, "carts.cart");
    souk_stage_publish(stage, SIGN_IN);
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_ask(stage, "carts.cart");
    souk_stage_send(stage, "orders.cancel order=11");
    souk_stage_expect(stage,
        "[   0] accounts 1 guest_signed_in guest=9 person=2\n"
        "[   0] carts 8 filled owner=2 sku=blue units=3 price=600EUR\n"
        "[   0] carts 9 filled owner=2 sku=pot units=2 price=3000EUR\n"
        "[   0] carts 10 merged owner=2 guest=9 left_out=0\n"
        "[   0] orders 8 adopted order=11 owner=2\n"
        "[   0] answer cart_version=0 lines=[] units=0 can_order=false\n"
        "[   0] accounts 2 guest_signed_in guest=9 person=2\n"
        "[   0] answer cart_version=10 lines=[{sku=blue product=5 slug=glass title=Glass name=blue"
            " picture={name=glass alt='A glass'} units=3 price_then=600EUR price=600EUR available=0"
            " state=sold_out},{sku=pot product=6 slug=pot title=Pot name='' units=2 price_then=3000EUR"
            " price=3000EUR available=2 state=available},{sku=red product=5 slug=glass title=Glass name=red"
            " picture={name=glass alt='A glass'} units=2 price_then=500EUR price=500EUR available=3"
            " state=available}] units=7 total=8800EUR can_order=false\n"
        "[   0] reply refused too_late\n");
    souk_stage_publish(stage, "accounts.left person=2");
    souk_stage_expect(stage,
        "[   0] accounts 3 left person=2\n"
        "[   0] carts 11 expired owner=2\n"
        "[   0] orders.private 2 erased owner=2\n"
        "[   0] orders.private 3 erased owner=9\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Whatever dies or fails on the way, and however often the page asks: one cart, one order, and an empty cart. */
static void
order_once(struct souk_stage *stage, const char *service, enum souk_stage_moment moment, uint32_t write)
{
    souk_stage_send(stage, "carts.set sku=red units=2");
    if (write == 0)
        souk_stage_crash(stage, service, moment);
    else
        souk_stage_fail_write(stage, service, write);
    check_out(stage, 11, 1, 1000);
    souk_stage_elapse(stage, 10000);
    check_out(stage, 11, 1, 1000);
    check_out(stage, 12, 1, 1000);
    souk_stage_elapse(stage, 30000);
    assert_int_equal(story_count(souk_stage_trace(stage), " placed order=11 "), 1);
    assert_int_equal(story_count(souk_stage_trace(stage), " placed order="), 1);
    assert_int_equal(story_count(souk_stage_trace(stage), " ordered owner=2 order=11 "), 1);
    assert_int_equal(story_count(souk_stage_trace(stage), " confirmed order=11"), 1);
    story_pass_over(stage);
    souk_stage_ask(stage, "carts.cart");
    assert_int_equal(story_count_new(stage, " lines=[] units=0 "), 1);
    souk_stage_expect_same_tables(stage, service);
}

static void
a_cart_is_ordered_once_whatever_fails(void **state)
{
    static const char *const services[] = { "carts", "orders" };

    (void)story_close(state);
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        bool struck = true;
        uint32_t writes;

        for (int moment = SOUK_STAGE_NOW; moment <= SOUK_STAGE_BEFORE_SEND; moment++) {
            (void)open_shop(state);
            order_once(*state, services[i], (enum souk_stage_moment)moment, 0);
            (void)story_close(state);
        }
        for (writes = 0; struck; writes++) {
            (void)open_shop(state);
            order_once(*state, services[i], SOUK_STAGE_NOW, writes + 1);
            struck = souk_stage_fault_struck(*state);
            (void)story_close(state);
        }
        assert_true(writes > 10);
    }
    *state = NULL;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cart_is_filled_and_emptied, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_cart_has_bounds, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_cart_says_what_has_changed, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_order_takes_the_cart, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_cart_is_ordered_once, open_shop, story_close),
        cmocka_unit_test_setup_teardown(what_came_after_the_click_stays, open_carts, story_close),
        cmocka_unit_test_setup_teardown(a_declined_order_gives_the_cart_back, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_guest_has_a_cart_and_orders, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_guest_who_signs_in_has_one_cart, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_cart_is_ordered_once_whatever_fails, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_cart_that_nobody_touches_is_emptied, open_carts, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
