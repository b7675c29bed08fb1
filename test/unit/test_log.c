/*
 * The log of one stream: what is found where, what is said to somebody who
 * stands somewhere, what trimming and setting aside leave, and what becomes of
 * a row that is damaged.
 */
#include "souk_holder.h"
#include "souk_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TIME_MS 1700000000000
#define END_MS (TIME_MS + 1000000)              /* after every batch of a test */
#define BATCHES_MAX 32

/* A store in memory with an open transaction, and the history that a test wrote into it. */
struct bench {
    char path[64];
    struct souk_store *store;
    struct souk_txn *txn;
    struct souk_log log;
    uint32_t count;
    struct souk_position ends[BATCHES_MAX];     /* after each batch */
};

static int
open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct souk_store_config config = { .simulated = true };
    struct souk_error err;
    struct souk_name stream;

    assert_non_null(bench);
    strcpy(bench->path, "/dev/shm/souk-test-log-XXXXXX");
    assert_non_null(mkdtemp(bench->path));
    config.path = bench->path;
    assert_int_equal(souk_store_open(&config, &bench->store, &err), 0);
    assert_int_equal(souk_txn_begin(bench->store, SOUK_TXN_WRITE, &bench->txn), 0);
    assert_int_equal(souk_name_set(&stream, souk_slice_of("orders")), 0);
    assert_int_equal(souk_log_open(bench->txn, &stream, &bench->log), 0);
    *state = bench;
    return 0;
}

static int
close_bench(void **state)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "lock" };
    struct bench *bench = *state;
    char path[96];

    souk_txn_abort(&bench->txn);
    souk_store_close(&bench->store);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", bench->path, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(bench->path);
    free(bench);
    return 0;
}

static struct souk_epoch
epoch(uint32_t counter)
{
    return (struct souk_epoch){ counter, { (uint8_t)counter, 1 } };
}

static struct souk_position
last(const struct bench *bench)
{
    return bench->count == 0 ? (struct souk_position){ .number = 0 } : bench->ends[bench->count - 1];
}

/* Of epoch `counter`, with `events` events; 0: the record that opens it. */
static int
try_append(struct bench *bench, struct souk_log *log, struct souk_position after, uint32_t counter, uint32_t events,
    uint64_t commit, struct souk_position *end_out)
{
    struct souk_batch_place place = { .stream = log->stream, .epoch = epoch(counter), .after = after,
        .time_ms = TIME_MS + commit, .commit = commit, .place = 0, .places = 1 };
    struct souk_record record = { .service = log->stream, .parent_count = 1 };
    struct souk_event event = { .type = souk_slice_of("order.placed"), .key = souk_slice_of("1"),
        .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of("page") }, .time_ms = TIME_MS + commit,
        .version = 1 };
    struct souk_batch_builder builder;
    struct souk_batch_header header;
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    souk_batch_builder_init(&builder);
    if (events == 0) {
        record.parents[0].stream = log->stream;
        record.parents[0].position = after;
        assert_int_equal(souk_record_finish(&record, &place, &pack, end_out), 0);
    } else {
        for (uint32_t i = 0; i < events; i++)
            assert_int_equal(souk_batch_builder_add(&builder, &event), 0);
        assert_int_equal(souk_batch_finish(&builder, &place, &pack, end_out), 0);
    }
    assert_int_equal(souk_batch_check(souk_pack_slice(&pack), &header), 0);
    rc = souk_log_append(bench->txn, log, &header, souk_pack_slice(&pack));
    souk_batch_builder_done(&builder);
    souk_pack_done(&pack);
    return rc;
}

static void
append(struct bench *bench, uint32_t counter, uint32_t events)
{
    struct souk_position end;

    assert_in_range(bench->count, 0, BATCHES_MAX - 1);
    assert_int_equal(try_append(bench, &bench->log, last(bench), counter, events, bench->count + 1, &end), 0);
    bench->ends[bench->count++] = end;
}

/*
 * Two epochs: record, events 1 to 3, 4, 5 to 6; record, 7 to 8, 9.
 *       ends:   0      1           2  3       4       5       6
 */
static void
write_history(struct bench *bench)
{
    append(bench, 1, 0);
    append(bench, 1, 3);
    append(bench, 1, 1);
    append(bench, 1, 2);
    append(bench, 2, 0);
    append(bench, 2, 2);
    append(bench, 2, 1);
}

static void
expect_end(struct souk_slice batch, const struct souk_position *end)
{
    struct souk_batch_header header;
    struct souk_position found;

    assert_int_equal(souk_batch_check(batch, &header), 0);
    found = souk_batch_end(&header);
    assert_true(souk_position_equal(&found, end));
}

