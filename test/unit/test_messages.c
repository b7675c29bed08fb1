/*
 * The code that souk-messages makes from shop.messages.zpl, called as a
 * service and the runtime call it. JSON of the same messages is in test_json.c,
 * what a description may not say in test_description.c.
 */
#include "shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <souk-json.h>

#include "fake_runtime.h"

#define PACKED_BYTES_MAX SOUK_PAYLOAD_BYTES_MAX

static const struct souk_id some_id = { { 1, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0x70, 0, 0x80, 0, 1, 0x23, 0x45, 0x67, 0x89, 0xab } };
static const struct souk_id other_id = { { 0xff, 2, 3 } };

/* What a test packs, unpacks and looks at; set up and torn down around each. */
struct bench {
    struct souk_pack pack;
    struct souk_arena arena;
    struct souk_view view;
    struct souk_tables tables;
    char letters[1024];
};

static int
open_bench(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    souk_pack_init(&bench->pack, PACKED_BYTES_MAX);
    souk_arena_init(&bench->arena, 0);
    fake_view_init(&bench->view);
    bench->tables.view = &bench->view;
    memset(bench->letters, 'x', sizeof bench->letters);
    *state = bench;
    return 0;
}

static int
close_bench(void **state)
{
    struct bench *bench = *state;

    souk_pack_done(&bench->pack);
    souk_arena_done(&bench->arena);
    fake_view_done(&bench->view);
    free(bench);
    return 0;
}

static struct souk_slice
letters(const struct bench *bench, size_t size_bytes)
{
    return (struct souk_slice){ bench->letters, size_bytes };
}

static bool
is_text(struct souk_slice slice, const char *text)
{
    return souk_slice_equal(slice, souk_slice_of(text));
}

