#include "souk_vector.h"
#include "souk_plant.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_KNOWN "souk.known"
#define TABLE_SAID "souk.said"
#define NAME_KEY_BYTES (SOUK_NAME_BYTES_MAX + 1)

static struct souk_vector_entry *find(struct souk_vector *vector, const struct souk_name *stream, bool make);
static bool is_own(const struct souk_vector *vector, const struct souk_name *stream);
static int load_known(struct souk_vector *vector, struct souk_txn *txn);
static int load_said(struct souk_vector *vector, struct souk_txn *txn);
static int put_point(struct souk_txn *txn, struct souk_table table, struct souk_slice key,
    const struct souk_point *point);
static bool is_news(struct souk_point point, struct souk_point old);

int
souk_vector_init(struct souk_vector *vector, const struct souk_name *own, uint32_t own_count)
{
    memset(vector, 0, sizeof *vector);
    if ((vector->entries = malloc(SOUK_STREAMS_MAX * sizeof vector->entries[0])) == NULL)
        return -SOUK_ENOMEM;
    vector->own_count = own_count;
    memcpy(vector->own, own, own_count * sizeof own[0]);
    return 0;
}

void
souk_vector_done(struct souk_vector *vector)
{
    free(vector->entries);
    vector->entries = NULL;
}

int
souk_vector_load(struct souk_vector *vector, struct souk_txn *txn)
{
    int rc;

    vector->count = 0;
    if ((rc = load_known(vector, txn)) != 0)
        return rc;
    return load_said(vector, txn);
}

static int
load_known(struct souk_vector *vector, struct souk_txn *txn)
{
    struct souk_slice key, value;
    struct souk_vector_entry *entry;
    struct souk_table table;
    struct souk_scan *scan;
    struct souk_name stream;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_KNOWN, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        if (souk_name_set(&stream, key) != 0 || (entry = find(vector, &stream, true)) == NULL)
            rc = -SOUK_EDAMAGED;
        else
            rc = souk_point_decode(value, &entry->known);
        if (rc != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
load_said(struct souk_vector *vector, struct souk_txn *txn)
{
    struct souk_slice key, value;
    struct souk_vector_entry *entry;
    struct souk_table table;
    struct souk_scan *scan;
    struct souk_name stream;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_SAID, &table)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        const char *bytes = key.base;

        if (key.size_bytes <= NAME_KEY_BYTES || souk_name_set(&stream,
            (struct souk_slice){ bytes + NAME_KEY_BYTES, key.size_bytes - NAME_KEY_BYTES }) != 0
            || (entry = find(vector, &stream, true)) == NULL) {
            rc = -SOUK_EDAMAGED;
            break;
        }
        for (uint32_t own = 0; own < vector->own_count && rc == 0; own++)
            if (memcmp(bytes, vector->own[own].text, NAME_KEY_BYTES) == 0)
                rc = souk_point_decode(value, &entry->said[own]);
        if (rc != 0)
            break;
    }
    souk_scan_close(&scan);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
souk_vector_save(struct souk_vector *vector, struct souk_txn *txn)
{
    uint8_t key[2 * NAME_KEY_BYTES];
    struct souk_table known, said;
    int rc;

    if ((rc = souk_txn_table(txn, TABLE_KNOWN, &known)) != 0 || (rc = souk_txn_table(txn, TABLE_SAID, &said)) != 0)
        return rc;
    for (uint32_t i = 0; i < vector->count; i++) {
        struct souk_vector_entry *entry = &vector->entries[i];
        const struct souk_slice stream = souk_name_slice(&entry->stream);

        if (entry->known_changed && (rc = put_point(txn, known, stream, &entry->known)) != 0)
            return rc;
        entry->known_changed = false;
        for (uint32_t own = 0; own < vector->own_count; own++) {
            if (!entry->said_changed[own])
                continue;
            memcpy(key, vector->own[own].text, NAME_KEY_BYTES);
            memcpy(key + NAME_KEY_BYTES, stream.base, stream.size_bytes);
            rc = put_point(txn, said, (struct souk_slice){ key, NAME_KEY_BYTES + stream.size_bytes },
                &entry->said[own]);
            if (rc != 0)
                return rc;
            entry->said_changed[own] = false;
        }
    }
    return 0;
}

int
souk_vector_learn(struct souk_vector *vector, const struct souk_name *stream, struct souk_point point)
{
    struct souk_vector_entry *entry = find(vector, stream, true);

    if (entry == NULL)
        return -SOUK_ETOOBIG;
    if (is_news(point, entry->known)) {
        entry->known = point;
        entry->known_changed = true;
    }
    return 0;
}

int
souk_vector_stand(struct souk_vector *vector, const struct souk_name *own, struct souk_point head)
{
    struct souk_vector_entry *entry = find(vector, own, true);

    if (entry == NULL)
        return -SOUK_ETOOBIG;
    entry->known_changed |= !souk_point_equal(entry->known, head);
    entry->known = head;
    return 0;
}

int
souk_vector_said(struct souk_vector *vector, uint32_t own, const struct souk_batch_header *header)
{
    struct souk_vector_entry *entry;
    struct souk_causes causes;
    struct souk_cause cause;

    if (SOUK_PLANTED_BUG(SAID_NOT_REBUILT))
        return 0;
    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        if ((entry = find(vector, &cause.stream, true)) == NULL)
            return -SOUK_ETOOBIG;
        if (is_news(cause.point, entry->said[own])) {
            entry->said[own] = cause.point;
            entry->said_changed[own] = true;
        }
    }
    return 0;
}