static void
expect_verdict(struct bench *bench, struct souk_position asked, enum souk_verdict expected)
{
    struct souk_position head, really = { .number = 0 };
    enum souk_verdict verdict;
    struct souk_point common;

    assert_int_equal(souk_log_judge(bench->txn, &bench->log, &asked, &verdict, &head, &common), 0);
    assert_int_equal(verdict, expected);
    assert_int_equal(souk_log_head(bench->txn, &bench->log, &really, NULL), 0);
    assert_true(souk_position_equal(&head, &really));
    if (verdict != SOUK_VOID)
        assert_int_equal(common.epoch.counter, 0);
}

/* ---- finding -------------------------------------------------------- */

static void
expect_empty(struct souk_txn *txn, const struct souk_log *log)
{
    struct souk_position position;
    struct souk_slice batch;
    uint64_t commit = 7;

    assert_int_equal(souk_log_head(txn, log, &position, &commit), 0);
    assert_true(souk_position_is_zero(&position));
    assert_int_equal(commit, 0);
    assert_int_equal(souk_log_base(txn, log, &position), 0);
    assert_true(souk_position_is_zero(&position));
    assert_int_equal(souk_log_at(txn, log, (struct souk_point){ epoch(1), 1 }, &batch), -SOUK_ENOTFOUND);
    assert_int_equal(souk_log_after(txn, log, (struct souk_point){ .number = 0 }, &batch), -SOUK_ENOTFOUND);
    assert_int_equal(souk_log_before(txn, log, (struct souk_point){ epoch(9), 9 }, &batch), -SOUK_ENOTFOUND);
    assert_int_equal(souk_log_holding(txn, log, 1, &batch), -SOUK_ENOTFOUND);
}

static void
a_log_before_its_first_batch_is_empty(void **state)
{
    struct bench *bench = *state;
    struct souk_name absent;
    struct souk_txn *reader;
    struct souk_log log;

    expect_empty(bench->txn, &bench->log);
    expect_verdict(bench, (struct souk_position){ .number = 0 }, SOUK_NEXT);

    /* Whoever only reads finds no table, which is the same. */
    assert_int_equal(souk_name_set(&absent, souk_slice_of("stock")), 0);
    assert_int_equal(souk_txn_begin(bench->store, SOUK_TXN_READ, &reader), 0);
    assert_int_equal(souk_log_open(reader, &absent, &log), 0);
    assert_false(log.exists);
    expect_empty(reader, &log);
    souk_txn_abort(&reader);
}

static void
the_head_is_the_end_of_the_last_batch(void **state)
{
    struct bench *bench = *state;
    struct souk_position head, end;
    uint64_t commit;

    for (uint32_t i = 0; i < 5; i++) {
        append(bench, 1, i == 0 ? 0 : i);
        end = last(bench);
        assert_int_equal(souk_log_head(bench->txn, &bench->log, &head, &commit), 0);
        assert_true(souk_position_equal(&head, &end));
        assert_int_equal(commit, i + 1);
    }
}

static void
each_batch_is_found_by_where_it_ends(void **state)
{
    struct bench *bench = *state;
    struct souk_point point;
    struct souk_slice batch;

    write_history(bench);
    for (uint32_t i = 0; i < bench->count; i++) {
        point = souk_point_of(&bench->ends[i]);
        assert_int_equal(souk_log_at(bench->txn, &bench->log, point, &batch), 0);
        expect_end(batch, &bench->ends[i]);
    }
    assert_int_equal(souk_log_at(bench->txn, &bench->log, (struct souk_point){ epoch(1), 2 }, &batch),
        -SOUK_ENOTFOUND);                       /* in the middle of one */
    assert_int_equal(souk_log_at(bench->txn, &bench->log, (struct souk_point){ epoch(3), 9 }, &batch),
        -SOUK_ENOTFOUND);
}

/* A record ends where its parent does, one epoch later: it has its place between the two. */
static void
a_walk_meets_every_batch_in_order_and_back(void **state)
{
    struct bench *bench = *state;
    struct souk_point at = { .number = 0 };
    struct souk_slice batch;

    write_history(bench);
    assert_int_equal(bench->ends[3].number, bench->ends[4].number);
    for (uint32_t i = 0; i < bench->count; i++) {
        assert_int_equal(souk_log_after(bench->txn, &bench->log, at, &batch), 0);
        expect_end(batch, &bench->ends[i]);
        at = souk_point_of(&bench->ends[i]);
    }
    assert_int_equal(souk_log_after(bench->txn, &bench->log, at, &batch), -SOUK_ENOTFOUND);
    for (uint32_t i = bench->count - 1; i > 0; i--) {
        assert_int_equal(souk_log_before(bench->txn, &bench->log, at, &batch), 0);
        expect_end(batch, &bench->ends[i - 1]);
        at = souk_point_of(&bench->ends[i - 1]);
    }
    assert_int_equal(souk_log_before(bench->txn, &bench->log, at, &batch), -SOUK_ENOTFOUND);
}

