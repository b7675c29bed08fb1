/*
 * People as stories: signing in, what it leads to, and what it does not. Hashes
 * of passwords are drawn at random, so the stories look for what matters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "services.h"
#include "shop.h"
#include "story.h"

#define REGISTER_ANN "accounts.register person=2 email=Ann@Example.org name=Ann password='correct horse'"
#define SIGN_IN "accounts.sign_in email=%s password='%s' token_hash=%s client=%s"

static int
open_stage(void **state)
{
    static const char *const writes[] = { STREAM_ACCOUNTS, STREAM_ACCOUNTS_PRIVATE, NULL };
    static const struct souk_stage_service services[] = { { .service = &accounts_service, .writes = writes }, { 0 } };
    struct souk_stage *stage = story_open(services);

    souk_stage_send(stage, REGISTER_ANN);
    story_pass_over(stage);
    *state = stage;
    return 0;
}

/* What the browser has, and what it says of it: the hash, as the stage writes bytes. */
static void
name_token(unsigned number, char token_out[80], char hash_out[80])
{
    uint8_t token[32] = { (uint8_t)number }, hash[32];

    (void)crypto_generichash(hash, sizeof hash, token, sizeof token, NULL, 0);
    (void)sodium_bin2base64(token_out, 80, token, sizeof token, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    (void)sodium_bin2base64(hash_out, 80, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void
sign_in(struct souk_stage *stage, const char *email, const char *password, unsigned token, const char *client)
{
    char command[400], secret[80], hash[80];

    name_token(token, secret, hash);
    (void)snprintf(command, sizeof command, SIGN_IN, email, password, hash, client);
    souk_stage_send(stage, command);
}

static void
ask_pass(struct souk_stage *stage, unsigned token)
{
    char query[200], secret[80], hash[80];

    name_token(token, secret, hash);
    (void)snprintf(query, sizeof query, "accounts.pass token=%s", secret);
    souk_stage_ask(stage, query);
}

static void
somebody_registers_once(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "accounts.register person=3 email=ann@example.ORG name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=2 email=bob@example.org name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=3 email=bob@example.org name=Bob password='123456789'");
    souk_stage_send(stage, "accounts.register person=3 email=bob name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=3 email=@example.org name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=3 email=bob@example name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=3 email=bob@ex@ample.org name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=3 email='bob bob@example.org' name=Bob password='correct horse'");
    souk_stage_send(stage, "accounts.register person=3 email=bob@.org name=Bob password='correct horse'");
    souk_stage_expect(stage,
        "[   0] reply refused email_taken\n"
        "[   0] reply refused id_taken\n"
        "[   0] reply refused weak_password\n"
        "[   0] reply refused bad_email\n"
        "[   0] reply refused bad_email\n"
        "[   0] reply refused bad_email\n"
        "[   0] reply refused bad_email\n"
        "[   0] reply refused bad_email\n"
        "[   0] reply refused bad_email\n");
    souk_stage_send(stage, "accounts.register person=3 email=bob@example.org name=Bob password='1234567890'");
    assert_int_equal(story_count_new(stage, "accounts 2 registered person=3 name=Bob"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

/* The session's secret is never said to anybody but accounts; its hash is what is kept. */
static void
a_session_gives_passes_until_it_ends(void **state)
{
    struct souk_stage *stage = *state;
    char secret[80], hash[80], command[200];

    sign_in(stage, "ann@example.org", "correct horse", 1, "10.0.0.1");
    assert_int_equal(story_count_new(stage, "signed_in person=2"), 1);
    ask_pass(stage, 1);
    assert_int_equal(story_count_new(stage, "person=2 name=Ann is_staff=false is_admin=false expires=600000"), 1);
    ask_pass(stage, 2);
    souk_stage_expect(stage, "[   0] answer refused shop.not_signed_in\n");
    souk_stage_elapse(stage, 30ULL * 24 * 3600 * 1000 - 1);
    ask_pass(stage, 1);
    assert_int_equal(story_count_new(stage, "answer pass="), 1);
    souk_stage_elapse(stage, 1);
    ask_pass(stage, 1);
    assert_int_equal(story_count_new(stage, "answer refused shop.not_signed_in"), 1);
    sign_in(stage, "ann@example.org", "correct horse", 3, "10.0.0.1");
    ask_pass(stage, 3);
    assert_int_equal(story_count_new(stage, "answer pass="), 1);
    name_token(3, secret, hash);
    (void)snprintf(command, sizeof command, "accounts.sign_out token_hash=%s", hash);
    souk_stage_send(stage, command);
    souk_stage_send(stage, command);
    ask_pass(stage, 3);
    assert_int_equal(story_count_new(stage, "answer refused shop.not_signed_in"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

/* An unknown address, a wrong password: the same event, the same work. */
static void
who_is_wrong_too_often_has_to_wait(void **state)
{
    struct souk_stage *stage = *state;

    sign_in(stage, "bob@example.org", "correct horse", 1, "10.0.0.1");
    sign_in(stage, "ann@example.org", "wrong horse..", 1, "10.0.0.1");
    assert_int_equal(story_count_new(stage, " sign_in_failed "), 2);
    for (unsigned i = 0; i < 8; i++)
        sign_in(stage, "ANN@example.org", "wrong horse..", 1, "10.0.0.2");
    story_pass_over(stage);
    sign_in(stage, "ann@example.org", "wrong horse..", 1, "10.0.0.3");
    assert_int_equal(story_count_new(stage, " sign_in_failed "), 1);
    sign_in(stage, "ann@example.org", "correct horse", 1, "10.0.0.4");
    souk_stage_expect(stage, "[   0] reply refused too_many_tries\n");
    souk_stage_elapse(stage, 15 * 60 * 1000 - 1);
    sign_in(stage, "ann@example.org", "correct horse", 1, "10.0.0.4");
    assert_int_equal(story_count_new(stage, "refused too_many_tries"), 1);
    souk_stage_elapse(stage, 1);
    sign_in(stage, "ann@example.org", "correct horse", 1, "10.0.0.4");
    assert_int_equal(story_count_new(stage, " signed_in person=2"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

static void
a_place_that_tries_everybody_has_to_wait(void **state)
{
    struct souk_stage *stage = *state;
    char email[40];

    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(email, sizeof email, "p%u@example.org", i);
        sign_in(stage, email, "correct horse", 1, "10.0.0.9");
    }
    assert_int_equal(story_count_new(stage, " sign_in_failed "), 50);
    sign_in(stage, "ann@example.org", "correct horse", 1, "10.0.0.9");
    souk_stage_expect(stage, "[   0] reply refused too_many_tries\n");
    sign_in(stage, "ann@example.org", "correct horse", 1, "10.0.0.8");
    assert_int_equal(story_count_new(stage, " signed_in person=2"), 1);
}

#define CHANGE(older, newer) "accounts.change_password person=2 old_password=" older " new_password=" newer

static void
another_password_ends_all_sessions(void **state)
{
    struct souk_stage *stage = *state;

    sign_in(stage, "ann@example.org", "correct horse", 1, "a");
    souk_stage_elapse(stage, 1000);
    story_pass_over(stage);
    souk_stage_send(stage, CHANGE("'correct horse'", "'battery staple'"));
    souk_stage_sign_in(stage, BOB, "customer");
    souk_stage_send(stage, CHANGE("'correct horse'", "'battery staple'"));
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, CHANGE("'correct horse'", "'staple'"));
    souk_stage_expect(stage,
        "[1000] reply refused shop.not_signed_in\n"
        "[1000] reply refused shop.not_signed_in\n"
        "[1000] reply refused weak_password\n");
    souk_stage_send(stage, CHANGE("'wrong horse'", "'battery staple'"));
    assert_int_equal(story_count_new(stage, " sign_in_failed "), 1);
    ask_pass(stage, 1);
    assert_int_equal(story_count_new(stage, "answer pass="), 1);
    souk_stage_send(stage, CHANGE("'correct horse'", "'battery staple'"));
    assert_int_equal(story_count_new(stage, " password_changed person=2"), 1);
    ask_pass(stage, 1);
    assert_int_equal(story_count_new(stage, "answer refused shop.not_signed_in"), 1);
    sign_in(stage, "ann@example.org", "correct horse", 2, "a");
    assert_int_equal(story_count_new(stage, " sign_in_failed "), 1);
    sign_in(stage, "ann@example.org", "battery staple", 3, "a");
    assert_int_equal(story_count_new(stage, " signed_in person=2"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

static void
a_guest_is_known_by_a_secret(void **state)
{
    struct souk_stage *stage = *state;
    char secret[80], hash[80], query[200];

    name_token(9, secret, hash);
    (void)snprintf(query, sizeof query, "accounts.guest_pass secret=%s", secret);
    souk_stage_ask(stage, query);
    assert_null(strstr(souk_stage_trace(stage), secret));
    assert_int_equal(story_count_new(stage, "expires=600000"), 1);
    souk_stage_ask(stage, "accounts.guest_pass secret=AA");
    assert_int_equal(story_count_new(stage, "answer internal"), 1);
}

/* Their pass comes along when they sign in, so it is known whose the cart is. */
static void
a_guest_turns_out_to_be_somebody(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_sign_in(stage, BOB, "guest");
    sign_in(stage, "ann@example.org", "wrong horse..", 1, "a");
    assert_int_equal(story_count_new(stage, " guest_signed_in "), 0);
    sign_in(stage, "ann@example.org", "correct horse", 1, "a");
    assert_int_equal(story_count_new(stage, "accounts 2 guest_signed_in guest=3 person=2"), 1);
    souk_stage_sign_in(stage, BOB, "customer");
    sign_in(stage, "ann@example.org", "correct horse", 2, "a");
    assert_int_equal(story_count_new(stage, " guest_signed_in "), 0);
    souk_stage_expect_same_tables(stage, NULL);
}

/* Whoever says which one begins has it go on with the new password. */
static void
another_password_can_begin_a_session(void **state)
{
    struct souk_stage *stage = *state;
    char command[300], secret[80], hash[80];

    name_token(4, secret, hash);
    sign_in(stage, "ann@example.org", "correct horse", 1, "a");
    souk_stage_elapse(stage, 1000);
    souk_stage_sign_in(stage, ANN, "customer");
    (void)snprintf(command, sizeof command, CHANGE("'wrong horse'", "'battery staple'") " token_hash=%s client=b",
        hash);
    souk_stage_send(stage, command);
    ask_pass(stage, 4);
    assert_int_equal(story_count_new(stage, "answer refused shop.not_signed_in"), 1);
    (void)snprintf(command, sizeof command, CHANGE("'correct horse'", "'battery staple'") " token_hash=%s client=b",
        hash);
    souk_stage_send(stage, command);
    ask_pass(stage, 4);
    assert_int_equal(story_count_new(stage, "answer pass="), 1);
    ask_pass(stage, 1);
    assert_int_equal(story_count_new(stage, "answer refused shop.not_signed_in"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

static void
an_admin_appoints_others(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "accounts.register person=3 email=bob@example.org name=Bob password='correct horse'");
    story_pass_over(stage);
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "accounts.appoint person=2 is_staff=true is_admin=true");
    souk_stage_ask(stage, "accounts.people");
    souk_stage_sign_out(stage);
    souk_stage_send(stage, "accounts.appoint_first email=eve@example.org");
    souk_stage_send(stage, "accounts.appoint_first email=ANN@example.org");
    souk_stage_send(stage, "accounts.appoint_first email=bob@example.org");
    souk_stage_sign_in(stage, ANN, "customer staff admin");
    souk_stage_send(stage, "accounts.appoint person=4 is_staff=true is_admin=false");
    souk_stage_send(stage, "accounts.appoint person=2 is_staff=true is_admin=false");
    souk_stage_send(stage, "accounts.appoint person=3 is_staff=true is_admin=false");
    souk_stage_send(stage, "accounts.appoint person=3 is_staff=true is_admin=true");
    souk_stage_send(stage, "accounts.appoint person=3 is_staff=true is_admin=true");
    souk_stage_send(stage, "accounts.appoint person=2 is_staff=false is_admin=false");
    souk_stage_ask(stage, "accounts.people");
    souk_stage_ask(stage, "accounts.people text=BO");
    souk_stage_ask(stage, "accounts.people text=Ann@EXAMPLE.org");
    souk_stage_ask(stage, "accounts.people text=example.org");
    souk_stage_ask(stage, "accounts.people is_staff=true");
    souk_stage_ask(stage, "accounts.people person=2");
    souk_stage_ask(stage, "accounts.people person=1");
    souk_stage_expect(stage,
        "[   0] reply refused admin_only\n"
        "[   0] answer refused shop.staff_only\n"
        "[   0] reply refused unknown_person\n"
        "[   0] accounts 3 appointed person=2 is_staff=true is_admin=true\n"
        "[   0] reply accepted accounts=3\n"
        "[   0] reply refused has_admin\n"
        "[   0] reply refused unknown_person\n"
        "[   0] reply refused last_admin\n"
        "[   0] accounts 4 appointed person=3 is_staff=true is_admin=false by=2\n"
        "[   0] reply accepted accounts=4\n"
        "[   0] accounts 5 appointed person=3 is_staff=true is_admin=true by=2\n"
        "[   0] reply accepted accounts=5\n"
        "[   0] reply accepted accounts=5 accounts.private=2\n"
        "[   0] accounts 6 appointed person=2 is_staff=false is_admin=false by=2\n"
        "[   0] reply accepted accounts=6\n"
        "[   0] answer people=[{person=2 name=Ann email=Ann@Example.org is_staff=false is_admin=false"
            " since=0},{person=3 name=Bob email=bob@example.org is_staff=true is_admin=true since=0}]\n"
        "[   0] answer people=[{person=3 name=Bob email=bob@example.org is_staff=true is_admin=true since=0}]\n"
        "[   0] answer people=[{person=2 name=Ann email=Ann@Example.org is_staff=false is_admin=false since=0}]\n"
        "[   0] answer people=[]\n"
        "[   0] answer people=[{person=3 name=Bob email=bob@example.org is_staff=true is_admin=true since=0}]\n"
        "[   0] answer people=[{person=2 name=Ann email=Ann@Example.org is_staff=false is_admin=false since=0}]\n"
        "[   0] answer people=[]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

static void
people_say_what_they_want_of_themselves(void **state)
{
    struct souk_stage *stage = *state;
    char command[200];

    souk_stage_send(stage, "accounts.rename name=Anna");
    souk_stage_sign_in(stage, BOB, "guest");
    souk_stage_send(stage, "accounts.rename name=Anna");
    souk_stage_send(stage, "accounts.keep_address address_id=1 address=" ADDRESS);
    souk_stage_ask(stage, "accounts.me");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "accounts.rename name=Anna");
    souk_stage_expect(stage,
        "[   0] reply refused shop.not_signed_in\n"
        "[   0] reply refused unknown_person\n"
        "[   0] reply refused unknown_person\n"
        "[   0] answer refused shop.not_signed_in\n"
        "[   0] accounts 2 renamed person=2 name=Anna\n"
        "[   0] reply accepted accounts=2\n");
    for (unsigned i = 1; i <= 20; i++) {
        (void)snprintf(command, sizeof command, "accounts.keep_address address_id=%u address=" ADDRESS, i);
        souk_stage_send(stage, command);
    }
    story_pass_over(stage);
    souk_stage_send(stage, "accounts.keep_address address_id=21 address=" ADDRESS);
    souk_stage_expect(stage, "[   0] reply refused too_many_addresses\n");
    souk_stage_send(stage, "accounts.keep_address address_id=20 address=" ADDRESS);
    assert_int_equal(story_count_new(stage, " address_kept "), 1);
    for (unsigned i = 1; i <= 19; i++) {
        (void)snprintf(command, sizeof command, "accounts.drop_address address_id=%u", i);
        souk_stage_send(stage, command);
    }
    souk_stage_send(stage, "accounts.drop_address address_id=19");
    story_pass_over(stage);
    souk_stage_ask(stage, "accounts.me");
    souk_stage_expect(stage,
        "[   0] answer person=2 name=Anna email=Ann@Example.org is_staff=false is_admin=false since=0"
            " addresses=[{address_id=20 address=" ADDRESS "}] sessions=[]\n");
    souk_stage_expect_same_tables(stage, NULL);
}

/* A copy that is filled afterwards, with the key gone, has the same tables. */
static void
who_leaves_is_forgotten(void **state)
{
    struct souk_stage *stage = *state;

    sign_in(stage, "ann@example.org", "correct horse", 1, "1.2.3.4");
    souk_stage_sign_in(stage, ANN, "customer");
    souk_stage_send(stage, "accounts.keep_address address_id=1 address=" ADDRESS);
    story_pass_over(stage);
    souk_stage_send(stage, "accounts.leave person_id=2 password='wrong horse'");
    souk_stage_send(stage, "accounts.leave person_id=3 password='correct horse'");
    assert_int_equal(story_count_new(stage, " sign_in_failed "), 1);
    souk_stage_crash(stage, "accounts", SOUK_STAGE_BEFORE_SEND);    /* the key is still there when it starts */
    souk_stage_send(stage, "accounts.leave person_id=2 password='correct horse'");
    souk_stage_ask(stage, "accounts.me");
    ask_pass(stage, 1);
    sign_in(stage, "ann@example.org", "correct horse", 2, "1.2.3.4");
    souk_stage_send(stage, "accounts.rename name=Anna");
    souk_stage_expect(stage,
        "[   0] accounts.private 5 erased person=2\n"
        "[   0] accounts 2 left person=2\n"
        "[   0] accounts crashes\n"
        "[   0] answer refused shop.not_signed_in\n"
        "[   0] answer refused shop.not_signed_in\n"
        "[   0] accounts.private 6 sign_in_failed who=b7b49ef6-0b11-8d37-8cfc-b0b2a2e7d6de"
            " place=3e4ed084-6e4d-fcb0-6129-0caab7088e49\n"
        "[   0] reply accepted accounts.private=6\n"
        "[   0] reply refused unknown_person\n");
    souk_stage_expect_same_tables(stage, NULL);
    souk_stage_wipe(stage, "accounts");
    souk_stage_send(stage, "accounts.register person=4 email=ann@example.org name=Ann password='another horse'");
    assert_int_equal(story_count_new(stage, " accounts 3 registered person=4 name=Ann\n"), 1);
    souk_stage_expect_same_tables(stage, NULL);
}

static void
the_last_admin_stays(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "accounts.appoint_first email=ann@example.org");
    souk_stage_sign_in(stage, ANN, "admin");
    story_pass_over(stage);
    souk_stage_send(stage, "accounts.leave person_id=2 password='correct horse'");
    souk_stage_expect(stage, "[   0] reply refused last_admin\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(somebody_registers_once, open_stage, story_close),
        cmocka_unit_test_setup_teardown(a_session_gives_passes_until_it_ends, open_stage, story_close),
        cmocka_unit_test_setup_teardown(who_is_wrong_too_often_has_to_wait, open_stage, story_close),
        cmocka_unit_test_setup_teardown(a_place_that_tries_everybody_has_to_wait, open_stage, story_close),
        cmocka_unit_test_setup_teardown(another_password_ends_all_sessions, open_stage, story_close),
        cmocka_unit_test_setup_teardown(a_guest_is_known_by_a_secret, open_stage, story_close),
        cmocka_unit_test_setup_teardown(a_guest_turns_out_to_be_somebody, open_stage, story_close),
        cmocka_unit_test_setup_teardown(another_password_can_begin_a_session, open_stage, story_close),
        cmocka_unit_test_setup_teardown(an_admin_appoints_others, open_stage, story_close),
        cmocka_unit_test_setup_teardown(people_say_what_they_want_of_themselves, open_stage, story_close),
        cmocka_unit_test_setup_teardown(who_leaves_is_forgotten, open_stage, story_close),
        cmocka_unit_test_setup_teardown(the_last_admin_stays, open_stage, story_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
