/*
 * What is bought together, as stories. The stage plays catalog and orders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <souk-stage.h>

#include "shop.h"
#include "suggestions.h"

extern const struct souk_service recommendations_service;

struct story {
    struct souk_stage *stage;
    struct souk_messages both;          /* what the shop says, and what the service adds */
    const struct souk_message_type **types;
};

static void
fail_test(const char *report, void *arg)
{
    (void)arg;
    (void)fputs(report, stderr);
    fail();
}

static void
open_story(struct story *story, bool absent)
{
    const struct souk_stage_service services[] = { { .service = &recommendations_service, .absent = absent }, { 0 } };
    const struct souk_stage_config config = { .services = services, .messages = &story->both, .event_store = true,
        .fail = fail_test };
    struct souk_error err;

    *story = (struct story){ .both = shop_messages };
    story->both.type_count += suggestions_messages.type_count;
    assert_non_null(story->types = calloc(story->both.type_count, sizeof *story->types));
    memcpy(story->types, shop_messages.types, shop_messages.type_count * sizeof *story->types);
    memcpy(story->types + shop_messages.type_count, suggestions_messages.types,
        suggestions_messages.type_count * sizeof *story->types);
    story->both.types = story->types;
    if (souk_stage_open(&config, &story->stage, &err) != 0)
        fail_test(err.text, NULL);
}

static int
open_shop(void **state)
{
    static struct story story;

    open_story(&story, false);
    *state = &story;
    return 0;
}

static int
open_shop_without(void **state)
{
    static struct story story;

    open_story(&story, true);
    *state = &story;
    return 0;
}

static int
close_shop(void **state)
{
    struct story *story = *state;

    souk_stage_close(&story->stage);
    free(story->types);
    return 0;
}

static void
offer(struct souk_stage *stage, unsigned product, const char *title)
{
    char event[300];

    (void)snprintf(event, sizeof event, "catalog.written product=%u slug=p%u title=%s summary='' text='' category=tea"
        " articles=[{sku=a%u name=red price=1250EUR},{sku=b%u name=blue price=1150EUR}]"
        " pictures=[{name=pic%u alt='A picture'}] state=published", product, product, title, product, product, product);
    souk_stage_publish(stage, event);
}

/* An order of up to three products, 0 for none; the first one in two colours. */
static void
place(struct souk_stage *stage, unsigned order, unsigned a, unsigned b, unsigned c)
{
    const unsigned products[] = { a, a, b, c };
    char event[600];
    size_t used;

    used = (size_t)snprintf(event, sizeof event, "orders.placed order=%u owner=2 total=1250EUR card=7 number=%u"
        " lines=[", order, 10000 + order);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++)
        if (products[i] != 0)
            used += (size_t)snprintf(event + used, sizeof event - used, "%s{product=%u sku=s%zu title=T units=1"
                " price=1250EUR}", i == 0 ? "" : ",", products[i], i);
    (void)snprintf(event + used, sizeof event - used, "]");
    souk_stage_publish(stage, event);
}

static void
buy(struct souk_stage *stage, unsigned order, unsigned a, unsigned b, unsigned c)
{
    char event[100];

    place(stage, order, a, b, c);
    (void)snprintf(event, sizeof event, "orders.confirmed order=%u", order);
    souk_stage_publish(stage, event);
    (void)souk_stage_differs(stage, "");
}