static void
each_event_is_found_in_the_batch_that_holds_it(void **state)
{
    static const uint32_t holders[] = { 1, 1, 1, 2, 3, 3, 5, 5, 6 };
    struct bench *bench = *state;
    struct souk_slice batch;

    write_history(bench);
    for (uint64_t number = 1; number <= 9; number++) {
        assert_int_equal(souk_log_holding(bench->txn, &bench->log, number, &batch), 0);
        expect_end(batch, &bench->ends[holders[number - 1]]);
    }
    assert_int_equal(souk_log_holding(bench->txn, &bench->log, 0, &batch), -SOUK_ENOTFOUND);
    assert_int_equal(souk_log_holding(bench->txn, &bench->log, 10, &batch), -SOUK_ENOTFOUND);
}

static void
logs_do_not_see_each_other(void **state)
{
    struct bench *bench = *state;
    struct souk_position end;
    struct souk_name stream;
    struct souk_log other;

    write_history(bench);
    assert_int_equal(souk_name_set(&stream, souk_slice_of("orders.private")), 0);
    assert_int_equal(souk_log_open(bench->txn, &stream, &other), 0);
    expect_empty(bench->txn, &other);
    assert_int_equal(try_append(bench, &other, (struct souk_position){ .number = 0 }, 1, 0, 1, &end), 0);
    expect_verdict(bench, last(bench), SOUK_NEXT);
}

static void
nothing_is_appended_before_the_head(void **state)
{
    struct bench *bench = *state;
    struct souk_position end;

    write_history(bench);
    assert_int_equal(try_append(bench, &bench->log, bench->ends[1], 1, 1, 9, &end), -SOUK_EINVAL);
    assert_int_equal(try_append(bench, &bench->log, bench->ends[5], 2, 1, 9, &end), -SOUK_EINVAL);  /* the same place */
}

/* ---- judging -------------------------------------------------------- */

static void
whoever_stands_in_the_history_gets_what_follows(void **state)
{
    struct bench *bench = *state;

    write_history(bench);
    expect_verdict(bench, (struct souk_position){ .number = 0 }, SOUK_NEXT);
    for (uint32_t i = 0; i < bench->count; i++)
        expect_verdict(bench, bench->ends[i], SOUK_NEXT);
}

static void
a_place_in_no_history_is_void_below_the_epoch_and_unknown_within(void **state)
{
    struct bench *bench = *state;
    struct souk_position head, asked;
    enum souk_verdict verdict;
    struct souk_point common;

    write_history(bench);
    asked = bench->ends[3];
    asked.hash.bytes[0] ^= 1;                                   /* another one's event 6 */
    expect_verdict(bench, asked, SOUK_VOID);
    asked = (struct souk_position){ epoch(1), 7, { { 1 } } };   /* it went on where epoch 2 began */
    expect_verdict(bench, asked, SOUK_VOID);
    assert_int_equal(souk_log_judge(bench->txn, &bench->log, &asked, &verdict, &head, &common), 0);
    assert_true(souk_epoch_equal(common.epoch, epoch(1)));      /* what they have in common ends there */
    assert_int_equal(common.number, 6);
    asked = bench->ends[1];
    asked.epoch.bits[7] ^= 1;                                   /* a twin of epoch 1 */
    expect_verdict(bench, asked, SOUK_VOID);

    asked = last(bench);
    asked.number++;
    expect_verdict(bench, asked, SOUK_UNKNOWN);                 /* further on: whoever asks may be right */
    asked = last(bench);
    asked.hash.bytes[31] ^= 1;
    expect_verdict(bench, asked, SOUK_UNKNOWN);
    asked = (struct souk_position){ epoch(3), 1, { { 1 } } };
    expect_verdict(bench, asked, SOUK_UNKNOWN);
}

static void
what_is_before_every_epoch_is_common_to_all(void **state)
{
    struct bench *bench = *state;
    struct souk_position head, asked = { epoch(1), 3, { { 1 } } };
    enum souk_verdict verdict;
    struct souk_point common;

    append(bench, 2, 0);                                        /* the history began with a second try */
    append(bench, 2, 1);
    assert_int_equal(souk_log_judge(bench->txn, &bench->log, &asked, &verdict, &head, &common), 0);
    assert_int_equal(verdict, SOUK_VOID);
    assert_int_equal(common.epoch.counter, 0);
    assert_int_equal(common.number, 0);
}

/* ---- trimming ------------------------------------------------------- */

static uint32_t
trim(struct bench *bench, uint64_t number, uint64_t before_ms, uint32_t rows_max)
{
    uint32_t rows;

    assert_int_equal(souk_log_trim(bench->txn, &bench->log, number, before_ms, rows_max, &rows), 0);
    return rows;
}

