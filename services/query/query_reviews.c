/*
 * query_reviews - what pages show of reviews: those of a product and its stars,
 * one's own, and the queue of moderation.
 */
#include "query.h"

#include <inttypes.h>
#include <stdio.h>

#include "people.h"

#define REVIEWS_SHOWN_MAX 10            /* as described, and so are the next three */
#define STARS_MAX 5
#define STEPS_MAX 50
#define REVIEW_ORDERS 4

/* ---- what everybody reads ------------------------------------------- */

static int
get_counts(const struct souk_view *view, struct souk_id product_id, uint32_t counts_out[STARS_MAX])
{
    struct star_count row = { .counts_count = 0 };
    int rc = star_count_get(view, product_id, &row);

    for (size_t i = 0; i < STARS_MAX; i++)
        counts_out[i] = i < row.counts_count ? row.counts[i] : 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_stars(const struct souk_view *view, struct souk_id product_id, uint16_t *average_out, uint32_t *reviews_out)
{
    uint32_t counts[STARS_MAX];
    uint64_t stars = 0, reviews = 0;
    int rc = get_counts(view, product_id, counts);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < STARS_MAX; i++) {
        reviews += counts[i];
        stars += counts[i] * (uint64_t)(i + 1);
    }
    *average_out = reviews == 0 ? 0 : (uint16_t)((stars * 100 + reviews / 2) / reviews);
    *reviews_out = (uint32_t)reviews;
    return 0;
}

/* A review had so many stars and has so many now, 0 when nobody may read it. */
static int
count_stars(struct souk_tables *tables, struct souk_id product_id, uint8_t before, uint8_t now)
{
    char place[QUERY_PLACE_BYTES];
    uint32_t counts[STARS_MAX];
    uint32_t reviews;
    uint16_t average;
    int rc;

    if (before == now)
        return 0;
    if ((rc = query_stars(souk_tables_view(tables), product_id, &average, &reviews)) != 0
        || (rc = query_note_move(tables, QUERY_PRODUCT, SORT_ORDER_RATED, product_id,
            query_place_of_stars(average, reviews, place))) != 0
        || (rc = get_counts(souk_tables_view(tables), product_id, counts)) != 0)
        return rc;
    if (before != 0)
        counts[before - 1]--;
    if (now != 0)
        counts[now - 1]++;
    rc = star_count_put(tables, &(struct star_count){ .product_id = product_id, .counts = counts,
        .counts_count = STARS_MAX });
    return rc != 0 ? rc : query_touch_product(tables, product_id);
}

/* The latest goes first among those that are equal otherwise. */
static struct souk_slice
name_place(enum review_order sort, const struct page_review *review, char out[QUERY_PLACE_BYTES])
{
    const uint64_t before_ms = SOUK_TIME_MS_MAX - review->written_ms;
    uint32_t first = 0;

    switch (sort) {
    case REVIEW_ORDER_NEWEST:
        break;
    case REVIEW_ORDER_HELPFUL:
        first = UINT32_MAX - review->helpful;
        break;
    case REVIEW_ORDER_BEST:
        first = STARS_MAX - review->words.stars;
        break;
    case REVIEW_ORDER_WORST:
        first = review->words.stars;
        break;
    }
    (void)snprintf(out, QUERY_PLACE_BYTES, "%010" PRIu32 "%016" PRIu64, first, before_ms);
    return souk_slice_of(out);
}

/* What is hidden, `now` NULL, may come back elsewhere. */
static int
note_moves(struct souk_tables *tables, const struct page_review *before, const struct page_review *now)
{
    char was[QUERY_PLACE_BYTES], is[QUERY_PLACE_BYTES];
    int rc = 0;

    for (unsigned sort = 0; sort < REVIEW_ORDERS && rc == 0; sort++) {
        const struct souk_slice place = name_place((enum review_order)sort, before, was);

        if (now == NULL || !souk_slice_equal(place, name_place((enum review_order)sort, now, is)))
            rc = query_note_move(tables, QUERY_REVIEW, sort, before->review_id, place);
    }
    return rc;
}

