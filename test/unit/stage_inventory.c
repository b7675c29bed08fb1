#include "stage_inventory.h"

#include "stage.h"

#define TIMER_HOLD "hold"
#define SUPPLIED_UNITS 100              /* that are asked for when nothing is left */

static int reserve(const struct souk_view *view, struct souk_id order_id, struct souk_slice sku, uint32_t units,
    const char **refusal_out, struct souk_decision *decision);
static int release(const struct souk_view *view, struct souk_id order_id, enum release_reason reason,
    struct souk_decision *decision);

static struct souk_slice
key_of(const struct souk_id *id)
{
    return (struct souk_slice){ id->bytes, sizeof id->bytes };
}

static int
id_of(struct souk_slice key, struct souk_id *id_out)
{
    if (key.size_bytes != sizeof id_out->bytes)
        return -SOUK_EHANDLER;
    for (size_t i = 0; i < sizeof id_out->bytes; i++)
        id_out->bytes[i] = ((const uint8_t *)key.base)[i];
    return 0;
}

/* ---- commands ------------------------------------------------------- */

static int
decide_receive(const struct souk_view *view, const struct inventory_receive *command, struct souk_decision *decision)
{
    int rc = emit_inventory_received(decision, &(struct inventory_received){ .sku = command->sku,
        .units = command->units });

    if (rc != 0 || !command->has_cost)
        return rc;
    return emit_inventory_bought(decision, &(struct inventory_bought){ .sku = command->sku, .cost = command->cost });
}

/* A page that got no reply asks again: an order that has its hold is told so, and no more. */
static int
decide_reserve(const struct souk_view *view, const struct inventory_reserve *command, struct souk_decision *decision)
{
    const char *refusal = NULL;
    int rc;

    if (command->units == 0 || command->units > STAGE_UNITS_MAX)
        return souk_refuse(decision, INVENTORY_BAD_UNITS);
    rc = reserve(view, command->order_id, command->sku, command->units, &refusal, decision);
    return rc == 0 && refusal != NULL ? souk_refuse(decision, refusal) : rc;
}

static int
decide_describe(const struct souk_view *view, const struct inventory_describe *command,
    struct souk_decision *decision)
{
    return emit_inventory_described(decision, &(struct inventory_described){
        .sku = command->sku,
        .title = command->title,
        .tags_count = command->tags_count,
        .tags = command->tags,
        .has_package = command->has_package,
        .package = command->package,
        .variants_count = command->variants_count,
        .variants = command->variants,
        .reason = command->reason,
        .fragile = command->fragile,
        .price = command->price,
        .deposit = command->deposit,
        .serial = command->serial,
        .since_ms = command->since_ms,
        .similar_ids_count = command->similar_ids_count,
        .similar_ids = command->similar_ids,
        .photo = command->photo,
    });
}

/* ---- reactions ------------------------------------------------------ */

/* An order for what was never here is a fault of somebody: it is parked and waits for the goods. */
static int
react_placed(const struct souk_view *view, const struct orders_placed *event, struct souk_decision *decision)
{
    const char *refusal = NULL;
    int rc = reserve(view, event->order_id, event->sku, event->units, &refusal, decision);

    if (rc == 0 && refusal != NULL)
        return souk_slice_equal(souk_slice_of(refusal), souk_slice_of(INVENTORY_UNKNOWN_SKU))
            ? souk_fault(view, SOUK_EHANDLER, "no article %.*s", (int)event->sku.size_bytes,
                (const char *)event->sku.base) : 0;
    return rc;
}

static int
react_cancelled(const struct souk_view *view, const struct orders_cancelled *event, struct souk_decision *decision)
{
    return release(view, event->order_id, RELEASE_REASON_CANCELLED, decision);
}

static int
react_rewound(const struct souk_view *view, const struct souk_rewound *rewound, struct souk_decision *decision)
{
    struct souk_id order_id;
    int rc;

    if (!souk_slice_equal(rewound->type, souk_slice_of(inventory_reserved_type.name)))
        return 0;
    rc = id_of(rewound->key, &order_id);
    return rc != 0 ? rc : release(view, order_id, RELEASE_REASON_LOST, decision);
}

