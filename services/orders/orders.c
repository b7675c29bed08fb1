/*
 * orders - an order from the click to the receipt. It asks inventory to hold the
 * goods, payments to hold the money, inventory to take the goods, payments to
 * take the money; what fails on the way is undone, and what hangs ends by
 * itself. Prices and totals are its own, never the caller's.
 */
#include "services.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "money.h"
#include "people.h"
#include "shop.h"

#define LINES_MAX 50                    /* as described, and so is the next one */
#define UNITS_MAX 1000
#define TITLE_BYTES_MAX 160
#define PAY "pay"                       /* timer: it is not paid yet */
#define PAY_MS (15 * 60 * 1000)
#define HOLD_MS (20 * 60 * 1000)        /* longer, so that it is the order that ends first */

/* ---- placing -------------------------------------------------------- */

/* What an article is and costs, and that it is for sale. */
static int
find_offer(const struct souk_view *view, const struct wanted_line *wanted, struct souk_decision *decision,
    struct offer *offer_out)
{
    struct offered_product product;
    int rc;

    if ((rc = offer_get(view, wanted->sku, offer_out)) != 0
        || (rc = offered_product_get(view, offer_out->product_id, &product)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ORDERS_UNKNOWN_ARTICLE) : rc;
    if (product.state != PRODUCT_STATE_PUBLISHED)
        return souk_refuse(decision, ORDERS_UNKNOWN_ARTICLE);
    return money_is_equal(offer_out->price, wanted->price) ? 0 : souk_refuse(decision, ORDERS_PRICE_CHANGED);
}

/* Lines with the shop's own prices; an article that comes twice is one line. */
static int
price_lines(const struct souk_view *view, const struct orders_place *command, struct souk_decision *decision,
    struct orders_placed *placed)
{
    struct order_line *lines = souk_arena_alloc(souk_view_arena(view), LINES_MAX * sizeof *lines);
    struct offer offer;
    size_t k;
    int rc;