uint32_t
souk_vector_say(struct souk_vector *vector, uint32_t own, bool full, struct souk_cause causes_out[SOUK_STREAMS_MAX])
{
    uint32_t said_by = SOUK_PLANTED_BUG(ONE_DELTA_BASE) ? 0 : own;
    uint32_t count = 0;

    for (uint32_t i = 0; i < vector->count; i++) {
        struct souk_vector_entry *entry = &vector->entries[i];

        if (souk_text_equal(entry->stream.text, vector->own[own].text) || entry->known.epoch.counter == 0)
            continue;
        if (is_own(vector, &entry->stream) && SOUK_PLANTED_BUG(OWN_STREAMS_NOT_NAMED))
            continue;
        if (full && SOUK_PLANTED_BUG(RECORD_WITHOUT_VECTOR))
            full = false;
        if (!full && !is_news(entry->known, entry->said[said_by]))
            continue;
        if (is_news(entry->known, entry->said[said_by])) {
            entry->said[said_by] = entry->known;
            entry->said_changed[said_by] = true;
        }
        causes_out[count].stream = entry->stream;
        causes_out[count++].point = entry->known;
    }
    return count;
}

struct souk_point
souk_vector_known(const struct souk_vector *vector, const struct souk_name *stream)
{
    for (uint32_t i = 0; i < vector->count; i++)
        if (souk_text_equal(vector->entries[i].stream.text, stream->text))
            return vector->entries[i].known;
    return (struct souk_point){ .number = 0 };
}

static bool
is_news(struct souk_point point, struct souk_point old)
{
    return !souk_point_covered(point, old);     /* of two epochs of one counter the last one heard of is said too */
}

static struct souk_vector_entry *
find(struct souk_vector *vector, const struct souk_name *stream, bool make)
{
    uint32_t low = 0, high = vector->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = strcmp(vector->entries[middle].stream.text, stream->text);

        if (order == 0)
            return &vector->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (!make || vector->count == SOUK_STREAMS_MAX)
        return NULL;
    memmove(&vector->entries[low + 1], &vector->entries[low], (vector->count - low) * sizeof vector->entries[0]);
    memset(&vector->entries[low], 0, sizeof vector->entries[0]);
    vector->entries[low].stream = *stream;
    vector->count++;
    return &vector->entries[low];
}

static int
put_point(struct souk_txn *txn, struct souk_table table, struct souk_slice key, const struct souk_point *point)
{
    uint8_t value[SOUK_POINT_BYTES];

    souk_point_encode(point, value);
    return souk_txn_put(txn, table, key, (struct souk_slice){ value, sizeof value });
}

static bool
is_own(const struct souk_vector *vector, const struct souk_name *stream)
{
    for (uint32_t i = 0; i < vector->own_count; i++)
        if (souk_text_equal(vector->own[i].text, stream->text))
            return true;
    return false;
}
