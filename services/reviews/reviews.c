/*
 * reviews - what people have to say about products, from the first word to its
 * removal. Each step is an event of reviews.internal, which moderation works on.
 * The author is told `review.kept`, all there is to know; the world is told
 * `review.updated`, the words that everybody may read from now on.
 */
#include "services.h"

#include <assert.h>
#include <string.h>

#include "people.h"
#include "shop.h"

/* ---- telling -------------------------------------------------------- */

static int
tell_author(struct souk_decision *decision, const struct review *review)
{
    return emit_review_kept(decision, &(struct review_kept){ .review_id = review->review_id,
        .product_id = review->product_id, .author = review->author, .is_verified = review->is_verified,
        .words = review->words, .revision = review->revision, .state = review->state, .reason = review->reason,
        .is_shown = review->has_shown, .written_ms = review->written_ms });
}

static int
tell_world(struct souk_decision *decision, const struct review *review)
{
    return emit_review_updated(decision, &(struct review_updated){ .review_id = review->review_id,
        .product_id = review->product_id, .author = review->author, .is_verified = review->is_verified,
        .has_words = review->has_shown, .words = review->shown, .helpful = review->helpful,
        .written_ms = review->written_ms });
}

/* The world hears nothing of a review that nobody could read, and can't now. */
static int
tell(struct souk_decision *decision, const struct review *review, bool was_shown)
{
    int rc = tell_author(decision, review);

    return rc != 0 || (!was_shown && !review->has_shown) ? rc : tell_world(decision, review);
}

/* ---- what authors do ------------------------------------------------ */

static bool
is_blank(struct souk_slice text)
{
    const char *at = text.base;

    for (size_t i = 0; i < text.size_bytes; i++)
        if (memchr(" \t\r\n", at[i], 4) == NULL)
            return false;
    return true;
}

/* A guest buys, and says nothing: others see the name beside a review. */
static int
get_customer(struct souk_decision *decision, struct souk_id *person_out)
{
    if (!souk_pass_has_role(souk_decision_pass(decision), ROLE_CUSTOMER))
        return souk_refuse(decision, SHOP_NOT_SIGNED_IN);
    return people_who(decision, person_out);
}

/* Somebody else's review is as unknown as one that there is not. */
static int
get_own(const struct souk_view *view, struct souk_id review_id, struct souk_decision *decision,
    struct review *review_out)
{
    struct souk_id who;
    int rc;

