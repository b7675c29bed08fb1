#include "carted.h"

int
carted_lines(const struct souk_view *view, struct souk_id owner, struct in_cart lines_out[CART_LINES_MAX],
    size_t *count_out)
{
    struct souk_rows *rows;
    size_t count = 0;
    int rc;

    if ((rc = in_cart_scan_by_owner(view, owner, &rows)) != 0)
        return rc;
    while (count < CART_LINES_MAX && (rc = in_cart_next(view, rows, &lines_out[count])) == 0)
        count++;
    souk_rows_close(&rows);
    *count_out = count;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Whoever keeps a copy of the cart can name the state that was looked at. */
static int
note_change(struct souk_tables *tables, struct souk_id owner)
{
    return cart_put(tables, &(struct cart){ owner, souk_tables_event(tables).number });
}

int
carted_apply_filled(struct souk_tables *tables, const struct carts_filled *event)
{
    struct in_cart line = { .since_ms = souk_tables_time_ms(tables) };
    int rc = in_cart_get(souk_tables_view(tables), event->owner, event->sku, &line);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    line = (struct in_cart){ event->owner, event->sku, event->units, event->price, line.since_ms };
    rc = in_cart_put(tables, &line);
    return rc != 0 ? rc : note_change(tables, event->owner);
}

int
carted_apply_removed(struct souk_tables *tables, const struct carts_removed *event)
{
    int rc = in_cart_delete(tables, event->owner, event->sku);

    return rc != 0 ? rc : note_change(tables, event->owner);
}

/* Units that came after the click stay. */
int
carted_apply_ordered(struct souk_tables *tables, const struct carts_ordered *event)
{
    struct in_cart line;
    int rc = 0;

    for (size_t i = 0; i < event->lines_count && rc == 0; i++) {
        if ((rc = in_cart_get(souk_tables_view(tables), event->owner, event->lines[i].sku, &line)) == 0) {
            const bool is_more = line.units > event->lines[i].units;

            line.units -= is_more ? event->lines[i].units : 0;
            rc = is_more ? in_cart_put(tables, &line) : in_cart_delete(tables, event->owner, line.sku);
        }
        if (rc == -SOUK_ENOTFOUND)              /* it was taken out after the click */
            rc = 0;
    }
    return rc != 0 ? rc : note_change(tables, event->owner);
}

/* Rows cannot be deleted under a walk over them. */
static int
empty_cart(struct souk_tables *tables, struct souk_id owner)
{
    struct in_cart lines[CART_LINES_MAX];
    size_t count;
    int rc = carted_lines(souk_tables_view(tables), owner, lines, &count);

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = in_cart_delete(tables, owner, lines[i].sku);
    return rc != 0 ? rc : cart_delete(tables, owner);
}

int
carted_apply_merged(struct souk_tables *tables, const struct carts_merged *event)
{
    int rc = empty_cart(tables, event->guest_id);

    return rc != 0 ? rc : note_change(tables, event->owner);
}

int
carted_apply_expired(struct souk_tables *tables, const struct carts_expired *event)
{
    return empty_cart(tables, event->owner);
}
