/*
 * orders_search - where orders go to, and how staff finds them by that. It is in
 * a private stream, so it is asked of orders, and stands in no page of query. A
 * table of words would have to have them as keys, which nothing seals: LMDB keeps
 * what was deleted in free pages, and a backup keeps it for good. So orders are
 * looked through, the latest first, some microseconds each.
 */
#include "orders.h"

#include <sodium.h>
#include <string.h>

#include "people.h"

#define FOUND_MAX 24                    /* as described */
#define WORDS_MAX 40                    /* of one address; the rest does not find it */
#define WORD_BYTES_MAX 64               /* longer ones do not find it either */
#define LOOKED_AT_MAX 5000              /* orders, for one answer: with the longest addresses half the memory that it may take */
#define FROM_BYTES 24                   /* of a place in the list: a time and an order, in hex on the way */

/* Words in small letters, between spaces and commas. */
struct words {
    size_t count;
    struct souk_slice words[WORDS_MAX];
};

static int
add_words(const struct souk_view *view, struct souk_slice text, struct words *words)
{
    char *small = souk_arena_alloc(souk_view_arena(view), text.size_bytes + 1);
    size_t begin = 0;

    if (small == NULL)
        return -SOUK_ENOMEM;
    for (size_t i = 0; i <= text.size_bytes; i++) {
        const char letter = i < text.size_bytes ? ((const char *)text.base)[i] : ' ';

        small[i] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
        if (letter != ' ' && letter != ',' && letter != '\0')
            continue;
        if (i > begin && i - begin <= WORD_BYTES_MAX && words->count < WORDS_MAX)
            words->words[words->count++] = (struct souk_slice){ small + begin, i - begin };
        begin = i + 1;
    }
    return 0;
}

static int
split_address(const struct souk_view *view, struct souk_slice email, const struct address *address,
    struct words *words_out)
{
    int rc;

    words_out->count = 0;
    if ((rc = add_words(view, email, words_out)) != 0 || (rc = add_words(view, address->name, words_out)) != 0
        || (rc = add_words(view, address->postcode, words_out)) != 0
        || (rc = add_words(view, address->city, words_out)) != 0)
        return rc;
    return add_words(view, address->street, words_out);
}

/* Of somebody who was forgotten nothing is kept. */
int
orders_apply_addressed(struct souk_tables *tables, const struct orders_addressed *event)
{
    const uint64_t before_ms = SOUK_TIME_MS_MAX - souk_tables_time_ms(tables);
    int rc;

    if (!event->has_email || !event->has_address)
        return 0;
    if ((rc = destination_put(tables, &(struct destination){ .order_id = event->order_id, .owner = event->owner,
            .has_email = true, .email = event->email, .has_address = true, .address = event->address,
            .before_ms = before_ms })) != 0
        || (rc = destination_of_put(tables, &(struct destination_of){ event->owner, event->order_id })) != 0)
        return rc;
    return destination_time_put(tables, &(struct destination_time){ before_ms, event->order_id });
}

static int
forget_destination(struct souk_tables *tables, const struct destination_of *of)
{
    struct destination destination;
    int rc;

    if ((rc = destination_get(souk_tables_view(tables), of->order_id, &destination)) != 0
        || (rc = destination_time_delete(tables, destination.before_ms, of->order_id)) != 0
        || (rc = destination_delete(tables, of->order_id)) != 0)
        return rc;
    return destination_of_delete(tables, of->owner, of->order_id);
}

