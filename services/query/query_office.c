/*
 * query_office - what the back office shows: the day at a glance, products with
 * their prices and stock and how they came about, customers.
 */
#include "query.h"

#include <inttypes.h>
#include <string.h>

#include "people.h"

#define ROWS_MAX 50                     /* as described, and so are the next seven */
#define ARTICLES_MAX 24
#define PRICES_MAX 100
#define DAYS_MAX 31
#define LOW_ROWS_MAX 20
#define LOW_STOCK_MAX 5                 /* units that are little */
#define WAITING_MAX 100
#define CUSTOMER_ORDERS 2
#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/* ---- how prices and stocks came about ------------------------------- */

int
query_apply_priced(struct souk_tables *tables, const struct catalog_priced *event)
{
    return price_history_put(tables, &(struct price_history){ event->product_id,
        UINT64_MAX - souk_tables_event(tables).number, { .at_ms = souk_tables_time_ms(tables), .sku = event->sku,
        .price = event->price, .has_was = event->has_was, .was = event->was } });
}

static uint32_t
free_of(const struct stock *stock)
{
    return stock->on_hand - stock->held;
}

/* Lists say whether there is some; so most sales change nothing there. */
int
query_apply_changed(struct souk_tables *tables, const struct inventory_changed *event)
{
    const struct stock now = { event->sku, event->on_hand, event->held };
    struct page_sku page;
    struct stock before;
    int rc;

    if ((rc = query_stock(souk_tables_view(tables), event->sku, &before)) != 0
        || (rc = stock_put(tables, &now)) != 0
        || (rc = stock_change_put(tables, &(struct stock_change){ event->sku,
            UINT64_MAX - souk_tables_event(tables).number, { .at_ms = souk_tables_time_ms(tables),
            .reason = event->reason, .units = event->units, .on_hand = event->on_hand, .held = event->held,
            .note = event->note, .has_order_id = event->has_order_id, .order_id = event->order_id } })) != 0)
        return rc;
    if ((free_of(&now) <= LOW_STOCK_MAX || free_of(&before) <= LOW_STOCK_MAX)
        && (rc = souk_touch(tables, LOW_STOCK_TABLE, event->sku)) != 0)
        return rc;
    if ((free_of(&now) > 0) == (free_of(&before) > 0))
        return 0;
    if ((rc = page_sku_get(souk_tables_view(tables), event->sku, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return query_touch_product(tables, page.product_id);
}

static struct souk_slice
find_name(const struct product_page *page, struct souk_slice sku)
{
    for (size_t i = 0; i < page->articles_count; i++)
        if (souk_slice_equal(page->articles[i].sku, sku))
            return page->articles[i].name;
    return souk_slice_of("");
}

/* Of what is sold only: nobody minds that a draft is not there. */
int
query_index_low_stock(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct product_page page;
    struct page_sku owner;
    struct stock stock;
    int rc;

    if ((rc = page_sku_get(view, entity, &owner)) != 0
        || (rc = product_page_get(view, owner.product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = query_stock(view, entity, &stock)) != 0 || page.state != PRODUCT_STATE_PUBLISHED
        || free_of(&stock) > LOW_STOCK_MAX)
        return rc;
    return low_stock_index(rows, &(struct low_stock){ free_of(&stock), entity, { .sku = entity,
        .product_id = page.product_id, .title = page.title, .name = find_name(&page, entity),
        .available = free_of(&stock) } });
}

/* ---- today ---------------------------------------------------------- */

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
    struct query_today_reply reply = { .days = days, .low_stock = low };
    int rc;

    (void)query;
    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = get_days(view, days, &reply.days_count)) != 0
        || (rc = get_low_stock(view, low, &reply.low_stock_count)) != 0
        || (rc = count_reviews(view, &reply.reviews_waiting)) != 0 || (rc = count_orders(view, &reply)) != 0)
        return rc;
    return answer_query_today(answer, &reply);
}

/* ---- products ------------------------------------------------------- */

static int
make_office_card(const struct souk_view *view, struct souk_id product_id, struct office_card *card_out)
{
    struct product_page page;
    struct stock stock;
    int rc;

    if ((rc = product_page_get(view, product_id, &page)) != 0)
        return rc;
    *card_out = (struct office_card){ .product_id = product_id, .slug = page.slug, .title = page.title,
        .category = page.category, .state = page.state, .price = page.articles[0].price,
        .articles = page.articles_count, .changed_ms = page.changed_ms };
    for (size_t i = 0; i < page.articles_count; i++) {
        if (page.articles[i].price.minor < card_out->price.minor)
            card_out->price = page.articles[i].price;
        if ((rc = query_stock(view, page.articles[i].sku, &stock)) != 0)
            return rc;
        card_out->on_hand += stock.on_hand;
        card_out->held += stock.held;
    }
    return 0;
}

int
query_answer_office_products(const struct souk_view *view, const struct query_office_products *query,
    struct souk_answer *answer)
{
    struct office_card products[ROWS_MAX];
    struct query_office_products_reply reply = { .products = products };
    char next[QUERY_FROM_BYTES];
    struct souk_rows *rows;
    struct shelf shelf;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = query_open_office_shelf(view, query, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = shelf_next(view, rows, &shelf)) == 0) {
        if ((reply.has_next = reply.products_count == ROWS_MAX))
            reply.next = query_write_from(shelf.product_id, shelf.place, next);
        else if ((rc = make_office_card(view, shelf.product_id, &products[reply.products_count++])) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_office_products(answer, &reply);
}

static int
get_prices(const struct souk_view *view, struct souk_id product_id, struct price_step out[PRICES_MAX],
    uint32_t *count_out)
{
    struct price_history row;
    struct souk_rows *rows;
    int rc;

    if ((rc = price_history_scan_by_product_id(view, product_id, &rows)) != 0)
        return rc;
    while (*count_out < PRICES_MAX && (rc = price_history_next(view, rows, &row)) == 0)
        out[(*count_out)++] = row.step;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
query_answer_office_product(const struct souk_view *view, const struct query_office_product *query,
    struct souk_answer *answer)
{
    struct office_article articles[ARTICLES_MAX];
    struct price_step prices[PRICES_MAX];
    struct query_office_product_reply reply = { .articles = articles, .prices = prices };
    struct product_page page;
    struct stock stock;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = product_page_get(view, query->product_id, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_PRODUCT) : rc;
    if ((rc = get_prices(view, page.product_id, prices, &reply.prices_count)) != 0)
        return rc;
    reply.product_id = page.product_id;
    reply.version = page.version;
    reply.slug = page.slug;
    reply.title = page.title;
    reply.summary = page.summary;
    reply.text = page.text;
    reply.category = page.category;
    reply.also_in = page.also_in;
    reply.also_in_count = page.also_in_count;
    reply.state = page.state;
    reply.since_ms = page.since_ms;
    reply.pictures = page.pictures;
    reply.pictures_count = page.pictures_count;
    reply.traits = page.traits;
    reply.traits_count = page.traits_count;
    for (; reply.articles_count < page.articles_count; reply.articles_count++) {
        const struct article *article = &page.articles[reply.articles_count];

        if ((rc = query_stock(view, article->sku, &stock)) != 0)
            return rc;
        articles[reply.articles_count] = (struct office_article){ article->sku, article->name, article->price,
            stock.on_hand, stock.held };
    }
    return answer_query_office_product(answer, &reply);
}

/* ---- stock ---------------------------------------------------------- */

static int
make_stock_card(const struct souk_view *view, const struct page_sku *owner, struct stock_card *card_out)
{
    struct product_page page;
    struct stock stock;
    int rc;

    if ((rc = product_page_get(view, owner->product_id, &page)) != 0
        || (rc = query_stock(view, owner->sku, &stock)) != 0)
        return rc;
    *card_out = (struct stock_card){ owner->sku, page.product_id, page.title, find_name(&page, owner->sku),
        stock.on_hand, stock.held };
    return 0;
}

int
query_answer_stock(const struct souk_view *view, const struct query_stock *query, struct souk_answer *answer)
{
    struct stock_card articles[ROWS_MAX];
    struct query_stock_reply reply = { .articles = articles };
    struct souk_rows *rows;
    struct page_sku row;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    rc = query->has_from && memchr(query->from.base, '\0', query->from.size_bytes) == NULL
        ? page_sku_scan_from(view, query->from, &rows) : page_sku_scan(view, &rows);
    if (rc != 0)
        return rc;
    while (!reply.has_next && (rc = page_sku_next(view, rows, &row)) == 0) {
        if ((reply.has_next = reply.articles_count == ROWS_MAX))
            reply.next = row.sku;
        else if ((rc = make_stock_card(view, &row, &articles[reply.articles_count++])) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_stock(answer, &reply);
}

int
query_answer_stock_history(const struct souk_view *view, const struct query_stock_history *query,
    struct souk_answer *answer)
{
    struct stock_step steps[ROWS_MAX];
    struct query_stock_history_reply reply = { .steps = steps };
    struct stock_change row;
    struct souk_rows *rows;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if (memchr(query->sku.base, '\0', query->sku.size_bytes) != NULL)
        return answer_query_stock_history(answer, &reply);
    if ((rc = stock_change_scan_by_sku_from(view, query->sku, query->has_from ? query->from : 0, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = stock_change_next(view, rows, &row)) == 0) {
        if ((reply.has_next = reply.steps_count == ROWS_MAX))
            reply.next = row.before;
        else
            steps[reply.steps_count++] = row.step;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_stock_history(answer, &reply);
}

/* ---- customers ------------------------------------------------------ */

/* -SOUK_ENOTFOUND: nobody of this id has registered or ordered. */
static int
make_customer(const struct souk_view *view, struct souk_id person_id, struct customer_card *card_out)
{
    struct author_name person = { .name = souk_slice_of("") };
    struct buyer buyer = { .orders = 0 };
    const int known = author_name_get(view, person_id, &person), buys = buyer_get(view, person_id, &buyer);

    if (known != 0 && (known != -SOUK_ENOTFOUND || buys != 0))
        return known;
    if (buys != 0 && buys != -SOUK_ENOTFOUND)
        return buys;
    *card_out = (struct customer_card){ .person_id = person_id, .name = person.name,
        .since_ms = known == 0 ? person.since_ms : buyer.since_ms, .orders = buyer.orders, .has_spent = buys == 0, .spent = buyer.spent,
        .has_last_order_ms = buyer.last_ms != 0, .last_order_ms = buyer.last_ms };
    return 0;
}

int
query_index_customer(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct customer_card card;
    struct souk_id person_id;
    int rc;

    if ((rc = souk_id_of(entity, &person_id)) != 0 || (rc = make_customer(view, person_id, &card)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    rc = customer_index(rows, &(struct customer){ CUSTOMER_ORDER_NEWEST, SOUK_TIME_MS_MAX - card.since_ms,
        person_id });
    return rc != 0 ? rc : customer_index(rows, &(struct customer){ CUSTOMER_ORDER_SPENT,
        SOUK_TIME_MS_MAX - (uint64_t)(card.spent.minor > 0 ? card.spent.minor : 0), person_id });
}

int
query_answer_customers(const struct souk_view *view, const struct query_customers *query,
    struct souk_answer *answer)
{
    struct customer_card customers[ROWS_MAX];
    struct query_customers_reply reply = { .customers = customers };
    char next[QUERY_FROM_BYTES];
    struct customer row;
    struct souk_rows *rows;
    struct souk_id from;
    uint64_t place;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    query_read_time_from(query->has_from, query->from, &place, &from);
    if ((rc = customer_scan_by_sort_from(view, (uint8_t)query->sort, place, from, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = customer_next(view, rows, &row)) == 0) {
        if ((reply.has_next = reply.customers_count == ROWS_MAX))
            reply.next = query_write_time_from(row.person_id, row.place, next);
        else if ((rc = make_customer(view, row.person_id, &customers[reply.customers_count++])) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_query_customers(answer, &reply);
}

int
query_answer_customer(const struct souk_view *view, const struct query_customer *query, struct souk_answer *answer)
{
    struct query_customer_reply reply;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = make_customer(view, query->person_id, &reply.customer)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, QUERY_UNKNOWN_CUSTOMER) : rc;
    return answer_query_customer(answer, &reply);
}
