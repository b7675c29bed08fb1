/*
 * reviews - a chatty stream for moderation, a generic one for everybody else.
 */
#include "app_messages.h"

#define INTERNAL "internal"
#define GENERIC "generic"
#define VERDICTS "verdicts"
#define INTERNAL_FIELDS 6
#define GENERIC_FIELDS 4
#define VERDICT_FIELDS 2

enum { SKU, STARS, EDITS, STATE, COMPENSATIONS };

static const char *const tables_by_number[] = { INTERNAL, GENERIC, VERDICTS };

static int emit_updated(struct souk_decision *decision, uint64_t review, const struct app_row *row, uint64_t stars,
    uint64_t state);
static int apply_verdict(struct souk_tables *tables, uint64_t review, uint64_t verdict);

/* ---- commands ------------------------------------------------------- */

static int
decide_submit(const struct souk_view *view, const struct review_submit *command, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    if (command->stars == 0 || command->stars > 5)
        return souk_refuse(decision, "bad_stars");
    rc = app_row_get(view, INTERNAL, app_key(&key, command->review), &row);
    if (rc == 0)
        return souk_refuse(decision, "exists");
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    return souk_emit(decision, &review_submitted_type,
        &(struct review_submitted){ command->review, command->sku, command->stars });
}

static int
decide_edit(const struct souk_view *view, const struct review_edit *command, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    if (command->stars == 0 || command->stars > 5)
        return souk_refuse(decision, "bad_stars");
    rc = app_row_get(view, INTERNAL, app_key(&key, command->review), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, "unknown") : rc;
    rc = souk_emit(decision, &review_edited_type, &(struct review_edited){ command->review, command->stars });
    if (rc == 0 && row.fields[STATE] == REVIEW_PUBLISHED)
        rc = emit_updated(decision, command->review, &row, command->stars, REVIEW_SUBMITTED);
    return rc;
}

/* ---- reactions ------------------------------------------------------ */

static int
react_approved(const struct souk_view *view, const struct verdict_approved *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    if ((rc = app_trouble("reviews", event->review)) != 0)
        return rc;
    rc = app_row_get(view, INTERNAL, app_key(&key, event->review), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    rc = souk_emit(decision, &review_published_type, &(struct review_published){ event->review });
    if (rc == 0)
        rc = emit_updated(decision, event->review, &row, row.fields[STARS], REVIEW_PUBLISHED);
    return rc;
}

static int
react_rejected(const struct souk_view *view, const struct verdict_rejected *event, struct souk_decision *decision)
{
    struct app_key key;
    struct app_row row;
    int rc;

    rc = app_row_get(view, INTERNAL, app_key(&key, event->review), &row);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    rc = souk_emit(decision, &review_hidden_type, &(struct review_hidden){ event->review });
    if (rc == 0)
        rc = emit_updated(decision, event->review, &row, row.fields[STARS], REVIEW_HIDDEN);
    return rc;
}

static int
react_rewound(const struct souk_view *view, const struct souk_rewound *rewound, struct souk_decision *decision)
{
    (void)view;
    return souk_emit(decision, &review_compensated_type, &(struct review_compensated){
        .review = app_key_id(rewound->key),
        .epoch_counter = rewound->lost.epoch_counter,
        .number = rewound->lost.number,
    });
}

/* ---- tables --------------------------------------------------------- */

static int
apply_submitted(struct souk_tables *tables, const struct review_submitted *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->review);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, INTERNAL, key, INTERNAL_FIELDS, &row)) != 0)
        return rc;
    row.fields[SKU] = event->sku;
    row.fields[STARS] = event->stars;
    row.fields[STATE] = REVIEW_SUBMITTED;
    return app_row_put(tables, INTERNAL, key, &row);
}

static int
apply_edited(struct souk_tables *tables, const struct review_edited *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->review);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, INTERNAL, key, INTERNAL_FIELDS, &row)) != 0)
        return rc;
    row.fields[STARS] = event->stars;
    row.fields[EDITS]++;
    row.fields[STATE] = REVIEW_SUBMITTED;
    return app_row_put(tables, INTERNAL, key, &row);
}