static bool
is_id(struct souk_id a, struct souk_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

/* ---- every type at its widest --------------------------------------- */

static const uint64_t numbers_max[20] = {
    UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
    UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
    UINT64_MAX, UINT64_MAX,
};
static const bool flags_max[20] = { true, false, true };
static const struct souk_money dearest = { INT64_MIN, "ZZZ" };
static const struct souk_money prices_max[3] = { { INT64_MIN, "EUR" }, { INT64_MAX, "USD" }, { INT64_MAX, "JPY" } };
static const int64_t degrees_max[3] = { INT64_MIN, INT64_MAX, INT64_MIN };
static const uint64_t times_max[2] = { SOUK_TIME_MS_MAX, SOUK_TIME_MS_MAX };

static struct orders_everything
everything_at_its_widest(const struct bench *bench, struct souk_slice blobs[2])
{
    blobs[0] = blobs[1] = letters(bench, 8);
    return (struct orders_everything){
        .small = UINT8_MAX,
        .middle = UINT16_MAX,
        .large = UINT32_MAX,
        .huge = UINT64_MAX,
        .below_zero = INT64_MIN,
        .yes = true,
        .words = letters(bench, 300),
        .raw = letters(bench, 300),
        .name_id = some_id,
        .when_ms = SOUK_TIME_MS_MAX,
        .price = dearest,
        .state = ORDER_STATE_CANCELLED,
        .line = { letters(bench, 40), 1000, dearest, true, letters(bench, 60), true },
        .numbers_count = 20,
        .numbers = numbers_max,
        .flags_count = 20,
        .flags = flags_max,
        .blobs_count = 2,
        .blobs = blobs,
        .prices_count = 3,
        .prices = prices_max,
        .degrees_count = 3,
        .degrees = degrees_max,
        .times_count = 2,
        .times = times_max,
        .has_small_maybe = true,
        .small_maybe = UINT8_MAX,
        .has_below_zero_maybe = true,
        .below_zero_maybe = INT64_MAX,
        .has_yes_maybe = true,
        .has_raw_maybe = true,
        .raw_maybe = letters(bench, 8),
        .has_id_maybe = true,
        .id_maybe = other_id,
        .has_price_maybe = true,
        .price_maybe = dearest,
        .has_state_maybe = true,
        .state_maybe = ORDER_STATE_CANCELLED,
    };
}

static void
every_type_comes_back_as_it_went(void **state)
{
    struct bench *bench = *state;
    struct souk_slice blobs[2];
    struct orders_everything event = everything_at_its_widest(bench, blobs);
    struct orders_everything seen;
    struct souk_pack again;

    assert_int_equal(orders_everything_encode(&event, &bench->pack), 0);
    assert_int_equal(orders_everything_decode(souk_pack_slice(&bench->pack), &bench->arena, &seen), 0);
    assert_int_equal(seen.small, UINT8_MAX);
    assert_int_equal(seen.middle, UINT16_MAX);
    assert_int_equal(seen.large, UINT32_MAX);
    assert_true(seen.huge == UINT64_MAX);
    assert_true(seen.below_zero == INT64_MIN);
    assert_true(seen.yes);
    assert_true(souk_slice_equal(seen.words, event.words));
    assert_true(souk_slice_equal(seen.raw, event.raw));
    assert_true(is_id(seen.name_id, some_id));
    assert_true(seen.when_ms == SOUK_TIME_MS_MAX);
    assert_true(seen.price.minor == INT64_MIN);
    assert_string_equal(seen.price.currency, "ZZZ");
    assert_int_equal(seen.state, ORDER_STATE_CANCELLED);
    assert_true(souk_slice_equal(seen.line.engraving, event.line.engraving));
    assert_int_equal(seen.numbers_count, 20);
    assert_true(seen.numbers[19] == UINT64_MAX);
    assert_int_equal(seen.flags_count, 20);
    assert_true(seen.flags[0] && !seen.flags[1] && seen.flags[2]);
    assert_true(souk_slice_equal(seen.blobs[1], blobs[1]));
    assert_string_equal(seen.prices[2].currency, "JPY");
    assert_true(seen.degrees[1] == INT64_MAX);
    assert_true(seen.times[1] == SOUK_TIME_MS_MAX);
    assert_true(seen.has_small_maybe && seen.small_maybe == UINT8_MAX);
    assert_true(seen.has_yes_maybe && !seen.yes_maybe);
    assert_true(is_id(seen.id_maybe, other_id));
    assert_int_equal(seen.state_maybe, ORDER_STATE_CANCELLED);

    souk_pack_init(&again, PACKED_BYTES_MAX);
    assert_int_equal(orders_everything_encode(&seen, &again), 0);
    assert_true(souk_slice_equal(souk_pack_slice(&again), souk_pack_slice(&bench->pack)));
    souk_pack_done(&again);
}

static void
the_widest_message_takes_what_its_type_says(void **state)
{
    struct bench *bench = *state;
    struct souk_slice blobs[2];
    struct orders_everything event = everything_at_its_widest(bench, blobs);

    assert_int_equal(orders_everything_encode(&event, &bench->pack), 0);
    assert_int_equal(bench->pack.size_bytes, orders_everything_type.packed_bytes_max);
}

static void
nothing_is_written_or_read_past_a_limit(void **state)
{
    struct bench *bench = *state;
    struct souk_slice blobs[3] = { letters(bench, 1), letters(bench, 1), letters(bench, 1) };
    const struct orders_everything widest = everything_at_its_widest(bench, blobs);
    struct orders_everything event;
    struct souk_money no_currency = { 1, "eur" };

#define REFUSED(change, rc_meant) do { \
        event = widest; \
        change; \
        souk_pack_reset(&bench->pack); \
        assert_int_equal(orders_everything_encode(&event, &bench->pack), rc_meant); \
    } while (0)

    REFUSED(event.words = letters(bench, 301), -SOUK_ETOOBIG);
    REFUSED(event.raw = letters(bench, 301), -SOUK_ETOOBIG);
    REFUSED(event.when_ms++, -SOUK_ETOOBIG);
    REFUSED(event.line.units = 0, -SOUK_ETOOBIG);
    REFUSED(event.line.units = 1001, -SOUK_ETOOBIG);
    REFUSED(event.line.sku = letters(bench, 41), -SOUK_ETOOBIG);
    REFUSED(event.numbers_count = 21, -SOUK_ETOOBIG);
    REFUSED(event.blobs_count = 3, -SOUK_ETOOBIG);
    REFUSED(blobs[1] = letters(bench, 9), -SOUK_ETOOBIG);
    blobs[1] = letters(bench, 8);
    REFUSED(event.words = souk_slice_of("\xff"), -SOUK_EINVAL);
    REFUSED(event.state = (enum order_state)3, -SOUK_EINVAL);
    REFUSED(event.price = no_currency, -SOUK_EINVAL);
    REFUSED(event.price = (struct souk_money){ 0 }, -SOUK_EINVAL);
    REFUSED((void)0, 0);
#undef REFUSED
}

static void
json_leads_back_to_the_same_bytes(void **state)
{
    struct bench *bench = *state;
    struct souk_slice blobs[2];
    struct orders_everything event = everything_at_its_widest(bench, blobs);
    struct souk_error err = { 0 };
    struct souk_pack again;
    json_t *json = NULL;

    assert_int_equal(orders_everything_encode(&event, &bench->pack), 0);
    assert_int_equal(souk_json_from_packed(&orders_everything_type, souk_pack_slice(&bench->pack), &json, &err), 0);
    assert_string_equal(json_string_value(json_object_get(json, "huge")), "18446744073709551615");
    assert_string_equal(json_string_value(json_object_get(json, "state")), "cancelled");
    souk_pack_init(&again, PACKED_BYTES_MAX);
    assert_int_equal(souk_json_to_packed(&orders_everything_type, json, &again, &err), 0);
    assert_true(souk_slice_equal(souk_pack_slice(&again), souk_pack_slice(&bench->pack)));
    souk_pack_done(&again);
    json_decref(json);
}

/* ---- what older and newer writers send ------------------------------ */

