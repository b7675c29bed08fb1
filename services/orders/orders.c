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

#include "carted.h"
#include "money.h"
#include "offers.h"
#include "orders.h"
#include "people.h"
#include "shop.h"

#define UNITS_MAX 1000                  /* of one article, as described */
#define TITLE_BYTES_MAX 160
#define ADOPTED_MAX 100                 /* orders of one guest who signs in: more than one browser ever makes */
#define NUMBER_FIRST 10001              /* a first order need not look like one */
#define PAY "pay"                       /* timer: it is not paid, or its goods are on the shelf still */

/* ---- placing -------------------------------------------------------- */

/* What stands on a receipt: a title has at most 100 bytes and a variant's name 58 of its 60. NULL: no memory. */
static struct souk_slice
name_article(const struct souk_view *view, const struct offer *offer)
{
    char *title = souk_arena_alloc(souk_view_arena(view), TITLE_BYTES_MAX + 1);

    if (title == NULL)
        return (struct souk_slice){ NULL, 0 };
    (void)snprintf(title, TITLE_BYTES_MAX + 1, "%.*s%s%.*s", (int)offer->title.size_bytes,
        (const char *)offer->title.base, offer->name.size_bytes == 0 ? "" : ", ",
        (int)(offer->name.size_bytes < 58 ? offer->name.size_bytes : 58), (const char *)offer->name.base);
    return souk_slice_of(title);
}

/* Another line of an order, at the shop's own price; an article that comes twice is one line. */
static int
add_line(const struct offer *offer, uint32_t units, const struct souk_view *view, struct souk_decision *decision,
    struct order_line *lines, struct orders_placed *placed)
{
    size_t k;

    for (k = 0; k < placed->lines_count && !souk_slice_equal(lines[k].sku, offer->sku); k++)
        continue;
    if (k == placed->lines_count) {
        lines[k] = (struct order_line){ .product_id = offer->product_id, .sku = offer->sku, .price = offer->price };
        if ((lines[k].title = name_article(view, offer)).base == NULL)
            return -SOUK_ENOMEM;
        placed->lines_count++;
    }
    lines[k].units += units;
    if (lines[k].units > UNITS_MAX)
        return souk_refuse(decision, ORDERS_TOO_MANY);
    if (!money_is_same_currency(offer->price, lines[0].price))
        return souk_refuse(decision, ORDERS_CURRENCIES);
    placed->total.minor += offer->price.minor * units;
    memcpy(placed->total.currency, offer->price.currency, sizeof offer->price.currency);
    return 0;
}

static int
find_offer(const struct souk_view *view, struct souk_slice sku, struct souk_decision *decision,
    struct offer *offer_out)
{
    int rc = offers_find(view, sku, offer_out);

    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ORDERS_UNKNOWN_ARTICLE) : rc;
}

/* The order is the shop's own by now: its prices, its total, its number. */
static int
emit_order(const struct souk_view *view, const struct orders_placed *placed, struct souk_slice email,
    struct address address, struct souk_decision *decision)
{
    struct orders_placed numbered = *placed;
    struct order_count orders = { .count = 0 };
    int rc = order_count_get(view, 0, &orders);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (placed->lines_count == 0)
        return souk_refuse(decision, ORDERS_NOTHING_ORDERED);
    numbered.number = NUMBER_FIRST + orders.count;
    numbered.pay_ms = (uint32_t)souk_decision_setting(decision, &orders_pay_ms_setting);
    numbered.hold_ms = (uint32_t)souk_decision_setting(decision, &orders_hold_ms_setting);
    if ((rc = emit_orders_placed(decision, &numbered)) != 0)
        return rc;
    return emit_orders_addressed(decision, &(struct orders_addressed){ .order_id = placed->order_id,
        .owner = placed->owner, .has_email = true, .email = email, .has_address = true, .address = address });
}

