/*
 * The blog as stories: what is said to whom, in which order, and what readers
 * see of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <souk-stage.h>

#include "blog.h"
#include "services.h"

#define YEAR_MS (UINT64_C(365) * 24 * 3600 * 1000)

static void
fail_test(const char *report, void *arg)
{
    (void)fputs(report, stderr);
    fail();
}

/* Everybody but regulars, whom nobody has thought of yet. */
static struct souk_stage *
open_stage(bool event_store)
{
    static const char *const comments_writes[] = { STREAM_COMMENTS, STREAM_COMMENTS_INTERNAL, NULL };
    static const struct souk_stage_service services[] = { { .service = &posts_service },
        { .service = &comments_service, .writes = comments_writes }, { .service = &moderation_service },
        { .service = &query_service }, { .service = &regulars_service, .absent = true }, { 0 } };
    const struct souk_stage_config config = { .services = services, .messages = &blog_messages,
        .event_store = event_store, .fail = fail_test };
    struct souk_stage *stage = NULL;
    struct souk_error err;

    if (souk_stage_open(&config, &stage, &err) != 0)
        fail_test(err.text, NULL);
    return stage;
}

static int
open_blog(void **state)
{
    *state = open_stage(false);
    return 0;
}

static int
open_blog_with_event_store(void **state)
{
    *state = open_stage(true);
    return 0;
}

static int
close_blog(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_close(&stage);
    return 0;
}

/* What readers see of post 1. */
#define TEA "title=Tea author=ann body='All about tea.' published=0"

static void
publish(struct souk_stage *stage)
{
    souk_stage_send(stage, "posts.publish post=1 author=ann title=Tea body='All about tea.'");
    souk_stage_expect(stage,
        "[   0] posts 1 published post=1 author=ann title=Tea body='All about tea.' published=0\n"
        "[   0] reply accepted posts=1\n");
}

/* What has happened so far is not what the story is about. */
static void
pass_over(struct souk_stage *stage)
{
    (void)souk_stage_differs(stage, "");
}

/* Three comments of one author take more than a minute, so none of them is one too many. */
static void
submit_slowly(struct souk_stage *stage, unsigned count)
{
    char command[120];

    for (unsigned i = 1; i <= count; i++) {
        (void)snprintf(command, sizeof command, "comments.submit comment=%u post=1 author=bob text='Cup %u.'",
            100 + i, i);
        souk_stage_send(stage, command);
        souk_stage_elapse(stage, 20000);
    }
}

/* ---- a comment ------------------------------------------------------ */

