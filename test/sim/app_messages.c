#include "app_messages.h"

#include <stdlib.h>
#include <string.h>

static int encode_uints(const uint64_t *fields, size_t count, struct souk_pack *pack);
static int decode_uints(struct souk_slice packed, uint64_t *fields_out, size_t count);
static int put_key(uint64_t id, struct souk_pack *raw_key_out);

/*
 * What souk-messages(1) would write for a message of integers only: the two
 * ways between struct and bytes, and the calls with the handler's own signature.
 */
#define FIELD_COUNT(message) (sizeof(struct message) / sizeof(uint64_t))
#define PACKED_BYTES_MAX(message) (1 + 9 * FIELD_COUNT(message))
#define CODEC(message) \
    static int message##_encode(const void *fields, struct souk_pack *pack) \
    { return encode_uints(fields, FIELD_COUNT(message), pack); } \
    static int message##_decode(struct souk_slice packed, struct souk_arena *arena, void *message_out) \
    { (void)arena; return decode_uints(packed, message_out, FIELD_COUNT(message)); }
#define TYPE(message, wire_name, message_kind) \
    .name = (wire_name), .version = 1, .kind = (message_kind), .struct_size_bytes = sizeof(struct message), \
    .packed_bytes_max = PACKED_BYTES_MAX(message), .encode = message##_encode, .decode = message##_decode

#define COMMAND(message, wire_name) \
    CODEC(message) \
    static int message##_prepare(void (*handler)(void), const struct souk_view *view, const void *command, \
        struct souk_prepared *prepared) \
    { return ((int (*)(const struct souk_view *, const struct message *, struct souk_prepared *))handler)(view, \
        command, prepared); } \
    static int message##_decide(void (*handler)(void), const struct souk_view *view, const void *command, \
        const void *prepared, struct souk_decision *decision) \
    { (void)prepared; return ((int (*)(const struct souk_view *, const struct message *, \
        struct souk_decision *))handler)(view, command, decision); } \
    const struct souk_message_type message##_type = { TYPE(message, wire_name, SOUK_COMMAND), \
        .call_prepare = message##_prepare, .call_decide = message##_decide }

#define EVENT(message, wire_name, stream_name) \
    CODEC(message) \
    static int message##_key(const void *fields, struct souk_pack *raw_key_out) \
    { return put_key(*(const uint64_t *)fields, raw_key_out); } \
    static int message##_react(void (*handler)(void), const struct souk_view *view, const void *event, \
        struct souk_decision *decision) \
    { return ((int (*)(const struct souk_view *, const struct message *, struct souk_decision *))handler)(view, \
        event, decision); } \
    static int message##_apply(void (*handler)(void), struct souk_tables *tables, const void *event) \
    { return ((int (*)(struct souk_tables *, const struct message *))handler)(tables, event); } \
    const struct souk_message_type message##_type = { TYPE(message, wire_name, SOUK_EVENT), \
        .stream = (stream_name), .key = message##_key, .call_react = message##_react, .call_apply = message##_apply }

#define QUERY(message, wire_name) \
    CODEC(message) \
    static int message##_answer(void (*handler)(void), const struct souk_view *view, const void *query, \
        struct souk_answer *answer) \
    { return ((int (*)(const struct souk_view *, const struct message *, struct souk_answer *))handler)(view, query, \
        answer); } \
    const struct souk_message_type message##_type = { TYPE(message, wire_name, SOUK_QUERY), \
        .call_answer = message##_answer }

/* ---- messages ------------------------------------------------------- */

COMMAND(order_place, "order.place");
COMMAND(order_cancel, "order.cancel");
EVENT(order_placed, "order.placed", "orders");
EVENT(order_lined, "order.lined", "orders");
EVENT(order_reserved, "order.reserved", "orders");
EVENT(order_paid, "order.paid", "orders");
EVENT(order_cancelled, "order.cancelled", "orders");
EVENT(order_expired, "order.expired", "orders");
EVENT(order_refund_due, "order.refund-due", "orders");
EVENT(order_refunded, "order.refunded", "orders");
EVENT(order_compensated, "order.compensated", "orders");
EVENT(order_addressed, "order.addressed", "orders.private");
EVENT(order_noted, "order.noted", "orders.private");

