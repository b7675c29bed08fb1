/*
 * What hangs ends by itself, as stories: goods that nobody takes from the
 * shelf, and a card processor that falls silent with the money in its hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services.h"
#include "shop.h"
#include "story.h"

#define DAY_MS (24ULL * 3600 * 1000)
#define PLACE "orders.place order=11 lines=[{sku=red units=2 price=500EUR}] card=7 email=ann@example.org address=" ADDRESS

/* Three glasses are for sale; Ann is signed in. The stage plays the card processor. */
static int
open_shop(void **state)
{
    static const char *const orders_writes[] = { STREAM_ORDERS, STREAM_ORDERS_PRIVATE, NULL };
    static const struct souk_stage_service services[] = { { .service = &catalog_service },
        { .service = &inventory_service }, { .service = &orders_service, .writes = orders_writes },
        { .service = &payments_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "catalog.put_category category=tea title=Tea text='' place=1");
    souk_stage_send(stage, "catalog.write product=5 slug=glass title=Glass summary='' text='' category=tea"
        " articles=[{sku=red name=red price=500EUR}] pictures=[]");
    souk_stage_send(stage, "catalog.publish product=5");
    souk_stage_send(stage, "inventory.receive sku=red units=3 note=''");
    souk_stage_answer_requests(stage, "cards.authorise", "accepted");
    souk_stage_answer_requests(stage, "cards.void", "accepted");
    souk_stage_answer_requests(stage, "cards.refund", "accepted");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, PLACE);
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* The money is held, and inventory is away: fifteen minutes after the click the order is called off. */
static void
goods_that_are_not_taken_in_time_stay(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_stop(stage, "inventory");
    souk_stage_publish(stage, "cards.answered charge=11 outcome=authorised");
    souk_stage_elapse(stage, 899999);
    story_pass_over(stage);
    souk_stage_elapse(stage, 1);
    souk_stage_expect(stage,
        "[900000] orders 5 cancelled order=11 reason=too_late goods_taken=false owner=2 cart=[]\n"
        "[900000] request inventory release order=11\n"
        "[900000] request payments void order=11\n"
        "[900000] payments 4 voided order=11 was_asked=true\n"
        "[900000] outcome payments void accepted\n"
        "[900000] request cards void charge=11\n"
        "[900000] outcome cards void accepted\n"
        "[900000] orders 6 stepped order=11 step=money_released\n"
        "[900000] payments 5 void_done order=11\n");
    souk_stage_start(stage, "inventory");
    souk_stage_elapse(stage, 10000);
    souk_stage_expect(stage,
        "[900000] inventory starts\n"
        "[902000] inventory 4 changed sku=red on_hand=1 held=0 reason=taken units=2 note='' order=11\n"
        "[902000] inventory 5 taken order=11\n"
        "[902000] outcome inventory take accepted\n"
        "[902000] outcome inventory release accepted\n"
        "[902000] orders 7 stepped order=11 step=goods_taken\n"
        "[902000] orders 8 stepped order=11 step=goods_released\n"
        "[902000] request inventory take_back order=11\n"
        "[902000] inventory 6 changed sku=red on_hand=3 held=0 reason=returned units=2 note='' order=11\n"
        "[902000] inventory 7 taken_back order=11\n"
        "[902000] outcome inventory take_back accepted\n"
        "[902000] orders 9 stepped order=11 step=goods_back\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* A day of silence ends the order; what the processor has taken after all goes back. */
static void
money_that_is_taken_after_the_end_goes_back(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_answer_requests(stage, "cards.capture", "silence");
    souk_stage_publish(stage, "cards.answered charge=11 outcome=authorised");
    assert_int_equal(story_count(souk_stage_trace(stage), " capture_asked order=11"), 1);
    story_sleep(stage, (const char *const[]){ "catalog", "inventory", "orders", "payments", NULL }, DAY_MS - 30000);
    souk_stage_elapse(stage, 29999);
    story_pass_over(stage);
    souk_stage_elapse(stage, 1);
    souk_stage_expect(stage,
        "[86400000] payments 5 declined order=11 reason=no_answer\n"
        "[86400000] request cards void charge=11\n"
        "[86400000] outcome cards void accepted\n"
        "[86400000] orders 7 cancelled order=11 reason=declined decline=no_answer goods_taken=true owner=2 cart=[]\n"
        "[86400000] request inventory take_back order=11\n"
        "[86400000] request payments void order=11\n"
        "[86400000] payments 6 void_done order=11\n"
        "[86400000] payments 7 voided order=11 was_asked=true\n"
        "[86400000] outcome payments void accepted\n"
        "[86400000] request cards void charge=11\n"
        "[86400000] outcome cards void accepted\n"
        "[86400000] inventory 6 changed sku=red on_hand=3 held=0 reason=returned units=2 note='' order=11\n"
        "[86400000] inventory 7 taken_back order=11\n"
        "[86400000] outcome inventory take_back accepted\n"
        "[86400000] orders 8 stepped order=11 step=money_released\n"
        "[86400000] orders 9 stepped order=11 step=goods_back\n"
        "[86400000] payments 8 void_done order=11\n");
    souk_stage_answer_requests(stage, "cards.capture", "accepted");
    souk_stage_elapse(stage, 2000);
    souk_stage_expect(stage,
        "[86402000] outcome cards capture accepted\n"
        "[86402000] payments 9 captured order=11\n"
        "[86402000] payments 10 refund_asked order=11 refund=#1 amount=1000EUR\n"
        "[86402000] request cards refund charge=11 refund=#1 amount=1000EUR\n"
        "[86402000] outcome cards refund accepted\n"
        "[86402000] payments 11 asking order=11 is_accepted=true\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* It was refused: nothing was taken, and nothing goes back. */
static void
money_that_was_not_taken_does_not_go_back(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_answer_requests(stage, "cards.capture", "silence");
    souk_stage_publish(stage, "cards.answered charge=11 outcome=authorised");
    story_sleep(stage, (const char *const[]){ "catalog", "inventory", "orders", "payments", NULL }, DAY_MS);
    souk_stage_answer_requests(stage, "cards.capture", "refused cards.too_late");
    souk_stage_elapse(stage, 60000);
    assert_int_equal(story_count(souk_stage_trace(stage), " cancelled order=11 "), 1);
    assert_int_equal(story_count(souk_stage_trace(stage), " captured order=11"), 0);
    assert_int_equal(story_count(souk_stage_trace(stage), " refund_asked "), 0);
    assert_int_equal(story_count(souk_stage_trace(stage), " declined order=11 "), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goods_that_are_not_taken_in_time_stay, open_shop, story_close),
        cmocka_unit_test_setup_teardown(money_that_is_taken_after_the_end_goes_back, open_shop, story_close),
        cmocka_unit_test_setup_teardown(money_that_was_not_taken_does_not_go_back, open_shop, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