/* Said, judged, seen. Nobody has told query that there is such a thing as moderation. */
static void
a_comment_is_approved(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text='Milk first.'");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_expect(stage,
        "[   0] comments.internal 1 written comment=11 post=1 author=bob text='Milk first.' revision=1 submitted=0\n"
        "[   0] comments 1 comment.updated comment=11 post=1 author=bob text='' state=waiting submitted=0\n"
        "[   0] reply accepted comments.internal=1 comments=1\n"
        "[   0] moderation 1 judged comment=11 revision=1 verdict=approved\n"
        "[   0] comments.internal 2 judged comment=11 state=approved\n"
        "[   0] comments 2 comment.updated comment=11 post=1 author=bob text='Milk first.' state=approved"
            " submitted=0\n"
        "[   0] answer " TEA " comments=[{comment=11 author=bob text='Milk first.' state=approved submitted=0}]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
a_bad_word_is_refused(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send(stage, "moderation.forbid word=Coffee");
    souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text='No, COFFEE!'");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_expect(stage,
        "[   0] moderation 1 forbidden word=coffee\n"
        "[   0] reply accepted moderation=1\n"
        "[   0] comments.internal 1 written comment=11 post=1 author=bob text='No, COFFEE!' revision=1 submitted=0\n"
        "[   0] comments 1 comment.updated comment=11 post=1 author=bob text='' state=waiting submitted=0\n"
        "[   0] reply accepted comments.internal=1 comments=1\n"
        "[   0] moderation 2 judged comment=11 revision=1 verdict=bad_word\n"
        "[   0] comments.internal 2 judged comment=11 state=refused\n"
        "[   0] comments 2 comment.updated comment=11 post=1 author=bob text='' state=refused submitted=0\n"
        "[   0] answer " TEA " comments=[]\n");

    souk_stage_send(stage, "moderation.allow word=coffee");
    souk_stage_send(stage, "moderation.allow word=coffee");
    souk_stage_send(stage, "moderation.forbid word='two words'");
    souk_stage_send(stage, "comments.edit comment=11 author=bob text='Coffee then.'");
    souk_stage_expect(stage,
        "[   0] moderation 3 allowed word=coffee\n"
        "[   0] reply accepted moderation=3\n"
        "[   0] reply accepted moderation=3\n"
        "[   0] reply refused no_word\n"
        "[   0] comments.internal 3 written comment=11 post=1 author=bob text='Coffee then.' revision=2 submitted=0\n"
        "[   0] comments 3 comment.updated comment=11 post=1 author=bob text='' state=waiting submitted=0\n"
        "[   0] reply accepted comments.internal=3 comments=3\n"
        "[   0] moderation 4 judged comment=11 revision=2 verdict=approved\n"
        "[   0] comments.internal 4 judged comment=11 state=approved\n"
        "[   0] comments 4 comment.updated comment=11 post=1 author=bob text='Coffee then.' state=approved"
            " submitted=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Two links are fine, three are advertising. */
static void
a_third_link_is_refused(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text='http://a https://b'");
    souk_stage_send(stage, "comments.submit comment=12 post=1 author=cid text='http://a https://b ://c'");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_expect(stage,
        "[   0] comments.internal 1 written comment=11 post=1 author=bob text='http://a https://b' revision=1"
            " submitted=0\n"
        "[   0] comments 1 comment.updated comment=11 post=1 author=bob text='' state=waiting submitted=0\n"
        "[   0] reply accepted comments.internal=1 comments=1\n"
        "[   0] moderation 1 judged comment=11 revision=1 verdict=approved\n"
        "[   0] comments.internal 2 judged comment=11 state=approved\n"
        "[   0] comments 2 comment.updated comment=11 post=1 author=bob text='http://a https://b' state=approved"
            " submitted=0\n"
        "[   0] comments.internal 3 written comment=12 post=1 author=cid text='http://a https://b ://c' revision=1"
            " submitted=0\n"
        "[   0] comments 3 comment.updated comment=12 post=1 author=cid text='' state=waiting submitted=0\n"
        "[   0] reply accepted comments.internal=3 comments=3\n"
        "[   0] moderation 2 judged comment=12 revision=1 verdict=too_many_links\n"
        "[   0] comments.internal 4 judged comment=12 state=refused\n"
        "[   0] comments 4 comment.updated comment=12 post=1 author=cid text='' state=refused submitted=0\n"
        "[   0] answer " TEA " comments=[{comment=11 author=bob text='http://a https://b' state=approved"
            " submitted=0}]\n");
}

/* The fourth text within a minute is one too many, a millisecond later it is not. */
static void
a_fourth_text_within_a_minute_is_refused(void **state)
{
    struct souk_stage *stage = *state;
    const struct {
        uint64_t pause_ms;
        const char *end;
    } cases[] = {
        { 59999, "verdict=too_often\n" },
        { 60000, "verdict=approved\n" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage = open_stage(false);
        *state = stage;
        souk_stage_send(stage, "posts.publish post=1 author=ann title=Tea body='All about tea.'");
        souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text=a");
        souk_stage_send(stage, "comments.submit comment=12 post=1 author=bob text=b");
        souk_stage_send(stage, "comments.submit comment=13 post=1 author=bob text=c");
        souk_stage_elapse(stage, cases[i].pause_ms);
        souk_stage_send(stage, "comments.submit comment=14 post=1 author=cid text=d");
        souk_stage_send(stage, "comments.submit comment=15 post=1 author=bob text=e");
        assert_non_null(strstr(souk_stage_trace(stage),
            "moderation 4 judged comment=14 revision=1 verdict=approved\n"));
        assert_non_null(strstr(strstr(souk_stage_trace(stage), "moderation 5 judged comment=15"), cases[i].end));
        souk_stage_expect_same_tables(stage, NULL);
        if (i == 0)
            souk_stage_close(&stage);
    }
}

/* What was approved and is not the same any more is hidden until somebody has looked at it. */
static void
an_edited_comment_is_judged_again(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send(stage, "moderation.forbid word=coffee");
    souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text='Milk first.'");
    souk_stage_stop(stage, "moderation");
    pass_over(stage);
    souk_stage_send(stage, "comments.edit comment=11 author=bob text='Coffee first.'");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_start(stage, "moderation");
    souk_stage_expect(stage,
        "[   0] comments.internal 3 written comment=11 post=1 author=bob text='Coffee first.' revision=2"
            " submitted=0\n"
        "[   0] comments 3 comment.updated comment=11 post=1 author=bob text='' state=waiting submitted=0\n"
        "[   0] reply accepted comments.internal=3 comments=3\n"
        "[   0] answer " TEA " comments=[{comment=11 author=bob text='' state=waiting submitted=0}]\n"
        "[   0] moderation starts\n"
        "[   0] moderation 3 judged comment=11 revision=2 verdict=bad_word\n"
        "[   0] comments.internal 4 judged comment=11 state=refused\n"
        "[   0] comments 4 comment.updated comment=11 post=1 author=bob text='' state=refused submitted=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- people --------------------------------------------------------- */

/* The reply was lost, the page asks again: once with the id that it had, once with another one. */
static void
a_comment_that_is_sent_twice_is_said_once(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send_as(stage, "page", 7, "comments.submit comment=11 post=1 author=bob text='Milk first.'");
    pass_over(stage);
    souk_stage_send_as(stage, "page", 7, "comments.submit comment=11 post=1 author=bob text='Milk first.'");
    souk_stage_send_as(stage, "page", 7, "comments.submit comment=11 post=1 author=bob text='Milk last.'");
    souk_stage_send_as(stage, "page", 8, "comments.submit comment=11 post=1 author=bob text='Milk first.'");
    souk_stage_expect(stage,
        "[   0] reply accepted comments.internal=1 comments=1\n"
        "[   0] reply key_reused\n"
        "[   0] reply refused id_taken\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
only_its_author_changes_a_thing(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send(stage, "posts.publish post=1 author=bob title=Coffee body=''");
    souk_stage_send(stage, "posts.edit post=1 author=bob title=Coffee body=''");
    souk_stage_send(stage, "posts.edit post=2 author=bob title=Coffee body=''");
    souk_stage_send(stage, "posts.withdraw post=1 author=bob");
    souk_stage_send(stage, "posts.withdraw post=2 author=bob");
    souk_stage_send(stage, "comments.submit comment=11 post=2 author=bob text=No.");
    souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text=Yes.");
    pass_over(stage);
    souk_stage_send(stage, "comments.edit comment=11 author=ann text=No.");
    souk_stage_send(stage, "comments.edit comment=12 author=ann text=No.");
    souk_stage_send(stage, "comments.remove comment=11 author=ann");
    souk_stage_send(stage, "comments.remove comment=12 author=ann");
    souk_stage_expect(stage,
        "[   0] reply refused not_yours\n"
        "[   0] reply refused unknown_comment\n"
        "[   0] reply refused not_yours\n"
        "[   0] reply refused unknown_comment\n");
    assert_non_null(strstr(souk_stage_trace(stage),
        "[   0] reply refused id_taken\n"
        "[   0] reply refused not_yours\n"
        "[   0] reply refused unknown_post\n"
        "[   0] reply refused not_yours\n"
        "[   0] reply refused unknown_post\n"
        "[   0] reply refused unknown_post\n"
        "[   0] comments.internal 1 written"));
}

static void
what_is_taken_back_is_gone(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_send(stage, "comments.submit comment=11 post=1 author=bob text='Milk first.'");
    souk_stage_send(stage, "posts.edit post=1 author=ann title=Green body='Only green tea.'");
    souk_stage_ask(stage, "query.posts");
    pass_over(stage);
    souk_stage_send(stage, "comments.remove comment=11 author=bob");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_ask(stage, "query.posts");
    souk_stage_send(stage, "posts.withdraw post=1 author=ann");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_ask(stage, "query.posts");
    souk_stage_send(stage, "comments.submit comment=12 post=1 author=bob text='Why?'");
    souk_stage_expect(stage,
        "[   0] comments.internal 3 removed comment=11\n"
        "[   0] comments 3 comment.updated comment=11 post=1 author=bob text='' state=removed submitted=0\n"
        "[   0] reply accepted comments.internal=3 comments=3\n"
        "[   0] answer title=Green author=ann body='Only green tea.' published=0 comments=[]\n"
        "[   0] answer posts=[{post=1 title=Green author=ann published=0 comments=0}]\n"
        "[   0] posts 3 withdrawn post=1\n"
        "[   0] reply accepted posts=3\n"
        "[   0] answer refused unknown_post\n"
        "[   0] answer posts=[]\n"
        "[   0] reply refused unknown_post\n");
    assert_non_null(strstr(souk_stage_trace(stage),
        "[   0] answer posts=[{post=1 title=Green author=ann published=0 comments=1}]\n"));
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- services come and go ------------------------------------------- */

/*
 * Nobody judges for an hour: comments are taken and wait. Back again, moderation
 * judges by when things were written, and a verdict that comes too late is none.
 */
static void
moderation_is_absent_and_back(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    souk_stage_stop(stage, "moderation");
    submit_slowly(stage, 5);
    souk_stage_send(stage, "comments.edit comment=101 author=bob text='Cup one.'");
    souk_stage_send(stage, "comments.remove comment=102 author=bob");
    pass_over(stage);
    souk_stage_elapse(stage, 3500000);
    souk_stage_start(stage, "moderation");
    souk_stage_expect(stage,
        "[3600000] moderation starts\n"
        "[3600000] moderation 1 judged comment=101 revision=1 verdict=approved\n"
        "[3600000] moderation 2 judged comment=102 revision=1 verdict=approved\n"
        "[3600000] moderation 3 judged comment=103 revision=1 verdict=approved\n"
        "[3600000] moderation 4 judged comment=104 revision=1 verdict=approved\n"
        "[3600000] moderation 5 judged comment=105 revision=1 verdict=approved\n"
        "[3600000] moderation 6 judged comment=101 revision=2 verdict=approved\n"
        "[3600000] comments.internal 8 judged comment=103 state=approved\n"
        "[3600000] comments 8 comment.updated comment=103 post=1 author=bob text='Cup 3.' state=approved"
            " submitted=40000\n"
        "[3600000] comments.internal 9 judged comment=104 state=approved\n"
        "[3600000] comments 9 comment.updated comment=104 post=1 author=bob text='Cup 4.' state=approved"
            " submitted=60000\n"
        "[3600000] comments.internal 10 judged comment=105 state=approved\n"
        "[3600000] comments 10 comment.updated comment=105 post=1 author=bob text='Cup 5.' state=approved"
            " submitted=80000\n"
        "[3600000] comments.internal 11 judged comment=101 state=approved\n"
        "[3600000] comments 11 comment.updated comment=101 post=1 author=bob text='Cup one.' state=approved"
            " submitted=0\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* It has missed everything; then it has lost everything; then it is filled beside. It answers the same. */
static void
query_is_the_same_again(void **state)
{
    struct souk_stage *stage = *state;
    char before[8192];
    const char *answer;

    publish(stage);
    souk_stage_stop(stage, "query");
    submit_slowly(stage, 12);
    souk_stage_start(stage, "query");
    pass_over(stage);
    souk_stage_ask(stage, "query.post post=1");
    assert_non_null(answer = strstr(souk_stage_trace(stage), "] answer "));
    (void)snprintf(before, sizeof before, "[240000%s", answer);
    assert_non_null(strstr(before, "{comment=112 author=bob text='Cup 12.' state=approved submitted=220000}]\n"));
    souk_stage_expect(stage, before);

    souk_stage_wipe(stage, "query");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_expect(stage, before);
    souk_stage_rebuild(stage, "query");
    souk_stage_ask(stage, "query.post post=1");
    souk_stage_expect(stage, before);
    souk_stage_expect_same_tables(stage, NULL);
}

/* Whoever loses its store, the event store gives its past back, and the blog goes on. */
static void
nobody_forgets(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    submit_slowly(stage, 3);
    souk_stage_wipe(stage, "comments");
    souk_stage_wipe(stage, "moderation");
    souk_stage_wipe(stage, "posts");
    pass_over(stage);
    souk_stage_send(stage, "comments.edit comment=103 author=bob text='Three.'");
    souk_stage_expect(stage,
        "[60000] comments.internal 7 written comment=103 post=1 author=bob text=Three. revision=2 submitted=40000\n"
        "[60000] comments 7 comment.updated comment=103 post=1 author=bob text='' state=waiting submitted=40000\n"
        "[60000] reply accepted comments.internal=7 comments=7\n"
        "[60000] moderation 4 judged comment=103 revision=2 verdict=approved\n"
        "[60000] comments.internal 8 judged comment=103 state=approved\n"
        "[60000] comments 8 comment.updated comment=103 post=1 author=bob text=Three. state=approved"
            " submitted=40000\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* Nobody thought of it then: it reads a year of comments, and from there on it is there like the others. */
static void
a_service_is_added_after_a_year(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    submit_slowly(stage, 30);
    souk_stage_send(stage, "comments.submit comment=99 post=1 author=cid text='://a ://b ://c'");
    souk_stage_elapse(stage, YEAR_MS - 600000);
    pass_over(stage);
    souk_stage_start(stage, "regulars");
    souk_stage_ask(stage, "regulars.author author=bob");
    souk_stage_ask(stage, "regulars.author author=cid");
    souk_stage_ask(stage, "regulars.author author=ann");
    souk_stage_expect(stage,
        "[31536000000] regulars starts\n"
        "[31536000000] answer comments=30\n"
        "[31536000000] answer comments=0\n"
        "[31536000000] answer comments=0\n");
    souk_stage_send(stage, "comments.submit comment=98 post=1 author=ann text='Thank you all.'");
    pass_over(stage);
    souk_stage_ask(stage, "regulars.author author=ann");
    souk_stage_expect(stage, "[31536000000] answer comments=1\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* ---- pages ---------------------------------------------------------- */

static void
a_long_thread_has_pages(void **state)
{
    struct souk_stage *stage = *state;

    publish(stage);
    submit_slowly(stage, 20);
    souk_stage_ask(stage, "query.post post=1");
    assert_null(strstr(souk_stage_trace(stage), " next="));
    souk_stage_send(stage, "comments.submit comment=200 post=1 author=cid text='Last one.'");
    souk_stage_ask(stage, "query.post post=1");
    assert_non_null(strstr(souk_stage_trace(stage),
        "{comment=120 author=bob text='Cup 20.' state=approved submitted=380000}] next={at=400000 id=200}\n"));
    pass_over(stage);
    souk_stage_ask(stage, "query.post post=1 from={at=400000 id=200}");
    souk_stage_expect(stage,
        "[400000] answer " TEA " comments=[{comment=200 author=cid text='Last one.' state=approved"
            " submitted=400000}]\n");
}

/* Newest first, and two of one moment by their ids. */
static void
the_front_page_has_pages(void **state)
{
    struct souk_stage *stage = *state;
    char command[120];

    for (unsigned i = 1; i <= 21; i++) {
        (void)snprintf(command, sizeof command, "posts.publish post=%u author=ann title='%u.' body=''", i, i);
        souk_stage_send(stage, command);
        if (i != 20)
            souk_stage_elapse(stage, 1000);
    }
    pass_over(stage);
    souk_stage_ask(stage, "query.posts");
    assert_non_null(strstr(souk_stage_trace(stage),
        "[20000] answer posts=[{post=20 title=20. author=ann published=19000 comments=0},"
        "{post=21 title=21. author=ann published=19000 comments=0},"
        "{post=19 title=19. author=ann published=18000 comments=0},"));
    assert_non_null(strstr(souk_stage_trace(stage),
        "{post=2 title=2. author=ann published=1000 comments=0}] next={at=0 id=1}\n"));
    pass_over(stage);
    souk_stage_ask(stage, "query.posts from={at=0 id=1}");
    souk_stage_expect(stage,
        "[20000] answer posts=[{post=1 title=1. author=ann published=0 comments=0}]\n");
}

/* ---- what goes wrong ------------------------------------------------ */

static const char *const everybody[] = { "posts", "comments", "moderation", "query" };

/* Killed at any moment: the page asks again until it is answered, and everything has happened once. */
static void
killed_at_any_moment(void **state)
{
    for (size_t i = 0; i < sizeof everybody / sizeof everybody[0]; i++)
        for (int moment = SOUK_STAGE_NOW; moment <= SOUK_STAGE_BEFORE_SEND; moment++) {
            struct souk_stage *stage = open_stage(true);

            *state = stage;
            souk_stage_send(stage, "posts.publish post=1 author=ann title=Tea body='All about tea.'");
            souk_stage_crash(stage, everybody[i], (enum souk_stage_moment)moment);
            for (int tries = 0; tries < 2; tries++) {
                souk_stage_send_as(stage, "page", 7, "posts.publish post=2 author=ann title=Milk body=''");
                souk_stage_send_as(stage, "page", 8, "comments.submit comment=11 post=1 author=bob text='First.'");
                souk_stage_elapse(stage, 3000);
            }
            pass_over(stage);
            souk_stage_ask(stage, "query.post post=1");
            souk_stage_expect(stage,
                "[6000] answer " TEA " comments=[{comment=11 author=bob text=First. state=approved submitted=0}]\n");
            souk_stage_expect_same_tables(stage, NULL);
            souk_stage_close(&stage);
            *state = NULL;
        }
}

/* The disk is full for a moment, at any write of any of them. */
static void
each_write_may_fail(void **state)
{
    for (size_t i = 0; i < sizeof everybody / sizeof everybody[0]; i++) {
        bool struck = true;

        for (uint32_t nth = 1; struck; nth++) {
            struct souk_stage *stage = open_stage(false);

            *state = stage;
            souk_stage_fail_write(stage, everybody[i], nth);
            for (int tries = 0; tries < 3; tries++) {
                souk_stage_send_as(stage, "page", 6, "posts.publish post=1 author=ann title=Tea body=''");
                souk_stage_send_as(stage, "page", 7, "comments.submit comment=11 post=1 author=bob text=First.");
                souk_stage_elapse(stage, 2000);
            }
            struck = souk_stage_fault_struck(stage);
            pass_over(stage);
            souk_stage_ask(stage, "query.posts");
            assert_non_null(strstr(souk_stage_trace(stage), "[6000] answer posts=[{post=1 title=Tea author=ann"));
            assert_non_null(strstr(souk_stage_trace(stage), " comments=1}]\n"));
            souk_stage_expect_same_tables(stage, NULL);
            souk_stage_close(&stage);
            *state = NULL;
        }
    }
}

int
main(void)
{
#define STORY(story) cmocka_unit_test_setup_teardown(story, open_blog, close_blog)
#define STORY_WITH_EVENT_STORE(story) cmocka_unit_test_setup_teardown(story, open_blog_with_event_store, close_blog)
#define STORIES(stories) cmocka_unit_test_teardown(stories, close_blog)
    const struct CMUnitTest tests[] = {
        STORY(a_comment_is_approved),
        STORY_WITH_EVENT_STORE(a_comment_is_approved),
        STORY(a_bad_word_is_refused),
        STORY(a_third_link_is_refused),
        STORIES(a_fourth_text_within_a_minute_is_refused),
        STORY(an_edited_comment_is_judged_again),
        STORY(a_comment_that_is_sent_twice_is_said_once),
        STORY(only_its_author_changes_a_thing),
        STORY(what_is_taken_back_is_gone),
        STORY(moderation_is_absent_and_back),
        STORY(query_is_the_same_again),
        STORY_WITH_EVENT_STORE(nobody_forgets),
        STORY(a_service_is_added_after_a_year),
        STORY(a_long_thread_has_pages),
        STORY(the_front_page_has_pages),
        STORIES(killed_at_any_moment),
        STORIES(each_write_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
