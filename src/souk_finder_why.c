#include "souk_finder_parts.h"

#include <string.h>

#define CAUSES_MAX 65                   /* as described: an event's depth is 64 at most */
#define EFFECTS_MAX 80                  /* as described */

/* What has been found of the effects. */
struct effects {
    struct effect *effects;
    uint32_t count;
    bool more;
};

static int find_cause(struct finder_look *look, const struct finder_found *found, struct finder_found *cause_out);
static int find_asker(struct finder_look *look, const struct finder_found *found, struct finder_found *asker_out);
static int add_effects(struct finder_look *look, const struct finder_found *found, uint8_t level,
    struct effects *effects);
static int add_effects_of(struct finder_look *look, const struct finder_found *found, const struct finder_term *term,
    const struct souk_id *command, uint8_t level, struct effects *effects);
static bool is_caused_by(const struct souk_because *because, const struct finder_found *found,
    const struct souk_id *command);
static struct souk_point point_of(const struct finder_found *found);

int
finder_answer_why(struct finder_look *look, const void *query, struct finder_said *said)
{
    const struct eventstore_why *asked = query;
    struct found_event *causes = souk_arena_alloc(look->arena, CAUSES_MAX * sizeof *causes);
    struct effects effects = { .effects = souk_arena_alloc(look->arena, EFFECTS_MAX * sizeof *effects.effects) };
    struct eventstore_why_reply reply = { .incarnation = finder_incarnation(look) };
    struct finder_found found, at;
    int rc;

    if (causes == NULL || effects.effects == NULL)
        return -SOUK_ENOMEM;
    if ((rc = finder_find_one(look, asked->stream, asked->number, asked->epoch, &found, said)) != 0
        || said->refusal != NULL)
        return rc;
    reply.event = finder_describe(look, &found);
    at = found;
    while (reply.causes_count < CAUSES_MAX && (rc = find_cause(look, &at, &at)) == 0) {
        memmove(causes + 1, causes, reply.causes_count++ * sizeof *causes);
        causes[0] = finder_describe(look, &at);
    }
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = add_effects(look, &found, 1, &effects)) != 0)
        return rc;
    reply.causes = causes;
    reply.effects = effects.effects;
    reply.effects_count = effects.count;
    reply.more = effects.more;
    return finder_say(said, &eventstore_why_reply_type, &reply);
}

/* ---- causes --------------------------------------------------------- */

/* 0; -SOUK_ENOTFOUND: a command of somebody outside, or it is not in what is recorded. */
static int
find_cause(struct finder_look *look, const struct finder_found *found, struct finder_found *cause_out)
{
    const struct souk_because because = found->event.because;
    struct finder_found cause;
    int rc;

    if (because.kind == SOUK_BY_COMMAND)
        return find_asker(look, found, cause_out);
    if ((rc = finder_event(look, &because.stream, because.point.number, &cause)) != 0)
        return rc == -SOUK_EDAMAGED ? -SOUK_ENOTFOUND : rc;
    if (!souk_epoch_equal(cause.header.epoch, because.point.epoch))
        return -SOUK_ENOTFOUND;                 /* a lost tail: another event has its number */
    *cause_out = cause;
    return 0;
}

/*
 * Was the command the request of an event? Its id is made from that event, and
 * both belong to one undertaking: one of the events of that correlation.
 */
static int
find_asker(struct finder_look *look, const struct finder_found *found, struct finder_found *asker_out)
{
    const struct souk_id id = found->event.because.id, correlation = found->event.correlation;
    const struct finder_term term = finder_term_id(FINDER_CORRELATION, &correlation);
    uint64_t position = 0;
    int rc = -SOUK_ENOTFOUND;

    while (look->left != 0 && (rc = finder_next(look, &term, position + 1, false, &position)) == 0) {
        struct finder_batch batch;

        rc = finder_batch_open(look, position, &batch);
        while (rc == 0 && (rc = finder_batch_next(look, &batch)) == 0) {
            const struct souk_point point = point_of(&batch.found);

            if (memcmp(&batch.found.event.correlation, &correlation, sizeof correlation) != 0)
                continue;
            for (uint32_t i = 0; i < SOUK_FINDER_REQUESTS_MAX; i++) {
                const struct souk_id request = souk_request_id(&batch.found.header.stream, point, i);

                if (memcmp(&request, &id, sizeof id) == 0) {
                    *asker_out = batch.found;
                    return 0;
                }
            }
        }
        if (rc != -SOUK_ENOTFOUND)
            return rc;
    }
    return look->left == 0 ? -SOUK_ENOTFOUND : rc;
}

/* ---- effects -------------------------------------------------------- */

/* What it led to directly, and through its requests; each before its own effects. */
static int
add_effects(struct finder_look *look, const struct finder_found *found, uint8_t level, struct effects *effects)
{
    const struct souk_point point = point_of(found);
    struct finder_term term = finder_term_cause(&found->header.stream, point);
    int rc = add_effects_of(look, found, &term, NULL, level, effects);

    for (uint32_t i = 0; i < SOUK_FINDER_REQUESTS_MAX && rc == 0 && !effects->more; i++) {
        const struct souk_id command = souk_request_id(&found->header.stream, point, i);

        term = finder_term_id(FINDER_CAUSE, &command);
        rc = add_effects_of(look, found, &term, &command, level, effects);
    }
    return rc;
}

static int
add_effects_of(struct finder_look *look, const struct finder_found *found, const struct finder_term *term,
    const struct souk_id *command, uint8_t level, struct effects *effects)
{
    struct finder_batch *batch = NULL;
    uint64_t position = 0;
    int rc;

    while ((rc = finder_next(look, term, position + 1, false, &position)) == 0) {
        if (batch == NULL && (batch = souk_arena_alloc(look->arena, sizeof *batch)) == NULL)
            return -SOUK_ENOMEM;
        rc = finder_batch_open(look, position, batch);
        while (rc == 0 && (rc = finder_batch_next(look, batch)) == 0) {
            if (!is_caused_by(&batch->found.event.because, found, command))
                continue;
            if (effects->count == EFFECTS_MAX || level > SOUK_FINDER_LEVELS_MAX || look->left == 0) {
                effects->more = true;
                return 0;
            }
            effects->effects[effects->count].level = level;
            effects->effects[effects->count++].event = finder_describe(look, &batch->found);
            if ((rc = add_effects(look, &batch->found, level + 1, effects)) != 0)
                return rc;
        }
        if (rc != -SOUK_ENOTFOUND)
            return rc;
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static bool
is_caused_by(const struct souk_because *because, const struct finder_found *found, const struct souk_id *command)
{
    if (command != NULL)
        return because->kind == SOUK_BY_COMMAND && memcmp(&because->id, command, sizeof *command) == 0;
    return because->kind != SOUK_BY_COMMAND && strcmp(because->stream.text, found->header.stream.text) == 0
        && souk_point_equal(because->point, point_of(found));
}

static struct souk_point
point_of(const struct finder_found *found)
{
    return (struct souk_point){ found->header.epoch, found->event.number };
}