static void
what_an_older_writer_left_out_is_its_default(void **state)
{
    struct bench *bench = *state;
    struct orders_placed event;

    souk_pack_array(&bench->pack, 3);
    souk_pack_id(&bench->pack, some_id);
    souk_pack_array(&bench->pack, 0);
    souk_pack_money(&bench->pack, dearest);
    assert_int_equal(orders_placed_decode(souk_pack_slice(&bench->pack), &bench->arena, &event), 0);
    assert_int_equal(event.state, ORDER_STATE_PLACED);
    assert_int_equal(event.tags_count, 0);
    assert_false(event.has_seal);
    assert_false(event.has_parcel);
    assert_int_equal(event.points, -5);
    assert_int_equal(event.rank, 7);
    assert_int_equal(event.year, 2026);
    assert_int_equal(event.history_count, 0);
    assert_int_equal(event.discount.minor, -150);
    assert_string_equal(event.discount.currency, "EUR");
    assert_true(is_text(event.greeting, "hello, you"));
}

static void
a_field_without_default_cannot_be_left_out(void **state)
{
    struct bench *bench = *state;
    struct orders_placed event;

    souk_pack_array(&bench->pack, 2);
    souk_pack_id(&bench->pack, some_id);
    souk_pack_array(&bench->pack, 0);
    assert_int_equal(orders_placed_decode(souk_pack_slice(&bench->pack), &bench->arena, &event), -SOUK_EMALFORMED);
}

static void
what_a_newer_writer_appended_is_stepped_over(void **state)
{
    struct bench *bench = *state;
    struct inventory_received event;
    uint32_t more;

    for (more = 0; more <= SOUK_FIELDS_MAX - 1; more++) {
        souk_pack_reset(&bench->pack);
        souk_pack_array(&bench->pack, 2 + more);
        souk_pack_str(&bench->pack, souk_slice_of("tea"));
        souk_pack_uint(&bench->pack, 9);
        if (more > 0) {
            souk_pack_array(&bench->pack, 2);
            souk_pack_bool(&bench->pack, true);
            souk_pack_array(&bench->pack, 0);
        }
        for (uint32_t i = 1; i < more; i++)
            souk_pack_nil(&bench->pack);
        assert_int_equal(inventory_received_decode(souk_pack_slice(&bench->pack), &bench->arena, &event),
            more <= SOUK_FIELDS_MAX - 2 ? 0 : -SOUK_ETOOBIG);
        assert_int_equal(event.units, 9);
    }
}

static void
what_stands_behind_the_message_is_refused(void **state)
{
    struct bench *bench = *state;
    struct inventory_received event = { souk_slice_of("tea"), 9 };

    assert_int_equal(inventory_received_encode(&event, &bench->pack), 0);
    souk_pack_nil(&bench->pack);
    assert_int_equal(inventory_received_decode(souk_pack_slice(&bench->pack), &bench->arena, &event),
        -SOUK_EMALFORMED);
}

static void
an_older_version_is_cast_up_step_by_step(void **state)
{
    struct bench *bench = *state;
    struct orders_place_v1 oldest = { some_id, souk_slice_of("tea") };
    struct orders_place_v2 older = { .order_id = some_id, .hurry = true };
    struct orders_place newest;

    assert_int_equal(orders_place_v1_encode(&oldest, &bench->pack), 0);
    assert_int_equal(souk_message_decode(&orders_place_type, 1, souk_pack_slice(&bench->pack), &bench->arena, &newest),
        0);
    assert_int_equal(newest.lines_count, 1);
    assert_true(is_text(newest.lines[0].sku, "tea"));
    assert_true(is_text(newest.note, "calm"));

    souk_pack_reset(&bench->pack);
    assert_int_equal(orders_place_v2_encode(&older, &bench->pack), 0);
    assert_int_equal(souk_message_decode(&orders_place_type, 2, souk_pack_slice(&bench->pack), &bench->arena, &newest),
        0);
    assert_int_equal(newest.lines_count, 0);
    assert_true(is_text(newest.note, "hurry"));

    assert_int_equal(souk_message_decode(&orders_place_type, 3, souk_pack_slice(&bench->pack), &bench->arena, &newest),
        -SOUK_EMALFORMED);
    assert_int_equal(souk_message_decode(&orders_place_type, 4, souk_pack_slice(&bench->pack), &bench->arena, &newest),
        -SOUK_EUNSUPPORTED);
    assert_int_equal(souk_message_decode(&orders_place_type, 0, souk_pack_slice(&bench->pack), &bench->arena, &newest),
        -SOUK_EUNSUPPORTED);
    assert_ptr_equal(souk_message_version(&orders_place_type, 1), &orders_place_v1_type);
    assert_null(souk_message_version(&orders_place_type, 4));
}

/* What an application supplies for its older versions. */
int
upcast_orders_place_v1(const struct orders_place_v1 *older, struct souk_arena *arena,
    struct orders_place_v2 *newer_out)
{
    struct order_line *line;

