/*
 * query - what readers see: the front page, and a post with its comments. It
 * follows posts and comments, and has not heard of moderation. It publishes
 * nothing: thrown away, it fills itself again from what it follows.
 */
#include "services.h"

#include "blog.h"

#define PAGE_ROWS_MAX 20                /* as described */

/* ---- posts ---------------------------------------------------------- */

static int
apply_published(struct souk_tables *tables, const struct posts_published *event)
{
    int rc = page_put(tables, &(struct page){ .post_id = event->post_id, .author = event->author,
        .title = event->title, .body = event->body, .published_ms = event->published_ms });

    return rc != 0 ? rc : souk_touch(tables, FRONT_TABLE, souk_slice_of_id(&event->post_id));
}

static int
apply_edited(struct souk_tables *tables, const struct posts_edited *event)
{
    struct page page;
    int rc;

    if ((rc = page_get(souk_tables_view(tables), event->post_id, &page)) != 0)
        return rc;
    page.title = event->title;
    page.body = event->body;
    rc = page_put(tables, &page);
    return rc != 0 ? rc : souk_touch(tables, FRONT_TABLE, souk_slice_of_id(&event->post_id));
}

static int
apply_withdrawn(struct souk_tables *tables, const struct posts_withdrawn *event)
{
    int rc = page_delete(tables, event->post_id);

    return rc != 0 ? rc : souk_touch(tables, FRONT_TABLE, souk_slice_of_id(&event->post_id));
}

/* ---- comments ------------------------------------------------------- */

/* One comment less or more that is approved. */
static int
count(struct souk_tables *tables, struct souk_id post_id, bool was_approved, bool is_approved)
{
    struct tally tally = { .post_id = post_id };
    int rc = tally_get(souk_tables_view(tables), post_id, &tally);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    tally.approved = tally.approved + is_approved - was_approved;
    return tally_put(tables, &tally);
}

static int
apply_updated(struct souk_tables *tables, const struct comment_updated *event)
{
    const struct shown_comment shown = { .comment_id = event->comment_id, .author = event->author,
        .text = event->text, .state = event->state, .submitted_ms = event->submitted_ms };
    struct remark before = { .shown.state = COMMENT_STATE_WAITING };
    int rc = remark_get(souk_tables_view(tables), event->comment_id, &before);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    rc = count(tables, event->post_id, before.shown.state == COMMENT_STATE_APPROVED,
        event->state == COMMENT_STATE_APPROVED);
    if (rc == 0)
        rc = remark_put(tables, &(struct remark){ event->comment_id, event->post_id, shown });
    if (rc == 0)
        rc = souk_touch(tables, THREAD_TABLE, souk_slice_of_id(&event->comment_id));
    return rc != 0 ? rc : souk_touch(tables, FRONT_TABLE, souk_slice_of_id(&event->post_id));
}

/* ---- index tables --------------------------------------------------- */

/* A comment has its place in the thread of its post, unless it is gone. */
static int
index_thread(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct souk_id comment_id;
    struct remark remark;
    int rc;

    if ((rc = souk_id_of(entity, &comment_id)) != 0 || (rc = remark_get(view, comment_id, &remark)) != 0)
        return rc;
    if (remark.shown.state != COMMENT_STATE_WAITING && remark.shown.state != COMMENT_STATE_APPROVED)
        return 0;
    return thread_index(rows, &(struct thread){ remark.post_id, remark.shown.submitted_ms, comment_id,
        remark.shown });
}

/* A post, from one stream, has its line on the front page with the number of its comments, from another one. */
static int
index_front(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct tally tally = { .approved = 0 };
    struct souk_id post_id;
    struct page page;
    int rc;

    if ((rc = souk_id_of(entity, &post_id)) != 0)
        return rc;
    if ((rc = page_get(view, post_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = tally_get(view, post_id, &tally)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    return front_index(rows, &(struct front){ SOUK_TIME_MS_MAX - page.published_ms, post_id,
        { post_id, page.title, page.author, page.published_ms, tally.approved } });
}

/* ---- answers -------------------------------------------------------- */

static int
answer_posts(const struct souk_view *view, const struct query_posts *query, struct souk_answer *answer)
{
    struct headline posts[PAGE_ROWS_MAX];
    struct query_posts_reply reply = { .posts = posts };
    struct souk_rows *rows;
    struct front front;
    int rc;

    if ((rc = front_scan_from(view, query->has_from ? SOUK_TIME_MS_MAX - query->from.at_ms : 0, query->from.id,
        &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = front_next(view, rows, &front)) == 0) {
        if ((reply.has_next = reply.posts_count == PAGE_ROWS_MAX))
            reply.next = (struct place){ front.headline.published_ms, front.post_id };
        else
            posts[reply.posts_count++] = front.headline;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_posts(answer, &reply);
}

static int
answer_post(const struct souk_view *view, const struct query_post *query, struct souk_answer *answer)
{
    struct shown_comment comments[PAGE_ROWS_MAX];
    struct query_post_reply reply = { .comments = comments };
    struct souk_rows *rows;
    struct thread thread;
    struct page page;
    int rc;

    if ((rc = page_get(view, query->post_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_POST) : rc;
    reply.title = page.title;
    reply.author = page.author;
    reply.body = page.body;
    reply.published_ms = page.published_ms;
    if ((rc = thread_scan_by_post_id_from(view, query->post_id, query->from.at_ms, query->from.id, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = thread_next(view, rows, &thread)) == 0) {
        if ((reply.has_next = reply.comments_count == PAGE_ROWS_MAX))
            reply.next = (struct place){ thread.submitted_ms, thread.comment_id };
        else
            comments[reply.comments_count++] = thread.shown;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_post(answer, &reply);
}

static const struct souk_handler handlers[] = {
    SOUK_APPLY(posts_published, apply_published),
    SOUK_APPLY(posts_edited, apply_edited),
    SOUK_APPLY(posts_withdrawn, apply_withdrawn),
    SOUK_APPLY(comment_updated, apply_updated),
    SOUK_ANSWER(query_posts, answer_posts),
    SOUK_ANSWER(query_post, answer_post),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { PAGE_TABLE, STREAM_POSTS },
    { REMARK_TABLE, STREAM_COMMENTS },
    { TALLY_TABLE, STREAM_COMMENTS },
    { 0 },
};

static const struct souk_index_def indexes[] = {
    { THREAD_TABLE, index_thread },
    { FRONT_TABLE, index_front },
    { 0 },
};

const struct souk_service query_service = { .name = "query", .version = 1, .handlers = handlers, .tables = tables,
    .indexes = indexes };

int
main(int argc, char **argv)
{
    return souk_service_main(&query_service, argc, argv);
}