static int
react_hold(const struct souk_view *view, const struct souk_timer *timer, struct souk_decision *decision)
{
    struct souk_id order_id;
    int rc = id_of(timer->key, &order_id);

    return rc != 0 ? rc : release(view, order_id, RELEASE_REASON_EXPIRED, decision);
}

static int
react_supplied(const struct souk_view *view, const struct souk_outcome *outcome, struct souk_decision *decision)
{
    if (outcome->accepted)
        return emit_inventory_promised(decision, &(struct inventory_promised){ .sku = outcome->key });
    return emit_inventory_abandoned(decision, &(struct inventory_abandoned){ .sku = outcome->key,
        .code = outcome->refusal });
}

/* ---- tables --------------------------------------------------------- */

static int
apply_received(struct souk_tables *tables, const struct inventory_received *event)
{
    struct article article = { .sku = event->sku };
    int rc = article_get(souk_tables_view(tables), event->sku, &article);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    article.units_on_hand += event->units;
    return article_put(tables, &article);
}

static int
apply_bought(struct souk_tables *tables, const struct inventory_bought *event)
{
    return cost_put(tables, &(struct cost){ .sku = event->sku, .cost = event->cost });
}

static int
apply_reserved(struct souk_tables *tables, const struct inventory_reserved *event)
{
    struct article article;
    int rc;

    if ((rc = article_get(souk_tables_view(tables), event->sku, &article)) != 0)
        return rc;
    article.units_held += event->units;
    if ((rc = article_put(tables, &article)) != 0)
        return rc;
    rc = hold_put(tables, &(struct hold){ .order_id = event->order_id, .sku = event->sku, .units = event->units });
    if (rc != 0)
        return rc;
    if ((rc = souk_touch(tables, "unmet", key_of(&event->order_id))) != 0)
        return rc;
    return souk_timer_set(tables, TIMER_HOLD, key_of(&event->order_id), event->expires_ms);
}

static int
apply_released(struct souk_tables *tables, const struct inventory_released *event)
{
    struct article article;
    int rc;

    if ((rc = article_get(souk_tables_view(tables), event->sku, &article)) != 0)
        return rc;
    article.units_held -= event->units;
    if ((rc = article_put(tables, &article)) != 0)
        return rc;
    if ((rc = hold_delete(tables, event->order_id)) != 0)
        return rc;
    if ((rc = souk_touch(tables, "unmet", key_of(&event->order_id))) != 0)
        return rc;
    return souk_timer_clear(tables, TIMER_HOLD, key_of(&event->order_id));
}

static int
apply_ran_out(struct souk_tables *tables, const struct inventory_ran_out *event)
{
    return request_suppliers_order(tables, &(struct suppliers_order){ .sku = event->sku, .units = SUPPLIED_UNITS });
}

static int
apply_placed(struct souk_tables *tables, const struct orders_placed *event)
{
    int rc = wish_put(tables, &(struct wish){ .order_id = event->order_id, .sku = event->sku });

    return rc != 0 ? rc : souk_touch(tables, "unmet", key_of(&event->order_id));
}

static int
apply_cancelled(struct souk_tables *tables, const struct orders_cancelled *event)
{
    int rc = wish_delete(tables, event->order_id);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    return souk_touch(tables, "unmet", key_of(&event->order_id));
}