static void
whole_batches_are_trimmed_up_to_a_number(void **state)
{
    struct bench *bench = *state;
    struct souk_position base;

    write_history(bench);
    assert_int_equal(trim(bench, 2, END_MS, 64), 1);            /* the record; 1 to 3 ends above 2 */
    assert_int_equal(trim(bench, 4, END_MS, 64), 2);
    assert_int_equal(trim(bench, 4, END_MS, 64), 0);
    assert_int_equal(souk_log_base(bench->txn, &bench->log, &base), 0);
    assert_true(souk_position_equal(&base, &bench->ends[2]));
    expect_verdict(bench, base, SOUK_NEXT);
    expect_verdict(bench, bench->ends[1], SOUK_TRIMMED);
    expect_verdict(bench, bench->ends[0], SOUK_TRIMMED);
    expect_verdict(bench, (struct souk_position){ .number = 0 }, SOUK_TRIMMED);
    expect_verdict(bench, bench->ends[3], SOUK_NEXT);
}

/* Whoever holds event 6 need not hold the record that stands behind it. */
static void
a_record_goes_with_the_number_behind_it(void **state)
{
    struct bench *bench = *state;

    write_history(bench);
    assert_int_equal(trim(bench, 6, END_MS, 64), 4);
    expect_verdict(bench, bench->ends[3], SOUK_NEXT);
    assert_int_equal(trim(bench, 7, END_MS, 64), 1);
    expect_verdict(bench, bench->ends[3], SOUK_TRIMMED);
}

static void
the_last_batch_is_never_trimmed(void **state)
{
    struct bench *bench = *state;
    struct souk_position head, end;
    uint64_t commit;

    write_history(bench);
    assert_int_equal(trim(bench, UINT64_MAX, UINT64_MAX, UINT32_MAX), bench->count - 1);
    assert_int_equal(souk_log_head(bench->txn, &bench->log, &head, &commit), 0);
    end = last(bench);
    assert_true(souk_position_equal(&head, &end));
    assert_int_equal(commit, bench->count);
    expect_verdict(bench, bench->ends[5], SOUK_NEXT);           /* the base */
    expect_verdict(bench, bench->ends[1], SOUK_TRIMMED);
}

static void
trimming_stops_at_rows_and_at_times(void **state)
{
    struct bench *bench = *state;

    write_history(bench);
    assert_int_equal(trim(bench, UINT64_MAX, END_MS, 0), 0);
    assert_int_equal(trim(bench, UINT64_MAX, TIME_MS + 1, 64), 0);      /* the first one is of that time */
    assert_int_equal(trim(bench, UINT64_MAX, TIME_MS + 2, 64), 1);
    assert_int_equal(trim(bench, UINT64_MAX, END_MS, 2), 2);
    assert_int_equal(trim(bench, UINT64_MAX, END_MS, 64), bench->count - 4);
}

/* A lineage remembers epochs whose batches are gone: who lost them in another history hears it. */
static void
a_place_that_never_was_is_not_called_trimmed(void **state)
{
    struct bench *bench = *state;
    struct souk_position asked;

    write_history(bench);
    assert_int_equal(trim(bench, UINT64_MAX, END_MS, 64), bench->count - 1);
    asked = (struct souk_position){ epoch(1), 7, { { 1 } } };
    expect_verdict(bench, asked, SOUK_VOID);
    asked = bench->ends[1];
    asked.epoch.bits[7] ^= 1;
    expect_verdict(bench, asked, SOUK_VOID);
    asked = bench->ends[1];
    asked.hash.bytes[0] ^= 1;                                   /* its batch is gone, so nobody can tell */
    expect_verdict(bench, asked, SOUK_TRIMMED);
}

/* ---- setting aside -------------------------------------------------- */

static void
what_is_set_aside_is_not_in_the_log_any_more(void **state)
{
    struct bench *bench = *state;
    struct souk_table aside;
    struct souk_position head;
    uint64_t rows, kept;

    write_history(bench);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, souk_point_of(&bench->ends[3]), &rows), 0);
    assert_int_equal(rows, 3);
    assert_int_equal(souk_txn_table(bench->txn, "souk.aside", &aside), 0);
    assert_int_equal(souk_txn_count(bench->txn, aside, &kept), 0);
    assert_int_equal(kept, 3);
    assert_int_equal(souk_log_head(bench->txn, &bench->log, &head, NULL), 0);
    assert_true(souk_position_equal(&head, &bench->ends[3]));
    expect_verdict(bench, bench->ends[4], SOUK_UNKNOWN);        /* its epoch is no part of the lineage now */
    expect_verdict(bench, bench->ends[2], SOUK_NEXT);

    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, souk_point_of(&bench->ends[3]), &rows), 0);
    assert_int_equal(rows, 0);

    bench->count = 4;                                           /* another second epoch goes on from there */
    append(bench, 3, 0);
    append(bench, 3, 1);
    expect_verdict(bench, (struct souk_position){ epoch(2), 7, { { 1 } } }, SOUK_VOID);
}