/* Who orders, and that the order is a new one. */
static int
begin_order(const struct souk_view *view, struct souk_id order_id, struct souk_decision *decision,
    struct orders_placed *placed)
{
    struct order order;
    int rc;

    if ((rc = people_who(decision, &placed->owner)) != 0)
        return rc;
    rc = order_get(view, order_id, &order);
    return rc == -SOUK_ENOTFOUND ? 0 : rc == 0 ? souk_refuse(decision, ORDERS_ID_TAKEN) : rc;
}

static int
decide_place(const struct souk_view *view, const struct orders_place *command, struct souk_decision *decision)
{
    struct order_line lines[CART_LINES_MAX];
    struct orders_placed placed = { .order_id = command->order_id, .card = command->card, .lines = lines };
    struct offer offer;
    int rc = begin_order(view, command->order_id, decision, &placed);

    for (size_t i = 0; i < command->lines_count && rc == 0; i++) {
        const struct wanted_line *wanted = &command->lines[i];

        if ((rc = find_offer(view, wanted->sku, decision, &offer)) != 0)
            return rc;
        if (!money_is_equal(offer.price, wanted->price))
            return souk_refuse(decision, ORDERS_PRICE_CHANGED);
        rc = add_line(&offer, wanted->units, view, decision, lines, &placed);
    }
    return rc != 0 ? rc : emit_order(view, &placed, command->email, command->address, decision);
}

/* One cart is one order, under whatever id it is sent again: pages are loaded anew, and buttons pressed twice. */
static int
check_cart(const struct souk_view *view, struct souk_id owner, uint64_t seen_version, struct souk_decision *decision)
{
    struct cart cart = { .cart_version = 0 };
    struct last_order last = { .cart_version = 0 };
    int rc;

    if (((rc = last_order_get(view, owner, &last)) != 0 && rc != -SOUK_ENOTFOUND)
        || ((rc = cart_get(view, owner, &cart)) != 0 && rc != -SOUK_ENOTFOUND))
        return rc;
    if (seen_version != 0 && seen_version <= last.cart_version)
        return souk_refuse(decision, ORDERS_CART_ORDERED);
    return seen_version == cart.cart_version ? 0 : souk_refuse(decision, ORDERS_CART_CHANGED);
}

