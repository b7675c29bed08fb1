/*
 * People: a command or query that comes with a pass, as a service sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <souk-stage.h>

#include "lodge.h"

extern const struct souk_service lodge_service;         /* test/process/lodge_service.c */

static void
fail_test(const char *report, void *arg)
{
    (void)arg;
    (void)fputs(report, stderr);
    fail();
}

static int
open_stage(void **state)
{
    static const struct souk_stage_service services[] = { { .service = &lodge_service }, { 0 } };
    const struct souk_stage_config config = { .services = services, .messages = &lodge_messages, .fail = fail_test };
    struct souk_stage *stage = NULL;
    struct souk_error err;

    if (souk_stage_open(&config, &stage, &err) != 0)
        fail_test(err.text, NULL);
    *state = stage;
    return 0;
}

static int
close_stage(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_close(&stage);
    return 0;
}

static void
a_service_sees_who_asks_and_what_the_person_may(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_send(stage, "lodge.note text=one");
    souk_stage_ask(stage, "lodge.who");
    souk_stage_sign_in_as(stage, (struct souk_id){ { [15] = 7 } }, "customer");
    souk_stage_send(stage, "lodge.note text=two");
    souk_stage_ask(stage, "lodge.who");
    souk_stage_sign_in(stage, 8, " customer  staff ");
    souk_stage_elapse(stage, 5000);
    souk_stage_send(stage, "lodge.note text=three");
    souk_stage_ask(stage, "lodge.who");
    souk_stage_sign_out(stage);
    souk_stage_send(stage, "lodge.note text=four");
    souk_stage_expect(stage,
        "[   0] reply refused staff_only\n"
        "[   0] answer refused staff_only\n"
        "[   0] reply refused staff_only\n"
        "[   0] answer person=7 at=0\n"
        "[5000] lodge 1 noted person=8 text=three\n"
        "[5000] reply accepted lodge=1\n"
        "[5000] answer person=8 at=5000\n"
        "[5000] reply refused staff_only\n");
}

/* The same words of somebody else are another command. */
static void
an_id_is_one_persons(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_sign_in(stage, 8, "staff");
    souk_stage_send_as(stage, "page", 1, "lodge.note text=mine");
    souk_stage_elapse(stage, 60000);
    souk_stage_send_as(stage, "page", 1, "lodge.note text=mine");
    souk_stage_sign_in(stage, 9, "staff");
    souk_stage_send_as(stage, "page", 1, "lodge.note text=mine");
    souk_stage_sign_out(stage);
    souk_stage_send_as(stage, "page", 1, "lodge.note text=mine");
    souk_stage_expect(stage,
        "[    0] lodge 1 noted person=8 text=mine\n"
        "[    0] reply accepted lodge=1\n"
        "[60000] reply accepted lodge=1\n"
        "[60000] reply key_reused\n"
        "[60000] reply key_reused\n");
}

static void
only_what_is_within_the_limits_is_signed(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_ask(stage, "lodge.pass person=7 role=staff life=3600001");
    souk_stage_ask(stage, "lodge.pass person=7 role=Staff life=1000");
    souk_stage_expect(stage,
        "[   0] answer internal\n"
        "[   0] answer internal\n");
    souk_stage_ask(stage, "lodge.pass person=7 role=staff life=3600000");
    assert_non_null(strstr(souk_stage_trace(stage), "answer pass="));
}

#undef main

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_service_sees_who_asks_and_what_the_person_may, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(an_id_is_one_persons, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(only_what_is_within_the_limits_is_signed, open_stage, close_stage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