    if ((line = souk_arena_alloc(arena, sizeof *line)) == NULL)
        return -SOUK_ENOMEM;
    *line = (struct order_line){ .sku = older->sku, .units = 1, .price = { 0, "EUR" } };
    *newer_out = (struct orders_place_v2){ .order_id = older->order_id, .lines_count = 1, .lines = line };
    return 0;
}

int
upcast_orders_place_v2(const struct orders_place_v2 *older, struct souk_arena *arena, struct orders_place *newer_out)
{
    *newer_out = (struct orders_place){ .order_id = older->order_id, .lines_count = older->lines_count,
        .lines = older->lines, .note = souk_slice_of(older->hurry ? "hurry" : "calm") };
    return 0;
}

/* ---- hostile bytes -------------------------------------------------- */

/*
 * Whatever is taken is a message: it packs again, and what that gives is taken
 * for the same. The walk over field tables that makes JSON takes and refuses
 * the same bytes as the generated code.
 */
static void
take_or_refuse(struct bench *bench, const uint8_t *bytes, size_t size_bytes)
{
    struct orders_everything event;
    struct orders_everything again;
    struct souk_error err;
    json_t *json = NULL;
    int rc;
    uint8_t *exact = malloc(size_bytes + 1);

    assert_non_null(exact);
    memcpy(exact, bytes, size_bytes);
    souk_arena_reset(&bench->arena);
    rc = orders_everything_decode((struct souk_slice){ exact, size_bytes }, &bench->arena, &event);
    assert_int_equal(souk_json_from_packed(&orders_everything_type, (struct souk_slice){ exact, size_bytes }, &json,
        &err), rc);
    json_decref(json);
    if (rc == 0) {
        souk_pack_reset(&bench->pack);
        assert_int_equal(orders_everything_encode(&event, &bench->pack), 0);
        assert_int_equal(orders_everything_decode(souk_pack_slice(&bench->pack), &bench->arena, &again), 0);
    }
    free(exact);
}

