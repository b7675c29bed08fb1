/*
 * What pages show of reviews, as stories: a product's, with its stars; one's
 * own; and what waits for staff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services.h"
#include "shop.h"
#include "story.h"

/* The stage plays accounts, catalog, inventory and orders: Ann, Bob and a tea glass. */
static int
open_shop(void **state)
{
    static const char *const reviews_writes[] = { STREAM_REVIEWS, STREAM_REVIEWS_OWN, STREAM_REVIEWS_INTERNAL, NULL };
    static const struct souk_stage_service services[] = { { .service = &reviews_service, .writes = reviews_writes },
        { .service = &moderation_service }, { .service = &query_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_publish(stage, "accounts.registered person=2 name=Ann");
    souk_stage_publish(stage, "accounts.registered person=3 name=Bob");
    souk_stage_publish(stage, "catalog.written product=5 slug=glass title=Glass summary='' text='' category=tea"
        " articles=[{sku=glass-red name=red price=1250EUR}] pictures=[] state=draft");
    souk_stage_publish(stage, "catalog.written product=6 slug=pot title=Pot summary='' text='' category=tea"
        " articles=[{sku=pot name='' price=3000EUR}] pictures=[] state=draft");
    souk_stage_publish(stage, "catalog.published product=5");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    *state = stage;
    return 0;
}

static void
write_review(struct souk_stage *stage, unsigned author, unsigned review, unsigned stars, const char *text)
{
    char command[400];

    souk_stage_sign_in(stage, author, "customer");
    (void)snprintf(command, sizeof command, "reviews.write review=%u product=5 stars=%u title='' text='%s'", review,
        stars, text);
    souk_stage_send(stage, command);
    souk_stage_elapse(stage, 1000);
    story_pass_over(stage);
}

static void
mark(struct souk_stage *stage, unsigned reader, unsigned review)
{
    char command[100];

    souk_stage_sign_in(stage, reader, "customer");
    (void)snprintf(command, sizeof command, "reviews.mark review=%u is_helpful=true", review);
    souk_stage_send(stage, command);
    story_pass_over(stage);
}

/* ---- a product's ---------------------------------------------------- */

static void
reviews_are_listed_in_four_orders(void **state)
{
    struct souk_stage *stage = *state;

    write_review(stage, ANN, 11, 4, "Good.");
    write_review(stage, BOB, 12, 5, "Best.");
    write_review(stage, 4, 13, 1, "Bad.");
    mark(stage, BOB, 13);
    mark(stage, BOB, 11);
    mark(stage, ANN, 13);
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.reviews product=5 sort=newest");
    souk_stage_ask(stage, "query.reviews product=5 sort=helpful");
    souk_stage_ask(stage, "query.reviews product=5 sort=best");
    souk_stage_ask(stage, "query.reviews product=5 sort=worst");
    souk_stage_expect(stage,
        "[3000] answer stars={average=333 reviews=3 counts=[1,0,0,1,1]} reviews=[{review=13 author_name=''"
            " is_verified=false words={stars=1 title='' text=Bad.} helpful=2 written=2000},{review=12"
            " author_name=Bob is_verified=false words={stars=5 title='' text=Best.} helpful=0"
            " written=1000},{review=11 author_name=Ann is_verified=false words={stars=4 title='' text=Good.}"
            " helpful=1 written=0}]\n"
        "[3000] answer stars={average=333 reviews=3 counts=[1,0,0,1,1]} reviews=[{review=13 author_name=''"
            " is_verified=false words={stars=1 title='' text=Bad.} helpful=2 written=2000},{review=11"
            " author_name=Ann is_verified=false words={stars=4 title='' text=Good.} helpful=1 written=0},{review=12"
            " author_name=Bob is_verified=false words={stars=5 title='' text=Best.} helpful=0 written=1000}]\n"
        "[3000] answer stars={average=333 reviews=3 counts=[1,0,0,1,1]} reviews=[{review=12 author_name=Bob"
            " is_verified=false words={stars=5 title='' text=Best.} helpful=0 written=1000},{review=11"
            " author_name=Ann is_verified=false words={stars=4 title='' text=Good.} helpful=1 written=0},{review=13"
            " author_name='' is_verified=false words={stars=1 title='' text=Bad.} helpful=2 written=2000}]\n"
        "[3000] answer stars={average=333 reviews=3 counts=[1,0,0,1,1]} reviews=[{review=13 author_name=''"
            " is_verified=false words={stars=1 title='' text=Bad.} helpful=2 written=2000},{review=11"
            " author_name=Ann is_verified=false words={stars=4 title='' text=Good.} helpful=1 written=0},{review=12"
            " author_name=Bob is_verified=false words={stars=5 title='' text=Best.} helpful=0 written=1000}]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Only what everybody may read has stars; a product's card has them, too. */
static void
stars_are_those_of_what_is_shown(void **state)
{
    struct souk_stage *stage = *state;

    write_review(stage, ANN, 11, 4, "Good.");
    write_review(stage, BOB, 12, 5, "See www.tea.example");
    souk_stage_ask(stage, "query.reviews product=5");
    souk_stage_expect(stage,
        "[2000] answer stars={average=400 reviews=1 counts=[0,0,0,1,0]} reviews=[{review=11 author_name=Ann"
            " is_verified=false words={stars=4 title='' text=Good.} helpful=0 written=0}]\n");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.approve review=12 revision=1");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.reviews product=5");
    souk_stage_ask(stage, "query.products sort=newest");
    souk_stage_expect(stage,
        "[2000] answer stars={average=450 reviews=2 counts=[0,0,0,1,1]} reviews=[{review=12 author_name=Bob"
            " is_verified=false words={stars=5 title='' text='See www.tea.example'} helpful=0"
            " written=1000},{review=11 author_name=Ann is_verified=false words={stars=4 title='' text=Good.}"
            " helpful=0 written=0}]\n"
        "[2000] answer products=[{product=5 slug=glass title=Glass summary='' category=tea price=1250EUR"
            " is_from=false available=false average=450 reviews=2}] found=1 lowest=1250 highest=1250"
            " facets=[{name=category value=tea products=1 is_chosen=false}]\n");
    souk_stage_send(stage, "moderation.refuse review=12 revision=1 reason='No links, please.'");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.edit review=11 stars=1 title='' text=Bad.");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.reviews product=5");
    souk_stage_expect(stage,
        "[2000] answer stars={average=100 reviews=1 counts=[1,0,0,0,0]} reviews=[{review=11 author_name=Ann"
            " is_verified=false words={stars=1 title='' text=Bad.} helpful=0 written=0}]\n");
    souk_stage_send(stage, "reviews.remove review=11");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.reviews product=5");
    souk_stage_ask(stage, "query.products sort=newest");
    souk_stage_expect(stage,
        "[2000] answer stars={average=0 reviews=0 counts=[0,0,0,0,0]} reviews=[]\n"
        "[2000] answer products=[{product=5 slug=glass title=Glass summary='' category=tea price=1250EUR"
            " is_from=false available=false average=0 reviews=0}] found=1 lowest=1250 highest=1250"
            " facets=[{name=category value=tea products=1 is_chosen=false}]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Two of three stars: 4, 4 and 5 are 4.33; and 4 and 5 are 4.50. */
static void
an_average_is_rounded(void **state)
{
    struct souk_stage *stage = *state;

    write_review(stage, ANN, 11, 4, "Good.");
    write_review(stage, BOB, 12, 5, "Best.");
    souk_stage_ask(stage, "query.reviews product=5");
    assert_int_equal(story_count_new(stage, "stars={average=450 reviews=2 counts=[0,0,0,1,1]}"), 1);
    write_review(stage, 4, 13, 4, "Good, too.");
    souk_stage_ask(stage, "query.reviews product=5");
    assert_int_equal(story_count_new(stage, "stars={average=433 reviews=3 counts=[0,0,0,2,1]}"), 1);
    write_review(stage, 5, 14, 4, "Good, too.");
    write_review(stage, 6, 15, 5, "Best.");
    write_review(stage, 7, 16, 5, "Best.");
    write_review(stage, 8, 17, 5, "Best.");
    souk_stage_ask(stage, "query.reviews product=5");
    assert_int_equal(story_count_new(stage, "stars={average=457 reviews=7 counts=[0,0,0,3,4]}"), 1);
}

static void
what_is_not_in_the_shop_has_no_reviews(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_ask(stage, "query.reviews product=6");
    souk_stage_ask(stage, "query.reviews product=7");
    souk_stage_expect(stage,
        "[   0] answer refused unknown_product\n"
        "[   0] answer refused unknown_product\n");
}

static void
a_renamed_author_has_another_name(void **state)
{
    struct souk_stage *stage = *state;

    write_review(stage, ANN, 11, 4, "Good.");
    souk_stage_publish(stage, "accounts.renamed person=2 name='Ann B.'");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.reviews product=5");
    assert_int_equal(story_count_new(stage, "author_name='Ann B.'"), 1);
}

/* Ten are one page. Others are written, removed and found helpful meanwhile: nothing is skipped, nothing comes twice. */
static void
pages_of_reviews_fit_together(void **state)
{
    static const char *const sorts[] = { "newest", "helpful", "best", "worst" };
    struct souk_stage *stage = *state;
    char query[200], next[100], wanted[40];

    for (unsigned i = 0; i < 10; i++)
        write_review(stage, 10 + i, 100 + i, 1 + i % 5, "Well.");
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        (void)snprintf(query, sizeof query, "query.reviews product=5 sort=%s", sorts[i]);
        souk_stage_ask(stage, query);
        assert_int_equal(story_count_new(stage, " next="), 0);
    }
    for (unsigned i = 10; i < 21; i++)
        write_review(stage, 10 + i, 100 + i, 1 + i % 5, "Well.");
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        unsigned seen[21] = { 0 };
        const char *said, *at;

        next[0] = '\0';
        for (unsigned page = 0; page < 3; page++) {
            (void)snprintf(query, sizeof query, "query.reviews product=5 sort=%s%s%s", sorts[i],
                page == 0 ? "" : " from=", next);
            souk_stage_ask(stage, query);
            assert_non_null(said = souk_stage_differs(stage, ""));
            for (unsigned k = 0; k < 21; k++) {
                (void)snprintf(wanted, sizeof wanted, "{review=%u ", 100 + k);
                seen[k] += story_count(said, wanted);
            }
            at = strstr(said, " next=");
            assert_int_equal(at != NULL, page < 2);
            if (at != NULL)
                (void)snprintf(next, sizeof next, "%.*s", (int)strcspn(at + 6, "\n"), at + 6);
            if (i == 0 && page == 0) {      /* 120 was on this page, and so was the one that comes before it now */
                souk_stage_sign_in(stage, 30, "customer");
                souk_stage_send(stage, "reviews.remove review=120");
                write_review(stage, 60, 200, 3, "Later.");
            }
        }
        for (unsigned k = 0; k < 21; k++)
            assert_int_equal(seen[k], k == 20 && i > 0 ? 0 : 1);
        if (i == 0) {
            souk_stage_sign_in(stage, 60, "customer");
            souk_stage_send(stage, "reviews.remove review=200");
            write_review(stage, 61, 201, 3, "So that there are 21.");
        }
    }
    souk_stage_ask(stage, "query.reviews product=5 from=nonsense");
    assert_int_equal(story_count_new(stage, "{review=201 "), 1);
    souk_stage_expect_same_tables(stage, "query");
}

/* ---- one's own ------------------------------------------------------ */

static void
an_author_sees_what_is_in_moderation(void **state)
{
    struct souk_stage *stage = *state;

    write_review(stage, ANN, 11, 4, "Good.");
    souk_stage_send(stage, "reviews.edit review=11 stars=5 title='' text='See www.tea.example'");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.my_review product=5");
    souk_stage_ask(stage, "query.my_reviews");
    souk_stage_ask(stage, "query.reviews product=5");
    souk_stage_expect(stage,
        "[1000] answer review={review=11 product=5 product_slug=glass product_title=Glass is_verified=false"
            " words={stars=5 title='' text='See www.tea.example'} state=waiting reason='' is_shown=true helpful=0"
            " written=0}\n"
        "[1000] answer reviews=[{review=11 product=5 product_slug=glass product_title=Glass is_verified=false"
            " words={stars=5 title='' text='See www.tea.example'} state=waiting reason='' is_shown=true helpful=0"
            " written=0}]\n"
        "[1000] answer stars={average=400 reviews=1 counts=[0,0,0,1,0]} reviews=[{review=11 author_name=Ann"
            " is_verified=false words={stars=4 title='' text=Good.} helpful=0 written=0}]\n");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.refuse review=11 revision=2 reason='No links, please.'");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.my_review product=5");
    souk_stage_ask(stage, "query.my_review product=6");
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_ask(stage, "query.my_review product=5");
    souk_stage_ask(stage, "query.my_reviews");
    souk_stage_sign_out(stage);
    souk_stage_ask(stage, "query.my_review product=5");
    souk_stage_ask(stage, "query.my_reviews");
    souk_stage_expect(stage,
        "[1000] answer review={review=11 product=5 product_slug=glass product_title=Glass is_verified=false"
            " words={stars=5 title='' text='See www.tea.example'} state=refused reason='No links, please.'"
            " is_shown=false helpful=0 written=0}\n"
        "[1000] answer\n"
        "[1000] answer\n"
        "[1000] answer reviews=[]\n"
        "[1000] answer refused shop.not_signed_in\n"
        "[1000] answer refused shop.not_signed_in\n");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.remove review=11");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.my_review product=5");
    souk_stage_ask(stage, "query.my_reviews");
    souk_stage_expect(stage,
        "[1000] answer\n"
        "[1000] answer reviews=[]\n");
    souk_stage_expect_same_tables(stage, "query");
}