static int
decide_check_out(const struct souk_view *view, const struct orders_check_out *command, struct souk_decision *decision)
{
    struct order_line lines[CART_LINES_MAX];
    struct in_cart cart[CART_LINES_MAX];
    struct orders_placed placed = { .order_id = command->order_id, .card = command->card, .lines = lines,
        .has_cart_version = true, .cart_version = command->cart_version };
    struct offer offer;
    size_t count;
    int rc;

    if ((rc = begin_order(view, command->order_id, decision, &placed)) != 0
        || (rc = check_cart(view, placed.owner, command->cart_version, decision)) != 0
        || (rc = carted_lines(view, placed.owner, cart, &count)) != 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        if ((rc = find_offer(view, cart[i].sku, decision, &offer)) != 0
            || (rc = add_line(&offer, cart[i].units, view, decision, lines, &placed)) != 0)
            return rc;
    if (count > 0 && !money_is_equal(placed.total, command->total))
        return souk_refuse(decision, ORDERS_PRICE_CHANGED);
    return emit_order(view, &placed, command->email, command->address, decision);
}

/* Whoever orders as a guest and signs in afterwards finds the order among their own. */
static int
react_guest_signed_in(const struct souk_view *view, const struct accounts_guest_signed_in *event,
    struct souk_decision *decision)
{
    struct owned_order owned;
    struct souk_rows *rows;
    int rc;

    if ((rc = owned_order_scan_by_owner(view, event->guest_id, &rows)) != 0)
        return rc;
    for (unsigned i = 0; i < ADOPTED_MAX && (rc = owned_order_next(view, rows, &owned)) == 0; i++)
        if ((rc = emit_orders_adopted(decision, &(struct orders_adopted){ owned.order_id, event->person_id })) != 0)
            break;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Orders stay: what was sold, and for how much. To whom is forgotten, also where a guest has ordered. */
static int
react_left(const struct souk_view *view, const struct accounts_left *event, struct souk_decision *decision)
{
    struct former_guest guest;
    struct souk_rows *rows;
    int rc;

    if ((rc = emit_orders_erased(decision, &(struct orders_erased){ event->person_id })) != 0
        || (rc = former_guest_scan_by_person_id(view, event->person_id, &rows)) != 0)
        return rc;
    while ((rc = former_guest_next(view, rows, &guest)) == 0)
        if ((rc = emit_orders_erased(decision, &(struct orders_erased){ guest.guest_id })) != 0)
            break;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* ---- ending it early ------------------------------------------------ */

static int
emit_cancelled(struct souk_decision *decision, const struct order *order, const struct orders_cancelled *why)
{
    struct orders_cancelled cancelled = *why;

    cancelled.order_id = order->order_id;
    cancelled.owner = order->owner;
    cancelled.goods_taken = order->goods_taken;
    if (order->is_of_cart) {
        cancelled.cart = order->lines;
        cancelled.cart_count = order->lines_count;
    }
    return emit_orders_cancelled(decision, &cancelled);
}

static int
cancel(struct souk_decision *decision, const struct order *order, enum cancel_reason reason)
{
    return emit_cancelled(decision, order, &(struct orders_cancelled){ .reason = reason });
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
    const bool is_staff = people_is_staff(souk_decision_pass(decision));
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
    if (souk_id_equal(order.owner, who))
        return cancel(decision, &order, CANCEL_REASON_SHOPPER);
    return emit_cancelled(decision, &order, &(struct orders_cancelled){ .reason = CANCEL_REASON_SHOPKEEPER,
        .has_by = true, .by = who });
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
    return outcome->accepted ? emit_orders_reserved(decision, &(struct orders_reserved){ order.order_id,
        true, order.owner })
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

    return rc != 0 || !waits ? rc : emit_orders_paid(decision, &(struct orders_paid){ event->order_id,
        true, order.owner });
}

static int
react_step_needed(const struct souk_view *view, const struct payments_step_needed *event,
    struct souk_decision *decision)
{
    struct order order;
    bool waits;
    int rc = get_waiting(view, event->order_id, &order, &waits);

    return rc != 0 || !waits ? rc
        : emit_orders_step_needed(decision, &(struct orders_step_needed){ event->order_id, true, order.owner });
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
    return emit_cancelled(decision, &order, &(struct orders_cancelled){ .reason = CANCEL_REASON_DECLINED,
        .has_decline = true, .decline = event->reason });
}

static int
react_captured(const struct souk_view *view, const struct payments_captured *event, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = order_get(view, event->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return order.state != ORDER_STATE_PAID ? 0
        : emit_orders_confirmed(decision, &(struct orders_confirmed){ event->order_id, true, order.owner });
}

static int
react_refunded(const struct souk_view *view, const struct payments_refunded *event, struct souk_decision *decision)
{
    struct order order;
    int rc;

    if ((rc = order_get(view, event->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return emit_orders_refunded(decision, &(struct orders_refunded){ event->order_id, event->refund_id,
        event->amount, order.returned + (uint64_t)event->amount.minor >= (uint64_t)order.total.minor, true,
        order.owner });
}

/* ---- what has happened ---------------------------------------------- */

static int
apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    struct stock_line lines[CART_LINES_MAX];
    int rc;

    assert(event->lines_count <= CART_LINES_MAX);
    for (size_t i = 0; i < event->lines_count; i++)
        lines[i] = (struct stock_line){ event->lines[i].sku, event->lines[i].units };
    rc = order_put(tables, &(struct order){ .order_id = event->order_id, .owner = event->owner,
        .state = ORDER_STATE_PLACED, .total = event->total, .card = event->card, .lines = lines,
        .lines_count = event->lines_count, .is_of_cart = event->has_cart_version, .number = event->number });
    if (rc == 0)
        rc = order_count_put(tables, &(struct order_count){ 0, event->number - NUMBER_FIRST + 1 });
    if (rc == 0)
        rc = owned_order_put(tables, &(struct owned_order){ event->owner, event->order_id });
    if (rc == 0 && event->has_cart_version)
        rc = last_order_put(tables, &(struct last_order){ event->owner, event->cart_version });
    if (rc == 0)
        rc = souk_timer_set(tables, PAY, souk_slice_of_id(&event->order_id), souk_tables_time_ms(tables) + event->pay_ms);
    return rc != 0 ? rc : souk_request(tables, "inventory", &inventory_hold_type, &(struct inventory_hold){
        .order_id = event->order_id, .lines = lines, .lines_count = event->lines_count, .hold_ms = event->hold_ms });
}

static int
apply_adopted(struct souk_tables *tables, const struct orders_adopted *event)
{
    struct order order;
    int rc;

    if ((rc = order_get(souk_tables_view(tables), event->order_id, &order)) != 0
        || (rc = owned_order_delete(tables, order.owner, event->order_id)) != 0)
        return rc;
    rc = former_guest_put(tables, &(struct former_guest){ event->owner, order.owner });
    order.owner = event->owner;
    if (rc == 0)
        rc = order_put(tables, &order);
    return rc != 0 ? rc : owned_order_put(tables, &(struct owned_order){ event->owner, event->order_id });
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
    if (rc == 0)
        rc = souk_timer_clear(tables, PAY, souk_slice_of_id(&event->order_id));
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

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(orders_place, decide_place),
    SOUK_DECIDE(orders_check_out, decide_check_out),
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
    SOUK_REACT(accounts_guest_signed_in, react_guest_signed_in),
    SOUK_REACT(accounts_left, react_left),
    SOUK_REACT(payments_authorised, react_authorised),
    SOUK_REACT(payments_step_needed, react_step_needed),
    SOUK_REACT(payments_declined, react_declined),
    SOUK_REACT(payments_captured, react_captured),
    SOUK_REACT(payments_refunded, react_refunded),
    SOUK_APPLY(orders_placed, apply_placed),
    SOUK_APPLY(orders_adopted, apply_adopted),
    SOUK_APPLY(orders_reserved, apply_reserved),
    SOUK_APPLY(orders_step_needed, apply_step_needed),
    SOUK_APPLY(orders_paid, apply_paid),
    SOUK_APPLY(orders_stepped, apply_stepped),
    SOUK_APPLY(orders_confirmed, apply_confirmed),
    SOUK_APPLY(orders_cancelled, apply_cancelled),
    SOUK_APPLY(orders_refund_decided, apply_refund_decided),
    SOUK_APPLY(orders_refunded, apply_refunded),
    SOUK_APPLY(carts_filled, carted_apply_filled),
    CARTED_HANDLERS,
    OFFERS_HANDLERS,
    ORDERS_DESTINATION_HANDLERS,
    { 0 },
};

static const struct souk_table_def tables[] = {
    { ORDER_TABLE, STREAM_ORDERS },
    { OWNED_ORDER_TABLE, STREAM_ORDERS },
    { FORMER_GUEST_TABLE, STREAM_ORDERS },
    { LAST_ORDER_TABLE, STREAM_ORDERS },
    { ORDER_COUNT_TABLE, STREAM_ORDERS },
    CARTED_TABLES,
    OFFERS_TABLES,
    ORDERS_DESTINATION_TABLES,
    { 0 },
};

static const struct souk_setting *const settings[] = { &orders_pay_ms_setting, &orders_hold_ms_setting, NULL };

const struct souk_service orders_service = { .name = "orders", .version = 5, .handlers = handlers,
    .tables = tables, .settings = settings };

int
main(int argc, char **argv)
{
    return souk_service_main(&orders_service, argc, argv);
}