static void
a_log_may_be_set_aside_from_its_beginning(void **state)
{
    struct bench *bench = *state;
    uint64_t rows;

    write_history(bench);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, (struct souk_point){ .number = 0 }, &rows), 0);
    assert_int_equal(rows, bench->count);
    expect_empty(bench->txn, &bench->log);
    bench->count = 0;
    append(bench, 1, 0);
    expect_verdict(bench, last(bench), SOUK_NEXT);
}

/* ---- lineage -------------------------------------------------------- */

static bool
has(struct bench *bench, struct souk_point point)
{
    const struct souk_position head = last(bench);
    bool in;

    assert_int_equal(souk_lineage_has(bench->txn, &bench->log.stream, 0, point, souk_point_of(&head), &in), 0);
    return in;
}

static void
a_lineage_knows_how_far_each_epoch_went(void **state)
{
    struct bench *bench = *state;

    write_history(bench);
    assert_true(has(bench, (struct souk_point){ .number = 0 }));
    assert_true(has(bench, (struct souk_point){ epoch(1), 1 }));
    assert_true(has(bench, (struct souk_point){ epoch(1), 6 }));
    assert_false(has(bench, (struct souk_point){ epoch(1), 7 }));
    assert_true(has(bench, (struct souk_point){ epoch(2), 9 }));
    assert_false(has(bench, (struct souk_point){ epoch(2), 10 }));
    assert_false(has(bench, (struct souk_point){ epoch(3), 1 }));
    assert_false(has(bench, (struct souk_point){ { 1, { 0 } }, 1 }));
}

static void
a_lineage_finds_the_last_point_up_to_an_epoch(void **state)
{
    struct bench *bench = *state;
    struct souk_position head;
    struct souk_point point;

    write_history(bench);
    head = last(bench);
    assert_int_equal(souk_lineage_last(bench->txn, &bench->log.stream, 0, 0, souk_point_of(&head), &point), 0);
    assert_int_equal(point.epoch.counter, 0);
    assert_int_equal(souk_lineage_last(bench->txn, &bench->log.stream, 0, 1, souk_point_of(&head), &point), 0);
    assert_true(souk_point_equal(point, (struct souk_point){ epoch(1), 6 }));
    assert_int_equal(souk_lineage_last(bench->txn, &bench->log.stream, 0, UINT32_MAX, souk_point_of(&head), &point), 0);
    assert_true(souk_point_equal(point, souk_point_of(&head)));
}

static void
generations_of_a_lineage_are_apart(void **state)
{
    const struct souk_point head = { epoch(5), 9 };
    struct bench *bench = *state;
    bool in;

    write_history(bench);
    assert_int_equal(souk_lineage_put(bench->txn, &bench->log.stream, 1, epoch(5), 0), 0);
    assert_int_equal(souk_lineage_has(bench->txn, &bench->log.stream, 1, (struct souk_point){ epoch(1), 1 }, head,
        &in), 0);
    assert_false(in);
    assert_int_equal(souk_lineage_has(bench->txn, &bench->log.stream, 1, head, head, &in), 0);
    assert_true(in);
    assert_int_equal(souk_lineage_cut(bench->txn, &bench->log.stream, 0, 0), 0);
    assert_false(has(bench, (struct souk_point){ epoch(1), 1 }));
    assert_int_equal(souk_lineage_has(bench->txn, &bench->log.stream, 1, head, head, &in), 0);
    assert_true(in);
}

/* ---- damage --------------------------------------------------------- */

/* What is no batch lies behind the head, as if a bit of its header had flipped. */
static void
append_damaged(struct bench *bench)
{
    uint8_t key[12];

    souk_put_u64(key, last(bench).number + 1);
    souk_put_u32(key + 8, last(bench).epoch.counter);
    assert_int_equal(souk_txn_put(bench->txn, bench->log.table, (struct souk_slice){ key, sizeof key },
        souk_slice_of("no batch")), 0);
}

static void
a_damaged_row_is_called_damaged(void **state)
{
    struct bench *bench = *state;
    const struct souk_position zero = { .number = 0 };
    struct souk_position head;
    struct souk_point common;
    enum souk_verdict verdict;
    struct souk_slice batch;
    uint32_t trimmed;
    uint64_t rows;

    write_history(bench);
    append_damaged(bench);
    assert_int_equal(souk_log_head(bench->txn, &bench->log, &head, NULL), -SOUK_EDAMAGED);
    assert_int_equal(souk_log_judge(bench->txn, &bench->log, &zero, &verdict, &head, &common), -SOUK_EDAMAGED);
    assert_int_equal(souk_log_holding(bench->txn, &bench->log, 10, &batch), -SOUK_EDAMAGED);
    assert_int_equal(souk_log_holding(bench->txn, &bench->log, 9, &batch), 0);
    assert_int_equal(souk_log_trim(bench->txn, &bench->log, 4, END_MS, 64, &trimmed), -SOUK_EDAMAGED);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, souk_point_of(&bench->ends[2]), &rows),
        -SOUK_EDAMAGED);
}