static void
ones_own_reviews_have_pages(void **state)
{
    struct souk_stage *stage = *state;
    char text[200];
    const char *at;

    for (unsigned i = 0; i < 11; i++) {
        if (i == 10) {
            souk_stage_ask(stage, "query.my_reviews");
            assert_int_equal(story_count_new(stage, " next="), 0);
        }
        (void)snprintf(text, sizeof text, "catalog.published product=%u", 100 + i);
        souk_stage_publish(stage, text);
        (void)snprintf(text, sizeof text, "reviews.write review=%u product=%u stars=4 title='' text=Good.", 200 + i,
            100 + i);
        souk_stage_send(stage, text);
        souk_stage_elapse(stage, 1000);
        story_pass_over(stage);
    }
    souk_stage_ask(stage, "query.my_reviews");
    assert_non_null(at = strstr(souk_stage_differs(stage, ""), " next="));
    (void)snprintf(text, sizeof text, "query.my_reviews from=%.*s", (int)strcspn(at + 6, "\n"), at + 6);
    assert_int_equal(story_count(souk_stage_trace(stage), "{review=200 "), 1);  /* when there were ten */
    souk_stage_ask(stage, text);
    souk_stage_expect(stage,
        "[11000] answer reviews=[{review=200 product=100 product_slug='' product_title='' is_verified=false"
            " words={stars=4 title='' text=Good.} state=approved reason='' is_shown=true helpful=0 written=0}]\n");
}

