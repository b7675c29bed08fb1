/*
 * The shop as stories: what a sale takes, and what is undone when it fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services.h"
#include "shop.h"
#include "story.h"

#define PRICE "1250EUR"
#define PLACE "orders.place order=%u lines=[{sku=glass-red units=%u price=" PRICE "}] card=7 email=ann@example.org" \
    " address=" ADDRESS

static int
open_shop(void **state)
{
    static const char *const orders_writes[] = { STREAM_ORDERS, STREAM_ORDERS_PRIVATE, NULL };
    static const struct souk_stage_service services[] = { { .service = &catalog_service },
        { .service = &inventory_service }, { .service = &orders_service, .writes = orders_writes },
        { .service = &payments_service }, { .service = &cards_service }, { 0 } };

    *state = story_open(services);
    return 0;
}

/* Three red tea glasses are for sale; Ann is signed in and has a card. */
static void
furnish(struct souk_stage *stage, const char *number)
{
    char command[200];

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.put_category category=tea title=Tea text='' place=1");
    souk_stage_send(stage, "catalog.write product=5 slug=tea-glass title='Tea glass' summary='' text='' category=tea"
        " articles=[{sku=glass-red name=red price=" PRICE "}] pictures=[]");
    souk_stage_send(stage, "catalog.publish product=5");
    souk_stage_send(stage, "inventory.receive sku=glass-red units=3 note=''");
    souk_stage_sign_in(stage, ANN, "customer");
    (void)snprintf(command, sizeof command, "cards.keep card=7 number='%s' code=123 month=12 year=2030", number);
    souk_stage_send(stage, command);
    story_pass_over(stage);
}

static void
place(struct souk_stage *stage, unsigned order, unsigned units)
{
    char command[400];

    (void)snprintf(command, sizeof command, PLACE, order, units);
    souk_stage_send(stage, command);
}

/* How often it stands in the trace from the very beginning. */
static unsigned
count(const struct souk_stage *stage, const char *words)
{
    return story_count(souk_stage_trace(stage), words);
}

/* ---- an order ------------------------------------------------------- */

