/*
 * comments - a comment from its first word to its removal. Each step is an event
 * of comments.internal, which moderation works on. The world is told one thing:
 * `comment.updated`, what may be known of the comment from now on.
 */
#include "services.h"

#include "blog.h"

/* The text goes out once it is approved, and not before. */
static int
tell_the_world(struct souk_decision *decision, const struct comment *comment)
{
    return emit_comment_updated(decision, &(struct comment_updated){ .comment_id = comment->comment_id,
        .post_id = comment->post_id, .author = comment->author,
        .text = comment->state == COMMENT_STATE_APPROVED ? comment->text : souk_slice_of(""),
        .state = comment->state, .submitted_ms = comment->submitted_ms });
}

/* A text that nobody has judged yet. */
static int
write_down(struct souk_decision *decision, const struct comment *comment)
{
    int rc = emit_comments_written(decision, &(struct comments_written){ .comment_id = comment->comment_id,
        .post_id = comment->post_id, .author = comment->author, .text = comment->text,
        .revision = comment->revision, .submitted_ms = comment->submitted_ms });

    return rc != 0 ? rc : tell_the_world(decision, comment);
}

static int
get_own(const struct souk_view *view, struct souk_id comment_id, struct souk_slice author,
    struct souk_decision *decision, struct comment *comment_out)
{
    int rc;

    if ((rc = comment_get(view, comment_id, comment_out)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, COMMENTS_UNKNOWN_COMMENT) : rc;
    return souk_slice_equal(comment_out->author, author) ? 0 : souk_refuse(decision, COMMENTS_NOT_YOURS);
}

static int
decide_submit(const struct souk_view *view, const struct comments_submit *command, struct souk_decision *decision)
{
    struct open_post post;
    struct comment comment;
    int rc;

    if ((rc = open_post_get(view, command->post_id, &post)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, COMMENTS_UNKNOWN_POST) : rc;
    if ((rc = comment_get(view, command->comment_id, &comment)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, COMMENTS_ID_TAKEN) : rc;
    return write_down(decision, &(struct comment){ .comment_id = command->comment_id, .post_id = command->post_id,
        .author = command->author, .text = command->text, .revision = 1, .state = COMMENT_STATE_WAITING,
        .submitted_ms = souk_decision_now_ms(decision) });
}

static int
decide_edit(const struct souk_view *view, const struct comments_edit *command, struct souk_decision *decision)
{
    struct comment comment;
    int rc;

    if ((rc = get_own(view, command->comment_id, command->author, decision, &comment)) != 0)
        return rc;
    comment.text = command->text;
    comment.revision++;
    comment.state = COMMENT_STATE_WAITING;
    return write_down(decision, &comment);
}

static int
decide_remove(const struct souk_view *view, const struct comments_remove *command, struct souk_decision *decision)
{
    struct comment comment;
    int rc;

    if ((rc = get_own(view, command->comment_id, command->author, decision, &comment)) != 0
        || (rc = emit_comments_removed(decision, &(struct comments_removed){ comment.comment_id })) != 0)
        return rc;
    comment.state = COMMENT_STATE_REMOVED;
    return tell_the_world(decision, &comment);
}

/* A verdict on words that are not there any more is none: another one follows, or nobody waits for it. */
static int
react_judged(const struct souk_view *view, const struct moderation_judged *event, struct souk_decision *decision)
{
    struct comment comment;
    int rc;

    if ((rc = comment_get(view, event->comment_id, &comment)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (comment.revision != event->revision)
        return 0;
    comment.state = event->verdict == VERDICT_APPROVED ? COMMENT_STATE_APPROVED : COMMENT_STATE_REFUSED;
    rc = emit_comments_judged(decision, &(struct comments_judged){ event->comment_id, comment.state });
    return rc != 0 ? rc : tell_the_world(decision, &comment);
}

static int
apply_written(struct souk_tables *tables, const struct comments_written *event)
{
    return comment_put(tables, &(struct comment){ .comment_id = event->comment_id, .post_id = event->post_id,
        .author = event->author, .text = event->text, .revision = event->revision,
        .state = COMMENT_STATE_WAITING, .submitted_ms = event->submitted_ms });
}

static int
apply_judged(struct souk_tables *tables, const struct comments_judged *event)
{
    struct comment comment;
    int rc;

    if ((rc = comment_get(souk_tables_view(tables), event->comment_id, &comment)) != 0)
        return rc;
    comment.state = event->state;
    return comment_put(tables, &comment);
}

static int
apply_removed(struct souk_tables *tables, const struct comments_removed *event)
{
    return comment_delete(tables, event->comment_id);
}

static int
apply_published(struct souk_tables *tables, const struct posts_published *event)
{
    return open_post_put(tables, &(struct open_post){ event->post_id });
}

static int
apply_withdrawn(struct souk_tables *tables, const struct posts_withdrawn *event)
{
    return open_post_delete(tables, event->post_id);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(comments_submit, decide_submit),
    SOUK_DECIDE(comments_edit, decide_edit),
    SOUK_DECIDE(comments_remove, decide_remove),
    SOUK_REACT(moderation_judged, react_judged),
    SOUK_APPLY(comments_written, apply_written),
    SOUK_APPLY(comments_judged, apply_judged),
    SOUK_APPLY(comments_removed, apply_removed),
    SOUK_APPLY(posts_published, apply_published),
    SOUK_APPLY(posts_withdrawn, apply_withdrawn),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { COMMENT_TABLE, STREAM_COMMENTS_INTERNAL },
    { OPEN_POST_TABLE, STREAM_POSTS },
    { 0 },
};

const struct souk_service comments_service = { .name = "comments", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&comments_service, argc, argv);
}
