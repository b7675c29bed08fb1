/*
 * regulars - how much each author has had to say. Nobody thought of it when the
 * blog began; started a year later, it reads all of that year.
 */
#include "services.h"

#include "blog.h"

static int
apply_updated(struct souk_tables *tables, const struct comment_updated *event)
{
    struct regular regular = { .author = event->author };
    int rc = regular_get(souk_tables_view(tables), event->author, &regular);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (event->state == COMMENT_STATE_APPROVED)
        regular.comments++;
    return regular_put(tables, &regular);
}

static int
answer_author(const struct souk_view *view, const struct regulars_author *query, struct souk_answer *answer)
{
    struct regular regular = { .comments = 0 };
    int rc = regular_get(view, query->author, &regular);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    return answer_regulars_author(answer, &(struct regulars_author_reply){ regular.comments });
}

static const struct souk_handler handlers[] = {
    SOUK_APPLY(comment_updated, apply_updated),
    SOUK_ANSWER(regulars_author, answer_author),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { REGULAR_TABLE, STREAM_COMMENTS },
    { 0 },
};

const struct souk_service regulars_service = { .name = "regulars", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&regulars_service, argc, argv);
}