static void
a_damaged_base_is_called_damaged(void **state)
{
    struct bench *bench = *state;
    struct souk_position base;
    struct souk_table bases;

    write_history(bench);
    assert_int_equal(souk_txn_table(bench->txn, "souk.base", &bases), 0);
    assert_int_equal(souk_txn_put(bench->txn, bases, souk_slice_of("orders"), souk_slice_of("short")), 0);
    assert_int_equal(souk_log_base(bench->txn, &bench->log, &base), -SOUK_EDAMAGED);
}

static void
a_damaged_lineage_is_called_damaged(void **state)
{
    struct bench *bench = *state;
    struct souk_position head;
    struct souk_point point;
    struct souk_table table;
    uint8_t key[40] = "orders";
    bool in;

    write_history(bench);
    head = last(bench);
    souk_put_u32(key + 36, 1);
    assert_int_equal(souk_txn_table(bench->txn, "souk.lineage", &table), 0);
    assert_int_equal(souk_txn_put(bench->txn, table, (struct souk_slice){ key, sizeof key }, souk_slice_of("x")), 0);
    assert_int_equal(souk_lineage_has(bench->txn, &bench->log.stream, 0, (struct souk_point){ epoch(1), 1 },
        souk_point_of(&head), &in), -SOUK_EDAMAGED);
    assert_int_equal(souk_lineage_last(bench->txn, &bench->log.stream, 0, 1, souk_point_of(&head), &point),
        -SOUK_EDAMAGED);
    assert_int_equal(souk_lineage_cut(bench->txn, &bench->log.stream, 0, 0), -SOUK_EDAMAGED);
}

/* The frames of the answer to a peer that asks for everything behind `after`. */
static size_t
pull(struct bench *bench, struct souk_holder *holder, const struct souk_position *after, enum souk_verdict *verdict_out,
    bool *damaged_out)
{
    struct souk_wire_pull pull = { .credit_bytes = SOUK_WIRE_CREDIT_MAX, .cursor_count = 1 };
    struct souk_batch_header header;
    struct souk_wire_pulled pulled;
    struct souk_outbox outbox;
    struct souk_out *out;
    size_t count;

    pull.asker = holder->wiring->self;
    pull.cursors[0] = (struct souk_wire_place){ .stream = bench->log.stream, .position = *after };
    souk_outbox_init(&outbox);
    assert_int_equal(souk_holder_answer(holder, bench->txn, &pull, (struct souk_slice){ "r", 1 }, &outbox), 0);
    souk_outbox_release(&outbox);
    assert_non_null(out = souk_outbox_take(&outbox));
    assert_int_equal(souk_wire_pulled_get(out->frames[0], &pulled), 0);
    assert_int_equal(pulled.count, 1);
    *verdict_out = pulled.answers[0].verdict;
    *damaged_out = false;
    for (size_t i = 1; i < out->frame_count; i++)
        *damaged_out = *damaged_out || souk_batch_check(out->frames[i], &header) != 0;
    count = out->frame_count - 1;
    souk_out_free(&out);
    souk_outbox_done(&outbox);
    return count;
}

static void
a_batch_that_is_not_what_it_was_is_sent_once(void **state)
{
    struct bench *bench = *state;
    struct souk_wired_stream stream = { .name = bench->log.stream };
    struct souk_wiring wiring = { .streams = &stream, .stream_count = 1 };
    struct souk_holder holder = { .wiring = &wiring };
    uint8_t key[12], damaged[4096];
    enum souk_verdict verdict;
    struct souk_slice batch;
    bool is_damaged;

    assert_int_equal(souk_name_set(&wiring.self, souk_slice_of("shop")), 0);
    stream.origin = wiring.self;
    write_history(bench);
    assert_int_equal(souk_log_after(bench->txn, &bench->log, souk_point_of(&bench->ends[4]), &batch), 0);
    assert_true(batch.size_bytes <= sizeof damaged);
    memcpy(damaged, batch.base, batch.size_bytes);
    batch.base = damaged;
    damaged[batch.size_bytes - 1] ^= 1;
    souk_put_u64(key, bench->ends[5].number);
    souk_put_u32(key + 8, bench->ends[5].epoch.counter);
    assert_int_equal(souk_txn_put(bench->txn, bench->log.table, (struct souk_slice){ key, sizeof key }, batch), 0);

    assert_int_equal(pull(bench, &holder, &bench->ends[2], &verdict, &is_damaged), bench->count - 3);
    assert_true(is_damaged);                    /* the asker sees it, and takes what comes before it */
    assert_int_equal(pull(bench, &holder, &bench->ends[2], &verdict, &is_damaged), 2);
    assert_false(is_damaged);                   /* asked for once more it is looked at */
    assert_int_equal(verdict, SOUK_NEXT);
    (void)pull(bench, &holder, &bench->ends[4], &verdict, &is_damaged);
    assert_int_equal(pull(bench, &holder, &bench->ends[4], &verdict, &is_damaged), 0);
    assert_int_equal(verdict, SOUK_TRIMMED);    /* somebody else has it */
    assert_int_equal(holder.damaged, 2);
    assert_int_equal(pull(bench, &holder, &bench->ends[5], &verdict, &is_damaged), bench->count - 6);
    assert_false(is_damaged);
}

