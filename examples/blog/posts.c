/*
 * posts - what authors publish. It decides who may change what, and keeps no
 * more than it needs for that: how a post looks is a matter of query.
 */
#include "services.h"

#include "blog.h"

/* Only its author changes a post, and only as long as it is there. */
static int
check_author(const struct souk_view *view, struct souk_id post_id, struct souk_slice author,
    struct souk_decision *decision)
{
    struct post_author post;
    int rc;

    if ((rc = post_author_get(view, post_id, &post)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, POSTS_UNKNOWN_POST) : rc;
    return souk_slice_equal(post.author, author) ? 0 : souk_refuse(decision, POSTS_NOT_YOURS);
}

static int
decide_publish(const struct souk_view *view, const struct posts_publish *command, struct souk_decision *decision)
{
    struct post_author post;
    int rc;

    if ((rc = post_author_get(view, command->post_id, &post)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, POSTS_ID_TAKEN) : rc;
    return emit_posts_published(decision, &(struct posts_published){ .post_id = command->post_id,
        .author = command->author, .title = command->title, .body = command->body,
        .published_ms = souk_decision_now_ms(decision) });
}

static int
decide_edit(const struct souk_view *view, const struct posts_edit *command, struct souk_decision *decision)
{
    int rc = check_author(view, command->post_id, command->author, decision);

    return rc != 0 ? rc : emit_posts_edited(decision, &(struct posts_edited){ .post_id = command->post_id,
        .title = command->title, .body = command->body });
}

static int
decide_withdraw(const struct souk_view *view, const struct posts_withdraw *command, struct souk_decision *decision)
{
    int rc = check_author(view, command->post_id, command->author, decision);

    return rc != 0 ? rc : emit_posts_withdrawn(decision, &(struct posts_withdrawn){ .post_id = command->post_id });
}

static int
apply_published(struct souk_tables *tables, const struct posts_published *event)
{
    return post_author_put(tables, &(struct post_author){ .post_id = event->post_id, .author = event->author });
}

static int
apply_withdrawn(struct souk_tables *tables, const struct posts_withdrawn *event)
{
    return post_author_delete(tables, event->post_id);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(posts_publish, decide_publish),
    SOUK_DECIDE(posts_edit, decide_edit),
    SOUK_DECIDE(posts_withdraw, decide_withdraw),
    SOUK_APPLY(posts_published, apply_published),
    SOUK_APPLY(posts_withdrawn, apply_withdrawn),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { POST_AUTHOR_TABLE, STREAM_POSTS },
    { 0 },
};

const struct souk_service posts_service = { .name = "posts", .version = 1, .handlers = handlers, .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&posts_service, argc, argv);
}
