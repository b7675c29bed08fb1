#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shop.h"

static void
fail_test(const char *report, void *arg)
{
    (void)arg;
    (void)fputs(report, stderr);
    fail();
}

struct souk_stage *
story_open(const struct souk_stage_service *services)
{
    const struct souk_stage_config config = { .services = services, .messages = &shop_messages,
        .event_store = true, .fail = fail_test };
    struct souk_stage *stage = NULL;
    struct souk_error err;

    if (souk_stage_open(&config, &stage, &err) != 0)
        fail_test(err.text, NULL);
    return stage;
}

int
story_close(void **state)
{
    struct souk_stage *stage = *state;

    souk_stage_close(&stage);
    return 0;
}

void
story_pass_over(struct souk_stage *stage)
{
    (void)souk_stage_differs(stage, "");
}

void
story_sleep(struct souk_stage *stage, const char *const *services, uint64_t elapsed_ms)
{
    for (const char *const *service = services; *service != NULL; service++)
        souk_stage_stop(stage, *service);
    souk_stage_stop(stage, SOUK_STAGE_EVENT_STORE);
    souk_stage_elapse(stage, elapsed_ms);
    souk_stage_start(stage, SOUK_STAGE_EVENT_STORE);
    for (const char *const *service = services; *service != NULL; service++)
        souk_stage_start(stage, *service);
}

unsigned
story_count(const char *text, const char *words)
{
    unsigned times = 0;

    while (text != NULL && (text = strstr(text, words)) != NULL) {
        times++;
        text += strlen(words);
    }
    return times;
}

unsigned
story_count_new(struct souk_stage *stage, const char *words)
{
    return story_count(souk_stage_differs(stage, ""), words);
}