int
query_apply_review_updated(struct souk_tables *tables, const struct review_updated *event)
{
    const struct page_review now = { .review_id = event->review_id, .product_id = event->product_id,
        .author = event->author, .is_verified = event->is_verified, .words = event->words,
        .helpful = event->helpful, .written_ms = event->written_ms };
    struct page_review before;
    const int found = page_review_get(souk_tables_view(tables), event->review_id, &before);
    int rc;

    if (found != 0 && found != -SOUK_ENOTFOUND)
        return found;
    if ((rc = count_stars(tables, event->product_id, found == 0 ? before.words.stars : 0,
        event->has_words ? event->words.stars : 0)) != 0
        || (rc = found == 0 ? note_moves(tables, &before, event->has_words ? &now : NULL) : 0) != 0)
        return rc;
    if (event->has_words)
        rc = page_review_put(tables, &now);
    else if (found == 0)
        rc = page_review_delete(tables, event->review_id);
    return rc != 0 ? rc : query_touch_lists(tables, QUERY_REVIEW, event->review_id);
}

int
query_place_review(const struct souk_view *view, enum review_order sort, struct souk_id review_id,
    char out[QUERY_PLACE_BYTES])
{
    struct page_review review;
    int rc = page_review_get(view, review_id, &review);

    if (rc == 0)
        (void)name_place(sort, &review, out);
    return rc;
}

/* Those of a product. */
static void
name_list(struct query_list *list, enum review_order sort, struct souk_id product_id)
{
    char of[SOUK_ID_TEXT_BYTES];

    souk_id_format(product_id, of);
    query_name_list(list, QUERY_REVIEW, (unsigned)sort, souk_slice_of(of));
}

int
query_index_review(const struct souk_view *view, struct souk_id review_id, struct souk_index_rows *rows)
{
    char place[QUERY_PLACE_BYTES];
    struct page_review review;
    struct query_list list;
    int rc = page_review_get(view, review_id, &review);

    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    for (unsigned sort = 0; sort < REVIEW_ORDERS && rc == 0; sort++) {
        name_list(&list, (enum review_order)sort, review.product_id);
        (void)name_place((enum review_order)sort, &review, place);
        rc = query_index_entry(rows, &list, place, review_id);
    }
    return rc;
}

static int
show_review(const struct souk_view *view, struct souk_id review_id, struct shown_review *shown_out)
{
    struct page_review review;
    int rc;

    if ((rc = page_review_get(view, review_id, &review)) != 0)
        return rc;
    *shown_out = (struct shown_review){ .review_id = review_id, .is_verified = review.is_verified,
        .words = review.words, .helpful = review.helpful, .written_ms = review.written_ms };
    return query_name_person(view, review.author, &shown_out->author_name);
}