static void
a_broken_message_is_refused_and_nothing_worse(void **state)
{
    struct bench *bench = *state;
    struct souk_slice blobs[2];
    struct orders_everything event = everything_at_its_widest(bench, blobs);
    uint8_t bytes[4096];
    size_t size_bytes;
    size_t at;
    unsigned bit;

    assert_int_equal(orders_everything_encode(&event, &bench->pack), 0);
    size_bytes = bench->pack.size_bytes;
    assert_true(size_bytes < sizeof bytes);
    memcpy(bytes, bench->pack.base, size_bytes);
    for (at = 0; at < size_bytes; at++) {
        take_or_refuse(bench, bytes, at);
        for (bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            take_or_refuse(bench, bytes, size_bytes);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    }
}

static void
a_long_list_needs_long_bytes(void **state)
{
    struct bench *bench = *state;
    struct orders_placed event;

    souk_arena_done(&bench->arena);
    souk_arena_init(&bench->arena, 50 * sizeof(struct order_line));
    souk_pack_array(&bench->pack, 3);
    souk_pack_id(&bench->pack, some_id);
    souk_pack_array(&bench->pack, 51);
    for (unsigned i = 0; i < 60; i++)
        souk_pack_nil(&bench->pack);
    assert_int_equal(orders_placed_decode(souk_pack_slice(&bench->pack), &bench->arena, &event), -SOUK_ETOOBIG);
    assert_int_equal(bench->arena.used_bytes, 0);
}

static void
an_arena_without_room_is_no_memory(void **state)
{
    struct bench *bench = *state;
    const struct order_line line = { .sku = souk_slice_of("tea"), .units = 1, .price = { 1, "EUR" } };
    const struct orders_place command = { .lines_count = 1, .lines = &line };
    struct orders_place seen;

    souk_arena_done(&bench->arena);
    souk_arena_init(&bench->arena, 1);
    assert_int_equal(orders_place_encode(&command, &bench->pack), 0);
    assert_int_equal(orders_place_decode(souk_pack_slice(&bench->pack), &bench->arena, &seen), -SOUK_ENOMEM);
}

/* ---- types, as the runtime uses them -------------------------------- */

static int
decide_reserve(const struct souk_view *view, const struct inventory_reserve *command, struct souk_decision *decision)
{
    assert_true(is_text(command->sku, "tea"));
    return emit_inventory_reserved(decision, &(struct inventory_reserved){ .units = command->units });
}

static int
react_placed(const struct souk_view *view, const struct orders_placed *event, struct souk_decision *decision)
{
    return (int)event->points;
}

static int
apply_received(struct souk_tables *tables, const struct inventory_received *event)
{
    return article_put(tables, &(struct article){ .sku = event->sku, .units_on_hand = event->units });
}

static int
answer_article(const struct souk_view *view, const struct inventory_article *query, struct souk_answer *answer)
{
    return answer_inventory_article(answer, &(struct inventory_article_reply){ .sku = query->sku });
}

static int
prepare_move(const struct souk_view *view, const struct accounts_move *command, struct souk_prepared *prepared)
{
    assert_null(prepared);
    return (int)command->street.size_bytes;
}

static void
a_type_calls_handlers_with_their_own_signature(void **state)
{
    struct bench *bench = *state;
    const struct inventory_reserve reserve = { .sku = souk_slice_of("tea"), .units = 3 };
    const struct inventory_received received = { .sku = souk_slice_of("tea"), .units = 5 };
    const struct orders_placed placed = { .points = -77 };
    const struct inventory_article query = { .sku = souk_slice_of("tea") };
    const struct accounts_move move = { .street = souk_slice_of("Elm Street") };
    struct souk_decision decision;
    struct souk_answer answer;
    struct article article;

    assert_int_equal(inventory_reserve_type.call_decide((void (*)(void))decide_reserve, &bench->view, &reserve, NULL,
        &decision), 0);
    assert_ptr_equal(decision.emitted, &inventory_reserved_type);
    assert_int_equal(orders_placed_type.call_react((void (*)(void))react_placed, &bench->view, &placed, &decision),
        -77);
    assert_int_equal(inventory_received_type.call_apply((void (*)(void))apply_received, &bench->tables, &received), 0);
    assert_int_equal(article_get(&bench->view, souk_slice_of("tea"), &article), 0);
    assert_int_equal(article.units_on_hand, 5);
    assert_int_equal(inventory_article_type.call_answer((void (*)(void))answer_article, &bench->view, &query, &answer),
        0);
    assert_ptr_equal(answer.answered, &inventory_article_reply_type);
    assert_int_equal(accounts_move_type.call_prepare((void (*)(void))prepare_move, &bench->view, &move, NULL), 10);
    assert_null(inventory_reserve_type.call_apply);
    assert_null(orders_placed_type.call_decide);
}

static void
a_handler_table_takes_the_types(void **state)
{
    static const struct souk_handler handlers[] = {
        SOUK_DECIDE(inventory_reserve, decide_reserve),
        SOUK_REACT(orders_placed, react_placed),
        SOUK_APPLY(inventory_received, apply_received),
        SOUK_ANSWER(inventory_article, answer_article),
        SOUK_PREPARE(accounts_move, prepare_move),
    };

    assert_ptr_equal(handlers[0].type, &inventory_reserve_type);
    assert_ptr_equal(handlers[4].type, &accounts_move_type);
}

static void
a_request_goes_to_the_service_in_the_name(void **state)
{
    struct bench *bench = *state;
    const struct inventory_reserve command = { .units = 1 };

    assert_int_equal(request_inventory_reserve(&bench->tables, &command), 0);
    assert_string_equal(bench->tables.requested_service, "inventory");
    assert_ptr_equal(bench->tables.requested, &inventory_reserve_type);
    assert_ptr_equal(bench->tables.requested_message, &command);
}

static void
the_key_of_an_event_is_its_plain_bytes(void **state)
{
    struct bench *bench = *state;
    const struct inventory_reserved reserved = { .order_id = some_id };
    const struct inventory_received received = { .sku = souk_slice_of("tea") };
    const struct inventory_received nameless = { .units = 1 };
    struct inventory_counted counted = { .shelf = -42 };
    struct orders_everything everything = { .small = 0 };

    assert_int_equal(inventory_reserved_type.key(&reserved, &bench->pack), 0);
    assert_int_equal(bench->pack.size_bytes, 16);
    assert_memory_equal(bench->pack.base, some_id.bytes, 16);
    souk_pack_reset(&bench->pack);
    assert_int_equal(inventory_received_type.key(&received, &bench->pack), 0);
    assert_true(is_text(souk_pack_slice(&bench->pack), "tea"));
    souk_pack_reset(&bench->pack);
    assert_int_equal(inventory_received_type.key(&nameless, &bench->pack), -SOUK_EINVAL);
    souk_pack_reset(&bench->pack);
    assert_int_equal(inventory_counted_type.key(&counted, &bench->pack), 0);
    assert_true(is_text(souk_pack_slice(&bench->pack), "-42"));
    counted.shelf = INT64_MIN;
    souk_pack_reset(&bench->pack);
    assert_int_equal(inventory_counted_type.key(&counted, &bench->pack), 0);
    assert_true(is_text(souk_pack_slice(&bench->pack), "-9223372036854775808"));
    souk_pack_reset(&bench->pack);
    assert_int_equal(orders_everything_type.key(&everything, &bench->pack), 0);
    assert_true(is_text(souk_pack_slice(&bench->pack), "0"));
}

/* ---- rows ----------------------------------------------------------- */

static void
rows_are_put_found_and_deleted_by_their_key(void **state)
{
    struct bench *bench = *state;
    struct hold hold = { .order_id = some_id, .sku = souk_slice_of("tea"), .units = 2, .expires_ms = 900 };
    struct hold seen;

    assert_int_equal(hold_get(&bench->view, some_id, souk_slice_of("tea"), &seen), -SOUK_ENOTFOUND);
    assert_int_equal(hold_put(&bench->tables, &hold), 0);
    hold.units = 3;
    assert_int_equal(hold_put(&bench->tables, &hold), 0);
    assert_int_equal(bench->view.row_count, 1);
    assert_string_equal(bench->view.rows[0].table, HOLD_TABLE);
    assert_int_equal(hold_get(&bench->view, some_id, souk_slice_of("tea"), &seen), 0);
    assert_int_equal(seen.units, 3);
    assert_true(seen.expires_ms == 900);
    assert_int_equal(hold_delete(&bench->tables, some_id, souk_slice_of("cup")), -SOUK_ENOTFOUND);
    assert_int_equal(hold_delete(&bench->tables, some_id, souk_slice_of("tea")), 0);
    assert_int_equal(bench->view.row_count, 0);
}

static void
a_scan_meets_the_rows_of_one_prefix_in_order(void **state)
{
    static const char *const skus[] = { "b", "ab", "a", "a!" };
    static const char *const sorted[] = { "a", "a!", "ab", "b" };
    struct bench *bench = *state;
    struct souk_rows *rows = NULL;
    struct hold hold = { .units = 1 };
    size_t i;

    for (i = 0; i < 4; i++) {
        hold.sku = souk_slice_of(skus[i]);
        hold.order_id = some_id;
        assert_int_equal(hold_put(&bench->tables, &hold), 0);
        hold.order_id = other_id;
        assert_int_equal(hold_put(&bench->tables, &hold), 0);
    }
    assert_int_equal(article_put(&bench->tables, &(struct article){ .sku = souk_slice_of("a") }), 0);

    assert_int_equal(hold_scan_by_order_id(&bench->view, some_id, &rows), 0);
    for (i = 0; i < 4; i++) {
        assert_int_equal(hold_next(&bench->view, rows, &hold), 0);
        assert_true(is_id(hold.order_id, some_id));
        assert_true(is_text(hold.sku, sorted[i]));
    }
    assert_int_equal(hold_next(&bench->view, rows, &hold), -SOUK_ENOTFOUND);
    souk_rows_close(&rows);

    assert_int_equal(hold_scan_by_order_id_from(&bench->view, some_id, souk_slice_of("aa"), &rows), 0);
    for (i = 2; i < 4; i++) {
        assert_int_equal(hold_next(&bench->view, rows, &hold), 0);
        assert_true(is_text(hold.sku, sorted[i]));
    }
    assert_int_equal(hold_next(&bench->view, rows, &hold), -SOUK_ENOTFOUND);
    souk_rows_close(&rows);

    assert_int_equal(hold_scan(&bench->view, &rows), 0);
    for (i = 0; i < 8; i++)
        assert_int_equal(hold_next(&bench->view, rows, &hold), 0);
    assert_int_equal(hold_next(&bench->view, rows, &hold), -SOUK_ENOTFOUND);
    souk_rows_close(&rows);
}

/* Numbers below zero first; a text that begins another one before it, whatever comes behind. */
static void
keys_sort_like_their_fields(void **state)
{
    static const struct { int64_t shelf; const char *label; uint16_t level; const char *key; } sorted[] = {
        { INT64_MIN, "z", 9, "" }, { -2, "z", 9, "" }, { -1, "a", 0, "" }, { 0, "", 65535, "" }, { 0, "a", 0, "" },
        { 0, "a", 0, "k" }, { 0, "a", 1, "" }, { 0, "a", 255, "z" }, { 0, "a", 256, "" }, { 0, "a\x01", 0, "" },
        { 0, "aa", 0, "" }, { 0, "b", 0, "" }, { 1, "", 0, "" }, { 255, "", 0, "" }, { 256, "", 0, "" },
        { INT64_MAX, "", 0, "" },
    };
    struct bench *bench = *state;
    const size_t count = sizeof sorted / sizeof sorted[0];
    struct souk_rows *rows = NULL;
    struct shelf_slot slot;
    size_t i;
    size_t j;

    for (i = 0; i < count; i++) {
        j = i * 7 % count;
        slot = (struct shelf_slot){ .shelf = sorted[j].shelf, .label = souk_slice_of(sorted[j].label),
            .level = sorted[j].level, .key = souk_slice_of(sorted[j].key) };
        assert_int_equal(shelf_slot_put(&bench->tables, &slot), 0);
    }
    assert_int_equal(bench->view.row_count, count);
    assert_int_equal(shelf_slot_scan(&bench->view, &rows), 0);
    for (i = 0; i < count; i++) {
        assert_int_equal(shelf_slot_next(&bench->view, rows, &slot), 0);
        assert_true(slot.shelf == sorted[i].shelf);
        assert_true(is_text(slot.label, sorted[i].label));
        assert_int_equal(slot.level, sorted[i].level);
        assert_true(is_text(slot.key, sorted[i].key));
    }
    souk_rows_close(&rows);

    assert_int_equal(shelf_slot_scan_by_shelf_label(&bench->view, 0, souk_slice_of("a"), &rows), 0);
    for (i = 4; i < 9; i++) {
        assert_int_equal(shelf_slot_next(&bench->view, rows, &slot), 0);
        assert_int_equal(slot.level, sorted[i].level);
    }
    assert_int_equal(shelf_slot_next(&bench->view, rows, &slot), -SOUK_ENOTFOUND);
    souk_rows_close(&rows);
}

static void
a_key_that_cannot_be_meant_is_refused(void **state)
{
    struct bench *bench = *state;
    struct souk_rows *rows = NULL;
    struct article article = { .units_held = 1 };
    struct souk_row_key key;

    assert_int_equal(article_put(&bench->tables, &article), -SOUK_EINVAL);
    assert_int_equal(article_get(&bench->view, article.sku, &article), -SOUK_EINVAL);
    assert_int_equal(article_delete(&bench->tables, article.sku), -SOUK_EINVAL);
    article.sku = (struct souk_slice){ "a\0b", 3 };
    assert_int_equal(article_put(&bench->tables, &article), -SOUK_EINVAL);
    assert_int_equal(article_scan_from(&bench->view, article.sku, &rows), -SOUK_EINVAL);
    assert_int_equal(article_type.key(&article, &bench->pack), -SOUK_EINVAL);
    assert_null(rows);

    souk_row_key_init(&key);
    souk_row_key_text_last(&key, letters(bench, SOUK_ROW_KEY_BYTES_MAX));
    assert_int_equal(key.rc, 0);
    souk_row_key_uint(&key, 1, 1);
    assert_int_equal(key.rc, -SOUK_ETOOBIG);
    assert_int_equal(bench->view.row_count, 0);
}

static void
a_large_row_is_put_and_a_damaged_one_is_named(void **state)
{
    struct bench *bench = *state;
    struct souk_slice photos[3] = { letters(bench, 900), letters(bench, 900), letters(bench, 900) };
    struct shelf_slot slot = { .shelf = 1, .photos_count = 3, .photos = photos };

    assert_int_equal(shelf_slot_put(&bench->tables, &slot), 0);
    assert_int_equal(shelf_slot_get(&bench->view, 1, slot.label, 0, slot.key, &slot), 0);
    assert_int_equal(slot.photos_count, 3);
    assert_true(souk_slice_equal(slot.photos[2], photos[2]));
    bench->view.rows[0].value[0] ^= 1;
    assert_int_equal(shelf_slot_get(&bench->view, 1, slot.label, 0, slot.key, &slot), -SOUK_EDAMAGED);
    slot.photos_count = 4;
    assert_int_equal(shelf_slot_put(&bench->tables, &slot), -SOUK_ETOOBIG);
}

static void
an_index_row_has_its_key_and_its_value(void **state)
{
    static const uint8_t key[] = { 1, 44, 0, 0, 0, 0, 0, 0, 3, 232 };
    struct souk_index_rows rows;
    struct order_by_state row = { .state = ORDER_STATE_CANCELLED, .placed_ms = 1000, .order_id = some_id };
    struct order_by_state seen;

    assert_int_equal(order_by_state_index(&rows, &row), 0);
    assert_int_equal(rows.row.key_bytes, sizeof key);
    assert_memory_equal(rows.row.key, key, sizeof key);
    assert_int_equal(order_by_state_decode((struct souk_slice){ rows.row.value, rows.row.value_bytes }, NULL, &seen), 0);
    assert_true(is_id(seen.order_id, some_id));
}

/* ---- one description ------------------------------------------------ */

static void
assert_same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_true(a == b);
    else
        assert_string_equal(a, b);
}