/* Goods are held, then the money; goods are taken, then the money. */
static void
an_order_is_paid_and_confirmed(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    place(stage, 11, 2);
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=11 owner=2 lines=[{product=5 sku=glass-red title='Tea glass, red' units=2"
            " price=1250EUR}] total=2500EUR card=7 number=10001 pay=900000 hold=1200000\n"
        "[   0] orders.private 1 addressed order=11 owner=2 email=ann@example.org address={name=Ann street='1 High"
            " Street' city=Bonn postcode=53111 country=DE phone=''}\n"
        "[   0] reply accepted orders=1 orders.private=1\n"
        "[   0] request inventory hold order=11 lines=[{sku=glass-red units=2}] hold=1200000\n"
        "[   0] inventory 2 changed sku=glass-red on_hand=3 held=2 reason=held units=2 note='' order=11\n"
        "[   0] inventory 3 held order=11 lines=[{sku=glass-red units=2}] expires=1200000\n"
        "[   0] outcome inventory hold accepted\n"
        "[   0] orders 2 reserved order=11 owner=2\n"
        "[   0] request payments authorise order=11 card=7 amount=2500EUR\n"
        "[   0] payments 1 asked order=11 card=7 amount=2500EUR\n"
        "[   0] outcome payments authorise accepted\n"
        "[   0] request cards authorise charge=11 card=7 amount=2500EUR\n"
        "[   0] cards 2 asked charge=11 amount=2500EUR manner=pays\n"
        "[   0] cards 3 answered charge=11 outcome=authorised\n"
        "[   0] outcome cards authorise accepted\n"
        "[   0] orders 3 stepped order=11 step=payment_asked\n"
        "[   0] payments 2 authorised order=11\n"
        "[   0] payments 3 asking order=11 is_accepted=true\n"
        "[   0] orders 4 paid order=11 owner=2\n"
        "[   0] request inventory take order=11\n"
        "[   0] inventory 4 changed sku=glass-red on_hand=1 held=0 reason=taken units=2 note='' order=11\n"
        "[   0] inventory 5 taken order=11\n"
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
    souk_stage_expect_same_tables(stage, NULL);
}

static void
all_of_an_order_or_nothing(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    place(stage, 11, 4);
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=11 owner=2 lines=[{product=5 sku=glass-red title='Tea glass, red' units=4"
            " price=1250EUR}] total=5000EUR card=7 number=10001 pay=900000 hold=1200000\n"
        "[   0] orders.private 1 addressed order=11 owner=2 email=ann@example.org address={name=Ann street='1 High"
            " Street' city=Bonn postcode=53111 country=DE phone=''}\n"
        "[   0] reply accepted orders=1 orders.private=1\n"
        "[   0] request inventory hold order=11 lines=[{sku=glass-red units=4}] hold=1200000\n"
        "[   0] outcome inventory hold refused sold_out\n"
        "[   0] orders 2 cancelled order=11 reason=sold_out goods_taken=false owner=2 cart=[]\n"
        "[   0] request inventory release order=11\n"
        "[   0] request payments void order=11\n"
        "[   0] payments 1 voided order=11 was_asked=false\n"
        "[   0] outcome payments void accepted\n"
        "[   0] outcome inventory release accepted\n"
        "[   0] orders 3 stepped order=11 step=money_released\n"
        "[   0] orders 4 stepped order=11 step=goods_released\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* The price is the shop's; what the shopper has seen is only asked for to be honest with them. */
static void
an_order_is_what_is_for_sale_now(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
#define TO " card=7 email=ann@example.org address=" ADDRESS
    souk_stage_send(stage, "orders.place order=11 lines=[]" TO);
    souk_stage_send(stage, "orders.place order=11 lines=[{sku=glass-blue units=1 price=" PRICE "}]" TO);
    souk_stage_send(stage, "orders.place order=11 lines=[{sku=glass-red units=1 price=1249EUR}]" TO);
    souk_stage_send(stage, "orders.place order=11 lines=[{sku=glass-red units=1 price=1250USD}]" TO);
    souk_stage_send(stage, "orders.place order=11 lines=[{sku=glass-red units=600 price=" PRICE "}, {sku=glass-red"
        " units=401 price=" PRICE "}]" TO);
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.withdraw product=5");
    souk_stage_sign_in(stage, ANN, "customer");
    place(stage, 11, 1);
    souk_stage_sign_out(stage);
    place(stage, 11, 1);
    souk_stage_expect(stage,
        "[   0] reply refused nothing_ordered\n"
        "[   0] reply refused unknown_article\n"
        "[   0] reply refused price_changed\n"
        "[   0] reply refused price_changed\n"
        "[   0] reply refused too_many\n"
        "[   0] catalog 5 withdrawn product=5 by=1\n"
        "[   0] reply accepted catalog=5\n"
        "[   0] reply refused unknown_article\n"
        "[   0] reply refused shop.not_signed_in\n");
}

/* Two clicks are two commands, and one order: the page has drawn its id. */
static void
one_click_is_one_order(void **state)
{
    struct souk_stage *stage = *state;
    char command[400];

    furnish(stage, "4242 4242 4242 4242");
    (void)snprintf(command, sizeof command, PLACE, 11U, 1U);
    souk_stage_send_as(stage, "page", 1, command);
    story_pass_over(stage);
    souk_stage_send_as(stage, "page", 1, command);
    souk_stage_send_as(stage, "page", 2, command);
    souk_stage_expect(stage,
        "[   0] reply accepted orders=1 orders.private=1\n"
        "[   0] reply refused id_taken\n");
}

/* An article that comes twice is one line. */
static void
lines_of_one_article_are_one(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    souk_stage_send(stage, "orders.place order=11 lines=[{sku=glass-red units=1 price=" PRICE "}, {sku=glass-red"
        " units=2 price=" PRICE "}]" TO);
    assert_int_equal(count(stage, "lines=[{sku=glass-red units=3}]"), 2);
    assert_int_equal(count(stage, "orders 7 confirmed order=11"), 1);
}

/* ---- cards ---------------------------------------------------------- */

static void
a_declined_card_lets_the_goods_go(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0000 0000 0002");
    place(stage, 11, 2);
    souk_stage_expect(stage,
        "[   0] orders 1 placed order=11 owner=2 lines=[{product=5 sku=glass-red title='Tea glass, red' units=2"
            " price=1250EUR}] total=2500EUR card=7 number=10001 pay=900000 hold=1200000\n"
        "[   0] orders.private 1 addressed order=11 owner=2 email=ann@example.org address={name=Ann street='1 High"
            " Street' city=Bonn postcode=53111 country=DE phone=''}\n"
        "[   0] reply accepted orders=1 orders.private=1\n"
        "[   0] request inventory hold order=11 lines=[{sku=glass-red units=2}] hold=1200000\n"
        "[   0] inventory 2 changed sku=glass-red on_hand=3 held=2 reason=held units=2 note='' order=11\n"
        "[   0] inventory 3 held order=11 lines=[{sku=glass-red units=2}] expires=1200000\n"
        "[   0] outcome inventory hold accepted\n"
        "[   0] orders 2 reserved order=11 owner=2\n"
        "[   0] request payments authorise order=11 card=7 amount=2500EUR\n"
        "[   0] payments 1 asked order=11 card=7 amount=2500EUR\n"
        "[   0] outcome payments authorise accepted\n"
        "[   0] request cards authorise charge=11 card=7 amount=2500EUR\n"
        "[   0] cards 2 asked charge=11 amount=2500EUR manner=declined\n"
        "[   0] cards 3 answered charge=11 outcome=declined reason=declined\n"
        "[   0] outcome cards authorise accepted\n"
        "[   0] orders 3 stepped order=11 step=payment_asked\n"
        "[   0] payments 2 declined order=11 reason=declined\n"
        "[   0] payments 3 asking order=11 is_accepted=true\n"
        "[   0] orders 4 cancelled order=11 reason=declined decline=declined goods_taken=false owner=2 cart=[]\n"
        "[   0] request inventory release order=11\n"
        "[   0] request payments void order=11\n"
        "[   0] payments 4 voided order=11 was_asked=true\n"
        "[   0] outcome payments void accepted\n"
        "[   0] request cards void charge=11\n"
        "[   0] cards 4 voided charge=11\n"
        "[   0] outcome cards void accepted\n"
        "[   0] inventory 4 changed sku=glass-red on_hand=3 held=0 reason=released units=2 note='' order=11\n"
        "[   0] inventory 5 released order=11 reason=cancelled\n"
        "[   0] outcome inventory release accepted\n"
        "[   0] orders 5 stepped order=11 step=money_released\n"
        "[   0] orders 6 stepped order=11 step=goods_released\n"
        "[   0] payments 5 void_done order=11\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
a_card_may_want_a_second_step(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0027 6000 3184");
    place(stage, 11, 1);
    place(stage, 12, 1);
    story_pass_over(stage);
    souk_stage_send(stage, "cards.take_step charge=11 code=1234");
    souk_stage_expect(stage,
        "[   0] cards 6 answered charge=11 outcome=authorised\n"
        "[   0] reply accepted cards=6\n"
        "[   0] payments 7 authorised order=11\n"
        "[   0] orders 9 paid order=11 owner=2\n"
        "[   0] request inventory take order=11\n"
        "[   0] inventory 6 changed sku=glass-red on_hand=2 held=1 reason=taken units=1 note='' order=11\n"
        "[   0] inventory 7 taken order=11\n"
        "[   0] outcome inventory take accepted\n"
        "[   0] orders 10 stepped order=11 step=goods_taken\n"
        "[   0] request payments capture order=11\n"
        "[   0] payments 8 capture_asked order=11\n"
        "[   0] outcome payments capture accepted\n"
        "[   0] request cards capture charge=11\n"
        "[   0] cards 7 captured charge=11\n"
        "[   0] outcome cards capture accepted\n"
        "[   0] orders 11 stepped order=11 step=capture_asked\n"
        "[   0] payments 9 captured order=11\n"
        "[   0] orders 12 confirmed order=11 owner=2\n");
    souk_stage_send(stage, "cards.take_step charge=11 code=1234");
    souk_stage_send(stage, "cards.take_step charge=12 code=4321");
    souk_stage_expect(stage,
        "[   0] reply refused too_late\n"
        "[   0] cards 8 answered charge=12 outcome=declined reason=step_failed\n"
        "[   0] reply accepted cards=8\n"
        "[   0] payments 10 declined order=12 reason=step_failed\n"
        "[   0] request cards void charge=12\n"
        "[   0] cards 9 voided charge=12\n"
        "[   0] outcome cards void accepted\n"
        "[   0] orders 13 cancelled order=12 reason=declined decline=step_failed goods_taken=false owner=2 cart=[]\n"
        "[   0] request inventory release order=12\n"
        "[   0] request payments void order=12\n"
        "[   0] payments 11 void_done order=12\n"
        "[   0] payments 12 voided order=12 was_asked=true\n"
        "[   0] outcome payments void accepted\n"
        "[   0] request cards void charge=12\n"
        "[   0] outcome cards void accepted\n"
        "[   0] inventory 8 changed sku=glass-red on_hand=2 held=0 reason=released units=1 note='' order=12\n"
        "[   0] inventory 9 released order=12 reason=cancelled\n"
        "[   0] outcome inventory release accepted\n"
        "[   0] orders 14 stepped order=12 step=money_released\n"
        "[   0] orders 15 stepped order=12 step=goods_released\n"
        "[   0] payments 13 void_done order=12\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Ten minutes, then somebody else may have the goods. */
static void
a_step_that_nobody_takes_ends_the_order(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0027 6000 3184");
    place(stage, 11, 3);
    souk_stage_elapse(stage, 599999);
    story_pass_over(stage);
    souk_stage_elapse(stage, 1);
    souk_stage_expect(stage,
        "[600000] payments 4 declined order=11 reason=step_failed\n"
        "[600000] request cards void charge=11\n"
        "[600000] cards 4 voided charge=11\n"
        "[600000] outcome cards void accepted\n"
        "[600000] orders 5 cancelled order=11 reason=declined decline=step_failed goods_taken=false owner=2 cart=[]\n"
        "[600000] request inventory release order=11\n"
        "[600000] request payments void order=11\n"
        "[600000] payments 5 void_done order=11\n"
        "[600000] payments 6 voided order=11 was_asked=true\n"
        "[600000] outcome payments void accepted\n"
        "[600000] request cards void charge=11\n"
        "[600000] outcome cards void accepted\n"
        "[600000] inventory 4 changed sku=glass-red on_hand=3 held=0 reason=released units=3 note='' order=11\n"
        "[600000] inventory 5 released order=11 reason=cancelled\n"
        "[600000] outcome inventory release accepted\n"
        "[600000] orders 6 stepped order=11 step=money_released\n"
        "[600000] orders 7 stepped order=11 step=goods_released\n"
        "[600000] payments 7 void_done order=11\n");
    souk_stage_send(stage, "cards.take_step charge=11 code=1234");
    souk_stage_expect(stage,
        "[600000] reply refused too_late\n");
}

static void
an_answer_that_is_late_or_comes_twice_is_one_answer(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0000 0000 0259");
    place(stage, 11, 1);
    souk_stage_elapse(stage, 7999);
    assert_int_equal(count(stage, "authorised"), 0);
    souk_stage_elapse(stage, 1);
    assert_int_equal(count(stage, "confirmed order=11"), 1);
    souk_stage_send(stage, "cards.keep card=8 number=4000000000000341 code=123 month=12 year=2030");
    souk_stage_send(stage, "orders.place order=12 lines=[{sku=glass-red units=1 price=" PRICE "}] card=8"
        " email=ann@example.org address=" ADDRESS);
    story_pass_over(stage);
    souk_stage_elapse(stage, 3600000);
    souk_stage_expect(stage,
        "[9000] cards 9 answered charge=12 outcome=authorised\n");
    assert_int_equal(count(stage, "captured charge=12"), 1);
    assert_int_equal(count(stage, "confirmed order=12"), 1);
}

static void
a_processor_that_never_answers_holds_nobody(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0000 0000 0119");
    place(stage, 11, 1);
    story_pass_over(stage);
    souk_stage_elapse(stage, 29999);
    souk_stage_elapse(stage, 1);
    souk_stage_expect(stage,
        "[30000] payments 3 declined order=11 reason=no_answer\n"
        "[30000] request cards void charge=11\n"
        "[30000] cards 3 voided charge=11\n"
        "[30000] outcome cards void accepted\n"
        "[30000] orders 4 cancelled order=11 reason=declined decline=no_answer goods_taken=false owner=2 cart=[]\n"
        "[30000] request inventory release order=11\n"
        "[30000] request payments void order=11\n"
        "[30000] payments 4 void_done order=11\n"
        "[30000] payments 5 voided order=11 was_asked=true\n"
        "[30000] outcome payments void accepted\n"
        "[30000] request cards void charge=11\n"
        "[30000] outcome cards void accepted\n"
        "[30000] inventory 4 changed sku=glass-red on_hand=3 held=0 reason=released units=1 note='' order=11\n"
        "[30000] inventory 5 released order=11 reason=cancelled\n"
        "[30000] outcome inventory release accepted\n"
        "[30000] orders 5 stepped order=11 step=money_released\n"
        "[30000] orders 6 stepped order=11 step=goods_released\n"
        "[30000] payments 6 void_done order=11\n");
    souk_stage_elapse(stage, 3600000);
    assert_int_equal(count(stage, "captured"), 0);
}

/* ---- calling it off ------------------------------------------------- */

/* The money is on its way to be held: whatever the processor says later, nothing is charged. */
static void
an_order_is_cancelled_in_time(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0000 0000 0259");
    place(stage, 11, 2);
    story_pass_over(stage);
    souk_stage_sign_in(stage, 3, "customer");
    souk_stage_send(stage, "orders.cancel order=11");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "orders.cancel order=12");
    souk_stage_send(stage, "orders.cancel order=11");
    souk_stage_expect(stage,
        "[   0] reply refused not_yours\n"
        "[   0] reply refused unknown_order\n"
        "[   0] orders 4 cancelled order=11 reason=shopper goods_taken=false owner=2 cart=[]\n"
        "[   0] reply accepted orders=4\n"
        "[   0] request inventory release order=11\n"
        "[   0] request payments void order=11\n"
        "[   0] payments 3 voided order=11 was_asked=true\n"
        "[   0] outcome payments void accepted\n"
        "[   0] request cards void charge=11\n"
        "[   0] cards 3 voided charge=11\n"
        "[   0] outcome cards void accepted\n"
        "[   0] inventory 4 changed sku=glass-red on_hand=3 held=0 reason=released units=2 note='' order=11\n"
        "[   0] inventory 5 released order=11 reason=cancelled\n"
        "[   0] outcome inventory release accepted\n"
        "[   0] orders 5 stepped order=11 step=money_released\n"
        "[   0] orders 6 stepped order=11 step=goods_released\n"
        "[   0] payments 4 void_done order=11\n");
    souk_stage_send(stage, "orders.cancel order=11");
    souk_stage_elapse(stage, 3600000);
    souk_stage_expect(stage,
        "[   0] reply accepted orders=6 orders.private=1\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Payments is away for longer than an order waits. When it is back it hears of both, and charges nothing. */
static void
an_order_that_nobody_can_pay_ends_by_itself(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    souk_stage_stop(stage, "payments");
    place(stage, 11, 3);
    souk_stage_elapse(stage, 899999);
    story_pass_over(stage);
    souk_stage_elapse(stage, 1);
    souk_stage_expect(stage,
        "[900000] orders 3 cancelled order=11 reason=too_late goods_taken=false owner=2 cart=[]\n"
        "[900000] request inventory release order=11\n"
        "[900000] request payments void order=11\n"
        "[900000] inventory 4 changed sku=glass-red on_hand=3 held=0 reason=released units=3 note='' order=11\n"
        "[900000] inventory 5 released order=11 reason=cancelled\n"
        "[900000] outcome inventory release accepted\n"
        "[900000] orders 4 stepped order=11 step=goods_released\n");
    souk_stage_start(stage, "payments");
    souk_stage_elapse(stage, 3600000);
    assert_int_equal(count(stage, "captured"), 0);
    assert_int_equal(count(stage, " voided order=11"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

/* Inventory is away: the order waits, and is confirmed when it is back within its time. */
static void
an_order_waits_for_inventory(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    souk_stage_stop(stage, "inventory");
    place(stage, 11, 3);
    souk_stage_elapse(stage, 600000);
    assert_int_equal(count(stage, "reserved"), 0);
    souk_stage_start(stage, "inventory");
    souk_stage_elapse(stage, 10000);
    assert_int_equal(count(stage, "confirmed order=11"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

static void
money_goes_back_once(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    place(stage, 11, 2);
    souk_stage_send(stage, "orders.cancel order=11");
    souk_stage_send(stage, "orders.refund order=11 refund=90 minor=500 goods_return=false note=chipped");
    story_pass_over(stage);
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "orders.refund order=11 refund=90 minor=500 goods_return=false note=chipped");
    souk_stage_send(stage, "orders.refund order=11 refund=91 minor=2001 goods_return=true note=''");
    souk_stage_send(stage, "orders.refund order=11 refund=91 minor=2000 goods_return=true note=''");
    souk_stage_send(stage, "orders.refund order=11 refund=92 minor=1 goods_return=true note=''");
    souk_stage_expect(stage,
        "[   0] orders 8 refund_decided order=11 refund=90 amount=500EUR goods_return=false by=1 note=chipped\n"
        "[   0] reply accepted orders=8\n"
        "[   0] request payments refund order=11 refund=90 amount=500EUR\n"
        "[   0] payments 6 refund_asked order=11 refund=90 amount=500EUR\n"
        "[   0] outcome payments refund accepted\n"
        "[   0] request cards refund charge=11 refund=90 amount=500EUR\n"
        "[   0] cards 5 refunded charge=11 refund=90 amount=500EUR\n"
        "[   0] outcome cards refund accepted\n"
        "[   0] orders 9 stepped order=11 step=refund_asked\n"
        "[   0] payments 7 refunded order=11 refund=90 amount=500EUR\n"
        "[   0] payments 8 asking order=11 is_accepted=true\n"
        "[   0] orders 10 refunded order=11 refund=90 amount=500EUR is_all=false owner=2\n"
        "[   0] reply refused too_much\n"
        "[   0] orders 11 refund_decided order=11 refund=91 amount=2000EUR goods_return=true by=1 note=''\n"
        "[   0] reply accepted orders=11\n"
        "[   0] request inventory take_back order=11\n"
        "[   0] request payments refund order=11 refund=91 amount=2000EUR\n"
        "[   0] payments 9 refund_asked order=11 refund=91 amount=2000EUR\n"
        "[   0] outcome payments refund accepted\n"
        "[   0] request cards refund charge=11 refund=91 amount=2000EUR\n"
        "[   0] cards 6 refunded charge=11 refund=91 amount=2000EUR\n"
        "[   0] outcome cards refund accepted\n"
        "[   0] inventory 6 changed sku=glass-red on_hand=3 held=0 reason=returned units=2 note='' order=11\n"
        "[   0] inventory 7 taken_back order=11\n"
        "[   0] outcome inventory take_back accepted\n"
        "[   0] orders 12 stepped order=11 step=refund_asked\n"
        "[   0] orders 13 stepped order=11 step=goods_back\n"
        "[   0] payments 10 refunded order=11 refund=91 amount=2000EUR\n"
        "[   0] payments 11 asking order=11 is_accepted=true\n"
        "[   0] orders 14 refunded order=11 refund=91 amount=2000EUR is_all=true owner=2\n"
        "[   0] reply refused too_late\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- stock ---------------------------------------------------------- */

static void
stock_is_received_and_counted_by_staff(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4000 0027 6000 3184");
    place(stage, 11, 2);
    story_pass_over(stage);
    souk_stage_send(stage, "inventory.receive sku=glass-red units=1 note=''");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "inventory.receive sku=glass-blue units=1 note=''");
    souk_stage_send(stage, "inventory.count sku=glass-red on_hand=1 damaged=true note=''");
    souk_stage_send(stage, "inventory.count sku=glass-red on_hand=2 damaged=true note='fell down'");
    souk_stage_send(stage, "inventory.count sku=glass-red on_hand=2 damaged=true note=''");
    souk_stage_send(stage, "inventory.count sku=glass-red on_hand=999999 damaged=false note=''");
    souk_stage_send(stage, "inventory.receive sku=glass-red units=2 note=''");
    souk_stage_send(stage, "inventory.receive sku=glass-red units=1 note=''");
    souk_stage_expect(stage,
        "[   0] reply refused shop.staff_only\n"
        "[   0] reply refused unknown_article\n"
        "[   0] reply refused too_few\n"
        "[   0] inventory 4 changed sku=glass-red on_hand=2 held=2 reason=damaged units=1 note='fell down' by=1\n"
        "[   0] reply accepted inventory=4\n"
        "[   0] reply accepted inventory=4\n"
        "[   0] inventory 5 changed sku=glass-red on_hand=999999 held=2 reason=counted units=999997 note='' by=1\n"
        "[   0] reply accepted inventory=5\n"
        "[   0] reply refused too_many\n"
        "[   0] inventory 6 changed sku=glass-red on_hand=1000000 held=2 reason=received units=1 note='' by=1\n"
        "[   0] reply accepted inventory=6\n");
}

/* Nobody gets the third glass twice. */
static void
the_last_one_is_sold_once(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    for (unsigned order = 11; order < 31; order++)
        place(stage, order, 1);
    assert_int_equal(count(stage, " confirmed order="), 3);
    assert_int_equal(count(stage, "reason=sold_out"), 17);
    assert_int_equal(count(stage, " captured charge="), 3);
    assert_int_equal(count(stage, "on_hand=0 held=0 reason=taken"), 1);
}

/* ---- catalog -------------------------------------------------------- */

static void
products_have_places_and_prices_of_their_own(void **state)
{
    struct souk_stage *stage = *state;

    furnish(stage, "4242 4242 4242 4242");
    souk_stage_send(stage, "catalog.publish product=5");
    souk_stage_sign_in(stage, STAFF, "admin");
#define WRITE(product, slug, category, articles) "catalog.write product=" product " slug=" slug " title='Tea pot'" \
    " summary='' text='' category=" category " articles=[" articles "] pictures=[]"
    souk_stage_send(stage, WRITE("6", "Tea-pot", "tea", "{sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, WRITE("6", "tea--pot", "tea", "{sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-pot-", "tea", "{sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-glass", "tea", "{sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-pot", "pots", "{sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-pot", "tea", ""));
    souk_stage_send(stage, WRITE("6", "tea-pot", "tea", "{sku=pot name='' price=0EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-pot", "tea", "{sku=pot name='' price=1EUR}, {sku=cup name='' price=1USD}"));
    souk_stage_send(stage, WRITE("6", "tea-pot", "tea", "{sku=pot name='' price=1EUR}, {sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-pot", "tea", "{sku=glass-red name='' price=1EUR}"));
    souk_stage_send(stage, "catalog.publish product=6");
    souk_stage_expect(stage,
        "[   0] reply refused shop.staff_only\n"
        "[   0] reply refused bad_slug\n"
        "[   0] reply refused bad_slug\n"
        "[   0] reply refused bad_slug\n"
        "[   0] reply refused slug_taken\n"
        "[   0] reply refused unknown_category\n"
        "[   0] reply refused not_sellable\n"
        "[   0] reply refused not_sellable\n"
        "[   0] reply refused not_sellable\n"
        "[   0] reply refused sku_taken\n"
        "[   0] reply refused sku_taken\n"
        "[   0] reply refused unknown_product\n");
    souk_stage_send(stage, WRITE("5", "tea-pot", "tea", "{sku=glass-red name=red price=1300EUR}"));
    souk_stage_send(stage, WRITE("6", "tea-glass", "tea", "{sku=pot name='' price=1EUR}"));
    souk_stage_send(stage, "catalog.publish product=5");
    souk_stage_send(stage, "catalog.withdraw product=6");
    souk_stage_send(stage, "catalog.withdraw product=6");
    souk_stage_expect(stage,
        "[   0] catalog 5 written product=5 slug=tea-pot title='Tea pot' summary='' text='' category=tea"
            " articles=[{sku=glass-red name=red price=1300EUR}] pictures=[] state=published also_in=[] traits=[]"
            " by=1\n"
        "[   0] catalog 6 priced product=5 sku=glass-red price=1300EUR was=1250EUR by=1\n"
        "[   0] reply accepted catalog=6\n"
        "[   0] catalog 7 written product=6 slug=tea-glass title='Tea pot' summary='' text='' category=tea"
            " articles=[{sku=pot name='' price=1EUR}] pictures=[] state=draft also_in=[] traits=[] by=1\n"
        "[   0] catalog 8 priced product=6 sku=pot price=1EUR by=1\n"
        "[   0] reply accepted catalog=8\n"
        "[   0] reply accepted catalog=8\n"
        "[   0] catalog 9 withdrawn product=6 by=1\n"
        "[   0] reply accepted catalog=9\n"
        "[   0] reply accepted catalog=9\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- trouble -------------------------------------------------------- */

/* Each service dies at each step of an order, before and after the commit: one order, one charge, one delivery. */
static void
a_crash_at_any_step_changes_nothing(void **state)
{
    static const char *const services[] = { "orders", "inventory", "payments", "cards" };
    static const enum souk_stage_moment moments[] = { SOUK_STAGE_BEFORE_COMMIT, SOUK_STAGE_BEFORE_SEND };
    struct souk_stage *stage = *state;
    char words[80];
    unsigned order = 100;

    furnish(stage, "4000 0000 0000 0259");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "inventory.receive sku=glass-red units=1000 note=''");
    souk_stage_sign_in(stage, ANN, "customer");
    for (unsigned service = 0; service < 4; service++)
        for (unsigned moment = 0; moment < 2; moment++)
            for (unsigned early = 0; early < 2; early++) {
                if (early)
                    souk_stage_crash(stage, services[service], moments[moment]);
                place(stage, order, 1);
                if (!early)
                    souk_stage_crash(stage, services[service], moments[moment]);
                souk_stage_elapse(stage, 30000);
                (void)snprintf(words, sizeof words, " confirmed order=%u owner=2\n", order);
                if (count(stage, words) == 0)
                    place(stage, order, 1);     /* the reply was lost with the process: the page asks again */
                souk_stage_elapse(stage, 30000);
                assert_int_equal(count(stage, words), 1);
                (void)snprintf(words, sizeof words, " captured charge=%u\n", order);
                assert_int_equal(count(stage, words), 1);
                (void)snprintf(words, sizeof words, " taken order=%u\n", order);
                assert_int_equal(count(stage, words), 1);
                order++;
            }
    souk_stage_expect_same_tables(stage, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_order_is_paid_and_confirmed, open_shop, story_close),
        cmocka_unit_test_setup_teardown(all_of_an_order_or_nothing, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_order_is_what_is_for_sale_now, open_shop, story_close),
        cmocka_unit_test_setup_teardown(one_click_is_one_order, open_shop, story_close),
        cmocka_unit_test_setup_teardown(lines_of_one_article_are_one, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_declined_card_lets_the_goods_go, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_card_may_want_a_second_step, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_step_that_nobody_takes_ends_the_order, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_answer_that_is_late_or_comes_twice_is_one_answer, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_processor_that_never_answers_holds_nobody, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_order_is_cancelled_in_time, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_order_that_nobody_can_pay_ends_by_itself, open_shop, story_close),
        cmocka_unit_test_setup_teardown(an_order_waits_for_inventory, open_shop, story_close),
        cmocka_unit_test_setup_teardown(money_goes_back_once, open_shop, story_close),
        cmocka_unit_test_setup_teardown(stock_is_received_and_counted_by_staff, open_shop, story_close),
        cmocka_unit_test_setup_teardown(the_last_one_is_sold_once, open_shop, story_close),
        cmocka_unit_test_setup_teardown(products_have_places_and_prices_of_their_own, open_shop, story_close),
        cmocka_unit_test_setup_teardown(a_crash_at_any_step_changes_nothing, open_shop, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