    if (lines == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i < command->lines_count; i++) {
        const struct wanted_line *wanted = &command->lines[i];

        if ((rc = find_offer(view, wanted, decision, &offer)) != 0)
            return rc;
        for (k = 0; k < placed->lines_count && !souk_slice_equal(lines[k].sku, wanted->sku); k++)
            continue;
        if (k == placed->lines_count)
            lines[placed->lines_count++] = (struct order_line){ .product_id = offer.product_id, .sku = wanted->sku,
                .title = offer.title, .price = offer.price };
        lines[k].units += wanted->units;
        if (lines[k].units > UNITS_MAX)
            return souk_refuse(decision, ORDERS_TOO_MANY);
        if (!money_is_same_currency(offer.price, lines[0].price))
            return souk_refuse(decision, ORDERS_CURRENCIES);
        placed->total.minor += offer.price.minor * wanted->units;
        memcpy(placed->total.currency, offer.price.currency, sizeof offer.price.currency);
    }
    placed->lines = lines;
    return placed->lines_count == 0 ? souk_refuse(decision, ORDERS_NOTHING_ORDERED) : 0;
}

static int
decide_place(const struct souk_view *view, const struct orders_place *command, struct souk_decision *decision)
{
    struct orders_placed placed = { .order_id = command->order_id, .card = command->card };
    struct order order;
    int rc;

    if ((rc = people_who(decision, &placed.owner)) != 0)
        return rc;
    if ((rc = order_get(view, command->order_id, &order)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, ORDERS_ID_TAKEN) : rc;
    if ((rc = price_lines(view, command, decision, &placed)) != 0
        || (rc = emit_orders_placed(decision, &placed)) != 0)
        return rc;
    return emit_orders_addressed(decision, &(struct orders_addressed){ .order_id = command->order_id,
        .owner = placed.owner, .has_email = true, .email = command->email, .has_address = true,
        .address = command->address });
}

/* ---- ending it early ------------------------------------------------ */

static int
cancel(struct souk_decision *decision, const struct order *order, enum cancel_reason reason)
{
    return emit_orders_cancelled(decision, &(struct orders_cancelled){ .order_id = order->order_id,
        .reason = reason, .goods_taken = order->goods_taken });
}

/* Is it still on its way, so that it may be called off? */
static bool
is_open(const struct order *order)
{
    return order->state <= ORDER_STATE_PAID && !order->goods_taken;
}

static int
decide_cancel(const struct souk_view *view, const struct orders_cancel *command, struct souk_decision *decision)
{
    const bool is_staff = souk_pass_has_role(souk_decision_pass(decision), ROLE_STAFF);
    struct souk_id who;
    struct order order;
    int rc;

    if ((rc = people_who(decision, &who)) != 0)
        return rc;
    if ((rc = order_get(view, command->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ORDERS_UNKNOWN_ORDER) : rc;
    if (!souk_id_equal(order.owner, who) && !is_staff)
        return souk_refuse(decision, ORDERS_NOT_YOURS);
    if (order.state == ORDER_STATE_CANCELLED)
        return souk_accept(decision);
    if (!is_open(&order))
        return souk_refuse(decision, ORDERS_TOO_LATE);
    return cancel(decision, &order, souk_id_equal(order.owner, who) ? CANCEL_REASON_SHOPPER
        : CANCEL_REASON_SHOPKEEPER);
}

static int
react_pay_due(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct souk_id order_id;
    struct order order;
    int rc;

    if ((rc = souk_id_of(timer->key, &order_id)) != 0 || (rc = order_get(view, order_id, &order)) != 0)
        return rc;
    return cancel(decision, &order, CANCEL_REASON_TOO_LATE);
}

static int
decide_refund(const struct souk_view *view, const struct orders_refund *command, struct souk_decision *decision)
{
    struct orders_refund_decided decided = { .order_id = command->order_id, .refund_id = command->refund_id,
        .goods_return = command->goods_return, .note = command->note };
    struct order order;
    int rc;

    if ((rc = people_staff_only(decision)) != 0 || (rc = people_who(decision, &decided.by)) != 0)
        return rc;
    if ((rc = order_get(view, command->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ORDERS_UNKNOWN_ORDER) : rc;
    if (order.state != ORDER_STATE_CONFIRMED)
        return souk_refuse(decision, ORDERS_TOO_LATE);
    if (command->minor > (uint64_t)order.total.minor - order.decided)
        return souk_refuse(decision, ORDERS_TOO_MUCH);
    decided.amount = order.total;
    decided.amount.minor = (int64_t)command->minor;
    return emit_orders_refund_decided(decision, &decided);
}

/* ---- what was done for it ------------------------------------------- */

static int
get_asker(const struct souk_view *view, const struct souk_outcome *outcome, struct order *order_out)
{
    struct souk_id order_id;
    int rc = souk_id_of(outcome->key, &order_id);

    return rc != 0 ? rc : order_get(view, order_id, order_out);
}

static int
step(struct souk_decision *decision, const struct order *order, enum order_step done)
{
    return emit_orders_stepped(decision, &(struct orders_stepped){ order->order_id, done });
}

/* What leads to nothing further is written down, so that it is asked for no more. */
static int
react_done(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    static const struct {
        const char *command;
        enum order_step step;
    } steps[] = {
        { "inventory.release", ORDER_STEP_GOODS_RELEASED },
        { "inventory.take_back", ORDER_STEP_GOODS_BACK },
        { "payments.void", ORDER_STEP_MONEY_RELEASED },
        { "payments.refund", ORDER_STEP_REFUND_ASKED },
    };
    struct order order;
    int rc;

    if ((rc = get_asker(view, outcome, &order)) != 0)
        return rc;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (souk_slice_equal(outcome->command, souk_slice_of(steps[i].command)))
            return step(decision, &order, steps[i].step);
    return -SOUK_EINVAL;                        /* it is in the table of handlers, and not in this one */
}

/* ---- what inventory has done ---------------------------------------- */

static int
react_hold_outcome(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = get_asker(view, outcome, &order)) != 0)
        return rc;
    if (order.state != ORDER_STATE_PLACED)
        return step(decision, &order, ORDER_STEP_HOLD_TOO_LATE);
    return outcome->accepted ? emit_orders_reserved(decision, &(struct orders_reserved){ order.order_id })
        : cancel(decision, &order, CANCEL_REASON_SOLD_OUT);
}

/* What was not held any more was released because it took too long to pay. */
static int
react_take_outcome(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = get_asker(view, outcome, &order)) != 0)
        return rc;
    if (outcome->accepted || order.state != ORDER_STATE_PAID)
        return step(decision, &order, ORDER_STEP_GOODS_TAKEN);
    return cancel(decision, &order, CANCEL_REASON_TOO_LATE);
}

/* ---- what payments has done ----------------------------------------- */

static int
react_authorise_outcome(const struct souk_view *view, const struct souk_outcome *outcome,
    struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = get_asker(view, outcome, &order)) != 0)
        return rc;
    return outcome->accepted || order.state == ORDER_STATE_CANCELLED
        ? step(decision, &order, ORDER_STEP_PAYMENT_ASKED) : cancel(decision, &order, CANCEL_REASON_DECLINED);
}

