/*
 * inventory - how much there is of each article, and for whom it is held.
 * Every change is an event with a reason, so what is on the shelf is the sum
 * of what has happened. Orders hold all of their lines or none; a hold that
 * nobody pays for in time ends by itself.
 */
#include "services.h"

#include "people.h"
#include "shop.h"

#define ON_HAND_MAX 1000000             /* of one article */
#define HOLD "hold"                     /* timer: it is not paid yet */

static struct souk_slice
nothing(void)
{
    return souk_slice_of("");
}

/* ---- shelves -------------------------------------------------------- */

/* An article that is sold and that nobody has counted yet: there is none of it. */
static int
get_stock(const struct souk_view *view, struct souk_slice sku, struct stock *stock_out)
{
    struct known_article known;
    int rc;

    if ((rc = stock_get(view, sku, stock_out)) != -SOUK_ENOTFOUND || (rc = known_article_get(view, sku, &known)) != 0)
        return rc;
    *stock_out = (struct stock){ .sku = sku };
    return 0;
}

static int
get_shelf(const struct souk_view *view, struct souk_slice sku, struct souk_decision *decision,
    struct stock *stock_out, struct souk_id *by_out)
{
    int rc = people_staff(decision, by_out);

    if (rc != 0)
        return rc;
    rc = get_stock(view, sku, stock_out);
    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, INVENTORY_UNKNOWN_ARTICLE) : rc;
}

static int
decide_receive(const struct souk_view *view, const struct inventory_receive *command, struct souk_decision *decision)
{
    struct stock stock;
    struct souk_id by;
    int rc;

    if ((rc = get_shelf(view, command->sku, decision, &stock, &by)) != 0)
        return rc;
    if (stock.on_hand > ON_HAND_MAX - command->units)
        return souk_refuse(decision, INVENTORY_TOO_MANY);
    return emit_inventory_changed(decision, &(struct inventory_changed){ .sku = command->sku,
        .on_hand = stock.on_hand + command->units, .held = stock.held, .reason = STOCK_REASON_RECEIVED,
        .units = command->units, .note = command->note, .has_by = true, .by = by });
}

static int
decide_count(const struct souk_view *view, const struct inventory_count *command, struct souk_decision *decision)
{
    struct stock stock;
    struct souk_id by;
    int rc;

    if ((rc = get_shelf(view, command->sku, decision, &stock, &by)) != 0)
        return rc;
    if (command->on_hand < stock.held)
        return souk_refuse(decision, INVENTORY_TOO_FEW);
    if (command->on_hand == stock.on_hand)
        return souk_accept(decision);
    return emit_inventory_changed(decision, &(struct inventory_changed){ .sku = command->sku,
        .on_hand = command->on_hand, .held = stock.held,
        .reason = command->damaged && command->on_hand < stock.on_hand ? STOCK_REASON_DAMAGED : STOCK_REASON_COUNTED,
        .units = command->on_hand > stock.on_hand ? command->on_hand - stock.on_hand
            : stock.on_hand - command->on_hand,
        .note = command->note, .has_by = true, .by = by });
}

/* ---- holds ---------------------------------------------------------- */

static bool
are_same(const struct hold *hold, const struct inventory_hold *command)
{
    bool same = hold->lines_count == command->lines_count;

    for (size_t i = 0; i < command->lines_count && same; i++)
        same = souk_slice_equal(hold->lines[i].sku, command->lines[i].sku)
            && hold->lines[i].units == command->lines[i].units;
    return same;
}

static int
decide_hold(const struct souk_view *view, const struct inventory_hold *command, struct souk_decision *decision)
{
    const struct stock_line *line;
    struct stock stock;
    struct hold hold;
    int rc;

    if ((rc = hold_get(view, command->order_id, &hold)) == 0)
        return are_same(&hold, command) ? souk_accept(decision) : souk_refuse(decision, INVENTORY_HELD_ALREADY);
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    for (line = command->lines; line < command->lines + command->lines_count; line++) {
        for (const struct stock_line *before = command->lines; before < line; before++)
            if (souk_slice_equal(before->sku, line->sku))
                return souk_refuse(decision, INVENTORY_LINE_TWICE);
        if ((rc = get_stock(view, line->sku, &stock)) != 0)
            return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, INVENTORY_UNKNOWN_ARTICLE) : rc;
        if (stock.on_hand - stock.held < line->units)
            return souk_refuse(decision, INVENTORY_SOLD_OUT);
        rc = emit_inventory_changed(decision, &(struct inventory_changed){ .sku = line->sku,
            .on_hand = stock.on_hand, .held = stock.held + line->units, .reason = STOCK_REASON_HELD,
            .units = line->units, .note = nothing(), .has_order_id = true, .order_id = command->order_id });
        if (rc != 0)
            return rc;
    }
    return emit_inventory_held(decision, &(struct inventory_held){ .order_id = command->order_id,
        .lines = command->lines, .lines_count = command->lines_count,
        .expires_ms = souk_decision_now_ms(decision) + command->hold_ms });
}