/* ---- a hole that is accepted ---------------------------------------- */

/* What epochs a hole has had nobody knows here, so whoever may stand in it is sent to somebody else. */
static void
a_log_behind_a_hole_calls_nothing_before_it_void(void **state)
{
    struct bench *bench = *state;
    struct souk_position asked, head;
    uint64_t rows, accepted_ms, commit;

    write_history(bench);
    assert_int_equal(souk_log_hole(bench->txn, &bench->log, &accepted_ms), 0);
    assert_int_equal(accepted_ms, 0);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, (struct souk_point){ .number = 0 }, &rows), 0);
    assert_int_equal(souk_log_begin(bench->txn, &bench->log, &bench->ends[4], END_MS), 0);
    assert_int_equal(souk_log_hole(bench->txn, &bench->log, &accepted_ms), 0);
    assert_int_equal(accepted_ms, END_MS);
    assert_int_equal(souk_log_head(bench->txn, &bench->log, &head, &commit), 0);
    assert_true(souk_position_equal(&head, &bench->ends[4]));
    assert_int_equal(commit, 0);
    bench->count = 5;
    append(bench, 2, 2);
    append(bench, 3, 0);

    expect_verdict(bench, (struct souk_position){ .number = 0 }, SOUK_TRIMMED);
    for (uint32_t i = 0; i < 4; i++)
        expect_verdict(bench, bench->ends[i], SOUK_TRIMMED);
    for (uint32_t i = 4; i < bench->count; i++)
        expect_verdict(bench, bench->ends[i], SOUK_NEXT);
    asked = bench->ends[1];
    asked.epoch.bits[7] ^= 1;
    expect_verdict(bench, asked, SOUK_TRIMMED);
    asked = bench->ends[4];                                     /* but of its own first epoch it knows more */
    asked.epoch.bits[7] ^= 1;
    expect_verdict(bench, asked, SOUK_VOID);
    asked = bench->ends[5];
    asked.number++;
    expect_verdict(bench, asked, SOUK_VOID);
}

/* Its origin has opened an epoch before the hole, so all of it is void: the log begins at the start. */
static void
a_log_that_is_set_aside_from_before_its_hole_has_none(void **state)
{
    struct bench *bench = *state;
    uint64_t rows, accepted_ms;

    write_history(bench);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, (struct souk_point){ .number = 0 }, &rows), 0);
    assert_int_equal(souk_log_begin(bench->txn, &bench->log, &bench->ends[3], END_MS), 0);
    bench->count = 4;
    append(bench, 2, 0);
    append(bench, 2, 1);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, souk_point_of(&bench->ends[3]), &rows), 0);
    assert_int_equal(rows, 2);
    expect_verdict(bench, bench->ends[3], SOUK_NEXT);
    expect_verdict(bench, (struct souk_position){ .number = 0 }, SOUK_TRIMMED);
    assert_int_equal(souk_log_set_aside(bench->txn, &bench->log, souk_point_of(&bench->ends[2]), &rows), 0);
    assert_int_equal(souk_log_hole(bench->txn, &bench->log, &accepted_ms), 0);
    assert_int_equal(accepted_ms, 0);
    expect_empty(bench->txn, &bench->log);
    expect_verdict(bench, (struct souk_position){ .number = 0 }, SOUK_NEXT);
}

/* Commits of three streams, and of how many batches each log was trimmed. */
static const struct {
    const char *stream;
    uint64_t commits[4];
    uint32_t trimmed;
    uint64_t begins;                            /* behind this commit; 0: at the very start */
} parts[] = {
    { "a", { 1, 2, 3, 4 }, 1, 4 },
    { "b", { 1, 3, 5, 6 }, 2, 3 },              /* 5 is the first commit of which nothing was trimmed */
    { "c", { 1, 2, 6, 7 }, 0, 2 },
};