/* ---- what waits for staff ------------------------------------------- */

static void
what_waits_stands_in_the_queue(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.forbid word=scam is_refused=false");
    write_review(stage, ANN, 11, 4, "See www.tea.example");
    write_review(stage, BOB, 12, 1, "Scam!");
    souk_stage_ask(stage, "query.moderation");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_ask(stage, "query.moderation");
    souk_stage_expect(stage,
        "[2000] answer refused shop.staff_only\n"
        "[2000] answer reviews=[{review=11 revision=1 product=5 product_slug=glass product_title=Glass author=2"
            " author_name=Ann is_verified=false words={stars=4 title='' text='See www.tea.example'} is_shown=false"
            " finding=link word='' queued=0},{review=12 revision=1 product=5 product_slug=glass product_title=Glass"
            " author=3 author_name=Bob is_verified=false words={stars=1 title='' text=Scam!} is_shown=false"
            " finding=word word=scam queued=1000}]\n");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.edit review=11 stars=5 title='' text='Seeeeeeee.'");
    souk_stage_sign_in(stage, STAFF, "admin");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.moderation");
    souk_stage_expect(stage,
        "[2000] answer reviews=[{review=12 revision=1 product=5 product_slug=glass product_title=Glass author=3"
            " author_name=Bob is_verified=false words={stars=1 title='' text=Scam!} is_shown=false finding=word"
            " word=scam queued=1000},{review=11 revision=2 product=5 product_slug=glass product_title=Glass author=2"
            " author_name=Ann is_verified=false words={stars=5 title='' text=Seeeeeeee.} is_shown=false"
            " finding=repeats word='' queued=2000}]\n");
    souk_stage_send(stage, "moderation.approve review=12 revision=1");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.remove review=11");
    souk_stage_sign_in(stage, STAFF, "admin");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.moderation");
    souk_stage_expect(stage, "[2000] answer reviews=[]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* What became of a review's words, one after the other, and by whom; what a customer said at all. */
static void
a_review_has_its_past(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_publish(stage, "accounts.registered person=1 name=Ada");
    write_review(stage, ANN, 11, 4, "Good.");
    souk_stage_send(stage, "reviews.edit review=11 stars=5 title='' text='See www.tea.example'");
    souk_stage_elapse(stage, 1000);
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.refuse review=11 revision=2 reason='No links, please.' note='third time'");
    souk_stage_elapse(stage, 1000);
    story_pass_over(stage);
    souk_stage_ask(stage, "query.review_log review=11");
    souk_stage_ask(stage, "query.customer_reviews person=2");
    souk_stage_ask(stage, "query.customer_reviews person=3");
    souk_stage_expect(stage,
        "[3000] answer steps=[{at=0 turn=approved revision=1 word='' reason='' note='' by_name=''},{at=1000"
            " turn=queued revision=2 finding=link word='' reason='' note='' by_name=''},{at=2000 turn=refused"
            " revision=2 word='' reason='No links, please.' note='third time' by=1 by_name=Ada}]\n"
        "[3000] answer reviews=[{review=11 product=5 product_slug=glass product_title=Glass is_verified=false"
            " words={stars=5 title='' text='See www.tea.example'} state=refused reason='No links, please.'"
            " is_shown=false helpful=0 written=0}]\n"
        "[3000] answer reviews=[]\n");
    souk_stage_send(stage, "moderation.approve review=11 revision=2 note='on second thought'");
    story_pass_over(stage);
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.remove review=11");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.review_log review=11");
    souk_stage_ask(stage, "query.customer_reviews person=2");
    souk_stage_sign_in(stage, STAFF, "admin");
    souk_stage_ask(stage, "query.review_log review=11");
    souk_stage_ask(stage, "query.deeds");
    souk_stage_expect(stage,
        "[3000] answer refused shop.staff_only\n"
        "[3000] answer refused shop.staff_only\n"
        "[3000] answer steps=[{at=0 turn=approved revision=1 word='' reason='' note='' by_name=''},{at=1000"
            " turn=queued revision=2 finding=link word='' reason='' note='' by_name=''},{at=2000 turn=refused"
            " revision=2 word='' reason='No links, please.' note='third time' by=1 by_name=Ada},{at=3000"
            " turn=approved revision=2 word='' reason='' note='on second thought' by=1 by_name=Ada},{at=3000"
            " turn=dropped revision=0 word='' reason='' note='' by_name=''}]\n"
        "[3000] answer deeds=[{at=3000 by=1 by_name=Ada deed=review_approved about_id=11 about='' key='' units=0"
            " is_staff=false is_admin=false note='on second thought'},{at=2000 by=1 by_name=Ada deed=review_refused"
            " about_id=11 about='' key='' units=0 is_staff=false is_admin=false note='third time'}]\n");
    souk_stage_expect_same_tables(stage, "query");
}

/* Ten are one page. What is edited while moderation is away is not shown: its words are others now. */
static void
the_queue_has_pages(void **state)
{
    struct souk_stage *stage = *state;
    char text[200];
    const char *said, *at;

    for (unsigned i = 0; i < 11; i++) {
        if (i == 10) {
            souk_stage_sign_in(stage, STAFF, "staff");
            souk_stage_ask(stage, "query.moderation");
            assert_int_equal(story_count_new(stage, " next="), 0);
        }
        write_review(stage, 20 + i, 100 + i, 3, "See www.tea.example");
    }
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_ask(stage, "query.moderation");
    assert_non_null(at = strstr(souk_stage_differs(stage, ""), " next="));
    (void)snprintf(text, sizeof text, "query.moderation from=%.*s", (int)strcspn(at + 6, "\n"), at + 6);
    souk_stage_ask(stage, text);
    assert_int_equal(story_count_new(stage, "reviews=[{review=110 "), 1);
    souk_stage_stop(stage, "moderation");
    souk_stage_sign_in(stage, 20, "customer");
    souk_stage_send(stage, "reviews.edit review=100 stars=3 title='' text='Look at www.tea.example'");
    souk_stage_sign_in(stage, STAFF, "staff");
    story_pass_over(stage);
    souk_stage_ask(stage, "query.moderation");
    assert_non_null(said = souk_stage_differs(stage, ""));
    assert_int_equal(story_count(said, "reviews=[{review=101 "), 1);
    assert_int_equal(story_count(said, ",{review=110 "), 1);
    souk_stage_start(stage, "moderation");
    story_pass_over(stage);
    souk_stage_ask(stage, text);
    assert_non_null(said = souk_stage_differs(stage, ""));
    assert_int_equal(story_count(said, "reviews=[{review=110 "), 1);
    assert_int_equal(story_count(said, ",{review=100 revision=2 "), 1);
    souk_stage_expect_same_tables(stage, "query");
}

int
main(void)
{
#define STORY(story) cmocka_unit_test_setup_teardown(story, open_shop, story_close)
    const struct CMUnitTest tests[] = {
        STORY(reviews_are_listed_in_four_orders),
        STORY(stars_are_those_of_what_is_shown),
        STORY(an_average_is_rounded),
        STORY(what_is_not_in_the_shop_has_no_reviews),
        STORY(a_renamed_author_has_another_name),
        STORY(pages_of_reviews_fit_together),
        STORY(an_author_sees_what_is_in_moderation),
        STORY(ones_own_reviews_have_pages),
        STORY(what_waits_stands_in_the_queue),
        STORY(a_review_has_its_past),
        STORY(the_queue_has_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