COMMAND(stock_receive, "stock.receive");
EVENT(stock_received, "stock.received", "stock");
EVENT(stock_reserved, "stock.reserved", "stock");
EVENT(stock_short, "stock.short", "stock");
EVENT(stock_released, "stock.released", "stock");
EVENT(stock_shipped, "stock.shipped", "stock");
EVENT(stock_compensated, "stock.compensated", "stock");

COMMAND(payments_charge, "payments.charge");
EVENT(payment_charged, "payment.charged", "payments");
EVENT(payment_refunded, "payment.refunded", "payments");
EVENT(payment_compensated, "payment.compensated", "payments");

COMMAND(review_submit, "review.submit");
COMMAND(review_edit, "review.edit");
EVENT(review_submitted, "review.submitted", "reviews.internal");
EVENT(review_edited, "review.edited", "reviews.internal");
EVENT(review_published, "review.published", "reviews.internal");
EVENT(review_hidden, "review.hidden", "reviews.internal");
EVENT(review_compensated, "review.compensated", "reviews.internal");
EVENT(review_updated, "review.updated", "reviews");
EVENT(verdict_approved, "verdict.approved", "moderation");
EVENT(verdict_rejected, "verdict.rejected", "moderation");
EVENT(verdict_withdrawn, "verdict.withdrawn", "moderation");

QUERY(rows_get, "rows.get");
QUERY(rows_dump, "rows.dump");

/* ---- replies: the only ones that are not integers throughout -------- */

static int
rows_got_encode(const void *message, struct souk_pack *pack)
{
    const struct rows_got *got = message;
    uint32_t i;

    souk_pack_array(pack, 1 + got->count);
    souk_pack_uint(pack, got->found);
    for (i = 0; i < got->count; i++)
        souk_pack_uint(pack, got->fields[i]);
    return pack->rc;
}

static int
rows_dumped_encode(const void *message, struct souk_pack *pack)
{
    const struct rows_dumped *dumped = message;
    uint32_t i;

    souk_pack_array(pack, dumped->count);
    for (i = 0; i < dumped->count; i++) {
        souk_pack_array(pack, 2);
        souk_pack_bin(pack, dumped->rows[i].key);
        souk_pack_bin(pack, dumped->rows[i].row);
    }
    return pack->rc;
}

const struct souk_message_type rows_got_type = {
    .name = "rows.got",
    .version = 1,
    .kind = SOUK_REPLY,
    .struct_size_bytes = sizeof(struct rows_got),
    .packed_bytes_max = 10 + 9 * APP_ROW_FIELDS_MAX,
    .encode = rows_got_encode,
};

const struct souk_message_type rows_dumped_type = {
    .name = "rows.dumped",
    .version = 1,
    .kind = SOUK_REPLY,
    .struct_size_bytes = sizeof(struct rows_dumped),
    .packed_bytes_max = SOUK_PAYLOAD_BYTES_MAX,
    .encode = rows_dumped_encode,
};

/* ---- file-local ----------------------------------------------------- */

static int
encode_uints(const uint64_t *fields, size_t count, struct souk_pack *pack)
{
    size_t i;

    souk_pack_array(pack, (uint32_t)count);
    for (i = 0; i < count; i++)
        souk_pack_uint(pack, fields[i]);
    return pack->rc;
}

static int
decode_uints(struct souk_slice packed, uint64_t *fields_out, size_t count)
{
    struct souk_unpack in;
    size_t i;

    souk_unpack_init(&in, packed);
    souk_unpack_array_exact(&in, (uint32_t)count);
    for (i = 0; i < count; i++)
        fields_out[i] = souk_unpack_uint(&in, UINT64_MAX);
    return souk_unpack_end(&in);
}

static int
put_key(uint64_t id, struct souk_pack *raw_key_out)
{
    struct app_key key;

    souk_pack_raw(raw_key_out, app_key(&key, id));
    return raw_key_out->rc;
}