int
query_answer_reviews(const struct souk_view *view, const struct query_reviews *query, struct souk_answer *answer)
{
    struct shown_review reviews[REVIEWS_SHOWN_MAX];
    uint32_t counts[STARS_MAX];
    struct query_reviews_reply reply = { .reviews = reviews, .stars = { .counts = counts,
        .counts_count = STARS_MAX } };
    char next[QUERY_WALK_FROM_BYTES];
    struct product_page page;
    struct souk_id review_id;
    struct query_list list;
    struct query_walk walk;
    int rc;

    if ((rc = product_page_get(view, query->product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_PRODUCT) : rc;
    if (page.state == PRODUCT_STATE_DRAFT)
        return souk_answer_refuse(answer, QUERY_UNKNOWN_PRODUCT);
    name_list(&list, query->sort, query->product_id);
    if ((rc = get_counts(view, query->product_id, counts)) != 0
        || (rc = query_stars(view, query->product_id, &reply.stars.average, &reply.stars.reviews)) != 0
        || (rc = query_walk_begin(view, &list, query->has_from, query->from, &walk)) != 0)
        return rc;
    reply.has_is_anew = reply.is_anew = walk.is_anew;
    while (!reply.has_next && (rc = query_walk_next(&walk, &review_id)) == 0) {
        if ((reply.has_next = reply.reviews_count == REVIEWS_SHOWN_MAX))
            reply.next = query_walk_from(&walk, next);
        else if ((rc = show_review(view, review_id, &reviews[reply.reviews_count++])) != 0)
            break;
    }
    query_walk_end(&walk);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_reviews(answer, &reply);
}

/* ---- one's own ------------------------------------------------------ */

static int
forget_own(struct souk_tables *tables, const struct review_kept *event)
{
    int rc = own_review_delete(tables, event->review_id);

    if (rc == 0)
        rc = own_review_of_delete(tables, event->author, event->product_id);
    return rc != 0 ? rc : own_review_list_delete(tables, event->author, SOUK_TIME_MS_MAX - event->written_ms,
        event->review_id);
}

int
query_apply_review_kept(struct souk_tables *tables, const struct review_kept *event)
{
    int rc;

    if (event->state == REVIEW_STATE_REMOVED)
        return forget_own(tables, event);
    rc = own_review_put(tables, &(struct own_review){ .review_id = event->review_id,
        .product_id = event->product_id, .author = event->author, .is_verified = event->is_verified,
        .words = event->words, .revision = event->revision, .state = event->state, .reason = event->reason,
        .is_shown = event->is_shown, .written_ms = event->written_ms });
    if (rc == 0)
        rc = own_review_of_put(tables, &(struct own_review_of){ event->author, event->product_id,
            event->review_id });
    return rc != 0 ? rc : own_review_list_put(tables, &(struct own_review_list){ event->author,
        SOUK_TIME_MS_MAX - event->written_ms, event->review_id });
}

static int
show_own(const struct souk_view *view, struct souk_id review_id, struct own_review_card *card_out)
{
    struct page_review shown = { .helpful = 0 };
    struct own_review own;
    int rc;

    if ((rc = own_review_get(view, review_id, &own)) != 0)
        return rc;
    if ((rc = page_review_get(view, review_id, &shown)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    *card_out = (struct own_review_card){ .review_id = review_id, .product_id = own.product_id,
        .is_verified = own.is_verified, .words = own.words, .state = own.state, .reason = own.reason,
        .is_shown = own.is_shown, .helpful = shown.helpful, .written_ms = own.written_ms };
    return query_name_product(view, own.product_id, &card_out->product_slug, &card_out->product_title);
}

int
query_answer_my_review(const struct souk_view *view, const struct query_my_review *query,
    struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct query_my_review_reply reply = { .has_review = false };
    struct own_review_of own;
    int rc;

    if (pass == NULL)
        return souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN);
    if ((rc = own_review_of_get(view, pass->person, query->product_id, &own)) == 0) {
        reply.has_review = true;
        rc = show_own(view, own.review_id, &reply.review);
    }
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_my_review(answer, &reply);
}

/* A page of what somebody has said. */
struct said_by {
    struct own_review_card reviews[REVIEWS_SHOWN_MAX];
    uint32_t count;
    bool has_next;
    struct souk_slice next;
    char next_bytes[QUERY_FROM_BYTES];
};

static int
find_said(const struct souk_view *view, struct souk_id author, bool has_from, struct souk_slice from,
    struct said_by *said)
{
    struct own_review_list row;
    struct souk_rows *rows;
    struct souk_id id;
    uint64_t before_ms;
    int rc;

    said->count = 0;
    said->has_next = false;
    said->next = souk_slice_of("");
    query_read_time_from(has_from, from, &before_ms, &id);
    if ((rc = own_review_list_scan_by_author_from(view, author, before_ms, id, &rows)) != 0)
        return rc;
    while (!said->has_next && (rc = own_review_list_next(view, rows, &row)) == 0) {
        if ((said->has_next = said->count == REVIEWS_SHOWN_MAX))
            said->next = query_write_time_from(row.review_id, row.before_ms, said->next_bytes);
        else if ((rc = show_own(view, row.review_id, &said->reviews[said->count++])) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_answer_my_reviews(const struct souk_view *view, const struct query_my_reviews *query,
    struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct said_by said;
    int rc;

    if (pass == NULL)
        return souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN);
    rc = find_said(view, pass->person, query->has_from, query->from, &said);
    return rc != 0 ? rc : answer_query_my_reviews(answer, &(struct query_my_reviews_reply){ .reviews = said.reviews,
        .reviews_count = said.count, .has_next = said.has_next, .next = said.next });
}

int
query_answer_customer_reviews(const struct souk_view *view, const struct query_customer_reviews *query,
    struct souk_answer *answer)
{
    struct said_by said;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    rc = find_said(view, query->person_id, query->has_from, query->from, &said);
    return rc != 0 ? rc : answer_query_customer_reviews(answer, &(struct query_customer_reviews_reply){
        .reviews = said.reviews, .reviews_count = said.count, .has_next = said.has_next, .next = said.next });
}

/* ---- what waits for staff ------------------------------------------- */

static int
forget_waiting(struct souk_tables *tables, struct souk_id review_id)
{
    struct waiting_since since;
    int rc = waiting_since_get(souk_tables_view(tables), review_id, &since);

    if (rc == 0)
        rc = waiting_review_delete(tables, since.queued_ms, review_id);
    if (rc == 0)
        rc = waiting_since_delete(tables, review_id);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
put_step(struct souk_tables *tables, struct souk_id review_id, struct review_step step)
{
    step.at_ms = souk_tables_time_ms(tables);
    step.by_name = souk_slice_of("");
    step.word = step.word.base != NULL ? step.word : souk_slice_of("");
    step.reason = step.reason.base != NULL ? step.reason : souk_slice_of("");
    step.note = step.note.base != NULL ? step.note : souk_slice_of("");
    return review_log_put(tables, &(struct review_log){ review_id, souk_tables_event(tables).number, step });
}

/* An edit goes to the end of the queue. */
int
query_apply_moderation_queued(struct souk_tables *tables, const struct moderation_queued *event)
{
    const uint64_t queued_ms = souk_tables_time_ms(tables);
    int rc = forget_waiting(tables, event->review_id);

    if (rc == 0)
        rc = put_step(tables, event->review_id, (struct review_step){ .turn = REVIEW_TURN_QUEUED,
            .revision = event->revision, .has_finding = true, .finding = event->finding, .word = event->word });
    if (rc == 0)
        rc = waiting_since_put(tables, &(struct waiting_since){ event->review_id, queued_ms });
    return rc != 0 ? rc : waiting_review_put(tables, &(struct waiting_review){ .queued_ms = queued_ms,
        .review_id = event->review_id, .revision = event->revision, .finding = event->finding,
        .word = event->word });
}

int
query_apply_moderation_judged(struct souk_tables *tables, const struct moderation_judged *event)
{
    int rc = forget_waiting(tables, event->review_id);

    if (rc == 0)
        rc = put_step(tables, event->review_id, (struct review_step){ .turn = event->is_approved
            ? REVIEW_TURN_APPROVED : REVIEW_TURN_REFUSED, .revision = event->revision, .reason = event->reason,
            .note = event->note, .has_by = event->has_by, .by = event->by });
    return rc != 0 ? rc : query_put_deed(tables, QUERY_TOLD_BY_MODERATION, event->has_by, event->by,
        (struct deed_line){ .deed = event->is_approved ? DEED_REVIEW_APPROVED : DEED_REVIEW_REFUSED,
        .has_about_id = true, .about_id = event->review_id,
        .note = event->note.size_bytes > 0 ? event->note : event->reason });
}

int
query_apply_moderation_dropped(struct souk_tables *tables, const struct moderation_dropped *event)
{
    int rc = forget_waiting(tables, event->review_id);

    return rc != 0 ? rc : put_step(tables, event->review_id, (struct review_step){ .turn = REVIEW_TURN_DROPPED });
}

/* Nobody waits whose words are others by now, or gone: moderation has not said so yet. -SOUK_ENOTFOUND. */
static int
show_waiting(const struct souk_view *view, const struct waiting_review *waiting, struct queued_review *queued_out)
{
    struct own_review own;
    int rc;

    if ((rc = own_review_get(view, waiting->review_id, &own)) != 0)
        return rc;
    if (own.revision != waiting->revision)
        return -SOUK_ENOTFOUND;
    *queued_out = (struct queued_review){ .review_id = own.review_id, .revision = own.revision,
        .product_id = own.product_id, .author = own.author, .is_verified = own.is_verified, .words = own.words,
        .is_shown = own.is_shown, .finding = waiting->finding, .word = waiting->word,
        .queued_ms = waiting->queued_ms };
    if ((rc = query_name_person(view, own.author, &queued_out->author_name)) != 0)
        return rc;
    return query_name_product(view, own.product_id, &queued_out->product_slug, &queued_out->product_title);
}

int
query_answer_moderation(const struct souk_view *view, const struct query_moderation *query,
    struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct queued_review reviews[REVIEWS_SHOWN_MAX];
    struct query_moderation_reply reply = { .reviews = reviews };
    struct waiting_review row;
    struct souk_rows *rows;
    struct souk_id from;
    uint64_t queued_ms;
    char next[QUERY_FROM_BYTES];
    int rc, shown = 0;

    if (!souk_pass_has_role(pass, ROLE_STAFF) && !souk_pass_has_role(pass, ROLE_ADMIN))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    query_read_time_from(query->has_from, query->from, &queued_ms, &from);
    if ((rc = waiting_review_scan_from(view, queued_ms, from, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = waiting_review_next(view, rows, &row)) == 0) {
        if ((reply.has_next = reply.reviews_count == REVIEWS_SHOWN_MAX))
            reply.next = query_write_time_from(row.review_id, row.queued_ms, next);
        else if ((shown = show_waiting(view, &row, &reviews[reply.reviews_count])) == 0)
            reply.reviews_count++;
        else if (shown != -SOUK_ENOTFOUND)
            break;
    }
    souk_rows_close(&rows);
    if (shown != 0 && shown != -SOUK_ENOTFOUND)
        return shown;
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_moderation(answer, &reply);
}

/* Of one that nobody has judged and nobody reads there is nothing to tell. */
int
query_answer_review_log(const struct souk_view *view, const struct query_review_log *query,
    struct souk_answer *answer)
{
    struct review_step steps[STEPS_MAX];
    struct query_review_log_reply reply = { .steps = steps };
    struct page_review shown;
    struct review_log row;
    struct souk_rows *rows;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = page_review_get(view, query->review_id, &shown)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((reply.has_shown = rc == 0))
        reply.shown = shown.words;
    if ((rc = review_log_scan_by_review_id(view, query->review_id, &rows)) != 0)
        return rc;
    while (reply.steps_count < STEPS_MAX && (rc = review_log_next(view, rows, &row)) == 0) {
        steps[reply.steps_count] = row.step;
        if (row.step.has_by && (rc = query_name_person(view, row.step.by, &steps[reply.steps_count].by_name)) != 0)
            break;
        reply.steps_count++;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_review_log(answer, &reply);
}

/* ---- who has written it --------------------------------------------- */

int
query_apply_registered(struct souk_tables *tables, const struct accounts_registered *event)
{
    int rc = author_name_put(tables, &(struct author_name){ .person_id = event->person_id, .name = event->name,
        .since_ms = souk_tables_time_ms(tables) });

    return rc != 0 ? rc : query_touch_lists(tables, QUERY_CUSTOMER, event->person_id);
}

/* Whoever has ordered stays in lists, nameless, where they were. */
int
query_apply_left(struct souk_tables *tables, const struct accounts_left *event)
{
    struct author_name name;
    int rc = author_name_get(souk_tables_view(tables), event->person_id, &name);

    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    name.name = souk_slice_of("");
    name.has_left = true;
    rc = author_name_put(tables, &name);
    return rc != 0 ? rc : query_touch_lists(tables, QUERY_CUSTOMER, event->person_id);
}

int
query_apply_renamed(struct souk_tables *tables, const struct accounts_renamed *event)
{
    struct author_name name;
    int rc;

    if ((rc = author_name_get(souk_tables_view(tables), event->person_id, &name)) != 0)
        return rc;
    name.name = event->name;
    return author_name_put(tables, &name);
}