static void
assert_same_field(const struct souk_field *a, const struct souk_field *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->is_list, b->is_list);
    assert_int_equal(a->is_optional, b->is_optional);
    assert_int_equal(a->is_personal, b->is_personal);
    assert_int_equal(a->count_max, b->count_max);
    assert_int_equal(a->bytes_max, b->bytes_max);
    assert_true(a->value_min == b->value_min);
    assert_true(a->value_max == b->value_max);
    assert_true(souk_slice_equal(a->default_packed, b->default_packed));
    assert_int_equal(a->default_packed.base == NULL, b->default_packed.base == NULL);
    assert_same_text(a->about, b->about);
    assert_same_text(a->values == NULL ? NULL : a->values->name, b->values == NULL ? NULL : b->values->name);
    assert_same_text(a->record == NULL ? NULL : a->record->name, b->record == NULL ? NULL : b->record->name);
}

static void
assert_same_type(const struct souk_message_type *a, const struct souk_message_type *b)
{
    size_t i;

    assert_string_equal(a->name, b->name);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->packed_bytes_max, b->packed_bytes_max);
    assert_same_text(a->stream, b->stream);
    assert_same_text(a->about, b->about);
    assert_same_text(a->table, b->table);
    assert_same_text(a->upcast_name, b->upcast_name);
    assert_int_equal(a->field_count, b->field_count);
    for (i = 0; i < a->field_count; i++)
        assert_same_field(&a->fields[i], &b->fields[i]);
    assert_int_equal(a->key_field_count, b->key_field_count);
    for (i = 0; i < a->key_field_count; i++)
        assert_int_equal(a->key_fields[i], b->key_fields[i]);
    assert_int_equal(a->refuse_count, b->refuse_count);
    for (i = 0; i < a->refuse_count; i++)
        assert_string_equal(a->refuses[i], b->refuses[i]);
    assert_int_equal(a->after_count, b->after_count);
    for (i = 0; i < a->after_count; i++) {
        assert_int_equal(a->after[i].kind, b->after[i].kind);
        assert_string_equal(a->after[i].name, b->after[i].name);
        assert_same_text(a->after[i].guard, b->after[i].guard);
    }
    assert_same_text(a->subject == NULL ? NULL : a->subject->name, b->subject == NULL ? NULL : b->subject->name);
    assert_same_text(a->reply == NULL ? NULL : a->reply->name, b->reply == NULL ? NULL : b->reply->name);
    assert_int_equal(a->older == NULL, b->older == NULL);
    if (a->older != NULL)
        assert_same_type(a->older, b->older);
}