static int
index_unmet(const struct souk_view *view, struct souk_slice entity, struct souk_index_rows *rows)
{
    struct souk_id order_id;
    struct wish wish;
    struct hold hold;
    int rc;

    if ((rc = id_of(entity, &order_id)) != 0)
        return rc;
    if ((rc = wish_get(view, order_id, &wish)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    rc = hold_get(view, order_id, &hold);
    if (rc != -SOUK_ENOTFOUND)
        return rc;
    return unmet_index(rows, &(struct unmet){ .sku = wish.sku, .order_id = order_id });
}

/* ---- queries -------------------------------------------------------- */

static int
answer_article(const struct souk_view *view, const struct inventory_article *query, struct souk_answer *answer)
{
    struct inventory_article_reply reply = { .units_on_hand = 0 };
    struct article article;
    struct cost cost;
    int rc;

    if ((rc = article_get(view, query->sku, &article)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, INVENTORY_UNKNOWN_SKU) : rc;
    rc = cost_get(view, query->sku, &cost);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    reply.units_on_hand = article.units_on_hand;
    reply.units_held = article.units_held;
    if ((reply.has_cost = rc == 0))
        reply.cost = cost.cost;
    return answer_inventory_article(answer, &reply);
}

static int
answer_wanted(const struct souk_view *view, const struct inventory_wanted *query, struct souk_answer *answer)
{
    struct souk_id orders[100];
    struct inventory_wanted_reply reply = { .orders = orders };
    struct souk_rows *rows;
    struct unmet unmet;
    int rc;

    if ((rc = unmet_scan_by_sku(view, query->sku, &rows)) != 0)
        return rc;
    while (reply.orders_count < sizeof orders / sizeof orders[0] && (rc = unmet_next(view, rows, &unmet)) == 0)
        orders[reply.orders_count++] = unmet.order_id;
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_inventory_wanted(answer, &reply);
}

/* ---- file-local ----------------------------------------------------- */

static int
reserve(const struct souk_view *view, struct souk_id order_id, struct souk_slice sku, uint32_t units,
    const char **refusal_out, struct souk_decision *decision)
{
    struct article article;
    struct hold hold;
    int rc;

    if ((rc = hold_get(view, order_id, &hold)) != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = article_get(view, sku, &article)) == -SOUK_ENOTFOUND) {
        *refusal_out = INVENTORY_UNKNOWN_SKU;
        return 0;
    }
    if (rc != 0)
        return rc;
    if (units > article.units_on_hand - article.units_held) {
        *refusal_out = INVENTORY_SOLD_OUT;
        return 0;
    }
    rc = emit_inventory_reserved(decision, &(struct inventory_reserved){ .order_id = order_id, .sku = sku,
        .units = units, .expires_ms = souk_decision_now_ms(decision) + STAGE_HOLD_MS });
    if (rc != 0 || units < article.units_on_hand - article.units_held)
        return rc;
    return emit_inventory_ran_out(decision, &(struct inventory_ran_out){ .sku = sku,
        .call_id = souk_decision_new_id(decision) });
}

static int
release(const struct souk_view *view, struct souk_id order_id, enum release_reason reason,
    struct souk_decision *decision)
{
    struct hold hold;
    int rc;

    if ((rc = hold_get(view, order_id, &hold)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return emit_inventory_released(decision, &(struct inventory_released){ .order_id = order_id, .sku = hold.sku,
        .units = hold.units, .reason = reason });
}

/* ---- the service ---------------------------------------------------- */

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(inventory_receive, decide_receive),
    SOUK_DECIDE(inventory_reserve, decide_reserve),
    SOUK_DECIDE(inventory_describe, decide_describe),
    SOUK_REACT(orders_placed, react_placed),
    SOUK_REACT(orders_cancelled, react_cancelled),
    SOUK_REACT_REWOUND("orders", react_rewound),
    SOUK_REACT_TIMER(TIMER_HOLD, react_hold),
    SOUK_REACT_OUTCOME("suppliers.order", react_supplied),
    SOUK_APPLY(inventory_received, apply_received),
    SOUK_APPLY(inventory_bought, apply_bought),
    SOUK_APPLY(inventory_reserved, apply_reserved),
    SOUK_APPLY(inventory_released, apply_released),
    SOUK_APPLY(inventory_ran_out, apply_ran_out),
    SOUK_APPLY(orders_placed, apply_placed),
    SOUK_APPLY(orders_cancelled, apply_cancelled),
    SOUK_ANSWER(inventory_article, answer_article),
    SOUK_ANSWER(inventory_wanted, answer_wanted),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { "articles", STREAM_INVENTORY },
    { "holds", STREAM_INVENTORY },
    { "costs", STREAM_INVENTORY_PRIVATE },
    { "wishes", STREAM_ORDERS },
    { 0 },
};

static const struct souk_index_def indexes[] = {
    { "unmet", index_unmet },
    { 0 },
};

const struct souk_service stage_inventory = {
    .name = "inventory",
    .version = 1,
    .handlers = handlers,
    .tables = tables,
    .indexes = indexes,
};