/* What a hold does to the shelves when it ends: `held` and `on_hand` units less of each line, or more. */
static int
move(const struct souk_view *view, const struct hold *hold, enum stock_reason reason, struct souk_decision *decision)
{
    const struct stock_line *line;
    struct stock stock;
    int rc;

    for (line = hold->lines; line < hold->lines + hold->lines_count; line++) {
        if ((rc = stock_get(view, line->sku, &stock)) != 0)
            return rc;
        if (reason == STOCK_REASON_RETURNED)
            stock.on_hand += line->units;
        else
            stock.held -= line->units;
        if (reason == STOCK_REASON_TAKEN)
            stock.on_hand -= line->units;
        rc = emit_inventory_changed(decision, &(struct inventory_changed){ .sku = line->sku,
            .on_hand = stock.on_hand, .held = stock.held, .reason = reason, .units = line->units,
            .note = nothing(), .has_order_id = true, .order_id = hold->order_id });
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int
release(const struct souk_view *view, struct souk_id order_id, enum release_reason reason,
    struct souk_decision *decision)
{
    struct hold hold;
    int rc;

    if ((rc = hold_get(view, order_id, &hold)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    if (hold.is_taken)
        return souk_accept(decision);
    rc = move(view, &hold, STOCK_REASON_RELEASED, decision);
    return rc != 0 ? rc : emit_inventory_released(decision, &(struct inventory_released){ order_id, reason });
}

static int
decide_release(const struct souk_view *view, const struct inventory_release *command, struct souk_decision *decision)
{
    return release(view, command->order_id, RELEASE_REASON_CANCELLED, decision);
}

static int
react_hold_due(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct souk_id order_id;
    int rc = souk_id_of(timer->key, &order_id);

    return rc != 0 ? rc : release(view, order_id, RELEASE_REASON_EXPIRED, decision);
}

static int
decide_take(const struct souk_view *view, const struct inventory_take *command, struct souk_decision *decision)
{
    struct hold hold;
    int rc;

    if ((rc = hold_get(view, command->order_id, &hold)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, INVENTORY_NOT_HELD) : rc;
    if (hold.is_taken)
        return souk_accept(decision);
    rc = move(view, &hold, STOCK_REASON_TAKEN, decision);
    return rc != 0 ? rc : emit_inventory_taken(decision, &(struct inventory_taken){ command->order_id });
}

static int
decide_take_back(const struct souk_view *view, const struct inventory_take_back *command,
    struct souk_decision *decision)
{
    struct hold hold;
    int rc;

    if ((rc = hold_get(view, command->order_id, &hold)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    if (!hold.is_taken)
        return souk_accept(decision);
    rc = move(view, &hold, STOCK_REASON_RETURNED, decision);
    return rc != 0 ? rc : emit_inventory_taken_back(decision, &(struct inventory_taken_back){ command->order_id });
}

/* ---- what has happened ---------------------------------------------- */

static int
apply_changed(struct souk_tables *tables, const struct inventory_changed *event)
{
    return stock_put(tables, &(struct stock){ event->sku, event->on_hand, event->held });
}

static int
apply_held(struct souk_tables *tables, const struct inventory_held *event)
{
    int rc = hold_put(tables, &(struct hold){ .order_id = event->order_id, .lines = event->lines,
        .lines_count = event->lines_count });

    return rc != 0 ? rc : souk_timer_set(tables, HOLD, souk_slice_of_id(&event->order_id), event->expires_ms);
}

static int
apply_released(struct souk_tables *tables, const struct inventory_released *event)
{
    int rc = hold_delete(tables, event->order_id);

    return rc != 0 ? rc : souk_timer_clear(tables, HOLD, souk_slice_of_id(&event->order_id));
}

static int
apply_taken(struct souk_tables *tables, const struct inventory_taken *event)
{
    struct hold hold;
    int rc;

    if ((rc = hold_get(souk_tables_view(tables), event->order_id, &hold)) != 0)
        return rc;
    hold.is_taken = true;
    rc = hold_put(tables, &hold);
    return rc != 0 ? rc : souk_timer_clear(tables, HOLD, souk_slice_of_id(&event->order_id));
}

static int
apply_taken_back(struct souk_tables *tables, const struct inventory_taken_back *event)
{
    return hold_delete(tables, event->order_id);
}

/* From catalog: what is sold, and so may be in stock. */
static int
apply_written(struct souk_tables *tables, const struct catalog_written *event)
{
    int rc = 0;

    for (size_t i = 0; i < event->articles_count && rc == 0; i++)
        rc = known_article_put(tables, &(struct known_article){ event->articles[i].sku });
    return rc;
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(inventory_receive, decide_receive),
    SOUK_DECIDE(inventory_count, decide_count),
    SOUK_DECIDE(inventory_hold, decide_hold),
    SOUK_DECIDE(inventory_release, decide_release),
    SOUK_DECIDE(inventory_take, decide_take),
    SOUK_DECIDE(inventory_take_back, decide_take_back),
    SOUK_REACT_TIMER(HOLD, react_hold_due),
    SOUK_APPLY(inventory_changed, apply_changed),
    SOUK_APPLY(inventory_held, apply_held),
    SOUK_APPLY(inventory_released, apply_released),
    SOUK_APPLY(inventory_taken, apply_taken),
    SOUK_APPLY(inventory_taken_back, apply_taken_back),
    SOUK_APPLY(catalog_written, apply_written),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { STOCK_TABLE, STREAM_INVENTORY },
    { HOLD_TABLE, STREAM_INVENTORY },
    { KNOWN_ARTICLE_TABLE, STREAM_CATALOG },
    { 0 },
};

const struct souk_service inventory_service = { .name = "inventory", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&inventory_service, argc, argv);
}
