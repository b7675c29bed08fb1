/*
 * query_today - the shop at a glance: what days brought, what sells, what waits,
 * what runs low.
 */
#include "query.h"

#include <string.h>

#include "money.h"
#include "people.h"

#define DAYS_MAX 92                     /* as described, and so are the next three */
#define LOW_ROWS_MAX 20
#define WAITING_MAX 100
#define BEST_MAX 8
#define BEST_LOOKED_AT_MAX 24
#define BEST_DAYS 28
#define WEEK_DAYS 7
#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/* ---- what runs low -------------------------------------------------- */

/* Of what is sold only: nobody minds that a draft is not there. */
int
query_index_low_stock(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct product_page page;
    struct page_sku owner;
    struct stock stock;
    uint32_t units_free;
    int rc;

    if ((rc = page_sku_get(view, entity, &owner)) != 0
        || (rc = product_page_get(view, owner.product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = query_stock(view, entity, &stock)) != 0 || page.state != PRODUCT_STATE_PUBLISHED)
        return rc;
    units_free = stock.on_hand - stock.held;
    if (units_free > QUERY_LOW_STOCK_MAX)
        return 0;
    return low_stock_index(rows, &(struct low_stock){ units_free, entity, { .sku = entity,
        .product_id = page.product_id, .title = page.title, .name = query_name_article(&page, entity),
        .available = units_free } });
}

static int
get_low_stock(const struct souk_view *view, struct low_stock_line out[LOW_ROWS_MAX], uint32_t *count_out)
{
    struct souk_rows *rows;
    struct low_stock row;
    int rc;

    if ((rc = low_stock_scan(view, &rows)) != 0)
        return rc;
    while (*count_out < LOW_ROWS_MAX && (rc = low_stock_next(view, rows, &row)) == 0)
        out[(*count_out)++] = row.line;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- days ----------------------------------------------------------- */

static int
get_days(const struct souk_view *view, struct day_sales out[DAYS_MAX], uint32_t *count_out)
{
    struct souk_rows *rows;
    struct sales_day day;
    int rc;

    if ((rc = sales_day_scan(view, &rows)) != 0)
        return rc;
    while (*count_out < DAYS_MAX && (rc = sales_day_next(view, rows, &day)) == 0) {
        struct day_sales *said = &out[(*count_out)++];

        *said = (struct day_sales){ .day_ms = (uint64_t)(UINT32_MAX - day.before_day) * DAY_MS,
            .orders = day.orders, .units = day.units, .sold = { .minor = (int64_t)day.minor },
            .returned = day.returned };
        memcpy(said->sold.currency, day.currency.base, day.currency.size_bytes);
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Of the days from `first` on, so many; a shop of 1970 has none before. */
static struct sales
sum_days(const struct day_sales *days, uint32_t count, int64_t first, unsigned wanted)
{
    struct sales sum = { .sold = days[0].sold };

    sum.sold.minor = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t day = (int64_t)(days[i].day_ms / DAY_MS);

        if (day < first || day >= first + wanted || !money_is_same_currency(days[i].sold, sum.sold))
            continue;
        sum.orders += days[i].orders;
        sum.units += days[i].units;
        sum.sold.minor += days[i].sold.minor;
        sum.returned += days[i].returned;
    }
    return sum;
}

/* Without a sale there is no currency to say them in. */
static void
compare_days(struct query_today_reply *reply, uint64_t now_ms)
{
    const int64_t today = (int64_t)(now_ms / DAY_MS);

    if (reply->days_count == 0)
        return;
    reply->has_today = reply->has_day_before = reply->has_week = reply->has_week_before = true;
    reply->today = sum_days(reply->days, reply->days_count, today, 1);
    reply->day_before = sum_days(reply->days, reply->days_count, today - 1, 1);
    reply->week = sum_days(reply->days, reply->days_count, today + 1 - WEEK_DAYS, WEEK_DAYS);
    reply->week_before = sum_days(reply->days, reply->days_count, today + 1 - 2 * WEEK_DAYS, WEEK_DAYS);
}

/* ---- what sells ----------------------------------------------------- */

static int
add_sales(const struct souk_view *view, uint64_t today, struct best_seller *product)
{
    struct product_sales day;
    struct souk_rows *rows;
    int rc;

    if ((rc = product_sales_scan_by_product_id(view, product->product_id, &rows)) != 0)
        return rc;
    while ((rc = product_sales_next(view, rows, &day)) == 0
        && (uint64_t)(UINT32_MAX - day.before_day) + BEST_DAYS > today) {
        if (product->sold.currency[0] == '\0')
            memcpy(product->sold.currency, day.sold.currency, sizeof day.sold.currency);
        product->units += day.units;
        if (money_is_same_currency(product->sold, day.sold))
            product->sold.minor += day.sold.minor;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Those with most units stay, the first first. */
static void
keep_best(struct best_seller best[BEST_MAX], uint32_t *count, const struct best_seller *product)
{
    uint32_t at = *count;

    while (at > 0 && best[at - 1].units < product->units)
        at--;
    if (at == BEST_MAX)
        return;
    if (*count < BEST_MAX)
        (*count)++;
    memmove(&best[at + 1], &best[at], (*count - at - 1) * sizeof best[0]);
    best[at] = *product;
}

static int
get_best(const struct souk_view *view, uint64_t now_ms, struct best_seller best[BEST_MAX], uint32_t *count_out)
{
    struct best_seller product;
    struct product_page page;
    struct souk_id product_id;
    struct query_list list;
    struct query_walk walk;
    int rc;

    query_name_shelf(&list, SORT_ORDER_POPULAR, souk_slice_of(""));
    if ((rc = query_walk_begin(view, &list, false, souk_slice_of(""), &walk)) != 0)
        return rc;
    for (unsigned i = 0; i < BEST_LOOKED_AT_MAX && (rc = query_walk_next(&walk, &product_id)) == 0; i++) {
        if ((rc = product_page_get(view, product_id, &page)) != 0)
            break;
        product = (struct best_seller){ .product_id = page.product_id, .slug = page.slug, .title = page.title,
            .category = page.category, .has_picture = page.pictures_count > 0 };
        if (product.has_picture)
            product.picture = page.pictures[0];
        if ((rc = add_sales(view, now_ms / DAY_MS, &product)) != 0)
            break;
        if (product.units > 0)
            keep_best(best, count_out, &product);
    }
    query_walk_end(&walk);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- what waits ----------------------------------------------------- */

static int
count_reviews(const struct souk_view *view, uint32_t *count_out)
{
    struct waiting_review row;
    struct souk_rows *rows;
    int rc;

    if ((rc = waiting_review_scan(view, &rows)) != 0)
        return rc;
    while (*count_out < WAITING_MAX && (rc = waiting_review_next(view, rows, &row)) == 0)
        (*count_out)++;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
count_orders(const struct souk_view *view, struct query_today_reply *reply)
{
    struct orders_standing row;
    int rc;

    for (unsigned state = ORDER_STATE_PLACED; state <= ORDER_STATE_PAID; state++) {
        row.orders = 0;
        if ((rc = orders_standing_get(view, (uint8_t)state, &row)) != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
        reply->orders_waiting += row.orders;
        reply->orders_stepping += state == ORDER_STATE_AWAITING_STEP ? row.orders : 0;
    }
    return 0;
}

int
query_answer_today(const struct souk_view *view, const struct query_today *query, struct souk_answer *answer)
{
    struct low_stock_line low[LOW_ROWS_MAX];
    struct day_sales days[DAYS_MAX];
    struct best_seller best[BEST_MAX];
    struct query_today_reply reply = { .days = days, .low_stock = low, .best_sellers = best };
    const uint64_t now_ms = souk_answer_now_ms(answer);
    int rc;

    (void)query;
    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = get_days(view, days, &reply.days_count)) != 0
        || (rc = get_low_stock(view, low, &reply.low_stock_count)) != 0
        || (rc = count_reviews(view, &reply.reviews_waiting)) != 0 || (rc = count_orders(view, &reply)) != 0
        || (rc = get_best(view, now_ms, best, &reply.best_sellers_count)) != 0)
        return rc;
    compare_days(&reply, now_ms);
    return answer_query_today(answer, &reply);
}