/* What was compiled in and what is read at run time are told apart by nothing but their functions. */
static void
the_generated_tables_are_the_description(void **state)
{
    const char *srcdir = getenv("srcdir") == NULL ? "." : getenv("srcdir");
    struct souk_description *description = NULL;
    const struct souk_messages *messages;
    struct souk_error err = { 0 };
    char path[4096];
    size_t i;

    (void)snprintf(path, sizeof path, "%s/test/unit/shop.messages.zpl", srcdir);
    assert_int_equal(souk_description_open(path, &description, &err), 0);
    messages = souk_description_messages(description);
    assert_string_equal(messages->application, shop_messages.application);
    assert_string_equal(messages->about, shop_messages.about);
    assert_int_equal(messages->type_count, shop_messages.type_count);
    for (i = 0; i < messages->type_count; i++)
        assert_same_type(messages->types[i], shop_messages.types[i]);
    assert_int_equal(messages->enum_count, shop_messages.enum_count);
    assert_int_equal(messages->enums[0]->value_count, shop_messages.enums[0]->value_count);
    assert_int_equal(messages->refusal_count, shop_messages.refusal_count);
    for (i = 0; i < messages->refusal_count; i++)
        assert_string_equal(messages->refusals[i].code, shop_messages.refusals[i].code);
    for (i = 0; messages->settings[i] != NULL; i++) {
        assert_string_equal(messages->settings[i]->name, shop_messages.settings[i]->name);
        assert_string_equal(messages->settings[i]->about, shop_messages.settings[i]->about);
        assert_int_equal(messages->settings[i]->value_min, shop_messages.settings[i]->value_min);
        assert_int_equal(messages->settings[i]->value_max, shop_messages.settings[i]->value_max);
        assert_int_equal(messages->settings[i]->value_default, shop_messages.settings[i]->value_default);
    }
    assert_int_equal(i, 2);
    assert_null(shop_messages.settings[i]);
    assert_ptr_equal(shop_messages.settings[1], &orders_pay_ms_setting);
    assert_int_equal(messages->stream_count, shop_messages.stream_count);
    for (i = 0; i < messages->stream_count; i++)
        assert_int_equal(messages->streams[i].audience, shop_messages.streams[i].audience);
    assert_ptr_equal(souk_messages_find(&shop_messages, souk_slice_of("hold")), &hold_type);
    assert_null(souk_messages_find(&shop_messages, souk_slice_of("hol")));
    souk_description_close(&description);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_comes_back_as_it_went, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(the_widest_message_takes_what_its_type_says, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(nothing_is_written_or_read_past_a_limit, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(json_leads_back_to_the_same_bytes, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_an_older_writer_left_out_is_its_default, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_field_without_default_cannot_be_left_out, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_a_newer_writer_appended_is_stepped_over, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(what_stands_behind_the_message_is_refused, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(an_older_version_is_cast_up_step_by_step, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_broken_message_is_refused_and_nothing_worse, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_long_list_needs_long_bytes, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(an_arena_without_room_is_no_memory, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_type_calls_handlers_with_their_own_signature, open_bench, close_bench),
        cmocka_unit_test(a_handler_table_takes_the_types),
        cmocka_unit_test_setup_teardown(a_request_goes_to_the_service_in_the_name, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(the_key_of_an_event_is_its_plain_bytes, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(rows_are_put_found_and_deleted_by_their_key, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_scan_meets_the_rows_of_one_prefix_in_order, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(keys_sort_like_their_fields, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_key_that_cannot_be_meant_is_refused, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_large_row_is_put_and_a_damaged_one_is_named, open_bench, close_bench),
        cmocka_unit_test(an_index_row_has_its_key_and_its_value),
        cmocka_unit_test(the_generated_tables_are_the_description),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