static int
apply_published(struct souk_tables *tables, const struct review_published *event)
{
    return app_row_set(tables, INTERNAL, event->review, INTERNAL_FIELDS, STATE, REVIEW_PUBLISHED);
}

static int
apply_hidden(struct souk_tables *tables, const struct review_hidden *event)
{
    return app_row_set(tables, INTERNAL, event->review, INTERNAL_FIELDS, STATE, REVIEW_HIDDEN);
}

static int
apply_compensated(struct souk_tables *tables, const struct review_compensated *event)
{
    return app_row_add(tables, INTERNAL, event->review, INTERNAL_FIELDS, COMPENSATIONS, 1);
}

static int
apply_updated(struct souk_tables *tables, const struct review_updated *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->review);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, GENERIC, key, GENERIC_FIELDS, &row)) != 0)
        return rc;
    row.fields[0] = event->sku;
    row.fields[1] = event->stars;
    row.fields[2] = event->state;
    return app_row_put(tables, GENERIC, key, &row);
}

static int
apply_approved(struct souk_tables *tables, const struct verdict_approved *event)
{
    return apply_verdict(tables, event->review, VERDICT_APPROVED);
}

static int
apply_rejected(struct souk_tables *tables, const struct verdict_rejected *event)
{
    return apply_verdict(tables, event->review, VERDICT_REJECTED);
}

/* ---- queries -------------------------------------------------------- */

static int
answer_get(const struct souk_view *view, const struct rows_get *query, struct souk_answer *answer)
{
    return app_answer_get(view, tables_by_number, sizeof tables_by_number / sizeof tables_by_number[0], query, answer);
}

static int
answer_dump(const struct souk_view *view, const struct rows_dump *query, struct souk_answer *answer)
{
    return app_answer_dump(view, tables_by_number, sizeof tables_by_number / sizeof tables_by_number[0], query, answer);
}

/* ---- file-local ----------------------------------------------------- */

static int
emit_updated(struct souk_decision *decision, uint64_t review, const struct app_row *row, uint64_t stars, uint64_t state)
{
    return souk_emit(decision, &review_updated_type, &(struct review_updated){
        .review = review,
        .sku = row->fields[SKU],
        .stars = stars,
        .state = state,
    });
}

static int
apply_verdict(struct souk_tables *tables, uint64_t review, uint64_t verdict)
{
    int rc;

    if ((rc = app_trouble("reviews", review)) != 0)
        return rc;
    return app_row_set(tables, VERDICTS, review, VERDICT_FIELDS, 0, verdict);
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(review_submit, decide_submit),
    SOUK_DECIDE(review_edit, decide_edit),
    SOUK_REACT(verdict_approved, react_approved),
    SOUK_REACT(verdict_rejected, react_rejected),
    SOUK_REACT_REWOUND("moderation", react_rewound),
    SOUK_APPLY(review_submitted, apply_submitted),
    SOUK_APPLY(review_edited, apply_edited),
    SOUK_APPLY(review_published, apply_published),
    SOUK_APPLY(review_hidden, apply_hidden),
    SOUK_APPLY(review_compensated, apply_compensated),
    SOUK_APPLY(review_updated, apply_updated),
    SOUK_APPLY(verdict_approved, apply_approved),
    SOUK_APPLY(verdict_rejected, apply_rejected),
    SOUK_ANSWER(rows_get, answer_get),
    SOUK_ANSWER(rows_dump, answer_dump),
    { 0 },
};

static const struct souk_table_def tables_fed[] = {
    { INTERNAL, "reviews.internal" },
    { GENERIC, "reviews" },
    { VERDICTS, "moderation" },
    { 0 },
};

const struct souk_service app_reviews[2] = {
    { .name = "reviews", .version = 1, .handlers = handlers, .tables = tables_fed },
    { .name = "reviews", .version = 2, .handlers = handlers, .tables = tables_fed },
};