static int
react_capture_outcome(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = get_asker(view, outcome, &order)) != 0)
        return rc;
    return outcome->accepted ? step(decision, &order, ORDER_STEP_CAPTURE_ASKED)
        : cancel(decision, &order, CANCEL_REASON_DECLINED);
}

/* The order of a payment, if it still waits for one. */
static int
get_waiting(const struct souk_view *view, struct souk_id order_id, struct order *order_out, bool *waits_out)
{
    int rc = order_get(view, order_id, order_out);

    *waits_out = rc == 0 && (order_out->state == ORDER_STATE_RESERVED
        || order_out->state == ORDER_STATE_AWAITING_STEP);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
react_authorised(const struct souk_view *view, const struct payments_authorised *event,
    struct souk_decision *decision)
{
    struct order order;
    bool waits;
    int rc = get_waiting(view, event->order_id, &order, &waits);

    return rc != 0 || !waits ? rc : emit_orders_paid(decision, &(struct orders_paid){ event->order_id });
}

static int
react_step_needed(const struct souk_view *view, const struct payments_step_needed *event,
    struct souk_decision *decision)
{
    struct order order;
    bool waits;
    int rc = get_waiting(view, event->order_id, &order, &waits);

    return rc != 0 || !waits ? rc
        : emit_orders_step_needed(decision, &(struct orders_step_needed){ event->order_id });
}

static int
react_declined(const struct souk_view *view, const struct payments_declined *event, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = order_get(view, event->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (order.state >= ORDER_STATE_CONFIRMED)
        return 0;
    return emit_orders_cancelled(decision, &(struct orders_cancelled){ .order_id = event->order_id,
        .reason = CANCEL_REASON_DECLINED, .has_decline = true, .decline = event->reason,
        .goods_taken = order.goods_taken });
}

static int
react_captured(const struct souk_view *view, const struct payments_captured *event, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = order_get(view, event->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return order.state != ORDER_STATE_PAID ? 0
        : emit_orders_confirmed(decision, &(struct orders_confirmed){ event->order_id });
}

static int
react_refunded(const struct souk_view *view, const struct payments_refunded *event, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = order_get(view, event->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return emit_orders_refunded(decision, &(struct orders_refunded){ event->order_id, event->refund_id,
        event->amount, order.returned + (uint64_t)event->amount.minor >= (uint64_t)order.total.minor });
}

/* ---- what has happened ---------------------------------------------- */

static int
apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    struct stock_line lines[LINES_MAX];
    int rc;

    assert(event->lines_count <= LINES_MAX);
    for (size_t i = 0; i < event->lines_count; i++)
        lines[i] = (struct stock_line){ event->lines[i].sku, event->lines[i].units };
    rc = order_put(tables, &(struct order){ .order_id = event->order_id, .owner = event->owner,
        .state = ORDER_STATE_PLACED, .total = event->total, .card = event->card, .lines = lines,
        .lines_count = event->lines_count });
    if (rc == 0)
        rc = souk_timer_set(tables, PAY, souk_slice_of_id(&event->order_id), souk_tables_time_ms(tables) + PAY_MS);
    return rc != 0 ? rc : souk_request(tables, "inventory", &inventory_hold_type, &(struct inventory_hold){
        .order_id = event->order_id, .lines = lines, .lines_count = event->lines_count, .hold_ms = HOLD_MS });
}

static int
set_state(struct souk_tables *tables, struct souk_id order_id, enum order_state state, struct order *order_out)
{
    int rc;

    if ((rc = order_get(souk_tables_view(tables), order_id, order_out)) != 0)
        return rc;
    order_out->state = state;
    return order_put(tables, order_out);
}

static int
apply_reserved(struct souk_tables *tables, const struct orders_reserved *event)
{
    struct order order;
    int rc = set_state(tables, event->order_id, ORDER_STATE_RESERVED, &order);

    return rc != 0 ? rc : souk_request(tables, "payments", &payments_authorise_type,
        &(struct payments_authorise){ event->order_id, order.card, order.total });
}

static int
apply_step_needed(struct souk_tables *tables, const struct orders_step_needed *event)
{
    struct order order;

    return set_state(tables, event->order_id, ORDER_STATE_AWAITING_STEP, &order);
}

static int
apply_paid(struct souk_tables *tables, const struct orders_paid *event)
{
    struct order order;
    int rc = set_state(tables, event->order_id, ORDER_STATE_PAID, &order);

    if (rc == 0)
        rc = souk_timer_clear(tables, PAY, souk_slice_of_id(&event->order_id));
    return rc != 0 ? rc : souk_request(tables, "inventory", &inventory_take_type,
        &(struct inventory_take){ event->order_id });
}

/* A step that came when the order was over already is undone. */
static int
apply_stepped(struct souk_tables *tables, const struct orders_stepped *event)
{
    struct order order;
    int rc;

    if ((rc = order_get(souk_tables_view(tables), event->order_id, &order)) != 0)
        return rc;
    if (event->step == ORDER_STEP_HOLD_TOO_LATE)
        return souk_request(tables, "inventory", &inventory_release_type,
            &(struct inventory_release){ event->order_id });
    if (event->step != ORDER_STEP_GOODS_TAKEN)
        return 0;
    if (order.state != ORDER_STATE_PAID)
        return souk_request(tables, "inventory", &inventory_take_back_type,
            &(struct inventory_take_back){ event->order_id });
    order.goods_taken = true;
    rc = order_put(tables, &order);
    return rc != 0 ? rc : souk_request(tables, "payments", &payments_capture_type,
        &(struct payments_capture){ event->order_id });
}

static int
apply_confirmed(struct souk_tables *tables, const struct orders_confirmed *event)
{
    struct order order;

    return set_state(tables, event->order_id, ORDER_STATE_CONFIRMED, &order);
}

/* Whatever may be held somewhere is let go; asking for it is harmless when nothing is. */
static int
apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event)
{
    struct order order;
    int rc = set_state(tables, event->order_id, ORDER_STATE_CANCELLED, &order);

    if (rc == 0)
        rc = souk_timer_clear(tables, PAY, souk_slice_of_id(&event->order_id));
    if (rc == 0)
        rc = event->goods_taken ? souk_request(tables, "inventory", &inventory_take_back_type,
            &(struct inventory_take_back){ event->order_id }) : souk_request(tables, "inventory",
            &inventory_release_type, &(struct inventory_release){ event->order_id });
    return rc != 0 ? rc : souk_request(tables, "payments", &payments_void_type,
        &(struct payments_void){ event->order_id });
}

static int
apply_refund_decided(struct souk_tables *tables, const struct orders_refund_decided *event)
{
    struct order order;
    int rc;

    if ((rc = order_get(souk_tables_view(tables), event->order_id, &order)) != 0)
        return rc;
    order.decided += (uint64_t)event->amount.minor;
    rc = order_put(tables, &order);
    if (rc == 0 && event->goods_return)
        rc = souk_request(tables, "inventory", &inventory_take_back_type,
            &(struct inventory_take_back){ event->order_id });
    return rc != 0 ? rc : souk_request(tables, "payments", &payments_refund_type,
        &(struct payments_refund){ event->order_id, event->refund_id, event->amount });
}

static int
apply_refunded(struct souk_tables *tables, const struct orders_refunded *event)
{
    struct order order;
    int rc;

    if ((rc = order_get(souk_tables_view(tables), event->order_id, &order)) != 0)
        return rc;
    order.returned += (uint64_t)event->amount.minor;
    if (event->is_all)
        order.state = ORDER_STATE_REFUNDED;
    return order_put(tables, &order);
}

/* ---- from catalog: what is sold, and for how much ------------------- */

static int
forget_offers(struct souk_tables *tables, struct souk_id product_id)
{
    struct offered_product before;
    int rc = offered_product_get(souk_tables_view(tables), product_id, &before);

    for (size_t i = 0; rc == 0 && i < before.articles_count; i++)
        rc = offer_delete(tables, before.articles[i].sku);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    char title[TITLE_BYTES_MAX + 1];
    int rc = forget_offers(tables, event->product_id);

    for (size_t i = 0; i < event->articles_count && rc == 0; i++) {
        const struct article *article = &event->articles[i];

        /* A title has at most 100 bytes and a variant's name 60. */
        (void)snprintf(title, sizeof title, "%.*s%s%.*s", (int)event->title.size_bytes,
            (const char *)event->title.base, article->name.size_bytes == 0 ? "" : ", ",
            (int)(article->name.size_bytes < 58 ? article->name.size_bytes : 58), (const char *)article->name.base);
        rc = offer_put(tables, &(struct offer){ article->sku, event->product_id, souk_slice_of(title),
            article->price });
    }
    return rc != 0 ? rc : offered_product_put(tables, &(struct offered_product){ .product_id = event->product_id,
        .state = event->state, .articles = event->articles, .articles_count = event->articles_count });
}

static int
set_product_state(struct souk_tables *tables, struct souk_id product_id, enum product_state state)
{
    struct offered_product product;
    int rc;

    if ((rc = offered_product_get(souk_tables_view(tables), product_id, &product)) != 0)
        return rc;
    product.state = state;
    return offered_product_put(tables, &product);
}

static int
apply_published(struct souk_tables *tables, const struct catalog_published *event)
{
    return set_product_state(tables, event->product_id, PRODUCT_STATE_PUBLISHED);
}

static int
apply_withdrawn(struct souk_tables *tables, const struct catalog_withdrawn *event)
{
    return set_product_state(tables, event->product_id, PRODUCT_STATE_WITHDRAWN);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(orders_place, decide_place),
    SOUK_DECIDE(orders_cancel, decide_cancel),
    SOUK_DECIDE(orders_refund, decide_refund),
    SOUK_REACT_TIMER(PAY, react_pay_due),
    SOUK_REACT_OUTCOME("inventory.hold", react_hold_outcome),
    SOUK_REACT_OUTCOME("inventory.take", react_take_outcome),
    SOUK_REACT_OUTCOME("inventory.release", react_done),
    SOUK_REACT_OUTCOME("inventory.take_back", react_done),
    SOUK_REACT_OUTCOME("payments.authorise", react_authorise_outcome),
    SOUK_REACT_OUTCOME("payments.capture", react_capture_outcome),
    SOUK_REACT_OUTCOME("payments.void", react_done),
    SOUK_REACT_OUTCOME("payments.refund", react_done),
    SOUK_REACT(payments_authorised, react_authorised),
    SOUK_REACT(payments_step_needed, react_step_needed),
    SOUK_REACT(payments_declined, react_declined),
    SOUK_REACT(payments_captured, react_captured),
    SOUK_REACT(payments_refunded, react_refunded),
    SOUK_APPLY(orders_placed, apply_placed),
    SOUK_APPLY(orders_reserved, apply_reserved),
    SOUK_APPLY(orders_step_needed, apply_step_needed),
    SOUK_APPLY(orders_paid, apply_paid),
    SOUK_APPLY(orders_stepped, apply_stepped),
    SOUK_APPLY(orders_confirmed, apply_confirmed),
    SOUK_APPLY(orders_cancelled, apply_cancelled),
    SOUK_APPLY(orders_refund_decided, apply_refund_decided),
    SOUK_APPLY(orders_refunded, apply_refunded),
    SOUK_APPLY(catalog_written, apply_written),
    SOUK_APPLY(catalog_published, apply_published),
    SOUK_APPLY(catalog_withdrawn, apply_withdrawn),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { ORDER_TABLE, STREAM_ORDERS },
    { OFFER_TABLE, STREAM_CATALOG },
    { OFFERED_PRODUCT_TABLE, STREAM_CATALOG },
    { 0 },
};

const struct souk_service orders_service = { .name = "orders", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&orders_service, argc, argv);
}
