#include "contents.h"

#include <string.h>

static int add_table(struct souk_txn *txn, const char *name, void *arg);
static uint64_t add(uint64_t digest, struct souk_slice bytes);

int
contents_read(struct souk_store *store, struct contents *contents_out)
{
    struct contents contents = { .digest = 1469598103934665603u };
    struct souk_table about;
    struct souk_slice value;
    struct souk_txn *txn;
    int rc;

    if ((rc = souk_txn_begin(store, SOUK_TXN_READ, &txn)) != 0)
        return rc;
    rc = souk_txn_each_table(txn, add_table, &contents.digest);
    if (rc == 0 && (rc = souk_txn_table(txn, CONTENTS_TABLE, &about)) == 0
        && (rc = souk_txn_get(txn, about, souk_slice_of(CONTENTS_KEY), &value)) == 0)
        memcpy(&contents.commit, value.base, sizeof contents.commit);
    souk_txn_abort(&txn);
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    *contents_out = contents;
    return 0;
}

static int
add_table(struct souk_txn *txn, const char *name, void *arg)
{
    uint64_t *digest = arg, counted, rows = 0;
    struct souk_slice key, value;
    struct souk_table table;
    struct souk_scan *scan;
    int rc;

    *digest = add(*digest, souk_slice_of(name));
    if ((rc = souk_txn_table(txn, name, &table)) != 0)
        return rc;
    if ((rc = souk_txn_count(txn, table, &counted)) != 0)
        return rc;
    if ((rc = souk_scan_open(txn, table, (struct souk_slice){ NULL, 0 }, &scan)) != 0)
        return rc;
    while ((rc = souk_scan_next(scan, &key, &value)) == 0) {
        *digest = add(add(*digest, key), value);
        rows++;
    }
    souk_scan_close(&scan);
    if (rc == -SOUK_ENOTFOUND)
        rc = rows == counted ? 0 : -SOUK_EDAMAGED;
    return rc;
}

/* FNV-1a over words of eight bytes, with a fold between: not for enemies, but quick. */
static uint64_t
add(uint64_t digest, struct souk_slice bytes)
{
    const uint8_t *at = bytes.base;
    size_t left = bytes.size_bytes, n;
    uint64_t word;

    digest = (digest ^ bytes.size_bytes) * 1099511628211u;
    for (; left > 0; at += n, left -= n) {
        n = left < sizeof word ? left : sizeof word;
        word = 0;
        memcpy(&word, at, n);
        digest = (digest ^ word) * 0x9E3779B97F4A7C15u;
        digest ^= digest >> 29;
    }
    return digest;
}