/* The runtime forgets what the stream says; rows that were made of it go with it. */
int
orders_apply_erased(struct souk_tables *tables, const struct orders_erased *event)
{
    struct destination_of of;
    struct souk_rows *rows;
    int rc;

    do {                                        /* one walk for each: rows cannot be deleted under it */
        if ((rc = destination_of_scan_by_owner(souk_tables_view(tables), event->owner, &rows)) != 0)
            return rc;
        rc = destination_of_next(souk_tables_view(tables), rows, &of);
        souk_rows_close(&rows);
        if (rc == 0)
            rc = forget_destination(tables, &of);
    } while (rc == 0);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
orders_answer_destination(const struct souk_view *view, const struct orders_destination *query,
    struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct destination destination;
    struct order order;
    int rc;

    if ((rc = order_get(view, query->order_id, &order)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, ORDERS_UNKNOWN_ORDER) : rc;
    if (pass == NULL || (!souk_id_equal(order.owner, pass->person) && !people_is_staff(pass)))
        return souk_answer_refuse(answer, ORDERS_UNKNOWN_ORDER);
    if ((rc = destination_get(view, query->order_id, &destination)) == -SOUK_ENOTFOUND)
        return answer_orders_destination(answer, &(struct orders_destination_reply){ .has_email = false });
    return rc != 0 ? rc : answer_orders_destination(answer, &(struct orders_destination_reply){
        .has_email = destination.has_email, .email = destination.email, .has_address = destination.has_address,
        .address = destination.address });
}

static int
show_found(const struct souk_view *view, const struct destination *destination, struct found_order *found_out)
{
    struct order order;
    int rc = order_get(view, destination->order_id, &order);

    if (rc != 0)
        return rc;
    *found_out = (struct found_order){ .order_id = destination->order_id, .email = destination->email,
        .address = destination->address, .number = order.number, .state = order.state, .has_total = true,
        .total = order.total, .placed_ms = SOUK_TIME_MS_MAX - destination->before_ms };
    return 0;
}

static bool
begins(struct souk_slice word, struct souk_slice beginning)
{
    return word.size_bytes >= beginning.size_bytes
        && memcmp(word.base, beginning.base, beginning.size_bytes) == 0;
}

static int
fits(const struct souk_view *view, const struct destination *destination, const struct words *wanted, bool *fits_out)
{
    struct words words;
    int rc = split_address(view, destination->email, &destination->address, &words);

    *fits_out = true;
    for (size_t i = 0; i < wanted->count && rc == 0 && *fits_out; i++) {
        *fits_out = false;
        for (size_t k = 0; k < words.count && !*fits_out; k++)
            *fits_out = begins(words.words[k], wanted->words[i]);
    }
    return rc;
}

/* A page of what was found. */
struct found {
    struct found_order orders[FOUND_MAX];
    uint32_t count;
    char next[2 * FROM_BYTES + 1];              /* empty at the end */
};

static bool
is_known(const struct destination *destination)
{
    return destination->has_email && destination->has_address;
}

static int
look_at(const struct souk_view *view, const struct words *wanted, struct souk_id order_id, struct found *found)
{
    struct destination destination;
    bool is_meant;
    int rc;

    if ((rc = destination_get(view, order_id, &destination)) != 0 || !is_known(&destination))
        return rc;                              /* without its key nobody knows where it goes */
    if ((rc = fits(view, &destination, wanted, &is_meant)) != 0 || !is_meant)
        return rc;
    return show_found(view, &destination, &found->orders[found->count++]);
}

static void
write_from(const struct destination_time *row, char out[2 * FROM_BYTES + 1])
{
    uint8_t place[FROM_BYTES];

    for (unsigned i = 0; i < sizeof row->before_ms; i++)
        place[i] = (uint8_t)(row->before_ms >> (56 - 8 * i));
    memcpy(place + sizeof row->before_ms, row->order_id.bytes, sizeof row->order_id.bytes);
    (void)sodium_bin2hex(out, 2 * FROM_BYTES + 1, place, sizeof place);
}

/* It comes from a browser: what is no place is the beginning. */
static struct destination_time
read_from(const struct orders_search *query)
{
    struct destination_time row = { .before_ms = 0 };
    uint8_t place[FROM_BYTES];
    size_t bytes = 0;

    if (!query->has_from || sodium_hex2bin(place, sizeof place, query->from.base, query->from.size_bytes, NULL, &bytes,
            NULL) != 0 || bytes != sizeof place)
        return row;
    for (unsigned i = 0; i < sizeof row.before_ms; i++)
        row.before_ms = row.before_ms << 8 | place[i];
    memcpy(row.order_id.bytes, place + sizeof row.before_ms, sizeof row.order_id.bytes);
    return row;
}

static int
find_orders(const struct souk_view *view, const struct words *wanted, const struct destination_time *from,
    struct found *found)
{
    struct destination_time row;
    struct souk_rows *rows;
    int rc;

    if ((rc = destination_time_scan_from(view, from->before_ms, from->order_id, &rows)) != 0)
        return rc;
    for (unsigned i = 0; (rc = destination_time_next(view, rows, &row)) == 0; i++) {
        if (i == LOOKED_AT_MAX || found->count == FOUND_MAX) {
            write_from(&row, found->next);
            break;
        }
        if ((rc = look_at(view, wanted, row.order_id, found)) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
orders_answer_search(const struct souk_view *view, const struct orders_search *query, struct souk_answer *answer)
{
    const struct destination_time from = read_from(query);
    struct found found = { .count = 0 };
    struct words wanted = { .count = 0 };
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = add_words(view, query->text, &wanted)) != 0)
        return rc;
    if (wanted.count > 0 && (rc = find_orders(view, &wanted, &from, &found)) != 0)
        return rc;
    return answer_orders_search(answer, &(struct orders_search_reply){ .orders_count = found.count, .orders = found.orders,
        .has_next = found.next[0] != '\0', .next = souk_slice_of(found.next) });
}