static void
what_is_bought_together_is_suggested(void **state)
{
    struct souk_stage *stage = ((struct story *)*state)->stage;

    offer(stage, 5, "Glass");
    offer(stage, 6, "Pot");
    offer(stage, 7, "Tea");
    buy(stage, 11, 5, 6, 0);
    buy(stage, 12, 5, 7, 0);
    buy(stage, 13, 7, 5, 0);
    place(stage, 14, 5, 6, 0);
    souk_stage_publish(stage, "orders.cancelled order=14 reason=shopper goods_taken=false owner=2 cart=[]");
    place(stage, 15, 5, 6, 0);
    (void)souk_stage_differs(stage, "");
    souk_stage_ask(stage, "recommendations.together product=5");
    souk_stage_ask(stage, "recommendations.together product=6");
    souk_stage_ask(stage, "recommendations.together product=8");
    souk_stage_expect(stage,
        "[   0] answer products=[{product=7 slug=p7 title=Tea price=1150EUR picture_name=pic7 picture_alt='A"
            " picture' orders=2},{product=6 slug=p6 title=Pot price=1150EUR picture_name=pic6 picture_alt='A"
            " picture' orders=1}]\n"
        "[   0] answer products=[{product=5 slug=p5 title=Glass price=1150EUR picture_name=pic5 picture_alt='A"
            " picture' orders=1}]\n"
        "[   0] answer products=[]\n");
    buy(stage, 16, 5, 6, 7);
    buy(stage, 17, 6, 5, 0);
    souk_stage_ask(stage, "recommendations.together product=6");
    souk_stage_expect(stage,
        "[   0] answer products=[{product=5 slug=p5 title=Glass price=1150EUR picture_name=pic5 picture_alt='A"
            " picture' orders=3},{product=7 slug=p7 title=Tea price=1150EUR picture_name=pic7 picture_alt='A"
            " picture' orders=1}]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* What is withdrawn is not suggested, and what is published again is; a draft never was. */
static void
what_is_not_sold_is_not_suggested(void **state)
{
    struct souk_stage *stage = ((struct story *)*state)->stage;

    offer(stage, 5, "Glass");
    offer(stage, 6, "Pot");
    buy(stage, 11, 5, 6, 9);
    souk_stage_publish(stage, "catalog.withdrawn product=6");
    (void)souk_stage_differs(stage, "");
    souk_stage_ask(stage, "recommendations.together product=5");
    souk_stage_expect(stage, "[   0] answer products=[]\n");
    souk_stage_publish(stage, "catalog.published product=6");
    (void)souk_stage_differs(stage, "");
    souk_stage_ask(stage, "recommendations.together product=5");
    souk_stage_expect(stage,
        "[   0] answer products=[{product=6 slug=p6 title=Pot price=1150EUR picture_name=pic6 picture_alt='A"
            " picture' orders=1}]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Eight are suggested, those that were bought most often. */
static void
eight_are_enough(void **state)
{
    struct souk_stage *stage = ((struct story *)*state)->stage;
    unsigned order = 100;
    const char *said;

    for (unsigned i = 0; i < 9; i++) {
        offer(stage, 10 + i, "Tea");
        for (unsigned times = 0; times <= i; times++)
            buy(stage, order++, 5, 10 + i, 0);
    }
    souk_stage_ask(stage, "recommendations.together product=5");
    assert_non_null(said = souk_stage_differs(stage, ""));
    assert_non_null(strstr(said, "products=[{product=18 "));
    assert_non_null(strstr(said, "{product=11 "));
    assert_null(strstr(said, "{product=10 "));
}

/* Nobody thought of it then: it reads all orders that there were, and from there on it is there like the others. */
static void
it_reads_what_was_before_it(void **state)
{
    struct souk_stage *stage = ((struct story *)*state)->stage;

    offer(stage, 5, "Glass");
    offer(stage, 6, "Pot");
    for (unsigned i = 0; i < 52; i++) {
        buy(stage, 100 + i, 5, 6, 0);
        souk_stage_elapse(stage, 1000);
    }
    (void)souk_stage_differs(stage, "");
    souk_stage_start(stage, "recommendations");
    souk_stage_ask(stage, "recommendations.together product=6");
    souk_stage_expect(stage,
        "[52000] recommendations starts\n"
        "[52000] answer products=[{product=5 slug=p5 title=Glass price=1150EUR picture_name=pic5"
            " picture_alt='A picture' orders=52}]\n");
    buy(stage, 200, 5, 6, 0);
    souk_stage_ask(stage, "recommendations.together product=6");
    assert_non_null(strstr(souk_stage_differs(stage, ""), " orders=53}]\n"));
    souk_stage_expect_same_tables(stage, NULL);
}

int
main(void)
{
#define STORY(story) cmocka_unit_test_setup_teardown(story, open_shop, close_shop)
    const struct CMUnitTest tests[] = {
        STORY(what_is_bought_together_is_suggested),
        STORY(what_is_not_sold_is_not_suggested),
        STORY(eight_are_enough),
        cmocka_unit_test_setup_teardown(it_reads_what_was_before_it, open_shop_without, close_shop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
