#include "souk_recorder_parts.h"

#include "souk_positions.h"

#define NAME_BYTES (SOUK_NAME_BYTES_MAX + 1)

static int order_next(struct souk_recorder *recorder, struct recorder_kept *kept, bool stuck, bool *moved_out);
static int is_ordered(struct souk_recorder *recorder, struct recorder_kept *waits,
    const struct souk_batch_header *header, bool stuck, bool *ordered_out);

/* Log positions belong to one incarnation: all of them are given anew. */
int
recorder_forget_order(struct souk_recorder *recorder)
{
    int rc;

    if (((rc = souk_txn_drop(recorder->txn, RECORDER_TABLE_ORDERED)) != 0 && rc != -SOUK_ENOTFOUND)
        || ((rc = souk_txn_drop(recorder->txn, SOUK_POSITIONS_TABLE)) != 0 && rc != -SOUK_ENOTFOUND))
        return rc;
    for (uint32_t i = 0; i < recorder->kept_count; i++) {
        recorder->kept[i].ordered = recorder->kept[i].base;
        recorder->kept[i].held_by = NULL;
    }
    recorder->log_position = 0;
    return 0;
}

int
recorder_order(struct souk_recorder *recorder)
{
    bool moved = true, stuck = false;
    uint32_t left = RECORDER_ROUND_BATCHES_MAX;
    int rc;

    while (left != 0 && (moved || !stuck)) {
        stuck = !moved;
        moved = false;
        for (uint32_t i = 0; i < recorder->kept_count; i++) {
            bool next = true;

            while (next && left != 0 && !(stuck && moved)) {
                if ((rc = order_next(recorder, &recorder->kept[i], stuck, &next)) != 0)
                    return rc;
                moved |= next;
                left -= next;
            }
        }
    }
    if (left == 0)
        recorder->again = true;
    return 0;
}

static int
order_next(struct souk_recorder *recorder, struct recorder_kept *kept, bool stuck, bool *moved_out)
{
    const struct souk_point head = souk_point_of(&kept->head);
    uint8_t place[SOUK_POSITIONS_PLACE_BYTES], position[8];
    struct souk_table positions, ordered;
    struct souk_batch_header header;
    struct souk_position end;
    struct souk_point point;
    struct souk_slice batch;
    bool ready;
    int rc;

    *moved_out = false;
    if (souk_point_equal(head, kept->ordered))
        return 0;
    if (kept->held_by != NULL && !stuck && !souk_point_satisfied(kept->lacks.point, kept->held_by->ordered)) {
        souk_feeds_wait_for(&recorder->feeds, &kept->lacks, recorder->now);
        return 0;
    }
    kept->held_by = NULL;
    rc = souk_log_after(recorder->txn, &kept->log, kept->ordered, &batch);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (souk_batch_peek(batch, &header) != 0)
        return -SOUK_EDAMAGED;
    if ((rc = is_ordered(recorder, kept, &header, stuck, &ready)) != 0)
        return rc;
    if (!ready && !SOUK_PLANTED_BUG(POSITION_BEFORE_CAUSES))
        return 0;
    end = souk_batch_end(&header);
    point = souk_point_of(&end);
    souk_positions_place_encode(&kept->name, point, place);
    souk_put_u64(position, ++recorder->log_position);
    if ((rc = souk_txn_table(recorder->txn, SOUK_POSITIONS_TABLE, &positions)) != 0
        || (rc = souk_txn_append(recorder->txn, positions, (struct souk_slice){ position, sizeof position },
            (struct souk_slice){ place, sizeof place })) != 0
        || (rc = souk_txn_table(recorder->txn, RECORDER_TABLE_ORDERED, &ordered)) != 0
        || (rc = souk_txn_put(recorder->txn, ordered, souk_name_slice(&kept->name),
            (struct souk_slice){ place + NAME_BYTES, SOUK_POINT_BYTES })) != 0)
        return rc;
    kept->ordered = point;
    recorder->changed = *moved_out = true;
    return 0;
}

/*
 * Has every cause a log position? When nothing moves any more, a void one needs
 * none: recorded is an epoch above it that does not have it, and that epoch may
 * wait in turn for what stands on the void cause.
 */
static int
is_ordered(struct souk_recorder *recorder, struct recorder_kept *waits, const struct souk_batch_header *header,
    bool stuck, bool *ordered_out)
{
    struct souk_causes causes;
    struct souk_cause cause;
    int rc;

    *ordered_out = true;
    souk_causes_init(&causes, header);
    while (*ordered_out && souk_causes_next(&causes, &cause)) {
        const struct recorder_kept *kept = recorder_kept(recorder, cause.stream.text);
        bool in = true;

        if (kept == NULL || souk_point_satisfied(cause.point, kept->ordered))
            continue;
        if (stuck && !SOUK_PLANTED_BUG(VOID_CAUSE_HOLDS) && kept->head.epoch.counter > cause.point.epoch.counter
            && (rc = souk_lineage_has(recorder->txn, &kept->name, 0, cause.point, souk_point_of(&kept->head), &in)) != 0)
            return rc;
        if (!in)
            continue;
        souk_feeds_wait_for(&recorder->feeds, &cause, recorder->now);
        *ordered_out = false;
        if (!stuck) {                           /* else the first of them may be one that needs none */
            waits->held_by = kept;
            waits->lacks = cause;
        }
    }
    return causes.in.rc == 0 ? 0 : -SOUK_EDAMAGED;
}

int
souk_recorder_scan(struct souk_txn *txn, uint64_t from,
    int (*each)(uint64_t log_position, const struct souk_batch_header *header, struct souk_slice batch, void *arg),
    void *arg)
{
    struct souk_batch_header header;
    struct souk_slice batch, key, place;
    struct souk_table table;
    struct souk_scan *scan;
    uint8_t first[8];
    int rc;

    souk_put_u64(first, from);
    if ((rc = souk_txn_table(txn, SOUK_POSITIONS_TABLE, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ first, sizeof first }, &scan)) != 0)
        return rc;
    for (uint64_t position = from; (rc = souk_scan_next(scan, &key, &place)) == 0; position++) {
        if (key.size_bytes != sizeof first || souk_get_u64(key.base) != position)
            break;                              /* none has this position */
        if ((rc = souk_positions_batch_at(txn, place, &header, &batch)) != 0
            || (rc = each(position, &header, batch, arg)) != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}