    if ((rc = get_customer(decision, &who)) != 0)
        return rc;
    if ((rc = review_get(view, review_id, review_out)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, REVIEWS_UNKNOWN_REVIEW) : rc;
    return souk_id_equal(review_out->author, who) ? 0 : souk_refuse(decision, REVIEWS_UNKNOWN_REVIEW);
}

/* Words that nobody has judged yet; what is shown stays as it is. */
static int
write_down(struct souk_decision *decision, const struct review *review)
{
    int rc;

    if (is_blank(review->words.text))
        return souk_refuse(decision, REVIEWS_NOTHING_SAID);
    rc = emit_reviews_written(decision, &(struct reviews_written){ .review_id = review->review_id,
        .product_id = review->product_id, .author = review->author, .is_verified = review->is_verified,
        .words = review->words, .revision = review->revision, .written_ms = review->written_ms });
    return rc != 0 ? rc : tell_author(decision, review);
}

static int
decide_write(const struct souk_view *view, const struct reviews_write *command, struct souk_decision *decision)
{
    struct review review = { .review_id = command->review_id, .product_id = command->product_id,
        .words = { command->stars, command->title, command->text }, .revision = 1, .state = REVIEW_STATE_WAITING,
        .written_ms = souk_decision_now_ms(decision) };
    struct known_product product;
    struct reviewed reviewed;
    struct bought bought;
    struct review other;
    int rc;

    if ((rc = get_customer(decision, &review.author)) != 0)
        return rc;
    if ((rc = known_product_get(view, command->product_id, &product)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, REVIEWS_UNKNOWN_PRODUCT) : rc;
    if ((rc = review_get(view, command->review_id, &other)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, REVIEWS_ID_TAKEN) : rc;
    if ((rc = reviewed_get(view, review.author, command->product_id, &reviewed)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, REVIEWS_REVIEWED_ALREADY) : rc;
    if ((rc = bought_get(view, review.author, command->product_id, &bought)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    review.is_verified = rc == 0;
    return write_down(decision, &review);
}

static int
decide_edit(const struct souk_view *view, const struct reviews_edit *command, struct souk_decision *decision)
{
    struct review review;
    int rc;

    if ((rc = get_own(view, command->review_id, decision, &review)) != 0)
        return rc;
    review.words = (struct review_words){ command->stars, command->title, command->text };
    review.revision++;
    review.state = REVIEW_STATE_WAITING;
    review.reason = souk_slice_of("");
    return write_down(decision, &review);
}

static int
decide_remove(const struct souk_view *view, const struct reviews_remove *command, struct souk_decision *decision)
{
    struct review review;
    bool was_shown;
    int rc;

    if ((rc = get_own(view, command->review_id, decision, &review)) != 0
        || (rc = emit_reviews_removed(decision, &(struct reviews_removed){ review.review_id })) != 0)
        return rc;
    was_shown = review.has_shown;
    review.state = REVIEW_STATE_REMOVED;
    review.has_shown = false;
    return tell(decision, &review, was_shown);
}

/* ---- what readers do ------------------------------------------------ */

static int
decide_mark(const struct souk_view *view, const struct reviews_mark *command, struct souk_decision *decision)
{
    struct helpful_mark mark;
    struct review review;
    struct souk_id who;
    int rc;

    if ((rc = get_customer(decision, &who)) != 0)
        return rc;
    if ((rc = review_get(view, command->review_id, &review)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, REVIEWS_UNKNOWN_REVIEW) : rc;
    if (!review.has_shown)
        return souk_refuse(decision, REVIEWS_UNKNOWN_REVIEW);
    if (souk_id_equal(review.author, who))
        return souk_refuse(decision, REVIEWS_OWN_REVIEW);
    if ((rc = helpful_mark_get(view, command->review_id, who, &mark)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc == 0) == command->is_helpful)
        return souk_accept(decision);
    if ((rc = emit_reviews_marked(decision, &(struct reviews_marked){ command->review_id, who,
        command->is_helpful })) != 0)
        return rc;
    review.helpful = command->is_helpful ? review.helpful + 1 : review.helpful - 1;
    return tell_world(decision, &review);
}

/* ---- what follows from others --------------------------------------- */

/*
 * With words that are refused those go that everybody has read so far: staff who
 * refuse want the review gone, and its author can write it anew.
 */
static void
take_verdict(struct review *review, bool is_approved, struct souk_slice reason)
{
    if (is_approved) {
        review->state = REVIEW_STATE_APPROVED;
        review->reason = souk_slice_of("");
        review->has_shown = true;
        review->shown = review->words;
    } else {
        review->state = REVIEW_STATE_REFUSED;
        review->reason = reason;
        review->has_shown = false;
    }
}

/* A verdict on words that are not there any more is none: another one follows, or nobody waits for it. */
static int
react_judged(const struct souk_view *view, const struct moderation_judged *event, struct souk_decision *decision)
{
    struct review review;
    bool was_shown;
    int rc;

    if ((rc = review_get(view, event->review_id, &review)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (review.revision != event->revision)
        return 0;
    was_shown = review.has_shown;
    take_verdict(&review, event->is_approved, event->reason);
    rc = emit_reviews_judged(decision, &(struct reviews_judged){ event->review_id, event->is_approved,
        event->reason });
    return rc != 0 ? rc : tell(decision, &review, was_shown);
}

/* Whoever has reviewed what they order now is known to have bought it. */
static int
verify(const struct souk_view *view, const struct basket *basket, struct souk_decision *decision)
{
    struct reviewed reviewed;
    struct review review;
    int rc;

    for (size_t i = 0; i < basket->products_count; i++) {
        if ((rc = reviewed_get(view, basket->owner, basket->products[i], &reviewed)) == -SOUK_ENOTFOUND)
            continue;
        if (rc != 0 || (rc = review_get(view, reviewed.review_id, &review)) != 0)
            return rc;
        if (review.is_verified)
            continue;
        review.is_verified = true;
        if ((rc = emit_reviews_verified(decision, &(struct reviews_verified){ review.review_id })) != 0
            || (rc = tell(decision, &review, review.has_shown)) != 0)
            return rc;
    }
    return 0;
}

static int
react_confirmed(const struct souk_view *view, const struct orders_confirmed *event, struct souk_decision *decision)
{
    struct basket basket;
    int rc = basket_get(view, event->order_id, &basket);

    return rc != 0 ? rc : verify(view, &basket, decision);
}

static int
react_adopted(const struct souk_view *view, const struct orders_adopted *event, struct souk_decision *decision)
{
    struct basket basket;
    int rc;

    if ((rc = basket_get(view, event->order_id, &basket)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return basket.is_confirmed ? verify(view, &basket, decision) : 0;
}

/* ---- reviews -------------------------------------------------------- */

static int
apply_written(struct souk_tables *tables, const struct reviews_written *event)
{
    struct review review = { .review_id = event->review_id };
    int rc = review_get(souk_tables_view(tables), event->review_id, &review);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    review.product_id = event->product_id;
    review.author = event->author;
    review.is_verified = event->is_verified;
    review.words = event->words;
    review.revision = event->revision;
    review.state = REVIEW_STATE_WAITING;
    review.reason = souk_slice_of("");
    review.written_ms = event->written_ms;
    rc = review_put(tables, &review);
    return rc != 0 ? rc : reviewed_put(tables, &(struct reviewed){ event->author, event->product_id,
        event->review_id });
}

static int
apply_verified(struct souk_tables *tables, const struct reviews_verified *event)
{
    struct review review;
    int rc;

    if ((rc = review_get(souk_tables_view(tables), event->review_id, &review)) != 0)
        return rc;
    review.is_verified = true;
    return review_put(tables, &review);
}

static int
apply_judged(struct souk_tables *tables, const struct reviews_judged *event)
{
    struct review review;
    int rc;

    if ((rc = review_get(souk_tables_view(tables), event->review_id, &review)) != 0)
        return rc;
    take_verdict(&review, event->is_approved, event->reason);
    return review_put(tables, &review);
}

static int
forget_marks(struct souk_tables *tables, struct souk_id review_id)
{
    const struct souk_view *view = souk_tables_view(tables);
    struct helpful_mark mark;
    struct souk_rows *rows;
    int rc;

    do {                                    /* rows that are read are not to be written to: one after the other */
        if ((rc = helpful_mark_scan_by_review_id(view, review_id, &rows)) != 0)
            return rc;
        rc = helpful_mark_next(view, rows, &mark);
        souk_rows_close(&rows);
        if (rc == 0)
            rc = helpful_mark_delete(tables, review_id, mark.person);
    } while (rc == 0);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
apply_removed(struct souk_tables *tables, const struct reviews_removed *event)
{
    struct review review;
    int rc;

    if ((rc = review_get(souk_tables_view(tables), event->review_id, &review)) != 0
        || (rc = reviewed_delete(tables, review.author, review.product_id)) != 0
        || (rc = review_delete(tables, event->review_id)) != 0)
        return rc;
    return forget_marks(tables, event->review_id);
}

static int
apply_marked(struct souk_tables *tables, const struct reviews_marked *event)
{
    struct review review;
    int rc;

    if ((rc = review_get(souk_tables_view(tables), event->review_id, &review)) != 0)
        return rc;
    assert(event->is_helpful || review.helpful > 0);
    review.helpful = event->is_helpful ? review.helpful + 1 : review.helpful - 1;
    if ((rc = review_put(tables, &review)) != 0)
        return rc;
    return event->is_helpful ? helpful_mark_put(tables, &(struct helpful_mark){ event->review_id, event->person })
        : helpful_mark_delete(tables, event->review_id, event->person);
}

/* ---- who has bought what -------------------------------------------- */

static int
apply_published(struct souk_tables *tables, const struct catalog_published *event)
{
    return known_product_put(tables, &(struct known_product){ event->product_id });
}

/* Each product once, in however many variants. */
static int
apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    struct souk_id *products = souk_arena_alloc(souk_view_arena(souk_tables_view(tables)),
        event->lines_count * sizeof *products);
    struct basket basket = { .order_id = event->order_id, .owner = event->owner, .products = products };

    if (products == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i < event->lines_count; i++) {
        size_t k = 0;

        while (k < basket.products_count && !souk_id_equal(products[k], event->lines[i].product_id))
            k++;
        if (k == basket.products_count)
            products[basket.products_count++] = event->lines[i].product_id;
    }
    return basket_put(tables, &basket);
}

static int
put_bought(struct souk_tables *tables, const struct basket *basket)
{
    int rc = basket_put(tables, basket);

    for (size_t i = 0; rc == 0 && basket->is_confirmed && i < basket->products_count; i++)
        rc = bought_put(tables, &(struct bought){ basket->owner, basket->products[i] });
    return rc;
}

static int
apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event)
{
    struct basket basket;
    int rc;

    if ((rc = basket_get(souk_tables_view(tables), event->order_id, &basket)) != 0)
        return rc;
    basket.is_confirmed = true;
    return put_bought(tables, &basket);
}

/* Bought as a guest, before they signed in. A cancelled order is adopted, too. */
static int
apply_adopted(struct souk_tables *tables, const struct orders_adopted *event)
{
    struct basket basket;
    int rc;

    if ((rc = basket_get(souk_tables_view(tables), event->order_id, &basket)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    basket.owner = event->owner;
    return put_bought(tables, &basket);
}

static int
apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event)
{
    return basket_delete(tables, event->order_id);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(reviews_write, decide_write),
    SOUK_DECIDE(reviews_edit, decide_edit),
    SOUK_DECIDE(reviews_remove, decide_remove),
    SOUK_DECIDE(reviews_mark, decide_mark),
    SOUK_REACT(moderation_judged, react_judged),
    SOUK_REACT(orders_confirmed, react_confirmed),
    SOUK_REACT(orders_adopted, react_adopted),
    SOUK_APPLY(reviews_written, apply_written),
    SOUK_APPLY(reviews_verified, apply_verified),
    SOUK_APPLY(reviews_judged, apply_judged),
    SOUK_APPLY(reviews_removed, apply_removed),
    SOUK_APPLY(reviews_marked, apply_marked),
    SOUK_APPLY(catalog_published, apply_published),
    SOUK_APPLY(orders_placed, apply_placed),
    SOUK_APPLY(orders_confirmed, apply_confirmed),
    SOUK_APPLY(orders_adopted, apply_adopted),
    SOUK_APPLY(orders_cancelled, apply_cancelled),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { REVIEW_TABLE, STREAM_REVIEWS_INTERNAL },
    { REVIEWED_TABLE, STREAM_REVIEWS_INTERNAL },
    { HELPFUL_MARK_TABLE, STREAM_REVIEWS_INTERNAL },
    { KNOWN_PRODUCT_TABLE, STREAM_CATALOG },
    { BASKET_TABLE, STREAM_ORDERS },
    { BOUGHT_TABLE, STREAM_ORDERS },
    { 0 },
};

const struct souk_service reviews_service = { .name = "reviews", .version = 2, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&reviews_service, argc, argv);
}
