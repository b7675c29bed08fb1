/*
 * orders_search - where orders go to, and how staff finds them by that. It is in
 * a private stream, so it is asked of orders, and stands in no page of query.
 */
#include "orders.h"

#include <string.h>

#include "people.h"

#define FOUND_MAX 24                    /* as described */
#define WORDS_MAX 40                    /* of one address; the rest does not find it */
#define WORD_BYTES_MAX 64               /* longer ones do not find it either */
#define SCAN_ROWS_MAX 1000              /* words that one answer looks at */

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
    struct words words;
    int rc;

    if (!event->has_email || !event->has_address)
        return 0;
    if ((rc = destination_put(tables, &(struct destination){ event->order_id, event->email, event->address,
            before_ms })) != 0
        || (rc = destination_of_put(tables, &(struct destination_of){ event->owner, event->order_id })) != 0
        || (rc = split_address(souk_tables_view(tables), event->email, &event->address, &words)) != 0)
        return rc;
    for (size_t i = 0; i < words.count && rc == 0; i++)
        rc = destination_word_put(tables, &(struct destination_word){ words.words[i], before_ms, event->order_id });
    return rc;
}

static int
forget_destination(struct souk_tables *tables, const struct destination_of *of)
{
    struct destination destination;
    struct words words;
    int rc;

    if ((rc = destination_get(souk_tables_view(tables), of->order_id, &destination)) != 0
        || (rc = split_address(souk_tables_view(tables), destination.email, &destination.address, &words)) != 0)
        return rc;
    for (size_t i = 0; i < words.count && rc == 0; i++)
        rc = destination_word_delete(tables, words.words[i], destination.before_ms, of->order_id);
    if (rc == 0)
        rc = destination_delete(tables, of->order_id);
    return rc != 0 ? rc : destination_of_delete(tables, of->owner, of->order_id);
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
    return rc != 0 ? rc : answer_orders_destination(answer, &(struct orders_destination_reply){ .has_email = true,
        .email = destination.email, .has_address = true, .address = destination.address });
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

static bool
is_among(const struct found_order *orders, size_t count, struct souk_id order_id)
{
    for (size_t i = 0; i < count; i++)
        if (souk_id_equal(orders[i].order_id, order_id))
            return true;
    return false;
}

/* The longest word leads to fewest orders; the others have to be met by each of them. */
static int
find_orders(const struct souk_view *view, const struct words *wanted, struct found_order found[FOUND_MAX],
    uint32_t *count_out)
{
    struct souk_slice longest = wanted->words[0];
    struct destination destination;
    struct destination_word row;
    struct souk_rows *rows;
    bool is_meant;
    int rc;

    for (size_t i = 1; i < wanted->count; i++)
        if (wanted->words[i].size_bytes > longest.size_bytes)
            longest = wanted->words[i];
    if ((rc = destination_word_scan_from(view, longest, 0, (struct souk_id){ { 0 } }, &rows)) != 0)
        return rc;
    for (unsigned i = 0; i < SCAN_ROWS_MAX && *count_out < FOUND_MAX; i++) {
        if ((rc = destination_word_next(view, rows, &row)) != 0 || !begins(row.word, longest))
            break;
        if (is_among(found, *count_out, row.order_id))
            continue;
        if ((rc = destination_get(view, row.order_id, &destination)) != 0
            || (rc = fits(view, &destination, wanted, &is_meant)) != 0)
            break;
        if (is_meant && (rc = show_found(view, &destination, &found[(*count_out)++])) != 0)
            break;
    }
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
orders_answer_search(const struct souk_view *view, const struct orders_search *query, struct souk_answer *answer)
{
    struct found_order found[FOUND_MAX];
    struct orders_search_reply reply = { .orders = found };
    struct words wanted = { .count = 0 };
    int rc;

    if (!people_is_staff(souk_answer_pass(answer)))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = add_words(view, query->text, &wanted)) != 0)
        return rc;
    if (wanted.count > 0 && (rc = find_orders(view, &wanted, found, &reply.orders_count)) != 0)
        return rc;
    return answer_orders_search(answer, &reply);
}
