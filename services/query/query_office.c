/*
 * query_office - what the back office shows: products with their prices and
 * stock and how they came about, customers.
 */
#include "query.h"

#include <inttypes.h>
#include <string.h>

#include "people.h"
#include "within.h"

#define ROWS_MAX 50                     /* as described, and so are the next two */
#define ARTICLES_MAX 24
#define PRICES_MAX 100
#define LOOKED_AT_MAX 2000              /* products, of which a page is searched */
#define CUSTOMER_ORDERS 2

/* ---- how prices and stocks came about ------------------------------- */

int
query_apply_priced(struct souk_tables *tables, const struct catalog_priced *event)
{
    int rc = price_history_put(tables, &(struct price_history){ event->product_id,
        UINT64_MAX - souk_tables_event(tables).number, { .at_ms = souk_tables_time_ms(tables), .sku = event->sku,
        .price = event->price, .has_was = event->has_was, .was = event->was, .has_by = event->has_by,
        .by = event->by, .by_name = souk_slice_of("") } });

    if (rc != 0 || !event->has_was)     /* the first price is part of what was written */
        return rc;
    return query_put_deed(tables, QUERY_TOLD_BY_CATALOG, event->has_by, event->by, (struct deed_line){
        .deed = DEED_PRICED, .has_about_id = true, .about_id = event->product_id, .key = event->sku,
        .has_amount = true, .amount = event->price, .has_was = true, .was = event->was });
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
            .note = event->note, .has_order_id = event->has_order_id, .order_id = event->order_id,
            .has_by = event->has_by, .by = event->by, .by_name = souk_slice_of("") } })) != 0
        || (rc = query_put_deed(tables, QUERY_TOLD_BY_INVENTORY, event->has_by, event->by, (struct deed_line){
            .deed = event->reason == STOCK_REASON_RECEIVED ? DEED_RECEIVED
                : event->reason == STOCK_REASON_DAMAGED ? DEED_DAMAGED : DEED_COUNTED,
            .key = event->sku, .units = event->reason == STOCK_REASON_RECEIVED ? event->units
                : event->on_hand, .note = event->note })) != 0)
        return rc;
    if ((free_of(&now) <= QUERY_LOW_STOCK_MAX || free_of(&before) <= QUERY_LOW_STOCK_MAX)
        && (rc = souk_touch(tables, LOW_STOCK_TABLE, event->sku)) != 0)
        return rc;
    if ((free_of(&now) > 0) == (free_of(&before) > 0))
        return 0;
    if ((rc = page_sku_get(souk_tables_view(tables), event->sku, &page)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return query_touch_product(tables, page.product_id);
}

struct souk_slice
query_name_article(const struct product_page *page, struct souk_slice sku)
{
    for (size_t i = 0; i < page->articles_count; i++)
        if (souk_slice_equal(page->articles[i].sku, sku))
            return page->articles[i].name;
    return souk_slice_of("");
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
        .articles = page.articles_count, .changed_ms = page.changed_ms, .has_picture = page.pictures_count > 0 };
    if (card_out->has_picture)
        card_out->picture = page.pictures[0];
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

static int
is_meant(const struct souk_view *view, struct souk_id product_id, const struct query_office_products *query,
    bool *meant_out)
{
    struct product_page page;
    int rc;

    *meant_out = true;
    if (!query->has_text)
        return 0;
    if ((rc = product_page_get(view, product_id, &page)) != 0)
        return rc;
    *meant_out = within(query->text, page.title) || within(query->text, page.slug);
    for (size_t i = 0; i < page.articles_count && !*meant_out; i++)
        *meant_out = within(query->text, page.articles[i].sku);
    return 0;
}

/* A page ends when it is full, or when enough products were looked at; the next one begins where it ended. */
int
query_answer_office_products(const struct souk_view *view, const struct query_office_products *query,
    struct souk_answer *answer)
{
    struct office_card products[ROWS_MAX];
    struct query_office_products_reply reply = { .products = products };
    char next[QUERY_WALK_FROM_BYTES];
    struct souk_id product_id;
    struct query_list list;
    struct query_walk walk;
    bool meant;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    query_name_office_shelf(&list, query->has_state, query->state);
    if ((rc = query_walk_begin(view, &list, query->has_from, query->from, &walk)) != 0)
        return rc;
    reply.has_is_anew = reply.is_anew = walk.is_anew;
    for (unsigned looked_at = 0; !reply.has_next && (rc = query_walk_next(&walk, &product_id)) == 0; looked_at++) {
        if ((rc = is_meant(view, product_id, query, &meant)) != 0)
            break;
        if ((reply.has_next = looked_at == LOOKED_AT_MAX || (meant && reply.products_count == ROWS_MAX)))
            reply.next = query_walk_from(&walk, next);
        else if (meant && (rc = make_office_card(view, product_id, &products[reply.products_count++])) != 0)
            break;
    }
    query_walk_end(&walk);
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
    while (*count_out < PRICES_MAX && (rc = price_history_next(view, rows, &row)) == 0) {
        if (row.step.has_by && (rc = query_name_person(view, row.step.by, &row.step.by_name)) != 0)
            break;
        out[(*count_out)++] = row.step;
    }
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
    *card_out = (struct stock_card){ owner->sku, page.product_id, page.title, query_name_article(&page, owner->sku),
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
    struct souk_slice from = query->has_from ? query->from : query->begins;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    rc = (query->has_from || query->has_begins) && memchr(from.base, '\0', from.size_bytes) == NULL
        ? page_sku_scan_from(view, from, &rows) : page_sku_scan(view, &rows);
    if (rc != 0)
        return rc;
    while (!reply.has_next && (rc = page_sku_next(view, rows, &row)) == 0) {
        if (query->has_begins && (row.sku.size_bytes < query->begins.size_bytes
            || memcmp(row.sku.base, query->begins.base, query->begins.size_bytes) != 0))
            break;
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
        else if (row.step.has_by && (rc = query_name_person(view, row.step.by, &row.step.by_name)) != 0)
            break;
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

    if ((known != 0 || person.has_left) && buys != 0)
        return known != 0 ? known : buys;
    if (known != 0 && known != -SOUK_ENOTFOUND)
        return known;
    if (buys != 0 && buys != -SOUK_ENOTFOUND)
        return buys;
    *card_out = (struct customer_card){ .person_id = person_id, .name = person.name,
        .since_ms = known == 0 ? person.since_ms : buyer.since_ms, .orders = buyer.orders,
        .has_spent = buys == 0, .spent = buyer.spent,
        .has_last_order_ms = buyer.last_ms != 0, .last_order_ms = buyer.last_ms };
    return 0;
}

static struct souk_slice
name_place(enum customer_order sort, uint64_t since_ms, int64_t spent, char out[QUERY_PLACE_BYTES])
{
    return query_write_place(SOUK_TIME_MS_MAX - (sort == CUSTOMER_ORDER_NEWEST ? since_ms
        : spent > 0 ? (uint64_t)spent : 0), out);
}

int
query_place_customer(const struct souk_view *view, enum customer_order sort, struct souk_id person_id,
    char out[QUERY_PLACE_BYTES])
{
    struct customer_card card;
    int rc = make_customer(view, person_id, &card);

    if (rc == 0)
        (void)name_place(sort, card.since_ms, card.spent.minor, out);
    return rc;
}

int
query_note_spent(struct souk_tables *tables, const struct buyer *before)
{
    char place[QUERY_PLACE_BYTES];

    return query_note_move(tables, QUERY_CUSTOMER, CUSTOMER_ORDER_SPENT, before->person_id,
        name_place(CUSTOMER_ORDER_SPENT, 0, before->spent.minor, place));
}

int
query_index_customer(const struct souk_view *view, struct souk_id person_id, struct souk_index_rows *rows)
{
    char place[QUERY_PLACE_BYTES];
    struct customer_card card;
    struct query_list list;
    int rc = make_customer(view, person_id, &card);

    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    for (unsigned sort = 0; sort < CUSTOMER_ORDERS && rc == 0; sort++) {
        query_name_list(&list, QUERY_CUSTOMER, sort, souk_slice_of(""));
        (void)name_place((enum customer_order)sort, card.since_ms, card.spent.minor, place);
        rc = query_index_entry(rows, &list, place, person_id);
    }
    return rc;
}

int
query_answer_customers(const struct souk_view *view, const struct query_customers *query,
    struct souk_answer *answer)
{
    struct customer_card customers[ROWS_MAX];
    struct query_customers_reply reply = { .customers = customers };
    char next[QUERY_WALK_FROM_BYTES];
    struct souk_id person_id;
    struct query_list list;
    struct query_walk walk;
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    query_name_list(&list, QUERY_CUSTOMER, (unsigned)query->sort, souk_slice_of(""));
    if ((rc = query_walk_begin(view, &list, query->has_from, query->from, &walk)) != 0)
        return rc;
    reply.has_is_anew = reply.is_anew = walk.is_anew;
    while (!reply.has_next && (rc = query_walk_next(&walk, &person_id)) == 0) {
        if ((reply.has_next = reply.customers_count == ROWS_MAX))
            reply.next = query_walk_from(&walk, next);
        else if ((rc = make_customer(view, person_id, &customers[reply.customers_count++])) != 0)
            break;
    }
    query_walk_end(&walk);
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