static void
ask_beginning(struct bench *bench, const char *asker, struct souk_wire_pulled *pulled_out)
{
    struct souk_wired_stream streams[3] = { { .is_private = false } };
    struct souk_wired_store store = { .lost = false };
    struct souk_wiring wiring = { .streams = streams, .stream_count = 3, .stores = &store, .store_count = 1 };
    struct souk_holder holder = { .wiring = &wiring };
    struct souk_wire_pull pull = { .credit_bytes = 1, .cursor_count = 3 };
    struct souk_outbox outbox;
    struct souk_out *out;

    assert_int_equal(souk_name_set(&wiring.self, souk_slice_of("shop")), 0);
    assert_int_equal(souk_name_set(&store.name, souk_slice_of("log-a")), 0);
    assert_int_equal(souk_name_set(&pull.asker, souk_slice_of(asker)), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(souk_name_set(&streams[i].name, souk_slice_of(parts[i].stream)), 0);
        streams[i].origin = wiring.self;
        pull.cursors[i].stream = streams[i].name;
        pull.cursors[i].position = SOUK_WIRE_BEGINNING;
    }
    souk_outbox_init(&outbox);
    assert_int_equal(souk_holder_answer(&holder, bench->txn, &pull, (struct souk_slice){ "r", 1 }, &outbox), 0);
    souk_outbox_release(&outbox);
    assert_non_null(out = souk_outbox_take(&outbox));
    assert_int_equal(out->frame_count, 1);
    assert_int_equal(souk_wire_pulled_get(out->frames[0], pulled_out), 0);
    assert_int_equal(pulled_out->count, 3);
    assert_int_equal(holder.foreign, 0);
    souk_out_free(&out);
    souk_outbox_done(&outbox);
}

static void
what_an_origin_has_begins_at_the_border_of_a_commit(void **state)
{
    struct bench *bench = *state;
    struct souk_position begins[3] = { { .number = 0 } };
    struct souk_wire_pulled pulled;
    uint32_t rows;

    for (uint32_t i = 0; i < 3; i++) {
        struct souk_position end = { .number = 0 };
        struct souk_name stream;
        struct souk_log log;

        assert_int_equal(souk_name_set(&stream, souk_slice_of(parts[i].stream)), 0);
        assert_int_equal(souk_log_open(bench->txn, &stream, &log), 0);
        for (uint32_t k = 0; k < 4; k++) {
            assert_int_equal(try_append(bench, &log, end, 1, k == 0 ? 0 : 2, parts[i].commits[k], &end), 0);
            if (parts[i].commits[k] == parts[i].begins)
                begins[i] = end;
        }
        if (parts[i].trimmed != 0)
            assert_int_equal(souk_log_trim(bench->txn, &log, UINT64_MAX, END_MS, parts[i].trimmed, &rows), 0);
    }
    ask_beginning(bench, "log-a", &pulled);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(pulled.answers[i].verdict, SOUK_BEGINS);
        assert_true(souk_position_equal(&pulled.answers[i].head, &begins[i]));
    }
    ask_beginning(bench, "query", &pulled);                     /* a follower needs everything */
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(pulled.answers[i].verdict, SOUK_UNKNOWN);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(a_log_before_its_first_batch_is_empty),
        WITH_BENCH(the_head_is_the_end_of_the_last_batch),
        WITH_BENCH(each_batch_is_found_by_where_it_ends),
        WITH_BENCH(a_walk_meets_every_batch_in_order_and_back),
        WITH_BENCH(each_event_is_found_in_the_batch_that_holds_it),
        WITH_BENCH(logs_do_not_see_each_other),
        WITH_BENCH(nothing_is_appended_before_the_head),
        WITH_BENCH(whoever_stands_in_the_history_gets_what_follows),
        WITH_BENCH(a_place_in_no_history_is_void_below_the_epoch_and_unknown_within),
        WITH_BENCH(what_is_before_every_epoch_is_common_to_all),
        WITH_BENCH(whole_batches_are_trimmed_up_to_a_number),
        WITH_BENCH(a_record_goes_with_the_number_behind_it),
        WITH_BENCH(the_last_batch_is_never_trimmed),
        WITH_BENCH(trimming_stops_at_rows_and_at_times),
        WITH_BENCH(a_place_that_never_was_is_not_called_trimmed),
        WITH_BENCH(what_is_set_aside_is_not_in_the_log_any_more),
        WITH_BENCH(a_log_may_be_set_aside_from_its_beginning),
        WITH_BENCH(a_log_behind_a_hole_calls_nothing_before_it_void),
        WITH_BENCH(a_log_that_is_set_aside_from_before_its_hole_has_none),
        WITH_BENCH(what_an_origin_has_begins_at_the_border_of_a_commit),
        WITH_BENCH(a_lineage_knows_how_far_each_epoch_went),
        WITH_BENCH(a_lineage_finds_the_last_point_up_to_an_epoch),
        WITH_BENCH(generations_of_a_lineage_are_apart),
        WITH_BENCH(a_batch_that_is_not_what_it_was_is_sent_once),
        WITH_BENCH(a_damaged_row_is_called_damaged),
        WITH_BENCH(a_damaged_base_is_called_damaged),
        WITH_BENCH(a_damaged_lineage_is_called_damaged),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
