/*
 * moderation - a verdict on each review and each edit of one. It takes no
 * commands: all that it does it does because of an event of another stream.
 */
#include "app_messages.h"

#define VERDICTS "verdicts"
#define SUBJECTS "subjects"
#define VERDICT_FIELDS 3
#define SUBJECT_FIELDS 4
#define STARS_APPROVED_MIN 2

enum { VERDICT, WITHDRAWALS };
enum { SKU, STARS, STATE };

static const char *const tables_by_number[] = { VERDICTS, SUBJECTS };

static int judge(struct souk_decision *decision, uint64_t review, uint64_t stars);

/* ---- reactions ------------------------------------------------------ */

static int
react_submitted(const struct souk_view *view, const struct review_submitted *event, struct souk_decision *decision)
{
    (void)view;
    return judge(decision, event->review, event->stars);
}

static int
react_edited(const struct souk_view *view, const struct review_edited *event, struct souk_decision *decision)
{
    (void)view;
    return judge(decision, event->review, event->stars);
}

static int
react_rewound(const struct souk_view *view, const struct souk_rewound *rewound, struct souk_decision *decision)
{
    (void)view;
    return souk_emit(decision, &verdict_withdrawn_type, &(struct verdict_withdrawn){
        .review = app_key_id(rewound->key),
        .epoch_counter = rewound->lost.epoch_counter,
        .number = rewound->lost.number,
    });
}

/* ---- tables --------------------------------------------------------- */

static int
apply_approved(struct souk_tables *tables, const struct verdict_approved *event)
{
    return app_row_set(tables, VERDICTS, event->review, VERDICT_FIELDS, VERDICT, VERDICT_APPROVED);
}

static int
apply_rejected(struct souk_tables *tables, const struct verdict_rejected *event)
{
    return app_row_set(tables, VERDICTS, event->review, VERDICT_FIELDS, VERDICT, VERDICT_REJECTED);
}

static int
apply_withdrawn(struct souk_tables *tables, const struct verdict_withdrawn *event)
{
    return app_row_add(tables, VERDICTS, event->review, VERDICT_FIELDS, WITHDRAWALS, 1);
}

static int
apply_submitted(struct souk_tables *tables, const struct review_submitted *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->review);
    struct app_row row;
    int rc;

    if ((rc = app_row_begin(tables, SUBJECTS, key, SUBJECT_FIELDS, &row)) != 0)
        return rc;
    row.fields[SKU] = event->sku;
    row.fields[STARS] = event->stars;
    row.fields[STATE] = REVIEW_SUBMITTED;
    return app_row_put(tables, SUBJECTS, key, &row);
}

static int
apply_edited(struct souk_tables *tables, const struct review_edited *event)
{
    struct app_key text;
    struct souk_slice key = app_key(&text, event->review);
    struct app_row row;
    int rc;

    if ((rc = app_trouble("moderation", event->review)) != 0)
        return rc;
    if ((rc = app_row_begin(tables, SUBJECTS, key, SUBJECT_FIELDS, &row)) != 0)
        return rc;
    row.fields[STARS] = event->stars;
    row.fields[STATE] = REVIEW_SUBMITTED;
    return app_row_put(tables, SUBJECTS, key, &row);
}

static int
apply_published(struct souk_tables *tables, const struct review_published *event)
{
    return app_row_set(tables, SUBJECTS, event->review, SUBJECT_FIELDS, STATE, REVIEW_PUBLISHED);
}

static int
apply_hidden(struct souk_tables *tables, const struct review_hidden *event)
{
    return app_row_set(tables, SUBJECTS, event->review, SUBJECT_FIELDS, STATE, REVIEW_HIDDEN);
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
judge(struct souk_decision *decision, uint64_t review, uint64_t stars)
{
    if (stars >= STARS_APPROVED_MIN)
        return souk_emit(decision, &verdict_approved_type, &(struct verdict_approved){ review });
    return souk_emit(decision, &verdict_rejected_type, &(struct verdict_rejected){ review });
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_REACT(review_submitted, react_submitted),
    SOUK_REACT(review_edited, react_edited),
    SOUK_REACT_REWOUND("reviews.internal", react_rewound),
    SOUK_APPLY(verdict_approved, apply_approved),
    SOUK_APPLY(verdict_rejected, apply_rejected),
    SOUK_APPLY(verdict_withdrawn, apply_withdrawn),
    SOUK_APPLY(review_submitted, apply_submitted),
    SOUK_APPLY(review_edited, apply_edited),
    SOUK_APPLY(review_published, apply_published),
    SOUK_APPLY(review_hidden, apply_hidden),
    SOUK_ANSWER(rows_get, answer_get),
    SOUK_ANSWER(rows_dump, answer_dump),
    { 0 },
};

static const struct souk_table_def tables_fed[] = {
    { VERDICTS, "moderation" },
    { SUBJECTS, "reviews.internal" },
    { 0 },
};

const struct souk_service app_moderation[2] = {
    { .name = "moderation", .version = 1, .handlers = handlers, .tables = tables_fed },
    { .name = "moderation", .version = 2, .handlers = handlers, .tables = tables_fed },
};
