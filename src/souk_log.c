#include "souk_log.h"

#include <assert.h>
#include <string.h>

#define KEY_BYTES 12
#define TABLE_LOG "log."                 /* and the stream */
#define TABLE_BASES "souk.base"
#define TABLE_ASIDE "souk.aside"
#define TABLE_HOLES "souk.holes"         /* stream -> when it was accepted that what is before its base is gone */

static void make_key(uint8_t key[KEY_BYTES], struct souk_point point);
static int put_base(struct souk_txn *txn, const struct souk_log *log, const struct souk_position *base);
static int forget_base(struct souk_txn *txn, const struct souk_log *log, struct souk_point point);
static int peek(struct souk_slice batch, struct souk_batch_header *header);

int
souk_log_open(struct souk_txn *txn, const struct souk_name *stream, struct souk_log *log_out)
{
    char name[sizeof TABLE_LOG + SOUK_NAME_BYTES_MAX] = TABLE_LOG;
    int rc;

    log_out->stream = *stream;
    memcpy(name + sizeof TABLE_LOG - 1, stream->text, sizeof stream->text);
    rc = souk_txn_table(txn, name, &log_out->table);
    log_out->exists = rc == 0;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_log_head(struct souk_txn *txn, const struct souk_log *log, struct souk_position *head_out, uint64_t *commit_out)
{
    struct souk_batch_header header;
    struct souk_slice key, batch;
    int rc = -SOUK_ENOTFOUND;

    if (commit_out != NULL)
        *commit_out = 0;
    if (log->exists)
        rc = souk_txn_seek_below(txn, log->table, (struct souk_slice){ NULL, 0 }, &key, &batch);
    if (rc == -SOUK_ENOTFOUND)
        return souk_log_base(txn, log, head_out);
    if (rc != 0 || (rc = peek(batch, &header)) != 0)
        return rc;
    *head_out = souk_batch_end(&header);
    if (commit_out != NULL)
        *commit_out = header.commit;
    return 0;
}

int
souk_log_time(struct souk_txn *txn, const struct souk_log *log, uint64_t *time_ms_out)
{
    struct souk_batch_header header;
    struct souk_slice key, batch;
    int rc;

    *time_ms_out = 0;
    if (!log->exists)
        return 0;
    rc = souk_txn_seek_below(txn, log->table, (struct souk_slice){ NULL, 0 }, &key, &batch);
    if (rc == 0 && (rc = peek(batch, &header)) == 0)
        *time_ms_out = header.time_ms;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_log_base(struct souk_txn *txn, const struct souk_log *log, struct souk_position *base_out)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    memset(base_out, 0, sizeof *base_out);
    if ((rc = souk_txn_table(txn, TABLE_BASES, &table)) == 0
        && (rc = souk_txn_get(txn, table, souk_name_slice(&log->stream), &value)) == 0)
        rc = souk_position_decode(value, base_out);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_log_append(struct souk_txn *txn, const struct souk_log *log, const struct souk_batch_header *header,
    struct souk_slice batch)
{
    const struct souk_position end = souk_batch_end(header);
    uint8_t key[KEY_BYTES];
    int rc;

    make_key(key, souk_point_of(&end));
    if (header->count == 0
        && (rc = souk_lineage_put(txn, &log->stream, 0, header->epoch, header->first - 1)) != 0)
        return rc;
    return souk_txn_append(txn, log->table, (struct souk_slice){ key, sizeof key }, batch);
}

int
souk_log_at(struct souk_txn *txn, const struct souk_log *log, struct souk_point point, struct souk_slice *batch_out)
{
    uint8_t key[KEY_BYTES];

    if (!log->exists)
        return -SOUK_ENOTFOUND;
    make_key(key, point);
    return souk_txn_get(txn, log->table, (struct souk_slice){ key, sizeof key }, batch_out);
}

int
souk_log_after(struct souk_txn *txn, const struct souk_log *log, struct souk_point point,
    struct souk_slice *batch_out)
{
    struct souk_slice found;
    uint8_t key[KEY_BYTES];

    if (!log->exists)
        return -SOUK_ENOTFOUND;
    point.epoch.counter++;
    make_key(key, point);
    return souk_txn_seek(txn, log->table, (struct souk_slice){ key, sizeof key }, &found, batch_out);
}

int
souk_log_holding(struct souk_txn *txn, const struct souk_log *log, uint64_t number, struct souk_slice *batch_out)
{
    const struct souk_point point = { .number = number };
    struct souk_batch_header header;
    struct souk_slice found;
    uint8_t key[KEY_BYTES];
    int rc;

    if (!log->exists)
        return -SOUK_ENOTFOUND;
    make_key(key, point);
    rc = souk_txn_seek(txn, log->table, (struct souk_slice){ key, sizeof key }, &found, batch_out);
    if (rc != 0 || (rc = peek(*batch_out, &header)) != 0)
        return rc;
    return number >= header.first && number - header.first < header.count ? 0 : -SOUK_ENOTFOUND;
}

int
souk_log_before(struct souk_txn *txn, const struct souk_log *log, struct souk_point point,
    struct souk_slice *batch_out)
{
    struct souk_slice found;
    uint8_t key[KEY_BYTES];

    if (!log->exists)
        return -SOUK_ENOTFOUND;
    make_key(key, point);
    return souk_txn_seek_below(txn, log->table, (struct souk_slice){ key, sizeof key }, &found, batch_out);
}

int
souk_log_judge(struct souk_txn *txn, const struct souk_log *log, const struct souk_position *asked,
    enum souk_verdict *verdict_out, struct souk_position *head_out, struct souk_point *common_out)
{
    const struct souk_point point = souk_point_of(asked);
    struct souk_batch_header header;
    struct souk_position base;
    struct souk_slice batch;
    uint64_t accepted_ms;
    bool in;
    int rc;

    memset(common_out, 0, sizeof *common_out);
    if ((rc = souk_log_head(txn, log, head_out, NULL)) != 0 || (rc = souk_log_base(txn, log, &base)) != 0)
        return rc;
    if (souk_position_equal(asked, &base)) {                /* the zero position too, when nothing was trimmed */
        *verdict_out = SOUK_NEXT;
        return 0;
    }
    if (souk_position_is_zero(asked)) {
        *verdict_out = SOUK_TRIMMED;
        return 0;
    }
    rc = souk_log_at(txn, log, point, &batch);
    if (rc == 0) {
        struct souk_position end;

        if ((rc = peek(batch, &header)) != 0)
            return rc;
        end = souk_batch_end(&header);
        if (souk_position_equal(&end, asked)) {
            *verdict_out = SOUK_NEXT;
            return 0;
        }
    } else if (rc != -SOUK_ENOTFOUND) {
        return rc;
    }
    if (souk_point_covered(point, souk_point_of(&base))) {
        if ((rc = souk_lineage_has(txn, &log->stream, 0, point, souk_point_of(head_out), &in)) != 0
            || (rc = souk_log_hole(txn, log, &accepted_ms)) != 0)
            return rc;
        if (in || accepted_ms != 0) {
            *verdict_out = SOUK_TRIMMED;
            return 0;
        }
    }
    if (head_out->epoch.counter > asked->epoch.counter) {
        *verdict_out = SOUK_VOID;
        return souk_lineage_last(txn, &log->stream, 0, asked->epoch.counter, souk_point_of(head_out), common_out);
    }
    *verdict_out = SOUK_UNKNOWN;
    return 0;
}

int
souk_log_begin(struct souk_txn *txn, const struct souk_log *log, const struct souk_position *begin, uint64_t now_ms)
{
    struct souk_table table;
    uint8_t value[8];
    int rc;

    souk_put_u64(value, now_ms);
    if ((rc = souk_txn_table(txn, TABLE_HOLES, &table)) != 0
        || (rc = souk_txn_put(txn, table, souk_name_slice(&log->stream), (struct souk_slice){ value, sizeof value })) != 0
        || (rc = souk_lineage_put(txn, &log->stream, 0, begin->epoch, 0)) != 0)
        return rc;
    return put_base(txn, log, begin);
}

int
souk_log_hole(struct souk_txn *txn, const struct souk_log *log, uint64_t *accepted_ms_out)
{
    struct souk_table table;
    struct souk_slice value;
    int rc;

    *accepted_ms_out = 0;
    if ((rc = souk_txn_table(txn, TABLE_HOLES, &table)) == 0)
        rc = souk_txn_get(txn, table, souk_name_slice(&log->stream), &value);
    if (rc != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (value.size_bytes != 8)
        return -SOUK_EDAMAGED;
    *accepted_ms_out = souk_get_u64(value.base);
    return 0;
}

int
souk_log_trim(struct souk_txn *txn, const struct souk_log *log, uint64_t number, uint64_t before_ms,
    uint32_t rows_max, uint32_t *rows_out)
{
    struct souk_position head, base = { .number = 0 };
    struct souk_batch_header header;
    struct souk_slice key, batch;
    struct souk_scan *scan;
    int rc;

    *rows_out = 0;
    if ((rc = souk_log_head(txn, log, &head, NULL)) != 0
        || (rc = souk_scan_open(txn, log->table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while (*rows_out < rows_max && (rc = souk_scan_next(scan, &key, &batch)) == 0) {
        struct souk_position end;

        if ((rc = peek(batch, &header)) != 0)
            break;
        end = souk_batch_end(&header);
        /* Whoever holds event `number` need not hold a record right behind it. */
        if (end.number > number || (header.count == 0 && end.number == number) || header.time_ms >= before_ms || souk_position_equal(&end, &head))
            break;
        base = end;
        if ((rc = souk_scan_delete(scan)) != 0)
            break;
        (*rows_out)++;
    }
    souk_scan_close(&scan);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    return *rows_out == 0 ? 0 : put_base(txn, log, &base);
}

int
souk_log_set_aside(struct souk_txn *txn, const struct souk_log *log, struct souk_point point, uint64_t *rows_out)
{
    const struct souk_slice stream = { log->stream.text, strlen(log->stream.text) + 1 };
    uint8_t from[KEY_BYTES], aside_key[SOUK_NAME_BYTES_MAX + 1 + SOUK_HASH_BYTES];
    struct souk_batch_header header;
    struct souk_slice key, batch;
    struct souk_table aside;
    struct souk_scan *scan;
    int rc;

    *rows_out = 0;
    if ((rc = souk_txn_table(txn, TABLE_ASIDE, &aside)) != 0)
        return rc;
    point.epoch.counter++;
    make_key(from, point);
    point.epoch.counter--;
    if ((rc = souk_scan_open(txn, log->table, (struct souk_slice){ from, sizeof from }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &batch)) == 0) {
        if ((rc = peek(batch, &header)) != 0)
            break;
        memcpy(aside_key, stream.base, stream.size_bytes);
        memcpy(aside_key + stream.size_bytes, header.hash.bytes, SOUK_HASH_BYTES);
        rc = souk_txn_put(txn, aside, (struct souk_slice){ aside_key, stream.size_bytes + SOUK_HASH_BYTES }, batch);
        if (rc != 0 || (rc = souk_scan_delete(scan)) != 0)
            break;
        (*rows_out)++;
    }
    souk_scan_close(&scan);
    if ((rc != 0 && rc != -SOUK_ENOTFOUND) || (rc = forget_base(txn, log, point)) != 0)
        return rc;
    return souk_lineage_cut(txn, &log->stream, 0, point.epoch.counter);
}

/* What the log goes on from at `point` is not behind its base: it has another history now, from the start. */
static int
forget_base(struct souk_txn *txn, const struct souk_log *log, struct souk_point point)
{
    static const char *const names[] = { TABLE_BASES, TABLE_HOLES };
    struct souk_position base;
    struct souk_table table;
    int rc;

    if ((rc = souk_log_base(txn, log, &base)) != 0 || souk_position_is_zero(&base)
        || souk_point_covered(souk_point_of(&base), point))
        return rc;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((rc = souk_txn_table(txn, names[i], &table)) == 0)
            rc = souk_txn_delete(txn, table, souk_name_slice(&log->stream));
        if (rc != 0 && rc != -SOUK_ENOTFOUND)
            return rc;
    }
    return 0;
}

static int
put_base(struct souk_txn *txn, const struct souk_log *log, const struct souk_position *base)
{
    uint8_t value[SOUK_POSITION_BYTES];
    struct souk_table table;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_BASES, &table)) != 0)
        return rc;
    souk_position_encode(base, value);
    return souk_txn_put(txn, table, souk_name_slice(&log->stream), (struct souk_slice){ value, sizeof value });
}

static void
make_key(uint8_t key[KEY_BYTES], struct souk_point point)
{
    souk_put_u64(key, point.number);
    souk_put_u32(key + 8, point.epoch.counter);
}

static int
peek(struct souk_slice batch, struct souk_batch_header *header)
{
    int rc = souk_batch_peek(batch, header);

    return rc == 0 ? 0 : -SOUK_EDAMAGED;
}
