/*
 * carts - what people and guests want to buy, before they order it. A cart says
 * what its articles cost and whether they can be had now, beside what they cost
 * when they were put there. An order takes its lines out of the cart, and an
 * order that comes to nothing puts them back.
 */
#include "services.h"

#include <stdlib.h>

#include "carted.h"
#include "money.h"
#include "offers.h"
#include "people.h"
#include "shop.h"

#define IDLE "idle"                     /* timer: nobody has touched it */
#define IDLE_MS (UINT64_C(30) * 24 * 3600 * 1000)
#define AVAILABLE_SHOWN_MAX 1000        /* as described */

/* ---- filling it ----------------------------------------------------- */

/* May an article at this price lie beside what is there? */
static int
check_room(const struct souk_view *view, struct souk_id owner, const struct offer *offer,
    struct souk_decision *decision)
{
    struct in_cart lines[CART_LINES_MAX];
    size_t count;
    int rc = carted_lines(view, owner, lines, &count);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        if (souk_slice_equal(lines[i].sku, offer->sku))
            return 0;
        if (!money_is_same_currency(lines[i].price, offer->price))
            return souk_refuse(decision, CARTS_CURRENCIES);
    }
    return count < CART_LINES_MAX ? 0 : souk_refuse(decision, CARTS_TOO_MANY_LINES);
}

