/*
 * Reviews as stories: what happens between the first word and the last verdict,
 * who sees what meanwhile, and what moderation thinks of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <souk-stage.h>

#include "services.h"
#include "shop.h"
#include "story.h"

#define CARA 4

/* The stage plays catalog and orders. */
static struct souk_stage *
open_stage(void)
{
    static const char *const reviews_writes[] = { STREAM_REVIEWS, STREAM_REVIEWS_OWN, STREAM_REVIEWS_INTERNAL, NULL };
    static const struct souk_stage_service services[] = { { .service = &reviews_service, .writes = reviews_writes },
        { .service = &moderation_service }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_publish(stage, "catalog.published product=5");
    souk_stage_publish(stage, "catalog.published product=6");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    return stage;
}

static int
open_shop(void **state)
{
    *state = open_stage();
    return 0;
}

#define WRITE "reviews.write review=11 product=5 stars=4 title=Good text='It holds tea.'"

/* ---- one's own words ------------------------------------------------ */

static void
an_honest_review_is_shown_at_once(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_expect(stage,
        "[   0] reviews.internal 1 written review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 written=0\n"
        "[   0] reviews.own 1 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=1 reviews.own=1\n"
        "[   0] moderation 1 judged review=11 revision=1 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 2 judged review=11 is_approved=true reason=''\n"
        "[   0] reviews.own 2 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 1 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} helpful=0 written=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* A draft of catalog is not known, nor does a guest review. */
static void
what_is_no_review_is_refused(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "reviews.write review=11 product=7 stars=4 title='' text=Fine.");
    souk_stage_send(stage, "reviews.write review=11 product=5 stars=4 title=Well text=' \n'");
    souk_stage_sign_in(stage, BOB, "guest");
    souk_stage_send(stage, WRITE);
    souk_stage_sign_out(stage);
    souk_stage_send(stage, WRITE);
    souk_stage_send(stage, "reviews.edit review=11 stars=1 title='' text=Bad.");
    souk_stage_send(stage, "reviews.remove review=11");
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=true");
    souk_stage_expect(stage,
        "[   0] reply refused unknown_product\n"
        "[   0] reply refused nothing_said\n"
        "[   0] reply refused shop.not_signed_in\n"
        "[   0] reply refused shop.not_signed_in\n"
        "[   0] reply refused shop.not_signed_in\n"
        "[   0] reply refused shop.not_signed_in\n"
        "[   0] reply refused shop.not_signed_in\n");
}

static void
one_person_has_one_review_of_a_product(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    story_pass_over(stage);
    souk_stage_send(stage, "reviews.write review=12 product=5 stars=5 title='' text='Once more.'");
    souk_stage_send(stage, "reviews.write review=11 product=6 stars=5 title='' text='Another one.'");
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_send(stage, "reviews.write review=11 product=5 stars=5 title='' text='Mine.'");
    souk_stage_expect(stage,
        "[   0] reply refused reviewed_already\n"
        "[   0] reply refused id_taken\n"
        "[   0] reply refused id_taken\n");
    souk_stage_send(stage, "reviews.write review=12 product=5 stars=5 title='' text='Mine.'");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.write review=13 product=6 stars=5 title='' text='Another one.'");
    souk_stage_send(stage, "reviews.remove review=11");
    souk_stage_send(stage, "reviews.write review=14 product=5 stars=2 title='' text='It does not.'");
    souk_stage_expect(stage,
        "[   0] reviews.internal 3 written review=12 product=5 author=3 is_verified=false words={stars=5 title=''"
            " text=Mine.} revision=1 written=0\n"
        "[   0] reviews.own 3 review.kept review=12 product=5 author=3 is_verified=false words={stars=5 title=''"
            " text=Mine.} revision=1 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=3 reviews.own=3\n"
        "[   0] moderation 2 judged review=12 revision=1 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 4 judged review=12 is_approved=true reason=''\n"
        "[   0] reviews.own 4 review.kept review=12 product=5 author=3 is_verified=false words={stars=5 title=''"
            " text=Mine.} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 2 review.updated review=12 product=5 author=3 is_verified=false words={stars=5 title=''"
            " text=Mine.} helpful=0 written=0\n"
        "[   0] reviews.internal 5 written review=13 product=6 author=2 is_verified=false words={stars=5 title=''"
            " text='Another one.'} revision=1 written=0\n"
        "[   0] reviews.own 5 review.kept review=13 product=6 author=2 is_verified=false words={stars=5 title=''"
            " text='Another one.'} revision=1 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=5 reviews.own=5\n"
        "[   0] moderation 3 judged review=13 revision=1 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 6 judged review=13 is_approved=true reason=''\n"
        "[   0] reviews.own 6 review.kept review=13 product=6 author=2 is_verified=false words={stars=5 title=''"
            " text='Another one.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 3 review.updated review=13 product=6 author=2 is_verified=false words={stars=5 title=''"
            " text='Another one.'} helpful=0 written=0\n"
        "[   0] reviews.internal 7 removed review=11\n"
        "[   0] reviews.own 7 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=removed reason='' is_shown=false written=0\n"
        "[   0] reviews 4 review.updated review=11 product=5 author=2 is_verified=false helpful=0 written=0\n"
        "[   0] reply accepted reviews.internal=7 reviews.own=7 reviews=4\n"
        "[   0] moderation 4 dropped review=11\n"
        "[   0] reviews.internal 8 written review=14 product=5 author=2 is_verified=false words={stars=2 title=''"
            " text='It does not.'} revision=1 written=0\n"
        "[   0] reviews.own 8 review.kept review=14 product=5 author=2 is_verified=false words={stars=2 title=''"
            " text='It does not.'} revision=1 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=8 reviews.own=8\n"
        "[   0] moderation 5 judged review=14 revision=1 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 9 judged review=14 is_approved=true reason=''\n"
        "[   0] reviews.own 9 review.kept review=14 product=5 author=2 is_verified=false words={stars=2 title=''"
            " text='It does not.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 5 review.updated review=14 product=5 author=2 is_verified=false words={stars=2 title=''"
            " text='It does not.'} helpful=0 written=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* The page did not hear the answer, and sends it again. */
static void
a_review_that_is_sent_twice_is_said_once(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send_as(stage, "page", 7, WRITE);
    souk_stage_elapse(stage, 400);
    souk_stage_send_as(stage, "page", 7, WRITE);
    souk_stage_expect(stage,
        "[   0] reviews.internal 1 written review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 written=0\n"
        "[   0] reviews.own 1 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=1 reviews.own=1\n"
        "[   0] moderation 1 judged review=11 revision=1 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 2 judged review=11 is_approved=true reason=''\n"
        "[   0] reviews.own 2 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 1 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} helpful=0 written=0\n"
        "[ 400] reply accepted reviews.internal=1 reviews.own=1\n");
}

/* What everybody reads stays as it was until the new words are judged. */
static void
an_edited_review_is_judged_again(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_stop(stage, "moderation");
    story_pass_over(stage);
    souk_stage_elapse(stage, 1000);
    souk_stage_send(stage, "reviews.edit review=11 stars=2 title=Bad text='It leaks.'");
    souk_stage_send(stage, "reviews.edit review=11 stars=1 title=Bad text='It leaks tea.'");
    souk_stage_start(stage, "moderation");
    souk_stage_expect(stage,
        "[1000] reviews.internal 3 written review=11 product=5 author=2 is_verified=false words={stars=2 title=Bad"
            " text='It leaks.'} revision=2 written=0\n"
        "[1000] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=false words={stars=2 title=Bad"
            " text='It leaks.'} revision=2 state=waiting reason='' is_shown=true written=0\n"
        "[1000] reply accepted reviews.internal=3 reviews.own=3\n"
        "[1000] reviews.internal 4 written review=11 product=5 author=2 is_verified=false words={stars=1 title=Bad"
            " text='It leaks tea.'} revision=3 written=0\n"
        "[1000] reviews.own 4 review.kept review=11 product=5 author=2 is_verified=false words={stars=1 title=Bad"
            " text='It leaks tea.'} revision=3 state=waiting reason='' is_shown=true written=0\n"
        "[1000] reply accepted reviews.internal=4 reviews.own=4\n"
        "[1000] moderation starts\n"
        "[1000] moderation 2 judged review=11 revision=2 is_approved=true reason='' note=''\n"
        "[1000] moderation 3 judged review=11 revision=3 is_approved=true reason='' note=''\n"
        "[1000] reviews.internal 5 judged review=11 is_approved=true reason=''\n"
        "[1000] reviews.own 5 review.kept review=11 product=5 author=2 is_verified=false words={stars=1 title=Bad"
            " text='It leaks tea.'} revision=3 state=approved reason='' is_shown=true written=0\n"
        "[1000] reviews 2 review.updated review=11 product=5 author=2 is_verified=false words={stars=1 title=Bad"
            " text='It leaks tea.'} helpful=0 written=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Refused words take those with them that were read before. */
static void
an_edit_that_is_refused_hides_the_review(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_sign_in(stage, STAFF, "customer staff");
    souk_stage_send(stage, "moderation.forbid word=damned is_refused=true");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);
    souk_stage_send(stage, "reviews.edit review=11 stars=1 title='' text='DAMNED thing.'");
    souk_stage_send(stage, "reviews.edit review=11 stars=1 title='' text='Silly thing.'");
    souk_stage_expect(stage,
        "[   0] reviews.internal 3 written review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='DAMNED thing.'} revision=2 written=0\n"
        "[   0] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='DAMNED thing.'} revision=2 state=waiting reason='' is_shown=true written=0\n"
        "[   0] reply accepted reviews.internal=3 reviews.own=3\n"
        "[   0] moderation 3 judged review=11 revision=2 is_approved=false reason='It has a word that is not wanted"
            " here.' note=''\n"
        "[   0] reviews.internal 4 judged review=11 is_approved=false reason='It has a word that is not wanted"
            " here.'\n"
        "[   0] reviews.own 4 review.kept review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='DAMNED thing.'} revision=2 state=refused reason='It has a word that is not wanted here.'"
            " is_shown=false written=0\n"
        "[   0] reviews 2 review.updated review=11 product=5 author=2 is_verified=false helpful=0 written=0\n"
        "[   0] reviews.internal 5 written review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='Silly thing.'} revision=3 written=0\n"
        "[   0] reviews.own 5 review.kept review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='Silly thing.'} revision=3 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=5 reviews.own=5\n"
        "[   0] moderation 4 judged review=11 revision=3 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 6 judged review=11 is_approved=true reason=''\n"
        "[   0] reviews.own 6 review.kept review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='Silly thing.'} revision=3 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 3 review.updated review=11 product=5 author=2 is_verified=false words={stars=1 title=''"
            " text='Silly thing.'} helpful=0 written=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
only_its_author_changes_a_review(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_sign_in(stage, BOB, "customer staff");
    story_pass_over(stage);
    souk_stage_send(stage, "reviews.edit review=11 stars=1 title='' text=Bad.");
    souk_stage_send(stage, "reviews.remove review=11");
    souk_stage_expect(stage,
        "[   0] reply refused unknown_review\n"
        "[   0] reply refused unknown_review\n");
}

/* ---- who has bought it ---------------------------------------------- */

#define ORDER(order, owner) "orders.placed order=" order " owner=" owner " lines=[{product=5 sku=glass-red title=Tea" \
    " units=1 price=1250EUR},{product=5 sku=glass-blue title=Tea units=2 price=1250EUR},{product=6 sku=pot title=Pot" \
    " units=1 price=1250EUR}] total=5000EUR card=7 number=10001"

static void
who_has_bought_it_is_verified(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_publish(stage, ORDER("21", "2"));
    souk_stage_publish(stage, "orders.confirmed order=21");
    story_pass_over(stage);
    souk_stage_send(stage, WRITE);
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_send(stage, "reviews.write review=12 product=5 stars=5 title='' text='I have seen it.'");
    assert_non_null(strstr(souk_stage_trace(stage), "review.updated review=11 product=5 author=2 is_verified=true"));
    assert_non_null(strstr(souk_stage_trace(stage), "review.updated review=12 product=5 author=3 is_verified=false"));
    souk_stage_expect_same_tables(stage, NULL);
}

/* Reviews was behind orders, or the review came first: it is known once the order is. */
static void
who_buys_it_later_is_verified_then(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_publish(stage, ORDER("20", "2"));
    souk_stage_publish(stage, "orders.cancelled order=20 reason=sold_out goods_taken=false owner=2 cart=[]");
    souk_stage_publish(stage, ORDER("21", "2"));
    story_pass_over(stage);
    souk_stage_publish(stage, "orders.confirmed order=21");
    souk_stage_expect(stage,
        "[   0] orders 4 confirmed order=21\n"
        "[   0] reviews.internal 3 verified review=11\n"
        "[   0] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=true words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 2 review.updated review=11 product=5 author=2 is_verified=true words={stars=4 title=Good"
            " text='It holds tea.'} helpful=0 written=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Bought as a guest: verified with the sign-in, whether the order was confirmed before it or after. */
static void
what_a_guest_has_bought_counts_after_the_sign_in(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_publish(stage, ORDER("20", "9"));
    souk_stage_publish(stage, "orders.confirmed order=20");
    souk_stage_publish(stage, ORDER("22", "9"));
    souk_stage_publish(stage, "orders.cancelled order=22 reason=sold_out goods_taken=false owner=9 cart=[]");
    souk_stage_send(stage, WRITE);
    story_pass_over(stage);
    souk_stage_publish(stage, "orders.adopted order=20 owner=2");
    souk_stage_publish(stage, "orders.adopted order=22 owner=2");
    souk_stage_expect(stage,
        "[   0] orders 5 adopted order=20 owner=2\n"
        "[   0] reviews.internal 3 verified review=11\n"
        "[   0] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=true words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 2 review.updated review=11 product=5 author=2 is_verified=true words={stars=4 title=Good"
            " text='It holds tea.'} helpful=0 written=0\n"
        "[   0] orders 6 adopted order=22 owner=2\n");
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_publish(stage, ORDER("21", "8"));
    souk_stage_publish(stage, "orders.adopted order=21 owner=3");
    souk_stage_publish(stage, "orders.confirmed order=21");
    souk_stage_send(stage, "reviews.write review=12 product=5 stars=5 title='' text='I have it.'");
    assert_int_equal(story_count_new(stage, "review.updated review=12 product=5 author=3 is_verified=true"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- what readers think --------------------------------------------- */

static void
each_reader_counts_once(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=true");
    souk_stage_sign_in(stage, BOB, "customer");
    story_pass_over(stage);
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=true");
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=true");
    souk_stage_sign_in(stage, CARA, "customer");
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=false");
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=true");
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=false");
    souk_stage_send(stage, "reviews.mark review=12 is_helpful=true");
    souk_stage_expect(stage,
        "[   0] reviews.internal 3 marked review=11 person=3 is_helpful=true\n"
        "[   0] reviews 2 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} helpful=1 written=0\n"
        "[   0] reply accepted reviews.internal=3 reviews=2\n"
        "[   0] reply accepted reviews=2 reviews.internal=3 reviews.own=2\n"
        "[   0] reply accepted reviews=2 reviews.internal=3 reviews.own=2\n"
        "[   0] reviews.internal 4 marked review=11 person=4 is_helpful=true\n"
        "[   0] reviews 3 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} helpful=2 written=0\n"
        "[   0] reply accepted reviews.internal=4 reviews=3\n"
        "[   0] reviews.internal 5 marked review=11 person=4 is_helpful=false\n"
        "[   0] reviews 4 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} helpful=1 written=0\n"
        "[   0] reply accepted reviews.internal=5 reviews=4\n"
        "[   0] reply refused unknown_review\n");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "reviews.mark review=11 is_helpful=true");
    souk_stage_send(stage, "reviews.remove review=11");
    souk_stage_expect(stage,
        "[   0] reply refused own_review\n"
        "[   0] reviews.internal 6 removed review=11\n"
        "[   0] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} revision=1 state=removed reason='' is_shown=false written=0\n"
        "[   0] reviews 5 review.updated review=11 product=5 author=2 is_verified=false helpful=1 written=0\n"
        "[   0] reply accepted reviews.internal=6 reviews.own=3 reviews=5\n"
        "[   0] moderation 2 dropped review=11\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- what moderation thinks ----------------------------------------- */

/* How the n-th words of Ann's review are judged. */
static void
judged_as(struct souk_stage *stage, unsigned revision, const char *title, const char *text, const char *verdict)
{
    char command[600], said[200];
    const char *trace;

    (void)snprintf(command, sizeof command, "reviews.%s review=11%s stars=3 title='%s' text='%s'",
        revision == 1 ? "write" : "edit", revision == 1 ? " product=5" : "", title, text);
    (void)snprintf(said, sizeof said, "review=11 revision=%u %s", revision, verdict);
    souk_stage_send(stage, command);
    assert_non_null(trace = souk_stage_differs(stage, ""));
    assert_non_null(strstr(trace, said));
}

static void
rules_find_what_they_are_for(void **state)
{
    static const char approved[] = "is_approved=true", refused[] = "is_approved=false";
    struct souk_stage *stage = *state;

    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.forbid word=Scam is_refused=false");
    souk_stage_send(stage, "moderation.forbid word=damned is_refused=true");
    souk_stage_sign_in(stage, ANN, "customer");
    story_pass_over(stage);

    judged_as(stage, 1, "Scampi", "They are not on sale.", approved);
    judged_as(stage, 2, "", "A SCAM!", "finding=word word=scam");
    judged_as(stage, 3, "scam", "That damned, damned glass.", refused);
    judged_as(stage, 4, "", "See https://tea.example", "finding=link");
    judged_as(stage, 5, "WWW.tea.example", "See.", "finding=link");
    judged_as(stage, 6, "", "Awww. It is / was : nice", approved);
    judged_as(stage, 7, "TEA GLASS", "NEVER aga", "finding=shouting");
    judged_as(stage, 8, "TEA GLASS", "NEVER ag", approved);
    judged_as(stage, 9, "ABCDEFGHI", "jklmnop", "finding=shouting");
    judged_as(stage, 10, "ABCDEFGH", "ijklmnop", approved);
    judged_as(stage, 11, "", "Soooooo good", "finding=repeats");
    judged_as(stage, 12, "", "Sooooo good, 1000000 times", approved);
    judged_as(stage, 13, "buy, buy buy BUY", "it", "finding=repeats");
    judged_as(stage, 14, "buy, buy buy", "Never sell", approved);
}

#define LONG "The best glass that I have bought so far"

/* The same words of another product; short ones may be true of both. */
static void
what_was_said_before_is_looked_at(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "reviews.write review=11 product=5 stars=4 title='' text='" LONG "'");
    souk_stage_send(stage, "reviews.edit review=11 stars=5 title='' text='" LONG "'");
    souk_stage_send(stage, "reviews.write review=12 product=6 stars=4 title='' text='" LONG "'");
    assert_non_null(strstr(souk_stage_trace(stage), "moderation 1 judged review=11 revision=1 is_approved=true"));
    assert_non_null(strstr(souk_stage_trace(stage), "moderation 2 judged review=11 revision=2 is_approved=true"));
    assert_non_null(strstr(souk_stage_trace(stage), "moderation 3 queued review=12 revision=1 finding=said_before"));
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_send(stage, "reviews.write review=13 product=5 stars=4 title='' text='The best cups that I have bought"
        " so far'");
    souk_stage_send(stage, "reviews.write review=14 product=6 stars=4 title='' text='The best cups that I have bought"
        " so far'");
    assert_non_null(strstr(souk_stage_trace(stage), "moderation 5 judged review=14 revision=1 is_approved=true"));
    souk_stage_expect_same_tables(stage, NULL);
}

/* A person looks at what a rule has found, and says why. */
static void
staff_has_the_last_word(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "reviews.write review=11 product=5 stars=4 title='' text='See www.tea.example'");
    souk_stage_expect(stage,
        "[   0] reviews.internal 1 written review=11 product=5 author=2 is_verified=false words={stars=4 title=''"
            " text='See www.tea.example'} revision=1 written=0\n"
        "[   0] reviews.own 1 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=''"
            " text='See www.tea.example'} revision=1 state=waiting reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=1 reviews.own=1\n"
        "[   0] moderation 1 queued review=11 revision=1 finding=link word=''\n");
    souk_stage_send(stage, "moderation.approve review=11 revision=1");
    souk_stage_send(stage, "moderation.refuse review=11 revision=1 reason=No.");
    souk_stage_sign_in(stage, STAFF, "customer staff");
    souk_stage_send(stage, "moderation.approve review=11 revision=2");
    souk_stage_send(stage, "moderation.approve review=12 revision=1");
    souk_stage_send(stage, "moderation.refuse review=11 revision=1 reason=' . '");
    souk_stage_expect(stage,
        "[   0] reply refused shop.staff_only\n"
        "[   0] reply refused shop.staff_only\n"
        "[   0] reply refused changed\n"
        "[   0] reply refused unknown_review\n"
        "[   0] reply refused no_reason\n");
    souk_stage_send(stage, "moderation.refuse review=11 revision=1 reason='No links, please.'");
    souk_stage_send(stage, "moderation.approve review=11 revision=1");
    souk_stage_send(stage, "moderation.approve review=11 revision=1");
    souk_stage_expect(stage,
        "[   0] moderation 2 judged review=11 revision=1 is_approved=false reason='No links, please.' by=1 note=''\n"
        "[   0] reply accepted moderation=2\n"
        "[   0] reviews.internal 2 judged review=11 is_approved=false reason='No links, please.'\n"
        "[   0] reviews.own 2 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=''"
            " text='See www.tea.example'} revision=1 state=refused reason='No links, please.' is_shown=false"
            " written=0\n"
        "[   0] moderation 3 judged review=11 revision=1 is_approved=true reason='' by=1 note=''\n"
        "[   0] reply accepted moderation=3\n"
        "[   0] reviews.internal 3 judged review=11 is_approved=true reason=''\n"
        "[   0] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=''"
            " text='See www.tea.example'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[   0] reviews 1 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=''"
            " text='See www.tea.example'} helpful=0 written=0\n"
        "[   0] reply accepted moderation=3\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Gone from the queue with its author's word; a verdict on it has no effect. */
static void
what_is_taken_back_is_not_judged(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "reviews.write review=11 product=5 stars=4 title='' text='See www.tea.example'");
    story_pass_over(stage);
    souk_stage_send(stage, "reviews.remove review=11");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.approve review=11 revision=1");
    souk_stage_expect(stage,
        "[   0] reviews.internal 2 removed review=11\n"
        "[   0] reviews.own 2 review.kept review=11 product=5 author=2 is_verified=false words={stars=4 title=''"
            " text='See www.tea.example'} revision=1 state=removed reason='' is_shown=false written=0\n"
        "[   0] reply accepted reviews.internal=2 reviews.own=2\n"
        "[   0] moderation 2 dropped review=11\n"
        "[   0] reply refused unknown_review\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
staff_keeps_the_words(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "moderation.forbid word=tea is_refused=true");
    souk_stage_send(stage, "moderation.allow word=tea");
    souk_stage_ask(stage, "moderation.words");
    souk_stage_sign_in(stage, STAFF, "staff");
    souk_stage_send(stage, "moderation.forbid word='two words' is_refused=true");
    souk_stage_send(stage, "moderation.forbid word=Tea is_refused=true");
    souk_stage_send(stage, "moderation.forbid word=tea is_refused=true");
    souk_stage_send(stage, "moderation.forbid word=coffee is_refused=true");
    souk_stage_send(stage, "moderation.forbid word=coffee is_refused=false");
    souk_stage_ask(stage, "moderation.words");
    souk_stage_send(stage, "moderation.allow word=TEA");
    souk_stage_send(stage, "moderation.allow word=tea");
    souk_stage_ask(stage, "moderation.words from=d");
    souk_stage_expect(stage,
        "[   0] reply refused shop.staff_only\n"
        "[   0] reply refused shop.staff_only\n"
        "[   0] answer refused shop.staff_only\n"
        "[   0] reply refused no_word\n"
        "[   0] moderation 1 forbidden word=tea is_refused=true by=1\n"
        "[   0] reply accepted moderation=1\n"
        "[   0] reply accepted moderation=1\n"
        "[   0] moderation 2 forbidden word=coffee is_refused=true by=1\n"
        "[   0] reply accepted moderation=2\n"
        "[   0] moderation 3 forbidden word=coffee is_refused=false by=1\n"
        "[   0] reply accepted moderation=3\n"
        "[   0] answer words=[{word=coffee is_refused=false},{word=tea is_refused=true}]\n"
        "[   0] moderation 4 allowed word=tea by=1\n"
        "[   0] reply accepted moderation=4\n"
        "[   0] reply accepted moderation=4\n"
        "[   0] answer words=[]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* A hundred are one page, and one more begins the next. */
static void
many_words_have_pages(void **state)
{
    struct souk_stage *stage = *state;
    char command[100];

    souk_stage_sign_in(stage, STAFF, "staff");
    for (unsigned i = 0; i < 101; i++) {
        if (i == 100) {
            souk_stage_ask(stage, "moderation.words");
            assert_null(strstr(souk_stage_trace(stage), "next="));
        }
        (void)snprintf(command, sizeof command, "moderation.forbid word=w%03u is_refused=false", i);
        souk_stage_send(stage, command);
    }
    story_pass_over(stage);
    souk_stage_ask(stage, "moderation.words");
    assert_non_null(strstr(souk_stage_trace(stage), ",{word=w099 is_refused=false}] next=w100\n"));
    story_pass_over(stage);
    souk_stage_ask(stage, "moderation.words from=w100");
    souk_stage_expect(stage, "[   0] answer words=[{word=w100 is_refused=false}]\n");
}

/* ---- what goes wrong ------------------------------------------------ */

/* Nobody judges for an hour: reviews are taken and wait, and what was edited meanwhile is judged once more. */
static void
moderation_is_absent_and_back(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_stop(stage, "moderation");
    souk_stage_send(stage, WRITE);
    souk_stage_send(stage, "reviews.write review=12 product=6 stars=1 title='' text='Gone soon.'");
    souk_stage_send(stage, "reviews.remove review=12");
    souk_stage_elapse(stage, 3600000);
    story_pass_over(stage);
    souk_stage_start(stage, "moderation");
    souk_stage_expect(stage,
        "[3600000] moderation starts\n"
        "[3600000] moderation 1 judged review=11 revision=1 is_approved=true reason='' note=''\n"
        "[3600000] moderation 2 judged review=12 revision=1 is_approved=true reason='' note=''\n"
        "[3600000] moderation 3 dropped review=12\n"
        "[3600000] reviews.internal 4 judged review=11 is_approved=true reason=''\n"
        "[3600000] reviews.own 4 review.kept review=11 product=5 author=2 is_verified=false words={stars=4"
            " title=Good text='It holds tea.'} revision=1 state=approved reason='' is_shown=true written=0\n"
        "[3600000] reviews 1 review.updated review=11 product=5 author=2 is_verified=false words={stars=4 title=Good"
            " text='It holds tea.'} helpful=0 written=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Whoever loses its store, the event store gives its past back. */
static void
nobody_forgets(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, WRITE);
    souk_stage_wipe(stage, "reviews");
    souk_stage_wipe(stage, "moderation");
    story_pass_over(stage);
    souk_stage_send(stage, "reviews.edit review=11 stars=5 title='' text='The best that I have bought so far.'");
    souk_stage_expect(stage,
        "[   0] reviews.internal 3 written review=11 product=5 author=2 is_verified=false words={stars=5 title=''"
            " text='The best that I have bought so far.'} revision=2 written=0\n"
        "[   0] reviews.own 3 review.kept review=11 product=5 author=2 is_verified=false words={stars=5 title=''"
            " text='The best that I have bought so far.'} revision=2 state=waiting reason='' is_shown=true"
            " written=0\n"
        "[   0] reply accepted reviews.internal=3 reviews.own=3\n"
        "[   0] moderation 2 judged review=11 revision=2 is_approved=true reason='' note=''\n"
        "[   0] reviews.internal 4 judged review=11 is_approved=true reason=''\n"
        "[   0] reviews.own 4 review.kept review=11 product=5 author=2 is_verified=false words={stars=5 title=''"
            " text='The best that I have bought so far.'} revision=2 state=approved reason='' is_shown=true"
            " written=0\n"
        "[   0] reviews 2 review.updated review=11 product=5 author=2 is_verified=false words={stars=5 title=''"
            " text='The best that I have bought so far.'} helpful=0 written=0\n");
    assert_non_null(strstr(souk_stage_trace(stage), "reviews 2 review.updated review=11 product=5 author=2"
        " is_verified=false words={stars=5 title='' text='The best that I have bought so far.'}"));
    souk_stage_rebuild(stage, "reviews");
    souk_stage_rebuild(stage, "moderation");
    souk_stage_expect_same_tables(stage, NULL);
}

static const char *const everybody[] = { "reviews", "moderation" };

/* The page asks until it is answered; in the end one review is shown, once. */
static void
one_review_is_shown(struct souk_stage *stage)
{
    const char *trace;

    for (int tries = 0; tries < 2; tries++) {
        souk_stage_send_as(stage, "page", 7, WRITE);
        souk_stage_elapse(stage, 3000);
    }
    assert_non_null(trace = strstr(souk_stage_trace(stage), "review.updated review=11 product=5 author=2"));
    assert_null(strstr(trace + 1, "review.updated"));
    souk_stage_expect_same_tables(stage, NULL);
}

static void
killed_at_any_moment(void **state)
{
    for (size_t i = 0; i < sizeof everybody / sizeof everybody[0]; i++)
        for (int moment = SOUK_STAGE_NOW; moment <= SOUK_STAGE_BEFORE_SEND; moment++) {
            struct souk_stage *stage = open_stage();

            *state = stage;
            souk_stage_crash(stage, everybody[i], (enum souk_stage_moment)moment);
            one_review_is_shown(stage);
            souk_stage_close(&stage);
            *state = NULL;
        }
}

/* The disk is full for a moment, at any write of either. */
static void
each_write_may_fail(void **state)
{
    for (size_t i = 0; i < sizeof everybody / sizeof everybody[0]; i++) {
        bool struck = true;

        for (uint32_t nth = 1; struck; nth++) {
            struct souk_stage *stage = open_stage();

            *state = stage;
            souk_stage_fail_write(stage, everybody[i], nth);
            one_review_is_shown(stage);
            struck = souk_stage_fault_struck(stage);
            souk_stage_close(&stage);
            *state = NULL;
        }
    }
}

int
main(void)
{
#define STORY(story) cmocka_unit_test_setup_teardown(story, open_shop, story_close)
#define STORIES(stories) cmocka_unit_test_teardown(stories, story_close)
    const struct CMUnitTest tests[] = {
        STORY(an_honest_review_is_shown_at_once),
        STORY(what_is_no_review_is_refused),
        STORY(one_person_has_one_review_of_a_product),
        STORY(a_review_that_is_sent_twice_is_said_once),
        STORY(an_edited_review_is_judged_again),
        STORY(an_edit_that_is_refused_hides_the_review),
        STORY(only_its_author_changes_a_review),
        STORY(who_has_bought_it_is_verified),
        STORY(who_buys_it_later_is_verified_then),
        STORY(what_a_guest_has_bought_counts_after_the_sign_in),
        STORY(each_reader_counts_once),
        STORY(rules_find_what_they_are_for),
        STORY(what_was_said_before_is_looked_at),
        STORY(staff_has_the_last_word),
        STORY(what_is_taken_back_is_not_judged),
        STORY(staff_keeps_the_words),
        STORY(many_words_have_pages),
        STORY(moderation_is_absent_and_back),
        STORY(nobody_forgets),
        STORIES(killed_at_any_moment),
        STORIES(each_write_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