static int
fill(const struct souk_view *view, struct souk_slice sku, uint32_t units, bool is_more, struct souk_decision *decision)
{
    struct carts_filled filled = { .sku = sku, .units = units };
    struct in_cart line = { .units = 0 };
    struct offer offer;
    int rc;

    if ((rc = people_who(decision, &filled.owner)) != 0)
        return rc;
    if ((rc = offers_find(view, sku, &offer)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, CARTS_UNKNOWN_ARTICLE) : rc;
    if ((rc = check_room(view, filled.owner, &offer, decision)) != 0)
        return rc;
    if ((rc = in_cart_get(view, filled.owner, sku, &line)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    filled.price = offer.price;
    filled.units += is_more ? line.units : 0;
    if (filled.units > CART_UNITS_MAX)
        return souk_refuse(decision, CARTS_TOO_MANY);
    if (filled.units == line.units && money_is_equal(line.price, offer.price))
        return souk_accept(decision);
    return emit_carts_filled(decision, &filled);
}

static int
decide_add(const struct souk_view *view, const struct carts_add *command, struct souk_decision *decision)
{
    return fill(view, command->sku, command->units, true, decision);
}

static int
decide_set(const struct souk_view *view, const struct carts_set *command, struct souk_decision *decision)
{
    return fill(view, command->sku, command->units, false, decision);
}

static int
decide_remove(const struct souk_view *view, const struct carts_remove *command, struct souk_decision *decision)
{
    struct souk_id owner;
    struct in_cart line;
    int rc;

    if ((rc = people_who(decision, &owner)) != 0)
        return rc;
    if ((rc = in_cart_get(view, owner, command->sku, &line)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    return emit_carts_removed(decision, &(struct carts_removed){ owner, command->sku });
}

/* Who had a cart as a guest and another one as a customer has one: neither loses what it had, nothing is doubled. */
static int
react_guest_signed_in(const struct souk_view *view, const struct accounts_guest_signed_in *event,
    struct souk_decision *decision)
{
    struct carts_merged merged = { .owner = event->person_id, .guest_id = event->guest_id };
    struct in_cart lines[CART_LINES_MAX], guests[CART_LINES_MAX];
    size_t count, guests_count, first;
    int rc;

    if ((rc = carted_lines(view, event->guest_id, guests, &guests_count)) != 0
        || (rc = carted_lines(view, event->person_id, lines, &count)) != 0 || guests_count == 0)
        return rc;
    first = count;
    for (size_t i = 0; i < guests_count; i++) {
        const struct in_cart *line = &guests[i];
        size_t k;

        for (k = 0; k < first && !souk_slice_equal(lines[k].sku, line->sku); k++)
            continue;
        if (k < first && lines[k].units >= line->units)
            continue;
        if (k == first && (count == CART_LINES_MAX
            || (first > 0 && !money_is_same_currency(line->price, lines[0].price)))) {
            merged.left_out++;
            continue;
        }
        count += k == first;
        rc = emit_carts_filled(decision, &(struct carts_filled){ event->person_id, line->sku, line->units,
            line->price });
        if (rc != 0)
            return rc;
    }
    return emit_carts_merged(decision, &merged);
}

/* ---- ordering it ---------------------------------------------------- */

static int
react_placed(const struct souk_view *view, const struct orders_placed *event, struct souk_decision *decision)
{
    struct stock_line lines[CART_LINES_MAX];

    (void)view;
    if (!event->has_cart_version)
        return 0;
    for (size_t i = 0; i < event->lines_count; i++)
        lines[i] = (struct stock_line){ event->lines[i].sku, event->lines[i].units };
    return emit_carts_ordered(decision, &(struct carts_ordered){ .owner = event->owner, .order_id = event->order_id,
        .lines = lines, .lines_count = event->lines_count });
}

/* What was taken out of a cart for an order that nobody wanted to fail is in the cart again. */
static int
react_cancelled(const struct souk_view *view, const struct orders_cancelled *event, struct souk_decision *decision)
{
    struct in_cart lines[CART_LINES_MAX];
    struct offer offer;
    size_t count;
    int rc;

    if (event->reason == CANCEL_REASON_SHOPPER || event->reason == CANCEL_REASON_SHOPKEEPER)
        return 0;
    if ((rc = carted_lines(view, event->owner, lines, &count)) != 0)
        return rc;
    for (size_t i = 0; i < event->cart_count; i++) {
        const struct stock_line *back = &event->cart[i];
        struct in_cart line = { .units = 0 };

        if ((rc = offers_find(view, back->sku, &offer)) == -SOUK_ENOTFOUND)
            continue;
        if (rc != 0 || ((rc = in_cart_get(view, event->owner, back->sku, &line)) != 0 && rc != -SOUK_ENOTFOUND))
            return rc;
        if (line.units >= back->units || (line.units == 0 && count++ >= CART_LINES_MAX))
            continue;                           /* the shopper has filled it again already */
        rc = emit_carts_filled(decision, &(struct carts_filled){ event->owner, back->sku, back->units, offer.price });
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- what has happened ---------------------------------------------- */

static int
apply_filled(struct souk_tables *tables, const struct carts_filled *event)
{
    int rc = carted_apply_filled(tables, event);

    return rc != 0 ? rc : souk_timer_set(tables, IDLE, souk_slice_of_id(&event->owner),
        souk_tables_time_ms(tables) + IDLE_MS);
}

static int
react_idle_due(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct souk_id owner;
    int rc = souk_id_of(timer->key, &owner);

    (void)view;
    return rc != 0 ? rc : emit_carts_expired(decision, &(struct carts_expired){ owner });
}

static int
react_left(const struct souk_view *view, const struct accounts_left *event, struct souk_decision *decision)
{
    struct cart cart;
    int rc = cart_get(view, event->person_id, &cart);

    return rc == -SOUK_ENOTFOUND ? 0 : rc != 0 ? rc
        : emit_carts_expired(decision, &(struct carts_expired){ event->person_id });
}

/* From inventory: what may be sold. */
static int
apply_changed(struct souk_tables *tables, const struct inventory_changed *event)
{
    return stock_put(tables, &(struct stock){ event->sku, event->on_hand, event->held });
}

/* ---- showing it ----------------------------------------------------- */

static int
compare_since(const void *a, const void *b)
{
    const struct in_cart *left = a, *right = b;

    if (left->since_ms != right->since_ms)
        return left->since_ms < right->since_ms ? -1 : 1;
    return souk_slice_compare(left->sku, right->sku);
}

static int
show_line(const struct souk_view *view, const struct in_cart *line, struct cart_line *shown_out)
{
    struct stock stock = { .on_hand = 0 };
    uint32_t available;
    struct offer offer;
    int rc;

    if ((rc = offer_get(view, line->sku, &offer)) != 0
        || ((rc = stock_get(view, line->sku, &stock)) != 0 && rc != -SOUK_ENOTFOUND))
        return rc;
    available = stock.on_hand - stock.held;
    *shown_out = (struct cart_line){ .sku = line->sku, .product_id = offer.product_id, .slug = offer.slug,
        .title = offer.title, .name = offer.name, .has_picture = offer.has_picture, .picture = offer.picture,
        .units = line->units, .price_then = line->price, .price = offer.price,
        .available = available < AVAILABLE_SHOWN_MAX ? available : AVAILABLE_SHOWN_MAX,
        .state = !offer.is_sold ? CART_LINE_STATE_NOT_FOR_SALE : available == 0 ? CART_LINE_STATE_SOLD_OUT
            : available < line->units ? CART_LINE_STATE_TOO_FEW : CART_LINE_STATE_AVAILABLE };
    return 0;
}

static int
answer_cart(const struct souk_view *view, const struct carts_cart *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct in_cart lines[CART_LINES_MAX];
    struct cart_line shown[CART_LINES_MAX];
    struct carts_cart_reply reply = { .lines = shown };
    struct cart cart = { .cart_version = 0 };
    size_t count;
    int rc;

    (void)query;
    if (pass == NULL)                           /* a browser that has put nothing anywhere yet */
        return answer_carts_cart(answer, &reply);
    if (((rc = cart_get(view, pass->person, &cart)) != 0 && rc != -SOUK_ENOTFOUND)
        || (rc = carted_lines(view, pass->person, lines, &count)) != 0)
        return rc;
    qsort(lines, count, sizeof lines[0], compare_since);
    reply.cart_version = cart.cart_version;
    reply.lines_count = (uint32_t)count;
    reply.can_order = reply.lines_count > 0;
    for (size_t i = 0; i < reply.lines_count; i++) {
        if ((rc = show_line(view, &lines[i], &shown[i])) != 0)
            return rc;
        reply.units += shown[i].units;
        reply.can_order &= shown[i].state == CART_LINE_STATE_AVAILABLE
            && money_is_same_currency(shown[i].price, shown[0].price);
        if (shown[i].state == CART_LINE_STATE_NOT_FOR_SALE)
            continue;
        if (!reply.has_total)
            reply.total = (struct souk_money){ 0, { shown[i].price.currency[0], shown[i].price.currency[1],
                shown[i].price.currency[2] } };
        reply.has_total = true;
        reply.total.minor += shown[i].price.minor * shown[i].units;
    }
    return answer_carts_cart(answer, &reply);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(carts_add, decide_add),
    SOUK_DECIDE(carts_set, decide_set),
    SOUK_DECIDE(carts_remove, decide_remove),
    SOUK_REACT(accounts_guest_signed_in, react_guest_signed_in),
    SOUK_REACT(accounts_left, react_left),
    SOUK_REACT(orders_placed, react_placed),
    SOUK_REACT(orders_cancelled, react_cancelled),
    SOUK_REACT_TIMER(IDLE, react_idle_due),
    SOUK_APPLY(carts_filled, apply_filled),
    CARTED_HANDLERS,
    SOUK_APPLY(inventory_changed, apply_changed),
    OFFERS_HANDLERS,
    SOUK_ANSWER(carts_cart, answer_cart),
    { 0 },
};

static const struct souk_table_def tables[] = {
    CARTED_TABLES,
    OFFERS_TABLES,
    { STOCK_TABLE, STREAM_INVENTORY },
    { 0 },
};

const struct souk_service carts_service = { .name = "carts", .version = 1, .handlers = handlers, .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&carts_service, argc, argv);
}
